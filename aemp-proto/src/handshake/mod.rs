//! The handshake: greeting, TLS, authentication.
//!
//! A [`Handshake`] is fed octets, the end of TLS negotiation, the end of input and the time; after
//! every call its owner drains [`Handshake::poll`] until it gives nothing. It opens no socket,
//! reads no clock and draws no random number: the nonce is an argument, and times are durations
//! since any origin that the owner chooses.
//!
//! ```text
//!  initiator                                  acceptor
//!      | line 1, line 2  ---------><---------  line 1, line 2 |   Send at once
//!      |              [ TLS, lower nonce is client ]          |   StartTls -> handle_tls_up
//!      | proof, framing  --------------------------->         |
//!      |                                                      |   Verified -> proceed | refuse
//!      |         <---------------------------  proof, framing |
//!  Established                                            Established
//! ```
//!
//! The acceptor's proof goes out last (`[auth.send.acceptor]`), and only after its owner has
//! said [`proceed`](Handshake::proceed): between the two the owner decides which of several
//! connections to one peer survives.

mod line;
mod settings;
mod state;

use alloc::{collections::VecDeque, string::String, sync::Arc, vec::Vec};
use core::time::Duration;

use crate::{
    auth::{Method, Secrets},
    failure::{Failure, Reason, Stage},
    framing::Framing,
    greeting::{Greeting, Nonce},
};

pub use settings::{Settings, SettingsError};

use line::LineReader;
use state::{Context, State, Step};

/// Which side of the TCP connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The side that dialled; it proves itself first.
    Initiator,
    /// The side that listened; it proves itself last.
    Acceptor,
}

/// Which side of the TLS handshake this is; independent of [`Role`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsRole {
    /// The side with the lower nonce.
    Client,
    /// The side with the higher nonce.
    Server,
}

/// What the owner of a handshake has to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Send these octets, through TLS once it is up.
    Send(Vec<u8>),
    /// Both lines of the peer have come and fit: this is who it says it is, nothing is proved yet.
    /// An initiator's proof follows at once; [`Handshake::refuse`] keeps it back.
    Greeted(Arc<Greeting>),
    /// Start TLS with the octets that [`Handshake::handle_input`] left, then call
    /// [`Handshake::handle_tls_up`] or [`Handshake::handle_tls_failed`].
    StartTls(TlsRole),
    /// The initiator's proof was right; call [`Handshake::proceed`] or [`Handshake::refuse`].
    /// Only an acceptor gets this, and only then is its own proof sent.
    Verified(Arc<Greeting>),
    /// The end: octets that were left and all that follow are messages.
    Established(Established),
    /// The end: close the connection.
    Failed(Failure),
}

/// What was negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The peer's greeting.
    pub peer: Arc<Greeting>,
    /// How we proved ourselves.
    pub sent_method: Method,
    /// How the peer proved itself.
    pub received_method: Method,
    /// The framing of the messages that we send.
    pub send_framing: Framing,
    /// The framing of the messages that the peer sends.
    pub receive_framing: Framing,
    /// Whether the link runs over TLS.
    pub tls: bool,
    /// Which of our secrets the peer knows, where its method needs one.
    pub secret: Option<usize>,
}

/// One handshake. See the [module](self).
#[derive(Clone, Debug)]
pub struct Handshake {
    context: Context,
    deadline: Duration,
    reader: LineReader,
    /// Nothing once the handshake has ended.
    state: Option<State>,
    outputs: VecDeque<Output>,
}

impl Handshake {
    /// Begins a handshake; the greeting is ready to be sent.
    ///
    /// `peer_address` is what the greeting tells the peer about its own socket address.
    pub fn new(
        settings: Arc<Settings>,
        role: Role,
        nonce: &Nonce,
        peer_address: Option<&str>,
        now: Duration,
    ) -> Self {
        let deadline = now.saturating_add(settings.time_limit);
        let own = [
            settings.greeting(peer_address).to_line(),
            nonce.as_str().into(),
        ];
        // [greeting.send.at-once]
        let hello = [&own[0][..], b"\n", &own[1][..], b"\n"].concat();
        Self {
            context: Context {
                settings,
                role,
                own,
                secret: 0,
            },
            deadline,
            reader: LineReader::default(),
            state: Some(State::default()),
            outputs: VecDeque::from([Output::Send(hello)]),
        }
    }

