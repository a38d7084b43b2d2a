//! Builds the cases and the chapters of the specification into the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let crate_folder = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut code = String::new();
    let cases = crate_folder.join("cases");
    let mut files = Vec::new();
    for level in entries(&cases) {
        if level.is_dir() {
            println!("cargo::rerun-if-changed={}", level.display());
            files.extend(entries(&level));
        }
    }
    println!("cargo::rerun-if-changed={}", cases.display());
    table(&mut code, "CASES", &crate_folder, &files, "json");
    let vectors = crate_folder.join("vectors");
    println!("cargo::rerun-if-changed={}", vectors.display());
    table(&mut code, "VECTORS", &vectors, &entries(&vectors), "json");
    let spec = crate_folder.join("../spec");
    println!("cargo::rerun-if-changed={}", spec.display());
    table(&mut code, "CHAPTERS", &spec, &entries(&spec), "md");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("embedded.rs"), code).expect("the build folder is writable");
}

/// What a folder holds, in order of names; nothing if there is no folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn table(code: &mut String, name: &str, root: &Path, files: &[PathBuf], extension: &str) {
    writeln!(code, "static {name}: &[(&str, &str)] = &[").expect("strings grow");
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == extension))
    {
        let shown = file
            .strip_prefix(root)
            .expect("inside its root")
            .display()
            .to_string();
        let file = file.display().to_string();
        writeln!(code, "    ({shown:?}, include_str!({file:?})),").expect("strings grow");
    }
    code.push_str("];\n");
}
