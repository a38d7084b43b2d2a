//! The kit's end of TLS, and the certificate that it shares with subjects.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName, Error,
    ServerConfig, ServerConnection, SignatureScheme,
};

use crate::case::step::TlsRole;

/// The names in certificates; they match nothing.
const NAMES: [String; 0] = [];

/// How a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The subject, or the kit's TLS on behalf of what the subject sent, refused.
    Refused(String),
    /// It did not end in time.
    Late,
    /// The kit could not even begin.
    Kit(String),
}

/// A self-signed certificate with its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    /// Both as PEM, as subjects read them from a file.
    pub pem: String,
}

impl Identity {
    /// Makes a new one.
    ///
    /// # Errors
    /// The machine's randomness or the library failed.
    pub fn generate() -> Result<Self, String> {
        Self::made(rcgen::CertificateParams::new(NAMES))
    }

    /// Makes one that has expired.
    ///
    /// # Errors
    /// As for [`Self::generate`].
    pub fn expired() -> Result<Self, String> {
        Self::made(rcgen::CertificateParams::new(NAMES).map(|mut params| {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
            params
        }))
    }

    fn made(params: Result<rcgen::CertificateParams, rcgen::Error>) -> Result<Self, String> {
        let make = || {
            let key = rcgen::KeyPair::generate()?;
            let certificate = params?.self_signed(&key)?;
            Ok(Self {
                certificate: certificate.der().clone(),
                key: PrivatePkcs8KeyDer::from(key.serialize_der()),
                pem: format!("{}{}", key.serialize_pem(), certificate.pem()),
            })
        };
        make().map_err(|error: rcgen::Error| format!("no certificate can be made: {error}"))
    }
}

/// What the kit needs for TLS: the certificate that is presented and the one that is awaited.
#[derive(Clone)]
pub struct TlsSetup {
    /// What the kit presents; nothing if `None`.
    pub own: Option<Arc<Identity>>,
    /// What the subject must present.
    pub shared: Arc<Identity>,
    /// TLS 1.2 and nothing else.
    pub old: bool,
    /// What is remembered from one connection to the next.
    pub sessions: Arc<Sessions>,
}

/// The configurations of a run, with the TLS sessions that a subject might resume.
#[derive(Default)]
pub struct Sessions {
    client: OnceLock<Arc<ClientConfig>>,
    server: OnceLock<Arc<ServerConfig>>,
}

/// A certificate and a key that need not belong together.
#[derive(Debug)]
struct Presented(Arc<CertifiedKey>);

impl rustls::client::ResolvesClientCert for Presented {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl rustls::server::ResolvesServerCert for Presented {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The certificate of a run: the shared one, its file, and another one for refusals.
pub struct Certificates {
    /// The one that the subject holds too.
    pub shared: Arc<Identity>,
    /// One that the subject does not know.
    pub other: Arc<Identity>,
    /// One that has expired, for cases in which it is the shared one.
    pub expired: Arc<Identity>,
    files: [PathBuf; 2],
}

impl Certificates {
    /// Makes both and writes the shared one into a folder.
    ///
    /// # Errors
    /// They cannot be made or written.
    pub fn generate(folder: &Path) -> Result<Self, String> {
        let shared = Arc::new(Identity::generate()?);
        let expired = Arc::new(Identity::expired()?);
        let files = ["cert.pem", "expired.pem"].map(|name| folder.join(name));
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        for (file, identity) in files.iter().zip([&shared, &expired]) {
            std::fs::write(file, &identity.pem)
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(Self {
            shared,
            other: Arc::new(Identity::generate()?),
            expired,
            files,
        })
    }

    /// The file of the shared one, certificate and key; of the expired one where that is shared.
    pub fn file(&self, expired: bool) -> &Path {
        &self.files[usize::from(expired)]
    }
}

impl TlsSetup {
    /// A connection at its beginning.
    ///
    /// # Errors
    /// The configuration is refused by the library.
    pub fn connection(&self, role: TlsRole) -> Result<Connection, TlsFailure> {
        let kit = |error: Error| TlsFailure::Kit(format!("TLS cannot be set up: {error}"));
        let mut connection = match role {
            TlsRole::Client => {
                let config = self.remembered(&self.sessions.client, || self.client());
                let name = ServerName::try_from("aemp").expect("a valid name");
                Connection::from(ClientConnection::new(config.map_err(kit)?, name).map_err(kit)?)
            }
            TlsRole::Server => {
                let config = self.remembered(&self.sessions.server, || self.server());
                Connection::from(ServerConnection::new(config.map_err(kit)?).map_err(kit)?)
            }
        };
        connection.set_buffer_limit(None);
        Ok(connection)
    }

