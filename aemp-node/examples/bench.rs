//! The benchmark program: the same command line and output as those of the implementations that it is
//! measured beside.
//!
//! ```text
//! bench server PORT [k=v...]                             a node "srv"; prints READY
//! bench client PORT SERVERPORT WORKLOAD [k=v...]         a node "cli"; prints BEGIN and RESULT {json}
//! bench local WORKLOAD [k=v...]                          one process
//! ```
//!
//! Workloads of a client: `oneway`, `pingpong`, `pipeline`, `monitor`; local ones: `local`, `churn`,
//! `portmem`. A client holds still after RESULT until its standard input ends.

use std::{
    collections::HashMap,
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aemp_node::{Context, HandlerError, Mailbox, Message, Node, PortId, Value};
use tokio::sync::Notify;

type Outcome = Result<(), HandlerError>;
type Options = HashMap<String, String>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let fixed = args.iter().take_while(|arg| !arg.contains('=')).count();
    let options: Options = args[fixed..]
        .iter()
        .filter_map(|arg| arg.split_once('='))
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    let runtime = match options.get("rt").map(String::as_str) {
        Some("ct") => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build(),
        _ => tokio::runtime::Runtime::new(),
    };
    let runtime = runtime.expect("threads can be started");
    let fixed: Vec<String> = args[..fixed].to_vec();
    let task = async move {
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        match fixed[..] {
            ["server", port] => server(port).await,
            ["client", port, server, workload] => client(port, server, workload, &options).await,
            ["local", workload] => local(workload, &options).await,
            _ => Err("bench server PORT | client PORT SERVERPORT WORKLOAD | local WORKLOAD".into()),
        }
    };
    // As a task: a worker thread runs it beside everything else.
    let outcome = runtime.block_on(async { tokio::spawn(task).await });
    match outcome {
        Ok(Ok(())) => std::process::exit(0),
        Ok(Err(error)) => eprintln!("bench: {}", error.text()),
        Err(error) => eprintln!("bench: {error}"),
    }
    std::process::exit(1);
}

async fn server(port: &str) -> Outcome {
    let node = Node::builder()
        .node_id("srv")
        .secret("geheim")
        .bind(&format!("127.0.0.1:{port}"))
        .accept_cleartext()
        .configure(|config| config.limits.port_queue = 1 << 30)
        .start()
        .await?;
    let counted = Arc::new(AtomicU64::new(0));
    let target = Arc::new(std::sync::Mutex::new((u64::MAX, None::<PortId>)));
    let (count, reach) = (counted.clone(), target.clone());
    let mut wanted = u64::MAX;
    node.port_named("sink")
        .handle(move |context: &Context, message: Message| -> Outcome {
            // Decoded as an application would: the types are known.
            let (_tag, _number, _text): (&str, u64, &str) = message.decode()?;
            let now = count.fetch_add(1, Ordering::Relaxed) + 1;
            if now == 1 {
                wanted = reach.lock().map_err(|_| "poisoned")?.0;
            }
            if now == wanted
                && let Some(reply) = &reach.lock().map_err(|_| "poisoned")?.1
            {
                context.snd(reply, &("done", now))?;
            }
            Ok(())
        })
        .open();
    node.port_named("echo")
        .handle(|context: &Context, message: Message| -> Outcome {
            let args = message.args();
            let reply = args
                .first()
                .and_then(|arg| arg.text())
                .ok_or("no reply port")?;
            context
                .node()
                .forward(&PortId::parse(&reply)?, &message.clone().skip(1))?;
            Ok(())
        })
        .open();
    node.port_named("ctl")
        .on(
            "reset",
            move |context: &Context, message: Message| -> Outcome {
                let (wanted, reply): (u64, &str) = message.decode()?;
                let reply = PortId::parse(reply)?;
                *target.lock().map_err(|_| "poisoned")? = (wanted, Some(reply.clone()));
                counted.store(0, Ordering::Relaxed);
                context.snd(&reply, &("ready",))?;
                Ok(())
            },
        )
        .on(
            "mkports",
            |context: &Context, message: Message| -> Outcome {
                let (count, prefix, reply): (u64, &str, &str) = message.decode()?;
                for i in 1..=count {
                    let port = context.node().port_named(&format!("{prefix}{i}"));
                    port.handle(|_: &Context, _: Message| {}).open();
                }
                context.snd(&PortId::parse(reply)?, &("ready",))?;
                Ok(())
            },
        )
        .on(
            "killports",
            |context: &Context, message: Message| -> Outcome {
                let (count, prefix): (u64, &str) = message.decode()?;
                let node = context.node();
                for i in 1..=count {
                    node.kil(
                        &node.port_id(&format!("{prefix}{i}")),
                        vec!["killed".into()],
                    );
                }
                Ok(())
            },
        )
        .open();
    say("READY");
    std::future::pending().await
}

