//! Proofs: what a side sends in its authentication line to show that it holds what it must.

use super::{Md6, Method, Secret, secret::ct_eq_hashed};
use alloc::string::String;
use core::fmt;
use hmac::{KeyInit, Mac, SimpleHmac};
use sha3::{Digest, Sha3_512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Octets of a block of the HMAC that is built on MD6.
const MD6_HMAC_BLOCK: usize = 64;

/// The four lines of both greetings, without line ends, as seen by the side whose proof it is
/// (`[auth.lines.order]`, `[auth.lines.octets]`).
#[derive(Clone, Copy, Debug)]
pub struct Transcript<'a> {
    /// Greeting and nonce of the side that sends the proof.
    pub sender: [&'a [u8]; 2],
    /// Greeting and nonce of the side that receives it.
    pub receiver: [&'a [u8]; 2],
}

impl<'a> Transcript<'a> {
    /// The same conversation, for the proof of the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            sender: self.receiver,
            receiver: self.sender,
        }
    }

    /// Everything that a proof covers: the lines, each with its line end
    /// (`[auth.lines.terminators]`).
    fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        let [a, b] = self.sender;
        let [c, d] = self.receiver;
        [a, b"\n", b, b"\n", c, b"\n", d, b"\n"].into_iter()
    }
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// It is not lower case hex of the length that the method asks for.
    Form,
    /// It has the right form and is wrong.
    Mismatch,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the proof is not lower case hex of the method's length",
            Self::Mismatch => "the proof is wrong",
        })
    }
}

impl core::error::Error for ProofError {}

/// The proof of `method`, as it stands in the second field of the authentication line.
///
/// The secret is needed where [`Method::needs_secret`] says so and is not looked at elsewhere.
///
/// # Panics
///
/// Where a secret is needed and there is none, or an empty one: such a proof would prove nothing,
/// so a caller must not choose that method.
pub fn prove(method: Method, transcript: &Transcript<'_>, secret: Option<&Secret>) -> String {
    match own(method, transcript, usable(secret)) {
        Some(mut proof) => core::mem::take(&mut *proof),
        None => panic!("the method {method} needs a secret that is not empty"),
    }
}

