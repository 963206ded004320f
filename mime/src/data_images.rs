//! Pictures that stand in the HTML itself, as `data:` addresses (RFC 2397): they become parts like those that are sent beside it.

use crate::Part;
use mail_parser::decoders::base64::base64_decode;
use std::borrow::Cow;

/// Longest media type that is looked for.
const LONGEST_TYPE: usize = 60;

/// Takes the pictures out of a page; `name` is followed by its number in each one's id. Each is named by `cid:` where it stood (RFC 2392).
pub(crate) fn take<'h>(html: Cow<'h, [u8]>, name: &str) -> (Cow<'h, [u8]>, Vec<Part>) {
    let (mut kept, mut parts, mut rest) = (Vec::new(), Vec::new(), &html[..]);
    while let Some(found) = next(rest) {
        let id = format!("{name}-{}", parts.len() + 1);
        kept.extend_from_slice(&rest[..found.start]);
        kept.extend_from_slice(b"cid:");
        kept.extend_from_slice(id.as_bytes());
        parts.push(Part::in_text(found.kind, id, found.contents));
        rest = &rest[found.end..];
    }
    if parts.is_empty() {
        return (html, parts);
    }
    kept.extend_from_slice(rest);
    (kept.into(), parts)
}

struct Found {
    start: usize,
    end: usize,
    kind: String,
    contents: Vec<u8>,
}

/// The first value of a `src` that is an image in base64.
fn next(html: &[u8]) -> Option<Found> {
    let mut from = 0;
    while let Some(at) = html[from..].windows(11).position(|found| found.eq_ignore_ascii_case(b"data:image/")).map(|at| from + at) {
        from = at + 11;
        let Some(quote) = html[..at].last().copied().filter(|quote| matches!(quote, b'"' | b'\'')) else { continue };
        let before = html[..at - 1].trim_ascii_end();
        let Some(before) = before.strip_suffix(b"=").map(<[u8]>::trim_ascii_end) else { continue };
        if !before.get(before.len().saturating_sub(3)..).is_some_and(|name| name.eq_ignore_ascii_case(b"src")) {
            continue;
        }
        let length = html[at..].iter().position(|byte| *byte == quote)?;
        let value = &html[at + 5..at + length];
        from = at + length;
        let Some(comma) = value.iter().take(LONGEST_TYPE).position(|byte| *byte == b',') else { continue };
        let (described, encoded) = (String::from_utf8_lossy(&value[..comma]).to_ascii_lowercase(), &value[comma + 1..]);
        let Some(kind) = described.strip_suffix(";base64").and_then(|kind| kind.split(';').next()) else { continue };
        let encoded: Vec<u8> = encoded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if let Some(contents) = base64_decode(&encoded).filter(|contents| !contents.is_empty()) {
            return Some(Found { start: at, end: at + length, kind: kind.to_owned(), contents });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(html: &str) -> (String, Vec<Part>) {
        let (kept, parts) = take(html.as_bytes().into(), "picture");
        (String::from_utf8(kept.into_owned()).unwrap(), parts)
    }

    #[test]
    fn a_picture_in_the_html_becomes_a_part_that_the_html_names() {
        let (html, parts) =
            taken("<p>Zie:</p><IMG alt=x SRC = 'data:image/PNG;charset=x;base64,aGFs\r\nbG8='><img src=\"data:image/gif;base64,R0lG\">");
        assert_eq!(html, "<p>Zie:</p><IMG alt=x SRC = 'cid:picture-1'><img src=\"cid:picture-2\">");
        let [first, second] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!((first.contents.as_slice(), first.content_type.as_str(), first.name.as_str()), (&b"hallo"[..], "image/png", "afbeelding.png"));
        assert_eq!((second.contents.as_slice(), second.content_id.as_deref()), (&b"GIF"[..], Some("picture-2")));
    }

    #[test]
    fn what_is_no_picture_in_base64_stays() {
        for html in [
            "data:image/png;base64,aGFsbG8=",
            "<a href=\"data:image/png;base64,aGFsbG8=\">",
            "<img src=\"data:image/png,%89PNG\">",
            "<img src=\"data:image/png;base64,\">",
            "<img src=\"data:text/html;base64,aGFsbG8=\">",
            "<img src=\"data:image/png;base64,aGFsbG8=",
            "\"data:image/",
            "src=\"data:image/\"",
        ] {
            assert_eq!(taken(html), (html.to_owned(), vec![]), "{html}");
        }
    }
}
