//! The requirements of the specification, read from its chapters.

use std::collections::BTreeMap;

use crate::case::Level;
use crate::case::load::chapters;

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its permanent ID.
    pub id: String,
    /// Its text, without the ID and attributes, on one line.
    pub text: String,
    /// The chapter's file name.
    pub chapter: String,
    /// The heading above it.
    pub section: String,
    /// The line of the chapter in which it begins, from 1.
    pub line: usize,
    /// Its level: its own, or its chapter's.
    pub level: Option<Level>,
    /// Why it cannot be tested, where that is so.
    pub untestable: Option<String>,
    /// Attributes that are none, as written.
    pub strange: Vec<String>,
}

/// How strongly a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// MUST, MUST NOT, SHALL, REQUIRED.
    Must,
    /// SHOULD, SHOULD NOT, RECOMMENDED.
    Should,
    /// MAY, OPTIONAL.
    May,
}

impl Word {
    /// The shortest of the words that say so.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

impl Requirement {
    /// Whether it says MUST, MUST NOT or SHALL, rather than SHOULD or MAY.
    pub fn must(&self) -> bool {
        self.words().contains(&Word::Must)
    }

    /// The words of RFC 2119 in its text, in order.
    pub fn words(&self) -> Vec<Word> {
        words(&self.text).map(|(_, word)| word).collect()
    }
}

/// The words of RFC 2119 in a text, in order: each as written, with the NOT that belongs to it.
pub fn words(text: &str) -> impl Iterator<Item = (&str, Word)> {
    const WORDS: [(&str, Word); 11] = [
        ("MUST NOT", Word::Must),
        ("MUST", Word::Must),
        ("SHALL NOT", Word::Must),
        ("SHALL", Word::Must),
        ("REQUIRED", Word::Must),
        ("SHOULD NOT", Word::Should),
        ("SHOULD", Word::Should),
        ("NOT RECOMMENDED", Word::Should),
        ("RECOMMENDED", Word::Should),
        ("MAY", Word::May),
        ("OPTIONAL", Word::May),
    ];
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(next) = text[at..].chars().next() {
            let begins = !text[..at].ends_with(letter);
            let found = WORDS.iter().find(|(word, _)| {
                begins && text[at..].starts_with(word) && {
                    !text[at + word.len()..].starts_with(letter)
                }
            });
            if let Some((word, kind)) = found {
                let start = at;
                at += word.len();
                return Some((&text[start..at], *kind));
            }
            at += next.len_utf8();
        }
        None
    })
}

/// Every requirement by its ID.
#[derive(Clone, Debug, Default)]
pub struct Specification {
    requirements: BTreeMap<String, Requirement>,
}

impl Specification {
    /// The specification that is built into the program.
    pub fn built_in() -> Self {
        let mut specification = Self::default();
        for (chapter, text) in chapters() {
            specification.read(chapter, text);
        }
        specification
    }

    /// Reads a chapter.
    pub fn read(&mut self, chapter: &str, text: &str) {
        for requirement in requirements(chapter, text) {
            self.requirements
                .insert(requirement.id.clone(), requirement);
        }
    }

    /// A requirement.
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.requirements.get(id)
    }

    /// All requirements in order of their IDs.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.values()
    }
}

/// The requirements of a chapter in their order, whatever is wrong with them: one whose ID stands
/// there twice is there twice.
pub fn requirements(chapter: &str, text: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    let (mut level, mut section, mut fenced) = (None, String::new(), false);
    let (mut paragraph, mut begun) = (String::new(), 0);
    for (number, line) in text.lines().chain([""]).enumerate() {
        let trimmed = line.trim();
        let comment = trimmed
            .strip_prefix("<!-- level:")
            .and_then(|rest| rest.strip_suffix("-->"));
        if let Some(name) = comment {
            level = named(name.trim());
            continue;
        }
        fenced ^= trimmed.starts_with("```");
        let item = trimmed
            .strip_prefix("- ")
            .or_else(|| trimmed.strip_prefix("* "));
        if trimmed.is_empty() || item.is_some() || trimmed.starts_with('#') || fenced {
            found.extend(requirement(chapter, &section, begun, &paragraph, level));
            paragraph.clear();
            begun = number + 1;
        }
        if fenced {
            continue;
        }
        if let Some(heading) = trimmed.strip_prefix('#') {
            heading
                .trim_start_matches('#')
                .trim()
                .clone_into(&mut section);
            continue;
        }
        if paragraph.is_empty() {
            begun = number + 1;
        } else {
            paragraph.push(' ');
        }
        paragraph.push_str(item.unwrap_or(trimmed));
    }
    found
}

fn named(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.name() == name)
}

fn requirement(
    chapter: &str,
    section: &str,
    line: usize,
    paragraph: &str,
    level: Option<Level>,
) -> Option<Requirement> {
    let rest = paragraph.strip_prefix("**[")?;
    let (id, mut text) = rest.split_once("]**")?;
    let (mut level, mut untestable, mut strange) = (level, None, Vec::new());
    text = text.trim_start();
    while let Some((attribute, rest)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        match attribute.split_once('=') {
            Some(("level", name)) if named(name).is_some() => level = named(name),
            Some(("untestable", why)) if !why.is_empty() => untestable = Some(why.to_owned()),
            _ => strange.push(attribute.to_owned()),
        }
        text = rest.trim_start();
    }
    Some(Requirement {
        id: id.to_owned(),
        text: text.to_owned(),
        chapter: chapter.to_owned(),
        section: section.to_owned(),
        line,
        level,
        untestable,
        strange,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_items_are_read() {
        let mut specification = Specification::default();
        specification.read(
            "x.md",
            "<!-- level: node -->\n# X\n\n- **[a.b]** {level=simple} A node\n  MUST x.\n\
             - **[a.c]** {untestable=time} It MAY y.\n\ntext [a.d]\n\n**[a.e]** MUST NOT.\n",
        );
        assert_eq!(specification.all().count(), 3);
        let first = specification.get("a.b").unwrap();
        assert_eq!(first.text, "A node MUST x.");
        assert_eq!((first.section.as_str(), first.line), ("X", 4));
        assert_eq!(first.level, Some(Level::Simple));
        assert!(first.must());
        let second = specification.get("a.c").unwrap();
        assert_eq!((second.level, second.must()), (Some(Level::Node), false));
        assert_eq!(second.untestable.as_deref(), Some("time"));
    }

    #[test]
    fn words_of_obligation_are_words() {
        let found: Vec<_> = words("MUST, MUST NOT, MUSTARD, DISMAY, MAY.").collect();
        assert_eq!(
            found,
            [
                ("MUST", Word::Must),
                ("MUST NOT", Word::Must),
                ("MAY", Word::May)
            ]
        );
    }

    #[test]
    fn what_stands_in_a_fence_is_an_example() {
        assert!(requirements("x.md", "```\n- **[a.b]** MUST x.\n```\n").is_empty());
    }

    #[test]
    fn the_specification_is_there() {
        assert!(Specification::built_in().all().count() > 300);
    }
}
