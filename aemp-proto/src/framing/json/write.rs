//! Writing JSON texts.

use super::{super::token, chunk::text_end};
use crate::value::Float;
use alloc::{format, vec::Vec};

/// Writes JSON behind what is in the buffer.
///
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// Whether a comma is due before the next element or key.
    comma: bool,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            comma: false,
        }
    }

    /// Writes the comma between two elements or entries.
    #[inline]
    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    #[inline]
    fn quoted(&mut self, text: &str) {
        let octets = text.as_bytes();
        self.out.push(b'"');
        let mut from = 0;
        loop {
            let end = text_end(octets, from);
            self.out.extend_from_slice(&octets[from..end]);
            let Some(&octet) = octets.get(end) else { break };
            self.escape(octet);
            from = end + 1;
        }
        self.out.push(b'"');
    }

    /// Writes an octet below 0x20, a quote or a backslash (`[json.string.write]`).
    fn escape(&mut self, octet: u8) {
        let short = match octet {
            b'"' | b'\\' => octet,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let (high, low) = (HEX[usize::from(octet >> 4)], HEX[usize::from(octet & 15)]);
                self.out
                    .extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                return;
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }
}

impl token::Writer for Writer<'_> {
    type Mark = ();

    #[inline]
    fn len(&self) -> usize {
        self.out.len() - self.start
    }

    fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"null");
    }

    fn bool(&mut self, bool: bool) {
        self.separate();
        self.out
            .extend_from_slice(if bool { b"true" } else { b"false" });
    }

    #[inline]
    fn unsigned(&mut self, integer: u64) {
        self.separate();
        digits(integer, self.out);
    }

    #[inline]
    fn signed(&mut self, integer: i64) {
        self.separate();
        if integer < 0 {
            self.out.push(b'-');
        }
        digits(integer.unsigned_abs(), self.out);
    }

    fn float(&mut self, float: Float) {
        self.separate();
        // [json.float.write] The shortest text that reads back as the same float, always with a
        // fraction or an exponent.
        self.out
            .extend_from_slice(format!("{:?}", float.get()).as_bytes());
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.separate();
        self.quoted(text);
    }

    // [json.octets.write]
    fn octets(&mut self, octets: &[u8]) {
        self.separate();
        self.out.push(b'"');
        for &octet in octets {
            match octet {
                0..0x20 | b'"' | b'\\' => self.escape(octet),
                0x20..0x80 => self.out.push(octet),
                0x80.. => self
                    .out
                    .extend_from_slice(&[0xc0 | octet >> 6, 0x80 | octet & 0x3f]),
            }
        }
        self.out.push(b'"');
    }

    #[inline]
    fn begin_array(&mut self, _: Option<usize>) {
        self.separate();
        self.out.push(b'[');
        self.comma = false;
    }

    #[inline]
    fn end_array(&mut self, (): (), _: usize) {
        self.out.push(b']');
        self.comma = true;
    }

    fn begin_map(&mut self, _: Option<usize>) {
        self.separate();
        self.out.push(b'{');
        self.comma = false;
    }

    fn end_map(&mut self, (): (), _: usize) {
        self.out.push(b'}');
        self.comma = true;
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.quoted(key);
        self.out.push(b':');
        self.comma = false;
    }

    fn raw(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            self.separate();
            self.out.extend_from_slice(octets);
        }
    }
}

/// Writes the decimal digits of an integer.
#[inline]
fn digits(mut integer: u64, out: &mut Vec<u8>) {
    let mut text = [0; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (integer % 10) as u8;
        integer /= 10;
        if integer == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::token::Writer as _;
    use alloc::string::String;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut out = Vec::from(*b"before,");
        write(&mut Writer::new(&mut out));
        String::from_utf8(out.split_off(7)).unwrap()
    }

    #[test]
    fn integers_are_written_in_full() {
        for integer in [0, 9, 10, 99, 100, 123, u64::MAX] {
            assert_eq!(written(|to| to.unsigned(integer)), format!("{integer}"));
        }
        for integer in [i64::MIN, -1, 0, 7, i64::MAX] {
            assert_eq!(written(|to| to.signed(integer)), format!("{integer}"));
        }
    }

    #[test]
    fn commas_stand_where_they_must() {
        let text = written(|to| {
            to.begin_array(None);
            to.begin_map(None);
            to.key("a[");
            to.begin_array(None);
            to.end_array((), 0);
            to.key("b");
            to.null();
            to.end_map((), 2);
            to.text("{");
            to.bool(true);
            to.raw(b"1,2");
            to.end_array((), 5);
        });
        assert_eq!(text, r#"[{"a[":[],"b":null},"{",true,1,2]"#);
    }

    #[test]
    fn only_what_must_be_is_escaped() {
        let text = written(|to| to.text("\u{1}\u{7f}\u{80}\u{2028}/\\\"\u{8}\u{c}\n\r\t\u{1f}"));
        assert_eq!(
            text,
            "\"\\u0001\u{7f}\u{80}\u{2028}/\\\\\\\"\\b\\f\\n\\r\\t\\u001f\""
        );
        assert_eq!(
            written(|to| to.octets(b"a\"\x00\x7f\x80\xff")),
            "\"a\\\"\\u0000\u{7f}\u{80}ÿ\""
        );
    }
}
