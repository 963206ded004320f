//! A mail's HTML made safe, with history and signatures folded away.
//!
//! Invariant: what comes out went through the sanitiser last, and every word that was shown is in it.

use crate::quotes::{Hint, Kind, Line, kinds};
use crate::tree::{Attributes, Mark, Node, is_block, read};
use ammonia::{Builder, Url, UrlRelative};
use std::collections::HashSet;

/// Safe HTML out of a mail's HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clean {
    /// The mail, sanitised, with history and signatures in `<details class="folded">`; empty where it would be longer than [`MAX_SHOWN`].
    pub html: String,
    /// What the person says now, as text; empty where that is a picture alone.
    pub said: String,
    /// How many images elsewhere are held back in `data-src`.
    pub remote_images: u32,
}

/// Makes a mail's HTML safe and folds away what is not said now; `inline` maps a Content-ID to the address of the stored file.
pub fn clean(html: &str, inline: &dyn Fn(&str) -> Option<String>) -> Clean {
    cleaned(html, inline, false)
}

/// The same of a mail that begins with a picture outside its HTML, which is what the person says: there may be nothing more.
pub fn clean_below_picture(html: &str, inline: &dyn Fn(&str) -> Option<String>) -> Clean {
    cleaned(html, inline, true)
}

fn cleaned(html: &str, inline: &dyn Fn(&str) -> Option<String>, below_picture: bool) -> Clean {
    let nodes = read(html);
    let (lines, line_of) = lines(&nodes);
    let kinds = kinds(&lines, below_picture);
    let said = said(&lines, &kinds, below_picture);
    let mut sides = vec![0_u8; nodes.len()];
    for at in (0..nodes.len()).rev() {
        let node = &nodes[at];
        if node.tag == "img" || node.tag == "#" && !node.text.trim().is_empty() {
            sides[at] = if kinds.get(line_of[at] as usize).is_none_or(|kind| *kind == Kind::Said) { SAID } else { FOLDED };
        }
        if at > 0 {
            sides[node.parent as usize] |= sides[at];
        }
    }
    let mut writer =
        Writer { nodes: &nodes, sides: &sides, inline, out: String::with_capacity(html.len()), addresses: HashSet::new(), remote_images: 0 };
    writer.children(0, true);
    let Writer { out, addresses, remote_images, .. } = writer;
    // What is not shown need not be made safe, which takes longest.
    let html = if out.len() > MAX_SHOWN { String::new() } else { sanitiser(addresses).clean(&out).to_string() };
    Clean { html, said, remote_images }
}

/// Most bytes of HTML that a page shows of one mail: hundreds of pages of text.
pub const MAX_SHOWN: usize = 1 << 20;

const SAID: u8 = 1;
const FOLDED: u8 = 2;
/// Text without a tag in it, at most, in bytes: to write it takes the sanitiser the square of its length.
const LONGEST_RUN: usize = 2 * 1024;
/// The address of a link or an image, at most, in bytes.
const LONGEST_ADDRESS: usize = 8 * 1024;
/// The description of an image, at most, in bytes.
const LONGEST_ALT: usize = 500;
/// Stands for an image in a line's text.
const IMAGE: char = '\u{fffc}';

