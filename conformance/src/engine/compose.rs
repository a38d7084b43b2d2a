//! What the kit sends: octets from templates, greetings, proofs and messages.

use super::conversation::Conversation;
use super::{Run, Stop};
use crate::case::step::{Chunks, Greet, Mutation, Output, Prove, RepeatOctets};
use crate::case::{Chunking, Level, Party};
use crate::wire::greeting::Line;
use crate::wire::{AuthLine, Framing, Greeting, Method, Value, from_hex, hash, to_hex};

/// Octets up to which a step's output is cut octet by octet; the rest goes in one write.
const FINE: usize = 16 << 10;

impl Run<'_> {
    /// Sends what a step says, cut as the variation or the step says.
    pub(super) fn send(
        &mut self,
        on: &str,
        outputs: &[Output],
        chunks: Option<&Chunks>,
    ) -> Result<(), Stop> {
        let mut octets = Vec::new();
        for output in outputs {
            self.compose(on, output, &mut octets)?;
        }
        let raw = |output: &Output| {
            output.text.is_some() || output.hex.is_some() || output.repeat.is_some()
        };
        self.conversation_mut(on)?.unfinished = outputs.last().is_some_and(raw);
        if outputs.iter().any(|output| output.clear.is_some()) {
            self.transcript
                .octets(on, super::transcript::Kind::Sent, &octets);
            // An end is left to the steps that expect something, as below.
            let _ended = self.conversation_mut(on)?.link.send_clear(&octets);
            return Ok(());
        }
        if outputs.iter().any(|output| output.hold.is_some()) {
            self.transcript
                .octets(on, super::transcript::Kind::Sent, &octets);
            self.conversation_mut(on)?.link.hold(&octets);
            return Ok(());
        }
        self.send_octets(on, &octets, chunks)
    }

    /// Sends octets; that the connection has ended is left to the steps that expect something.
    pub(super) fn send_octets(
        &mut self,
        on: &str,
        octets: &[u8],
        chunks: Option<&Chunks>,
    ) -> Result<(), Stop> {
        let chunks = match chunks {
            Some(chunks) => chunks.clone(),
            None => Chunks::Named(self.variation.chunking),
        };
        let count = self.next_count();
        let parts = cut(octets, &chunks, self.circumstances.seed.wrapping_add(count));
        let conversation = self.conversations.get_mut(on).ok_or_else(|| unopened(on))?;
        self.transcript
            .octets(on, super::transcript::Kind::Sent, octets);
        for part in parts {
            match conversation.link.send(part) {
                Ok(()) => {}
                Err(super::link::Unsent::Ended) => {
                    self.transcript.words(
                        on,
                        super::transcript::Kind::Note,
                        "the connection had ended",
                    );
                    return Ok(());
                }
                Err(super::link::Unsent::Stuck) => {
                    return Err(Stop::new(
                        super::Outcome::Hang,
                        "the subject reads what the kit sends",
                        "it takes no more octets",
                    ));
                }
            }
        }
        Ok(())
    }

    fn compose(&mut self, on: &str, output: &Output, out: &mut Vec<u8>) -> Result<(), Stop> {
        if let Some(text) = &output.text {
            out.extend(self.names.text(text).map_err(Stop::kit)?.bytes());
        } else if let Some(hex) = &output.hex {
            out.extend(from_hex(hex).ok_or_else(|| Stop::kit("bad hex"))?);
        } else if let Some(repeat) = &output.repeat {
            out.extend(repeated(repeat)?);
        } else if let Some(greet) = &output.greeting {
            self.greet(on, greet, out)?;
        } else if let Some(prove) = &output.auth {
            self.prove(on, prove, out)?;
        } else if let Some(message) = &output.message {
            let framing = self.conversation(on)?.framing;
            let message = self.names.value(message).map_err(Stop::kit)?;
            out.extend(framing.write(&message));
        } else if let Some(each) = &output.each {
            let framing = self.conversation(on)?.framing;
            for i in each.from..=each.to {
                self.names.set("i", Value::Integer(i.into()));
                let message = self.names.value(&each.message).map_err(Stop::kit)?;
                out.extend(framing.write(&message));
            }
        }
        Ok(())
    }

    pub(super) fn conversation(&self, on: &str) -> Result<&Conversation, Stop> {
        self.conversations.get(on).ok_or_else(|| unopened(on))
    }

    pub(super) fn conversation_mut(&mut self, on: &str) -> Result<&mut Conversation, Stop> {
        self.conversations.get_mut(on).ok_or_else(|| unopened(on))
    }

    pub(super) fn party(&self, name: &str) -> Result<&Party, Stop> {
        self.parties
            .get(name)
            .ok_or_else(|| Stop::kit(format!("no party {name:?}")))
    }

    /// The greeting that a party usually sends in this variation.
    fn usual_greeting(&mut self, on: &str) -> Result<Greeting, Stop> {
        let party = self.conversation(on)?.party.clone();
        let node = self
            .names
            .text(&format!("${{{party}}}"))
            .map_err(Stop::kit)?;
        let suite = self.variation.suite;
        let mut auths = Vec::new();
        let mut keys = vec![("provider".to_owned(), Some("aemp-conformance".to_owned()))];
        if self.variation.tls {
            auths.push(suite.tls().name().to_owned());
            keys.push(("tls".to_owned(), Some("1.0".to_owned())));
        }
        auths.push(suite.hmac().name().to_owned());
        if self.case.level == Level::Simple {
            // A simple client may know no other method.
            auths.push(Method::Cleartext.name().to_owned());
        }
        keys.push(("mproto".to_owned(), Some("1".to_owned())));
        let instance = hash::sha3_512(format!("instance|{node}").as_bytes());
        keys.push(("instance".to_owned(), Some(to_hex(&instance[..16]))));
        let count = self.next_count();
        let nonce = nonce(&format!("{}|{on}|{count}", self.unique));
        Ok(Greeting {
            word: "aemp".to_owned(),
            version: "1".to_owned(),
            node,
            auths,
            framings: vec![self.variation.framing.name().to_owned()],
            keys,
            nonce,
        })
    }

    fn greet(&mut self, on: &str, greet: &Greet, out: &mut Vec<u8>) -> Result<(), Stop> {
        let mut greeting = self.usual_greeting(on)?;
        let party = self.conversation(on)?.party.clone();
        if let Some(usual) = self.party(&party)?.greeting.clone() {
            self.change(&mut greeting, &usual)?;
        }
        self.change(&mut greeting, greet)?;
        let first = match (&greet.line, &greet.line_hex) {
            (Some(line), _) => self.names.text(line).map_err(Stop::kit)?.into_bytes(),
            (None, Some(hex)) => from_hex(hex).ok_or_else(|| Stop::kit("bad hex"))?,
            (None, None) => greeting.first_line().into_bytes(),
        };
        let eol = greet.eol.as_deref().unwrap_or("\n");
        let lines = [first, greeting.nonce.into_bytes()];
        for (at, line) in lines.iter().enumerate() {
            if greet.only.is_some_and(|only| usize::from(only) != at + 1) {
                continue;
            }
            out.extend(line);
            out.extend(eol.bytes());
            let counted = said(line, eol);
            self.names.set(
                self.qualified(on, &format!("mine.line{}", at + 1)),
                text(&counted),
            );
            if on == "main" {
                self.names
                    .set(format!("mine.line{}", at + 1), text(&counted));
            }
            self.conversation_mut(on)?.mine[at] = Some(counted);
        }
        Ok(())
    }

    pub(super) fn qualified(&self, on: &str, name: &str) -> String {
        format!("{on}:{name}")
    }

    fn change(&self, greeting: &mut Greeting, greet: &Greet) -> Result<(), Stop> {
        let filled = |template: &str| self.names.text(template).map_err(Stop::kit);
        let all = |list: &[String]| {
            list.iter()
                .map(|one| filled(one))
                .collect::<Result<Vec<_>, Stop>>()
        };
        for (field, change) in [
            (&mut greeting.word, &greet.word),
            (&mut greeting.version, &greet.version),
            (&mut greeting.node, &greet.node),
            (&mut greeting.nonce, &greet.nonce),
        ] {
            if let Some(change) = change {
                *field = filled(change)?;
            }
        }
        if let Some(auths) = &greet.auths {
            greeting.auths = all(auths)?;
        }
        if let Some(framings) = &greet.framings {
            greeting.framings = all(framings)?;
        }
        for (key, value) in &greet.keys {
            greeting.keys.retain(|(name, _)| name != key);
            if let Some(value) = value {
                greeting.keys.push((key.clone(), Some(filled(value)?)));
            }
        }
        Ok(())
    }

    fn prove(&mut self, on: &str, prove: &Prove, out: &mut Vec<u8>) -> Result<(), Stop> {
        let conversation = self.conversation(on)?;
        let suite = self.variation.suite;
        let usual = if conversation.tls {
            suite.tls()
        } else {
            suite.hmac()
        };
        let method = match &prove.method {
            Some(name) => self.names.text(name).map_err(Stop::kit)?,
            None => usual.name().to_owned(),
        };
        let rule = prove.compute.as_deref().unwrap_or(&method);
        let data = match &prove.data {
            Some(data) => self.names.text(data).map_err(Stop::kit)?,
            None => {
                let rule = Method::named(rule)
                    .ok_or_else(|| Stop::kit(format!("no rule computes {rule:?}")))?;
                let secret = self.kit_secret(on, prove)?;
                let [a, b, c, d] = match &prove.lines {
                    Some(lines) => {
                        let mut filled = Vec::new();
                        for line in lines {
                            filled.push(self.names.text(line).map_err(Stop::kit)?.into_bytes());
                        }
                        filled.try_into().expect("four lines make four")
                    }
                    None => {
                        let lines = |side: &[Option<Line>; 2]| {
                            Conversation::lines(side)
                                .ok_or_else(|| Stop::kit("a proof needs both greetings"))
                        };
                        let [a, b] = lines(&conversation.mine)?;
                        let [c, d] = lines(&conversation.theirs)?;
                        [a, b, c, d]
                    }
                };
                mutated(
                    rule.proof(secret.as_bytes(), &[a, b], &[c, d]),
                    prove.mutate,
                )
            }
        };
        let framing = match &prove.framing {
            Some(framing) => self.names.text(framing).map_err(Stop::kit)?,
            None => conversation.framing.name().to_owned(),
        };
        let line = AuthLine {
            method,
            data,
            framing,
            extra: prove.extra.clone(),
        };
        out.extend(line.write().bytes());
        out.extend(prove.eol.as_deref().unwrap_or("\n").bytes());
        self.name(on, "mine.auth", Value::text(&line.data));
        let conversation = self.conversation_mut(on)?;
        conversation.proved = true;
        if let Some(framing) = Framing::named(&line.framing) {
            conversation.framing = framing;
        }
        Ok(())
    }

    /// The secret with which the kit proves.
    fn kit_secret(&self, on: &str, prove: &Prove) -> Result<String, Stop> {
        if let Some(secret) = &prove.secret {
            return self.names.text(secret).map_err(Stop::kit);
        }
        self.party_secret(on)
    }

    /// The secret of the party on a connection.
    pub(super) fn party_secret(&self, on: &str) -> Result<String, Stop> {
        let party = self.party(&self.conversation(on)?.party)?;
        Ok(party
            .secret
            .as_deref()
            .unwrap_or_else(|| self.subject_secret())
            .to_owned())
    }
}

