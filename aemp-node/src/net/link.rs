//! An established link: one task that writes what waits, reads and hands over what comes, and listens
//! for the heart.
//!
//! Senders append to the peer's outbox and wake the task, which writes whole chunks. It reads into a
//! buffer of its thread and keeps only unfinished messages, so an idle link has no buffers. After
//! its budget of messages or octets it lets others run.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use aemp_proto::{
    Failure, Reason,
    framing::{Content, Decoder, Framing, Layout},
    link::{Beat, Heartbeat},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, Sleep},
};

use super::{handshake::Linked, peer::Peer, stream::Stream};
use crate::{
    cause::Cause,
    log::log,
    node::{
        Node,
        requests::{self, Source},
    },
    port::{queue::Queue, slot::Slot},
};

/// Octets that one read may bring.
const READ: usize = 256 << 10;
/// Unfinished messages above this size keep the buffer that they came in.
const KEEP: usize = 16 << 10;
/// What waits for one port before its handler is given a turn first.
const HURRY: usize = 1 << 20;

thread_local! {
    /// The buffer that links of this thread read into.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Drives a link until it ends, and then lets its monitors fire.
pub(crate) async fn drive(node: Node, linked: Linked) {
    let Linked {
        id,
        peer,
        stream,
        early,
        established,
    } = linked;
    let framing = established.receive_framing;
    log!(
        &node, info, peer = peer.id, link = id.0, tls = established.tls,
        sends = established.send_framing.name(), receives = framing.name(); "link is up"
    );
    // Idle links are many: what is not needed any more is not kept with them.
    drop(established);
    let heartbeat = Heartbeat::new(node.config().heartbeat, node.now());
    let timer = Box::pin(tokio::time::sleep_until(instant(
        &node,
        heartbeat.next_timeout(),
    )));
    let mut link = Box::new(Link {
        source: Source {
            peer: peer.clone(),
            link: id.0,
        },
        stream,
        decoder: Decoder::new(framing, node.config().limits.framing()),
        framing,
        input: Input {
            filled: early.len(),
            octets: early,
            start: 0,
        },
        writing: Vec::new(),
        written: 0,
        heartbeat,
        timer,
        last: None,
        node: node.clone(),
    });
    let failure = poll_fn(|cx| link.poll(cx)).await;
    if matches!(failure.reason(), Reason::LinkClosed | Reason::LinkStopped) {
        log!(&node, info, peer = peer.id, link = id.0; "link is down: {failure}");
    } else {
        log!(&node, warn, peer = peer.id, link = id.0; "link is lost: {failure}");
    }
    peer.down(&node, id.0, &Cause::of_failure(&peer.id, &failure));
    node.inner().links.ended(&node, id, Some(&peer.id));
    let stream = link.stream;
    // For the peer's sake alone, and not for long.
    let parting = Box::pin(part(stream));
    drop(tokio::time::timeout(Duration::from_secs(1), parting).await);
}

/// Says goodbye and waits for the peer to do so: closing with unread input would take back what was
/// written last.
async fn part(mut stream: Stream) {
    if stream.shutdown().await.is_ok() {
        let mut sink = [0; 1024];
        while let Ok(1..) = stream.read(&mut sink).await {}
    }
}

/// Puts a heartbeat before everything that waits on the link.
pub(crate) fn send_heartbeat(node: &Node, peer: &Peer, link: u64) {
    let answer = format!("{}#{}", node.id(), node.inner().heartbeat_port);
    let limits = node.config().limits.framing();
    let writer = peer.with_up(link, |up| {
        let mut octets = Vec::new();
        // A text of our own making always fits.
        if up
            .framing
            .encode("", &("snd", &answer), &limits, &mut octets)
            .is_ok()
        {
            up.outbox.push_urgent(&octets);
        }
        up.outbox.writer()
    });
    super::peer::wake(writer.flatten());
}

struct Link {
    node: Node,
    source: Source,
    stream: Stream,
    decoder: Decoder,
    framing: Framing,
    input: Input,
    writing: Vec<u8>,
    written: usize,
    heartbeat: Heartbeat,
    timer: Pin<Box<Sleep>>,
    /// The port of the last message: messages come in runs.
    last: Option<Arc<Slot>>,
}

/// Octets that were read: those from `start` to `filled` were not handed over.
#[derive(Default)]
struct Input {
    octets: Vec<u8>,
    start: usize,
    filled: usize,
}

impl Link {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let Source { peer, link } = &self.source;
        let writing = self.written < self.writing.len();
        let over = peer.with_up(*link, |up| {
            up.driver.clone_from(cx.waker());
            up.over(writing).cloned()
        });
        match over {
            None => return Poll::Ready(Reason::LinkSuperseded.into()),
            Some(Some(failure)) => return Poll::Ready(failure),
            Some(None) => {}
        }
        let mut end = self.poll_timer(cx);
        if end.is_pending() {
            end = self.poll_read(cx);
        }
        // Written last: what requests and handlers have just answered goes out at once.
        match end {
            Poll::Pending => self.poll_write(cx),
            end => end,
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let node = &self.node;
            if !node.config().heartbeat.interval.is_zero() {
                match self.heartbeat.handle_timeout(node.now()) {
                    Some(Beat::Send) => send_heartbeat(node, &self.source.peer, self.source.link),
                    Some(Beat::Silent) => return Poll::Ready(Reason::LinkSilent.into()),
                    None => {}
                }
            }
            // A zero interval switches heartbeats off.
            let next = match node.config().heartbeat.interval.is_zero() {
                true => node.now() + Duration::from_secs(86_400),
                false => self.heartbeat.next_timeout(),
            };
            self.timer.as_mut().reset(instant(node, next));
        }
        Poll::Pending
    }

    /// Writes until nothing waits or nothing more fits.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        loop {
            while self.written < self.writing.len() {
                let stream = Pin::new(&mut self.stream);
                match ready!(stream.poll_write(cx, &self.writing[self.written..])) {
                    Ok(0) => return Poll::Ready(Reason::LinkClosed.into()),
                    Ok(written) => self.written += written,
                    Err(error) => return Poll::Ready(broken(&error)),
                }
            }
            self.written = 0;
            let empty = std::mem::take(&mut self.writing);
            let taken = self
                .source
                .peer
                .with_up(self.source.link, |up| match up.over(false) {
                    Some(failure) => Err(failure.clone()),
                    None => Ok(up.outbox.take(empty, cx.waker())),
                });
            match taken {
                // Another link has taken the place of this one.
                None => return Poll::Ready(Reason::LinkSuperseded.into()),
                Some(Err(failure)) => return Poll::Ready(failure),
                Some(Ok(Some(chunk))) => {
                    self.writing = chunk;
                    self.source.peer.room.notify_waiters();
                }
                Some(Ok(None)) => {
                    return match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(broken(&error)),
                    };
                }
            }
        }
    }

    /// Reads and hands over until nothing comes or the budget is used up.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let mut input = std::mem::take(&mut self.input);
        input.widen();
        let outcome = self.read_into(cx, &mut input);
        input.narrow();
        self.input = input;
        outcome
    }

    fn read_into(&mut self, cx: &mut Context<'_>, input: &mut Input) -> Poll<Failure> {
        let limits = self.node.config().limits;
        let mut octets = 0;
        let mut messages = 0;
        loop {
            while input.start < input.filled && messages < limits.turn_messages {
                let rest = &input.octets[input.start..input.filled];
                match self.decoder.next(rest) {
                    Ok(None) => break,
                    Ok(Some(frame)) => {
                        let message = &rest[..frame.len()];
                        input.start += frame.len();
                        messages += 1;
                        let mut waiting = 0;
                        match frame.content() {
                            Content::Message(layout) => waiting = self.deliver(*layout, message),
                            Content::Rewritten(layout, octets) => {
                                waiting = self.deliver(*layout, octets);
                            }
                            Content::Nothing(_) => self.node.inner().counters.meaningless.add(),
                            Content::Space => {}
                        }
                        if waiting > HURRY {
                            // Reading goes on, but the port's handler gets the next turn.
                            messages = limits.turn_messages;
                        }
                    }
                    Err(failure) => return Poll::Ready(failure),
                }
            }
            if messages >= limits.turn_messages || octets >= limits.turn_octets {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut free = ReadBuf::new(input.room());
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut free)) {
                Ok(()) => {}
                Err(error) => return Poll::Ready(broken(&error)),
            }
            let read = free.filled().len();
            if read == 0 {
                let rest = &input.octets[input.start..input.filled];
                return Poll::Ready(match self.decoder.finish(rest) {
                    Ok(last) => {
                        // [json.other.skip]
                        if last.is_some() {
                            self.node.inner().counters.meaningless.add();
                        }
                        Reason::LinkClosed.into()
                    }
                    Err(failure) => failure,
                });
            }
            input.filled += read;
            octets += read;
            self.heartbeat.handle_input(self.node.now());
        }
    }

    /// Hands a message to its port; what waits there then, in octets.
    fn deliver(&mut self, layout: Layout, octets: &[u8]) -> usize {
        let message = layout.open(self.framing, octets);
        let name = message.port();
        let framing = self.framing;
        let push = |queue: &mut Queue| {
            queue.push(framing, layout, octets);
            queue.size()
        };
        if let Some(last) = &self.last
            && last.name().as_str() == name
            && let Some(size) = last.push(&self.node, push)
        {
            return size;
        }
        if name.is_empty() {
            requests::handle(&self.node, Some(&self.source), message.args());
            return 0;
        }
        // [link.heartbeat.answer-drop]: before ports, for an application may choose any name.
        if name == self.node.inner().heartbeat_port.as_str() {
            self.heartbeat.handle_answer(self.node.now());
            let links = &self.node.inner().links;
            links.answered(&self.node, &self.source.peer.id, self.source.link);
            return 0;
        }
        match self.node.inner().table.find(name) {
            Some(slot) => {
                let size = slot.push(&self.node, push);
                self.last = Some(slot);
                size.unwrap_or_default()
            }
            None => {
                self.node.inner().counters.no_port.add();
                0
            }
        }
    }
}

