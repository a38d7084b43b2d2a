//! Messages as handlers get them: a cheap handle on octets that were checked before.

use std::{borrow::Cow, fmt};

use aemp_proto::{
    framing::{Args, DecodeError, Framing, Layout},
    value::Value,
};
use bytes::Bytes;
use serde::Deserialize;

/// The arguments of one message, in the octets in which they came.
///
/// Cheap to clone. Nothing is decoded before it is asked for; what is decoded may borrow from the
/// message. All octets were validated before a handler sees them, so decoding fails only where the
/// arguments have another shape than the asked type.
#[derive(Clone)]
pub struct Message {
    octets: Bytes,
    framing: Framing,
    skipped: u16,
    layout: Layout,
}

impl Message {
    pub(crate) fn new(octets: Bytes, framing: Framing, layout: Layout) -> Self {
        Self {
            octets,
            framing,
            skipped: 0,
            layout,
        }
    }

    /// The arguments.
    pub fn args(&self) -> Args<'_> {
        let args = *self.layout.open(self.framing, &self.octets).args();
        match self.skipped {
            0 => args,
            n => args.skip(usize::from(n)),
        }
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.args().len()
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first argument if it is a text.
    pub fn tag(&self) -> Option<Cow<'_, str>> {
        self.args().tag()
    }

    /// Decodes the sequence of arguments, for example into `(&str, u64, String)`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the arguments have another shape.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, DecodeError> {
        self.args().decode()
    }

    /// All arguments as values.
    pub fn values(&self) -> Vec<Value> {
        self.args().values()
    }

    /// The message without its first `n` arguments.
    #[must_use]
    pub fn skip(mut self, n: u16) -> Self {
        self.skipped = self.skipped.saturating_add(n);
        self
    }

    /// How many octets it came in.
    pub(crate) fn octets(&self) -> usize {
        self.octets.len()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.values()).finish()
    }
}
