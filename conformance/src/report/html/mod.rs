//! The report as one page that needs nothing else: a matrix by level, every requirement, every
//! case, and of each that fell short the conversation as it went.

mod requirements;

use std::fmt::Write as _;

use super::{escaped, with_code};
use crate::case::{Case, Level, Strength, explain};
use crate::engine::Outcome;
use crate::engine::transcript::{Event, Kind};
use crate::run::{CaseResult, RunResult, VariationResult};
use crate::spec::Specification;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A whole page around its body.
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// The whole report; `cases` are those that could have run, for their words.
pub fn report(result: &RunResult, cases: &[Case], specification: &Specification) -> String {
    let mut body = head(result);
    body.push_str(&levels(result));
    body.push_str(&tools());
    for level in Level::ALL {
        let of: Vec<_> = result
            .cases
            .iter()
            .filter(|case| case.level == level)
            .collect();
        if of.is_empty() {
            continue;
        }
        writeln!(
            body,
            "<section class=\"level\"><h2>Level {}</h2>",
            level.name()
        )
        .expect("strings grow");
        // What fell short comes first.
        let rank = |case: &&CaseResult| match case.outcome {
            Outcome::Pass => 2,
            Outcome::Unsupported => 1,
            _ => 0,
        };
        let mut of = of;
        of.sort_by_key(rank);
        for one in of {
            let source = cases.iter().find(|case| case.id == one.id);
            body.push_str(&case(one, source, specification));
        }
        body.push_str("</section>\n");
    }
    body.push_str(&requirements::section(result, specification));
    if let Some(replay) = &result.replay {
        write!(
            body,
            "<h2>Recordings replayed</h2>\n<pre class=\"scroll\">{}</pre>\n",
            escaped(&replay.text)
        )
        .expect("strings grow");
    }
    page(&format!("AEMP conformance: {}", result.subject), &body)
}

fn head(result: &RunResult) -> String {
    let ok = result.ok();
    let (class, verdict) = if ok {
        ("ok", "Everything selected passed")
    } else {
        ("short", "Fell short")
    };
    let mut out = format!(
        "<header><h1>AEMP conformance</h1>\n<p class=\"verdict {class}\">{verdict}</p>\n\
         <p><b>{}</b> <span class=\"mono\">{}</span><br><span class=\"dim\">{} cases in {:.1} s, kit {}, \
         seed {}</span></p>\n",
        escaped(result.provider.as_deref().unwrap_or_default()),
        escaped(&result.subject),
        result.cases.len(),
        result.seconds,
        escaped(&result.kit),
        result.seed
    );
    for unmet in &result.unmet {
        writeln!(out, "<p class=\"verdict short\">{}</p>", escaped(unmet)).expect("strings grow");
    }
    if result.not_run > 0 {
        writeln!(
            out,
            "<p class=\"verdict short\">Stopped early: {} cases were not run</p>",
            result.not_run
        )
        .expect("strings grow");
    }
    for level in result.empty_levels() {
        writeln!(
            out,
            "<p class=\"verdict short\">Nothing of level {} passed</p>",
            level.name()
        )
        .expect("strings grow");
    }
    out.push_str("</header>\n");
    out
}

