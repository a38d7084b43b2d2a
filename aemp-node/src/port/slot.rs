//! A port at rest and at work: its queue, its handlers, its monitors, and its life in phases.
//!
//! ```text
//!            push                worker             end of turn, queue empty
//!   Idle ----------> Queued -------------> Running -------------------------> Idle
//!                      ^                     |  |
//!                      |   budget or queue   |  | handler waits
//!                      +---------------------+  v
//!                      +-------- wake ------- Waiting
//!   any ------ death ------> Dead                        Mailbox: Idle for a receiver
//! ```
//!
//! A port takes part in the run queue at most once, which is what makes it handle one message at a
//! time; nothing is locked while a handler runs.

use std::{
    cell::Cell,
    mem,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Poll, Wake, Waker},
};

use aemp_proto::PortName;

use super::{
    context::Context,
    handler::{Handler, HandlerError, Handlers, Running, Unhandled},
    queue::{Batch, Queue, Work},
};
use crate::{
    cause::Cause,
    monitor::Monitoring,
    node::{Node, WeakNode},
    sched::Item,
};

/// Messages that one port handles before another one gets its turn.
const BUDGET: usize = 256;

/// A port of this node.
pub(crate) struct Slot {
    name: PortName,
    /// A running turn has to look at the state again: new handlers, or an order to stop.
    dirty: AtomicBool,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    /// The port dies at once, without handling what waits.
    stop: bool,
    limit: usize,
    queue: Option<Box<Queue>>,
    /// While a turn runs: what was set since it began.
    handlers: Handlers,
    rest: Option<Box<Rest>>,
    #[expect(
        clippy::box_collection,
        reason = "ports are many and few are monitored"
    )]
    monitors: Option<Box<Vec<Monitoring>>>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Phase {
    Idle,
    Queued,
    Running,
    /// Running, and its waiting handler was woken meanwhile.
    Woken,
    Waiting,
    Mailbox,
    Dead,
}

/// A turn that is not over.
#[derive(Default)]
struct Rest {
    batch: Option<Batch>,
    future: Option<Running>,
    waker: Option<Waker>,
}

/// How a turn ended.
enum Turn {
    Done,
    Budget,
    Waiting,
    Died(Cause),
    Stopped,
}

thread_local! {
    /// The port whose handler runs on this thread, by address.
    static CURRENT: Cell<*const Slot> = const { Cell::new(std::ptr::null()) };
}

