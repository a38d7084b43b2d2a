//! Services that come with the node.

mod conformance;
mod echo;

use std::fmt;

use aemp_proto::value::Value;

use crate::node::Node;

/// Starts a service by name: `echo` or `conformance`.
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
        _ => Err(UnknownService(name.into(), args.len())),
    }
}

/// There is no service of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownService(String, usize);

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
