//! Subjects that hang, crash, answer garbage or lie are each reported as what they are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use aemp_conformance::case::{Case, Role, Way, load};
use aemp_conformance::engine::Outcome;
use aemp_conformance::engine::tls::Certificates;
use aemp_conformance::run::expect_fail;
use aemp_conformance::run::{CaseResult, Options, RunResult, Selection, execute};
use aemp_conformance::subject::exec::Exec;
use aemp_conformance::subject::{Instance, Settings, StartError, State, Subject};
use aemp_conformance::wire::{Framing, Method, Suite, hash, to_hex};

/// What a fake does with each connection; the flag says that the whole subject has ended.
type Behaviour = fn(&TcpStream, &AtomicBool);

struct Fake(Behaviour);

struct FakeInstance {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    displaced: bool,
}

impl Subject for Fake {
    fn name(&self) -> String {
        "fake".to_owned()
    }

    fn takes(&self, role: Role, way: Way) -> bool {
        role == Role::Acceptor && way == Way::Live
    }

    fn configurable(&self) -> bool {
        true
    }

    fn parallel(&self) -> usize {
        1
    }

    fn start(&self, _: &Settings, _: Duration) -> Result<Box<dyn Instance>, StartError> {
        Ok(Box::new(self.open()))
    }
}

impl Fake {
    fn open(&self) -> FakeInstance {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (behaviour, ended) = (self.0, Arc::new(AtomicBool::new(false)));
        let flag = ended.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let flag = flag.clone();
                std::thread::spawn(move || behaviour(&stream, &flag));
            }
        });
        FakeInstance {
            address,
            ended,
            displaced: false,
        }
    }
}

/// A subject whose address another program has taken the first times that it is started.
struct Displaced {
    times: usize,
    starts: AtomicUsize,
}

impl Displaced {
    fn new(times: usize) -> Self {
        let starts = AtomicUsize::new(0);
        Self { times, starts }
    }
}

impl Subject for Displaced {
    fn name(&self) -> String {
        "displaced".to_owned()
    }

    fn takes(&self, role: Role, way: Way) -> bool {
        Fake(silent).takes(role, way)
    }

    fn configurable(&self) -> bool {
        true
    }

    fn parallel(&self) -> usize {
        1
    }

    fn start(&self, _: &Settings, _: Duration) -> Result<Box<dyn Instance>, StartError> {
        let displaced = self.starts.fetch_add(1, Ordering::SeqCst) < self.times;
        let behaviour = if displaced {
            closes_at_once
        } else {
            refuses_proofs
        };
        let mut instance = Fake(behaviour).open();
        instance.displaced = displaced;
        Ok(Box::new(instance))
    }
}

impl Instance for FakeInstance {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn state(&mut self, _: Instant) -> State {
        if self.ended.load(Ordering::SeqCst) {
            State::Ended("signal: 11".to_owned())
        } else {
            State::Running
        }
    }

    fn displaced(&mut self) -> bool {
        self.displaced
    }
}

const FIRST: &str = "aemp;1;fake;hmac_sha3_512;json";

/// Both lines of a greeting.
type Lines = [Vec<u8>; 2];

/// Greets, reads the kit's greeting, and gives both.
fn greet(stream: &TcpStream) -> Option<(Lines, Lines, BufReader<TcpStream>)> {
    let mine = [FIRST.as_bytes().to_vec(), "n".repeat(88).into_bytes()];
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    for line in &mine {
        (&mut &*stream).write_all(line).ok()?;
        (&mut &*stream).write_all(b"\n").ok()?;
    }
    let mut theirs = [Vec::new(), Vec::new()];
    for line in &mut theirs {
        reader.read_until(b'\n', line).ok()?;
        line.pop()?;
    }
    Some((mine, theirs, reader))
}

fn prove(mut stream: &TcpStream, mine: &Lines, theirs: &Lines) {
    let proof = Method::HmacSha3.proof(b"geheim", mine, theirs);
    drop(stream.write_all(format!("hmac_sha3_512;{proof};json\n").as_bytes()));
}

/// Reads until the kit closes.
fn sink(mut reader: impl std::io::Read) {
    let mut part = [0; 4096];
    while matches!(reader.read(&mut part), Ok(1..)) {}
}

fn silent(stream: &TcpStream, _: &AtomicBool) {
    sink(stream);
}

fn greets_only(stream: &TcpStream, _: &AtomicBool) {
    if let Some((_, _, reader)) = greet(stream) {
        sink(reader);
    }
}

fn garbage(mut stream: &TcpStream, _: &AtomicBool) {
    drop(stream.write_all(b"\xff\xfe;;\n\0\n"));
    sink(stream);
}

