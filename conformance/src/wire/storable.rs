//! The storable framing: a length, then a network order Storable image without its magic word.
//!
//! What the original sends is understood: plain data, references, UTF-8 strings, hashes with
//! flags, and objects: booleans, or what they hold. Code, tied values and regular expressions
//! are refused.

use std::collections::BTreeMap;

use super::value::octets_as_text;
use super::{DEPTH, Unreadable, Value};

/// Major 2 in network order, minor 11.
const HEADER: [u8; 2] = [0x05, 0x0b];

/// A message with its length.
pub fn write(value: &Value) -> Vec<u8> {
    let mut image = HEADER.to_vec();
    write_into(value, true, &mut image);
    let mut out = ber(image.len() as u64);
    out.extend(image);
    out
}

/// A BER-compressed integer: seven bits an octet, most significant first.
pub fn ber(mut number: u64) -> Vec<u8> {
    let mut out = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        out.push((number & 0x7f) as u8 | 0x80);
    }
    out.reverse();
    out
}

fn write_into(value: &Value, root: bool, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0x05),
        Value::Bool(true) => write_text("1", out),
        Value::Bool(false) => write_text("", out),
        Value::Integer(integer) => {
            if let Ok(small) = i8::try_from(*integer) {
                out.extend([0x08, (i16::from(small) + 128) as u8]);
            } else if let Ok(medium) = i32::try_from(*integer) {
                out.push(0x09);
                out.extend(medium.to_be_bytes());
            } else {
                write_text(&integer.to_string(), out);
            }
        }
        Value::Float(float) => write_text(&float.to_string(), out),
        Value::Text(text) => write_text(text, out),
        Value::Octets(octets) => write_string(0x0a, 0x01, octets, out),
        Value::Array(items) => {
            out.extend_from_slice(if root { &[0x02] } else { &[0x04, 0x02] });
            out.extend((items.len() as u32).to_be_bytes());
            for item in items {
                write_into(item, false, out);
            }
        }
        Value::Map(map) => {
            let plain = map.keys().all(|key| key.is_ascii());
            if !root {
                out.push(0x04);
            }
            out.extend_from_slice(if plain { &[0x03] } else { &[0x19, 0x00] });
            out.extend((map.len() as u32).to_be_bytes());
            for (key, value) in map {
                write_into(value, false, out);
                if !plain {
                    out.push(u8::from(!key.is_ascii()));
                }
                out.extend((key.len() as u32).to_be_bytes());
                out.extend(key.as_bytes());
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    let (short, long) = if text.is_ascii() {
        (0x0a, 0x01)
    } else {
        (0x17, 0x18)
    };
    write_string(short, long, text.as_bytes(), out);
}

fn write_string(short: u8, long: u8, octets: &[u8], out: &mut Vec<u8>) {
    if let Ok(length) = u8::try_from(octets.len()) {
        out.extend([short, length]);
    } else {
        out.push(long);
        out.extend((octets.len() as u32).to_be_bytes());
    }
    out.extend(octets);
}

/// Reads the first framed image; gives how many octets it takes with its length.
pub fn read_framed(octets: &[u8]) -> Result<(Value, usize), Unreadable> {
    let mut length = 0_usize;
    for (at, octet) in octets.iter().enumerate() {
        if at == 9 {
            return Err(Unreadable::at(at, "an endless length"));
        }
        length = length << 7 | usize::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            let image = octets
                .get(at + 1..at + 1 + length)
                .ok_or(Unreadable::Incomplete)?;
            return match read(image) {
                // The length was complete, so the image itself is wrong.
                Err(Unreadable::Incomplete) => Err(Unreadable::at(at + 1, "a truncated image")),
                result => Ok((result?, at + 1 + length)),
            };
        }
    }
    Err(Unreadable::Incomplete)
}

/// Reads one image.
pub fn read(image: &[u8]) -> Result<Value, Unreadable> {
    let mut parser = Parser {
        octets: image,
        at: 0,
        seen: Vec::new(),
        classes: Vec::new(),
    };
    let header = parser.take(2)?;
    if header[0] != HEADER[0] {
        return Err(Unreadable::at(0, "not a network order image of major 2"));
    }
    parser.value(0)
}

/// The classes of which JSON's booleans are in Perl.
const BOOLEANS: [&str; 3] = [
    "JSON::PP::Boolean",
    "JSON::XS::Boolean",
    "Types::Serialiser::Boolean",
];

struct Parser<'a> {
    octets: &'a [u8],
    at: usize,
    /// Every value in the order in which it began; one that is still open is `None`.
    seen: Vec<Option<Value>>,
    /// The classes in the order in which they were named.
    classes: Vec<Vec<u8>>,
}

