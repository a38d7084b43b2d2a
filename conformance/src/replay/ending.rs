//! How a conversation ended: what the recorded receiver did beside what ours says.

use aemp_proto::{Reason, Stage};

use super::{
    deviations::{Difference, Recorded, Sender},
    judge::{Direction, Judge},
    play::{End, Played},
    recording::{Connection, Moment, Side},
    report::FileReport,
    seat::Seat,
    vectors::hex,
};

/// A close that comes within this time of what caused it, in seconds.
const SOON: f64 = 0.25;

/// A receiver that waited at least this long has run out of patience, in seconds.
const LONG: f64 = 1.0;

enum Verdict {
    Same,
    Unknown(&'static str),
    Different(Difference),
}

impl Direction<'_> {
    /// How it ended is what the recorded receiver did too, or a known deviation. Says how many octets
    /// behind the end were judged all the same.
    pub(super) fn judge_end(
        &self,
        judge: &Judge,
        played: &Played,
        report: &mut FileReport,
    ) -> usize {
        match self.difference(played) {
            Verdict::Same => {
                report.counts.closes += 1;
                0
            }
            Verdict::Unknown(why) => {
                report.unjudged(why, 1);
                0
            }
            Verdict::Different(difference) => {
                let Some(entry) = judge
                    .deviations
                    .cover(self.recording.generation, &difference)
                else {
                    report.problems.push(difference.to_string());
                    return 0;
                };
                report.counts.closes += 1;
                let key = (entry.defect.clone(), entry.outcome.clone());
                *report.deviations.entry(key).or_default() += 1;
                let classified = self.case.map(|case| case.deviation.as_deref());
                if classified.is_some_and(|defect| defect != Some(&entry.defect)) {
                    report.problems.push(format!(
                        "the classification says {:?} where the deviations say {}",
                        classified.flatten(),
                        entry.defect
                    ));
                }
                match entry.recorded {
                    Recorded::Accepted => self.judge_behind(played, report),
                    Recorded::Deaf | Recorded::Closed => 0,
                }
            }
        }
    }

    fn difference(&self, played: &Played) -> Verdict {
        let sent = self.connection.stream(self.sender.side);
        let got = self.connection.stream(self.receiver.side);
        let failed = sent.moment(played.fed);
        let closed_first = self.setting.sender_closed_first == Some(false);
        let different = |recorded, outcome: String| {
            Verdict::Different(Difference {
                recorded,
                from: if self.sender.original.is_some() {
                    Sender::Node
                } else {
                    Sender::Client
                },
                unit: self.unit(played),
                outcome,
            })
        };
        // What the receiver said beyond its handshake shows that it went on.
        let clear = self.receiver.chosen.is_some();
        let handshake = got
            .lines(3)
            .get(2)
            .filter(|_| clear)
            .map_or(usize::MAX, |&(_, end)| end);
        let mut beyond = got.marks.iter().filter(|mark| mark.end > handshake);
        match &played.end {
            End::Cipher => Verdict::Unknown("ends inside TLS"),
            End::Open | End::Closed => {
                let refused = closed_first && self.receiver.original.is_some();
                if !refused || beyond.next().is_some() {
                    Verdict::Same
                } else if self.crossing() {
                    Verdict::Unknown("closes of one of two crossing connections")
                } else {
                    different(Recorded::Closed, "established".into())
                }
            }
            End::Failed(failure) => match failure.reason() {
                Reason::GreetingClosed
                | Reason::AuthClosed
                | Reason::TlsClosed
                | Reason::DataTruncated => Verdict::Same,
                reason @ (Reason::GreetingTimeout | Reason::AuthTimeout | Reason::TlsTimeout) => {
                    let waited = got.eof.map_or(0.0, |eof| eof.seconds - failed.seconds);
                    if closed_first && (waited >= LONG || self.receiver.original.is_none()) {
                        Verdict::Same
                    } else if self.crossing() {
                        Verdict::Unknown("closes of one of two crossing connections")
                    } else if closed_first {
                        different(Recorded::Closed, reason.to_string())
                    } else {
                        different(Recorded::Accepted, reason.to_string())
                    }
                }
                reason => {
                    let answered = beyond.any(|mark| mark.moment.order > failed.order);
                    let soon = |eof: Option<Moment>, from: f64| {
                        eof.is_some_and(|eof| eof.seconds - from < SOON)
                    };
                    let closed = if closed_first {
                        soon(got.eof, failed.seconds)
                    } else {
                        soon(sent.eof, failed.seconds) && !answered
                    };
                    if closed {
                        Verdict::Same
                    } else if sent.eof.or(got.eof).is_none() && !answered {
                        Verdict::Unknown("ends that were not recorded")
                    } else if answered || reason.stage() != Stage::Data {
                        different(Recorded::Accepted, reason.to_string())
                    } else {
                        different(Recorded::Deaf, reason.to_string())
                    }
                }
            },
        }
    }

    /// The line or message in hand at the end, as text.
    fn unit(&self, played: &Played) -> String {
        const MOST: usize = 200;
        let stream = self.connection.stream(self.sender.side);
        if played.reason().is_none() {
            // Ours has nothing in hand: what came last in the handshake may say why.
            let lines = stream.lines(3);
            return lines.last().map_or(String::new(), |&(line, _)| {
                String::from_utf8_lossy(line).into_owned()
            });
        }
        let octets = &stream.octets;
        let rest = &octets[played.unit.min(octets.len())..];
        let line = rest.iter().position(|&octet| octet == b'\n');
        let end = line
            .filter(|_| played.established.is_none())
            .unwrap_or(rest.len());
        text_or_hex(&rest[..end.min(MOST)])
    }

    /// Whether another connection of the same two nodes existed at the time.
    fn crossing(&self) -> bool {
        let nodes = |connection: &Connection| {
            let mut nodes =
                Side::BOTH.map(|side| Seat::of(connection, side, &self.recording.config).node);
            nodes.sort();
            nodes
        };
        let ours = nodes(self.connection);
        let others = self.recording.connections.iter().filter(|other| {
            other.index != self.connection.index && other.overlaps(self.connection)
        });
        others.into_iter().any(|other| nodes(other) == ours)
    }
}

/// Octets as text, where they are text but for a cut at the end, else as hex.
fn text_or_hex(octets: &[u8]) -> String {
    let text = match std::str::from_utf8(octets) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&octets[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    text.map_or_else(|| hex(octets), str::to_owned)
}
