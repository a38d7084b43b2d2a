//! Recordings: the file format of `recordings/README.md`, read into streams of octets.

use std::{fmt, fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

/// One recording: a file.
#[derive(Debug)]
pub struct Recording {
    /// Where it was read from, short: from `1.x/` or `2.x/` on where the path has that.
    pub path: String,
    /// The generation of the original implementation that takes part.
    pub generation: Generation,
    /// What was recorded.
    pub description: String,
    /// Secret and options of the nodes.
    pub config: Config,
    /// The TCP connections, in the order in which they were opened.
    pub connections: Vec<Connection>,
    /// The whole file, for what only some files have.
    pub raw: Map<String, Value>,
}

/// A generation of the original implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Generation {
    /// AnyEvent::MP 1.x.
    #[serde(rename = "1.x")]
    One,
    /// AnyEvent::MP 2.x.
    #[serde(rename = "2.x")]
    Two,
}

/// One side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The side that dialled.
    Initiator,
    /// The side that was dialled.
    Acceptor,
}

/// Secret and options of the recorded nodes.
#[derive(Debug, Default)]
pub struct Config(Map<String, Value>);

/// One TCP connection.
#[derive(Debug)]
pub struct Connection {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its name, where the file holds many cases.
    pub case: Option<String>,
    /// Whether all of it was recorded inside TLS.
    pub decrypted: bool,
    /// When it was opened, in seconds of its recording.
    pub opened: f64,
    streams: [Stream; 2],
}

/// What one side sent.
#[derive(Debug, Default)]
pub struct Stream {
    /// Its octets.
    pub octets: Vec<u8>,
    /// For each event the offset behind its octets and its time.
    pub marks: Vec<Mark>,
    /// Where and when it closed, if that was recorded.
    pub eof: Option<Moment>,
    /// From this offset on the octets are what travelled inside TLS.
    pub inside_tls_from: Option<usize>,
}

/// The end of one event's octets.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The offset behind the event's octets.
    pub end: usize,
    /// When they came.
    pub moment: Moment,
}

/// A place in the order of events, and its time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The number of the event in its connection.
    pub order: usize,
    /// Seconds since the connection was opened.
    pub seconds: f64,
}

/// Why a file is no recording.
#[derive(Debug)]
pub struct RecordingError(String);

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] says what is wrong with it, and where.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let text = fs::read(path).map_err(|error| {
            RecordingError(format!("{}: cannot be read: {error}", path.display()))
        })?;
        Self::parse(&short(path), &text)
    }

    /// Reads the text of a file; `path` names it in reports.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] says what is wrong with it, and where.
    pub fn parse(path: &str, text: &[u8]) -> Result<Self, RecordingError> {
        let wrong = |what: &dyn fmt::Display| {
            RecordingError(format!(
                "{path}: this is no recording: {what} (recordings/README.md has the format)"
            ))
        };
        let file: File = serde_json::from_slice(text).map_err(|error| wrong(&error))?;
        let raw: Map<String, Value> =
            serde_json::from_slice(text).map_err(|error| wrong(&error))?;
        let connections = file.connections.into_iter().enumerate();
        let connections = connections
            .map(|(index, connection)| Connection::new(index, connection))
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&error))?;
        Ok(Self {
            path: path.into(),
            generation: file.generation,
            description: file.description,
            config: Config(file.config.unwrap_or_default()),
            connections,
            raw,
        })
    }
}

impl RecordingError {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }
}

