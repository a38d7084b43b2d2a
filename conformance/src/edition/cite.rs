//! Citations of requirements: `[chapter.subject.rule]` in texts and in comments of code.

use std::collections::BTreeSet;

/// A citation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// What is cited.
    pub id: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether it stands where only a citation can: in a comment or in prose, not in code, where
    /// `[list.length]` may be an index.
    pub sure: bool,
}

/// Whether `id` has the form of an ID: two or more words of lower case letters, digits and single
/// hyphens inside, with dots between them.
pub fn well_formed(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && !word.starts_with('-')
            && !word.ends_with('-')
            && !word.contains("--")
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    id.contains('.') && id.split('.').all(word)
}

/// Citations in a document, outside fenced examples.
pub fn in_prose(text: &str, chapters: &BTreeSet<String>) -> Vec<Citation> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let ids = ids(line, chapters).map(|(_, id)| (id, true));
            found.extend(ids.map(|(id, sure)| citation(id, number, sure)));
        }
    }
    found
}

/// Citations in code.
pub fn in_code(text: &str, chapters: &BTreeSet<String>) -> Vec<Citation> {
    let (mut found, mut quoted) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        let comment = ["//", "#", "*", "\"\"\"", ";"]
            .iter()
            .filter_map(|mark| line.find(mark))
            .min()
            .unwrap_or(usize::MAX);
        let inside = quoted;
        quoted ^= line.matches("\"\"\"").count() % 2 == 1;
        for (at, id) in ids(line, chapters) {
            found.push(citation(id, number, inside || at > comment));
        }
    }
    found
}

fn citation(id: &str, number: usize, sure: bool) -> Citation {
    Citation {
        id: id.to_owned(),
        line: number + 1,
        sure,
    }
}

/// What stands in square brackets, has the form of an ID, and begins with a chapter's prefix.
fn ids<'a>(
    line: &'a str,
    chapters: &'a BTreeSet<String>,
) -> impl Iterator<Item = (usize, &'a str)> {
    line.match_indices('[').filter_map(|(at, _)| {
        let (id, _) = line[at + 1..].split_once(']')?;
        let (prefix, _) = id.split_once('.')?;
        (chapters.contains(prefix) && well_formed(id)).then_some((at, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapters() -> BTreeSet<String> {
        ["one".to_owned(), "two".to_owned()].into()
    }

    #[test]
    fn ids_have_one_form() {
        for right in ["a.b", "one.queue.no-address", "two.md6"] {
            assert!(well_formed(right), "{right}");
        }
        for wrong in [
            "", "a", "a.", "a..b", "a.B", "a.-b", "a.b-", "a.b--c", "a.b c",
        ] {
            assert!(!well_formed(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_index_is_no_sure_citation() {
        let text = "x[one.len]; // [one.single]\n\"\"\"Says\n[two.x]\n\"\"\"\n/// `[two.y]`\n[z.a]";
        let found: Vec<_> = in_code(text, &chapters())
            .into_iter()
            .map(|c| (c.id, c.line, c.sure))
            .collect();
        let expected = [
            ("one.len", 1, false),
            ("one.single", 1, true),
            ("two.x", 3, true),
            ("two.y", 5, true),
        ];
        assert_eq!(
            found,
            expected.map(|(id, line, sure)| (id.to_owned(), line, sure))
        );
    }

    #[test]
    fn prose_cites_outside_fences() {
        let text = "a [one.single], [x](y)\n```\n[one.two]\n```\n[two.x]";
        let found = in_prose(text, &chapters());
        let lines: Vec<_> = found.iter().map(|c| c.line).collect();
        assert_eq!(lines, [1, 5]);
    }
}
