//! The files of the repository that are traced, as texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where requirements, cases, vectors and code are looked for: folder, what a file's name ends in,
/// and whether folders below it count too.
const PLACES: [(&str, &[&str], bool); 12] = [
    ("", &["md"], false),
    ("spec", &["md", "abnf"], false),
    ("spec/registry", &["json"], false),
    ("spec/examples", CODE, false),
    ("conformance", &["md"], false),
    ("conformance/cases", &["json", "md"], true),
    ("conformance/vectors", &["json"], true),
    ("conformance/subjects", CODE, true),
    ("conformance/src", CODE, true),
    ("aemp-proto", CODE, true),
    ("aemp-node", CODE, true),
    ("fuzz", CODE, true),
];

/// Languages in whose comments requirements are cited.
const CODE: &[&str] = &["rs", "py", "js", "mjs", "c", "h", "pm", "pl"];

/// Tests that plant faults: what they cite is wrong on purpose.
const PLANTED: [&str; 2] = [
    "conformance/src/edition/check/tests.rs",
    "conformance/src/edition/page/tests.rs",
];

/// Folders of what is made and not written.
const MADE: [&str; 3] = ["target", "node_modules", "testdata"];

/// Texts by their path in the repository, with `/` between its parts.
#[derive(Clone, Debug, Default)]
pub struct Files {
    texts: BTreeMap<String, String>,
    /// The measurements, where they lie beside the repository.
    pub measurements: Option<String>,
    /// The decisions, where they lie beside the repository.
    pub decisions: Option<String>,
}

impl Files {
    /// Reads the repository at `root`, and the papers of `shared` where they are there.
    ///
    /// # Errors
    /// Names the file that could not be read, or says that this is no repository.
    pub fn read(root: &Path, shared: &Path) -> Result<Self, String> {
        if !root.join("spec/README.md").exists() {
            return Err(format!(
                "{} holds no spec/README.md; name the repository with --root",
                root.display()
            ));
        }
        let mut files = Self::default();
        for (folder, extensions, below) in PLACES {
            files.folder(root, folder, extensions, below)?;
        }
        files.measurements = std::fs::read_to_string(shared.join("protocol/observed.md")).ok();
        files.decisions = std::fs::read_to_string(shared.join("design/decisions.md")).ok();
        Ok(files)
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Files by the beginning and the end of their paths, in order.
    pub fn under<'a>(
        &'a self,
        folder: &'a str,
        extension: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.all()
            .filter(move |(path, _)| path.starts_with(folder) && path.ends_with(extension))
    }

    /// The files in which code may cite.
    pub fn code(&self) -> impl Iterator<Item = (&str, &str)> {
        let written = self.all().filter(|(path, _)| !PLANTED.contains(path));
        written.filter(|(path, _)| {
            path.rsplit_once('.')
                .is_some_and(|(_, extension)| CODE.contains(&extension))
        })
    }

    /// Every file, in order of paths.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (&**path, &**text))
    }

    /// Puts a text in the place of a file.
    pub fn put(&mut self, path: &str, text: String) {
        self.texts.insert(path.to_owned(), text);
    }

    fn folder(
        &mut self,
        root: &Path,
        folder: &str,
        extensions: &[&str],
        below: bool,
    ) -> Result<(), String> {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            return Ok(());
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let inner = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            if path.is_dir() {
                if below && !MADE.contains(&name) && !name.starts_with('.') {
                    self.folder(root, &inner, extensions, true)?;
                }
            } else if extensions
                .iter()
                .any(|e| path.extension() == Some(e.as_ref()))
            {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                self.texts.insert(inner, text);
            }
        }
        Ok(())
    }
}
