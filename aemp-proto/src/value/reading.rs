//! What a value means where a message of this protocol expects a text, a number or a truth value.
//!
//! Perl turns numbers into texts and back at any time, so that originals send either.

use super::{Float, Value};
use alloc::{borrow::Cow, string::ToString};

impl Value {
    /// The text that it stands for where text is expected (`[value.as-text]`); `None` for arrays,
    /// maps, and floats that are no integer in range (`[value.as-other]`).
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => "".into(),
            Self::Bool(false) => "0".into(),
            Self::Bool(true) => "1".into(),
            Self::Integer(integer) => integer.to_string().into(),
            Self::Float(float) => float.as_integer()?.to_string().into(),
            Self::Text(_) | Self::Octets(_) => return self.as_text(),
            Self::Array(_) | Self::Map(_) => return None,
        })
    }

    /// The number that it stands for where a number is expected (`[value.as-integer]`), rounded to
    /// a float; `None` where it is no number and no text with a decimal one that is finite.
    pub fn to_number(&self) -> Option<Float> {
        match self {
            Self::Integer(integer) => Float::new(integer.get() as f64),
            Self::Float(float) => Some(*float),
            Self::Text(_) | Self::Octets(_) => {
                let text = self.as_text()?;
                let number = is_decimal(&text).then(|| text.parse().ok())??;
                Float::new(number)
            }
            _ => None,
        }
    }

    /// The truth value that it stands for where one is expected (`[value.as-truth]`).
    pub fn to_truth(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Integer(integer) => integer.get() != 0,
            Self::Float(float) => float.get() != 0.0,
            Self::Text(_) | Self::Octets(_) => !matches!(self.as_text().as_deref(), Some("" | "0")),
            Self::Array(_) | Self::Map(_) => true,
        }
    }
}

/// Whether a text is digits with an optional `-` before, an optional fraction and an optional
/// exponent.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            (mantissa, Some(digits))
        }
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    [Some(whole), fraction, exponent]
        .into_iter()
        .flatten()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;
    use alloc::vec;

    #[test]
    fn texts() {
        let float = |float| Value::Float(Float::new(float).unwrap());
        for (value, text) in [
            (Value::Null, Some("")),
            (false.into(), Some("0")),
            (true.into(), Some("1")),
            ((-5).into(), Some("-5")),
            (float(5.0), Some("5")),
            (float(0.5), None),
            (float(1e300), None),
            (Value::Octets(vec![0xe9]), Some("é")),
            (Value::Array(vec![]), None),
            (Value::Map(Map::new()), None),
        ] {
            assert_eq!(value.to_text().as_deref(), text, "{value:?}");
        }
    }

    #[test]
    fn numbers() {
        let number = |text: &str| Value::from(text).to_number().map(Float::get);
        for (text, expected) in [
            ("0", 0.0),
            ("-12", -12.0),
            ("007", 7.0),
            ("1.5", 1.5),
            ("2e3", 2000.0),
            ("2.5E-1", 0.25),
            ("1e+2", 100.0),
        ] {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in [
            "", "-", "+1", " 1", "1 ", "1.", ".5", "1e", "1e+", "e1", "0x1", "inf", "NaN", "1_0",
            "1e999", "--1", "1.5.2", "١",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(Value::from(7).to_number().map(Float::get), Some(7.0));
        assert_eq!(Value::Octets(b"7".to_vec()).to_number(), Float::new(7.0));
        assert_eq!(Value::Bool(true).to_number(), None);
        assert_eq!(Value::Null.to_number(), None);
    }

    #[test]
    fn truths() {
        let zero = Value::Float(Float::default());
        let empty = Value::Octets(vec![]);
        for value in [
            Value::Null,
            false.into(),
            0.into(),
            zero,
            "".into(),
            "0".into(),
            empty,
        ] {
            assert!(!value.to_truth(), "{value:?}");
        }
        for value in [
            true.into(),
            1.into(),
            "00".into(),
            "0.0".into(),
            Value::Array(vec![]),
        ] {
            assert!(value.to_truth(), "{value:?}");
        }
    }
}
