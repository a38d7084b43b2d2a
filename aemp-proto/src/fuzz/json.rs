//! The json framing, beside another implementation of JSON.

use super::framings::{message, read, read_in_pieces, write_again};
use crate::{
    Failure, Framing, Limits, Reason,
    framing::{Content, Decoder, Frame, Message, Nothing},
    value::{Float, Integer, Map, Value},
};
use alloc::{borrow::ToOwned, string::ToString, vec::Vec};
use arbitrary::Unstructured;
use serde::Deserialize;
use serde_json::{Deserializer, Value as Other, error::Category};

/// Deeper than what `serde_json` refuses by itself, so that its own limit has to be off.
const LIMITS: Limits = Limits {
    message: 64 * 1024,
    depth: 200,
};

/// Reads the input as a stream of messages, in pieces of several sizes; writes what it gives in
/// every framing; and compares text by text with what `serde_json` makes of it. Then takes the
/// input for the description of a message, and writes and reads that.
///
/// # Panics
///
/// If anything differs that need not. These differences are allowed, and no others:
///
/// 1. Limits are ours alone.
/// 2. An integer that is out of range is the text of its digits for us; for `serde_json` it is a
///    float, or an error from 309 digits on.
/// 3. A number or literal at top level ends for us where it cannot go on; `serde_json` wants white
///    space, a bracket, a quote or the like behind it.
/// 4. A number at the very end is complete for `serde_json`; for us only when the end of input is
///    known.
/// 5. Octets that are not UTF-8 are refused by us where they stand, by `serde_json` at the end of
///    their string; a float that is out of range is refused by us when it has ended, by
///    `serde_json` with the digit that makes it so; what is no hexadecimal digit is refused by us
///    where it stands, by `serde_json` when four octets have come.
pub fn json(data: &[u8]) {
    let whole = read_in_pieces(Framing::Json, data, LIMITS);
    // Pieces that end behind every octet that ends in three zeros.
    let ends: Vec<_> = (0..data.len()).filter(|&at| data[at] & 7 == 0).collect();
    assert_eq!(read(Framing::Json, data, &ends, LIMITS), whole);
    write_again(&whole.messages);
    compare(data);
    if let Ok(message) = message(&mut Unstructured::new(data)) {
        write_again(&[message]);
    }
}

/// What we make of the next text.
enum Ours<'a> {
    Text(&'a [u8], Content),
    /// The end of input: cleanly, or not.
    End(Result<Option<Frame>, Failure>),
    Failed(Failure),
}

fn next<'a>(decoder: &mut Decoder, rest: &mut &'a [u8]) -> Ours<'a> {
    loop {
        match decoder.next(rest) {
            Ok(Some(frame)) => {
                let (text, behind) = rest.split_at(frame.len());
                *rest = behind;
                match frame.into_content() {
                    Content::Space => {}
                    content => return Ours::Text(text, content),
                }
            }
            Ok(None) => return Ours::End(decoder.finish(rest)),
            Err(failure) => return Ours::Failed(failure),
        }
    }
}

fn compare(data: &[u8]) {
    let mut decoder = Decoder::new(Framing::Json, LIMITS);
    let mut rest = data;
    loop {
        let before = rest;
        let ours = next(&mut decoder, &mut rest);
        match (ours, other(before)) {
            (Ours::Text(text, content), Some(Ok(other))) => same(text, &content, &other),
            (Ours::Text(text, _), Some(Err(error))) => {
                let scalar = !text.starts_with(b"[") && !text.starts_with(b"{");
                assert!(
                    (scalar && !text.starts_with(b"\"")) || out_of_range(&error),
                    "accepted by us, but for serde_json {error}"
                );
            }
            (Ours::End(Ok(None)), None) => return,
            (Ours::End(Ok(Some(_))), Some(Ok(other))) => {
                return assert!(other.is_number(), "{other}");
            }
            (Ours::End(Err(failure)), Some(Err(error))) => {
                assert!(
                    error.is_eof() || out_of_range(&error),
                    "{failure} for us, {error} for serde_json"
                );
                return;
            }
            (Ours::Failed(failure), other) => {
                let agreed = match failure.reason() {
                    Reason::DataSize | Reason::DataDepth => true,
                    Reason::DataMalformed => matches!(other, Some(Err(error))
                        if error.classify() == Category::Syntax || ends_in_escape(before)),
                    _ => matches!(other, Some(Err(_))),
                };
                return assert!(agreed, "{failure}");
            }
            (Ours::Text(_, content), None) => panic!("{content:?} for us, the end for serde_json"),
            (Ours::End(end), other) => panic!("{end:?} for us, {other:?} for serde_json"),
        }
    }
}

