//! Another node as this one knows it: the link to it or the way to one, and the monitors of its ports.
//!
//! ```text
//!   Down --send, monitor--> Connecting --link established--> Up --link lost--> Down
//!                               |------- no way -----------------------------> Down
//! ```
//!
//! Whenever a peer goes back to Down, all monitors of its ports fire and what waits is dropped.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::{Duration, Instant},
};

use aemp_proto::{
    Failure, NodeId, PortName, Reason,
    framing::{Content, Decoder, EncodeError, Framing},
    request::tag,
    value::Value,
};
use serde::Serialize;
use tokio::sync::Notify;

use super::outbox::Outbox;
use crate::{
    cause::Cause, config::Address, log::log, monitor::Monitoring, node::Node, sched::Item, scratch,
};

/// What waits for a link is kept in this framing.
const WAITING: Framing = Framing::Json;

/// A node that is known, connected or not.
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    state: Mutex<State>,
    /// Locked before `state` where both are.
    monitors: Mutex<HashMap<PortName, Vec<Monitoring>>>,
    addresses: Mutex<Vec<Address>>,
    dials: Mutex<Dials>,
    /// A link has come up or was lost.
    changed: Notify,
    /// Somebody in `snd_wait` may go on.
    pub(crate) room: Notify,
}

/// When the node was dialled on demand.
#[derive(Default)]
struct Dials {
    failed: u32,
    last: Option<Instant>,
    /// Attempts so far.
    attempts: u64,
}

enum State {
    Down,
    Connecting(Waiting),
    Up(Box<Up>),
    /// Taken out of the node's list; another peer of this ID may be there.
    Gone,
}

/// What waits for a link.
struct Waiting {
    /// The number of the attempt to make one.
    attempt: u64,
    /// Messages one after another in `WAITING`.
    octets: Vec<u8>,
}

/// An established link as senders see it.
pub(crate) struct Up {
    pub(crate) link: u64,
    pub(crate) framing: Framing,
    /// The peer calls a remote kill `kil1`.
    pub(crate) kil1: bool,
    pub(crate) outbox: Outbox,
    /// Ports of ours that the peer monitors over this link.
    pub(crate) monitored: HashSet<PortName>,
    /// The link's task, which may be waiting for the connection to take more.
    pub(crate) driver: Waker,
    /// The link is to be closed for this reason; nothing is queued any more.
    pub(crate) close: Option<Failure>,
    /// ... without writing what is queued.
    pub(crate) aborted: bool,
}

impl Up {
    /// Why the link has to end, if it has to and everything was written that should be.
    pub(crate) fn over(&self, writing: bool) -> Option<&Failure> {
        let failure = self.close.as_ref()?;
        let flush = failure.reason() == Reason::LinkStopped && !self.aborted;
        (!flush || (!writing && self.outbox.queued() == 0)).then_some(failure)
    }
}

/// What became of an attempt to queue a message.
pub(crate) enum Queued {
    Done,
    /// The peer was taken out of the node's list: look it up again.
    Gone,
}

impl Peer {
    pub(crate) fn new(id: NodeId) -> Self {
        Self {
            id,
            state: Mutex::new(State::Down),
            monitors: Mutex::default(),
            addresses: Mutex::default(),
            dials: Mutex::default(),
            changed: Notify::new(),
            room: Notify::new(),
        }
    }

