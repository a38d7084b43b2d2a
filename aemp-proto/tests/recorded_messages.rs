//! Reads every cbor and storable message in the recordings of both generations, in pieces of every
//! size, and writes it again.
#![cfg(feature = "storable")]

use aemp_proto::{
    Framing, Limits, Reason,
    fuzz::framings::{Read, read, write_again},
    value::{Float, Map, Value},
};
use std::{fs, path::Path};

/// Directions that a reader ends: recording, connection, side, reason. Raw clients sent most of them on
/// purpose; the answers of the originals among them are what they made of that.
const ENDED: &[(&str, usize, &str, Reason)] = &[
    ("1.x/storable-edge", 0, "initiator", Reason::DataMalformed), // another version
    ("1.x/storable-edge", 3, "initiator", Reason::DataMalformed), // code
    ("1.x/storable-edge", 4, "initiator", Reason::DataMalformed), // a cycle
    ("1.x/storable-edge", 6, "initiator", Reason::DataMalformed), // a length of 0
    ("1.x/storable-edge", 7, "initiator", Reason::DataSize),      // a length without an end
    ("1.x/storable-edge", 10, "initiator", Reason::DataSize),     // a length of 2^42
    ("1.x/storable-edge", 11, "initiator", Reason::DataMalformed), // junk
    ("1.x/storable-edge", 12, "initiator", Reason::DataMalformed), // a length with a zero before it
    ("1.x/storable-edge", 13, "initiator", Reason::DataMalformed), // the word pst0
    ("2.x/data-phase-cbor", 6, "initiator", Reason::DataMalformed), // simple values
    ("2.x/data-phase-cbor", 12, "initiator", Reason::DataNumber), // infinities
    ("2.x/data-phase-cbor", 12, "acceptor", Reason::DataNumber),
    (
        "2.x/data-phase-cbor",
        18,
        "initiator",
        Reason::DataMalformed,
    ), // an array as a key
    (
        "2.x/data-phase-cbor",
        33,
        "initiator",
        Reason::DataMalformed,
    ), // a cycle
    (
        "2.x/data-phase-cbor",
        46,
        "initiator",
        Reason::DataMalformed,
    ), // reserved heads
    (
        "2.x/data-phase-cbor",
        47,
        "initiator",
        Reason::DataMalformed,
    ),
    (
        "2.x/data-phase-cbor",
        48,
        "initiator",
        Reason::DataMalformed,
    ),
    ("2.x/data-phase-cbor", 50, "initiator", Reason::DataUtf8), // texts that are not UTF-8
    ("2.x/data-phase-cbor", 50, "acceptor", Reason::DataUtf8),
    ("2.x/data-phase-cbor", 51, "initiator", Reason::DataUtf8),
    ("2.x/data-phase-cbor", 51, "acceptor", Reason::DataUtf8),
    ("2.x/data-phase-cbor", 53, "initiator", Reason::DataUtf8),
    ("2.x/data-phase-cbor", 53, "acceptor", Reason::DataUtf8),
    ("2.x/data-phase-cbor", 58, "initiator", Reason::DataDepth), // 513 levels
    ("2.x/data-phase-cbor", 59, "initiator", Reason::DataDepth),
    ("2.x/data-phase-cbor", 60, "initiator", Reason::DataSize), // huge claims
    ("2.x/data-phase-cbor", 61, "initiator", Reason::DataSize),
    (
        "2.x/data-phase-cbor",
        62,
        "initiator",
        Reason::DataMalformed,
    ), // a key without a value
    (
        "2.x/data-phase-cbor",
        66,
        "initiator",
        Reason::DataMalformed,
    ), // reserved heads
    (
        "2.x/data-phase-cbor",
        67,
        "initiator",
        Reason::DataMalformed,
    ),
    (
        "2.x/data-phase-storable",
        7,
        "initiator",
        Reason::DataMalformed,
    ), // garbage
    (
        "2.x/data-phase-storable",
        8,
        "initiator",
        Reason::DataMalformed,
    ), // a length of 0
    (
        "2.x/data-phase-storable",
        9,
        "initiator",
        Reason::DataMalformed,
    ), // a JSON text
];

