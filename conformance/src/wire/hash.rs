//! HMAC over any hash function, and the two hash functions of the protocol.

use sha3::Digest as _;

/// SHA3-512.
pub fn sha3_512(message: &[u8]) -> Vec<u8> {
    sha3::Sha3_512::digest(message).to_vec()
}

/// SHA-512, of the family SHA-2: proofs are made with it by mistake.
pub fn sha2_512(message: &[u8]) -> Vec<u8> {
    let digest = ring::digest::digest(&ring::digest::SHA512, message);
    digest.as_ref().to_vec()
}

/// Keccak-512 with the padding that it had before it became SHA-3: another usual mistake.
pub fn keccak_512(message: &[u8]) -> Vec<u8> {
    sha3::Keccak512::digest(message).to_vec()
}

/// MD6-256.
pub fn md6_256(message: &[u8]) -> Vec<u8> {
    super::md6::md6_256(message).to_vec()
}

/// HMAC (RFC 2104) with a hash function of a given block size in octets.
pub fn hmac(hash: fn(&[u8]) -> Vec<u8>, block: usize, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > block {
        hash(key)
    } else {
        key.to_vec()
    };
    key.resize(block, 0);
    let pad = |octet: u8, rest: &[u8]| -> Vec<u8> {
        hash(
            &key.iter()
                .map(|k| k ^ octet)
                .chain(rest.iter().copied())
                .collect::<Vec<_>>(),
        )
    };
    pad(0x5c, &pad(0x36, message))
}

/// HMAC-SHA3-512; the block is 72 octets.
pub fn hmac_sha3_512(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac(sha3_512, 72, key, message)
}

/// HMAC-MD6-256 with a block of 64 octets.
pub fn hmac_md6_256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac(md6_256, 64, key, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::to_hex;

    #[test]
    fn nist_example_of_hmac_sha3_512() {
        // NIST's example "HMAC with SHA3-512, key shorter than the block".
        let key: Vec<u8> = (0..64).collect();
        assert_eq!(
            to_hex(&hmac_sha3_512(&key, b"Sample message for keylen<blocklen")),
            "4efd629d6c71bf86162658f29943b1c308ce27cdfa6db0d9c3ce81763f9cbce5\
             f7ebe9868031db1a8f8eb7b6b95e5c5e3f657a8996c86a2f6527e307f0213196"
        );
    }
}
