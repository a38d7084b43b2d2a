//! The service `conformance`: the fixture by which the conformance kit moves a node.
//!
//! A port `conformance` takes a verb, a port for the reply, and what the verb needs; replies begin with
//! the verb. Verbs that it does not know, and messages that are wrong, are dropped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aemp_proto::{PortId, value::Value};

use super::echo::{echo, port_id};
use crate::{CallError, Context, HandlerError, Message, Monitor, node::Node};

type Verb = fn(&Fixture, &Context, &PortId, &[Value]) -> Option<()>;

const VERBS: &[(&str, Verb)] = &[
    ("make", make),
    ("kill", kill),
    ("die", die),
    ("monitor", monitor),
    ("unmonitor", unmonitor),
    ("send", send),
    ("spawn", spawn),
    ("call", call),
    ("nodes", nodes),
];

/// Makes a handler of an echo port fail with the text behind it.
const DIE: &str = "\u{0}die";

/// Monitors by who asked for them and what is monitored.
#[derive(Default)]
struct Fixture {
    monitors: Mutex<HashMap<(PortId, PortId), Monitor>>,
}

/// Opens the port and registers the init functions.
pub(crate) fn open(node: &Node) {
    let fixture = Arc::new(Fixture::default());
    let mut port = node.port_named("conformance");
    for (name, verb) in VERBS {
        let fixture = fixture.clone();
        port = port.on(name, move |context: &Context, message: Message| {
            let values = message.values();
            let done = values
                .first()
                .and_then(port_id)
                .and_then(|reply| verb(&fixture, context, &reply, &values[1..]));
            if done.is_none() {
                tracing::info!("conformance: a message {name:?} was wrong: {message:?}");
            }
        });
    }
    port.open();
    // The names have a `::` and none of them is the protocol's.
    let registered = [
        node.register_init("conformance::echo", |context: &Context, _| {
            let handler = |context: &Context, message: Message| echo(context, &message);
            context.rcv().handle(handler).open();
        }),
        node.register_init(
            "conformance::die",
            |_: &Context, message: Message| -> Result<(), HandlerError> {
                let text = message
                    .args()
                    .first()
                    .and_then(|arg| arg.text().map(String::from));
                Err(text.unwrap_or_default().into())
            },
        ),
        node.register_init("conformance::idle", |_: &Context, _| {}),
    ];
    debug_assert!(registered.iter().all(Result::is_ok));
}

fn make(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let name = args.first()?.as_text()?;
    let port = context
        .node()
        .port_named(&name)
        .handle(
            |context: &Context, message: Message| -> Result<(), HandlerError> {
                if message.tag().as_deref() == Some(DIE) {
                    let text = message
                        .args()
                        .iter()
                        .nth(1)
                        .and_then(|arg| arg.text().map(String::from));
                    return Err(text.unwrap_or_default().into());
                }
                echo(context, &message)
            },
        )
        .open();
    tell(context.node(), reply, &["make".into(), shown(&port)])
}

fn kill(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    // With a `#` it is a port ID, of any node.
    let port = port_id(args.first()?).or_else(|| named(context, args))?;
    context.node().kil(&port, args[1..].to_vec());
    tell(context.node(), reply, &["kill".into(), shown(&port)])
}

fn die(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let port = named(context, args)?;
    let text = args.get(1).cloned().unwrap_or("".into());
    context.snd(&port, &[DIE.into(), text]).ok()?;
    tell(context.node(), reply, &["die".into(), shown(&port)])
}

fn monitor(fixture: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let port = target(args.first()?)?;
    tell(context.node(), reply, &["monitor".into(), shown(&port)])?;
    let values = vec!["down".into(), shown(&port)];
    let set = context.node().monitor_snd(&port, reply, values);
    fixture.monitors().insert((reply.clone(), port), set);
    Some(())
}

fn unmonitor(fixture: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let port = target(args.first()?)?;
    if let Some(set) = fixture.monitors().remove(&(reply.clone(), port.clone())) {
        set.cancel();
    }
    tell(context.node(), reply, &["unmonitor".into(), shown(&port)])
}

fn send(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let port = target(args.first()?)?;
    let count = args.get(1)?.as_integer()?.as_u64()?;
    for i in 1..=count {
        context.snd(&port, &(i,)).ok()?;
    }
    tell(context.node(), reply, &["send".into(), shown(&port)])
}

fn spawn(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let node = PortId::parse(&args.first()?.as_text()?).ok()?;
    let function = args.get(1)?.as_text()?;
    let port = context
        .node()
        .spawn(node.node(), &function, &args[2..])
        .ok()?;
    tell(context.node(), reply, &["spawn".into(), shown(&port)])
}

fn call(_: &Fixture, context: &Context, reply: &PortId, args: &[Value]) -> Option<()> {
    let port = target(args.first()?)?;
    let limit = match args.get(1)? {
        Value::Null => None,
        Value::Float(seconds) => Duration::try_from_secs_f64(seconds.get()).ok(),
        seconds => Some(Duration::from_secs(seconds.as_integer()?.as_u64()?)),
    };
    let outcome = context.node().cal(&port, &args[2..], limit);
    let (node, reply) = (context.node().clone(), reply.clone());
    tokio::spawn(async move {
        let mut values = vec!["call".into(), shown(&port)];
        match outcome.await {
            Ok(answer) => {
                values.push(true.into());
                values.extend(answer.values());
            }
            Err(error) => {
                values.push(false.into());
                match error {
                    CallError::Died(cause) => values.extend_from_slice(cause.values()),
                    // [call.fail.timeout]
                    CallError::TimedOut => {
                        values.push("timeout".into());
                        values.push(error.to_string().as_str().into());
                    }
                    CallError::Send(error) => values.push(error.to_string().as_str().into()),
                }
            }
        }
        tell(&node, &reply, &values);
    });
    Some(())
}

fn nodes(_: &Fixture, context: &Context, reply: &PortId, _: &[Value]) -> Option<()> {
    let up = context.node().up_nodes();
    let up: Vec<Value> = up.iter().map(|id| id.as_str().into()).collect();
    tell(context.node(), reply, &["nodes".into(), up.into()])
}

impl Fixture {
    fn monitors(&self) -> MutexGuard<'_, HashMap<(PortId, PortId), Monitor>> {
        self.monitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The port of this node that the first argument names.
fn named(context: &Context, args: &[Value]) -> Option<PortId> {
    Some(context.node().port_id(&args.first()?.as_text()?))
}

/// A port ID, that of a node port too.
fn target(value: &Value) -> Option<PortId> {
    PortId::parse(&value.as_text()?).ok()
}

fn shown(port: &PortId) -> Value {
    port.to_string().into()
}

fn tell(node: &Node, reply: &PortId, values: &[Value]) -> Option<()> {
    node.snd(reply, values).ok()
}
