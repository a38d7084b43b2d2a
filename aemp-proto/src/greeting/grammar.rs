//! The grammar of the handshake's lines, written with nom; nom does not leave this module.

use alloc::vec::Vec;

use nom::{
    IResult, Parser,
    bytes::complete::{tag, take_till, take_while, take_while1},
    character::complete::one_of,
    combinator::{opt, recognize},
    multi::separated_list0,
    sequence::{preceded, terminated},
};

/// The fields of a line: separated, not ended, by `;`. There is always at least one.
pub(crate) fn fields(line: &[u8]) -> Vec<&[u8]> {
    fn parse(line: &[u8]) -> IResult<&[u8], Vec<&[u8]>> {
        let field = take_till(|octet| octet == b';');
        separated_list0(tag(&b";"[..]), field).parse(line)
    }
    // Neither parser can fail: a field may be empty, and any octet is part of a field or ends it.
    parse(line).map_or_else(|_| Vec::new(), |(_, fields)| fields)
}

/// The items of a list: separated by commas, spaces kept.
pub(crate) fn list(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|&octet| octet == b',')
}

/// A key and its value, separated by the first `=`; without either there is none.
pub(crate) fn key_value(field: &[u8]) -> Option<(&[u8], &[u8])> {
    fn parse(field: &[u8]) -> IResult<&[u8], &[u8]> {
        terminated(take_while1(|octet| octet != b'='), tag(&b"="[..])).parse(field)
    }
    parse(field).ok().map(|(value, key)| (key, value))
}

/// The numeric prefix of a field, as the originals take it: leading white space, then the longest
/// decimal number without exponent; 0 where there is none.
pub(crate) fn numeric_prefix(field: &[u8]) -> f64 {
    fn digits(i: &[u8]) -> IResult<&[u8], &[u8]> {
        take_while1(|octet: u8| octet.is_ascii_digit())(i)
    }
    fn number(i: &[u8]) -> IResult<&[u8], &[u8]> {
        let fraction = (tag(&b"."[..]), opt(digits));
        recognize((opt(one_of("+-")), digits, opt(fraction))).parse(i)
    }
    let blank = take_while(|octet: u8| b"\t\x0b\x0c\r ".contains(&octet));
    preceded(blank, number)
        .parse(field)
        .ok()
        .and_then(|(_, number)| core::str::from_utf8(number).ok()?.parse().ok())
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_count() {
        assert_eq!(fields(b""), [b""]);
        assert_eq!(fields(b";"), [b"", b""]);
        assert_eq!(fields(b"a;;b;"), [&b"a"[..], b"", b"b", b""]);
    }

    #[test]
    fn the_first_equals_sign_separates_a_key_from_its_value() {
        assert_eq!(key_value(b"a=b=c"), Some((&b"a"[..], &b"b=c"[..])));
        assert_eq!(key_value(b"a="), Some((&b"a"[..], &b""[..])));
        assert_eq!(key_value(b"a"), None);
        assert_eq!(key_value(b"=b"), None);
        assert_eq!(key_value(b""), None);
    }
}
