//! Replaying recordings of the original implementation through the core.
//!
//! Each direction of each recorded connection is played, at many chunkings and in both roles, to a
//! node of ours in the recorded receiver's seat: with its greeting, its secret and its lists. What
//! ours says of greetings, proofs, choices, messages and the end must be what was recorded, or be
//! covered by `deviations.json`; for the recorded error cases it must be what `classification.json`
//! says. The order between the two directions is not compared.

mod answers;
mod classification;
mod command;
mod cuts;
mod deviations;
mod ending;
mod judge;
mod live;
mod play;
mod recording;
mod report;
mod seat;
mod step;
mod vectors;

#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use classification::{Classification, Original, Outcome};
pub use command::{ReplayArgs, execute};
pub use cuts::Effort;
pub use deviations::{Deviation, Deviations};
pub use recording::{Generation, Recording, RecordingError, Side};
pub use report::{Counts, FileReport, Report};

use judge::Judge;

/// How recordings are replayed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How thoroughly directions are cut.
    pub effort: Effort,
}

/// Where the project's recordings are.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings")
}

/// Replays recordings, in the order of `files`.
///
/// # Errors
///
/// [`RecordingError`] where a file cannot be read or is no recording.
pub fn run<P: AsRef<Path>>(files: &[P], options: &Options) -> Result<Report, RecordingError> {
    let judge = judge(options);
    judge_all(&judge, files)
}

/// Replays all recordings of the project. In addition to [`run`], every entry of the deviations must
/// have been met, and the reference node is spoken to as [`converse`] does.
///
/// # Errors
///
/// As [`run`].
pub fn run_all(options: &Options) -> Result<Report, RecordingError> {
    let files = recordings(&repository())
        .map_err(|error| RecordingError::new(format!("{}: {error}", repository().display())))?;
    let mut report = judge_whole(&judge(options), &files)?;
    report.files.extend(converse()?.files);
    Ok(report)
}

/// Starts the reference node and speaks the recorded clear-text clients' parts to it over TCP.
///
/// # Errors
///
/// As [`run`].
pub fn converse() -> Result<Report, RecordingError> {
    let files = live::RECORDINGS.map(|file| repository().join(file));
    let conversations = files.map(|file| Ok(live::converse(&Recording::open(&file)?)));
    let files = conversations.into_iter().collect::<Result<_, _>>()?;
    Ok(Report {
        files,
        ..Report::default()
    })
}

/// Walks through recordings in words.
///
/// # Errors
///
/// As [`run`].
pub fn step<P: AsRef<Path>>(files: &[P]) -> Result<String, RecordingError> {
    let classification = Classification::of_the_project();
    files
        .iter()
        .map(|file| {
            Ok(step::walk(
                &Recording::open(file.as_ref())?,
                &classification,
            ))
        })
        .collect()
}

/// The recordings below a folder, sorted.
///
/// # Errors
///
/// Where a folder cannot be read.
pub fn recordings(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(recordings(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn judge(options: &Options) -> Judge {
    Judge {
        classification: Classification::of_the_project(),
        deviations: Deviations::of_the_project(),
        effort: options.effort,
    }
}

/// Judges what is meant to be the whole set: every deviation must be met in it.
fn judge_whole<P: AsRef<Path>>(judge: &Judge, files: &[P]) -> Result<Report, RecordingError> {
    let mut report = judge_all(judge, files)?;
    for (entry, _) in judge.deviations.met().filter(|&(_, met)| met == 0) {
        report.problems.push(format!(
            "the deviation {} ({}, {:?}) is not met in any recording",
            entry.outcome, entry.defect, entry.pattern
        ));
    }
    Ok(report)
}

fn judge_all<P: AsRef<Path>>(judge: &Judge, files: &[P]) -> Result<Report, RecordingError> {
    let mut report = Report::default();
    for file in files {
        report
            .files
            .push(judge.judge(&Recording::open(file.as_ref())?));
    }
    Ok(report)
}
