//! What the framings have in common: values read and written token by token.
//!
//! A framing gives a `Reader` and a `Writer`; everything else (typed decoding and encoding, values,
//! copying from one framing to another) is written once on top of them.

use super::{
    error::{EncodeError, Refused},
    source::Source,
};
use crate::value::{Float, Integer, Map, Value, text_of_octets};
use alloc::{borrow::Cow, string::ToString, vec::Vec};

/// The number of elements or entries that are still to come; `None` if the end is marked instead.
pub(crate) type Left = Option<usize>;

/// A value, or the beginning of one.
#[derive(Clone, Debug)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Integer(Integer),
    Float(Float),
    Text(Cow<'a, str>),
    #[allow(dead_code, reason = "json has no octets of its own")]
    Octets(Cow<'a, [u8]>),
    /// An array begins: elements are read while `Reader::element` says so.
    Array(Left),
    /// A map begins: entries are read while `Reader::key` gives a key, each followed by its value
    /// and `Reader::end_entry`.
    Map(Left),
}

impl Token<'_> {
    /// The octets of a text or of octets.
    #[cfg(feature = "serde")]
    pub(crate) fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Octets(octets) => Some(octets),
            _ => None,
        }
    }
}

/// Reads values from a message that the framing's scanner has passed.
///
/// A reader never panics and always comes to an end, also on octets that no scanner has seen; what
/// it reads then means nothing.
pub(crate) trait Reader<'a>: Clone {
    /// A reader of the message `source` (a whole frame) at the offset of one of its values.
    fn new(source: Source<'a>, at: usize) -> Self;

    /// The offset of the next octet to read.
    fn position(&self) -> usize;

    /// Reads the next value or its beginning.
    fn value(&mut self) -> Token<'a>;

    /// Reads the next value if it is text that can be borrowed as it is, and if that is quickly
    /// told.
    #[cfg(feature = "serde")]
    #[inline]
    fn quick_text(&mut self) -> Option<&'a str> {
        None
    }

    /// Reads the next value if it is an integer from 0 to 2^64-1, and if that is quickly told.
    #[cfg(feature = "serde")]
    #[inline]
    fn quick_unsigned(&mut self) -> Option<u64> {
        None
    }

    /// Passes a null over; `false` if the next value is something else.
    #[cfg(feature = "serde")]
    fn null(&mut self) -> bool {
        let mut ahead = self.clone();
        let null = matches!(ahead.value(), Token::Null);
        if null {
            *self = ahead;
        }
        null
    }

    /// Inside an array: whether another element follows; if none does, the array has been left.
    fn element(&mut self, left: &mut Left) -> bool;

    /// Inside a map: the next key; if there is none, the map has been left.
    fn key(&mut self, left: &mut Left) -> Option<Cow<'a, str>>;

    /// Called after the value of each entry, for framings that put keys behind values.
    fn end_entry(&mut self) {}

    /// Passes one whole value over.
    fn skip(&mut self);

    /// The octets of `count` values from here on, in a form that `Writer::raw` takes; `None` if
    /// they must be copied token by token.
    fn raw(&self, count: usize) -> Option<&'a [u8]>;
}

/// Writes values behind the octets that are in the caller's buffer already.
pub(crate) trait Writer {
    /// What `begin_array` or `begin_map` must hand on to the end.
    type Mark: Copy;

    /// Octets of the message so far.
    fn len(&self) -> usize;

    fn null(&mut self);
    fn bool(&mut self, bool: bool);
    fn unsigned(&mut self, integer: u64);
    fn signed(&mut self, integer: i64);
    fn float(&mut self, float: Float);
    fn text(&mut self, text: &str);
    fn octets(&mut self, octets: &[u8]);

    /// Begins an array; `count` may be unknown until the end.
    fn begin_array(&mut self, count: Option<usize>) -> Self::Mark;
    fn end_array(&mut self, mark: Self::Mark, count: usize);

