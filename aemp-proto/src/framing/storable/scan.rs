//! Finding frames: a length and an image of that many octets.

use super::{code::Cursor, walk::rewrite};
use crate::{
    failure::{Failure, Reason},
    framing::{Frame, Limits, cbor},
};
use alloc::format;

/// The scanner. An image is looked at when it is complete, but for its header.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// The most octets of an image.
    octets: usize,
    /// The most levels of nesting.
    levels: usize,
    /// Octets of the length that have been seen.
    at: usize,
    /// What they amount to.
    length: usize,
    /// Whether these are all.
    complete: bool,
    /// Whether the image's header has been seen and is right.
    header: bool,
}

impl Scanner {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            octets: limits.octets(),
            levels: limits.levels(),
            at: 0,
            length: 0,
            complete: false,
            header: false,
        }
    }

    /// See [`Decoder::next`](super::super::Decoder::next).
    pub(crate) fn next(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        if !self.length(buf)? {
            return Ok(None);
        }
        let end = self.at + self.length;
        let image = &buf[self.at..end.min(buf.len())];
        if !self.header {
            self.header = Cursor::new(image)?.is_some();
        }
        if buf.len() < end {
            return Ok(None);
        }
        let octets = rewrite(image, self.octets, self.levels)?;
        // The size has been judged by the image; as data items it may come out a little different.
        let limits = Limits {
            message: usize::MAX,
            depth: self.levels,
        };
        let content = cbor::rewritten(octets, &limits)?;
        self.at = 0;
        self.length = 0;
        self.complete = false;
        self.header = false;
        Ok(Some(Frame { len: end, content }))
    }

    /// See [`Decoder::finish`](super::super::Decoder::finish).
    pub(crate) fn finish(&self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        if buf.is_empty() {
            return Ok(None);
        }
        Err(Failure::new(
            Reason::DataTruncated,
            format!("{} octets of an unfinished message", buf.len()),
        ))
    }

    /// Reads the length (`[storable.frame.leading]`, `[storable.frame.size]`): groups of seven bits, the highest first, all but the last with the high bit set.
    fn length(&mut self, buf: &[u8]) -> Result<bool, Failure> {
        while !self.complete {
            let Some(&octet) = buf.get(self.at) else {
                return Ok(false);
            };
            if self.at == 0 && matches!(octet, 0x00 | 0x80) {
                let what = if octet == 0 {
                    "is 0"
                } else {
                    "begins with the octet 0x80"
                };
                return Err(Failure::new(
                    Reason::DataMalformed,
                    format!("a length that {what}"),
                ));
            }
            self.at += 1;
            // Within the limit, which is less than 2^32, nothing overflows.
            let length = (self.length as u64) << 7 | u64::from(octet & 0x7f);
            if length > self.octets as u64 {
                return Err(Failure::new(
                    Reason::DataSize,
                    format!(
                        "a length of {length} octets or more; the limit is {}",
                        self.octets
                    ),
                ));
            }
            self.length = length as usize;
            self.complete = octet < 0x80;
        }
        Ok(true)
    }
}
