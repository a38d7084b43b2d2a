//! Writing data items.

use super::super::token;
use crate::value::Float;
use alloc::vec::Vec;
#[cfg(feature = "storable")]
use core::ops::Range;

/// Writes CBOR behind what is in the buffer.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Writes a head in the shortest form (`[cbor.write.shortest]`).
    #[inline]
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        match argument {
            0..24 => self.out.push(major | argument as u8),
            24..0x100 => self.out.extend_from_slice(&[major | 24, argument as u8]),
            0x100..0x1_0000 => self.long_head(major | 25, &(argument as u16).to_be_bytes()),
            0x1_0000..0x1_0000_0000 => {
                self.long_head(major | 26, &(argument as u32).to_be_bytes());
            }
            _ => self.long_head(major | 27, &argument.to_be_bytes()),
        }
    }

    /// Writes octets as text that a scanner is yet to check.
    #[cfg(feature = "storable")]
    pub(crate) fn unchecked_text(&mut self, octets: &[u8]) {
        self.head(3, octets.len() as u64);
        self.out.extend_from_slice(octets);
    }

    /// Writes the infinity, which no scanner passes.
    #[cfg(feature = "storable")]
    pub(crate) fn infinity(&mut self) {
        self.long_head(0xf9, &[0x7c, 0x00]);
    }

    /// Writes once more what was written at these offsets.
    #[cfg(feature = "storable")]
    pub(crate) fn again(&mut self, written: Range<usize>) {
        self.out
            .extend_from_within(self.start + written.start..self.start + written.end);
    }

    fn long_head(&mut self, first: u8, argument: &[u8]) {
        self.out.push(first);
        self.out.extend_from_slice(argument);
    }

    /// Begins an array or a map.
    #[inline]
    fn begin(&mut self, major: u8, count: Option<usize>) -> Mark {
        let at = self.out.len();
        if let Some(count) = count {
            self.head(major, count as u64);
        }
        Mark { at, count }
    }

    #[inline]
    fn end(&mut self, major: u8, mark: Mark, count: usize) {
        if mark.count != Some(count) {
            self.late_head(major, mark, count);
        }
    }

    /// Puts in a head that could not be written at the beginning, or was written wrong.
    #[cold]
    fn late_head(&mut self, major: u8, mark: Mark, count: usize) {
        let end = self.out.len();
        if let Some(count) = mark.count {
            self.head(major, count as u64);
            let wrong = self.out.len() - end;
            self.out.truncate(end);
            self.out.drain(mark.at..mark.at + wrong);
        }
        let end = self.out.len();
        self.head(major, count as u64);
        let len = self.out.len() - end;
        self.out[mark.at..].rotate_right(len);
    }
}

/// Where an array or a map began, and with which number of elements, if that was known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    at: usize,
    count: Option<usize>,
}

impl token::Writer for Writer<'_> {
    type Mark = Mark;

    #[inline]
    fn len(&self) -> usize {
        self.out.len() - self.start
    }

    fn null(&mut self) {
        self.out.push(0xf6);
    }

    fn bool(&mut self, bool: bool) {
        self.out.push(if bool { 0xf5 } else { 0xf4 });
    }

    #[inline]
    fn unsigned(&mut self, integer: u64) {
        self.head(0, integer);
    }

    #[inline]
    fn signed(&mut self, integer: i64) {
        match u64::try_from(integer) {
            Ok(integer) => self.head(0, integer),
            Err(_) => self.head(1, !integer as u64),
        }
    }

    fn float(&mut self, float: Float) {
        let float = float.get();
        let short = float as f32;
        if f64::from(short) == float {
            self.long_head(0xfa, &short.to_be_bytes());
        } else {
            self.long_head(0xfb, &float.to_be_bytes());
        }
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn octets(&mut self, octets: &[u8]) {
        self.head(2, octets.len() as u64);
        self.out.extend_from_slice(octets);
    }

    #[inline]
    fn begin_array(&mut self, count: Option<usize>) -> Mark {
        self.begin(4, count)
    }

    #[inline]
    fn end_array(&mut self, mark: Mark, count: usize) {
        self.end(4, mark, count);
    }

    fn begin_map(&mut self, count: Option<usize>) -> Mark {
        self.begin(5, count)
    }

    fn end_map(&mut self, mark: Mark, count: usize) {
        self.end(5, mark, count);
    }

    #[inline]
    fn key(&mut self, key: &str) {
        token::Writer::text(self, key);
    }

    fn raw(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::token::Writer as _;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::from(*b"before");
        write(&mut Writer::new(&mut out));
        out.split_off(6)
    }

    #[test]
    fn heads_are_the_shortest() {
        for (integer, octets) in [
            (23, &[0x17][..]),
            (24, &[0x18, 24]),
            (255, &[0x18, 255]),
            (256, &[0x19, 1, 0]),
            (65_536, &[0x1a, 0, 1, 0, 0]),
            (1 << 32, &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] {
            assert_eq!(written(|to| to.unsigned(integer)), octets);
        }
        assert_eq!(written(|to| to.signed(-1)), [0x20]);
        assert_eq!(written(|to| to.signed(i64::MIN))[..2], [0x3b, 0x7f]);
    }

    #[test]
    fn floats_are_short_where_that_is_exact() {
        let float = |float| written(|to| to.float(Float::new(float).unwrap()));
        assert_eq!(float(1.5), [0xfa, 0x3f, 0xc0, 0, 0]);
        assert_eq!(float(-0.0), [0xfa, 0x80, 0, 0, 0]);
        assert_eq!(float(0.1)[0], 0xfb);
        assert_eq!(float(1e39)[0], 0xfb);
    }

    #[test]
    fn a_number_of_elements_that_comes_late_is_put_in_its_place() {
        for count in [None, Some(2), Some(3), Some(70_000)] {
            let octets = written(|to| {
                let outer = to.begin_array(count);
                let inner = to.begin_map(count);
                to.key("k");
                to.null();
                to.end_map(inner, 1);
                to.bool(true);
                to.end_array(outer, 2);
            });
            assert_eq!(octets, [0x82, 0xa1, 0x61, b'k', 0xf6, 0xf5]);
        }
    }
}