fn unopened(on: &str) -> Stop {
    Stop::kit(format!("connection {on:?} is not open"))
}

fn text(line: &[u8]) -> Value {
    Value::text(crate::wire::value::octets_as_text(line))
}

/// A line as a reader counts it: up to its LF and without one CR before that.
fn said(line: &[u8], eol: &str) -> Line {
    let octets = [line, eol.as_bytes()].concat();
    let end = octets
        .iter()
        .position(|&octet| octet == b'\n')
        .unwrap_or(octets.len());
    let line = &octets[..end];
    line.strip_suffix(b"\r").unwrap_or(line).to_vec()
}

/// 88 characters that depend on nothing but a text.
fn nonce(from: &str) -> String {
    let mut octets = hash::sha3_512(format!("nonce|{from}").as_bytes());
    octets.extend(hash::sha3_512(format!("more|{from}").as_bytes()));
    base64(&octets[..66])
}

fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in octets.chunks(3) {
        let word = part
            .iter()
            .fold(0_u32, |word, &octet| word << 8 | u32::from(octet));
        let word = word << (8 * (3 - part.len()));
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= part.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

fn mutated(proof: String, mutation: Option<Mutation>) -> String {
    let Some(mutation) = mutation else {
        return proof;
    };
    let flipped = |at: usize| {
        let mut octets = from_hex(&proof).unwrap_or_default();
        if let Some(octet) = octets.get_mut(at) {
            *octet ^= 1;
        }
        to_hex(&octets)
    };
    match mutation {
        Mutation::FlipFirst => flipped(0),
        Mutation::FlipLast => flipped((proof.len() / 2).saturating_sub(1)),
        Mutation::UpperCase => proof.to_uppercase(),
        Mutation::Shorten => proof[..proof.len().saturating_sub(2)].to_owned(),
        Mutation::Lengthen => format!("{proof}00"),
        Mutation::HalfOctet => proof[..proof.len().saturating_sub(1)].to_owned(),
        Mutation::Empty => String::new(),
    }
}

fn repeated(repeat: &RepeatOctets) -> Result<Vec<u8>, Stop> {
    let octets = match (&repeat.text, &repeat.hex) {
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(hex)) => from_hex(hex).ok_or_else(|| Stop::kit("bad hex"))?,
        _ => return Err(Stop::kit("repeat has either text or hex")),
    };
    Ok(octets.repeat(repeat.count))
}

