//! `cargo xtask token`: who may call the gateway with a bearer token. The tokens themselves are nowhere: tokens.json has
//! their hashes, beside the secrets that sign callbacks, and the gateway has its text as the secret MIDAPI_TOKENS.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use midapi::policy::{
    CallbackSecret, DailyCredits, HostName, Origin, Permission, Token, TokenName, Tokens, credential,
};

use crate::shell::{at, into_anyhow, write_for_owner};

const UPLOAD: &str = "npx wrangler secret put MIDAPI_TOKENS < tokens.json";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a token and prints it, once, and with callback hosts the secret that signs their callbacks; tokens.json keeps
    /// the token's hash, and the secret
    New(New),
    /// Prints the tokens' names and limits, and no secret
    List,
    /// Takes a token out of tokens.json
    Revoke {
        /// Whose it is
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct New {
    /// Whose it is: 1 to 40 of the characters A-Z a-z 0-9 . _ -
    name: TokenName,
    /// The most it may spend in a day: 1 to 1000000
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    daily_credits: DailyCredits,
    /// An origin whose pages may use it, such as https://example.com; repeat it for more
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<Origin>,
    /// What it may do: generate, upscale, vary, extendVideo, credits or adminUsage; repeat it for more [default: all but
    /// credits and adminUsage]
    #[arg(long = "operation", value_name = "OPERATION")]
    operations: Vec<Permission>,
    /// A host that the gateway may post its tasks' callbacks to, such as hooks.example.com; repeat it for more
    #[arg(long = "callback-host", value_name = "HOST")]
    callback_hosts: Vec<HostName>,
}

/// Does what was asked for with the tokens of the repository.
pub fn run(command: Command) -> Result<()> {
    let tokens = TokensFile::load(at("tokens.json"))?;
    match command {
        Command::New(options) => new(tokens, options),
        Command::List => list(&tokens.tokens),
        Command::Revoke { name } => revoke(tokens, &name),
    }
}

fn new(mut file: TokensFile, options: New) -> Result<()> {
    let name = options.name.clone();
    let text = credential(&random()?);
    let token = options.token(&text, &random()?);
    let callback_secret = token.callback_secret.clone();
    file.tokens.add(token).map_err(into_anyhow).with_context(|| format!("no token `{name}` was made"))?;
    file.save()?;
    // Alone on stdout, so that it can be piped to where it is needed without being seen.
    writeln!(std::io::stdout(), "{text}").with_context(|| {
        format!("the token could not be shown: `cargo xtask token revoke {name}`, and make another")
    })?;
    eprintln!(
        "The line on stdout is the token of `{name}`. It's shown only now: of it tokens.json has nothing but the hash.\n\
         It works once the list is uploaded:\n    {UPLOAD}\n\
         A program sends it with every call as `Authorization: Bearer TOKEN`, in place of the vendor's key:\n    \
         new Midjourney({{ endpoint: \"https://YOUR-GATEWAY/api/v1/mj\", apiKey: TOKEN }})"
    );
    if let Some(secret) = callback_secret {
        eprintln!("{}", about_callbacks(&secret));
    }
    Ok(())
}

/// What whoever receives the callbacks has to know.
fn about_callbacks(secret: &CallbackSecret) -> String {
    format!(
        "The callbacks of its tasks are signed with the secret\n    {secret}\n\
         It's shown only now, and kept in tokens.json. Whoever receives the callbacks verifies them with it:\n    \
         verifyCallback(request, {{ secret: SECRET }}), of `midapi/webhooks`, or any library for Standard Webhooks"
    )
}

fn list(tokens: &Tokens) -> Result<()> {
    if tokens.is_empty() {
        eprintln!("no tokens yet: make one with `cargo xtask token new NAME --daily-credits N`");
    }
    for token in tokens {
        writeln!(std::io::stdout(), "{}", in_words(token))?;
    }
    Ok(())
}

fn revoke(mut file: TokensFile, name: &str) -> Result<()> {
    file.tokens.remove(name).map_err(into_anyhow)?;
    file.save()?;
    eprintln!("`{name}` is out of tokens.json. The gateway takes its token until the list is uploaded:\n    {UPLOAD}");
    Ok(())
}

/// 256 bits of the operating system's randomness.
pub fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(bytes)
}

