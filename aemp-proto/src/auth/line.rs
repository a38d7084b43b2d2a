//! The authentication line.
//!
//! ```text
//! auth-line     = method ";" proof ";" framing *( ";" *field-octet ) LF
//! ```

use alloc::vec::Vec;

use crate::{
    auth::Method,
    failure::{Failure, Reason, shown},
    framing::Framing,
    greeting::{fields, framing_named},
};

/// The fields of an authentication line. Its proof is never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthLine<'a> {
    method: &'a [u8],
    proof: &'a [u8],
    framing: &'a [u8],
}

impl<'a> AuthLine<'a> {
    /// A line to be sent.
    pub fn new(method: Method, proof: &'a str, framing: Framing) -> Self {
        Self {
            method: method.name().as_bytes(),
            proof: proof.as_bytes(),
            framing: framing.name().as_bytes(),
        }
    }

    /// Takes a line without its terminator apart; fields behind the third are ignored
    /// (`[auth.line.extra]`). What the fields say is asked one by one, as the order of the checks
    /// wants it.
    ///
    /// # Errors
    ///
    /// `auth.malformed`.
    pub fn parse(line: &'a [u8]) -> Result<Self, Failure> {
        let fields = fields(line);
        let [method, proof, framing, ..] = fields[..] else {
            // The line may be a secret that somebody sent by mistake: only its shape is told.
            return Err(Failure::new(
                Reason::AuthMalformed,
                alloc::format!("it has {} of 3 fields", fields.len()),
            ));
        };
        Ok(Self {
            method,
            proof,
            framing,
        })
    }

    /// How the sender proves itself.
    ///
    /// # Errors
    ///
    /// `auth.method-unknown`.
    pub fn method(&self) -> Result<Method, Failure> {
        Method::from_name(self.method)
            .ok_or_else(|| Failure::new(Reason::AuthMethodUnknown, shown(self.method)))
    }

    /// The proof in the method's own form, which is left to its verification.
    pub fn proof(&self) -> &'a [u8] {
        self.proof
    }

    /// The framing of the sender's messages.
    ///
    /// # Errors
    ///
    /// `auth.framing-unknown`.
    pub fn framing(&self) -> Result<Framing, Failure> {
        framing_named(self.framing)
            .ok_or_else(|| Failure::new(Reason::AuthFramingUnknown, shown(self.framing)))
    }

    /// Writes the line with its LF.
    pub fn to_octets(&self) -> Vec<u8> {
        [self.method, b";", self.proof, b";", self.framing, b"\n"].concat()
    }
}

impl core::fmt::Debug for AuthLine<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AuthLine")
            .field("method", &shown(self.method))
            .field("framing", &shown(self.framing))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn extra_fields_are_ignored() {
        let line = AuthLine::parse(b"cleartext;67;json;x;y").unwrap();
        assert_eq!(line.method(), Ok(Method::Cleartext));
        assert_eq!(line.framing(), Ok(Framing::Json));
        assert_eq!(line.proof(), b"67");
        assert_eq!(line, AuthLine::new(Method::Cleartext, "67", Framing::Json));
        assert_eq!(line.to_octets(), b"cleartext;67;json\n");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for line in [&b""[..], b"cleartext;67"] {
            assert_eq!(
                AuthLine::parse(line).unwrap_err().reason(),
                Reason::AuthMalformed
            );
        }
        let line = AuthLine::parse(b"Cleartext;67;JSON").unwrap();
        assert_eq!(
            line.method().unwrap_err().reason(),
            Reason::AuthMethodUnknown
        );
        assert_eq!(
            line.framing().unwrap_err().reason(),
            Reason::AuthFramingUnknown
        );
    }

    #[test]
    fn neither_errors_nor_debug_show_the_proof() {
        let line = AuthLine::parse(b"cleartext;67656865696d;json").unwrap();
        assert!(!format!("{line:?}").contains("6765"));
        let error = AuthLine::parse(b"67656865696d;json").unwrap_err();
        assert!(!format!("{error}").contains("6765"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

        #[test]
        fn anything_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = AuthLine::parse(&line);
        }
    }
}
