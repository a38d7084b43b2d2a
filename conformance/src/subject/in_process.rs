//! The reference core without a connection: handshake and decoder, driven octet by octet.
//!
//! Behind them stands the least node that cases in process need: it answers `snd` round trips on
//! the node port and drops every other message. Nothing waits: what has not come after the kit's
//! last octet does not come.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aemp_proto::auth::{Method, Secrets};
use aemp_proto::framing::{Content, Decoder, Framing, Limits};
use aemp_proto::greeting::Nonce;
use aemp_proto::handshake::TlsRole as CoreTlsRole;
use aemp_proto::handshake::{Handshake, Output, Role as CoreRole, Settings as CoreSettings};
use aemp_proto::{NodeId, Reason};

use super::{Instance, Settings, StartError, State};
use crate::case::Role;
use crate::case::step::TlsRole;
use crate::engine::link::{Arrival, Link, Unsent};
use crate::engine::queue::Queue;
use crate::engine::tls::{TlsFailure, TlsSetup};

/// The core with the settings of a run.
pub struct Core {
    settings: Arc<CoreSettings>,
    role: CoreRole,
    connections: u8,
}

impl Core {
    /// The core as the settings say.
    ///
    /// # Errors
    /// The core refuses the settings.
    pub fn new(settings: &Settings) -> Result<Self, StartError> {
        let kit = |what: &str| StartError::Kit(format!("the core refuses {what}"));
        let node = NodeId::new(settings.node.as_str()).map_err(|_| kit("the node ID"))?;
        // An empty secret is none.
        let secrets = settings.secrets.iter().map(String::as_str);
        let secrets = Secrets::new(secrets).ok();
        let mut core = CoreSettings::new(node, secrets);
        core.tls = settings.certificate.is_some();
        if settings.cleartext {
            core.accept.push(Method::Cleartext);
        }
        core.framings = vec![Framing::Json, Framing::Cbor];
        if settings.framing == crate::wire::Framing::Storable {
            core.framings.push(Framing::Storable);
        }
        core.keys
            .set("instance", &"5".repeat(32))
            .map_err(|_| kit("the instance"))?;
        core.keys
            .set("mproto", "1")
            .map_err(|_| kit("the key mproto"))?;
        let role = match settings.role {
            Role::Acceptor => CoreRole::Acceptor,
            Role::Initiator => CoreRole::Initiator,
        };
        Ok(Self {
            settings: Arc::new(core),
            role,
            connections: 0,
        })
    }
}

impl Instance for Core {
    fn address(&self) -> Option<SocketAddr> {
        None
    }

    fn connect(&mut self) -> Option<Box<dyn Link>> {
        // Nonces are fixed, and different on each connection.
        self.connections = self.connections.wrapping_add(1);
        let nonce = Nonce::new(&[self.connections; Nonce::OCTETS]);
        let handshake = Handshake::new(
            self.settings.clone(),
            self.role,
            &nonce,
            None,
            Duration::ZERO,
        );
        let mut link = CoreLink {
            handshake,
            decoder: None,
            framing: Framing::Json,
            input: Queue::default(),
            output: VecDeque::new(),
            wants_tls: None,
            failure: None,
            ended: false,
            now: Duration::ZERO,
        };
        link.drive();
        Some(Box::new(link))
    }

    fn state(&mut self, _: Instant) -> State {
        State::Running
    }
}

struct CoreLink {
    handshake: Handshake,
    decoder: Option<Decoder>,
    framing: Framing,
    input: Queue,
    output: VecDeque<Vec<u8>>,
    wants_tls: Option<CoreTlsRole>,
    failure: Option<String>,
    ended: bool,
    now: Duration,
}

impl CoreLink {
    fn fail(&mut self, reason: Reason) {
        self.failure.get_or_insert_with(|| reason.to_string());
        self.ended = true;
        self.input.take();
    }