impl New {
    /// The token of this text. `random` makes the secret of its callbacks, if it has any.
    fn token(self, text: &str, random: &[u8; 32]) -> Token {
        Token {
            origins: once_each(self.origins),
            operations: once_each(self.operations),
            callback_secret: (!self.callback_hosts.is_empty()).then(|| CallbackSecret::of(random)),
            callback_hosts: once_each(self.callback_hosts),
            ..Token::new(self.name, text, self.daily_credits)
        }
    }
}

fn once_each<T: PartialEq>(given: Vec<T>) -> Vec<T> {
    let mut list = Vec::new();
    for value in given {
        if !list.contains(&value) {
            list.push(value);
        }
    }
    list
}

fn in_words(token: &Token) -> String {
    fn words<T: ToString>(list: &[T], left_out: &str) -> String {
        if list.is_empty() { left_out.to_owned() } else { list.iter().map(T::to_string).collect::<Vec<_>>().join(" ") }
    }
    let callbacks = match &token.callback_secret {
        _ if token.callback_hosts.is_empty() => "",
        Some(_) => "; signed",
        None => "; unsigned, as it has no callbackSecret",
    };
    format!(
        "{}\n    daily credits: {}\n    origins: {}\n    operations: {}\n    callback hosts: {}{callbacks}",
        token.name,
        token.daily_credits,
        words(&token.origins, "none named"),
        words(&token.operations, "all but credits and adminUsage"),
        words(&token.callback_hosts, "none named"),
    )
}

/// The file, and what stands in it.
#[derive(Debug)]
pub struct TokensFile {
    path: PathBuf,
    pub tokens: Tokens,
}

