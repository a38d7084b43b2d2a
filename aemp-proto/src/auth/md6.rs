//! MD6 with a digest of 256 bits, from the report of its authors (Rivest et al., 2008).
//!
//! The standard mode without a key, as `[auth.md6]` asks for: words of 64 bits, 104 rounds, a 4-ary tree of compressions
//! whose leaves take 512 octets each. Memory is one node a level of the tree, some 28 levels at
//! most, however long the message.

use alloc::vec::Vec;
use zeroize::Zeroize;

/// Words of a node's block: the data that one compression takes.
const BLOCK: usize = 64;
/// Words that a compression gives: a quarter of a block.
const CHUNK: usize = 16;
/// Octets of a leaf's block.
const LEAF: usize = BLOCK * 8;
/// Levels of a tree over 2^64 octets.
const MOST_LEVELS: usize = 29;
/// Octets of the digest.
const DIGEST: usize = 32;

/// 40 and a quarter of the digest's length in bits.
const ROUNDS: u64 = 104;
/// The limit on the tree's height that makes it hierarchical all the way.
const TREE_HEIGHT: u64 = 64;

/// The first 960 bits of the fractional part of the square root of 6.
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

/// Words of a compression's input: Q, the (empty) key, node ID, control word and the block.
const WINDOW: usize = 15 + 8 + 1 + 1 + BLOCK;
/// How far back the feedback looks, beside the first and the 89th word.
const TAPS: [usize; 5] = [17, 18, 21, 31, 67];
/// Shifts to the right and to the left of the 16 steps of a round.
const SHIFTS: [(u32, u32); CHUNK] = [
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
const FIRST_ROUND_CONSTANT: u64 = 0x0123_4567_89ab_cdef;
const ROUND_CONSTANT_MASK: u64 = 0x7311_c281_2425_cfa0;

/// A digest in the making.
///
/// Everything that it holds is overwritten when it is dropped.
///
/// ```
/// use aemp_proto::auth::Md6;
///
/// let mut md6 = Md6::new();
/// md6.update(b"a");
/// md6.update(b"bc");
/// assert_eq!(md6.finish(), Md6::digest(b"abc"));
/// ```
pub struct Md6 {
    /// The unfinished node of each level, leaves first; never an empty one above the leaves.
    levels: Vec<Node>,
}

/// A node that still collects its block.
struct Node {
    block: [u64; BLOCK],
    /// Octets of the block that are filled.
    filled: usize,
    /// Its place in its level, from 0.
    index: u64,
}

impl Md6 {
    /// A digest of nothing so far.
    pub fn new() -> Self {
        // Room for all levels: growing would leave copies of the nodes behind, not overwritten.
        let mut levels = Vec::with_capacity(MOST_LEVELS);
        levels.push(Node::new());
        Self { levels }
    }

    /// The digest of one piece.
    pub fn digest(octets: &[u8]) -> [u8; DIGEST] {
        let mut md6 = Self::new();
        md6.update(octets);
        md6.finish()
    }

    /// Adds octets to the message.
    pub fn update(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            if self.levels[0].is_full() {
                self.lift(0);
            }
            let leaf = &mut self.levels[0];
            let (now, later) = octets.split_at(octets.len().min(LEAF - leaf.filled));
            for &octet in now {
                leaf.push_octet(octet);
            }
            octets = later;
        }
    }

    /// The digest of all that was added.
    pub fn finish(mut self) -> [u8; DIGEST] {
        let mut level = 0;
        while level + 1 < self.levels.len() {
            self.lift(level);
            level += 1;
        }
        let mut root = self.levels[level].compress(level, true);
        let mut digest = [0; DIGEST];
        let last = &root[CHUNK - DIGEST / 8..];
        for (octets, word) in digest.chunks_exact_mut(8).zip(last) {
            octets.copy_from_slice(&word.to_be_bytes());
        }
        root.zeroize();
        digest
    }

    /// Compresses the node of `level`, which is not the root, into its parent, and begins the next
    /// one. A full parent is lifted first, so that a root is never compressed before its time.
    fn lift(&mut self, level: usize) {
        if level + 1 == self.levels.len() {
            self.levels.push(Node::new());
        } else if self.levels[level + 1].is_full() {
            self.lift(level + 1);
        }
        let mut chunk = self.levels[level].compress(level, false);
        self.levels[level].next();
        self.levels[level + 1].push_chunk(&chunk);
        chunk.zeroize();
    }
}

