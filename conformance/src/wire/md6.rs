//! MD6-256, written from the report "The MD6 hash function" (Rivest et al., 2008).
//!
//! Unkeyed, 256 bits, 104 rounds, mode parameter L = 64: a tree of compression nodes, each taking
//! 64 words of data (four chunks of 16 words above the leaves) to 16 words.

/// Words of data that one compression takes.
const DATA: usize = 64;
/// Words that one compression gives.
const CHUNK: usize = 16;
/// Words of input of the compression function: Q, key, node, control and data.
const INPUT: usize = 89;
/// Rounds for 256 bits without a key: 40 + 256 / 4.
const ROUNDS: usize = 104;
/// Bits of the result.
const BITS: u64 = 256;

/// The first 960 bits of the fraction of the square root of 6.
const Q: [u64; 15] = [
    0x7311_c281_2425_cfa0,
    0x6432_2864_34aa_c8e7,
    0xb604_50e9_ef68_b7c1,
    0xe8fb_2390_8d9f_06f1,
    0xdd2e_76cb_a691_e5bf,
    0x0cd0_d63b_2c30_bc41,
    0x1f8c_cf68_2305_8f8a,
    0x54e5_ed5b_88e3_775d,
    0x4ad1_2aae_0a6d_6031,
    0x3e7f_16bb_8822_2e0d,
    0x8af8_671d_3fb5_0c2c,
    0x995a_d117_8bd2_5c31,
    0xc878_c1dd_04c4_b633,
    0x3b72_066c_7a15_52ac,
    0x0d6f_3522_631e_ffcb,
];

/// Right and left shift of each of the 16 steps of a round.
const SHIFTS: [(u32, u32); 16] = [
    (10, 11),
    (5, 24),
    (13, 9),
    (10, 16),
    (11, 15),
    (12, 9),
    (2, 27),
    (7, 15),
    (14, 6),
    (15, 2),
    (7, 29),
    (13, 8),
    (11, 15),
    (7, 5),
    (6, 31),
    (12, 9),
];

/// The MD6-256 digest of a message.
pub fn md6_256(message: &[u8]) -> [u8; 32] {
    let mut bits = message.len() as u64 * 8;
    let mut words: Vec<u64> = message
        .chunks(8)
        .map(|part| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            u64::from_be_bytes(word)
        })
        .collect();
    let mut level = 1;
    loop {
        let nodes = words.len().div_ceil(DATA).max(1);
        let padding = (nodes * DATA * 64) as u64 - bits;
        words.resize(nodes * DATA, 0);
        let last = nodes == 1;
        let mut out = Vec::with_capacity(nodes * CHUNK);
        for (index, data) in words.chunks_exact(DATA).enumerate() {
            let padded = if index + 1 == nodes { padding } else { 0 };
            out.extend(compress(level, index as u64, last, padded, data));
        }
        if last {
            let mut digest = [0; 32];
            for (part, word) in digest.chunks_exact_mut(8).zip(&out[CHUNK - 4..]) {
                part.copy_from_slice(&word.to_be_bytes());
            }
            return digest;
        }
        bits = out.len() as u64 * 64;
        words = out;
        level += 1;
    }
}

fn compress(level: u64, index: u64, last: bool, padding: u64, data: &[u64]) -> [u64; CHUNK] {
    let control = (ROUNDS as u64) << 48 | 64 << 40 | u64::from(last) << 36 | padding << 20 | BITS;
    let mut a = Vec::with_capacity(INPUT + ROUNDS * CHUNK);
    a.extend(Q);
    a.extend([0; 8]);
    a.extend([level << 56 | index, control]);
    a.extend(data);
    let mut constant = 0x0123_4567_89ab_cdef_u64;
    for _ in 0..ROUNDS {
        for (right, left) in SHIFTS {
            let i = a.len();
            let mut x = constant ^ a[i - INPUT] ^ a[i - 17];
            x ^= (a[i - 18] & a[i - 21]) ^ (a[i - 31] & a[i - 67]);
            x ^= x >> right;
            a.push(x ^ x << left);
        }
        constant = constant.rotate_left(1) ^ (constant & Q[0]);
    }
    a[a.len() - CHUNK..]
        .try_into()
        .expect("a round gives 16 words")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{from_hex, to_hex};

    #[test]
    fn the_recorded_digests_come_out() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("testdata/md6-vectors.json")).unwrap();
        let rows = file["md6"].as_array().unwrap();
        assert!(rows.len() >= 8);
        for row in rows {
            let message = from_hex(row["in_hex"].as_str().unwrap()).unwrap();
            let digest = to_hex(&md6_256(&message));
            assert_eq!(
                digest,
                row["out"].as_str().unwrap(),
                "{} octets",
                message.len()
            );
        }
    }
}
