//! From the sources to what ships: the WebAssembly modules of the package and of the gateway, the npm package, the studio
//! and the Worker.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use midapi::core::{AspectRatio, Speed, TaskType, Version, Word};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

use crate::shell::{at, cargo, command, copy, empty_folder, node_tool, run, run_quietly, step, step_if_changed, write};
use crate::{deploy_checks, glue, setup};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A module's glue, and the module.
const MODULE_FILES: [&str; 2] = ["midapi.js", "midapi_bg.wasm"];

/// Builds all there is.
pub fn everything() -> Result<()> {
    let npm = std::thread::spawn(|| setup::npm_packages(""));
    setup::wasm_target()?;
    let faces = ["js", "gateway"];
    let modules = faces.map(compile);
    npm.join().map_err(|_| anyhow::anyhow!("the thread that installs npm packages broke off"))??;
    for (face, module) in faces.into_iter().zip(modules) {
        bind(face, &module?)?;
    }
    package("js", &at("dist"))?;
    studio()?;
    worker()?;
    report_sizes()
}

/// Builds the package once more in `build/crash/package`, with a module that panics when told to: for the tests of what
/// happens then.
pub fn crashing_package() -> Result<()> {
    bind("crash/js", &compile("crash/js")?)?;
    package("crash/js", &at("build/crash/package"))
}

/// Does the same for the Worker, in `build/crash/worker`: unbundled, with the module where the entry expects it.
pub fn crashing_gateway() -> Result<()> {
    bind("crash/gateway", &compile("crash/gateway")?)?;
    let worker = at("build/crash/worker");
    empty_folder(&worker)?;
    for file in MODULE_FILES {
        copy(&module_folder("crash/gateway").join(file), &worker.join("build/gateway").join(file))?;
    }
    copy(&at("js/gateway.js"), &worker.join("js/gateway.js"))
}

/// Builds the example for Rust users in `build/example`: a page, for a server that passes its calls on to a gateway.
pub fn example() -> Result<()> {
    let folder = at("build/example");
    step("building the example in Rust", || {
        let mut build = cargo();
        // Without optimisation: nobody downloads it, and the ring that tests the bindings has compiled half of it so.
        run(build.args(["build", "--package", "midapi-example", "--target", "wasm32-unknown-unknown"]))?;
        let module = at("target/wasm32-unknown-unknown/debug/midapi_example.wasm");
        let bindgen = &mut Bindgen::new();
        // As the command's default is: the glue finds the module beside it.
        bindgen.input_path(module).web(true)?.typescript(false).omit_default_module_path(false).generate(&folder)?;
        copy(&at("examples/rust-wasm/index.html"), &folder.join("index.html"))
    })
}

/// Where a module of these features, such as `crash/js`, and its glue are built.
fn module_folder(features: &str) -> PathBuf {
    at("build").join(features)
}

/// Compiles the crate with one face's exports; returns a copy of the module, as all faces compile to one path.
fn compile(features: &str) -> Result<PathBuf> {
    let module = module_folder(features).join("compiled.wasm");
    // Not left to cargo: it keeps one output for both faces, and would compile each anew every time.
    let inputs = [at("src"), at("Cargo.toml"), at("Cargo.lock"), at("xtask/src/build.rs"), setup::toolchain()?];
    step_if_changed(&format!("compiling the crate to WebAssembly, exports of `{features}`"), &inputs, &module, || {
        let mut build = cargo();
        // The places of panics stand in the module: not with this machine's folders in them.
        let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
        let sysroot = run_quietly(command("rustc").args(["--print", "sysroot"]))?;
        let remap = |from: &str, to| format!("--remap-path-prefix={}={to}", from.trim());
        build.env("RUSTFLAGS", [remap(&home.unwrap_or_default(), "cargo"), remap(&sysroot, "rust")].join(" "));
        // Asked for here and not in Cargo.toml: beside a library cargo optimises no module as a whole (`lto`), and it
        // would link one for every program that uses the crate.
        build.args(["rustc", "--package", "midapi", "--lib", "--crate-type", "cdylib", "--profile", "wasm"]);
        if features.ends_with("gateway") {
            // The Worker's upload and start are bounded, and its calls wait for the network. Not a profile of its own: that
            // would compile the macros' crates once more.
            build.args(["--config", "profile.wasm.opt-level = 'z'"]);
        }
        run(build.args(["--target", "wasm32-unknown-unknown", "--features", &features.replace('/', ",")]))?;
        copy(&at("target/wasm32-unknown-unknown/wasm/midapi.wasm"), &module)
    })?;
    Ok(module)
}

