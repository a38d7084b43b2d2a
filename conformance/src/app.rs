//! The commands: what the program does for its command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;

use crate::case::{Case, Level, explain, load};
use crate::cli::{Choice, Cli, Command, RunArgs};
use crate::edition;
use crate::engine::tls::Certificates;
use crate::out::say;
use crate::replay;
use crate::report::progress::Progress;
use crate::report::{compare, html, junit, terminal};
use crate::run::result::ReplayResult;
use crate::run::{Options, RunResult, Selection, execute, expect_fail};
use crate::spec::Specification;
use crate::subject::Subject;
use crate::subject::embedded::Embedded;
use crate::subject::exec::{self, Exec};
use crate::subject::remote::{Connect, Listen};
use crate::vectors;

/// Everything selected passed.
const PASSED: u8 = 0;
/// Something fell short.
const SHORT: u8 = 1;
/// Wrong usage, nothing selected, or no subject.
const USAGE: u8 = 2;
/// Somebody ended the run.
const INTERRUPTED: i32 = 130;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let code = match cli.command {
        None => run(&cli.run.completed()),
        Some(Command::Replay(args)) => replay::execute(&args).map(code),
        Some(Command::Run(args)) => run(&args),
        Some(Command::List(choice)) => list(&choice),
        Some(Command::Spec(args)) => edition::command::execute(&args).map(code),
        Some(Command::Show { case, json }) => show(&case, json),
        Some(Command::Vectors) => vectors_confirmed(),
        Some(Command::Report { results, html }) => compare(&results, html.as_deref()),
    };
    ExitCode::from(code.unwrap_or_else(|why| {
        eprintln!("aemp-conformance: {why}");
        USAGE
    }))
}

fn code(right: bool) -> u8 {
    if right { PASSED } else { SHORT }
}

fn cases(choice: &Choice) -> Result<Vec<Case>, String> {
    match &choice.cases_from {
        Some(folder) => load::folder(folder),
        None => load::built_in(),
    }
}

fn list(choice: &Choice) -> Result<u8, String> {
    let cases = cases(choice)?;
    let selection = choice.selection();
    warn_of_unmatched(&selection, &cases);
    let selected: Vec<_> = cases.iter().filter(|case| selection.takes(case)).collect();
    let mut text = String::new();
    for case in &selected {
        let (id, level) = (&case.id, case.level.name());
        text += &format!("{id:<44} {level:<10} {}\n", case.title);
    }
    say(&text)?;
    if selected.is_empty() {
        Err("no case is selected".to_owned())
    } else {
        Ok(PASSED)
    }
}

/// Says which globs choose nothing, so that a slip of the pen is not taken for a pass.
fn warn_of_unmatched(selection: &Selection, cases: &[Case]) {
    for glob in selection.unmatched(cases) {
        eprintln!("aemp-conformance: no case is named {glob}; `list` names them");
    }
}

fn show(id: &str, json: bool) -> Result<u8, String> {
    let cases = load::built_in()?;
    let case = cases
        .iter()
        .find(|case| case.id == id)
        .ok_or_else(|| format!("there is no case {id:?}; `list` names them"))?;
    if json {
        let text = serde_json::to_string_pretty(case).map_err(|error| error.to_string())?;
        say(&(text + "\n"))?;
    } else {
        let specification = Specification::built_in();
        let text = |id: &str| specification.get(id).map(|r| r.text.clone());
        say(&explain::case(case, &text).to_string())?;
    }
    Ok(PASSED)
}

