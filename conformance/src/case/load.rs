//! Loading cases: those built into the program, or those of a folder.

use std::path::Path;

use super::{Case, Level};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every case that is built in, by level and name.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn built_in() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (path, text) in CASES {
        cases.push(parse(path, text)?);
    }
    sorted(cases)
}

/// Every case of a folder laid out as `LEVEL/ID.json`.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn folder(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for level in Level::ALL {
        let Ok(files) = std::fs::read_dir(folder.join(level.name())) else {
            continue;
        };
        for file in files {
            let path = file.map_err(|error| error.to_string())?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let name = path.display().to_string();
                let text =
                    std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
                cases.push(parse(&name, &text)?);
            }
        }
    }
    sorted(cases)
}

/// Reads one case; `path` is the file's, ending in `LEVEL/ID.json`.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn parse(path: &str, text: &str) -> Result<Case, String> {
    let case: Case = serde_json::from_str(text).map_err(|error| format!("{path}: {error}"))?;
    let mut faults = case.faults();
    if !path.ends_with(&format!("{}/{}.json", case.level.name(), case.id)) {
        faults.push(format!(
            "it must lie in {}/{}.json",
            case.level.name(),
            case.id
        ));
    }
    if faults.is_empty() {
        Ok(case)
    } else {
        Err(format!("{path}: {}", faults.join("; ")))
    }
}

fn sorted(mut cases: Vec<Case>) -> Result<Vec<Case>, String> {
    cases.sort_by(|a, b| (a.level, &a.id).cmp(&(b.level, &b.id)));
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two cases are named {}", pair[0])),
        None => Ok(cases),
    }
}

/// The chapters of the specification that are built in: file name and text.
pub fn chapters() -> &'static [(&'static str, &'static str)] {
    CHAPTERS
}

/// The files of vectors that are built in: name and text.
pub fn vectors() -> &'static [(&'static str, &'static str)] {
    VECTORS
}
