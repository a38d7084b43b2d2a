//! The cbor framing, beside another implementation of CBOR.

use super::framings::{integer, message, read_in_pieces, write_again};
use crate::{
    Framing, Limits, Reason,
    framing::{Content, Decoder},
    value::{Float, Map, Value},
};
use alloc::vec::Vec;
use arbitrary::Unstructured;
use ciborium::Value as Other;

const LIMITS: Limits = Limits {
    message: 16 * 1024,
    depth: 64,
};

/// Reads the input as a stream of messages, in pieces of several sizes; writes what it gives in every
/// framing; and compares its first item with what ciborium makes of it. Then takes the input for the
/// description of a message, and writes and reads that.
///
/// # Panics
///
/// If anything differs that need not. These differences are allowed: tags and what they mean, limits, keys
/// that are no text, numbers that do not travel, and strings in chunks in chunks.
pub fn cbor(data: &[u8]) {
    write_again(&read_in_pieces(Framing::Cbor, data, LIMITS).messages);
    compare(data);
    if let Ok(message) = message(&mut Unstructured::new(data)) {
        write_again(&[message]);
    }
}

fn compare(data: &[u8]) {
    let mut rest = data;
    let other: Result<Other, _> = ciborium::from_reader(&mut rest);
    let ours = Decoder::new(Framing::Cbor, LIMITS).next(data);
    match (ours, other) {
        (Ok(None), Ok(other)) => panic!("not complete for us, {other:?} for ciborium"),
        (Ok(None), Err(_)) => {}
        (Ok(Some(frame)), Ok(other)) => {
            assert_eq!(frame.len(), data.len() - rest.len());
            let Some(other) = value(&other) else {
                return;
            };
            let ours = match frame.content() {
                Content::Message(layout) => layout.open(Framing::Cbor, &data[..frame.len()]),
                // Only tags make it so, and then there was no value to compare.
                content => return assert!(means_nothing(&other), "{content:?} {other}"),
            };
            let Value::Array(other) = other else {
                panic!("a message for us, {other} for ciborium");
            };
            assert_eq!(ours.args().values(), other[1..]);
        }
        (Ok(Some(frame)), Err(error)) => {
            // Bignums are read by others in their own ways.
            let tags = data[..frame.len()]
                .iter()
                .any(|octet| (0xc0..0xdc).contains(octet));
            assert!(tags, "accepted by us, but for ciborium {error:?}");
        }
        (Err(failure), Ok(other)) => match failure.reason() {
            Reason::DataSize | Reason::DataDepth => {}
            // Others take a string in chunks as a chunk.
            Reason::DataMalformed if failure.detail().contains("a chunk that is no string") => {}
            reason => assert!(
                value(&other).is_none(),
                "{reason} for us, {other:?} for ciborium"
            ),
        },
        (Err(_), Err(_)) => {}
    }
}

/// Whether the value is no message for a port.
fn means_nothing(value: &Value) -> bool {
    match value {
        Value::Array(elements) => {
            matches!(
                elements.first(),
                None | Some(Value::Array(_) | Value::Map(_))
            )
        }
        _ => true,
    }
}

/// The value as ours should be; nothing where it may be something else.
fn value(other: &Other) -> Option<Value> {
    Some(match other {
        Other::Null => Value::Null,
        Other::Bool(bool) => (*bool).into(),
        Other::Integer(other) => integer(i128::from(*other)),
        Other::Float(float) => Float::new(*float)?.into(),
        Other::Text(text) => text.as_str().into(),
        Other::Bytes(octets) => octets.as_slice().into(),
        Other::Array(elements) => elements
            .iter()
            .map(value)
            .collect::<Option<Vec<_>>>()?
            .into(),
        Other::Map(entries) => {
            let mut map = Map::new();
            for (key, other) in entries {
                map.insert(value(key)?.as_text()?, value(other)?);
            }
            map.into()
        }
        _ => return None,
    })
}
