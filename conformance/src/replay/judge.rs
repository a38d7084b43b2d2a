//! Judging a recording: each direction is played through the core in the receiver's seat, and what
//! ours says is compared with what was recorded, with the deviations and with the classification.

use aemp_proto::{
    Reason,
    auth::{self, Method, Secret, Transcript},
    framing::{Content, Decoder, Framing, Limits, Message},
    greeting::LINE_LIMIT,
    handshake::Role,
};

use super::{
    classification::{Case, Classification, named},
    cuts::{Effort, ways},
    deviations::Deviations,
    play::{End, Found, Played, Setting, Tls, play},
    recording::{Connection, Recording, Side},
    report::FileReport,
    seat::{Seat, framing, is_tls_record},
    vectors,
};

/// What a recording is judged against.
#[derive(Debug)]
pub(super) struct Judge {
    /// What becomes of each recorded error case.
    pub classification: Classification,
    /// Where ours differs from the originals.
    pub deviations: Deviations,
    /// How thoroughly directions are cut.
    pub effort: Effort,
}

impl Judge {
    /// Judges all of a recording.
    pub(super) fn judge(&self, recording: &Recording) -> FileReport {
        let mut report = FileReport {
            path: recording.path.clone(),
            ..FileReport::default()
        };
        vectors::judge(recording, &mut report);
        for connection in &recording.connections {
            if connection.is_empty() {
                report.unjudged("connections without an octet", 1);
                continue;
            }
            report.counts.connections += 1;
            let mut judged = 0;
            for side in Side::BOTH {
                judged += usize::from(self.direction(recording, connection, side, &mut report));
            }
            report.counts.handshakes += usize::from(judged == 2);
        }
        report
    }

    /// Judges what `side` sent; says whether its handshake could be judged to its end.
    fn direction(
        &self,
        recording: &Recording,
        connection: &Connection,
        side: Side,
        report: &mut FileReport,
    ) -> bool {
        let before = report.problems.len();
        let cases = self.classification.of_side(recording, connection, side);
        let (more, first): (Vec<&Case>, Vec<&Case>) =
            cases.into_iter().partition(|case| case.given.offers);
        let mut direction = Direction::new(recording, connection, side, first.first().copied());
        direction.data_apart = !more.is_empty();
        let judged = direction.judge(self, report);
        for case in more {
            Direction::new(recording, connection, side, Some(case)).judge_data(self, report);
        }
        let named = format!("{}, {side}: ", connection.label());
        for problem in &mut report.problems[before..] {
            problem.insert_str(0, &named);
        }
        judged
    }
}

/// What one side of a connection sent, and the seat of the other.
pub(super) struct Direction<'a> {
    pub(super) recording: &'a Recording,
    pub(super) connection: &'a Connection,
    pub(super) case: Option<&'a Case>,
    pub(super) sender: Seat,
    pub(super) receiver: Seat,
    pub(super) setting: Setting,
    /// The messages are judged apart, with a receiver that offers more.
    pub(super) data_apart: bool,
}

impl<'a> Direction<'a> {
    pub(super) fn new(
        recording: &'a Recording,
        connection: &'a Connection,
        side: Side,
        case: Option<&'a Case>,
    ) -> Self {
        let seat = |side| Seat::of(connection, side, &recording.config);
        let (sender, mut receiver) = (seat(side), seat(side.other()));
        let given = case.map(|case| &case.given);
        if given.is_some_and(|given| given.offers) {
            receiver.offer(&sender);
        }
        let [sent, got] = [side, side.other()].map(|side| connection.stream(side));
        let tls = if let Some(how) = given.and_then(|given| given.tls.as_deref()) {
            if how == "closed" {
                Tls::Closed
            } else {
                Tls::Failed(how == "certificate")
            }
        } else if connection.decrypted || sent.inside_tls_from.or(got.inside_tls_from).is_some() {
            Tls::Inside
        } else {
            let rest = sent
                .lines(2)
                .get(1)
                .map_or(&[][..], |&(_, end)| &sent.octets[end..]);
            match rest {
                [] => Tls::Nothing,
                rest if is_tls_record(rest) => Tls::Cipher,
                _ => Tls::Failed(false),
            }
        };
        let setting = Setting {
            settings: receiver.settings(given),
            own: receiver.lines(),
            role: receiver.role(),
            tls,
            refusal: given.and_then(|given| named(given.owner.as_ref()?).ok()),
            sender_closed_first: match (sent.eof, got.eof) {
                (Some(sent), Some(got)) => Some(sent.order < got.order),
                (Some(_), None) => Some(true),
                (None, Some(_)) => Some(false),
                (None, None) => None,
            },
        };
        Self {
            recording,
            connection,
            case,
            sender,
            receiver,
            setting,
            data_apart: false,
        }
    }

