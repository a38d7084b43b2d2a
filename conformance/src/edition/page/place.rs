//! Where things stand on the page, and how one links to them.

use std::collections::BTreeSet;

use crate::edition::files::Files;
use crate::edition::trace::Trace;

/// What the page is made from.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) files: &'a Files,
    pub(super) trace: &'a Trace,
    rules: BTreeSet<&'a str>,
}

impl<'a> Page<'a> {
    pub(super) fn new(files: &'a Files, trace: &'a Trace) -> Self {
        let grammar = files.get("spec/aemp.abnf").unwrap_or_default();
        let rules = grammar.lines().filter_map(super::grammar::defined);
        Self {
            files,
            trace,
            rules: rules.collect(),
        }
    }

    /// The chapters in order of reading.
    pub(super) fn chapters(&self) -> Vec<&'a str> {
        let rank = |path: &str| match path {
            "spec/README.md" => 0,
            "spec/simple-client.md" => 1,
            "spec/LICENSE.md" => 4,
            _ if path.starts_with("spec/appendix") => 3,
            _ => 2,
        };
        // The appendices by their titles, which begin with a letter; all others by file name.
        let key = |path: &str| match rank(path) {
            3 => self
                .files
                .get(path)
                .and_then(|text| text.lines().find(|l| l.starts_with("# "))),
            _ => None,
        };
        let mut paths: Vec<&str> = self
            .files
            .under("spec/", ".md")
            .map(|(path, _)| path)
            .collect();
        paths.sort_by_key(|path| (rank(path), key(path).unwrap_or(path)));
        paths
    }

    /// Whether the grammar has a rule of that name.
    pub(super) fn rule(&self, name: &str) -> bool {
        self.rules.contains(name)
    }

    /// The anchor of what a span of code names: a failure, a requirement, a rule with a hyphen in
    /// its name (others are words like any).
    pub(super) fn named(&self, span: &str) -> Option<String> {
        if self.trace.failures.contains(span) {
            Some(format!("failure-{span}"))
        } else if self.trace.get(span).is_some() {
            Some(span.to_owned())
        } else if span.contains('-') && self.rule(span) {
            Some(rule(span))
        } else {
            None
        }
    }

    /// Where a link in the chapter `from` leads on the page, or outside it; none where the page does
    /// not hold the file.
    pub(super) fn link(&self, from: &str, target: &str) -> Option<String> {
        if target.starts_with("https:") || target.starts_with("http:") {
            return Some(target.to_owned());
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        if file.is_empty() && self.trace.get(anchor).is_some() {
            return Some(format!("#{anchor}"));
        }
        let path = if file.is_empty() {
            from.to_owned()
        } else {
            format!("spec/{}", file.trim_start_matches("./"))
        };
        if path == "spec/aemp.abnf" {
            return Some("#grammar".to_owned());
        }
        self.files.get(&path)?;
        if let Some(name) = path
            .strip_prefix("spec/registry/")
            .and_then(|name| name.strip_suffix(".json"))
        {
            return Some(match name {
                "evidence-a" | "evidence-b" => "#evidence".to_owned(),
                "open" => "#coverage".to_owned(),
                _ => format!("#registry-{name}"),
            });
        }
        path.ends_with(".md")
            .then(|| format!("#{}", heading(&path, anchor)))
    }
}

/// The anchor of a chapter, or of a heading in it.
pub(super) fn heading(path: &str, slug: &str) -> String {
    let stem = path.trim_start_matches("spec/").trim_end_matches(".md");
    if slug.is_empty() {
        format!("chapter-{stem}")
    } else {
        format!("chapter-{stem}--{slug}")
    }
}

/// The anchor of a rule of the grammar.
pub(super) fn rule(name: &str) -> String {
    format!("rule-{name}")
}

/// The anchor of a case.
pub(super) fn case(id: &str) -> String {
    format!("case-{id}")
}

/// The anchor of a file in the index of code or of vectors.
pub(super) fn file(path: &str) -> String {
    format!("file-{}", path.replace('/', "-"))
}

/// The anchor of a statement of the evidence.
pub(super) fn statement(name: &str) -> String {
    format!("evidence-{}", name.replace(' ', "-"))
}

/// A link to a requirement, or its bare ID where there is none.
pub(super) fn requirement(page: &Page<'_>, id: &str) -> String {
    if page.trace.get(id).is_some() {
        format!("<a class=\"id\" href=\"#{0}\">{0}</a>", escape(id))
    } else {
        format!("<span class=\"id\">{}</span>", escape(id))
    }
}

/// The beginning of the box in which a table scrolls.
pub(super) fn scroll(columns: usize) -> &'static str {
    const MANY: usize = 8;
    if columns >= MANY {
        "<div class=\"scroll wide\" tabindex=\"0\">"
    } else {
        "<div class=\"scroll\" tabindex=\"0\">"
    }
}

/// A span of code; a short one is never broken over lines in tables.
pub(super) fn code(span: &str) -> String {
    const SHORT: usize = 24;
    let class = if span.chars().count() <= SHORT {
        " class=\"short\""
    } else {
        ""
    };
    // Long names may be broken between their parts.
    let text = escape(span).replace("::", "::<wbr>");
    format!("<code{class}>{text}</code>")
}

/// A line of text in which spans of code stand between backticks.
pub(super) fn spans(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => escape(part),
        _ => code(part),
    });
    parts.collect()
}

/// A text as HTML, also inside an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The anchor that a Markdown renderer makes of a heading.
pub(super) fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept.trim().chars().filter_map(|c| match c {
        ' ' | '-' => Some('-'),
        '_' => Some('_'),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.collect()
}
