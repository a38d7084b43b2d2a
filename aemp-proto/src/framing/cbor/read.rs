//! Reading values from data items that the scanner has passed.

use super::{
    super::{
        source::Source,
        token::{self, Left, Token, port_name},
    },
    BIGNUM_MOST,
    digits::digits,
    head::{Head, head},
};
use crate::value::{Float, Integer};
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Reads values. Tags are passed over, but for those of integers.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next head; a break where there is none, which ends everything.
    #[inline]
    fn head(&mut self) -> Head {
        match head(&self.octets[self.at..]) {
            Ok(Some((head, len))) => {
                self.at += len;
                head
            }
            _ => {
                self.at = self.octets.len();
                Head::Break
            }
        }
    }

    /// The octets of a string, or of a chunk of one.
    #[inline]
    fn payload(&mut self, len: u64) -> &'a [u8] {
        let rest = &self.octets[self.at..];
        let payload = &rest[..rest.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
        self.at += payload.len();
        payload
    }

    /// The octets of a string, whether in one piece or in chunks.
    #[inline]
    fn string(&mut self, len: Option<u64>) -> Cow<'a, [u8]> {
        match len {
            Some(len) => Cow::Borrowed(self.payload(len)),
            None => Cow::Owned(self.chunks()),
        }
    }

    #[cold]
    fn chunks(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while let Head::Octets(Some(len)) | Head::Text(Some(len)) = self.head() {
            octets.extend_from_slice(self.payload(len));
        }
        octets
    }

    /// Passes over items while they are what a writer may write; says whether all of them were.
    ///
    /// Readers take more than writers may write: tags, long heads, indefinite lengths, half floats,
    /// keys of other kinds.
    fn plain(&mut self, count: usize) -> bool {
        let mut open: Vec<(u64, bool)> = Vec::new();
        let (mut left, mut map) = (count as u64, false);
        loop {
            while left == 0 {
                match open.pop() {
                    Some(around) => (left, map) = around,
                    None => return true,
                }
            }
            left -= 1;
            let key = map && left % 2 == 1;
            let from = self.at;
            let head = self.head();
            let short = |number| self.at - from == shortest(number);
            match head {
                Head::Octets(Some(len)) if short(len) => {
                    if !self.payload(len).is_ascii() && key {
                        return false;
                    }
                }
                Head::Text(Some(len)) if short(len) => {
                    self.payload(len);
                }
                _ if key => return false,
                Head::Unsigned(number) if short(number) => {}
                // Below -2^63 only the digits may be written.
                Head::Negative(number) if number >> 63 == 0 && short(number) => {}
                Head::Array(Some(items)) if short(items) => {
                    open.push((left, map));
                    (left, map) = (items, false);
                }
                Head::Map(Some(entries)) if short(entries) => {
                    open.push((left, map));
                    (left, map) = (entries.saturating_mul(2), true);
                }
                Head::Bool(_) => {}
                // Not `undefined`, and no float of 16 bits.
                Head::Null if self.octets[from] == 0xf6 => {}
                Head::Float(_) if self.at - from > 3 => {}
                _ => return false,
            }
        }
    }

    /// An integer of any length, behind its tag.
    #[cold]
    fn bignum(&mut self, negative: bool) -> Token<'a> {
        let Head::Octets(len) = self.head() else {
            return Token::Null;
        };
        let octets = self.string(len);
        integer(&octets[..octets.len().min(BIGNUM_MOST)], negative)
    }
}

impl<'a> token::Reader<'a> for Reader<'a> {
    fn new(source: Source<'a>, at: usize) -> Self {
        let octets = source.octets;
        Self {
            octets,
            at: at.min(octets.len()),
        }
    }

    fn position(&self) -> usize {
        self.at
    }

    #[inline]
    fn value(&mut self) -> Token<'a> {
        loop {
            return match self.head() {
                Head::Unsigned(integer) => Token::Integer(integer.into()),
                Head::Negative(n) => match i64::try_from(n) {
                    Ok(n) => Token::Integer((-1 - n).into()),
                    Err(_) => integer(&n.to_be_bytes(), true),
                },
                Head::Octets(len) => Token::Octets(self.string(len)),
                Head::Text(len) => Token::Text(text(self.string(len))),
                Head::Array(count) => Token::Array(count.map(left)),
                Head::Map(count) => Token::Map(count.map(left)),
                Head::Tag(tag @ (2 | 3)) => self.bignum(tag == 3),
                Head::Tag(_) => continue,
                Head::Bool(bool) => Token::Bool(bool),
                Head::Null | Head::Break => Token::Null,
                Head::Float(float) => Token::Float(Float::new(float).unwrap_or_default()),
            };
        }
    }

    #[inline]
    fn element(&mut self, left: &mut Left) -> bool {
        if self.at >= self.octets.len() {
            return false;
        }
        match left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None if self.octets[self.at] == 0xff => {
                self.at += 1;
                false
            }
            None => true,
        }
    }

    #[inline]
    fn key(&mut self, left: &mut Left) -> Option<Cow<'a, str>> {
        self.element(left).then(|| port_name(self.value()))
    }

    fn skip(&mut self) {
        // Items still to pass over, here and in what is open around; nothing where a break ends it.
        let mut left = Some(1_u64);
        let mut around = Vec::new();
        loop {
            let inner = match self.head() {
                Head::Tag(_) => continue,
                Head::Break if left.is_some() => return,
                Head::Break => None,
                Head::Octets(Some(len)) | Head::Text(Some(len)) => {
                    self.payload(len);
                    Some(Some(0))
                }
                Head::Octets(None) | Head::Text(None) => Some(None),
                Head::Array(count) => Some(count),
                Head::Map(count) => Some(count.map(|count| count.saturating_mul(2))),
                _ => Some(Some(0)),
            };
            match inner {
                // What ends here was counted when it began.
                None => left = around.pop().unwrap_or(Some(0)),
                Some(inner) => {
                    if let Some(items) = &mut left {
                        *items = items.saturating_sub(1);
                    }
                    match (inner, &mut left) {
                        (Some(inner), Some(left)) => *left = left.saturating_add(inner),
                        (Some(0), None) => {}
                        (inner, _) => {
                            around.push(left);
                            left = inner;
                        }
                    }
                }
            }
            while left == Some(0) {
                match around.pop() {
                    Some(outer) => left = outer,
                    None => return,
                }
            }
        }
    }

    fn raw(&self, count: usize) -> Option<&'a [u8]> {
        let mut rest = self.clone();
        rest.plain(count).then(|| &self.octets[self.at..rest.at])
    }
}

/// The octets of the shortest head with that number.
fn shortest(number: u64) -> usize {
    match number {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn left(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The text of octets that the scanner has found to be UTF-8.
#[inline]
fn text(octets: Cow<'_, [u8]>) -> Cow<'_, str> {
    match octets {
        Cow::Borrowed(octets) => String::from_utf8_lossy(octets),
        Cow::Owned(octets) => Cow::Owned(String::from_utf8_lossy(&octets).into_owned()),
    }
}

/// The integer n, or -1 - n, of big-endian octets; out of range, the text of its digits.
fn integer(octets: &[u8], negative: bool) -> Token<'static> {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let octets = &octets[zeros..];
    if octets.len() <= 8 {
        let n = octets
            .iter()
            .fold(0_i128, |sum, octet| sum << 8 | i128::from(*octet));
        if let Some(integer) = Integer::new(if negative { -1 - n } else { n }) {
            return Token::Integer(integer);
        }
    }
    Token::Text(Cow::Owned(digits(octets, negative)))
}
