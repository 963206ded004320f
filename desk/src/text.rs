//! What people write, made into HTML that can do no harm.
//!
//! Invariants: the marks that the hint at a field names are read (bold, lists, code, quotes, links), and nothing else: every other character is shown as it was typed. What comes out
//! has only the tags and attributes of the list below.

use ammonia::Builder;
use domain::tickets::MAX_LINK;
use std::collections::HashSet;
use std::sync::LazyLock;

const TAGS: [&str; 10] = ["p", "br", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a"];

/// Quotes and lists within each other, at most: nobody quotes that deep, and a line of a thousand `>` would cost seconds.
const MAX_DEPTH: usize = 12;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into_iter().collect())
        .generic_attributes(HashSet::new())
        .tag_attributes([("a", HashSet::from(["href"])), ("li", HashSet::from(["value"]))].into_iter().collect())
        .allowed_classes([("p", HashSet::from([SPACED])), ("li", HashSet::from([SPACED]))].into_iter().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Longest words of a link, in bytes: those of a sentence.
const MAX_WORDS: usize = 500;

/// The class of a text in which blanks and tabs stand for columns: they are shown, all of them.
const SPACED: &str = "spaced";

/// Makes safe HTML of what someone wrote.
pub fn to_html(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let mut out = String::with_capacity(text.len() * 5 / 4);
    blocks(&lines, 0, &mut out);
    CLEANER.clean(&out).to_string()
}

/// Makes HTML of plain text as it was typed: lines stay lines, addresses become links, nothing is markup.
pub(crate) fn as_typed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for paragraph in text.trim_matches('\n').split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        out.push_str("<p>");
        for (at, line) in paragraph.trim_matches('\n').split('\n').enumerate() {
            if at > 0 {
                out.push_str("<br>");
            }
            let mut rest = line;
            while let Some((before, address, after)) = split_at_address(rest) {
                out.push_str(&escaped(before));
                out.push_str(&format!("<a href=\"{0}\" rel=\"noopener noreferrer nofollow\">{0}</a>", escaped(address)));
                rest = after;
            }
            out.push_str(&escaped(rest));
        }
        out.push_str("</p>\n");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What a line begins.
enum Begin<'a> {
    Fence,
    /// A quote, and what follows its mark.
    Quote(&'a str),
    /// An item, with its number where it has one, and how far its text stands from the left.
    Item(Option<u64>, usize),
    Blank,
    Text,
}

fn begin(line: &str) -> Begin<'_> {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    if text.trim().is_empty() {
        return Begin::Blank;
    }
    if let Some(rest) = text.strip_prefix('>').filter(|_| indent < 4) {
        return Begin::Quote(rest.strip_prefix(' ').unwrap_or(rest));
    }
    if text.strip_prefix("```").is_some_and(|rest| indent < 4 && !rest.contains('`')) {
        return Begin::Fence;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().ok().filter(|_| digits <= 9 && !(digits > 1 && text.starts_with('0')));
    let mark = if digits > 0 {
        text[digits..].starts_with(". ").then_some(digits + 1)
    } else {
        (text.starts_with("- ") || text.starts_with("* ")).then_some(1)
    };
    match mark {
        // A number that cannot be one of a list is shown as it was typed.
        Some(mark) if digits == 0 || number.is_some() => {
            let blanks = text[mark..].len() - text[mark..].trim_start_matches(' ').len();
            if text[mark..].trim().is_empty() { Begin::Text } else { Begin::Item(number, indent + mark + blanks.min(4)) }
        }
        _ => Begin::Text,
    }
}

fn blocks(lines: &[&str], depth: usize, out: &mut String) {
    // Code without a line that ends it is a line like any other.
    let last_fence = lines.iter().rposition(|line| line.trim() == "```").unwrap_or(0);
    let marks = |at: usize| match begin(lines[at]) {
        Begin::Fence if at >= last_fence => Begin::Text,
        Begin::Quote(_) | Begin::Item(..) if depth >= MAX_DEPTH => Begin::Text,
        begin => begin,
    };
    let mut at = 0;
    while at < lines.len() {
        at += match marks(at) {
            Begin::Blank => 1,
            Begin::Fence => fence(&lines[at..], out),
            Begin::Quote(_) => quote(&lines[at..], depth, out),
            Begin::Item(number, _) => list(&lines[at..], number.is_some(), depth, out),
            Begin::Text => {
                let count = (at..lines.len()).take_while(|at| matches!(marks(*at), Begin::Text)).count();
                paragraph(&lines[at..at + count], out);
                count
            }
        };
    }
}

/// Code between two lines of three backticks. Gives how many lines it took.
fn fence(lines: &[&str], out: &mut String) -> usize {
    let inner = lines[1..].iter().take_while(|line| line.trim() != "```");
    out.push_str("<pre><code>");
    let mut count = 0;
    for line in inner {
        out.push_str(&escaped(line));
        out.push('\n');
        count += 1;
    }
    out.push_str("</code></pre>\n");
    count + 2
}

