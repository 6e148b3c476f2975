//! `cargo xtask dev`: the main job, on this machine.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use midapi::core::Word;
use midapi::policy::{Configuration, DailyCredits, Permission, SECRETS, Setting, Token, Tokens, VARIABLES, credential};

use crate::build;
use crate::shell::{at, command, into_anyhow, root, write_for_owner};
use crate::token::{TokensFile, random};

#[derive(Debug, Args)]
pub struct Options {
    /// The port to listen on; 0 is any that is free
    #[arg(long, value_name = "N", default_value = "8787", value_parser = port)]
    port: u16,
    /// Has the simulator play the vendor in spite of a key
    #[arg(long)]
    simulator: bool,
    /// Where .dev.vars, tokens.json and what it keeps in build/state are [default: the repository]
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "must be a number from 0 to 65535")
}

/// Variables and secrets of a gateway, by name.
type Settings = BTreeMap<String, String>;

/// Checks how the gateway is set up, builds, then becomes the server: what ends this process ends the server.
pub fn run(options: &Options) -> Result<()> {
    ensure_free(options.port)?;
    let folder = std::path::absolute(options.folder.as_deref().unwrap_or(root()))?;
    let state = folder.join("build/state");
    let file = dev_vars(&folder.join(".dev.vars"))?;
    let environment = |name: &str| std::env::var(name).ok();
    let mut settings = chosen(environment, &file);
    let simulated = options.simulator || !settings.contains_key("MIDAPI_API_KEY");
    if simulated {
        play_money(&mut settings);
    }
    if !settings.contains_key("MIDAPI_SESSION_SECRET") {
        settings.insert("MIDAPI_SESSION_SECRET".to_owned(), secret_of_this_machine(&state.join("session-secret"))?);
    }
    let mut of_tokens = None;
    if !settings.contains_key("MIDAPI_TOKENS") {
        let (tokens, words) = tokens(folder.join("tokens.json"))?;
        settings.insert("MIDAPI_TOKENS".to_owned(), tokens);
        of_tokens = Some(words);
    }
    let everything = over_wrangler_toml(&settings)?;
    check(&everything)?;
    if let (false, Some(upstream)) = (simulated, everything.get("MIDAPI_UPSTREAM_URL")) {
        let from =
            if environment("MIDAPI_API_KEY").is_some_and(|key| is_set(&key)) { "the environment" } else { ".dev.vars" };
        println!("upstream {upstream}, with the key from {from}: tasks cost credits");
    }
    build::everything()?;

    // Where it is seen: the next line says where the gateway is.
    of_tokens.iter().for_each(|words| println!("{words}"));
    let mut server = command("node");
    server.arg("tools/dev.js").arg("--port").arg(options.port.to_string()).arg("--state").arg(state);
    if simulated {
        server.arg("--simulator");
    }
    for name in names() {
        server.env_remove(name);
    }
    become_process(server.envs(&settings))
}

fn ensure_free(port: u16) -> Result<()> {
    let in_use = |error| anyhow!("port {port} is in use: end what uses it, or choose another with --port ({error})");
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(in_use)
}

fn names() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().chain(&SECRETS).map(|Setting { name, .. }| *name)
}

fn is_set(value: &str) -> bool {
    !value.trim().is_empty()
}

/// What a developer chose: in the environment, else in the file. A blank value is none.
fn chosen(environment: impl Fn(&str) -> Option<String>, file: &Settings) -> Settings {
    let value = |name| [environment(name), file.get(name).cloned()].into_iter().flatten().find(|value| is_set(value));
    names().filter_map(|name| Some((name.to_owned(), value(name)?))).collect()
}

/// Reads `.dev.vars`. What stands in a line that can't be read isn't shown: it may be a key.
fn dev_vars(path: &Path) -> Result<Settings> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::new()),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let mut settings = Settings::new();
    for entry in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = entry.map_err(|error| malformed(&text, &error))?;
        settings.insert(name, value);
    }
    Ok(settings)
}

fn malformed(text: &str, error: &dotenvy::Error) -> anyhow::Error {
    let line = match error {
        // The line, or its value alone.
        dotenvy::Error::LineParse(rest, _) => text.lines().position(|line| line.contains(rest.trim())),
        _ => None,
    };
    let line = line.map_or_else(String::new, |line| format!(", line {}", line + 1));
    anyhow!(".dev.vars{line}: must be NAME=value; a value with spaces, quotes or $ stands in '…'")
}

/// The simulator's key, and room for all that a developer tries. Its address is known once it runs.
fn play_money(settings: &mut Settings) {
    if settings.contains_key("MIDAPI_UPSTREAM_URL") {
        println!("MIDAPI_UPSTREAM_URL is ignored: it is the simulator's turn");
    }
    settings.insert("MIDAPI_API_KEY".to_owned(), "simulated-key".to_owned());
    settings.insert("MIDAPI_UPSTREAM_URL".to_owned(), "http://127.0.0.1".to_owned());
    for name in ["MIDAPI_DAILY_CREDITS", "MIDAPI_SESSION_DAILY_CREDITS", "MIDAPI_SESSIONS_DAILY_CREDITS"] {
        settings.entry(name.to_owned()).or_insert_with(|| DailyCredits::MAX.to_string());
    }
}

