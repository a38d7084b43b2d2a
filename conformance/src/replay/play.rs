//! Playing one direction of a connection through the core: a node of ours sits where the recorded
//! receiver sat, and gets what the sender sent in any pieces.

use std::{ops::Range, sync::Arc, time::Duration};

use super::recording::Stream;
use aemp_proto::{
    Failure, Reason,
    framing::{Content, Decoder, Frame, Framing, Layout, Limits, Message},
    greeting::Nonce,
    handshake::{Established, Handshake, Output, Role, Settings},
};

/// What octets cannot show, and how they are to be fed.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// What our node brings along.
    pub settings: Arc<Settings>,
    /// Its two lines.
    pub own: [Vec<u8>; 2],
    /// Its side.
    pub role: Role,
    /// What follows where both sides agree on TLS.
    pub tls: Tls,
    /// Why its owner refuses a proven peer, if it does.
    pub refusal: Option<Reason>,
    /// Whether the sender closed before the receiver did; nothing where neither was recorded.
    pub sender_closed_first: Option<bool>,
}

/// What the recording holds from where TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// What travelled inside TLS.
    Inside,
    /// Cipher text, which cannot be judged.
    Cipher,
    /// TLS failed; the flag says whether because of the certificate.
    Failed(bool),
    /// The connection ended during its handshake.
    Closed,
    /// Nothing.
    Nothing,
}

/// What our node made of it.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// Both lines of the greeting were read and fit.
    pub greeted: bool,
    /// The authentication line that our node sent, without its line end.
    pub sent: Option<Vec<u8>>,
    /// The sender's proof was verified.
    pub verified: bool,
    /// What was negotiated.
    pub established: Option<Established>,
    /// The messages.
    pub messages: Vec<Found>,
    /// Well-formed texts that mean nothing.
    pub nothings: usize,
    /// How it ended.
    pub end: End,
    /// How many octets had been fed when that was known.
    pub fed: usize,
    /// Where the line or message began that our node had in hand at the end.
    pub unit: usize,
    /// The most octets that were kept of an unfinished line.
    pub kept: usize,
}

/// A message in the stream.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its octets.
    pub range: Range<usize>,
    layout: Layout,
    /// What the layout opens, if that is not these octets.
    rewritten: Option<Vec<u8>>,
}

impl Found {
    /// The message of a frame, if it holds one.
    pub(super) fn of(range: Range<usize>, frame: Frame) -> Option<Self> {
        let (layout, rewritten) = match frame.into_content() {
            Content::Message(layout) => (layout, None),
            Content::Rewritten(layout, octets) => (layout, Some(octets)),
            Content::Nothing(_) | Content::Space => return None,
        };
        Some(Self {
            range,
            layout,
            rewritten,
        })
    }

    /// The message; `stream` is what its octets are in.
    pub(super) fn open<'a>(&'a self, framing: Framing, stream: &'a [u8]) -> Message<'a> {
        let octets = self
            .rewritten
            .as_deref()
            .unwrap_or(&stream[self.range.clone()]);
        self.layout.open(framing, octets)
    }
}

/// How our node's part of a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The recording ends; our node would go on.
    Open,
    /// The established connection was closed between two messages.
    Closed,
    /// With this failure.
    Failed(Failure),
    /// At cipher text.
    Cipher,
}

impl Played {
    /// The reason of the failure, if there is one.
    pub(super) fn reason(&self) -> Option<Reason> {
        match &self.end {
            End::Failed(failure) => Some(failure.reason()),
            _ => None,
        }
    }

    /// What must not depend on how the octets were cut.
    pub(super) fn gist(&self) -> impl PartialEq + std::fmt::Debug + '_ {
        let ranges: Vec<_> = self
            .messages
            .iter()
            .map(|message| message.range.clone())
            .collect();
        let state = (
            self.greeted,
            self.verified,
            self.established.is_some(),
            self.nothings,
        );
        (
            state,
            &self.sent,
            ranges,
            self.reason(),
            matches!(self.end, End::Closed | End::Open),
        )
    }
}

/// Plays `stream` in pieces that end at `cuts` (ascending offsets) and at its end.
pub(super) fn play(
    setting: &Setting,
    stream: &Stream,
    cuts: impl IntoIterator<Item = usize>,
) -> Played {
    let mut player = Player::new(setting);
    player.drain();
    let length = stream.octets.len();
    let mut from = 0;
    for to in cuts.into_iter().chain([length]) {
        let to = to.min(length);
        if to <= from {
            continue;
        }
        player.tick(stream.moment(from + 1).seconds);
        if player.done {
            break;
        }
        player.feed(&stream.octets[from..to]);
        from = to;
        player.played.fed = from;
        if player.done {
            break;
        }
    }
    if !player.done {
        player.finish(stream);
    }
    let mut played = player.played;
    played.unit = unit(&played, player.used, &stream.octets);
    played
}

struct Player<'a> {
    setting: &'a Setting,
    handshake: Handshake,
    decoder: Option<Decoder>,
    /// What the decoder has not released, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    /// Octets that handshake and decoder have used.
    used: usize,
    done: bool,
    played: Played,
}

