//! Installing what is missing on a fresh machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{at, command, copy, root, run, run_quietly, step, step_if_changed, write};

const OLDEST_NODE: u32 = 20;

/// The WebAssembly target of the Rust toolchain.
pub fn wasm_target() -> Result<()> {
    let sysroot = run_quietly(command("rustc").args(["--print", "sysroot"]))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").exists() {
        return Ok(());
    }
    step("installing Rust's wasm32-unknown-unknown target", || {
        run(command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
            .context("install it with `rustup target add wasm32-unknown-unknown`")
    })
}

/// A file that holds the compiler's version.
pub fn toolchain() -> Result<PathBuf> {
    let file = at("build/stamps/toolchain");
    write(&file, run_quietly(command("rustc").arg("--version"))?)?;
    Ok(file)
}

/// The npm packages of a folder, as its lock file has them; the repository's own folder is "".
pub fn npm_packages(folder: &str) -> Result<()> {
    let version = run_quietly(command("node").arg("--version")).context("install Node.js 20 or newer")?;
    let major: Option<u32> =
        version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        bail!("Node.js {} is too old: install {OLDEST_NODE} or newer", version.trim());
    }
    let lock = Path::new(folder).join("package-lock.json");
    let installed = at(folder).join("node_modules/.package-lock.json");
    step_if_changed(&format!("installing npm packages ({})", lock.display()), &[at(&lock)], &installed, || {
        run_quietly(command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(at(folder))).map(|_| ())
    })
}

/// A browser and, for Chromium, the driver that belongs to it.
#[derive(Clone, Debug)]
pub struct Browsers {
    /// Chrome or Chromium.
    pub chromium: PathBuf,
    /// Its WebDriver.
    pub chromedriver: PathBuf,
    /// Firefox.
    pub firefox: PathBuf,
}

/// The browsers the tests drive: installed ones, or Debian's where this may install them.
pub fn browsers() -> Result<Browsers> {
    if find_browsers().is_err() && is_debian_root() {
        step("installing Debian's Chromium, ChromeDriver and Firefox", || {
            let apt = |arguments: &[&str]| run_quietly(apt_get().args(arguments)).map(|_| ());
            apt(&["update", "-qq"])?;
            let packages = ["chromium", "chromium-driver", "firefox-esr", "fonts-dejavu-core"];
            apt(&[&["install", "-y", "-qq", "--no-install-recommends"][..], &packages[..]].concat())
        })?;
    }
    find_browsers()
}

fn find_browsers() -> Result<Browsers> {
    let find = |variable: &str, names: &[&str]| {
        let set = std::env::var_os(variable).map(PathBuf::from);
        let found = set.or_else(|| names.iter().find_map(|name| on_path(name)));
        found.with_context(|| format!("no {} on the PATH: install it, or name it in {variable}", names.join(" or ")))
    };
    Ok(Browsers {
        chromium: find("CHROMIUM", &["chromium", "google-chrome", "google-chrome-stable", "chrome"])?,
        chromedriver: find("CHROMEDRIVER", &["chromedriver"])?,
        firefox: find("FIREFOX", &["firefox-esr", "firefox"])?,
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn apt_get() -> Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn is_debian_root() -> bool {
    let root = run_quietly(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    root && on_path("apt-get").is_some()
}

/// Python's `requests`, for the vendor's own program: in a folder of ours, nothing of the machine's is touched.
pub fn python_packages() -> Result<PathBuf> {
    let folder = at("build/python");
    let wanted = at("tests/gateway/requirements.txt");
    let installed = folder.join("requirements.txt");
    step_if_changed("installing Python packages", std::slice::from_ref(&wanted), &installed, || {
        let mut pip = command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]);
        run_quietly(pip.args(["--target"]).arg(&folder).arg("--requirement").arg(&wanted))
            .context("install Python 3 with pip")?;
        copy(&wanted, &installed)
    })?;
    Ok(folder)
}

/// The test runner of wasm-bindgen, at the version the lock file has.
pub fn wasm_test_runner() -> Result<PathBuf> {
    step("compiling wasm-bindgen's test runner (about 80 s the first time)", || {
        run(crate::shell::cargo().args(["build", "--package", "wasm-test-runner"]))
    })?;
    Ok(root().join("target/debug/wasm-test-runner"))
}
