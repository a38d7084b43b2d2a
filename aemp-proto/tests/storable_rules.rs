//! The rules of the storable framing, one by one.
#![cfg(feature = "storable")]

mod common;

use aemp_proto::{Framing, Limits};

/// Reads an image, behind its length.
fn image_within(hex: &str, limits: Limits) -> String {
    let hex: String = hex.split_whitespace().collect();
    let length = hex.len() / 2;
    let groups: Vec<_> = (0..5).rev().map(|group| length >> (7 * group)).collect();
    let first = groups.iter().position(|group| *group > 0).unwrap_or(4);
    let mut frame = String::new();
    for (at, group) in groups.iter().enumerate().skip(first) {
        let more = if at < 4 { 0x80 } else { 0 };
        frame.push_str(&format!("{:02x}", group & 0x7f | more));
    }
    common::read(Framing::Storable, &(frame + &hex), limits)
}

fn image(hex: &str) -> String {
    image_within(hex, Limits::default())
}

/// Reads a message for the port `p` with the argument given in hex, whose first value has the number 2.
fn argument(hex: &str) -> String {
    let read = image(&format!("050b 02 00000002 0a0170 {hex}"));
    match read.strip_prefix("[\"p\",") {
        Some(rest) => rest.strip_suffix(']').expect("the array's end").to_owned(),
        None => read,
    }
}

// [storable.frame.leading] [storable.frame.zero] [storable.frame.size] [storable.frame.truncated]
#[test]
fn a_frame_is_a_length_and_an_image() {
    let read = |hex| common::read(Framing::Storable, hex, Limits::default());
    assert_eq!(read("0a 050b 02 00000001 0a0170"), "[\"p\"]");
    assert_eq!(
        read("0a 050b 02 00000001 0a0170 07 050b 02 00000000"),
        "[\"p\"] -"
    );
    assert_eq!(read("80 0a 050b 02 00000001 0a0170"), "data.malformed");
    assert_eq!(read("00"), "data.malformed");
    assert_eq!(read("88 80 80 01"), "data.size");
    assert_eq!(read("ff ff ff ff ff ff"), "data.size");
    assert_eq!(read("81"), "data.truncated");
    assert_eq!(read("0a 050b 02 00000001 0a01"), "data.truncated");
    let limits = Limits {
        message: 10,
        depth: 5,
    };
    assert_eq!(image_within("050b 02 00000001 0a0170", limits), "[\"p\"]");
    assert_eq!(
        image_within("050b 02 00000001 0a027071", limits),
        "data.size"
    );
}

// [storable.header.minor] [storable.header.native] [storable.header.other]
#[test]
fn headers_of_two_kinds_are_read() {
    let native = "04 0b 08 3132333435363738 04080808";
    let arguments =
        "05000000 0a0170 06 0500000000000000 07 000000000000f83f 09 fffffffe 00 00000001";
    assert_eq!(
        image(&format!("{native} 02 {arguments}")),
        "[\"p\",5,1.5,-2,\"p\"]"
    );
    assert_eq!(image("0500 02 00000001 0a0170"), "[\"p\"]");
    assert_eq!(image("05ff 02 00000001 0a0170"), "[\"p\"]");
    for hex in [
        "70737430 050b 02 00000001 0a0170",
        "070b 02 00000001 0a0170",
        "04 0b 08 3837363534333231 04080808 02 00000001 0a0170",
        "04 0b 04 31323334 04040408 02 01000000 0a0170",
        "04 0b 08 3132333435363738 04080408 02 01000000 0a0170",
        "5b2270225d",
        "05",
        "050b",
        "050b 02 00000001 0a0170 05",
    ] {
        assert_eq!(image(hex), "data.malformed", "{hex}");
    }
}

