//! What covers each requirement: cases, vectors, code and evidence.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::cite::{self, Citation};
use super::evidence::{self, Evidence, Mapping};
use super::fault::Fault;
use super::files::Files;
use crate::case::{Case, Level, Strength, load};
use crate::spec::{self, Requirement, Word};

/// A requirement and what covers it.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The requirement.
    pub requirement: Requirement,
    /// IDs of cases.
    pub cases: Vec<String>,
    /// Entries of vector files: path and name.
    pub vectors: Vec<(String, String)>,
    /// Places in code: path and line.
    pub code: Vec<(String, usize)>,
    /// Statements of the evidence.
    pub evidence: Vec<String>,
    /// IDs of requirements whose text cites it.
    pub mentioned_by: Vec<String>,
    /// Whether something of the kit judges it.
    pub tested: bool,
}

impl Traced {
    /// Whether a case must test it: a MUST of the levels up to `node` that can be tested.
    pub fn needs_case(&self) -> bool {
        self.requirement.must()
            && self.requirement.untestable.is_none()
            && self.requirement.level.is_some_and(|l| l <= Level::Node)
    }

    /// Whether it could be tested and is not.
    pub fn untested(&self) -> bool {
        self.requirement.must() && self.requirement.untestable.is_none() && !self.tested
    }
}

/// A file of vectors.
#[derive(Clone, Debug)]
pub struct Vectors {
    /// The file.
    pub path: String,
    /// Its entries that cite: name and requirements.
    pub entries: Vec<(String, Vec<String>)>,
    /// The whole file.
    pub json: Json,
}

/// Everything that is traced.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Requirements in the order of the chapters; one with a second definition is there once.
    pub requirements: Vec<Traced>,
    /// Definitions of IDs that were defined before.
    pub again: Vec<Requirement>,
    /// Cases: path and case.
    pub cases: Vec<(String, Case)>,
    /// Files of vectors.
    pub vectors: Vec<Vectors>,
    /// Citations in code by path.
    pub code: Vec<(String, Vec<Citation>)>,
    /// Citations in documents by path, without the definitions themselves.
    pub prose: Vec<(String, Vec<Citation>)>,
    /// The evidence.
    pub evidence: Vec<Evidence>,
    /// Names of failures, `stage.reason`.
    pub failures: BTreeSet<String>,
    /// What could not be read.
    pub unreadable: Vec<Fault>,
    index: BTreeMap<String, usize>,
}

impl Trace {
    /// Traces a repository.
    pub fn new(files: &Files) -> Self {
        let mut trace = Self::default();
        trace.read_requirements(files);
        trace.read_kit(files);
        trace.read_citations(files);
        let (evidence, faults) = evidence::read(files);
        trace.evidence = evidence;
        trace.unreadable.extend(faults);
        trace.read_failures(files);
        trace.join();
        trace
    }

    /// A requirement.
    pub fn get(&self, id: &str) -> Option<&Traced> {
        self.requirements.get(*self.index.get(id)?)
    }

    /// First parts of IDs that are chapters'.
    pub fn prefixes(&self) -> BTreeSet<String> {
        let ids = self.index.keys();
        ids.filter_map(|id| Some(id.split_once('.')?.0.to_owned()))
            .collect()
    }

    /// Requirements that need a case and have none, in order.
    pub fn open(&self) -> impl Iterator<Item = &Traced> {
        let all = self.requirements.iter();
        all.filter(|traced| traced.needs_case() && !traced.tested)
    }

    /// How many requirements of a level there are, of what kind, and how many are covered.
    pub fn figures(&self, level: Level) -> Figures {
        let mut figures = Figures::default();
        for traced in &self.requirements {
            if traced.requirement.level == Some(level) {
                figures.count(traced);
            }
        }
        figures
    }

    fn read_requirements(&mut self, files: &Files) {
        for (path, text) in files.under("spec/", ".md") {
            for requirement in spec::requirements(path, text) {
                if self.index.contains_key(&requirement.id) {
                    self.again.push(requirement);
                    continue;
                }
                self.index
                    .insert(requirement.id.clone(), self.requirements.len());
                self.requirements.push(Traced {
                    requirement,
                    cases: Vec::new(),
                    vectors: Vec::new(),
                    code: Vec::new(),
                    evidence: Vec::new(),
                    mentioned_by: Vec::new(),
                    tested: false,
                });
            }
        }
    }

    fn read_kit(&mut self, files: &Files) {
        for (path, text) in files.under("conformance/cases/", ".json") {
            match load::parse(path, text) {
                Ok(case) => self.cases.push((path.to_owned(), case)),
                Err(error) => {
                    let what = error.strip_prefix(path).unwrap_or(&error);
                    let what = what.trim_start_matches(": ");
                    let advice = "see conformance/cases/README.md";
                    self.unreadable.push(Fault::new(path, what, advice));
                }
            }
        }
        self.cases
            .sort_by(|(_, a), (_, b)| (a.level, &a.id).cmp(&(b.level, &b.id)));
        for (path, text) in files.under("conformance/vectors/", ".json") {
            match serde_json::from_str::<Json>(text) {
                Ok(json) => {
                    let mut entries = Vec::new();
                    entries_of(&json, "", &mut entries);
                    let path = path.to_owned();
                    self.vectors.push(Vectors {
                        path,
                        entries,
                        json,
                    });
                }
                Err(error) => self.unreadable.push(Fault::new(
                    path,
                    format!("cannot be read: {error}"),
                    "make it again with the program that generates it",
                )),
            }
        }
    }

