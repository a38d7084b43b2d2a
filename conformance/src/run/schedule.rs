//! Workers that run planned cases, each with a subject of its own where it can be had.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::expect_fail::{self, Entry};
use super::kept::Pool;
use super::plan::Plan;
use super::result::{CaseResult, FORMAT, RunResult, VariationResult};
use crate::case::step::{Dialler, Step, Verb};
use crate::case::template::Names;
use crate::case::{Case, Level, Need, Role, Way, explain};
use crate::engine::stage::Stage;
use crate::engine::steps::{self, from_start};
use crate::engine::tls::Certificates;
use crate::engine::{
    Circumstances, Finding, Outcome, Stop, Variation, WITHIN, parties, party_node, run, unique,
};
use crate::subject::{Settings, State, Subject};
use crate::wire::Value;

/// Variations of one case that may fall short, as expected or not, before the rest of those is left
/// out: more would only cost time.
const ENOUGH: usize = 3;
/// How often a variation is run whose subject lost its address to another program.
const TRIES: usize = 3;
/// Stack of a worker: the kit's decoders are recursive.
const STACK: usize = 64 << 20;
/// Seconds of mere waiting from which on a case is a slow one.
const SLOW: f64 = 2.0;
/// Workers for slow cases, beside the others: they do next to nothing.
const IDLERS: usize = 16;
/// Where the kit listens, and has its subjects listen, unless a case says otherwise.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How a run goes on.
pub struct Options<'a> {
    /// The secret.
    pub secret: String,
    /// The certificates.
    pub certificates: &'a Certificates,
    /// By how much every time limit is multiplied.
    pub scale: f64,
    /// The seed.
    pub seed: u64,
    /// Cases that the subject is known not to pass.
    pub expect_fail: Vec<Entry>,
    /// Told of every case that is done: how many are, of how many, and the case.
    pub progress: &'a (dyn Fn(usize, usize, &CaseResult) + Sync),
    /// No further case begins when so many have fallen short.
    pub stop_after: Option<usize>,
}

/// Runs planned cases.
pub fn execute(plans: &[Plan<'_>], subject: &dyn Subject, options: &Options<'_>) -> RunResult {
    let began = Instant::now();
    let (done, short) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (slow, quick) = by_duration(plans);
    let workers = subject.parallel().clamp(1, plans.len().max(1));
    // Where several subjects may run at once, slow cases begin first and keep no other waiting.
    let idlers = if workers > 1 {
        slow.len().min(IDLERS)
    } else {
        0
    };
    let queues = [(quick, AtomicUsize::new(0)), (slow, AtomicUsize::new(0))];
    let results = Mutex::new(Vec::new());
    let lacking = Mutex::new(HashSet::new());
    let kept = Mutex::default();
    let provider = Mutex::new(None);
    std::thread::scope(|scope| {
        for at in 0..workers + idlers {
            let queues = if at < idlers { &queues[1..] } else { &queues };
            let (done, short, results) = (&done, &short, &results);
            let (lacking, provider, kept) = (&lacking, &provider, &kept);
            let work = move || {
                let mut worker = Worker {
                    subject,
                    options,
                    kept,
                    lacking,
                    provider,
                };
                let next = || {
                    let limit = options.stop_after.unwrap_or(usize::MAX);
                    if short.load(Ordering::Relaxed) >= limit {
                        return None;
                    }
                    queues.iter().find_map(|(plans, next)| {
                        plans.get(next.fetch_add(1, Ordering::Relaxed)).copied()
                    })
                };
                while let Some(plan) = next() {
                    let mut result = worker.case(plan);
                    // What is not met is said at the end.
                    expect_fail::apply(&options.expect_fail, std::slice::from_mut(&mut result));
                    let fell = usize::from(result.falls_short());
                    short.fetch_add(fell, Ordering::Relaxed);
                    let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                    (options.progress)(count, plans.len(), &result);
                    results
                        .lock()
                        .expect("no worker panics with it")
                        .push(result);
                }
            };
            std::thread::Builder::new()
                .name("worker".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, work)
                .expect("a thread can be started");
        }
    });
    let mut cases = results.into_inner().expect("no worker panicked");
    cases.sort_by(|a, b| (a.level, &a.id).cmp(&(b.level, &b.id)));
    let unmet = expect_fail::apply(&options.expect_fail, &mut cases);
    RunResult {
        format: FORMAT,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        subject: subject.name(),
        provider: provider.into_inner().expect("no worker panicked"),
        seed: options.seed,
        seconds: (began.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        summary: RunResult::summarise(&cases),
        not_run: plans.len() - cases.len(),
        cases,
        not_for: BTreeMap::new(),
        replay: None,
        unmet,
    }
}

/// Slow cases, the slowest first, and the others, as they came.
fn by_duration<'a, 'b>(plans: &'b [Plan<'a>]) -> (Vec<&'b Plan<'a>>, Vec<&'b Plan<'a>>) {
    let seconds = |plan: &Plan<'_>| plan.case.seconds() * plan.groups.len() as f64;
    let (mut slow, quick): (Vec<_>, Vec<_>) = plans.iter().partition(|plan| seconds(plan) >= SLOW);
    slow.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
    (slow, quick)
}

/// What a subject has been found not to have: a suite, a framing, TLS.
type Lacking = Mutex<HashSet<(Role, String)>>;

struct Worker<'a> {
    subject: &'a dyn Subject,
    options: &'a Options<'a>,
    kept: &'a Mutex<Pool>,
    lacking: &'a Lacking,
    /// What the subject calls itself.
    provider: &'a Mutex<Option<String>>,
}

