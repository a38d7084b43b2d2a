//! Services that come with the node.

mod conformance;
mod echo;
mod log_catcher;

use std::fmt;

use aemp_proto::value::Value;

use crate::node::Node;

/// Starts a service by name: `echo`, `conformance`, or `log-catcher`, whose argument is the level up to
/// which other nodes send their log messages (7 unless given).
///
/// # Errors
///
/// [`UnknownService`] where there is no such service.
pub fn start(node: &Node, name: &str, args: &[Value]) -> Result<(), UnknownService> {
    match name {
        "echo" => {
            echo::open(node, "echo");
            Ok(())
        }
        "conformance" => {
            conformance::open(node);
            Ok(())
        }
        "log-catcher" => {
            let level = args.first().and_then(Value::as_integer);
            log_catcher::open(
                node,
                level
                    .and_then(aemp_proto::value::Integer::as_u64)
                    .unwrap_or(7),
            );
            Ok(())
        }
        _ => Err(UnknownService(name.into())),
    }
}

/// There is no service of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownService(String);

impl fmt::Display for UnknownService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no service {:?}; there are echo, conformance and log-catcher",
            self.0
        )
    }
}

impl std::error::Error for UnknownService {}