fn wrong_proof(mut stream: &TcpStream, _: &AtomicBool) {
    if let Some((mine, theirs, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
        let lie = to_hex(&hash::sha3_512(b"lie"));
        drop(stream.write_all(format!("hmac_sha3_512;{lie};json\n").as_bytes()));
        let _ = (mine, theirs);
        sink(reader);
    }
}

fn reversed_proof(stream: &TcpStream, _: &AtomicBool) {
    if let Some((mine, theirs, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
        prove(stream, &theirs, &mine);
        sink(reader);
    }
}

fn proves_too_early(stream: &TcpStream, _: &AtomicBool) {
    if let Some((mine, theirs, mut reader)) = greet(stream) {
        prove(stream, &mine, &theirs);
        // It does check the kit's proof, and closes.
        drop(reader.read_until(b'\n', &mut Vec::new()));
    }
}

fn deaf_after_handshake(stream: &TcpStream, _: &AtomicBool) {
    if let Some((mine, theirs, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
        prove(stream, &mine, &theirs);
        sink(reader);
    }
}

fn garbage_after_handshake(mut stream: &TcpStream, _: &AtomicBool) {
    if let Some((mine, theirs, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
        prove(stream, &mine, &theirs);
        drop(stream.write_all(b"[1,,]"));
        sink(reader);
    }
}

fn crashes_at_the_proof(stream: &TcpStream, ended: &AtomicBool) {
    if let Some((_, _, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
        ended.store(true, Ordering::SeqCst);
    }
}

fn refuses_proofs(stream: &TcpStream, _: &AtomicBool) {
    if let Some((_, _, mut reader)) = greet(stream) {
        drop(reader.read_until(b'\n', &mut Vec::new()));
    }
}

/// How many connections are open, and the most that were at once.
static OPEN: Mutex<(usize, usize)> = Mutex::new((0, 0));
static OPENED: Condvar = Condvar::new();

/// Refuses proofs, and keeps a connection that the kit has ended until the next one comes, or for
/// so long that it would have come.
fn parts_slowly(stream: &TcpStream, _: &AtomicBool) {
    let mut open = OPEN.lock().unwrap();
    open.0 += 1;
    open.1 = open.1.max(open.0);
    drop(open);
    OPENED.notify_all();
    if let Some((_, _, mut reader)) = greet(stream) {
        let mut line = Vec::new();
        drop(reader.read_until(b'\n', &mut line));
        if line.is_empty() {
            let (open, limit) = (OPEN.lock().unwrap(), Duration::from_millis(50));
            drop(OPENED.wait_timeout_while(open, limit, |open| open.0 < 2));
        }
    }
    OPEN.lock().unwrap().0 -= 1;
}

fn closes_at_once(mut stream: &TcpStream, _: &AtomicBool) {
    drop(stream.read(&mut [0; 1]));
}

fn select(id: &str) -> (Vec<Case>, Selection) {
    let selection = Selection {
        cases: vec![id.to_owned()],
        ..Selection::default()
    };
    (load::built_in().unwrap(), selection)
}

fn judge_with(
    subject: &dyn Subject,
    id: &str,
    entries: &str,
    change: fn(&mut Selection),
) -> RunResult {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::generate(folder.path()).unwrap();
    let options = Options {
        secret: "geheim".to_owned(),
        certificates: &certificates,
        scale: 0.1,
        seed: 1,
        expect_fail: expect_fail::parse(entries).unwrap(),
        progress: &|_, _, _| {},
        stop_after: None,
    };
    let (cases, mut selection) = select(id);
    selection.suites = vec![Suite::Sha3];
    selection.framings = vec![Framing::Json];
    change(&mut selection);
    let plans = selection.plan(&cases, subject);
    assert!(!plans.is_empty());
    execute(&plans, subject, &options)
}

fn judge(behaviour: Behaviour, id: &str) -> CaseResult {
    judge_with(&Fake(behaviour), id, "", |_| {}).cases.remove(0)
}

/// What was seen in the variation that decided.
fn seen(case: &CaseResult) -> &str {
    &case.worst_variation().unwrap().seen
}

#[test]
fn a_subject_that_never_says_anything_hangs() {
    let case = judge(silent, "handshake-ordinary");
    assert_eq!(case.outcome, Outcome::Hang, "{}", seen(&case));
}

#[test]
fn a_subject_that_goes_silent_but_greets_others_fails() {
    for behaviour in [greets_only as Behaviour, deaf_after_handshake] {
        let case = judge(behaviour, "handshake-ordinary");
        assert_eq!(case.outcome, Outcome::Fail, "{}", seen(&case));
        assert!(
            seen(&case).contains("greets new connections"),
            "{}",
            seen(&case)
        );
    }
}

#[test]
fn garbage_fails_before_and_after_the_handshake() {
    let case = judge(garbage, "handshake-ordinary");
    assert_eq!(case.outcome, Outcome::Fail, "{}", seen(&case));
    assert!(seen(&case).contains("five fields"), "{}", seen(&case));
    let case = judge(garbage_after_handshake, "handshake-ordinary");
    assert_eq!(case.outcome, Outcome::Fail, "{}", seen(&case));
    assert!(seen(&case).contains("no message"), "{}", seen(&case));
}

#[test]
fn a_wrong_proof_is_told_from_one_in_the_wrong_order() {
    let case = judge(wrong_proof, "handshake-ordinary");
    assert_eq!(case.outcome, Outcome::Fail);
    assert!(
        seen(&case).contains("the proof is wrong"),
        "{}",
        seen(&case)
    );
    let case = judge(reversed_proof, "handshake-ordinary");
    assert!(seen(&case).contains("wrong order"), "{}", seen(&case));
}

#[test]
fn an_acceptor_that_proves_before_it_has_verified_fails() {
    let case = judge(proves_too_early, "auth-proof-one-bit");
    assert_eq!(case.outcome, Outcome::Fail);
    assert!(seen(&case).contains("hmac_sha3_512;"), "{}", seen(&case));
}

#[test]
fn a_crash_is_a_crash_even_where_a_close_is_expected() {
    for id in ["handshake-ordinary", "auth-proof-one-bit"] {
        let case = judge(crashes_at_the_proof, id);
        assert_eq!(case.outcome, Outcome::Crash, "{id}");
    }
}

#[test]
fn a_close_without_greeting_fails() {
    let case = judge(closes_at_once, "handshake-ordinary");
    assert_eq!(case.outcome, Outcome::Fail, "{}", seen(&case));
    assert!(seen(&case).contains("closed"), "{}", seen(&case));
}

#[test]
fn what_the_greeting_does_not_name_is_unsupported_and_passes_nothing() {
    let result = judge_with(&Fake(greets_only), "handshake-ordinary", "", |selection| {
        selection.suites = vec![Suite::Md6];
    });
    assert_eq!(result.cases[0].outcome, Outcome::Unsupported);
    assert!(
        !result.ok(),
        "a level of which nothing passed is not passed"
    );
}

#[test]
fn a_program_that_ends_hangs_or_declines_at_its_start_is_told_apart() {
    for (command, outcome) in [
        ("sh -c 'echo boom >&2; exit 3'", Outcome::Crash),
        ("sh -c 'exec sleep 60'", Outcome::Hang),
        ("sh -c 'exit 127'", Outcome::Unsupported),
        ("/nonexistent/program", Outcome::Error),
    ] {
        let subject = Exec::new(command, 1).unwrap();
        let case = judge_with(&subject, "greeting-version-2", "", |_| {})
            .cases
            .remove(0);
        assert_eq!(case.outcome, outcome, "{command}: {}", seen(&case));
        if outcome == Outcome::Crash {
            assert!(seen(&case).contains("boom"), "{}", seen(&case));
        }
    }
}

#[test]
fn a_subject_that_lost_its_address_to_another_program_is_judged_anew() {
    let subject = Displaced::new(1);
    let result = judge_with(&subject, "auth-proof-one-bit", "", |_| {});
    let case = &result.cases[0];
    assert_eq!(case.outcome, Outcome::Pass, "{}", seen(case));
    assert_eq!(subject.starts.load(Ordering::SeqCst), 2);
    // Not for ever.
    let case = judge_with(
        &Displaced::new(usize::MAX),
        "auth-proof-one-bit",
        "",
        |_| {},
    );
    assert_eq!(case.cases[0].outcome, Outcome::Fail);
}

#[test]
fn a_case_is_over_when_the_subject_has_ended_its_connections() {
    let result = judge_with(&Fake(parts_slowly), "auth-proof-*", "", |_| {});
    assert!(result.cases.len() > 1);
    for case in &result.cases {
        assert_eq!(case.outcome, Outcome::Pass, "{}: {}", case.id, seen(case));
    }
    assert_eq!(OPEN.lock().unwrap().1, 1, "a case began inside another");
}

#[test]
fn a_known_shortfall_is_no_surprise_and_one_that_passes_is() {
    let known = judge_with(
        &Fake(silent),
        "handshake-ordinary",
        "handshake-* D99: silent",
        |_| {},
    );
    assert!(known.cases[0].expected_to_fail && known.cases[0].reason == "D99: silent");
    assert!(known.ok());
    let passed = judge_with(
        &Fake(refuses_proofs),
        "auth-proof-one-bit",
        "auth-*",
        |_| {},
    );
    assert!(!passed.ok());
    assert!(passed.unmet[0].contains("passed"), "{:?}", passed.unmet);
}

#[test]
fn the_same_run_gives_the_same_verdicts() {
    let verdicts = |result: RunResult| {
        let runs = result.cases.into_iter().flat_map(|case| case.variations);
        runs.map(|v| (v.name(), v.outcome, v.expected))
            .collect::<Vec<_>>()
    };
    let run = || {
        verdicts(judge_with(
            &Fake(reversed_proof),
            "auth-proof-*",
            "",
            |_| {},
        ))
    };
    assert_eq!(run(), run());
}