impl Connection {
    fn new(index: usize, file: FileConnection) -> Result<Self, String> {
        let opened = file
            .t_open
            .or(file.opened)
            .or_else(|| file.events.first().map(|event| event.t))
            .unwrap_or_default();
        let mut streams = [Stream::default(), Stream::default()];
        for (order, event) in file.events.into_iter().enumerate() {
            let moment = Moment {
                order,
                seconds: (event.t - opened).max(0.0),
            };
            let octets = event
                .octets()
                .map_err(|error| format!("connection {index}, event {order}: {error}"))?;
            let stream = &mut streams[event.from as usize];
            if !octets.is_empty() {
                let inside = file
                    .tls_plaintext_from_here
                    .is_some_and(|from| event.t >= from);
                if inside && stream.inside_tls_from.is_none() {
                    stream.inside_tls_from = Some(stream.octets.len());
                }
                if stream.eof.is_some() {
                    return Err(format!(
                        "connection {index}, event {order}: octets after the end of the {}",
                        event.from
                    ));
                }
                stream.octets.extend(octets);
                stream.marks.push(Mark {
                    end: stream.octets.len(),
                    moment,
                });
            }
            if event.eof && stream.eof.is_none() {
                stream.eof = Some(moment);
            }
        }
        Ok(Self {
            index,
            case: file.case,
            decrypted: file.decrypted,
            opened,
            streams,
        })
    }

    /// What a side sent.
    pub fn stream(&self, side: Side) -> &Stream {
        &self.streams[side as usize]
    }

    /// Whether any octet travelled.
    pub fn is_empty(&self) -> bool {
        self.streams.iter().all(|stream| stream.octets.is_empty())
    }

    /// Whether both existed at one time.
    pub fn overlaps(&self, other: &Self) -> bool {
        let end = |connection: &Self| {
            let eofs = connection.streams.iter().filter_map(|stream| stream.eof);
            let last = eofs.map(|eof| eof.seconds).reduce(f64::max);
            connection.opened + last.unwrap_or(f64::INFINITY)
        };
        self.opened <= end(other) && other.opened <= end(self)
    }

    /// How reports name it within its file.
    pub fn label(&self) -> String {
        match &self.case {
            Some(case) => format!("connection {} ({case})", self.index),
            None => format!("connection {}", self.index),
        }
    }
}

impl Stream {
    /// When the octet before `offset` came.
    pub fn moment(&self, offset: usize) -> Moment {
        let mark = self
            .marks
            .iter()
            .find(|mark| mark.end >= offset)
            .or(self.marks.last());
        mark.map_or(
            Moment {
                order: 0,
                seconds: 0.0,
            },
            |mark| mark.moment,
        )
    }

    /// The first lines, without terminators: as many as there are, at most `most`, and the offset
    /// behind each.
    pub fn lines(&self, most: usize) -> Vec<(&[u8], usize)> {
        let mut lines = Vec::new();
        let mut start = 0;
        while lines.len() < most {
            let Some(length) = self.octets[start..]
                .iter()
                .position(|&octet| octet == b'\n')
            else {
                break;
            };
            let line = &self.octets[start..start + length];
            start += length + 1;
            lines.push((line.strip_suffix(b"\r").unwrap_or(line), start));
        }
        lines
    }

    /// The first two lines of a greeting, if both came whole.
    pub fn greeting(&self) -> Option<[&[u8]; 2]> {
        match self.lines(2)[..] {
            [(line, _), (nonce, _)] => Some([line, nonce]),
            _ => None,
        }
    }
}

impl Config {
    /// The secret of a node: `geheim` where none is given.
    pub fn secret(&self, node: &str) -> Option<String> {
        let secret = match self.0.get("secret") {
            Some(Value::Object(each)) => each.get(node),
            other => other,
        };
        match secret {
            Some(Value::Null) => None,
            Some(Value::String(secret)) => Some(secret.clone()),
            _ => Some("geheim".into()),
        }
    }

    /// For how long a node waits for the peer, where that is given.
    pub fn patience(&self, node: &str) -> Option<f64> {
        let seconds = match self.0.get("monitor_timeout")? {
            Value::Object(each) => each.get(node)?,
            other => other,
        };
        seconds.as_f64()
    }
}

impl Generation {
    /// The name that files and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "1.x",
            Self::Two => "2.x",
        }
    }
}

impl Side {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::Initiator, Self::Acceptor];

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiator => "initiator",
            Self::Acceptor => "acceptor",
        })
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordingError {}

