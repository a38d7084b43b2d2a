//! The specification as one page, which needs nothing but itself.
//!
//! A chapter is rendered from its Markdown (`chapter`); each requirement gets an anchor, badges and
//! what covers it (`requirement`); registries (`registry`), grammar (`grammar`) and indexes of
//! cases, vectors, code and evidence (`index`) follow. `Page` knows where everything stands, so
//! that all of them can link to it.

mod chapter;
mod grammar;
mod index;
mod place;
mod registry;
mod requirement;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::files::Files;
use super::trace::Trace;
use chapter::Heading;
use place::Page;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A part of the page: its HTML and its headings.
#[derive(Debug, Default)]
struct Part {
    html: String,
    headings: Vec<Heading>,
}

/// The page.
pub fn html(files: &Files, trace: &Trace) -> String {
    let page = Page::new(files, trace);
    let mut parts = Vec::new();
    let (mut chapters, mut licence) = (page.chapters(), None);
    if chapters.last() == Some(&"spec/LICENSE.md") {
        licence = chapters.pop();
    }
    let chapter = |path| chapter::render(&page, path, files.get(path).unwrap_or_default());
    parts.extend(chapters.into_iter().map(chapter));
    parts.push(grammar::render(&page));
    parts.push(registry::render(&page));
    parts.push(index::coverage(&page));
    parts.push(index::cases(&page));
    parts.push(index::vectors(&page));
    parts.push(index::code(&page));
    parts.push(index::evidence(&page));
    parts.extend(licence.into_iter().map(chapter));
    let mut out =
        String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>The AEMP specification</title>\n<style>\n",
    );
    out.push_str(STYLE);
    out.push_str("</style>\n</head>\n<body>\n");
    contents(&mut out, &parts);
    out.push_str("<main id=\"top\">\n");
    for part in &parts {
        out.push_str("<section>\n");
        out.push_str(&part.html);
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n<script>\n");
    out.push_str(SCRIPT);
    out.push_str("</script>\n</body>\n</html>\n");
    out
}

/// The bar with search and contents.
fn contents(out: &mut String, parts: &[Part]) {
    out.push_str(
        "<a class=\"skip\" href=\"#top\">To the text</a>\n\
         <input type=\"checkbox\" id=\"menu\" aria-label=\"Show contents\">\n\
         <header class=\"bar\">\n<a class=\"name\" href=\"#top\"><b>AEMP</b> specification</a>\n\
         <label for=\"menu\" class=\"button\">Contents</label>\n\
         <input type=\"search\" id=\"q\" placeholder=\"Search ( / )\" \
         aria-label=\"Search\" autocomplete=\"off\" spellcheck=\"false\">\n</header>\n\
         <nav aria-label=\"Contents\">\n<div id=\"found\" aria-live=\"polite\" hidden></div>\n\
         <ol id=\"contents\">\n",
    );
    for part in parts {
        let mut headings = part.headings.iter();
        let Some(first) = headings.next() else {
            continue;
        };
        let link = |heading: &Heading| {
            format!(
                "<a href=\"#{}\">{}</a>",
                heading.id,
                place::escape(&heading.title)
            )
        };
        let _ = write!(out, "<li>{}", link(first));
        let sections: Vec<_> = headings.filter(|heading| heading.level == 2).collect();
        if !sections.is_empty() {
            out.push_str("<ol>");
            for section in sections {
                let _ = write!(out, "<li>{}</li>", link(section));
            }
            out.push_str("</ol>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n</nav>\n");
}
