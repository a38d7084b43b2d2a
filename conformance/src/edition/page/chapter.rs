//! A chapter: Markdown to HTML, with requirements as blocks of their own.

use std::collections::BTreeMap;

use pulldown_cmark::{
    BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream,
};

use super::place::{self, Page, escape};
use super::{Part, requirement};
use crate::spec;

/// A heading.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    /// 1 for a chapter's.
    pub(super) level: usize,
    pub(super) id: String,
    pub(super) title: String,
}

/// Renders a chapter.
pub(super) fn render(page: &Page<'_>, path: &str, text: &str) -> Part {
    let text = without_attributes(text);
    let mut known = |link: BrokenLink<'_>| {
        let id = link.reference.trim();
        let found = page.trace.get(id).is_some();
        found.then(|| (CowStr::from(format!("#{id}")), CowStr::from("")))
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let parser = Parser::new_with_broken_link_callback(&text, options, Some(&mut known));
    let events: Vec<Event<'_>> = TextMergeStream::new(parser).collect();
    let mut writer = Writer {
        page,
        path,
        out: Vec::with_capacity(events.len()),
        part: Part::default(),
        slugs: BTreeMap::new(),
        blocks: Vec::new(),
        links: Vec::new(),
        as_it_is: false,
    };
    writer.write(&events);
    let (out, mut part) = (writer.out, writer.part);
    pulldown_cmark::html::push_html(&mut part.html, out.into_iter());
    part
}

/// The text without the attributes after the IDs: the badges say what they say.
fn without_attributes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("]** {") {
        let (before, after) = rest.split_at(at + "]**".len());
        out.push_str(before);
        rest = after;
        while let Some(end) = rest
            .trim_start()
            .starts_with('{')
            .then(|| rest.find('}'))
            .flatten()
        {
            rest = &rest[end + 1..];
        }
    }
    out.push_str(rest);
    // A NOT on the next line belongs to its word.
    for word in ["MUST", "SHALL", "SHOULD"] {
        for indent in ["\n", "\n  "] {
            out = out.replace(&format!("{word}{indent}NOT "), &format!("{word} NOT "));
        }
    }
    out
}

/// What was opened as a requirement, to be closed with its item or paragraph.
enum Block {
    Requirement(String),
    Other,
}

/// What a link became.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// A link to a requirement that stands in brackets.
    Citation,
    /// Any other link.
    Place,
    /// A text: the page does not hold what it led to.
    None,
}

struct Writer<'p, 'e> {
    page: &'p Page<'p>,
    path: &'p str,
    out: Vec<Event<'e>>,
    part: Part,
    slugs: BTreeMap<String, usize>,
    blocks: Vec<Block>,
    /// What each open link became.
    links: Vec<Link>,
    /// Whether the text stands in a block of code, and is shown as it is.
    as_it_is: bool,
}

