//! Drives one handshake of the core over TCP and TLS.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aemp_proto::{
    Failure, NodeId, Reason,
    greeting::Nonce,
    handshake::{Established, Handshake, Output, Role, TlsRole},
    link::{ConnectionId, Verdict},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::{
    links::Order,
    peer::Peer,
    stream::{Prefixed, Stream},
};
use crate::{log::log, node::Node};

/// Octets behind the authentication line that are kept while it is decided about the connection.
const EARLY: usize = 64 << 10;

/// Who has made a connection, and what for.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a> {
    Accepted,
    Dialled {
        /// The node that is to be reached; none where anybody is welcome.
        wanted: Option<&'a NodeId>,
        /// Chooses the secret.
        turn: usize,
    },
}

/// A connection that has become the link.
pub(crate) struct Linked {
    pub(crate) id: ConnectionId,
    pub(crate) peer: Arc<Peer>,
    pub(crate) stream: Stream,
    /// Octets that came behind the authentication line.
    pub(crate) early: Vec<u8>,
    pub(crate) established: Established,
}

/// A handshake that has failed, and with whom, if that was seen.
pub(crate) struct Unlinked {
    pub(crate) failure: Failure,
    pub(crate) peer: Option<NodeId>,
}

/// Sets the options of every connection.
pub(crate) fn prepare(tcp: &TcpStream) {
    let socket = socket2::SockRef::from(tcp);
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15));
    // Each of them only makes the connection better; none is worth failing for.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(Duration::from_secs(60)));
}

/// Runs a handshake to its end.
pub(crate) async fn run(
    node: &Node,
    tcp: TcpStream,
    address: SocketAddr,
    side: Side<'_>,
) -> Result<Linked, Unlinked> {
    let unlinked = |failure: Failure| Unlinked {
        failure,
        peer: None,
    };
    let Some(settings) = node.inner().settings.clone() else {
        return Err(unlinked(Reason::GreetingNoCredentials.into()));
    };
    let (role, wanted, turn) = match side {
        Side::Accepted => (Role::Acceptor, None, 0),
        Side::Dialled { wanted, turn } => (Role::Initiator, wanted, turn),
    };
    let Some((id, orders)) = node.inner().links.begin(role, wanted) else {
        return Err(unlinked(Reason::LinkStopped.into()));
    };
    let mut random = [0; Nonce::OCTETS];
    if let Err(error) = getrandom::fill(&mut random) {
        node.inner().links.ended(node, id, None);
        let text = format!("the system gives no random octets: {error}");
        return Err(unlinked(Failure::new(Reason::LinkIo, text)));
    }
    let handshake = Handshake::new(
        settings,
        role,
        &Nonce::new(&random),
        Some(&address.to_string()),
        node.now(),
    );
    let mut driver = Driver {
        node,
        id,
        handshake: handshake.with_secret(turn),
        stream: Some(Stream::Plain(tcp)),
        input: Vec::new(),
        orders,
        wanted,
        peer: None,
    };
    let outcome = driver.drive().await;
    let outcome = outcome.and_then(|established| {
        let dialled = role == Role::Initiator;
        let peer = node
            .inner()
            .links
            .established(node, id, dialled, &established)?;
        let stream = driver.stream.take().ok_or(Reason::LinkIo)?;
        Ok((established, peer, stream))
    });
    match outcome {
        Ok((established, peer, stream)) => Ok(Linked {
            id,
            peer,
            stream,
            early: driver.input,
            established,
        }),
        Err(failure) => {
            node.inner().links.ended(node, id, driver.peer.as_ref());
            Err(Unlinked {
                failure,
                peer: driver.peer,
            })
        }
    }
}

struct Driver<'a> {
    node: &'a Node,
    id: ConnectionId,
    handshake: Handshake,
    stream: Option<Stream>,
    input: Vec<u8>,
    orders: mpsc::UnboundedReceiver<Order>,
    wanted: Option<&'a NodeId>,
    peer: Option<NodeId>,
}

