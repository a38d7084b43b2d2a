//! Finding and validating JSON texts in one pass.

use super::{
    super::{Content, Frame, Layout, Limits, Nothing, message::Port},
    chunk::{ascii_end, text_end},
    escape::{Escape, escape},
    number::{Number, Step},
    quick::{Before, Quick, Stop, quick},
};
use crate::failure::{Failure, Reason, shown};
use alloc::format;

/// The scanner: a state machine over octets without a stack of calls, and a bit for each level of
/// nesting.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// The most octets of a message.
    octets: usize,
    /// The most levels of nesting.
    levels: usize,
    /// Everything before this offset has been seen.
    at: usize,
    state: State,
    nest: Nest,
    /// Where the current number, or the last one, began.
    number: usize,
    /// Whether the current string, or the last one, is without escapes.
    plain: bool,
    /// Commas between the elements of the outer array.
    commas: u32,
    /// Where the first element of the outer array begins, and its kind.
    port: Port,
    port_kind: u8,
    /// The offset behind the first of these commas.
    args: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A message, or white space.
    Between,
    /// A value.
    Value,
    /// A value, or the end of an array that has just begun.
    First,
    /// A key, or the end of an object that has just begun.
    FirstKey,
    /// A key.
    Key,
    /// The colon behind a key.
    Colon,
    /// A comma or the end of the array or object.
    After,
    /// The rest of a string that is a value.
    Text,
    /// The rest of a string that is a key.
    KeyText,
    /// The rest of a number.
    Number(Number),
}

