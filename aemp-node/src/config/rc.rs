//! The rc file: JSON with the original's keys, read leniently and written whole.
//!
//! Keys at the top are defaults for every profile; `profile` holds the profiles by name; a profile
//! inherits from the one that its `parent` names. Comments from `#` to the end of the line and commas
//! after the last element are read, as the original reads them, and lost when the file is written.

use std::{
    env, fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

/// Keys and values of a profile.
pub type Settings = Map<String, Value>;

/// A configuration file in memory.
#[derive(Clone, Debug, Default)]
pub struct RcFile {
    root: Settings,
}

/// The file cannot be used.
#[derive(Debug)]
pub enum RcError {
    /// Reading or writing failed.
    Io(PathBuf, io::Error),
    /// It is no JSON object.
    Syntax(PathBuf, String),
    /// There is no profile of that name.
    NoProfile(String),
    /// A chain of parents comes back to where it was.
    Circle(String),
}

impl RcFile {
    /// Where the file is: `$AEMP_RC`, else `$PERL_ANYEVENT_MP_RC`, else `aemp/rc.json` in the
    /// platform's configuration folder, else the original's place. Of the last two the first that is
    /// there counts.
    pub fn default_path() -> Option<PathBuf> {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = variable("AEMP_RC").or_else(|| variable("PERL_ANYEVENT_MP_RC")) {
            return Some(path.into());
        }
        let home = variable("HOME").map(PathBuf::from);
        let folder = if cfg!(windows) {
            variable("APPDATA").map(PathBuf::from)
        } else if cfg!(target_os = "macos") {
            home.as_ref()
                .map(|home| home.join("Library/Application Support"))
        } else {
            variable("XDG_CONFIG_HOME")
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|home| home.join(".config")))
        };
        let own = folder
            .clone()
            .map(|folder| folder.join("aemp").join("rc.json"));
        let old = if cfg!(windows) {
            folder.map(|folder| folder.join("perl-anyevent-mp"))
        } else {
            home.map(|home| home.join(".perl-anyevent-mp"))
        };
        match (own, old) {
            (Some(own), Some(old)) if !own.exists() && old.exists() => Some(old),
            (own, old) => own.or(old),
        }
    }

    /// Reads a file; one that is not there is empty.
    ///
    /// # Errors
    ///
    /// [`RcError`] where it cannot be read or is no JSON object.
    pub fn load(path: &Path) -> Result<Self, RcError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(RcError::Io(path.into(), error)),
        };
        let root = serde_json::from_str(&strict(&text))
            .map_err(|error| RcError::Syntax(path.into(), error.to_string()))?;
        Ok(Self { root })
    }

    /// Writes the file whole and at once, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// [`RcError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), RcError> {
        let text = serde_json::to_string_pretty(&self.root).unwrap_or_default() + "\n";
        write_private(path, text.as_bytes()).map_err(|error| RcError::Io(path.into(), error))
    }

    /// The names of all profiles.
    pub fn profiles(&self) -> Vec<String> {
        let profiles = self.root.get("profile").and_then(Value::as_object);
        profiles.map_or_else(Vec::new, |profiles| profiles.keys().cloned().collect())
    }

    /// What is in force for a profile: the defaults, its parents' keys, its own.
    ///
    /// # Errors
    ///
    /// [`RcError::NoProfile`] for a parent that is not there, or for the profile itself if it is
    /// `required`; [`RcError::Circle`].
    pub fn effective(&self, profile: &str, required: bool) -> Result<Settings, RcError> {
        let mut chain = Vec::new();
        let mut next = Some(profile.to_owned());
        while let Some(name) = next.take() {
            if chain.iter().any(|(seen, _)| *seen == name) {
                return Err(RcError::Circle(name));
            }
            let Some(settings) = self.profile(&name) else {
                if chain.is_empty() && !required {
                    break;
                }
                return Err(RcError::NoProfile(name));
            };
            next = settings
                .get("parent")
                .and_then(Value::as_str)
                .map(Into::into);
            chain.push((name, settings));
        }
        let mut effective = self.root.clone();
        for (_, settings) in chain.into_iter().rev() {
            let own = settings.iter().filter(|(key, _)| *key != "parent");
            effective.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        }
        for key in ["profile", "version", "dirty"] {
            effective.remove(key);
        }
        Ok(effective)
    }

    /// The keys of a profile alone; without a name, the defaults.
    pub fn settings(&self, profile: Option<&str>) -> Option<&Settings> {
        match profile {
            None => Some(&self.root),
            Some(name) => self.profile(name),
        }
    }

    /// The same to be changed; the profile is made if need be.
    pub fn settings_mut(&mut self, profile: Option<&str>) -> &mut Settings {
        let Some(name) = profile else {
            return &mut self.root;
        };
        object(object(&mut self.root, "profile"), name)
    }

    /// Deletes a profile; whether it was there.
    pub fn remove_profile(&mut self, name: &str) -> bool {
        let profiles = self.root.get_mut("profile").and_then(Value::as_object_mut);
        profiles.is_some_and(|profiles| profiles.remove(name).is_some())
    }

    fn profile(&self, name: &str) -> Option<&Settings> {
        self.root.get("profile")?.get(name)?.as_object()
    }
}