    /// Feeds what has arrived to whoever is next, until nothing changes.
    fn drive(&mut self) {
        while !self.ended {
            while let Some(output) = self.handshake.poll() {
                match output {
                    Output::Send(octets) => self.output.push_back(octets),
                    Output::StartTls(role) => self.wants_tls = Some(role),
                    Output::Verified(_) => self.handshake.proceed(),
                    Output::Established(established) => {
                        self.framing = established.send_framing;
                        let limits = Limits::default();
                        self.decoder = Some(Decoder::new(established.receive_framing, limits));
                    }
                    Output::Failed(failure) => return self.fail(failure.reason()),
                    _ => {}
                }
            }
            if self.wants_tls.is_some() || self.input.is_empty() {
                return;
            }
            let used = match &mut self.decoder {
                None => self.handshake.handle_input(&self.input),
                Some(decoder) => match decoder.next(&self.input) {
                    Ok(None) => 0,
                    Ok(Some(frame)) => {
                        let message = match frame.content() {
                            Content::Message(layout) => {
                                Some(layout.open(decoder.framing(), &self.input))
                            }
                            Content::Rewritten(layout, octets) => {
                                Some(layout.open(decoder.framing(), octets))
                            }
                            _ => None,
                        };
                        let answer = message.and_then(|m| answer(m.port(), &m.args().values()));
                        if let Some((port, values)) = answer {
                            let (mut octets, limits) = (Vec::new(), Limits::default());
                            let sent =
                                self.framing
                                    .encode_values(&port, &values, &limits, &mut octets);
                            if sent.is_ok() {
                                self.output.push_back(octets);
                            }
                        }
                        frame.len()
                    }
                    Err(failure) => return self.fail(failure.reason()),
                },
            };
            if used == 0 {
                // A handshake that ends uses nothing; its outputs say so in the next turn.
                if let Some(output) = self.handshake.poll() {
                    if let Output::Failed(failure) = output {
                        return self.fail(failure.reason());
                    }
                    self.output.extend(sent(output));
                    continue;
                }
                return;
            }
            self.input.release(used);
        }
    }

    fn end(&mut self) {
        if self.ended {
            return;
        }
        match &mut self.decoder {
            None => {
                self.handshake.handle_eof();
                self.drive();
            }
            Some(decoder) => match decoder.finish(&self.input) {
                Ok(_) => self.fail(Reason::LinkClosed),
                Err(failure) => self.fail(failure.reason()),
            },
        }
        self.ended = true;
    }
}

fn sent(output: Output) -> Option<Vec<u8>> {
    match output {
        Output::Send(octets) => Some(octets),
        _ => None,
    }
}

/// What a node answers to a `snd` request on its node port: the message that it passes on.
fn answer(
    port: &str,
    arguments: &[aemp_proto::value::Value],
) -> Option<(String, Vec<aemp_proto::value::Value>)> {
    use aemp_proto::value::Value;
    let text = |at: usize| match arguments.get(at) {
        Some(Value::Text(text)) => Some(text.clone()),
        Some(Value::Octets(octets)) => String::from_utf8(octets.clone()).ok(),
        _ => None,
    };
    if !port.is_empty() || text(0)? != "snd" {
        return None;
    }
    let target = text(1)?;
    let (_, port) = target.split_once('#')?;
    Some((port.to_owned(), arguments[2..].to_vec()))
}

impl Link for CoreLink {
    fn send(&mut self, octets: &[u8]) -> Result<(), Unsent> {
        if self.ended {
            return Err(Unsent::Ended);
        }
        self.input.push(octets);
        self.drive();
        Ok(())
    }

    fn receive(&mut self, _: Instant) -> Arrival {
        match self.output.pop_front() {
            Some(octets) => Arrival::Octets(octets),
            None if self.ended => Arrival::End { reset: false },
            None => Arrival::Late,
        }
    }

    fn start_tls(
        &mut self,
        _: &TlsSetup,
        role: TlsRole,
        _: Vec<u8>,
        _: Instant,
    ) -> Result<(), TlsFailure> {
        let opposite = match role {
            TlsRole::Client => CoreTlsRole::Server,
            TlsRole::Server => CoreTlsRole::Client,
        };
        match self.wants_tls.take() {
            Some(wanted) if wanted == opposite => {
                self.handshake.handle_tls_up();
                self.drive();
                Ok(())
            }
            Some(CoreTlsRole::Client) => {
                Err(TlsFailure::Refused("the core is the client too".to_owned()))
            }
            Some(CoreTlsRole::Server) => {
                Err(TlsFailure::Refused("the core is the server too".to_owned()))
            }
            None => Err(TlsFailure::Refused(
                "the core does not start TLS".to_owned(),
            )),
        }
    }

    fn shutdown_write(&mut self) {
        self.end();
    }

    fn close(&mut self) {
        self.end();
    }

    fn cut(&mut self) {
        self.end();
    }

    fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
        self.handshake.handle_timeout(self.now);
        self.drive();
    }
}
