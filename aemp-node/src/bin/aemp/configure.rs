//! `aemp config`: the configuration file.

use std::path::PathBuf;

use aemp_node::config::{
    Config, KEYS,
    rc::{RcFile, write_private},
};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::{
    Failed, Outcome,
    options::{host_name, line},
};

/// Options of `aemp config`.
#[derive(Args)]
pub(crate) struct Configure {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print a key's value
    Get {
        key: String,
        #[command(flatten)]
        place: Place,
    },
    /// Set a key; the value is JSON or a text
    Set {
        key: String,
        value: String,
        #[command(flatten)]
        place: Place,
    },
    /// Delete a key, or with -p alone a profile
    Del {
        key: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// List the profiles and the keys that may be set
    List,
    /// Print what is in force for a profile, without the secret
    Show {
        profile: Option<String>,
        /// The secret and the key too
        #[arg(long)]
        secrets: bool,
    },
    /// Set a random secret
    GenSecret {
        #[command(flatten)]
        place: Place,
    },
    /// Set a self-signed certificate with its key, or write it to a file
    GenCert {
        /// Write it to this file instead
        #[arg(long, value_name = "PEM")]
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

/// Which part of the file.
#[derive(Args)]
struct Place {
    /// The profile; without one, the defaults of all
    #[arg(short, long)]
    profile: Option<String>,
}

impl Configure {
    pub(crate) fn run(self) -> Outcome {
        match self.command {
            Command::Get { key, place } => {
                let rc = load()?.1;
                let settings = rc.settings(place.profile.as_deref());
                match settings.and_then(|settings| settings.get(&key)) {
                    Some(value) => line(&value.to_string()),
                    None => Err(Failed::Reported(format!("the key {key:?} is not set"))),
                }
            }
            Command::Set { key, value, place } => {
                let value = serde_json::from_str(&value).unwrap_or(Value::from(value));
                set(&key, value, place.profile.as_deref())
            }
            Command::Del { key, place } => delete(key.as_deref(), place.profile.as_deref()),
            Command::List => list(),
            Command::Show { profile, secrets } => show(profile.as_deref(), secrets),
            Command::GenSecret { place } => {
                let secret = random()?;
                set("secret", secret.into(), place.profile.as_deref())
            }
            Command::GenCert { file, place } => {
                let pem = certificate()?;
                match file {
                    Some(file) => write_private(&file, pem.as_bytes())
                        .map_err(|error| Failed::Reported(format!("{}: {error}", file.display()))),
                    None => set("cert", pem.into(), place.profile.as_deref()),
                }
            }
        }
    }
}

fn load() -> Result<(PathBuf, RcFile), Failed> {
    let path = RcFile::default_path().ok_or_else(|| {
        Failed::Usage("no place for the configuration file is known; set AEMP_RC".into())
    })?;
    let rc = RcFile::load(&path).map_err(|error| Failed::Usage(error.to_string()))?;
    Ok((path, rc))
}

fn set(key: &str, value: Value, profile: Option<&str>) -> Outcome {
    let (path, mut rc) = load()?;
    if !KEYS.iter().any(|(known, _)| *known == key) {
        return Err(Failed::Usage(format!(
            "the key {key:?} is not known; `aemp config list` names those that are"
        )));
    }
    if key == "parent" {
        if !value.is_string() || profile.is_none() {
            return Err(Failed::Usage(
                "a parent is the name of a profile, and belongs to a profile: use -p".into(),
            ));
        }
    } else {
        // What would not start a node is not written.
        let one = [(key.to_owned(), value.clone())].into_iter().collect();
        Config::from_settings(&one).map_err(Failed::Usage)?;
    }
    rc.settings_mut(profile).insert(key.into(), value);
    rc.save(&path)
        .map_err(|error| Failed::Reported(error.to_string()))
}

fn delete(key: Option<&str>, profile: Option<&str>) -> Outcome {
    let (path, mut rc) = load()?;
    let deleted = match (key, profile) {
        (Some(key), profile) => {
            rc.settings(profile).is_some() && rc.settings_mut(profile).remove(key).is_some()
        }
        (None, Some(profile)) => rc.remove_profile(profile),
        (None, None) => {
            return Err(Failed::Usage("name a key, or a profile with -p".into()));
        }
    };
    if !deleted {
        return Err(Failed::Reported("there was nothing to delete".into()));
    }
    rc.save(&path)
        .map_err(|error| Failed::Reported(error.to_string()))
}

fn list() -> Outcome {
    let (path, rc) = load()?;
    line(&format!("file: {}", path.display()))?;
    line("profiles:")?;
    for profile in rc.profiles() {
        line(&format!("  {profile}"))?;
    }
    line("keys:")?;
    for (key, meaning) in KEYS {
        line(&format!("  {key:<20} {meaning}"))?;
    }
    Ok(())
}

fn show(profile: Option<&str>, secrets: bool) -> Outcome {
    let rc = load()?.1;
    let host = host_name();
    let name = profile.unwrap_or(&host);
    let mut effective = rc
        .effective(name, profile.is_some())
        .map_err(|error| Failed::Usage(error.to_string()))?;
    effective.entry("nodeid").or_insert_with(|| name.into());
    if !secrets {
        for key in ["secret", "cert"] {
            if let Some(value) = effective.get_mut(key) {
                *value = "(set; shown with --secrets)".into();
            }
        }
    }
    line(&serde_json::to_string_pretty(&effective).unwrap_or_default())
}

/// 36 random octets in hex.
fn random() -> Result<String, Failed> {
    let mut octets = [0; 36];
    getrandom::fill(&mut octets)
        .map_err(|error| Failed::Reported(format!("the system gives no random octets: {error}")))?;
    Ok(hex(&octets))
}

/// Octets as hex digits.
fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn certificate() -> Result<String, Failed> {
    let failed =
        |error: rcgen::Error| Failed::Reported(format!("no certificate was made: {error}"));
    let mut params = rcgen::CertificateParams::new(vec!["aemp.invalid".into()]).map_err(failed)?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "AEMP network");
    let key = rcgen::KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}
