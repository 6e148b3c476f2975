//! `cargo xtask pictures`: the pictures of the documents.

use anyhow::Result;

use crate::shell::{command, run as run_command};
use crate::{build, setup};

/// Builds everything, and takes them.
pub fn run() -> Result<()> {
    build::everything()?;
    run_command(command("node").env("CHROMIUM", setup::browsers()?.chromium).arg("tools/pictures.js"))
}
