//! The head of a data item: its major type and argument.

/// A head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head {
    /// An integer.
    Unsigned(u64),
    /// The integer -1 - n.
    Negative(u64),
    /// A byte string of that many octets; without a number, chunks follow up to a break.
    Octets(Option<u64>),
    /// A text string, likewise.
    Text(Option<u64>),
    /// An array of that many items; without a number, items follow up to a break.
    Array(Option<u64>),
    /// A map of that many entries, likewise.
    Map(Option<u64>),
    /// A tag on the item that follows.
    Tag(u64),
    /// false or true.
    Bool(bool),
    /// null or undefined.
    Null,
    /// A float, perhaps not finite.
    Float(f64),
    /// The end of what began without a number.
    Break,
}

/// Reads the head at the beginning of `octets` and its length, at most 9; nothing if it is not
/// complete.
///
/// # Errors
///
/// What is wrong with it, as a clause.
#[inline]
pub(super) fn head(octets: &[u8]) -> Result<Option<(Head, usize)>, &'static str> {
    let Some(&first) = octets.first() else {
        return Ok(None);
    };
    let (major, info) = (first >> 5, first & 31);
    let (argument, len) = match info {
        0..24 => (u64::from(info), 1),
        24..28 => {
            let Some((argument, len)) = argument(octets, info) else {
                return Ok(None);
            };
            (argument, len)
        }
        31 => return indefinite(major).map(|head| Some((head, 1))),
        _ => return Err("a head with the reserved additional information 28, 29 or 30"),
    };
    let head = match major {
        0 => Head::Unsigned(argument),
        1 => Head::Negative(argument),
        2 => Head::Octets(Some(argument)),
        3 => Head::Text(Some(argument)),
        4 => Head::Array(Some(argument)),
        5 => Head::Map(Some(argument)),
        6 => Head::Tag(argument),
        _ => simple(info, argument)?,
    };
    Ok(Some((head, len)))
}

/// The 1, 2, 4 or 8 octets behind the first, and the length with it.
fn argument(octets: &[u8], info: u8) -> Option<(u64, usize)> {
    let len = 1 << (info - 24);
    let argument = octets.get(1..=len)?;
    let argument = argument
        .iter()
        .fold(0, |sum, octet| sum << 8 | u64::from(*octet));
    Some((argument, 1 + len))
}

fn indefinite(major: u8) -> Result<Head, &'static str> {
    match major {
        2 => Ok(Head::Octets(None)),
        3 => Ok(Head::Text(None)),
        4 => Ok(Head::Array(None)),
        5 => Ok(Head::Map(None)),
        7 => Ok(Head::Break),
        _ => Err("an integer or a tag without its number"),
    }
}

fn simple(info: u8, argument: u64) -> Result<Head, &'static str> {
    match info {
        20 => Ok(Head::Bool(false)),
        21 => Ok(Head::Bool(true)),
        22 | 23 => Ok(Head::Null),
        25 => Ok(Head::Float(half(argument as u16))),
        26 => Ok(Head::Float(f64::from(f32::from_bits(argument as u32)))),
        27 => Ok(Head::Float(f64::from_bits(argument))),
        _ => Err("a simple value other than false, true, null and undefined"),
    }
}

/// The value of a float of 16 bits: 1 of sign, 5 of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    // 2 to the power of -24, the unit of the numbers without an implicit leading bit.
    const UNIT: f64 = 1.0 / 16_777_216.0;
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match bits >> 10 & 31 {
        0 => fraction * UNIT,
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * UNIT * f64::from(1_u32 << (exponent - 1)),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(octets: &[u8]) -> Head {
        let (head, len) = head(octets).unwrap().unwrap();
        assert_eq!(len, octets.len());
        head
    }

    #[test]
    fn arguments_of_every_length_count() {
        for octets in [
            &[0x05][..],
            &[0x18, 5],
            &[0x19, 0, 5],
            &[0x1a, 0, 0, 0, 5],
            &[0x1b, 0, 0, 0, 0, 0, 0, 0, 5],
        ] {
            assert_eq!(of(octets), Head::Unsigned(5));
            for cut in 0..octets.len() {
                assert_eq!(head(&octets[..cut]), Ok(None));
            }
        }
        assert_eq!(
            of(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]),
            Head::Negative(u64::MAX)
        );
        assert_eq!(of(&[0xd9, 0xd9, 0xf7]), Head::Tag(55799));
        assert_eq!(of(&[0x5f]), Head::Octets(None));
    }

    #[test]
    fn half_floats_are_read_exactly() {
        for (bits, float) in [
            (0x3c00, 1.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 6.103_515_625e-5),
            (0x7bff, 65504.0),
            (0xc400, -4.0),
            (0x3e00, 1.5),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), float);
        }
        assert!(half(0x8000).is_sign_negative());
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn reserved_heads_are_refused() {
        for first in [
            0x1c, 0x3d, 0x5e, 0x9c, 0xdd, 0xfc, 0x1f, 0x3f, 0xdf, 0xe0, 0xf3,
        ] {
            assert!(head(&[first]).is_err(), "{first:x}");
        }
        assert!(head(&[0xf8, 20]).is_err());
        assert!(head(&[0xf8, 255]).is_err());
    }
}
