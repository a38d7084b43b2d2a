//! What a node does when the other side does something wrong, or nothing.

mod common;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use aemp_node::{Config, Context, HandlerError, Message, Node, PortId, Value};
use common::{echo, ignore, listening, next, raw::Raw, soon, watch};
use serde_json::json;

async fn open_node() -> Node {
    let node = listening(Node::builder().node_id("node").accept_cleartext()).await;
    echo(&node, "echo");
    node
}

#[tokio::test]
async fn a_handshake_octet_by_octet_and_messages_right_behind_it() {
    let node = open_node().await;
    let mut raw = Raw::connect(&node).await;
    let all = "aemp;1;raw;hmac_sha3_512;json\r\nnonce\r\ncleartext;67656865696d;json\r\n\
               [\"echo\",\"raw#p\",\"a\"] [\"echo\",\"raw#p\",\"b\"]";
    for octet in all.bytes() {
        raw.send(&[octet]).await;
    }
    for _ in 0..3 {
        raw.line().await.unwrap();
    }
    assert_eq!(raw.message().await.unwrap(), json!(["p", "a"]));
    assert_eq!(raw.message().await.unwrap(), json!(["p", "b"]));
}

#[tokio::test]
async fn the_acceptor_shows_no_proof_before_it_has_seen_one() {
    let node = open_node().await;
    let mut raw = Raw::connect(&node).await;
    raw.send(b"aemp;1;raw;hmac_sha3_512;json\nnonce\ncleartext;00;json\n")
        .await;
    raw.line().await.unwrap();
    raw.line().await.unwrap();
    assert_eq!(raw.line().await, None);
}

#[tokio::test]
async fn our_own_id_equal_nonces_and_other_protocols_are_refused() {
    let node = open_node().await;
    for lines in [
        "aemp;1;node;cleartext;json\nnonce\n",
        "http;1;raw;cleartext;json\n",
        "aemp;2;raw;cleartext;json\n",
        "aemp;1;raw\n",
        "\n",
        "aemp-data;1;raw;cleartext;json\nnonce\n",
        "aemp;1;raw;cleartext;xml\nnonce\n",
    ] {
        let mut raw = Raw::connect(&node).await;
        raw.send(lines.as_bytes()).await;
        raw.closed().await;
    }
    let mut raw = Raw::connect(&node).await;
    raw.line().await.unwrap();
    let nonce = raw.line().await.unwrap();
    let lines = format!("aemp;1;raw;hmac_sha3_512;json\n{nonce}\ncleartext;67656865696d;json\n");
    raw.send(lines.as_bytes()).await;
    raw.closed().await;
    assert!(node.up_nodes().is_empty());
}

#[tokio::test]
async fn malformed_input_ends_the_link_after_what_came_before() {
    let node = open_node().await;
    let mut sink = node.mailbox_named("sink", None).unwrap();
    for bad in [
        "{\"a\":}",
        "[1,]",
        "nul",
        "[\"sink\",\"\\ud800\"]",
        "[\"sink\",1e999]",
        ",",
    ] {
        let mut raw = Raw::greet(&node, "raw", "").await;
        let down = watch(&node, &PortId::parse("raw#p").unwrap());
        assert_eq!(raw.message().await.unwrap(), json!(["", "mon1", "p"]));
        let text = format!("[\"sink\",\"before\"]{bad}[\"sink\",\"after\"] ");
        raw.send(text.as_bytes()).await;
        assert_eq!(next(&mut sink).await.tag().unwrap(), "before");
        raw.closed().await;
        let cause = soon(down).await.unwrap();
        assert_eq!(cause.word(), Some("transport_error"));
        assert!(
            cause.values()[2].as_text().unwrap().starts_with("data/"),
            "{cause}"
        );
    }
    node.snd(sink.id(), &("end",)).unwrap();
    assert_eq!(next(&mut sink).await.tag().unwrap(), "end");
}

#[tokio::test]
async fn what_means_nothing_is_dropped_and_the_link_stays() {
    let node = open_node().await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    raw.send(
        br#" [] [""] ["",""] ["",null] 5 "x" null true {"a":1} [[],1] [{},1] ["nobody",1]
            ["","unknown"] ["",5] ["","snd"] ["","kil",""] ["","eval","x"] ["","mon1",""]
            ["echo","raw#p",1]"#,
    )
    .await;
    assert_eq!(raw.message().await.unwrap(), json!(["p", 1]));
}

