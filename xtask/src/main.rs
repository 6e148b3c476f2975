//! The project's commands: for developers `cargo xtask dev`, `build`, `test` and `bench`, for who runs a gateway `token` and
//! `deploy`. Each installs what is missing and says what it does.

mod bench;
mod build;
mod deploy;
mod dev;
mod drift;
mod glue;
mod rules;
mod setup;
mod shell;
mod test;
mod token;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask dev [--port N] [--simulator]
    Builds everything and serves the studio and the gateway on http://127.0.0.1:N (8787 unless told).
    Takes MIDAPI_API_KEY and MIDAPI_UPSTREAM_URL from the environment, else from .dev.vars; without a key, or with
    --simulator, the simulator plays the vendor.
cargo xtask build
    Builds the npm package into dist/, the studio into build/studio/ and the Worker into build/worker/.
cargo xtask test [RING...]
    Runs the tests of every ring, or of those named: lint, core, wasm, gateway, package, page.
cargo xtask bench
    Measures work, memory and size of the package beside those of its peers, and writes benches/results.md.
cargo xtask token new NAME --daily-credits N [--origin ORIGIN]... [--operation OP]... [--callback-host HOST]...
    Makes an access token of the gateway and prints it, once; its hash goes into tokens.json. N is the most it may spend in
    a day, 1 to 1000000. ORIGIN is one of a page, such as https://example.com; OP generate, upscale, vary, extendVideo or
    credits (all but credits unless told); HOST a host that its tasks' callbacks may go to.
cargo xtask token list
    Prints the tokens' names and limits.
cargo xtask token revoke NAME
    Takes a token out of tokens.json. Like a new one, it counts once the file is uploaded:
    npx wrangler secret put MIDAPI_TOKENS < tokens.json
cargo xtask deploy [--dry-run]
    Builds everything, checks configuration, size, start-up and secrets, and uploads the Worker if all is well. With
    --dry-run it looks at no secrets and uploads nothing.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["help"] | [.., "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        ["dev", options @ ..] => dev::run(options),
        ["token", words @ ..] => token::run(words),
        ["deploy", options @ ..] => deploy::run(options),
        ["build"] => build::everything(),
        ["test", rings @ ..] => test::run_rings(rings),
        ["bench"] => bench::run(),
        _ => Err(anyhow::anyhow!("unknown command `{}`\n\n{HELP}", words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