impl<'a> Player<'a> {
    fn new(setting: &'a Setting) -> Self {
        // The nonce is replaced with the recorded line at once.
        let nonce = Nonce::new(&[0; Nonce::OCTETS]);
        let settings = Arc::clone(&setting.settings);
        let handshake = Handshake::new(settings, setting.role, &nonce, None, Duration::ZERO)
            .with_own_lines(setting.own.clone());
        Self {
            setting,
            handshake,
            decoder: None,
            buffer: Vec::new(),
            start: 0,
            used: 0,
            done: false,
            played: Played {
                greeted: false,
                sent: None,
                verified: false,
                established: None,
                messages: Vec::new(),
                nothings: 0,
                end: End::Open,
                fed: 0,
                unit: 0,
                kept: 0,
            },
        }
    }

    fn end(&mut self, end: End) {
        self.played.end = end;
        self.done = true;
    }

    fn tick(&mut self, seconds: f64) {
        if self.decoder.is_none() {
            self.handshake.handle_timeout(duration(seconds));
            self.drain();
        }
    }

    fn feed(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while self.decoder.is_none() && !self.done {
            let used = self.handshake.handle_input(rest);
            rest = &rest[used..];
            self.used += used;
            let moved = self.drain();
            self.played.kept = self.played.kept.max(self.handshake.buffered());
            if used == 0 && !moved {
                break;
            }
        }
        if self.decoder.is_some() && !self.done {
            self.buffer.extend_from_slice(rest);
            self.messages();
        }
    }

    /// Does what the handshake asks for; says whether there was anything.
    fn drain(&mut self) -> bool {
        let mut moved = false;
        while let Some(output) = self.handshake.poll() {
            moved = true;
            match output {
                // The greeting goes out unasked; what is sent later is the authentication line.
                Output::Send(octets) if self.played.greeted => {
                    let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
                    self.played.sent = Some(line.to_vec());
                }
                Output::Greeted(_) => self.played.greeted = true,
                Output::StartTls(_) => match self.setting.tls {
                    Tls::Inside => self.handshake.handle_tls_up(),
                    Tls::Failed(certificate) => {
                        self.handshake.handle_tls_failed(certificate, String::new());
                    }
                    Tls::Cipher => self.end(End::Cipher),
                    Tls::Closed => self.handshake.handle_eof(),
                    Tls::Nothing => {}
                },
                Output::Verified(_) => {
                    self.played.verified = true;
                    match self.setting.refusal {
                        Some(reason) => self.handshake.refuse(reason.into()),
                        None => self.handshake.proceed(),
                    }
                }
                Output::Established(established) => {
                    let framing = established.receive_framing;
                    self.decoder = Some(Decoder::new(framing, Limits::default()));
                    self.played.verified = true;
                    self.played.established = Some(established);
                }
                Output::Failed(failure) => self.end(End::Failed(failure)),
                _ => {}
            }
        }
        moved
    }

    fn messages(&mut self) {
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        loop {
            match decoder.next(&self.buffer[self.start..]) {
                Ok(Some(frame)) => {
                    let len = frame.len();
                    let range = self.used..self.used + len;
                    let meaningless = matches!(frame.content(), Content::Nothing(_));
                    self.played.nothings += usize::from(meaningless);
                    self.played.messages.extend(Found::of(range, frame));
                    self.start += len;
                    self.used += len;
                }
                Ok(None) => break,
                Err(failure) => return self.end(End::Failed(failure)),
            }
        }
        // Moved only now and then, so that the cost stays in proportion to the octets.
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }

    /// The recording has no more octets of the sender.
    fn finish(&mut self, stream: &Stream) {
        if let Some(eof) = stream.eof {
            self.tick(eof.seconds);
        }
        if self.done {
            return;
        }
        match (&mut self.decoder, self.setting.sender_closed_first) {
            (Some(decoder), Some(true)) => {
                let end = match decoder.finish(&self.buffer[self.start..]) {
                    Ok(_) => End::Closed,
                    Err(failure) => End::Failed(failure),
                };
                self.end(end);
            }
            (None, Some(true)) => {
                self.handshake.handle_eof();
                self.drain();
            }
            // The recorded receiver gave up before the sender did: ours waits as long as it may.
            (None, Some(false)) => {
                if let Some(deadline) = self.handshake.next_timeout() {
                    self.handshake.handle_timeout(deadline);
                    self.drain();
                }
            }
            _ => {}
        }
    }
}

/// Seconds of a recording, which may be anything, as a time.
pub(super) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Where the line or message begins at whose octets `played` ended.
fn unit(played: &Played, used: usize, octets: &[u8]) -> usize {
    if played.established.is_some() {
        return used;
    }
    let line = octets[..used]
        .strip_suffix(b"\n")
        .filter(|_| played.reason().is_some_and(by_line));
    let before = line.unwrap_or(&octets[..used]);
    before
        .iter()
        .rposition(|&octet| octet == b'\n')
        .map_or(0, |at| at + 1)
}

/// Whether the reason shows in a line that was read to its end.
fn by_line(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::GreetingLineTooLong
            | Reason::AuthLineTooLong
            | Reason::GreetingClosed
            | Reason::AuthClosed
            | Reason::GreetingTimeout
            | Reason::AuthTimeout
    )
}
