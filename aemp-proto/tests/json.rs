//! The json framing: texts in every spelling beside another implementation, limits, recordings.
#![cfg(feature = "serde")]

use aemp_proto::{
    Framing, Limits, Reason,
    framing::{Content, Decoder},
    fuzz::{
        self,
        framings::{read, write_again},
    },
    value::Value,
};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::{fs, path::Path};

/// White space, mostly none.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A string in any spelling that JSON has for it, and some that it has not.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[ !#-\\[\\]-~]{0,12}",
        2 => "[^\"\\\\\u{0}-\u{1f}]{0,4}",
        1 => "[ !#-\\[\\]-~]{60,200}",
        2 => r#"\\["\\/bfnrt]"#,
        2 => r"\\u[0-9a-fA-F]{4}",
        1 => r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}",
        1 => r"\\ud[89ab][0-9a-f]{2}",
        1 => Just("\u{1}".to_owned()),
    ];
    // What is wrong must stay rare, or nothing would be right.
    let wrong = |text: &String| text.contains("\\ud") || text.contains('\u{1}');
    vec(piece, 0..4).prop_map(move |pieces| {
        let many = pieces.len() > 2;
        let pieces: String = pieces
            .into_iter()
            .filter(|text| !(many && wrong(text)))
            .collect();
        format!("\"{pieces}\"")
    })
}

/// A number in any spelling that JSON has, and some that it has not.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<i32>().prop_map(|it| it.to_string()),
        2 => any::<u64>().prop_map(|it| it.to_string()),
        2 => any::<i64>().prop_map(|it| it.to_string()),
        1 => any::<i128>().prop_map(|it| it.to_string()),
        2 => any::<f64>().prop_filter("finite", |it| it.is_finite()).prop_map(|it| it.to_string()),
        2 => any::<f64>().prop_filter("finite", |it| it.is_finite()).prop_map(|it| format!("{it:e}")),
        4 => r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        1 => r"-?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{0,3})?",
    ]
}

/// A text of any kind.
fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => string(),
        3 => number(),
        1 => prop_oneof![Just("null"), Just("true"), Just("false")].prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        let element = (space(), inner, space())
            .prop_map(|(a, it, b)| a + &it + &b)
            .boxed();
        let entry = (space(), string(), space(), element.clone())
            .prop_map(|(a, key, b, it)| format!("{a}{key}{b}:{it}"));
        prop_oneof![
            vec(element, 0..6).prop_map(|elements| format!("[{}]", elements.join(","))),
            vec(entry, 0..6).prop_map(|entries| format!("{{{}}}", entries.join(","))),
        ]
    })
}

