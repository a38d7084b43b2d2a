//! Seeds for the fuzz targets, cut out of recorded conversations.
//!
//! The recordings' format is described in `conformance/recordings/README.md`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value as Json;

/// A seed longer than this teaches a fuzzer little and slows it down.
const LONGEST: usize = 8 * 1024;

/// One input for one target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    /// Name of the target, as in [`BODIES`](super::BODIES).
    pub target: &'static str,
    /// The input.
    pub octets: Vec<u8>,
}

/// Cuts the seeds for every target out of one recording, given as its JSON text.
///
/// A direction of a connection gives its greeting, its authentication line and what it sent after
/// that, in the framing that the authentication line names. Handshakes over TLS and what a
/// direction leaves out give nothing. The result is sorted and has no duplicates.
///
/// # Panics
///
/// If the text is not a recording.
pub fn from_recording(text: &str) -> Vec<Seed> {
    let recording: Json = serde_json::from_str(text).expect("a recording is JSON");
    let mut seeds = Vec::new();
    for connection in recording["connections"].as_array().into_iter().flatten() {
        let [initiator, acceptor] = ["initiator", "acceptor"].map(|side| octets(connection, side));
        cut(&initiator, &mut seeds);
        cut(&acceptor, &mut seeds);
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Everything that one side of a connection sent.
fn octets(connection: &Json, side: &str) -> Vec<u8> {
    let events = connection["events"].as_array().into_iter().flatten();
    let mut octets = Vec::new();
    for event in events.filter(|event| event["from"] == side) {
        if let Some(text) = event["text"].as_str() {
            octets.extend_from_slice(text.as_bytes());
        } else if let Some(hex) = event["hex"].as_str() {
            octets.extend(hex.as_bytes().chunks(2).map(|pair| {
                let pair = core::str::from_utf8(pair).expect("hex is ASCII");
                u8::from_str_radix(pair, 16).expect("hex has digits in pairs")
            }));
        }
    }
    octets
}

/// Adds the seeds of one direction.
fn cut(stream: &[u8], seeds: &mut Vec<Seed>) {
    push(seeds, "greeting", greeting(stream));
    push(seeds, "md6", greeting(stream));
    if let Some(node) = greeting(stream).split(|&octet| octet == b';').nth(2) {
        push(seeds, "identifiers", node);
    }
    let rest = &stream[greeting(stream).len()..];
    let (line, data) = split_line(rest);
    let text = String::from_utf8_lossy(line);
    let framing = text.trim_end().split(';').nth(2).map(ToString::to_string);
    let Some(framing) = framing else { return };
    push(seeds, "auth_line", line);
    match framing.as_str() {
        "json" => push(seeds, "json", data),
        "cbor" => push(seeds, "cbor", data),
        "storable" => push(seeds, "storable", data),
        _ => {}
    }
}

/// The first two lines with their line ends, or what there is of them.
fn greeting(stream: &[u8]) -> &[u8] {
    let (first, rest) = split_line(stream);
    let (second, _) = split_line(rest);
    &stream[..first.len() + second.len()]
}

/// The first line with its line end, and the rest.
fn split_line(octets: &[u8]) -> (&[u8], &[u8]) {
    octets.split_at(memchr::memchr(b'\n', octets).map_or(octets.len(), |end| end + 1))
}

fn push(seeds: &mut Vec<Seed>, target: &'static str, octets: &[u8]) {
    if !octets.is_empty() && octets.len() <= LONGEST {
        seeds.push(Seed {
            target,
            octets: octets.to_vec(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_direction_is_cut_at_its_lines() {
        let text = r#"{"connections": [{"events": [
            {"from": "initiator", "text": "aemp;1;a;x;json\nnon"},
            {"from": "acceptor", "hex": "61650a"},
            {"from": "initiator", "text": "ce\ncleartext;00;json\n[\"p\"]"},
            {"from": "initiator", "eof": true}
        ]}]}"#;
        let seeds: Vec<_> = from_recording(text)
            .into_iter()
            .map(|seed| {
                format!(
                    "{} {}",
                    seed.target,
                    String::from_utf8(seed.octets).unwrap()
                )
            })
            .collect();
        assert_eq!(
            seeds,
            [
                "auth_line cleartext;00;json\n",
                "greeting ae\n",
                "greeting aemp;1;a;x;json\nnonce\n",
                "identifiers a",
                "json [\"p\"]",
                "md6 ae\n",
                "md6 aemp;1;a;x;json\nnonce\n",
            ]
        );
    }
}
