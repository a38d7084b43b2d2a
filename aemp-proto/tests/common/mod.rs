//! Octets in, words out: what tests of the rules of a framing share.

use aemp_proto::{Framing, Limits, fuzz::framings, value::Value};

/// What the octets, given in hex, are read as: messages as JSON texts, `-` for what means nothing, and
/// the reason at the end, if there is one; the same in pieces of any size.
pub(crate) fn read(framing: Framing, hex: &str, limits: Limits) -> String {
    let hex: String = hex.split_whitespace().collect();
    let octets = base16ct::lower::decode_vec(&hex).expect("hex");
    let read = framings::read_in_pieces(framing, &octets, limits);
    let mut words: Vec<String> = read
        .messages
        .into_iter()
        .map(|message| Value::from(message).to_string())
        .collect();
    words.extend(vec!["-".to_owned(); read.nothings]);
    words.extend(read.end.map(|failure| failure.reason().to_string()));
    words.join(" ")
}
