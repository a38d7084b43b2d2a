//! Writes the seeds of every fuzz target as files: `fuzz-seeds RECORDINGS CORPUS`.
//!
//! RECORDINGS is a directory of recordings, searched with what is below it; the seeds go to
//! `CORPUS/TARGET/`, named by their content, so that running it again changes nothing.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use aemp_proto::fuzz::seeds;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [recordings, corpus] = arguments.as_slice() else {
        eprintln!("usage: fuzz-seeds RECORDINGS CORPUS");
        return ExitCode::from(2);
    };
    match write(recordings, corpus) {
        Ok(counts) if counts.is_empty() => {
            eprintln!("no recording in {} gave a seed", recordings.display());
            ExitCode::FAILURE
        }
        Ok(counts) => {
            for (target, count) in counts {
                println!("{target}: {count} seeds");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write seeds: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the seeds of every recording; the number of seeds for each target.
fn write(recordings: &Path, corpus: &Path) -> io::Result<BTreeMap<&'static str, usize>> {
    let mut counts = BTreeMap::new();
    for entry in fs::read_dir(recordings)? {
        let path = entry?.path();
        if path.is_dir() {
            for (target, count) in write(&path, corpus)? {
                *counts.entry(target).or_default() += count;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            for seed in seeds::from_recording(&fs::read_to_string(&path)?) {
                let directory = corpus.join(seed.target);
                fs::create_dir_all(&directory)?;
                let mut hasher = DefaultHasher::new();
                seed.octets.hash(&mut hasher);
                fs::write(
                    directory.join(format!("{:016x}", hasher.finish())),
                    seed.octets,
                )?;
                *counts.entry(seed.target).or_default() += 1;
            }
        }
    }
    Ok(counts)
}
