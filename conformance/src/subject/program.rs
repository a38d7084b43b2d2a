//! A program that the kit has started: what it prints, how it ends, and ending it.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Octets of a program's output that are kept.
const KEPT: usize = 64 << 10;
/// Lines of its standard error that are kept: what matters is not always in the last one.
const LAST_WORDS: usize = 12;
/// How long a program that was ended may keep its output open before its group is ended too.
const OUTPUT: Duration = Duration::from_millis(500);

/// Held while a program is being started.
static STARTING: Mutex<()> = Mutex::new(());

/// Keeps tests of addresses and tests that start programs apart, for the same reason.
#[cfg(test)]
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No thread of the kit starts a program while this is held.
///
/// A program is made as a copy that holds all that this process has open until it is loaded: a
/// socket that is closed meanwhile stays open in it for that long.
pub(crate) fn nothing_starts() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The process groups of the programs that run.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Ends all programs that were started; none is started any more.
pub(crate) fn end_all() {
    std::mem::forget(nothing_starts());
    let groups: Vec<_> = running().iter().map(|id| format!("-{id}")).collect();
    if groups.is_empty() {
        return;
    }
    let mut command = Command::new("kill");
    command.args(["-KILL", "--"]).args(groups);
    drop(command.stderr(Stdio::null()).status());
}

/// A program that was started.
pub(crate) struct Program {
    child: Arc<Mutex<Child>>,
    id: u32,
    ended: Receiver<String>,
    end: Option<String>,
    code: Arc<Mutex<Option<i32>>>,
    out: Arc<Mutex<Vec<u8>>>,
}

impl Program {
    /// Starts a command, in a process group of its own.
    ///
    /// # Errors
    /// There is no such program, or the system has no room for it.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = {
            let _one_at_a_time = nothing_starts();
            let child = command.spawn()?;
            running().insert(child.id());
            child
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let out = Arc::new(Mutex::new(Vec::new()));
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
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
            // To the end, whatever it says: a pipe without a reader would fail its next word.
            let mut stderr = BufReader::new(stderr.expect("piped"));
            let mut line = Vec::new();
            while let Ok(1..) = stderr.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(&line);
                if !text.trim().is_empty() {
                    let mut says = says.lock().expect("no thread panics with it");
                    // The first line stays: it often names the cause.
                    if says.len() == LAST_WORDS {
                        says.remove(1);
                    }
                    says.push_back(text.trim().to_owned());
                }
                line.clear();
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
            let mut child = waited.lock().expect("no thread panics with it");
            let status = child.wait();
            running().remove(&child.id());
            drop(child);
            let mut text = match status {
                Ok(status) => {
                    *kept_code.lock().expect("no thread panics with it") = status.code();
                    status.to_string()
                }
                Err(error) => error.to_string(),
            };
            let last = last_words.lock().expect("no thread panics with it");
            if !last.is_empty() {
                let last: Vec<_> = last.iter().map(String::as_str).collect();
                text.push_str(&format!(" ({})", last.join(" | ")));
            }
            drop(sender.send(text));
        });
        Ok(Self {
            child,
            id,
            ended,
            end: None,
            code,
            out,
        })
    }

    /// How it ended, if it has by the deadline.
    pub(crate) fn ended(&mut self, deadline: Instant) -> Option<String> {
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

    /// Its exit code, once it has ended; `None` if a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        *self.code.lock().expect("no thread panics with it")
    }

    /// What it has printed on standard output, the first 64 KiB.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.out.lock().expect("no thread panics with it").clone()
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(crate) fn ask_to_stop(&self) -> Result<(), String> {
        signal(&[&self.id.to_string()])
    }

    /// Ends it, and what it has started if that holds on to its output.
    pub(crate) fn kill(&mut self) {
        if self.ended(Instant::now()).is_some() {
            return;
        }
        drop(self.child.lock().expect("no thread panics with it").kill());
        if self.ended(Instant::now() + OUTPUT).is_none() {
            drop(signal(&["-KILL", "--", &format!("-{}", self.id)]));
            self.ended(Instant::now() + Duration::from_secs(5));
        }
    }
}

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The standard library has no signals, and this crate no unsafe code.
fn signal(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("kill");
    command.args(arguments).stderr(Stdio::null());
    let child = {
        let _one_at_a_time = nothing_starts();
        command.spawn()
    };
    match child.and_then(|mut child| child.wait()) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("kill: {status}")),
        Err(error) => Err(format!("kill: {error}")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_read_on() {
        let _alone = alone();
        let mut command = Command::new("sh");
        command.args([
            "-c",
            r"echo boom >&2; printf '\377\n' >&2; echo bye >&2 && exit 3",
        ]);
        let mut program = Program::start(command).unwrap();
        let end = program.ended(Instant::now() + Duration::from_secs(60));
        let end = end.expect("it ends");
        assert!(end.contains("boom |") && end.contains("bye"), "{end}");
        assert_eq!(program.code(), Some(3));
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let _alone = alone();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        let mut program = Program::start(command).unwrap();
        program.kill();
        // Nobody is left who could write to its output.
        assert!(program.ended(Instant::now()).is_some());
    }
}