fn quote(lines: &[&str], depth: usize, out: &mut String) -> usize {
    let inner: Vec<&str> = lines.iter().map_while(|line| if let Begin::Quote(rest) = begin(line) { Some(rest) } else { None }).collect();
    out.push_str("<blockquote>\n");
    blocks(&inner, depth + 1, out);
    out.push_str("</blockquote>\n");
    inner.len()
}

/// A list: its items, each with the lines that stand under its text. It goes on over an empty line where an item of its kind follows.
fn list(lines: &[&str], is_numbered: bool, depth: usize, out: &mut String) -> usize {
    let tag = if is_numbered { "ol" } else { "ul" };
    let empty = |from: usize| lines[from..].iter().take_while(|line| line.trim().is_empty()).count();
    out.push_str(&format!("<{tag}>\n"));
    let mut at = 0;
    while at < lines.len() {
        let Begin::Item(number, indent) = begin(lines[at]) else { break };
        if number.is_some() != is_numbered {
            break;
        }
        let mut inner = vec![&lines[at][indent..]];
        let is_inside = |line: &str| line.len() - line.trim_start_matches(' ').len() >= indent.min(2);
        let mut next = at + 1;
        while next < lines.len() {
            let Some(line) = lines.get(next + empty(next)).filter(|line| is_inside(line)) else { break };
            let blanks = line.len() - line.trim_start_matches(' ').len();
            inner.extend(std::iter::repeat_n("", empty(next)));
            inner.push(&line[blanks.min(indent)..]);
            next += empty(next) + 1;
        }
        item(&inner, number, depth, out);
        let blank = empty(next);
        let goes_on = lines.get(next + blank).is_some_and(|line| matches!(begin(line), Begin::Item(number, _) if number.is_some() == is_numbered));
        at = if goes_on { next + blank } else { next };
        if !goes_on {
            break;
        }
    }
    out.push_str(&format!("</{tag}>\n"));
    at
}

/// An item: its first lines stand in it as they are, what follows them are blocks.
fn item(lines: &[&str], number: Option<u64>, depth: usize, out: &mut String) {
    let first = lines.iter().take_while(|line| matches!(begin(line), Begin::Text)).count();
    let spaced = if is_spaced(&lines[..first]) { format!(" class=\"{SPACED}\"") } else { String::new() };
    match number {
        Some(number) => out.push_str(&format!("<li value=\"{number}\"{spaced}>")),
        None => out.push_str(&format!("<li{spaced}>")),
    }
    inline(&lines[..first].join("\n"), out);
    if first < lines.len() {
        if first > 0 {
            out.push('\n');
        }
        blocks(&lines[first..], depth + 1, out);
    }
    out.push_str("</li>\n");
}

fn paragraph(lines: &[&str], out: &mut String) {
    let class = if is_spaced(lines) { format!(" class=\"{SPACED}\"") } else { String::new() };
    out.push_str(&format!("<p{class}>"));
    inline(&lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n"), out);
    out.push_str("</p>\n");
}

/// Whether blanks in these lines are more than the space between two words.
fn is_spaced(lines: &[&str]) -> bool {
    lines.iter().map(|line| line.trim_end()).any(|line| line.contains('\t') || line.contains("  ") || line.starts_with(' '))
}

/// A piece of a text.
enum Piece<'a> {
    Text(&'a str),
    Break,
    Code(&'a str),
    /// What it shows, and where it leads.
    Link(&'a str, &'a str),
    /// Two asterisks, and whether they can begin and end what is bold.
    Bold {
        begins: bool,
        ends: bool,
    },
}

fn inline(text: &str, out: &mut String) {
    let mut pieces = vec![];
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            pieces.push(Piece::Break);
        }
        pieces_of(line, &mut pieces);
    }
    // Which asterisks belong together; any others are asterisks.
    let mut paired = vec![None; pieces.len()];
    let mut open = None;
    for (at, piece) in pieces.iter().enumerate() {
        match (piece, open) {
            (Piece::Bold { ends: true, .. }, Some(begin)) if begin + 1 < at => {
                (paired[begin], paired[at]) = (Some("<strong>"), Some("</strong>"));
                open = None;
            }
            (Piece::Bold { begins: true, .. }, None) => open = Some(at),
            _ => {}
        }
    }
    for (piece, pair) in pieces.iter().zip(paired) {
        match piece {
            Piece::Text(text) => out.push_str(&escaped(text)),
            Piece::Break => out.push_str("<br>"),
            Piece::Code(code) => out.push_str(&format!("<code>{}</code>", escaped(code))),
            Piece::Link(shown, to) => out.push_str(&format!("<a href=\"{}\">{}</a>", escaped(to), escaped(shown))),
            Piece::Bold { .. } => out.push_str(pair.unwrap_or("**")),
        }
    }
}