impl Worker<'_> {
    fn case(&mut self, plan: &Plan<'_>) -> CaseResult {
        let mut variations = Vec::new();
        // How many fell short: unexpectedly, and as expected.
        let mut short = [0, 0];
        for group in &plan.groups {
            let known = group
                .iter()
                .all(|v| expect_fail::expected(&self.options.expect_fail, &plan.case.id, v));
            if short[usize::from(known)] >= ENOUGH {
                continue;
            }
            let mut last = None;
            for &variation in group {
                let finding = self.variation(plan.case, variation);
                // Another suite or framing does not help where it is a service that is missing.
                let unsupported = finding.outcome == Outcome::Unsupported
                    && !finding.seen.starts_with(steps::LACKS);
                last = Some(result_of(plan.case, variation, finding));
                if !unsupported {
                    break;
                }
            }
            let fell = last.as_ref().is_some_and(VariationResult::falls_short);
            short[usize::from(known)] += usize::from(fell);
            variations.extend(last);
        }
        let case = plan.case;
        CaseResult {
            id: case.id.clone(),
            title: case.title.clone(),
            level: case.level,
            strength: case.strength,
            requirements: case.requirements.clone(),
            outcome: CaseResult::worst(&variations),
            expected_to_fail: false,
            reason: String::new(),
            variations,
        }
    }

    fn variation(&mut self, case: &Case, variation: Variation) -> Finding {
        let began = Instant::now();
        let stopped = |stop: Stop| Finding {
            outcome: stop.outcome,
            step: None,
            expected: stop.expected,
            seen: stop.seen,
            requirements: stop.requirements,
            events: Vec::new(),
            took: began.elapsed(),
            provider: None,
        };
        if let Some(what) = self.known_lack(variation) {
            return stopped(Stop::unsupported(what));
        }
        if let Some(why) = self.unfit(case) {
            return stopped(Stop::unsupported(why));
        }
        let mut tries = 1;
        loop {
            let (mut stage, settings) = match self.stage(case, variation) {
                Ok(started) => started,
                Err(stop) => return stopped(stop),
            };
            let finding = self.run(case, variation, &mut stage);
            // A subject that fell short may be in any state: the next case gets a fresh one.
            if matches!(finding.outcome, Outcome::Pass | Outcome::Unsupported) {
                self.keep(case, stage, settings);
                return finding;
            }
            if tries == TRIES || !stage.instance.displaced() {
                return finding;
            }
            tries += 1;
            eprintln!(
                "{}: another program listens where the subject should have; it is run again",
                case.id
            );
        }
    }

    fn run(&self, case: &Case, variation: Variation, stage: &mut Stage) -> Finding {
        let circumstances = Circumstances {
            secret: &self.options.secret,
            certificates: self.options.certificates,
            scale: self.options.scale,
            seed: self.options.seed,
        };
        let finding = run(case, variation, &circumstances, stage);
        if let Some(name) = &finding.provider {
            let mut provider = self.provider.lock().expect("no worker panics with it");
            provider.get_or_insert_with(|| name.clone());
        }
        if finding.outcome == Outcome::Unsupported {
            self.remember_lack(variation, &finding.seen);
        }
        finding
    }

    /// Why a case cannot be run on this subject, whatever the variation.
    fn unfit(&self, case: &Case) -> Option<&'static str> {
        if self.subject.configurable() {
            return None;
        }
        let special = case.subject != crate::case::SubjectSettings::default();
        if special || case.level == Level::Simple {
            Some("the case needs settings of its own, and the kit does not start this subject")
        } else if own_subject(case) {
            Some("the case needs a subject that the kit starts")
        } else {
            None
        }
    }

    fn known_lack(&self, variation: Variation) -> Option<String> {
        let lacking = self.lacking.lock().expect("no worker panics with it");
        [
            variation.suite.name(),
            variation.framing.name(),
            if variation.tls { "tls" } else { "" },
        ]
        .into_iter()
        .find(|what| lacking.contains(&(variation.role, (*what).to_owned())))
        .map(|what| format!("the subject has no {what}"))
    }

    fn remember_lack(&self, variation: Variation, seen: &str) {
        let Some(what) = seen.strip_prefix("its greeting names no ") else {
            return;
        };
        let suite = variation.suite;
        let lack = match what {
            "tls=1" => "tls",
            what if what == suite.hmac().name() || what == suite.tls().name() => suite.name(),
            what if what == variation.framing.name() => what,
            _ => return,
        };
        let mut lacking = self.lacking.lock().expect("no worker panics with it");
        lacking.insert((variation.role, lack.to_owned()));
    }

    fn stage(&mut self, case: &Case, variation: Variation) -> Result<(Stage, Settings), Stop> {
        let limit = Duration::from_secs_f64(WITHIN * self.options.scale);
        let mut listeners = BTreeMap::new();
        for party in listening(case, variation) {
            let host = parties(case).get(&party).and_then(|party| party.host);
            let listener = match self.subject.listener() {
                Some(listener) if listeners.is_empty() => listener,
                _ => listener(host)?,
            };
            listeners.insert(party, listener);
        }
        if let Some(host) = case.subject.host {
            // Whether this machine has that address at all.
            listener(Some(host))?;
        }
        let settings = self.settings(case, variation, &listeners)?;
        let kept = if own_subject(case) {
            None
        } else {
            self.kept
                .lock()
                .expect("no worker panics with it")
                .take(&settings)
        };
        let instance = match kept {
            Some(mut kept) => {
                if kept.instance.has_ended()
                    && let State::Ended(how) = kept.instance.state(Instant::now())
                {
                    let what = format!("the subject goes on after the case {}", kept.case);
                    return Err(Stop::new(Outcome::Crash, what, how));
                }
                kept.instance
            }
            None => self
                .subject
                .start(&settings, limit * 4)
                .map_err(from_start)?,
        };
        let in_process = variation.way == Way::InProcess;
        Ok((Stage::new(instance, listeners, in_process, limit), settings))
    }

    fn settings(
        &self,
        case: &Case,
        variation: Variation,
        listeners: &BTreeMap<String, TcpListener>,
    ) -> Result<Settings, Stop> {
        let all = parties(case);
        let first = if all.contains_key("kit") {
            "kit"
        } else {
            all.keys().next().map_or("", |n| n)
        };
        let seeds = match (variation.role, case.subject.seeds.as_slice()) {
            (Role::Acceptor, _) => Vec::new(),
            (Role::Initiator, []) => seeds(&[first.to_owned()], listeners)?,
            (Role::Initiator, named) => seeds(named, listeners)?,
        };
        Ok(Settings {
            role: variation.role,
            way: variation.way,
            suite: variation.suite,
            framing: variation.framing,
            certificate: variation.tls.then(|| {
                self.options
                    .certificates
                    .file(case.subject.expired)
                    .to_owned()
            }),
            secrets: match &case.subject.secret {
                Some(secrets) => secrets.as_slice().to_vec(),
                None => vec![self.options.secret.clone()],
            },
            cleartext: case.subject.cleartext,
            global: case.subject.global,
            node: case
                .subject
                .node
                .clone()
                .unwrap_or_else(|| "subject".to_owned()),
            host: case.subject.host.unwrap_or(LOOPBACK),
            seeds,
            refuses: case.subject.refuses,
            port: "echo".to_owned(),
            arguments: case.arguments.clone(),
            simple: case.level == Level::Simple,
            kit: (case.level == Level::Simple)
                .then(|| {
                    let unique = unique(case, variation, self.options.seed);
                    party_node(first, &all[first], &unique).ok()
                })
                .flatten(),
        })
    }

    /// Keeps a subject for the next case if that could use it: one that dials nobody, since a
    /// listener of the kit is there for one case only.
    fn keep(&mut self, case: &Case, stage: Stage, settings: Settings) {
        let lasting = settings.seeds.is_empty() && !settings.simple && !settings.refuses;
        if lasting && !stage.listens() && !own_subject(case) {
            let instance = stage.into_instance();
            let mut kept = self.kept.lock().expect("no worker panics with it");
            let old = kept.put(settings, case.id.clone(), instance);
            // It takes a while to end, and others wait for the lock.
            drop(kept);
            drop(old);
        }
    }
}

