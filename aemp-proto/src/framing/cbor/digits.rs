//! The decimal digits of integers that are out of range.

use alloc::{format, string::String, vec::Vec};

/// The digits of the integer n, or of -1 - n, whose big-endian octets are given.
///
/// The time grows with the square of their number, which the scanner limits.
pub(super) fn digits(octets: &[u8], negative: bool) -> String {
    /// The greatest power of 10 that a limb can hold.
    const BASE: u64 = 1_000_000_000;
    let mut limbs: Vec<u32> = Vec::new();
    for octet in octets.rchunks(4).rev() {
        let limb = octet
            .iter()
            .fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        limbs.push(limb);
    }
    if negative {
        // The magnitude of -1 - n is n + 1.
        let mut carry = true;
        for limb in limbs.iter_mut().rev() {
            (*limb, carry) = limb.overflowing_add(u32::from(carry));
        }
        if carry {
            limbs.insert(0, 1);
        }
    }
    let mut groups = Vec::new();
    while limbs.iter().any(|limb| *limb != 0) {
        let mut rest = 0;
        for limb in &mut limbs {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / BASE) as u32;
            rest = value % BASE;
        }
        groups.push(rest);
    }
    let sign = if negative { "-" } else { "" };
    let Some(first) = groups.pop() else {
        return String::from("0");
    };
    let mut text = format!("{sign}{first}");
    for group in groups.iter().rev() {
        text.push_str(&format!("{group:09}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn known_digits() {
        assert_eq!(digits(&[], false), "0");
        assert_eq!(digits(&[], true), "-1");
        assert_eq!(
            digits(&[1, 0, 0, 0, 0, 0, 0, 0, 0], false),
            "18446744073709551616"
        );
        assert_eq!(digits(&[255; 8], true), "-18446744073709551616");
        assert_eq!(
            digits(&[255; 16], true),
            "-340282366920938463463374607431768211456"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

        #[test]
        fn digits_are_those_of_the_number(n in any::<u128>()) {
            let octets = n.to_be_bytes();
            prop_assert_eq!(digits(&octets, false), n.to_string());
            if let Some(next) = n.checked_add(1) {
                prop_assert_eq!(digits(&octets, true), format!("-{next}"));
            }
        }
    }
}