fn run(args: &RunArgs) -> Result<u8, String> {
    let cases = cases(&args.choice)?;
    let mut selection = args.choice.selection();
    if let Some(command) = args.exec.as_ref().filter(|_| selection.levels.is_empty()) {
        selection.levels = levels_of(command);
    }
    warn_of_unmatched(&selection, &cases);
    let subject = subject(args)?;
    let plans = selection.plan(&cases, &*subject);
    if plans.is_empty() {
        return Err("no case is selected for this subject; `list` names them".to_owned());
    }
    let entries = match &args.expect_fail {
        Some(file) => expect_fail::parse(&read(file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?,
        None => Vec::new(),
    };
    let folder = scratch();
    let certificates = Certificates::generate(&folder)?;
    let progress = Progress::new();
    let options = Options {
        secret: args.secret.clone(),
        certificates: &certificates,
        scale: args.timeout_scale,
        seed: args.seed.unwrap_or_else(|| seed(&*subject)),
        expect_fail: entries.clone(),
        progress: &|done, all, case| progress.case(done, all, case),
        stop_after: args.stop_after,
    };
    let mut result = execute(&plans, &*subject, &options);
    let all = cases.iter().map(|case| &*case.id);
    result.unmet.extend(expect_fail::unknown(&entries, &all));
    result.not_for = selection.not_for(&cases, &*subject);
    if args.replay {
        result.replay = Some(replayed()?);
    }
    // Temporary files that stay behind do no harm.
    drop(std::fs::remove_dir_all(&folder));
    let specification = Specification::built_in();
    let said = say(&terminal::report(&result, &specification));
    write_reports(args, &result, &cases, &specification)?;
    said?;
    Ok(if result.ok() { PASSED } else { SHORT })
}

/// The levels that a command is meant for where none is chosen: one that takes `{port}` is a simple
/// client, any other a node.
fn levels_of(command: &str) -> Vec<Level> {
    let client = command.contains("{port}");
    Level::ALL
        .into_iter()
        .filter(|&level| (level == Level::Simple) == client)
        .collect()
}

fn subject(args: &RunArgs) -> Result<Box<dyn Subject>, String> {
    let jobs = args
        .jobs
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
    if let Some(address) = args.connect {
        let reached =
            std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(5));
        reached.map_err(|error| {
            format!("no subject at {address} ({error}); start it, or check the address")
        })?;
        return Ok(Box::new(Connect { address }));
    }
    if let Some(address) = args.listen {
        let listen = Listen::bind(address).map_err(|error| format!("{address}: {error}"))?;
        eprintln!("waiting for the subject on {address}");
        return Ok(Box::new(listen));
    }
    if let Some(command) = &args.exec {
        end_with_the_kit();
        return Ok(Box::new(Exec::new(command, jobs)?));
    }
    Ok(Box::new(Embedded { jobs }))
}

/// Ends the programs that the kit has started when it is asked to end itself: each has a process group
/// of its own, which the terminal does not reach.
fn end_with_the_kit() {
    std::thread::spawn(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let Ok(runtime) = builder.enable_all().build() else {
            return;
        };
        if runtime.block_on(asked_to_end()).is_ok() {
            exec::end_all();
            drop(std::fs::remove_dir_all(scratch()));
            std::process::exit(INTERRUPTED);
        }
    });
}

#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// The same seed where every subject is a fresh one; another each time where one runs on, since
/// it may remember names.
fn seed(subject: &dyn Subject) -> u64 {
    if subject.configurable() {
        return 1;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |now| now.as_micros() as u64 & 0xffff_ffff)
}

/// A folder of this run's own for files that subjects read.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("aemp-conformance-{}", std::process::id()))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// What the recordings say about the core.
fn replayed() -> Result<ReplayResult, String> {
    let report = replay::run_all(&replay::Options::default()).map_err(|error| error.to_string())?;
    let cases = report.files.iter().flat_map(|file| &file.cases);
    let mut text: String = cases.map(|case| format!("{case}\n")).collect();
    text.push_str(&report.to_string());
    Ok(ReplayResult {
        ok: report.is_success(),
        text,
    })
}

/// The kit's own wire code goes through every vector.
fn vectors_confirmed() -> Result<u8, String> {
    let (mut text, mut faults) = (String::new(), 0);
    for file in vectors::files()? {
        for group in &file.groups {
            let mut kinds = std::collections::BTreeMap::new();
            for vector in &group.vectors {
                *kinds
                    .entry(format!("{:?}", vector.kind).to_lowercase())
                    .or_insert(0) += 1;
                if let Err(why) = vectors::own::confirm(&file.subject, vector) {
                    text += &format!("{}/{}/{}: {why}\n", file.subject, group.id, vector.id);
                    faults += 1;
                }
            }
            let kinds: Vec<_> = kinds
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"))
                .collect();
            let name = format!("vectors/{}.json {}", file.subject, group.id);
            text += &format!("{name:<44} {:<32} {}\n", kinds.join(", "), group.title);
        }
    }
    say(&format!(
        "{text}confirmed by the kit's own wire code, {faults} differ\n"
    ))?;
    Ok(code(faults == 0))
}

fn compare(files: &[PathBuf], html: Option<&Path>) -> Result<u8, String> {
    let mut results = Vec::new();
    for file in files {
        let result: RunResult = serde_json::from_str(&read(file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        results.push(result);
    }
    match html {
        Some(file) => write(file, &compare::html(&results))?,
        None => say(&compare::text(&results))?,
    }
    Ok(PASSED)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn write_reports(
    args: &RunArgs,
    result: &RunResult,
    cases: &[Case],
    specification: &Specification,
) -> Result<(), String> {
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(result).map_err(|error| error.to_string())?;
        write(file, &(text + "\n"))?;
    }
    if let Some(file) = &args.junit {
        write(file, &junit::report(result))?;
    }
    if let Some(file) = &args.html {
        write(file, &html::report(result, cases, specification))?;
        say(&format!("report: {}\n", file.display()))?;
    }
    Ok(())
}
