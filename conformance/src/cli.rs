//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::case::Level;
use crate::edition::command::SpecArgs;
use crate::replay::ReplayArgs;
use crate::run::Selection;
use crate::wire::{Framing, Suite};

/// The AEMP conformance kit: judges an implementation by what it does on the wire.
///
/// Without a command: everything against the embedded reference node, all recordings, and a report
/// in target/conformance.
#[derive(Debug, Parser)]
#[command(name = "aemp-conformance", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `run`, which is the command where none is given.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run cases against a subject (the embedded reference node where none is named).
    Run(Box<RunArgs>),
    /// List cases, one a line, the ID first.
    List(Choice),
    /// Explain a case in words.
    Show {
        /// Its ID.
        case: String,
        /// Show the file instead.
        #[arg(long)]
        json: bool,
    },
    /// Recompute recordings of real conversations through the core.
    Replay(ReplayArgs),
    /// Check the vectors with the kit's own code and say where they are.
    Vectors,
    /// Trace the specification to cases, vectors and code, or render it.
    Spec(SpecArgs),
    /// Put the results of several subjects side by side.
    Report {
        /// Results as written by `run --json`.
        #[arg(required = true)]
        results: Vec<PathBuf>,
        /// Write a page instead of text.
        #[arg(long)]
        html: Option<PathBuf>,
    },
}

/// Which cases.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// Only this level (repeatable).
    #[arg(long = "level", value_name = "LEVEL")]
    pub levels: Vec<Level>,
    /// Only this suite: sha3 or md6 (repeatable).
    #[arg(long = "suite", value_name = "SUITE", value_parser = suite)]
    pub suites: Vec<Suite>,
    /// Only this framing: json, cbor or storable (repeatable).
    #[arg(long = "framing", value_name = "FRAMING", value_parser = framing)]
    pub framings: Vec<Framing>,
    /// Only cases with such an ID (repeatable).
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,
    /// Every suite, framing, TLS use and chunking of every case, not only those that it names.
    #[arg(long)]
    pub thorough: bool,
    /// Cases of this folder instead of those built in.
    #[arg(long, value_name = "DIR")]
    pub cases_from: Option<PathBuf>,
}

impl Choice {
    /// The selection.
    pub fn selection(&self) -> Selection {
        Selection {
            levels: self.levels.clone(),
            suites: self.suites.clone(),
            framings: self.framings.clone(),
            cases: self.cases.clone(),
            thorough: self.thorough,
        }
    }
}

/// How to run.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// A subject that listens here.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, conflicts_with_all = ["listen", "exec"])]
    pub connect: Option<SocketAddr>,
    /// Listen here for a subject that dials the kit.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, conflicts_with = "exec")]
    pub listen: Option<SocketAddr>,
    /// A command that starts a subject; placeholders {bind} {seed} {secret} {node_id} {cert}
    /// {suite} {framing} {global} {cleartext} {port}.
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,
    /// The secret that the subject has.
    #[arg(long, value_name = "S", default_value = "geheim")]
    pub secret: String,
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,
    /// Cases that the subject is known not to pass, and why; they must fail.
    #[arg(long, value_name = "FILE")]
    pub expect_fail: Option<PathBuf>,
    /// Write the result as JSON.
    #[arg(long, value_name = "F")]
    pub json: Option<PathBuf>,
    /// Write the result as JUnit XML.
    #[arg(long, value_name = "F")]
    pub junit: Option<PathBuf>,
    /// Write the result as a self-contained page.
    #[arg(long, value_name = "F")]
    pub html: Option<PathBuf>,
    /// Multiply every time limit.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub timeout_scale: f64,
    /// Makes names, nonces and cuts; another one for each run where the subject runs on.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Begin no further case when N have fallen short.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub stop_after: Option<usize>,
    /// How many cases run at once.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Replay all recordings too.
    #[arg(long)]
    pub replay: bool,
}

impl RunArgs {
    /// What is done where no command is given: all of it, if nothing else is chosen, and reports
    /// in `target/conformance`.
    #[must_use]
    pub fn completed(&self) -> Self {
        let mut all = self.clone();
        all.replay |= self.is_everything();
        let folder = target().join("conformance");
        all.json.get_or_insert_with(|| folder.join("result.json"));
        all.junit.get_or_insert_with(|| folder.join("junit.xml"));
        all.html.get_or_insert_with(|| folder.join("index.html"));
        all
    }
}

impl RunArgs {
    /// Whether nothing is chosen: neither a subject nor cases.
    fn is_everything(&self) -> bool {
        let Choice {
            levels,
            suites,
            framings,
            cases,
            ..
        } = &self.choice;
        let chosen = levels.len() + suites.len() + framings.len() + cases.len();
        let subject = self.connect.is_some() || self.listen.is_some() || self.exec.is_some();
        chosen == 0 && self.choice.cases_from.is_none() && !subject
    }
}

/// The folder in which builds put what they make.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

fn suite(name: &str) -> Result<Suite, String> {
    Suite::named(name).ok_or_else(|| "sha3 or md6".to_owned())
}

fn framing(name: &str) -> Result<Framing, String> {
    Framing::named(name).ok_or_else(|| "json, cbor or storable".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "a number from 1".to_owned())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    use std::net::ToSocketAddrs as _;
    let mut found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().ok_or_else(|| "no such address".to_owned())
}
