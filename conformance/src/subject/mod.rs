//! Subjects: what the kit judges, and how it gets hold of them.

mod address;
pub mod embedded;
pub mod exec;
pub mod in_process;
mod program;
pub mod remote;

pub(crate) use program::nothing_starts;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::case::{Role, Way};
use crate::engine::link::Link;
use crate::wire::{Framing, Suite};

/// In a list of seeds, the subject's own address.
pub const OWN: &str = "subject";

/// What a subject is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its role in the run.
    pub role: Role,
    /// Where the run takes place.
    pub way: Way,
    /// The suite under test.
    pub suite: Suite,
    /// The framing under test.
    pub framing: Framing,
    /// The shared certificate, where the run is under TLS.
    pub certificate: Option<PathBuf>,
    /// The secrets, first the one that it uses itself; an empty one is none.
    pub secrets: Vec<String>,
    /// It accepts `cleartext`.
    pub cleartext: bool,
    /// It is a global node.
    pub global: bool,
    /// Its node ID.
    pub node: String,
    /// The IP address on which it listens.
    pub host: IpAddr,
    /// The addresses that it dials, as it is told them; [`OWN`] stands for its own. None where it
    /// only accepts.
    pub seeds: Vec<String>,
    /// Whether it must not come to listen.
    pub refuses: bool,
    /// The port that a simple client sends to.
    pub port: String,
    /// A simple client's own arguments.
    pub arguments: Vec<String>,
    /// Whether it is a simple client.
    pub simple: bool,
    /// The node ID of the kit, for a simple client in this program.
    pub kit: Option<String>,
}

impl Settings {
    /// Its seeds, given the address on which it listens.
    pub fn seeds(&self, own: Option<SocketAddr>) -> Vec<String> {
        let own = own.map(|own| own.to_string()).unwrap_or_default();
        self.seeds
            .iter()
            .map(|seed| {
                if seed == OWN {
                    own.clone()
                } else {
                    seed.clone()
                }
            })
            .collect()
    }
}

/// Why a subject is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It ended before it was ready.
    Crash(String),
    /// It did not get ready in time.
    Hang(String),
    /// It says that it cannot do what the settings ask for.
    Unsupported(String),
    /// The kit could not even try.
    Kit(String),
}

/// Whether a subject is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs, as far as can be seen.
    Running,
    /// It has ended, and how.
    Ended(String),
}

/// A subject that can be started.
pub trait Subject: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Whether it can take a role in a way.
    fn takes(&self, role: Role, way: Way) -> bool;

    /// Whether it follows the settings, so that each case gets what it asks for.
    fn configurable(&self) -> bool;

    /// How many runs may go on at once.
    fn parallel(&self) -> usize;

    /// The listener on which it is awaited, where it is always the same one.
    fn listener(&self) -> Option<TcpListener> {
        None
    }

    /// Starts it, or takes hold of it.
    ///
    /// # Errors
    /// It did not get ready.
    fn start(&self, settings: &Settings, within: Duration)
    -> Result<Box<dyn Instance>, StartError>;
}

/// A subject that runs.
pub trait Instance: Send {
    /// Where it listens.
    fn address(&self) -> Option<SocketAddr>;

    /// A connection in process, for the way [`Way::InProcess`].
    fn connect(&mut self) -> Option<Box<dyn Link>> {
        None
    }

    /// Whether it is still there; waits up to the deadline for an end that is on its way.
    fn state(&mut self, deadline: Instant) -> State;

    /// Seconds after which it should have dialled a listener of the kit.
    fn dials_within(&self) -> f64 {
        10.0
    }

    /// Whether its end can be seen already.
    fn has_ended(&mut self) -> bool {
        false
    }

    /// Whether it can be started again with the same settings.
    fn restartable(&self) -> bool {
        false
    }

    /// Stops it hard.
    fn end(&mut self) {}

    /// Stops it hard and starts it again, where it listened or elsewhere.
    ///
    /// # Errors
    /// It did not get ready again.
    fn restart(&mut self, _within: Duration) -> Result<(), StartError> {
        Err(StartError::Kit(
            "this subject cannot be restarted".to_owned(),
        ))
    }

    /// Stops it hard and says whether somebody else listens where it should have: whoever spoke to
    /// that address may not have spoken to the subject.
    fn displaced(&mut self) -> bool {
        false
    }

    /// Asks it to end, as its platform asks a program.
    ///
    /// # Errors
    /// There is no way to ask.
    fn ask_to_stop(&mut self) -> Result<(), String> {
        Err("this subject cannot be asked to stop".to_owned())
    }

    /// Waits for a program's end: its exit code and standard output.
    fn exit(&mut self, _deadline: Instant) -> Option<(i32, Vec<u8>)> {
        None
    }
}
