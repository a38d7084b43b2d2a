//! Every case has the right form and cites requirements that exist.

use std::collections::BTreeSet;

use aemp_conformance::case::{Case, load};
use aemp_conformance::spec::Specification;

fn files() -> Vec<(String, serde_json::Value)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut found = Vec::new();
    for level in std::fs::read_dir(&root).unwrap() {
        let level = level.unwrap().path();
        if level.is_dir() {
            for file in std::fs::read_dir(level).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                let json = serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                found.push((path.display().to_string(), json));
            }
        }
    }
    found
}

fn cases() -> Vec<Case> {
    load::built_in().unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn every_case_is_valid_by_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/case.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut faults = Vec::new();
    for (path, json) in files() {
        for error in validator.iter_errors(&json) {
            faults.push(format!("{path}: {} at {}", error, error.instance_path()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_case_is_read_by_the_runner_and_lies_where_it_belongs() {
    assert_eq!(cases().len(), files().len());
}

#[test]
fn every_case_written_again_is_valid_by_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/case.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for case in cases() {
        let json = serde_json::to_value(&case).unwrap();
        let faults: Vec<_> = validator
            .iter_errors(&json)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}", case.id);
    }
}

#[test]
fn every_requirement_that_a_case_cites_exists() {
    let specification = Specification::built_in();
    let mut missing = BTreeSet::new();
    for case in cases() {
        for id in &case.requirements {
            if specification.get(id).is_none() {
                missing.insert(format!("{}: [{id}]", case.id));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_reason_that_a_case_expects_is_in_the_registry() {
    let registry = include_str!("../../spec/registry/failures.json");
    let registry: serde_json::Value = serde_json::from_str(registry).unwrap();
    let known: BTreeSet<String> = registry["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!(
                "{}.{}",
                row["stage"].as_str().unwrap(),
                row["reason"].as_str().unwrap()
            )
        })
        .collect();
    fn reasons(json: &serde_json::Value, found: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    match (key.as_str(), value) {
                        ("reason", serde_json::Value::String(reason)) => found.push(reason.clone()),
                        ("reason", serde_json::Value::Array(many)) => {
                            found.extend(many.iter().filter_map(|r| Some(r.as_str()?.to_owned())));
                        }
                        _ => reasons(value, found),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| reasons(item, found)),
            _ => {}
        }
    }
    for (path, json) in files() {
        let mut found = Vec::new();
        reasons(&json, &mut found);
        for reason in found {
            assert!(known.contains(&reason), "{path}: {reason}");
        }
    }
}

#[test]
fn every_group_of_vectors_has_its_case_and_the_same_requirements() {
    let cases = cases();
    for file in aemp_conformance::vectors::files().unwrap() {
        for group in &file.groups {
            let id = format!("vectors-{}-{}", file.subject, group.id);
            let case = cases
                .iter()
                .find(|case| case.id == id)
                .unwrap_or_else(|| panic!("{id}"));
            assert_eq!(case.requirements, group.requirements, "{id}");
        }
    }
}

#[test]
fn the_generator_writes_what_is_there() {
    let generator = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/generate.py");
    match std::process::Command::new("python3")
        .args(["-B", generator, "--check"])
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => println!("skipped: the generator of the vectors needs python3 ({error})"),
    }
}
