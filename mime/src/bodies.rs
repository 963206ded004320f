//! What is to be read of a mail: its text and its HTML.
//!
//! Invariant: text that stands outside the one or the other is in both, so that whoever shows one shows everything.

use crate::limits::{MAX_HTML, MAX_SIGNATURES, MAX_TEXT};
use crate::parts::{self, Raw};
use crate::{Oddity, Part, Sealed, charset, data_images, encrypted, flowed, signed, uuencoded};
use mail_parser::decoders::html::html_to_text;

/// A stretch of what is to be read, in one or two forms.
#[derive(Debug, Default)]
struct Piece {
    text: Option<String>,
    html: Option<String>,
}

/// What was found while going through the parts.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) files: Vec<Part>,
    /// What is sealed within a signature that was opened.
    pub(crate) sealed: Vec<Sealed>,
    /// Whether what is read stood inside an S/MIME signature.
    pub(crate) in_signature: bool,
    /// Whether a picture stands in front of what is read, which no HTML names.
    pub(crate) begins_with_picture: bool,
}

/// Sorts the parts into what is read and what came along.
pub(crate) fn sort(parts: &[Raw<'_>], oddities: &mut Vec<Oddity>) -> Bodies {
    sort_within(parts, 0, oddities)
}

fn sort_within(parts: &[Raw<'_>], signatures: usize, oddities: &mut Vec<Oddity>) -> Bodies {
    let mut reader = Reader { parts, texts: vec![], signatures, found: Bodies::default(), oddities };
    let mut pieces = reader.pieces(0, "");
    // Where nothing else is said, a text with a name is what is said, and no file.
    let texts = named_texts(parts);
    if !texts.is_empty() && !pieces.iter().any(Piece::says_something) {
        (reader.texts, reader.found) = (texts, Bodies::default());
        pieces = reader.pieces(0, "");
    }
    let Reader { found, oddities, .. } = reader;
    let (text, html) = joined(pieces, oddities);
    let begins_with_picture = found.begins_with_picture || first_is_picture(parts, 0, "") == Some(true);
    Bodies { text, html, begins_with_picture, ..found }
}

struct Reader<'r, 'a> {
    parts: &'r [Raw<'a>],
    /// The parts with a name that are read all the same.
    texts: Vec<usize>,
    /// How many signatures these parts are in.
    signatures: usize,
    found: Bodies,
    oddities: &'r mut Vec<Oddity>,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// The nesting is at most `MAX_DEPTH`, which the walk sees to.
    fn pieces(&mut self, at: usize, parent: &str) -> Vec<Piece> {
        let parts: &'r [Raw<'a>] = self.parts;
        let Some(part) = parts.get(at) else { return vec![] };
        if part.opened && !part.children.is_empty() {
            let children: Vec<Vec<Piece>> = part.children.iter().map(|child| self.pieces(*child, &part.kind)).collect();
            return if part.kind == ALTERNATIVE { vec![best(children)] } else { children.into_iter().flatten().collect() };
        }
        // It says that it holds others, and holds none: what is there is read as it stands.
        let hollow = part.kind.starts_with("multipart/") && !part.too_deep;
        if hollow {
            self.oddities.push(Oddity::BoundaryMissing);
        }
        let is_text = hollow || is_text(part) && (at == 0 || !part.is_attachment());
        match part.kind.as_str() {
            _ if is_text && (at == 0 || part.name().is_none()) => self.text(part, at),
            _ if is_text && self.texts.contains(&at) => {
                // It may have been meant as a file after all; a page of HTML that is one would be shown to nobody.
                if part.kind == "text/plain" {
                    self.file(part, parent);
                }
                self.text(part, at)
            }
            kind if parent == ALTERNATIVE && is_another_form(part, kind) => vec![],
            _ => self.signed(part, parent).unwrap_or_else(|| {
                self.file(part, parent);
                vec![]
            }),
        }
    }

    fn file(&mut self, part: &Raw<'_>, parent: &str) {
        let file = Part::of(part, parent == "multipart/related", self.oddities);
        self.found.files.push(file);
    }

    /// What a part of text says.
    fn text(&mut self, part: &Raw<'_>, at: usize) -> Vec<Piece> {
        let is_html = part.kind == "text/html";
        let mut contents = part.contents(self.oddities);
        if is_html {
            // Before it is cut: a screenshot is longer than any text.
            let pictures;
            (contents, pictures) = data_images::take(contents, &format!("picture-{}-{at}", self.signatures));
            self.found.files.extend(pictures);
        }
        let text = readable(part, &contents, if is_html { MAX_HTML } else { MAX_TEXT }, self.oddities);
        if is_html {
            return if text.trim().is_empty() && at != 0 { vec![] } else { vec![Piece { html: Some(text), text: None }] };
        }
        let (text, files) = uuencoded::take(text);
        self.found.files.extend(files.into_iter().map(|file| Part::named(&file.name, file.contents)));
        let is = |name: &str, value: &str| part.parameter(name).is_some_and(|found| found.trim().eq_ignore_ascii_case(value));
        let text = if is("format", "flowed") { flowed::unflowed(&text, is("delsp", "yes")) } else { text };
        if at == 0 && part.is_attachment() && part.name().is_some() {
            self.file(part, "");
        }
        if text.trim().is_empty() && at != 0 { vec![] } else { vec![Piece { text: Some(text), html: None }] }
    }

    /// The mail inside a signature, which stays among the files.
    fn signed(&mut self, part: &Raw<'_>, parent: &str) -> Option<Vec<Piece>> {
        if self.signatures >= MAX_SIGNATURES || !encrypted::may_be_smime(part) {
            return None;
        }
        let mail = signed::opened(&part.contents(self.oddities))?;
        let parts = parts::walk(&mail, self.oddities);
        let inner = sort_within(&parts, self.signatures + 1, self.oddities);
        self.file(part, parent);
        self.found.files.extend(inner.files);
        self.found.sealed.extend(encrypted::find(&parts, inner.text.as_deref()));
        self.found.sealed.extend(inner.sealed);
        self.found.in_signature = true;
        self.found.begins_with_picture |= inner.begins_with_picture;
        Some(vec![Piece { text: inner.text, html: inner.html }])
    }
}

