//! A node as a source of log messages: the application's own, its switch, and what stays untold.

mod common;

use aemp_node::{Node, PortId, Value};
use aemp_proto::log::{CONNECT, VERSION, read};
use common::{joined, listener, listening, next, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_ask_get_what_is_logged() {
    let source = listening(Node::builder().node_id("source").log_source()).await;
    let catcher = joined("catcher", &source).await;
    let mut log = catcher.mailbox(None);
    let node = PortId::from(source.id().clone());
    let request = (CONNECT, VERSION, log.id().to_string(), 2);
    catcher.snd(&node, &request).unwrap();
    let can = soon(catcher.cal(&node, &("can", CONNECT), None))
        .await
        .unwrap();
    assert_eq!(can.values(), ["1".into()]);
    source.log(3, "too little");
    source.log(2, "a warning");
    let values = next(&mut log).await.values();
    assert_eq!(values[1], Value::from("application"));
    let (level, text) = read(&values).unwrap();
    assert_eq!((level.get(), text.as_str()), (2.0, "a warning"));
    // The mailbox dies: nothing is sent any more, and nobody minds.
    drop(log);
    soon(catcher.cal(&node, &("info",), None)).await.unwrap();
    source.log(1, "for nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_no_source_unless_it_is_told_to() {
    let node = listener("quiet").await;
    let catcher = joined("catcher", &node).await;
    let port = PortId::from(node.id().clone());
    let can = soon(catcher.cal(&port, &("can", CONNECT), None))
        .await
        .unwrap();
    assert_eq!(can.values(), ["".into()]);
}
