//! Which cases run, and in which variations.

use std::collections::BTreeMap;

use crate::case::{Case, Chunking, Dimension, Level, Role, TlsUse, Way};
use crate::engine::Variation;
use crate::run::glob;
use crate::subject::Subject;
use crate::wire::{Framing, Suite};

/// What the command line selects; an empty list selects everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Levels.
    pub levels: Vec<Level>,
    /// Suites.
    pub suites: Vec<Suite>,
    /// Framings.
    pub framings: Vec<Framing>,
    /// Globs of case IDs.
    pub cases: Vec<String>,
    /// Runs every value of every property, not only of those that a case names in `vary`.
    pub thorough: bool,
}

/// A case and how it is run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The case.
    pub case: &'a Case,
    /// Groups of variations. Of a group, the first that the subject supports is run.
    pub groups: Vec<Vec<Variation>>,
}

impl Selection {
    /// Whether a case is selected.
    pub fn takes(&self, case: &Case) -> bool {
        (self.levels.is_empty() || self.levels.contains(&case.level))
            && (self.cases.is_empty() || self.cases.iter().any(|g| glob::matches(g, &case.id)))
    }

    /// Globs of case IDs that no case has.
    pub fn unmatched<'a>(&'a self, cases: &[Case]) -> Vec<&'a str> {
        let globs = self.cases.iter().map(String::as_str);
        globs
            .filter(|glob| !cases.iter().any(|case| glob::matches(glob, &case.id)))
            .collect()
    }

    /// The plan of every selected case that runs on a subject in some way.
    pub fn plan<'a>(&self, cases: &'a [Case], subject: &dyn Subject) -> Vec<Plan<'a>> {
        cases
            .iter()
            .filter(|case| self.takes(case))
            .map(|case| Plan {
                case,
                groups: self.groups(case, subject),
            })
            .filter(|plan| !plan.groups.is_empty())
            .collect()
    }

    /// How many selected cases of each level are not for such a subject, whatever it can do: they run in
    /// process, or in the other role.
    pub fn not_for(&self, cases: &[Case], subject: &dyn Subject) -> BTreeMap<Level, usize> {
        let mut levels = BTreeMap::new();
        for case in cases.iter().filter(|case| self.takes(case)) {
            let takes = |way| case.roles.iter().any(|&role| subject.takes(role, way));
            if !case.ways().iter().any(|&way| takes(way)) {
                *levels.entry(case.level).or_default() += 1;
            }
        }
        levels
    }

    fn groups(&self, case: &Case, subject: &dyn Subject) -> Vec<Vec<Variation>> {
        let suites: Vec<Suite> = case
            .suites
            .iter()
            .filter_map(|name| Suite::named(name))
            .filter(|suite| self.suites.is_empty() || self.suites.contains(suite))
            .collect();
        let framings: Vec<Framing> = case
            .framings
            .iter()
            .filter_map(|name| Framing::named(name))
            .filter(|framing| self.framings.is_empty() || self.framings.contains(framing))
            .collect();
        let tls: &[bool] = match case.tls {
            TlsUse::Either => &[false, true],
            TlsUse::Never => &[false],
            TlsUse::Always => &[true],
        };
        let varies = |dimension| self.thorough || case.vary.contains(&dimension);
        let mut groups = Vec::new();
        for &way in case.ways() {
            for &role in case.roles.iter().filter(|&&role| subject.takes(role, way)) {
                for chunking in chunkings(case, way, varies(Dimension::Chunking)) {
                    for suites in choices(&suites, varies(Dimension::Suite)) {
                        for framings in choices(&framings, varies(Dimension::Framing)) {
                            for tls in choices(tls, varies(Dimension::Tls)) {
                                groups.push(group(way, role, chunking, suites, framings, tls));
                            }
                        }
                    }
                }
            }
        }
        // Of a case that is only about what was not selected, nothing is left.
        groups.retain(|group| !group.is_empty());
        groups
    }
}

/// Each value for itself where a property is varied, else all as alternatives.
fn choices<T>(values: &[T], varied: bool) -> Vec<&[T]> {
    if varied {
        values.chunks(1).collect()
    } else {
        vec![values]
    }
}

fn chunkings(case: &Case, way: Way, varied: bool) -> Vec<Chunking> {
    // In process cutting costs nothing, so everything is cut in every way.
    if varied || way == Way::InProcess {
        case.chunkings.clone()
    } else {
        case.chunkings.iter().take(1).copied().collect()
    }
}

fn group(
    way: Way,
    role: Role,
    chunking: Chunking,
    suites: &[Suite],
    framings: &[Framing],
    tls: &[bool],
) -> Vec<Variation> {
    let mut group = Vec::new();
    for &suite in suites {
        for &framing in framings {
            for &tls in tls {
                group.push(Variation {
                    role,
                    way,
                    suite,
                    framing,
                    tls,
                    chunking,
                });
            }
        }
    }
    group
}
