//! Each kind of fault is found: planted in a copy of the repository's files.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use super::*;

/// Without the papers beside the repository, which would add faults of their own.
static FILES: LazyLock<Files> = LazyLock::new(|| files("no-papers"));

static FAULTS: LazyLock<BTreeSet<Fault>> =
    LazyLock::new(|| check(&FILES, &Trace::new(&FILES)).into_iter().collect());

fn files(papers: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Files::read(&root, &root.join(papers)).expect("the repository is there")
}

/// A fault over three lines, without what other changes move: lines, counts, the names of cases.
fn shown(fault: &Fault) -> String {
    let mut text = format!("{}\n  {}\n  {}", fault.place, fault.what, fault.advice);
    for (pattern, instead) in [
        (r"(\.\w+):\d+", "$1:N"),
        (r"\d+ of \d+", "N of N"),
        (r"line \d+ column \d+", "line N column N"),
        (r"the case [a-z0-9-]+", "the case C"),
    ] {
        let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, instead).into_owned();
    }
    text
}

/// The first two faults that a change of one file brings about, but for that of the whole, which may
/// be near its limit.
fn planted(path: &str, change: impl Fn(&str) -> String) -> String {
    let faults = planted_any(path, change);
    let some = faults.iter().filter(|fault| fault.place != "spec");
    some.take(2).map(shown).collect::<Vec<_>>().join("\n")
}

/// All faults that a change of one file brings about.
fn planted_any(path: &str, change: impl Fn(&str) -> String) -> Vec<Fault> {
    let mut files = FILES.clone();
    let text = change(files.get(path).unwrap_or_default());
    assert_ne!(
        Some(text.as_str()),
        files.get(path),
        "the change changes nothing"
    );
    files.put(path, text);
    let mut faults = check(&files, &Trace::new(&files));
    faults.retain(|fault| !FAULTS.contains(fault));
    faults
}

/// Puts `new` in the place of `old`, once.
fn instead(old: &str, new: &str) -> impl Fn(&str) -> String {
    move |text| text.replacen(old, new, 1)
}

/// Puts a line before the end of a file.
fn after(line: &str) -> impl Fn(&str) -> String {
    move |text| format!("{text}\n{line}\n")
}

const CHAPTER: &str = "spec/25-changes.md";