    /// As an initiator, proves itself with the secret at `index` (modulo their number) instead of
    /// the first: an initiator tries one secret a connection.
    #[must_use]
    pub fn with_secret(mut self, index: usize) -> Self {
        self.context.secret = index
            % self
                .context
                .settings
                .secrets
                .as_ref()
                .map_or(1, Secrets::len);
        self
    }

    /// Greets with these two lines, given without terminators, instead of what the settings say: for
    /// replaying a recorded handshake, whose proofs cover the lines that were really sent.
    #[must_use]
    pub fn with_own_lines(mut self, own: [Vec<u8>; 2]) -> Self {
        let hello = [&own[0][..], b"\n", &own[1][..], b"\n"].concat();
        self.context.own = own;
        self.outputs = VecDeque::from([Output::Send(hello)]);
        self
    }

    /// Which side this is.
    pub fn role(&self) -> Role {
        self.context.role
    }

    /// Takes octets from the connection (from inside TLS once that is up) and returns how many of
    /// them it used; the rest is for whoever comes next: TLS, a later call, or the framing.
    pub fn handle_input(&mut self, octets: &[u8]) -> usize {
        let mut used = 0;
        while let Some(state) = self.state.take() {
            let stage = state.stage();
            if !state.wants_line() {
                self.state = Some(state);
                break;
            }
            match self.reader.read(&octets[used..]) {
                Ok((taken, None)) => {
                    used += taken;
                    self.state = Some(state);
                    break;
                }
                Ok((taken, Some(line))) => {
                    used += taken;
                    let step = state.handle_line(&self.context, line);
                    self.take(step);
                }
                Err(length) => self.fail(too_long(stage, length)),
            }
        }
        used
    }

    /// TLS is up and the peer's certificate was accepted.
    pub fn handle_tls_up(&mut self) {
        if let Some(state) = self.state.take() {
            let step = state.handle_tls_up(&self.context);
            self.take(step);
        }
    }

    /// TLS failed; `certificate` says whether it was the peer's certificate.
    pub fn handle_tls_failed(&mut self, certificate: bool, detail: String) {
        let reason = if certificate {
            Reason::TlsCertificate
        } else {
            Reason::TlsFailed
        };
        self.fail(Failure::new(reason, detail));
    }

    /// Nothing more will come from the peer.
    pub fn handle_eof(&mut self) {
        if let Some(state) = &self.state {
            let failure = state.closed(&self.context);
            self.fail(failure);
        }
    }

    /// The time is `now`; ends the handshake when its limit has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        if now < self.deadline {
            return;
        }
        if let Some(state) = &self.state {
            self.fail(Failure::new(timeout(state.stage()), state.awaited()));
        }
    }

    /// When to call [`Handshake::handle_timeout`]; nothing once the handshake has ended.
    pub fn next_timeout(&self) -> Option<Duration> {
        self.state.as_ref().map(|_| self.deadline)
    }

    /// After [`Output::Verified`]: sends our proof, which establishes the link.
    pub fn proceed(&mut self) {
        if let Some(state) = self.state.take() {
            let step = state.proceed(&self.context);
            self.take(step);
        }
    }

    /// After [`Output::Verified`], or at any other time: ends the handshake for a reason of the
    /// owner's, such as a duplicate connection.
    ///
    /// What was not polled yet is not sent: refused at [`Output::Greeted`], an initiator keeps its
    /// proof.
    pub fn refuse(&mut self, failure: Failure) {
        if self.state.is_some() {
            self.outputs.clear();
            self.fail(failure);
        }
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The octets of an unfinished line that are kept: never more than [`LINE_LIMIT`] and a CR.
    ///
    /// [`LINE_LIMIT`]: crate::greeting::LINE_LIMIT
    pub fn buffered(&self) -> usize {
        self.reader.buffered()
    }

    fn take(&mut self, step: Result<Step, Failure>) {
        match step {
            Ok(step) => {
                self.state = step.next;
                self.outputs.extend(step.outputs);
            }
            Err(failure) => self.fail(failure),
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.state = None;
        self.outputs.push_back(Output::Failed(failure));
    }
}

fn too_long(stage: Stage, length: usize) -> Failure {
    let reason = match stage {
        Stage::Auth => Reason::AuthLineTooLong,
        _ => Reason::GreetingLineTooLong,
    };
    Failure::new(
        reason,
        alloc::format!("{length} octets and no end in sight"),
    )
}

fn timeout(stage: Stage) -> Reason {
    match stage {
        Stage::Tls => Reason::TlsTimeout,
        Stage::Auth => Reason::AuthTimeout,
        _ => Reason::GreetingTimeout,
    }
}

#[cfg(test)]
mod tests;