    fn judge(&self, judge: &Judge, report: &mut FileReport) -> bool {
        let stream = self.connection.stream(self.sender.side);
        if let Some(missing) = self.missing() {
            self.judge_without(&missing, report);
            return false;
        }
        let whole = play(&self.setting, stream, []);
        let fine = play(&self.setting, stream, 1..stream.octets.len());
        report.counts.plays += 2;
        self.compare_ways(judge, &whole, report);
        self.compare_roles(&whole, report);
        if whole.kept.max(fine.kept) > LINE_LIMIT + 1 {
            report.problems.push(format!(
                "{} octets of an unfinished line were kept",
                fine.kept
            ));
        }
        let lines = stream.lines(3).len();
        report.counts.greetings += usize::from(lines > 0 || whole.reason().is_some_and(greeting));
        report.counts.proofs += usize::from(whole.verified || whole.reason().is_some_and(by_proof));
        self.judge_choice(report);
        self.judge_messages(&whole, report);
        let behind = self.judge_end(judge, &fine, report);
        self.judge_case(&fine, report);
        if whole.end == End::Cipher {
            let from = stream.lines(2).get(1).map_or(0, |&(_, end)| end);
            report.unjudged("octets inside TLS", stream.octets.len() - from);
        }
        if whole.reason().is_some() && fine.fed < stream.octets.len() {
            let rest = (stream.octets.len() - fine.fed).saturating_sub(behind);
            if rest > 0 && !self.data_apart {
                report.unjudged("octets behind those that end ours", rest);
            }
        }
        whole.end != End::Cipher && lines > 0
    }

    /// Judges the messages alone.
    fn judge_data(&self, judge: &Judge, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        let played = play(&self.setting, stream, 1..stream.octets.len());
        report.counts.plays += 1;
        self.compare_ways(judge, &played, report);
        self.judge_messages(&played, report);
        self.judge_end(judge, &played, report);
        self.judge_case(&played, report);
    }

    /// What the core would need to judge this direction, and does not have.
    fn missing(&self) -> Option<String> {
        if self.receiver.word.starts_with("aemp-") {
            return Some("data connections".into());
        }
        let known = ["json", "cbor", "storable"];
        [&self.sender, &self.receiver]
            .into_iter()
            .filter_map(|seat| Some(String::from_utf8_lossy(&seat.chosen.as_ref()?.1).into_owned()))
            .find(|name| known.contains(&&name[..]) && framing(name).is_none())
    }

    /// What can be said of a direction that cannot be played.
    fn judge_without(&self, missing: &str, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        let lines = stream.lines(3);
        report.counts.greetings += usize::from(!lines.is_empty());
        let rest = stream.octets.len() - lines.last().map_or(0, |&(_, end)| end);
        if rest > 0 {
            let what = format!("octets behind the handshake, for want of {missing}");
            report.unjudged(what, rest);
        }
        self.judge_proof(report);
    }

    /// Recomputes the proof of a node from the recorded lines alone.
    fn judge_proof(&self, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        let Some(&(line, _)) = stream.lines(3).get(2) else {
            return;
        };
        let mut fields = line.split(|&octet| octet == b';');
        let (Some(method), Some(proof)) = (fields.next(), fields.next()) else {
            return;
        };
        let (Some(method), true) = (Method::from_name(method), self.sender.original.is_some())
        else {
            return;
        };
        let [own, peer] = [&self.sender, &self.receiver].map(Seat::lines);
        let transcript = Transcript {
            sender: [&own[0], &own[1]],
            receiver: [&peer[0], &peer[1]],
        };
        let secret = self.recording.config.secret(&self.sender.node);
        let secret = secret.as_deref().map(Secret::from);
        report.counts.proofs += 1;
        if auth::verify(method, &transcript, proof, secret.as_ref()).is_err() {
            report
                .problems
                .push(format!("the proof of {method} is wrong"));
        }
    }

