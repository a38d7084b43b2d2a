//! The json framing: JSON texts one after another.

use std::collections::BTreeMap;

use super::value::{GREATEST, LEAST};
use super::{DEPTH, Unreadable, Value};

/// Finds the end of a JSON text in octets that arrive bit by bit.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    seen: usize,
    depth: usize,
    started: bool,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// The end of the first text, leading white space included; `None` if it has not come whole.
    ///
    /// A text that is no array, object or string ends before the next octet that cannot belong
    /// to it, so a bare number at the end of what has arrived is not whole yet.
    pub fn end(&mut self, octets: &[u8]) -> Option<usize> {
        while let Some(&octet) = octets.get(self.seen) {
            let at = self.seen;
            self.seen += 1;
            if self.in_string {
                match octet {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
            } else {
                match octet {
                    b' ' | b'\t' | b'\n' | b'\r' if !self.started => continue,
                    b'"' if self.depth > 0 || !self.started => self.in_string = true,
                    b'[' | b'{' if self.depth > 0 || !self.started => self.depth += 1,
                    b']' | b'}' if self.depth > 0 => self.depth -= 1,
                    b'[' | b'{' | b'"' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => {
                        return Some(at);
                    }
                    _ if self.depth == 0 => {
                        self.started = true;
                        continue;
                    }
                    _ => {}
                }
            }
            self.started = true;
            if self.depth == 0 && !self.in_string {
                return Some(self.seen);
            }
        }
        None
    }
}

/// A message as JSON: UTF-8, octets as code points 0 to 255.
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = String::new();
    write_into(value, &mut out);
    out.into_bytes()
}

fn write_into(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(integer) => out.push_str(&integer.to_string()),
        Value::Float(float) => out.push_str(&format!("{float:?}")),
        Value::Text(text) => write_text(text, out),
        Value::Octets(octets) => {
            let text: String = octets.iter().map(|&octet| char::from(octet)).collect();
            write_text(&text, out);
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_into(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_into(value, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Reads one whole JSON text.
pub fn read(octets: &[u8]) -> Result<Value, Unreadable> {
    let mut parser = Parser { octets, at: 0 };
    parser.space();
    let value = parser.value(0)?;
    parser.space();
    if parser.at < octets.len() {
        return Err(Unreadable::at(parser.at, "something after the JSON text"));
    }
    Ok(value)
}

struct Parser<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    fn fail<T>(&self, what: &str) -> Result<T, Unreadable> {
        Err(Unreadable::at(self.at, what))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, literal: &[u8]) -> bool {
        let found = self.octets[self.at..].starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Unreadable> {
        if depth > DEPTH {
            return self.fail("nested deeper than the kit follows");
        }
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.take(b"null") => Ok(Value::Null),
            _ if self.take(b"true") => Ok(Value::Bool(true)),
            _ if self.take(b"false") => Ok(Value::Bool(false)),
            _ => self.fail("no JSON value"),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Unreadable> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b"]") {
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b"]") {
                return Ok(Value::Array(items));
            }
            if !self.take(b",") {
                return self.fail("neither , nor ]");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Unreadable> {
        self.at += 1;
        let mut map = BTreeMap::new();
        self.space();
        if self.take(b"}") {
            return Ok(Value::Map(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.fail("no key");
            }
            let key = self.string()?;
            self.space();
            if !self.take(b":") {
                return self.fail("no :");
            }
            self.space();
            map.insert(key, self.value(depth + 1)?);
            self.space();
            if self.take(b"}") {
                return Ok(Value::Map(map));
            }
            if !self.take(b",") {
                return self.fail("neither , nor }");
            }
        }
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.octets.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(0..=0x1f) => return Err(Unreadable::at(end, "a raw control character")),
                Some(_) => end += 1,
                None => return self.fail("a string without end"),
            }
        }
        self.at = end + 1;
        // serde_json refuses bad UTF-8, bad escapes and lone surrogates.
        serde_json::from_slice(&self.octets[start..=end])
            .map_err(|error| Unreadable::at(start, &format!("a bad string ({error})")))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, Unreadable> {
        let start = self.at;
        let mut integer = true;
        self.take(b"-");
        let leading_zero = self.peek() == Some(b'0');
        match self.digits() {
            0 => return self.fail("no digit"),
            1 => {}
            _ if leading_zero => return self.fail("a leading zero"),
            _ => {}
        }
        if self.take(b".") {
            integer = false;
            if self.digits() == 0 {
                return self.fail("no digit after the point");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fail("no digit in the exponent");
            }
        }
        let text: String = self.octets[start..self.at]
            .iter()
            .map(|&o| char::from(o))
            .collect();
        if integer {
            // Integers that do not travel become the text of their digits, as the originals do.
            return Ok(match text.parse::<i128>() {
                Ok(integer) if (LEAST..=GREATEST).contains(&integer) => Value::Integer(integer),
                _ => Value::Text(text),
            });
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => Err(Unreadable::at(start, "a number that is not finite")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_texts_are_read() {
        for (text, shown) in [
            (
                " [1 , -2.5e1,\"\\u00fc\\ud83d\\ude00\"] ",
                "[1,-25.0,\"ü😀\"]",
            ),
            ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
            (
                "[18446744073709551615,-9223372036854775808]",
                "[18446744073709551615,-9223372036854775808]",
            ),
            ("[18446744073709551616]", "[\"18446744073709551616\"]"),
            ("true", "true"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn bad_texts_are_refused() {
        for text in [
            &b"[1,]"[..],
            b"[01]",
            b"[1e999]",
            b"[inf]",
            b"[\"\\ud800\"]",
            b"[\"\xed\xa0\x80\"]",
            b"[\"\xff\"]",
            b"{1:2}",
            b"[1 2]",
            b"[\"\n\"]",
            b"[+1]",
            b"[.5]",
            b"[1.]",
            b"[\"\\x\"]",
            b"{\"a\" 1}",
            b"[nul]",
            b"[1]]",
        ] {
            assert!(read(text).is_err(), "{}", super::super::shown(text, 40));
        }
    }

    #[test]
    fn ends_are_found() {
        for (text, end) in [
            (&b"[][]"[..], Some(2)),
            (b" [\"]\\\"\"] x", Some(8)),
            (b"[[]", None),
            (b"12 []", Some(2)),
            (b"12", None),
            (b"\"a\"[]", Some(3)),
            (b"null[]", Some(4)),
            (b"  ", None),
        ] {
            assert_eq!(
                Scan::default().end(text),
                end,
                "{}",
                super::super::shown(text, 40)
            );
        }
    }
}
