//! `cargo xtask dev`: the main job, on this machine.

use anyhow::{Context, Result, bail};

use crate::build;
use crate::shell::command;

/// Builds, then becomes the server: what ends this process ends the server.
pub fn run(options: &[&str]) -> Result<()> {
    let mut server = command("node");
    server.arg("tools/dev.js");
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--port" => {
                let port = options.next().context("--port takes a number")?;
                port.parse::<u16>().with_context(|| format!("--port takes a number from 0 to 65535, not `{port}`"))?;
                server.args(["--port", port]);
            }
            "--simulator" => {
                server.arg("--simulator");
            }
            other => bail!("dev doesn't know `{other}`; it takes --port N and --simulator"),
        }
    }
    build::everything()?;
    become_process(server)
}

#[cfg(unix)]
fn become_process(mut server: std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(server.exec()).context("cannot start node")
}

#[cfg(not(unix))]
fn become_process(mut server: std::process::Command) -> Result<()> {
    crate::shell::run(&mut server)
}
