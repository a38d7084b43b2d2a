//! Whether a silent peer still lives.
//!
//! After a while without input the owner sends a `snd` round trip through the peer's node port,
//! which every implementation answers. Three in a row without any input mean that the link is
//! lost (`[link.heartbeat.lost]`), unless the peer has never answered one: a simple client may not
//! know how to, and is left to TCP (`[link.heartbeat.never-answered]`).

use core::time::Duration;

/// How heartbeats are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatSettings {
    /// The time without input after which a heartbeat goes out, and between two of them.
    pub interval: Duration,
    /// How many unanswered ones mean that the link is lost.
    pub most_unanswered: u32,
}

impl Default for HeartbeatSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            most_unanswered: 3,
        }
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Send a round trip, past whatever is queued, and report its answer with
    /// [`Heartbeat::handle_answer`].
    Send,
    /// The peer is silent: give the link up with `link.silent`.
    Silent,
}

/// The heartbeat of one link.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    settings: HeartbeatSettings,
    due: Duration,
    unanswered: u32,
    ever_answered: bool,
}

impl Heartbeat {
    /// The heartbeat of a link established at `now`.
    pub fn new(settings: HeartbeatSettings, now: Duration) -> Self {
        let due = now.saturating_add(settings.interval);
        Self {
            settings,
            due,
            unanswered: 0,
            ever_answered: false,
        }
    }

    /// Something came from the peer.
    pub fn handle_input(&mut self, now: Duration) {
        self.unanswered = 0;
        self.due = now.saturating_add(self.settings.interval);
    }

    /// The answer to a round trip came, which is input too.
    pub fn handle_answer(&mut self, now: Duration) {
        self.ever_answered = true;
        self.handle_input(now);
    }

    /// When to call [`Heartbeat::handle_timeout`].
    pub fn next_timeout(&self) -> Duration {
        self.due
    }

    /// The time is `now`: what is due, if anything is.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Beat> {
        if now < self.due {
            return None;
        }
        self.due = now.saturating_add(self.settings.interval);
        if self.ever_answered && self.unanswered >= self.settings.most_unanswered {
            return Some(Beat::Silent);
        }
        self.unanswered = self.unanswered.saturating_add(1);
        Some(Beat::Send)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_talking_peer_is_left_in_peace() {
        let mut heartbeat = Heartbeat::new(HeartbeatSettings::default(), at(0));
        for second in 1..100 {
            assert_eq!(heartbeat.handle_timeout(at(second)), None);
            heartbeat.handle_input(at(second));
        }
    }

    #[test]
    fn three_unanswered_ones_lose_the_link() {
        let mut heartbeat = Heartbeat::new(HeartbeatSettings::default(), at(0));
        assert_eq!(heartbeat.handle_timeout(at(4)), None);
        assert_eq!(heartbeat.handle_timeout(at(5)), Some(Beat::Send));
        heartbeat.handle_answer(at(6));
        for second in [11, 16, 21] {
            assert_eq!(heartbeat.next_timeout(), at(second));
            assert_eq!(heartbeat.handle_timeout(at(second)), Some(Beat::Send));
        }
        assert_eq!(heartbeat.handle_timeout(at(26)), Some(Beat::Silent));
    }

    #[test]
    fn who_never_answered_is_left_to_tcp() {
        let mut heartbeat = Heartbeat::new(HeartbeatSettings::default(), at(0));
        for second in 1..1000 {
            assert_ne!(heartbeat.handle_timeout(at(second * 5)), Some(Beat::Silent));
        }
    }

    #[test]
    fn any_input_counts_as_life() {
        let mut heartbeat = Heartbeat::new(HeartbeatSettings::default(), at(0));
        heartbeat.handle_answer(at(0));
        for second in [5, 10, 15] {
            assert_eq!(heartbeat.handle_timeout(at(second)), Some(Beat::Send));
        }
        heartbeat.handle_input(at(16));
        assert_eq!(heartbeat.handle_timeout(at(21)), Some(Beat::Send));
    }
}
