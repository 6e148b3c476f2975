//! `cargo xtask token`: who may call the gateway with a bearer token. The tokens themselves are nowhere: tokens.json has
//! their hashes, and the gateway has its text as the secret MIDAPI_TOKENS.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::rules::{self, Rule};
use crate::shell::at;

const USAGE: &str = "token new NAME --daily-credits N [--origin ORIGIN]... [--operation OP]... [--callback-host HOST]..., \
                     token list, or token revoke NAME";
const UPLOAD: &str = "npx wrangler secret put MIDAPI_TOKENS < tokens.json";

/// What a variable of a Worker may hold, in bytes (Cloudflare's limit).
const LARGEST_SECRET: usize = 5_000;

/// What tokens.json says of a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    daily_credits: u64,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    origins: Vec<String>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    operations: Vec<String>,
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    callback_hosts: Vec<String>,
}

/// A list with something in it. An empty one would mean "nothing", and be left out, "the usual", when it is written back.
fn filled<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    let list = Vec::deserialize(value)?;
    if list.is_empty() {
        return Err(D::Error::custom("a list must not be empty; leave it out"));
    }
    Ok(list)
}

/// The file, and what stands in it.
#[derive(Debug)]
struct Tokens {
    file: PathBuf,
    entries: Vec<Entry>,
}

/// Does what the words after `token` say.
pub fn run(words: &[&str]) -> Result<()> {
    let tokens = || Tokens::load(at("tokens.json"));
    match words {
        ["new", name, options @ ..] => new(tokens()?, name, options),
        ["list"] => list(&tokens()?),
        ["revoke", name] => revoke(tokens()?, name),
        _ => bail!("`token {}` is none of: {USAGE}", words.join(" ")),
    }
}

fn new(mut tokens: Tokens, name: &str, options: &[&str]) -> Result<()> {
    let token = fresh_token()?;
    tokens.add(Entry::new(name, &token, options)?)?;
    tokens.save()?;
    // Alone on stdout, so that it can be piped to where it is needed without being seen.
    writeln!(std::io::stdout(), "{token}").with_context(|| {
        format!("the token could not be shown: `cargo xtask token revoke {name}`, and make another")
    })?;
    eprintln!(
        "The line on stdout is the token of `{name}`. It's shown only now: tokens.json has nothing but its hash.\n\
         It works once the list is uploaded:\n    {UPLOAD}\n\
         A program sends it with every call as `Authorization: Bearer TOKEN`, in place of the vendor's key:\n    \
         new Midjourney({{ endpoint: \"https://YOUR-GATEWAY/api/v1/mj\", apiKey: TOKEN }})"
    );
    Ok(())
}

fn list(tokens: &Tokens) -> Result<()> {
    if tokens.entries.is_empty() {
        eprintln!("no tokens yet: make one with `cargo xtask token new NAME --daily-credits N`");
    }
    for entry in &tokens.entries {
        writeln!(std::io::stdout(), "{}", entry.in_words())?;
    }
    Ok(())
}

fn revoke(mut tokens: Tokens, name: &str) -> Result<()> {
    tokens.remove(name)?;
    tokens.save()?;
    eprintln!("`{name}` is out of tokens.json. The gateway takes its token until the list is uploaded:\n    {UPLOAD}");
    Ok(())
}

/// 256 bits of the operating system's randomness, behind a prefix by which scanners for leaked secrets can know it.
fn fresh_token() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(format!("midapi_{}", Base64UrlUnpadded::encode_string(&bytes)))
}