#[tokio::test]
async fn too_large_and_too_deep() {
    let node = listening(
        Node::builder()
            .node_id("node")
            .accept_cleartext()
            .configure(|config| config.limits.message = 100_000),
    )
    .await;
    echo(&node, "echo");
    let mut raw = Raw::greet(&node, "raw", "").await;
    let fits = format!("[\"echo\",\"raw#p\",\"{}\"]", "x".repeat(99_000));
    raw.send(fits.as_bytes()).await;
    assert_eq!(raw.message().await.unwrap()[0], "p");
    let deep = format!(
        "[\"echo\",\"raw#p\",{}{}]",
        "[".repeat(511),
        "]".repeat(511)
    );
    raw.send(deep.as_bytes()).await;
    // Too deep for the parser of this test.
    raw.octets(&"]".repeat(512)).await;
    let deeper = format!("[\"echo\",\"raw#p\",{}", "[".repeat(512));
    raw.send(deeper.as_bytes()).await;
    raw.closed().await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    raw.send(b"[\"echo\",\"").await;
    // Refused before it is there: the rest of the message never comes.
    let mut sent = 0;
    while sent < 200_000 && !raw.closes_within(Duration::ZERO).await {
        raw.send(&[b'x'; 1000]).await;
        sent += 1000;
    }
    raw.closed().await;
}

#[tokio::test]
async fn a_handshake_that_dawdles_is_ended() {
    let node = listening(
        Node::builder()
            .node_id("node")
            .configure(|config| config.limits.handshake = Duration::from_millis(200)),
    )
    .await;
    let mut silent = Raw::connect(&node).await;
    let mut slow = Raw::connect(&node).await;
    slow.send(b"aemp;1;slow;").await;
    silent.closed().await;
    slow.closed().await;
}

#[tokio::test]
async fn too_many_unfinished_handshakes() {
    unfinished(|config| config.limits.handshakes = 3).await;
    unfinished(|config| config.limits.handshakes_all = 3).await;
}

/// Three at once are borne; those that have become links do not count.
async fn unfinished(limit: impl FnOnce(&mut Config)) {
    let builder = Node::builder().node_id("node").accept_cleartext();
    let node = listening(builder.configure(limit)).await;
    let _links = [
        Raw::greet(&node, "a", "").await,
        Raw::greet(&node, "b", "").await,
    ];
    let mut silent = Vec::new();
    for _ in 0..3 {
        let mut raw = Raw::connect(&node).await;
        raw.line().await.unwrap();
        silent.push(raw);
    }
    let mut one_more = Raw::connect(&node).await;
    assert_eq!(one_more.line().await, None);
    drop(silent.pop());
    // As soon as the node has noticed.
    loop {
        let mut again = Raw::connect(&node).await;
        if again.line().await.is_some() {
            break;
        }
    }
}

