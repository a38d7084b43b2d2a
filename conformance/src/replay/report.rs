//! How much was judged, and what came out.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

/// What became of a replay.
#[derive(Debug, Default)]
pub struct Report {
    /// One for each file, in order.
    pub files: Vec<FileReport>,
    /// What concerns no single file.
    pub problems: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Default)]
pub struct FileReport {
    /// The file.
    pub path: String,
    /// How much was judged.
    pub counts: Counts,
    /// What could not be judged, and how often.
    pub unjudged: BTreeMap<String, usize>,
    /// Differences that the deviations file covers: defect and our outcome, and how often.
    pub deviations: BTreeMap<(String, String), usize>,
    /// The classified cases and what ours made of each, in words.
    pub cases: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// How much was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// TCP connections on which octets travelled.
    pub connections: usize,
    /// First greeting lines that were read or refused.
    pub greetings: usize,
    /// Handshakes in which both directions were played.
    pub handshakes: usize,
    /// Authentication lines whose proof was checked.
    pub proofs: usize,
    /// Authentication lines of nodes that ours sends too: method, proof and framing.
    pub choices: usize,
    /// Messages that were read and re-encoded to an equal value.
    pub messages: usize,
    /// Well-formed texts that mean nothing.
    pub nothings: usize,
    /// Directions whose end is what ours says.
    pub closes: usize,
    /// Classified error cases.
    pub cases: usize,
    /// Steps of conversations with the reference node.
    pub steps: usize,
    /// Known answers.
    pub vectors: usize,
    /// How often a direction was fed, in different pieces and roles.
    pub plays: usize,
}

impl Report {
    /// Whether everything that was judged is right, and something was.
    pub fn is_success(&self) -> bool {
        self.problems.is_empty()
            && !self.files.is_empty()
            && self.files.iter().all(FileReport::is_success)
    }

    /// All files together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for file in &self.files {
            total += file.counts;
        }
        total
    }

    /// What is wrong, each with its file.
    pub fn all_problems(&self) -> impl Iterator<Item = String> + '_ {
        let of_files = self.files.iter().flat_map(|file| {
            let nothing = file
                .judged_nothing()
                .then(|| "nothing of it could be judged".to_owned());
            let problems = file.problems.iter().cloned().chain(nothing);
            problems.map(|problem| format!("{}: {problem}", file.path))
        });
        of_files.chain(self.problems.iter().cloned())
    }
}

impl FileReport {
    /// Whether everything that was judged is right, and something was.
    pub fn is_success(&self) -> bool {
        self.problems.is_empty() && !self.judged_nothing()
    }

    fn judged_nothing(&self) -> bool {
        let Counts {
            greetings,
            proofs,
            messages,
            vectors,
            ..
        } = self.counts;
        greetings + proofs + messages + vectors == 0
    }

    pub(super) fn unjudged(&mut self, what: impl Into<String>, count: usize) {
        *self.unjudged.entry(what.into()).or_default() += count;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.connections += other.connections;
        self.greetings += other.greetings;
        self.handshakes += other.handshakes;
        self.proofs += other.proofs;
        self.choices += other.choices;
        self.messages += other.messages;
        self.nothings += other.nothings;
        self.closes += other.closes;
        self.cases += other.cases;
        self.steps += other.steps;
        self.vectors += other.vectors;
        self.plays += other.plays;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = [
            (self.connections, "connection"),
            (self.handshakes, "handshake"),
            (self.greetings, "greeting"),
            (self.proofs, "proof"),
            (self.choices, "choice"),
            (self.messages, "message"),
            (self.nothings, "meaningless text"),
            (self.closes, "end"),
            (self.cases, "error case"),
            (self.steps, "step"),
            (self.vectors, "vector"),
        ];
        let mut separator = "";
        for (count, what) in counted.into_iter().filter(|&(count, _)| count > 0) {
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} {what}{plural}")?;
            separator = ", ";
        }
        if separator.is_empty() {
            f.write_str("nothing")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_success() { "ok  " } else { "FAIL" };
        writeln!(f, "{verdict} {}: {}", self.path, self.counts)?;
        for ((defect, outcome), count) in &self.deviations {
            writeln!(
                f,
                "     {count} x ours says {outcome} where the original does not ({defect})"
            )?;
        }
        for (what, count) in &self.unjudged {
            writeln!(f, "     not judged: {count} {what}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            write!(f, "{file}")?;
        }
        for problem in self.all_problems() {
            writeln!(f, "wrong: {problem}")?;
        }
        let total = self.total();
        writeln!(
            f,
            "{} of {} files are right; judged: {total}; fed {} times in different pieces and roles",
            self.files.iter().filter(|file| file.is_success()).count(),
            self.files.len(),
            total.plays
        )
    }
}