/// What `serde_json` makes of the next text, without a limit to its depth.
fn other(octets: &[u8]) -> Option<Result<Other, serde_json::Error>> {
    if octets.iter().all(|octet| b" \t\r\n".contains(octet)) {
        return None;
    }
    let mut from = Deserializer::from_slice(octets);
    from.disable_recursion_limit();
    Some(Other::deserialize(&mut from))
}

/// Whether fewer than four octets follow the last `\u`.
fn ends_in_escape(octets: &[u8]) -> bool {
    let last = octets.windows(2).rposition(|pair| pair == b"\\u");
    last.is_some_and(|at| at + 6 > octets.len())
}

fn out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

/// Compares a text that both accept.
fn same(text: &[u8], content: &Content, other: &Other) {
    match (content, other) {
        (Content::Message(layout), Other::Array(elements)) => {
            let message = layout.open(Framing::Json, text);
            same_message(&message, elements);
        }
        (Content::Nothing(Nothing::EmptyArray), Other::Array(elements)) => {
            assert!(elements.is_empty());
        }
        (Content::Nothing(Nothing::PortType), Other::Array(elements)) => {
            assert!(matches!(elements[0], Other::Array(_) | Other::Object(_)));
        }
        (Content::Nothing(Nothing::NotArray), other) => assert!(!other.is_array()),
        _ => panic!("{content:?} for us, {other} for serde_json"),
    }
}

fn same_message(message: &Message<'_>, elements: &[Other]) {
    same_name(message.port(), &value(&elements[0]));
    let ours = message.args().values();
    assert_eq!(ours.len(), elements.len() - 1);
    for (ours, other) in ours.iter().zip(&elements[1..]) {
        assert!(
            equal(ours, &value(other)),
            "{ours} for us, {other} for serde_json"
        );
    }
}

fn same_name(name: &str, other: &Value) {
    let expected = match other {
        Value::Null => "".to_owned(),
        Value::Bool(bool) => u8::from(*bool).to_string(),
        Value::Text(text) => text.clone(),
        // An integer just out of range is rounded into it by `serde_json`.
        float if equal(&name.into(), float) => return,
        // How a fraction or a great number looks as a name is tested elsewhere.
        other => match other.as_integer() {
            Some(integer) => integer.to_string(),
            None => return,
        },
    };
    assert_eq!(name, expected);
}

/// Whether two values are equal, but for integers that are out of range.
fn equal(ours: &Value, other: &Value) -> bool {
    match (ours, other) {
        (Value::Text(digits), Value::Float(float)) => {
            let number = digits
                .parse()
                .is_ok_and(|number: f64| number == float.get());
            let digits = digits.strip_prefix('-').unwrap_or(digits);
            number && digits.len() >= 19 && digits.bytes().all(|octet| octet.is_ascii_digit())
        }
        (Value::Array(ours), Value::Array(other)) => {
            ours.len() == other.len() && ours.iter().zip(other).all(|(a, b)| equal(a, b))
        }
        (Value::Map(ours), Value::Map(other)) => {
            ours.len() == other.len()
                && ours
                    .iter()
                    .zip(other.iter())
                    .all(|(a, b)| a.0 == b.0 && equal(a.1, b.1))
        }
        _ => ours == other,
    }
}

fn value(other: &Other) -> Value {
    match other {
        Other::Null => Value::Null,
        Other::Bool(bool) => Value::Bool(*bool),
        Other::Number(number) => match number.as_i128().and_then(Integer::new) {
            Some(integer) => integer.into(),
            None => Float::new(number.as_f64().unwrap_or_default())
                .unwrap_or_default()
                .into(),
        },
        Other::String(text) => text.as_str().into(),
        Other::Array(elements) => elements.iter().map(value).collect::<Vec<_>>().into(),
        Other::Object(entries) => entries
            .iter()
            .map(|(key, other)| (key.as_str(), value(other)))
            .collect::<Map>()
            .into(),
    }
}