#[tokio::test]
async fn monitors_of_a_peer() {
    let node = open_node().await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    let port = node.port_named("p").handle(ignore).open();
    raw.send(br#"["","mon1","absent"]"#).await;
    let gone = json!([
        "",
        "kil0",
        "absent",
        "no_such_port",
        "cannot monitor nonexistent port",
        "node#absent"
    ]);
    assert_eq!(raw.message().await.unwrap(), gone);
    // Twice is once; ended and set again is once.
    raw.send(br#"["","mon1","p"]["","mon1","p"]["","mon0","p"]["","mon1","p"]["echo","raw#x"]"#)
        .await;
    assert_eq!(raw.message().await.unwrap(), json!(["x"]));
    node.kil(&port, vec!["why".into(), 5.into()]);
    assert_eq!(
        raw.message().await.unwrap(),
        json!(["", "kil0", "p", "why", 5])
    );
    node.port_named("q").handle(ignore).open();
    raw.send(br#"["","mon1","q"]["","mon0","q"]["","kil","q","by","peer"]["echo","raw#x",2]"#)
        .await;
    assert_eq!(raw.message().await.unwrap(), json!(["x", 2]));
    raw.send(br#"["","mon1","q"]"#).await;
    assert_eq!(raw.message().await.unwrap()[3], "no_such_port");
}

#[tokio::test]
async fn monitors_at_a_peer_are_one_on_the_wire() {
    let node = open_node().await;
    let mut raw = Raw::greet(&node, "raw", ";mproto=1").await;
    let port = PortId::parse("raw#p").unwrap();
    let mut seen = node.mailbox(None);
    let first = node.monitor_snd(&port, seen.id(), vec![1.into()]);
    node.monitor_snd(&port, seen.id(), vec![2.into()]);
    first.cancel();
    node.kil(&port, vec!["x".into()]);
    assert_eq!(raw.message().await.unwrap(), json!(["", "mon1", "p"]));
    assert_eq!(raw.message().await.unwrap(), json!(["", "kil1", "p", "x"]));
    raw.send(br#"["","kil0","p","x"]["","kil0","p","again"]"#)
        .await;
    let expected: [Value; 2] = [2.into(), "x".into()];
    assert_eq!(next(&mut seen).await.values(), expected);
    let last = node.monitor_snd(&port, seen.id(), vec![3.into()]);
    last.cancel();
    assert_eq!(raw.message().await.unwrap(), json!(["", "mon1", "p"]));
    assert_eq!(raw.message().await.unwrap(), json!(["", "mon0", "p"]));
    node.snd(seen.id(), &("nothing else fired",)).unwrap();
    assert_eq!(next(&mut seen).await.tag().unwrap(), "nothing else fired");
    // To an older peer the verb is another.
    let mut old = Raw::greet(&node, "old", "").await;
    node.kil(&PortId::parse("old#p").unwrap(), Vec::new());
    assert_eq!(old.message().await.unwrap(), json!(["", "kil", "p"]));
}

#[tokio::test]
async fn a_restarted_peer_takes_the_place_of_its_old_link() {
    let node = open_node().await;
    let mut old = Raw::greet(&node, "raw", ";instance=1").await;
    let down = watch(&node, &PortId::parse("raw#p").unwrap());
    assert_eq!(old.message().await.unwrap(), json!(["", "mon1", "p"]));
    let mut new = Raw::greet(&node, "raw", ";instance=2").await;
    assert_eq!(soon(down).await.unwrap().word(), Some("transport_error"));
    old.closed().await;
    new.send(br#"["echo","raw#p","new"]"#).await;
    assert_eq!(new.message().await.unwrap(), json!(["p", "new"]));
}

#[tokio::test]
async fn a_duplicate_without_instance_is_refused_while_the_old_link_answers() {
    let node = open_node().await;
    let mut old = Raw::greet(&node, "raw", "").await;
    let mut new = Raw::connect(&node).await;
    new.prove("raw", "").await;
    // The probe is a round trip through the node port.
    let probe = loop {
        old.send(br#"["echo","raw#p"]"#).await;
        if let Some(probe) = old.probe().await {
            break probe;
        }
    };
    let port = probe[2]
        .as_str()
        .unwrap()
        .split_once('#')
        .unwrap()
        .1
        .to_owned();
    old.send(json!([port]).to_string().as_bytes()).await;
    new.line().await.unwrap();
    new.line().await.unwrap();
    assert_eq!(new.line().await, None);
    old.send(br#"["echo","raw#p","alive"]"#).await;
    while old.message().await.unwrap() != json!(["p", "alive"]) {}
}

#[tokio::test]
async fn a_silent_link_gives_way_to_a_newcomer() {
    let node = open_node().await;
    let mut old = Raw::greet(&node, "raw", "").await;
    let mut new = Raw::greet(&node, "raw", "").await;
    old.closed().await;
    new.send(br#"["echo","raw#p","new"]"#).await;
    assert_eq!(new.message().await.unwrap(), json!(["p", "new"]));
}

#[tokio::test]
async fn a_peer_that_stops_answering_is_lost() {
    let builder = Node::builder().node_id("node").accept_cleartext();
    let node = listening(builder.configure(|config| {
        config.heartbeat.interval = Duration::from_millis(50);
    }))
    .await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    let down = watch(&node, &PortId::parse("raw").unwrap());
    let probe = soon(async {
        loop {
            if let Some(probe) = raw.probe().await {
                return probe;
            }
        }
    })
    .await;
    let port = probe[2]
        .as_str()
        .unwrap()
        .split_once('#')
        .unwrap()
        .1
        .to_owned();
    raw.send(json!([port]).to_string().as_bytes()).await;
    let cause = soon(down).await.unwrap();
    assert!(
        cause.values()[2]
            .as_text()
            .unwrap()
            .starts_with("link/silent"),
        "{cause}"
    );
    raw.closed().await;
}

#[tokio::test]
async fn too_many_monitors_of_one_peer_end_its_link_and_no_other() {
    let builder = Node::builder().node_id("node").accept_cleartext();
    let node = listening(builder.configure(|config| config.limits.registrations = 2)).await;
    for name in ["a", "b", "c"] {
        node.port_named(name).handle(ignore).open();
    }
    let mut other = Raw::greet(&node, "other", "").await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    // The same port twice counts once, and one that is not monitored any more does not count.
    raw.send(br#"["","mon1","a"]["","mon1","a"]["","mon1","b"]["","mon0","b"]["","mon1","c"]"#)
        .await;
    raw.send(br#"["","snd","raw#still",1]"#).await;
    assert_eq!(raw.message().await.unwrap(), json!(["still", 1]));
    raw.send(br#"["","mon1","b"]"#).await;
    raw.closed().await;
    other.send(br#"["","snd","other#still",1]"#).await;
    assert_eq!(other.message().await.unwrap(), json!(["still", 1]));
}

#[tokio::test]
async fn a_full_link_queue_ends_the_link() {
    let builder = Node::builder().node_id("node").accept_cleartext();
    let node = listening(builder.configure(|config| config.limits.link_queue = 1 << 20)).await;
    let _raw = Raw::greet(&node, "raw", "").await;
    let port = PortId::parse("raw#p").unwrap();
    let down = watch(&node, &port);
    // The peer reads nothing: the kernel's buffers fill, then ours.
    let text = "x".repeat(100_000);
    let sender = async {
        loop {
            node.snd(&port, &(&text,)).unwrap();
            tokio::task::yield_now().await;
        }
    };
    let cause = tokio::select! {
        cause = soon(down) => cause.unwrap(),
        () = sender => unreachable!(),
    };
    assert!(
        cause.values()[2]
            .as_text()
            .unwrap()
            .starts_with("link/overload"),
        "{cause}"
    );
}

#[tokio::test]
async fn reading_goes_on_while_a_port_waits() {
    let node = open_node().await;
    node.port_named("stuck")
        .handle_async(|_: Context, _: Message| async {
            std::future::pending::<()>().await;
            Ok::<_, HandlerError>(())
        })
        .open();
    let mut raw = Raw::greet(&node, "raw", "").await;
    for _ in 0..1000 {
        raw.send(br#"["stuck",1]"#).await;
    }
    raw.send(br#"["echo","raw#p","through"]"#).await;
    assert_eq!(raw.message().await.unwrap(), json!(["p", "through"]));
    raw.send(br#"["","mon1","stuck"]["","kil1","stuck","enough"]"#)
        .await;
    assert_eq!(
        raw.message().await.unwrap(),
        json!(["", "kil0", "stuck", "enough"])
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_encoded_costs_no_other() {
    let node = open_node().await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    let port = PortId::parse("raw#p").unwrap();
    node.snd(&port, &(1,)).unwrap();
    node.snd(&port, &(2, f64::INFINITY)).unwrap_err();
    node.snd(&port, &(3,)).unwrap();
    assert_eq!(raw.message().await.unwrap(), json!(["p", 1]));
    assert_eq!(raw.message().await.unwrap(), json!(["p", 3]));
}

#[tokio::test]
async fn stopping_writes_what_waits_and_closes() {
    let node = open_node().await;
    let mut raw = Raw::greet(&node, "raw", "").await;
    let port = PortId::parse("raw#p").unwrap();
    let text = "x".repeat(1000);
    for number in 0..2000 {
        node.snd(&port, &(number, &text)).unwrap();
    }
    let stopping = tokio::spawn(async move { node.shutdown(common::PATIENCE).await });
    for number in 0..2000 {
        assert_eq!(raw.message().await.unwrap()[1], number);
    }
    assert_eq!(raw.message().await, None);
    soon(stopping).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_waits_fills_no_queue_and_loses_nothing() {
    let builder = Node::builder().node_id("node").accept_cleartext();
    let node = listening(builder.configure(|config| config.limits.link_queue = 1 << 20)).await;
    let mut raw = Raw::greet(&node, "peer", "").await;
    let port: PortId = "peer#sink".parse().unwrap();
    let text = "x".repeat(1 << 16);
    // The peer reads nothing: sooner or later the sender is told to wait.
    let mut sent = 0;
    loop {
        let message = (sent, &text);
        let mut sending = pin!(node.snd_wait(&port, &message));
        match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
            Poll::Ready(outcome) => outcome.unwrap(),
            Poll::Pending => break,
        }
        sent += 1;
        assert!(sent < 10_000, "it never waits");
    }
    let count = sent + 50;
    let sender = tokio::spawn(async move {
        for number in sent..count {
            node.snd_wait(&port, &(number, &text)).await.unwrap();
        }
    });
    for number in 0..count {
        assert_eq!(raw.message().await.expect("a message")[1], number);
    }
    soon(sender).await.unwrap();
}
