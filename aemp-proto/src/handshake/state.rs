//! The states of a handshake: one type for each thing that is awaited, used up by what comes.
//!
//! ```text
//! AwaitGreeting --line--> AwaitNonce --line--> [AwaitTls --up-->] AwaitProof
//! AwaitProof --line--> Established                  (initiator)
//! AwaitProof --line--> AwaitDecision --proceed--> Established     (acceptor)
//! ```
//!
//! Every other event in every state ends the handshake with a failure of the state's stage.

use alloc::{sync::Arc, vec, vec::Vec};

use super::{Established, Output, Role, Settings, TlsRole, settings::names};
use crate::{
    auth::{self, AuthLine, Method, ProofError, Secrets, Transcript},
    failure::{Failure, Reason, Stage},
    framing::Framing,
    greeting::Greeting,
};

/// What stays the same during a handshake.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) settings: Arc<Settings>,
    pub(super) role: Role,
    /// Our two lines without terminators.
    pub(super) own: [Vec<u8>; 2],
    /// The secret that we prove ourselves with as an initiator.
    pub(super) secret: usize,
}

/// The state to go on with, none at the end, and what to do.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) next: Option<State>,
    pub(super) outputs: Vec<Output>,
}

/// What is awaited.
#[derive(Clone, Debug)]
pub(super) enum State {
    Greeting(AwaitGreeting),
    Nonce(AwaitNonce),
    Tls(Greeted),
    Proof(AwaitProof),
    Decision(AwaitDecision),
}

impl Default for State {
    fn default() -> Self {
        Self::Greeting(AwaitGreeting)
    }
}