    /// The same must come out however the octets are cut.
    fn compare_ways(&self, judge: &Judge, whole: &Played, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        let lines = stream.lines(3).into_iter().map(|(_, end)| end);
        let ends = whole.messages.iter().map(|message| message.range.end);
        let boundaries: Vec<usize> = lines.chain(ends).collect();
        for way in ways(stream.octets.len(), &boundaries, judge.effort) {
            let played = play(&self.setting, stream, way.iter().copied());
            report.counts.plays += 1;
            if played.gist() != whole.gist() {
                let shown: Vec<_> = way.iter().take(8).collect();
                report.problems.push(format!(
                    "what ours says depends on the pieces: whole {:?}, cut at {shown:?}.. {:?}",
                    whole.gist(),
                    played.gist()
                ));
                return;
            }
        }
    }

    /// The same must come out in the other role, except for what only an acceptor's owner decides.
    fn compare_roles(&self, whole: &Played, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        if self.setting.refusal.is_some() {
            return;
        }
        let role = match self.setting.role {
            Role::Initiator => Role::Acceptor,
            Role::Acceptor => Role::Initiator,
        };
        let setting = Setting {
            role,
            ..self.setting.clone()
        };
        for cuts in [0..0, 1..stream.octets.len()] {
            let played = play(&setting, stream, cuts);
            report.counts.plays += 1;
            if (played.reason(), played.messages.len()) != (whole.reason(), whole.messages.len()) {
                report.problems.push(format!(
                    "ours says {} as {:?} and {} as {role:?}",
                    ending(whole),
                    self.setting.role,
                    ending(&played)
                ));
            }
        }
    }

    /// The authentication line that a node of ours sends in the sender's place.
    fn judge_choice(&self, report: &mut FileReport) {
        let stream = self.connection.stream(self.sender.side);
        let peer = self.connection.stream(self.receiver.side);
        let (Some(&(line, _)), Some(_)) = (stream.lines(3).get(2), peer.greeting()) else {
            return;
        };
        if self.sender.chosen.is_none() || self.setting.tls == Tls::Cipher {
            return;
        }
        let setting = Setting {
            settings: self.sender.settings(None),
            own: self.sender.lines(),
            role: Role::Initiator,
            tls: Tls::Inside,
            refusal: None,
            sender_closed_first: None,
        };
        let lines = peer.lines(2);
        let greeting = super::recording::Stream {
            octets: peer.octets[..lines[1].1].to_vec(),
            ..Default::default()
        };
        report.counts.plays += 1;
        let ours = play(&setting, &greeting, []).sent;
        let same = ours.as_deref() == Some(line);
        if ours.is_none() {
            // Ours refuses the peer's greeting, which is judged in the other direction.
            self.judge_proof(report);
        } else if self.sender.original.is_none() {
            // A client of another make sends what it likes; that it is allowed is judged elsewhere.
            report.counts.choices += usize::from(same);
        } else if same {
            report.counts.choices += 1;
        } else {
            let ours = ours.map_or("nothing".into(), |line| {
                String::from_utf8_lossy(&line).into_owned()
            });
            report.problems.push(format!(
                "the recorded node sent {:?}, ours sends {ours:?}",
                String::from_utf8_lossy(line)
            ));
        }
    }

    /// Judges what the recorded receiver may have read behind what ends ours, where it can be told
    /// where messages begin again; says how many octets that are.
    pub(super) fn judge_behind(&self, played: &Played, report: &mut FileReport) -> usize {
        let octets = &self.connection.stream(self.sender.side).octets;
        if self.data_apart || self.sender.word != "aemp" || self.receiver.word != "aemp" {
            return 0;
        }
        let lines = self.connection.stream(self.sender.side).lines(3);
        let (framing, starts): (_, Vec<usize>) = match (&played.established, lines.get(2)) {
            (Some(established), _) => {
                let pairs = octets.windows(2).enumerate().skip(played.unit);
                let starts = pairs
                    .filter(|&(_, pair)| pair == b"][")
                    .map(|(at, _)| at + 1);
                (Some(established.receive_framing), starts.collect())
            }
            (None, Some(&(_, start))) => {
                let chosen = self.sender.chosen.as_ref();
                let name = chosen.map(|(_, framing)| String::from_utf8_lossy(framing));
                (name.and_then(|name| framing(&name)), vec![start])
            }
            (None, None) => return 0,
        };
        let Some(framing) =
            framing.filter(|&it| it == Framing::Json || played.established.is_none())
        else {
            return 0;
        };
        for start in starts {
            if let Some(messages) = all_messages(framing, &octets[start..]) {
                for (at, message) in messages {
                    let message = message.open(framing, &octets[start..]);
                    judge_message(framing, &message, start + at, report);
                }
                return octets.len() - start;
            }
        }
        0
    }