/// Makes the JavaScript glue and shrinks the module.
fn bind(feature: &str, module: &Path) -> Result<()> {
    let folder = module_folder(feature);
    let [glue, output] = MODULE_FILES.map(|file| folder.join(file));
    let changes = at("xtask/src/glue.rs");
    let inputs = [module.to_owned(), at("Cargo.lock"), at("package-lock.json"), at("xtask/src/build.rs"), changes];
    step_if_changed(&format!("binding and shrinking `{feature}`"), &inputs, &output, || {
        let bindgen = &mut Bindgen::new();
        let bindgen = bindgen.input_path(module).out_name("midapi").web(true)?.typescript(false);
        bindgen.omit_default_module_path(true).remove_producers_section(true);
        bindgen.remove_name_section(std::env::var_os("NAMES").is_none());
        // A crash is survived: see js/crash.js and js/gateway.js.
        bindgen.reset_state_function(true);
        // Every runtime has it; a way around it would be there for nobody.
        bindgen.encode_into(EncodeInto::Always);
        let mut bound = bindgen.generate_output()?;
        let mut glue_text = bound.js().to_owned();
        let module = bound.wasm_mut();
        // An export that the glue doesn't name is nobody's.
        let unnamed = module.exports.iter().filter(|export| !glue_text.contains(&export.name));
        for export in unnamed.map(|export| export.id()).collect::<Vec<_>>() {
            module.exports.delete(export);
        }
        // Names that end in a hash are 0.2 KB after brotli.
        for (number, import) in module.imports.iter_mut().enumerate() {
            let short = format!("i{number}");
            glue_text = glue_text.replace(&import.name, &short);
            import.name = short;
        }
        bound.emit(&folder)?;
        let change = if feature.ends_with("js") { glue::of_package } else { glue::of_gateway };
        write(&glue, change(glue_text)?)?;
        let optimised = folder.join("optimised.wasm");
        let mut wasm_opt = node_tool("wasm-opt");
        // The features stay declared until wasm-opt has read them: it refuses the module otherwise.
        wasm_opt.args([
            "-Oz",
            if std::env::var_os("NAMES").is_some() { "-g" } else { "--strip-debug" },
            "--strip-producers",
            "--strip-target-features",
        ]);
        run_quietly(wasm_opt.arg(&output).arg("--output").arg(&optimised))?;
        Ok(std::fs::rename(optimised, &output)?)
    })
}

/// Puts the npm package together in a folder, of the module of these features.
fn package(features: &str, dist: &Path) -> Result<()> {
    empty_folder(dist)?;
    for file in std::fs::read_dir(at("js"))? {
        let file = file?.file_name();
        // The manifest gets its version below; the gateway's entry is the Worker's.
        if file != "package.json" && file != "gateway.js" {
            copy(&at("js").join(&file), &dist.join(&file))?;
        }
    }
    for file in MODULE_FILES {
        copy(&module_folder(features).join(file), &dist.join(file))?;
    }
    write(&dist.join("words.js"), words()?)?;
    let [_, module] = MODULE_FILES.map(|file| dist.join(file));
    run(command("node").arg("tools/module-text.js").arg(&module).arg(module.with_extension("js")))?;
    simulator(dist)?;
    for file in ["CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&at(file), &dist.join(file))?;
    }
    write(&dist.join("README.md"), without_relative_links(&std::fs::read_to_string(at("README.md"))?)?)?;
    for document in std::fs::read_dir(at("docs"))? {
        let path = document?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = without_relative_links(&std::fs::read_to_string(&path)?)?;
            write(&dist.join("docs").join(path.file_name().unwrap_or_default()), text)?;
        }
    }
    let manifest = std::fs::read_to_string(at("js/package.json"))?.replace("\"0.0.0\"", &format!("\"{VERSION}\""));
    write(&dist.join("package.json"), manifest)
}

/// A document for npm's page, which has no files to link to: it names them, and shows no pictures.
fn without_relative_links(document: &str) -> Result<String> {
    let picture = regex_lite::Regex::new(r"!\[[^\]]*\]\([^):]+\)\n+")?;
    let document = picture.replace_all(document, "");
    let link = regex_lite::Regex::new(r"\[([^\]]+)\]\(([^)#:]+)\)")?;
    let named = |link: &regex_lite::Captures| {
        let path = link[2].trim_start_matches("../");
        if link[1].ends_with(path) { format!("`{path}`") } else { format!("{} (`{path}`)", &link[1]) }
    };
    Ok(link.replace_all(&document, named).into_owned())
}

