//! What carries octets between the kit and a subject.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::tls::{self, TlsFailure, TlsSetup};
use crate::case::step::TlsRole;

/// What came from the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Octets.
    Octets(Vec<u8>),
    /// The end of the connection; a TCP reset or an orderly close.
    End {
        /// Whether it was a reset.
        reset: bool,
    },
    /// Nothing up to the deadline.
    Late,
}

/// Why octets could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The connection has ended.
    Ended,
    /// The subject reads nothing any more.
    Stuck,
}

/// A connection to a subject.
pub trait Link: Send {
    /// Sends octets in one write.
    ///
    /// # Errors
    /// The connection has ended, or nothing is read on the other side.
    fn send(&mut self, octets: &[u8]) -> Result<(), Unsent>;

    /// Sends octets outside TLS, though it may be up.
    ///
    /// # Errors
    /// As for [`Self::send`].
    fn send_clear(&mut self, octets: &[u8]) -> Result<(), Unsent> {
        self.send(octets)
    }

    /// Keeps octets for the next write; in process, where writes mean nothing, sends them.
    fn hold(&mut self, octets: &[u8]) {
        // An end is left to the steps that expect something.
        let _ended = self.send(octets);
    }

    /// The next octets, or the end.
    fn receive(&mut self, deadline: Instant) -> Arrival;

    /// Goes over to TLS; `early` are octets that have already arrived.
    ///
    /// # Errors
    /// The handshake failed, and how.
    fn start_tls(
        &mut self,
        setup: &TlsSetup,
        role: TlsRole,
        early: Vec<u8>,
        deadline: Instant,
    ) -> Result<(), TlsFailure>;

    /// Ends the kit's direction.
    fn shutdown_write(&mut self);

    /// Closes.
    fn close(&mut self);

    /// Ends abruptly.
    fn cut(&mut self);

    /// After an orderly end of what it sends: whether the subject has ended the other direction too,
    /// without waiting for the kit to do so. In process there is one end only.
    fn closed(&mut self, _deadline: Instant) -> bool {
        true
    }

    /// The failure (`stage.reason`) that a core in process gave; `None` where none is to be seen.
    fn failure(&self) -> Option<String> {
        None
    }

    /// Lets time pass, in process.
    fn advance(&mut self, _by: Duration) {}

    /// Stops reading, but for what one read may still bring, or goes on; in process nothing waits.
    fn reading(&mut self, _on: bool) {}
}

/// Octets that a narrow end takes in beyond what the kit reads.
const NARROW: usize = 64 << 10;
/// Between two tries to write to a connection whose other end may be closed.
const AGAIN: Duration = Duration::from_millis(1);

/// Whether a thread may read on.
#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        *self.shut.lock().expect("no thread panics with it") = shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let shut = self.shut.lock().expect("no thread panics with it");
        let passed = self.changed.wait_while(shut, |shut| *shut);
        drop(passed.expect("no thread panics with it"));
    }
}

/// A TCP connection, with a thread that reads it.
pub struct TcpLink {
    stream: TcpStream,
    gate: Arc<Gate>,
    arrivals: Receiver<Arrival>,
    tls: Option<Box<rustls::Connection>>,
    /// What comes over TCP is not looked at any more: TLS has ended, or was never that.
    tls_over: bool,
    ended: Option<bool>,
    held: Vec<u8>,
}

impl TcpLink {
    /// Dials a subject.
    ///
    /// # Errors
    /// No connection came about in time.
    pub fn dial(address: SocketAddr, within: Duration, narrow: bool) -> std::io::Result<Self> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
        if narrow {
            // Before there is a connection: later it may be too late for the window.
            socket.set_recv_buffer_size(NARROW)?;
        }
        socket.connect_timeout(&address.into(), within)?;
        Self::new(socket.into(), within)
    }

    /// Takes a connection that has been made.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn new(stream: TcpStream, write_limit: Duration) -> std::io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(write_limit))?;
        // Bounded, so that a subject that floods the kit meets TCP's own flow control.
        let (sender, arrivals) = sync_channel(1024);
        let reader = stream.try_clone()?;
        let gate = Arc::new(Gate::default());
        let open = Arc::clone(&gate);
        std::thread::Builder::new()
            .name("reader".to_owned())
            .stack_size(256 << 10)
            .spawn(move || read_all(reader, &sender, &open))?;
        Ok(Self {
            stream,
            gate,
            arrivals,
            tls: None,
            tls_over: false,
            ended: None,
            held: Vec::new(),
        })
    }

    fn raw(&mut self, deadline: Instant) -> Arrival {
        if let Some(reset) = self.ended {
            return Arrival::End { reset };
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let arrival = match self.arrivals.recv_timeout(left) {
            Ok(arrival) => arrival,
            Err(RecvTimeoutError::Timeout) => Arrival::Late,
            Err(RecvTimeoutError::Disconnected) => Arrival::End { reset: true },
        };
        if let Arrival::End { reset } = arrival {
            self.ended = Some(reset);
        }
        arrival
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Unsent> {
        let held = [std::mem::take(&mut self.held).as_slice(), octets].concat();
        self.stream
            .write_all(&held)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => Unsent::Stuck,
                _ => Unsent::Ended,
            })
    }
}

