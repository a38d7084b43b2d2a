//! The subject of one run and the kit's listeners for it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::link::{Link, TcpLink};
use crate::subject::{Instance, StartError, State};

/// How long a wait for a connection goes on before the subject is looked at.
const SLICE: Duration = Duration::from_millis(100);

/// The subject as started for a run, and where the kit awaits it.
pub struct Stage {
    /// The subject.
    pub instance: Box<dyn Instance>,
    listeners: BTreeMap<String, TcpListener>,
    /// Sockets that keep the addresses of parties that do not listen at the moment.
    refusing: BTreeMap<String, Socket>,
    in_process: bool,
    limit: Duration,
}

impl Stage {
    /// A stage.
    pub fn new(
        instance: Box<dyn Instance>,
        listeners: BTreeMap<String, TcpListener>,
        in_process: bool,
        limit: Duration,
    ) -> Self {
        Self {
            instance,
            listeners,
            refusing: BTreeMap::new(),
            in_process,
            limit,
        }
    }

    /// The subject, when the run is over.
    pub fn into_instance(self) -> Box<dyn Instance> {
        self.instance
    }

    /// Where a party listens.
    pub fn listener_address(&self, party: &str) -> Option<SocketAddr> {
        self.listeners.get(party)?.local_addr().ok()
    }

    /// Where the subject listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.instance.address()
    }

    /// Dials the subject; `narrow`: with little room for what the kit does not read.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn dial(&mut self, narrow: bool) -> Result<Box<dyn Link>, String> {
        if self.in_process {
            return self
                .instance
                .connect()
                .ok_or_else(|| "no connection in process".to_owned());
        }
        let address = self.address().ok_or("the subject does not listen")?;
        let link = TcpLink::dial(address, self.limit, narrow)
            .map_err(|error| format!("dialling {address}: {error}"))?;
        Ok(Box::new(link))
    }

    /// Waits for the subject to dial a party; `None` if it has not by the deadline or has ended.
    ///
    /// # Errors
    /// The kit's listener failed.
    pub fn accept(
        &mut self,
        party: &str,
        deadline: Instant,
    ) -> Result<Option<Box<dyn Link>>, String> {
        if self.in_process {
            return Ok(self.instance.connect());
        }
        let listener = self
            .listeners
            .get(party)
            .ok_or_else(|| format!("party {party:?} does not listen"))?;
        let listener = listener.try_clone().map_err(|error| error.to_string())?;
        // In slices, so that the end of a subject that never dials is seen at once.
        let stream = loop {
            let slice = deadline.min(Instant::now() + SLICE);
            let stream = accept_until(&listener, slice).map_err(|error| error.to_string())?;
            let over = slice == deadline || self.instance.has_ended();
            if stream.is_some() || over {
                break stream;
            }
        };
        match stream {
            None => Ok(None),
            Some(stream) => {
                let link = TcpLink::new(stream, self.limit).map_err(|error| error.to_string())?;
                Ok(Some(Box::new(link)))
            }
        }
    }

    /// Lets the address of a party refuse connections; those that wait there are reset.
    ///
    /// # Errors
    /// It does not listen, or its address cannot be kept.
    pub fn refuse(&mut self, party: &str) -> Result<(), String> {
        let listener = self.listeners.remove(party);
        let listener = listener.ok_or_else(|| format!("party {party:?} does not listen"))?;
        let keep = |listener: TcpListener| -> std::io::Result<Socket> {
            let address = listener.local_addr()?;
            drop(listener);
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            Ok(socket)
        };
        let socket = keep(listener).map_err(|error| format!("the address of {party}: {error}"))?;
        self.refusing.insert(party.to_owned(), socket);
        Ok(())
    }

    /// Lets a party that refuses connections listen again.
    ///
    /// # Errors
    /// It does not refuse, or cannot listen.
    pub fn listen(&mut self, party: &str) -> Result<(), String> {
        let socket = self.refusing.remove(party);
        let socket = socket.ok_or_else(|| format!("party {party:?} does not refuse"))?;
        let listening = socket.listen(128);
        listening.map_err(|error| format!("{party} does not listen again: {error}"))?;
        self.listeners.insert(party.to_owned(), socket.into());
        Ok(())
    }

    /// Whether the subject is still there.
    pub fn state(&mut self, deadline: Instant) -> State {
        self.instance.state(deadline)
    }

    /// Restarts the subject.
    ///
    /// # Errors
    /// It did not get ready.
    pub fn restart(&mut self, within: Duration) -> Result<(), StartError> {
        self.instance.restart(within)
    }
}

/// The next connection, or nothing at the deadline.
fn accept_until(
    listener: &TcpListener,
    deadline: Instant,
) -> std::io::Result<Option<std::net::TcpStream>> {
    // The standard library cannot wait for a connection with a limit, but a read time limit on
    // the socket holds for accept too.
    let socket = socket2::SockRef::from(listener);
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    socket.set_read_timeout(Some(left))?;
    match listener.accept() {
        Ok((stream, _)) => {
            stream.set_read_timeout(None)?;
            Ok(Some(stream))
        }
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
