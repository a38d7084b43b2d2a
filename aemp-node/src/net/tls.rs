//! TLS with one certificate that all nodes of a network share, or with a CA of the network.
//!
//! A peer's certificate is right if it equals the configured one octet for octet, or chains to one of
//! the further certificates of the same file. Names and addresses in it mean nothing: whoever holds
//! the key is a node of the network. That the peer does hold the key is what TLS itself proves.

use std::{io, sync::Arc};

use aemp_proto::handshake::TlsRole;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    RootCertStore, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    version::TLS13,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::stream::Prefixed;
use crate::{config::Certificate, node::Node};

/// Both sides of a node's TLS; which of them it is depends on the nonces of each connection.
pub(crate) struct Tls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Tls {
    /// Prepares both sides; the text says what is wrong with the certificate.
    pub(crate) fn new(certificate: &Certificate) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let wrong = |error: Error| format!("the certificate cannot be used: {error}");
        let verifier = Arc::new(Verifier {
            own: certificate.chain[0].clone(),
            roots: roots(&certificate.chain[1..])?,
            provider: provider.clone(),
        });
        let chain = certificate.chain.clone();
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(wrong)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_client_auth_cert(chain.clone(), certificate.key.clone_key())
            .map_err(wrong)?;
        // The name is an invention of ours, and a resumed session would skip the certificate.
        client.enable_sni = false;
        client.resumption = rustls::client::Resumption::disabled();
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(wrong)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, certificate.key.clone_key())
            .map_err(wrong)?;
        server.send_tls13_tickets = 0;
        Ok(Self {
            client: Arc::new(client),
            server: Arc::new(server),
        })
    }
}

/// Negotiates TLS.
pub(crate) async fn start(
    node: &Node,
    role: TlsRole,
    tcp: Prefixed,
) -> io::Result<TlsStream<Prefixed>> {
    let Some(tls) = &node.inner().tls else {
        return Err(io::Error::other("no certificate is configured"));
    };
    match role {
        TlsRole::Client => {
            let name = ServerName::try_from("aemp.invalid").map_err(io::Error::other)?;
            let connector = TlsConnector::from(tls.client.clone());
            Ok(connector.connect(name, tcp).await?.into())
        }
        TlsRole::Server => {
            let acceptor = TlsAcceptor::from(tls.server.clone());
            Ok(acceptor.accept(tcp).await?.into())
        }
    }
}

/// Whether the peer's certificate was the trouble, or ours in the peer's eyes.
pub(crate) fn is_certificate(error: &io::Error) -> bool {
    use rustls::AlertDescription as Alert;
    let error = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<Error>());
    matches!(
        error,
        Some(
            Error::InvalidCertificate(_)
                | Error::NoCertificatesPresented
                | Error::AlertReceived(
                    Alert::BadCertificate
                        | Alert::UnknownCA
                        | Alert::CertificateUnknown
                        | Alert::CertificateRequired
                        | Alert::AccessDenied
                )
        )
    )
}

fn roots(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| format!("a further certificate cannot be used as CA: {error}"))?;
    }
    Ok(roots)
}

#[derive(Debug)]
struct Verifier {
    own: CertificateDer<'static>,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if *certificate == self.own {
            return Ok(());
        }
        if self.roots.is_empty() {
            return Err(Error::InvalidCertificate(CertificateError::Other(
                OtherError(Arc::new(NotOurs)),
            )));
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        rustls::client::verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.roots,
            chain,
            now,
            self.provider.signature_verification_algorithms.all,
        )
    }

    fn signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }
}

#[derive(Debug)]
struct NotOurs;

impl std::fmt::Display for NotOurs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is not the configured one; give both nodes the same file")
    }
}

impl std::error::Error for NotOurs {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(certificate, chain, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(certificate, chain, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
