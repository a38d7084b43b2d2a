//! What others may run here: init functions of spawned ports, and functions. Nothing runs that was not
//! registered under that very name.

use std::{
    collections::{BTreeSet, HashMap},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use aemp_proto::{NodeId, PortId, PortName, framing::Args, request::tag};
use serde::Serialize;

use super::{Node, requests::Source};
use crate::{
    cause::Cause,
    error::{SendError, SpawnError},
    log::log,
    message::Message,
    port::{
        context::Context,
        handler::{HandlerError, Handlers, Outcome},
        slot::{Slot, panic_text},
    },
};

type Init = dyn Fn(&Context, Message) -> Result<(), HandlerError> + Send + Sync;
type Function = dyn Fn(&Node, &NodeId, Message) + Send + Sync;

type Watcher = dyn Fn(&Node, &NodeId, bool) + Send + Sync;

/// Who wants to know of links, and the nodes that there are links with.
#[derive(Default)]
struct Watchers {
    up: BTreeSet<NodeId>,
    callbacks: Vec<Arc<Watcher>>,
}

#[derive(Default)]
pub(crate) struct Functions {
    watchers: Mutex<Watchers>,
    inits: RwLock<HashMap<Box<str>, Arc<Init>>>,
    functions: RwLock<HashMap<Box<str>, Arc<Function>>>,
}

impl Functions {
    /// Whether something is registered under that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let inits = self.inits.read().unwrap_or_else(PoisonError::into_inner);
        let functions = self
            .functions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        inits.contains_key(name) || functions.contains_key(name)
    }

    fn init(&self, name: &str) -> Option<Arc<Init>> {
        let inits = self.inits.read().unwrap_or_else(PoisonError::into_inner);
        inits.get(name).cloned()
    }

    fn function(&self, name: &str) -> Option<Arc<Function>> {
        let functions = self
            .functions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        functions.get(name).cloned()
    }
}

impl Node {
    /// Lets other nodes, and this one, spawn ports with this function: it runs in the new port's
    /// turn, with the arguments of the spawn, and gives the port its handlers
    /// ([`Context::rcv`]). If it fails, or registers no handler, the port dies with the reason.
    ///
    /// # Errors
    ///
    /// [`SpawnError::Name`] where the name has no `::`, or belongs to the protocol.
    pub fn register_init<O: Outcome>(
        &self,
        name: &str,
        init: impl Fn(&Context, Message) -> O + Send + Sync + 'static,
    ) -> Result<(), SpawnError> {
        check(name)?;
        let init = move |context: &Context, message: Message| init(context, message).into_result();
        let inits = &self.inner().functions.inits;
        let mut inits = inits.write().unwrap_or_else(PoisonError::into_inner);
        inits.insert(name.into(), Arc::new(init));
        Ok(())
    }

    /// Lets other nodes call this function, with the ID of the node that does. Calls come one after
    /// another; a function that takes long should leave its work to a port.
    ///
    /// # Errors
    ///
    /// As [`Node::register_init`].
    pub fn register_function(
        &self,
        name: &str,
        function: impl Fn(&Self, &NodeId, Message) + Send + Sync + 'static,
    ) -> Result<(), SpawnError> {
        check(name)?;
        let functions = &self.inner().functions.functions;
        let mut functions = functions.write().unwrap_or_else(PoisonError::into_inner);
        functions.insert(name.into(), Arc::new(function));
        Ok(())
    }

    /// Creates a port on a node, and runs the init function that is registered there under that
    /// name. The ID is known at once, whether or not anything comes of it; a monitor tells.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] where the name cannot be that of an init function, or the arguments do not
    /// travel.
    pub fn spawn<T: Serialize + ?Sized>(
        &self,
        node: &NodeId,
        init: &str,
        args: &T,
    ) -> Result<PortId, SpawnError> {
        // [spawn.func.qualified]
        if !init.contains("::") {
            return Err(SpawnError::Name(init.into()));
        }
        let name = self.inner().names.spawned();
        let port = PortId::new(node.clone(), name.clone());
        if node == self.id() {
            self.host_message(&name, init, self.message_of(args)?);
            return Ok(port);
        }
        let mut values = vec![tag::SPAWN.into(), name.as_str().into(), init.into()];
        values.extend(self.values_of(args)?);
        self.snd(&PortId::from(node.clone()), &values)?;
        Ok(port)
    }

