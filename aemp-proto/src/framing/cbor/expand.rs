//! Replacing references within a message by what they stand for.
//!
//! Few messages hold any, and the originals send none. Those that do are written anew, so that whoever
//! reads a message meets plain items only. What is written is bounded by the message limit: that is
//! what keeps a message of a hundred octets from standing for more than memory can hold
//! (`[cbor.tag.expansion]`).

use super::head::{Head, head};
use crate::failure::{Failure, Reason};
use alloc::{format, vec::Vec};
use core::ops::Range;

/// The item that the scanner has passed, without references and the tags that serve them.
///
/// # Errors
///
/// A reference to nothing, to what it is inside of, or one too many for `most` octets.
pub(super) fn expand(octets: &[u8], most: usize) -> Result<Vec<u8>, Failure> {
    let mut expansion = Expansion {
        from: octets,
        at: 0,
        out: Vec::with_capacity(octets.len()),
        most,
        open: Vec::new(),
        shared: Vec::new(),
        spaces: Vec::new(),
    };
    while expansion.item()? {}
    Ok(expansion.out)
}

struct Expansion<'a> {
    from: &'a [u8],
    at: usize,
    out: Vec<u8>,
    most: usize,
    open: Vec<Open>,
    /// Where in `out` the shared items are; an end before the beginning while they are incomplete.
    shared: Vec<Range<usize>>,
    /// Where in `out` the strings are that can be referred to, for each open name space.
    spaces: Vec<Vec<Range<usize>>>,
}

/// What holds items.
struct Open {
    /// Items still to come; nothing where a break ends it.
    left: Option<u64>,
    kind: Kind,
}

enum Kind {
    /// An array or a map.
    Plain,
    /// The tag of the shared item of that number.
    Shared(usize),
    /// The tag of a name space.
    Space,
}

impl Expansion<'_> {
    /// Goes over one head; says whether more is to come.
    fn item(&mut self) -> Result<bool, Failure> {
        let here = self.at;
        let head = self.head()?;
        let (left, kind) = match head {
            Head::Tag(28) => {
                self.shared.push(self.out.len()..0);
                (Some(1), Kind::Shared(self.shared.len() - 1))
            }
            Head::Tag(256) => {
                self.spaces.push(Vec::new());
                (Some(1), Kind::Space)
            }
            Head::Tag(tag @ (25 | 29)) => {
                let Head::Unsigned(number) = self.head()? else {
                    return Err(self.nothing("no number"));
                };
                self.reference(tag == 25, number)?;
                return Ok(self.end_item());
            }
            Head::Octets(len) | Head::Text(len) => {
                self.string(here, len)?;
                return Ok(self.end_item());
            }
            _ => {
                self.copy(here..self.at)?;
                match head {
                    Head::Array(count) => (count, Kind::Plain),
                    Head::Map(count) => (count.map(|count| count.saturating_mul(2)), Kind::Plain),
                    Head::Tag(_) => return Ok(true),
                    Head::Break => (
                        Some(0),
                        self.open.pop().map_or(Kind::Plain, |open| open.kind),
                    ),
                    _ => (Some(0), Kind::Plain),
                }
            }
        };
        if left == Some(0) {
            return Ok(self.end_item());
        }
        self.open.push(Open { left, kind });
        Ok(true)
    }

    fn head(&mut self) -> Result<Head, Failure> {
        match head(self.from.get(self.at..).unwrap_or_default()) {
            Ok(Some((head, len))) => {
                self.at += len;
                Ok(head)
            }
            _ => Err(self.nothing("no item")),
        }
    }

    /// Copies a string whose head begins at `here` and ends at `self.at`.
    fn string(&mut self, here: usize, len: Option<u64>) -> Result<(), Failure> {
        let out = self.out.len();
        match len {
            Some(len) => {
                self.at = self.at.saturating_add(len as usize);
                self.copy(here..self.at)?;
                self.note_string(out..self.out.len(), len);
            }
            None => {
                while let Head::Octets(Some(len)) | Head::Text(Some(len)) = self.head()? {
                    self.at = self.at.saturating_add(len as usize);
                }
                self.copy(here..self.at)?;
            }
        }
        Ok(())
    }

    /// `[cbor.tag.strings]`: enters a string into the table if a reference to it would be shorter.
    fn note_string(&mut self, string: Range<usize>, len: u64) {
        if let Some(space) = self.spaces.last_mut() {
            let least = match space.len() {
                0..24 => 3,
                24..0x100 => 4,
                0x100..0x1_0000 => 5,
                _ => 7,
            };
            if len >= least {
                space.push(string);
            }
        }
    }

    fn reference(&mut self, string: bool, number: u64) -> Result<(), Failure> {
        let table = if string {
            self.spaces.last()
        } else {
            Some(&self.shared)
        };
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(item) = table.and_then(|table| table.get(number)).cloned() else {
            return Err(self.nothing("nothing"));
        };
        if item.is_empty() {
            return Err(self.nothing("what it is inside of"));
        }
        self.fits(item.len())?;
        self.out.extend_from_within(item);
        Ok(())
    }

    fn copy(&mut self, octets: Range<usize>) -> Result<(), Failure> {
        self.fits(octets.len())?;
        let Some(octets) = self.from.get(octets) else {
            return Err(self.nothing("no item"));
        };
        self.out.extend_from_slice(octets);
        Ok(())
    }

    /// One item is complete, and with it perhaps what holds it; says whether more is to come.
    fn end_item(&mut self) -> bool {
        while let Some(open) = self.open.last_mut() {
            let Some(left) = &mut open.left else {
                return true;
            };
            *left -= 1;
            if *left > 0 {
                return true;
            }
            match open.kind {
                Kind::Plain => {}
                Kind::Shared(number) => self.shared[number].end = self.out.len(),
                Kind::Space => drop(self.spaces.pop()),
            }
            self.open.pop();
        }
        false
    }

    fn fits(&self, more: usize) -> Result<(), Failure> {
        if self.out.len() + more > self.most {
            return Err(Failure::new(
                Reason::DataSize,
                format!(
                    "more than {} octets with what its references stand for",
                    self.most
                ),
            ));
        }
        Ok(())
    }

    #[cold]
    fn nothing(&self, what: &'static str) -> Failure {
        Failure::new(
            Reason::DataMalformed,
            format!("octet {}: a reference to {what}", self.at),
        )
    }
}
