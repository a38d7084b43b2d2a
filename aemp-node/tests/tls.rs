//! TLS between two nodes: one certificate for all, or a CA of the network.

mod common;

use std::time::Duration;

use aemp_node::{CallError, Node};
use common::{PATIENCE, echo, soon};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_certificate_and_no_secret() {
    let pem = own_certificate();
    let server = listener(&pem).await;
    answers(&server, &pem).await.unwrap();
    let refused = answers(&server, &own_certificate()).await;
    assert!(refused.is_err(), "a stranger's certificate is taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_the_same_authority() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = listener(&ours.issued(ours.pem())).await;
    answers(&server, &ours.issued(ours.pem())).await.unwrap();
    // One that says that it trusts ours, but was issued by another authority.
    let refused = answers(&server, &theirs.issued(ours.pem())).await;
    assert!(refused.is_err(), "another authority's certificate is taken");
    // And one that is itself of the network, but looks to another authority.
    let refused = answers(&server, &ours.issued(theirs.pem())).await;
    assert!(
        refused.is_err(),
        "the client takes the server's certificate"
    );
}

/// Whether clients with this file get an answer; several, since either side may be the TLS client:
/// that depends on the nonces.
async fn answers(server: &Node, pem: &str) -> Result<(), CallError> {
    let echo = server.port_id("echo");
    for _ in 0..6 {
        let client = Node::builder()
            .certificate(pem)
            .seed(&server.listening()[0].to_string())
            .start()
            .await
            .unwrap();
        let answer = client.cal(&echo, &("hello",), Some(Duration::from_secs(5)));
        let answer = soon(answer).await?;
        assert_eq!(answer.tag().unwrap(), "hello");
        soon(client.shutdown(PATIENCE)).await;
    }
    Ok(())
}

async fn listener(pem: &str) -> Node {
    let node = Node::builder().node_id("server").certificate(pem);
    let node = node.bind("127.0.0.1:0").start().await.unwrap();
    echo(&node, "echo");
    node
}

/// A certificate of its own making with its key.
fn own_certificate() -> String {
    let made = rcgen::generate_simple_self_signed(["aemp".into()]).unwrap();
    format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem())
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    fn pem(&self) -> &str {
        &self.pem
    }

    /// A file with a new certificate of this authority, its key, and the authority that it trusts.
    fn issued(&self, trusted: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["aemp".into()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        format!("{certificate}{}{trusted}", key.serialize_pem())
    }
}
