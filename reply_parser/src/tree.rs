//! A mail's HTML as a flat tree: the tags that matter, with what their classes and styles tell about history.
//!
//! Invariant: no node lies deeper than `DEEPEST`, every element is closed where its parent is, and reading costs no more than the mail's length.

use htmlize::{unescape, unescape_attribute};
use std::borrow::Cow;

/// Elements within each other, at most; what lies deeper is put side by side.
const DEEPEST: usize = 30;

/// What an element's marks tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    None,
    Quote,
    /// Holds quotes and perhaps answers between them.
    Container,
    Block,
    Head,
    Signature,
    History,
    Border,
    Hidden,
}

/// An element, or a text (`#`); an element without a tag stands for its children only.
pub(crate) struct Node<'a> {
    pub tag: &'static str,
    pub mark: Mark,
    pub parent: u32,
    /// The node after its last descendant.
    pub end: u32,
    /// The text, a link's address, or an image's source.
    pub text: Cow<'a, str>,
    pub attributes: Option<Box<Attributes<'a>>>,
}

/// The attributes that tell something, as they are written.
#[derive(Default, Clone)]
pub(crate) struct Attributes<'a> {
    values: [Option<&'a str>; NAMES.len()],
}

const NAMES: [&str; 13] = ["id", "class", "type", "style", "href", "src", "width", "height", "alt", "colspan", "rowspan", "hidden", "start"];

impl<'a> Attributes<'a> {
    /// The value of an attribute, as it is meant.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.values[at].map(unescape_attribute)
    }

    fn mark(&self, name: &str) -> Mark {
        if self.values.iter().all(Option::is_none) {
            return if name == "blockquote" { Mark::Block } else { Mark::None };
        }
        let lower = |name| self.get(name).unwrap_or_default().to_lowercase();
        let (ids, classes) = (lower("id"), lower("class"));
        let mut style = lower("style");
        style.retain(|c| !c.is_whitespace());
        if style.contains("display:none") || style.contains("visibility:hidden") || self.values[11].is_some() {
            return Mark::Hidden;
        }
        // Outlook and Hotmail rename what they quote: `x_gmail_quote`, `ecxgmail_quote`.
        let names: Vec<&str> = ids
            .split_whitespace()
            .chain(classes.split_whitespace())
            .map(|name| name.trim_start_matches("x_").trim_start_matches("ecx"))
            .take(50)
            .collect();
        let has = |known: &[&str]| names.iter().any(|name| known.contains(name));
        if name == "blockquote" {
            let quote = lower("type") == "cite" || has(&["gmail_quote", "protonmail_quote", "zmail_extra", "iosymail", "tutanota_quote"]);
            return if quote { Mark::Quote } else { Mark::Block };
        }
        let grey = ["#e1e1e1", "#b5c4df", "rgb(225,225,225)", "rgb(181,196,223)", "rgb(229,229,229)"];
        match () {
            () if has(&["gmail_attr", "moz-cite-prefix", "reply-intro", "moz-email-headers-table"]) => Mark::Head,
            () if has(&["olk_src_body_section", "mail-editor-reference-message-container", "yahoo_quoted"]) => Mark::Quote,
            () if has(&["gmail_quote", "protonmail_quote", "zmail_extra", "moz-forward-container"]) => Mark::Container,
            () if has(&["divrplyfwdmsg", "outlookmessageheader"]) => Mark::History,
            () if has(&["gmail_signature", "moz-signature", "ms-outlook-mobile-signature", "protonmail_signature_block", "ymail_signature"]) => {
                Mark::Signature
            }
            () if style.contains("border-top") && style.contains("solid") && grey.iter().any(|grey| style.contains(grey)) => Mark::Border,
            () => Mark::None,
        }
    }
}

/// The tag that a tag becomes; none where only what is in it counts.
fn known(name: &str) -> Option<(&'static str, &'static str)> {
    const SAME: [&str; 34] = [
        "p",
        "br",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
        "blockquote",
        "pre",
        "code",
        "b",
        "i",
        "u",
        "em",
        "strong",
        "s",
        "a",
        "hr",
        "img",
        "sub",
        "sup",
        "div",
    ];
    const OTHER: [(&str, &str); 29] = [
        ("section", "div"),
        ("article", "div"),
        ("header", "div"),
        ("footer", "div"),
        ("main", "div"),
        ("aside", "div"),
        ("nav", "div"),
        ("address", "div"),
        ("fieldset", "div"),
        ("form", "div"),
        ("figure", "div"),
        ("center", "div"),
        ("dl", "div"),
        ("dt", "div"),
        ("dd", "div"),
        ("details", "div"),
        ("summary", "div"),
        ("option", "div"),
        ("del", "s"),
        ("strike", "s"),
        ("tt", "code"),
        ("kbd", "code"),
        ("samp", "code"),
        ("ins", "u"),
        ("span", ""),
        ("font", ""),
        ("small", ""),
        ("label", ""),
        ("big", ""),
    ];
    let same = SAME.iter().find(|known| **known == name).map(|known| (*known, *known));
    same.or_else(|| OTHER.iter().find(|(known, _)| *known == name).copied())
}