    /// Begins a map; `count` may be unknown until the end.
    fn begin_map(&mut self, count: Option<usize>) -> Self::Mark;
    fn end_map(&mut self, mark: Self::Mark, count: usize);

    /// Called before the value of each entry.
    fn key(&mut self, key: &str);
    /// Called after the value of each entry, for framings that put keys behind values.
    fn end_entry(&mut self, _key: &str) {}

    /// Writes values of this framing as `Reader::raw` gave them.
    fn raw(&mut self, octets: &[u8]);

    /// Called once, behind the message, for framings that put its length before it.
    fn close(&mut self) {}
}

/// A writer with limits.
pub(crate) struct Sink<W> {
    pub(crate) writer: W,
    depth: usize,
    levels: usize,
    octets: usize,
    /// The elements of the array that ended last.
    #[cfg(feature = "serde")]
    pub(crate) count: usize,
}

impl<W: Writer> Sink<W> {
    pub(crate) fn new(writer: W, limits: &super::Limits) -> Self {
        Self {
            writer,
            depth: 0,
            levels: limits.levels(),
            octets: limits.octets(),
            #[cfg(feature = "serde")]
            count: 0,
        }
    }

    /// To be called after each scalar: nothing grows without end.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), Refused> {
        if self.writer.len() > self.octets {
            return Err(EncodeError::Size(self.octets).into());
        }
        Ok(())
    }

    pub(crate) fn integer(&mut self, integer: Integer) -> Result<(), Refused> {
        match integer.as_u64() {
            Some(integer) => self.writer.unsigned(integer),
            None => self.writer.signed(integer.as_i64().unwrap_or(i64::MIN)),
        }
        self.check()
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Refused> {
        self.fits(text.len())?;
        self.writer.text(text);
        self.check()
    }

    pub(crate) fn octets(&mut self, octets: &[u8]) -> Result<(), Refused> {
        self.fits(octets.len())?;
        self.writer.octets(octets);
        self.check()
    }

    #[cfg(feature = "serde")]
    pub(crate) fn float(&mut self, float: f64) -> Result<(), Refused> {
        // [value.send.number]
        let finite = Float::new(float).ok_or_else(|| EncodeError::Number(float.to_string()))?;
        self.writer.float(finite);
        self.check()
    }

    #[inline]
    pub(crate) fn key(&mut self, key: &str) -> Result<(), Refused> {
        self.fits(key.len())?;
        self.writer.key(key);
        self.check()
    }

    #[inline]
    pub(crate) fn begin_array(&mut self, count: Option<usize>) -> Result<W::Mark, Refused> {
        self.descend()?;
        Ok(self.writer.begin_array(count))
    }

    #[inline]
    pub(crate) fn end_array(&mut self, mark: W::Mark, count: usize) -> Result<(), Refused> {
        self.depth -= 1;
        self.writer.end_array(mark, count);
        #[cfg(feature = "serde")]
        {
            self.count = count;
        }
        self.check()
    }

    pub(crate) fn begin_map(&mut self, count: Option<usize>) -> Result<W::Mark, Refused> {
        self.descend()?;
        Ok(self.writer.begin_map(count))
    }

    pub(crate) fn end_map(&mut self, mark: W::Mark, count: usize) -> Result<(), Refused> {
        self.depth -= 1;
        self.writer.end_map(mark, count);
        self.check()
    }

    /// Octets that are already encoded.
    pub(crate) fn raw(&mut self, octets: &[u8]) -> Result<(), Refused> {
        self.fits(octets.len())?;
        self.writer.raw(octets);
        self.check()
    }

    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Refused> {
        match value {
            Value::Null => self.writer.null(),
            Value::Bool(bool) => self.writer.bool(*bool),
            Value::Integer(integer) => return self.integer(*integer),
            Value::Float(float) => self.writer.float(*float),
            Value::Text(text) => return self.text(text),
            Value::Octets(octets) => return self.octets(octets),
            Value::Array(elements) => {
                let mark = self.begin_array(Some(elements.len()))?;
                elements
                    .iter()
                    .try_for_each(|element| self.value(element))?;
                return self.end_array(mark, elements.len());
            }
            Value::Map(map) => {
                let mark = self.begin_map(Some(map.len()))?;
                for (key, value) in map.iter() {
                    self.key(key)?;
                    self.value(value)?;
                    self.writer.end_entry(key);
                }
                return self.end_map(mark, map.len());
            }
        }
        self.check()
    }

    /// Copies one value from a reader of any framing.
    pub(crate) fn copy<'a, R: Reader<'a>>(&mut self, from: &mut R) -> Result<(), Refused> {
        match from.value() {
            Token::Null => self.writer.null(),
            Token::Bool(bool) => self.writer.bool(bool),
            Token::Integer(integer) => return self.integer(integer),
            Token::Float(float) => self.writer.float(float),
            Token::Text(text) => return self.text(&text),
            Token::Octets(octets) => return self.octets(&octets),
            Token::Array(mut left) => {
                let mark = self.begin_array(left)?;
                let mut count = 0;
                while from.element(&mut left) {
                    self.copy(from)?;
                    count += 1;
                }
                return self.end_array(mark, count);
            }
            Token::Map(mut left) => {
                let mark = self.begin_map(left)?;
                let mut count = 0;
                while let Some(key) = from.key(&mut left) {
                    self.key(&key)?;
                    self.copy(from)?;
                    self.writer.end_entry(&key);
                    from.end_entry();
                    count += 1;
                }
                return self.end_map(mark, count);
            }
        }
        self.check()
    }

    // [value.send.depth]
    fn descend(&mut self) -> Result<(), Refused> {
        if self.depth >= self.levels {
            return Err(EncodeError::Depth(self.levels).into());
        }
        self.depth += 1;
        Ok(())
    }

    /// Refuses before anything is copied what cannot fit (`[value.send.size]`).
    #[inline]
    fn fits(&self, octets: usize) -> Result<(), Refused> {
        if octets > self.octets {
            return Err(EncodeError::Size(self.octets).into());
        }
        Ok(())
    }
}