    /// Encodes a message in the framing that the peer wants now, and queues it.
    ///
    /// Nothing is locked while `encode` runs.
    pub(crate) fn send(
        self: &Arc<Self>,
        node: &Node,
        encode: impl Fn(Framing, &mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<Queued, EncodeError> {
        let mut framing = self.framing();
        loop {
            let outcome = scratch::with(|octets| {
                encode(framing, octets)?;
                Ok::<_, EncodeError>(self.queue(node, framing, octets))
            })?;
            match outcome {
                Ok(queued) => return Ok(queued),
                Err(wanted) => framing = wanted,
            }
        }
    }

    /// Queues an encoded message; fails with the framing that is wanted if it is another one.
    fn queue(
        self: &Arc<Self>,
        node: &Node,
        framing: Framing,
        octets: &mut Vec<u8>,
    ) -> Result<Queued, Framing> {
        let limits = &node.config().limits;
        let mut state = self.state();
        let attempt = match &mut *state {
            State::Gone => return Ok(Queued::Gone),
            State::Up(up) if up.framing != framing => return Err(up.framing),
            State::Down | State::Connecting(_) if framing != WAITING => return Err(WAITING),
            State::Up(up) => {
                if up.close.is_some() {
                    return Ok(Queued::Done);
                }
                up.outbox.push(octets);
                let queued = up.outbox.queued();
                let mut writer = up.outbox.writer();
                if queued > limits.link_queue {
                    let text = format!("{queued} octets, {} are allowed", limits.link_queue);
                    up.close = Some(Failure::new(Reason::LinkOverload, text));
                    writer = Some(up.driver.clone());
                }
                drop(state);
                wake(writer);
                return Ok(Queued::Done);
            }
            State::Connecting(waiting) => {
                waiting.octets.extend_from_slice(octets);
                if waiting.octets.len() <= limits.connect_queue {
                    return Ok(Queued::Done);
                }
                // What comes now follows a gap, and every monitor knows.
                *state = State::Down;
                None
            }
            State::Down => {
                let attempt = self.next_attempt();
                let octets = std::mem::take(octets);
                *state = State::Connecting(Waiting { attempt, octets });
                Some(attempt)
            }
        };
        drop(state);
        match attempt {
            Some(attempt) => super::dial::connect(node, self, attempt),
            // As a job: the caller may hold the lock of the monitors.
            None => {
                let (peer, most) = (self.clone(), limits.connect_queue);
                let job = move |node: &Node| peer.overflow(node, most);
                node.inner().sched.push(Item::Job(Box::new(job)));
            }
        }
        Ok(Queued::Done)
    }

    /// Sees to it that the peer is connected or being connected.
    pub(crate) fn want(self: &Arc<Self>, node: &Node) {
        let mut state = self.state();
        if matches!(*state, State::Down) {
            let attempt = self.next_attempt();
            let octets = Vec::new();
            *state = State::Connecting(Waiting { attempt, octets });
            drop(state);
            super::dial::connect(node, self, attempt);
        }
    }

    /// The link is established: what waited goes first. Gives the link's number, or says that the
    /// peer is gone from the node's list.
    pub(crate) fn up(&self, node: &Node, framing: Framing, kil1: bool, link: u64) -> Option<()> {
        let mut state = self.state();
        let waiting = match &mut *state {
            State::Gone => return None,
            State::Connecting(waiting) => std::mem::take(&mut waiting.octets),
            State::Down | State::Up(_) => Vec::new(),
        };
        let mut up = Up {
            link,
            framing,
            kil1,
            outbox: Outbox::default(),
            monitored: HashSet::new(),
            driver: Waker::noop().clone(),
            close: None,
            aborted: false,
        };
        translate(node, &waiting, &mut up);
        *state = State::Up(Box::new(up));
        drop(state);
        self.dial_worked();
        self.changed.notify_waiters();
        self.room.notify_waiters();
        Some(())
    }

    /// The link of that number is lost: monitors fire, unless another link has taken its place.
    pub(crate) fn down(&self, node: &Node, link: u64, cause: &Cause) {
        let is_it = |state: &State| matches!(state, State::Up(up) if up.link == link);
        self.lose(node, is_it, cause);
    }

    /// That attempt has made no link: what waits is dropped and monitors fire.
    pub(crate) fn give_up(&self, node: &Node, attempt: u64, cause: &Cause) {
        let is_it = |state: &State| matches!(state, State::Connecting(w) if w.attempt == attempt);
        self.lose(node, is_it, cause);
    }

    /// Whether that attempt is still to make a link.
    pub(crate) fn attempts(&self, attempt: u64) -> bool {
        matches!(&*self.state(), State::Connecting(waiting) if waiting.attempt == attempt)
    }

    /// Back to Down from the state that `is_it` says yes to, and what belongs to that.
    fn lose(&self, node: &Node, is_it: impl Fn(&State) -> bool, cause: &Cause) {
        // Both at once: a monitor set after the loss belongs to the next link.
        let mut monitors = lock(&self.monitors);
        let mut state = self.state();
        if !is_it(&state) {
            return;
        }
        let lost = std::mem::replace(&mut *state, State::Down);
        let fired = std::mem::take(&mut *monitors);
        drop((state, monitors));
        self.room.notify_waiters();
        self.changed.notify_waiters();
        if let State::Up(up) = lost {
            // [monitor.loss.registrations]
            for slot in up
                .monitored
                .iter()
                .filter_map(|name| node.inner().table.find(name))
            {
                slot.unmonitor(|monitoring| monitoring.target.is_link(up.link));
            }
            node.node_event(&self.id, false);
        }
        fire(node, fired, cause);
        node.inner().peers.tidy(self);
    }

    /// Whether nobody needs this peer; marks it as gone if so.
    pub(crate) fn bury(&self) -> bool {
        let monitors = lock(&self.monitors);
        let mut state = self.state();
        let unused = matches!(*state, State::Down)
            && monitors.is_empty()
            && lock(&self.addresses).is_empty();
        if unused {
            *state = State::Gone;
        }
        unused
    }

    /// Does something with the established link of that number.
    pub(crate) fn with_up<R>(&self, link: u64, f: impl FnOnce(&mut Up) -> R) -> Option<R> {
        match &mut *self.state() {
            State::Up(up) if up.link == link => Some(f(up)),
            _ => None,
        }
    }

    /// The number of the established link.
    pub(crate) fn link(&self) -> Option<u64> {
        match &*self.state() {
            State::Up(up) => Some(up.link),
            _ => None,
        }
    }

    /// Closes the link of that number for a reason; its monitors fire when its driver has ended.
    pub(crate) fn close(&self, link: u64, failure: Failure) {
        let driver = self.with_up(link, |up| {
            up.close.get_or_insert(failure);
            up.driver.clone()
        });
        wake(driver);
    }

    /// Ends the link of that number at once, whatever waits on it.
    pub(crate) fn abort(&self, link: u64) {
        let driver = self.with_up(link, |up| {
            up.aborted = true;
            up.close.get_or_insert(Reason::LinkStopped.into());
            up.driver.clone()
        });
        wake(driver);
    }

    /// How the peer wants to be told to kill a port; as long as that is not known, as ours do.
    pub(crate) fn kill_tag(&self) -> &'static str {
        match &*self.state() {
            State::Up(up) if !up.kil1 => tag::KIL,
            _ => tag::KIL1,
        }
    }

    /// Whether the peer greets `mproto`, if there is a link on which at most so many octets wait.
    pub(crate) fn mproto_below(&self, most: usize) -> Option<bool> {
        match &*self.state() {
            State::Up(up) if up.close.is_none() && up.outbox.queued() <= most => Some(up.kil1),
            _ => None,
        }
    }

    /// Whether there is a link, or one is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(*self.state(), State::Up(_) | State::Connecting(_))
    }

