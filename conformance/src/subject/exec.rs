//! Subjects that the kit starts as programs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Instance, Settings, StartError, State, Subject};
use crate::case::{Role, Way};

/// The exit code by which a program says that it cannot do what it was asked to.
pub const UNSUPPORTED: i32 = 127;
/// Octets of a program's output that are kept.
const KEPT: usize = 64 << 10;

/// A command with placeholders.
pub struct Exec {
    words: Vec<String>,
    shown: String,
    jobs: usize,
}

impl Exec {
    /// Takes a command line, split as a shell does with quotes and backslashes.
    ///
    /// # Errors
    /// It is empty, or a quote has no end.
    pub fn new(command: &str, jobs: usize) -> Result<Self, String> {
        let words = split(command)?;
        if words.is_empty() {
            return Err("the command is empty".to_owned());
        }
        Ok(Self {
            words,
            shown: command.to_owned(),
            jobs,
        })
    }
}

impl Subject for Exec {
    fn name(&self) -> String {
        self.shown.clone()
    }

    fn takes(&self, _: Role, way: Way) -> bool {
        way == Way::Live
    }

    fn configurable(&self) -> bool {
        true
    }

    fn parallel(&self) -> usize {
        self.jobs
    }

    fn start(
        &self,
        settings: &Settings,
        within: Duration,
    ) -> Result<Box<dyn Instance>, StartError> {
        let mut process = Process {
            words: self.words.clone(),
            settings: settings.clone(),
            bind: None,
            running: None,
        };
        process.start(within)?;
        Ok(Box::new(process))
    }
}

struct Process {
    words: Vec<String>,
    settings: Settings,
    bind: Option<SocketAddr>,
    running: Option<Running>,
}

struct Running {
    child: Arc<Mutex<Child>>,
    id: u32,
    ended: Receiver<String>,
    end: Option<String>,
    code: Arc<Mutex<Option<i32>>>,
    out: Arc<Mutex<Vec<u8>>>,
}

impl Process {
    fn start(&mut self, within: Duration) -> Result<(), StartError> {
        if !self.settings.simple && self.bind.is_none() {
            self.bind =
                Some(free_address(self.settings.host).map_err(|e| StartError::Kit(e.to_string()))?);
        }
        self.running = Some(self.spawn()?);
        if self.settings.simple || self.settings.refuses {
            return Ok(());
        }
        let deadline = Instant::now() + within;
        let address = self.bind.expect("chosen above");
        // Readiness is a connection that is accepted; between two attempts the end of the program
        // is awaited, so nothing sleeps and a crash is seen at once.
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(());
            }
            let running = self.running.as_mut().expect("spawned above");
            if let Some(end) = running.ended(Instant::now() + Duration::from_millis(20)) {
                let code = *running.code.lock().expect("no thread panics with it");
                return Err(if code == Some(UNSUPPORTED) {
                    StartError::Unsupported("the program exits with 127".to_owned())
                } else {
                    StartError::Crash(format!("before it listened on {address}: {end}"))
                });
            }
            if Instant::now() >= deadline {
                return Err(StartError::Hang(format!(
                    "it does not listen on {address} after {:.1} s",
                    within.as_secs_f64()
                )));
            }
        }
    }

    fn spawn(&self) -> Result<Running, StartError> {
        let mut words: Vec<String> = self.words.iter().map(|word| self.filled(word)).collect();
        words.extend(self.settings.arguments.iter().cloned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        for (name, value) in self.values() {
            command.env(format!("AEMP_TEST_{}", name.to_uppercase()), value);
        }
        let mut child = command
            .spawn()
            .map_err(|error| StartError::Kit(format!("{} cannot be started: {error}", words[0])))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let out = Arc::new(Mutex::new(Vec::new()));
        let last_words = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&out);
        let reading = std::thread::spawn(move || {
            let mut stdout = stdout.expect("piped");
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut part) {
                let mut out = keep.lock().expect("no thread panics with it");
                if out.len() < KEPT {
                    out.extend_from_slice(&part[..count]);
                }
            }
        });
        let says = Arc::clone(&last_words);
        let complaining = std::thread::spawn(move || {
            for line in BufReader::new(stderr.expect("piped"))
                .lines()
                .map_while(Result::ok)
            {
                if !line.trim().is_empty() {
                    *says.lock().expect("no thread panics with it") = line;
                }
            }
        });
        let id = child.id();
        let child = Arc::new(Mutex::new(child));
        let code = Arc::new(Mutex::new(None));
        let (sender, ended) = channel();
        let (waited, kept_code) = (Arc::clone(&child), Arc::clone(&code));
        std::thread::spawn(move || {
            // The output ends with the process; only then is it waited for, so that the lock is
            // free for killing it meanwhile.
            drop(reading.join());
            drop(complaining.join());
            let status = waited.lock().expect("no thread panics with it").wait();
            let mut text = match status {
                Ok(status) => {
                    *kept_code.lock().expect("no thread panics with it") = status.code();
                    status.to_string()
                }
                Err(error) => error.to_string(),
            };
            let last = last_words.lock().expect("no thread panics with it");
            if !last.is_empty() {
                text.push_str(&format!(" ({last})"));
            }
            drop(sender.send(text));
        });
        Ok(Running {
            child,
            id,
            ended,
            end: None,
            code,
            out,
        })
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let settings = &self.settings;
        let flag = |on: bool| if on { "1".to_owned() } else { String::new() };
        vec![
            (
                "bind",
                self.bind.map(|bind| bind.to_string()).unwrap_or_default(),
            ),
            ("seed", settings.seeds(self.bind).join(",")),
            ("secret", settings.secrets.join("\n")),
            ("node_id", settings.node.clone()),
            (
                "cert",
                settings
                    .certificate
                    .as_ref()
                    .map(|p| p.display().to_string())
                    .unwrap_or_default(),
            ),
            ("suite", settings.suite.name().to_owned()),
            ("framing", settings.framing.name().to_owned()),
            ("global", flag(settings.global)),
            ("cleartext", flag(settings.cleartext)),
            ("port", settings.port.clone()),
        ]
    }

    fn filled(&self, word: &str) -> String {
        let mut word = word.to_owned();
        for (name, value) in self.values() {
            word = word.replace(&format!("{{{name}}}"), &value);
        }
        word
    }

    fn kill(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        if running.ended(Instant::now()).is_some() {
            return;
        }
        drop(
            running
                .child
                .lock()
                .expect("no thread panics with it")
                .kill(),
        );
        if running
            .ended(Instant::now() + Duration::from_millis(500))
            .is_none()
        {
            // Something that it started still holds its output: end its whole group.
            let group = format!("-{}", running.id);
            drop(Command::new("kill").args(["-KILL", "--", &group]).status());
            running.ended(Instant::now() + Duration::from_secs(5));
        }
    }
}