/// The object of that key, put there in place of whatever else is.
fn object<'a>(settings: &'a mut Settings, key: &str) -> &'a mut Settings {
    let value = settings.entry(key).or_insert_with(|| Map::new().into());
    if !value.is_object() {
        *value = Map::new().into();
    }
    match value {
        Value::Object(object) => object,
        _ => unreachable!("it was made an object"),
    }
}

/// Writes a file that nobody but its owner may read, in one step: a reader finds the old or the new.
///
/// # Errors
///
/// What the system says.
pub fn write_private(path: &Path, octets: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(new);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(octets)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&new, path));
    if renamed.is_err() {
        // It may not exist; the first error is the one that matters.
        let _ = fs::remove_file(&new);
    }
    renamed
}

/// The text without comments and without commas after a last element.
fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut chars = text.chars();
    // Where a comma stands behind which nothing but space has come.
    let mut comma = None;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                comma = None;
                strict.push(c);
                while let Some(c) = chars.next() {
                    strict.push(c);
                    match c {
                        '\\' => strict.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                continue;
            }
            '#' => {
                chars.by_ref().take_while(|&c| c != '\n').for_each(drop);
                strict.push('\n');
                continue;
            }
            ',' => comma = Some(strict.len()),
            ']' | '}' => {
                if let Some(comma) = comma.take() {
                    strict.replace_range(comma..=comma, " ");
                }
            }
            c if c.is_whitespace() => {}
            _ => comma = None,
        }
        strict.push(c);
    }
    strict
}

impl fmt::Display for RcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Syntax(path, error) => write!(
                f,
                "{} is no JSON object: {error}; mend it or move it away",
                path.display()
            ),
            Self::NoProfile(name) => write!(
                f,
                "there is no profile {name:?}; `aemp config list` names those that there are"
            ),
            Self::Circle(name) => write!(
                f,
                "the profile {name:?} is its own parent; change it with `aemp config set -p {name} \
                 parent ...`"
            ),
        }
    }
}

impl std::error::Error for RcError {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rc(root: &Value) -> RcFile {
        RcFile {
            root: root.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn the_originals_leniency() {
        let text = "{ # defaults\n \"a\": [1, 2, ], \"b\": \"# no, ] comment\\\"\", }";
        let value: Value = serde_json::from_str(&strict(text)).unwrap();
        assert_eq!(value, json!({"a": [1, 2], "b": "# no, ] comment\""}));
    }

    #[test]
    fn profiles_inherit() {
        let rc = rc(&json!({
            "secret": "s", "nodeid": "default", "version": 1,
            "profile": {
                "base": {"seeds": ["a"], "nodeid": "base"},
                "child": {"parent": "base", "nodeid": "child"},
                "orphan": {"parent": "gone"},
                "ouroboros": {"parent": "ouroboros"},
            }
        }));
        let effective = rc.effective("child", true).unwrap();
        let expected = json!({"secret": "s", "nodeid": "child", "seeds": ["a"]});
        assert_eq!(Value::from(effective), expected);
        let other = rc.effective("other", false).unwrap();
        assert_eq!(other["nodeid"], "default");
        assert!(matches!(
            rc.effective("other", true),
            Err(RcError::NoProfile(_))
        ));
        assert!(matches!(
            rc.effective("orphan", true),
            Err(RcError::NoProfile(_))
        ));
        assert!(matches!(
            rc.effective("ouroboros", true),
            Err(RcError::Circle(_))
        ));
    }

    #[test]
    fn a_file_is_written_whole_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/rc.json");
        let mut rc = RcFile::load(&path).unwrap();
        rc.settings_mut(Some("p"))
            .insert("nodeid".into(), "n".into());
        rc.save(&path).unwrap();
        let again = RcFile::load(&path).unwrap();
        assert_eq!(again.effective("p", true).unwrap()["nodeid"], "n");
        assert_eq!(again.profiles(), ["p"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