/// Whether a tag begins and ends a line.
pub(crate) fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "p" | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "ul"
            | "ol"
            | "li"
            | "table"
            | "thead"
            | "tbody"
            | "tfoot"
            | "tr"
            | "caption"
            | "blockquote"
            | "pre"
            | "div"
            | "hr"
    )
}

struct Open {
    node: usize,
    name: &'static str,
    /// Whether line ends in the text are meant.
    pre: bool,
    /// Elements within this one that were left out, whose ends must close nothing else.
    left_out: Vec<(&'static str, u32)>,
}

struct Builder<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<Open>,
}

/// Where a comment ends: browsers end one at `--!>` too.
fn comment_end(comment: &str) -> Option<usize> {
    let mut from = 0;
    // Only as far as it goes: a mail may have a hundred thousand of them.
    while let Some(at) = comment[from..].find("--") {
        let end = from + at + 2;
        match () {
            () if comment[end..].starts_with('>') => return Some(end + 1),
            () if comment[end..].starts_with("!>") => return Some(end + 2),
            () => from = end - 1,
        }
    }
    None
}

/// Reads HTML into nodes, in the order of the text; the first is the root.
pub(crate) fn read(html: &str) -> Vec<Node<'_>> {
    let root = Node { tag: "", mark: Mark::None, parent: 0, end: 0, text: "".into(), attributes: None };
    let mut builder = Builder { nodes: vec![root], open: vec![Open { node: 0, name: "", pre: false, left_out: Vec::new() }] };
    let mut rest = html;
    let mut text = rest;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let bytes = tag.as_bytes();
        let closes = bytes.first() == Some(&b'/');
        let begins = bytes.get(usize::from(closes)).copied().unwrap_or_default();
        if !begins.is_ascii_alphabetic() && !closes && !matches!(begins, b'!' | b'?') {
            rest = tag;
            continue;
        }
        builder.text(&text[..text.len() - rest.len() + at]);
        rest = if begins.is_ascii_alphabetic() {
            builder.tag(&tag[usize::from(closes)..], closes)
        } else if let Some(comment) = tag.strip_prefix("!--") {
            let short = comment.starts_with('>') || comment.starts_with("->");
            let end = if short { comment.find('>').map(|at| at + 1) } else { comment_end(comment) };
            end.map_or("", |end| &comment[end..])
        } else {
            tag.find('>').map_or("", |end| &tag[end + 1..])
        };
        text = rest;
    }
    builder.text(text);
    builder.close_to(0);
    let size = builder.nodes.len();
    builder.nodes[0].end = u32::try_from(size).unwrap_or(u32::MAX);
    builder.nodes
}

impl<'a> Builder<'a> {
    /// Reads one tag; gives what comes after it.
    fn tag(&mut self, tag: &'a str, closes: bool) -> &'a str {
        let size = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(tag.len());
        let written = &tag[..size];
        let (attributes, mut rest) = attributes(&tag[size..]);
        if size > 12 {
            return rest;
        }
        let name = written.to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style" | "title" | "iframe" | "noembed" | "noframes" | "xmp") && !closes {
            rest = after_raw(rest, &name);
        } else if let Some((name, tag)) = known(&name) {
            if !closes {
                self.element(name, tag, attributes);
            } else if name == "br" {
                self.push("br", Mark::None, "".into(), None);
            } else {
                self.close(name);
            }
        }
        rest
    }

    fn push(&mut self, tag: &'static str, mark: Mark, text: Cow<'a, str>, attributes: Option<Box<Attributes<'a>>>) {
        self.in_cell(tag);
        let parent = self.open.last().map_or(0, |open| open.node);
        let end = u32::try_from(self.nodes.len() + 1).unwrap_or(u32::MAX);
        self.nodes.push(Node { tag, mark, parent: u32::try_from(parent).unwrap_or(0), end, text, attributes });
    }

    /// What stands in a table outside its cells gets a cell: browsers would move it elsewhere.
    fn in_cell(&mut self, tag: &str) {
        let top = self.open.last().map_or("", |open| open.name);
        let fits = match top {
            "table" => matches!(tag, "thead" | "tbody" | "tfoot" | "tr" | "caption"),
            "thead" | "tbody" | "tfoot" => tag == "tr",
            "tr" => matches!(tag, "td" | "th"),
            _ => true,
        };
        if !fits {
            let (name, tag_wanted) = if top == "tr" { ("td", "td") } else { ("tr", "tr") };
            self.open(name, tag_wanted, Mark::None, "".into(), None, false);
            self.in_cell(tag);
        }
    }

    fn open(&mut self, name: &'static str, tag: &'static str, mark: Mark, text: Cow<'a, str>, attributes: Option<Box<Attributes<'a>>>, pre: bool) {
        self.push(tag, mark, text, attributes);
        let pre = pre || name == "pre" || self.open.last().is_some_and(|open| open.pre);
        self.open.push(Open { node: self.nodes.len() - 1, name, pre, left_out: Vec::new() });
    }

