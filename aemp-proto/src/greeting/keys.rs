//! The `KEY=VALUE` pairs behind the fixed fields of a greeting.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::grammar;
use crate::id::text_of;

/// The keys of a greeting in the order in which they came; their order has no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(Vec<(String, String)>);

impl Keys {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a key, in place of an earlier value.
    ///
    /// # Errors
    ///
    /// [`KeyError`] where key or value could not stand in a greeting line.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), KeyError> {
        let breaks = |c: char| matches!(c, ';' | '\r' | '\n');
        if key.is_empty() || key.contains('=') || key.contains(breaks) || value.contains(breaks) {
            return Err(KeyError);
        }
        self.put(key.into(), value.into());
        Ok(())
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    fn put(&mut self, key: String, value: String) {
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }
}

/// Reads fields; what is no key is passed over, the last of several wins
/// (`[greeting.keys.bare]`, `[greeting.keys.repeated]`).
impl<'a> FromIterator<&'a [u8]> for Keys {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(fields: I) -> Self {
        let mut keys = Self::default();
        for (key, value) in fields.into_iter().filter_map(grammar::key_value) {
            keys.put(text_of(key).into(), text_of(value).into());
        }
        keys
    }
}

/// A key or value that cannot stand in a greeting line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a greeting key is empty or holds '=', or key or value hold ';', CR or LF")
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_duplicate_wins() {
        let keys: Keys = [&b"a=1"[..], b"b", b"c=", b"=x", b"", b"a=2"]
            .into_iter()
            .collect();
        assert_eq!(keys.iter().collect::<Vec<_>>(), [("a", "2"), ("c", "")]);
    }

    #[test]
    fn what_would_break_the_line_is_refused() {
        let mut keys = Keys::default();
        for (key, value) in [
            ("", "x"),
            ("a=b", "x"),
            ("a;b", "x"),
            ("a", "x;y"),
            ("a", "\n"),
        ] {
            assert_eq!(keys.set(key, value), Err(KeyError));
        }
        assert_eq!(keys.iter().count(), 0);
    }
}