    /// Carries out a spawn that a peer asks for.
    pub(crate) fn host(&self, name: &PortName, init: &str, args: &Args<'_>) {
        let message: Result<Message, SendError> = self.message_of_args(args);
        match message {
            Ok(message) => self.host_message(name, init, message),
            Err(error) => {
                self.inner().counters.wrong_request.add();
                log!(self, debug; "a spawn's arguments cannot be kept: {error}");
            }
        }
    }

    fn host_message(&self, name: &PortName, init: &str, message: Message) {
        let inner = self.inner();
        // [spawn.taken]
        if inner.graves.cause(name).is_some() || self.has_port(name) {
            inner.counters.wrong_request.add();
            return;
        }
        let Some(function) = inner.functions.init(init) else {
            inner.counters.refused_request.add();
            log!(self, info; "a spawn was refused: {init:?} is not registered");
            inner.graves.put(name, &Cause::no_such_function(init));
            return;
        };
        let limit = self.config().limits.port_queue;
        let make = || Slot::new(name.clone(), Handlers::default(), limit, false);
        let (slot, new) = inner.table.find_or_insert(name, make);
        if !new {
            inner.counters.wrong_request.add();
            return;
        }
        let init: Box<str> = init.into();
        let call = move |context: &Context| {
            let done = panic::catch_unwind(AssertUnwindSafe(|| function(context, message)));
            let cause = match done {
                Ok(Ok(())) if context.has_receiver() => return Ok(()),
                Ok(Ok(())) => Cause::no_receiver(&init),
                Ok(Err(error)) => Cause::die(error.text()),
                Err(payload) => Cause::die(&panic_text(&*payload)),
            };
            let node = context.node();
            node.inner().graves.put(context.id().port(), &cause);
            context.kil_self(cause);
            Ok(())
        };
        slot.push(self, |queue| queue.push_call(Box::new(call)));
    }

    /// Calls a function that a peer asks for.
    pub(crate) fn call_function(&self, name: &str, source: Option<&Source>, args: &Args<'_>) {
        let inner = self.inner();
        let found = inner.functions.function(name);
        let (Some(function), Ok(message)) = (found, self.message_of_args(args)) else {
            inner.counters.refused_request.add();
            log!(self, debug; "a call was refused: {name:?} is not registered");
            return;
        };
        let source = source.map_or(self.id(), |source| &source.peer.id).clone();
        let call = move |context: &Context| {
            let node = context.node();
            let run = AssertUnwindSafe(|| function(node, &source, message));
            if let Err(payload) = panic::catch_unwind(run) {
                let text = panic_text(&*payload);
                log!(node, error; "a function that {source} called panicked: {text}");
            }
            Ok(())
        };
        // [node.request.order]: one after another.
        inner
            .function_port
            .push(self, |queue| queue.push_call(Box::new(call)));
    }

    /// Calls `callback` whenever a link with another node has come up (`true`) or was lost
    /// (`false`): of each link once that it is up and once that it is down, in turn. Links that are
    /// up already are told of first.
    #[doc(alias = "mon_nodes")]
    pub fn watch_nodes(&self, callback: impl Fn(&Self, &NodeId, bool) + Send + Sync + 'static) {
        let callback: Arc<Watcher> = Arc::new(callback);
        let watchers = &self.inner().functions.watchers;
        let mut watchers = watchers.lock().unwrap_or_else(PoisonError::into_inner);
        for id in watchers.up.clone() {
            self.tell_watcher(&callback, &id, true);
        }
        watchers.callbacks.push(callback);
    }

    /// A link has come up or was lost.
    pub(crate) fn node_event(&self, id: &NodeId, up: bool) {
        let watchers = &self.inner().functions.watchers;
        let mut watchers = watchers.lock().unwrap_or_else(PoisonError::into_inner);
        if up {
            watchers.up.insert(id.clone());
        } else {
            watchers.up.remove(id);
        }
        for callback in &watchers.callbacks {
            self.tell_watcher(callback, id, up);
        }
    }

    fn tell_watcher(&self, callback: &Arc<Watcher>, id: &NodeId, up: bool) {
        let (callback, id) = (callback.clone(), id.clone());
        let call = move |context: &Context| {
            let node = context.node();
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| callback(node, &id, up)))
            {
                let text = panic_text(&*payload);
                log!(node, error; "a watcher of nodes panicked: {text}");
            }
            Ok(())
        };
        self.inner()
            .function_port
            .push(self, |queue| queue.push_call(Box::new(call)));
    }
}

fn check(name: &str) -> Result<(), SpawnError> {
    // [node.function.reserved]
    if name.contains("::") && !name.starts_with("AnyEvent::MP::") {
        Ok(())
    } else {
        Err(SpawnError::Name(name.into()))
    }
}