/// The only tags and attributes that a mail is shown with; images only from these addresses.
fn sanitiser(addresses: HashSet<String>) -> Builder<'static> {
    const TAGS: [&str; 37] = [
        "p",
        "br",
        "div",
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
        "details",
        "summary",
        "wbr",
    ];
    let attributes = [
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["src", "data-src", "alt", "width", "height"])),
        ("td", HashSet::from(["colspan", "rowspan"])),
        ("th", HashSet::from(["colspan", "rowspan"])),
        ("ol", HashSet::from(["start"])),
    ];
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into_iter().collect())
        .generic_attributes(HashSet::new())
        .tag_attributes(attributes.into_iter().collect())
        .allowed_classes([("details", HashSet::from(["folded"]))].into_iter().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(move |_, attribute, value| match attribute {
            "src" => addresses.contains(value).then(|| value.into()),
            "href" => link(value).map(|_| value.into()),
            "data-src" => remote(value).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
}

/// The lines of text that a reader sees, and for each node in which of them it stands.
fn lines(nodes: &[Node]) -> (Vec<Line<'static>>, Vec<u32>) {
    let mut lines = Lines { lines: Vec::new(), text: String::new(), hint: Hint::None, apart: true };
    let mut line_of = vec![0_u32; nodes.len()];
    // The hints in force, each with the node where it ends.
    let mut hints: Vec<(u32, Hint)> = vec![(u32::MAX, Hint::None)];
    let mut blocks: Vec<u32> = Vec::new();
    let mut next = None;
    let quotes: Vec<u32> = (0_u32..).zip(nodes).filter(|(_, node)| node.tag == "blockquote").map(|(at, _)| at).collect();
    for (at, node) in (0_u32..).zip(nodes) {
        while blocks.pop_if(|end| *end <= at).is_some() {
            lines.end(true);
        }
        while hints.pop_if(|(end, _)| *end <= at).is_some() {}
        let within = hints.last().map_or(Hint::None, |(_, hint)| *hint);
        if is_block(node.tag) {
            lines.end(true);
            blocks.push(node.end);
        }
        let holds_quotes = || quotes.get(quotes.partition_point(|quote| *quote <= at)).is_some_and(|quote| *quote < node.end);
        let own = match node.mark {
            Mark::Quote => Hint::Quote,
            Mark::Container if !holds_quotes() => Hint::Quote,
            Mark::Block => Hint::Block,
            Mark::Head => Hint::Head,
            Mark::Signature => Hint::Signature,
            Mark::Hidden => Hint::Hidden,
            _ => within,
        };
        match node.mark {
            Mark::History => next = Some(Hint::History),
            Mark::Border if next.is_none() => next = Some(Hint::Border),
            _ => {}
        }
        let own = if matches!(within, Hint::Quote | Hint::Hidden) { within } else { own };
        if own != within {
            hints.push((node.end, own));
        }
        match node.tag {
            "br" => {
                line_of[at as usize] = lines.lines.len() as u32;
                let line = lines.taken(own);
                lines.lines.push(line);
                lines.apart = false;
            }
            "td" | "th" => lines.add(" ", own),
            // What nobody sees is nothing that is said.
            "img" if node.attributes.as_deref().is_some_and(is_pixel) => line_of[at as usize] = lines.lines.len() as u32,
            "img" => {
                lines.add(IMAGE.encode_utf8(&mut [0; 4]), own);
                line_of[at as usize] = lines.lines.len() as u32;
            }
            "#" => {
                let filled = !node.text.trim().is_empty();
                let begins = lines.text.trim().is_empty();
                let hint = next.filter(|_| filled && begins && own != Hint::Quote).unwrap_or(own);
                if filled {
                    next = None;
                }
                lines.add(&node.text, hint);
                line_of[at as usize] = lines.lines.len() as u32;
            }
            _ => {}
        }
    }
    lines.end(true);
    (lines.lines, line_of)
}

struct Lines {
    lines: Vec<Line<'static>>,
    text: String,
    hint: Hint,
    apart: bool,
}

impl Lines {
    /// Adds text to the line, with its white space as a browser shows it.
    fn add(&mut self, text: &str, hint: Hint) {
        let blank = self.text.trim().is_empty();
        if !blank && hint != self.hint && !matches!(self.hint, Hint::History | Hint::Border) && !text.trim().is_empty() {
            self.end(true);
        }
        if blank || self.text.is_empty() {
            self.hint = hint;
        }
        for c in text.chars() {
            if !c.is_whitespace() {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
        }
    }

    fn taken(&mut self, hint: Hint) -> Line<'static> {
        let hint = if self.text.trim().is_empty() { hint } else { self.hint };
        Line { text: std::mem::take(&mut self.text).into(), hint, apart: self.apart }
    }

    /// Ends the line, if there is one.
    fn end(&mut self, apart: bool) {
        if !self.text.trim().is_empty() {
            let line = self.taken(Hint::None);
            self.lines.push(line);
        }
        self.text.clear();
        self.apart = apart;
    }
}

/// The text of what is said; none of the history where a picture is what is said.
fn said(lines: &[Line], kinds: &[Kind], below_picture: bool) -> String {
    let text = |all: bool| {
        let mut out = String::new();
        for (line, _) in lines.iter().zip(kinds).filter(|(_, kind)| all || **kind == Kind::Said) {
            let text = line.text.trim();
            if !(text.is_empty() && (out.is_empty() || out.ends_with("\n\n"))) {
                out.extend(text.chars().filter(|c| *c != IMAGE));
                out.push('\n');
            }
        }
        out.trim().to_owned()
    };
    let own = text(false);
    let shows = || lines.iter().zip(kinds).any(|(line, kind)| *kind == Kind::Said && line.text.contains(IMAGE));
    if own.is_empty() && !below_picture && !shows() { text(true) } else { own }
}

struct Writer<'a> {
    nodes: &'a [Node<'a>],
    sides: &'a [u8],
    inline: &'a dyn Fn(&str) -> Option<String>,
    out: String,
    addresses: HashSet<String>,
    remote_images: u32,
}

