//! The command `spec`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::check;
use super::files::Files;
use super::manifest::Manifest;
use super::page;
use super::trace::{Figures, Trace, Traced};
use crate::case::Level;
use crate::out::say;

/// Options of `spec`.
#[derive(Debug, Args)]
pub struct SpecArgs {
    /// The repository, where it is not the folder in which the program runs or one above it.
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The folder of measurements and decisions, where it is not `shared` beside the repository.
    #[arg(long, global = true, value_name = "DIR")]
    shared: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check that requirements, cases, vectors, code and evidence fit together.
    Check,
    /// Write all requirements with what covers each, as JSON.
    Manifest {
        /// Where to; standard output where absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write the specification as one page.
    Html {
        /// Where to; standard output where absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the MUSTs that could be tested and are not, one a line, the ID first.
    Open,
}

/// Runs the command; whether all is right.
///
/// # Errors
/// Says which file could not be read or written.
pub fn execute(args: &SpecArgs) -> Result<bool, String> {
    let root = match &args.root {
        Some(root) => root.clone(),
        None => found()?,
    };
    let shared = args
        .shared
        .clone()
        .unwrap_or_else(|| root.join("../shared"));
    let files = Files::read(&root, &shared)?;
    let trace = Trace::new(&files);
    match &args.task {
        Task::Check => return report(&files, &trace),
        Task::Manifest { out } => write(out.as_deref(), &Manifest::new(&trace).json())?,
        Task::Html { out } => write(out.as_deref(), &page::html(&files, &trace))?,
        Task::Open => say(&open(&trace))?,
    }
    Ok(true)
}

/// The repository around the current folder, else that from which the program was built.
fn found() -> Result<PathBuf, String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let around = here.ancestors().find(|d| d.join("spec/README.md").exists());
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Ok(around.map_or_else(built, Path::to_path_buf))
}

fn write(out: Option<&Path>, text: &str) -> Result<(), String> {
    let Some(file) = out else {
        return say(text);
    };
    let fault = |error: std::io::Error| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(fault)?;
    }
    std::fs::write(file, text).map_err(fault)
}

fn open(trace: &Trace) -> String {
    let untested = trace.requirements.iter().filter(|traced| traced.untested());
    let line = |traced: &Traced| {
        let requirement = &traced.requirement;
        let level = requirement.level.map_or("", Level::name);
        format!("{:<44} {level:<10} {}\n", requirement.id, requirement.text)
    };
    untested.map(line).collect()
}

/// Prints figures, open requirements and faults; whether there are no faults.
fn report(files: &Files, trace: &Trace) -> Result<bool, String> {
    let row = |name: &str, f: Figures| {
        format!(
            "{name:<10} {:>12} {:>6} {:>10} {:>7} {:>6} {:>6}\n",
            f.requirements, f.must, f.untestable, f.tested, f.open, f.cited
        )
    };
    let mut text =
        "level      requirements   MUST untestable  tested   open  cited by code\n".to_owned();
    for level in Level::ALL {
        text += &row(level.name(), trace.figures(level));
    }
    text += &row(
        "all",
        Figures::sum(Level::ALL.into_iter().map(|level| trace.figures(level))),
    );
    text += &format!(
        "\n{} cases, {} files of vectors, {} statements of evidence\n",
        trace.cases.len(),
        trace.vectors.len(),
        trace.evidence.len()
    );
    let open = trace.requirements.iter().filter(|traced| traced.untested());
    for level in Level::ALL {
        let ids: Vec<&str> = open
            .clone()
            .map(|traced| &traced.requirement)
            .filter(|requirement| requirement.level == Some(level))
            .map(|requirement| requirement.id.as_str())
            .collect();
        if !ids.is_empty() {
            text += &format!("open at level {}: {}\n", level.name(), ids.join(" "));
        }
    }
    for what in check::left_out(files) {
        text += &format!("left out: {what}\n");
    }
    let faults = check::check(files, trace);
    for fault in &faults {
        text += &format!("FAULT {fault}\n");
    }
    text += &format!("{} faults\n", faults.len());
    say(&text)?;
    Ok(faults.is_empty())
}
