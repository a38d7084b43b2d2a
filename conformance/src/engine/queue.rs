//! Octets that come in at one end and are used up at the other.

use std::ops::Deref;

/// A queue of octets that is read as a slice; using up its front costs in proportion to that alone.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    octets: Vec<u8>,
    from: usize,
}

impl Queue {
    /// Adds octets at the end.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Uses up the first octets.
    pub fn release(&mut self, count: usize) {
        self.from += count;
        if self.from * 2 >= self.octets.len() {
            self.octets.drain(..self.from);
            self.from = 0;
        }
    }

    /// Uses up the first octets and gives them.
    pub fn split(&mut self, count: usize) -> Vec<u8> {
        let front = self[..count].to_vec();
        self.release(count);
        front
    }

    /// Uses up all octets and gives them.
    pub fn take(&mut self) -> Vec<u8> {
        self.split(self.len())
    }
}

impl Deref for Queue {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut queue = Queue::default();
        let (mut put, mut got) = (0_u8, 0_u8);
        for round in 0..200_usize {
            for _ in 0..round % 7 {
                queue.push(&[put]);
                put = put.wrapping_add(1);
            }
            for octet in queue.split(queue.len().min(round % 5)) {
                assert_eq!(octet, got);
                got = got.wrapping_add(1);
            }
        }
        for octet in queue.take() {
            assert_eq!(octet, got);
            got = got.wrapping_add(1);
        }
        assert_eq!((got, queue.is_empty()), (put, true));
    }
}
