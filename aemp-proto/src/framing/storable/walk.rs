//! Going over an image value by value, without recursion, and rewriting it.
//!
//! An image is gone over twice. The first time finds the keys, which stand behind the values, and the
//! values that others are copies of. The second time writes the message, and then has both at hand.

use super::code::{Code, Cursor, malformed};
use crate::{
    failure::{Failure, Reason},
    framing::{cbor, token::Writer as _},
    value::Float,
};
use alloc::{format, vec::Vec};

/// Classes whose values 0 and 1 are booleans (`[storable.class.boolean]`).
const BOOLEANS: [&[u8]; 3] = [
    b"JSON::PP::Boolean",
    b"JSON::XS::Boolean",
    b"Types::Serialiser::Boolean",
];

/// `[storable.read.depth-marks]`: how many references and classes there may be for each level of arrays and maps: each that a Perl
/// program nests has one reference, and one class if it has any.
const MARKS: usize = 2;

/// The message of an image in the cbor framing.
///
/// # Errors
///
/// `data.malformed`, and (`[storable.ref.expansion]`) `data.size` where copies would make the image larger than `most` octets. Texts
/// and numbers are left unchecked, and the depth but for what could exhaust memory.
pub(super) fn rewrite(image: &[u8], most: usize, levels: usize) -> Result<Vec<u8>, Failure> {
    let mut survey = Survey::default();
    walk(image, levels, &mut survey)?;
    survey.copied.sort_unstable();
    survey.copied.dedup();
    let mut out = Vec::with_capacity(image.len());
    let mut transcript = Transcript {
        image,
        to: cbor::Writer::new(&mut out),
        keys: survey.keys.iter(),
        copies: survey.copied.into_iter().map(Copied::new).collect(),
        extra: 0,
        most,
    };
    walk(image, levels, &mut transcript)?;
    Ok(out)
}

/// What is done at each step of the way.
trait Visitor<'a> {
    /// A value begins that has a number of its own; `at` is its code's offset.
    fn number(&mut self, number: u32, at: usize);
    /// The values of these numbers, one the reference to the next, end at `at`.
    fn numbered(&mut self, first: u32, last: u32, at: usize);
    /// A value that holds no others, or the beginning of an array or a map.
    fn value(&mut self, value: Code<'a>);
    /// A copy, whose code ends at `at`.
    fn copy(&mut self, number: u32, at: usize) -> Result<(), Failure>;
    /// An entry of a map begins.
    fn entry(&mut self);
    /// The value of an entry has ended; its key is at that offset.
    fn key(&mut self, at: usize, flagged: bool);
}

/// An array or a map that is open.
struct Open {
    left: u32,
    /// For a map, whether its keys have flags.
    map: Option<bool>,
    /// The number of the first reference to it and its own.
    numbers: (u32, u32),
    /// References, classes, arrays and maps down to here.
    depth: usize,
}

fn walk<'a>(image: &'a [u8], levels: usize, visitor: &mut impl Visitor<'a>) -> Result<(), Failure> {
    let Some(mut cursor) = Cursor::new(image)? else {
        return Err(malformed(image.len(), "the image ends inside its header"));
    };
    let mut open: Vec<Open> = Vec::new();
    let mut numbers = 0;
    // Whether each class so far is one of booleans.
    let mut classes: Vec<bool> = Vec::new();
    loop {
        let mut depth = open.last().map_or(0, |open| open.depth);
        let first = numbers;
        let mut boolean = false;
        // References and classes lead to a value.
        let value = loop {
            let at = cursor.at;
            let code = cursor.code()?;
            depth += usize::from(code.holds_another());
            if depth > levels.saturating_mul(1 + MARKS) {
                return Err(too_deep(at, levels));
            }
            match code {
                Code::Class(name) => {
                    boolean = BOOLEANS.contains(&name);
                    classes.push(boolean);
                    continue;
                }
                Code::ClassNumber(number) => match classes.get(number as usize) {
                    Some(class) => {
                        boolean = *class;
                        continue;
                    }
                    None => return Err(malformed(at, "a class that no value before has")),
                },
                Code::Copy(number) if number >= first => {
                    return Err(malformed(
                        at,
                        "a copy of nothing, or of what it is inside of",
                    ));
                }
                Code::Copy(_) => break code,
                _ => {}
            }
            visitor.number(numbers, at);
            numbers += 1;
            if code != Code::Reference {
                break code;
            }
            boolean = false;
        };
        let count = match value {
            Code::Copy(number) => {
                // What is open has not ended, and its numbers ascend.
                let after = open.partition_point(|open| open.numbers.0 <= number);
                if after > 0 && number <= open[after - 1].numbers.1 {
                    return Err(malformed(cursor.at, "a copy of what it is inside of"));
                }
                visitor.copy(number, cursor.at)?;
                0
            }
            Code::Array(count) | Code::Map(count, _) => {
                visitor.value(value);
                count
            }
            _ => {
                visitor.value(if boolean { as_boolean(value) } else { value });
                0
            }
        };
        if count > 0 {
            if open.len() >= levels {
                return Err(too_deep(cursor.at, levels));
            }
            let map = match value {
                Code::Map(_, flagged) => Some(flagged),
                _ => None,
            };
            open.push(Open {
                left: count,
                map,
                numbers: (first, numbers - 1),
                depth,
            });
            if map.is_some() {
                visitor.entry();
            }
            continue;
        }
        if numbers > first {
            visitor.numbered(first, numbers - 1, cursor.at);
        }
        // The value has ended, and with it perhaps what it is the last of.
        loop {
            let Some(around) = open.last_mut() else {
                return match cursor.left() {
                    0 => Ok(()),
                    _ => Err(malformed(cursor.at, "more than one value")),
                };
            };
            if let Some(flagged) = around.map {
                let at = cursor.at;
                cursor.key(flagged)?;
                visitor.key(at, flagged);
            }
            around.left -= 1;
            if around.left > 0 {
                if around.map.is_some() {
                    visitor.entry();
                }
                break;
            }
            let (first, last) = around.numbers;
            visitor.numbered(first, last, cursor.at);
            open.pop();
        }
    }
}

