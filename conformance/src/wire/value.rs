//! Values as they travel, and when two of them are the same.

use std::collections::BTreeMap;
use std::fmt;

/// A value of a message.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number from -2^63 to 2^64-1.
    Integer(i128),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
    /// A list.
    Array(Vec<Value>),
    /// Entries by text keys; a later duplicate has replaced an earlier one.
    Map(BTreeMap<String, Value>),
}

/// The least integer that travels.
pub const LEAST: i128 = i64::MIN as i128;
/// The greatest integer that travels.
pub const GREATEST: i128 = u64::MAX as i128;

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The name of the kind of value, as patterns use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Octets(_) => "octets",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
        }
    }

    /// The text of a text or of octets.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Octets(octets) => Some(octets_as_text(octets)),
            _ => None,
        }
    }

    /// Whether both are the same message content.
    ///
    /// Octets that are valid UTF-8 equal that text, others the text of the same code points 0 to
    /// 255; a float that is a whole number equals the integer.
    pub fn same(&self, other: &Self) -> bool {
        use Value::{Array, Bool, Float, Integer, Map, Null, Octets, Text};
        match (self, other) {
            (Null, Null) => true,
            (Bool(a), Bool(b)) => a == b,
            (Integer(a), Integer(b)) => a == b,
            (Float(a), Float(b)) => a == b,
            (Integer(i), Float(f)) | (Float(f), Integer(i)) => whole(*f) == Some(*i),
            (Text(a), Text(b)) => a == b,
            (Octets(a), Octets(b)) => a == b || octets_as_text(a) == octets_as_text(b),
            (Text(t), Octets(o)) | (Octets(o), Text(t)) => *t == octets_as_text(o),
            (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Map(a), Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((ka, a), (kb, b))| ka == kb && a.same(b))
            }
            _ => false,
        }
    }
}

/// The integer that a float is, if it is one and fits.
pub fn whole(float: f64) -> Option<i128> {
    let integer = float as i128;
    ((LEAST..=GREATEST).contains(&integer) && integer as f64 == float).then_some(integer)
}

/// Octets as text: UTF-8 where they are valid, else the code points 0 to 255.
pub fn octets_as_text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().map(|&octet| char::from(octet)).collect(),
    }
}

impl From<&serde_json::Value> for Value {
    /// JSON as it is; numbers keep integer and float apart.
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => number
                .as_i64()
                .map(i128::from)
                .or_else(|| number.as_u64().map(i128::from))
                .map_or_else(
                    || Self::Float(number.as_f64().unwrap_or(f64::MAX)),
                    Self::Integer,
                ),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Json::Object(map) => Self::Map(
                map.iter()
                    .map(|(k, v)| (k.clone(), Self::from(v)))
                    .collect(),
            ),
        }
    }
}

impl fmt::Display for Value {
    /// JSON, with octets that are no UTF-8 as `h'..'`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(float) => write!(f, "{float:?}"),
            Self::Text(text) => write_text(f, text),
            Self::Octets(octets) => match std::str::from_utf8(octets) {
                Ok(text) => write_text(f, text),
                Err(_) => write!(f, "h'{}'", super::to_hex(octets)),
            },
            Self::Array(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (at, (key, value)) in map.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    write_text(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    const MOST: usize = 2000;
    let cut: String = text.chars().take(MOST).collect();
    f.write_str(&serde_json::Value::from(cut).to_string())?;
    if text.chars().nth(MOST).is_some() {
        write!(f, "... ({} octets)", text.len())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sameness_is_that_of_the_decisions() {
        let octets = |o: &[u8]| Value::Octets(o.to_vec());
        for (a, b, same) in [
            (Value::Float(5.0), Value::Integer(5), true),
            (Value::Float(5.5), Value::Integer(5), false),
            (octets("é".as_bytes()), Value::text("é"), true),
            (octets(b"caf\xe9"), Value::text("café"), true),
            (octets(b"caf\xe9"), octets("café".as_bytes()), true),
            (Value::Integer(1), Value::Bool(true), false),
            (Value::Null, Value::text(""), false),
            (Value::text("1"), Value::Integer(1), false),
            (Value::Float(2f64.powi(64)), Value::Integer(GREATEST), false),
        ] {
            assert_eq!(a.same(&b), same, "{a} {b}");
            assert_eq!(b.same(&a), same, "{b} {a}");
        }
    }

    #[test]
    fn values_are_shown_as_json() {
        let json = serde_json::json!([1, -2.5, "a\n", {"k": [null, true]}]);
        assert_eq!(Value::from(&json).to_string(), json.to_string());
        assert_eq!(Value::Octets(vec![0xff]).to_string(), "h'ff'");
    }
}
