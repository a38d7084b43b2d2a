//! Runs one case against one subject in one variation, and judges it.

pub mod background;
pub mod compose;
pub mod conversation;
pub mod expecting;
pub mod lines;
pub mod link;
pub mod liveness;
pub mod queue;
pub mod stage;
pub mod steps;
pub mod tls;
pub mod transcript;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::case::template::Names;
use crate::case::{Case, Chunking, Party, Role, Step, Way};
use crate::vectors;
use crate::wire::{Framing, Suite, Value, hash};
use conversation::Conversation;
use stage::Stage;
use tls::Certificates;
use transcript::{Event, Transcript};

/// Seconds that a subject has for each thing that is expected of it.
pub const WITHIN: f64 = 5.0;

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was as the case says.
    Pass,
    /// The subject does not have, and says so, what the case needs.
    Unsupported,
    /// The subject did something else.
    Fail,
    /// The subject did nothing any more.
    Hang,
    /// The subject ended.
    Crash,
    /// The kit could not do its part.
    Error,
}

impl Outcome {
    /// Every outcome, best first.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Unsupported,
        Self::Fail,
        Self::Hang,
        Self::Crash,
        Self::Error,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unsupported => "unsupported",
            Self::Fail => "fail",
            Self::Hang => "hang",
            Self::Crash => "crash",
            Self::Error => "error",
        }
    }
}

/// One way to run a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variation {
    /// The subject's role.
    pub role: Role,
    /// In process or live.
    pub way: Way,
    /// The suite.
    pub suite: Suite,
    /// The framing.
    pub framing: Framing,
    /// Whether it is under TLS.
    pub tls: bool,
    /// How the kit cuts what it sends.
    pub chunking: Chunking,
}

impl std::fmt::Display for Variation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tls = if self.tls { "tls" } else { "clear" };
        write!(
            f,
            "{} {} {} {} {} {}",
            self.role.name(),
            self.way.name(),
            self.suite.name(),
            self.framing.name(),
            tls,
            self.chunking.name()
        )
    }
}

/// Why a run ended before its last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The outcome.
    pub outcome: Outcome,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// Requirements that this very finding is about, where it is plain which.
    pub requirements: Vec<&'static str>,
}

impl Stop {
    /// A stop with what was expected and what was seen.
    pub fn new(outcome: Outcome, expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self {
            outcome,
            expected: expected.into(),
            seen: seen.into(),
            requirements: Vec::new(),
        }
    }

    /// The same, with the requirements that it is about.
    #[must_use]
    pub fn about(mut self, requirements: &[&'static str]) -> Self {
        self.requirements = requirements.to_vec();
        self
    }

    /// The subject did something else than expected.
    pub fn fail(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(Outcome::Fail, expected, seen)
    }

    /// The kit, or the case, is at fault.
    pub fn kit(seen: impl Into<String>) -> Self {
        Self::new(Outcome::Error, "", seen)
    }

    /// The subject does not have what is needed.
    pub fn unsupported(seen: impl Into<String>) -> Self {
        Self::new(Outcome::Unsupported, "", seen)
    }
}

/// What came of a run, with the conversation.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The outcome.
    pub outcome: Outcome,
    /// The step (from 1) at which it ended, if it did not reach the end.
    pub step: Option<usize>,
    /// What was expected there.
    pub expected: String,
    /// What was seen there.
    pub seen: String,
    /// Requirements that this very finding is about, where it is plain which.
    pub requirements: Vec<&'static str>,
    /// The conversation.
    pub events: Vec<Event>,
    /// How long it took.
    pub took: Duration,
    /// What the subject calls itself.
    pub provider: Option<String>,
}

/// What does not change from run to run.
pub struct Circumstances<'a> {
    /// The run's secret.
    pub secret: &'a str,
    /// The certificates.
    pub certificates: &'a Certificates,
    /// By how much every time limit is multiplied.
    pub scale: f64,
    /// Makes names, nonces and random chunks.
    pub seed: u64,
}

/// A run that goes on.
pub struct Run<'a> {
    case: &'a Case,
    variation: Variation,
    circumstances: &'a Circumstances<'a>,
    stage: &'a mut Stage,
    names: Names,
    parties: BTreeMap<String, Party>,
    conversations: BTreeMap<String, Conversation>,
    transcript: Transcript,
    sessions: std::sync::Arc<tls::Sessions>,
    unique: String,
    counter: u64,
    step: usize,
    /// When the step before began.
    before: Instant,
    /// Patterns of messages that the step passes over.
    passing: &'a [serde_json::Value],
    /// The subject has been asked to end.
    stopping: bool,
}