impl Running {
    fn ended(&mut self, deadline: Instant) -> Option<String> {
        if self.end.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.ended.recv_timeout(left) {
                Ok(end) => self.end = Some(end),
                Err(RecvTimeoutError::Disconnected) => self.end = Some("ended".to_owned()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.end.clone()
    }
}

impl Instance for Process {
    fn address(&self) -> Option<SocketAddr> {
        self.bind
    }

    fn state(&mut self, deadline: Instant) -> State {
        match self.running.as_mut().map(|running| running.ended(deadline)) {
            Some(None) => State::Running,
            Some(Some(end)) => State::Ended(end),
            None => State::Ended("not running".to_owned()),
        }
    }

    fn has_ended(&mut self) -> bool {
        self.state(Instant::now()) != State::Running
    }

    fn restartable(&self) -> bool {
        true
    }

    fn restart(&mut self, within: Duration) -> Result<(), StartError> {
        self.kill();
        self.start(within)
    }

    fn ask_to_stop(&mut self) -> Result<(), String> {
        let running = self.running.as_ref().ok_or("it does not run")?;
        // The standard library has no signals, and this crate no unsafe code.
        let status = Command::new("kill").arg(running.id.to_string()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("kill: {status}")),
            Err(error) => Err(format!("kill: {error}")),
        }
    }

    fn exit(&mut self, deadline: Instant) -> Option<(i32, Vec<u8>)> {
        let running = self.running.as_mut()?;
        running.ended(deadline)?;
        let code = running
            .code
            .lock()
            .expect("no thread panics with it")
            .unwrap_or(-1);
        let out = running
            .out
            .lock()
            .expect("no thread panics with it")
            .clone();
        Some((code, out))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An address on which nothing listens at the moment.
///
/// Systems give ports above 32767 to connections that go out. One of those could be taken again
/// before the subject listens on it, so a lower one is preferred.
pub(super) fn free_address(host: IpAddr) -> std::io::Result<SocketAddr> {
    for _ in 0..64 {
        let random = RandomState::new().hash_one("port") % 20_000;
        let port = 10_000 + u16::try_from(random).expect("below 20000");
        if let Ok(listener) = TcpListener::bind((host, port)) {
            return listener.local_addr();
        }
    }
    TcpListener::bind((host, 0))?.local_addr()
}

/// Splits a command line into words.
fn split(command: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut begun) = (Vec::new(), String::new(), false);
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => word.push(c),
            (_, '\\') => {
                word.extend(characters.next());
                begun = true;
            }
            (Some(_), c) => word.push(c),
            (None, c @ ('\'' | '"')) => {
                quote = Some(c);
                begun = true;
            }
            (None, c) if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            (None, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if quote.is_some() {
        return Err("a quote without end".to_owned());
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_like_a_shell_does() {
        let words = split("a  'b c' \"d \\\" e\"f '' g\\ h").unwrap();
        assert_eq!(words, ["a", "b c", "d \" ef", "", "g h"]);
        assert!(split("'a").is_err());
    }
}