impl Slot {
    pub(crate) fn new(
        name: PortName,
        handlers: Handlers,
        limit: usize,
        mailbox: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            dirty: AtomicBool::new(false),
            state: Mutex::new(State {
                phase: if mailbox { Phase::Mailbox } else { Phase::Idle },
                stop: false,
                limit,
                queue: None,
                handlers,
                rest: None,
                monitors: None,
            }),
        })
    }

    /// The port's name.
    pub(crate) fn name(&self) -> &PortName {
        &self.name
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.state().phase == Phase::Dead
    }

    /// Lets `write` put work into the queue and sees to it that it is done; `None` when the port
    /// is dead or about to die.
    pub(crate) fn push<R>(
        self: &Arc<Self>,
        node: &Node,
        write: impl FnOnce(&mut Queue) -> R,
    ) -> Option<R> {
        let mut state = self.state();
        if state.phase == Phase::Dead {
            return None;
        }
        let limit = state.limit;
        let queue = state
            .queue
            .get_or_insert_with(|| node.inner().sched.spare());
        if queue.kill.is_some() {
            return None;
        }
        let result = write(queue);
        let size = queue.size();
        let empty = queue.is_empty();
        if size > limit {
            drop(state);
            let text = format!("{size} octets wait for the port, {limit} are allowed");
            self.kill_now(node, Cause::overload(&text));
            return Some(result);
        }
        match state.phase {
            Phase::Idle if !empty => {
                state.phase = Phase::Queued;
                drop(state);
                node.inner().sched.push(Item::Port(self.clone()));
            }
            Phase::Mailbox => {
                let waker = state.rest.as_mut().and_then(|rest| rest.waker.take());
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            _ => {}
        }
        Some(result)
    }

    /// Adds handlers; `false` when the port is dead.
    pub(crate) fn add_handlers(&self, handlers: Handlers) -> bool {
        let mut state = self.state();
        if state.phase == Phase::Dead {
            return false;
        }
        state.handlers.merge(handlers);
        self.dirty.store(true, Ordering::Relaxed);
        true
    }

    /// Whether handlers were set since this turn began.
    pub(crate) fn has_new_handlers(&self) -> bool {
        !self.state().handlers.is_empty()
    }

    /// Kills the port after what already waits for it has reached its handler; a handler that then
    /// waits is given up, and so is everything when a port kills itself in its own turn.
    pub(crate) fn kill(self: &Arc<Self>, node: &Node, cause: Cause) {
        let own_turn = CURRENT.get() == Arc::as_ptr(self);
        let mut state = self.state();
        match state.phase {
            Phase::Dead => return,
            Phase::Mailbox | Phase::Idle => return self.die(node, state, &cause),
            Phase::Queued | Phase::Waiting => {}
            Phase::Running | Phase::Woken => {
                state.stop |= own_turn;
                self.dirty.store(true, Ordering::Relaxed);
            }
        }
        let queue = state.queue.get_or_insert_default();
        queue.kill.get_or_insert(cause);
        if state.phase == Phase::Waiting {
            let future = state.rest.as_mut().and_then(|rest| rest.future.take());
            state.phase = Phase::Queued;
            drop(state);
            drop(future);
            node.inner().sched.push(Item::Port(self.clone()));
        }
    }

    /// Kills the port without regard to what waits for it.
    pub(crate) fn kill_now(self: &Arc<Self>, node: &Node, cause: Cause) {
        let mut state = self.state();
        match state.phase {
            Phase::Dead => {}
            Phase::Running | Phase::Woken => {
                state.stop = true;
                let queue = state.queue.get_or_insert_default();
                queue.kill.get_or_insert(cause);
                self.dirty.store(true, Ordering::Relaxed);
            }
            _ => self.die(node, state, &cause),
        }
    }

    /// Adds a monitor; gives it back when the port is dead.
    pub(crate) fn monitor(&self, monitoring: Monitoring) -> Result<(), Monitoring> {
        let mut state = self.state();
        if state.phase == Phase::Dead {
            return Err(monitoring);
        }
        state.monitors.get_or_insert_default().push(monitoring);
        Ok(())
    }

    /// Takes the last monitor that `is_it` says yes to.
    pub(crate) fn unmonitor(&self, is_it: impl Fn(&Monitoring) -> bool) -> Option<Monitoring> {
        let mut state = self.state();
        let monitors = state.monitors.as_mut()?;
        let found = monitors.iter().rposition(is_it)?;
        let monitoring = monitors.remove(found);
        if monitors.is_empty() {
            state.monitors = None;
        }
        Some(monitoring)
    }

    /// One turn on a worker.
    pub(crate) fn run(self: Arc<Self>, node: &Node) {
        let mut state = self.state();
        if state.phase != Phase::Queued {
            return;
        }
        state.phase = Phase::Running;
        self.dirty.store(state.stop, Ordering::Relaxed);
        let mut rest = state.rest.take().map(|rest| *rest).unwrap_or_default();
        if rest.batch.as_ref().is_none_or(Batch::is_over) {
            rest.batch = state.queue.as_mut().map(|queue| queue.take());
        }
        let handlers = mem::take(&mut state.handlers);
        drop(state);
        if handlers.blocking {
            let node = node.clone();
            let turn = move || self.turn(&node, rest, handlers);
            drop(tokio::task::spawn_blocking(turn));
        } else {
            self.turn(node, rest, handlers);
        }
    }

    /// What waits next in a mailbox: a message, `None` after the port's death.
    pub(crate) fn poll_mailbox(
        self: &Arc<Self>,
        node: &Node,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<crate::Message>> {
        loop {
            let mut state = self.state();
            let state = &mut *state;
            let rest = state.rest.get_or_insert_default();
            let Some(work) = rest.batch.as_mut().and_then(Iterator::next) else {
                rest.batch = match &mut state.queue {
                    Some(queue) if queue.has_work() => Some(queue.take()),
                    _ if state.phase == Phase::Dead => return Poll::Ready(None),
                    _ => {
                        rest.waker = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                };
                continue;
            };
            match work {
                Work::Message(message) => return Poll::Ready(Some(message)),
                Work::Call(call) => {
                    let context = Context::new(node, self);
                    node.inner().sched.push(Item::Job(Box::new(move |_| {
                        if let Err(error) = call(&context) {
                            context.kil_self(Cause::die(error.text()));
                        }
                    })));
                }
            }
        }
    }

    fn turn(self: &Arc<Self>, node: &Node, mut rest: Rest, mut handlers: Handlers) {
        let context = Context::new(node, self);
        let outer = CURRENT.replace(Arc::as_ptr(self));
        let turn = panic::catch_unwind(AssertUnwindSafe(|| {
            self.work(&context, &mut rest, &mut handlers)
        }));
        let turn = turn.unwrap_or_else(|payload| Turn::Died(Cause::die(&panic_text(&*payload))));
        CURRENT.set(outer);
        self.end_turn(node, &turn, rest, handlers);
    }

    fn work(self: &Arc<Self>, context: &Context, rest: &mut Rest, handlers: &mut Handlers) -> Turn {
        if rest.future.is_some()
            && let Some(turn) = self.poll_future(context, rest)
        {
            return turn;
        }
        for _ in 0..BUDGET {
            if self.dirty.load(Ordering::Relaxed) {
                let mut state = self.state();
                self.dirty.store(false, Ordering::Relaxed);
                if state.stop {
                    return Turn::Stopped;
                }
                handlers.merge(mem::take(&mut state.handlers));
            }
            let next = rest.batch.as_mut().and_then(Iterator::next);
            let result = match next {
                None => return Turn::Done,
                Some(Work::Call(call)) => call(context),
                Some(Work::Message(message)) => match handlers.find(message) {
                    Ok((Handler::Plain(handler) | Handler::Blocking(handler), message)) => {
                        handler(context, message)
                    }
                    Ok((Handler::Async(handler), message)) => {
                        rest.future = Some(handler(context.clone(), message));
                        if let Some(turn) = self.poll_future(context, rest) {
                            return turn;
                        }
                        Ok(())
                    }
                    Err(Unhandled::Dropped) => {
                        context.node().inner().counters.unhandled.add();
                        Ok(())
                    }
                    Err(Unhandled::Deadly(message)) => {
                        return Turn::Died(Cause::unhandled(message.tag().as_deref()));
                    }
                },
            };
            if let Err(error) = result {
                return Turn::Died(Cause::die(error.text()));
            }
        }
        Turn::Budget
    }

    /// Polls the handler that waits; `None` when it has ended well.
    fn poll_future(self: &Arc<Self>, context: &Context, rest: &mut Rest) -> Option<Turn> {
        let future = rest.future.as_mut()?;
        let waker = rest.waker.get_or_insert_with(|| {
            Waker::from(Arc::new(PortWaker {
                slot: self.clone(),
                node: context.node().downgrade(),
            }))
        });
        match future.as_mut().poll(&mut task::Context::from_waker(waker)) {
            Poll::Pending => Some(Turn::Waiting),
            Poll::Ready(result) => {
                rest.future = None;
                result
                    .err()
                    .map(|error: HandlerError| Turn::Died(Cause::die(error.text())))
            }
        }
    }

    fn end_turn(
        self: &Arc<Self>,
        node: &Node,
        turn: &Turn,
        mut rest: Rest,
        mut handlers: Handlers,
    ) {
        let mut state = self.state();
        // Batch and queue may both hold an order to die; the batch's is the older one.
        let ordered = |rest: &mut Rest, state: &mut State| {
            let older = rest.batch.as_mut().and_then(|batch| batch.kill.take());
            older.or_else(|| state.queue.as_mut().and_then(|queue| queue.kill.take()))
        };
        let death = match turn {
            Turn::Died(cause) => Some(cause.clone()),
            _ if state.stop => Some(ordered(&mut rest, &mut state).unwrap_or_default()),
            Turn::Stopped => Some(ordered(&mut rest, &mut state).unwrap_or_default()),
            Turn::Done => rest.batch.as_mut().and_then(|batch| batch.kill.take()),
            Turn::Waiting | Turn::Budget => None,
        };
        if let Some(cause) = death {
            self.die(node, state, &cause);
            drop((rest, handlers));
            return;
        }
        handlers.merge(mem::take(&mut state.handlers));
        state.handlers = handlers;
        let doomed = rest
            .batch
            .as_ref()
            .is_some_and(|batch| batch.kill.is_some())
            || state
                .queue
                .as_ref()
                .is_some_and(|queue| queue.kill.is_some());
        let mut given_up = None;
        let again = match turn {
            Turn::Waiting if doomed => {
                // [node.kil.earlier-messages]: the rest still reaches its handler.
                given_up = rest.future.take();
                state.rest = Some(Box::new(rest));
                true
            }
            Turn::Waiting if state.phase != Phase::Woken => {
                state.phase = Phase::Waiting;
                state.rest = Some(Box::new(rest));
                return;
            }
            Turn::Waiting | Turn::Budget => {
                state.rest = Some(Box::new(rest));
                true
            }
            _ => {
                let again = state.queue.as_ref().is_some_and(|queue| !queue.is_empty());
                if !again && let Some(queue) = state.queue.take() {
                    node.inner().sched.give_back(queue, rest.batch);
                }
                again
            }
        };
        if again {
            state.phase = Phase::Queued;
            drop(state);
            drop(given_up);
            node.inner().sched.push(Item::Port(self.clone()));
        } else {
            state.phase = Phase::Idle;
        }
    }

    /// The port's end: out of the table, then the monitors fire.
    fn die(self: &Arc<Self>, node: &Node, mut state: MutexGuard<'_, State>, cause: &Cause) {
        let mailbox = state.phase == Phase::Mailbox;
        state.phase = Phase::Dead;
        let monitors = state.monitors.take();
        let handlers = mem::take(&mut state.handlers);
        let waker = state.rest.as_mut().and_then(|rest| rest.waker.take());
        // What a mailbox holds was received; its owner may still take it.
        let dropped = (!mailbox).then(|| (state.queue.take(), state.rest.take()));
        drop(state);
        node.inner().table.remove(self);
        node.buried(&self.name, cause);
        for monitoring in monitors.into_iter().flat_map(|monitors| *monitors) {
            monitoring.target.fire(node, &self.name, cause);
        }
        if mailbox && let Some(waker) = waker {
            waker.wake();
        }
        // What users put into handlers is dropped last and outside of every lock.
        drop((handlers, dropped));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held would be a fault of this file; users' code never runs then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a waiting port back into the run queue.
struct PortWaker {
    slot: Arc<Slot>,
    node: WeakNode,
}

impl Wake for PortWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(node) = self.node.upgrade() else {
            return;
        };
        let mut state = self.slot.state();
        match state.phase {
            Phase::Waiting => {
                state.phase = Phase::Queued;
                drop(state);
                node.inner().sched.push(Item::Port(self.slot.clone()));
            }
            Phase::Running => state.phase = Phase::Woken,
            _ => {}
        }
    }
}

/// The text of a panic.
pub(crate) fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without text".into())
}
