//! Writing images.

use crate::{framing::token, value::Float};
use alloc::{format, string::ToString, vec::Vec};

/// Network order, version 2.11.
const HEADER: [u8; 2] = [0x05, 0x0b];

/// Writes an image behind what is in the buffer, and its length before it at the end.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// Where the keys of the maps that are open are, and whether each is ASCII.
    keys: Vec<(usize, bool)>,
}

/// Where an array or a map began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The offset of its code.
    code: usize,
    /// How many keys were noted before.
    keys: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            keys: Vec::new(),
        }
    }

    fn integer(&mut self, integer: i128) {
        if let Ok(integer) = i8::try_from(integer) {
            // From 0 for -128 to 255 for 127.
            self.out.extend_from_slice(&[0x08, integer as u8 ^ 0x80]);
        } else if let Ok(integer) = i32::try_from(integer) {
            self.out.push(0x09);
            self.out.extend_from_slice(&integer.to_be_bytes());
        } else {
            self.string(0x0a, 0x01, integer.to_string().as_bytes());
        }
    }

    /// Writes octets with the code for up to 255 of them, or the one for more.
    fn string(&mut self, short: u8, long: u8, octets: &[u8]) {
        match u8::try_from(octets.len()) {
            Ok(len) => self.out.extend_from_slice(&[short, len]),
            Err(_) => {
                self.out.push(long);
                self.four(octets.len());
            }
        }
        self.out.extend_from_slice(octets);
    }

    /// Writes a length. No message that is longer than 2^32-1 octets is ever sent.
    fn four(&mut self, length: usize) {
        self.out.extend_from_slice(&(length as u32).to_be_bytes());
    }

    /// Begins an array or a map with room for its count.
    fn begin(&mut self, code: u8) -> Mark {
        if self.out.len() == self.start {
            self.out.extend_from_slice(&HEADER);
        } else {
            self.out.push(0x04);
        }
        let mark = Mark {
            code: self.out.len(),
            keys: self.keys.len(),
        };
        self.out.extend_from_slice(&[code, 0, 0, 0, 0]);
        mark
    }

    fn end(&mut self, mark: Mark, count: usize) {
        self.out[mark.code + 1..mark.code + 5].copy_from_slice(&(count as u32).to_be_bytes());
    }

    /// Turns a map whose keys have no flags into one whose keys have: one octet more behind the code, and
    /// one before the length of each key.
    fn add_flags(&mut self, mark: Mark) {
        let keys = &self.keys[mark.keys..];
        let mut end = self.out.len();
        let mut gap = keys.len() + 1;
        self.out.resize(end + gap, 0);
        for &(key, ascii) in keys.iter().rev() {
            self.out.copy_within(key..end, key + gap);
            gap -= 1;
            self.out[key + gap] = u8::from(!ascii);
            end = key;
        }
        self.out.copy_within(mark.code + 1..end, mark.code + 2);
        self.out[mark.code] = 0x19;
        self.out[mark.code + 1] = 0;
    }
}

impl token::Writer for Writer<'_> {
    type Mark = Mark;

    #[inline]
    fn len(&self) -> usize {
        self.out.len() - self.start
    }

    fn null(&mut self) {
        self.out.push(0x05);
    }

    fn bool(&mut self, bool: bool) {
        self.text(if bool { "1" } else { "" });
    }

    fn unsigned(&mut self, integer: u64) {
        self.integer(integer.into());
    }

    fn signed(&mut self, integer: i64) {
        self.integer(integer.into());
    }

    fn float(&mut self, float: Float) {
        match float.as_integer() {
            Some(integer) => self.integer(integer.get()),
            // The shortest text that reads back as the same float.
            None => self.string(0x0a, 0x01, format!("{:?}", float.get()).as_bytes()),
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_ascii() {
            self.octets(text.as_bytes());
        } else {
            self.string(0x17, 0x18, text.as_bytes());
        }
    }

    fn octets(&mut self, octets: &[u8]) {
        self.string(0x0a, 0x01, octets);
    }

    fn begin_array(&mut self, _: Option<usize>) -> Mark {
        self.begin(0x02)
    }

    fn end_array(&mut self, mark: Mark, count: usize) {
        self.end(mark, count);
    }

    fn begin_map(&mut self, _: Option<usize>) -> Mark {
        self.begin(0x03)
    }

    fn end_map(&mut self, mark: Mark, count: usize) {
        self.end(mark, count);
        if self.keys[mark.keys..].iter().any(|(_, ascii)| !ascii) {
            self.add_flags(mark);
        }
        self.keys.truncate(mark.keys);
    }

    /// Keys stand behind their values.
    fn key(&mut self, _: &str) {}

    fn end_entry(&mut self, key: &str) {
        self.keys.push((self.out.len(), key.is_ascii()));
        self.four(key.len());
        self.out.extend_from_slice(key.as_bytes());
    }

    fn raw(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    fn close(&mut self) {
        let mut length = Vec::new();
        let mut rest = self.len();
        loop {
            let more = if length.is_empty() { 0 } else { 0x80 };
            length.push((rest & 0x7f) as u8 | more);
            rest >>= 7;
            if rest == 0 {
                break;
            }
        }
        self.out
            .splice(self.start..self.start, length.into_iter().rev());
    }
}