    fn read_citations(&mut self, files: &Files) {
        let prefixes = self.prefixes();
        for (path, text) in files.code() {
            let citations = cite::in_code(text, &prefixes);
            if !citations.is_empty() {
                self.code.push((path.to_owned(), citations));
            }
        }
        for (path, text) in files.under("", ".md").chain(files.under("", ".abnf")) {
            let mut citations = cite::in_prose(text, &prefixes);
            citations.retain(|citation| {
                let own = self.get(&citation.id).map(|traced| &traced.requirement);
                let own = own.into_iter().chain(&self.again);
                !own.clone()
                    .any(|r| r.id == citation.id && r.chapter == path && r.line == citation.line)
            });
            if !citations.is_empty() {
                self.prose.push((path.to_owned(), citations));
            }
        }
    }

    fn read_failures(&mut self, files: &Files) {
        let path = "spec/registry/failures.json";
        let json = files.get(path).map(serde_json::from_str::<Json>);
        let Some(Ok(json)) = json else {
            let advice = "it is the registry of failures; restore it";
            self.unreadable
                .push(Fault::new(path, "cannot be read", advice));
            return;
        };
        for failure in json["failures"].as_array().into_iter().flatten() {
            if let (Some(stage), Some(reason)) =
                (failure["stage"].as_str(), failure["reason"].as_str())
            {
                self.failures.insert(format!("{stage}.{reason}"));
            }
        }
    }

    /// Writes beside each requirement what cites it.
    fn join(&mut self) {
        let Self {
            requirements,
            index,
            ..
        } = self;
        let mut at = |id: &str, write: &mut dyn FnMut(&mut Traced)| {
            if let Some(traced) = index.get(id).and_then(|i| requirements.get_mut(*i)) {
                write(traced);
            }
        };
        for (_, case) in &self.cases {
            for id in &case.requirements {
                at(id, &mut |traced| {
                    traced.cases.push(case.id.clone());
                    traced.tested |= case.strength != Strength::Informational;
                });
            }
        }
        for vectors in &self.vectors {
            for (name, ids) in &vectors.entries {
                for id in ids {
                    at(id, &mut |traced| {
                        traced.vectors.push((vectors.path.clone(), name.clone()));
                        traced.tested = true;
                    });
                }
            }
        }
        for (path, citations) in &self.code {
            for citation in citations {
                let place = (path.clone(), citation.line);
                at(&citation.id, &mut |traced| traced.code.push(place.clone()));
            }
        }
        for evidence in &self.evidence {
            for mapping in &evidence.maps {
                if let Mapping::Requirement(id) = mapping {
                    at(id, &mut |traced| {
                        traced.evidence.push(evidence.statement.clone());
                    });
                }
            }
        }
        self.join_mentions();
    }

    fn join_mentions(&mut self) {
        let prefixes = self.prefixes();
        let mut mentions = Vec::new();
        for traced in &self.requirements {
            for citation in cite::in_prose(&traced.requirement.text, &prefixes) {
                if let Some(i) = self.index.get(&citation.id) {
                    mentions.push((*i, traced.requirement.id.clone()));
                }
            }
        }
        for (i, by) in mentions {
            self.requirements[i].mentioned_by.push(by);
        }
    }
}

/// Counts of requirements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// Requirements of any word.
    pub requirements: usize,
    /// Those that say MUST or MUST NOT.
    pub must: usize,
    /// MUSTs marked as untestable.
    pub untestable: usize,
    /// Testable MUSTs that a case or a vector tests.
    pub tested: usize,
    /// Testable MUSTs that none does.
    pub open: usize,
    /// Requirements of any word that code cites.
    pub cited: usize,
}

impl Figures {
    fn count(&mut self, traced: &Traced) {
        self.requirements += 1;
        self.cited += usize::from(!traced.code.is_empty());
        if !traced.requirement.words().contains(&Word::Must) {
            return;
        }
        self.must += 1;
        if traced.requirement.untestable.is_some() {
            self.untestable += 1;
        } else if traced.tested {
            self.tested += 1;
        } else {
            self.open += 1;
        }
    }

    /// The figures of several levels together.
    pub fn sum(all: impl Iterator<Item = Self>) -> Self {
        all.fold(Self::default(), |a, b| Self {
            requirements: a.requirements + b.requirements,
            must: a.must + b.must,
            untestable: a.untestable + b.untestable,
            tested: a.tested + b.tested,
            open: a.open + b.open,
            cited: a.cited + b.cited,
        })
    }
}

/// The objects inside `json` that have `requirements`, each with its name or else its place.
fn entries_of(json: &Json, place: &str, found: &mut Vec<(String, Vec<String>)>) {
    match json {
        Json::Object(object) => {
            let name = ["id", "name"]
                .iter()
                .find_map(|key| object.get(*key)?.as_str());
            let place = name.unwrap_or(place);
            if let Some(list) = object.get("requirements").and_then(Json::as_array) {
                let ids = list.iter().filter_map(Json::as_str);
                found.push((place.to_owned(), ids.map(str::to_owned).collect()));
            }
            for (key, value) in object {
                let inner = if place.is_empty() {
                    key.clone()
                } else {
                    format!("{place}/{key}")
                };
                entries_of(value, &inner, found);
            }
        }
        Json::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                entries_of(value, &format!("{place}/{number}"), found);
            }
        }
        _ => {}
    }
}
