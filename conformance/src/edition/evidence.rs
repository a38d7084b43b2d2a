//! The evidence: where each statement of the measurements and decisions went.

use serde::Deserialize;

use super::fault::Fault;
use super::files::Files;

/// One statement and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The file.
    pub path: String,
    /// The statement: `observed SECTION.NUMBER`, `observed SECTION ROW`, `decision PART NUMBER`.
    pub statement: String,
    /// What became of it.
    pub maps: Vec<Mapping>,
}

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mapping {
    /// A requirement says it.
    Requirement(String),
    /// Readers accept it though no writer should send it.
    Tolerated(String),
    /// A defect that a node must not have: `D1` and on.
    Defect(String),
    /// Why it asks nothing of a node.
    Note(String),
}

#[derive(Deserialize)]
struct Table {
    evidence: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    statement: String,
    maps: Vec<Mapping>,
}

/// All evidence of the repository, and what could not be read.
pub fn read(files: &Files) -> (Vec<Evidence>, Vec<Fault>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for (path, text) in files.under("spec/registry/evidence-", ".json") {
        match serde_json::from_str::<Table>(text) {
            Ok(table) => found.extend(table.evidence.into_iter().map(|row| Evidence {
                path: path.to_owned(),
                statement: row.statement,
                maps: row.maps,
            })),
            Err(error) => faults.push(Fault::new(
                path,
                format!("cannot be read: {error}"),
                "write {\"evidence\": [{\"statement\": S, \"maps\": [{KIND: TEXT}]}]}, KIND being \
                 requirement, tolerated, defect or note",
            )),
        }
    }
    (found, faults)
}

/// The statements of the measurements: numbered ones, rows of tables, and sections of prose.
pub fn measured(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut section, mut entries, mut prose) = (0u32, 0, false);
    let add = |found: &mut Vec<String>, statement: String| {
        if !found.contains(&statement) {
            found.push(statement);
        }
    };
    for line in text.lines().chain(["## end"]) {
        if let Some(heading) = line.strip_prefix("## ") {
            // Prose before a table or instead of one is a statement as a whole.
            if section > 0 && prose && (entries == 0 || section == 8) {
                add(&mut found, format!("observed {section}"));
            }
            let number = heading.split('.').next().and_then(|n| n.parse().ok());
            (section, entries, prose) = (number.unwrap_or(0), 0, false);
        } else if section == 0 || line.trim().is_empty() {
        } else if let Some(number) = numbered(line) {
            entries += 1;
            add(&mut found, format!("observed {section}.{number}"));
        } else if let Some(row) = line.strip_prefix('|') {
            let cell = row.split(" |").next().unwrap_or_default().trim();
            if let Some(label) = label(cell, section, &found) {
                entries += 1;
                add(&mut found, label);
            }
        } else if entries == 0 {
            prose = true;
        }
    }
    found
}

/// The statements of the decisions about the wire: numbered ones, and the section on values.
pub fn decided(text: &str) -> Vec<String> {
    const PARTS: [(&str, &str); 5] = [
        ("Wire", "wire"),
        ("Values", "values"),
        ("Ports and handlers", "ports"),
        ("Loss and limits", "loss"),
        ("Secrets and certificates", "secrets"),
    ];
    let mut found = Vec::new();
    let mut part = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            part = PARTS.iter().find(|(title, _)| heading == *title);
            if let Some((_, "values")) = part {
                found.push("decision values".to_owned());
            }
        } else if let (Some((_, name)), Some(number)) = (part, numbered(line)) {
            found.push(format!("decision {name} {number}"));
        }
    }
    found
}

/// The number of a numbered item at the left margin.
fn numbered(line: &str) -> Option<u32> {
    line.split_once(". ")?.0.parse().ok()
}

/// How the row of a table is called, by its first cell.
fn label(cell: &str, section: u32, found: &[String]) -> Option<String> {
    let defect = cell.strip_prefix('D').and_then(|n| n.parse::<u32>().ok());
    if let Some(number) = defect {
        return Some(format!("observed D{number}"));
    }
    let span = cell.strip_prefix('`')?.split('`').next()?;
    let name = if span.starts_with('[') {
        let tag = span.split('"').nth(3).unwrap_or_default();
        match tag.rsplit_once("::") {
            _ if tag.is_empty() => "nothing",
            Some((_, name)) if name.starts_with('_') => name,
            Some(_) => "function",
            None => tag,
        }
    } else {
        let word = span.split(' ').next()?;
        let taken = found.contains(&format!("observed {section} {word}"));
        if taken { span } else { word }
    };
    Some(format!("observed {section} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_numbers_rows_and_sections() {
        let text = "# T\n1. no\n## 1. A\n\n1. x\n   - y\n2. z\n\n## 6. Rows\n\n| r | g |\n| --- | --- |\n\
                    | `[\"\",\"mon1\",P]` | x |\n| `[\"\",\"\"]`, `[]` | x |\n| `[\"\",\"A::f\",X]` | x |\n\
                    | `[\"\",\"A::B::_spawn\"]` | x |\n\n1. a\n\n## 8. B\n\nWhole.\n\n| a | b |\n| --- | --- |\n\
                    | `g_x` | |\n| `g_x DB` | |\n| `g_y F` -> `g_z` | |\n\n## 10. Prose\n\nSays.\n\n\
                    ## 12. D\n\nEach.\n\n| # | s |\n| D1 | x |\n";
        insta::assert_snapshot!(measured(text).join("\n"), @"
        observed 1.1
        observed 1.2
        observed 6 mon1
        observed 6 nothing
        observed 6 function
        observed 6 _spawn
        observed 6.1
        observed 8 g_x
        observed 8 g_x DB
        observed 8 g_y
        observed 8
        observed 10
        observed D1
        ");
    }

    #[test]
    fn decisions_on_the_wire_count() {
        let text =
            "## Wire\n\n1. **A.** x\n   - y\n2. b\n\n## Values\n\nnull.\n\n## Platforms\n\n1. c\n";
        assert_eq!(
            decided(text),
            ["decision wire 1", "decision wire 2", "decision values"]
        );
    }
}
