//! Finding the octets that matter in a string, many at a time.
//!
//! Short strings go by words of 8 octets, long ones by blocks of 64 in a form that compilers turn
//! into vector instructions.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const BLOCK: usize = 64;

// What is looked for besides quotes and backslashes.
const NOTHING: u8 = 0;
const TEXT: u8 = 1;
const ASCII: u8 = 2;

/// The first octet at or after `from` that is a quote, a backslash, a control character or not
/// ASCII; the length of `octets` if there is none.
#[inline]
pub(super) fn ascii_end(octets: &[u8], from: usize) -> usize {
    find::<ASCII>(octets, from)
}

/// The first octet at or after `from` that is a quote, a backslash or a control character; the
/// length of `octets` if there is none.
#[inline]
pub(super) fn text_end(octets: &[u8], from: usize) -> usize {
    find::<TEXT>(octets, from)
}

/// The first octet at or after `from` that is a quote or a backslash; the length of `octets` if
/// there is none. For strings that have been validated.
#[inline]
pub(super) fn string_end(octets: &[u8], from: usize) -> usize {
    find::<NOTHING>(octets, from)
}

#[inline]
fn find<const WHAT: u8>(octets: &[u8], from: usize) -> usize {
    // Most strings of most messages end within the first word.
    let Some(word) = octets.get(from..).and_then(<[u8]>::first_chunk) else {
        return find_in_tail::<WHAT>(octets, from);
    };
    let hits = hits::<WHAT>(u64::from_le_bytes(*word));
    if hits == 0 {
        return find_on::<WHAT>(octets, from + 8);
    }
    from + (hits.trailing_zeros() / 8) as usize
}

#[inline(never)]
fn find_on<const WHAT: u8>(octets: &[u8], from: usize) -> usize {
    let mut at = from;
    // Only a long string is worth the blocks.
    for _ in 0..3 {
        let Some(word) = octets.get(at..).and_then(<[u8]>::first_chunk) else {
            return find_in_tail::<WHAT>(octets, at);
        };
        let hits = hits::<WHAT>(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    find_in_blocks::<WHAT>(octets, at)
}

fn find_in_blocks<const WHAT: u8>(octets: &[u8], mut at: usize) -> usize {
    while let Some(block) = octets.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        if block_has::<WHAT>(block) {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = octets.get(at..).and_then(<[u8]>::first_chunk) {
        let hits = hits::<WHAT>(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    find_in_tail::<WHAT>(octets, at)
}

/// Fewer than 8 octets are left, often the last string of a message.
fn find_in_tail<const WHAT: u8>(octets: &[u8], from: usize) -> usize {
    let left = octets.len().saturating_sub(from);
    match octets.last_chunk() {
        Some(word) if left > 0 => {
            // The octets that are left, and zeros above, at which a hit means nothing.
            let word = u64::from_le_bytes(*word) >> (64 - 8 * left);
            let hit = (hits::<WHAT>(word).trailing_zeros() / 8) as usize;
            from + hit.min(left)
        }
        _ => {
            let tail = octets.get(from..).unwrap_or_default();
            let hit = tail.iter().position(|&octet| is_hit::<WHAT>(octet));
            from + hit.unwrap_or(tail.len())
        }
    }
}

#[inline]
fn is_hit<const WHAT: u8>(octet: u8) -> bool {
    octet == b'"'
        || octet == b'\\'
        || (WHAT != NOTHING && octet < 0x20)
        || (WHAT == ASCII && octet >= 0x80)
}

/// The high bits of the octets that are hits. Those above the lowest hit may be wrong.
#[inline]
fn hits<const WHAT: u8>(word: u64) -> u64 {
    let quote = word ^ (LOW * b'"' as u64);
    let quote = quote.wrapping_sub(LOW) & !quote;
    let backslash = word ^ (LOW * b'\\' as u64);
    let backslash = backslash.wrapping_sub(LOW) & !backslash;
    let mut hits = quote | backslash;
    if WHAT != NOTHING {
        hits |= word.wrapping_sub(LOW * 0x20) & !word;
    }
    if WHAT == ASCII {
        hits |= word;
    }
    hits & HIGH
}

#[inline]
fn block_has<const WHAT: u8>(block: &[u8; BLOCK]) -> bool {
    let mut any = 0;
    for &octet in block {
        let low = match WHAT {
            NOTHING => false,
            TEXT => octet < 0x20,
            // As a signed octet everything that is not ASCII is less than a space, too.
            _ => octet.cast_signed() < 0x20,
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
                            assert_eq!(ascii_end(&octets, from), hit(is_hit::<ASCII>(octet)));
                            assert_eq!(text_end(&octets, from), hit(is_hit::<TEXT>(octet)));
                            assert_eq!(string_end(&octets, from), hit(is_hit::<NOTHING>(octet)));
                        }
                    }
                }
                octets[at] = b'a';
            }
        }
    }
}
