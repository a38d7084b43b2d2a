//! Finding and validating data items in one pass.

use super::{
    super::{Content, Frame, Layout, Limits, Nothing, message::Port},
    BIGNUM_MOST,
    expand::expand,
    head::{Head, head},
};
use crate::{
    failure::{Failure, Reason, shown},
    value::Float,
};
use alloc::{format, vec::Vec};

/// The scanner: a state machine over heads, with a stack of its own for what is open.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// The most octets of a message.
    octets: usize,
    /// The most levels of nesting.
    levels: usize,
    /// Everything before this offset has been seen.
    at: usize,
    /// Where the current item began, its tags included.
    item: usize,
    /// The arrays and maps that are open, the outer array first.
    open: Vec<Open>,
    /// How many of these there are, with all tags on them and on the current item.
    depth: usize,
    /// Items that have not begun in those of them whose number of items is known: each is one more
    /// octet at least.
    owed: u64,
    /// The string, or the chunk of one, whose octets come next.
    string: Option<Payload>,
    /// Whether chunks of a text (`true`) or of octets are coming.
    chunks: Option<bool>,
    /// In an integer of any length: its octets so far.
    bignum: Option<u64>,
    /// Behind a tag that makes the current item a reference.
    reference: bool,
    /// Whether the message holds any.
    references: bool,
    /// The number of items in the outer array; nothing while the message is no array.
    items: Option<u32>,
    /// The first of them, unless it is an array or a map.
    port: Option<Port>,
    /// The offset behind it.
    args: u32,
}

/// An array or a map that is open.
#[derive(Clone, Copy, Debug)]
struct Open {
    map: bool,
    /// The depth inside of it.
    inside: usize,
    /// Whether the next item is a key.
    key: bool,
    /// Items still to come; nothing where a break ends it.
    left: Option<u64>,
}

/// A string whose head has been seen.
#[derive(Clone, Copy, Debug)]
struct Payload {
    text: bool,
    from: usize,
    to: usize,
    /// The text is valid up to here.
    valid: usize,
}

/// The content of a message that was rewritten as data items without references.
pub(crate) fn rewritten(octets: Vec<u8>, limits: &Limits) -> Result<Content, Failure> {
    match Scanner::new(limits).next(&octets)? {
        Some(frame) if frame.len == octets.len() => Ok(match frame.content {
            Content::Message(layout) => Content::Rewritten(layout, octets),
            other => other,
        }),
        _ => Err(Failure::new(
            Reason::DataMalformed,
            "a reference that cannot be followed",
        )),
    }
}

