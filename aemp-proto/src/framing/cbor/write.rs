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

    /// Writes a head in the shortest form.
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

    /// Begins an array or a map; says whether it needs a break.
    #[inline]
    fn begin(&mut self, major: u8, count: Option<usize>) -> bool {
        match count {
            Some(count) => self.head(major, count as u64),
            None => self.out.push(major << 5 | 31),
        }
        count.is_none()
    }

    #[inline]
    fn end(&mut self, indefinite: bool) {
        if indefinite {
            self.out.push(0xff);
        }
    }
}

impl token::Writer for Writer<'_> {
    /// Whether the number of items was not known at the beginning.
    type Mark = bool;

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
    fn begin_array(&mut self, count: Option<usize>) -> bool {
        self.begin(4, count)
    }

    #[inline]
    fn end_array(&mut self, indefinite: bool, _: usize) {
        self.end(indefinite);
    }

    fn begin_map(&mut self, count: Option<usize>) -> bool {
        self.begin(5, count)
    }

    fn end_map(&mut self, indefinite: bool, _: usize) {
        self.end(indefinite);
    }

    #[inline]
    fn key(&mut self, key: &str) {
        token::Writer::text(self, key);
    }

    fn raw(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }
}