impl Entry {
    /// The entry of a token, by the options it was made with.
    fn new(name: &str, token: &str, options: &[&str]) -> Result<Self> {
        rules::NAME.check("NAME", name)?;
        let [mut credits, mut origins, mut operations, mut callback_hosts] = [const { Vec::new() }; 4];
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let (rule, list): (Rule, &mut Vec<String>) = match *option {
                "--daily-credits" => (rules::TOKEN_CREDITS, &mut credits),
                "--origin" => (rules::ORIGIN, &mut origins),
                "--operation" => (rules::OPERATION, &mut operations),
                "--callback-host" => (rules::CALLBACK_HOST, &mut callback_hosts),
                other => bail!("token new doesn't know `{other}`; the commands are {USAGE}"),
            };
            let value = options.next().with_context(|| format!("{option} takes {}", rule.right))?;
            rule.check(option, value)?;
            if !list.iter().any(|known| known == value) {
                list.push((*value).to_owned());
            }
        }
        let [daily_credits] = credits.as_slice() else {
            bail!("--daily-credits must be given once, with {}", rules::TOKEN_CREDITS.right);
        };
        Ok(Self {
            name: name.to_owned(),
            sha256: Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect(),
            daily_credits: daily_credits.parse()?,
            origins,
            operations,
            callback_hosts,
        })
    }

    fn check(&self) -> Result<()> {
        rules::NAME.check("`name`", &self.name)?;
        let of = |field| format!("`{field}` of `{}`", self.name);
        rules::HASH.check(&of("sha256"), &self.sha256)?;
        rules::TOKEN_CREDITS.check(&of("dailyCredits"), &self.daily_credits.to_string())?;
        let lists = [
            ("origins", rules::ORIGIN, &self.origins),
            ("operations", rules::OPERATION, &self.operations),
            ("callbackHosts", rules::CALLBACK_HOST, &self.callback_hosts),
        ];
        for (field, rule, list) in lists {
            for value in list {
                rule.check(&format!("an entry in {}", of(field)), value)?;
            }
        }
        Ok(())
    }

    fn in_words(&self) -> String {
        let words = |list: &[String], left_out: &str| match list {
            [] => left_out.to_owned(),
            list => list.join(" "),
        };
        format!(
            "{}\n    daily credits: {}\n    origins: {}\n    operations: {}\n    callback hosts: {}",
            self.name,
            self.daily_credits,
            words(&self.origins, "none named"),
            words(&self.operations, "all but credits"),
            words(&self.callback_hosts, "none named"),
        )
    }
}