/// Checks the proof `data` of the side that `transcript` calls the sender.
///
/// Takes the same time for every proof of the right form (`[auth.check.constant-time]`); see the notes of this module's parent.
///
/// # Errors
///
/// [`ProofError::Form`] or [`ProofError::Mismatch`]. Where a secret is needed and there is none, or
/// an empty one, every proof of the right form is a mismatch.
pub fn verify(
    method: Method,
    transcript: &Transcript<'_>,
    data: &[u8],
    secret: Option<&Secret>,
) -> Result<(), ProofError> {
    let lower_hex = data
        .iter()
        .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    let right_length = match method.proof_len() {
        Some(len) => data.len() == len,
        None => data.len().is_multiple_of(2),
    };
    if !lower_hex || !right_length {
        return Err(ProofError::Form);
    }
    let Some(expected) = own(method, transcript, usable(secret)) else {
        return Err(ProofError::Mismatch);
    };
    let equal = match method.proof_len() {
        Some(_) => expected.as_bytes().ct_eq(data).into(),
        None => ct_eq_hashed(expected.as_bytes(), data),
    };
    if equal {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

/// `[auth.secret.empty]`
fn usable(secret: Option<&Secret>) -> Option<&Secret> {
    secret.filter(|secret| !secret.is_empty())
}

/// The right proof; none where a secret is missing.
// [auth.tls-sha3] [auth.hmac-sha3] [auth.tls-md6] [auth.hmac-md6] [auth.tls-anon] [auth.cleartext]
fn own(
    method: Method,
    transcript: &Transcript<'_>,
    secret: Option<&Secret>,
) -> Option<Zeroizing<String>> {
    let proof = match method {
        Method::TlsSha3_512 => hex(&sha3(transcript)),
        Method::HmacSha3_512 => hex(&hmac_sha3(transcript, secret?)),
        Method::TlsMd6_64_256 => hex(&md6(transcript)),
        Method::HmacMd6_64_256 => hex(&hmac_md6(transcript, secret?)),
        Method::TlsAnon => String::new(),
        Method::Cleartext => hex(secret?.octets()),
    };
    Some(Zeroizing::new(proof))
}

/// Lower case, without a table: its time depends on the length alone.
fn hex(octets: &[u8]) -> String {
    base16ct::lower::encode_string(octets)
}

fn sha3(transcript: &Transcript<'_>) -> [u8; 64] {
    let mut hash = Sha3_512::new();
    transcript
        .pieces()
        .for_each(|piece| Digest::update(&mut hash, piece));
    hash.finalize().into()
}

fn md6(transcript: &Transcript<'_>) -> [u8; 32] {
    let mut hash = Md6::new();
    transcript.pieces().for_each(|piece| hash.update(piece));
    hash.finish()
}

fn hmac_sha3(transcript: &Transcript<'_>, secret: &Secret) -> [u8; 64] {
    let mut hmac = SimpleHmac::<Sha3_512>::new_from_slice(secret.octets())
        .expect("HMAC takes a key of any length");
    transcript
        .pieces()
        .for_each(|piece| Mac::update(&mut hmac, piece));
    hmac.finalize().into_bytes().into()
}

/// HMAC-MD6 with the lines as its key and the hashed secret as its message: the wrong way round,
/// but it is what nodes of the older generation compute.
fn hmac_md6(transcript: &Transcript<'_>, secret: &Secret) -> [u8; 32] {
    let lines: usize = transcript.pieces().map(<[u8]>::len).sum();
    let mut key = [0; MD6_HMAC_BLOCK];
    if lines > MD6_HMAC_BLOCK {
        key[..32].copy_from_slice(&md6(transcript));
    } else {
        let octets = transcript.pieces().flatten();
        key.iter_mut()
            .zip(octets)
            .for_each(|(to, from)| *to = *from);
    }
    let mut message = Md6::digest(secret.octets());
    let mut inner = Md6::new();
    inner.update(&key.map(|octet| octet ^ 0x36));
    inner.update(&message);
    message.zeroize();
    let mut inner = inner.finish();
    let mut outer = Md6::new();
    outer.update(&key.map(|octet| octet ^ 0x5c));
    outer.update(&inner);
    inner.zeroize();
    outer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    const TRANSCRIPT: Transcript<'_> = Transcript {
        sender: [b"aemp;1;alpha;hmac_md6_64_256;json", b"nonceA"],
        receiver: [b"aemp;1;beta;hmac_md6_64_256;json", b""],
    };

    #[test]
    fn known_answers_of_the_older_suite() {
        for (secret, alpha, beta) in [
            (
                "geheim",
                "02d267faaf522c7806fe3678bcfd5043f12dbd605b2f6c383e5777eb3f960128",
                "20d7fdb97aa51f52a0a2bcb07b3a4e88422dd2bf28181a358b7e1a5ca3962cf0",
            ),
            (
                "a b\n",
                "c0f60d961b7552a2686aa2dd6399f47c3d2002dcb43d160dbaa57908fb780896",
                "00de4fc1a4da0cec557d997969e496f0bb6ec43b7f2d7706e1e866ca1aa48712",
            ),
            (
                "\u{20ac}",
                "4c919c821a368765bb85d079d5137879b66c83c74ece7c0b151f04f13799e5e0",
                "2aa92b974b4395861f9e01679b1be144d57dc1700f5ad6e6351bb124e01e4110",
            ),
        ] {
            let secret = Secret::from(secret);
            let method = Method::HmacMd6_64_256;
            assert_eq!(prove(method, &TRANSCRIPT, Some(&secret)), alpha);
            assert_eq!(prove(method, &TRANSCRIPT.reversed(), Some(&secret)), beta);
        }
    }

    /// HMAC-SHA3-512 of FIPS 202's HMAC examples has no transcript's form; this one was computed
    /// with Python's `hmac` and `hashlib`.
    #[test]
    fn known_answers_of_the_newer_suite() {
        assert_eq!(
            prove(
                Method::HmacSha3_512,
                &TRANSCRIPT,
                Some(&Secret::from("geheim"))
            ),
            "42c848b8f78425fdd9f8dee06b64ec07aa0143011a6be5eca004b842774ed1bd\
             8da9bb86d9cc625c944487fe199df6626de0ce5cdddd00a58c5a0aeabeda561f"
        );
        assert_eq!(
            prove(Method::TlsSha3_512, &TRANSCRIPT, None),
            "f971d74d2f2ba804dd4d24bdaf5b910ccdf2b7102e7f4698b9badf65a55a6443\
             84138b15e6cdc60c29c2bf28c37999da3a25ff07edd83927a5ea23e5322d004c"
        );
    }

    #[test]
    fn a_short_transcript_is_the_key_as_it_is() {
        let short = Transcript {
            sender: [b"a", b"b"],
            receiver: [b"c", b""],
        };
        assert_eq!(
            prove(
                Method::HmacMd6_64_256,
                &short,
                Some(&Secret::from("geheim"))
            ),
            "2b44eb411692056074d5e93229f72b807f3882d523317a13c8483b4d8c1d42fa"
        );
    }

    #[test]
    fn every_method_verifies_its_own_proof_and_no_other() {
        let secret = Secret::from("geheim");
        for &method in Method::ALL {
            let proof = prove(method, &TRANSCRIPT, Some(&secret));
            let data = proof.as_bytes();
            assert_eq!(verify(method, &TRANSCRIPT, data, Some(&secret)), Ok(()));
            if method.suite().is_some() {
                let reflected = verify(method, &TRANSCRIPT.reversed(), data, Some(&secret));
                assert_eq!(reflected, Err(ProofError::Mismatch), "{method}");
            }
            for at in 0..data.len() {
                let mut wrong = data.to_vec();
                wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
                let verdict = verify(method, &TRANSCRIPT, &wrong, Some(&secret));
                assert_eq!(verdict, Err(ProofError::Mismatch), "{method}");
            }
            if method.needs_secret() {
                for none in [None, Some(&Secret::from("")), Some(&Secret::from("Geheim"))] {
                    let verdict = verify(method, &TRANSCRIPT, data, none);
                    assert_eq!(verdict, Err(ProofError::Mismatch), "{method}");
                }
            }
        }
    }

    #[test]
    fn form_is_lower_case_hex_of_the_exact_length() {
        let secret = Secret::from("geheim");
        for &method in Method::ALL {
            let proof = prove(method, &TRANSCRIPT, Some(&secret));
            let mut wrong = [
                proof.to_uppercase(),
                format!("{proof}0"),
                format!("{proof} "),
                format!("{proof}\n"),
                format!("0x{proof}"),
                "g".repeat(proof.len().max(2)),
            ]
            .to_vec();
            if method.suite().is_some() {
                wrong.push(proof[2..].to_string());
                wrong.push(format!("{proof}00"));
                wrong.push(String::new());
            }
            wrong.retain(|wrong| *wrong != proof);
            for data in wrong {
                let verdict = verify(method, &TRANSCRIPT, data.as_bytes(), Some(&secret));
                assert_eq!(verdict, Err(ProofError::Form), "{method} {data}");
            }
        }
    }

    #[test]
    fn another_length_of_the_cleartext_is_just_wrong() {
        let secret = Secret::from("geheim");
        for data in ["", "67656865696d00", "6765686569"] {
            let verdict = verify(
                Method::Cleartext,
                &TRANSCRIPT,
                data.as_bytes(),
                Some(&secret),
            );
            assert_eq!(verdict, Err(ProofError::Mismatch));
        }
    }

    #[test]
    #[should_panic(expected = "needs a secret")]
    fn no_proof_is_made_of_an_empty_secret() {
        prove(Method::HmacSha3_512, &TRANSCRIPT, Some(&Secret::from("")));
    }
}
