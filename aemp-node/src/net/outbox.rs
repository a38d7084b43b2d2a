//! What waits to be written to one link: chunks of whole messages, and what goes between chunks.

use std::{collections::VecDeque, task::Waker};

/// Chunks are closed at about this many octets; a larger message is a chunk of its own.
const CHUNK: usize = 64 << 10;

/// The queue between senders, who append under a short lock, and the one writer of a link.
#[derive(Default)]
pub(crate) struct Outbox {
    open: Vec<u8>,
    closed: VecDeque<Vec<u8>>,
    urgent: Vec<u8>,
    spare: Vec<u8>,
    queued: usize,
    writer: Option<Waker>,
}

impl Outbox {
    /// Octets that no writer has taken.
    pub(crate) fn queued(&self) -> usize {
        self.queued
    }

    /// Appends a whole message; takes the buffer itself where copying would be dear.
    pub(crate) fn push(&mut self, octets: &mut Vec<u8>) {
        self.queued += octets.len();
        if octets.len() >= CHUNK / 2 {
            self.close();
            self.closed.push_back(std::mem::take(octets));
            return;
        }
        if self.open.capacity() == 0 {
            self.open = std::mem::take(&mut self.spare);
        }
        self.open.extend_from_slice(octets);
        if self.open.len() >= CHUNK {
            self.close();
        }
    }

    /// Puts a message before everything that no writer has taken.
    pub(crate) fn push_urgent(&mut self, octets: &[u8]) {
        self.queued += octets.len();
        self.urgent.extend_from_slice(octets);
    }

    /// The next chunk of whole messages for the writer, in exchange for its empty buffer; `None`,
    /// and the waker is kept, when nothing waits.
    pub(crate) fn take(&mut self, mut empty: Vec<u8>, waker: &Waker) -> Option<Vec<u8>> {
        empty.clear();
        if self.spare.capacity() < empty.capacity() && empty.capacity() <= 2 * CHUNK {
            self.spare = empty;
        }
        let chunk = if !self.urgent.is_empty() {
            std::mem::take(&mut self.urgent)
        } else if let Some(chunk) = self.closed.pop_front() {
            chunk
        } else if !self.open.is_empty() {
            std::mem::take(&mut self.open)
        } else {
            // Nothing is kept while nothing happens: idle links are many.
            self.spare = Vec::new();
            match &mut self.writer {
                Some(writer) => writer.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
            return None;
        };
        self.queued -= chunk.len();
        Some(chunk)
    }

    /// The waker of a writer that has run out of work: to be woken when the lock is released.
    pub(crate) fn writer(&mut self) -> Option<Waker> {
        self.writer.take()
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.closed.push_back(std::mem::take(&mut self.open));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(outbox: &mut Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(chunk) = outbox.take(Vec::new(), Waker::noop()) {
            assert!(!chunk.is_empty());
            all.extend(chunk);
        }
        all
    }

    #[test]
    fn order_is_kept_whatever_the_sizes() {
        let mut outbox = Outbox::default();
        let mut all = Vec::new();
        for i in 0..200_usize {
            let message = vec![i as u8; (i * 7919) % 70_000 + 1];
            all.extend_from_slice(&message);
            outbox.push(&mut message.clone());
        }
        assert_eq!(outbox.queued(), all.len());
        assert_eq!(drain(&mut outbox), all);
        assert_eq!(outbox.queued(), 0);
    }

    #[test]
    fn the_urgent_goes_between_chunks() {
        let mut outbox = Outbox::default();
        outbox.push(&mut vec![1; CHUNK]);
        outbox.push(&mut vec![2; 10]);
        let first = outbox.take(Vec::new(), Waker::noop()).unwrap();
        outbox.push_urgent(b"!");
        assert_eq!(first, vec![1; CHUNK]);
        assert_eq!(outbox.take(first, Waker::noop()).unwrap(), b"!");
        assert_eq!(drain(&mut outbox), vec![2; 10]);
    }

    #[test]
    fn a_writer_without_work_is_woken_once() {
        let mut outbox = Outbox::default();
        assert!(outbox.writer().is_none());
        assert!(outbox.take(Vec::new(), Waker::noop()).is_none());
        outbox.push(&mut vec![1]);
        assert!(outbox.writer().is_some());
        assert!(outbox.writer().is_none());
    }
}
