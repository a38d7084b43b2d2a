//! The run queue: ports that have work and small jobs, drained by a few workers.
//!
//! A port is in the queue at most once, so a batch of messages costs one entry and at most one
//! wake-up of a worker.

use std::{
    collections::VecDeque,
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use crate::{
    log::log,
    node::Node,
    port::{
        queue::{Batch, Queue},
        slot::{Slot, panic_text},
    },
};

/// Items that a worker does before it lets the runtime do other things.
const ROUND: usize = 64;
/// Spare queues that are kept, and the largest buffer that such a queue keeps.
const SPARE: usize = 64;
const SPARE_OCTETS: usize = 64 << 10;

/// Something to do for a worker.
pub(crate) enum Item {
    /// A port has work.
    Port(Arc<Slot>),
    /// A monitor's callback and the like; what panics in it is logged.
    Job(Box<dyn FnOnce(&Node) + Send>),
}

#[derive(Default)]
pub(crate) struct Scheduler {
    run: Mutex<Run>,
    #[expect(clippy::vec_box, reason = "ports keep their queues boxed")]
    spare: Mutex<Vec<Box<Queue>>>,
}

#[derive(Default)]
struct Run {
    items: VecDeque<Item>,
    idle: Vec<(usize, Waker)>,
    stopped: bool,
}

impl Scheduler {
    /// Adds an item and wakes a worker if one sleeps.
    pub(crate) fn push(&self, item: Item) {
        let mut run = self.run();
        if run.stopped {
            drop(run);
            // Dropping it may run users' code.
            drop(item);
            return;
        }
        run.items.push_back(item);
        let idle = run.idle.pop();
        drop(run);
        if let Some((_, waker)) = idle {
            waker.wake();
        }
    }

    /// Ends the workers when they have done what they are at; what waits is dropped.
    pub(crate) fn stop(&self) {
        let mut run = self.run();
        run.stopped = true;
        let idle = std::mem::take(&mut run.idle);
        let items = std::mem::take(&mut run.items);
        drop(run);
        drop(items);
        for (_, waker) in idle {
            waker.wake();
        }
    }

    /// An empty queue.
    pub(crate) fn spare(&self) -> Box<Queue> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        spare.unwrap_or_default()
    }

    /// Keeps an empty queue, and the buffer of the batch that was taken from it, for later.
    pub(crate) fn give_back(&self, mut queue: Box<Queue>, batch: Option<Batch>) {
        if let Some(batch) = batch {
            queue.reuse(batch, SPARE_OCTETS);
        }
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(queue);
        }
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works until the node stops.
pub(crate) async fn work(node: Node, number: usize) {
    poll_fn(|cx| {
        let sched = &node.inner().sched;
        for _ in 0..ROUND {
            let mut run = sched.run();
            let Some(item) = run.items.pop_front() else {
                if run.stopped {
                    return Poll::Ready(());
                }
                match run.idle.iter_mut().find(|(other, _)| *other == number) {
                    Some((_, waker)) => waker.clone_from(cx.waker()),
                    None => run.idle.push((number, cx.waker().clone())),
                }
                return Poll::Pending;
            };
            drop(run);
            match item {
                Item::Port(slot) => slot.run(&node),
                Item::Job(job) => {
                    let done = panic::catch_unwind(AssertUnwindSafe(|| job(&node)));
                    if let Err(payload) = done {
                        log!(
                            &node, error;
                            "a callback panicked: {}; the node goes on",
                            panic_text(&*payload)
                        );
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