fn read_all(mut stream: TcpStream, sender: &SyncSender<Arrival>, gate: &Gate) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        gate.pass();
        let arrival = match stream.read(&mut buffer) {
            Ok(0) => Arrival::End { reset: false },
            Ok(count) => Arrival::Octets(buffer[..count].to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => Arrival::End { reset: true },
        };
        let end = matches!(arrival, Arrival::End { .. });
        if sender.send(arrival).is_err() || end {
            return;
        }
    }
}

impl Link for TcpLink {
    fn send(&mut self, octets: &[u8]) -> Result<(), Unsent> {
        match self.tls.take() {
            None => self.write(octets),
            Some(mut tls) => {
                let sealed = tls::seal(&mut tls, octets);
                self.tls = Some(tls);
                self.write(&sealed.map_err(|_| Unsent::Ended)?)
            }
        }
    }

    fn send_clear(&mut self, octets: &[u8]) -> Result<(), Unsent> {
        self.write(octets)
    }

    fn hold(&mut self, octets: &[u8]) {
        self.held.extend_from_slice(octets);
    }

    fn receive(&mut self, deadline: Instant) -> Arrival {
        // What came with the end of the TLS handshake is inside already.
        if let Some(tls) = self.tls.as_mut()
            && !self.tls_over
            && let Ok(octets) = tls::open(tls, &[])
            && !octets.is_empty()
        {
            return Arrival::Octets(octets);
        }
        loop {
            let arrival = self.raw(deadline);
            let Some(tls) = self.tls.as_mut() else {
                return arrival;
            };
            let Arrival::Octets(sealed) = arrival else {
                return arrival;
            };
            if self.tls_over {
                continue;
            }
            match tls::open(tls, &sealed) {
                Ok(octets) if octets.is_empty() => {}
                Ok(octets) => return Arrival::Octets(octets),
                // An alert is not yet the end that a failure asks for: that is TCP's.
                Err(_) => self.tls_over = true,
            }
        }
    }

    fn start_tls(
        &mut self,
        setup: &TlsSetup,
        role: TlsRole,
        early: Vec<u8>,
        deadline: Instant,
    ) -> Result<(), TlsFailure> {
        let mut connection = setup.connection(role)?;
        let mut early = Some(early).filter(|early| !early.is_empty());
        loop {
            let out = tls::pending(&mut connection);
            if !out.is_empty() {
                self.write(&out)
                    .map_err(|_| TlsFailure::Refused("the connection ended".into()))?;
            }
            if !connection.is_handshaking() {
                if connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
                    return Err(TlsFailure::Refused("a TLS session was resumed".into()));
                }
                self.tls = Some(Box::new(connection));
                return Ok(());
            }
            let arrival = match early.take() {
                Some(early) => Arrival::Octets(early),
                None => self.raw(deadline),
            };
            match arrival {
                Arrival::Octets(octets) => {
                    let opened = tls::feed(&mut connection, &octets);
                    if let Err(why) = opened {
                        let alert = tls::pending(&mut connection);
                        // The alert is a courtesy; the failure is already known.
                        let _ = self.write(&alert);
                        return Err(TlsFailure::Refused(why));
                    }
                }
                Arrival::End { .. } => {
                    return Err(TlsFailure::Refused("the subject closed".into()));
                }
                Arrival::Late => return Err(TlsFailure::Late),
            }
        }
    }

    fn shutdown_write(&mut self) {
        // An error means that there is nothing left to end.
        drop(self.stream.shutdown(Shutdown::Write));
    }

    fn close(&mut self) {
        drop(self.stream.shutdown(Shutdown::Both));
        self.gate.set(false);
    }

    fn closed(&mut self, deadline: Instant) -> bool {
        // Octets for an end that is closed are answered by a reset, and nothing but the next write
        // shows that it has come: the reading side ended before.
        while self.stream.write(b"\n").is_ok() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(AGAIN);
        }
        true
    }

    fn reading(&mut self, on: bool) {
        self.gate.set(!on);
    }

    fn cut(&mut self) {
        drop(socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)));
        drop(self.stream.shutdown(Shutdown::Read));
        self.gate.set(false);
        self.ended = Some(true);
        // The reset goes out when the last handle is closed; the reader holds the other one and
        // ends with the shutdown above.
        if let Ok(placeholder) = unconnected() {
            self.stream = placeholder;
        }
    }
}

/// A socket that is connected to nothing, to stand where a cut one was.
fn unconnected() -> std::io::Result<TcpStream> {
    Ok(socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?.into())
}

impl Drop for TcpLink {
    fn drop(&mut self) {
        self.close();
    }
}