/// Whether a case needs a subject of its own.
fn own_subject(case: &Case) -> bool {
    let own = |need: &Need| matches!(need, Need::Fresh | Need::Restart);
    case.needs.iter().any(own)
}

/// A listener of the kit on an address of this machine.
fn listener(host: Option<IpAddr>) -> Result<TcpListener, Stop> {
    let host = host.unwrap_or(LOOPBACK);
    TcpListener::bind((host, 0)).map_err(|error| {
        if host == LOOPBACK {
            Stop::kit(format!("no listener: {error}"))
        } else {
            Stop::unsupported(format!("this machine has no {host} ({error})"))
        }
    })
}

/// The seeds that a subject is told: addresses of parties, and texts as they are.
fn seeds(named: &[String], listeners: &BTreeMap<String, TcpListener>) -> Result<Vec<String>, Stop> {
    let mut names = Names::default();
    let mut addresses = BTreeMap::new();
    for (party, listener) in listeners {
        let address = listener
            .local_addr()
            .map_err(|error| Stop::kit(format!("no listener: {error}")))?;
        names.set(format!("{party}.address"), Value::text(address.to_string()));
        names.set(
            format!("{party}.port"),
            Value::text(address.port().to_string()),
        );
        let wrapped = u32::from(address.port()) + (1 << 16);
        names.set(
            format!("{party}.port-wrapped"),
            Value::text(wrapped.to_string()),
        );
        addresses.insert(party.as_str(), address.to_string());
    }
    named
        .iter()
        .map(|seed| match addresses.get(seed.as_str()) {
            Some(address) => Ok(address.clone()),
            None => names.text(seed).map_err(Stop::kit),
        })
        .collect()
}

