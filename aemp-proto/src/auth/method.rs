//! The authentication methods and their names on the wire.

use core::fmt;

/// A way to prove that one holds the secret or the certificate.
///
/// ```text
/// method = "tls_sha3_512" / "hmac_sha3_512" / "tls_md6_64_256" / "hmac_md6_64_256"
///        / "tls_anon" / "cleartext"
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// TLS with the shared certificate; the digest binds the greeting to it.
    TlsSha3_512,
    /// HMAC-SHA3-512 under the secret.
    HmacSha3_512,
    /// [`Method::TlsSha3_512`] of the older suite.
    TlsMd6_64_256,
    /// The HMAC of the older suite.
    HmacMd6_64_256,
    /// TLS and nothing else: encrypts, proves nothing.
    TlsAnon,
    /// The secret itself.
    Cleartext,
}

/// The hash family that a method is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Suite {
    /// SHA3-512: the newer generation of nodes.
    Sha3,
    /// MD6-256: the older generation of nodes.
    Md6,
}

impl Method {
    /// Every method, strongest first.
    pub const ALL: &'static [Self] = &[
        Self::TlsSha3_512,
        Self::HmacSha3_512,
        Self::TlsMd6_64_256,
        Self::HmacMd6_64_256,
        Self::TlsAnon,
        Self::Cleartext,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsSha3_512 => "tls_sha3_512",
            Self::HmacSha3_512 => "hmac_sha3_512",
            Self::TlsMd6_64_256 => "tls_md6_64_256",
            Self::HmacMd6_64_256 => "hmac_md6_64_256",
            Self::TlsAnon => "tls_anon",
            Self::Cleartext => "cleartext",
        }
    }

    /// The method of that exact name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|method| method.name().as_bytes() == name)
    }

    /// Whether it may be used only inside TLS.
    pub const fn is_tls(self) -> bool {
        matches!(
            self,
            Self::TlsSha3_512 | Self::TlsMd6_64_256 | Self::TlsAnon
        )
    }

    /// Whether there is no proof without a secret.
    pub const fn needs_secret(self) -> bool {
        matches!(
            self,
            Self::HmacSha3_512 | Self::HmacMd6_64_256 | Self::Cleartext
        )
    }

    /// The hash family, where it uses one.
    pub const fn suite(self) -> Option<Suite> {
        match self {
            Self::TlsSha3_512 | Self::HmacSha3_512 => Some(Suite::Sha3),
            Self::TlsMd6_64_256 | Self::HmacMd6_64_256 => Some(Suite::Md6),
            Self::TlsAnon | Self::Cleartext => None,
        }
    }

    /// Hex digits of every proof; none where that depends on the secret.
    pub const fn proof_len(self) -> Option<usize> {
        match self {
            Self::TlsSha3_512 | Self::HmacSha3_512 => Some(128),
            Self::TlsMd6_64_256 | Self::HmacMd6_64_256 => Some(64),
            Self::TlsAnon => Some(0),
            Self::Cleartext => None,
        }
    }
}

impl Suite {
    /// The name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha3 => "sha3",
            Self::Md6 => "md6",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_methods() {
        for &method in Method::ALL {
            assert_eq!(Method::from_name(method.name().as_bytes()), Some(method));
        }
        for other in [
            &b""[..],
            b"CLEARTEXT",
            b" cleartext",
            b"hmac_sha3_256",
            b"tls",
        ] {
            assert_eq!(Method::from_name(other), None);
        }
    }

    #[test]
    fn a_method_rests_on_tls_or_on_a_secret() {
        for &method in Method::ALL {
            assert_ne!(method.is_tls(), method.needs_secret());
        }
    }
}
