//! What lies beside the chapters: coverage, cases, vectors, code, evidence; each links back to the
//! requirements.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Part;
use super::place::{self, Page, escape};
use super::registry::heading;
use crate::case::{Level, explain};
use crate::edition::evidence::Mapping;
use crate::edition::trace::Figures;

/// Figures by level, and what is open.
pub(super) fn coverage(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    heading(&mut part, 1, "coverage", "Coverage");
    part.html.push_str(
        "<p>How many requirements there are, how many of them can be tested, and how many cases or \
         vectors test. A MUST that could be tested and is not is <em>open</em>.</p>\n\
         <div class=\"scroll\" tabindex=\"0\"><table class=\"figures\"><thead><tr><th>level</th>\
         <th>requirements</th><th>MUST</th><th>untestable</th><th>tested</th><th>open</th>\
         <th>cited by code</th><th></th></tr></thead><tbody>\n",
    );
    for level in Level::ALL {
        figures(&mut part.html, level.name(), page.trace.figures(level));
    }
    let all = Figures::sum(
        Level::ALL
            .into_iter()
            .map(|level| page.trace.figures(level)),
    );
    figures(&mut part.html, "all", all);
    part.html.push_str("</tbody></table></div>\n");
    for level in Level::ALL {
        let open = page.trace.requirements.iter().filter(|t| t.untested());
        let ids: Vec<String> = open
            .map(|traced| &traced.requirement)
            .filter(|requirement| requirement.level == Some(level))
            .map(|requirement| place::requirement(page, &requirement.id))
            .collect();
        if !ids.is_empty() {
            let _ = writeln!(
                part.html,
                "<details class=\"list\"><summary>{} open at level <code>{}</code></summary>\
                 <p class=\"ids\">{}</p></details>",
                ids.len(),
                level.name(),
                ids.join(" ")
            );
        }
    }
    part
}

fn figures(out: &mut String, name: &str, f: Figures) {
    let testable = (f.tested + f.open).max(1);
    let _ = writeln!(
        out,
        "<tr><th>{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td><meter min=\"0\" max=\"{testable}\" value=\"{}\">{} of {testable}</meter></td></tr>",
        f.requirements, f.must, f.untestable, f.tested, f.open, f.cited, f.tested, f.tested
    );
}

/// Every case in words, with the requirements that it checks.
pub(super) fn cases(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    heading(&mut part, 1, "cases", "Cases");
    part.html.push_str(
        "<p>The conversations that the kit plays, from <code>conformance/cases/</code>. \
         <code>aemp-conformance run --case ID</code> runs one.</p>\n",
    );
    for level in Level::ALL {
        let of_level = page
            .trace
            .cases
            .iter()
            .filter(|(_, case)| case.level == level);
        let count = of_level.clone().count();
        if count == 0 {
            continue;
        }
        let title = format!("Level {} ({count})", level.name());
        heading(&mut part, 2, &format!("cases-{}", level.name()), &title);
        for (path, case) in of_level {
            let ids = case
                .requirements
                .iter()
                .map(|id| place::requirement(page, id));
            let words = explain::case(case, &|_| None);
            // The list of IDs at its end stands above as links.
            let words = words
                .split("What the specification says")
                .next()
                .unwrap_or_default();
            let _ = write!(
                part.html,
                "<details class=\"case\" id=\"{}\"><summary><code>{}</code> <span>{}</span></summary>\n\
                 <p class=\"ids\">{}</p>\n<pre>{}</pre>\n<p><small>{}</small></p></details>\n",
                escape(&place::case(&case.id)),
                escape(&case.id),
                place::spans(&case.title),
                ids.collect::<Vec<_>>().join(" "),
                escape(words.trim_end()),
                escape(path)
            );
        }
    }
    part
}

/// Files of vectors with the requirements that their entries cite.
pub(super) fn vectors(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    if page.trace.vectors.is_empty() {
        return part;
    }
    heading(&mut part, 1, "vectors", "Vectors");
    part.html.push_str(
        "<p>Octets and values from <code>conformance/vectors/</code>, by file and requirement.</p>\n",
    );
    for vectors in &page.trace.vectors {
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        for id in vectors.entries.iter().flat_map(|(_, ids)| ids) {
            *by_id.entry(id).or_default() += 1;
        }
        let ids = by_id.into_iter().map(|(id, count)| {
            format!(
                "{}\u{a0}<small>\u{d7}{count}</small>",
                place::requirement(page, id)
            )
        });
        file(
            &mut part.html,
            &vectors.path,
            &match vectors.entries.len() {
                1 => "1 entry".to_owned(),
                count => format!("{count} entries"),
            },
            &ids.collect::<Vec<_>>().join(" "),
        );
    }
    part
}

/// Files of code with the requirements that they cite.
pub(super) fn code(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    heading(&mut part, 1, "code", "Code");
    part.html.push_str(
        "<p>Where code cites the requirement that it implements or checks, by file and line.</p>\n",
    );
    for (path, citations) in &page.trace.code {
        let mut by_id: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for citation in citations {
            if page.trace.get(&citation.id).is_some() {
                let lines = by_id.entry(&citation.id).or_default();
                lines.push(citation.line.to_string());
            }
        }
        let count = by_id.len();
        let ids = by_id.into_iter().map(|(id, lines)| {
            format!(
                "{}\u{a0}<small>:{}</small>",
                place::requirement(page, id),
                lines.join(", ")
            )
        });
        let ids = ids.collect::<Vec<_>>().join(" ");
        if count > 0 {
            let what = if count == 1 {
                "1 requirement".to_owned()
            } else {
                format!("{count} requirements")
            };
            file(&mut part.html, path, &what, &ids);
        }
    }
    part
}

fn file(out: &mut String, path: &str, what: &str, ids: &str) {
    let _ = writeln!(
        out,
        "<details class=\"list\" id=\"{}\"><summary><code>{}</code> <span>{what}</span></summary>\
         <p class=\"ids\">{ids}</p></details>",
        escape(&place::file(path)),
        escape(path)
    );
}

/// Where each statement of the measurements and decisions went.
pub(super) fn evidence(page: &Page<'_>) -> Part {
    let mut part = Part::default();
    heading(&mut part, 1, "evidence", "Evidence");
    part.html.push_str(
        "<p>Where each numbered statement and table row of the measurements (<em>observed</em>), and each \
         <em>decision</em> about the wire, went: to a requirement, a tolerated variation, a defect of the \
         originals that a node must not have, or a note.</p>\n\
         <div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>statement</th><th>went to</th></tr>\
         </thead><tbody>\n",
    );
    for evidence in &page.trace.evidence {
        let maps = evidence.maps.iter().map(|mapping| match mapping {
            Mapping::Requirement(id) => place::requirement(page, id),
            Mapping::Tolerated(text) => {
                format!("<span class=\"badge\">tolerated</span> {}", escape(text))
            }
            Mapping::Defect(name) => {
                let anchor = place::statement(&format!("observed {name}"));
                format!(
                    "<a class=\"badge\" href=\"#{}\">defect {}</a>",
                    escape(&anchor),
                    escape(name)
                )
            }
            Mapping::Note(text) => format!("<span class=\"badge\">note</span> {}", escape(text)),
        });
        let _ = writeln!(
            part.html,
            "<tr id=\"{}\"><th>{}</th><td class=\"ids\">{}</td></tr>",
            escape(&place::statement(&evidence.statement)),
            escape(&evidence.statement),
            maps.collect::<Vec<_>>().join(" ")
        );
    }
    part.html.push_str("</tbody></table></div>\n");
    part
}
