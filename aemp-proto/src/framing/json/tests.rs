//! The json framing against what was recorded of the originals, and against its own rules.

use super::Scanner;
use crate::{
    failure::{Failure, Reason},
    framing::{Content, Decoder, Framing, Limits, Nothing},
    value::Value,
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// What comes out of a decoder, white space left out.
#[derive(Debug, PartialEq)]
enum Out {
    Message(String),
    Nothing(Nothing),
    Failed(Reason),
    Truncated,
}

/// All that `input` gives when it comes in pieces of `size` octets.
fn decode_in_pieces(input: &[u8], size: usize, limits: Limits) -> (Vec<Out>, Option<Failure>) {
    let mut decoder = Decoder::new(Framing::Json, limits);
    let (mut out, mut buf) = (Vec::new(), Vec::new());
    for piece in input.chunks(size) {
        buf.extend_from_slice(piece);
        loop {
            match decoder.next(&buf) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    match frame.content() {
                        Content::Message(layout) => {
                            let message = layout.open(Framing::Json, &buf[..frame.len()]);
                            assert_eq!(message.args().iter().count(), message.args().len());
                            out.push(Out::Message(Value::from(message.values()).to_string()));
                        }
                        Content::Nothing(nothing) => out.push(Out::Nothing(*nothing)),
                        Content::Rewritten(..) => panic!("no JSON text is rewritten"),
                        Content::Space => assert!(buf[..frame.len()].trim_ascii().is_empty()),
                    }
                    buf.drain(..frame.len());
                }
                Err(failure) => {
                    assert_eq!(decoder.next(&buf), Err(failure.clone()), "it stays failed");
                    out.push(Out::Failed(failure.reason()));
                    return (out, Some(failure));
                }
            }
        }
    }
    match decoder.finish(&buf) {
        Ok(None) => assert!(buf.is_empty()),
        Ok(Some(frame)) => {
            assert_eq!(frame.len(), buf.len());
            assert_eq!(frame.content(), &Content::Nothing(Nothing::NotArray));
            out.push(Out::Nothing(Nothing::NotArray));
        }
        Err(failure) => {
            assert_eq!(failure.reason(), Reason::DataTruncated);
            out.push(Out::Truncated);
        }
    }
    (out, None)
}

/// The same, after making sure that it does not depend on the pieces.
fn decode_with(input: &[u8], limits: Limits) -> (Vec<Out>, Option<Failure>) {
    let whole = decode_in_pieces(input, input.len().max(1), limits);
    for size in [1, 2, 3, 5, 7, 64] {
        assert_eq!(
            decode_in_pieces(input, size, limits),
            whole,
            "in pieces of {size}"
        );
    }
    whole
}

fn decode(input: impl AsRef<[u8]>) -> Vec<Out> {
    decode_with(input.as_ref(), Limits::default()).0
}

fn failure(input: impl AsRef<[u8]>) -> String {
    decode_with(input.as_ref(), Limits::default())
        .1
        .unwrap()
        .to_string()
}

fn message(text: &str) -> Out {
    Out::Message(text.to_string())
}

