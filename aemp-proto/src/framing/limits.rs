//! How large and how deep a message may be.

/// What is refused before it is buffered or built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most octets of one message, 16 MiB unless set; 4 GiB - 1 at the most, greater values
    /// count as that.
    pub message: usize,
    /// The most levels of nesting, the outer array counted, 512 unless set; [`Limits::DEPTH_MAX`]
    /// at the most, greater values count as that.
    pub depth: usize,
}

impl Limits {
    /// The greatest depth that can be asked for: deeper values could exhaust a thread's stack where
    /// they are built, compared or dropped.
    pub const DEPTH_MAX: usize = 1024;

    /// The message limit that is in force, in octets.
    pub(crate) fn octets(&self) -> usize {
        self.message.min(u32::MAX as usize)
    }

    /// The depth limit that is in force, in levels.
    pub(crate) fn levels(&self) -> usize {
        self.depth.min(Self::DEPTH_MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 16 << 20,
            depth: 512,
        }
    }
}