impl State {
    pub(super) fn wants_line(&self) -> bool {
        matches!(self, Self::Greeting(_) | Self::Nonce(_) | Self::Proof(_))
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Greeting(_) | Self::Nonce(_) => Stage::Greeting,
            Self::Tls(_) => Stage::Tls,
            Self::Proof(_) | Self::Decision(_) => Stage::Auth,
        }
    }

    /// What has not come, in words.
    pub(super) fn awaited(&self) -> &'static str {
        match self {
            Self::Greeting(_) => "the peer's first line is missing",
            Self::Nonce(_) => "the peer's nonce is missing",
            Self::Tls(_) => "TLS is not up",
            Self::Proof(_) => "the peer's proof is missing",
            Self::Decision(_) => "no decision was taken on this side",
        }
    }

    pub(super) fn handle_line(self, context: &Context, line: Vec<u8>) -> Result<Step, Failure> {
        match self {
            Self::Greeting(state) => state.handle(context, line),
            Self::Nonce(state) => state.handle(context, line),
            Self::Proof(state) => state.handle(context, &line),
            Self::Tls(_) | Self::Decision(_) => unreachable!("no line is read in these states"),
        }
    }

    pub(super) fn handle_tls_up(self, context: &Context) -> Result<Step, Failure> {
        match self {
            Self::Tls(greeted) => Ok(greeted.authenticate(context, vec![])),
            other => Ok(Step {
                next: Some(other),
                outputs: vec![],
            }),
        }
    }

    pub(super) fn proceed(self, context: &Context) -> Result<Step, Failure> {
        match self {
            Self::Decision(state) => Ok(state.proceed(context)),
            other => Ok(Step {
                next: Some(other),
                outputs: vec![],
            }),
        }
    }

    /// The failure where the connection ends in this state.
    pub(super) fn closed(&self, context: &Context) -> Failure {
        match self {
            Self::Greeting(_) | Self::Nonce(_) => {
                Failure::new(Reason::GreetingClosed, self.awaited())
            }
            Self::Tls(_) => Failure::new(Reason::TlsClosed, self.awaited()),
            Self::Proof(_) if context.role == Role::Initiator => Failure::new(
                Reason::AuthClosed,
                "it got our proof and sent none: most likely the secrets differ",
            ),
            Self::Proof(_) | Self::Decision(_) => {
                Failure::new(Reason::AuthClosed, "before our proof was due")
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct AwaitGreeting;

impl AwaitGreeting {
    fn handle(self, context: &Context, line: Vec<u8>) -> Result<Step, Failure> {
        let peer = Greeting::parse(&line)?;
        // [greeting.node-id.own]
        if peer.node == context.settings.node {
            return Err(Reason::GreetingOwnNodeId.into());
        }
        Ok(Step {
            next: Some(State::Nonce(AwaitNonce { peer, line })),
            outputs: vec![],
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct AwaitNonce {
    peer: Greeting,
    line: Vec<u8>,
}

impl AwaitNonce {
    fn handle(self, context: &Context, nonce: Vec<u8>) -> Result<Step, Failure> {
        let settings = &context.settings;
        let peer = self.peer;
        // [greeting.check.order], [greeting.nonce.distinct]
        if nonce == context.own[1] {
            return Err(Reason::GreetingNonce.into());
        }
        // [tls.use.both], [tls.require.fail]
        let tls = settings.tls && peer.offers_tls();
        if settings.require_tls && !tls {
            return Err(Reason::GreetingTlsRequired.into());
        }
        if settings.secrets.is_none() && !tls {
            return Err(Reason::GreetingNoCredentials.into());
        }
        let method = settings.choose_method(&peer, tls).ok_or_else(|| {
            let list = names(peer.methods.iter().map(|method| method.name()));
            Failure::new(
                Reason::GreetingNoCommonMethod,
                alloc::format!("it accepts {list}"),
            )
        })?;
        let framing = settings.choose_framing(&peer).ok_or_else(|| {
            let list = names(peer.framings.iter().map(|framing| framing.name()));
            Failure::new(
                Reason::GreetingNoCommonFraming,
                alloc::format!("it accepts {list}"),
            )
        })?;
        // [tls.role.lower]
        let role = if context.own[1] < nonce {
            TlsRole::Client
        } else {
            TlsRole::Server
        };
        let greeted = Greeted {
            peer: Arc::new(peer),
            lines: [self.line, nonce],
            method,
            framing,
            tls,
        };
        let mut outputs = vec![Output::Greeted(Arc::clone(&greeted.peer))];
        if tls {
            outputs.push(Output::StartTls(role));
            return Ok(Step {
                next: Some(State::Tls(greeted)),
                outputs,
            });
        }
        Ok(greeted.authenticate(context, outputs))
    }
}

/// Both sides have greeted, and what we shall send is chosen.
#[derive(Clone, Debug)]
pub(super) struct Greeted {
    peer: Arc<Greeting>,
    /// The peer's two lines without terminators.
    lines: [Vec<u8>; 2],
    method: Method,
    framing: Framing,
    tls: bool,
}

impl Greeted {
    /// The initiator proves itself at once (`[auth.send.initiator]`), the acceptor waits
    /// (`[auth.send.acceptor]`).
    fn authenticate(self, context: &Context, mut outputs: Vec<Output>) -> Step {
        if context.role == Role::Initiator {
            outputs.push(self.proof(context, context.secret));
        }
        Step {
            next: Some(State::Proof(AwaitProof { greeted: self })),
            outputs,
        }
    }

    fn proof(&self, context: &Context, secret: usize) -> Output {
        let [line1, line2] = [&context.own, &self.lines].map(|[a, b]| [&a[..], &b[..]]);
        let transcript = Transcript {
            sender: line1,
            receiver: line2,
        };
        let secrets = context.settings.secrets.as_ref();
        let secret = secrets.map(|secrets| secrets.of_attempt(secret));
        let proof = auth::prove(self.method, &transcript, secret);
        Output::Send(AuthLine::new(self.method, &proof, self.framing).to_octets())
    }

    /// The secret that the peer has proved to know; nothing where its method needs none.
    fn verify(
        &self,
        context: &Context,
        method: Method,
        proof: &[u8],
    ) -> Result<Option<usize>, Failure> {
        let [own, peer] = [&context.own, &self.lines].map(|[a, b]| [&a[..], &b[..]]);
        let transcript = Transcript {
            sender: peer,
            receiver: own,
        };
        let name = method.name();
        let failure = |error| match error {
            ProofError::Form => Failure::new(Reason::AuthProofForm, name),
            ProofError::Mismatch => Failure::new(Reason::AuthProof, name),
        };
        if !method.needs_secret() {
            return auth::verify(method, &transcript, proof, None)
                .map(|()| None)
                .map_err(failure);
        }
        let secrets = context
            .settings
            .secrets
            .iter()
            .flat_map(Secrets::iter)
            .enumerate();
        let mut result = Err(Reason::AuthProof.into());
        // [auth.secret.acceptor], [auth.secret.initiator-verify]
        let any = context.role == Role::Acceptor;
        for (index, secret) in secrets.filter(|&(index, _)| any || index == context.secret) {
            match auth::verify(method, &transcript, proof, Some(secret)) {
                Ok(()) => return Ok(Some(index)),
                Err(error) => result = Err(failure(error)),
            }
        }
        result
    }
}

#[derive(Clone, Debug)]
pub(super) struct AwaitProof {
    greeted: Greeted,
}

impl AwaitProof {
    fn handle(self, context: &Context, line: &[u8]) -> Result<Step, Failure> {
        let Self { greeted } = self;
        let settings = &context.settings;
        let line = AuthLine::parse(line)?;
        // [auth.check.order]
        let received_method = line.method()?;
        if !settings.offered().any(|method| method == received_method) {
            return Err(Failure::new(
                Reason::AuthMethodNotOffered,
                received_method.name(),
            ));
        }
        if received_method.is_tls() && !greeted.tls {
            return Err(Failure::new(
                Reason::AuthMethodNeedsTls,
                received_method.name(),
            ));
        }
        let receive_framing = line.framing()?;
        if !settings.framings.contains(&receive_framing) {
            return Err(Failure::new(
                Reason::AuthFramingNotOffered,
                receive_framing.name(),
            ));
        }
        let secret = greeted.verify(context, received_method, line.proof())?;
        let verified = AwaitDecision {
            secret,
            received_method,
            receive_framing,
            greeted,
        };
        Ok(match context.role {
            Role::Initiator => verified.establish(vec![]),
            Role::Acceptor => {
                let outputs = vec![Output::Verified(Arc::clone(&verified.greeted.peer))];
                Step {
                    next: Some(State::Decision(verified)),
                    outputs,
                }
            }
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct AwaitDecision {
    greeted: Greeted,
    received_method: Method,
    receive_framing: Framing,
    secret: Option<usize>,
}

impl AwaitDecision {
    fn proceed(self, context: &Context) -> Step {
        // [auth.secret.acceptor-answer]
        let proof = self.greeted.proof(context, self.secret.unwrap_or(0));
        self.establish(vec![proof])
    }

    fn establish(self, mut outputs: Vec<Output>) -> Step {
        outputs.push(Output::Established(Established {
            peer: self.greeted.peer,
            sent_method: self.greeted.method,
            received_method: self.received_method,
            send_framing: self.greeted.framing,
            receive_framing: self.receive_framing,
            tls: self.greeted.tls,
            secret: self.secret,
        }));
        Step {
            next: None,
            outputs,
        }
    }
}
