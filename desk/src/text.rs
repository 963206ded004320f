//! What people write: a subset of Markdown, made into HTML that can do no harm.
//!
//! Invariant: HTML that was typed is shown as text, and what comes out has only the tags and attributes of the list below.

use ammonia::Builder;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use std::collections::HashSet;
use std::sync::LazyLock;

const TAGS: [&str; 13] = ["p", "br", "strong", "em", "del", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"];

/// Quotes and lists within each other, at most.
const MAX_DEPTH: usize = 12;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into_iter().collect())
        .generic_attributes(HashSet::new())
        .tag_attributes([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))].into_iter().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Makes safe HTML of what someone wrote.
pub fn to_html(markdown: &str) -> String {
    let mut in_link = 0_u32;
    let mut in_code = false;
    let mut depth = 0_usize;
    let events = Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH).flat_map(|event| match event {
        // Nobody quotes that deep; a line of a thousand `>` would cost seconds.
        Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) => {
            depth += 1;
            if depth > MAX_DEPTH { vec![] } else { vec![event] }
        }
        Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item) => {
            depth = depth.saturating_sub(1);
            if depth >= MAX_DEPTH { vec![] } else { vec![event] }
        }
        // People press Enter to begin a new line, and mean it.
        Event::SoftBreak => vec![Event::HardBreak],
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        // A heading would compete with the page's own; an image would be fetched from elsewhere.
        Event::Start(Tag::Heading { .. }) => vec![Event::Start(Tag::Paragraph), Event::Start(Tag::Strong)],
        Event::End(TagEnd::Heading(_)) => vec![Event::End(TagEnd::Strong), Event::End(TagEnd::Paragraph)],
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => vec![],
        Event::Start(Tag::Link { .. }) => {
            in_link += 1;
            vec![event]
        }
        Event::End(TagEnd::Link) => {
            in_link = in_link.saturating_sub(1);
            vec![event]
        }
        Event::Start(Tag::CodeBlock(_)) => {
            in_code = true;
            vec![event]
        }
        Event::End(TagEnd::CodeBlock) => {
            in_code = false;
            vec![event]
        }
        Event::Text(text) if in_link == 0 && !in_code => linked(text),
        other => vec![other],
    });
    let mut out = String::with_capacity(markdown.len() * 5 / 4);
    html::push_html(&mut out, events);
    CLEANER.clean(&out).to_string()
}

/// Makes HTML of plain text as it was typed: lines stay lines, addresses become links, nothing is markup.
pub(crate) fn as_typed(text: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for paragraph in text.trim_matches('\n').split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        out.push_str("<p>");
        for (at, line) in paragraph.trim_matches('\n').split('\n').enumerate() {
            if at > 0 {
                out.push_str("<br>");
            }
            for event in linked(line.into()) {
                match event {
                    Event::Start(Tag::Link { dest_url, .. }) => {
                        out.push_str(&format!("<a href=\"{}\" rel=\"noopener noreferrer nofollow\">", escaped(&dest_url)));
                    }
                    Event::End(TagEnd::Link) => out.push_str("</a>"),
                    Event::Text(text) => out.push_str(&escaped(&text)),
                    _ => {}
                }
            }
        }
        out.push_str("</p>\n");
    }
    out
}

/// Addresses in running text become links.
fn linked(text: CowStr<'_>) -> Vec<Event<'_>> {
    if !text.contains("http://") && !text.contains("https://") {
        return vec![Event::Text(text)];
    }
    let mut out = Vec::new();
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            out.push(Event::Text(" ".into()));
        }
        let begin = word.find("https://").or_else(|| word.find("http://"));
        let Some(begin) = begin else {
            out.push(Event::Text(word.to_owned().into()));
            continue;
        };
        let address = word[begin..].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '>']);
        let rest = &word[begin + address.len()..];
        let link = Tag::Link { link_type: pulldown_cmark::LinkType::Autolink, dest_url: address.to_owned().into(), title: "".into(), id: "".into() };
        out.push(Event::Text(word[..begin].to_owned().into()));
        out.extend([Event::Start(link), Event::Text(address.to_owned().into()), Event::End(TagEnd::Link)]);
        out.push(Event::Text(rest.to_owned().into()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_nests_no_deeper_than_anyone_writes() {
        for deep in ["> ", "- "] {
            let html = to_html(&format!("{}einde", deep.repeat(2_000)));
            assert!(html.contains("einde") && html.len() < 1_000, "{} bytes", html.len());
            assert_eq!(html.matches('<').count(), html.matches("</").count() * 2);
        }
    }

    #[test]
    fn lists_bold_and_line_breaks_are_kept() {
        let html = to_html("Dag **Daan**,\nregel twee\n\n1. een\n2. twee");
        assert!(html.contains("<strong>Daan</strong>") && html.contains("<br>") && html.contains("<li>een</li>"), "{html}");
    }

    #[test]
    fn an_address_becomes_a_link_that_gives_nothing_away() {
        let html = to_html("Zie (https://erp.example/x?a=1&b=2).");
        assert!(html.contains(r#"<a href="https://erp.example/x?a=1&amp;b=2" rel="noopener noreferrer nofollow">"#), "{html}");
        assert!(html.ends_with(").</p>\n"), "{html}");
    }

    #[test]
    fn nothing_typed_can_do_harm() {
        for typed in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>1</script>)",
            "![x](https://elsewhere.example/pixel.png)",
            "<a href=\"https://x.example\" onclick=\"a()\">x</a>",
            "<style>*{display:none}</style>",
            "[x](/log-out)",
            "<iframe src=//x>",
            "`<b onmouseover=a()>`",
        ] {
            let html = to_html(typed);
            let parsed = html.replace("&lt;", "").replace("&gt;", "");
            for bad in ["<script", "<img", "<iframe", "<style", "href=\"javascript", "href=\"data", "href=\"/", "<a href=\"https://x.example\" on"] {
                assert!(!parsed.contains(bad), "{typed} gave {html}");
            }
        }
    }
}
