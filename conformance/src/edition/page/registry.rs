//! The registries as tables.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::Part;
use super::chapter::Heading;
use super::place::{self, Page, escape};

/// Columns in the order of reading; any other comes after them.
const COLUMNS: [&str; 13] = [
    "stage",
    "reason",
    "name",
    "tag",
    "arguments",
    "value",
    "reply",
    "meaning",
    "advice",
    "fault",
    "reaction",
    "retry",
    "level",
];

/// Columns that hold what is written on the wire or in a name.
const LITERAL: [&str; 5] = ["stage", "reason", "name", "tag", "retry"];

/// Renders all registries.
pub(super) fn render(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    heading(&mut part, 1, "registries", "Registries");
    part.html.push_str(
        "<p>The files of <code>spec/registry/</code> as tables; the files are normative.</p>\n",
    );
    for (path, text) in page.files.under("spec/registry/", ".json") {
        let name = path
            .trim_start_matches("spec/registry/")
            .trim_end_matches(".json");
        let Ok(Json::Object(registry)) = serde_json::from_str::<Json>(text) else {
            continue;
        };
        if name.starts_with("evidence-") || name == "open" {
            continue;
        }
        let title = name.replace('-', " ");
        heading(&mut part, 2, &format!("registry-{name}"), &capital(&title));
        for key in ["about", "policy"] {
            if let Some(text) = registry.get(key).and_then(Json::as_str) {
                let _ = writeln!(part.html, "<p>{}</p>", escape(text));
            }
        }
        for rows in registry.values().filter_map(Json::as_array) {
            table(page, name, rows, &mut part.html);
        }
    }
    part
}

/// A heading of a part that is no chapter.
pub(super) fn heading(part: &mut Part, level: usize, id: &str, title: &str) {
    let _ = writeln!(
        part.html,
        "<h{0} id=\"{1}\">{2} <a class=\"mark\" href=\"#{1}\" aria-label=\"Link to this heading\">#</a></h{0}>",
        level + 1,
        escape(id),
        escape(title)
    );
    let (id, title) = (id.to_owned(), title.to_owned());
    part.headings.push(Heading { level, id, title });
}

fn table(page: &Page<'_>, registry: &str, rows: &[Json], out: &mut String) {
    let objects: Vec<&Map<String, Json>> = rows.iter().filter_map(Json::as_object).collect();
    let mut columns: Vec<&str> = Vec::new();
    let present = objects
        .iter()
        .flat_map(|row| row.keys())
        .map(String::as_str);
    for column in present {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let rank = |column: &&str| {
        COLUMNS
            .iter()
            .position(|c| c == column)
            .unwrap_or(COLUMNS.len())
    };
    columns.sort_by_key(rank);
    out.push_str(place::scroll(columns.len()));
    out.push_str("<table><thead><tr>");
    for column in &columns {
        let _ = write!(out, "<th>{}</th>", escape(&column.replace('_', " ")));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in objects {
        let field = |key: &str| row.get(key).and_then(Json::as_str).unwrap_or_default();
        let id = match registry {
            "failures" => format!("failure-{}.{}", field("stage"), field("reason")),
            _ => format!(
                "{registry}-{}{}{}",
                field("name"),
                field("tag"),
                field("reason")
            ),
        };
        let _ = write!(out, "<tr id=\"{}\">", escape(&id));
        for column in &columns {
            let _ = write!(out, "<td>{}</td>", cell(page, column, row.get(*column)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn cell(page: &Page<'_>, column: &str, value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::Bool(true)) => "yes".to_owned(),
        Some(Json::Bool(false)) => "no".to_owned(),
        Some(Json::String(text)) if column.starts_with("requirement") => {
            place::requirement(page, text)
        }
        Some(Json::String(text)) if LITERAL.contains(&column) => {
            place::code(if text.is_empty() { "\"\"" } else { text })
        }
        Some(Json::String(text)) => escape(text),
        Some(Json::Array(list)) => {
            let each = list.iter().map(|value| cell(page, column, Some(value)));
            each.collect::<Vec<_>>().join(", ")
        }
        Some(Json::Object(object)) => argument(object),
        Some(Json::Number(number)) => number.to_string(),
    }
}

/// An argument: its name, its kind, and dots where it may come more than once.
fn argument(object: &Map<String, Json>) -> String {
    let name = object.get("name").and_then(Json::as_str);
    let kind = object.get("kind").and_then(Json::as_str);
    match (name, kind) {
        (Some(name), Some(kind)) => {
            let flag = |key: &str| object.get(key) == Some(&Json::Bool(true));
            format!(
                "<code>{}{}</code>\u{a0}<small>{}{}</small>",
                escape(name),
                if flag("repeated") { "\u{2026}" } else { "" },
                escape(kind),
                if flag("optional") { ", optional" } else { "" }
            )
        }
        _ => format!(
            "<code>{}</code>",
            escape(&Json::Object(object.clone()).to_string())
        ),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}