    fn text(&mut self, written: &'a str) {
        let blank = written.bytes().all(|b| b.is_ascii_whitespace());
        let in_table = self.open.last().is_some_and(|open| matches!(open.name, "table" | "thead" | "tbody" | "tfoot" | "tr"));
        if written.is_empty() || blank && in_table {
            return;
        }
        if !self.open.last().is_some_and(|open| open.pre) {
            return self.push("#", Mark::None, unescape(written), None);
        }
        for (at, line) in written.split('\n').enumerate() {
            if at > 0 {
                self.push("br", Mark::None, "".into(), None);
            }
            if !line.is_empty() {
                self.push("#", Mark::None, unescape(line.trim_end_matches('\r')), None);
            }
        }
    }

    fn element(&mut self, name: &'static str, tag: &'static str, attributes: Attributes<'a>) {
        if is_block(tag) {
            self.close_within("p", &["td", "th", "caption", "table"]);
        }
        match name {
            "br" | "hr" => return self.push(tag, Mark::None, "".into(), None),
            "img" => return self.push(tag, attributes.mark(name), attributes.get("src").unwrap_or_default(), Some(Box::new(attributes))),
            "li" => self.close_within("li", &["ul", "ol", "td", "th", "table"]),
            "td" | "th" => {
                self.close_within("td", &["tr", "table"]);
                self.close_within("th", &["tr", "table"]);
            }
            "tr" => self.close_within("tr", &["table"]),
            "thead" | "tbody" | "tfoot" | "caption" => {
                ["thead", "tbody", "tfoot", "tr", "caption"].iter().for_each(|part| self.close_within(part, &["table"]))
            }
            "a" => self.close_within("a", &["table"]),
            _ => {}
        }
        let mark = attributes.mark(name);
        let pre = attributes.get("style").is_some_and(|style| style.replace(' ', "").contains("white-space:pre"));
        let table_part = matches!(name, "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption");
        let misplaced = table_part && !self.open.iter().any(|open| open.name == "table");
        // A depth of its own for the parts of the last table, so that a table stays one.
        let deep = self.open.len() > if table_part { DEEPEST + 3 } else { DEEPEST };
        if deep || misplaced || (tag.is_empty() && mark == Mark::None && !pre) {
            if is_block(tag) && self.nodes.last().is_some_and(|node| node.tag == "#") {
                self.push("br", Mark::None, "".into(), None);
            }
            if let Some(open) = self.open.last_mut() {
                match open.left_out.iter_mut().find(|(left, _)| *left == name) {
                    Some((_, count)) => *count += 1,
                    None => open.left_out.push((name, 1)),
                }
            }
            return;
        }
        let text = if name == "a" { attributes.get("href").unwrap_or_default() } else { "".into() };
        let cell = matches!(name, "td" | "th" | "ol").then(|| Box::new(attributes));
        self.open(name, tag, mark, text, cell, pre);
    }

    fn close(&mut self, name: &'static str) {
        let table_part = matches!(name, "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption");
        for at in (0..self.open.len()).rev() {
            let open = &mut self.open[at];
            if let Some((_, count)) = open.left_out.iter_mut().find(|(left, count)| *left == name && *count > 0) {
                *count -= 1;
                return;
            }
            if open.name == name && at > 0 {
                return self.close_to(at);
            }
            let wall = if table_part { open.name == "table" } else { matches!(open.name, "td" | "th" | "caption" | "table") };
            if wall {
                return;
            }
        }
    }

    /// Closes the innermost element of this name, unless one of these lies between.
    fn close_within(&mut self, name: &str, walls: &[&str]) {
        for at in (1..self.open.len()).rev() {
            if self.open[at].name == name {
                return self.close_to(at);
            }
            if walls.contains(&self.open[at].name) {
                return;
            }
        }
    }

    fn close_to(&mut self, depth: usize) {
        let end = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        for open in self.open.drain(depth..) {
            self.nodes[open.node].end = end;
        }
    }
}

/// What comes after the end tag of an element whose text is no text.
fn after_raw<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let tag = &rest[from + at + 2..];
        if tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return tag.find('>').map_or("", |end| &tag[end + 1..]);
        }
        from += at + 2;
    }
    ""
}

/// The attributes of a tag, and what comes after it.
fn attributes(written: &str) -> (Attributes<'_>, &str) {
    let mut found = Attributes::default();
    let mut rest = written;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return (found, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let size = rest[first..].find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=')).map_or(rest.len(), |at| at + first);
        let name = &rest[..size];
        rest = rest[size..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let body = if quote.is_some() { &rest[1..] } else { rest };
            let end = body.find(|c: char| quote.map_or(c.is_ascii_whitespace() || c == '>', |quote| c == quote)).unwrap_or(body.len());
            value = &body[..end];
            rest = &body[end..];
            if let Some(quote) = quote {
                rest = rest.strip_prefix(quote).unwrap_or(rest);
            }
        }
        if let Some(at) = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            found.values[at].get_or_insert(value);
        }
    }
}
