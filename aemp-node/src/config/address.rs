//! Addresses to listen on and to dial: `HOST:PORT`, with `[...]` around an IPv6 address.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// The port of an address that names none.
pub const DEFAULT_PORT: u16 = 4040;

/// A host name or IP address, and a TCP port.
///
/// ```
/// use aemp_node::Address;
///
/// let address: Address = "[::1]".parse().unwrap();
/// assert_eq!(address.to_string(), "[::1]:4040");
/// assert!("no port:x".parse::<Address>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    host: String,
    port: u16,
}

/// A text is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    text: String,
    fault: &'static str,
}

impl Address {
    /// The host: a name, an IP address without brackets, or `*` for all addresses of the machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port; 0 lets the system choose when listening.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Looks the host up; `*` is the unspecified address of both kinds.
    ///
    /// # Errors
    ///
    /// What the look-up says, or that it gave nothing.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if self.host == "*" {
            return Ok(vec![
                (Ipv6Addr::UNSPECIFIED, self.port).into(),
                (Ipv4Addr::UNSPECIFIED, self.port).into(),
            ]);
        }
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(vec![(ip, self.port).into()]);
        }
        let found: Vec<_> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await?
            .collect();
        if found.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("the name {} has no address", self.host),
            ));
        }
        Ok(found)
    }
}

impl Address {
    /// Reads an address to dial: unlike one to listen on, it names a host and a port from 1 to 65535.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what is wrong.
    pub fn to_dial(text: &str) -> Result<Self, AddressError> {
        let address: Self = text.parse()?;
        let fault = match (address.host(), address.port()) {
            ("*", _) => "'*' is no host that could be dialled",
            // [id.address.port-range]
            (_, 0) => "the port is no number from 1 to 65535",
            _ => return Ok(address),
        };
        Err(AddressError {
            text: text.into(),
            fault,
        })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = |fault| AddressError {
            text: text.into(),
            fault,
        };
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(error("']' is missing"))?;
            if host.parse::<Ipv6Addr>().is_err() {
                return Err(error("what stands in brackets is no IPv6 address"));
            }
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(error("something else than ':PORT' follows the ']'")),
            };
            (host, port)
        } else if text.starts_with("unix/") {
            // [id.address.unix-read]
            return Err(error("Unix sockets are not supported"));
        } else if text.matches(':').count() > 1 {
            // [id.address.ipv6-read]
            let parts = text.rsplit_once(':');
            match parts.filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok()) {
                Some((host, port)) => (host, Some(port)),
                None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
                None => return Err(error("more than one ':', and no IPv6 address")),
            }
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(error("the host is empty or holds a space"));
        }
        let port = match port {
            None => DEFAULT_PORT,
            Some("*") => 0,
            Some(port) => port
                .parse()
                .map_err(|_| error("the port is no number from 0 to 65535"))?,
        };
        Ok(Self {
            host: host.into(),
            port,
        })
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no address: {}; write HOST:PORT, 192.0.2.1:4040, [2001:db8::1]:4040 or *:4040",
            self.text, self.fault
        )
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_every_kind() {
        for (text, shown) in [
            ("localhost", "localhost:4040"),
            ("localhost:1", "localhost:1"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("::1", "[::1]:4040"),
            ("::1:99", "[::1]:99"),
            ("2001:db8::1", "[2001:db8::1]:4040"),
            ("[::1]:99", "[::1]:99"),
            ("*", "*:4040"),
            ("*:*", "*:0"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn not_every_address_can_be_dialled() {
        assert!(Address::to_dial("localhost:1").is_ok());
        for text in [
            "localhost:0",
            "localhost:*",
            "*:4040",
            "localhost:65536",
            "",
        ] {
            assert!(Address::to_dial(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (text, fault) in [
            ("", "empty"),
            (":4040", "empty"),
            ("a b:1", "space"),
            ("a:x", "no number"),
            ("a:65536", "no number"),
            ("[::1", "missing"),
            ("[x]:1", "brackets"),
            ("[::1]x", "follows"),
            ("a:b:1", "more than one"),
            ("unix/:/run/aemp", "Unix sockets"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
            assert!(error.contains("write HOST:PORT"));
        }
    }
}