const ALTERNATIVE: &str = "multipart/alternative";

fn is_text(part: &Raw<'_>) -> bool {
    matches!(part.kind.as_str(), "text/plain" | "text/html") && !part.too_deep
}

/// Whether it is what the texts beside it say, for another kind of program: a page for a watch, a reaction for Gmail.
fn is_another_form(part: &Raw<'_>, kind: &str) -> bool {
    let own = ["text/calendar", "text/plain", "text/html", "text/vcard", "text/x-vcard", "text/directory", "text/csv"];
    kind.starts_with("text/") && !own.contains(&kind) && part.name().is_none() && !part.is_attachment()
}

/// The first text with a name, and those that say the same.
fn named_texts(parts: &[Raw<'_>]) -> Vec<usize> {
    let named = |at: &usize| parts.get(*at).is_some_and(|part| is_text(part) && !part.is_attachment() && part.name().is_some());
    let Some(first) = (1..parts.len()).find(named) else { return vec![] };
    let around = parts.iter().find(|part| part.kind == ALTERNATIVE && part.children.contains(&first));
    around.map_or_else(|| vec![first], |part| part.children.iter().copied().filter(named).collect())
}

/// Whether the first thing that is shown is a picture that stands by itself; none where nothing is shown.
fn first_is_picture(parts: &[Raw<'_>], at: usize, parent: &str) -> Option<bool> {
    let part = parts.get(at)?;
    if part.opened && !part.children.is_empty() {
        let mut found = part.children.iter().map(|child| first_is_picture(parts, *child, &part.kind));
        return if part.kind == ALTERNATIVE { found.next_back().flatten() } else { found.flatten().next() };
    }
    if is_text(part) && !part.is_attachment() {
        let contents = part.contents(&mut vec![]);
        let text = readable(part, &contents, if part.kind == "text/html" { MAX_HTML } else { MAX_TEXT }, &mut vec![]);
        let shows = if part.kind == "text/html" { !shows_nothing(&text) } else { has_words(&text) };
        return shows.then_some(false);
    }
    (part.kind.starts_with("image/") && parent != "multipart/related" && part.is_inline()).then_some(true)
}

impl Piece {
    fn says_something(&self) -> bool {
        self.text.as_deref().is_some_and(has_words) || self.html.as_deref().is_some_and(|html| !shows_nothing(html))
    }
}

/// Whether it has words of its own, beside the marks that stand for pictures: `[image: logo.png]`, `[cid:logo]`, `<logo.png>`.
fn has_words(text: &str) -> bool {
    let mut inside = 0_usize;
    text.chars().any(|c| {
        match c {
            '[' | '<' => inside += 1,
            ']' | '>' => inside = inside.saturating_sub(1),
            c if inside == 0 => return !is_unseen(c),
            _ => {}
        }
        false
    })
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fffc}')
}

/// Whether a page shows neither words nor a picture.
fn shows_nothing(html: &str) -> bool {
    without_words(html) && !["<img", "<svg", "<video", "<picture"].iter().any(|tag| holds(html, tag))
}

fn without_words(html: &str) -> bool {
    html_to_text(html).chars().all(is_unseen)
}

fn holds(html: &str, wanted: &str) -> bool {
    html.as_bytes().windows(wanted.len()).any(|found| found.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// Of the same said in several ways: the first text and the last HTML, for the best comes last (RFC 2046).
fn best(children: Vec<Vec<Piece>>) -> Piece {
    let mut best = Piece::default();
    for child in children {
        // The oddities of cutting are told when all is joined.
        let (text, html) = joined(child, &mut vec![]);
        best.text = best.text.or(text);
        best.html = html.or(best.html);
    }
    // An empty shell beside a full text, perhaps with a picture elsewhere by which somebody counts readers.
    if best.text.as_deref().is_some_and(has_words) && best.html.as_deref().is_some_and(|html| without_words(html) && !holds(html, "cid:")) {
        best.html = None;
    }
    best
}

fn joined(pieces: Vec<Piece>, oddities: &mut Vec<Oddity>) -> (Option<String>, Option<String>) {
    let with_text = pieces.iter().any(|piece| piece.text.is_some());
    let is_said = pieces.iter().any(|piece| piece.html.is_none() && piece.text.as_deref().is_some_and(has_words));
    let with_html = pieces.iter().filter_map(|piece| piece.html.as_deref()).any(|html| !is_said || !shows_nothing(html));
    let (mut text, mut html) = (String::new(), String::new());
    for piece in pieces {
        if with_html && html.len() <= MAX_HTML {
            match (&piece.html, &piece.text) {
                (Some(written), _) => html.push_str(written),
                (None, Some(plain)) => html.push_str(&escaped(plain)),
                _ => {}
            }
        }
        if with_text && text.len() <= MAX_TEXT {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            match (piece.text, piece.html) {
                (Some(plain), _) => text.push_str(&plain),
                (None, Some(written)) => text.push_str(&plain_of(&written)),
                _ => {}
            }
        }
    }
    if charset::cut(&mut text, MAX_TEXT) {
        oddities.push(Oddity::TextCut);
    }
    if charset::cut(&mut html, MAX_HTML) {
        oddities.push(Oddity::HtmlCut);
    }
    (with_text.then_some(text), with_html.then_some(html))
}

/// The text of a part with these contents: decoded, with line feeds for line ends, and no NUL.
fn readable(part: &Raw<'_>, contents: &[u8], most: usize, oddities: &mut Vec<Oddity>) -> String {
    let kept = &contents[..contents.len().min(most)];
    if kept.len() < contents.len() {
        oddities.push(if part.kind == "text/html" { Oddity::HtmlCut } else { Oddity::TextCut });
    }
    let written = part.parameter("charset");
    // ASCII is what programs say that do not know.
    let unsure = written.is_none_or(|charset| !charset::is_known(charset) || charset.to_ascii_lowercase().contains("ascii"));
    let in_html = (unsure && part.kind == "text/html").then(|| charset::charset_in_html(kept)).flatten();
    let charset = in_html.as_deref().or(written);
    let (mut text, known) = charset::decode(kept, charset);
    if !known {
        oddities.push(Oddity::UnknownCharset(charset::one_line(charset.unwrap_or_default(), 40)));
    }
    if kept.len() < contents.len() {
        // The cut may have gone through a character.
        text.truncate(text.trim_end_matches('\u{fffd}').len());
    }
    tidy(text)
}

pub(crate) fn tidy(text: String) -> String {
    if text.contains(['\r', '\0']) { text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "") } else { text }
}

fn escaped(plain: &str) -> String {
    let plain = plain.trim_matches('\n').replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\n");
    format!("<div>{plain}</div>\n")
}

/// HTML as text, for looking into and for joining; whoever shows a mail has better means.
pub(crate) fn plain_of(html: &str) -> String {
    let mut html = html.to_owned();
    charset::cut(&mut html, MAX_TEXT);
    for end in ["</div>", "</tr>", "</DIV>", "</TR>", "</li>", "</LI>"] {
        html = html.replace(end, "<br>");
    }
    let text: String = html_to_text(&html).replace('\u{a0}', " ");
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
