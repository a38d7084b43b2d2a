//! Ports of one node: order, handlers of every kind, deaths and monitors.

mod common;

use std::{sync::mpsc, time::Duration};

use aemp_node::{CallError, Cause, Context, HandlerError, Message, Node, PortId, Value};
use common::{ignore, next, soon, watch};

async fn node() -> Node {
    Node::builder().node_id("local").start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_arrive_in_order_and_one_at_a_time() {
    let node = node().await;
    let mut done = node.mailbox(None);
    let done_id = done.id().clone();
    let mut expected = 0_u64;
    let port = node
        .port()
        .handle(
            move |context: &Context, message: Message| -> Result<(), HandlerError> {
                let (number,): (u64,) = message.decode()?;
                if number != expected {
                    return Err(format!("{number} instead of {expected}").into());
                }
                expected += 1;
                if expected == 100_000 {
                    context.snd(&done_id, &("done",))?;
                }
                Ok(())
            },
        )
        .open();
    for number in 0..100_000_u64 {
        node.snd(&port, &(number,)).unwrap();
    }
    assert_eq!(next(&mut done).await.tag().unwrap(), "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_a_node_to_itself_are_carried_out_in_order() {
    let node = node().await;
    let mut mailbox = node.mailbox(None);
    let to = mailbox.id().to_string();
    let own = PortId::from(node.id().clone());
    for number in 0..10_000_u64 {
        node.snd(&own, &("snd", to.as_str(), number)).unwrap();
    }
    for expected in 0..10_000_u64 {
        let (number,): (u64,) = next(&mut mailbox).await.decode().unwrap();
        assert_eq!(number, expected);
    }
}

#[tokio::test]
async fn a_handler_never_runs_inside_of_snd() {
    let node = node().await;
    let (tell, told) = mpsc::channel();
    let port = node
        .port()
        .handle(move |_: &Context, _: Message| tell.send(()).unwrap())
        .open();
    node.snd(&port, &("x",)).unwrap();
    // One thread, and nothing was awaited.
    assert!(told.try_recv().is_err());
    soon(node.cal(&port, &("y",), Some(Duration::ZERO)))
        .await
        .unwrap_err();
    assert!(told.try_recv().is_ok());
}

#[tokio::test]
async fn tags_choose_handlers_and_the_rest_goes_to_the_default() {
    let node = node().await;
    let mut seen = node.mailbox(None);
    let (one, other) = (seen.id().clone(), seen.id().clone());
    let port = node
        .port()
        .on("tag", move |context: &Context, message: Message| {
            context.snd(&one, &("tagged", message.values()))
        })
        .handle(move |context: &Context, message: Message| {
            context.snd(&other, &("default", message.values()))
        })
        .open();
    node.snd(&port, &("tag", 1)).unwrap();
    node.snd(&port, &("other", 2)).unwrap();
    node.snd(&port, &(3,)).unwrap();
    for (kind, values) in [
        ("tagged", vec![Value::from(1)]),
        ("default", vec!["other".into(), 2.into()]),
        ("default", vec![3.into()]),
    ] {
        let message = next(&mut seen).await;
        assert_eq!(message.values(), [Value::from(kind), values.into()]);
    }
}

#[tokio::test]
async fn async_handlers_keep_the_order_to_the_end() {
    let node = node().await;
    let mut seen = node.mailbox(None);
    let to = seen.id().clone();
    let (open, gate) = tokio::sync::watch::channel(false);
    let port = node
        .port()
        .handle_async(move |context: Context, message: Message| {
            let (to, mut gate) = (to.clone(), gate.clone());
            async move {
                gate.wait_for(|open| *open).await?;
                context.snd(&to, &message.values())?;
                Ok::<_, HandlerError>(())
            }
        })
        .open();
    for number in 0..10 {
        node.snd(&port, &(number,)).unwrap();
    }
    let other = node.port().handle(ignore).open();
    node.snd(&other, &("others go on",)).unwrap();
    open.send(true).unwrap();
    for number in 0..10 {
        assert_eq!(next(&mut seen).await.values(), [Value::from(number)]);
    }
}

#[tokio::test]
async fn blocking_handlers_block_nobody() {
    let node = node().await;
    let (open, gate) = mpsc::channel::<()>();
    let mut seen = node.mailbox(None);
    let to = seen.id().clone();
    let blocked = node
        .port()
        .handle_blocking(
            move |context: &Context, _: Message| -> Result<(), HandlerError> {
                gate.recv()?;
                context.snd(&to, &("blocked",))?;
                Ok(())
            },
        )
        .open();
    let to = seen.id().clone();
    let free = node
        .port()
        .handle(move |context: &Context, _: Message| context.snd(&to, &("free",)))
        .open();
    node.snd(&blocked, &("x",)).unwrap();
    node.snd(&free, &("x",)).unwrap();
    assert_eq!(next(&mut seen).await.tag().unwrap(), "free");
    open.send(()).unwrap();
    assert_eq!(next(&mut seen).await.tag().unwrap(), "blocked");
}

#[tokio::test]
async fn failures_and_panics_kill_the_port_alone() {
    let node = node().await;
    let port = node
        .port()
        .on("fail", |_: &Context, _: Message| {
            Err::<(), _>("out of milk")
        })
        .on("panic", |_: &Context, _: Message| -> () {
            panic!("no {}", "tea")
        })
        .open();
    let told = watch(&node, &port);
    node.snd(&port, &("fail",)).unwrap();
    assert_eq!(
        soon(told).await.unwrap(),
        Cause::text(["die", "out of milk"])
    );
    assert!(!node.has_port(port.port()));
    let other = node
        .port()
        .on("panic", |_: &Context, _: Message| -> () {
            panic!("no {}", "tea")
        })
        .open();
    let told = watch(&node, &other);
    node.snd(&other, &("panic",)).unwrap();
    assert_eq!(soon(told).await.unwrap(), Cause::text(["die", "no tea"]));
    let told = watch(&node, &other);
    assert_eq!(soon(told).await.unwrap().word(), Some("no_such_port"));
}

#[tokio::test]
async fn what_nothing_handles() {
    let node = node().await;
    let bare = node.port().open();
    let told = watch(&node, &bare);
    node.snd(&bare, &("x",)).unwrap();
    let cause = soon(told).await.unwrap();
    assert_eq!(cause.word(), Some("unhandled_message"));
    let tagged = node
        .port()
        .on(
            "ping",
            |context: &Context, message: Message| -> Result<(), HandlerError> {
                let (reply,): (&str,) = message.decode()?;
                context.snd(&PortId::parse(reply)?, &("pong",))?;
                Ok(())
            },
        )
        .open();
    node.snd(&tagged, &("other",)).unwrap();
    let answer = soon(node.cal(&tagged, &("ping",), None)).await.unwrap();
    assert_eq!(answer.tag().unwrap(), "pong");
}

#[tokio::test]
async fn a_kill_comes_after_the_messages_before_it() {
    let node = node().await;
    let mut seen = node.mailbox(None);
    let to = seen.id().clone();
    let port = node
        .port()
        .handle(move |context: &Context, message: Message| context.snd(&to, &message.values()))
        .open();
    node.monitor_snd(&port, seen.id(), vec!["down".into()]);
    for number in 0..1000 {
        node.snd(&port, &(number,)).unwrap();
    }
    node.kil(&port, vec!["enough".into(), 1.into()]);
    node.snd(&port, &("too late",)).unwrap();
    for number in 0..1000 {
        assert_eq!(next(&mut seen).await.values(), [Value::from(number)]);
    }
    let expected: [Value; 3] = ["down".into(), "enough".into(), 1.into()];
    assert_eq!(next(&mut seen).await.values(), expected);
}

#[tokio::test]
async fn a_kill_ends_a_handler_that_waits() {
    let node = node().await;
    let mut seen = node.mailbox(None);
    let to = seen.id().clone();
    let port = node
        .port()
        .handle_async(move |context: Context, message: Message| {
            let to = to.clone();
            async move {
                context.snd(&to, &message.values())?;
                std::future::pending::<()>().await;
                Ok::<_, HandlerError>(())
            }
        })
        .open();
    node.snd(&port, &(1,)).unwrap();
    assert_eq!(next(&mut seen).await.values(), [Value::from(1)]);
    node.snd(&port, &(2,)).unwrap();
    let told = watch(&node, &port);
    node.kil(&port, Vec::new());
    assert_eq!(soon(told).await.unwrap(), Cause::NORMAL);
    // It came before the kill, so it has reached its handler.
    assert_eq!(next(&mut seen).await.values(), [Value::from(2)]);
}

#[tokio::test]
async fn links_carry_deaths_on_and_normal_ends_do_not() {
    let node = node().await;
    let ports: Vec<_> = (0..3).map(|_| node.port().handle(ignore).open()).collect();
    node.monitor_link(&ports[0], &ports[1]);
    node.monitor_link(&ports[1], &ports[2]);
    let told = watch(&node, &ports[2]);
    node.kil(&ports[0], vec!["first".into()]);
    assert_eq!(soon(told).await.unwrap(), Cause::text(["first"]));
    let ports: Vec<_> = (0..2).map(|_| node.port().handle(ignore).open()).collect();
    node.monitor_link(&ports[0], &ports[1]);
    let told = watch(&node, &ports[0]);
    node.kil(&ports[0], Vec::new());
    soon(told).await.unwrap();
    assert!(node.has_port(ports[1].port()));
}

#[tokio::test]
async fn a_monitor_that_was_ended_does_not_fire() {
    let node = node().await;
    let port = node.port().handle(ignore).open();
    let mut seen = node.mailbox(None);
    let ended = node.monitor_snd(&port, seen.id(), vec!["ended".into()]);
    let guard = node
        .monitor_snd(&port, seen.id(), vec!["guarded".into()])
        .guard();
    node.monitor_snd(&port, seen.id(), vec!["kept".into()]);
    ended.cancel();
    drop(guard);
    node.kil(&port, Vec::new());
    assert_eq!(next(&mut seen).await.tag().unwrap(), "kept");
}

#[tokio::test]
async fn a_full_mailbox_dies_of_overload() {
    let node = node().await;
    let mut mailbox = node.mailbox(Some(10_000));
    let told = watch(&node, mailbox.id());
    let text = "x".repeat(1000);
    for _ in 0..100 {
        node.snd(mailbox.id(), &(&text,)).unwrap();
    }
    assert_eq!(soon(told).await.unwrap().word(), Some("overload"));
    let mut taken = 0;
    while soon(mailbox.recv()).await.is_some() {
        taken += 1;
    }
    assert!((5..=10).contains(&taken), "{taken}");
}

#[tokio::test]
async fn calls_have_one_outcome() {
    let node = node().await;
    let silent = node.port().handle(ignore).open();
    let outcome = node
        .cal(&silent, &("x",), Some(Duration::from_millis(1)))
        .await;
    assert!(matches!(outcome, Err(CallError::TimedOut)));
    let outcome = node.cal(&silent, &("x",), None);
    node.kil(&silent, vec!["killed".into()]);
    match soon(outcome).await {
        Err(CallError::Died(cause)) => assert_eq!(cause.word(), Some("killed")),
        other => panic!("{other:?}"),
    }
    let absent = node.port_id("absent");
    match soon(node.cal(&absent, &("x",), None)).await {
        Err(CallError::Died(cause)) => assert_eq!(cause.word(), Some("no_such_port")),
        other => panic!("{other:?}"),
    }
    // It answers and dies: the answer is the outcome.
    let dying = node
        .port()
        .handle(
            |context: &Context, message: Message| -> Result<(), HandlerError> {
                let (reply,): (&str,) = message.decode()?;
                context.snd(&PortId::parse(reply)?, &("last",))?;
                Err("words".into())
            },
        )
        .open();
    let answer = soon(node.cal(&dying, &(), None)).await.unwrap();
    assert_eq!(answer.tag().unwrap(), "last");
}

#[tokio::test]
async fn spawning_runs_only_what_was_registered() {
    let node = node().await;
    aemp_node::service::start(&node, "conformance", &[]).unwrap();
    let port = node.spawn(node.id(), "conformance::echo", &()).unwrap();
    let answer = soon(node.cal(&port, &("hello", 5), None)).await.unwrap();
    assert_eq!(answer.values(), [Value::from("hello"), 5.into()]);
    for (function, word) in [
        ("conformance::die", "die"),
        ("conformance::idle", "no_receiver"),
        ("not::registered", "no_such_function"),
    ] {
        let port = node.spawn(node.id(), function, &("the text",)).unwrap();
        let cause = soon(watch(&node, &port)).await.unwrap();
        assert_eq!(cause.word(), Some(word));
    }
    assert!(node.spawn(node.id(), "unqualified", &()).is_err());
}

#[tokio::test]
async fn what_does_not_travel_is_refused_here_too() {
    let node = node().await;
    let port = node.port().handle(ignore).open();
    assert!(node.snd(&port, &(f64::NAN,)).is_err());
    assert!(node.snd(&port, &(1,)).is_ok());
}

#[tokio::test]
async fn callbacks_in_a_turn_come_after_what_waits() {
    let node = node().await;
    let mut seen = node.mailbox(None);
    let watched = node.port().handle(ignore).open();
    let (to, also) = (seen.id().clone(), watched.clone());
    let port = node
        .port()
        .on("watch", move |context: &Context, _: Message| {
            let to = to.clone();
            context.monitor(&also, move |context: &Context, cause: Cause| {
                context.snd(&to, &("down", cause.values()))
            });
        })
        .open();
    node.snd(&port, &("watch",)).unwrap();
    soon(node.cal(&port, &("x",), Some(Duration::ZERO)))
        .await
        .unwrap_err();
    node.kil(&watched, vec!["why".into()]);
    let expected: [Value; 2] = ["down".into(), vec![Value::from("why")].into()];
    assert_eq!(next(&mut seen).await.values(), expected);
}