impl Scanner {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            octets: limits.octets(),
            levels: limits.levels(),
            at: 0,
            state: State::Between,
            nest: Nest::new(),
            number: 0,
            plain: true,
            commas: 0,
            port: Port::Token(0),
            port_kind: 0,
            args: 0,
        }
    }

    /// See [`Decoder::next`](super::super::Decoder::next).
    #[inline]
    pub(crate) fn next(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        // [json.read.any-chunks] [json.size] Nothing beyond the limit is looked at, so that the
        // outcome is the same in whatever pieces the message comes.
        let window = buf.get(..self.octets).unwrap_or(buf);
        if self.state == State::Between {
            if window.first() == Some(&b'[') && self.levels > 0 {
                match quick(window) {
                    Quick::Whole(frame) => return Ok(Some(frame)),
                    Quick::Stopped(stop) => self.resume(&stop),
                }
            } else {
                // [json.read.white-space]
                let space = skip_space(buf, 0);
                if space > 0 {
                    return Ok(Some(Frame {
                        len: space,
                        content: Content::Space,
                    }));
                }
                if buf.is_empty() {
                    return Ok(None);
                }
                self.at = 0;
                self.state = State::Value;
                self.commas = 0;
                self.port_kind = 0;
            }
        }
        self.go_on(window)
    }

    /// See [`Decoder::finish`](super::super::Decoder::finish).
    pub(crate) fn finish(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        match self.state {
            State::Between => Ok(None),
            // [json.other.scalar-end] Only the end of input can tell that such a number is
            // complete.
            State::Number(number) if self.nest.depth == 0 && number.may_end() => {
                self.check_number(number, buf, buf.len())?;
                self.state = State::Between;
                // [json.other.skip]
                Ok(Some(Frame {
                    len: buf.len(),
                    content: Content::Nothing(Nothing::NotArray),
                }))
            }
            // [json.read.truncated]
            _ => Err(Failure::new(
                Reason::DataTruncated,
                format!("{} octets of an unfinished message", buf.len()),
            )),
        }
    }

    /// How many octets of an unfinished message will not be looked at again.
    #[cfg(test)]
    pub(super) fn seen(&self) -> usize {
        self.at
    }

    /// Takes over where the short way stopped.
    fn resume(&mut self, stop: &Stop) {
        self.nest.descend(false);
        self.at = stop.at;
        self.port = stop.port;
        self.port_kind = b'"';
        self.commas = stop.commas;
        self.args = stop.args;
        self.plain = true;
        self.state = match stop.before {
            Before::First => {
                self.port_kind = 0;
                State::First
            }
            Before::Element => State::Value,
            Before::Text => State::Text,
            Before::After => State::After,
        };
    }

    /// Scans what has come of the message.
    fn go_on(&mut self, window: &[u8]) -> Result<Option<Frame>, Failure> {
        if self.scan(window)? {
            let frame = Frame {
                len: self.at,
                content: self.content(window),
            };
            self.state = State::Between;
            return Ok(Some(frame));
        }
        if window.len() == self.octets {
            return Err(Failure::new(
                Reason::DataSize,
                format!(
                    "{} octets and no end; the limit is {}",
                    window.len(),
                    self.octets
                ),
            ));
        }
        Ok(None)
    }

    /// Scans up to the end of the message (`true`), or of the octets (`false`).
    fn scan(&mut self, buf: &[u8]) -> Result<bool, Failure> {
        let mut at = self.at;
        let mut state = self.state;
        loop {
            match state {
                State::Value | State::First => {
                    at = skip_space(buf, at);
                    let Some(&octet) = buf.get(at) else { break };
                    if state == State::First && self.nest.depth == 1 && octet != b']' {
                        self.port = Port::Token(at as u32);
                        self.port_kind = octet;
                    }
                    match octet {
                        b'"' => {
                            at += 1;
                            self.plain = true;
                            state = State::Text;
                        }
                        b'-' | b'0'..=b'9' => {
                            self.number = at;
                            at += 1;
                            state = State::Number(Number::begin(octet));
                        }
                        b'[' => {
                            self.descend(false, at)?;
                            at += 1;
                            state = State::First;
                        }
                        b'{' => {
                            self.descend(true, at)?;
                            at += 1;
                            state = State::FirstKey;
                        }
                        b'n' | b't' | b'f' => {
                            let Some(len) = literal(octet, buf, at)? else {
                                break;
                            };
                            at += len;
                            if self.nest.depth == 0 {
                                return Ok(self.done(at));
                            }
                            state = State::After;
                        }
                        b']' if state == State::First => {
                            at += 1;
                            if self.nest.ascend() {
                                return Ok(self.done(at));
                            }
                            state = State::After;
                        }
                        // [json.read.junk] [json.read.no-extension]
                        _ if self.nest.depth == 0 => {
                            return Err(wrong(buf, at, "a JSON text (a message is an array)"));
                        }
                        _ if state == State::First => return Err(wrong(buf, at, "a value or ]")),
                        _ => return Err(wrong(buf, at, "a value")),
                    }
                }
                State::Text | State::KeyText => {
                    let end;
                    (at, end) = self.string(buf, at)?;
                    if !end {
                        break;
                    }
                    if state == State::KeyText {
                        state = State::Colon;
                        continue;
                    }
                    match self.nest.depth {
                        0 => return Ok(self.done(at)),
                        1 if self.commas == 0 && self.plain => self.plain_port(at),
                        _ => {}
                    }
                    state = State::After;
                }
                State::Number(mut number) => {
                    let ended = loop {
                        let Some(&octet) = buf.get(at) else {
                            break false;
                        };
                        match number.step(octet) {
                            Step::To(next) => number = next,
                            Step::End => break true,
                            Step::Wrong(expected) => return Err(wrong(buf, at, expected)),
                        }
                        at += 1;
                    };
                    if !ended {
                        state = State::Number(number);
                        break;
                    }
                    self.check_number(number, buf, at)?;
                    if self.nest.depth == 0 {
                        return Ok(self.done(at));
                    }
                    state = State::After;
                }
                State::After => {
                    at = skip_space(buf, at);
                    let Some(&octet) = buf.get(at) else { break };
                    let object = self.nest.in_object();
                    at += 1;
                    match octet {
                        b',' => {
                            if self.nest.depth == 1 && !object {
                                self.commas += 1;
                                if self.commas == 1 {
                                    self.args = at as u32;
                                }
                            }
                            state = if object { State::Key } else { State::Value };
                        }
                        b']' if !object => {
                            if self.nest.ascend() {
                                return Ok(self.done(at));
                            }
                        }
                        b'}' if object => {
                            if self.nest.ascend() {
                                return Ok(self.done(at));
                            }
                        }
                        _ => {
                            let expected = if object { ", or }" } else { ", or ]" };
                            return Err(wrong(buf, at - 1, expected));
                        }
                    }
                }
                State::FirstKey | State::Key => {
                    at = skip_space(buf, at);
                    let Some(&octet) = buf.get(at) else { break };
                    match octet {
                        b'"' => state = State::KeyText,
                        b'}' if state == State::FirstKey => {
                            if self.nest.ascend() {
                                return Ok(self.done(at + 1));
                            }
                            state = State::After;
                        }
                        _ if state == State::Key => return Err(wrong(buf, at, "a key")),
                        _ => return Err(wrong(buf, at, "a key or }")),
                    }
                    at += 1;
                }
                State::Colon => {
                    at = skip_space(buf, at);
                    let Some(&octet) = buf.get(at) else { break };
                    if octet != b':' {
                        return Err(wrong(buf, at, ":"));
                    }
                    at += 1;
                    state = State::Value;
                }
                State::Between => unreachable!("`next` begins each message"),
            }
        }
        self.at = at;
        self.state = state;
        Ok(false)
    }

    fn done(&mut self, at: usize) -> bool {
        self.at = at;
        true
    }

    /// Scans the rest of a string: how far, and whether it ended there.
    #[inline]
    fn string(&mut self, buf: &[u8], mut at: usize) -> Result<(usize, bool), Failure> {
        loop {
            at = ascii_end(buf, at);
            match buf.get(at) {
                Some(b'"') => return Ok((at + 1, true)),
                None => return Ok((at, false)),
                Some(b'\\') => {
                    self.plain = false;
                    if let Some(b'n' | b'"' | b'\\' | b'/' | b't' | b'r' | b'b' | b'f') =
                        buf.get(at + 1)
                    {
                        at += 2;
                        continue;
                    }
                    match escape(buf, at) {
                        Escape::Char(_, len) => at += len,
                        Escape::Incomplete => return Ok((at, false)),
                        // [json.string.bad-escape]
                        Escape::Wrong(right, expected) => {
                            return Err(wrong(buf, at + right, expected));
                        }
                        // [json.string.lone-surrogate]
                        Escape::Lone => {
                            let detail = format!("octet {at}: half a surrogate pair");
                            return Err(Failure::new(Reason::DataUtf8, detail));
                        }
                    }
                }
                // [json.string.control]
                Some(0..0x20) => return Err(wrong(buf, at, "control characters to be escaped")),
                // [json.string.bad-utf-8]
                Some(_) => {
                    let end = text_end(buf, at);
                    match core::str::from_utf8(&buf[at..end]) {
                        Ok(_) => at = end,
                        Err(error) => {
                            at += error.valid_up_to();
                            if error.error_len().is_none() && end == buf.len() {
                                return Ok((at, false));
                            }
                            return Err(Failure::new(
                                Reason::DataUtf8,
                                format!("octet {at}: found {}", shown(&buf[at..at + 1])),
                            ));
                        }
                    }
                }
            }
        }
    }

    /// `[json.float.beyond]`: a float must be finite; an integer may be of any size.
    #[inline]
    fn check_number(&self, number: Number, buf: &[u8], end: usize) -> Result<(), Failure> {
        // Without an exponent it takes more than 308 digits to get to infinity.
        if number.is_exponent() || (number.is_fraction() && end - self.number > 300) {
            return check_float(buf, self.number, end);
        }
        Ok(())
    }

    /// The port is a string without escapes that ends before `at`.
    #[inline]
    fn plain_port(&mut self, at: usize) {
        if let Port::Token(from) = self.port {
            self.port = Port::Plain(from + 1, at as u32 - 1);
        }
    }

    #[inline]
    fn descend(&mut self, object: bool, at: usize) -> Result<(), Failure> {
        // [json.depth]
        if self.nest.depth >= self.levels {
            return Err(Failure::new(
                Reason::DataDepth,
                format!(
                    "octet {at} begins level {}; the limit is {}",
                    self.levels + 1,
                    self.levels
                ),
            ));
        }
        self.nest.descend(object);
        Ok(())
    }

    /// What the message that ends at `self.at` is.
    #[inline]
    fn content(&self, buf: &[u8]) -> Content {
        match (buf.first(), self.port_kind) {
            (Some(b'['), 0) => Content::Nothing(Nothing::EmptyArray),
            (Some(b'['), b'[' | b'{') => Content::Nothing(Nothing::PortType),
            (Some(b'['), _) => Content::Message(Layout {
                port: self.port,
                args: if self.commas == 0 {
                    self.at as u32
                } else {
                    self.args
                },
                count: self.commas,
            }),
            // [json.other.skip]
            _ => Content::Nothing(Nothing::NotArray),
        }
    }
}

