//! All recordings, and recordings that were spoiled.

use std::{collections::BTreeSet, fs};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Classification, Deviations, Effort, FileReport, Recording, judge::Judge, judge_whole,
    recordings, repository,
};

/// Enough for every test run; the command does more.
const EFFORT: Effort = Effort {
    octets: 1 << 11,
    random: 1,
    seed: 7,
};

fn judge() -> Judge {
    Judge {
        classification: Classification::of_the_project(),
        deviations: Deviations::of_the_project(),
        effort: EFFORT,
    }
}

fn text_of(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

fn judge_text(name: &str, text: &str) -> FileReport {
    judge().judge(&Recording::parse(name, text.as_bytes()).unwrap())
}

/// The file with one place replaced, which must be there once.
fn spoiled(name: &str, from: &str, to: &str) -> FileReport {
    let text = text_of(name);
    assert_eq!(text.matches(from).count(), 1, "{from}");
    judge_text(name, &text.replace(from, to))
}

#[test]
fn every_recording_is_what_ours_says() {
    let report = judge_whole(&judge(), &recordings(&repository()).unwrap()).unwrap();
    assert!(report.is_success(), "{report}");
    let total = report.total();
    assert_eq!(
        (total.connections, total.cases, total.vectors),
        (489, 493, 30)
    );
    assert!(
        total.proofs >= 762 && total.choices >= 709 && total.messages >= 2860,
        "{total}"
    );
    // Nothing is left out but what cannot be seen, and what a failed link never reads.
    let unjudged: BTreeSet<_> = report
        .files
        .iter()
        .flat_map(|file| file.unjudged.keys())
        .collect();
    for what in unjudged {
        assert!(
            [
                "octets inside TLS",
                "ends inside TLS",
                "ends that were not recorded",
                "closes of one of two crossing connections",
                "connections without an octet",
                "octets behind those that end ours",
                "octets behind the handshake, for want of data connections",
                "proofs of a secret that is no UTF-8",
            ]
            .contains(&what.as_str()),
            "{what}"
        );
    }
}

#[test]
fn every_error_case_is_classified_once_and_nothing_else() {
    let classification = Classification::of_the_project();
    let classified: BTreeSet<_> = classification.files().collect();
    for path in recordings(&repository()).unwrap() {
        let recording = Recording::open(&path).unwrap();
        let (folder, name) = recording.path.split_once('/').unwrap();
        let raw = [
            "edge-data-phase.json",
            "json-inf-wedge.json",
            "queue-unencodable.json",
            "duplicate-id.json",
            "secret-non-ascii.json",
            "storable-edge.json",
            "tls-raw.json",
            "cross-1.30-2.x.json",
            "dataconn-acceptor.json",
            "self-seed.json",
            "secure-node.json",
            "simple-cleartext-client.json",
        ];
        let due =
            name.starts_with("error-") || name.starts_with("data-phase-") || raw.contains(&name);
        assert_eq!(
            classified.contains(recording.path.as_str()),
            due,
            "{folder}/{name}"
        );
        let cases: Vec<_> = classification.cases(&recording.path).collect();
        for case in &cases {
            let of = recording
                .connections
                .iter()
                .filter(|connection| case.is_of(connection));
            assert_eq!(of.count(), 1, "{name}: {case:?}");
            let same = cases.iter().filter(|other| {
                (
                    &other.case,
                    other.connection,
                    other.side,
                    other.given.offers,
                ) == (&case.case, case.connection, case.side, case.given.offers)
            });
            assert_eq!(same.count(), 1, "{name}: {case:?}");
            case.outcome.reason().unwrap();
            assert!(
                case.agrees() || case.deviation.is_some(),
                "{name}: {case:?}"
            );
        }
        for connection in recording.connections.iter().filter(|_| due) {
            assert!(
                cases.iter().any(|case| case.is_of(connection)),
                "{name}: {}",
                connection.label()
            );
        }
    }
    assert_eq!(classified.len(), 26);
}

#[test]
fn a_wrong_digit_in_a_proof_is_noticed() {
    let report = spoiled(
        "1.x/handshake-json.json",
        "31e848038228cb40",
        "31e848038228cb41",
    );
    let problems = report.problems.join("\n");
    assert!(
        problems.contains("the recorded node sent") && problems.contains("auth.proof"),
        "{problems}"
    );
    let report = spoiled(
        "1.x/auth-vectors.json",
        "230637d4e6845cf0",
        "230637d4e6845cf1",
    );
    assert_eq!(report.problems.len(), 1, "{report:?}");
}

#[test]
fn a_changed_greeting_is_noticed() {
    let report = spoiled(
        "1.x/handshake-json.json",
        "peeraddr=127.0.0.1:4410",
        "peeraddr=127.0.0.1:4411",
    );
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("auth.proof")),
        "{report:?}"
    );
    let report = spoiled("1.x/handshake-json.json", "aemp;1;alpha;", "aemp;1;beta;");
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("own-node-id")),
        "{report:?}"
    );
}

