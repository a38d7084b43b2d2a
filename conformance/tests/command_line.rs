//! The command line: exit codes, what is printed, and what is written.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn kit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aemp-conformance"))
        .args(arguments)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn wrong_usage_nothing_selected_and_no_subject_are_2() {
    for arguments in [
        &["run", "--level", "nonsense"][..],
        &["run", "--case", "no-such-case"],
        &["list", "--case", "no-such-case"],
        &["run", "--connect", "127.0.0.1:1"],
        &["run", "--exec", "'"],
        &["show", "no-such-case"],
        &["run", "--connect", "127.0.0.1:1", "--exec", "x"],
        &["report"],
        &[
            "run",
            "--case",
            "greeting-version-2",
            "--expect-fail",
            "/nonexistent",
        ],
    ] {
        let output = kit(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stdout(&output));
        assert!(!stderr(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_passed_run_is_0_and_writes_its_reports() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (json, junit, html) = (file("r.json"), file("r.xml"), file("r.html"));
    let arguments = [
        "run",
        "--case",
        "greeting-version-*",
        "--json",
        &json,
        "--junit",
        &junit,
        "--html",
        &html,
    ];
    let output = kit(&arguments);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("everything selected passed"));

    let read = |name: &str| std::fs::read_to_string(Path::new(name)).unwrap();
    let result: serde_json::Value = serde_json::from_str(&read(&json)).unwrap();
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/result.schema.json")).unwrap();
    let faults: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&result)
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert!(read(&junit).starts_with("<?xml") && read(&junit).contains("<testcase"));
    let page = read(&html);
    assert!(page.contains("greeting-version-2") && page.contains("MUST fail the connection"));
    // Nothing is fetched from anywhere.
    assert!(!page.contains("src=") && !page.contains("http://") && !page.contains("https://"));

    let output = kit(&["report", &json, &json]);
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("transport"));
    let output = kit(&["report", &json, "--html", &html]);
    assert_eq!(code(&output), 0);
    assert!(read(&html).contains("greeting-version-2"));
}

#[test]
fn a_run_that_falls_short_is_1_and_shows_the_conversation() {
    let arguments = [
        "run",
        "--case",
        "greeting-version-2",
        "--exec",
        "sh -c 'exit 7'",
        "--timeout-scale",
        "0.2",
    ];
    let output = kit(&arguments);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("CRASH") && text.contains("exit status: 7"),
        "{text}"
    );
    assert!(text.contains("[greeting.version.refuse]"), "{text}");
}

#[test]
fn what_falls_short_is_said_at_once_and_a_run_can_stop_there() {
    let arguments = [
        "run",
        "--case",
        "greeting-version-*",
        "--jobs",
        "1",
        "--exec",
        "sh -c 'exit 7'",
        "--timeout-scale",
        "0.2",
        "--stop-after",
        "1",
    ];
    let output = kit(&arguments);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let said = stderr(&output);
    let crashes = said
        .lines()
        .filter(|line| line.starts_with("CRASH greeting-version-"));
    assert_eq!(crashes.count(), 1, "{said}");
    let text = stdout(&output);
    assert!(text.contains("stopped early: "), "{text}");
    assert_eq!(
        code(&kit(&["run", "--stop-after", "0"])),
        2,
        "no number to stop after"
    );
}

#[test]
fn a_glob_that_chooses_nothing_is_said() {
    let output = kit(&["list", "--case", "greeting-*", "--case", "no-such-case"]);
    assert_eq!(code(&output), 0);
    let said = stderr(&output);
    assert!(said.contains("no case is named no-such-case"), "{said}");
    assert!(!said.contains("greeting"), "{said}");
}

#[test]
fn a_shortfall_that_is_expected_is_0_and_one_that_does_not_come_is_1() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("known");
    std::fs::write(&list, "greeting-version-2 D0: it always exits\n").unwrap();
    let list = list.display().to_string();
    let crashing = ["--exec", "sh -c 'exit 7'", "--timeout-scale", "0.2"];
    let mut arguments = vec![
        "run",
        "--case",
        "greeting-version-2",
        "--expect-fail",
        &list,
    ];
    assert_eq!(
        code(&kit(&arguments)),
        1,
        "it passes, and the list says that it does not"
    );
    arguments.extend(crashing);
    let expected = kit(&arguments);
    assert_eq!((code(&expected), stderr(&expected)), (0, String::new()));
}

#[test]
fn list_prints_one_case_a_line_and_show_explains_one() {
    let list = stdout(&kit(&["list"]));
    assert!(list.lines().count() > 15);
    let line = list
        .lines()
        .find(|line| line.starts_with("handshake-ordinary "))
        .unwrap();
    assert!(line.contains("transport"));
    let shown = kit(&["show", "handshake-ordinary"]);
    assert_eq!(code(&shown), 0);
    let text = stdout(&shown);
    assert!(
        text.contains("1. ") && text.contains("[greeting.send.at-once]"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 101),
        "{text}"
    );
}

#[test]
fn every_case_can_be_explained() {
    for case in aemp_conformance::case::load::built_in().unwrap() {
        let text = aemp_conformance::case::explain::case(&case, &|_| None);
        assert!(text.contains(&case.title), "{}", case.id);
    }
}

/// Everything that `list` says is more than a pipe holds, so that it meets the end of it.
#[cfg(unix)]
#[test]
fn who_reads_no_further_is_no_error() {
    let mut kit = Command::new(env!("CARGO_BIN_EXE_aemp-conformance"))
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(kit.stdout.take());
    let output = kit.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
}

/// Where the program of the next test says that it runs.
const TELL: &str = "AEMP_CONFORMANCE_TEST_TELL";

/// The program of the next test: it says that it runs, and runs on.
#[test]
fn runs_until_it_is_ended() {
    let Ok(address) = std::env::var(TELL) else {
        return;
    };
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    drop(std::io::Read::read(&mut stream, &mut [0]));
}

#[cfg(unix)]
#[test]
fn what_the_kit_has_started_ends_with_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let program = std::env::current_exe().unwrap().display().to_string();
    let command = format!("'{program}' --exact runs_until_it_is_ended");
    let mut kit = Command::new(env!("CARGO_BIN_EXE_aemp-conformance"))
        .args([
            "run",
            "--case",
            "greeting-version-2",
            "--timeout-scale",
            "20",
        ])
        .args(["--exec", &command])
        .env(TELL, listener.local_addr().unwrap().to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut kill = Command::new("kill");
    assert!(kill.arg(kit.id().to_string()).status().unwrap().success());
    assert_eq!(kit.wait().unwrap().code(), Some(130));
    // The system closes what a process had open when it ends.
    let read = std::io::Read::read(&mut stream, &mut [0]);
    assert!(matches!(read, Ok(0) | Err(_)), "it runs on");
}
