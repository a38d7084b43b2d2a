//! Listening, and what comes in.

use std::{io, net::SocketAddr};

use aemp_proto::Stage;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::{
    handshake::{self, Side},
    link,
};
use crate::{config::Address, log::log, node::Node};

/// Opens the sockets of one address.
pub(crate) async fn bind(address: &Address) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut refused = None;
    for at in address.resolve().await? {
        match open(at) {
            Ok(listener) => listeners.push(listener),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        // Of `*` one kind of address is enough: not every machine has IPv6.
        Some(error) if listeners.is_empty() || address.host() != "*" => Err(error),
        _ => Ok(listeners),
    }
}

fn open(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(4096)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until the node stops.
pub(crate) async fn accept(node: Node, listener: TcpListener) {
    let mut stopping = node.inner().stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((tcp, address)) => {
                let links = &node.inner().links;
                match links.admit(address.ip(), &node.config().limits) {
                    Ok(()) => drop(tokio::spawn(greet(node.clone(), tcp, address))),
                    Err(failure) => {
                        log!(&node, warn, address = address; "a connection was closed: {failure}");
                    }
                }
            }
            Err(error) => {
                // Of one connection, or of a lack of descriptors that others may give back.
                log!(&node, warn; "a connection was not accepted: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
}

async fn greet(node: Node, tcp: TcpStream, address: SocketAddr) {
    handshake::prepare(&tcp);
    let outcome = handshake::run(&node, tcp, address, Side::Accepted).await;
    node.inner().links.release(address.ip());
    match outcome {
        Ok(linked) => {
            node.inner().counters.links.add();
            // A task of its own: the memory of the handshake is not kept with the link.
            tokio::spawn(link::drive(node, linked));
        }
        Err(unlinked) => {
            node.inner().counters.handshakes_failed.add();
            let failure = unlinked.failure;
            let peer = unlinked
                .peer
                .map_or_else(String::new, |peer| format!(" ({peer})"));
            if matches!(failure.stage(), Stage::Link) {
                log!(&node, debug, address = address; "a connection{peer} ended: {failure}");
            } else {
                log!(&node, warn, address = address; "a node{peer} could not connect: {failure}");
            }
        }
    }
}
