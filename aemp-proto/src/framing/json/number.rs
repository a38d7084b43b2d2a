//! The grammar of JSON numbers, octet by octet: that of RFC 8259 and no more
//! (`[json.read.no-extension]`).

/// How much of a number has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// What an octet does to a number.
pub(super) enum Step {
    /// It goes on.
    To(Number),
    /// The number ended before the octet.
    End,
    /// It cannot stand there; what was expected.
    Wrong(&'static str),
}

impl Number {
    /// The number that begins with a minus or a digit.
    #[inline]
    pub(super) fn begin(octet: u8) -> Self {
        match octet {
            b'-' => Self::Minus,
            b'0' => Self::Zero,
            _ => Self::Digits,
        }
    }

    #[inline]
    pub(super) fn step(self, octet: u8) -> Step {
        use Number::{Digits, E, Exponent, Fraction, Minus, Point, Sign, Zero};
        Step::To(match (self, octet) {
            (Minus, b'0') => Zero,
            (Minus | Digits, b'0'..=b'9') => Digits,
            (Zero | Digits, b'.') => Point,
            (Zero | Digits | Fraction, b'e' | b'E') => E,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (E, b'+' | b'-') => Sign,
            (E | Sign | Exponent, b'0'..=b'9') => Exponent,
            (Zero, b'0'..=b'9') => return Step::Wrong("no digit behind a leading zero"),
            (E, _) => return Step::Wrong("a digit or a sign"),
            (Minus | Point | Sign, _) => return Step::Wrong("a digit"),
            (Zero | Digits | Fraction | Exponent, _) => return Step::End,
        })
    }

    /// Whether the number may end here.
    pub(super) fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Digits | Self::Fraction | Self::Exponent
        )
    }

    #[inline]
    pub(super) fn is_fraction(self) -> bool {
        self == Self::Fraction
    }

    #[inline]
    pub(super) fn is_exponent(self) -> bool {
        self == Self::Exponent
    }
}
