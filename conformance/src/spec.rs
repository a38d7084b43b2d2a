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
    /// Its level: its own, or its chapter's.
    pub level: Option<Level>,
    /// Why it cannot be tested, where that is so.
    pub untestable: Option<String>,
}

impl Requirement {
    /// Whether it says MUST, MUST NOT or SHALL, rather than SHOULD or MAY.
    pub fn must(&self) -> bool {
        ["MUST", "SHALL", "REQUIRED"]
            .iter()
            .any(|word| self.text.contains(word))
    }
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
        let mut level = None;
        let mut paragraph = String::new();
        let mut flush = |paragraph: &mut String, level: Option<Level>| {
            if let Some(requirement) = requirement(chapter, paragraph, level) {
                self.requirements
                    .insert(requirement.id.clone(), requirement);
            }
            paragraph.clear();
        };
        for line in text.lines() {
            let trimmed = line.trim();
            if let Some(name) = trimmed
                .strip_prefix("<!-- level:")
                .and_then(|rest| rest.strip_suffix("-->"))
            {
                level = named(name.trim());
                continue;
            }
            let item = trimmed
                .strip_prefix("- ")
                .or_else(|| trimmed.strip_prefix("* "));
            if trimmed.is_empty() || item.is_some() {
                flush(&mut paragraph, level);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(item.unwrap_or(trimmed));
        }
        flush(&mut paragraph, level);
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

fn named(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.name() == name)
}

fn requirement(chapter: &str, paragraph: &str, level: Option<Level>) -> Option<Requirement> {
    let rest = paragraph.strip_prefix("**[")?;
    let (id, mut text) = rest.split_once("]**")?;
    let (mut level, mut untestable) = (level, None);
    text = text.trim_start();
    while let Some((attribute, rest)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        match attribute.split_once('=') {
            Some(("level", name)) => level = named(name).or(level),
            Some(("untestable", why)) => untestable = Some(why.to_owned()),
            _ => {}
        }
        text = rest.trim_start();
    }
    Some(Requirement {
        id: id.to_owned(),
        text: text.to_owned(),
        chapter: chapter.to_owned(),
        level,
        untestable,
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
        assert_eq!(first.level, Some(Level::Simple));
        assert!(first.must());
        let second = specification.get("a.c").unwrap();
        assert_eq!((second.level, second.must()), (Some(Level::Node), false));
        assert_eq!(second.untestable.as_deref(), Some("time"));
    }

    #[test]
    fn the_specification_is_there() {
        assert!(Specification::built_in().all().count() > 300);
    }
}
