//! The rules of the cbor framing, one by one.
#![cfg(feature = "storable")]

mod common;

use aemp_proto::{Framing, Limits};

fn read(hex: &str) -> String {
    common::read(Framing::Cbor, hex, Limits::default())
}

/// Reads a message for the port `p` with the argument given in hex.
fn argument(hex: &str) -> String {
    let read = read(&format!("82 61 70 {hex}"));
    match read.strip_prefix("[\"p\",") {
        Some(rest) => rest.strip_suffix(']').expect("the array's end").to_owned(),
        None => read,
    }
}

// [cbor.read.head] [cbor.read.indefinite] [cbor.read.strings]
#[test]
fn there_are_many_ways_to_write_a_value() {
    for (hex, value) in [
        ("05", "5"),
        ("1805", "5"),
        ("1b 00000000 00000005", "5"),
        ("1b ffffffff ffffffff", "18446744073709551615"),
        ("3b 7fffffff ffffffff", "-9223372036854775808"),
        ("3b 80000000 00000000", "\"-9223372036854775809\""),
        ("3b ffffffff ffffffff", "\"-18446744073709551616\""),
        ("f9 3e00", "1.5"),
        ("fa 3fc00000", "1.5"),
        ("fb 3ff80000 00000000", "1.5"),
        ("f4", "false"),
        ("f5", "true"),
        ("f6", "null"),
        ("f7", "null"),
        ("63 616263", "\"abc\""),
        ("43 616263", "\"abc\""),
        ("5b 00000000 00000003 616263", "\"abc\""),
        ("5f 41 61 40 42 6263 ff", "\"abc\""),
        ("7f 61 61 60 62 6263 ff", "\"abc\""),
        ("5f ff", "\"\""),
        ("63 e298ba", "\"☺\""),
        ("43 e298ba", "\"â\u{98}º\""),
        ("80", "[]"),
        ("9f 01 9f ff 02 ff", "[1,[],2]"),
        (
            "83 01 9f 81 02 9f ff ff 82 03 5f ff",
            "[1,[[2],[]],[3,\"\"]]",
        ),
        ("82 9f 01 ff a0", "[[1],{}]"),
        ("bf 61 61 01 41 62 9f ff ff", "{\"a\":1,\"b\":[]}"),
        ("a2 61 61 01 41 61 02", "{\"a\":2}"),
    ] {
        assert_eq!(argument(hex), value, "{hex}");
    }
}

#[test]
fn whatever_stands_before_an_argument_is_passed_over() {
    let values = [
        "01",
        "9f 81 9f ff 82 01 9f 02 ff ff",
        "5f 41 61 ff",
        "c1 bf 01 9f ff ff",
        "f9 0000",
    ];
    for first in values {
        for second in values {
            // The reading compares all arguments together with each by itself.
            let read = read(&format!("84 60 {first} {second} 18 2a"));
            assert!(read.ends_with(",42]"), "{read}");
        }
    }
}

// [cbor.read.key] [cbor.read.key-other]
#[test]
fn keys_that_are_no_strings_are_taken_as_text() {
    for (key, text) in [
        ("01", "1"),
        ("20", "-1"),
        ("f5", "1"),
        ("f4", "0"),
        ("f6", ""),
        ("fb 40140000 00000000", "5"),
        ("42 c3a9", "é"),
        ("41 e9", "é"),
        ("5f 41 61 ff", "a"),
        ("d9 d9f7 61 61", "a"),
        ("c2 42 0100", "256"),
    ] {
        assert_eq!(
            argument(&format!("a1 {key} 07")),
            format!("{{\"{text}\":7}}"),
            "{key}"
        );
    }
    for key in ["80", "a0", "9f ff", "fa 3fc00000", "d81c 80"] {
        assert_eq!(argument(&format!("a1 {key} 07")), "data.malformed", "{key}");
    }
}

