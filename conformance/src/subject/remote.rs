//! Subjects that somebody else runs: one that listens, one that dials the kit.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use super::{Instance, Settings, StartError, State, Subject};
use crate::case::{Role, Way};

/// A subject that listens.
pub struct Connect {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Subject for Connect {
    fn name(&self) -> String {
        format!("subject at {}", self.address)
    }

    fn takes(&self, role: Role, way: Way) -> bool {
        role == Role::Acceptor && way == Way::Live
    }

    fn configurable(&self) -> bool {
        false
    }

    fn parallel(&self) -> usize {
        4
    }

    fn start(&self, _: &Settings, within: Duration) -> Result<Box<dyn Instance>, StartError> {
        std::net::TcpStream::connect_timeout(&self.address, within)
            .map_err(|error| StartError::Crash(format!("{}: {error}", self.address)))?;
        Ok(Box::new(Remote {
            address: Some(self.address),
        }))
    }
}

/// A subject that dials the kit.
pub struct Listen {
    listener: TcpListener,
}

impl Listen {
    /// Awaits it at an address.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn bind(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address)?,
        })
    }

    /// Where it is awaited.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }
}

impl Subject for Listen {
    fn name(&self) -> String {
        match self.address() {
            Some(address) => format!("subject that dials {address}"),
            None => "subject that dials".to_owned(),
        }
    }

    fn takes(&self, role: Role, way: Way) -> bool {
        role == Role::Initiator && way == Way::Live
    }

    fn configurable(&self) -> bool {
        false
    }

    fn parallel(&self) -> usize {
        1
    }

    fn listener(&self) -> Option<TcpListener> {
        self.listener.try_clone().ok()
    }

    fn start(&self, _: &Settings, _: Duration) -> Result<Box<dyn Instance>, StartError> {
        Ok(Box::new(Remote { address: None }))
    }
}

struct Remote {
    address: Option<SocketAddr>,
}

impl Instance for Remote {
    fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    fn dials_within(&self) -> f64 {
        // It tries again when it likes, and waits longer after each handshake that the kit spoilt.
        if self.address.is_some() { 10.0 } else { 90.0 }
    }

    fn state(&mut self, deadline: Instant) -> State {
        let Some(address) = self.address else {
            return State::Running;
        };
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        match std::net::TcpStream::connect_timeout(&address, left) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                State::Ended(format!("{address} refuses connections"))
            }
            _ => State::Running,
        }
    }
}
