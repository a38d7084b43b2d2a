//! Escapes in JSON strings.

use super::chunk::string_end;
use alloc::string::String;

/// What stands at a backslash.
pub(super) enum Escape {
    /// The character, and how many octets stand for it.
    Char(char, usize),
    /// More octets are needed to tell.
    Incomplete,
    /// No escape: how many octets are right, and what was expected then.
    Wrong(usize, &'static str),
    /// A surrogate without its other half.
    Lone,
}

/// Reads the escape whose backslash is at `at` (`[json.string.escapes]`).
pub(super) fn escape(octets: &[u8], at: usize) -> Escape {
    let Some(&kind) = octets.get(at + 1) else {
        return Escape::Incomplete;
    };
    let char = match kind {
        b'"' | b'\\' | b'/' => char::from(kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(octets, at),
        _ => return Escape::Wrong(1, "one of \" \\ / b f n r t u"),
    };
    Escape::Char(char, 2)
}

/// Reads the escape whose backslash is at `at` and whose kind is `u`.
fn unicode(octets: &[u8], at: usize) -> Escape {
    let first = match hex(octets, at + 2) {
        Ok(unit) => unit,
        Err(None) => return Escape::Incomplete,
        Err(Some(right)) => return Escape::Wrong(2 + right, "a hexadecimal digit"),
    };
    if let Some(char) = char::from_u32(first.into()) {
        return Escape::Char(char, 6);
    }
    if first >= 0xdc00 {
        return Escape::Lone;
    }
    match (octets.get(at + 6), octets.get(at + 7)) {
        (None, _) | (Some(b'\\'), None) => return Escape::Incomplete,
        (Some(b'\\'), Some(b'u')) => {}
        _ => return Escape::Lone,
    }
    let second = match hex(octets, at + 8) {
        Ok(unit) => unit,
        Err(None) => return Escape::Incomplete,
        Err(Some(right)) => return Escape::Wrong(8 + right, "a hexadecimal digit"),
    };
    match char::decode_utf16([first, second]).next() {
        Some(Ok(char)) => Escape::Char(char, 12),
        _ => Escape::Lone,
    }
}

/// Four hexadecimal digits; else `Some` with the number of right ones, or `None` if it ends too
/// early.
fn hex(octets: &[u8], at: usize) -> Result<u16, Option<usize>> {
    let mut unit = 0;
    for right in 0..4 {
        let octet = *octets.get(at + right).ok_or(None)?;
        let digit = char::from(octet).to_digit(16).ok_or(Some(right))?;
        unit = unit << 4 | digit as u16;
    }
    Ok(unit)
}

/// The text of a string whose first octet is at `from`, and the offset behind its closing quote.
pub(super) fn unescape(octets: &[u8], from: usize) -> (usize, String) {
    let mut text = String::new();
    let mut at = from;
    loop {
        let end = string_end(octets, at);
        text.push_str(&String::from_utf8_lossy(
            octets.get(at..end).unwrap_or_default(),
        ));
        match octets.get(end) {
            Some(b'\\') => match escape(octets, end) {
                Escape::Char(char, len) => {
                    text.push(char);
                    at = end + len;
                }
                // The scanner lets none of these through.
                _ => return (octets.len(), text),
            },
            Some(_) => return (end + 1, text),
            None => return (end, text),
        }
    }
}
