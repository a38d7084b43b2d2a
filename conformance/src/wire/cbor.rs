//! The cbor framing: CBOR data items one after another (RFC 8949).

use std::collections::BTreeMap;

use super::value::{GREATEST, LEAST, octets_as_text};
use super::{DEPTH, Unreadable, Value};

/// A message as one CBOR data item with shortest heads.
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_into(value, &mut out);
    out
}

fn write_into(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(truth) => out.push(0xf4 + u8::from(*truth)),
        Value::Integer(integer) if *integer < 0 => head(1, (-1 - integer) as u64, out),
        Value::Integer(integer) => head(0, *integer as u64, out),
        Value::Float(float) => {
            out.push(0xfb);
            out.extend(float.to_be_bytes());
        }
        Value::Text(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Value::Octets(octets) => {
            head(2, octets.len() as u64, out);
            out.extend(octets);
        }
        Value::Array(items) => {
            head(4, items.len() as u64, out);
            for item in items {
                write_into(item, out);
            }
        }
        Value::Map(map) => {
            head(5, map.len() as u64, out);
            for (key, value) in map {
                head(3, key.len() as u64, out);
                out.extend(key.as_bytes());
                write_into(value, out);
            }
        }
    }
}

fn head(major: u8, count: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match count {
        0..=23 => out.push(major | count as u8),
        24..=0xff => out.extend([major | 24, count as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((count as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend((count as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(count.to_be_bytes());
        }
    }
}

/// Reads the first data item; gives how many octets it takes.
pub fn read(octets: &[u8]) -> Result<(Value, usize), Unreadable> {
    let mut parser = Parser {
        octets,
        at: 0,
        strings: Vec::new(),
        shared: Vec::new(),
    };
    let value = parser.item(0)?;
    Ok((value, parser.at))
}

struct Parser<'a> {
    octets: &'a [u8],
    at: usize,
    /// Strings of the enclosing tag 256 namespaces, for tag 25.
    strings: Vec<Vec<Value>>,
    /// Values marked with tag 28, for tag 29; a value that is still open is `None`.
    shared: Vec<Option<Value>>,
}

impl Parser<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Unreadable> {
        let rest = &self.octets[self.at..];
        let part = rest.get(..count).ok_or(Unreadable::Incomplete)?;
        self.at += count;
        Ok(part)
    }

    fn fail<T>(&self, what: &str) -> Result<T, Unreadable> {
        Err(Unreadable::at(self.at, what))
    }

    /// The argument of a head; `None` for indefinite length.
    fn argument(&mut self, low: u8) -> Result<Option<u64>, Unreadable> {
        let count = match low {
            0..=23 => return Ok(Some(u64::from(low))),
            24..=27 => 1 << (low - 24),
            31 => return Ok(None),
            _ => return self.fail("a reserved head"),
        };
        let octets = self.take(count)?;
        Ok(Some(
            octets.iter().fold(0, |n, &octet| n << 8 | u64::from(octet)),
        ))
    }

    fn item(&mut self, depth: usize) -> Result<Value, Unreadable> {
        if depth > DEPTH {
            return self.fail("nested deeper than the kit follows");
        }
        let first = self.take(1)?[0];
        let (major, low) = (first >> 5, first & 31);
        if major == 7 {
            return self.simple(low);
        }
        let count = self.argument(low)?;
        match (major, count) {
            (0, Some(n)) => Ok(Value::Integer(i128::from(n))),
            (1, Some(n)) => {
                let integer = -1 - i128::from(n);
                Ok(if (LEAST..=GREATEST).contains(&integer) {
                    Value::Integer(integer)
                } else {
                    Value::text(integer.to_string())
                })
            }
            (2 | 3, _) => self.string(major, count),
            (4, _) => self.array(count, depth),
            (5, _) => self.map(count, depth),
            (6, Some(tag)) => self.tagged(tag, depth),
            _ => self.fail("an indefinite length where none may stand"),
        }
    }

    fn simple(&mut self, low: u8) -> Result<Value, Unreadable> {
        let float = match low {
            20 | 21 => return Ok(Value::Bool(low == 21)),
            22 | 23 => return Ok(Value::Null),
            25 => half(u16::from_be_bytes(self.take(2)?.try_into().expect("two"))),
            26 => f64::from(f32::from_be_bytes(self.take(4)?.try_into().expect("four"))),
            27 => f64::from_be_bytes(self.take(8)?.try_into().expect("eight")),
            _ => return self.fail("an unknown simple value"),
        };
        if float.is_finite() {
            Ok(Value::Float(float))
        } else {
            self.fail("a float not finite")
        }
    }

    fn string(&mut self, major: u8, count: Option<u64>) -> Result<Value, Unreadable> {
        let mut octets = Vec::new();
        match count {
            Some(count) => {
                let count = usize::try_from(count).map_err(|_| Unreadable::Incomplete)?;
                octets.extend_from_slice(self.take(count)?);
            }
            None => loop {
                let first = self.take(1)?[0];
                if first == 0xff {
                    break;
                }
                if first >> 5 != major {
                    return self.fail("a part of another type in a string");
                }
                let Some(count) = self.argument(first & 31)? else {
                    return self.fail("an indefinite part in a string");
                };
                let count = usize::try_from(count).map_err(|_| Unreadable::Incomplete)?;
                octets.extend_from_slice(self.take(count)?);
            },
        }
        let value = if major == 2 {
            Value::Octets(octets)
        } else {
            match String::from_utf8(octets) {
                Ok(text) => Value::Text(text),
                Err(_) => return self.fail("a text that is not UTF-8"),
            }
        };
        if let (Some(table), Some(count)) = (self.strings.last_mut(), count) {
            // A string is entered where a reference to it would be shorter.
            let least = match table.len() {
                0..=23 => 3,
                24..=255 => 4,
                256..=65535 => 5,
                _ => 7,
            };
            if count >= least {
                table.push(value.clone());
            }
        }
        Ok(value)
    }

    fn ended(&mut self, left: &mut Option<u64>) -> Result<bool, Unreadable> {
        match left {
            Some(0) => Ok(true),
            Some(left) => {
                *left -= 1;
                Ok(false)
            }
            None => {
                let end = self.octets.get(self.at).ok_or(Unreadable::Incomplete)? == &0xff;
                self.at += usize::from(end);
                Ok(end)
            }
        }
    }

    fn array(&mut self, mut left: Option<u64>, depth: usize) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        while !self.ended(&mut left)? {
            items.push(self.item(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, mut left: Option<u64>, depth: usize) -> Result<Value, Unreadable> {
        let mut map = BTreeMap::new();
        while !self.ended(&mut left)? {
            let key = match self.item(depth + 1)? {
                Value::Text(text) => text,
                Value::Octets(octets) => octets_as_text(&octets),
                other => other.to_string(),
            };
            map.insert(key, self.item(depth + 1)?);
        }
        Ok(Value::Map(map))
    }

    fn tagged(&mut self, tag: u64, depth: usize) -> Result<Value, Unreadable> {
        match tag {
            256 => {
                self.strings.push(Vec::new());
                let value = self.item(depth + 1);
                self.strings.pop();
                value
            }
            25 => {
                let Value::Integer(index) = self.item(depth + 1)? else {
                    return self.fail("a string reference that is no number");
                };
                let found = usize::try_from(index)
                    .ok()
                    .and_then(|i| self.strings.last()?.get(i));
                found
                    .cloned()
                    .ok_or_else(|| Unreadable::at(self.at, "a reference to no string"))
            }
            28 => {
                let index = self.shared.len();
                self.shared.push(None);
                let value = self.item(depth + 1)?;
                self.shared[index] = Some(value.clone());
                Ok(value)
            }
            29 => {
                let Value::Integer(index) = self.item(depth + 1)? else {
                    return self.fail("a reference that is no number");
                };
                let found = usize::try_from(index)
                    .ok()
                    .and_then(|i| self.shared.get(i)?.clone());
                found.ok_or_else(|| Unreadable::at(self.at, "a reference to no value, or a cycle"))
            }
            2 | 3 => {
                let Value::Octets(octets) = self.item(depth + 1)? else {
                    return self.fail("a bignum that is no byte string");
                };
                let octets: Vec<u8> = octets.into_iter().skip_while(|&octet| octet == 0).collect();
                if octets.len() > 15 {
                    return self.fail("a bignum longer than the kit follows");
                }
                let number = octets
                    .iter()
                    .fold(0_i128, |n, &octet| n << 8 | i128::from(octet));
                let integer = if tag == 2 { number } else { -1 - number };
                Ok(if (LEAST..=GREATEST).contains(&integer) {
                    Value::Integer(integer)
                } else {
                    Value::text(integer.to_string())
                })
            }
            _ => self.item(depth + 1),
        }
    }
}

/// A half precision float.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let value = match (bits >> 10) & 0x1f {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_hex;

    #[test]
    fn examples_of_rfc_8949_are_read() {
        for (hex, shown) in [
            ("1bffffffffffffffff", "18446744073709551615"),
            ("3bffffffffffffffff", "\"-18446744073709551616\""),
            ("3863", "-100"),
            ("f93e00", "1.5"),
            ("f90001", "5.960464477539063e-8"),
            ("fa47c35000", "100000.0"),
            ("9f018202039f0405ffff", "[1,[2,3],[4,5]]"),
            ("bf6346756ef563416d7421ff", "{\"Amt\":-2,\"Fun\":true}"),
            (
                "5f42010243030405ff",
                "\"\\u0001\\u0002\\u0003\\u0004\\u0005\"",
            ),
            ("a1636162631a00000001", "{\"abc\":1}"),
            ("44636166e9", "h'636166e9'"),
            (
                "d90100836361616163626262d81900",
                "[\"aaa\",\"bbb\",\"aaa\"]",
            ),
        ] {
            let octets = from_hex(hex).unwrap();
            let (value, used) = read(&octets).unwrap();
            assert_eq!(value.to_string(), shown, "{hex}");
            assert_eq!(used, octets.len());
            let cut = read(&octets[..octets.len() - 1]);
            assert!(matches!(cut, Err(Unreadable::Incomplete)), "{hex}");
        }
    }

    #[test]
    fn bad_items_are_refused() {
        for hex in [
            "1c", "ff", "f97e00", "f97c00", "62ffff", "5f6161ff", "d81900", "f8ff", "df00",
        ] {
            let octets = from_hex(hex).unwrap();
            assert!(
                matches!(read(&octets), Err(Unreadable::Malformed(_))),
                "{hex}"
            );
        }
    }
}
