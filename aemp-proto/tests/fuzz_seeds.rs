//! The bodies of the fuzz targets over their seeds, and over seeds cut, damaged and joined.
//!
//! Seeds come from the recordings in `conformance/` and from `fuzz/seeds/TARGET/`, where inputs are
//! kept that once found a defect.

use std::fs;
use std::path::{Path, PathBuf};

use aemp_proto::fuzz::{self, BODIES, seeds};
use proptest::prelude::*;
use proptest::sample::Index;

/// Every seed of one target; empty outside of the repository, where there are no recordings.
fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for file in files(&root.join("conformance/recordings")) {
        if file
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let recording = fs::read_to_string(&file).expect("a recording can be read");
            let cut = seeds::from_recording(&recording).into_iter();
            found.extend(
                cut.filter(|seed| seed.target == target)
                    .map(|seed| seed.octets),
            );
        }
    }
    for file in files(&root.join("fuzz/seeds").join(target)) {
        found.push(fs::read(file).expect("a seed can be read"));
    }
    found.sort();
    found.dedup();
    found
}

/// The files in a directory and below it; none if it does not exist.
fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a directory can be read").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn every_body_passes_its_seeds() {
    for &(target, body) in BODIES {
        let seeds = seeds_of(target);
        if seeds.is_empty() {
            println!("skipped: no seeds for {target} (recordings are not part of the package)");
        }
        println!("{target}: {} seeds", seeds.len());
        for seed in seeds {
            body(&seed);
        }
    }
}

#[test]
fn every_body_has_a_target_and_every_target_a_body() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let Ok(manifest) = fs::read_to_string(root.join("Cargo.toml")) else {
        println!("skipped: the fuzz targets are not part of the package");
        return;
    };
    let (_, binaries) = manifest.split_once("[[bin]]").expect("there is a target");
    let names = binaries
        .lines()
        .filter_map(|line| line.strip_prefix("name = "));
    let mut targets: Vec<_> = names.map(|name| name.trim_matches('"')).collect();
    let mut bodies: Vec<_> = BODIES.iter().map(|(name, _)| *name).collect();
    targets.sort_unstable();
    bodies.sort_unstable();
    assert_eq!(targets, bodies);
}

/// What happens to a seed.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Append(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, octet)| Damage::Set(at, octet)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, octets)| Damage::Insert(at, octets)),
        (any::<Index>(), 1..9_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        any::<Index>().prop_map(Damage::Append),
    ]
}

fn damaged(mut octets: Vec<u8>, seeds: &[Vec<u8>], damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let length = octets.len();
        match damage {
            Damage::Cut(at) => octets.truncate(at.index(length + 1)),
            Damage::Set(at, octet) if length > 0 => octets[at.index(length)] = *octet,
            Damage::Insert(at, more) => {
                let at = at.index(length + 1);
                octets.splice(at..at, more.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = at.index(length + 1);
                octets.drain(at..(at + count).min(length));
            }
            Damage::Append(other) => octets.extend_from_slice(&seeds[other.index(seeds.len())]),
            Damage::Set(..) => {}
        }
    }
    octets
}

/// Runs one body over damaged seeds; a failing input is shrunk and printed.
fn hold(target: &str, body: fuzz::Body) {
    let mut seeds = seeds_of(target);
    seeds.push(Vec::new());
    let config = ProptestConfig {
        cases: 256 * fuzz::repeat(),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let choice = (any::<Index>(), prop::collection::vec(damage(), 1..4));
    proptest!(config, |((seed, damages) in choice)| {
        body(&damaged(seed.get(&seeds).clone(), &seeds, &damages));
    });
}

#[test]
fn every_body_passes_damaged_seeds() {
    for &(target, body) in BODIES {
        hold(target, body);
    }
}
