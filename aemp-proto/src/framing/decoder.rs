//! Finding the messages in what comes in.

#[cfg(feature = "cbor")]
use super::cbor;
#[cfg(feature = "storable")]
use super::storable;
use super::{Framing, Layout, Limits, json};
use crate::failure::Failure;
use alloc::vec::Vec;

/// A frame at the beginning of the buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub(crate) len: usize,
    pub(crate) content: Content,
}

impl Frame {
    /// How many octets it takes; never 0. These are released before the decoder is asked again.
    #[allow(clippy::len_without_is_empty, reason = "no frame is empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// What it holds.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What it holds, to be kept.
    pub fn into_content(self) -> Content {
        self.content
    }
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message for a port; the layout opens the frame's own octets.
    Message(Layout),
    /// A message for a port that cannot be read where it stands, since parts of it stand for other
    /// parts or come in an order in which nobody wants them; the layout opens *these* octets. All
    /// messages of storable come so, a few of cbor, none of json.
    Rewritten(Layout, Vec<u8>),
    /// Something well formed that means nothing: dropped and counted.
    Nothing(Nothing),
    /// White space between messages: dropped.
    Space,
}

/// What is well formed but means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nothing {
    /// Not an array.
    NotArray,
    /// An empty array; originals use it as keepalive.
    EmptyArray,
    /// The port is an array or a map.
    PortType,
}

/// Finds the messages of a connection.
///
/// The caller keeps a buffer that begins with the first octet not yet released, asks
/// [`next`](Self::next) until it says `None`, releasing each frame's octets, and then reads more
/// behind what is left. The decoder remembers what it has seen: the cost is in proportion to the
/// octets, however they come in. After a failure it stays failed.
#[derive(Clone, Debug)]
pub struct Decoder {
    scanner: Scanner,
    failed: Option<Failure>,
}

#[derive(Clone, Debug)]
enum Scanner {
    Json(json::Scanner),
    #[cfg(feature = "cbor")]
    Cbor(cbor::Scanner),
    #[cfg(feature = "storable")]
    Storable(storable::Scanner),
}

impl Decoder {
    /// A decoder at the beginning of the first message.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        let scanner = match framing {
            Framing::Json => Scanner::Json(json::Scanner::new(&limits)),
            #[cfg(feature = "cbor")]
            Framing::Cbor => Scanner::Cbor(cbor::Scanner::new(&limits)),
            #[cfg(feature = "storable")]
            Framing::Storable => Scanner::Storable(storable::Scanner::new(&limits)),
        };
        Self {
            scanner,
            failed: None,
        }
    }

    /// The framing.
    pub fn framing(&self) -> Framing {
        match self.scanner {
            Scanner::Json(_) => Framing::Json,
            #[cfg(feature = "cbor")]
            Scanner::Cbor(_) => Framing::Cbor,
            #[cfg(feature = "storable")]
            Scanner::Storable(_) => Framing::Storable,
        }
    }

    /// The next frame, which begins with the first octet of `buf`; `None` if that needs more
    /// octets.
    ///
    /// Between two calls octets may only be appended to `buf`, or released after a frame. It never
    /// holds more than one unfinished message, and that is refused as soon as it exceeds the limit.
    #[inline]
    pub fn next(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        let outcome = match &mut self.scanner {
            Scanner::Json(scanner) => scanner.next(buf),
            #[cfg(feature = "cbor")]
            Scanner::Cbor(scanner) => scanner.next(buf),
            #[cfg(feature = "storable")]
            Scanner::Storable(scanner) => scanner.next(buf),
        };
        if let Err(failure) = &outcome {
            self.failed = Some(failure.clone());
        }
        outcome
    }

    /// The end of input, after `next` has said `None` with the same `buf`: fails if that is inside
    /// a message. A frame is what only the end makes whole: in json a number outside arrays.
    pub fn finish(&mut self, buf: &[u8]) -> Result<Option<Frame>, Failure> {
        if let Some(failure) = &self.failed {
            return Err(failure.clone());
        }
        match &mut self.scanner {
            Scanner::Json(scanner) => scanner.finish(buf),
            #[cfg(feature = "cbor")]
            Scanner::Cbor(scanner) => scanner.finish(buf),
            #[cfg(feature = "storable")]
            Scanner::Storable(scanner) => scanner.finish(buf),
        }
        .inspect_err(|failure| self.failed = Some(failure.clone()))
    }
}
