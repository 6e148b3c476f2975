//! `cargo xtask test`: every ring by itself, and one count over all.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::shell::{at, cargo, command, node_tool, run, step};
use crate::{build, setup};

/// The tests of one part, from the core outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ring {
    Lint,
    Core,
    Wasm,
    Gateway,
    Package,
    Frameworks,
    Page,
}

impl Ring {
    fn run(self) -> Result<Count> {
        match self {
            Self::Lint => lint(),
            Self::Core => core(),
            Self::Wasm => wasm(),
            Self::Gateway => gateway(),
            Self::Package => package(),
            Self::Frameworks => frameworks(),
            Self::Page => page(),
        }
    }
}

/// Tests that ran.
#[derive(Debug, Default)]
struct Count {
    passed: u32,
    failed: u32,
    /// What was said of those that failed, line by line.
    failures: Vec<String>,
}

/// Runs the named rings, or all, and says how many tests passed and failed.
pub fn run_rings(named: &[Ring]) -> Result<()> {
    let chosen: Vec<_> =
        Ring::value_variants().iter().filter(|ring| named.is_empty() || named.contains(ring)).collect();
    let mut total = Count::default();
    for (position, ring) in chosen.iter().enumerate() {
        let name = ring.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        eprintln!("\n== ring {} of {}: {name} ==", position + 1, chosen.len());
        // A ring that can't even start has failed; the others still run.
        let count = ring.run().unwrap_or_else(|error| {
            let failure = format!("ring {name}: {error:#}");
            eprintln!("{failure}");
            Count { passed: 0, failed: 1, failures: vec![failure] }
        });
        eprintln!("ring {name}: {} passed, {} failed", count.passed, count.failed);
        total.add(count);
    }
    // Of several rings only the last one is still on the screen.
    if chosen.len() > 1 && !total.failures.is_empty() {
        println!("\n== what failed ==\n{}", total.failures.join("\n"));
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 || total.passed == 0 {
        bail!("not all tests passed");
    }
    Ok(())
}

/// The checks without a test runner; each counts as one test.
fn lint() -> Result<Count> {
    setup::wasm_target()?;
    setup::npm_packages("")?;
    let on_wasm = ["--target", "wasm32-unknown-unknown"];
    let clippy = |options: &[&str]| {
        let mut clippy = cargo();
        clippy.args(["clippy", "--quiet"]).args(options).args(["--", "--deny", "warnings"]);
        run(&mut clippy)
    };
    type Check<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);
    let checks: [Check; 8] = [
        ("formatting", Box::new(|| run(cargo().args(["fmt", "--all", "--check"])))),
        ("clippy, native", Box::new(|| clippy(&["--workspace", "--all-targets"]))),
        (
            "clippy, native, every feature",
            Box::new(|| clippy(&["--package", "midapi", "--all-features", "--all-targets"])),
        ),
        (
            "clippy, wasm32, the package",
            Box::new(|| clippy(&[&on_wasm[..], &["--features", "js,crash", "--all-targets"]].concat())),
        ),
        (
            "clippy, wasm32, the gateway",
            Box::new(|| clippy(&[&on_wasm[..], &["--features", "gateway,crash", "--all-targets"]].concat())),
        ),
        ("clippy, wasm32, the core alone", Box::new(|| clippy(&on_wasm))),
        (
            "clippy, wasm32, the example",
            Box::new(|| clippy(&[&on_wasm[..], &["--package", "midapi-example", "--all-targets"]].concat())),
        ),
        (
            "documentation",
            Box::new(|| {
                let mut doc = cargo();
                doc.env("RUSTDOCFLAGS", "--deny warnings");
                run(doc.args(["doc", "--quiet", "--no-deps", "--package", "midapi", "--features", "web"]))
            }),
        ),
    ];
    let mut count = Count::default();
    for (name, check) in checks {
        match step(name, check) {
            Ok(()) => count.passed += 1,
            Err(error) => {
                let failure = format!("✗ {error:#}");
                eprintln!("{failure}");
                count.failed += 1;
                count.failures.push(failure);
            }
        }
    }
    Ok(count)
}

/// The core and the client, natively, and the commands that run a gateway.
fn core() -> Result<Count> {
    let mut tests = cargo();
    tests.args(["test", "--package", "midapi", "--features", "gateway", "--lib", "--test", "core"]);
    let mut doc_tests = cargo();
    doc_tests.args(["test", "--package", "midapi", "--doc"]);
    let mut commands = cargo();
    commands.args(["test", "--package", "xtask"]);
    count(&mut [tests, doc_tests, commands])
}

/// The bindings, in Node and in Chromium.
fn wasm() -> Result<Count> {
    setup::wasm_target()?;
    let runner = setup::wasm_test_runner()?;
    let browsers = setup::browsers()?;
    let tests = || {
        let mut tests = cargo();
        tests.args(["test", "--target", "wasm32-unknown-unknown", "--features", "web", "--test", "wasm"]);
        tests.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner);
        tests
    };
    let mut in_browser = tests();
    in_browser.env("WASM_BINDGEN_USE_BROWSER", "1").env("CHROMEDRIVER", &browsers.chromedriver);
    count(&mut [tests(), in_browser])
}

