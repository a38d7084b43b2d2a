//! The octets that a message is read from.

use alloc::{borrow::Cow, string::String};

/// The octets of a message, and the same as text where that has been told already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) octets: &'a [u8],
    /// Empty unless all octets are UTF-8 and they are few.
    text: &'a str,
}

impl<'a> Source<'a> {
    /// To tell that octets are text costs more to begin than to go on, so that short messages of
    /// several strings are better told at once. In a long one nobody may ever ask for most of its
    /// strings.
    const FEW: usize = 256;

    #[inline]
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        let text = if octets.len() <= Self::FEW {
            core::str::from_utf8(octets).unwrap_or_default()
        } else {
            ""
        };
        Self { octets, text }
    }

    /// The octets from one offset to another, as text if they are.
    #[inline]
    pub(crate) fn valid_text(&self, from: usize, to: usize) -> Option<&'a str> {
        self.text
            .get(from..to)
            .or_else(|| core::str::from_utf8(self.octets.get(from..to)?).ok())
    }

    /// The octets from one offset to another as text; a scanner has passed them, so that they are
    /// text, or else what it says is of no importance.
    #[inline]
    pub(crate) fn text(&self, from: usize, to: usize) -> Cow<'a, str> {
        match self.valid_text(from, to) {
            Some(text) => Cow::Borrowed(text),
            None => String::from_utf8_lossy(self.octets.get(from..to).unwrap_or_default()),
        }
    }
}
