//! Subjects that the kit starts as programs.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use super::address::Reserved;
use super::program::Program;
use super::{Instance, Settings, StartError, State, Subject};
use crate::case::{Role, Way};

/// The exit code by which a program says that it cannot do what it was asked to.
pub const UNSUPPORTED: i32 = 127;
/// How long the end of a program is awaited before it is asked again whether it accepts connections.
const POLL: Duration = Duration::from_millis(20);
/// How often a program whose port was taken is started again on another.
const MOVES: usize = 3;

/// Ends every program that the kit has started; none is started any more.
pub fn end_all() {
    super::program::end_all();
}

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
    bind: Option<Reserved>,
    running: Option<Program>,
}

/// Why a program is not ready.
enum Unready {
    /// It has ended, with this code and in this way.
    Ended(Option<i32>, String),
    /// It runs and does not listen.
    Late,
}

impl Process {
    fn start(&mut self, within: Duration) -> Result<(), StartError> {
        if self.settings.simple {
            self.running = Some(self.spawn()?);
            return Ok(());
        }
        if self.settings.refuses {
            self.reserve()?;
            self.running = Some(self.spawn()?);
            return Ok(());
        }
        let mut moves = 0;
        loop {
            let address = self.reserve()?;
            self.running = Some(self.spawn()?);
            match self.ready(Instant::now() + within) {
                Ok(()) => return Ok(()),
                Err(Unready::Ended(Some(UNSUPPORTED), _)) => {
                    let why = format!("the program exits with {UNSUPPORTED}");
                    return Err(StartError::Unsupported(why));
                }
                Err(Unready::Ended(_, end)) if moves < MOVES && !self.bind_is_free() => {
                    moves += 1;
                    self.bind = None;
                    eprintln!(
                        "{address} was taken before the subject listened on it ({end}); it is \
                         started again on another port"
                    );
                }
                Err(Unready::Ended(_, end)) => {
                    let how = format!("before it listened on {address}: {end}");
                    return Err(StartError::Crash(how));
                }
                Err(Unready::Late) => {
                    return Err(StartError::Hang(format!(
                        "it does not listen on {address} after {:.1} s",
                        within.as_secs_f64()
                    )));
                }
            }
        }
    }

    /// The address that it listens on; a new one if it has none, or somebody else listens there.
    fn reserve(&mut self) -> Result<SocketAddr, StartError> {
        self.bind.take_if(|bind| bind.is_listened_on());
        if self.bind.is_none() {
            let reserved = Reserved::new(self.settings.host);
            self.bind = Some(reserved.map_err(|e| StartError::Kit(format!("no address: {e}")))?);
        }
        Ok(self.address().expect("reserved above"))
    }

    fn bind_is_free(&self) -> bool {
        self.bind.as_ref().is_none_or(Reserved::is_free)
    }

