//! The grammar, with links from rule to rule.

use std::fmt::Write as _;

use super::Part;
use super::chapter::Heading;
use super::place::{self, Page, escape};

/// The name that a line of the grammar defines.
pub(super) fn defined(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(" =").or_else(|| line.split_once('='))?;
    let name = name.trim_end();
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (letter && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')).then_some(name)
}

/// Renders the grammar.
pub(super) fn render(page: &Page<'_>) -> Part {
    let title = "Grammar".to_owned();
    let mut html =
        format!("<h2 id=\"grammar\">{title} <a class=\"mark\" href=\"#grammar\">#</a></h2>\n");
    html.push_str("<pre class=\"abnf\"><code>");
    let text = page.files.get("spec/aemp.abnf").unwrap_or_default();
    for line in text.lines() {
        self::line(page, line, &mut html);
        html.push('\n');
    }
    html.push_str("</code></pre>\n");
    let id = "grammar".to_owned();
    Part {
        html,
        headings: vec![Heading {
            level: 1,
            id,
            title,
        }],
    }
}

fn line(page: &Page<'_>, line: &str, out: &mut String) {
    let mut rest = line;
    if let Some(name) = defined(line) {
        let _ = write!(out, "<b id=\"{}\">{name}</b>", escape(&place::rule(name)));
        rest = &line[name.len()..];
    }
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ';' => {
                out.push_str("<span class=\"comment\">");
                comment(page, rest, out);
                out.push_str("</span>");
                return;
            }
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            // %s"..." and %xNN: letters that are no rule.
            '%' => {
                1 + rest[1..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c))
                    .unwrap_or(rest.len() - 1)
            }
            c if c.is_ascii_alphabetic() => rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if first == '"' || first == '%' {
            let _ = write!(out, "<span class=\"literal\">{}</span>", escape(token));
        } else if page.rule(token) {
            let _ = write!(
                out,
                "<a href=\"#{}\">{token}</a>",
                escape(&place::rule(token))
            );
        } else {
            out.push_str(&escape(token));
        }
        rest = after;
    }
}

/// A comment, with links for the requirements that it cites.
fn comment(page: &Page<'_>, text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(&escape(before));
        match after.split_once(']') {
            Some((id, beyond)) if page.trace.get(id).is_some() => {
                let _ = write!(out, "[{}]", place::requirement(page, id));
                rest = beyond;
            }
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(&escape(rest));
}
