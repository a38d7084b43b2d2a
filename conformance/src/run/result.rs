//! What came of a run: the versioned result of `schema/result.schema.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::case::{Level, Strength};
use crate::engine::Outcome;
use crate::engine::transcript::Event;

/// The version of the format; a change that a reader could stumble over makes it one higher.
pub const FORMAT: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunResult {
    /// The version of the format.
    pub format: u32,
    /// The kit's version.
    pub kit: String,
    /// What was judged.
    pub subject: String,
    /// What the subject calls itself (`provider` of its greeting), where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The seed of names, nonces and cuts.
    pub seed: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// How many cases had each outcome.
    pub summary: BTreeMap<String, usize>,
    /// The cases in order of level and ID.
    pub cases: Vec<CaseResult>,
    /// How many selected cases were not run, since the run was stopped early.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_run: usize,
    /// How many selected cases of each level are not for such a subject: they run in process, or in
    /// the other role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_for: BTreeMap<Level, usize>,
    /// What `replay` found, where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayResult>,
    /// Entries of `--expect-fail` that were not met: cases that passed, or do not exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<String>,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseResult {
    /// Its ID.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// How strong its requirements are.
    pub strength: Strength,
    /// Its requirements.
    pub requirements: Vec<String>,
    /// The worst outcome of its variations; unsupported only if none did anything else.
    pub outcome: Outcome,
    /// Whether it fell short and every variation that did was expected to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expected_to_fail: bool,
    /// Why it was expected, as the file says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Its variations.
    pub variations: Vec<VariationResult>,
}

/// A variation of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VariationResult {
    /// The subject's role.
    pub role: String,
    /// In process or live.
    pub way: String,
    /// The suite.
    pub suite: String,
    /// The framing.
    pub framing: String,
    /// Whether it was under TLS.
    pub tls: bool,
    /// How the kit cut what it sent.
    pub chunking: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Whether it was expected to fall short.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expected_to_fail: bool,
    /// Milliseconds that it took.
    pub milliseconds: f64,
    /// The step at which it ended, from 1, where it did not reach the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// That step in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doing: String,
    /// What was expected there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// What was seen there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// The requirements that this very finding is about, where it is plain which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// The conversation, of a run that did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

impl VariationResult {
    /// Whether it neither passed nor was left out.
    pub fn falls_short(&self) -> bool {
        !matches!(self.outcome, Outcome::Pass | Outcome::Unsupported)
    }

    /// The variation in a few words.
    pub fn name(&self) -> String {
        let tls = if self.tls { "tls" } else { "clear" };
        format!(
            "{} {} {} {} {tls} {}",
            self.role, self.way, self.suite, self.framing, self.chunking
        )
    }
}

/// What `replay` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplayResult {
    /// Whether everything judged is as recorded, or a listed deviation.
    pub ok: bool,
    /// The summary in words.
    pub text: String,
}

impl CaseResult {
    /// Whether it makes the run fall short.
    pub fn falls_short(&self) -> bool {
        let short = !matches!(self.outcome, Outcome::Pass | Outcome::Unsupported);
        let error = self.outcome == Outcome::Error;
        short && !self.expected_to_fail && (self.strength == Strength::Must || error)
    }

    /// The outcome of a case from those of its variations.
    pub fn worst(variations: &[VariationResult]) -> Outcome {
        let done = variations
            .iter()
            .map(|v| v.outcome)
            .filter(|&o| o != Outcome::Unsupported);
        done.max().unwrap_or(Outcome::Unsupported)
    }

    /// The requirements in the order in which they explain the worst variation: those that its
    /// finding is about, then the others of the case; none where the kit is at fault.
    pub fn explaining(&self) -> Vec<&str> {
        if self.outcome == Outcome::Error {
            return Vec::new();
        }
        let found = self.worst_variation().map_or(&[][..], |v| &v.requirements);
        let mut all: Vec<&str> = found.iter().map(String::as_str).collect();
        for id in &self.requirements {
            if !all.contains(&id.as_str()) {
                all.push(id);
            }
        }
        all
    }

    /// The first variation that fell short unexpectedly, else the first with the case's outcome.
    pub fn worst_variation(&self) -> Option<&VariationResult> {
        let mut all = self.variations.iter();
        let news = all.clone().find(|v| v.falls_short() && !v.expected_to_fail);
        news.or_else(|| all.find(|variation| variation.outcome == self.outcome))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde wants"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl RunResult {
    /// How many cases had each outcome.
    pub fn summarise(cases: &[CaseResult]) -> BTreeMap<String, usize> {
        let mut summary: BTreeMap<String, usize> = Outcome::ALL
            .map(|outcome| (outcome.name().to_owned(), 0))
            .into();
        for case in cases {
            *summary.entry(case.outcome.name().to_owned()).or_default() += 1;
        }
        summary
    }

    /// Levels of which something was run and nothing passed.
    pub fn empty_levels(&self) -> Vec<Level> {
        let of = |level| self.cases.iter().filter(move |case| case.level == level);
        Level::ALL
            .into_iter()
            .filter(|&level| {
                of(level).next().is_some() && !of(level).any(|case| case.outcome == Outcome::Pass)
            })
            .collect()
    }

    /// Whether everything is as it must be.
    pub fn ok(&self) -> bool {
        !self.cases.iter().any(CaseResult::falls_short)
            && self.unmet.is_empty()
            && self.empty_levels().iter().all(|&level| {
                // Nothing passed, and that is what was expected.
                self.cases
                    .iter()
                    .any(|case| case.level == level && case.expected_to_fail)
            })
            && self.replay.as_ref().is_none_or(|replay| replay.ok)
    }
}