/// The path from the folder of the generation on, as classification and deviations use it.
fn short(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let folder = parts
        .iter()
        .rposition(|part| part == "1.x" || part == "2.x");
    folder.map_or_else(
        || path.display().to_string(),
        |folder| parts[folder..].join("/"),
    )
}

#[derive(Deserialize)]
struct File {
    generation: Generation,
    #[serde(default)]
    description: String,
    config: Option<Map<String, Value>>,
    connections: Vec<FileConnection>,
}

#[derive(Deserialize)]
struct FileConnection {
    case: Option<String>,
    t_open: Option<f64>,
    opened: Option<f64>,
    #[serde(default)]
    decrypted: bool,
    tls_plaintext_from_here: Option<f64>,
    events: Vec<FileEvent>,
}

#[derive(Deserialize)]
struct FileEvent {
    t: f64,
    from: Side,
    text: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    eof: bool,
}

impl FileEvent {
    fn octets(&self) -> Result<Vec<u8>, &'static str> {
        match (&self.text, &self.hex) {
            (Some(_), Some(_)) => Err("it has both text and hex"),
            (Some(text), None) => Ok(text.as_bytes().to_vec()),
            (None, Some(hex)) => unhex(hex).ok_or("its hex is no pairs of hex digits"),
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// The octets of pairs of hex digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Recording::parse("x.json", text.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_file_that_is_no_recording_is_told_why() {
        let connection = |events: &str| {
            format!(r#"{{"generation":"1.x","connections":[{{"events":[{events}]}}]}}"#)
        };
        for (text, part) in [
            ("", "EOF while parsing"),
            ("[]", "invalid length 0"),
            ("{}", "missing field `generation`"),
            (
                r#"{"generation":"3.x","connections":[]}"#,
                "unknown variant `3.x`",
            ),
            (r#"{"generation":"1.x"}"#, "missing field `connections`"),
            (&connection(r#"{"t":0,"text":"x"}"#), "missing field `from`"),
            (
                &connection(r#"{"t":0,"from":"me","text":"x"}"#),
                "unknown variant `me`",
            ),
            (
                &connection(r#"{"t":0,"from":"initiator","hex":"0"}"#),
                "connection 0, event 0",
            ),
            (
                &connection(r#"{"t":0,"from":"initiator","hex":"é"}"#),
                "no pairs of hex digits",
            ),
            (
                &connection(
                    r#"{"t":0,"from":"initiator","eof":true},{"t":1,"from":"initiator","text":"x"}"#,
                ),
                "octets after the end of the initiator",
            ),
        ] {
            let error = error(text);
            assert!(
                error.contains(part) && error.starts_with("x.json: "),
                "{error}"
            );
        }
    }

    #[test]
    fn events_of_one_side_are_one_stream() {
        let text = r#"{"generation":"2.x","config":{"secret":{"b":null}},"connections":[{"opened":1,"events":[
            {"t":1.5,"from":"acceptor","text":"a;\r\nno"},{"t":2,"from":"initiator","hex":"00fF"},
            {"t":3,"from":"acceptor","text":"nce\nx"},{"t":4,"from":"acceptor","eof":true}]}]}"#;
        let recording = Recording::parse("x.json", text.as_bytes()).unwrap();
        let connection = &recording.connections[0];
        let stream = connection.stream(Side::Acceptor);
        assert_eq!(stream.greeting(), Some([&b"a;"[..], b"nonce"]));
        assert_eq!(stream.moment(5).seconds, 0.5);
        assert_eq!(stream.moment(12).seconds, 2.0);
        assert_eq!(connection.stream(Side::Initiator).octets, [0, 255]);
        assert!(connection.stream(Side::Initiator).greeting().is_none());
        assert_eq!(recording.config.secret("a").as_deref(), Some("geheim"));
        assert_eq!(recording.config.secret("b"), None);
    }

    #[test]
    fn paths_are_shortened_to_the_generation() {
        assert_eq!(short(Path::new("/a/1.x/b/2.x/c.json")), "2.x/c.json");
        assert_eq!(short(Path::new("a/c.json")), "a/c.json");
    }
}
