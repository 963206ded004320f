//! What is to be read of a mail: its text and its HTML.
//!
//! Invariant: text that stands outside the one or the other is in both, so that whoever shows one shows everything.

use crate::limits::{MAX_HTML, MAX_TEXT};
use crate::parts::Raw;
use crate::{Oddity, Part, words};
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
}

/// Sorts the parts into what is read and what came along.
pub(crate) fn sort(parts: &[Raw<'_>], oddities: &mut Vec<Oddity>) -> Bodies {
    let mut files = vec![];
    let pieces = pieces(parts, 0, "", &mut files, oddities);
    let (text, html) = joined(pieces, oddities);
    Bodies { text, html, files }
}

/// The nesting is at most `MAX_DEPTH`, which the walk sees to.
fn pieces(parts: &[Raw<'_>], at: usize, parent: &str, files: &mut Vec<Part>, oddities: &mut Vec<Oddity>) -> Vec<Piece> {
    let Some(part) = parts.get(at) else { return vec![] };
    if part.opened && !part.children.is_empty() {
        let children: Vec<Vec<Piece>> = part.children.iter().map(|child| pieces(parts, *child, &part.kind, files, oddities)).collect();
        return if part.kind == "multipart/alternative" { vec![best(children)] } else { children.into_iter().flatten().collect() };
    }
    // It says that it holds others, and holds none: what is there is read as it stands.
    let hollow = part.kind.starts_with("multipart/") && !part.too_deep;
    if hollow {
        oddities.push(Oddity::BoundaryMissing);
    }
    let named = part.name().is_some() && at != 0;
    let kind = if hollow { "text/plain" } else { part.kind.as_str() };
    match kind {
        "text/x-amp-html" | "text/watch-html" if parent == "multipart/alternative" => vec![],
        "text/plain" | "text/html" if !part.is_attachment() && !named && !part.too_deep => {
            let most = if kind == "text/html" { MAX_HTML } else { MAX_TEXT };
            let text = readable(part, most, oddities);
            if text.trim().is_empty() && at != 0 {
                return vec![];
            }
            vec![if kind == "text/html" { Piece { html: Some(text), text: None } } else { Piece { text: Some(text), html: None } }]
        }
        _ => {
            files.push(Part::of(part, parent == "multipart/related", oddities));
            vec![]
        }
    }
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
    best
}

fn joined(pieces: Vec<Piece>, oddities: &mut Vec<Oddity>) -> (Option<String>, Option<String>) {
    let with_text = pieces.iter().any(|piece| piece.text.is_some());
    let with_html = pieces.iter().any(|piece| piece.html.is_some());
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
    if words::cut(&mut text, MAX_TEXT) {
        oddities.push(Oddity::TextCut);
    }
    if words::cut(&mut html, MAX_HTML) {
        oddities.push(Oddity::HtmlCut);
    }
    (with_text.then_some(text), with_html.then_some(html))
}

/// The text of a part: decoded, with line feeds for line ends, and no NUL.
fn readable(part: &Raw<'_>, most: usize, oddities: &mut Vec<Oddity>) -> String {
    let contents = part.contents(oddities);
    let kept = &contents[..contents.len().min(most)];
    if kept.len() < contents.len() {
        oddities.push(if part.kind == "text/html" { Oddity::HtmlCut } else { Oddity::TextCut });
    }
    let charset = part.parameter("charset");
    let (mut text, known) = words::decode(kept, charset);
    if !known {
        oddities.push(Oddity::UnknownCharset(words::one_line(charset.unwrap_or_default(), 40)));
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
    words::cut(&mut html, MAX_TEXT);
    for end in ["</div>", "</tr>", "</DIV>", "</TR>", "</li>", "</LI>"] {
        html = html.replace(end, "<br>");
    }
    let text: String = html_to_text(&html).replace('\u{a0}', " ");
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
