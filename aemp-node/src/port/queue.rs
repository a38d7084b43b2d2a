//! What waits for a port: messages in arrival order, their octets side by side in one buffer.

use aemp_proto::framing::{Framing, Layout};
use bytes::Bytes;

use super::context::Context;
use crate::{cause::Cause, message::Message};

/// Messages of at most this many octets are copied into the queue's buffer; larger ones keep the
/// octets they came in.
pub(crate) const INLINE: usize = 2048;

/// What a message costs in a queue beyond its octets, as the limits count it.
const ENTRY: usize = size_of::<Entry>();

/// A piece of work that runs in a port's turn and context.
pub(crate) type Call = Box<dyn FnOnce(&Context) -> Result<(), crate::HandlerError> + Send>;

/// Work for a port, in arrival order.
#[derive(Default)]
pub(crate) struct Queue {
    octets: Vec<u8>,
    entries: Vec<Entry>,
    size: usize,
    /// The port dies after everything before this was handled; nothing comes after it.
    pub(crate) kill: Option<Cause>,
}

enum Entry {
    Inline {
        start: usize,
        len: u32,
        framing: Framing,
        layout: Layout,
    },
    Shared(Box<Message>),
    Call(Call),
}

impl Queue {
    /// Octets that wait, with what keeping them costs.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Whether nothing waits, not even death.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.kill.is_none()
    }

    /// Whether a message or call waits.
    pub(crate) fn has_work(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Appends a message whose octets lie elsewhere.
    pub(crate) fn push(&mut self, framing: Framing, layout: Layout, octets: &[u8]) {
        self.size += octets.len() + ENTRY;
        if octets.len() <= INLINE {
            let start = self.octets.len();
            self.octets.extend_from_slice(octets);
            self.entries.push(Entry::Inline {
                start,
                len: octets.len() as u32,
                framing,
                layout,
            });
        } else {
            let octets = Bytes::copy_from_slice(octets);
            self.entries.push(Entry::Shared(Box::new(Message::new(
                octets, framing, layout,
            ))));
        }
    }

    /// Appends a message that has octets of its own.
    pub(crate) fn push_message(&mut self, message: Message) {
        self.size += message.octets() + ENTRY;
        self.entries.push(Entry::Shared(Box::new(message)));
    }

    /// Appends a call.
    pub(crate) fn push_call(&mut self, call: Call) {
        self.size += ENTRY;
        self.entries.push(Entry::Call(call));
    }

    /// Takes the buffer of a batch back if no message of it was kept and it is not too large.
    pub(crate) fn reuse(&mut self, batch: Batch, most: usize) {
        if self.octets.capacity() == 0
            && let Ok(octets) = batch.octets.try_into_mut()
            && octets.capacity() <= most
        {
            self.octets = octets.into();
            self.octets.clear();
        }
    }

    /// Empties the queue and gives the work up in order.
    pub(crate) fn take(&mut self) -> Batch {
        self.size = 0;
        Batch {
            octets: std::mem::take(&mut self.octets).into(),
            entries: std::mem::take(&mut self.entries).into_iter(),
            kill: self.kill.take(),
        }
    }
}

/// Work that was taken from a queue.
pub(crate) struct Batch {
    octets: Bytes,
    entries: std::vec::IntoIter<Entry>,
    pub(crate) kill: Option<Cause>,
}

/// A piece of work of a batch.
pub(crate) enum Work {
    Message(Message),
    Call(Call),
}

impl Batch {
    /// Whether everything was taken and no order to die is left.
    pub(crate) fn is_over(&self) -> bool {
        self.entries.len() == 0 && self.kill.is_none()
    }
}

impl Iterator for Batch {
    type Item = Work;

    fn next(&mut self) -> Option<Work> {
        Some(match self.entries.next()? {
            Entry::Inline {
                start,
                len,
                framing,
                layout,
            } => {
                let octets = self.octets.slice(start..start + len as usize);
                Work::Message(Message::new(octets, framing, layout))
            }
            Entry::Shared(message) => Work::Message(*message),
            Entry::Call(call) => Work::Call(call),
        })
    }
}
