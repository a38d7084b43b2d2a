//! One connection to the subject: lines, then messages, and what has been said so far.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::link::{Arrival, Link};
use super::queue::Queue;
use super::transcript::{Kind, Transcript};
use crate::case::step::TlsRole;
use crate::wire::framing::Reader;
use crate::wire::greeting::{self, Line};
use crate::wire::{Framing, Greeting, Unreadable, Value};

/// For how long after a deadline things are still taken that have arrived: not for ever, since a subject
/// may never fall silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection and what both sides have said on it.
pub struct Conversation {
    /// Its name in the case.
    pub name: String,
    /// The party of the kit that speaks on it.
    pub party: String,
    /// Whether the kit dialled.
    pub dialled: bool,
    /// What carries it.
    pub link: Box<dyn Link>,
    /// What has arrived and not been looked at.
    pub buffer: Queue,
    /// Whether the subject has ended it, and by a reset.
    pub ended: Option<bool>,
    /// The kit's greeting lines as sent.
    pub mine: [Option<Line>; 2],
    /// The subject's greeting lines.
    pub theirs: [Option<Line>; 2],
    /// The subject's greeting.
    pub greeting: Option<Greeting>,
    /// Whether what the kit sent last may be unfinished: an answer to a heartbeat would stand inside of it.
    pub unfinished: bool,
    /// Whether something else came without end where something was waited for.
    pub flooded: bool,
    /// Whether the kit's authentication line is out.
    pub proved: bool,
    /// Reads messages once the subject's authentication line is in.
    pub reader: Option<Reader>,
    /// The framing in which the kit sends.
    pub framing: Framing,
    /// Whether TLS is up.
    pub tls: bool,
    /// The octets of the last whole thing: a message, or a line with its end.
    pub last: Vec<u8>,
    /// Ports that the subject made in the kit for its own purposes; what goes there is passed
    /// over.
    pub noise: BTreeSet<String>,
}

/// The next thing on a connection.
#[derive(Debug)]
pub enum Next {
    /// A line, before the data phase.
    Line(Line),
    /// A message.
    Message(Value),
    /// Octets that are neither.
    Malformed(String),
    /// The end.
    End,
    /// Nothing whole up to the deadline.
    Late,
}

impl Conversation {
    /// A new one.
    pub fn new(
        name: &str,
        party: &str,
        dialled: bool,
        framing: Framing,
        link: Box<dyn Link>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            party: party.to_owned(),
            dialled,
            link,
            buffer: Queue::default(),
            ended: None,
            mine: [None, None],
            theirs: [None, None],
            greeting: None,
            unfinished: false,
            flooded: false,
            proved: false,
            reader: None,
            framing,
            tls: false,
            last: Vec::new(),
            noise: BTreeSet::new(),
        }
    }

    /// The next thing to arrive.
    pub fn next(&mut self, deadline: Instant, transcript: &mut Transcript) -> Next {
        if Instant::now() > deadline + PATIENCE {
            self.flooded = true;
            return Next::Late;
        }
        loop {
            if let Some(next) = self.buffered() {
                return next;
            }
            if self.ended.is_some() {
                return Next::End;
            }
            match self.link.receive(deadline) {
                Arrival::Octets(octets) => {
                    transcript.octets(&self.name, Kind::Received, &octets);
                    self.buffer.push(&octets);
                }
                Arrival::End { reset } => {
                    let how = if reset { "reset" } else { "closed" };
                    transcript.words(&self.name, Kind::Closed, how);
                    self.ended = Some(reset);
                }
                Arrival::Late => return Next::Late,
            }
        }
    }

    /// Something whole in what has already arrived.
    fn buffered(&mut self) -> Option<Next> {
        match &mut self.reader {
            None => {
                let (line, used) = greeting::line(&self.buffer)?;
                let line = line.to_vec();
                self.last = self.buffer.split(used);
                Some(Next::Line(line))
            }
            Some(reader) => match reader.next(&self.buffer) {
                Ok((value, used)) => {
                    self.last = self.buffer.split(used);
                    Some(Next::Message(value))
                }
                Err(Unreadable::Incomplete) => None,
                Err(Unreadable::Malformed(why)) => Some(Next::Malformed(why)),
            },
        }
    }

    /// Both lines of a side, if they have been said.
    pub fn lines(side: &[Option<Line>; 2]) -> Option<[Line; 2]> {
        Some([side[0].clone()?, side[1].clone()?])
    }

    /// The kit's role in TLS: the lower nonce is the client.
    pub fn tls_role(&self) -> Option<TlsRole> {
        let (mine, theirs) = (self.mine[1].as_ref()?, self.theirs[1].as_ref()?);
        Some(if mine < theirs {
            TlsRole::Client
        } else {
            TlsRole::Server
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::link::Unsent;
    use crate::engine::tls::{TlsFailure, TlsSetup};

    /// A subject that never falls silent.
    struct Flood;

    impl Link for Flood {
        fn send(&mut self, _: &[u8]) -> Result<(), Unsent> {
            Ok(())
        }

        fn receive(&mut self, _: Instant) -> Arrival {
            Arrival::Octets(b"[\"\"]".to_vec())
        }

        fn start_tls(
            &mut self,
            _: &TlsSetup,
            _: TlsRole,
            _: Vec<u8>,
            _: Instant,
        ) -> Result<(), TlsFailure> {
            Ok(())
        }

        fn shutdown_write(&mut self) {}

        fn close(&mut self) {}

        fn cut(&mut self) {}
    }

    #[test]
    fn nobody_holds_the_kit_up_by_talking() {
        let mut flood = Conversation::new("main", "kit", true, Framing::Json, Box::new(Flood));
        flood.reader = Some(Reader::new(Framing::Json));
        let mut transcript = Transcript::default();
        let now = Instant::now();
        let next = flood.next(now, &mut transcript);
        assert!(matches!(next, Next::Message(_)), "{next:?}");
        assert!(!flood.flooded);
        let before = now
            .checked_sub(PATIENCE)
            .expect("the machine runs for so long");
        let next = flood.next(before, &mut transcript);
        assert!(matches!(next, Next::Late), "{next:?}");
        assert!(flood.flooded);
    }
}
