//! A requirement as a block: ID, badges, text, and what covers it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::place::{self, Page, escape};
use crate::case::Level;
use crate::edition::trace::Traced;

/// The block's beginning, up to the text.
pub(super) fn open(page: &Page<'_>, id: &str, element: &str) -> String {
    let Some(traced) = page.trace.get(id) else {
        return format!("<{element}>");
    };
    let requirement = &traced.requirement;
    let level = requirement.level.map_or("", Level::name);
    let mut badges = format!("<span class=\"badge level {level}\">{level}</span>");
    for word in requirement.words() {
        let class = word.name().to_lowercase();
        let _ = write!(
            badges,
            "<span class=\"badge {class}\">{}</span>",
            word.name()
        );
    }
    if traced.tested {
        badges.push_str("<span class=\"badge tested\">tested</span>");
    } else if requirement.untestable.is_some() {
        badges.push_str("<span class=\"badge untestable\">untestable</span>");
    } else if requirement.must() {
        badges.push_str("<span class=\"badge open\">open</span>");
    }
    format!(
        "<{element} class=\"requirement\" id=\"{0}\">\n<div class=\"head\">\
         <a class=\"id\" href=\"#{0}\">{0}</a> <span class=\"badges\">{badges}</span></div>\n\
         <div class=\"text\">",
        escape(id)
    )
}

/// The block's end, after the text.
pub(super) fn close(page: &Page<'_>, id: &str, element: &str) -> String {
    let covered = page.trace.get(id).map(|traced| cover(page, traced));
    format!("</div>\n{}</{element}>\n", covered.unwrap_or_default())
}

/// What covers a requirement, folded under a line that counts it.
fn cover(page: &Page<'_>, traced: &Traced) -> String {
    let mut counts = Vec::new();
    let mut rows = String::new();
    let mut row = |count: usize, one: &str, many: &str, title: &str, list: String| {
        if count > 0 {
            counts.push(format!("{count} {}", if count == 1 { one } else { many }));
            let _ = writeln!(rows, "<dt>{title}</dt><dd>{list}</dd>");
        }
    };
    if let Some(why) = &traced.requirement.untestable {
        let why = escape(why);
        row(1, "reason", "reasons", "Untestable", why);
    }
    row(
        traced.cases.len(),
        "case",
        "cases",
        "Cases",
        cases(page, traced),
    );
    row(
        traced.vectors.len(),
        "vector",
        "vectors",
        "Vectors",
        vectors(traced),
    );
    row(
        traced.code.len(),
        "place in code",
        "places in code",
        "Code",
        code(traced),
    );
    let evidence = traced.evidence.iter().map(|statement| {
        let anchor = place::statement(statement);
        format!("<a href=\"#{}\">{}</a>", escape(&anchor), escape(statement))
    });
    row(
        traced.evidence.len(),
        "statement of evidence",
        "statements of evidence",
        "Evidence",
        evidence.collect::<Vec<_>>().join(", "),
    );
    let mentions = traced
        .mentioned_by
        .iter()
        .map(|id| place::requirement(page, id));
    row(
        traced.mentioned_by.len(),
        "mention",
        "mentions",
        "Mentioned by",
        mentions.collect::<Vec<_>>().join(", "),
    );
    if counts.is_empty() {
        return String::new();
    }
    format!(
        "<details class=\"cover\"><summary>{}</summary>\n<dl>\n{rows}</dl></details>\n",
        counts.join(" \u{b7} ")
    )
}

fn cases(page: &Page<'_>, traced: &Traced) -> String {
    let titles: BTreeMap<&str, &str> = page
        .trace
        .cases
        .iter()
        .map(|(_, case)| (case.id.as_str(), case.title.as_str()))
        .collect();
    let mut out = String::from("<ul>");
    for id in &traced.cases {
        let title = titles.get(id.as_str()).copied().unwrap_or_default();
        let _ = write!(
            out,
            "<li><a href=\"#{}\"><code>{}</code></a> {}</li>",
            escape(&place::case(id)),
            escape(id),
            place::spans(title)
        );
    }
    out.push_str("</ul>");
    out
}

/// The vectors by file, the first names of each.
fn vectors(traced: &Traced) -> String {
    const SHOWN: usize = 6;
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, name) in &traced.vectors {
        by_file.entry(path).or_default().push(name);
    }
    let mut out = String::from("<ul>");
    for (path, names) in by_file {
        let more = names.len().saturating_sub(SHOWN);
        let shown = names.iter().take(SHOWN).map(|name| escape(name));
        let _ = write!(
            out,
            "<li><a href=\"#{}\"><code>{}</code></a> {}{}</li>",
            escape(&place::file(path)),
            escape(path.trim_start_matches("conformance/vectors/")),
            shown.collect::<Vec<_>>().join(", "),
            if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            }
        );
    }
    out.push_str("</ul>");
    out
}

/// The places in code by file.
fn code(traced: &Traced) -> String {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, line) in &traced.code {
        by_file.entry(path).or_default().push(line.to_string());
    }
    let mut out = String::from("<ul>");
    for (path, lines) in by_file {
        let _ = write!(
            out,
            "<li><a href=\"#{}\"><code>{}</code></a>:{}</li>",
            escape(&place::file(path)),
            escape(path),
            lines.join(", ")
        );
    }
    out.push_str("</ul>");
    out
}