impl Input {
    /// Moves unfinished octets into the thread's buffer, unless they are many.
    fn widen(&mut self) {
        if self.octets.len() < READ {
            let mut wide = BUFFER.take();
            wide.resize(READ, 0);
            let rest = &self.octets[self.start..self.filled];
            wide[..rest.len()].copy_from_slice(rest);
            self.filled = rest.len();
            self.start = 0;
            self.octets = wide;
        }
    }

    /// Gives the thread its buffer back, unless what is unfinished is much.
    fn narrow(&mut self) {
        let rest = &self.octets[self.start..self.filled];
        if rest.len() <= KEEP {
            let rest = rest.to_vec();
            let mut wide = std::mem::replace(&mut self.octets, rest);
            self.start = 0;
            self.filled = self.octets.len();
            wide.truncate(READ);
            if wide.capacity() <= 4 * READ {
                BUFFER.set(wide);
            }
        }
    }

    /// Room for more, a good part of `READ` at least.
    fn room(&mut self) -> &mut [u8] {
        if self.start == self.filled {
            self.start = 0;
            self.filled = 0;
        }
        if self.octets.len() - self.filled < READ / 2 && self.start > 0 {
            // Once a message at most: it begins at the beginning then.
            self.octets.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.octets.len() - self.filled < READ / 2 {
            // Growth in proportion keeps a long message's cost in proportion to its length.
            self.octets.resize(self.octets.len() * 2, 0);
        }
        &mut self.octets[self.filled..]
    }
}

fn broken(error: &io::Error) -> Failure {
    // TLS says so where the peer closes without a word, as originals do.
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Reason::LinkClosed.into();
    }
    Failure::new(Reason::LinkIo, error.to_string())
}

/// The runtime's instant of a time of the node.
fn instant(node: &Node, at: Duration) -> Instant {
    Instant::from_std(node.inner().origin) + at
}