    /// Returns when at most so many octets wait to be written.
    pub(crate) async fn wait_below(&self, octets: usize) {
        loop {
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            if self.queued() <= octets {
                return;
            }
            room.await;
        }
    }

    /// Octets that wait to be written.
    pub(crate) fn queued(&self) -> usize {
        match &*self.state() {
            State::Up(up) => up.outbox.queued(),
            State::Connecting(waiting) => waiting.octets.len(),
            State::Down | State::Gone => 0,
        }
    }

    /// Adds a monitor of one of its ports; says whether the peer is still in the node's list.
    pub(crate) fn monitor(
        self: &Arc<Self>,
        node: &Node,
        name: &PortName,
        monitoring: Monitoring,
    ) -> Result<(), Monitoring> {
        let mut monitors = lock(&self.monitors);
        if matches!(*self.state(), State::Gone) {
            return Err(monitoring);
        }
        let list = monitors.entry(name.clone()).or_default();
        list.push(monitoring);
        let first = list.len() == 1;
        if name.is_node_port() {
            drop(monitors);
            self.want(node);
        } else if first {
            // Under the lock: a mon0 of another thread must not overtake it.
            self.request(node, &("mon1", name.as_str()));
        }
        Ok(())
    }

    /// Takes a monitor of one of its ports out.
    pub(crate) fn unmonitor(self: &Arc<Self>, node: &Node, name: &PortName, id: u64) {
        let mut monitors = lock(&self.monitors);
        let Some(list) = monitors.get_mut(name) else {
            return;
        };
        let Some(found) = list.iter().position(|monitoring| monitoring.id == id) else {
            return;
        };
        let monitoring = list.remove(found);
        if list.is_empty() {
            monitors.remove(name);
            if !name.is_node_port() && !matches!(*self.state(), State::Down | State::Gone) {
                self.request(node, &("mon0", name.as_str()));
            }
        }
        drop(monitors);
        drop(monitoring);
    }

    /// The peer says that a port has died.
    pub(crate) fn died(&self, node: &Node, name: &str, cause: &Cause) {
        let found = lock(&self.monitors).remove_entry(name);
        if let Some((name, list)) = found {
            for monitoring in list {
                monitoring.target.fire(node, &name, cause);
            }
        }
    }

    /// Tells the peer that a port of ours has died which it monitors over that link.
    pub(crate) fn tell_death(
        self: &Arc<Self>,
        node: &Node,
        link: u64,
        name: &PortName,
        cause: &Cause,
    ) {
        // [monitor.mon0.crossing], [monitor.kil0.send-link]
        if self.with_up(link, |up| up.monitored.remove(name)) == Some(true) {
            self.send_death(node, name, cause);
        }
    }

