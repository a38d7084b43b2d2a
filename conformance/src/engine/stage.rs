//! The subject of one run and the kit's listeners for it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::link::{Link, TcpLink};
use crate::subject::{Instance, StartError, State, nothing_starts};

/// How long a wait for a connection goes on before the subject is looked at.
const SLICE: Duration = Duration::from_millis(100);

/// How long the address of a listener that was closed may stay in use.
const FREED: Duration = Duration::from_secs(5);

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

    /// Whether the kit awaits the subject anywhere.
    pub fn listens(&self) -> bool {
        !self.listeners.is_empty()
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
            // A program that is being started holds the listener a moment longer, the last of it
            // even after it counts as started; nothing tells when.
            let _quiet = nothing_starts();
            drop(listener);
            let deadline = Instant::now() + FREED;
            loop {
                let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
                socket.set_reuse_address(true)?;
                match socket.bind(&address.into()) {
                    Err(error)
                        if error.kind() == std::io::ErrorKind::AddrInUse
                            && Instant::now() < deadline =>
                    {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    bound => return bound.map(|()| socket),
                }
            }
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
        self.instance.end();
        // What the old one dialled and nobody has accepted is no connection of the new one.
        for listener in self.listeners.values() {
            let drained = drain(listener);
            drained.map_err(|error| StartError::Kit(format!("a listener: {error}")))?;
        }
        self.instance.restart(within)
    }
}

/// Lets go of the connections that wait at a listener.
fn drain(listener: &TcpListener) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    while listener.accept().is_ok() {}
    listener.set_nonblocking(false)
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    /// Dials a listener when it starts, and says how often it has started.
    struct Dialler {
        to: SocketAddr,
        starts: u8,
        held: Option<TcpStream>,
    }

    impl Dialler {
        fn dial(&mut self) {
            self.starts += 1;
            let mut stream = TcpStream::connect(self.to).unwrap();
            stream.write_all(&[self.starts]).unwrap();
            self.held = Some(stream);
        }
    }

    impl Instance for Dialler {
        fn address(&self) -> Option<SocketAddr> {
            None
        }

        fn state(&mut self, _: Instant) -> State {
            State::Running
        }

        fn end(&mut self) {
            self.held = None;
        }

        fn restart(&mut self, _: Duration) -> Result<(), StartError> {
            self.dial();
            Ok(())
        }
    }

    #[test]
    fn what_a_subject_dialled_before_its_restart_is_not_accepted_after_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut dialler = Dialler {
            to: listener.local_addr().unwrap(),
            starts: 0,
            held: None,
        };
        dialler.dial();
        let limit = Duration::from_secs(60);
        let listeners = BTreeMap::from([("kit".to_owned(), listener)]);
        let mut stage = Stage::new(Box::new(dialler), listeners, false, limit);
        stage.restart(limit).unwrap();
        let listener = stage.listeners["kit"].try_clone().unwrap();
        let accepted = accept_until(&listener, Instant::now() + limit).unwrap();
        let mut first = [0];
        accepted.unwrap().read_exact(&mut first).unwrap();
        assert_eq!(first, [2]);
    }
}