#[test]
fn a_missing_octet_of_a_message_is_noticed() {
    // The last octet of a message: two messages become one malformed text.
    let report = spoiled(
        "1.x/cal.json",
        r#"\"beta#P7m1HsLW.f\"]"#,
        r#"\"beta#P7m1HsLW.f\""#,
    );
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("data.malformed")),
        "{report:?}"
    );
    let report = spoiled("1.x/handshake-json.json", r#"{\"beta\":["#, r#"{\"beta:["#);
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("data.malformed")),
        "{report:?}"
    );
}

#[test]
fn a_deviation_that_nothing_shows_fails_the_whole_set() {
    let mut judge = judge();
    judge.deviations = Deviations::parse(
        r#"{"deviations":[{"recorded":"accepted","pattern":"","outcome":"data.size","defect":"D8",
            "note":""}]}"#,
    )
    .unwrap();
    let file = repository().join("1.x/handshake-json.json");
    let report = judge_whole(&judge, &[file]).unwrap();
    assert!(!report.is_success());
    assert_eq!(report.all_problems().count(), 1, "{report}");
    assert!(
        report
            .to_string()
            .contains("the deviation data.size (D8, \"\") is not met"),
        "{report}"
    );
}

#[test]
fn judging_nothing_is_a_failure() {
    let nothing =
        r#"{"generation":"1.x","connections":[{"events":[{"t":0,"from":"acceptor","eof":true}]}]}"#;
    let report = judge_text("nothing.json", nothing);
    assert!(
        report.problems.is_empty() && !report.is_success(),
        "{report}"
    );
    assert!(
        !super::Report::default().is_success(),
        "no file is nothing too"
    );
}

#[test]
fn cipher_text_is_counted_and_not_judged() {
    let report = judge_text(
        "1.x/handshake-tls-no-secret.json",
        &text_of("1.x/handshake-tls-no-secret.json"),
    );
    assert_eq!(report.unjudged["octets inside TLS"], 6257);
    assert_eq!((report.counts.greetings, report.counts.proofs), (2, 0));
}

#[test]
fn the_reference_node_answers_the_recorded_clients() {
    let report = super::converse().unwrap();
    assert!(report.is_success(), "{report}");
    let total = report.total();
    assert_eq!((total.connections, total.proofs), (2, 2));
    assert!(total.steps > 100, "{total}");
}

