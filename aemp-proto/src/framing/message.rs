//! A message as its octets and where in them everything is.

use super::{
    Framing,
    source::Source,
    token::{Reader, Token, build, port_name},
    with_reader,
};
use crate::value::{Value, text_of_octets};
use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

/// Where in the octets of a frame the parts of a message are.
///
/// Small and without a lifetime, so that it can be kept beside shared octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(crate) port: Port,
    /// Offset of the first argument, or of what stands between it and the port.
    pub(crate) args: u32,
    /// The number of arguments.
    pub(crate) count: u32,
}

/// Where the port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// The octets from the first to the second offset are the name in UTF-8.
    Plain(u32, u32),
    /// At this offset the framing's reader finds a scalar.
    Token(u32),
}

impl Layout {
    /// The message; `octets` must be those of the frame that the layout came with, or the rewritten
    /// ones that it came with, and `framing` the decoder's.
    ///
    /// With any other octets the message is meaningless, but reading it still does not panic.
    #[inline]
    pub fn open<'a>(&self, framing: Framing, octets: &'a [u8]) -> Message<'a> {
        let framing = framing.read_as();
        let source = Source::new(octets);
        let port = match self.port {
            Port::Plain(from, to) => source.text(from as usize, to as usize),
            Port::Token(at) => {
                with_reader!(framing, source, at as usize, |reader| port_name(
                    reader.value()
                ))
            }
        };
        Message {
            port,
            args: Args {
                framing,
                source,
                at: self.args as usize,
                count: self.count as usize,
            },
        }
    }
}

/// A message: the port that it is for, and its arguments, still encoded.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    port: Cow<'a, str>,
    args: Args<'a>,
}

impl<'a> Message<'a> {
    /// The name of the port; the empty name is the node port's.
    #[inline]
    pub fn port(&self) -> &str {
        &self.port
    }

    /// The arguments.
    #[inline]
    pub fn args(&self) -> &Args<'a> {
        &self.args
    }

    /// Port and arguments as one list of values, the port first.
    pub fn values(&self) -> Vec<Value> {
        let mut values = Vec::with_capacity(1 + self.args.count);
        values.push(Value::from(self.port()));
        values.extend(self.args.values());
        values
    }
}

/// The arguments of a message, still encoded.
///
/// A cheap handle: copying it copies no octets. The decoder has validated all of it, so that
/// decoding fails only where the types do not fit.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    pub(crate) framing: Framing,
    pub(crate) source: Source<'a>,
    pub(crate) at: usize,
    pub(crate) count: usize,
}

impl<'a> Args<'a> {
    /// No arguments.
    pub fn none(framing: Framing) -> Self {
        Self {
            framing,
            source: Source::new(&[]),
            at: 0,
            count: 0,
        }
    }

    /// The framing that they are encoded in; cbor, if they were rewritten.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The number of arguments.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One argument after another.
    pub fn iter(&self) -> ArgsIter<'a> {
        ArgsIter { rest: *self }
    }

    /// The first argument.
    pub fn first(&self) -> Option<Arg<'a>> {
        self.iter().next()
    }

    /// The first argument if it is text: what ports choose a handler by. Borrowed unless it was
    /// written with escapes.
    pub fn tag(&self) -> Option<Cow<'a, str>> {
        if self.is_empty() {
            return None;
        }
        self.arg().text()
    }

    /// The arguments without the first `n`.
    #[must_use]
    pub fn skip(&self, n: usize) -> Self {
        let n = n.min(self.count);
        let at = with_reader!(self.framing, self.source, self.at, |reader| {
            (0..n).for_each(|_| reader.skip());
            reader.position()
        });
        Self {
            at,
            count: self.count - n,
            ..*self
        }
    }

    /// All arguments as values.
    pub fn values(&self) -> Vec<Value> {
        with_reader!(self.framing, self.source, self.at, |reader| {
            (0..self.count).map(|_| build(&mut reader)).collect()
        })
    }

    /// Decodes all arguments into one type, which may borrow from the message: a tuple with as many
    /// elements, a list, a tuple struct, or an enum whose variant the first argument names.
    ///
    /// A whole float may be read as an integer, and an integer as a float; octets may be read as
    /// text (UTF-8, else Latin-1), and text of code points 0 to 255 as octets. As Perl turns
    /// numbers and truth into text and back, a text may be read as the number that it shows, and
    /// `1`, `0`, their texts and the empty text as a boolean. Nothing else is converted.
    #[cfg(feature = "serde")]
    #[inline]
    pub fn decode<T: serde::Deserialize<'a>>(&self) -> Result<T, super::DecodeError> {
        with_reader!(self.framing, self.source, self.at, |reader| {
            super::bridge::decode_args(&mut reader, self.count)
        })
    }

    /// The argument that begins here.
    fn arg(&self) -> Arg<'a> {
        Arg {
            framing: self.framing,
            source: self.source,
            at: self.at,
        }
    }
}

/// Shows the arguments as JSON texts.
impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &Args<'a> {
    type Item = Arg<'a>;
    type IntoIter = ArgsIter<'a>;

    fn into_iter(self) -> ArgsIter<'a> {
        self.iter()
    }
}

/// One argument after another.
#[derive(Clone, Debug)]
pub struct ArgsIter<'a> {
    rest: Args<'a>,
}

impl<'a> Iterator for ArgsIter<'a> {
    type Item = Arg<'a>;

    fn next(&mut self) -> Option<Arg<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let arg = self.rest.arg();
        self.rest = self.rest.skip(1);
        Some(arg)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.count, Some(self.rest.count))
    }
}

impl ExactSizeIterator for ArgsIter<'_> {}

/// One argument, still encoded.
#[derive(Clone, Copy)]
pub struct Arg<'a> {
    framing: Framing,
    source: Source<'a>,
    at: usize,
}

impl<'a> Arg<'a> {
    /// The argument as text, also where it is octets; `None` for anything else. Borrowed unless it
    /// was written with escapes.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match with_reader!(self.framing, self.source, self.at, |reader| reader.value()) {
            Token::Text(text) => Some(text),
            Token::Octets(octets) => Some(text_of_octets(octets)),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        let token = with_reader!(self.framing, self.source, self.at, |reader| reader.value());
        matches!(token, Token::Null)
    }

    /// The elements if it is an array; `None` for anything else.
    pub fn elements(&self) -> Option<Args<'a>> {
        with_reader!(self.framing, self.source, self.at, |reader| {
            let Token::Array(mut left) = reader.value() else {
                return None;
            };
            let (at, mut count) = (reader.position(), 0);
            while reader.element(&mut left) {
                reader.skip();
                count += 1;
            }
            Some(Args {
                framing: self.framing,
                source: self.source,
                at,
                count,
            })
        })
    }

    /// The argument as a value.
    pub fn value(&self) -> Value {
        with_reader!(self.framing, self.source, self.at, |reader| build(
            &mut reader
        ))
    }

    /// Decodes it into a type, which may borrow from the message; see [`Args::decode`].
    #[cfg(feature = "serde")]
    #[inline]
    pub fn decode<T: serde::Deserialize<'a>>(&self) -> Result<T, super::DecodeError> {
        with_reader!(self.framing, self.source, self.at, |reader| {
            super::bridge::decode(&mut reader)
        })
    }
}

/// Shows the argument as a JSON text.
impl fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}
