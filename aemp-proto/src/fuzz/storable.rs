//! The storable framing.

use super::framings::{message, read_in_pieces, write_again};
use crate::{Framing, Limits};
use alloc::vec::Vec;
use arbitrary::Unstructured;

const LIMITS: Limits = Limits {
    message: 16 * 1024,
    depth: 64,
};

/// Reads the input as a stream of messages, in pieces of several sizes, and as the value of one image;
/// writes what either gives in every framing. Then takes the input for the description of a message, and
/// writes and reads that.
///
/// # Panics
///
/// If anything differs.
pub fn storable(data: &[u8]) {
    write_again(&read_in_pieces(Framing::Storable, data, LIMITS).messages);
    // A frame that is right but for its content: a fuzzer would seldom hit upon its length.
    let content = &data[..data.len().min(16_000)];
    let length = 2 + content.len();
    let mut frame = Vec::from([
        0x80 | (length >> 7) as u8,
        (length & 0x7f) as u8,
        0x05,
        0x0b,
    ]);
    if length < 0x80 {
        frame.remove(0);
    }
    frame.extend_from_slice(content);
    write_again(&read_in_pieces(Framing::Storable, &frame, LIMITS).messages);
    if let Ok(message) = message(&mut Unstructured::new(data)) {
        write_again(&[message]);
    }
}