#[test]
fn a_conversation_is_told_in_words() {
    let recording = Recording::parse(
        "1.x/secret-non-ascii.json",
        text_of("1.x/secret-non-ascii.json").as_bytes(),
    )
    .unwrap();
    let words = super::step::walk(&recording, &Classification::of_the_project());
    insta::assert_snapshot!(words, @r#"
    1.x/secret-non-ascii.json (1.x): secret configured as the one character U+00E4 (from JSON): alpha's HMAC uses the UTF-8 bytes c3a4, cleartext is compared with the Latin-1 byte e4

    connection 0
         0.000 s  initiator: greets as peer
                    accepts the methods hmac_md6_64_256
                    reads the framings json
         0.000 s  initiator: gives its nonce, 1 octet: "n"
         0.000 s  initiator: proves itself with cleartext: ours does not accept that
                    will send json
         0.000 s  initiator: (there ours ends: auth.proof: the proof is wrong (cleartext); the two configurations do not fit; give both nodes the same secret or the same certificate)
         0.000 s  initiator: (the original did otherwise: secrets 1)
         0.001 s  acceptor: greets as alpha
                    accepts the methods tls_md6_64_256, hmac_md6_64_256, tls_anon, cleartext
                    reads the framings json, storable
                    sees the other side at 127.0.0.1:49128
                    runs AE-1.30
         0.001 s  acceptor: gives its nonce, 88 octets: "DzQ4jaKPu1cg"
         0.001 s  acceptor: proves itself with hmac_md6_64_256: the proof is right
                    will send json
         0.002 s  acceptor: create the port "x2KUUWuoyBtjhN8rx2.a" and run "AnyEvent::MP::Global::connect" in it with 0, "alpha"
         0.002 s  acceptor: tell me when your port "x2KUUWuoyBtjhN8rx2.a" dies
         0.003 s  acceptor: to port x2KUUWuoyBtjhN8rx2.a: "addr", ["127.0.0.1:4580"]
         0.003 s  acceptor: to port x2KUUWuoyBtjhN8rx2.a: "setup"
         0.003 s  acceptor: to port x2KUUWuoyBtjhN8rx2.a: "seedme1"
         0.302 s  initiator: closes
         0.306 s  acceptor: closes

    connection 1
         0.001 s  initiator: greets as peer
                    accepts the methods hmac_md6_64_256
                    reads the framings json
         0.001 s  initiator: gives its nonce, 1 octet: "n"
         0.001 s  initiator: proves itself with cleartext: the proof is right
                    will send json
         0.001 s  initiator: (the original did otherwise: secrets 1)
         0.002 s  acceptor: greets as alpha
                    accepts the methods tls_md6_64_256, hmac_md6_64_256, tls_anon, cleartext
                    reads the framings json, storable
                    runs AE-1.30
                    sees the other side at 127.0.0.1:49136
         0.002 s  acceptor: gives its nonce, 88 octets: "dL3IKjHjU3n9"
         0.002 s  acceptor: proves itself with hmac_md6_64_256: the proof is right
                    will send json
         0.002 s  acceptor: closes
         0.302 s  initiator: closes
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64 * aemp_proto::fuzz::repeat()))]

    /// Whatever a file in the format holds, it is judged or refused.
    #[test]
    fn any_recording_is_judged_without_a_panic(
        events in proptest::collection::vec((any::<bool>(), any_t(), any_octets()), 0..12),
        decrypted: bool,
        patience in any_t(),
        two: bool,
    ) {
        let events: Vec<Value> = events
            .into_iter()
            .map(|(acceptor, t, octets)| json!({
                "t": t,
                "from": if acceptor { "acceptor" } else { "initiator" },
                "hex": super::vectors::hex(&octets),
            }))
            .collect();
        let file = json!({
            "generation": if two { "2.x" } else { "1.x" },
            "config": {"monitor_timeout": patience},
            "connections": [{"decrypted": decrypted, "events": events}],
        });
        let recording = Recording::parse("any.json", file.to_string().as_bytes()).unwrap();
        judge().judge(&recording);
        super::step::walk(&recording, &Classification::of_the_project());
    }
}

fn any_t() -> impl Strategy<Value = f64> {
    prop_oneof![-10.0..100.0, Just(1e300), Just(-1e300)]
}

/// Pieces of conversations, and anything else.
fn any_octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "aemp(-dataconn)?;1;[ab#]?;(tls_sha3_512,)?(hmac_(sha3_512|md6_64_256),)?cleartext;(json|cbor|storable)(;tls=1.0)?(;provider=AE-[12].0)?\n"
            .prop_map(String::into_bytes),
        "[a-z]{0,3}\r?\n".prop_map(String::into_bytes),
        "(cleartext;67656865696d|hmac_sha3_512;[0-9a-f]{128}|tls_anon;);(json|cbor|storable|x)\n"
            .prop_map(String::into_bytes),
        Just(br#"["","mon1","p"][5][]{"a":1}["x",1e400]"#.to_vec()),
        Just(vec![0x16, 3, 1]),
        proptest::collection::vec(any::<u8>(), 0..40),
    ]
}
