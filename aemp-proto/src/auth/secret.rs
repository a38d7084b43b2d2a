//! Secrets: never printed, compared in constant time, overwritten when dropped.

use alloc::{string::String, vec::Vec};
use core::fmt;
use sha3::{Digest, Sha3_512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What the nodes of one network share: a text, used as its UTF-8 octets (`[auth.secret.octets]`).
///
/// It has no `Display` and no `==`; its `Debug` says nothing about it.
///
/// ```
/// use aemp_proto::auth::Secret;
///
/// let secret = Secret::from("geheim");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(secret.ct_eq(&Secret::from("geheim")));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Whether it is the empty text, which protects nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn ct_eq(&self, other: &Self) -> bool {
        ct_eq_hashed(&self.0, &other.0)
    }

    /// The octets, for those who compute with them.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

impl From<String> for Secret {
    /// Takes the text's memory over, so that it too is overwritten in the end.
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text.into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// One or more secrets, none of them empty: the first is the network's, further ones are accepted
/// too, as while a secret is being changed.
#[derive(Clone, Debug)]
pub struct Secrets(Vec<Secret>);

/// A list of secrets is empty, or one of its secrets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSecret;

impl Secrets {
    /// Takes the secrets in the order in which they are to be tried.
    ///
    /// # Errors
    ///
    /// [`NoSecret`] where there is none, or an empty one.
    pub fn new<S: Into<Secret>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, NoSecret> {
        let secrets: Vec<Secret> = secrets.into_iter().map(Into::into).collect();
        if secrets.is_empty() || secrets.iter().any(Secret::is_empty) {
            return Err(NoSecret);
        }
        Ok(Self(secrets))
    }

    /// The one that an initiator begins with.
    pub fn first(&self) -> &Secret {
        &self.0[0]
    }

    /// The one for an initiator's attempt of that number, from 0: each in turn.
    pub fn of_attempt(&self, attempt: usize) -> &Secret {
        &self.0[attempt % self.0.len()]
    }

    /// All of them, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Secret> {
        self.0.iter()
    }

    /// How many; never 0.
    #[allow(clippy::len_without_is_empty, reason = "the list is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a Secrets {
    type Item = &'a Secret;
    type IntoIter = core::slice::Iter<'a, Secret>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Secret> for Secrets {
    /// A list of one. An empty secret makes a list that no proof ever matches.
    fn from(secret: Secret) -> Self {
        Self(Vec::from([secret]))
    }
}

impl fmt::Display for NoSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no secret is given, or an empty one; configure a long random text")
    }
}

impl core::error::Error for NoSecret {}

/// Compares digests of the two, so that not even different lengths end it early.
pub(super) fn ct_eq_hashed(a: &[u8], b: &[u8]) -> bool {
    let a: Zeroizing<[u8; 64]> = Zeroizing::new(Sha3_512::digest(a).into());
    let b: Zeroizing<[u8; 64]> = Zeroizing::new(Sha3_512::digest(b).into());
    a.as_slice().ct_eq(b.as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secrets = Secrets::new(["geheim", "secret"]).unwrap();
        assert_eq!(format!("{secrets:?}"), "Secrets([Secret(..), Secret(..)])");
    }

    #[test]
    fn equality_is_of_the_whole_text() {
        let secret = Secret::from("geheim");
        assert!(secret.ct_eq(&Secret::from(String::from("geheim"))));
        for other in ["", "geheiM", "gehei", "geheimm"] {
            assert!(!secret.ct_eq(&Secret::from(other)));
        }
    }

    #[test]
    fn a_list_holds_real_secrets_only() {
        assert_eq!(Secrets::new::<&str>([]).unwrap_err(), NoSecret);
        assert_eq!(Secrets::new(["a", ""]).unwrap_err(), NoSecret);
        let secrets = Secrets::new(["a", "b"]).unwrap();
        assert!(secrets.of_attempt(3).ct_eq(&Secret::from("b")));
        assert!(secrets.of_attempt(2).ct_eq(secrets.first()));
    }
}