/// The boolean that a value of such a class is, or the value.
fn as_boolean(value: Code<'_>) -> Code<'_> {
    match value {
        Code::Integer(0) | Code::Octets(b"0") => Code::Bool(false),
        Code::Integer(1) | Code::Octets(b"1") => Code::Bool(true),
        _ => value,
    }
}

#[cold]
fn too_deep(at: usize, levels: usize) -> Failure {
    Failure::new(
        Reason::DataDepth,
        format!("octet {at} of the image is too deep; the limit is {levels} levels"),
    )
}

/// The first way over an image.
#[derive(Default)]
struct Survey {
    /// The offset of each entry's key and whether it has flags, in the order of the entries' beginnings.
    keys: Vec<(u32, bool)>,
    /// The entries whose value has not ended.
    open: Vec<usize>,
    /// The numbers of the values that others are copies of.
    copied: Vec<u32>,
}

impl Visitor<'_> for Survey {
    fn number(&mut self, _: u32, _: usize) {}

    fn numbered(&mut self, _: u32, _: u32, _: usize) {}

    fn value(&mut self, _: Code<'_>) {}

    fn copy(&mut self, number: u32, _: usize) -> Result<(), Failure> {
        self.copied.push(number);
        Ok(())
    }

    fn entry(&mut self) {
        self.open.push(self.keys.len());
        self.keys.push((0, false));
    }

    fn key(&mut self, at: usize, flagged: bool) {
        if let Some(entry) = self.open.pop() {
            self.keys[entry] = (at as u32, flagged);
        }
    }
}

/// The second way over an image.
struct Transcript<'a, 'o, 'k> {
    image: &'a [u8],
    to: cbor::Writer<'o>,
    keys: core::slice::Iter<'k, (u32, bool)>,
    /// The values that others are copies of, by number.
    copies: Vec<Copied>,
    /// By how much the copies so far make the image larger than it is.
    extra: i64,
    most: usize,
}

/// A value that others are copies of.
struct Copied {
    number: u32,
    /// Where it is in the rewritten message.
    from: u32,
    to: u32,
    /// Octets of the image with its copies from the beginning to it, and then its own.
    size: i64,
}

impl Copied {
    fn new(number: u32) -> Self {
        Self {
            number,
            from: 0,
            to: 0,
            size: 0,
        }
    }
}

impl<'a> Visitor<'a> for Transcript<'a, '_, '_> {
    fn number(&mut self, number: u32, at: usize) {
        if let Ok(place) = self
            .copies
            .binary_search_by_key(&number, |copied| copied.number)
        {
            let copied = &mut self.copies[place];
            copied.from = self.to.len() as u32;
            copied.size = at as i64 + self.extra;
        }
    }

    fn numbered(&mut self, first: u32, last: u32, at: usize) {
        if self.copies.is_empty() {
            return;
        }
        let from = self.copies.partition_point(|copied| copied.number < first);
        for copied in self.copies[from..]
            .iter_mut()
            .take_while(|copied| copied.number <= last)
        {
            copied.to = self.to.len() as u32;
            copied.size = at as i64 + self.extra - copied.size;
        }
    }

    fn value(&mut self, value: Code<'a>) {
        let to = &mut self.to;
        match value {
            Code::Bool(bool) => to.bool(bool),
            Code::Integer(integer) => to.signed(integer),
            Code::Float(float) => match Float::new(float) {
                Some(float) => to.float(float),
                None => to.infinity(),
            },
            Code::Octets(octets) => to.octets(octets),
            Code::Text(octets) => to.unchecked_text(octets),
            Code::Array(count) => {
                to.begin_array(Some(count as usize));
            }
            Code::Map(count, _) => {
                to.begin_map(Some(count as usize));
            }
            _ => to.null(),
        }
    }

    fn copy(&mut self, number: u32, at: usize) -> Result<(), Failure> {
        /// Octets of a code 00 with its number.
        const COPY: i64 = 5;
        let place = self
            .copies
            .binary_search_by_key(&number, |copied| copied.number);
        let Some(copied) = place.ok().map(|place| &self.copies[place]) else {
            return Err(malformed(at, "a copy of nothing"));
        };
        self.extra += copied.size - COPY;
        if at as i64 + self.extra > self.most as i64 {
            return Err(Failure::new(
                Reason::DataSize,
                format!("more than {} octets with the copies in it", self.most),
            ));
        }
        self.to.again(copied.from as usize..copied.to as usize);
        Ok(())
    }

    fn entry(&mut self) {
        let Some(&(at, flagged)) = self.keys.next() else {
            return;
        };
        // Without its flags, a key is a length and that many octets, in the image's own order.
        if let Ok(Some(mut cursor)) = Cursor::new(self.image) {
            cursor.at = at as usize;
            self.to.octets(cursor.key(flagged).unwrap_or_default());
        }
    }

    fn key(&mut self, _: usize, _: bool) {}
}