    /// Every message re-encodes to an equal value.
    fn judge_messages(&self, played: &Played, report: &mut FileReport) {
        let Some(established) = &played.established else {
            return;
        };
        let stream = self.connection.stream(self.sender.side);
        report.counts.nothings += played.nothings;
        let framing = established.receive_framing;
        for found in &played.messages {
            let message = found.open(framing, &stream.octets);
            judge_message(framing, &message, found.range.start, report);
        }
    }

    /// What ours says is what the classification says.
    fn judge_case(&self, played: &Played, report: &mut FileReport) {
        let Some(case) = self.case else { return };
        report.counts.cases += 1;
        let right = match case.outcome.reason() {
            Ok(Some(reason)) => played.reason() == Some(reason),
            Ok(None) => played.established.is_some() && played.reason().is_none(),
            Err(error) => return report.problems.push(error),
        };
        let deviation = case
            .deviation
            .as_ref()
            .map_or(String::new(), |by| format!(" (deviates: {by})"));
        let verdict = if right { "ok  " } else { "FAIL" };
        report.cases.push(format!(
            "{verdict} {} {}, {}: {}{deviation}",
            report.path,
            self.connection.label(),
            self.sender.side,
            case.outcome
        ));
        if !right {
            report.problems.push(format!(
                "{} is due, ours says {}",
                case.outcome,
                ending(played)
            ));
        }
    }
}

/// How it ended, in words.
fn ending(played: &Played) -> String {
    match &played.end {
        End::Open => "nothing yet".into(),
        End::Closed => "all is well".into(),
        End::Failed(failure) => failure.to_string(),
        End::Cipher => "nothing, for it is inside TLS".into(),
    }
}

fn greeting(reason: Reason) -> bool {
    reason.stage() == aemp_proto::Stage::Greeting && reason != Reason::GreetingTimeout
}

fn by_proof(reason: Reason) -> bool {
    matches!(reason, Reason::AuthProof | Reason::AuthProofForm)
}

/// All messages of octets, each with its offset, if they are messages to the end.
fn all_messages(framing: Framing, octets: &[u8]) -> Option<Vec<(usize, Found)>> {
    let mut decoder = Decoder::new(framing, Limits::default());
    let mut messages = Vec::new();
    let mut at = 0;
    while let Some(frame) = decoder.next(&octets[at..]).ok()? {
        let range = at..at + frame.len();
        at = range.end;
        messages.extend(Found::of(range.clone(), frame).map(|found| (range.start, found)));
    }
    decoder.finish(&octets[at..]).ok()?;
    Some(messages)
}

/// A message re-encodes to an equal value.
fn judge_message(framing: Framing, message: &Message<'_>, at: usize, report: &mut FileReport) {
    let values = message.values();
    match again(framing, message.port(), &message.args().values()) {
        Ok(again) if again == values => report.counts.messages += 1,
        Ok(again) => report.problems.push(format!(
            "message at octet {at}: {values:?} comes back as {again:?}"
        )),
        Err(error) => report.problems.push(format!(
            "message at octet {at} cannot be sent again: {error}"
        )),
    }
}

/// Port and arguments after they were encoded and read again. What storable cannot carry, such as the
/// booleans that it reads, is compared by way of cbor.
fn again(
    framing: Framing,
    port: &str,
    args: &[aemp_proto::value::Value],
) -> Result<Vec<aemp_proto::value::Value>, String> {
    if framing == Framing::Storable {
        again_in(framing, port, args)?;
        return again_in(Framing::Cbor, port, args);
    }
    again_in(framing, port, args)
}

fn again_in(
    framing: Framing,
    port: &str,
    args: &[aemp_proto::value::Value],
) -> Result<Vec<aemp_proto::value::Value>, String> {
    let limits = Limits::default();
    let mut octets = Vec::new();
    framing
        .encode_values(port, args, &limits, &mut octets)
        .map_err(|error| error.to_string())?;
    let mut decoder = Decoder::new(framing, limits);
    match decoder.next(&octets) {
        Ok(Some(frame)) if frame.len() == octets.len() => match frame.content() {
            Content::Message(layout) => Ok(layout.open(framing, &octets).values()),
            Content::Rewritten(layout, octets) => Ok(layout.open(framing, octets).values()),
            other => Err(format!("it comes back as {other:?}")),
        },
        Ok(_) => Err("it comes back cut".into()),
        Err(failure) => Err(failure.to_string()),
    }
}