async fn client(port: &str, server: &str, workload: &str, options: &Options) -> Outcome {
    let node = Node::builder()
        .node_id("cli")
        .secret("geheim")
        .bind(&format!("127.0.0.1:{port}"))
        .seed(&format!("127.0.0.1:{server}"))
        .start()
        .await?;
    let srv = PortId::parse("srv")?;
    node.linked(srv.node()).await;
    match workload {
        "oneway" => oneway(&node, options).await,
        "pingpong" | "pipeline" => echo(&node, workload == "pipeline", options).await,
        "monitor" => monitor(&node, options).await,
        _ => Err(format!("no workload {workload}").into()),
    }
}

async fn oneway(node: &Node, options: &Options) -> Outcome {
    let n = number(options, "n", 1_000_000);
    let chunk = number(options, "chunk", 1000);
    let size = number(options, "size", 0) as usize;
    let payload = if size == 0 {
        "hello".into()
    } else {
        "x".repeat(size)
    };
    let sink = PortId::parse("srv#sink")?;
    let mut replies = node.mailbox(None);
    let ctl = PortId::parse("srv#ctl")?;
    node.snd(&ctl, &("reset", n, replies.id().to_string()))?;
    next(&mut replies).await?;
    let begun = begin();
    let mut i = 0;
    while i < n {
        for _ in 0..chunk.min(n - i) {
            node.snd(&sink, &("bench", i, &*payload))?;
            i += 1;
        }
        // Pauses where the original's driver does: 256 KiB may wait.
        node.wait_below(sink.node(), 256 << 10).await;
        tokio::task::yield_now().await;
    }
    next(&mut replies).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = n as f64 / seconds;
    result(&[
        ("n", n as f64),
        ("secs", seconds),
        ("rate", rate),
        ("mbs", rate * payload.len() as f64 / 1e6),
    ]);
    Ok(())
}

async fn echo(node: &Node, pipeline: bool, options: &Options) -> Outcome {
    let n = number(options, "n", 50_000);
    let window = if pipeline {
        number(options, "window", 100)
    } else {
        1
    };
    let echo = PortId::parse("srv#echo")?;
    let done = Arc::new(Notify::new());
    let times = Arc::new(std::sync::Mutex::new(Vec::with_capacity(n as usize)));
    let (mut sent, mut got) = (window, 0);
    let mut last = Instant::now();
    let (told, kept, to) = (done.clone(), times.clone(), echo.clone());
    let port = node
        .port()
        .handle(move |context: &Context, _: Message| -> Outcome {
            got += 1;
            if !pipeline {
                kept.lock().map_err(|_| "poisoned")?.push(last.elapsed());
                last = Instant::now();
            }
            if got == n {
                told.notify_one();
            } else if sent < n {
                context.snd(&to, &(context.id().to_string(), "bench", sent, "hello"))?;
                sent += 1;
            }
            Ok(())
        })
        .open();
    let begun = begin();
    for i in 0..window {
        node.snd(&echo, &(port.to_string(), "bench", i, "hello"))?;
    }
    done.notified().await;
    let seconds = begun.elapsed().as_secs_f64();
    let mut figures = vec![
        ("n", n as f64),
        ("secs", seconds),
        ("rate", n as f64 / seconds),
    ];
    let mut times = times.lock().map_err(|_| "poisoned")?.clone();
    times.sort();
    if !times.is_empty() {
        let at = |share: f64| {
            let time: Duration = times[(times.len() as f64 * share) as usize];
            time.as_secs_f64() * 1e6
        };
        figures.extend([
            ("p50us", at(0.5)),
            ("p99us", at(0.99)),
            ("p999us", at(0.999)),
        ]);
    }
    result(&figures);
    Ok(())
}

