//! Known answers of MD6 and of the older suite's proofs, where a recording holds them.

use aemp_proto::auth::{Md6, Method, Secret, Transcript, prove};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    recording::{Recording, unhex},
    report::FileReport,
};

#[derive(Deserialize)]
struct Digest {
    in_hex: String,
    out: String,
}

#[derive(Deserialize)]
struct Proofs {
    lines_alpha: [String; 2],
    lines_beta: [String; 2],
    secret_hex: String,
    /// MD6 of the secret: the HMAC's message, whatever the name says.
    key_hex: String,
    hmac_alpha: String,
    hmac_beta: String,
}

/// Recomputes the known answers of a recording, if it has any.
pub(super) fn judge(recording: &Recording, report: &mut FileReport) {
    for (index, vector) in list::<Digest>(recording, "md6", report)
        .into_iter()
        .enumerate()
    {
        let input = unhex(&vector.in_hex).unwrap_or_default();
        check(
            report,
            &format!("md6 {index}"),
            &hex(&Md6::digest(&input)),
            &vector.out,
        );
    }
    let vectors = list::<Proofs>(recording, "vectors", report);
    if let Some(vector) = vectors.first() {
        let transcript = vector.transcript();
        for (name, transcript) in [
            ("tls_md6_alpha", transcript),
            ("tls_md6_beta", transcript.reversed()),
        ] {
            if let Some(due) = recording.raw.get(name).and_then(Value::as_str) {
                check(
                    report,
                    name,
                    &prove(Method::TlsMd6_64_256, &transcript, None),
                    due,
                );
            }
        }
    }
    for (index, vector) in vectors.iter().enumerate() {
        let octets = unhex(&vector.secret_hex).unwrap_or_default();
        check(
            report,
            &format!("MD6 of secret {index}"),
            &hex(&Md6::digest(&octets)),
            &vector.key_hex,
        );
        let Ok(secret) = String::from_utf8(octets) else {
            report.unjudged("proofs of a secret that is no UTF-8", 2);
            continue;
        };
        let secret = Secret::from(secret);
        let proof = |transcript| prove(Method::HmacMd6_64_256, &transcript, Some(&secret));
        let transcript = vector.transcript();
        check(
            report,
            &format!("alpha's proof {index}"),
            &proof(transcript),
            &vector.hmac_alpha,
        );
        check(
            report,
            &format!("beta's proof {index}"),
            &proof(transcript.reversed()),
            &vector.hmac_beta,
        );
    }
}

impl Proofs {
    fn transcript(&self) -> Transcript<'_> {
        Transcript {
            sender: lines(&self.lines_alpha),
            receiver: lines(&self.lines_beta),
        }
    }
}

fn lines([greeting, nonce]: &[String; 2]) -> [&[u8]; 2] {
    [greeting.as_bytes(), nonce.as_bytes()]
}

fn list<T: DeserializeOwned>(recording: &Recording, name: &str, report: &mut FileReport) -> Vec<T> {
    let Some(value) = recording.raw.get(name) else {
        return Vec::new();
    };
    serde_json::from_value(value.clone()).unwrap_or_else(|error| {
        report.problems.push(format!("{name}: {error}"));
        Vec::new()
    })
}

fn check(report: &mut FileReport, what: &str, ours: &str, due: &str) {
    report.counts.vectors += 1;
    if ours != due {
        report
            .problems
            .push(format!("{what} is {ours}, {due} is due"));
    }
}

/// Octets as hex digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