    /// Waits until it accepts a connection. Between two attempts its end is awaited, so nothing
    /// sleeps and a crash is seen at once.
    fn ready(&mut self, deadline: Instant) -> Result<(), Unready> {
        let (Some(bind), Some(running)) = (&self.bind, self.running.as_mut()) else {
            return Err(Unready::Late);
        };
        loop {
            let accepts = bind.is_listened_on();
            let patience = if accepts { Duration::ZERO } else { POLL };
            if let Some(end) = running.ended(Instant::now() + patience) {
                return Err(Unready::Ended(running.code(), end));
            }
            if accepts {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Unready::Late);
            }
        }
    }

    fn spawn(&self) -> Result<Program, StartError> {
        let mut words: Vec<String> = self.words.iter().map(|word| self.filled(word)).collect();
        words.extend(self.settings.arguments.iter().cloned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        for (name, value) in self.values() {
            command.env(format!("AEMP_TEST_{}", name.to_uppercase()), value);
        }
        Program::start(command)
            .map_err(|error| StartError::Kit(format!("{} cannot be started: {error}", words[0])))
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let settings = &self.settings;
        let flag = |on: bool| if on { "1".to_owned() } else { String::new() };
        vec![
            (
                "bind",
                self.address()
                    .map(|bind| bind.to_string())
                    .unwrap_or_default(),
            ),
            ("seed", settings.seeds(self.address()).join(",")),
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
        if let Some(mut running) = self.running.take() {
            running.kill();
        }
    }
}

impl Instance for Process {
    fn address(&self) -> Option<SocketAddr> {
        self.bind.as_ref().map(Reserved::address)
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

    fn end(&mut self) {
        self.kill();
    }

    fn restart(&mut self, within: Duration) -> Result<(), StartError> {
        self.kill();
        self.start(within)
    }

    fn displaced(&mut self) -> bool {
        self.kill();
        self.bind.as_ref().is_some_and(Reserved::is_listened_on)
    }

    fn ask_to_stop(&mut self) -> Result<(), String> {
        let running = self.running.as_ref().ok_or("it does not run")?;
        running.ask_to_stop()
    }

    fn exit(&mut self, deadline: Instant) -> Option<(i32, Vec<u8>)> {
        let running = self.running.as_mut()?;
        running.ended(deadline)?;
        Some((running.code().unwrap_or(-1), running.output()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
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
    use std::net::{Ipv4Addr, TcpListener};

    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::subject::program::alone;
    use crate::wire::{Framing, Suite};

    #[test]
    fn command_lines_are_split_like_a_shell_does() {
        let words = split("a  'b c' \"d \\\" e\"f '' g\\ h").unwrap();
        assert_eq!(words, ["a", "b c", "d \" ef", "", "g h"]);
        assert!(split("'a").is_err());
    }

    /// Where this program is told to listen, if a test has started it as a subject.
    fn told() -> Option<SocketAddr> {
        std::env::var("AEMP_TEST_BIND").ok()?.parse().ok()
    }

    /// The subject of the tests below: the plainest program that listens.
    #[test]
    fn listens_where_it_is_told() {
        let Some(address) = told() else { return };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&address.into()).expect("the address is free");
        socket.listen(8).unwrap();
        let listener = TcpListener::from(socket);
        while listener.accept().is_ok() {}
    }

    fn process(bind: Option<Reserved>) -> Process {
        let program = std::env::current_exe().unwrap().display().to_string();
        let test = "subject::exec::tests::listens_where_it_is_told";
        Process {
            words: [&program, "--exact", test, "--nocapture"]
                .map(str::to_owned)
                .into(),
            settings: Settings {
                role: Role::Acceptor,
                way: Way::Live,
                suite: Suite::Sha3,
                framing: Framing::Json,
                certificate: None,
                secrets: vec!["geheim".to_owned()],
                cleartext: false,
                global: false,
                node: "subject".to_owned(),
                host: Ipv4Addr::LOCALHOST.into(),
                refuses: false,
                seeds: Vec::new(),
                port: "echo".to_owned(),
                arguments: Vec::new(),
                simple: false,
                kit: None,
            },
            bind,
            running: None,
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_is_ready_when_it_listens_and_again_after_a_restart() {
        let _alone = alone();
        let mut process = process(None);
        for _ in 0..2 {
            process.restart(LONG).unwrap();
            let address = process.address().unwrap();
            std::net::TcpStream::connect(address).unwrap();
        }
        process.kill();
        let address = process.address().unwrap();
        std::net::TcpStream::connect(address).unwrap_err();
    }

    #[test]
    fn a_program_whose_port_is_taken_is_started_again_on_another() {
        let _alone = alone();
        let reserved = Reserved::new(Ipv4Addr::LOCALHOST.into()).unwrap();
        let first = reserved.address();
        // It is taken without a listener, so that only the program itself can notice.
        let taker = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        taker.set_reuse_address(true).unwrap();
        taker.bind(&first.into()).unwrap();
        let mut process = process(Some(reserved));
        process.start(LONG).unwrap();
        assert_ne!(process.address(), Some(first));
        drop(taker);
    }

    #[test]
    fn nobody_else_is_taken_for_the_program() {
        let _alone = alone();
        let reserved = Reserved::new(Ipv4Addr::LOCALHOST.into()).unwrap();
        let first = reserved.address();
        let stranger = TcpListener::bind(first).unwrap();
        let mut process = process(Some(reserved));
        process.start(LONG).unwrap();
        assert_ne!(
            process.address(),
            Some(first),
            "somebody else listens there"
        );
        assert!(!process.displaced());
        drop(stranger);
    }

    #[test]
    fn it_is_told_whether_somebody_else_listens_in_place_of_the_program() {
        let _alone = alone();
        let reserved = Reserved::new(Ipv4Addr::LOCALHOST.into()).unwrap();
        let stranger = TcpListener::bind(reserved.address()).unwrap();
        let mut process = process(Some(reserved));
        assert!(process.displaced());
        drop(stranger);
        assert!(!process.displaced());
    }
}