async fn monitor(node: &Node, options: &Options) -> Outcome {
    let n = number(options, "n", 100_000);
    let ctl = PortId::parse("srv#ctl")?;
    let mut replies = node.mailbox(None);
    let reply = replies.id().to_string();
    node.snd(&ctl, &("mkports", n, "m", &*reply))?;
    next(&mut replies).await?;
    let (got, done) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let begun = begin();
    for i in 1..=n {
        let (got, done) = (got.clone(), done.clone());
        node.monitor(&PortId::parse(&format!("srv#m{i}"))?, move |_: &Node, _| {
            if got.fetch_add(1, Ordering::Relaxed) + 1 == n {
                done.notify_one();
            }
        });
    }
    node.snd(&ctl, &("mkports", 0, "z", &*reply))?;
    next(&mut replies).await?;
    let setup = begun.elapsed().as_secs_f64();
    node.snd(&ctl, &("killports", n, "m"))?;
    done.notified().await;
    let seconds = begun.elapsed().as_secs_f64();
    result(&[
        ("n", n as f64),
        ("setup", setup),
        ("notify", seconds - setup),
        ("secs", seconds),
        ("rate", n as f64 / (seconds - setup)),
        ("setuprate", n as f64 / setup),
    ]);
    Ok(())
}

async fn local(workload: &str, options: &Options) -> Outcome {
    let n = number(options, "n", 1_000_000);
    let chunk = number(options, "chunk", 1000);
    let node = Node::builder().node_id("loc").start().await?;
    match workload {
        "local" => {
            let done = Arc::new(Notify::new());
            let told = done.clone();
            let mut got = 0;
            let handler = move |_: &Context, message: Message| -> Outcome {
                let (_number, _text): (u64, &str) = message.decode()?;
                got += 1;
                if got == n {
                    told.notify_one();
                }
                Ok(())
            };
            let port = match options.contains_key("tag") {
                true => node.port().on("bench", handler).open(),
                false => {
                    let mut handler = handler;
                    let untagged = move |context: &Context, message: Message| {
                        handler(context, message.skip(1))
                    };
                    node.port().handle(untagged).open()
                }
            };
            let begun = begin();
            let mut i = 0;
            while i < n {
                for _ in 0..chunk.min(n - i) {
                    node.snd(&port, &("bench", i, "hello"))?;
                    i += 1;
                }
                tokio::task::yield_now().await;
            }
            done.notified().await;
            finish(n, begun, &[]);
        }
        "churn" => {
            let begun = begin();
            for _ in 0..n {
                let port = node.port().handle(|_: &Context, _: Message| {}).open();
                node.kil(&port, Vec::new());
            }
            finish(n, begun, &[("left", node.ports() as f64)]);
        }
        "portmem" => {
            let before = resident();
            let begun = begin();
            for i in 0..n {
                let port = node.port();
                match options.get("kind").map(String::as_str) {
                    Some("tag") => port.on("bench", move |_: &Context, _: Message| {
                        std::hint::black_box(i);
                    }),
                    _ => port.handle(|_: &Context, _: Message| {}),
                }
                .open();
            }
            let after = resident();
            let each = (after - before) / n as f64;
            finish(n, begun, &[("bytes", each), ("rss", after)]);
        }
        _ => return Err(format!("no workload {workload}").into()),
    }
    Ok(())
}

/// The next message that is none of those that set the port up.
async fn next(mailbox: &mut Mailbox) -> Result<Vec<Value>, HandlerError> {
    Ok(mailbox.recv().await.ok_or("the node has stopped")?.values())
}

fn number(options: &Options, key: &str, default: u64) -> u64 {
    options
        .get(key)
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Octets of memory that are really there.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    pages.unwrap_or_default() * 4096.0
}

fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}

fn begin() -> Instant {
    say("BEGIN");
    Instant::now()
}

fn finish(n: u64, begun: Instant, more: &[(&str, f64)]) {
    let seconds = begun.elapsed().as_secs_f64();
    let mut figures = vec![
        ("n", n as f64),
        ("secs", seconds),
        ("rate", n as f64 / seconds),
    ];
    figures.extend_from_slice(more);
    result(&figures);
}

fn result(figures: &[(&str, f64)]) {
    let figures: Vec<String> = figures
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    say(&format!("RESULT {{{}}}", figures.join(",")));
    // Until the harness has sampled what the process used.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0);
}