/// The pieces of one line.
fn pieces_of<'a>(line: &'a str, pieces: &mut Vec<Piece<'a>>) {
    let (mut from, mut at) = (0, 0);
    while at < line.len() {
        let rest = &line[at..];
        let found = match rest.as_bytes()[0] {
            b'`' => Some(code(rest).map_or_else(|| (Piece::Text(ticks(rest)), ticks(rest).len()), |(code, taken)| (Piece::Code(code), taken))),
            b'[' => named_link(rest).map(|(shown, to, taken)| (Piece::Link(shown, to), taken)),
            b'h' | b'H' => address(line, at).map(|address| (Piece::Link(address, address), address.len())),
            b'*' if rest.starts_with("**") => {
                let (begins, ends) = bold(&line[..at], &rest[2..]);
                Some((Piece::Bold { begins, ends }, 2))
            }
            _ => None,
        };
        match found {
            Some((piece, taken)) => {
                if from < at {
                    pieces.push(Piece::Text(&line[from..at]));
                }
                pieces.push(piece);
                at += taken;
                from = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if from < line.len() {
        pieces.push(Piece::Text(&line[from..]));
    }
}

fn ticks(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches('`').len()]
}

/// Code between as many backticks as it begins with, and how long that is with them.
fn code(text: &str) -> Option<(&str, usize)> {
    let open = ticks(text).len();
    let (mut at, inner) = (open, &text[open..]);
    while let Some(found) = text[at..].find('`') {
        let run = ticks(&text[at + found..]).len();
        if run == open {
            let code = &inner[..at + found - open];
            return (!code.trim().is_empty()).then_some((code, at + found + run));
        }
        at += found + run;
    }
    None
}

/// A link with words of its own: `[words](https://…)`; and how long that is.
fn named_link(text: &str) -> Option<(&str, &str, usize)> {
    let (shown, rest) = text[1..text.floor_char_boundary(MAX_WORDS)].split_once("](").map(|(shown, _)| (shown, &text[shown.len() + 3..]))?;
    let mut depth = 0_u32;
    let end = rest[..rest.floor_char_boundary(MAX_LINK)].char_indices().take_while(|(_, c)| !c.is_whitespace()).find_map(|(at, c)| match c {
        '(' => {
            depth += 1;
            None
        }
        ')' if depth == 0 => Some(at),
        ')' => {
            depth -= 1;
            None
        }
        _ => None,
    })?;
    let to = &rest[..end];
    let is_address = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| to.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)) && to.len() > scheme.len());
    let is_plain = !shown.trim().is_empty()
        && !shown.contains(['[', ']'])
        && !to.contains(|c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '>');
    (is_address && is_plain).then_some((shown, to, shown.len() + to.len() + 4))
}

/// Whether two asterisks between these can begin and end what is bold: only around words, so that a pattern of files or a power stays as it is.
fn bold(before: &str, after: &str) -> (bool, bool) {
    let (last, next) = (before.chars().next_back(), after.chars().next());
    let is_edge = |c: char| c.is_whitespace() || c == '*' || c == '/' || c == '\\';
    let is_inside = |c: Option<char>| c.is_some_and(|c| !is_edge(c));
    let begins = is_inside(next) && last.is_none_or(|c| c.is_whitespace() || "([{\"'‘“«„¿¡>-–—".contains(c));
    let ends = is_inside(last)
        && next.is_none_or(|c| c.is_whitespace() || (c.is_ascii_punctuation() && !matches!(c, '*' | '/' | '\\')) || "’”»…–—".contains(c));
    (begins, ends)
}

/// The first address in a text, with what stands before and after it.
fn split_at_address(text: &str) -> Option<(&str, &str, &str)> {
    let found = text.char_indices().filter(|(_, c)| matches!(c, 'h' | 'H')).find_map(|(at, _)| Some((at, address(text, at)?)));
    found.map(|(at, address)| (&text[..at], address, &text[at + address.len()..]))
}

/// The address that begins at a place: to the next blank or sign that no address has, but not what closes the sentence around it.
fn address(text: &str, at: usize) -> Option<&str> {
    let rest = &text[at..];
    let scheme =
        ["https://", "http://"].iter().find(|scheme| rest.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))?.len();
    if text[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|' | '“' | '”' | '„' | '«' | '»');
    let mut address = &rest[..rest.find(ends).unwrap_or(rest.len())];
    // What closes more than the address opened belongs to the sentence around it.
    let surplus = |open: char, close: char| address.matches(close).count().saturating_sub(address.matches(open).count());
    let mut closing = [(')', surplus('(', ')')), (']', surplus('[', ']')), ('}', surplus('{', '}'))];
    while let Some(last) = address.chars().next_back() {
        let closes = closing.iter_mut().find(|(close, surplus)| *close == last && *surplus > 0);
        match closes {
            Some((_, surplus)) => *surplus -= 1,
            None if matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '*' | '…') => {}
            None => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    (address.len() > scheme).then_some(address)
}

#[cfg(test)]
mod tests;