fn levels(result: &RunResult) -> String {
    let mut out = String::from("<div class=\"scroll\"><table><thead><tr><th>level</th>");
    for outcome in Outcome::ALL {
        write!(out, "<th>{}</th>", outcome.name()).expect("strings grow");
    }
    out.push_str("<th>runs</th></tr></thead><tbody>\n");
    for level in Level::ALL {
        let of: Vec<_> = result
            .cases
            .iter()
            .filter(|case| case.level == level)
            .collect();
        if of.is_empty() {
            continue;
        }
        write!(out, "<tr><td>{}</td>", level.name()).expect("strings grow");
        for outcome in Outcome::ALL {
            let count = of.iter().filter(|case| case.outcome == outcome).count();
            let class = if count == 0 { "zero" } else { outcome.name() };
            write!(out, "<td><span class=\"badge {class}\">{count}</span></td>")
                .expect("strings grow");
        }
        let runs: usize = of.iter().map(|case| case.variations.len()).sum();
        writeln!(out, "<td>{runs}</td></tr>").expect("strings grow");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn tools() -> String {
    let mut out = String::from(
        "<div class=\"tools\"><input id=\"search\" type=\"search\" \
         placeholder=\"Search case, requirement, words\" aria-label=\"Search\">",
    );
    for outcome in Outcome::ALL {
        let name = outcome.name();
        write!(
            out,
            "<button type=\"button\" data-outcome=\"{name}\" aria-pressed=\"false\">{name}</button>"
        )
        .expect("strings grow");
    }
    out.push_str("</div>\n");
    out
}

fn case(one: &CaseResult, source: Option<&Case>, specification: &Specification) -> String {
    let outcome = one.outcome.name();
    let words = format!("{} {} {}", one.id, one.title, one.requirements.join(" ")).to_lowercase();
    let known = match (one.expected_to_fail, one.strength) {
        (true, _) => " (known)",
        (false, Strength::Should) => " (recommended)",
        (false, Strength::Informational) => " (informational)",
        (false, Strength::Must) => "",
    };
    let passed = one
        .variations
        .iter()
        .filter(|v| v.outcome == Outcome::Pass)
        .count();
    let mut out = format!(
        "<details class=\"case\" id=\"{id}\" data-outcome=\"{outcome}\" data-words=\"{}\">\
         <summary><span class=\"badge {outcome}\">{outcome}</span>\
         <span class=\"id\">{id}</span><span class=\"title\">{}{known}</span>\
         <span class=\"count\">{passed} of {} runs</span></summary>\n<div class=\"inside\">\n",
        escaped(&words),
        with_code(&one.title),
        one.variations.len(),
        id = escaped(&one.id),
    );
    if !one.reason.is_empty() {
        writeln!(out, "<p>Known: {}</p>", escaped(&one.reason)).expect("strings grow");
    }
    if let Some(source) = source.filter(|source| !source.description.is_empty()) {
        writeln!(out, "<p>{}</p>", with_code(&source.description)).expect("strings grow");
    }
    if one.outcome != Outcome::Pass
        && let Some(variation) = one.worst_variation()
    {
        out.push_str(&shortfall(variation));
    }
    out.push_str("<h3>What the specification says</h3>\n<ul class=\"says\">\n");
    for id in one.explaining() {
        let (text, chapter) = specification.get(id).map_or(("", ""), |found| {
            (found.text.as_str(), found.chapter.as_str())
        });
        writeln!(
            out,
            "<li><span class=\"mono\">[{}]</span> {} <span class=\"dim\">{}</span></li>",
            escaped(id),
            with_code(text),
            escaped(chapter)
        )
        .expect("strings grow");
    }
    out.push_str("</ul>\n");
    if let Some(source) = source {
        out.push_str("<h3>Steps</h3>\n<ol>\n");
        for step in &source.steps {
            writeln!(out, "<li>{}</li>", with_code(&explain::step(step))).expect("strings grow");
        }
        out.push_str("</ol>\n");
    }
    out.push_str("<h3>Runs</h3>\n<div class=\"runs\">");
    for variation in &one.variations {
        write!(
            out,
            "<span class=\"{}\" title=\"{}\">{}</span>",
            variation.outcome.name(),
            escaped(&variation.seen),
            escaped(&variation.name())
        )
        .expect("strings grow");
    }
    out.push_str("</div>\n</div></details>\n");
    out
}

/// Expected beside seen, and the conversation.
fn shortfall(variation: &VariationResult) -> String {
    let mut out = format!("<h3>{}</h3>\n", escaped(&variation.name()));
    if let Some(step) = variation.step {
        writeln!(out, "<p>Step {step}: {}</p>", with_code(&variation.doing)).expect("strings grow");
    }
    out.push_str("<div class=\"sides\">");
    if !variation.expected.is_empty() {
        write!(
            out,
            "<div class=\"wanted\"><b>expected</b><span class=\"mono\">{}</span></div>",
            escaped(&variation.expected)
        )
        .expect("strings grow");
    }
    writeln!(
        out,
        "<div class=\"seen\"><b>seen</b><span class=\"mono\">{}</span></div></div>",
        escaped(&variation.seen)
    )
    .expect("strings grow");
    if !variation.events.is_empty() {
        out.push_str("<h3>The conversation as it went</h3>\n<ol class=\"talk mono\">\n");
        let last = variation
            .events
            .iter()
            .rposition(|event| matches!(event.kind, Kind::Received | Kind::Closed));
        for (at, event) in variation.events.iter().enumerate() {
            out.push_str(&talk(event, Some(at) == last));
        }
        out.push_str("</ol>\n");
    }
    out
}

fn talk(event: &Event, last: bool) -> String {
    let (class, who) = match event.kind {
        Kind::Sent => ("sent", "kit"),
        Kind::Received => ("received", "subject"),
        Kind::Closed => ("closed", "closes"),
        Kind::Step => ("step", ""),
        Kind::Note => ("note", ""),
    };
    let on = if event.on.is_empty() || event.on == "main" {
        String::new()
    } else {
        format!(" {}", event.on)
    };
    let last = if last { " last" } else { "" };
    format!(
        "<li class=\"{class}{last}\"><span class=\"t\">{:.3}</span><span class=\"who\">{who}{}</span>\
         <span class=\"text\">{}</span></li>\n",
        event.t,
        escaped(&on),
        escaped(&event.text)
    )
}