#[test]
fn every_recorded_message_is_read_and_written() {
    let mut counts = [(Framing::Cbor, 0, 0), (Framing::Storable, 0, 0)];
    let mut ended = Vec::new();
    for (name, number, side, framing, octets) in directions() {
        let whole = all(framing, &octets);
        for size in [1, 2, 3, 7, 64, 1000] {
            let ends: Vec<_> = (0..octets.len()).step_by(size).collect();
            let pieces = read(framing, &octets, &ends, Limits::default());
            assert_eq!(pieces, whole, "{name} {number} {side} in pieces of {size}");
        }
        write_again(&whole.messages);
        let count = counts.iter_mut().find(|count| count.0 == framing).unwrap();
        count.1 += whole.messages.len();
        count.2 += whole.nothings;
        if let Some(failure) = whole.end {
            ended.push((name, number, side, failure.reason()));
        }
    }
    let expected: Vec<_> = ENDED
        .iter()
        .map(|&(name, number, side, reason)| (name.to_owned(), number, side, reason))
        .collect();
    assert_eq!(ended, expected);
    assert_eq!(
        counts,
        [(Framing::Cbor, 209, 7), (Framing::Storable, 75, 5)]
    );
}

#[test]
fn what_the_two_nodes_told_each_other_is_there() {
    for (name, number, side, framing, octets) in directions() {
        if !name.ends_with("handshake-cbor") && !name.ends_with("2.x/handshake-storable") {
            continue;
        }
        let messages = all(framing, &octets).messages;
        if side == "acceptor" {
            let texts = |numbers: [&str; 5]| numbers.map(Value::from);
            let numbers = match framing {
                Framing::Storable => texts([
                    "1.5",
                    "0.1",
                    "1e+100",
                    "18446744073709551615",
                    "-9223372036854775808",
                ]),
                _ => [
                    Value::Float(Float::new(1.5).unwrap()),
                    Value::Float(Float::new(0.1).unwrap()),
                    Value::Float(Float::new(1e100).unwrap()),
                    Value::from(u64::MAX),
                    Value::from(i64::MIN),
                ],
            };
            let mut expected: Vec<Value> = vec![
                "echo".into(),
                "pong".into(),
                1.into(),
                "two".into(),
                (-3).into(),
            ];
            expected.extend(numbers);
            expected.extend([
                Value::Null,
                vec![Value::from(3), Value::from(Vec::<Value>::new())].into(),
                Map::from_iter([("a", Value::from(1)), ("b", Map::new().into())]).into(),
                "ü".into(),
                "☺".into(),
                "a\0b\n".into(),
                "".into(),
                "5".into(),
                true.into(),
                false.into(),
            ]);
            assert_eq!(messages[2], expected, "{name} {number}");
        }
    }
}

/// All that a direction gives.
fn all(framing: Framing, octets: &[u8]) -> Read {
    read(framing, octets, &[], Limits::default())
}

/// The messages of every direction in one of the two framings: recording, connection, side.
fn directions() -> Vec<(String, usize, &'static str, Framing, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/recordings");
    let mut directions = Vec::new();
    for generation in ["1.x", "2.x"] {
        for entry in fs::read_dir(root.join(generation)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name = format!(
                "{generation}/{}",
                path.file_stem().unwrap().to_str().unwrap()
            );
            let file: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let connections = file["connections"].as_array().into_iter().flatten();
            for (number, connection) in connections.enumerate() {
                for side in ["initiator", "acceptor"] {
                    let octets = octets(connection, side);
                    let mut lines = octets.splitn(4, |octet| *octet == b'\n');
                    let (Some(auth), Some(data)) = (lines.nth(2), lines.next()) else {
                        continue;
                    };
                    let framing = match auth.rsplit(|octet| *octet == b';').next() {
                        Some(b"cbor") => Framing::Cbor,
                        Some(b"storable") => Framing::Storable,
                        _ => continue,
                    };
                    directions.push((name.clone(), number, side, framing, data.to_vec()));
                }
            }
        }
    }
    directions.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
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
