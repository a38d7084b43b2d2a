//! The page holds together: every link leads somewhere, nothing comes from elsewhere, and nothing
//! that it shows is taken for HTML.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use super::*;

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Files::read(&root, Path::new("")).expect("the repository is there")
});

static PAGE: LazyLock<String> = LazyLock::new(|| html(&FILES, &Trace::new(&FILES)));

/// The values of an attribute of the page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    let parts = page.split(start.as_str()).skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

/// The part of the page between the beginning of a requirement and that of the next.
fn block<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page
        .find(&format!("class=\"requirement\" id=\"{id}\""))
        .expect("it is there");
    let rest = &page[start..];
    let end = rest[1..]
        .find("class=\"requirement\"")
        .map_or(rest.len(), |end| end + 1);
    &rest[..end]
}

#[test]
fn every_link_leads_somewhere() {
    let ids = values(&PAGE, "id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    let twice: Vec<&&str> = unique
        .iter()
        .filter(|id| ids.iter().filter(|i| i == id).count() > 1)
        .collect();
    assert!(twice.is_empty(), "these anchors are there twice: {twice:?}");
    let links = values(&PAGE, "href");
    let lost: BTreeSet<&str> = links
        .into_iter()
        .filter_map(|link| link.strip_prefix('#'))
        .filter(|anchor| !unique.contains(anchor))
        .collect();
    assert!(lost.is_empty(), "these links lead nowhere: {lost:?}");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    assert!(values(&PAGE, "src").is_empty());
    for link in values(&PAGE, "href") {
        let inside = link.starts_with('#') || link == "data:,";
        assert!(inside || link.starts_with("https://"), "a link to {link}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn every_requirement_is_a_block() {
    let trace = Trace::new(&FILES);
    for traced in &trace.requirements {
        let block = block(&PAGE, &traced.requirement.id);
        let text = block.split("class=\"text\">").nth(1).unwrap_or_default();
        let attribute = ["{level=", "{untestable="]
            .iter()
            .any(|a| text.trim_start().starts_with(a));
        assert!(!attribute, "an attribute is shown as text: {block}");
        assert!(
            block.contains("class=\"badge level"),
            "{}",
            traced.requirement.id
        );
    }
}

#[test]
fn a_requirement_and_its_cases_link_to_each_other() {
    let (nonce, case) = ("greeting.nonce.distinct", "greeting-nonce-equal");
    assert!(block(&PAGE, nonce).contains(&format!("href=\"#case-{case}\"")));
    let start = PAGE
        .find(&format!("class=\"case\" id=\"case-{case}\""))
        .expect("it is there");
    let body = PAGE[start..].split("</details>").next().unwrap_or_default();
    assert!(body.contains(&format!("href=\"#{nonce}\"")));
}

#[test]
fn a_word_over_two_lines_is_one() {
    assert!(PAGE.contains("MUST NOT</em>"));
    assert!(!PAGE.contains("MUST</em> NOT") && !PAGE.contains("MUST</em>\nNOT"));
}

#[test]
fn what_is_shown_is_no_html() {
    let mut files = FILES.clone();
    let hostile = "<!-- level: node -->\n# X <script>alert(1)</script> & y\n\n<img src=x onerror=alert(1)>\n\n\
                   - **[conf.x]** {untestable=<b>\"} A MUST <i>x</i> `<u>` [a](javascript:x) \n\
                   text [b](other\"onclick=x.md).\n";
    files.put("spec/26-hostile.md", hostile.to_owned());
    files.put(
        "spec/registry/x.json",
        r#"{"about": "<s>", "rows": [{"name": "<q>"}]}"#.to_owned(),
    );
    let page = html(&files, &Trace::new(&files));
    for wrong in [
        "<script>alert",
        "<img",
        "<b>&quot;",
        "<i>x",
        "<u>",
        "href=\"javascript",
        "<s>",
        "<q>",
        "\"onclick",
    ] {
        assert!(!page.contains(wrong), "{wrong}");
    }
    let shown = page
        .split("id=\"conf.x\"")
        .nth(1)
        .and_then(|rest| rest.split("</li>").next());
    insta::assert_snapshot!(shown.unwrap_or_default(), @r##"
    >
    <div class="head"><a class="id" href="#conf.x">conf.x</a> <span class="badges"><span class="badge level node">node</span><span class="badge must">MUST</span><span class="badge untestable">untestable</span></span></div>
    <div class="text"> A <em class="word must">MUST</em> &lt;i&gt;x&lt;/i&gt; <code class="short">&lt;u&gt;</code> <span class="file" title="javascript:x">a</span>
    text <span class="file" title="other&quot;onclick=x.md">b</span>.</div>
    <details class="cover"><summary>1 reason</summary>
    <dl>
    <dt>Untestable</dt><dd>&lt;b&gt;&quot;</dd>
    </dl></details>
    "##);
}
