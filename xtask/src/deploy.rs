//! `cargo xtask deploy`: uploads the gateway, unless something isn't as it was built and tested for.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::build;
use crate::deploy_checks::{self as checks, Check};
use crate::shell::{at, node_tool, run as run_shown, run_quietly, write};

/// How often start-up is measured before it counts as slow: what else runs on this machine slows it, nothing speeds it up.
const STARTS: u32 = 3;

/// Builds, checks and uploads; a dry run asks the account nothing and uploads nothing.
pub fn run(dry_run: bool) -> Result<()> {
    build::everything()?;
    let read = |path| std::fs::read_to_string(at(path)).with_context(|| format!("cannot read {path}"));
    let wrangler_toml = read("wrangler.toml")?;
    let (mut all, mut failed) = (0, 0);
    let mut report = |found: Vec<Check>| {
        for check in found {
            eprintln!("{check}");
            all += 1;
            failed += u32::from(!check.passed());
        }
    };
    report(checks::configuration(&wrangler_toml, &read("js/gateway.js")?));
    report(vec![checks::startup(fastest_start_ms()?)]);
    if !dry_run {
        report(match listed_secrets() {
            Ok(listed) => checks::secrets(&listed, &wrangler_toml),
            Err(error) => vec![Check::new("the account tells which secrets there are", false, format!("{error:#}"))],
        });
    }
    ensure!(failed == 0, "nothing was uploaded: {failed} of {all} checks failed");
    for words in checks::advice(&wrangler_toml) {
        eprintln!("⚠ it works, but {words}");
    }
    let mut deploy = logged_in_wrangler();
    deploy.arg("deploy");
    run_shown(if dry_run { deploy.arg("--dry-run") } else { &mut deploy })
}

/// The shortest of some starts, or the first that is short enough.
fn fastest_start_ms() -> Result<Option<f64>> {
    let profile = at("build/startup.cpuprofile");
    let mut fastest: Option<f64> = None;
    for _ in 0..STARTS {
        // An older one must not be taken for this one's.
        write(&profile, "")?;
        run_quietly(node_tool("wrangler").args(["check", "startup", "--outfile"]).arg(&profile))?;
        let ms = checks::startup_ms(&std::fs::read_to_string(&profile)?);
        fastest = fastest.into_iter().chain(ms).reduce(f64::min);
        if checks::startup(fastest).passed() {
            break;
        }
    }
    Ok(fastest)
}

fn listed_secrets() -> Result<String> {
    run_quietly(logged_in_wrangler().args(["secret", "list", "--format", "json"]))
        .context("log in with `npx wrangler login`, and put the secrets first: RUNBOOK.md tells how")
}

/// Wrangler with the operator's login, which `node_tool` keeps away from the tests.
fn logged_in_wrangler() -> Command {
    let mut wrangler = node_tool("wrangler");
    match std::env::var_os("XDG_CONFIG_HOME") {
        Some(folder) => wrangler.env("XDG_CONFIG_HOME", folder),
        None => wrangler.env_remove("XDG_CONFIG_HOME"),
    };
    wrangler
}