impl Driver<'_> {
    async fn drive(&mut self) -> Result<Established, Failure> {
        loop {
            while let Some(output) = self.handshake.poll() {
                if let Some(established) = self.carry_out(output).await? {
                    return Ok(established);
                }
            }
            if self.consume() > 0 {
                continue;
            }
            self.wait().await;
        }
    }

    /// Gives the handshake what it wants of the input.
    fn consume(&mut self) -> usize {
        if self.input.is_empty() {
            return 0;
        }
        let used = self.handshake.handle_input(&self.input);
        self.input.drain(..used);
        used
    }

    async fn carry_out(&mut self, output: Output) -> Result<Option<Established>, Failure> {
        match output {
            Output::Send(octets) => self.send(&octets).await,
            Output::Greeted(peer) => {
                self.peer = Some(peer.node.clone());
                if let Some(wanted) = self.wanted.filter(|wanted| **wanted != peer.node) {
                    // [link.queue.other-node]
                    let text = format!("{} greets where {wanted} was said to be", peer.node);
                    let failure = Failure::new(Reason::LinkOtherNode, text);
                    self.handshake.refuse(failure);
                } else if self.node.inner().links.greeted(self.id, &peer) == Verdict::Refuse {
                    self.handshake.refuse(Reason::LinkDuplicate.into());
                }
            }
            Output::StartTls(role) => self.start_tls(role).await,
            Output::Verified(peer) => self.node.inner().links.verified(self.node, self.id, &peer),
            Output::Established(established) => return Ok(Some(established)),
            Output::Failed(failure) => return Err(failure),
            other => {
                let text = format!("a step of the handshake is not known: {other:?}");
                return Err(Failure::new(Reason::LinkIo, text));
            }
        }
        Ok(None)
    }

    async fn send(&mut self, octets: &[u8]) {
        let left = self.left();
        let Some(stream) = &mut self.stream else {
            return;
        };
        let sent = async {
            stream.write_all(octets).await?;
            stream.flush().await
        };
        match tokio::time::timeout(left, sent).await {
            Ok(Ok(())) => {}
            // What the peer has said before it closed may say more than the error: reading goes on.
            Ok(Err(error)) => {
                log!(&self.node, debug; "a handshake line was not sent: {error}");
            }
            Err(_) => self.handshake.handle_timeout(self.node.now()),
        }
    }

    async fn start_tls(&mut self, role: TlsRole) {
        let Some(Stream::Plain(tcp)) = self.stream.take() else {
            return;
        };
        let left = self.left();
        // What the handshake has left belongs to TLS.
        let tcp = Prefixed::new(tcp, std::mem::take(&mut self.input));
        let up = super::tls::start(self.node, role, tcp);
        let up = tokio::time::timeout(left, up);
        let up = tokio::select! {
            up = up => up,
            order = self.orders.recv() => {
                // [link.stop.handshakes]: nothing else is ordered before the peer has proved itself.
                let failure = match order {
                    Some(Order::Refuse(failure)) => failure,
                    Some(Order::Proceed) | None => Reason::LinkStopped.into(),
                };
                return self.handshake.refuse(failure);
            }
        };
        match up {
            Ok(Ok(stream)) => {
                self.stream = Some(Stream::Tls(Box::new(stream)));
                self.handshake.handle_tls_up();
            }
            Ok(Err(error)) => {
                let certificate = super::tls::is_certificate(&error);
                self.handshake
                    .handle_tls_failed(certificate, error.to_string());
            }
            Err(_) => self.handshake.handle_timeout(self.node.now()),
        }
    }

    /// Waits for input, an order or the time limit.
    async fn wait(&mut self) {
        let left = self.left();
        let full = self.input.len() >= EARLY;
        let Some(stream) = &mut self.stream else {
            return self.handshake.handle_eof();
        };
        self.input.reserve(1024);
        tokio::select! {
            order = self.orders.recv() => match order {
                Some(Order::Proceed) => self.handshake.proceed(),
                Some(Order::Refuse(failure)) => self.handshake.refuse(failure),
                None => self.handshake.refuse(Reason::LinkStopped.into()),
            },
            read = stream.read_buf(&mut self.input), if !full => match read {
                Ok(0) => self.handshake.handle_eof(),
                Ok(_) => {}
                Err(error) => {
                    log!(&self.node, debug; "a handshake broke: {error}");
                    self.handshake.handle_eof();
                }
            },
            () = tokio::time::sleep(left) => self.handshake.handle_timeout(self.node.now()),
        }
    }

    /// The time until the handshake's limit, and a little more.
    fn left(&self) -> Duration {
        let at = self.handshake.next_timeout().unwrap_or_default();
        at.saturating_sub(self.node.now()) + Duration::from_millis(1)
    }
}