/// A message whose elements are texts of any kind.
fn message() -> impl Strategy<Value = String> {
    (string(), vec(text(), 0..5))
        .prop_map(|(port, args)| format!("[{}]", [vec![port], args].concat().join(",")))
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256 * fuzz::repeat(),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn every(octets: &[u8]) -> Vec<usize> {
    (0..octets.len()).collect()
}

proptest! {
    #![proptest_config(config())]

    /// The comparison itself, and what it allows, is the body of the fuzz target.
    #[test]
    fn texts_in_any_spelling_are_what_another_implementation_makes_of_them(
        texts in vec((prop_oneof![message(), text()], space()), 1..5),
        damage in prop::option::weighted(0.3, (any::<Index>(), any::<u8>())),
    ) {
        let joined = texts.iter().map(|(text, space)| format!("{text}{space}"));
        let mut octets = joined.collect::<String>().into_bytes();
        if let Some((at, octet)) = damage {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        fuzz::json(&octets);
    }

    #[test]
    fn a_message_of_the_limit_passes_and_one_octet_more_does_not(text in message()) {
        let octets = text.as_bytes();
        // Only what is right at all has a size.
        prop_assume!(read(Framing::Json, octets, &[], Limits::default()).end.is_none());
        let limits = |message| Limits { message, ..Limits::default() };
        for ends in [vec![], every(octets)] {
            let fits = read(Framing::Json, octets, &ends, limits(octets.len()));
            prop_assert_eq!(fits.end, None);
            let less = read(Framing::Json, octets, &ends, limits(octets.len() - 1));
            prop_assert_eq!(less.end.map(|failure| failure.reason()), Some(Reason::DataSize));
        }
    }

    #[test]
    fn a_message_that_is_cut_is_truncated(text in message(), cut in any::<Index>()) {
        let octets = text.as_bytes();
        prop_assume!(read(Framing::Json, octets, &[], Limits::default()).end.is_none());
        let cut = 1 + cut.index(octets.len() - 1);
        let end = read(Framing::Json, &octets[..cut], &[], Limits::default()).end;
        prop_assert_eq!(end.map(|failure| failure.reason()), Some(Reason::DataTruncated));
    }

    /// A layout that is opened with other octets than its own gives nonsense, but it gives it.
    #[test]
    fn nonsense_is_read_to_its_end(
        text in message(),
        other in prop_oneof![
            vec(any::<u8>(), 0..60),
            "[\\[\\]{},:\"a1@ \\\\.-]{0,60}".prop_map(String::into_bytes),
        ],
        framing in prop::sample::select(Framing::ALL),
    ) {
        let frame = Decoder::new(Framing::Json, Limits::default()).next(text.as_bytes());
        let Ok(Some(frame)) = frame else { return Ok(()) };
        let Content::Message(layout) = frame.content() else { return Ok(()) };
        let message = layout.open(framing, &other);
        let args = message.args();
        prop_assert_eq!(args.values().len(), args.len());
        prop_assert_eq!(args.iter().filter_map(|it| it.elements()).count() <= args.len(), true);
        drop(args.decode::<Vec<Value>>());
        drop(args.decode::<(String, u8, Option<f64>)>());
        let (limits, mut out) = (Limits::default(), Vec::new());
        for &to in Framing::ALL {
            drop(to.encode_raw("p", &args.skip(1), &limits, &mut out));
        }
    }

    /// Relaying is exact: the octets of the arguments are taken over as they are, unless an
    /// integer beyond 64 bits may be among them.
    #[test]
    fn relayed_arguments_are_the_same_octets(args in vec(text(), 0..5), skipped in 0..3_usize) {
        let octets = format!("[\"\"{}]", args.iter().map(|it| format!(",{it}")).collect::<String>());
        let mut decoder = Decoder::new(Framing::Json, Limits::default());
        let Ok(Some(frame)) = decoder.next(octets.as_bytes()) else { return Ok(()) };
        let Content::Message(layout) = frame.content() else { panic!("{frame:?}") };
        let message = layout.open(Framing::Json, octets.as_bytes());
        let rest = message.args().skip(skipped);
        let mut relayed = Vec::new();
        Framing::Json.encode_raw("to", &rest, &Limits::default(), &mut relayed).unwrap();
        let left: String = args.iter().skip(skipped).map(|it| format!(",{it}")).collect();
        let digits = |window: &[u8]| window.iter().all(u8::is_ascii_digit);
        if !left.as_bytes().windows(19).any(digits) {
            prop_assert_eq!(String::from_utf8(relayed).unwrap(), format!("[\"to\"{left}]"));
        }
    }
}

#[test]
fn octets_travel_as_code_points() {
    let all: Vec<u8> = (0..=255).collect();
    let mut out = Vec::new();
    let args = [Value::from(all.clone())];
    Framing::Json
        .encode_values("p", &args, &Limits::default(), &mut out)
        .unwrap();
    let whole = read(Framing::Json, &out, &[], Limits::default());
    assert_eq!(
        whole.messages[0][1],
        Value::from(all.iter().map(|&it| char::from(it)).collect::<String>())
    );
    assert_eq!(
        whole.messages[0][1], args[0],
        "not UTF-8, so the same message"
    );
}

/// Directions that end with a failure, and the reason. Raw clients sent them on purpose; what the
/// acceptors sent are answers to that, which the originals should not have sent: infinities,
/// surrogates, and the greatest float rounded up.
const ENDED: &str = r##"
data.malformed: 1.x/edge-data-phase, "BOM first", initiator
data.malformed: 1.x/edge-data-phase, "NUL between texts", initiator
data.malformed: 1.x/edge-data-phase, "big int", acceptor
data.number: 1.x/edge-data-phase, "big int", initiator
data.malformed: 1.x/edge-data-phase, "closing bracket only", initiator
data.malformed: 1.x/edge-data-phase, "comma between texts", initiator
data.malformed: 1.x/edge-data-phase, "comment", initiator
data.depth: 1.x/edge-data-phase, "depth 513 incl outer", initiator
data.depth: 1.x/edge-data-phase, "depth 513 then good message", initiator
data.depth: 1.x/edge-data-phase, "depth 600 objects to sink", initiator
data.malformed: 1.x/edge-data-phase, "garbage then valid array, same segment", initiator
data.malformed: 1.x/edge-data-phase, "garbage word", initiator
data.malformed: 1.x/edge-data-phase, "inf produced by this node", acceptor
data.utf-8: 1.x/edge-data-phase, "invalid utf-8 in string", initiator
data.utf-8: 1.x/edge-data-phase, "invalid utf-8 then good message", initiator
data.utf-8: 1.x/edge-data-phase, "lone surrogate escape", initiator
data.utf-8: 1.x/edge-data-phase, "overlong/surrogate utf-8 (CESU)", acceptor
data.utf-8: 1.x/edge-data-phase, "overlong/surrogate utf-8 (CESU)", initiator
data.malformed: 1.x/edge-data-phase, "raw control char in string", initiator
data.malformed: 1.x/edge-data-phase, "single-quoted", initiator
data.malformed: 1.x/edge-data-phase, "trailing comma in array", initiator
data.malformed: 1.x/error-handshakes, "greeting twice (auth line missing)", initiator
data.malformed: 1.x/json-inf-wedge, "", initiator
data.malformed: 2.x/data-phase-json, "BOM", initiator
data.malformed: 2.x/data-phase-json, "bad escape", initiator
data.malformed: 2.x/data-phase-json, "comma-between", initiator
data.number: 2.x/data-phase-json, "echo floats", acceptor
data.malformed: 2.x/data-phase-json, "garbage then valid in later segment", initiator
data.truncated: 2.x/data-phase-json, "incomplete then close", initiator
data.utf-8: 2.x/data-phase-json, "invalid utf8 in string", initiator
data.utf-8: 2.x/data-phase-json, "latin1 e-acute", initiator
data.utf-8: 2.x/data-phase-json, "lone surrogate escape", initiator
data.depth: 2.x/data-phase-json, "nested-513-arrays-total", initiator
data.depth: 2.x/data-phase-json, "nested-600-arrays-total", initiator
data.malformed: 2.x/data-phase-json, "nul-byte-between", initiator
data.utf-8: 2.x/data-phase-json, "overlong", initiator
data.malformed: 2.x/data-phase-json, "raw control char", initiator
data.malformed: 2.x/data-phase-json, "text # comment\n", initiator
data.malformed: 2.x/data-phase-json, "text -", initiator
data.malformed: 2.x/data-phase-json, "text ['a']", initiator
data.malformed: 2.x/data-phase-json, "text [1 2]", initiator
data.malformed: 2.x/data-phase-json, "text [1,]", initiator
data.malformed: 2.x/data-phase-json, "text [\"\",\"devnull\"", initiator
data.malformed: 2.x/data-phase-json, "text [\"a\" // c\n]", initiator
data.malformed: 2.x/data-phase-json, "text ]", initiator
data.malformed: 2.x/data-phase-json, "text abc", initiator
data.malformed: 2.x/data-phase-json, "text }", initiator
data.malformed: 2.x/data-phase-json, "types", acceptor
data.number: 2.x/data-phase-json, "types", initiator
data.malformed: 2.x/data-phase-json, "utf-16", initiator
data.utf-8: 2.x/data-phase-json, "utf8 > 10FFFF (json reply)", initiator
data.utf-8: 2.x/data-phase-json, "utf8 surrogate ED A0 80", acceptor
data.utf-8: 2.x/data-phase-json, "utf8 surrogate ED A0 80", initiator
data.malformed: 2.x/data-phase-json, "valid+garbage same segment", initiator
"##;

#[test]
fn every_recorded_message_is_read_and_written() {
    let directions = directions();
    if directions.is_empty() {
        println!("skipped: the recordings are not part of the package");
        return;
    }
    let (mut messages, mut nothings, mut ended) = (0, 0, Vec::new());
    for (name, octets) in directions {
        let whole = read(Framing::Json, &octets, &[], Limits::default());
        for size in [1, 2, 3, 7, 64, 1000] {
            let ends: Vec<_> = (0..octets.len()).step_by(size).collect();
            let pieces = read(Framing::Json, &octets, &ends, Limits::default());
            assert_eq!(pieces, whole, "{name:?} in pieces of {size}");
        }
        write_again(&whole.messages);
        messages += whole.messages.len();
        nothings += whole.nothings;
        if let Some(failure) = whole.end {
            ended.push(format!("{}: {name}", failure.reason()));
        }
    }
    assert_eq!(
        ended.join(
            "
"
        ),
        ENDED.trim()
    );
    assert_eq!((messages, nothings), (2567, 32));
}

/// The messages of every direction in json: recording and connection.
fn directions() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/recordings");
    let mut directions = Vec::new();
    for generation in ["1.x", "2.x"] {
        let Ok(entries) = fs::read_dir(root.join(generation)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let file: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let connections = file["connections"].as_array().into_iter().flatten();
            for connection in connections {
                if octets(connection, "initiator").starts_with(b"aemp-") {
                    // What a data connection carries is no framing.
                    continue;
                }
                let case = connection["case"].as_str().unwrap_or_default();
                for side in ["initiator", "acceptor"] {
                    let octets = octets(connection, side);
                    let mut lines = octets.splitn(4, |octet| *octet == b'\n');
                    let (Some(auth), Some(data)) = (lines.nth(2), lines.next()) else {
                        continue;
                    };
                    if auth.ends_with(b";json") {
                        let name = format!("{generation}/{name}, {case:?}, {side}");
                        directions.push((name, data.to_vec()));
                    }
                }
            }
        }
    }
    directions.sort();
    directions
}

fn octets(connection: &serde_json::Value, side: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for event in connection["events"].as_array().unwrap() {
        if event["from"] != side {
            continue;
        }
        if let Some(text) = event["text"].as_str() {
            octets.extend_from_slice(text.as_bytes());
        } else if let Some(hex) = event["hex"].as_str() {
            octets.extend(base16ct::lower::decode_vec(hex).unwrap());
        }
    }
    octets
}