// [cbor.read.tag] [cbor.tag.bignum] [cbor.tag.bignum-long] [cbor.tag.bignum-type]
#[test]
fn tags_are_ignored_but_those_of_great_integers() {
    for (hex, value) in [
        ("c0 61 61", "\"a\"".to_owned()),
        ("d9 d9f7 db ffffffff ffffffff 01", "1".to_owned()),
        ("c4 82 21 19 6ab3", "[-2,27315]".to_owned()),
        ("c2 40", "0".to_owned()),
        ("c3 40", "-1".to_owned()),
        (
            "c2 4a 0000 ffffffff ffffffff",
            "18446744073709551615".to_owned(),
        ),
        (
            "c2 49 01 00000000 00000000",
            "\"18446744073709551616\"".to_owned(),
        ),
        ("c3 48 7fffffff ffffffff", "-9223372036854775808".to_owned()),
        (
            "c3 48 80000000 00000000",
            "\"-9223372036854775809\"".to_owned(),
        ),
        ("c2 5f 41 01 41 00 ff", "256".to_owned()),
        (&format!("c2 5880 {}", "00".repeat(128)), "0".to_owned()),
        (
            &format!("c2 5881 {}", "00".repeat(129)),
            "data.number".to_owned(),
        ),
        (
            &format!("c2 5f 5880 {} 41 00 ff", "00".repeat(128)),
            "data.number".to_owned(),
        ),
        ("c2 01", "data.malformed".to_owned()),
        ("c2 61 31", "data.malformed".to_owned()),
        ("c3 c2 41 01", "data.malformed".to_owned()),
        ("9f c1 ff", "data.malformed".to_owned()),
    ] {
        assert_eq!(argument(hex), value, "{hex}");
    }
}

// [cbor.tag.strings] [cbor.tag.string-ref] [cbor.tag.shared] [cbor.tag.shared-ref]
// [cbor.tag.reference-type]
#[test]
fn references_are_followed() {
    for (hex, value) in [
        // A string is counted if a reference to it is shorter.
        (
            "d90100 84 62 6161 63 626262 d819 00 43 626262",
            "[\"aa\",\"bbb\",\"bbb\",\"bbb\"]",
        ),
        ("d90100 a1 63 6b6579 d819 00", "{\"key\":\"key\"}"),
        (
            "d90100 82 a1 63 6b6579 01 a1 d819 00 02",
            "[{\"key\":1},{\"key\":2}]",
        ),
        // A string in chunks is not; a name space inside another is for itself.
        (
            "d90100 83 7f 63 616161 ff 63 626262 d819 00",
            "[\"aaa\",\"bbb\",\"bbb\"]",
        ),
        (
            "d90100 83 63 616161 d90100 82 63 626262 d819 00 d819 00",
            "[\"aaa\",[\"bbb\",\"bbb\"],\"aaa\"]",
        ),
        ("82 d81c 81 01 d81d 00", "[[1],[1]]"),
        (
            "83 d81c 82 d81c 61 61 02 d81d 01 d81d 00",
            "[[\"a\",2],\"a\",[\"a\",2]]",
        ),
        ("9f d81c 9f 01 ff d81d 00 ff", "[[1],[1]]"),
        ("d81c 01", "1"),
        ("d819 00", "data.malformed"),
        ("d90100 d819 00", "data.malformed"),
        ("82 d90100 63 616161 d819 00", "data.malformed"),
        ("d81d 00", "data.malformed"),
        ("d81c d81d 00", "data.malformed"),
        ("d81c 81 d81d 00", "data.malformed"),
        ("82 d81c 01 d81d 61 30", "data.malformed"),
        ("82 d81c 01 d81d d9d9f7 00", "data.malformed"),
        ("82 d81c 01 d81d 1b ffffffff ffffffff", "data.malformed"),
        ("82 d81c 81 01 a1 d81d 00 02", "data.malformed"),
    ] {
        assert_eq!(argument(hex), value, "{hex}");
    }
    // The port may be one, and a bad one in a message that means nothing is not looked at.
    assert_eq!(read("d90100 82 63 616161 d819 00"), "[\"aaa\",\"aaa\"]");
    assert_eq!(read("82 d81c 61 70 d81d 00"), "[\"p\",\"p\"]");
    assert_eq!(read("a1 01 d81d 07 80"), "- -");
}

// [cbor.tag.expansion] [cbor.tag.expansion-depth]
#[test]
fn what_references_stand_for_is_limited() {
    // Each level holds the level before it ten times.
    let mut bomb = String::from("8b 61 70");
    bomb.push_str("d81c 8a 01010101010101010101");
    for level in 0..9 {
        let copy = format!("d81d {level:02x}");
        bomb.push_str(&format!("d81c 8a {}", copy.repeat(10)));
    }
    assert_eq!(read(&bomb), "data.size");
    let small = Limits {
        message: 100,
        depth: 10,
    };
    let strings = |copies: usize| {
        let text = "61".repeat(20);
        let hex = format!("9f 60 d81c 74 {text} {} ff", "d81d 00".repeat(copies));
        common::read(Framing::Cbor, &hex, small)
    };
    // 3 octets, 21 for the string and 21 for each copy.
    assert!(strings(3).starts_with("[\"\",\"aaaa"));
    assert_eq!(strings(4), "data.size");
    // Each level is one level more than the one before.
    let deep = |levels: usize| {
        let mut hex = String::from("9f 60 d81c 80");
        for level in 0..levels {
            hex.push_str(&format!("d81c 81 d81d {level:02x}"));
        }
        common::read(Framing::Cbor, &(hex + "ff"), small)
    };
    assert!(deep(8).starts_with("[\"\",[],[[]],[[[]]],"));
    assert_eq!(deep(9), "data.depth");
}

