//! Running programs, and saying so.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A path in the repository.
pub fn at(path: impl AsRef<Path>) -> PathBuf {
    root().join(path)
}

/// A command that runs in the repository.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// A program from `node_modules`, kept from asking the network about itself.
pub fn node_tool(name: &str) -> Command {
    let mut command = command(at("node_modules/.bin").join(name));
    command.envs([
        ("WRANGLER_SEND_METRICS", "false"),
        ("WRANGLER_SEND_ERROR_REPORTS", "false"),
        ("WRANGLER_HIDE_BANNER", "true"),
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ]);
    command.env("WRANGLER_LOG_PATH", at("build/log")).env("XDG_CONFIG_HOME", at("build/config"));
    command
}

/// Cargo, as it was called.
pub fn cargo() -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What is built is looked for there, wherever the caller's own builds go.
    cargo.env("CARGO_TARGET_DIR", at("target"));
    cargo
}

/// Runs a command to its end, with its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed: {status}", command.get_program());
    }
    Ok(())
}

/// Runs a command to its end; its output is shown only if it fails.
pub fn run_quietly(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{:?} failed: {}\n{text}{errors}", command.get_program(), output.status);
    }
    Ok(text)
}

/// The crate's error as an `anyhow` one: it may not leave its thread itself.
pub fn into_anyhow(error: midapi::core::Error) -> anyhow::Error {
    anyhow::Error::msg(error.message.clone())
}

/// Says what begins, does it, and says how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("· {name} …");
    let start = Instant::now();
    let outcome = work().with_context(|| name.to_owned())?;
    eprintln!("✓ {name} ({:.1} s)", start.elapsed().as_secs_f32());
    Ok(outcome)
}

/// Does the work unless its inputs are those of the last time and its output is still there.
pub fn step_if_changed(name: &str, inputs: &[PathBuf], output: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = at("build/stamps").join(name.replace(|char: char| !char.is_alphanumeric(), "-"));
    let print = fingerprint(inputs)?.to_string();
    if output.exists() && std::fs::read_to_string(&stamp).is_ok_and(|last| last == print) {
        return Ok(());
    }
    step(name, work)?;
    write(&stamp, &print)
}

/// A number that changes when any byte of the files, or of the files in the folders, does.
fn fingerprint(inputs: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut paths = inputs.to_vec();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let mut entries = std::fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
            entries.sort();
            paths.extend(entries);
        } else {
            path.hash(&mut hasher);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// Writes a file, and the folders above it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that nobody else may read, and puts it in place whole: whatever happens meanwhile, there is the old one or
/// the new one.
pub fn write_for_owner(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = || {
        std::fs::create_dir_all(folder)?;
        let beside = [path.file_name().unwrap_or_default().to_string_lossy().as_ref(), "."].concat();
        let mut file = tempfile::Builder::new().prefix(&beside).tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    written().map(drop).with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    write(to, std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?)
}

/// Makes an empty folder, whatever was there.
pub fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    Ok(std::fs::create_dir_all(path)?)
}
