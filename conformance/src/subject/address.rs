//! Addresses that the kit gives to the subjects that it starts.
//!
//! A subject is told where to listen before it runs, so from the choice of a port to the subject's
//! own `listen` nobody holds that port. What could take it meanwhile:
//!
//! - a connection that goes out, or a listener without a port of its own: the system gives those
//!   ports of its ephemeral range, and the kit takes ports outside of it;
//! - another subject, of this kit or of one that runs beside it: each port is claimed as long as it
//!   is in use, by the UDP port of the same number, which ends with the process that holds it;
//! - the kit itself: the socket that tries whether a port is free would be inherited by a program
//!   that another thread starts at that moment, and live on until that program is loaded. It never
//!   listens, so nobody can connect to it, and no program is started while it is open.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::{self, Read as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::program::nothing_starts;

/// Ports below are often those of services.
const LOWEST: u16 = 10_000;
/// Ports that must be there for a range to be worth choosing from.
const ENOUGH: usize = 1_000;
/// How long the other end of a connection may take to end it too.
const PARTING: Duration = Duration::from_millis(500);
/// How long a connection may take; on one machine it is there at once or not at all.
const PATIENCE: Duration = Duration::from_secs(1);
/// Ports that are tried.
const TRIES: usize = 256;

/// A TCP address of this machine that no other subject gets while this lives.
#[derive(Debug)]
pub(crate) struct Reserved {
    address: SocketAddr,
    /// The UDP port of the same number, for nothing but to be held.
    _claim: UdpSocket,
}

impl Reserved {
    /// Reserves a port of an address on which nothing listens.
    ///
    /// # Errors
    /// No port of many was free.
    pub(crate) fn new(host: IpAddr) -> io::Result<Self> {
        let ports = quiet_ports(ephemeral_ports());
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for _ in 0..TRIES {
            let random = RandomState::new().hash_one("port") % ports.len() as u64;
            let port = ports.start() + u16::try_from(random).expect("there are fewer ports");
            match Self::at((host, port).into()) {
                Ok(reserved) => return Ok(reserved),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn at(address: SocketAddr) -> io::Result<Self> {
        let claim = UdpSocket::bind(address)?;
        try_bind(address)?;
        Ok(Self {
            address,
            _claim: claim,
        })
    }

    /// The address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether any program at all could listen on it now.
    pub(crate) fn is_free(&self) -> bool {
        try_bind(self.address).is_ok()
    }

    /// Whether somebody listens on it.
    pub(crate) fn is_listened_on(&self) -> bool {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE);
        let Some(stream) = stream.ok().filter(|stream| !is_to_itself(stream)) else {
            return false;
        };
        see_off(stream);
        true
    }
}

/// Ends a connection and waits until the other end has done so too, but not for long: what a
/// subject has to say of that (in its log) must not come in the middle of a case.
fn see_off(mut stream: TcpStream) {
    let until = Instant::now() + PARTING;
    let mut sink = [0; 1024];
    let ended = stream.shutdown(Shutdown::Write);
    while ended.is_ok() {
        let left = until.saturating_duration_since(Instant::now());
        // No time left is an error, and so is a read that takes too long.
        if stream.set_read_timeout(Some(left)).is_err()
            || !matches!(stream.read(&mut sink), Ok(1..))
        {
            return;
        }
    }
}

/// Whether a connection has no other end: the system may choose for a connection the very port that
/// it goes to, where nobody listens there.
fn is_to_itself(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => local == peer,
        _ => false,
    }
}

/// Binds and lets go. As strict as the plainest program: what is left of connections counts too.
fn try_bind(address: SocketAddr) -> io::Result<()> {
    let _quiet = nothing_starts();
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&address.into())
}

/// The ports that the system gives away by itself.
fn ephemeral_ports() -> RangeInclusive<u16> {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|text| {
            let mut numbers = text.split_whitespace().map(str::parse);
            Some(numbers.next()?.ok()?..=numbers.next()?.ok()?)
        })
        // What IANA keeps for them, and macOS and Windows use.
        .unwrap_or(49_152..=65_535)
}

/// The ports to choose from, beside the ephemeral ones where that leaves enough.
fn quiet_ports(ephemeral: RangeInclusive<u16>) -> RangeInclusive<u16> {
    let below = LOWEST..=ephemeral.start().saturating_sub(1);
    let above = ephemeral.end().saturating_add(1).max(LOWEST)..=u16::MAX;
    [below, above]
        .into_iter()
        .find(|ports| ports.len() >= ENOUGH)
        .unwrap_or(LOWEST..=u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::subject::program::alone;

    fn reserve() -> io::Result<Reserved> {
        Reserved::new(Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn no_port_is_one_that_the_system_gives_away() {
        let _alone = alone();
        assert_eq!(quiet_ports(32_768..=60_999), 10_000..=32_767);
        assert_eq!(quiet_ports(49_152..=65_535), 10_000..=49_151);
        assert_eq!(quiet_ports(10_240..=60_999), 61_000..=65_535);
        assert_eq!(quiet_ports(1_024..=65_535), 10_000..=65_535);
        assert_eq!(quiet_ports(1_024..=9_000), 10_000..=65_535);
        let ephemeral = ephemeral_ports();
        let reserved = reserve().unwrap();
        assert!(
            !ephemeral.contains(&reserved.address().port()) || ephemeral.len() > 50_000,
            "{reserved:?}"
        );
    }

    #[test]
    fn an_address_is_reserved_once_as_long_as_it_is_held() {
        let _alone = alone();
        let first = reserve().unwrap();
        let address = first.address();
        assert!(first.is_free() && !first.is_listened_on());
        Reserved::at(address).expect_err("it is taken, though nobody listens on it yet");
        drop(first);
        // Not at once where another test is starting a program, which inherits the claim.
        let again = (0..100_000).any(|_| {
            std::thread::yield_now();
            Reserved::at(address).is_ok()
        });
        assert!(again, "it is free again");
    }

    #[test]
    fn what_another_program_listens_on_is_not_reserved() {
        let _alone = alone();
        let reserved = reserve().unwrap();
        let address = reserved.address();
        let listener = TcpListener::bind(address).unwrap();
        assert!(!reserved.is_free() && reserved.is_listened_on());
        drop(reserved);
        Reserved::at(address).expect_err("somebody listens on it");
        drop(listener);
    }

    #[test]
    fn nobody_accepts_on_an_address_because_it_was_tried() {
        let _alone = alone();
        let reserved = reserve().unwrap();
        // A program inherits what is open when it is started; here the copy lives on by intent.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // What another test starts at this moment inherits it too, and must not keep the address.
        socket.set_reuse_address(true).unwrap();
        socket.bind(&reserved.address().into()).unwrap();
        let inherited = socket.try_clone().unwrap();
        drop(socket);
        assert!(!reserved.is_listened_on());
        drop(inherited);
        let listener = TcpListener::bind(reserved.address()).unwrap();
        assert!(reserved.is_listened_on());
        drop(listener);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_to_itself_is_no_listener() {
        let _alone = alone();
        let reserved = reserve().unwrap();
        let address = reserved.address().into();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&address).unwrap();
        socket.connect(&address).unwrap();
        assert!(is_to_itself(&socket.into()));
    }
}
