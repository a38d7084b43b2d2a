//! A peer whose every octet a test writes: it proves itself in clear text.

use std::time::Duration;

use aemp_node::Node;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PATIENCE, soon};

/// A connection to a node.
pub(crate) struct Raw {
    tcp: TcpStream,
    input: Vec<u8>,
}

impl Raw {
    /// Connects and says nothing.
    pub(crate) async fn connect(node: &Node) -> Self {
        let tcp = soon(TcpStream::connect(node.listening()[0])).await.unwrap();
        Self {
            tcp,
            input: Vec::new(),
        }
    }

    /// Connects and completes the handshake as `id`, with further keys.
    pub(crate) async fn greet(node: &Node, id: &str, keys: &str) -> Self {
        let mut raw = Self::connect(node).await;
        raw.prove(id, keys).await;
        // Two lines of the greeting, and the proof.
        for _ in 0..3 {
            raw.line().await.expect("the node refuses the handshake");
        }
        raw
    }

    /// Sends a whole handshake.
    pub(crate) async fn prove(&mut self, id: &str, keys: &str) {
        let nonce = format!("{:?}", std::time::Instant::now());
        let lines =
            format!("aemp;1;{id};hmac_sha3_512;json{keys}\n{nonce}\ncleartext;67656865696d;json\n");
        self.send(lines.as_bytes()).await;
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        soon(self.tcp.write_all(octets)).await.unwrap();
    }

    /// The next line; nothing where the connection ends first.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.input.iter().position(|&octet| octet == b'\n') {
                let line = self.input.drain(..=end).collect();
                return Some(String::from_utf8(line).unwrap().trim_end().to_owned());
            }
            self.read().await?;
        }
    }

    /// The next message that is no heartbeat; nothing where the connection ends first.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        let begun = std::time::Instant::now();
        loop {
            let mut values = serde_json::Deserializer::from_slice(&self.input).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let used = values.byte_offset();
                self.input.drain(..used);
                if value[0] == "" && value[1] == "snd" {
                    continue;
                }
                return Some(value);
            }
            assert!(begun.elapsed() < PATIENCE, "no message comes");
            self.read().await?;
        }
    }

    /// Waits for these octets and drops everything up to them.
    pub(crate) async fn octets(&mut self, expected: &str) {
        let expected = expected.as_bytes();
        loop {
            let mut windows = self.input.windows(expected.len());
            if let Some(at) = windows.position(|window| window == expected) {
                self.input.drain(..at + expected.len());
                return;
            }
            self.read().await.expect("the connection has ended");
        }
    }

    /// The next message if it is a heartbeat; any other is dropped.
    pub(crate) async fn probe(&mut self) -> Option<Value> {
        loop {
            let mut values = serde_json::Deserializer::from_slice(&self.input).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let used = values.byte_offset();
                self.input.drain(..used);
                return (value[0] == "" && value[1] == "snd").then_some(value);
            }
            self.read().await?;
        }
    }

    /// Waits until the node closes.
    pub(crate) async fn closed(&mut self) {
        // Heartbeats go on: each of them is no reason to wait on.
        soon(async { while self.read().await.is_some() {} }).await;
    }

    /// Whether the node has closed within a time that is enough if it wanted to.
    pub(crate) async fn closes_within(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit.min(PATIENCE), self.closed())
            .await
            .is_ok()
    }

    async fn read(&mut self) -> Option<()> {
        // A reset is an end too.
        match soon(self.tcp.read_buf(&mut self.input)).await {
            Ok(1..) => Some(()),
            Ok(0) | Err(_) => None,
        }
    }
}
