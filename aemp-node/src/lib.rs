//! An AEMP node on tokio.