// [storable.read.table] [storable.read.native-only] [storable.read.utf-8] [storable.read.key]
// [storable.read.key-flags]
#[test]
fn codes_are_read_as_the_table_says() {
    for (hex, value) in [
        ("01 00000003 616263", "\"abc\""),
        ("0a 03 616263", "\"abc\""),
        ("0a 04 636166e9", "\"cafÃ©\"".replace("Ã©", "é").as_str()),
        ("17 03 e298ba", "\"☺\""),
        ("18 00000003 e298ba", "\"☺\""),
        ("04 02 00000002 08 81 05", "[1,null]"),
        ("02 00000002 0e 1f", "[null,null]"),
        (
            "04 03 00000002 08 81 00000001 61 05 00000000",
            "{\"\":null,\"a\":1}",
        ),
        (
            "04 19 00 00000002 08 81 00 00000001 61 05 01 00000003 e298ba",
            "{\"a\":1,\"☺\":null}",
        ),
        ("04 19 01 00000001 08 81 06 00000001 e9", "{\"é\":1}"),
        ("08 00", "-128"),
        ("08 ff", "127"),
        ("09 80000000", "-2147483648"),
        ("0f", "true"),
        ("10", "false"),
        ("22", "true"),
        ("23", "false"),
        ("04 04 14 1b 1c 0a 01 78", "\"x\""),
        ("04 11 03 466f6f 02 00000001 08 81", "[1]"),
        ("04 11 80 00000003 466f6f 05", "null"),
        ("17 02 fffe", "data.utf-8"),
        ("17 03 eda080", "data.utf-8"),
        ("06 00000000 00000005", "data.malformed"),
        ("07 3ff80000 00000000", "data.malformed"),
        ("0b 05", "data.malformed"),
        ("13 00 05", "data.malformed"),
        ("1a 0a 01 31", "data.malformed"),
        ("1d 01 31 0a 01 31", "data.malformed"),
        ("20 00 01 61 00", "data.malformed"),
        ("21 00", "data.malformed"),
        ("24", "data.malformed"),
        ("04 19 00 00000001 08 81 08 00000001 61", "data.malformed"),
        ("04 19 00 00000001 08 81 10 00000001 61", "data.malformed"),
        ("0a 05 61", "data.malformed"),
        ("01 ffffffff 61", "data.malformed"),
        ("02 ffffffff 05", "data.malformed"),
        ("03 ffffffff 05", "data.malformed"),
        ("11 ff ffffffff 05", "data.malformed"),
        ("08", "data.malformed"),
        ("", "data.malformed"),
    ] {
        assert_eq!(argument(hex), value, "{hex}");
    }
    let native = "04 0b 08 3132333435363738 04080808 02 02000000 0a0170 07";
    assert_eq!(image(&format!("{native} 000000000000f07f")), "data.number");
    assert_eq!(image(&format!("{native} 000000000000f8ff")), "data.number");
}

// [storable.class.ignore] [storable.class.boolean] [storable.class.number]
#[test]
fn classes_mean_nothing_but_those_of_booleans() {
    let json = "11 11 4a534f4e3a3a50503a3a426f6f6c65616e";
    for (hex, value) in [
        (format!("14 {json} 08 81"), "true"),
        (format!("04 {json} 08 80"), "false"),
        (format!("14 {json} 0a 01 31"), "true"),
        (format!("14 {json} 0a 01 30"), "false"),
        (format!("14 {json} 08 82"), "2"),
        (format!("14 {json} 04 08 81"), "1"),
        (format!("14 {json} 02 00000001 08 81"), "[1]"),
        (
            format!("02 00000002 14 {json} 08 81 14 12 00 08 80"),
            "[true,false]",
        ),
        (
            format!("02 00000002 {json} 08 81 11 03 466f6f 08 81"),
            "[true,1]",
        ),
        (
            format!("02 00000003 {json} 05 11 03 466f6f 05 12 01 08 81"),
            "[null,null,1]",
        ),
        (format!("{json} 12 80 00000000 08 81"), "true"),
        ("12 00 08 81".to_owned(), "data.malformed"),
        (format!("{json} 12 01 08 81"), "data.malformed"),
    ] {
        assert_eq!(argument(&hex), value, "{hex}");
    }
    let root = "050b 11 03 466f6f 02 00000002 0a0170 08 81";
    assert_eq!(image(root), "[\"p\",1]");
}

