//! MD6: the digest does not depend on the pieces in which a message comes.

use crate::auth::Md6;

/// Hashes the input at once, and in pieces whose lengths its first octets give.
///
/// # Panics
///
/// If the two digests differ.
pub fn md6(data: &[u8]) {
    let (lengths, message) = data.split_at(data.len().min(4));
    // Short inputs again and again: the tree has a second level only beyond 512 octets.
    let message = message.repeat(1 + 1024 / message.len().max(1));
    let mut pieces = Md6::new();
    let mut rest = message.as_slice();
    for &length in lengths.iter().cycle() {
        let length = usize::from(length) * 3 + 1;
        let (piece, later) = rest.split_at(rest.len().min(length));
        pieces.update(piece);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    pieces.update(rest);
    assert_eq!(pieces.finish(), Md6::digest(&message));
}
