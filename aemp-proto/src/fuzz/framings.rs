//! What the bodies of the binary framings share, and tests with them.

use crate::{
    Failure, Framing, Limits,
    framing::{Content, Decoder},
    value::{Float, Integer, Map, Value},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use arbitrary::Unstructured;

/// Everything that a stream of octets gives.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// The messages, port first.
    pub messages: Vec<Vec<Value>>,
    /// The number of frames that mean nothing.
    pub nothings: usize,
    /// Why there is no more, if that is not simply the end.
    pub end: Option<Failure>,
}

/// Reads `octets` when they come in pieces that end at `ends`, in ascending order, and at the end.
///
/// # Panics
///
/// If the decoder breaks one of its promises.
pub fn read(framing: Framing, octets: &[u8], ends: &[usize], limits: Limits) -> Read {
    let mut decoder = Decoder::new(framing, limits);
    let mut read = Read {
        messages: Vec::new(),
        nothings: 0,
        end: None,
    };
    let mut released = 0;
    for &end in ends.iter().chain([&octets.len()]) {
        loop {
            let buf = &octets[released..end];
            let frame = match decoder.next(buf) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(failure) => {
                    assert_eq!(decoder.next(buf), Err(failure.clone()), "it stays failed");
                    read.end = Some(failure);
                    return read;
                }
            };
            assert!(frame.len() > 0 && frame.len() <= buf.len());
            let message = match frame.content() {
                Content::Message(layout) => layout.open(framing, &buf[..frame.len()]),
                Content::Rewritten(layout, octets) => layout.open(framing, octets),
                Content::Nothing(_) => {
                    read.nothings += 1;
                    released += frame.len();
                    continue;
                }
                Content::Space => {
                    released += frame.len();
                    continue;
                }
            };
            let values = message.values();
            assert_eq!(values.len(), 1 + message.args().len());
            for (argument, value) in message.args().iter().zip(&values[1..]) {
                assert_eq!(argument.value(), *value, "each argument by itself");
            }
            read.messages.push(values);
            released += frame.len();
        }
    }
    match decoder.finish(&octets[released..]) {
        Ok(None) => {}
        Ok(Some(frame)) => {
            assert_eq!(released + frame.len(), octets.len());
            read.nothings += 1;
        }
        Err(failure) => read.end = Some(failure),
    }
    read
}

/// Reads in pieces of several sizes, and makes sure that this makes no difference.
///
/// # Panics
///
/// If it does.
pub fn read_in_pieces(framing: Framing, octets: &[u8], limits: Limits) -> Read {
    let whole = read(framing, octets, &[], limits);
    for size in [1, 3, 64] {
        let ends: Vec<_> = (0..octets.len()).step_by(size).collect();
        let pieces = read(framing, octets, &ends, limits);
        assert_eq!(pieces, whole, "in pieces of {size}");
    }
    whole
}

/// What a framing leaves of a value: storable carries no booleans, no fractions and no great integers, json
/// no octets, but a character for each.
pub fn carried(framing: Framing, value: &Value) -> Value {
    match (framing, value) {
        (Framing::Storable, Value::Bool(bool)) => Value::from(if *bool { "1" } else { "" }),
        (Framing::Storable, Value::Integer(integer)) => match i32::try_from(integer.get()) {
            Ok(integer) => integer.into(),
            Err(_) => integer.to_string().into(),
        },
        (Framing::Storable, Value::Float(float)) => match float.as_integer() {
            Some(integer) => carried(framing, &integer.into()),
            None => format!("{:?}", float.get()).into(),
        },
        (Framing::Json, Value::Octets(octets)) => octets
            .iter()
            .copied()
            .map(char::from)
            .collect::<String>()
            .into(),
        (_, Value::Array(elements)) => elements
            .iter()
            .map(|element| carried(framing, element))
            .collect::<Vec<_>>()
            .into(),
        (_, Value::Map(map)) => map
            .iter()
            .map(|(key, value)| (key, carried(framing, value)))
            .collect::<Map>()
            .into(),
        (_, other) => other.clone(),
    }
}

/// Writes each message in every framing, and makes sure that what is read then is the same.
///
/// # Panics
///
/// If it is not.
pub fn write_again(messages: &[Vec<Value>]) {
    let limits = Limits::default();
    for message in messages {
        let port = message[0].as_text().expect("a port name is text");
        for &framing in Framing::ALL {
            let mut octets = Vec::new();
            framing
                .encode_values(&port, &message[1..], &limits, &mut octets)
                .expect("what has been read can be written");
            let expected: Vec<_> = message
                .iter()
                .map(|value| carried(framing, value))
                .collect();
            let again = read(framing, &octets, &[], limits);
            assert_eq!(again.end, None);
            assert_eq!(again.messages, [expected], "{framing:?}");
        }
    }
}

/// A message out of octets that mean nothing else.
///
/// # Errors
///
/// Those of [`arbitrary`].
pub fn message(from: &mut Unstructured<'_>) -> arbitrary::Result<Vec<Value>> {
    let mut message: Vec<Value> = Vec::new();
    message.push(from.arbitrary::<&str>()?.into());
    while !from.is_empty() && message.len() < 20 {
        message.push(value(from, 6)?);
    }
    Ok(message)
}

fn value(from: &mut Unstructured<'_>, levels: usize) -> arbitrary::Result<Value> {
    Ok(
        match from.int_in_range(0..=if levels == 0 { 8 } else { 10 })? {
            0 => Value::Null,
            1 => from.arbitrary::<bool>()?.into(),
            2 => from.arbitrary::<i64>()?.into(),
            3 => from.arbitrary::<u64>()?.into(),
            4 => from.arbitrary::<i16>()?.into(),
            5 => Value::Float(Float::new(from.arbitrary()?).unwrap_or_default()),
            6 => Value::Float(Float::new(from.arbitrary::<f32>()?.into()).unwrap_or_default()),
            7 => from.arbitrary::<&str>()?.into(),
            8 => from.arbitrary::<&[u8]>()?.into(),
            9 => {
                let count = from.int_in_range(0..=30)?;
                let mut elements = Vec::new();
                for _ in 0..count {
                    elements.push(value(from, levels - 1)?);
                }
                elements.into()
            }
            _ => {
                let count = from.int_in_range(0..=30)?;
                let mut map = Map::new();
                for _ in 0..count {
                    map.insert(from.arbitrary::<&str>()?, value(from, levels - 1)?);
                }
                map.into()
            }
        },
    )
}

/// An integer, or the text of its digits where it is out of range.
pub(super) fn integer(integer: i128) -> Value {
    match Integer::new(integer) {
        Some(integer) => integer.into(),
        None => integer.to_string().into(),
    }
}
