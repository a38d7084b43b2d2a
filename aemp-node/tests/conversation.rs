//! Two nodes over TCP: messages, calls, monitors, kills, spawns, and how links end.

mod common;

use aemp_node::{CallError, Cause, Context, Framing, Message, Node, Value};
use aemp_proto::auth::Method;
use common::{
    PATIENCE, SECRET, echo, ignore, joined, joining, listener, listening, next, soon, watch,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation() {
    let server = listener("server").await;
    let echo = echo(&server, "echo");
    let client = joined("client", &server).await;
    let answer = soon(client.cal(&echo, &("hello", 5, [1.5, 2.5]), None))
        .await
        .unwrap();
    let expected: [Value; 3] = [
        "hello".into(),
        5.into(),
        vec![float(1.5), float(2.5)].into(),
    ];
    assert_eq!(answer.values(), expected);
    // And the other way, over the same link.
    let port = client.port_named("here").handle(common::ignore).open();
    let told = watch(&server, &port);
    server.kil(&port, vec!["done".into()]);
    assert_eq!(soon(told).await.unwrap(), Cause::text(["done"]));
    assert_eq!(server.up_nodes().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_greeted_before_the_node_is_prepared() {
    let mut early = None;
    let builder = Node::builder().node_id("server").secret(SECRET);
    let server = builder
        .bind("127.0.0.1:0")
        .start_with(|node| {
            let mut stream = std::net::TcpStream::connect(node.listening()[0]).unwrap();
            // On another thread the node could greet by now.
            stream
                .set_read_timeout(Some(std::time::Duration::from_millis(100)))
                .unwrap();
            let read = std::io::Read::read(&mut stream, &mut [0]);
            assert!(read.is_err(), "it greets although its ports are missing");
            early = Some(stream);
            echo(node, "echo");
        })
        .await
        .unwrap();
    let client = joined("client", &server).await;
    let answer = client.cal(&server.port_id("echo"), &("hello",), None);
    assert_eq!(soon(answer).await.unwrap().values(), [Value::from("hello")]);
    drop(early);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_framing_and_both_suites() {
    for framing in Framing::ALL {
        for method in [Method::HmacSha3_512, Method::HmacMd6_64_256] {
            let builder = Node::builder()
                .node_id("server")
                .framings(&[*framing])
                .methods(&[method]);
            let server = listening(builder).await;
            let echo = echo(&server, "echo");
            let builder = Node::builder()
                .node_id("client")
                .framings(&[*framing])
                .methods(&[method]);
            let client = joining(builder, &server).await;
            let values: Vec<Value> = vec![
                Value::Null,
                5.into(),
                float(0.5),
                "text é €".into(),
                vec![Value::from(u64::MAX), Value::from(i64::MIN)].into(),
            ];
            let long = "long ".repeat(100_000);
            let answer = soon(client.cal(&echo, &(values.clone(), &long), None))
                .await
                .unwrap();
            assert_eq!(answer.values()[1], Value::from(long.as_str()));
            if framing.name() != "storable" {
                assert_eq!(answer.values()[0], values.into());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_is_kept_and_nothing_is_lost() {
    let server = listener("server").await;
    let mut sink = server.mailbox_named("sink", Some(1 << 30)).unwrap();
    let client = joining(Node::builder().node_id("client"), &server).await;
    // Some of them before there is a link.
    for number in 0..50_000_u64 {
        client.snd(sink.id(), &("n", number)).unwrap();
    }
    for number in 0..50_000 {
        assert_eq!(
            next(&mut sink).await.decode::<(&str, u64)>().unwrap(),
            ("n", number)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrong_secret_and_nobody_there() {
    let server = listener("server").await;
    let client = Node::builder()
        .node_id("client")
        .secret("wrong")
        .seed(&server.listening()[0].to_string())
        .start()
        .await
        .unwrap();
    match soon(client.cal(&server.port_id("echo"), &("x",), None)).await {
        // It is there, and does not let us in.
        Err(CallError::Died(cause)) => assert_eq!(cause.word(), Some("transport_error")),
        other => panic!("{other:?}"),
    }
    assert!(server.up_nodes().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleartext_is_off_unless_it_is_accepted() {
    let only_cleartext = [Method::Cleartext];
    for accept in [false, true] {
        let mut builder = Node::builder().node_id("server");
        if accept {
            builder = builder.accept_cleartext();
        }
        let server = listening(builder).await;
        let client = Node::builder().node_id("client").configure(|config| {
            config.send = only_cleartext.into();
        });
        let client = joining(client, &server).await;
        let outcome = soon(client.cal(&server.port_id("absent"), &("x",), None)).await;
        let Err(CallError::Died(cause)) = outcome else {
            panic!("{outcome:?}")
        };
        let word = if accept {
            "no_such_port"
        } else {
            "unreachable"
        };
        assert_eq!(cause.word(), Some(word));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitors_fire_once_with_the_reason() {
    let server = listener("server").await;
    let client = joined("client", &server).await;
    let mut seen = client.mailbox(None);
    let port = server.port_named("p").handle(ignore).open();
    for number in 0..3 {
        client.monitor_snd(&port, seen.id(), vec![number.into()]);
    }
    let ended = client.monitor_snd(&port, seen.id(), vec!["ended".into()]);
    ended.cancel();
    client.kil(&port, vec!["by".into(), "client".into()]);
    for number in 0..3 {
        let expected: [Value; 3] = [number.into(), "by".into(), "client".into()];
        assert_eq!(next(&mut seen).await.values(), expected);
    }
    let cause = soon(watch(&client, &port)).await.unwrap();
    assert_eq!(cause.word(), Some("no_such_port"));
    assert_eq!(cause.values()[2], Value::from("server#p"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_link_fires_every_monitor_once() {
    let server = listener("server").await;
    let client = joined("client", &server).await;
    let mut seen = client.mailbox(None);
    let port = server.port_named("p").handle(ignore).open();
    client.monitor_snd(&port, seen.id(), vec!["port".into()]);
    client.monitor_snd(&server.port_id(""), seen.id(), vec!["node".into()]);
    // A round trip: the server knows of the monitor.
    soon(client.cal(&server.port_id("absent"), &(), None))
        .await
        .unwrap_err();
    soon(server.shutdown(PATIENCE)).await;
    let mut fired: Vec<String> = Vec::new();
    for _ in 0..2 {
        let values = next(&mut seen).await.values();
        assert_eq!(values[1], Value::from("transport_error"));
        assert_eq!(values[2], Value::from("server"));
        fired.push(values[0].as_text().unwrap().into());
    }
    fired.sort();
    assert_eq!(fired, ["node", "port"]);
    client.snd(seen.id(), &("nothing more",)).unwrap();
    assert_eq!(next(&mut seen).await.tag().unwrap(), "nothing more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_comes_after_what_the_port_has_sent() {
    let server = listener("server").await;
    let port = server
        .port_named("talker")
        .handle(
            |context: &Context, message: Message| -> Result<(), aemp_node::HandlerError> {
                let (to,): (&str,) = message.decode()?;
                let to = aemp_node::PortId::parse(to)?;
                for number in 0..1000 {
                    context.snd(&to, &(number,))?;
                }
                Err("done".into())
            },
        )
        .open();
    let client = joined("client", &server).await;
    let mut seen = client.mailbox(None);
    client.monitor_snd(&port, seen.id(), vec!["down".into()]);
    client.snd(&port, &(seen.id().to_string(),)).unwrap();
    for number in 0..1000 {
        assert_eq!(next(&mut seen).await.values(), [Value::from(number)]);
    }
    assert_eq!(next(&mut seen).await.tag().unwrap(), "down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_port_cannot_be_killed_and_answers() {
    let server = listener("server").await;
    let client = joined("client", &server).await;
    let node_port = server.port_id("");
    client.kil(&node_port, vec!["no".into()]);
    client.snd(&node_port, &("kil1", "")).unwrap();
    for (request, result) in [
        (vec!["info"], Value::from("server")),
        (vec!["can", "snd"], "1".into()),
        (vec!["can", "eval"], "".into()),
        (vec!["up_nodes"], "client".into()),
    ] {
        let answer = soon(client.cal(&node_port, &request, None)).await.unwrap();
        assert_eq!(answer.values(), [result]);
    }
    let answer = soon(client.cal(&node_port, &("eval", "exit"), None))
        .await
        .unwrap();
    assert!(answer.tag().unwrap().contains("does not evaluate"));
    let answer = soon(client.cal(&node_port, &("time",), None))
        .await
        .unwrap();
    assert!(matches!(
        answer.values()[..],
        [Value::Float(_) | Value::Integer(_)]
    ));
    let answer = soon(client.cal(&node_port, &("status",), None))
        .await
        .unwrap();
    let status = answer.values().remove(0);
    let counters = status.as_map().unwrap().get("counters").unwrap();
    assert_eq!(
        counters.as_map().unwrap().get("refused_request"),
        Some(&2.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_told_of_in_turn() {
    let server = listener("server").await;
    let mut seen = server.mailbox(None);
    let to = seen.id().clone();
    server.watch_nodes(move |node: &Node, id, up| {
        node.snd(&to, &(id.as_str(), up)).unwrap();
    });
    for _ in 0..3 {
        let client = joined("client", &server).await;
        assert_eq!(
            next(&mut seen).await.decode::<(&str, bool)>().unwrap(),
            ("client", true)
        );
        soon(client.shutdown(PATIENCE)).await;
        assert_eq!(
            next(&mut seen).await.decode::<(&str, bool)>().unwrap(),
            ("client", false)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_catcher_asks_every_node() {
    let catcher = listener("catcher").await;
    aemp_node::service::start(&catcher, "log-catcher", &[8.into()]).unwrap();
    // This node has no log for others: it counts the request as refused.
    let client = joined("client", &catcher).await;
    let node_port = client.port_id("");
    let refused = soon(async {
        loop {
            let status = client
                .cal(&node_port, &("status",), None)
                .await
                .unwrap()
                .values()
                .remove(0);
            let counters = status
                .as_map()
                .unwrap()
                .get("counters")
                .unwrap()
                .as_map()
                .unwrap()
                .clone();
            if counters.get("refused_request") == Some(&1.into()) {
                return true;
            }
        }
    });
    assert!(refused.await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawning_on_another_node() {
    let server = listener("server").await;
    aemp_node::service::start(&server, "conformance", &[]).unwrap();
    let client = joined("client", &server).await;
    let port = client.spawn(server.id(), "conformance::echo", &()).unwrap();
    let answer = soon(client.cal(&port, &("hello",), None)).await.unwrap();
    assert_eq!(answer.tag().unwrap(), "hello");
    for (function, word) in [
        ("conformance::die", "die"),
        ("conformance::idle", "no_receiver"),
        ("not::registered", "no_such_function"),
    ] {
        let port = client.spawn(server.id(), function, &("text",)).unwrap();
        assert_eq!(
            soon(watch(&client, &port)).await.unwrap().word(),
            Some(word)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_node_is_linked_again() {
    let server = listener("server").await;
    let address = server.listening()[0].to_string();
    let client = joined("client", &server).await;
    let down = watch(&client, &server.port_id(""));
    soon(server.shutdown(PATIENCE)).await;
    assert_eq!(soon(down).await.unwrap().word(), Some("transport_error"));
    let server = Node::builder()
        .node_id("server")
        .secret(SECRET)
        .bind(&address)
        .start()
        .await
        .unwrap();
    let echo = echo(&server, "echo");
    soon(client.linked(server.id())).await;
    let answer = soon(client.cal(&echo, &("again",), None)).await.unwrap();
    assert_eq!(answer.tag().unwrap(), "again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_dial_each_other_have_one_link() {
    for _ in 0..10 {
        let a = listener("a").await;
        let b = listener("b").await;
        let (mut at_a, mut at_b) = (a.mailbox(None), b.mailbox(None));
        a.learn(b.id(), b.listening()[0].into());
        b.learn(a.id(), a.listening()[0].into());
        for number in 0..100 {
            a.snd(at_b.id(), &(number,)).unwrap();
            b.snd(at_a.id(), &(number,)).unwrap();
        }
        for number in 0..100 {
            assert_eq!(next(&mut at_a).await.values(), [Value::from(number)]);
            assert_eq!(next(&mut at_b).await.values(), [Value::from(number)]);
        }
    }
}

fn float(number: f64) -> Value {
    Value::Float(aemp_proto::value::Float::new(number).unwrap())
}
