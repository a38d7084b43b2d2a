//! An AEMP node on tokio: ports, messages, monitors, and the network between nodes.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use aemp_node::{Context, Message, Node, PortId};
//!
//! let node = Node::builder().start().await?;
//! // A port is a handler; it handles one message at a time.
//! let adder = node
//!     .port()
//!     .on("add", |context: &Context, message: Message| -> Result<(), aemp_node::HandlerError> {
//!         let (a, b, reply): (i64, i64, &str) = message.decode()?;
//!         context.snd(&PortId::parse(reply)?, &(a + b,))?;
//!         Ok(())
//!     })
//!     .open();
//! let answer = node.cal(&adder, &("add", 2, 3), None).await?;
//! assert_eq!(answer.decode::<(i64,)>()?, (5,));
//! # Ok(()) }
//! ```
//!
//! The short verbs of AEMP are aliases in the search of this documentation: `snd`, `rcv`, `mon`, `kil`,
//! `cal`, `spawn`, `port`.

mod cause;
pub mod config;
mod counters;
mod error;
mod log;
mod message;
mod monitor;
mod net;
mod node;
mod port;
mod sched;
mod scratch;
pub mod service;

pub use aemp_proto::{NodeId, PortId, PortName, framing::Framing, value::Value};

pub use self::{
    cause::Cause,
    config::{Address, Config, Limits, NodeBuilder},
    error::{CallError, ForeignPort, SendError, SpawnError, StartError},
    message::Message,
    monitor::{Monitor, MonitorGuard},
    node::Node,
    port::{
        Mailbox, PortBuilder,
        context::Context,
        handler::{HandlerError, Outcome},
    },
};
