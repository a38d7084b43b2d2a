//! The command `replay`.

use std::path::PathBuf;

use clap::Args;

use super::{Options, run, run_all, step};
use crate::out::say;

/// The command line of `replay`.
#[derive(Clone, Debug, Default, Args)]
pub struct ReplayArgs {
    /// Recordings; all of the project's where none is named.
    pub files: Vec<PathBuf>,
    /// Walk through them in words instead.
    #[arg(long, requires = "files")]
    pub step: bool,
    /// Name each error case too.
    #[arg(long, short)]
    pub verbose: bool,
    /// Where the randomness of the pieces begins.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Prints what [`run`], [`run_all`] (where no file is named) or [`step`] says; the answer is
/// whether all is right.
///
/// # Errors
///
/// Why a file cannot be replayed.
pub fn execute(args: &ReplayArgs) -> Result<bool, String> {
    let mut options = Options::default();
    options.effort.seed = args.seed;
    let (text, right) = if args.step {
        (step(&args.files).map_err(|error| error.to_string())?, true)
    } else {
        let report = match args.files.is_empty() {
            true => run_all(&options),
            false => run(&args.files, &options),
        };
        let report = report.map_err(|error| error.to_string())?;
        let cases = report.files.iter().flat_map(|file| &file.cases);
        let mut text: String = cases
            .filter(|_| args.verbose)
            .map(|case| format!("{case}\n"))
            .collect();
        text.push_str(&report.to_string());
        (text, report.is_success())
    };
    say(&text)?;
    Ok(right)
}