impl Tokens {
    /// Reads the file; there are no tokens before there is one.
    fn load(file: PathBuf) -> Result<Self> {
        let text = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { file, entries: Vec::new() });
            }
            text => text.with_context(|| format!("cannot read {}", file.display()))?,
        };
        let entries =
            Self::parse(&text).context("tokens.json is malformed and was left as it is; mend it, or move it away")?;
        Ok(Self { file, entries })
    }

    fn parse(text: &str) -> Result<Vec<Entry>> {
        let mut known = Self { file: PathBuf::new(), entries: Vec::new() };
        for entry in serde_json::from_str::<Vec<Entry>>(text)? {
            entry.check()?;
            known.add(entry)?;
        }
        Ok(known.entries)
    }

    fn add(&mut self, entry: Entry) -> Result<()> {
        let has = |same: fn(&Entry, &Entry) -> bool| self.entries.iter().any(|known| same(known, &entry));
        let taken = has(|known, entry| known.name == entry.name);
        ensure!(!taken, "NAME must be one that tokens.json doesn't have yet, and it has `{}`", entry.name);
        // One token of two names would spend on the account of either.
        ensure!(
            !has(|known, entry| known.sha256 == entry.sha256),
            "`{}` has the `sha256` of another entry",
            entry.name
        );
        self.entries.push(entry);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        let count = self.entries.len();
        self.entries.retain(|entry| entry.name != name);
        let names: Vec<_> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        ensure!(names.len() < count, "NAME must be one of those in tokens.json ({}), not `{name}`", names.join(", "));
        Ok(())
    }

    /// One entry a line, to be read, compared and kept small.
    fn text(&self) -> Result<String> {
        let lines = self.entries.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        Ok(if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) })
    }

    /// Puts the file in place whole: whatever happens meanwhile, there is the old one or the new one.
    fn save(&self) -> Result<()> {
        let text = self.text()?;
        ensure!(
            text.len() <= LARGEST_SECRET,
            "tokens.json would have {} bytes and a Worker's secret holds {LARGEST_SECRET}: revoke tokens that nobody uses, \
             or give fewer origins",
            text.len()
        );
        let beside = self.file.with_extension("json.new");
        let written = || {
            // What a crash left of it: an old file would keep its mode.
            if beside.exists() {
                std::fs::remove_file(&beside)?;
            }
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.file)
        };
        written().with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Each name has a token of its own.
    fn entry(name: &str, options: &[&str]) -> Result<Entry> {
        Entry::new(name, &format!("midapi_{name}"), options)
    }

    /// A folder of a test's own, and the tokens in it.
    fn tokens(test: &str) -> Tokens {
        let folder = at("build/token-tests").join(test);
        crate::shell::empty_folder(&folder).unwrap();
        Tokens::load(folder.join("tokens.json")).unwrap()
    }

    /// What a call says that must fail.
    fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> String {
        format!("{:#}", outcome.unwrap_err())
    }

    #[test]
    fn a_token_is_43_characters_of_randomness_behind_a_prefix() {
        let [one, other] = [fresh_token().unwrap(), fresh_token().unwrap()];
        let (prefix, secret) = one.split_once('_').unwrap();
        assert_eq!((prefix, secret.len()), ("midapi", 43));
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        assert_ne!(one, other);
    }

    #[test]
    fn an_entry_holds_the_hash_of_the_tokens_text_and_what_was_given_alone() {
        let plain = serde_json::to_string(&entry("alice", &["--daily-credits", "200"]).unwrap()).unwrap();
        // By `printf midapi_alice | sha256sum`.
        let hash = "a8b7c74655463e5203bd143e7332829b4ef7ac47b1c5c5b674e7fdd74d4a1343";
        assert_eq!(plain, format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":200}}"#));
        let options = [
            ["--origin", "https://a.example"],
            ["--operation", "generate"],
            ["--daily-credits", "1"],
            ["--origin", "http://localhost:5173"],
            ["--origin", "https://a.example"],
            ["--callback-host", "hooks.a.example"],
        ];
        let full = serde_json::to_string(&entry("alice", options.as_flattened()).unwrap()).unwrap();
        let lists = concat!(
            r#""origins":["https://a.example","http://localhost:5173"],"operations":["generate"],"#,
            r#""callbackHosts":["hooks.a.example"]"#
        );
        assert_eq!(full, format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":1,{lists}}}"#));
    }

    #[test]
    fn a_refusal_names_the_argument_and_what_would_be_right() {
        let refused = |options: &[&str]| refusal(entry("alice", options));
        assert_eq!(refusal(entry("a b", &[])), "NAME must be 1 to 40 of the characters A-Z a-z 0-9 . _ -, not `a b`");
        assert_eq!(refused(&[]), "--daily-credits must be given once, with a whole number from 1 to 1000000");
        assert_eq!(refused(&["--daily-credits"]), "--daily-credits takes a whole number from 1 to 1000000");
        let twice = refused(&["--daily-credits", "1", "--daily-credits", "2"]);
        assert_eq!(twice, "--daily-credits must be given once, with a whole number from 1 to 1000000");
        for (option, value, right) in [
            ("--daily-credits", "+5", "a whole number from 1 to 1000000"),
            ("--origin", "https://a.example/", "an origin as a browser sends it: https://host or"),
            ("--operation", "delete", "one of generate, upscale, vary, extendVideo, credits"),
            ("--callback-host", "https://a.example", "a lowercase DNS name with a dot"),
        ] {
            let message = refused(&[option, value]);
            assert!(message.starts_with(&format!("{option} must be {right}")), "{message}");
            assert!(message.ends_with(&format!(", not `{value}`")), "{message}");
        }
        assert!(
            refused(&["--forever"]).starts_with("token new doesn't know `--forever`; the commands are token new NAME")
        );
    }

    #[test]
    fn the_file_is_written_whole_for_its_owner_and_read_back() {
        let mut tokens = tokens("file");
        tokens.add(entry("alice", &["--daily-credits", "200", "--operation", "credits"]).unwrap()).unwrap();
        tokens.add(entry("bob", &["--daily-credits", "1"]).unwrap()).unwrap();
        // What a crash may have left.
        std::fs::write(tokens.file.with_extension("json.new"), "half").unwrap();
        tokens.save().unwrap();
        assert!(!tokens.file.with_extension("json.new").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&tokens.file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let read = Tokens::load(tokens.file.clone()).unwrap();
        assert_eq!(read.entries, tokens.entries);

        let taken = refusal(tokens.add(entry("alice", &["--daily-credits", "1"]).unwrap()));
        assert_eq!(taken, "NAME must be one that tokens.json doesn't have yet, and it has `alice`");
        let unknown = refusal(tokens.remove("carol"));
        assert_eq!(unknown, "NAME must be one of those in tokens.json (alice, bob), not `carol`");
        tokens.remove("alice").unwrap();
        tokens.save().unwrap();
        let read = Tokens::load(tokens.file.clone()).unwrap();
        assert_eq!(read.entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["bob"]);
        tokens.remove("bob").unwrap();
        assert_eq!(tokens.text().unwrap(), "[]\n");
    }

    #[test]
    fn a_malformed_file_is_refused_and_left_as_it_is() {
        let hash = "0f".repeat(32);
        let good = format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":200}}"#);
        assert_eq!(Tokens::parse(&format!("[{good}]")).unwrap().len(), 1);
        for (text, reason) in [
            (String::new(), "EOF while parsing"),
            ("{}".to_owned(), "invalid type: map, expected a sequence"),
            (format!("[{good}"), "EOF while parsing a list"),
            (format!("[{good}] and more"), "trailing characters"),
            (format!("[{good},{good}]"), "it has `alice`"),
            (format!("[{good},{}]", good.replace("alice", "bob")), "`bob` has the `sha256` of another entry"),
            (format!("[{}]", good.replace("200", "0")), "`dailyCredits` of `alice` must be a whole number from 1 to"),
            (format!("[{}]", good.replace("200", "\"200\"")), "invalid type: string"),
            (format!("[{}]", good.replace("0f", "0F")), "`sha256` of `alice` must be 64 lowercase hexadecimal"),
            (format!("[{}]", good.replace("alice", "a b")), "`name` must be 1 to 40"),
            (format!("[{}]", good.replace("sha256", "hash")), "unknown field `hash`"),
            (format!("[{}]", good.replace('}', r#","operations":[]}"#)), "a list must not be empty; leave it out"),
            (
                format!("[{}]", good.replace('}', r#","origins":["*"]}"#)),
                "an entry in `origins` of `alice` must be an origin",
            ),
            (format!("[{}]", good.replace('}', r#","operations":["all"]}"#)), "`operations` of `alice` must be one of"),
            (format!("[{}]", good.replace('}', r#","callbackHosts":["a"]}"#)), "`callbackHosts` of `alice` must be a"),
        ] {
            let file = tokens("malformed").file;
            std::fs::write(&file, &text).unwrap();
            let message = refusal(Tokens::load(file.clone()));
            let start = "tokens.json is malformed and was left as it is; mend it, or move it away: ";
            assert!(message.starts_with(start) && message.contains(reason), "{text} {message}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn a_list_too_long_for_a_secret_is_refused_before_it_is_written() {
        let mut tokens = tokens("long");
        for number in 0..50 {
            tokens.add(entry(&format!("token-{number}"), &["--daily-credits", "1000"]).unwrap()).unwrap();
        }
        let message = refusal(tokens.save());
        assert!(message.starts_with("tokens.json would have 5") && message.contains("holds 5000"), "{message}");
        assert!(!tokens.file.exists());
    }

    #[test]
    fn a_token_is_listed_with_all_that_limits_it() {
        let options = ["--daily-credits", "5", "--origin", "https://a.example", "--origin", "https://b.example"];
        let words = "alice\n    daily credits: 5\n    origins: https://a.example https://b.example\n    \
                     operations: all but credits\n    callback hosts: none named";
        assert_eq!(entry("alice", &options).unwrap().in_words(), words);
    }
}
