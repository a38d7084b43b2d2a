//! Lines out of octets that come in any pieces.

use alloc::vec::Vec;

use crate::greeting::LINE_LIMIT;

/// Collects one line at a time and keeps no octet of the next.
#[derive(Clone, Debug, Default)]
pub(super) struct LineReader {
    partial: Vec<u8>,
}

impl LineReader {
    /// Takes octets up to and with the first LF. Returns how many were taken and the line, without
    /// LF and without one CR before it, if it is complete.
    ///
    /// # Errors
    ///
    /// The number of octets of a line that is longer than allowed.
    pub(super) fn read(&mut self, octets: &[u8]) -> Result<(usize, Option<Vec<u8>>), usize> {
        let end = memchr::memchr(b'\n', octets);
        let piece = &octets[..end.unwrap_or(octets.len())];
        let length = self.partial.len() + piece.len();
        let ends_in_cr = piece.last().or(self.partial.last()) == Some(&b'\r');
        // [greeting.line.limit]: a CR may yet turn out to be part of the terminator.
        if length - usize::from(ends_in_cr) > LINE_LIMIT {
            return Err(length);
        }
        self.partial.extend_from_slice(piece);
        if end.is_none() {
            return Ok((piece.len(), None));
        }
        let mut line = core::mem::take(&mut self.partial);
        if ends_in_cr {
            line.pop();
        }
        Ok((piece.len() + 1, Some(line)))
    }

    /// The octets kept of an unfinished line.
    pub(super) fn buffered(&self) -> usize {
        self.partial.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn one_cr_is_part_of_the_terminator() {
        let mut reader = LineReader::default();
        assert_eq!(reader.read(b"a\r"), Ok((2, None)));
        assert_eq!(reader.read(b"\nb\n"), Ok((1, Some(b"a".to_vec()))));
        assert_eq!(reader.read(b"\r\r\n"), Ok((3, Some(b"\r".to_vec()))));
        assert_eq!(reader.read(b"\n"), Ok((1, Some(vec![]))));
    }

    #[test]
    fn the_limit_counts_the_content_of_one_line() {
        let longest = vec![b'x'; LINE_LIMIT];
        for end in [&b"\n"[..], b"\r\n"] {
            let mut reader = LineReader::default();
            assert_eq!(reader.read(&longest), Ok((LINE_LIMIT, None)));
            assert_eq!(reader.read(end), Ok((end.len(), Some(longest.clone()))));
            // What follows in the same piece does not count.
            let all = [&longest[..], end, &[b'y'; 5000]].concat();
            assert!(matches!(reader.read(&all), Ok((_, Some(_)))));
        }
        let mut reader = LineReader::default();
        reader.read(&longest).unwrap();
        assert_eq!(reader.read(b"x"), Err(LINE_LIMIT + 1));
        let mut reader = LineReader::default();
        reader.read(&longest).unwrap();
        assert!(reader.read(b"\r").is_ok());
        assert_eq!(
            reader.read(b"\r"),
            Err(LINE_LIMIT + 2),
            "only one CR is a terminator's"
        );
    }
}