impl Default for Md6 {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Md6 {
    fn drop(&mut self) {
        for node in &mut self.levels {
            node.block.zeroize();
        }
    }
}

impl Node {
    fn new() -> Self {
        Self {
            block: [0; BLOCK],
            filled: 0,
            index: 0,
        }
    }

    fn next(&mut self) {
        self.block.zeroize();
        self.filled = 0;
        self.index += 1;
    }

    fn is_full(&self) -> bool {
        self.filled == LEAF
    }

    fn push_octet(&mut self, octet: u8) {
        let shift = 56 - 8 * (self.filled % 8);
        self.block[self.filled / 8] |= u64::from(octet) << shift;
        self.filled += 1;
    }

    fn push_chunk(&mut self, chunk: &[u64; CHUNK]) {
        let at = self.filled / 8;
        self.block[at..at + CHUNK].copy_from_slice(chunk);
        self.filled += CHUNK * 8;
    }

    /// The compression of this node; `level` counts from 0, the report counts from 1.
    fn compress(&self, level: usize, root: bool) -> [u64; CHUNK] {
        let padding = 8 * (LEAF - self.filled) as u64;
        let digest_bits = 8 * DIGEST as u64;
        let mut window = [0; WINDOW + CHUNK];
        window[..15].copy_from_slice(&Q);
        window[23] = (level as u64 + 1) << 56 | self.index;
        window[24] =
            ROUNDS << 48 | TREE_HEIGHT << 40 | u64::from(root) << 36 | padding << 20 | digest_bits;
        window[25..WINDOW].copy_from_slice(&self.block);
        let mut constant = FIRST_ROUND_CONSTANT;
        for _ in 0..ROUNDS {
            for (step, &(right, left)) in SHIFTS.iter().enumerate() {
                let at = WINDOW + step;
                let [t0, t1, t2, t3, t4] = TAPS.map(|back| window[at - back]);
                let mut x = constant ^ window[step] ^ t0 ^ (t1 & t2) ^ (t3 & t4);
                x ^= x >> right;
                window[at] = x ^ (x << left);
            }
            window.copy_within(CHUNK.., 0);
            constant = constant.rotate_left(1) ^ (constant & ROUND_CONSTANT_MASK);
        }
        let mut chunk = [0; CHUNK];
        chunk.copy_from_slice(&window[WINDOW - CHUNK..WINDOW]);
        window.zeroize();
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec};
    use proptest::prelude::*;

    fn hex(digest: [u8; DIGEST]) -> String {
        base16ct::lower::encode_string(&digest)
    }

    #[test]
    fn known_answers() {
        for (message, digest) in [
            (
                vec![],
                "bca38b24a804aa37d821d31af00f5598230122c5bbfc4c4ad5ed40e4258f04ca",
            ),
            (
                b"a".to_vec(),
                "2b0a697a081c21269514640aab4d74ffafeb3c0212df68ce92922087c69b0a77",
            ),
            (
                b"abc".to_vec(),
                "230637d4e6845cf0d092b558e87625f03881dd53a7439da34cf3b94ed0d8b2c5",
            ),
            (
                vec![b'x'; 63],
                "f6ee108fd2950e13d6165484643ec2a8cf08b836d74f64beca9547446552d15f",
            ),
            (
                vec![b'x'; 64],
                "bb510cf074358c34dcf8f96811260bec9147821419ebe8386f83c5589567aaea",
            ),
            (
                vec![b'x'; 65],
                "8d70bc476c672856fe9384d184547e2763e84aa715ccaef0edc1f507e96a16c8",
            ),
            (
                vec![b'x'; 512],
                "f5a993b79ecd05090d89af1d483994a903efa81c7107f57d609f2ef98b51a0ca",
            ),
            (
                vec![b'x'; 513],
                "41e84c7ed3119557a52c7c1c7b46c8e8a9598559e633f46fffd995ad3a557721",
            ),
            (
                vec![b'x'; 5000],
                "8ead6037aeecc66a7272184c00f35047dfdac2381f3918b0fdc8ed03d71a42a5",
            ),
        ] {
            assert_eq!(
                hex(Md6::digest(&message)),
                digest,
                "of {} octets",
                message.len()
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256 * crate::fuzz::repeat()))]

        #[test]
        fn pieces_make_no_difference(
            message in proptest::collection::vec(any::<u8>(), 0..5000),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(message.len() + 1)).collect();
            cuts.sort_unstable();
            let mut md6 = Md6::new();
            let mut from = 0;
            for cut in cuts {
                md6.update(&message[from..cut]);
                from = cut;
            }
            md6.update(&message[from..]);
            prop_assert_eq!(md6.finish(), Md6::digest(&message));
        }
    }
}