#[test]
fn the_repository_has_no_fault() {
    let files = files("../shared");
    let faults = check(&files, &Trace::new(&files));
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_malformed_id_is_found() {
    let path = "spec/02-conformance.md";
    insta::assert_snapshot!(planted(path, after("- **[conf.Level.x]** It MAY be so.")), @"
    spec/02-conformance.md:N
      [conf.Level.x] is no ID
      write chapter.subject.rule in lower case letters, digits and single hyphens
    ");
    insta::assert_snapshot!(planted(path, after("- **[greeting.x]** It MAY be so.")), @r#"
    spec/02-conformance.md:N
      [greeting.x] begins with "greeting", which is no prefix of its chapter
      the table of chapters in spec/README.md says which prefixes a chapter has
    "#);
}

#[test]
fn a_second_definition_is_found() {
    let path = "spec/02-conformance.md";
    insta::assert_snapshot!(planted(path, after("- **[conf.ext.private]** It MAY be so.")), @"
    spec/02-conformance.md:N
      [conf.ext.private] is defined at spec/02-conformance.md:N already
      give the newer one an ID of its own
    ");
}

#[test]
fn a_requirement_makes_one_statement() {
    let path = "spec/02-conformance.md";
    insta::assert_snapshot!(planted(path, after("- **[conf.x]** It must be so.")), @"
    spec/02-conformance.md:N
      [conf.x] says none of MUST, SHOULD and MAY
      say how it binds, or write it as prose without an ID
    ");
    insta::assert_snapshot!(planted(path, after("- **[conf.x]** It MAY or SHOULD NOT be.")), @"
    spec/02-conformance.md:N
      [conf.x] makes more than one statement: MAY, SHOULD NOT
      give each statement a requirement of its own
    ");
}

#[test]
fn a_level_and_attributes_are_known() {
    let path = "spec/02-conformance.md";
    insta::assert_snapshot!(planted(path, after("- **[conf.x]** {level=high} It MAY.")), @"
    spec/02-conformance.md:N
      [conf.x] has the attribute {level=high}, which is none
      write {level=LEVEL} with a level of chapter 2, or {untestable=REASON}
    ");
    insta::assert_snapshot!(planted(path, instead("<!-- level: simple -->", "")), @"
    spec/02-conformance.md:N
      [conf.ext.ignore] has no level
      put <!-- level: LEVEL --> at the chapter's top, or {level=LEVEL} after the ID
    spec/02-conformance.md:N
      [conf.ext.registered] has no level
      put <!-- level: LEVEL --> at the chapter's top, or {level=LEVEL} after the ID
    ");
}

#[test]
fn too_much_that_is_untestable_is_found() {
    let many = (0..40).map(|n| format!("- **[conf.x.n{n}]** {{untestable=local}} It MUST.\n"));
    let many: String = many.collect();
    let faults = planted_any("spec/02-conformance.md", after(&many));
    let whole = faults.iter().filter(|fault| fault.place == "spec");
    insta::assert_snapshot!(whole.map(shown).collect::<Vec<_>>().join("\n"), @"
    spec
      N of N MUSTs are marked as untestable, more than one in 20
      find a way to test some, or ask for less
    ");
}

#[test]
fn an_untestable_one_with_a_case_is_found() {
    let change = instead(
        "**[greeting.nonce.distinct]** ",
        "**[greeting.nonce.distinct]** {untestable=no} ",
    );
    insta::assert_snapshot!(planted("spec/04-greeting.md", change), @"
    spec/04-greeting.md:N
      [greeting.nonce.distinct] is marked as untestable, and the case C tests it
      take the mark away, or the requirement out of the case
    ");
}

#[test]
fn a_dangling_citation_is_found_anywhere() {
    insta::assert_snapshot!(planted(CHAPTER, after("As [link.singel] says.")), @"
    spec/25-changes.md:N
      cites [link.singel], which is no requirement
      look for the right one in spec/
    ");
    insta::assert_snapshot!(planted("aemp-node/src/lib.rs", after("// [monitor.one]: once")), @"
    aemp-node/src/lib.rs:N
      cites [monitor.one], which is no requirement
      look for the right one in spec/
    ");
    insta::assert_snapshot!(planted("conformance/subjects/x.py", after("# [auth.chek.proof]")), @"
    conformance/subjects/x.py:N
      cites [auth.chek.proof], which is no requirement
      perhaps [auth.check.proof] is meant
    ");
    let case = "conformance/cases/transport/greeting-nonce-equal.json";
    let change = instead(
        "\"greeting.nonce.distinct\"",
        "\"greeting.nonce.distinct\", \"greeting.nonse\"",
    );
    insta::assert_snapshot!(planted(case, change), @"
    conformance/cases/transport/greeting-nonce-equal.json
      cites [greeting.nonse], which is no requirement
      look for the right one in spec/
    ");
    let vectors = r#"{"vectors": [{"name": "a", "requirements": ["value.x"]}]}"#;
    insta::assert_snapshot!(planted("conformance/vectors/x.json", after(vectors)), @"
    conformance/vectors/x.json: a
      cites [value.x], which is no requirement
      look for the right one in spec/
    ");
    let registry = "spec/registry/methods.json";
    insta::assert_snapshot!(planted(registry, instead("\"auth.tls-sha3\"", "\"auth.tls-sha4\"")), @"
    spec/registry/methods.json
      cites [auth.tls-sha4], which is no requirement
      perhaps [auth.tls-sha3] is meant
    ");
}

#[test]
fn a_failure_that_is_not_registered_is_found() {
    insta::assert_snapshot!(planted(CHAPTER, after("It fails with `auth.prof`.")), @"
    spec/25-changes.md:N
      names the failure auth.prof, which is not in the registry
      use a name of spec/registry/failures.json, or add it there and in aemp-proto
    ");
    let case = "conformance/cases/transport/greeting-nonce-equal.json";
    let change = instead(
        "\"reason\": \"greeting.nonce\"",
        "\"reason\": \"greeting.same\"",
    );
    insta::assert_snapshot!(planted(case, change), @"
    conformance/cases/transport/greeting-nonce-equal.json
      names the failure greeting.same, which is not in the registry
      use a name of spec/registry/failures.json, or add it there and in aemp-proto
    ");
    let vectors = r#"{"vectors": [{"name": "a", "stage": "data", "reason": "odd"}]}"#;
    insta::assert_snapshot!(planted("conformance/vectors/x.json", after(vectors)), @"
    conformance/vectors/x.json
      names the failure data.odd, which is not in the registry
      use a name of spec/registry/failures.json, or add it there and in aemp-proto
    ");
}

#[test]
fn a_gap_in_the_evidence_is_found() {
    let path = "spec/registry/evidence-a.json";
    insta::assert_snapshot!(planted(path, instead("\"observed 1.2\"", "\"observed 1.1\"")), @r#"
    spec/registry/evidence-a.json
      "observed 1.1" stands in the evidence twice
      join the two entries
    spec/registry/evidence-a.json
      "observed 1.2" is left out of the evidence
      map it to a requirement, a tolerated variation, a defect or a note
    "#);
    let change = instead(
        "{\"requirement\": \"greeting.send.once\"}",
        "{\"requirement\": \"greeting.send.twice\"}",
    );
    insta::assert_snapshot!(planted(path, change), @r#"
    spec/registry/evidence-a.json
      "observed 1.1" maps to [greeting.send.twice], which is no requirement
      perhaps [greeting.send.once] is meant
    "#);
    let change = instead(
        "[{\"requirement\": \"greeting.send.fields\"}, {\"requirement\": \"greeting.line.lf\"}]",
        "[]",
    );
    insta::assert_snapshot!(planted(path, change), @r#"
    spec/registry/evidence-a.json
      "observed 1.2" maps to nothing
      map it to a requirement, a tolerated variation, a defect or a note
    "#);
    insta::assert_snapshot!(planted(path, instead("{\"defect\": \"D14\"}", "{\"defect\": \"D99\"}")), @r#"
    spec/registry/evidence-a.json
      "observed 1.9" maps to the defect D99, which is none
      defects are those of the last section of the measurements
    "#);
    insta::assert_snapshot!(planted(path, instead("{\"defect\":", "{\"fault\":")), @r#"
    spec/registry/evidence-a.json
      cannot be read: unknown variant `fault`, expected one of `requirement`, `tolerated`, `defect`, `note` at line N column N
      write {"evidence": [{"statement": S, "maps": [{KIND: TEXT}]}]}, KIND being requirement, tolerated, defect or note
    "#);
}

#[test]
fn a_statement_of_the_papers_without_evidence_is_found() {
    let mut files = FILES.clone();
    files.measurements = Some("## 1. Greeting\n\n1. x\n\n## 99. More\n\n1. y\n".to_owned());
    files.decisions = Some("## Wire\n\n1. x\n99. y\n".to_owned());
    let faults = check(&files, &Trace::new(&files));
    let new = faults.iter().filter(|fault| fault.what.contains("99"));
    let new: Vec<String> = new.map(shown).collect();
    insta::assert_snapshot!(new.join("\n"), @r#"
    spec/registry/evidence-a.json
      "decision wire 99" is not in the evidence
      map it to a requirement, a tolerated variation, a defect or a note
    spec/registry/evidence-a.json
      "observed 99.1" is not in the evidence
      map it to a requirement, a tolerated variation, a defect or a note
    "#);
    assert!(left_out(&files).is_empty());
    files.measurements = None;
    assert_eq!(left_out(&files).len(), 1);
}

#[test]
fn a_must_without_a_case_is_found() {
    let added = after("- **[conf.x]** It MUST be so.\n- **[conf.y]** It SHOULD be so.");
    insta::assert_snapshot!(planted("spec/02-conformance.md", added), @"
    spec/02-conformance.md:N
      [conf.x] is a MUST that no case tests
      write a case that cites it
    ");
}

#[test]
fn a_case_that_cannot_be_read_is_found() {
    let case = "conformance/cases/transport/greeting-nonce-equal.json";
    let faults = planted(
        case,
        instead("\"level\": \"transport\"", "\"level\": \"node\""),
    );
    insta::assert_snapshot!(faults, @"
    conformance/cases/transport/greeting-nonce-equal.json
      it must lie in node/greeting-nonce-equal.json
      see conformance/cases/README.md
    ");
}
