//! The project's commands: for developers `cargo xtask dev`, `build`, `test`, `bench` and `pictures`, for who runs a gateway `token` and
//! `deploy`. Each installs what is missing and says what it does.

mod bench;
mod build;
mod deploy;
mod deploy_checks;
mod dev;
mod glue;
mod pictures;
mod setup;
mod shell;
mod test;
mod token;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

/// The project's commands. Each installs what is missing and says what it does.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds everything and serves the studio and the gateway on this machine
    ///
    /// Takes the variables and secrets of the gateway from the environment, else from .dev.vars, else from wrangler.toml.
    /// Without MIDAPI_API_KEY, or with --simulator, the simulator plays the vendor.
    Dev(dev::Options),
    /// Builds the npm package into dist/, the studio into build/studio/ and the Worker into build/worker/
    Build,
    /// Runs the tests of every ring, or of those named
    Test {
        /// The rings to run
        #[arg(value_name = "RING")]
        rings: Vec<test::Ring>,
    },
    /// Measures work, memory and size of the package beside those of its peers, and writes benches/results.md
    Bench,
    /// Takes the pictures of the documents, docs/images/, from the studio on the simulator
    Pictures,
    /// Keeps tokens.json, the list of who may call the gateway with a bearer token
    ///
    /// What it changes counts once the file is uploaded: npx wrangler secret put MIDAPI_TOKENS < tokens.json
    #[command(subcommand)]
    Token(token::Command),
    /// Builds everything, checks configuration, size, start-up and secrets, and uploads the Worker if all is well
    Deploy {
        /// Looks at no secrets and uploads nothing
        #[arg(long)]
        dry_run: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        None => Ok(Arguments::command().print_long_help()?),
        Some(Command::Dev(options)) => dev::run(&options),
        Some(Command::Build) => build::everything(),
        Some(Command::Test { rings }) => test::run_rings(&rings),
        Some(Command::Bench) => bench::run(),
        Some(Command::Pictures) => pictures::run(),
        Some(Command::Token(command)) => token::run(command),
        Some(Command::Deploy { dry_run }) => deploy::run(dry_run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of arguments that must fail.
    pub fn refusal(arguments: &[&str]) -> String {
        let parsed = Arguments::try_parse_from([&["xtask"], arguments].concat());
        parsed.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_commands_are_declared_soundly() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_refusal_names_the_argument_and_what_would_be_right() {
        for (arguments, said) in [
            (&["dve"][..], "unrecognized subcommand 'dve'"),
            (&["dev", "--prot", "1"], "unexpected argument '--prot' found"),
            (&["dev", "--port"], "a value is required for '--port <N>'"),
            (&["dev", "--port", "65536"], "invalid value '65536' for '--port <N>': must be a number from 0 to 65535"),
            (&["test", "cor"], "invalid value 'cor' for '[RING]...'\n  [possible values: lint, core, wasm, gateway, "),
            (&["deploy", "--dry"], "unexpected argument '--dry' found"),
            (&["token", "revoke"], "the following required arguments were not provided:\n  <NAME>"),
        ] {
            let refusal = refusal(arguments);
            assert!(refusal.contains(said), "{arguments:?} {refusal}");
        }
    }
}