/// The parties that the subject may dial: its seeds, and those that steps wait for.
fn listening(case: &Case, variation: Variation) -> Vec<String> {
    fn dialled(steps: &[Step], found: &mut Vec<String>) {
        for step in steps {
            match step.verb() {
                Ok(Verb::Open(open)) if open.by == Some(Dialler::Subject) => {
                    found.extend(open.party.clone());
                }
                Ok(Verb::Handshake(handshake)) if handshake.by == Some(Dialler::Subject) => {
                    found.extend(handshake.party.clone());
                }
                Ok(Verb::ExpectNoDial(no)) => found.extend(no.party.clone()),
                Ok(Verb::Repeat(repeat)) => dialled(&repeat.steps, found),
                _ => {}
            }
        }
    }
    if variation.way == Way::InProcess {
        return Vec::new();
    }
    let all = parties(case);
    let mut names = Vec::new();
    if variation.role == Role::Initiator {
        let first = if all.contains_key("kit") {
            Some("kit")
        } else {
            all.keys().next().map(|n| &**n)
        };
        names.extend(first.map(str::to_owned));
        names.extend(case.subject.seeds.iter().cloned());
    }
    dialled(&case.steps, &mut names);
    // The listener of the first one may be a fixed one, so the order counts.
    let mut seen = HashSet::new();
    names.retain(|name| all.contains_key(name) && seen.insert(name.clone()));
    names
}

fn result_of(case: &Case, variation: Variation, finding: Finding) -> VariationResult {
    let passed = finding.outcome == Outcome::Pass;
    let doing = finding
        .step
        .filter(|_| !passed)
        .and_then(|step| case.steps.get(step - 1))
        .map(explain::step)
        .unwrap_or_default();
    VariationResult {
        role: variation.role.name().to_owned(),
        way: variation.way.name().to_owned(),
        suite: variation.suite.name().to_owned(),
        framing: variation.framing.name().to_owned(),
        tls: variation.tls,
        chunking: variation.chunking.name().to_owned(),
        outcome: finding.outcome,
        expected_to_fail: false,
        milliseconds: (finding.took.as_secs_f64() * 1e4).round() / 10.0,
        step: finding.step,
        doing,
        expected: finding.expected,
        seen: finding.seen,
        requirements: finding
            .requirements
            .into_iter()
            .map(str::to_owned)
            .collect(),
        events: if passed { Vec::new() } else { finding.events },
    }
}