    /// The configuration of earlier connections, so that their sessions could be resumed; a new one
    /// where this one is out of the ordinary.
    fn remembered<T>(
        &self,
        earlier: &OnceLock<Arc<T>>,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Arc<T>, Error> {
        let ordinary = |own: &Arc<Identity>| Arc::ptr_eq(own, &self.shared);
        if self.old || !self.own.as_ref().is_some_and(ordinary) {
            return make().map(Arc::new);
        }
        if let Some(config) = earlier.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(make()?);
        Ok(Arc::clone(earlier.get_or_init(|| config)))
    }

    fn client(&self) -> Result<ClientConfig, Error> {
        let (provider, verifier) = self.verifier();
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions())?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.own {
            Some(own) => config.with_client_cert_resolver(own.presented()?),
            None => config.with_no_client_auth(),
        };
        // Nothing but the certificate is agreed on: no names.
        config.enable_sni = false;
        Ok(config)
    }

    fn server(&self) -> Result<ServerConfig, Error> {
        let (provider, verifier) = self.verifier();
        let own = self.own.as_ref().unwrap_or(&self.shared);
        Ok(ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions())?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(own.presented()?))
    }

    fn verifier(&self) -> (Arc<CryptoProvider>, Arc<Exactly>) {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Exactly {
            certificate: self.shared.certificate.clone(),
            provider: Arc::clone(&provider),
        });
        (provider, verifier)
    }

    fn versions(&self) -> &'static [&'static rustls::SupportedProtocolVersion] {
        static OLD: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
        static NEW: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
        if self.old { &OLD } else { &NEW }
    }
}

impl Identity {
    /// This certificate, with the key of another identity.
    pub fn without_key(&self, other: &Self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            key: other.key.clone_key(),
            pem: String::new(),
        }
    }

    fn presented(&self) -> Result<Arc<Presented>, Error> {
        let key = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
        let both = CertifiedKey::new(vec![self.certificate.clone()], key);
        Ok(Arc::new(Presented(Arc::new(both))))
    }
}

/// What the library wants to send.
pub fn pending(connection: &mut Connection) -> Vec<u8> {
    let mut out = Vec::new();
    while connection.wants_write() {
        // Writing into memory does not fail.
        if connection.write_tls(&mut out).is_err() {
            break;
        }
    }
    out
}

/// Gives the library what arrived.
///
/// # Errors
/// What arrived is refused.
pub fn feed(connection: &mut Connection, mut octets: &[u8]) -> Result<(), String> {
    while !octets.is_empty() {
        let read = connection
            .read_tls(&mut octets)
            .map_err(|error| error.to_string())?;
        connection
            .process_new_packets()
            .map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
    }
    Ok(())
}

/// Plain octets as they go out.
///
/// # Errors
/// The TLS connection is over.
pub fn seal(connection: &mut Connection, octets: &[u8]) -> Result<Vec<u8>, String> {
    connection
        .writer()
        .write_all(octets)
        .map_err(|error| error.to_string())?;
    Ok(pending(connection))
}

/// What arrived in plain octets; may be none.
///
/// # Errors
/// What arrived is no TLS, or TLS is over.
pub fn open(connection: &mut Connection, mut octets: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    loop {
        let mut part = [0; 16 << 10];
        loop {
            match connection.reader().read(&mut part) {
                Ok(0) if plain.is_empty() => return Err("closed".to_owned()),
                Ok(0) => break,
                Ok(count) => plain.extend_from_slice(&part[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) if plain.is_empty() => return Err(error.to_string()),
                Err(_) => break,
            }
        }
        if octets.is_empty() {
            return Ok(plain);
        }
        connection
            .read_tls(&mut octets)
            .map_err(|error| error.to_string())?;
        if let Err(error) = connection.process_new_packets() {
            return if plain.is_empty() {
                Err(error.to_string())
            } else {
                Ok(plain)
            };
        }
    }
}

/// Accepts exactly one certificate.
#[derive(Debug)]
struct Exactly {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl Exactly {
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        if *certificate == self.certificate {
            Ok(())
        } else {
            Err(Error::General(
                "the subject presents another certificate".to_owned(),
            ))
        }
    }
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(certificate)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ClientCertVerifier for Exactly {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(certificate)
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}
