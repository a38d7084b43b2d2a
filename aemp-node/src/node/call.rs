//! Calls: a message whose last element is a port for the one answer.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aemp_proto::PortId;
use serde::Serialize;
use tokio::sync::oneshot;

use super::Node;
use crate::{
    cause::Cause,
    error::{CallError, SendError},
    message::Message,
    monitor::{Monitoring, Target},
    port::{
        context::Context,
        handler::{Handler, Handlers},
        slot::Slot,
    },
};

impl Node {
    /// Sends a message with a port for the answer as last element, and waits for that: for ever, or
    /// for as long as `limit` says. The called port is monitored either way, so there is exactly one
    /// outcome and always one unless the port neither answers nor dies.
    ///
    /// The message is sent when this returns, whether or not the future is polled. Dropping the
    /// future gives the call up.
    pub fn cal<T: Serialize + ?Sized>(
        &self,
        port: &PortId,
        args: &T,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Message, CallError>> + Send + use<T> {
        let started = self.start_call(port, args);
        async move {
            let mut call = started?;
            let outcome = match limit {
                Some(limit) => tokio::time::timeout(limit, &mut call.outcome).await,
                None => Ok((&mut call.outcome).await),
            };
            match outcome {
                Ok(Ok(outcome)) => outcome,
                // The node has stopped.
                Ok(Err(_)) => Err(CallError::Died(Cause::NORMAL)),
                Err(_) => Err(CallError::TimedOut),
            }
        }
    }

    fn start_call<T: Serialize + ?Sized>(
        &self,
        port: &PortId,
        args: &T,
    ) -> Result<Call, SendError> {
        let mut values = self.values_of(args)?;
        let (sender, outcome) = oneshot::channel();
        let sender = Arc::new(Mutex::new(Some(sender)));
        let mut handlers = Handlers::default();
        let answered = sender.clone();
        handlers.set_default(Handler::plain(
            move |context: &Context, message: Message| {
                context.kil_self(Cause::NORMAL);
                settle(&answered, Ok(message));
            },
        ));
        let limit = self.config().limits.mailbox;
        let slot = Slot::new(self.inner().names.port(), handlers, limit, false);
        self.inner().table.insert_new(slot.clone());
        let reply = PortId::new(self.id().clone(), slot.name().clone());
        // [call.order]: in the reply port's turn, so an answer that came first is the outcome.
        let died = move |_: &Context, cause| {
            settle(&sender, Err(CallError::Died(cause)));
            Ok(())
        };
        let target = Target::Port(Arc::downgrade(&slot), Box::new(died));
        let monitoring = Monitoring::new(target);
        let call = Call {
            node: self.clone(),
            slot,
            target: port.clone(),
            monitor: monitoring.id,
            outcome,
        };
        // [call.monitor]
        self.set_monitor(port, monitoring);
        values.push(reply.to_string().into());
        self.snd(port, &values)?;
        Ok(call)
    }
}

type Outcome = Result<Message, CallError>;
type Sender = Mutex<Option<oneshot::Sender<Outcome>>>;

fn settle(sender: &Sender, outcome: Outcome) {
    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(sender) = sender {
        // A caller that has gone wants no outcome.
        let _ = sender.send(outcome);
    }
}

/// A call that waits; ends its port and its monitor when dropped.
struct Call {
    node: Node,
    slot: Arc<Slot>,
    target: PortId,
    monitor: u64,
    outcome: oneshot::Receiver<Outcome>,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.slot.kill_now(&self.node, Cause::NORMAL);
        self.node.unmonitor(&self.target, self.monitor);
    }
}
