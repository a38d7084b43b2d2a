//! The command `aemp`, as people use it: conversations between processes, and what it says when they do
//! not come about.
#![cfg(feature = "cli")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Output, Stdio},
};

const SECRET: &str = "geheim";

fn aemp() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aemp"));
    command
        .env("AEMP_RC", "/nonexistent/rc")
        .env_remove("AEMP_SECRET")
        .env_remove("AEMP_LOG")
        .stdin(Stdio::null());
    command
}

/// A node in a process of its own.
struct Server {
    child: Child,
    ready: Vec<String>,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let mut child = aemp()
            .args(["run", "--bind", "127.0.0.1:0", "--service", "echo"])
            .args(args)
            .env("AEMP_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = line.split_whitespace().map(Into::into).collect();
        Self { child, ready }
    }

    fn seed(&self) -> &str {
        &self.ready[2]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command against a server; its exit code, output and error text.
fn run(server: &Server, secret: &str, args: &[&str]) -> (i32, String, String) {
    shown(
        aemp()
            .args(args)
            .args(["--seed", server.seed(), "--secret", secret]),
    )
}

fn shown(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_node_says_when_it_is_ready_and_answers() {
    let server = Server::start(&["--node-id", "srv"]);
    assert_eq!(server.ready[..2], ["READY", "srv"]);
    let args = [
        "cal",
        "srv#echo",
        "text",
        "[1,2.5,null]",
        "{\"a\":true}",
        "\"[no JSON\"",
    ];
    let (code, out, _) = run(&server, SECRET, &args);
    assert_eq!(
        (code, &*out),
        (0, "[\"text\",[1,2.5,null],{\"a\":true},\"[no JSON\"]\n")
    );
    let (code, out, _) = run(&server, SECRET, &["snd", "srv#echo", "x"]);
    assert_eq!((code, &*out), (0, ""));
    let (code, out, _) = run(&server, SECRET, &["cal", "srv", "info"]);
    assert_eq!((code, &*out), (0, "[\"srv\"]\n"));
}

#[test]
fn failures_say_what_to_do() {
    let server = Server::start(&["--node-id", "srv"]);
    for (secret, args, says) in [
        (
            SECRET,
            ["cal", "srv#nope"],
            "there is no port nope on the node srv; check the name",
        ),
        (SECRET, ["snd", "srv#nope"], "there is no port nope"),
        (SECRET, ["mon", "srv#nope"], "there is no port nope"),
        (
            "wrong",
            ["cal", "srv#echo"],
            "give both nodes the same secret",
        ),
        (
            SECRET,
            ["cal", "other#echo"],
            "no way leads to the node other",
        ),
    ] {
        let (code, out, error) = run(&server, secret, &args);
        assert_eq!((code, &*out), (1, ""), "{error}");
        assert!(error.contains(says), "{error}");
    }
    let eval = ["eval", "srv", "1+1"];
    let (code, _, error) = run(&server, SECRET, &eval);
    assert_eq!(code, 1);
    assert!(error.contains("does not evaluate code"), "{error}");
}

#[test]
fn wrong_usage_is_told_apart() {
    for (args, says) in [
        (
            &["cal", "srv#echo", "--secret", "s"][..],
            "--seed HOST:PORT",
        ),
        (
            &["cal", "srv#echo", "--seed", "127.0.0.1:1"],
            "neither a secret nor a certificate",
        ),
        (
            &["cal", "#echo", "--seed", "a", "--secret", "s"],
            "write NODE#PORT",
        ),
        (
            &["cal", "a#b", "[1", "--seed", "a", "--secret", "s"],
            "begins as JSON and is none",
        ),
        (
            &["cal", "a#b", "--seed", "a:b:c", "--secret", "s"],
            "write HOST:PORT",
        ),
        (
            &["run", "--node-id", "a;b", "--secret", "s"],
            "leave out ';'",
        ),
        (
            &["run", "--bind", "127.0.0.1:0"],
            "neither a secret nor a certificate",
        ),
        (
            &[
                "run",
                "--bind",
                "127.0.0.1:0",
                "--secret",
                "s",
                "--service",
                "x",
            ],
            "there is no service",
        ),
        (&["run", "--set", "x"], "KEY=VALUE"),
        (&["run", "nobody"], "there is no profile"),
    ] {
        let (code, _, error) = shown(aemp().args(args));
        assert_eq!(code, 2, "{error}");
        assert!(error.contains(says), "{args:?}: {error}");
    }
}

#[test]
fn nobody_listens() {
    let args = ["cal", "srv#echo", "--seed", "127.0.0.1:1", "--secret", "s"];
    let (code, _, error) = shown(aemp().args(args));
    assert_eq!(code, 1);
    assert!(
        error.contains("connect.unreachable") && error.contains("check the address"),
        "{error}"
    );
    let (code, out, error) = shown(aemp().args(["doctor", "127.0.0.1:1", "--secret", "s"]));
    assert_eq!(code, 1);
    assert!(
        out.starts_with("address: ") && error.contains("nobody listens there"),
        "{out}{error}"
    );
}

#[test]
fn the_doctor_and_the_trace() {
    let server = Server::start(&["--node-id", "srv"]);
    let second = Server::start(&["--node-id", "second", "--seed", server.seed()]);
    let doctor = |secret| shown(aemp().args(["doctor", server.seed(), "--secret", secret]));
    let (code, out, _) = doctor(SECRET);
    assert!(code == 0 && out.ends_with("everything works\n"), "{out}");
    let (code, out, error) = doctor("wrong");
    assert!(code == 1 && out.contains("the node srv"), "{out}");
    assert!(error.contains("secrets differ"), "{error}");
    // The second node may still be on its way to the first.
    let (code, out, _) = loop {
        let shown = run(&second, SECRET, &["trace", "--format", "json"]);
        if shown.1.contains("\"srv\"") {
            break shown;
        }
    };
    assert_eq!(
        (code, &*out),
        (0, "{\"second\":[\"srv\"],\"srv\":[\"second\"]}\n")
    );
}

#[test]
fn the_shell_talks_line_by_line() {
    let server = Server::start(&["--node-id", "srv"]);
    let mut child = aemp()
        .args(["shell", "--seed", server.seed(), "--secret", SECRET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "cal echo hi [1,2]\ncal nope\ncal srv#echo \"a b\"\nquit\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "[\"hi\",[1,2]]\n[\"a b\"]\n"
    );
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("there is no port nope")
    );
}

#[test]
fn the_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let rc = folder.path().join("rc.json");
    let config = |args: &[&str]| shown(aemp().env("AEMP_RC", &rc).arg("config").args(args));
    assert_eq!(config(&["gen-secret"]).0, 0);
    assert_eq!(config(&["gen-cert", "-p", "base"]).0, 0);
    assert_eq!(
        config(&["set", "-p", "base", "binds", "[\"127.0.0.1:0\"]"]).0,
        0
    );
    assert_eq!(config(&["set", "-p", "child", "parent", "base"]).0, 0);
    assert_eq!(
        config(&["set", "-p", "child", "services", "[\"echo\"]"]).0,
        0
    );
    let (code, out, _) = config(&["show", "child"]);
    assert!(
        code == 0 && out.contains("\"nodeid\": \"child\"") && out.contains("127.0.0.1:0"),
        "{out}"
    );
    assert!(!out.contains("PRIVATE KEY"));
    assert_eq!(config(&["get", "-p", "child", "parent"]).1, "\"base\"\n");
    for wrong in [
        &["set", "binds", "5"][..],
        &["set", "nonsense", "5"],
        &["set", "parent", "x"],
    ] {
        assert_eq!(config(wrong).0, 2);
    }
    assert_eq!(config(&["del", "-p", "child", "services"]).0, 0);
    assert_eq!(config(&["del", "-p", "nobody"]).0, 1);
    assert!(config(&["list"]).1.contains("\n  child\n"));
    // A node of that profile, with TLS, and a client with the same file.
    let mut node = aemp()
        .env("AEMP_RC", &rc)
        .args(["run", "child", "--service", "echo"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(node.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let seed = line.split_whitespace().nth(2).unwrap().to_owned();
    let args = [
        "cal",
        "child#echo",
        "x",
        "--profile",
        "base",
        "--seed",
        &seed,
    ];
    let (code, out, error) = shown(aemp().env("AEMP_RC", &rc).args(args));
    node.kill().unwrap();
    node.wait().unwrap();
    assert_eq!((code, &*out), (0, "[\"x\"]\n"), "{error}");
}
