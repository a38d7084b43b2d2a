//! The codes of an image, one at a time.

use crate::failure::{Failure, Reason};
use alloc::format;

/// One code with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Code<'a> {
    /// The value of that number again.
    Copy(u32),
    /// A reference to the value that follows.
    Reference,
    /// The value that follows has this class.
    Class(&'a [u8]),
    /// The value that follows has the class of that number.
    ClassNumber(u32),
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Octets(&'a [u8]),
    /// Text, perhaps not valid.
    Text(&'a [u8]),
    /// An array of that many values.
    Array(u32),
    /// A map of that many entries; whether each key has flags.
    Map(u32, bool),
}

impl Code<'_> {
    /// Whether it is a level of nesting.
    pub(super) fn holds_another(&self) -> bool {
        matches!(
            self,
            Self::Reference
                | Self::Class(_)
                | Self::ClassNumber(_)
                | Self::Array(_)
                | Self::Map(..)
        )
    }
}

/// A place in an image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) octets: &'a [u8],
    pub(super) at: usize,
    /// Whether lengths and numbers have their lowest octet first.
    native: bool,
}

const NETWORK: u8 = 5;
const NATIVE: u8 = 4;
/// What follows the minor version in the header of a native image: the order of the octets of an
/// integer, and the sizes of int, long, pointers and floats.
const MACHINE: &[u8] = b"\x0812345678\x04\x08\x08\x08";

/// The flags of a key that say nothing about what it is.
const KEY_FLAGS: u8 = 1 | 2 | 4;

impl<'a> Cursor<'a> {
    /// Begins behind the header of an image (`[storable.header.minor]`, `[storable.header.native]`); nothing if that is not complete.
    pub(super) fn new(octets: &'a [u8]) -> Result<Option<Self>, Failure> {
        let (native, at) = match octets {
            [] | [NETWORK | NATIVE] => return Ok(None),
            [NETWORK, ..] => (false, 2),
            [NATIVE, _, machine @ ..] => {
                let here = machine.len().min(MACHINE.len());
                if machine[..here] != MACHINE[..here] {
                    return Err(malformed(2, "a native image of another kind of machine"));
                }
                if here < MACHINE.len() {
                    return Ok(None);
                }
                (true, 2 + here)
            }
            _ => return Err(malformed(0, "no image of Storable's version 2")),
        };
        Ok(Some(Self { octets, at, native }))
    }

    /// Octets to come.
    pub(super) fn left(&self) -> usize {
        self.octets.len() - self.at
    }

    /// Reads one code (`[storable.read.table]`, `[storable.read.other]`).
    pub(super) fn code(&mut self) -> Result<Code<'a>, Failure> {
        let here = self.at;
        Ok(match self.octet()? {
            0x00 => {
                let octets = self.four()?;
                Code::Copy(u32::from_be_bytes(octets))
            }
            0x01 => Code::Octets(self.long()?),
            0x02 => Code::Array(self.count(1)?),
            0x03 => Code::Map(self.count(5)?, false),
            0x04 | 0x14 | 0x1b | 0x1c => Code::Reference,
            0x05 | 0x0e | 0x1f => Code::Null,
            0x06 if self.native => Code::Integer(i64::from_le_bytes(self.eight()?)),
            0x07 if self.native => Code::Float(f64::from_le_bytes(self.eight()?)),
            0x08 => Code::Integer(i64::from(self.octet()?) - 128),
            0x09 => Code::Integer(i64::from(i32::from_be_bytes(self.four()?))),
            0x0a => Code::Octets(self.short()?),
            0x0f | 0x22 => Code::Bool(true),
            0x10 | 0x23 => Code::Bool(false),
            0x11 => {
                let len = self.octet()?;
                let len = if len < 0x80 {
                    usize::from(len)
                } else {
                    self.length()?
                };
                Code::Class(self.take(len)?)
            }
            0x12 => {
                let number = self.octet()?;
                Code::ClassNumber(if number < 0x80 {
                    u32::from(number)
                } else {
                    self.number()?
                })
            }
            0x17 => Code::Text(self.short()?),
            0x18 => Code::Text(self.long()?),
            0x19 => {
                self.octet()?;
                Code::Map(self.count(6)?, true)
            }
            code => {
                return Err(Failure::new(
                    Reason::DataMalformed,
                    format!("octet {here}: the code 0x{code:02x}, which no message may hold"),
                ));
            }
        })
    }

    /// Reads the key behind the value of an entry (`[storable.read.key-flags]`).
    pub(super) fn key(&mut self, flagged: bool) -> Result<&'a [u8], Failure> {
        if flagged && self.octet()? & !KEY_FLAGS != 0 {
            return Err(malformed(self.at - 1, "a key that is no plain text"));
        }
        self.long()
    }

    fn octet(&mut self) -> Result<u8, Failure> {
        self.take(1).map(|octets| octets[0])
    }

    fn four(&mut self) -> Result<[u8; 4], Failure> {
        let mut octets = [0; 4];
        octets.copy_from_slice(self.take(4)?);
        Ok(octets)
    }

    fn eight(&mut self) -> Result<[u8; 8], Failure> {
        let mut octets = [0; 8];
        octets.copy_from_slice(self.take(8)?);
        Ok(octets)
    }

    fn number(&mut self) -> Result<u32, Failure> {
        let octets = self.four()?;
        Ok(if self.native {
            u32::from_le_bytes(octets)
        } else {
            u32::from_be_bytes(octets)
        })
    }

    fn length(&mut self) -> Result<usize, Failure> {
        self.number().map(|number| number as usize)
    }

    /// `[storable.read.claimed]`: the number of elements or entries, each of at least `least` octets.
    fn count(&mut self, least: u64) -> Result<u32, Failure> {
        let count = self.number()?;
        if u64::from(count) * least > self.left() as u64 {
            return Err(malformed(
                self.at - 4,
                "more elements than the image has room for",
            ));
        }
        Ok(count)
    }

    fn short(&mut self) -> Result<&'a [u8], Failure> {
        let len = self.octet()?;
        self.take(usize::from(len))
    }

    fn long(&mut self) -> Result<&'a [u8], Failure> {
        let len = self.length()?;
        self.take(len)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Failure> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let Some(octets) = rest.get(..len) else {
            return Err(malformed(self.at, "the image ends inside a value"));
        };
        self.at += len;
        Ok(octets)
    }
}

#[cold]
pub(super) fn malformed(at: usize, what: &str) -> Failure {
    Failure::new(
        Reason::DataMalformed,
        format!("octet {at} of the image: {what}"),
    )
}
