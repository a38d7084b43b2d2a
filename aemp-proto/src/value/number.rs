//! The numbers of messages: integers from -2^63 to 2^64-1 and finite floats.

use core::fmt;

/// An integer from -2^63 to 2^64-1 (`[value.integer.range]`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i128);

impl Integer {
    /// The least, -2^63.
    pub const MIN: Self = Self(i64::MIN as i128);
    /// The greatest, 2^64-1.
    pub const MAX: Self = Self(u64::MAX as i128);

    /// The integer, `None` if it is out of range.
    pub const fn new(integer: i128) -> Option<Self> {
        if Self::MIN.0 <= integer && integer <= Self::MAX.0 {
            Some(Self(integer))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> i128 {
        self.0
    }

    /// The number, `None` if it is negative.
    pub fn as_u64(self) -> Option<u64> {
        self.0.try_into().ok()
    }

    /// The number, `None` if it is greater than 2^63-1.
    pub fn as_i64(self) -> Option<i64> {
        self.0.try_into().ok()
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! from {
    ($($source:ty)*) => {
        $(impl From<$source> for Integer {
            fn from(integer: $source) -> Self { Self(integer.into()) }
        })*
    };
}

from! { i8 i16 i32 i64 u8 u16 u32 u64 }

/// A finite float of 64 bits (`[value.float.finite]`).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Float(f64);

impl Float {
    /// The float, `None` for infinities and NaN.
    pub const fn new(float: f64) -> Option<Self> {
        if float.is_finite() {
            Some(Self(float))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The integer of the same value, `None` if there is none.
    pub const fn as_integer(self) -> Option<Integer> {
        // The cast saturates, and a float of that size is always whole, so that a value out of the
        // range of i128 is found out of range by `new`.
        let integer = self.0 as i128;
        if integer as f64 == self.0 {
            Integer::new(integer)
        } else {
            None
        }
    }
}

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_checked() {
        assert_eq!(Integer::new(i128::from(u64::MAX)), Some(Integer::MAX));
        assert_eq!(Integer::new(i128::from(u64::MAX) + 1), None);
        assert_eq!(Integer::new(i128::from(i64::MIN) - 1), None);
        assert_eq!(Integer::MAX.as_i64(), None);
        assert_eq!(Integer::from(-1).as_u64(), None);
    }

    #[test]
    fn floats_are_finite_and_know_their_integer() {
        assert_eq!(Float::new(f64::NAN), None);
        assert_eq!(Float::new(f64::INFINITY), None);
        let integer = |float| Float::new(float).unwrap().as_integer();
        assert_eq!(integer(-9_223_372_036_854_775_808.0), Some(Integer::MIN));
        assert_eq!(integer(18_446_744_073_709_551_616.0), None);
        assert_eq!(integer(1e300), None);
        assert_eq!(integer(0.5), None);
    }
}
