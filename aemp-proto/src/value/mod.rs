//! The values that messages carry, the same in every framing.
//!
//! Two values are equal if they are the same message content: octets that are valid UTF-8 equal
//! that text, other octets equal the text of the same code points 0 to 255, and a float that is a
//! whole number equals the integer.

mod number;
mod reading;
#[cfg(feature = "serde")]
mod serde;

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, btree_map},
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

pub use number::{Float, Integer};

/// A value of a message.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing; Perl's `undef`.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer from -2^63 to 2^64-1.
    Integer(Integer),
    /// A finite float.
    Float(Float),
    /// Text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
    /// An array.
    Array(Vec<Value>),
    /// A map with text keys.
    Map(Map),
}

impl Value {
    /// The text, also that of octets (UTF-8, else Latin-1); `None` for other values.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Octets(octets) => Some(text_of_octets(Cow::Borrowed(octets))),
            _ => None,
        }
    }

    /// The integer, also that of a whole float; `None` for other values.
    pub fn as_integer(&self) -> Option<Integer> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Float(float) => float.as_integer(),
            _ => None,
        }
    }

    /// The elements of an array; `None` for other values.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The map; `None` for other values.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The name of the value's kind, as messages for people use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Octets(_) => "octets",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
        }
    }
}

/// "The same message": see the module's documentation (`[value.equal.number]`,
/// `[value.equal.octets]`, `[value.equal.kinds]`).
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Integer(a), Self::Float(b)) | (Self::Float(b), Self::Integer(a)) => {
                b.as_integer() == Some(*a)
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Octets(a), Self::Octets(b)) if a == b => true,
            (Self::Text(_) | Self::Octets(_), Self::Text(_) | Self::Octets(_)) => {
                self.as_text() == other.as_text()
            }
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

/// Shows the value as a JSON text.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::framing::json::text(self))
    }
}

/// The text that octets stand for: UTF-8 where they are valid UTF-8, else Latin-1.
pub(crate) fn text_of_octets(octets: Cow<'_, [u8]>) -> Cow<'_, str> {
    match octets {
        Cow::Borrowed(octets) => match core::str::from_utf8(octets) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(octets.iter().copied().map(char::from).collect()),
        },
        Cow::Owned(octets) => Cow::Owned(
            String::from_utf8(octets)
                .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()),
        ),
    }
}

/// The octets that a text of code points 0 to 255 stands for; `None` if it holds others.
#[cfg(any(feature = "serde", test))]
pub(crate) fn octets_of_text(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return Some(text.as_bytes().to_vec());
    }
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

/// A map with text keys; of several values for one key the last put in stays
/// (`[value.map.duplicate]`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(BTreeMap<String, Value>);

impl Map {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value in; returns the one that was there.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(key.into(), value.into())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = btree_map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

macro_rules! from {
    ($($source:ty => |$it:ident| $value:expr;)*) => {
        $(impl From<$source> for Value {
            fn from($it: $source) -> Self { $value }
        })*
    };
}

from! {
    () => |_it| Value::Null;
    bool => |it| Value::Bool(it);
    i8 => |it| Value::Integer(it.into());
    i16 => |it| Value::Integer(it.into());
    i32 => |it| Value::Integer(it.into());
    i64 => |it| Value::Integer(it.into());
    u8 => |it| Value::Integer(it.into());
    u16 => |it| Value::Integer(it.into());
    u32 => |it| Value::Integer(it.into());
    u64 => |it| Value::Integer(it.into());
    Integer => |it| Value::Integer(it);
    Float => |it| Value::Float(it);
    &str => |it| Value::Text(it.to_string());
    String => |it| Value::Text(it);
    &[u8] => |it| Value::Octets(it.to_vec());
    Vec<u8> => |it| Value::Octets(it);
    Vec<Value> => |it| Value::Array(it);
    Map => |it| Value::Map(it);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn float(number: f64) -> Value {
        Value::Float(Float::new(number).unwrap())
    }

    #[test]
    fn whole_floats_equal_integers_exactly() {
        assert_eq!(Value::from(5), float(5.0));
        assert_eq!(Value::from(0), float(-0.0));
        assert_ne!(Value::from(5), float(5.5));
        assert_eq!(Value::from(1_u64 << 63), float(9_223_372_036_854_775_808.0));
        assert_ne!(Value::from(u64::MAX), float(18_446_744_073_709_551_616.0));
        assert_ne!(
            Value::from((1_u64 << 53) + 1),
            float(9_007_199_254_740_992.0)
        );
    }

    #[test]
    fn octets_equal_the_text_they_stand_for() {
        let octets = |octets: &[u8]| Value::from(octets);
        assert_eq!(octets(b"abc"), Value::from("abc"));
        assert_eq!(octets(b"caf\xc3\xa9"), Value::from("café"));
        assert_eq!(octets(b"caf\xe9"), Value::from("café"));
        assert_eq!(octets(b"caf\xe9"), octets(b"caf\xc3\xa9"));
        assert_ne!(octets(b"\xe9"), Value::from("e"));
        assert_ne!(Value::from("1"), Value::from(1));
        assert_eq!(octets_of_text("é\u{ff}"), Some(vec![0xe9, 0xff]));
        assert_eq!(octets_of_text("\u{100}"), None);
    }

    #[test]
    fn maps_keep_the_last_value_of_a_key_and_ignore_order() {
        let one: Map = [("a", 1), ("b", 2), ("a", 3)].into_iter().collect();
        let other: Map = [("b", 2), ("a", 3)].into_iter().collect();
        assert_eq!(one, other);
        assert_eq!(one.len(), 2);
        assert_eq!(one.get("a"), Some(&Value::from(3)));
    }
}