/// The gateway and the simulator, in workerd.
fn gateway() -> Result<Count> {
    build::everything()?;
    build::crashing_gateway()?;
    setup::python_packages()?;
    step("compiling the native example", || {
        run(cargo().args(["build", "--package", "midapi", "--example", "native"]))
    })?;
    node_tests(&["tests/simulator", "tests/gateway"], None)
}

/// The packed package, in the runtimes and bundlers it is for.
fn package() -> Result<Count> {
    build::everything()?;
    build::crashing_package()?;
    setup::npm_packages("tests/package")?;
    node_tests(&["tests/package"], Some(setup::browsers()?))
}

/// The packed package in apps of frameworks, in other people's test runners, and in bundles.
fn frameworks() -> Result<Count> {
    build::everything()?;
    // Bun, for a bundle of its own.
    setup::npm_packages("tests/package")?;
    node_tests(&["tests/frameworks"], Some(setup::browsers()?))
}

/// The studio, in Chromium and Firefox, and the example in Rust.
fn page() -> Result<Count> {
    build::everything()?;
    build::example()?;
    node_tests(&["tests/page"], Some(setup::browsers()?))
}

/// Runs the test files of these folders one after the other: the machine is small and each starts servers of its own.
fn node_tests(folders: &[&str], browsers: Option<setup::Browsers>) -> Result<Count> {
    let mut node = command("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec", "--test-timeout=300000", "--test-force-exit"]);
    for folder in folders {
        let mut files = test_files(&at(folder))?;
        files.sort();
        node.args(files);
    }
    if let Some(browsers) = browsers {
        node.env("CHROMIUM", browsers.chromium).env("FIREFOX", browsers.firefox);
    }
    node.env("XTASK", std::env::current_exe().context("this program has no path")?);
    // The tools that the tests call ask the network about themselves otherwise.
    node.envs(node_tool("").get_envs().filter_map(|(name, value)| Some((name, value?))));
    count(&mut [node])
}

fn test_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.to_string_lossy().ends_with(".test.js")).collect())
}

/// Runs test programs, showing what they print, and adds up what their closing lines say. A program that fails without
/// a failed test, such as one that doesn't compile, counts as one.
fn count(programs: &mut [Command]) -> Result<Count> {
    let mut total = Count::default();
    // What tests, runtimes and browsers leave there goes with it.
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    for program in programs {
        program.env("TMPDIR", temporary.path());
        let mut child = program.stdout(Stdio::piped()).spawn().context("cannot start the tests")?;
        let mut count = Count::default();
        let output = child.stdout.take().context("the tests have no output")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            count.read(&line);
        }
        if !child.wait()?.success() && count.failed == 0 {
            count.failed = 1;
            count.failures.push(format!("{:?} failed without a failed test", program.get_program()));
        }
        total.add(count);
    }
    Ok(total)
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }

    /// Reads the closing line of Rust's runners (`test result: ok. 3 passed; 0 failed; …`) or a line of Node's
    /// (`ℹ pass 3`). Both tell of what failed at their end, after a heading.
    fn read(&mut self, line: &str) {
        let closing = line.starts_with("test result:");
        if !closing && (!self.failures.is_empty() || matches!(line, "failures:" | "✖ failing tests:")) {
            self.failures.push(line.to_owned());
        }
        let number_before = |word| {
            let (before, _) = line.split_once(word)?;
            before.split_whitespace().next_back()?.parse::<u32>().ok()
        };
        if closing {
            self.passed += number_before(" passed").unwrap_or(0);
            self.failed += number_before(" failed").unwrap_or(0);
        }
        let number_after = |word| line.strip_prefix(word)?.trim().parse::<u32>().ok();
        self.passed += number_after("ℹ pass ").unwrap_or(0);
        self.failed += number_after("ℹ fail ").unwrap_or(0) + number_after("ℹ cancelled ").unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn what_both_runners_print_of_failures_is_counted_and_kept() {
        let rust = "test it ... FAILED\n\nfailures:\n\n---- it stdout ----\nit panicked\n\nfailures:\n    it\n\n\
                    test result: FAILED. 3 passed; 1 failed; 0 ignored\n\ntest result: ok. 2 passed; 0 failed";
        let node =
            "✔ one (1ms)\n✖ two (1ms)\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\n\n✖ failing tests:\n\n✖ two (1ms)\n  not so";
        for (text, passed, kept) in [(rust, 5, "it panicked"), (node, 1, "  not so")] {
            let mut count = Count::default();
            text.lines().for_each(|line| count.read(line));
            assert_eq!((count.passed, count.failed), (passed, 1), "{text}");
            assert!(count.failures.iter().any(|line| line == kept), "{:?}", count.failures);
            assert!(!count.failures.iter().any(|line| line.starts_with("test result") || line.contains("one")));
        }
    }

    #[test]
    fn nothing_is_kept_of_what_passed() {
        let mut count = Count::default();
        "running 1 test\ntest it ... ok\n\ntest result: ok. 1 passed; 0 failed\nℹ pass 1"
            .lines()
            .for_each(|line| count.read(line));
        assert_eq!((count.passed, count.failed, count.failures.len()), (2, 0, 0));
    }
}