impl Parser<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Unreadable> {
        let part = self.octets[self.at..]
            .get(..count)
            .ok_or(Unreadable::Incomplete)?;
        self.at += count;
        Ok(part)
    }

    fn octet(&mut self) -> Result<usize, Unreadable> {
        Ok(usize::from(self.take(1)?[0]))
    }

    /// A count of one octet, or of the four that follow a large one.
    fn count(&mut self) -> Result<usize, Unreadable> {
        match self.octet()? {
            short @ ..=127 => Ok(short),
            _ => self.long(),
        }
    }

    fn long(&mut self) -> Result<usize, Unreadable> {
        Ok(self
            .take(4)?
            .iter()
            .fold(0, |n, &octet| n << 8 | usize::from(octet)))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Unreadable> {
        if depth > DEPTH {
            return Err(Unreadable::at(
                self.at,
                "nested deeper than the kit follows",
            ));
        }
        let code = self.octet()?;
        if code == 0 {
            let tag = self.long()?;
            return self
                .seen
                .get(tag)
                .cloned()
                .flatten()
                .ok_or_else(|| Unreadable::at(self.at, "a reference to no value, or a cycle"));
        }
        let slot = self.seen.len();
        self.seen.push(None);
        let value = match code {
            0x05 | 0x0e | 0x1f => Value::Null,
            0x0f | 0x22 => Value::Bool(true),
            0x10 | 0x23 => Value::Bool(false),
            0x08 => Value::Integer(self.octet()? as i128 - 128),
            0x09 => Value::Integer(i128::from(self.long()? as u32 as i32)),
            0x01 | 0x18 | 0x0a | 0x17 => {
                let count = if code < 0x0a || code == 0x18 {
                    self.long()?
                } else {
                    self.octet()?
                };
                let octets = self.take(count)?.to_vec();
                if code < 0x17 {
                    Value::Octets(octets)
                } else {
                    Value::Text(
                        String::from_utf8(octets)
                            .map_err(|_| Unreadable::at(self.at, "a text that is not UTF-8"))?,
                    )
                }
            }
            0x04 | 0x14 | 0x1b | 0x1c => self.value(depth + 1)?,
            0x02 => {
                let count = self.long()?;
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.value(depth + 1)?);
                }
                Value::Array(items)
            }
            0x03 | 0x19 => self.hash(code == 0x19, depth)?,
            0x11 => {
                // The class stands before the value; the object is the value's own slot.
                let count = self.count()?;
                let class = self.take(count)?.to_vec();
                self.classes.push(class);
                self.seen.pop();
                return self.object(self.classes.len() - 1, depth);
            }
            0x12 => {
                let class = self.count()?;
                self.seen.pop();
                return self.object(class, depth);
            }
            _ => {
                return Err(Unreadable::at(
                    self.at,
                    &format!("type {code:#04x} is not data"),
                ));
            }
        };
        self.seen[slot] = Some(value.clone());
        Ok(value)
    }

    /// The value of a class: a boolean of the JSON classes, or the value without its class.
    fn object(&mut self, class: usize, depth: usize) -> Result<Value, Unreadable> {
        let slot = self.seen.len();
        let value = self.value(depth + 1)?;
        let boolean = self
            .classes
            .get(class)
            .is_some_and(|class| BOOLEANS.iter().any(|boolean| boolean.as_bytes() == class));
        let truth = match &value {
            Value::Integer(truth @ 0..=1) => *truth == 1,
            Value::Octets(digit) if digit == b"0" || digit == b"1" => digit == b"1",
            _ => return Ok(value),
        };
        if !boolean {
            return Ok(value);
        }
        self.seen[slot] = Some(Value::Bool(truth));
        Ok(Value::Bool(truth))
    }

    fn hash(&mut self, flagged: bool, depth: usize) -> Result<Value, Unreadable> {
        if flagged {
            self.octet()?;
        }
        let count = self.long()?;
        let mut map = BTreeMap::new();
        for _ in 0..count {
            let value = self.value(depth + 1)?;
            if flagged {
                self.octet()?;
            }
            let length = self.long()?;
            map.insert(octets_as_text(self.take(length)?), value);
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_hex;

    #[test]
    fn recorded_images_are_read() {
        // From the recording 1.x/storable-edge.
        for (hex, shown) in [
            (
                "1e050b02000000050a046563686f0a04733023720a02737408811703e282ac",
                "[\"echo\",\"s0#r\",\"st\",1,\"€\"]",
            ),
            (
                "21050b020000000104110f4e6f3a3a537563683a3a436c61737302000000010a0178",
                "[[\"x\"]]",
            ),
            ("0e050b030000000108810000000161", "{\"a\":1}"),
            ("05050b0a0178", "\"x\""),
            ("10050b0200000002110141088112000882", "[1,2]"),
            // Booleans, as generation 1 passes them on.
            (
                "28050b02000000031411114a534f4e3a3a50503a3a426f6f6c65616e088114120008801412000a0131",
                "[true,false,true]",
            ),
        ] {
            let octets = from_hex(hex).unwrap();
            assert_eq!(read_framed(&octets).unwrap().0.to_string(), shown, "{hex}");
        }
        let code = "21050b02000000030a046563686f0a0473332372041a0a0a7b0a20202020313b0a7d";
        assert!(read_framed(&from_hex(code).unwrap()).is_err());
    }

    #[test]
    fn lengths_are_ber() {
        assert_eq!(ber(0), [0]);
        assert_eq!(ber(127), [127]);
        assert_eq!(ber(128), [0x81, 0]);
        assert_eq!(ber(70000), [0x84, 0xa2, 0x70]);
    }
}