impl TokensFile {
    /// Reads the file; there are no tokens before there is one.
    pub fn load(path: PathBuf) -> Result<Self> {
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { path, tokens: Tokens::default() });
            }
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let tokens = Tokens::parse(&text).map_err(into_anyhow);
        let tokens = tokens.context("tokens.json is malformed and was left as it is; mend it, or move it away")?;
        Ok(Self { path, tokens })
    }

    fn save(&self) -> Result<()> {
        write_for_owner(&self.path, &self.tokens.to_text())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What `token new` makes of these arguments. Each name has a text of its own.
    fn made(name: &str, options: &[&str]) -> Token {
        let arguments = [&["xtask", "token", "new", name], options].concat();
        let Some(crate::Command::Token(Command::New(new))) =
            <crate::Arguments as clap::Parser>::try_parse_from(arguments).unwrap().command
        else {
            unreachable!("{options:?}")
        };
        new.token(&format!("midapi_{name}"), &[7; 32])
    }

    fn refused(name: &str, options: &[&str]) -> String {
        crate::tests::refusal(&[&["token", "new", name], options].concat())
    }

    /// A folder of a test's own, and the tokens in it.
    fn tokens(folder: &tempfile::TempDir) -> TokensFile {
        TokensFile::load(folder.path().join("tokens.json")).unwrap()
    }

    #[test]
    fn no_two_are_of_the_same_randomness() {
        assert_ne!(random().unwrap(), random().unwrap());
    }

    #[test]
    fn a_token_has_what_was_given_once_each() {
        let plain = serde_json::to_string(&made("alice", &["--daily-credits", "200"])).unwrap();
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
        let full = serde_json::to_string(&made("alice", options.as_flattened())).unwrap();
        let lists = concat!(
            r#""origins":["https://a.example","http://localhost:5173"],"operations":["generate"],"#,
            r#""callbackHosts":["hooks.a.example"],"#,
            // By `head -c 32 /dev/zero | tr '\0' '\7' | base64`.
            r#""callbackSecret":"whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=""#
        );
        assert_eq!(full, format!(r#"{{"name":"alice","sha256":"{hash}","dailyCredits":1,{lists}}}"#));
    }

    #[test]
    fn a_refusal_names_the_argument_and_what_would_be_right() {
        let name = refused("a b", &["--daily-credits", "1"]);
        assert!(
            name.contains("invalid value 'a b' for '<NAME>': must be 1 to 40 of the characters A-Z a-z 0-9 . _ -"),
            "{name}"
        );
        for (options, said) in [
            (&[][..], "required arguments were not provided:\n  --daily-credits <N>"),
            (&["--daily-credits"], "a value is required for '--daily-credits <N>'"),
            (&["--daily-credits", "1", "--daily-credits", "2"], "'--daily-credits <N>' cannot be used multiple times"),
            (&["--daily-credits", "1", "--forever"], "unexpected argument '--forever' found"),
        ] {
            let message = refused("alice", options);
            assert!(message.contains(said), "{message}");
        }
        for (option, value, right) in [
            ("--daily-credits <N>", "+5", "a whole number from 1 to 1000000"),
            ("--daily-credits <N>", "-1", "a whole number from 1 to 1000000"),
            ("--daily-credits <N>", "0", "a whole number from 1 to 1000000"),
            ("--origin <ORIGIN>", "https://a.example/", "an origin as a browser sends it: https://host or"),
            ("--operation <OPERATION>", "delete", "one of generate, upscale, vary, extendVideo, credits, adminUsage"),
            ("--callback-host <HOST>", "https://a.example", "a lowercase DNS name with a dot"),
        ] {
            let (flag, _) = option.split_once(' ').unwrap();
            let message = refused("alice", &[flag, value]);
            assert!(message.contains(&format!("invalid value '{value}' for '{option}': must be {right}")), "{message}");
        }
    }

    #[test]
    fn the_file_is_written_whole_for_its_owner_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = tokens(&folder);
        file.tokens.add(made("alice", &["--daily-credits", "200", "--operation", "credits"])).unwrap();
        file.tokens.add(made("bob", &["--daily-credits", "1"])).unwrap();
        file.save().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(tokens(&folder).tokens, file.tokens);
        file.tokens.remove("alice").unwrap();
        file.save().unwrap();
        assert_eq!(tokens(&folder).tokens.iter().map(|token| token.name.to_string()).collect::<Vec<_>>(), ["bob"]);
    }

    #[test]
    fn a_malformed_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        for (text, reason) in [
            ("", "tokens: must be a JSON list: EOF while parsing"),
            (r#"[{"name":"alice"}]"#, "entry 1: fields: must be name, sha256"),
        ] {
            std::fs::write(&path, text).unwrap();
            let message = format!("{:#}", TokensFile::load(path.clone()).unwrap_err());
            let start = "tokens.json is malformed and was left as it is; mend it, or move it away: ";
            assert!(message.starts_with(start) && message.contains(reason), "{text} {message}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_token_is_listed_with_all_that_limits_it() {
        let options = ["--daily-credits", "5", "--origin", "https://a.example", "--origin", "https://b.example"];
        let words = "alice\n    daily credits: 5\n    origins: https://a.example https://b.example\n    \
                     operations: all but credits and adminUsage\n    callback hosts: none named";
        assert_eq!(in_words(&made("alice", &options)), words);
    }

    #[test]
    fn the_secret_of_callbacks_is_kept_said_once_and_never_listed() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = tokens(&folder);
        let mut token = made("alice", &["--daily-credits", "5", "--callback-host", "hooks.a.example"]);
        let secret = token.callback_secret.clone().unwrap();
        assert!(about_callbacks(&secret).contains(secret.as_str()));
        file.tokens.add(token.clone()).unwrap();
        file.save().unwrap();
        assert_eq!(tokens(&folder).tokens.iter().next().unwrap().callback_secret.as_ref(), Some(&secret));
        let listed = in_words(&token);
        assert!(listed.ends_with("callback hosts: hooks.a.example; signed") && !listed.contains("whsec_"), "{listed}");
        token.callback_secret = None;
        assert!(in_words(&token).ends_with("hooks.a.example; unsigned, as it has no callbackSecret"));
    }
}
