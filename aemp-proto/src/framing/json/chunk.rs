//! Finding the octets that matter in a string, many at a time.
//!
//! Short strings go by words of 8 octets, long ones by blocks of 64 in a form that compilers turn into
//! vector instructions.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const BLOCK: usize = 64;

/// The first octet at or after `from` that is a quote, a backslash, a control character or not ASCII;
/// the length of `octets` if there is none.
#[inline]
pub(super) fn ascii_end(octets: &[u8], from: usize) -> usize {
    find::<true>(octets, from)
}

/// The first octet at or after `from` that is a quote, a backslash or a control character; the length
/// of `octets` if there is none.
#[inline]
pub(super) fn text_end(octets: &[u8], from: usize) -> usize {
    find::<false>(octets, from)
}

#[inline]
fn find<const ASCII: bool>(octets: &[u8], from: usize) -> usize {
    let mut at = from;
    // Most strings end within the first words; only a long one is worth the blocks.
    for _ in 0..3 {
        let Some(word) = octets.get(at..).and_then(<[u8]>::first_chunk) else {
            return find_in_tail::<ASCII>(octets, at);
        };
        let hits = hits::<ASCII>(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    find_in_blocks::<ASCII>(octets, at)
}

#[inline(never)]
fn find_in_blocks<const ASCII: bool>(octets: &[u8], mut at: usize) -> usize {
    while let Some(block) = octets.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if block_has::<ASCII>(block) {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = octets.get(at..).and_then(<[u8]>::first_chunk) {
        let hits = hits::<ASCII>(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    find_in_tail::<ASCII>(octets, at)
}

#[inline]
fn find_in_tail<const ASCII: bool>(octets: &[u8], from: usize) -> usize {
    let tail = octets.get(from..).unwrap_or_default();
    from + tail
        .iter()
        .position(|&octet| is_hit::<ASCII>(octet))
        .unwrap_or(tail.len())
}

#[inline]
fn is_hit<const ASCII: bool>(octet: u8) -> bool {
    octet < 0x20 || octet == b'"' || octet == b'\\' || (ASCII && octet >= 0x80)
}

/// The high bits of the octets that are hits. Those above the lowest hit may be wrong.
#[inline]
fn hits<const ASCII: bool>(word: u64) -> u64 {
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    let quote = word ^ (LOW * b'"' as u64);
    let quote = quote.wrapping_sub(LOW) & !quote;
    let backslash = word ^ (LOW * b'\\' as u64);
    let backslash = backslash.wrapping_sub(LOW) & !backslash;
    let foreign = if ASCII { word } else { 0 };
    (control | quote | backslash | foreign) & HIGH
}

#[inline]
fn block_has<const ASCII: bool>(block: &[u8; BLOCK]) -> bool {
    let mut any = 0;
    for &octet in block {
        // As a signed octet everything that is not ASCII is less than a space, too.
        let low = if ASCII {
            octet.cast_signed() < 0x20
        } else {
            octet < 0x20
        };
        any |= u8::from(low) | u8::from(octet == b'"') | u8::from(octet == b'\\');
    }
    any != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Every octet at every place of texts of every length up to some blocks.
    #[test]
    fn each_hit_is_found_wherever_it_stands() {
        for len in (0..40).chain([63, 64, 65, 87, 88, 89, 127, 128, 129, 200]) {
            let mut octets = vec![b'a'; len];
            assert_eq!(ascii_end(&octets, 0), len);
            for at in 0..len {
                for octet in [
                    0, 0x1f, b' ', b'!', b'"', b'#', b'[', b'\\', 0x7f, 0x80, 0xa2, 0xff,
                ] {
                    octets[at] = octet;
                    for from in [0, 1, 7, at] {
                        let hit = |is: bool| if is && at >= from { at } else { len.max(from) };
                        if from <= len {
                            assert_eq!(ascii_end(&octets, from), hit(is_hit::<true>(octet)));
                            assert_eq!(text_end(&octets, from), hit(is_hit::<false>(octet)));
                        }
                    }
                }
                octets[at] = b'a';
            }
        }
    }
}
