//! Speed of the json framing, measured against `serde_json` and a plain copy of memory.
//!
//! `cargo bench -p aemp-proto --bench json` first prints ratios, each from the medians of runs that
//! alternate in this process (so that whatever else the machine does touches both alike), then lets
//! criterion measure each figure by itself.

use aemp_proto::framing::{Content, Decoder, Framing, Limits};
use criterion::{BatchSize, Criterion, Throughput};
use hashbrown::HashMap;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const MESSAGE: &str = r#"["sink","bench",123,"hello"]"#;
const BUFFER: usize = 64 << 10;

/// A thousand ports, hashed as a node hashes them; all that a dispatcher does is to find the right
/// one.
fn ports() -> HashMap<String, usize> {
    let names = (0..999).map(|i| format!("x/vK9lyeEddM.{i}"));
    names.chain(["sink".to_owned()]).zip(1..).collect()
}

/// As many whole messages as a read of 64 KiB holds.
fn messages() -> Vec<u8> {
    MESSAGE.repeat(BUFFER / MESSAGE.len()).into_bytes()
}

/// One message with a text of 64 KiB.
fn long(unit: &str) -> Vec<u8> {
    format!("[\"sink\",\"{}\"]", unit.repeat(BUFFER / unit.len())).into_bytes()
}

/// Scanning, validation, dispatch and typed decoding.
fn ours(input: &[u8], ports: &HashMap<String, usize>) -> u64 {
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    let (mut rest, mut sum) = (input, 0);
    while let Some(frame) = decoder.next(rest).unwrap() {
        let (octets, behind) = rest.split_at(frame.len());
        if let Content::Message(layout) = frame.content() {
            let message = layout.open(Framing::Json, octets);
            let port = ports[message.port()];
            let (tag, number, text) = message.args().decode::<(&str, u64, &str)>().unwrap();
            sum += (port + tag.len() + text.len()) as u64 + number;
        }
        rest = behind;
    }
    sum
}

/// The same through trees of values.
fn trees(input: &[u8], ports: &HashMap<String, usize>) -> u64 {
    let texts = serde_json::Deserializer::from_slice(input).into_iter::<Vec<serde_json::Value>>();
    let mut sum = 0;
    for values in texts {
        let values = values.unwrap();
        let port = ports[values[0].as_str().unwrap()];
        let (tag, text) = (values[1].as_str().unwrap(), values[3].as_str().unwrap());
        sum += (port + tag.len() + text.len()) as u64 + values[2].as_u64().unwrap();
    }
    sum
}

/// Scanning and validation alone.
fn boundaries(input: &[u8]) -> usize {
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    let (mut rest, mut count) = (input, 0);
    while let Some(frame) = decoder.next(rest).unwrap() {
        rest = &rest[frame.len()..];
        count += 1;
    }
    count
}

/// The same, an octet at a time.
fn octet_by_octet(input: &[u8]) -> usize {
    let mut decoder = Decoder::new(Framing::Json, Limits::default());
    let (mut start, mut count) = (0, 0);
    for end in 1..=input.len() {
        while let Some(frame) = decoder.next(&input[start..end]).unwrap() {
            start += frame.len();
            count += 1;
        }
    }
    count
}

fn encode(out: &mut Vec<u8>) {
    out.clear();
    let limits = Limits::default();
    for _ in 0..BUFFER / MESSAGE.len() {
        Framing::Json
            .encode("sink", &("bench", 123_u64, "hello"), &limits, out)
            .unwrap();
    }
}

fn encode_serde_json(out: &mut Vec<u8>) {
    out.clear();
    for _ in 0..BUFFER / MESSAGE.len() {
        serde_json::to_writer(&mut *out, &("sink", "bench", 123_u64, "hello")).unwrap();
    }
}

/// How many times faster `ours` is than `other`.
fn ratio(mut ours: impl FnMut(), mut other: impl FnMut()) -> f64 {
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..151 {
        fast.push(time(&mut ours));
        slow.push(time(&mut other));
    }
    median(slow).as_secs_f64() / median(fast).as_secs_f64()
}

fn time(run: &mut impl FnMut()) -> Duration {
    let before = Instant::now();
    run();
    before.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print_ratios() {
    let (input, ports) = (messages(), ports());
    let show = |what: &str, ratio: f64, target: &str| {
        println!("{what:<68} {ratio:6.2} {target}");
    };
    let whole = ratio(
        || {
            black_box(ours(black_box(&input), &ports));
        },
        || {
            black_box(trees(black_box(&input), &ports));
        },
    );
    show(
        "scan, dispatch, typed decode / serde_json into values",
        whole,
        "(at least 2.5)",
    );
    let found = ratio(
        || {
            black_box(boundaries(black_box(&input)));
        },
        || {
            black_box(trees(black_box(&input), &ports));
        },
    );
    show(
        "boundaries with validation / serde_json into values",
        found,
        "(at least 6)",
    );
    // Texts that are hardly ASCII, or full of escapes, are bound by `core::str::from_utf8` and by their
    // escapes.
    for (name, unit, target) in [
        ("ASCII", "x", "(at least 0.25)"),
        ("every fifth character not ASCII", "caf\u{e9} ", ""),
        ("every fifth character escaped", "line\\n", ""),
    ] {
        let input = long(unit);
        let mut copy = vec![0; input.len()];
        // Several at a time, so that the clock's resolution does not matter.
        let copied = ratio(
            || (0..8).for_each(|_| _ = black_box(boundaries(black_box(&input)))),
            || (0..8).for_each(|_| black_box(&mut copy).copy_from_slice(black_box(&input))),
        );
        show(
            &format!("64 KiB text ({name}), scanned / copied"),
            copied,
            target,
        );
    }
    let slowly = ratio(
        || {
            black_box(octet_by_octet(black_box(&input)));
        },
        || {
            black_box(trees(black_box(&input), &ports));
        },
    );
    show(
        "octet by octet / serde_json into values at once",
        slowly,
        "",
    );
    let (mut out, mut other) = (Vec::new(), Vec::new());
    let written = ratio(
        || encode(black_box(&mut out)),
        || encode_serde_json(black_box(&mut other)),
    );
    show("encode / serde_json", written, "");
}

fn main() {
    print_ratios();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(20)
        .configure_from_args();
    let (input, ports) = (messages(), ports());
    let mut group = criterion.benchmark_group("json");
    group.throughput(Throughput::Elements((input.len() / MESSAGE.len()) as u64));
    group.bench_function("decode", |b| b.iter(|| ours(black_box(&input), &ports)));
    group.bench_function("decode/serde_json", |b| {
        b.iter(|| trees(black_box(&input), &ports));
    });
    group.bench_function("boundaries", |b| b.iter(|| boundaries(black_box(&input))));
    group.bench_function("octet by octet", |b| {
        b.iter(|| octet_by_octet(black_box(&input)));
    });
    group.bench_function("encode", |b| {
        b.iter_batched_ref(Vec::new, encode, BatchSize::SmallInput);
    });
    let input = long("x");
    group.throughput(Throughput::Bytes(input.len() as u64));
    group.bench_function("64 KiB text", |b| b.iter(|| boundaries(black_box(&input))));
    group.finish();
    criterion.final_summary();
}
