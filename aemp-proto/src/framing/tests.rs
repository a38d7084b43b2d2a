//! Typed encoding and decoding, the same in every framing.

use super::{Args, Content, Decoder, EncodeError, Framing, Layout, Limits};
use crate::value::{Map, Value};
use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// Gives the arguments of the one message in `octets` to `look`.
fn with_args<T>(framing: Framing, octets: &[u8], look: impl FnOnce(&str, &Args<'_>) -> T) -> T {
    let frame = Decoder::new(framing, Limits::default())
        .next(octets)
        .unwrap()
        .unwrap();
    assert_eq!(frame.len(), octets.len());
    let message = match frame.content() {
        Content::Message(layout) => layout.open(framing, octets),
        Content::Rewritten(layout, octets) => layout.open(framing, octets),
        other => panic!("no message: {other:?}"),
    };
    look(message.port(), message.args())
}

fn encoded<T: Serialize + ?Sized>(framing: Framing, args: &T) -> Vec<u8> {
    let mut out = Vec::new();
    framing
        .encode("port", args, &Limits::default(), &mut out)
        .unwrap();
    out
}

#[test]
fn a_layout_of_the_encoder_is_that_of_the_decoder() {
    fn same<T: Serialize + ?Sized>(args: &T) {
        let mut out = b"before".to_vec();
        let layout = Layout::encode(args, &Limits::default(), &mut out).unwrap();
        let frame = Decoder::new(Framing::Json, Limits::default()).next(&out[6..]);
        assert_eq!(frame.unwrap().unwrap().content(), &Content::Message(layout));
    }
    same(&());
    same(&(1,));
    same(&("tag", 2.5, "text", vec![vec![1], vec![]]));
    same(&[Value::Null, "x".into()][..]);
    let mut out = Vec::new();
    Layout::encode(&(f64::NAN,), &Limits::default(), &mut out).unwrap_err();
    assert!(out.is_empty());
}

/// Encodes and decodes in every framing.
fn survives<T: Serialize + for<'a> Deserialize<'a> + PartialEq + core::fmt::Debug>(args: &T) {
    for &framing in Framing::ALL {
        let octets = encoded(framing, args);
        with_args(framing, &octets, |port, encoded| {
            assert_eq!(port, "port");
            assert_eq!(
                encoded.decode::<T>().unwrap(),
                *args,
                "{framing:?} {encoded:?}"
            );
            // The values are the same arguments.
            let mut again = Vec::new();
            let limits = Limits::default();
            framing
                .encode_values(port, &encoded.values(), &limits, &mut again)
                .unwrap();
            let values = with_args(framing, &again, |_, args| args.values());
            assert_eq!(values, encoded.values());
            // And so are they when they are relayed in any framing.
            for &other in Framing::ALL {
                let mut relayed = Vec::new();
                other
                    .encode_raw("to", encoded, &limits, &mut relayed)
                    .unwrap();
                with_args(other, &relayed, |port, again| {
                    assert_eq!(port, "to");
                    assert_eq!(again.decode::<T>().unwrap(), *args);
                    if other != Framing::Storable {
                        assert_eq!(again.values(), values);
                    }
                });
            }
        });
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Line(Point, Point),
    Named { name: String, at: Point },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(Vec<u8>);

fn point() -> Point {
    Point {
        x: -1,
        y: Some(0.5),
    }
}

#[test]
fn types_survive() {
    survives(&());
    survives(&("bench".to_owned(), 123_u64, "hello".to_owned()));
    survives(&(i64::MIN, u64::MAX, 0_u8, -1_i8, i128::from(u64::MAX)));
    survives(&(
        0.5_f64,
        1.0_f64,
        -0.0_f64,
        1e300_f64,
        'é',
        f64::MIN_POSITIVE,
    ));
    survives(&(
        Some(1),
        None::<u8>,
        ((), [1, 2]),
        "a\"\\\n\u{0}€\u{1f600}".to_owned(),
    ));
    survives(&vec![point(), Point { x: 5, y: None }]);
    survives(&Wrapped(vec![1, 2, 3]));
    survives(&(
        Map::from_iter([("a", 1), ("é\n", 2)]),
        BTreeMap::from([(5_u16, Shape::Empty)]),
    ));
    survives(&(BTreeMap::from([(true, 1)]), BTreeMap::from([('x', 1)])));
    let named = || Shape::Named {
        name: "n".to_owned(),
        at: point(),
    };
    survives(&(
        Shape::Empty,
        Shape::Circle(1),
        Shape::Line(point(), point()),
        named(),
    ));
    // An enum as the arguments: its variant is the first of them.
    survives(&Shape::Empty);
    survives(&Shape::Circle(7));
    survives(&Shape::Line(point(), point()));
    survives(&named());
}

#[test]
fn an_enum_is_a_tag_and_arguments() {
    let json = |args: &Shape| String::from_utf8(encoded(Framing::Json, args)).unwrap();
    assert_eq!(json(&Shape::Empty), r#"["port","Empty"]"#);
    assert_eq!(json(&Shape::Circle(1)), r#"["port","Circle",1]"#);
    assert_eq!(
        json(&Shape::Line(point(), point())),
        r#"["port","Line",{"x":-1,"y":0.5},{"x":-1,"y":0.5}]"#
    );
}

#[test]
fn a_string_in_chunks_inside_an_array_is_passed_over_once() {
    let octets = b"\x83\x61p\x82\x5f\x42ab\xff\x01\x02";
    with_args(Framing::Cbor, octets, |_, args| {
        assert_eq!(args.len(), 2);
        assert_eq!(args.skip(1).decode::<(u8,)>(), Ok((2,)));
    });
}

#[test]
fn strings_are_borrowed_and_numbers_may_change_their_kind() {
    let octets = br#"["p","tag",5.0,5,"text"]"#;
    with_args(Framing::Json, octets, |_, args| {
        let (tag, whole, float, text) = args.decode::<(&str, u8, f64, &[u8])>().unwrap();
        assert_eq!((tag, whole, float, text), ("tag", 5, 5.0, &b"text"[..]));
        assert!(octets.as_ptr_range().contains(&tag.as_ptr()));
        assert_eq!(args.tag().as_deref(), Some("tag"));
        assert_eq!(args.skip(1).decode::<(i8, i8, IgnoredAny)>().unwrap().1, 5);
        assert_eq!(args.skip(3).tag().as_deref(), Some("text"));
        assert_eq!(args.skip(9).decode::<()>(), Ok(()));
        assert_eq!(args.first().unwrap().decode::<&str>(), Ok("tag"));
    });
    let octets = r#"["p",[ "ÿ\u0000" , [] ],"€"]"#.as_bytes();
    with_args(Framing::Json, octets, |_, args| {
        let elements = args.first().unwrap().elements().unwrap();
        assert_eq!(elements.len(), 2);
        struct Octets(Vec<u8>);
        impl<'de> Deserialize<'de> for Octets {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = Octets;
                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str("octets")
                    }
                    fn visit_byte_buf<E>(self, it: Vec<u8>) -> Result<Octets, E> {
                        Ok(Octets(it))
                    }
                }
                from.deserialize_byte_buf(Visitor)
            }
        }
        assert_eq!(
            elements.decode::<(Octets, ())>().map_err(|_| ()).err(),
            Some(())
        );
        assert_eq!(
            elements.first().unwrap().decode::<Octets>().unwrap().0,
            b"\xff\0"
        );
        assert!(args.skip(1).first().unwrap().decode::<Octets>().is_err());
        let mut out = Vec::new();
        Framing::Json
            .encode_raw("q", &elements, &Limits::default(), &mut out)
            .unwrap();
        assert_eq!(out, r#"["q","ÿ\u0000" , []]"#.as_bytes());
    });
}

#[test]
fn a_relay_writes_what_writers_may_write() {
    for (read, written) in [
        (&b"\xc2\x42\x01\x00"[..], &b"\x19\x01\x00"[..]),
        (b"\x18\x05", b"\x05"),
        (b"\x9f\x01\xff", b"\x81\x01"),
        (b"\x7f\x61a\x61b\xff", b"\x62ab"),
        (b"\xf7", b"\xf6"),
        (b"\xa1\xf5\x01", b"\xa1\x611\x01"),
        (b"\xa1\x41\xe9\x01", b"\xa1\x62\xc3\xa9\x01"),
        (
            b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x75-18446744073709551616",
        ),
        // These are as they should be.
        (b"\xa1\x41k\x82\x20\xf6", b"\xa1\x41k\x82\x20\xf6"),
        (b"\xfa\x3f\xc0\x00\x00", b"\xfa\x3f\xc0\x00\x00"),
    ] {
        let message = [b"\x82\x61p", read].concat();
        with_args(Framing::Cbor, &message, |_, args| {
            let mut out = Vec::new();
            Framing::Cbor
                .encode_raw("q", args, &Limits::default(), &mut out)
                .unwrap();
            assert_eq!(out, [b"\x82\x61q", written].concat(), "{read:02x?}");
        });
    }
}

#[test]
fn relayed_integers_beyond_64_bits_become_texts() {
    for (read, written) in [
        (
            "[18446744073709551616,-9223372036854775809]",
            r#"["18446744073709551616","-9223372036854775809"]"#,
        ),
        (
            r#""a",{"k":99999999999999999999}"#,
            r#""a",{"k":"99999999999999999999"}"#,
        ),
        // These are as they should be.
        ("[18446744073709551615 , 1]", "[18446744073709551615,1]"),
        (
            r#"123456789012345678, "\u0041""#,
            r#"123456789012345678, "\u0041""#,
        ),
        (r#""9999999999999999999""#, r#""9999999999999999999""#),
    ] {
        with_args(
            Framing::Json,
            alloc::format!("[\"p\",{read}]").as_bytes(),
            |_, args| {
                let mut out = Vec::new();
                Framing::Json
                    .encode_raw("q", args, &Limits::default(), &mut out)
                    .unwrap();
                assert_eq!(
                    String::from_utf8(out).unwrap(),
                    alloc::format!("[\"q\",{written}]")
                );
            },
        );
    }
}

#[test]
fn what_does_not_fit_says_which_argument() {
    with_args(
        Framing::Json,
        br#"["p","tag",-1,{"x":1,"y":null,"z":[1]}]"#,
        |_, args| {
            let error = |error: super::DecodeError| error.to_string();
            insta::assert_snapshot!(error(args.decode::<(&str, u8, Point)>().unwrap_err()), @"arguments do not fit: argument 2: invalid value: integer `-1`, expected u8; check what the sender sends");
            insta::assert_snapshot!(error(args.decode::<(&str,)>().unwrap_err()), @"arguments do not fit: there are 3 arguments, expected 1; check what the sender sends");
            insta::assert_snapshot!(error(args.decode::<(&str, i8, Point, u8)>().unwrap_err()), @"arguments do not fit: invalid length 3, expected a tuple of size 4; check what the sender sends");
            insta::assert_snapshot!(error(args.decode::<Shape>().unwrap_err()), @"arguments do not fit: argument 1: unknown variant `tag`, expected one of `Empty`, `Circle`, `Line`, `Named`; check what the sender sends");
            assert_eq!(
                args.decode::<(&str, i8, Point)>().unwrap().2,
                Point { x: 1, y: None }
            );
        },
    );
}

#[test]
fn what_does_not_travel_leaves_the_buffer_alone() {
    let mut out = b"before".to_vec();
    for &framing in Framing::ALL {
        let limits = Limits {
            message: 100,
            depth: 3,
        };
        let mut error = |args: &dyn Fn(&mut Vec<u8>) -> Result<(), EncodeError>| {
            let error = args(&mut out).unwrap_err();
            assert_eq!(out, b"before");
            error
        };
        let number = EncodeError::Number("inf".to_owned());
        assert_eq!(
            error(&|out| framing.encode("p", &(f64::INFINITY,), &limits, out)),
            number
        );
        let number = EncodeError::Number((1_u128 << 64).to_string());
        assert_eq!(
            error(&|out| framing.encode("p", &(1_u128 << 64,), &limits, out)),
            number
        );
        let long = "x".repeat(101);
        let size = EncodeError::Size(100);
        assert_eq!(
            error(&|out| framing.encode("p", &(&long,), &limits, out)),
            size
        );
        assert_eq!(
            error(&|out| framing.encode("p", &[0; 101][..], &limits, out)),
            size
        );
        let depth = EncodeError::Depth(3);
        assert_eq!(
            error(&|out| framing.encode("p", &[[[[0]]]], &limits, out)),
            depth
        );
        let arguments = EncodeError::Arguments("a text");
        assert_eq!(
            error(&|out| framing.encode("p", "text", &limits, out)),
            arguments
        );
        let key = EncodeError::Key("a sequence");
        let map = BTreeMap::from([([1], 1)]);
        assert_eq!(
            error(&|out| framing.encode("p", &(&map,), &limits, out)),
            key
        );
        let deep = Value::from(vec![Value::from(vec![Value::Array(vec![])])]);
        assert_eq!(
            error(&|out| framing.encode_values("p", core::slice::from_ref(&deep), &limits, out)),
            depth
        );
        let flat = Value::from(vec![Value::Array(vec![])]);
        assert!(
            framing
                .encode_values("p", &[flat], &limits, &mut Vec::new())
                .is_ok()
        );
    }
}