// [cbor.read.malformed] [cbor.read.simple-other] [cbor.read.float-finite] [cbor.read.utf-8]
#[test]
fn what_is_wrong_ends_the_link() {
    for (hex, reason) in [
        ("1c", "data.malformed"),
        ("3d", "data.malformed"),
        ("5e", "data.malformed"),
        ("fc", "data.malformed"),
        ("1f", "data.malformed"),
        ("df", "data.malformed"),
        ("ff", "data.malformed"),
        ("81 ff", "data.malformed"),
        ("a1 61 61 ff", "data.malformed"),
        ("bf 61 61 ff", "data.malformed"),
        ("5f 61 61 ff", "data.malformed"),
        ("5f 5f 41 61 ff ff", "data.malformed"),
        ("7f 41 61 ff", "data.malformed"),
        ("7f 01 ff", "data.malformed"),
        ("e0", "data.malformed"),
        ("f3", "data.malformed"),
        ("f8 14", "data.malformed"),
        ("f8 ff", "data.malformed"),
        ("f9 7c00", "data.number"),
        ("f9 7e00", "data.number"),
        ("fa ff800000", "data.number"),
        ("fb 7ff80000 00000000", "data.number"),
        ("62 fffe", "data.utf-8"),
        ("63 eda080", "data.utf-8"),
        ("61 c3", "data.utf-8"),
        ("7f 61 c3 61 a9 ff", "data.utf-8"),
        ("a1 62 fffe 01", "data.utf-8"),
    ] {
        assert_eq!(argument(hex), reason, "{hex}");
    }
    assert_eq!(read("ff"), "data.malformed");
    assert_eq!(read("81 61 70 c1 ff"), "[\"p\"] data.malformed");
}

// [cbor.read.claimed] [cbor.read.size] [cbor.read.depth] [cbor.read.truncated]
#[test]
fn limits_hold_before_anything_has_come() {
    for hex in [
        "9b 00000001 00000000",
        "9b ffffffff ffffffff",
        "bb 7fffffff ffffffff",
        "bb ffffffff ffffffff",
        "5b 00000100 00000000",
        "7b ffffffff ffffffff",
        "82 61 70 5b ffffffff ffffffff",
        "82 61 70 9a 01000000",
        "82 61 70 ba 00800000",
    ] {
        assert_eq!(read(hex), "data.size", "{hex}");
    }
    let limits = Limits {
        message: 8,
        depth: 3,
    };
    let read = |hex| common::read(Framing::Cbor, hex, limits);
    assert_eq!(read("82 61 70 64 61616161"), "[\"p\",\"aaaa\"]");
    assert_eq!(read("82 61 70 65"), "data.size");
    assert_eq!(read("83 61 70 63 616161"), "data.truncated");
    assert_eq!(read("83 61 70 64"), "data.size");
    assert_eq!(read("9f 61 70 01 02 03 04 ff"), "[\"p\",1,2,3,4]");
    assert_eq!(read("9f 61 70 01 02 03 04 05"), "data.size");
    assert_eq!(read("82 60 81 80"), "[\"\",[[]]]");
    assert_eq!(read("82 60 81 81 80"), "data.depth");
    assert_eq!(read("82 60 81 a0"), "[\"\",[{}]]");
    assert_eq!(read("82 60 c1 c1 01"), "[\"\",1]");
    assert_eq!(read("82 60 c1 c1 80"), "data.depth");
    assert_eq!(read("c1 82 60 80 c1 80"), "[\"\",[]] -");
}

// [cbor.read.other] [value.port.table]
#[test]
fn what_means_nothing_is_dropped() {
    assert_eq!(
        read("05 f6 61 61 a0 80 81 80 81 a0 c1 05 0a"),
        ["-"; 9].join(" ")
    );
    assert_eq!(read("82 05 01"), "[\"5\",1]");
    assert_eq!(read("82 fb 40140000 00000000 01"), "[\"5\",1]");
    assert_eq!(read("82 f5 01"), "[\"1\",1]");
    assert_eq!(read("82 f4 01"), "[\"0\",1]");
    assert_eq!(read("81 f6"), "[\"\"]");
    assert_eq!(read("81 44 636166e9"), "[\"café\"]");
    assert_eq!(read("81 5f 42 6361 42 66e9 ff"), "[\"café\"]");
    assert_eq!(read("81 d820 61 70"), "[\"p\"]");
    assert_eq!(read("81 c2 42 0100"), "[\"256\"]");
}