#[test]
fn messages_stand_back_to_back_or_with_white_space_between() {
    let (one, two) = (message(r#"["echo",1]"#), message(r#"["echo",2]"#));
    assert_eq!(decode(r#"["echo",1]["echo",2]"#), [one, two]);
    let (one, two) = (message(r#"["echo",1]"#), message(r#"["echo",2]"#));
    assert_eq!(
        decode(" \r\n\t[ \"echo\" , 1 ] \r\n\t[\"echo\",2]\n\n"),
        [one, two]
    );
    assert_eq!(decode(" \n\r\t "), []);
    assert_eq!(decode(""), []);
}

#[test]
fn what_stands_between_messages_is_malformed() {
    for between in [
        &b","[..],
        b"\0",
        b"\xef\xbb\xbf",
        b"# comment\n",
        b"]",
        b"}",
        b"hello",
        b"@@@",
        b"'",
    ] {
        let input = [br#"["echo",1]"#, between, br#"["echo",2]"#].concat();
        let expected = [message(r#"["echo",1]"#), Out::Failed(Reason::DataMalformed)];
        assert_eq!(decode(&input), expected, "{between:?}");
    }
}

#[test]
fn top_level_scalars_and_objects_mean_nothing() {
    let after = || message(r#"["",1]"#);
    for text in [
        r#"{"a":1}"#,
        "{}",
        r#""str""#,
        "null",
        "true",
        "false",
        "5",
        "-0.5e3",
        "5 ",
    ] {
        let expected = [Out::Nothing(Nothing::NotArray), after()];
        assert_eq!(decode(format!(r#"{text}["",1]"#)), expected, "{text}");
    }
    // At the very end only the end of input tells that a number is whole.
    for text in ["5", "5.0e1", "-0"] {
        assert_eq!(decode(text), [Out::Nothing(Nothing::NotArray)], "{text}");
    }
    for text in [
        "-",
        "5.",
        "5e",
        "5e+",
        "nul",
        "\"a",
        "{\"a\"",
        "[",
        "[1",
        r#"["a\"#,
        "[\"\u{e9}",
    ] {
        assert_eq!(decode(text), [Out::Truncated], "{text}");
    }
}

#[test]
fn the_port_may_be_any_scalar() {
    for (port, name) in [
        ("5", "5"),
        ("5.0", "5"),
        ("0", "0"),
        ("-0", "0"),
        ("5.5", "5.5"),
        ("true", "1"),
        ("false", "0"),
        ("null", ""),
        ("\"\"", ""),
        ("\"a\"", "a"),
        (r#""a\u00e9""#, "aé"),
        ("18446744073709551616", "18446744073709551616"),
    ] {
        assert_eq!(
            decode(format!("[{port},\"x\"]")),
            [message(&format!("[\"{name}\",\"x\"]"))]
        );
        assert_eq!(
            decode(format!("[ {port} ]")),
            [message(&format!("[\"{name}\"]"))]
        );
    }
    assert_eq!(
        decode(r#"[["echo"],"x"][{"a":1},"x"][[]][]"#),
        [
            Out::Nothing(Nothing::PortType),
            Out::Nothing(Nothing::PortType),
            Out::Nothing(Nothing::PortType),
            Out::Nothing(Nothing::EmptyArray),
        ]
    );
}

#[test]
fn numbers_keep_their_kind() {
    let text = "[\"echo\",18446744073709551615,18446744073709551616,-9223372036854775808,\
                -9223372036854775809,1E2,-0,-0.0,1.10,100000000000000000000,5e-324]";
    assert_eq!(
        decode(text),
        [message(
            "[\"echo\",18446744073709551615,\"18446744073709551616\",-9223372036854775808,\
         \"-9223372036854775809\",100.0,0,-0.0,1.1,\"100000000000000000000\",5e-324]",
        )]
    );
    for text in ["1e400", "-1e400"] {
        assert_eq!(
            decode(format!("[\"\",{text}]")),
            [Out::Failed(Reason::DataNumber)]
        );
        assert_eq!(
            decode(format!("{text} ")),
            [Out::Failed(Reason::DataNumber)]
        );
    }
    let long = "9".repeat(400);
    assert_eq!(
        decode(format!("[\"\",{long}]")),
        [message(&format!("[\"\",\"{long}\"]"))]
    );
    assert_eq!(
        decode(format!("[\"\",{long}.0]")),
        [Out::Failed(Reason::DataNumber)]
    );
    for text in [
        "01", "-01", "+1", ".5", "1.", "1.e1", "1e", "0x1", "inf", "nan", "-", "--1", "1e1.5",
    ] {
        assert_eq!(
            decode(format!("[\"\",{text}]")),
            [Out::Failed(Reason::DataMalformed)],
            "{text}"
        );
    }
}

#[test]
fn strings_hold_any_character() {
    let text = r#"["","\u0000\u0001\u007f\u0080\u2028\/\\\"\b\f\n\r\t\uffff\ud83d\ude00","€"]"#;
    let expected = Value::from(vec![
        Value::from(""),
        Value::from("\0\u{1}\u{7f}\u{80}\u{2028}/\\\"\u{8}\u{c}\n\r\t\u{ffff}\u{1f600}"),
        Value::from("€"),
    ]);
    assert_eq!(decode(text), [message(&expected.to_string())]);
    for text in [
        r#"\x"#,
        r#"\u12g4"#,
        r#"\u 123"#,
        r#"\ud83d\x"#,
        r#"\ud83d\u12g4"#,
        "a\nb",
        "a\u{1}b",
        "\0",
    ] {
        let text = format!("[\"\",\"{text}\"]");
        assert!(matches!(decode(&text)[..], [Out::Failed(_)]), "{text}");
    }
    for text in [
        r#"\ud800"#,
        r#"\udc00"#,
        r#"\ud800\u0041"#,
        r#"\ud800\ud800"#,
        r#"\ud800a"#,
    ] {
        assert_eq!(
            decode(format!("[\"\",\"{text}\"]")),
            [Out::Failed(Reason::DataUtf8)],
            "{text}"
        );
    }
    for octets in [
        &b"\xff\xfe"[..],
        b"\xe9",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
        b"\xe2\x82a",
    ] {
        let text = [b"[\"\",\"a", octets, b"\"]"].concat();
        assert_eq!(decode(&text), [Out::Failed(Reason::DataUtf8)], "{octets:?}");
    }
}

#[test]
fn grammar_is_held() {
    for text in [
        "[1 2]",
        "[1,]",
        "[,1]",
        "[,]",
        "['a']",
        "[1}",
        "{\"a\":1]",
        "{\"a\"}",
        "{\"a\",1}",
        "{1:2}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "[tru]",
        "[nulll]",
        "[True]",
        "[\"a\" // c\n]",
        "[\"a\"\"b\"]",
        "[\"a\":1]",
        "[[]",
    ] {
        let outcome = decode(format!("{text}   x"));
        assert_eq!(outcome, [Out::Failed(Reason::DataMalformed)], "{text}");
    }
}

#[test]
fn of_duplicate_keys_the_last_wins() {
    assert_eq!(
        decode(r#"["",{"a":1,"\u0061":2}]"#),
        [message(r#"["",{"a":2}]"#)]
    );
}

#[test]
fn depth_512_passes_and_513_does_not() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!(
            "[\"\",{}1{}]",
            open.repeat(depth - 1),
            close.repeat(depth - 1)
        )
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(matches!(
            decode(nested(512, open, close))[..],
            [Out::Message(_)]
        ));
        let too_deep = nested(513, open, close);
        assert_eq!(decode(&too_deep), [Out::Failed(Reason::DataDepth)]);
        let limits = Limits {
            depth: 2000,
            ..Limits::default()
        };
        let deepest = nested(Limits::DEPTH_MAX, open, close);
        assert!(matches!(
            decode_with(deepest.as_bytes(), limits).0[..],
            [Out::Message(_)]
        ));
        let too_deep = nested(Limits::DEPTH_MAX + 1, open, close);
        let outcome = decode_with(too_deep.as_bytes(), limits).0;
        assert_eq!(outcome, [Out::Failed(Reason::DataDepth)]);
    }
}

#[test]
fn a_message_of_the_limit_passes_and_one_octet_more_does_not() {
    let limits = Limits {
        message: 20,
        ..Limits::default()
    };
    let outcome = |text: &str| decode_with(text.as_bytes(), limits).0;
    let fits = r#"["p","90123456789"] "#.trim_end().to_string();
    assert_eq!(fits.len(), 19);
    let fits = fits.replace("\"p\"", "\"pq\"");
    assert!(matches!(outcome(&fits)[..], [Out::Message(_)]));
    assert!(matches!(
        outcome(&format!("{}{fits}{fits}", " ".repeat(50)))[..],
        [Out::Message(_), Out::Message(_)]
    ));
    assert_eq!(
        outcome(&fits.replace("pq", "pqr")),
        [Out::Failed(Reason::DataSize)]
    );
    // What cannot fit any more is refused before its end has come.
    assert_eq!(outcome("[\"pqrstuvwxyz012345"), [Out::Truncated]);
    assert_eq!(
        outcome("[\"pqrstuvwxyz01234567"),
        [Out::Failed(Reason::DataSize)]
    );
    // What lies behind the limit is not looked at.
    assert_eq!(
        outcome("[\"pqrstuvwxyz0123456789]]]]"),
        [Out::Failed(Reason::DataSize)]
    );
}

/// Every call begins where the last one stopped, and that is never far from the end of what had
/// come: so the work is in proportion to the octets however they come in. (A float with an exponent
/// is read once more when it has ended.)
#[test]
fn hardly_anything_is_looked_at_twice() {
    let long = "x".repeat(1000) + &"é\u{1f600}\\n\\ud83d\\ude00".repeat(100);
    let text = format!(
        r#"["p{long}",{}, true , {{"{long}":[null,-{}.5e10,"{long}"]}}, false]"#,
        "9".repeat(1000),
        "8".repeat(200)
    );
    let mut scanner = Scanner::new(&Limits::default());
    for end in 1..text.len() {
        assert_eq!(scanner.next(&text.as_bytes()[..end]), Ok(None));
        // The longest that is read as one is an escaped pair of surrogates.
        assert!(end - scanner.seen() < 12, "{} of {end}", scanner.seen());
    }
}

#[test]
fn failures_say_where_and_what_was_expected() {
    let texts = [
        "hello",
        "[1 2]",
        "[1,]",
        "{\"a\"}",
        "{1:2}",
        "[nulL]",
        "[01]",
        "[1.]",
        "[\"\\x\"]",
        "[\"\\u12x4\"]",
        "[\"a\nb\"]",
        "[\"\\ud800\"]",
        "[1e999]",
    ];
    let mut failures: Vec<_> = texts.iter().map(failure).collect();
    failures.push(failure(b"[\"caf\xe9\"]"));
    failures.push(failure("[".repeat(513)));
    let limits = Limits {
        message: 8,
        ..Limits::default()
    };
    failures.push(
        decode_with(b"[\"0123456789\"]", limits)
            .1
            .unwrap()
            .to_string(),
    );
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    assert_eq!(decoder.next(b"[1,2"), Ok(None));
    failures.push(decoder.finish(b"[1,2").unwrap_err().to_string());
    insta::assert_snapshot!(failures.join("\n"), @r#"
    data.malformed: a message is not well formed in its framing (octet 0: expected a JSON text (a message is an array), found "h"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 3: expected , or ], found "2"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 3: expected a value, found "]"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 4: expected :, found "}"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 1: expected a key or }, found "1"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 4: expected null, found "L"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 2: expected no digit behind a leading zero, found "1"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 3: expected a digit, found "]"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 3: expected one of " \ / b f n r t u, found "x"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 6: expected a hexadecimal digit, found "x"); the peer's fault; check the other side's implementation
    data.malformed: a message is not well formed in its framing (octet 3: expected control characters to be escaped, found "\n"); the peer's fault; check the other side's implementation
    data.utf-8: a text of a message is not UTF-8 (octet 2: half a surrogate pair); the peer's fault; check the other side's implementation
    data.number: a number of a message is out of range (octet 1: "1e999" is no finite float of 64 bits); the peer's fault; check what the other side sends
    data.utf-8: a text of a message is not UTF-8 (octet 5: found "\xe9"); the peer's fault; check the other side's implementation
    data.depth: a message is nested deeper than allowed (octet 512 begins level 513; the limit is 512); the peer's fault; send flatter messages, or raise the limit
    data.size: a message is larger than allowed (8 octets and no end; the limit is 8); the peer's fault; send smaller messages, or raise the limit
    data.truncated: the connection ended inside a message (4 octets of an unfinished message); the peer's fault; look into the other node's log
    "#);
}