/// Bundles the simulator's entries for other people's tests, with what they need of npm inside.
fn simulator(dist: &Path) -> Result<()> {
    let folder = dist.join("simulator");
    let mut esbuild = node_tool("esbuild");
    for entry in ["index", "node", "worker"] {
        esbuild.arg(format!("simulator/{entry}.js"));
        let types = format!("{entry}.d.ts");
        copy(&at("simulator").join(&types), &folder.join(&types))?;
    }
    esbuild.args([
        "--bundle",
        "--splitting",
        "--chunk-names=shared-[hash]",
        "--format=esm",
        "--target=es2022",
        "--conditions=workerd,worker,browser",
        "--external:node:*",
        "--loader:.mp4=binary",
        "--log-level=warning",
    ]);
    run(esbuild.arg(format!("--outdir={}", folder.display())))?;
    let licenses = ["fast-png", "fflate", "iobuffer"].map(|name| {
        let text = std::fs::read_to_string(at("node_modules").join(name).join("LICENSE"))?;
        Ok(format!("{name}\n\n{}\n", text.trim()))
    });
    write(&folder.join("LICENSES"), licenses.into_iter().collect::<Result<Vec<_>>>()?.join("\n\n"))
}

/// The core's lists of words that people choose from, as a JavaScript module.
fn words() -> Result<String> {
    fn list<W: Word>(name: &str) -> Result<String> {
        let words: Vec<_> = W::all().iter().map(|word| word.as_str()).collect();
        Ok(format!("export const {name} = Object.freeze({});\n", serde_json::to_string(&words)?))
    }
    let lists = [
        list::<AspectRatio>("aspectRatios")?,
        list::<Speed>("speeds")?,
        list::<TaskType>("taskTypes")?,
        list::<Version>("versions")?,
    ];
    Ok(lists.concat())
}

/// Puts the studio together in `build/studio/`: only what is put there is ever served.
fn studio() -> Result<()> {
    let studio = at("build/studio");
    empty_folder(&studio)?;
    for entry in std::fs::read_dir(at("www"))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A secret is most often kept in such a file, and the folder below is on the open web.
        if !name.starts_with('.') && !name.ends_with(".js") && !name.ends_with(".css") {
            copy(&entry.path(), &studio.join(entry.file_name()))?;
        }
    }
    copy(&at("dist/midapi_bg.wasm"), &studio.join("midapi/midapi_bg.wasm"))?;
    let bundle = |arguments: &[&str]| {
        let mut esbuild = node_tool("esbuild");
        run(esbuild.args(["--bundle", "--minify", "--format=esm", "--log-level=warning"]).args(arguments))
    };
    bundle(&["dist/browser.js", "--outfile=build/studio/midapi/midapi.js"])?;
    // One script in place of a chain of two dozen; what few people use is one of its own, loaded when it is wanted.
    let outputs = ["--outdir=build/studio", "--splitting", "--external:./midapi/midapi.js"];
    bundle(&[&["www/studio.js", "www/studio.css", "www/person.js"], &outputs[..]].concat())
}

/// Has wrangler bundle the Worker as it would upload it.
fn worker() -> Result<()> {
    let folder = at("build/worker");
    let [glue, module] = MODULE_FILES.map(|file| module_folder("gateway").join(file));
    let inputs = [module, glue, at("js/gateway.js"), at("wrangler.toml")];
    step_if_changed("bundling the Worker", &inputs, &folder.join("gateway.js"), || {
        empty_folder(&folder)?;
        let mut wrangler = node_tool("wrangler");
        let said = run_quietly(wrangler.args(["deploy", "--dry-run", "--outdir"]).arg(&folder))?;
        let upload = said.lines().find(|line| line.contains("Total Upload")).unwrap_or_default();
        write(&folder.join("upload-size.txt"), upload.trim())
    })
}

/// The figures the README promises to stay under.
fn report_sizes() -> Result<()> {
    run(command("node").arg("tools/sizes.js"))?;
    // Here and not only before an upload: what couldn't be uploaded isn't built either.
    let upload = std::fs::read_to_string(at("build/worker/upload-size.txt"))?;
    let size = deploy_checks::size(&upload);
    eprintln!("{size}");
    ensure!(size.passed(), "the Worker is too large");
    Ok(())
}