impl Writer<'_> {
    /// Writes what is in a node, with each run of folded children in one fold.
    fn children(&mut self, parent: usize, fold: bool) {
        let is_part = |node: &Node| matches!(node.tag, "li" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption");
        let end = self.nodes[parent].end as usize;
        let mut at = parent + 1;
        let mut folded = false;
        loop {
            // Line breaks and the like go where the next child goes that holds something.
            let mut filled = at;
            while filled < end && self.sides[filled] == 0 && !is_part(&self.nodes[filled]) {
                filled = self.nodes[filled].end as usize;
            }
            let foldable = filled < end && fold && self.sides[filled] == FOLDED && !is_part(&self.nodes[filled]);
            if foldable != folded {
                self.out.push_str(if foldable { r#"<details class="folded"><summary></summary>"# } else { "</details>" });
                folded = foldable;
            }
            self.range(at, filled, fold && !folded);
            if filled >= end {
                return;
            }
            self.node(filled, fold && !folded);
            at = self.nodes[filled].end as usize;
        }
    }

    /// Writes the siblings from one node up to another.
    fn range(&mut self, from: usize, to: usize, fold: bool) {
        let mut at = from;
        while at < to {
            self.node(at, fold);
            at = self.nodes[at].end as usize;
        }
    }

    fn node(&mut self, at: usize, fold: bool) {
        let node = &self.nodes[at];
        let mixed = fold && self.sides[at] & FOLDED != 0;
        let tag = match node.tag {
            "#" => return self.text(&node.text),
            "img" => return self.image(node),
            "br" | "hr" => {
                self.out.extend(["<", node.tag, ">"]);
                return;
            }
            "a" if link(&node.text).is_none() => "",
            // A paragraph cannot hold a fold.
            "p" if mixed => "div",
            tag => tag,
        };
        if tag.is_empty() {
            return self.children(at, fold);
        }
        self.out.extend(["<", tag]);
        if tag == "a" {
            self.attribute("href", node.text.trim());
        }
        for name in ["colspan", "rowspan", "start"] {
            let value = node.attributes.as_ref().and_then(|attributes| attributes.get(name));
            if let Some(value) = value.filter(|value| value.len() <= 3 && value.bytes().all(|b| b.is_ascii_digit())) {
                self.attribute(name, &value);
            }
        }
        self.out.push('>');
        self.children(at, fold);
        self.out.extend(["</", tag, ">"]);
        if tag == "a"
            && let Some(host) = self.elsewhere(at)
        {
            self.out.push_str(" [");
            escape(&host, &mut self.out);
            self.out.push(']');
        }
    }

    /// Writes text, with a place to break in what is endless.
    fn text(&mut self, text: &str) {
        let mut rest = text;
        loop {
            let run = self.out.len() - self.out.rfind('>').map_or(0, |at| at + 1);
            if run >= LONGEST_RUN {
                self.out.push_str("<wbr>");
                continue;
            }
            let (now, later) = rest.split_at(rest.floor_char_boundary(LONGEST_RUN));
            escape(now, &mut self.out);
            if later.is_empty() {
                return;
            }
            rest = later;
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.extend([" ", name, "=\""]);
        escape(value, &mut self.out);
        self.out.push('"');
    }

    fn image(&mut self, node: &Node) {
        let Some(attributes) = node.attributes.as_deref() else { return };
        let source = node.text.trim();
        let (name, address) = if let Some(id) = source.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("cid:")).map(|_| &source[4..]) {
            let Some(address) = (self.inline)(id).or_else(|| (self.inline)(&percent_decoded(id)?)) else { return };
            self.addresses.insert(address.clone());
            ("src", address)
        } else {
            let source = if source.starts_with("//") { format!("https:{source}") } else { source.to_owned() };
            if !remote(&source) || node.mark == Mark::Hidden || is_pixel(attributes) {
                return;
            }
            self.remote_images += 1;
            ("data-src", source)
        };
        self.out.push_str("<img");
        self.attribute(name, &address);
        for name in ["alt", "width", "height"] {
            if let Some(value) = attributes
                .get(name)
                .filter(|value| name == "alt" || !value.is_empty() && value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit()))
            {
                self.attribute(name, &value[..value.floor_char_boundary(LONGEST_ALT)]);
            }
        }
        self.out.push('>');
    }

    /// Where a link goes, if its text shows another address.
    fn elsewhere(&self, at: usize) -> Option<String> {
        let node = &self.nodes[at];
        let goal = link(&node.text)?;
        let mut text = String::new();
        for node in self.nodes[at..node.end as usize].iter().filter(|node| node.tag == "#").take(50) {
            text.push_str(&node.text);
        }
        let shown = text.split_whitespace().take(30).filter_map(shown_host).find(|shown| *shown != goal && !goal.ends_with(&format!(".{shown}")))?;
        (!shown.is_empty()).then_some(goal)
    }
}

/// The host of a link that may be followed, or the address it writes to.
fn link(address: &str) -> Option<String> {
    let url = Url::parse(Some(address.trim()).filter(|address| address.len() <= LONGEST_ADDRESS)?).ok()?;
    match url.scheme() {
        "http" | "https" => url.host_str().map(|host| host.trim_start_matches("www.").to_owned()),
        "mailto" => Some(url.path().to_lowercase()),
        _ => None,
    }
}

/// The host or the address that a word shows, if it looks like one.
fn shown_host(word: &str) -> Option<String> {
    let word =
        word.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';' | '.' | ':' | '!' | '?')).to_lowercase();
    let bare = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).or_else(|| word.strip_prefix("mailto:"));
    let host = bare.unwrap_or(&word).split(['/', '?', '#', ':', '\\']).next()?.trim_start_matches("www.").to_owned();
    let last = host.rsplit_once('.')?.1;
    let file = ["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "jpg", "jpeg", "png", "gif", "zip", "txt", "html", "csv", "xml", "msg", "eml"]
        .contains(&last);
    let named = last.len() >= 2
        && last.chars().all(char::is_alphabetic)
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+'));
    (named && (bare.is_some() || !file)).then_some(host)
}

/// Whether an address is an image elsewhere.
fn remote(address: &str) -> bool {
    address.len() <= LONGEST_ADDRESS && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether an image is too small to be seen, and so is there to tell that the mail was read.
fn is_pixel(attributes: &Attributes) -> bool {
    let mut style = attributes.get("style").unwrap_or_default().to_lowercase();
    style.retain(|c| !c.is_whitespace());
    let tiny = |name: &str| {
        let own = attributes.get(name).map(|value| value.trim().trim_end_matches("px").to_owned());
        let styled = style.split(';').find_map(|rule| {
            rule.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim_end_matches("!important").trim_end_matches("px").to_owned())
        });
        [own, styled].iter().flatten().any(|size| matches!(size.as_str(), "0" | "1"))
    };
    tiny("width") && tiny("height")
}

/// What a percent-encoded Content-ID says.
fn percent_decoded(id: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(id.len());
    let mut parts = id.split('%');
    bytes.extend(parts.next()?.bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}
