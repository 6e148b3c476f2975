//! `cargo xtask bench`: every figure the documents quote, beside the peers'.

use anyhow::{Context, Result};

use crate::shell::{at, command, step, write};
use crate::{build, setup};

/// What is measured, by the scripts' names; the first says on what.
const BENCHES: [&str; 8] = ["machine", "own-work", "memory", "sizes", "gateway", "gateway-memory", "push", "page"];

/// Builds, measures, and writes what came out to `benches/results.md`.
pub fn run() -> Result<()> {
    build::everything()?;
    setup::npm_packages("benches")?;
    let results = BENCHES.iter().map(|name| step(&format!("bench {name}"), || measured(name)));
    let results = results.collect::<Result<Vec<_>>>()?.join("\n");
    println!("\n{results}");
    write(&at("benches/results.md"), results.trim_end().to_owned() + "\n")
}

/// What a bench prints. Its progress is shown as it comes.
fn measured(name: &str) -> Result<String> {
    // What a bench and its runtimes leave there goes with it.
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut node = command("node");
    node.env("TMPDIR", temporary.path()).env("CHROMIUM", setup::browsers()?.chromium);
    node.arg("--expose-gc").arg(format!("benches/{name}.js")).stderr(std::process::Stdio::inherit());
    let output = node.output().context("cannot start node")?;
    anyhow::ensure!(output.status.success(), "benches/{name}.js failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