/// Octets in parts, each of which is one write.
fn cut<'a>(octets: &'a [u8], chunks: &Chunks, seed: u64) -> Vec<&'a [u8]> {
    let (fine, rest) = octets.split_at(octets.len().min(FINE));
    let mut parts: Vec<&[u8]> = match chunks {
        Chunks::Named(Chunking::Whole) => return vec![octets],
        Chunks::Named(Chunking::Octet) => fine.chunks(1).collect(),
        Chunks::Named(Chunking::Line) => fine.split_inclusive(|&octet| octet == b'\n').collect(),
        Chunks::Named(Chunking::Random) => {
            let mut left = fine;
            let mut parts = Vec::new();
            let mut state = seed;
            while !left.is_empty() {
                // Knuth's MMIX generator: enough to spread cuts, and the same on every machine.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let length = (1 + (state >> 33) as usize % 40).min(left.len());
                let (part, others) = left.split_at(length);
                parts.push(part);
                left = others;
            }
            parts
        }
        Chunks::Lengths(lengths) => {
            let mut left = octets;
            let mut parts = Vec::new();
            for &length in lengths {
                let (part, others) = left.split_at(length.min(left.len()));
                parts.push(part);
                left = others;
            }
            parts.push(left);
            parts.retain(|part| !part.is_empty());
            return parts;
        }
    };
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_lose_nothing() {
        let octets: Vec<u8> = (0..40_000_u32).map(|n| n as u8).collect();
        for chunks in Chunking::ALL
            .map(Chunks::Named)
            .into_iter()
            .chain([Chunks::Lengths(vec![1, 0, 5, 100_000, 7])])
        {
            let parts = cut(&octets, &chunks, 7);
            assert_eq!(parts.concat(), octets, "{chunks:?}");
            assert!(parts.iter().all(|part| !part.is_empty()));
        }
    }

    #[test]
    fn proofs_are_mutated_in_one_place() {
        let with = |mutation| mutated("00ff0a".to_owned(), Some(mutation));
        assert_eq!(with(Mutation::FlipFirst), "01ff0a");
        assert_eq!(with(Mutation::FlipLast), "00ff0b");
        assert_eq!(with(Mutation::UpperCase), "00FF0A");
        assert_eq!(with(Mutation::Shorten), "00ff");
        assert_eq!(with(Mutation::HalfOctet), "00ff0");
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (octets, text) in [
            (&b"f"[..], "Zg=="),
            (b"fo", "Zm8="),
            (b"foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(octets), text);
        }
        assert_eq!(nonce("x").len(), 88);
    }

    #[test]
    fn a_line_counts_without_its_end() {
        assert_eq!(said(b"a", "\r\n"), b"a");
        assert_eq!(said(b"a\r", "\r\n"), b"a\r");
        assert_eq!(said(b"a", ""), b"a");
    }
}