/// The levels of nesting: a bit for each, set for objects.
#[derive(Clone, Debug)]
struct Nest {
    depth: usize,
    objects: [u64; Limits::DEPTH_MAX / 64],
}

impl Nest {
    fn new() -> Self {
        Self {
            depth: 0,
            objects: [0; _],
        }
    }

    /// Only below [`Limits::DEPTH_MAX`].
    #[inline]
    fn descend(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        if object {
            self.objects[word] |= bit;
        } else {
            self.objects[word] &= !bit;
        }
        self.depth += 1;
    }

    /// Leaves a level: whether it was the last.
    #[inline]
    fn ascend(&mut self) -> bool {
        self.depth -= 1;
        self.depth == 0
    }

    #[inline]
    fn in_object(&self) -> bool {
        let level = self.depth - 1;
        self.objects[level / 64] & (1 << (level % 64)) != 0
    }
}

#[inline]
fn skip_space(buf: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = buf.get(at) {
        at += 1;
    }
    at
}

/// The length of the literal at `at`, which begins with `octet`; `None` if it is not yet whole.
fn literal(octet: u8, buf: &[u8], at: usize) -> Result<Option<usize>, Failure> {
    let literal: &'static str = match octet {
        b'n' => "null",
        b't' => "true",
        _ => "false",
    };
    for (i, expected) in literal.bytes().enumerate() {
        match buf.get(at + i) {
            Some(&octet) if octet == expected => {}
            Some(_) => return Err(wrong(buf, at + i, literal)),
            None => return Ok(None),
        }
    }
    Ok(Some(literal.len()))
}

#[cold]
fn check_float(buf: &[u8], from: usize, end: usize) -> Result<(), Failure> {
    let text = core::str::from_utf8(&buf[from..end]).unwrap_or_default();
    if text.parse().is_ok_and(f64::is_finite) {
        return Ok(());
    }
    let detail = format!(
        "octet {from}: {} is no finite float of 64 bits",
        shown(text.as_bytes())
    );
    Err(Failure::new(Reason::DataNumber, detail))
}

#[cold]
fn wrong(buf: &[u8], at: usize, expected: &str) -> Failure {
    let found = shown(buf.get(at..at + 1).unwrap_or_default());
    let detail = format!("octet {at}: expected {expected}, found {found}");
    Failure::new(Reason::DataMalformed, detail)
}