impl<'e> Writer<'_, 'e> {
    fn write(&mut self, events: &[Event<'e>]) {
        let mut at = 0;
        while let Some(event) = events.get(at) {
            let rest = &events[at + 1..];
            at += 1 + match event {
                Event::Start(Tag::Heading { level, .. }) => self.heading(*level as usize, rest),
                Event::Start(Tag::Item) => self.item(rest),
                Event::Start(Tag::Paragraph) => self.paragraph(rest),
                _ => {
                    self.event(event, rest);
                    0
                }
            };
        }
    }

    fn html(&mut self, html: String) {
        self.out.push(Event::Html(html.into()));
    }

    /// A heading with its content; how many events that were.
    fn heading(&mut self, level: usize, rest: &[Event<'e>]) -> usize {
        let end = rest
            .iter()
            .position(|event| matches!(event, Event::End(TagEnd::Heading(_))))
            .unwrap_or(rest.len());
        let title: String = rest[..end]
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let slug = place::slug(&title);
        let count = self.slugs.entry(slug.clone()).or_default();
        let slug = if *count == 0 {
            slug
        } else {
            format!("{slug}-{count}")
        };
        *count += 1;
        let id = place::heading(self.path, if level == 1 { "" } else { &slug });
        self.html(format!(
            "<h{0} id=\"{1}\">{2} <a class=\"mark\" href=\"#{1}\" aria-label=\"Link to this heading\">#</a></h{0}>\n",
            level.min(5) + 1,
            escape(&id),
            escape(&title)
        ));
        if level == 1 {
            // Links to the heading by its own slug lead to the chapter too.
            self.html(format!(
                "<span id=\"{}\"></span>",
                escape(&place::heading(self.path, &slug))
            ));
        }
        self.part.headings.push(Heading { level, id, title });
        end + 1
    }

    /// The beginning of a list item; how many events of a requirement's ID were passed over.
    fn item(&mut self, rest: &[Event<'e>]) -> usize {
        let inner = usize::from(matches!(rest.first(), Some(Event::Start(Tag::Paragraph))));
        let Some(id) = self.defined(&rest[inner..]) else {
            self.blocks.push(Block::Other);
            self.out.push(Event::Start(Tag::Item));
            return 0;
        };
        self.html(requirement::open(self.page, &id, "li"));
        self.blocks.push(Block::Requirement(id));
        if inner == 1 {
            self.out.push(Event::Start(Tag::Paragraph));
        }
        inner + ID_EVENTS
    }

    /// The beginning of a paragraph that may be a requirement of its own.
    fn paragraph(&mut self, rest: &[Event<'e>]) -> usize {
        match self.defined(rest) {
            Some(id) => {
                self.html(requirement::open(self.page, &id, "div"));
                self.html(requirement::close(self.page, &id, "div"));
            }
            None => self.out.push(Event::Start(Tag::Paragraph)),
        }
        0
    }

    /// The ID where `**[id]**` follows that is a requirement of this chapter.
    fn defined(&self, rest: &[Event<'e>]) -> Option<String> {
        let [
            Event::Start(Tag::Strong),
            Event::Start(Tag::Link { dest_url, .. }),
            ..,
        ] = rest
        else {
            return None;
        };
        let id = dest_url.strip_prefix('#')?;
        let traced = self.page.trace.get(id)?;
        (traced.requirement.chapter == self.path).then(|| id.to_owned())
    }

    fn event(&mut self, event: &Event<'e>, rest: &[Event<'e>]) {
        match event {
            Event::End(TagEnd::Item) => match self.blocks.pop() {
                Some(Block::Requirement(id)) => self.html(requirement::close(self.page, &id, "li")),
                _ => self.out.push(event.clone()),
            },
            Event::Start(Tag::Table(columns)) => {
                self.html(place::scroll(columns.len()).to_owned());
                self.out.push(event.clone());
            }
            Event::End(TagEnd::Table) => {
                self.out.push(event.clone());
                self.html("</div>\n".to_owned());
            }
            Event::Start(Tag::BlockQuote(_)) => {
                let label = match rest.get(1) {
                    Some(Event::Text(text)) if text.starts_with("Example") => "example",
                    _ => "rationale",
                };
                self.html(format!("<blockquote class=\"{label}\">\n"));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                // A citation keeps its brackets.
                self.link(dest_url, *link_type == LinkType::ShortcutUnknown);
            }
            Event::End(TagEnd::Link) => match self.links.pop() {
                Some(Link::Citation) => {
                    self.out.push(event.clone());
                    self.out.push(Event::Text("]".into()));
                }
                Some(Link::Place) => self.out.push(event.clone()),
                Some(Link::None) | None => self.html("</span>".to_owned()),
            },
            Event::Code(span) => self.code(span),
            Event::Start(Tag::CodeBlock(_)) | Event::End(TagEnd::CodeBlock) => {
                self.as_it_is = matches!(event, Event::Start(_));
                self.out.push(event.clone());
            }
            Event::Text(_) if self.as_it_is => self.out.push(event.clone()),
            Event::Text(text) => self.text(text),
            // The files hold no HTML but comments for programs; any other is shown as it stands.
            Event::Html(html) | Event::InlineHtml(html) => {
                if !html.trim_start().starts_with("<!--") {
                    self.out.push(Event::Text(html.clone()));
                }
            }
            _ => self.out.push(event.clone()),
        }
    }

    fn link(&mut self, target: &CowStr<'e>, cited: bool) {
        let link = self.page.link(self.path, target);
        let kind = match link {
            _ if cited => Link::Citation,
            Some(_) => Link::Place,
            None => Link::None,
        };
        self.links.push(kind);
        if cited {
            self.out.push(Event::Text("[".into()));
        }
        match link {
            Some(link) => self.out.push(Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url: link.into(),
                title: "".into(),
                id: "".into(),
            })),
            None => self.html(format!(
                "<span class=\"file\" title=\"{}\">",
                escape(target)
            )),
        }
    }

    fn code(&mut self, span: &CowStr<'e>) {
        let named = if self.links.is_empty() {
            self.page.named(span)
        } else {
            None
        };
        let code = place::code(span);
        self.html(match named {
            Some(anchor) => format!("<a href=\"#{}\">{code}</a>", escape(&anchor)),
            None => code,
        });
    }

    fn text(&mut self, text: &CowStr<'e>) {
        let in_requirement = matches!(self.blocks.last(), Some(Block::Requirement(_)));
        if !in_requirement {
            // A box of the checklists; an arrow that is not broken over lines.
            let text = text.replace("[ ]", "\u{2610}").replace("->", "-\u{2060}>");
            self.out.push(Event::Text(text.into()));
            return;
        }
        let mut rest: &str = text;
        for (word, kind) in spec::words(text) {
            let Some((before, after)) = rest.split_once(word) else {
                break;
            };
            self.out.push(Event::Text(before.to_owned().into()));
            let class = kind.name().to_lowercase();
            self.html(format!("<em class=\"word {class}\">{word}</em>"));
            rest = after;
        }
        self.out.push(Event::Text(rest.to_owned().into()));
    }
}

/// `**[id]**` as events: strong, link, text, and the two ends.
const ID_EVENTS: usize = 5;