/// A name that no other run of the same seed has.
pub fn unique(case: &Case, variation: Variation, seed: u64) -> String {
    let text = format!("{}|{variation}|{seed}", case.id);
    crate::wire::to_hex(&hash::sha3_512(text.as_bytes())[..5])
}

/// The node ID of a party.
pub fn party_node(name: &str, party: &Party, unique: &str) -> Result<String, String> {
    match &party.node {
        None => Ok(format!("{name}-{unique}")),
        Some(template) => {
            let mut names = Names::default();
            names.set("unique", Value::text(unique));
            names.text(template)
        }
    }
}

/// The parties of a case; one named `kit` where it names none.
pub fn parties(case: &Case) -> BTreeMap<String, Party> {
    if case.parties.is_empty() {
        [("kit".to_owned(), Party::default())].into()
    } else {
        case.parties.clone()
    }
}

/// Runs a case.
pub fn run(
    case: &Case,
    variation: Variation,
    circumstances: &Circumstances<'_>,
    stage: &mut Stage,
) -> Finding {
    let began = Instant::now();
    let mut run = Run {
        case,
        variation,
        circumstances,
        stage,
        names: Names::default(),
        parties: parties(case),
        conversations: BTreeMap::new(),
        transcript: Transcript::default(),
        sessions: std::sync::Arc::default(),
        unique: unique(case, variation, circumstances.seed),
        counter: 0,
        step: 0,
        before: began,
        passing: &[],
        stopping: false,
    };
    let mut result = run
        .prepare()
        .and_then(|()| run.vectors())
        .and_then(|()| run.steps(&case.steps, true))
        .and_then(|()| run.survives());
    if let Err(stop) = &mut result {
        run.look_for_crash(stop);
    }
    if result.is_ok() {
        run.part();
    }
    for conversation in run.conversations.values_mut() {
        conversation.link.close();
    }
    let step = run.step;
    let greetings = run
        .conversations
        .values()
        .filter_map(|c| c.greeting.as_ref());
    let provider = greetings
        .filter_map(|g| g.key("provider"))
        .next()
        .map(str::to_owned);
    let events = run.transcript.finish();
    let took = began.elapsed();
    match result {
        Ok(()) => Finding {
            outcome: Outcome::Pass,
            step: None,
            expected: String::new(),
            seen: String::new(),
            requirements: Vec::new(),
            events,
            took,
            provider,
        },
        Err(Stop {
            outcome,
            expected,
            seen,
            requirements,
        }) => Finding {
            outcome,
            step: (step > 0).then_some(step),
            expected,
            seen,
            requirements,
            events,
            took,
            provider,
        },
    }
}

impl<'a> Run<'a> {
    /// Gives the parties, the secret and this run their names.
    fn prepare(&mut self) -> Result<(), Stop> {
        self.names.set("unique", Value::text(&self.unique));
        self.names.set("secret", Value::text(self.subject_secret()));
        for (name, party) in &self.parties {
            let node = party_node(name, party, &self.unique).map_err(Stop::kit)?;
            self.names.set(name, Value::text(node));
            if let Some(address) = self.stage.listener_address(name) {
                self.names
                    .set(format!("{name}.address"), Value::text(address.to_string()));
            }
        }
        self.name_address();
        Ok(())
    }

    /// Gives the address of the subject its name.
    fn name_address(&mut self) {
        if let Some(address) = self.stage.address() {
            self.names
                .set("subject.address", Value::text(address.to_string()));
        }
    }

    /// Level `vectors`: the core is held against the groups that the case names.
    fn vectors(&mut self) -> Result<(), Stop> {
        if self.case.vectors.is_empty() {
            return Ok(());
        }
        vectors::judge(&self.case.vectors, vectors::core::judge)
            .map(|_| ())
            .map_err(|faults| Stop::fail("every vector comes out as it says", faults))
    }

    fn subject_secret(&self) -> &str {
        let own = self.case.subject.secret.as_ref();
        own.and_then(|secrets| secrets.as_slice().first())
            .map_or(self.circumstances.secret, String::as_str)
    }

    fn deadline(&self, within: Option<f64>) -> Instant {
        Instant::now() + self.span(within.unwrap_or(WITHIN))
    }

    fn span(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.circumstances.scale)
    }

    fn next_count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Whether a step runs in this variation.
    fn concerns(&self, step: &Step) -> bool {
        let Some(when) = &step.when else {
            return true;
        };
        let v = &self.variation;
        when.role.is_none_or(|role| role == v.role)
            && when
                .suite
                .as_deref()
                .is_none_or(|suite| suite == v.suite.name())
            && when
                .framing
                .as_deref()
                .is_none_or(|framing| framing == v.framing.name())
            && when.tls.is_none_or(|tls| tls == v.tls)
            && when.way.is_none_or(|way| way == v.way)
    }
}
