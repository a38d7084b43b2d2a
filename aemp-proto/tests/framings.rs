//! The same messages through every framing: equal values, any pieces, limits.
#![cfg(feature = "storable")]

use aemp_proto::{
    Framing, Limits, Reason,
    fuzz::framings::{self, carried},
    value::{Float, Integer, Map, Value},
};
use proptest::{collection::vec, prelude::*, sample::Index};

const FRAMINGS: [Framing; 3] = [Framing::Json, Framing::Cbor, Framing::Storable];

/// The messages that `octets` give when they come in pieces with these ends, or why they do not.
fn read(
    framing: Framing,
    octets: &[u8],
    ends: &[usize],
    limits: Limits,
) -> Result<Vec<Vec<Value>>, Reason> {
    let read = framings::read(framing, octets, ends, limits);
    match read.end {
        Some(failure) => Err(failure.reason()),
        None => Ok(read.messages),
    }
}

fn whole(framing: Framing, octets: &[u8]) -> Result<Vec<Vec<Value>>, Reason> {
    read(framing, octets, &[], Limits::default())
}

fn write(framing: Framing, message: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let port = message[0].as_text().unwrap();
    framing
        .encode_values(&port, &message[1..], &Limits::default(), &mut out)
        .unwrap();
    out
}

/// Values of every kind.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i16..300).prop_map(Value::from),
        any::<f64>()
            .prop_filter_map("finite", Float::new)
            .prop_map(Value::from),
        any::<f32>()
            .prop_filter_map("finite", |float| Float::new(float.into()))
            .prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        "[ -~]{0,300}".prop_map(Value::from),
        vec(any::<u8>(), 0..20).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((".{0,8}", inner), 0..8)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map>())),
        ]
    })
}

fn message() -> impl Strategy<Value = Vec<Value>> {
    (".{0,12}", vec(value(), 0..6)).prop_map(|(port, mut values)| {
        values.insert(0, port.into());
        values
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256 * aemp_proto::fuzz::repeat()))]

    #[test]
    fn messages_survive_every_framing_in_any_pieces(
        messages in vec(message(), 1..4),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        for framing in FRAMINGS {
            let octets: Vec<u8> =
                messages.iter().flat_map(|message| write(framing, message)).collect();
            let carried = |value: &Value| carried(framing, value);
            let expected: Vec<Vec<Value>> =
                messages.iter().map(|message| message.iter().map(carried).collect()).collect();
            let all = whole(framing, &octets);
            prop_assert_eq!(all.as_ref(), Ok(&expected), "{:?}", framing);
            let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(octets.len() + 1)).collect();
            ends.sort_unstable();
            let pieces = read(framing, &octets, &ends, Limits::default());
            prop_assert_eq!(pieces.as_ref(), Ok(&expected), "{:?} {:?}", framing, ends);
            let every: Vec<_> = (0..octets.len()).collect();
            let pieces = read(framing, &octets, &every, Limits::default());
            prop_assert_eq!(pieces, Ok(expected), "{:?}", framing);
        }
    }

    #[test]
    fn a_message_of_the_limit_passes_and_one_octet_more_does_not(message in message()) {
        for framing in [Framing::Cbor, Framing::Storable] {
            let octets = write(framing, &message);
            // The limit of storable is one of the image.
            let len = match framing {
                Framing::Cbor => octets.len(),
                _ => octets.len() - octets.iter().take_while(|octet| **octet >= 0x80).count() - 1,
            };
            let limits = |message| Limits { message, ..Limits::default() };
            for ends in [vec![], (0..octets.len()).collect()] {
                prop_assert!(read(framing, &octets, &ends, limits(len)).is_ok(), "{:?}", framing);
                let less = read(framing, &octets, &ends, limits(len - 1));
                prop_assert_eq!(less, Err(Reason::DataSize), "{:?}", framing);
            }
        }
    }

    #[test]
    fn a_message_that_is_cut_is_truncated(message in message(), cut in any::<Index>()) {
        for framing in [Framing::Cbor, Framing::Storable] {
            let octets = write(framing, &message);
            let cut = 1 + cut.index(octets.len() - 1);
            let outcome = whole(framing, &octets[..cut]);
            prop_assert_eq!(outcome, Err(Reason::DataTruncated), "{:?}", framing);
        }
    }

    #[test]
    fn any_octets_give_the_same_in_any_pieces(octets in vec(any::<u8>(), 0..60)) {
        let every: Vec<_> = (0..octets.len()).collect();
        for framing in FRAMINGS {
            let limits = Limits { message: 40, depth: 5 };
            let pieces = read(framing, &octets, &every, limits);
            prop_assert_eq!(read(framing, &octets, &[], limits), pieces, "{:?}", framing);
        }
    }
}

#[test]
fn depth_512_passes_and_513_does_not() {
    let nested = |levels: usize| {
        (0..levels).fold(Value::from(1), |inner, level| match level % 2 {
            0 => vec![inner].into(),
            _ => Map::from_iter([("k", inner)]).into(),
        })
    };
    let deeper = Limits {
        depth: 1000,
        ..Limits::default()
    };
    for framing in FRAMINGS {
        for (levels, expected) in [(511, None), (512, Some(Reason::DataDepth))] {
            let mut octets = Vec::new();
            framing
                .encode_values("p", &[nested(levels)], &deeper, &mut octets)
                .unwrap();
            assert_eq!(
                whole(framing, &octets).err(),
                expected,
                "{framing:?} {levels}"
            );
        }
    }
}

#[test]
fn numbers_of_every_size_survive() {
    let numbers = [
        0,
        23,
        24,
        127,
        128,
        255,
        256,
        32_768,
        65_536,
        1 << 31,
        1 << 32,
        1 << 63,
    ];
    for number in numbers {
        for number in [number - 1, number, -number, -number - 1] {
            let Some(integer) = Integer::new(number) else {
                continue;
            };
            for framing in FRAMINGS {
                let value = Value::from(integer);
                let message = [Value::from("p"), value.clone()];
                let read = whole(framing, &write(framing, &message))
                    .unwrap()
                    .remove(0)
                    .remove(1);
                assert_eq!(read, carried(framing, &value));
            }
        }
    }
}
