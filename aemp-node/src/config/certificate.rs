//! The certificate and key of a network, from PEM.

use std::fmt;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// A certificate with its private key, and CA certificates of the network if there are any.
///
/// Its `Debug` says nothing about the key.
pub struct Certificate {
    /// The first is the node's own.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// Reads PEM text with a private key and one or more certificates, the node's own first.
    ///
    /// # Errors
    ///
    /// A text that says what is missing and what to do.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the certificate file is no PEM file: {error}"))?;
        if chain.is_empty() {
            return Err(
                "the certificate file holds no certificate; make one with `aemp config gen-cert`"
                    .into(),
            );
        }
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
            format!(
                "the certificate file holds no private key ({error}); put key and certificate into \
                 one file, as `aemp config gen-cert` does"
            )
        })?;
        Ok(Self { chain, key })
    }
}

impl Clone for Certificate {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} in the file, key ..)", self.chain.len())
    }
}