/// Signs the sessions of this machine's browsers: kept, so that a restart leaves them their tasks.
fn secret_of_this_machine(path: &Path) -> Result<String> {
    if !path.exists() {
        write_for_owner(path, &random_secret()?)?;
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn random_secret() -> Result<String> {
    Ok(random()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The tokens that `cargo xtask token` keeps, and what to say of them; without a file one that is shown once, and good until
/// the server ends.
fn tokens(path: PathBuf) -> Result<(String, String)> {
    if path.exists() {
        let TokensFile { tokens, .. } = TokensFile::load(path)?;
        let none = if tokens.is_empty() { ", which are none" } else { "" };
        return Ok((tokens.to_text(), format!("tokens for programs: those of tokens.json, as it is now{none}")));
    }
    let text = credential(&random()?);
    // As much as a token may: the cap of the whole gateway is less, or meant.
    let token = Token::new("dev".parse()?, &text, DailyCredits::MAX);
    let mut tokens = Tokens::default();
    tokens.add(Token { operations: Permission::all().to_vec(), ..token }).map_err(into_anyhow)?;
    Ok((tokens.to_text(), format!("token for programs: {text}")))
}

/// These settings, and for the others what `wrangler.toml` says.
fn over_wrangler_toml(settings: &Settings) -> Result<Settings> {
    let text = std::fs::read_to_string(at("wrangler.toml")).context("cannot read wrangler.toml")?;
    let config: serde_json::Value = toml::from_str(&text).context("wrangler.toml is malformed")?;
    let vars = config.get("vars").and_then(serde_json::Value::as_object).into_iter().flatten();
    let of_the_file = vars.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    let mut everything: Settings = of_the_file.collect();
    everything.extend(settings.clone());
    Ok(everything)
}

/// Refuses settings that the gateway wouldn't take, by name.
fn check(settings: &Settings) -> Result<()> {
    // The studio's own origin is added once its port is known.
    let own = |origins: Option<String>| match origins.filter(|origins| is_set(origins)) {
        Some(origins) => Some(["http://127.0.0.1 ", &origins].concat()),
        None => Some("http://127.0.0.1".to_owned()),
    };
    let get = |name: &str| {
        let value = settings.get(name).cloned();
        if name == "MIDAPI_SESSION_ORIGINS" { own(value) } else { value }
    };
    match Configuration::parse(get) {
        Ok(_) => Ok(()),
        Err(faults) => bail!("the gateway is misconfigured:\n{faults}"),
    }
}

#[cfg(unix)]
fn become_process(server: &mut std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(server.exec()).context("cannot start node")
}

#[cfg(not(unix))]
fn become_process(server: &mut std::process::Command) -> Result<()> {
    crate::shell::run(server)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn read(text: &str) -> Result<Settings> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(".dev.vars");
        std::fs::write(&path, text)?;
        dev_vars(&path)
    }

    #[test]
    fn the_environment_counts_before_the_file_and_a_blank_value_is_none() {
        let file = settings(&[("MIDAPI_API_KEY", "of-the-file"), ("MIDAPI_STOPPED", "file"), ("PATH", "/bin")]);
        let environment = settings(&[("MIDAPI_API_KEY", "of-the-env"), ("MIDAPI_STOPPED", " "), ("HOME", "/")]);
        let chosen = chosen(|name| environment.get(name).cloned(), &file);
        assert_eq!(chosen, settings(&[("MIDAPI_API_KEY", "of-the-env"), ("MIDAPI_STOPPED", "file")]));
    }

    #[test]
    fn dev_vars_are_read_as_such_files_are() {
        let text =
            "# mine\nMIDAPI_API_KEY=a-key-of-mine\n\nMIDAPI_ALERT_PERCENT=\"50 80\"\nMIDAPI_PRICES='{\"fast\": 10}'\n";
        let expected = [
            ("MIDAPI_API_KEY", "a-key-of-mine"),
            ("MIDAPI_ALERT_PERCENT", "50 80"),
            ("MIDAPI_PRICES", "{\"fast\": 10}"),
        ];
        assert_eq!(read(text).unwrap(), settings(&expected));
        assert_eq!(dev_vars(Path::new("/nowhere/.dev.vars")).unwrap(), Settings::new());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_by_its_number_and_not_shown() {
        let message = read("MIDAPI_STOPPED=1\nMIDAPI_API_KEY=a key of mine\n").unwrap_err().to_string();
        let must = ".dev.vars, line 2: must be NAME=value; a value with spaces, quotes or $ stands in '…'";
        assert_eq!(message, must);
    }

    /// What `dev` on the simulator has, with these changes.
    fn checked(changes: &[(&str, &str)]) -> String {
        let mut settings = settings(changes);
        settings.entry("MIDAPI_SESSION_SECRET".to_owned()).or_insert(random_secret().unwrap());
        play_money(&mut settings);
        check(&over_wrangler_toml(&settings).unwrap()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_set_up_wrongly_is_told_by_name() {
        assert_eq!(checked(&[]), "");
        assert_eq!(checked(&[("MIDAPI_SESSION_ORIGINS", "https://a.example")]), "");
        let wrong = [("MIDAPI_DAILY_CREDITS", "lots"), ("MIDAPI_SESSION_ORIGINS", "a.example")];
        let expected = "the gateway is misconfigured:\nMIDAPI_DAILY_CREDITS: must be a whole number from 1 to 4294967295\n\
                        MIDAPI_SESSION_ORIGINS: must be origins as a browser sends them, separated by spaces";
        assert_eq!(checked(&wrong), expected);
    }
}