impl Scanner {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            octets: limits.octets(),
            levels: limits.levels(),
            at: 0,
            item: 0,
            open: Vec::new(),
            depth: 0,
            owed: 0,
            string: None,
            chunks: None,
            bignum: None,
            reference: false,
            references: false,
            items: None,
            port: None,
            args: 0,
        }
    }

    /// See [`Decoder::next`](super::super::Decoder::next).
    pub(crate) fn next(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        // [cbor.read.any-chunks] [cbor.read.size]
        // Nothing beyond the limit is looked at, so that the outcome is the same in whatever pieces the
        // message comes.
        let window = buf.get(..self.octets).unwrap_or(buf);
        if self.scan(window)? {
            return self.frame(window).map(Some);
        }
        if window.len() == self.octets {
            return Err(self.too_large("the message has no end by then"));
        }
        Ok(None)
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

    /// Scans up to the end of the message (`true`), or of the octets (`false`).
    fn scan(&mut self, buf: &[u8]) -> Result<bool, Failure> {
        loop {
            if let Some(string) = self.string {
                let Some(done) = self.payload(string, buf)? else {
                    return Ok(false);
                };
                if done {
                    return Ok(true);
                }
            }
            if let Some(done) = self.short(buf) {
                if done {
                    return Ok(true);
                }
                continue;
            }
            let head = match head(buf.get(self.at..).unwrap_or_default()) {
                Ok(Some((head, len))) => {
                    self.at += len;
                    head
                }
                Ok(None) => return Ok(false),
                Err(what) => return Err(self.malformed(what)),
            };
            if self.head(head)? {
                return Ok(true);
            }
        }
    }

    /// Takes what most items are, a small integer or a short string without tags, if it is complete and
    /// right; nothing where it must be taken the long way. Says whether the message is complete with it.
    #[inline]
    fn short(&mut self, buf: &[u8]) -> Option<bool> {
        // Behind a tag, and inside a string, the item has begun before.
        if self.item != self.at {
            return None;
        }
        let first = *buf.get(self.at)?;
        let len = match first {
            0x00..0x18 | 0x20..0x38 => 0,
            0x40..0x58 | 0x60..0x78 => usize::from(first & 31),
            _ => return None,
        };
        let (from, to) = (self.at + 1, self.at + 1 + len);
        let octets = buf.get(from..to)?;
        if to as u64 + self.owed > self.octets as u64 {
            return None;
        }
        let port = self.expects_port();
        if (first >= 0x60 || (port && first >= 0x40)) && core::str::from_utf8(octets).is_err() {
            return None;
        }
        if port {
            self.port = Some(match first {
                0x40.. => Port::Plain(from as u32, to as u32),
                _ => Port::Token(self.item as u32),
            });
        }
        if self.open.last().is_some_and(|open| open.left.is_some()) {
            self.owed -= 1;
        }
        self.at = to;
        Some(self.end_item())
    }

    /// Takes a head that ends at `self.at`; says whether the message is complete with it.
    #[inline]
    fn head(&mut self, head: Head) -> Result<bool, Failure> {
        if let Some(text) = self.chunks {
            return self.chunk(text, head);
        }
        if let Head::Tag(tag) = head {
            return self.tag(tag).map(|()| false);
        }
        if head == Head::Break {
            return self.end_indefinite();
        }
        if self.bignum.is_some() && !matches!(head, Head::Octets(_)) {
            return Err(self.malformed("an integer of any length that is not a byte string"));
        }
        if self.reference && !matches!(head, Head::Unsigned(_)) {
            return Err(self.malformed("a reference that is not a number"));
        }
        if self.open.last().is_some_and(|open| open.left.is_some()) {
            self.owed -= 1;
        }
        match head {
            Head::Octets(Some(len)) => self.begin_string(false, len).map(|()| false),
            Head::Text(Some(len)) => self.begin_string(true, len).map(|()| false),
            Head::Array(count) => self.begin(false, count),
            Head::Map(count) => self.begin(true, count),
            Head::Octets(None) | Head::Text(None) => {
                self.note_port(Some(Port::Token(self.item as u32)));
                self.chunks = Some(matches!(head, Head::Text(_)));
                Ok(false)
            }
            Head::Float(float) if !float.is_finite() => Err(Failure::new(
                Reason::DataNumber,
                format!("octet {}: the float {float}", self.item),
            )),
            Head::Float(float)
                if self.expects_key()
                    && Float::new(float).and_then(Float::as_integer).is_none() =>
            {
                Err(self.malformed("a float that is no integer as the key of a map"))
            }
            _ => {
                self.note_port(Some(Port::Token(self.item as u32)));
                Ok(self.end_item())
            }
        }
    }

    /// Takes a head inside a string that comes in chunks.
    #[cold]
    fn chunk(&mut self, text: bool, head: Head) -> Result<bool, Failure> {
        match head {
            Head::Break => {
                self.chunks = None;
                Ok(self.end_item())
            }
            Head::Octets(Some(len)) if !text => self.begin_string(false, len).map(|()| false),
            Head::Text(Some(len)) if text => self.begin_string(true, len).map(|()| false),
            _ => Err(self.malformed("a string with a chunk that is no string of its kind")),
        }
    }

    // [cbor.read.tag] [cbor.tag.bignum-type] [cbor.tag.reference-type]
    #[cold]
    fn tag(&mut self, tag: u64) -> Result<(), Failure> {
        if self.bignum.is_some() || self.reference {
            return Err(self.malformed("a tag on what tells how to read the tagged item"));
        }
        match tag {
            2 | 3 => self.bignum = Some(0),
            25 | 29 => {
                self.reference = true;
                self.references = true;
            }
            _ => {}
        }
        self.descend()
    }

    // [cbor.read.depth]
    fn descend(&mut self) -> Result<(), Failure> {
        if self.depth >= self.levels {
            return Err(Failure::new(
                Reason::DataDepth,
                format!(
                    "octet {} begins level {}; the limit is {}",
                    self.item,
                    self.levels + 1,
                    self.levels
                ),
            ));
        }
        self.depth += 1;
        Ok(())
    }

    fn begin_string(&mut self, text: bool, len: u64) -> Result<(), Failure> {
        self.fits(len)?;
        if let Some(octets) = &mut self.bignum {
            *octets += len;
            if *octets > BIGNUM_MOST as u64 {
                return Err(Failure::new(
                    Reason::DataNumber,
                    format!(
                        "octet {}: an integer of more than {BIGNUM_MOST} octets",
                        self.item
                    ),
                ));
            }
        }
        self.string = Some(Payload {
            text,
            from: self.at,
            to: self.at + len as usize,
            valid: self.at,
        });
        Ok(())
    }

    /// Goes on in a string: nothing while it is not complete, else whether the message is.
    fn payload(&mut self, mut string: Payload, buf: &[u8]) -> Result<Option<bool>, Failure> {
        if string.text {
            let here = &buf[string.valid..string.to.min(buf.len())];
            match core::str::from_utf8(here) {
                Ok(_) => string.valid += here.len(),
                // A character that the end of the octets has cut, unless that is the string's end.
                Err(error) if error.error_len().is_none() && buf.len() < string.to => {
                    string.valid += error.valid_up_to();
                }
                Err(error) => {
                    let at = string.valid + error.valid_up_to();
                    return Err(Failure::new(
                        Reason::DataUtf8,
                        format!("octet {at}: found {}", shown(&buf[at..=at])),
                    ));
                }
            }
        }
        if buf.len() < string.to {
            self.string = Some(string);
            return Ok(None);
        }
        self.string = None;
        self.at = string.to;
        if self.chunks.is_some() {
            return Ok(Some(false));
        }
        let port = if self.bignum.is_none() && self.expects_port() {
            let name = &buf[string.from..string.to];
            if string.text || core::str::from_utf8(name).is_ok() {
                Port::Plain(string.from as u32, string.to as u32)
            } else {
                Port::Token(self.item as u32)
            }
        } else {
            Port::Token(self.item as u32)
        };
        self.note_port(Some(port));
        Ok(Some(self.end_item()))
    }

    #[inline]
    fn begin(&mut self, map: bool, count: Option<u64>) -> Result<bool, Failure> {
        if self.expects_key() {
            return Err(self.malformed("an array or a map as the key of a map"));
        }
        self.descend()?;
        let left = match count {
            Some(count) => {
                let items = if map { count.saturating_mul(2) } else { count };
                self.fits(items)?;
                self.owed += items;
                Some(items)
            }
            None => None,
        };
        if self.open.is_empty() && !map {
            self.items = Some(0);
        }
        self.note_port(None);
        self.open.push(Open {
            map,
            inside: self.depth,
            key: map,
            left,
        });
        if left == Some(0) {
            self.open.pop();
            return Ok(self.end_item());
        }
        self.item = self.at;
        Ok(false)
    }

    /// A break where no chunk of a string is expected.
    fn end_indefinite(&mut self) -> Result<bool, Failure> {
        let tagged = self.item + 1 < self.at;
        match self.open.last() {
            _ if tagged => Err(self.malformed("a tag on nothing")),
            Some(open) if open.left.is_some() => {
                Err(self.malformed("a break in an array or a map whose number of items is known"))
            }
            Some(open) if open.map && !open.key => Err(self.malformed("a key without a value")),
            Some(_) => {
                self.open.pop();
                Ok(self.end_item())
            }
            None => Err(self.malformed("a break outside of everything")),
        }
    }

    /// The item that ends at `self.at` is complete, and with it perhaps the arrays and maps that it was
    /// the last of; says whether that is so for the message.
    #[inline]
    fn end_item(&mut self) -> bool {
        self.bignum = None;
        self.reference = false;
        loop {
            let outer = self.open.len() == 1;
            let Some(open) = self.open.last_mut() else {
                self.depth = 0;
                return true;
            };
            open.key = open.map && !open.key;
            if outer && let Some(items) = &mut self.items {
                *items += 1;
                if *items == 1 {
                    self.args = self.at as u32;
                }
            }
            if let Some(left) = &mut open.left {
                *left -= 1;
                if *left == 0 {
                    self.open.pop();
                    continue;
                }
            }
            self.depth = open.inside;
            self.item = self.at;
            return false;
        }
    }

    /// Whether the current item is the key of a map.
    #[inline]
    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.key)
    }

    /// Whether the current item is the first of the outer array.
    fn expects_port(&self) -> bool {
        self.open.len() == 1 && self.items == Some(0)
    }

    fn note_port(&mut self, port: Option<Port>) {
        if self.expects_port() {
            self.port = port;
        }
    }

    #[cold]
    fn expanded(&self, buf: &[u8]) -> Result<Content, Failure> {
        let octets = expand(&buf[..self.at], self.octets)?;
        let limits = Limits {
            message: self.octets,
            depth: self.levels,
        };
        rewritten(octets, &limits)
    }

    /// The message that is complete with `self.at`; the scanner begins anew behind it.
    fn frame(&mut self, buf: &[u8]) -> Result<Frame, Failure> {
        let content = match (self.items, self.port) {
            (None, _) => Content::Nothing(Nothing::NotArray),
            _ if self.references => self.expanded(buf)?,
            (Some(0), _) => Content::Nothing(Nothing::EmptyArray),
            (_, None) => Content::Nothing(Nothing::PortType),
            (Some(items), Some(port)) => Content::Message(Layout {
                port,
                args: self.args,
                count: items - 1,
            }),
        };
        let len = self.at;
        self.at = 0;
        self.item = 0;
        self.references = false;
        self.items = None;
        self.port = None;
        Ok(Frame { len, content })
    }

    /// `[cbor.read.claimed]`: refuses what `more` octets from here on, with all that is owed, would make too large.
    fn fits(&self, more: u64) -> Result<(), Failure> {
        let least = (self.at as u64)
            .saturating_add(more)
            .saturating_add(self.owed);
        if least > self.octets as u64 {
            return Err(self.too_large("by what a length in it says"));
        }
        Ok(())
    }

    #[cold]
    fn too_large(&self, why: &'static str) -> Failure {
        Failure::new(
            Reason::DataSize,
            format!("more than {} octets: {why}", self.octets),
        )
    }

    #[cold]
    fn malformed(&self, what: &'static str) -> Failure {
        Failure::new(
            Reason::DataMalformed,
            format!("octet {}: {what}", self.item),
        )
    }
}