    /// Sends that a port of ours has died, or was none.
    pub(crate) fn send_death(self: &Arc<Self>, node: &Node, name: &PortName, cause: &Cause) {
        let values = |cause: &Cause| {
            let mut values: Vec<Value> = vec!["kil0".into(), name.as_str().into()];
            values.extend_from_slice(cause.values());
            values
        };
        if let Err(error) = self.try_request(node, &values(cause)) {
            // [monitor.kil0.unencodable]
            let text = format!("the reason of its death cannot be sent: {error}");
            self.request(node, &values(&Cause::die(&text)));
        }
    }

    /// An address where the node was found or is said to be.
    pub(crate) fn learn(&self, address: Address) {
        let mut addresses = lock(&self.addresses);
        addresses.retain(|known| *known != address);
        addresses.insert(0, address);
        addresses.truncate(8);
    }

    /// It is not there any more.
    pub(crate) fn forget(&self, address: &Address) {
        lock(&self.addresses).retain(|known| known != address);
    }

    /// Where the node may be reached, the likeliest first.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        lock(&self.addresses).clone()
    }

    /// How long to wait before the node is dialled on demand again; counts this dial as failed
    /// until there is a link.
    pub(crate) fn next_dial(&self) -> Duration {
        let mut dials = lock(&self.dials);
        let now = Instant::now();
        let back_off = match dials.failed {
            0 => Duration::ZERO,
            failed => Duration::from_secs(1 << (failed - 1).min(5)),
        };
        let wait = dials.last.map_or(Duration::ZERO, |last| {
            (last + back_off).saturating_duration_since(now)
        });
        dials.failed += 1;
        dials.last = Some(now + wait);
        wait
    }

    /// There is a link.
    fn dial_worked(&self) {
        lock(&self.dials).failed = 0;
    }

    /// Returns when there is a link.
    pub(crate) async fn linked(&self) {
        self.until(true).await;
    }

    /// Returns when there is no link.
    pub(crate) async fn unlinked(&self) {
        self.until(false).await;
    }

    async fn until(&self, linked: bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.link().is_some() == linked {
                return;
            }
            changed.await;
        }
    }

    /// Queues a message to the node port. May be called under the lock of the monitors.
    fn request<T: Serialize + ?Sized>(self: &Arc<Self>, node: &Node, args: &T) {
        if let Err(error) = self.try_request(node, args) {
            log!(node, warn, peer = self.id; "a request was not sent: {error}");
        }
    }

    fn try_request<T: Serialize + ?Sized>(
        self: &Arc<Self>,
        node: &Node,
        args: &T,
    ) -> Result<Queued, EncodeError> {
        let limits = node.config().limits.framing();
        self.send(node, |framing, out| framing.encode("", args, &limits, out))
    }

    fn framing(&self) -> Framing {
        match &*self.state() {
            State::Up(up) => up.framing,
            _ => WAITING,
        }
    }

    /// [link.queue.limit]: more than that many octets waited for a link, and were dropped.
    fn overflow(&self, node: &Node, most: usize) {
        let text = format!("{most} octets may wait for a connection");
        let failure = Failure::new(Reason::LinkOverload, text);
        let monitors = std::mem::take(&mut *lock(&self.monitors));
        fire(node, monitors, &Cause::of_failure(&self.id, &failure));
        node.inner().links.give_up(&self.id, &failure);
        node.inner().peers.tidy(self);
    }

    fn next_attempt(&self) -> u64 {
        let mut dials = lock(&self.dials);
        dials.attempts += 1;
        dials.attempts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Moves what waited into the link's outbox, in the link's framing and generation.
fn translate(node: &Node, waiting: &[u8], up: &mut Up) {
    if up.framing == WAITING && up.kil1 {
        if !waiting.is_empty() {
            up.outbox.push(&mut waiting.to_vec());
        }
        return;
    }
    let limits = node.config().limits.framing();
    let mut decoder = Decoder::new(WAITING, limits);
    let mut rest = waiting;
    let mut octets = Vec::new();
    while let Ok(Some(frame)) = decoder.next(rest) {
        let (this, behind) = rest.split_at(frame.len());
        rest = behind;
        // Messages of this framing are never rewritten.
        let Content::Message(layout) = frame.content() else {
            continue;
        };
        let message = layout.open(WAITING, this);
        let mut values = message.args().values();
        if !up.kil1 && message.port().is_empty() && values.first() == Some(&tag::KIL1.into()) {
            values[0] = tag::KIL.into();
        }
        octets.clear();
        match up
            .framing
            .encode_values(message.port(), &values, &limits, &mut octets)
        {
            Ok(()) => up.outbox.push(&mut octets),
            Err(error) => log!(node, warn; "a message was lost: {error}"),
        }
    }
}

fn fire(node: &Node, monitors: HashMap<PortName, Vec<Monitoring>>, cause: &Cause) {
    for (name, list) in monitors {
        for monitoring in list {
            monitoring.target.fire(node, &name, cause);
        }
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