// [storable.ref.copy] [storable.ref.bad]
#[test]
fn copies_are_made_of_what_is_complete() {
    for (hex, value) in [
        ("00 00000001", "\"p\""),
        // 2 is the array, 3 a reference, 4 the array in it, 5 its element.
        (
            "02 00000002 04 02 00000001 08 81 04 00 00000004",
            "[[1],[1]]",
        ),
        ("02 00000002 04 02 00000001 08 81 00 00000003", "[[1],[1]]"),
        ("02 00000002 04 02 00000001 08 81 00 00000005", "[[1],1]"),
        (
            "02 00000002 14 11 11 4a534f4e3a3a50503a3a426f6f6c65616e 08 81 14 00 00000004",
            "[true,true]",
        ),
        // 3 is a map with the keys a and b, 4 a reference, 5 the array in it.
        (
            "02 00000002 03 00000002 04 02 00000000 00000001 61 00 00000005 00000001 62 00 00000003",
            "[{\"a\":[],\"b\":[]},{\"a\":[],\"b\":[]}]",
        ),
        // Copies of what holds copies.
        (
            "02 00000003 02 00000001 08 81 02 00000002 00 00000003 00 00000003 00 00000005",
            "[[1],[[1],[1]],[[1],[1]]]",
        ),
        ("00 00000000", "data.malformed"),
        ("00 00000002", "data.malformed"),
        ("00 00000007", "data.malformed"),
        ("00 ffffffff", "data.malformed"),
        ("04 00 00000002", "data.malformed"),
        ("04 02 00000001 04 00 00000003", "data.malformed"),
        ("04 02 00000001 04 00 00000002", "data.malformed"),
        ("04 02 00000002 08 81 04 00 00000003", "data.malformed"),
    ] {
        assert_eq!(argument(hex), value, "{hex}");
    }
    assert_eq!(image("050b 02 00000001 00 00000000"), "data.malformed");
    assert_eq!(image("050b 00 00000000"), "data.malformed");
}

// [storable.ref.expansion] [storable.ref.expansion-depth]
#[test]
fn what_copies_stand_for_is_limited() {
    // Each array holds the one before it ten times; 1 is the first.
    let mut bomb = String::from("050b 02 0000000b 05 02 00000000");
    for level in 0..9 {
        bomb.push_str(&format!(
            "02 0000000a {}",
            format!("00 {:08x}", level + 2).repeat(10)
        ));
    }
    assert_eq!(image(&bomb), "data.size");
    let limits = Limits {
        message: 100,
        depth: 10,
    };
    let strings = |copies: usize| {
        let text = "61".repeat(20);
        let copied = "00 00000002".repeat(copies);
        let hex = format!("050b 02 {:08x} 05 0a 14 {text} {copied}", 2 + copies);
        image_within(&hex, limits)
    };
    // 8 octets, 22 for the string and 22 for each copy.
    assert!(strings(3).starts_with("[\"\",\"aaaa"));
    assert_eq!(strings(4), "data.size");
    let deep = |levels: usize| {
        let mut hex = format!("050b 02 {:08x} 05 02 00000000", 2 + levels);
        for level in 0..levels {
            hex.push_str(&format!("02 00000001 00 {:08x}", level + 2));
        }
        let limits = Limits {
            message: 1000,
            depth: 10,
        };
        image_within(&hex, limits)
    };
    assert!(deep(8).starts_with("[\"\",[],[[]],[[[]]],"));
    assert_eq!(deep(9), "data.depth");
}

// [storable.read.depth] [storable.read.depth-marks]
#[test]
fn depth_is_limited_with_and_without_references() {
    let limits = Limits {
        message: 1000,
        depth: 3,
    };
    let image = |hex: &str| image_within(&format!("050b 02 00000002 05 {hex}"), limits);
    assert_eq!(image("04 02 00000001 04 03 00000000"), "[\"\",[{}]]");
    assert_eq!(image("04 02 00000001 04 02 00000001 05"), "[\"\",[[null]]]");
    assert_eq!(
        image("04 02 00000001 04 02 00000001 04 02 00000000"),
        "data.depth"
    );
    assert_eq!(image("04 04 04 04 04 04 04 04 05"), "[\"\",null]");
    assert_eq!(image("04 04 04 04 04 04 04 04 04 05"), "data.depth");
    assert_eq!(image("04 04 04 04 04 04 04 02 00000000"), "[\"\",[]]");
    assert_eq!(image("04 04 04 04 04 04 04 04 02 00000000"), "data.depth");
}

// [storable.other]
#[test]
fn what_means_nothing_is_dropped() {
    for hex in [
        "03 00000000",
        "0a 01 78",
        "05",
        "04 02 00000000",
        "02 00000000",
    ] {
        assert_eq!(image(&format!("050b {hex}")), "-", "{hex}");
    }
    assert_eq!(image("050b 02 00000001 02 00000000"), "-");
    assert_eq!(image("050b 02 00000001 05"), "[\"\"]");
    assert_eq!(image("050b 02 00000001 08 85"), "[\"5\"]");
}
