//! Reading values from JSON texts that the scanner has passed.

use super::{
    super::{
        source::Source,
        token::{self, Left, Token},
    },
    chunk::string_end,
    escape::unescape,
};
use crate::value::{Float, Integer};
use alloc::borrow::Cow;

/// How many digits an integer beyond 64 bits has at least.
const DIGITS_BEYOND: usize = 19;

/// Reads values; the separators between them are passed over like white space, since the scanner
/// has seen to it that they stand where they must.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    source: Source<'a>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Goes to the next octet that is neither white space nor a separator.
    #[inline]
    fn settle(&mut self) -> Option<u8> {
        while let Some(&octet) = self.source.octets.get(self.at) {
            if !matches!(octet, b',' | b' ' | b':' | b'\n' | b'\t' | b'\r') {
                return Some(octet);
            }
            self.at += 1;
        }
        None
    }

    /// Reads a string whose opening quote is at `self.at`.
    #[inline]
    fn string(&mut self) -> Cow<'a, str> {
        let from = self.at + 1;
        let end = string_end(self.source.octets, from);
        if self.source.octets.get(end) == Some(&b'"') {
            self.at = end + 1;
            return self.source.text(from, end);
        }
        let (end, text) = unescape(self.source.octets, from);
        self.at = end;
        Cow::Owned(text)
    }

    /// Passes a string over whose opening quote is at `self.at`.
    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            self.at = string_end(self.source.octets, self.at);
            match self.source.octets.get(self.at) {
                Some(b'"') => break self.at += 1,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => break,
            }
        }
        self.at = self.at.min(self.source.octets.len());
    }

    /// Reads a number that begins at `self.at`.
    #[inline]
    fn number(&mut self) -> Token<'a> {
        let from = self.at;
        let negative = self.source.octets.get(from) == Some(&b'-');
        self.at += usize::from(negative);
        let mut magnitude = 0_u64;
        let mut exact = true;
        while let Some(octet @ b'0'..=b'9') = self.source.octets.get(self.at) {
            let next = magnitude
                .checked_mul(10)
                .and_then(|it| it.checked_add(u64::from(octet - b'0')));
            exact &= next.is_some();
            magnitude = next.unwrap_or(0);
            self.at += 1;
        }
        if matches!(self.source.octets.get(self.at), Some(b'.' | b'e' | b'E')) {
            return self.float(from);
        }
        if exact {
            let magnitude = i128::from(magnitude);
            if let Some(integer) = Integer::new(if negative { -magnitude } else { magnitude }) {
                return Token::Integer(integer);
            }
        }
        // [json.integer.beyond] The originals take an integer that is out of range for the text of
        // its digits.
        Token::Text(self.source.text(from, self.at))
    }

    #[cold]
    fn float(&mut self, from: usize) -> Token<'a> {
        while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') =
            self.source.octets.get(self.at)
        {
            self.at += 1;
        }
        let text = self.source.valid_text(from, self.at).unwrap_or_default();
        let float = text.parse().ok().and_then(Float::new);
        Token::Float(float.unwrap_or_default())
    }

    #[inline]
    fn literal(&mut self, len: usize) {
        self.at = (self.at + len).min(self.source.octets.len());
    }
}

impl<'a> token::Reader<'a> for Reader<'a> {
    fn new(source: Source<'a>, at: usize) -> Self {
        Self {
            source,
            at: at.min(source.octets.len()),
        }
    }

    fn position(&self) -> usize {
        self.at
    }

    #[inline]
    fn value(&mut self) -> Token<'a> {
        match self.settle() {
            Some(b'"') => Token::Text(self.string()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[') => {
                self.at += 1;
                Token::Array(None)
            }
            Some(b'{') => {
                self.at += 1;
                Token::Map(None)
            }
            Some(b't') => {
                self.literal(4);
                Token::Bool(true)
            }
            Some(b'f') => {
                self.literal(5);
                Token::Bool(false)
            }
            Some(_) => {
                self.literal(4);
                Token::Null
            }
            None => Token::Null,
        }
    }

    #[cfg(feature = "serde")]
    #[inline]
    fn quick_text(&mut self) -> Option<&'a str> {
        if self.settle() != Some(b'"') {
            return None;
        }
        let from = self.at + 1;
        let end = string_end(self.source.octets, from);
        if self.source.octets.get(end) != Some(&b'"') {
            return None;
        }
        let text = self.source.valid_text(from, end)?;
        self.at = end + 1;
        Some(text)
    }

    #[cfg(feature = "serde")]
    #[inline]
    fn quick_unsigned(&mut self) -> Option<u64> {
        self.settle();
        let (mut at, mut integer) = (self.at, 0);
        while let Some(octet @ b'0'..=b'9') = self.source.octets.get(at) {
            integer = integer * 10 + u64::from(octet - b'0');
            at += 1;
            // So many digits fit whatever they are.
            if at - self.at > 18 {
                return None;
            }
        }
        if at == self.at || !matches!(self.source.octets.get(at), Some(b',' | b']' | b'}')) {
            return None;
        }
        self.at = at;
        Some(integer)
    }

    #[cfg(feature = "serde")]
    #[inline]
    fn null(&mut self) -> bool {
        let null = self.settle() == Some(b'n');
        if null {
            self.literal(4);
        }
        null
    }

    #[inline]
    fn element(&mut self, _: &mut Left) -> bool {
        match self.settle() {
            Some(b']') => {
                self.at += 1;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    #[inline]
    fn key(&mut self, _: &mut Left) -> Option<Cow<'a, str>> {
        match self.settle()? {
            b'"' => Some(self.string()),
            _ => {
                self.at += 1;
                None
            }
        }
    }

    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(octet) = self.settle() {
            match octet {
                b'"' => self.skip_string(),
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ => {
                    self.at += 1;
                    self.skip_scalar();
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn raw(&self, count: usize) -> Option<&'a [u8]> {
        let mut rest = self.clone();
        rest.settle();
        let from = rest.at;
        (0..count).for_each(|_| token::Reader::skip(&mut rest));
        let raw = self.source.octets.get(from..rest.at).unwrap_or_default();
        // [json.integer.beyond]: what is a text to this reader goes on as one.
        (!may_be_beyond(raw)).then_some(raw)
    }
}

/// Whether as many digits as an integer beyond 64 bits has stand in a row, be it in a string.
/// Looks at every nineteenth octet alone where there are few digits.
fn may_be_beyond(octets: &[u8]) -> bool {
    let mut rest = octets;
    while let Some((window, _)) = rest.split_at_checked(DIGITS_BEYOND) {
        match window.iter().rposition(|octet| !octet.is_ascii_digit()) {
            Some(other) => rest = &rest[other + 1..],
            None => return true,
        }
    }
    false
}

impl Reader<'_> {
    /// Passes the rest of a number or literal over.
    fn skip_scalar(&mut self) {
        while let Some(b'0'..=b'9' | b'a'..=b'z' | b'-' | b'+' | b'.' | b'E') =
            self.source.octets.get(self.at)
        {
            self.at += 1;
        }
    }
}