/// Builds one value.
pub(crate) fn build<'a, R: Reader<'a>>(from: &mut R) -> Value {
    build_within(from, super::Limits::DEPTH_MAX)
}

fn build_within<'a, R: Reader<'a>>(from: &mut R, levels: usize) -> Value {
    match from.value() {
        Token::Null => Value::Null,
        Token::Bool(bool) => Value::Bool(bool),
        Token::Integer(integer) => Value::Integer(integer),
        Token::Float(float) => Value::Float(float),
        Token::Text(text) => Value::Text(text.into_owned()),
        Token::Octets(octets) => Value::Octets(octets.into_owned()),
        // No message that a scanner has passed is that deep.
        Token::Array(_) | Token::Map(_) if levels == 0 => Value::Null,
        Token::Array(mut left) => {
            let mut elements = Vec::new();
            while from.element(&mut left) {
                elements.push(build_within(from, levels - 1));
            }
            Value::Array(elements)
        }
        Token::Map(mut left) => {
            let mut map = Map::new();
            while let Some(key) = from.key(&mut left) {
                let value = build_within(from, levels - 1);
                from.end_entry();
                map.insert(key, value);
            }
            Value::Map(map)
        }
    }
}

/// The port name that a scalar stands for, as the originals read it (`[value.port.table]`).
pub(crate) fn port_name(token: Token<'_>) -> Cow<'_, str> {
    match token {
        Token::Text(text) => text,
        Token::Octets(octets) => text_of_octets(octets),
        Token::Integer(integer) => Cow::Owned(integer.to_string()),
        Token::Float(float) => Cow::Owned(match float.as_integer() {
            Some(integer) => integer.to_string(),
            None => float.to_string(),
        }),
        Token::Bool(bool) => Cow::Borrowed(if bool { "1" } else { "0" }),
        Token::Null | Token::Array(_) | Token::Map(_) => Cow::Borrowed(""),
    }
}
