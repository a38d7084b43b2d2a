//! The authentication line and its proofs.

use super::greeting::Line;
use super::{hash, to_hex};

/// One of the two generations of digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suite {
    /// `hmac_sha3_512` and `tls_sha3_512`.
    Sha3,
    /// `hmac_md6_64_256` and `tls_md6_64_256`.
    Md6,
}

impl Suite {
    /// Both suites, the newer first.
    pub const ALL: [Self; 2] = [Self::Sha3, Self::Md6];

    /// Its name on the command line and in cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha3 => "sha3",
            Self::Md6 => "md6",
        }
    }

    /// The suite of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// Its method with a secret.
    pub fn hmac(self) -> Method {
        match self {
            Self::Sha3 => Method::HmacSha3,
            Self::Md6 => Method::HmacMd6,
        }
    }

    /// Its method with a certificate.
    pub fn tls(self) -> Method {
        match self {
            Self::Sha3 => Method::TlsSha3,
            Self::Md6 => Method::TlsMd6,
        }
    }
}

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// HMAC-SHA3-512 over both greetings.
    HmacSha3,
    /// HMAC-MD6-256 over both greetings.
    HmacMd6,
    /// SHA3-512 of both greetings, under TLS.
    TlsSha3,
    /// MD6-256 of both greetings, under TLS.
    TlsMd6,
    /// The secret itself.
    Cleartext,
    /// Nothing, under TLS.
    TlsAnon,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 6] = [
        Self::TlsSha3,
        Self::HmacSha3,
        Self::TlsMd6,
        Self::HmacMd6,
        Self::Cleartext,
        Self::TlsAnon,
    ];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha3 => "hmac_sha3_512",
            Self::HmacMd6 => "hmac_md6_64_256",
            Self::TlsSha3 => "tls_sha3_512",
            Self::TlsMd6 => "tls_md6_64_256",
            Self::Cleartext => "cleartext",
            Self::TlsAnon => "tls_anon",
        }
    }

    /// The method of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// The data of an authentication line: what `first` (its sender) proves to `second`.
    pub fn proof(self, secret: &[u8], first: &[Line; 2], second: &[Line; 2]) -> String {
        let mut lines = Vec::new();
        for line in first.iter().chain(second) {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
        match self {
            Self::HmacSha3 => to_hex(&hash::hmac_sha3_512(secret, &lines)),
            // The greeting is the key and the hashed secret the message: the original program
            // hands the two over swapped, and both generations agree on it.
            Self::HmacMd6 => to_hex(&hash::hmac_md6_256(&lines, &hash::md6_256(secret))),
            Self::TlsSha3 => to_hex(&hash::sha3_512(&lines)),
            Self::TlsMd6 => to_hex(&hash::md6_256(&lines)),
            Self::Cleartext => to_hex(secret),
            Self::TlsAnon => String::new(),
        }
    }
}

/// The fields of an authentication line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthLine {
    /// The method's name.
    pub method: String,
    /// The proof.
    pub data: String,
    /// The framing in which the sender will send.
    pub framing: String,
    /// Fields after the third.
    pub extra: Vec<String>,
}

impl AuthLine {
    /// Reads a line without its end.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line)
            .map_err(|_| "the authentication line is not UTF-8".to_owned())?;
        let mut fields = text.split(';').map(str::to_owned);
        match (fields.next(), fields.next(), fields.next()) {
            (Some(method), Some(data), Some(framing)) => Ok(Self {
                method,
                data,
                framing,
                extra: fields.collect(),
            }),
            _ => Err(format!("not METHOD;DATA;FRAMING: {text:?}")),
        }
    }

    /// The line without its end.
    pub fn write(&self) -> String {
        let mut line = format!("{};{};{}", self.method, self.data, self.framing);
        for field in &self.extra {
            line.push(';');
            line.push_str(field);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_hex;

    fn lines(value: &serde_json::Value) -> [Line; 2] {
        [0, 1].map(|at| value[at].as_str().unwrap().as_bytes().to_vec())
    }

    #[test]
    fn the_recorded_md6_proofs_come_out() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("testdata/md6-vectors.json")).unwrap();
        for row in file["vectors"].as_array().unwrap() {
            let secret = from_hex(row["secret_hex"].as_str().unwrap()).unwrap();
            let (alpha, beta) = (lines(&row["lines_alpha"]), lines(&row["lines_beta"]));
            let proof = |first, second| Method::HmacMd6.proof(&secret, first, second);
            assert_eq!(proof(&alpha, &beta), row["hmac_alpha"].as_str().unwrap());
            assert_eq!(proof(&beta, &alpha), row["hmac_beta"].as_str().unwrap());
        }
        let row = &file["vectors"][0];
        let (alpha, beta) = (lines(&row["lines_alpha"]), lines(&row["lines_beta"]));
        let digest = Method::TlsMd6.proof(b"", &alpha, &beta);
        assert_eq!(digest, file["tls_md6_alpha"].as_str().unwrap());
    }

    #[test]
    fn a_recorded_sha3_proof_comes_out() {
        // From the recording 2.x/handshake-json, connection 1; the secret is "geheim".
        let initiator = [
            b"aemp;1;node-b;tls_sha3_512,hmac_sha3_512,tls_anon,cleartext;json;provider=AE-2.01;mproto=1;peeraddr=127.0.0.1:46159;gproto=1".to_vec(),
            b"jkmlKD7yhE46zGhpjLnMGlF0fccfiH17seVi6N2WvwZzklNNaNxoF6zU0hEkGb+Y+e8S8/pT7D/CtQT0vVHU290f".to_vec(),
        ];
        let acceptor = [
            b"aemp;1;node-a;tls_sha3_512,hmac_sha3_512,tls_anon,cleartext;json;mproto=1;provider=AE-2.01;gproto=1;peeraddr=127.0.0.1:49646".to_vec(),
            b"lrN8nxONY7mnaXX/5bATy0nHpSxypTo8pqXeRl9+QwnsjaLcKQopJjxRnLtk8Uv4jcc9PAWUL3SSaTVvhh3tm0Yl".to_vec(),
        ];
        assert_eq!(
            Method::HmacSha3.proof(b"geheim", &acceptor, &initiator),
            "d558cfd30e11f5160cfb8fbf1bbfef766db062cdc1334edcba4acd50a0b19749\
             b4cd38835f9db5ed3b877f9eb5ffcec39d0efea2f535a5a8f0dde02a8d557444"
        );
    }

    #[test]
    fn an_authentication_line_goes_both_ways() {
        let line = AuthLine::read(b"cleartext;6768;json;x;").unwrap();
        assert_eq!(line.extra, ["x", ""]);
        assert_eq!(line.write(), "cleartext;6768;json;x;");
        assert!(AuthLine::read(b"cleartext;6768").is_err());
    }
}
