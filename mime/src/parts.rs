//! A mail's parts: where each begins and ends, and what its header says of it.
//!
//! Invariant: the mail is gone through once from front to back, whatever boundaries it claims to have.
//! mail-parser decodes the fields; its own walk begins anew at every boundary that is never found, and goes as deep as a mail says.

use crate::Oddity;
use crate::headers::{End, Fields, line_end, without_break};
use crate::limits::{MAX_BOUNDARY, MAX_CONTENT_FIELD, MAX_DEPTH, MAX_PARTS};
use crate::{charset, parameters, uuencoded};
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};
use std::borrow::Cow;

/// A part as it stands in the mail.
#[derive(Debug)]
pub(crate) struct Raw<'a> {
    /// Its header.
    pub(crate) fields: Fields<'a>,
    /// What it says it is, in lower case: `text/plain`.
    pub(crate) kind: String,
    /// What stands behind the type.
    pub(crate) content_type: Option<ContentType<'static>>,
    /// What it says it is for.
    pub(crate) disposition: Option<ContentType<'static>>,
    /// What it says it is called.
    name: Option<String>,
    /// Header and body.
    pub(crate) whole: &'a [u8],
    /// Body, encoded as it came.
    pub(crate) body: &'a [u8],
    /// What is in it, in order, as places in the list.
    pub(crate) children: Vec<usize>,
    /// Whether it is the rest of a mail that was too deep.
    pub(crate) too_deep: bool,
    /// Whether its parts are in `children`.
    pub(crate) opened: bool,
}

impl Raw<'_> {
    /// A parameter of the type.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        last(self.content_type.as_ref(), name)
    }

    /// What it says it is called.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it says that it is an attachment.
    pub(crate) fn is_attachment(&self) -> bool {
        self.disposition.as_ref().is_some_and(ContentType::is_attachment)
    }

    /// Whether it says that it is shown in place.
    pub(crate) fn is_inline(&self) -> bool {
        self.disposition.as_ref().is_some_and(ContentType::is_inline)
    }

    /// Its body without the encoding it travelled in.
    pub(crate) fn contents(&self, oddities: &mut Vec<Oddity>) -> Cow<'_, [u8]> {
        let encoding = self.fields.lower("Content-Transfer-Encoding").unwrap_or_default();
        let encoding = encoding.split([';', ' ', '(']).next().unwrap_or_default().trim_matches('"');
        match encoding {
            "base64" | "base-64" | "b" if !charset::is_base64(self.body) => {
                oddities.push(Oddity::BrokenEncoding);
                self.body.into()
            }
            "base64" | "base-64" | "b" => {
                let (bytes, rough) = charset::rough_base64(self.body);
                if rough {
                    oddities.push(Oddity::BrokenEncoding);
                }
                bytes.into()
            }
            "quoted-printable" => unquoted(self.body, oddities).into(),
            "" | "7bit" | "8bit" | "binary" | "none" | "7-bit" | "8-bit" => self.body.into(),
            "x-uuencode" | "uuencode" | "x-uue" | "uue" if let Some(file) = uuencoded::only(self.body) => file.into(),
            _ => {
                oddities.push(Oddity::UnknownEncoding);
                self.body.into()
            }
        }
    }
}

/// The one with an encoding (RFC 2231) follows the plain one, and is what was meant.
fn last<'c>(of: Option<&'c ContentType<'_>>, name: &str) -> Option<&'c str> {
    of?.attributes.as_deref()?.iter().rev().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_ref())
}

fn unquoted(body: &[u8], oddities: &mut Vec<Oddity>) -> Vec<u8> {
    let decode = |bytes: &[u8]| {
        let (end, decoded) = MessageStream::new(bytes).decode_quoted_printable_mime(b"");
        (end != usize::MAX).then(|| decoded.into_owned())
    };
    if let Some(decoded) = decode(body) {
        return decoded;
    }
    // An equals sign that encodes nothing is itself.
    oddities.push(Oddity::BrokenEncoding);
    let mut mended = Vec::with_capacity(body.len() + body.len() / 8);
    for (at, byte) in body.iter().enumerate() {
        mended.push(*byte);
        let encodes = || match body.get(at + 1..) {
            Some([high, low, ..]) => high.is_ascii_hexdigit() && low.is_ascii_hexdigit() || matches!(high, b'\r' | b'\n' | b' ' | b'\t'),
            _ => true,
        };
        if *byte == b'=' && !encodes() {
            mended.extend_from_slice(b"3D");
        }
    }
    decode(&mended).unwrap_or_else(|| body.to_vec())
}

struct Open {
    boundary: Vec<u8>,
    part: usize,
}

struct Found {
    /// Where the body before it ends.
    before: usize,
    next: usize,
    level: usize,
    closes: bool,
}

/// Every part, each before what is in it; the first is the mail itself.
pub(crate) fn walk<'a>(raw: &'a [u8], oddities: &mut Vec<Oddity>) -> Vec<Raw<'a>> {
    let mut parts: Vec<Raw<'a>> = vec![];
    let mut open: Vec<Open> = vec![];
    let mut at = beginning(raw);
    loop {
        let (fields, body, end) = Fields::read(raw, at, |line| delimiter(line, &open).is_some());
        if parts.is_empty() && end == End::NoBlank {
            oddities.push(Oddity::NoBlankLine);
        }
        if fields.full() {
            oddities.push(Oddity::TooManyFields);
        }
        let parent = open.last().map(|open| open.part);
        let part = parts.len();
        let mut new = describe(fields, parent.and_then(|parent| parts.get(parent)));
        let boundary = boundary_of(&new);
        let found = match boundary {
            Some(boundary) if open.len() < MAX_DEPTH => {
                new.opened = true;
                open.push(Open { boundary, part });
                next_delimiter(raw, body, &open)
            }
            boundary => {
                if boundary.is_some() {
                    oddities.push(Oddity::TooDeep);
                    new.too_deep = true;
                }
                next_delimiter(raw, body, &open)
            }
        };
        let until = found.as_ref().map_or(raw.len(), |found| found.before.max(body));
        new.body = &raw[body..until];
        new.whole = &raw[at..until];
        if let Some(parent) = parent.and_then(|parent| parts.get_mut(parent)) {
            parent.children.push(part);
        }
        parts.push(new);

        // After the end of a part that holds others nothing counts until the next boundary around it.
        let mut found = found;
        let next = loop {
            let Some(this) = found else { break None };
            open.truncate(this.level + 1);
            if !this.closes {
                break Some(this.next);
            }
            open.truncate(this.level);
            if open.is_empty() {
                break None;
            }
            found = next_delimiter(raw, this.next, &open);
        };
        match next {
            Some(next) if parts.len() < MAX_PARTS => at = next,
            Some(_) => {
                oddities.push(Oddity::TooManyParts);
                break;
            }
            None => break,
        }
    }
    if !open.is_empty() {
        oddities.push(Oddity::Unterminated);
    }
    parts
}

/// The header of the mail itself.
pub(crate) fn header(raw: &[u8]) -> Fields<'_> {
    Fields::read(raw, beginning(raw), |_| false).0
}

/// Where what follows the header of the mail itself begins.
pub(crate) fn body_at(raw: &[u8]) -> usize {
    Fields::read(raw, beginning(raw), |_| false).1
}

/// Empty lines before the header are passed over.
fn beginning(raw: &[u8]) -> usize {
    let from = if raw.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let first = raw[from..].iter().position(|b| !matches!(b, b'\r' | b'\n')).map_or(from, |at| at + from);
    let (fields, ..) = Fields::read(&raw[first..line_end(raw, first)], 0, |_| false);
    if fields.is_empty() { from } else { first }
}

fn describe<'a>(fields: Fields<'a>, parent: Option<&Raw<'a>>) -> Raw<'a> {
    let of_type = fields.get("Content-Type").map(|value| parameters::tidied(&parameters::decoded(&charset::unfolded(value, MAX_CONTENT_FIELD))));
    let of_disposition = fields.get("Content-Disposition").map(|value| parameters::decoded(&charset::unfolded(value, MAX_CONTENT_FIELD)));
    let content_type = of_type.as_deref().and_then(content);
    let disposition = of_disposition.as_deref().and_then(content);
    let named = |line: &Option<String>, parsed: &Option<ContentType<'static>>, [usual, odd]: [&str; 2]| {
        let plain = |name| last(parsed.as_ref(), name).map(str::to_owned);
        line.as_deref().and_then(|line| parameters::extended(line, usual)).or_else(|| plain(usual)).or_else(|| plain(odd))
    };
    let name = named(&of_disposition, &disposition, ["filename", "name"]).or_else(|| named(&of_type, &content_type, ["name", "filename"]));
    let kind = match &content_type {
        Some(ContentType { c_type, c_subtype: Some(subtype), .. }) => format!("{c_type}/{subtype}").to_ascii_lowercase(),
        // The type alone, or one that is none at all: the mail itself is text (RFC 2045, 5.2).
        Some(ContentType { c_type, .. }) if c_type == "html" => "text/html".to_owned(),
        Some(ContentType { c_type, .. }) if matches!(c_type.as_ref(), "text" | "plain") || parent.is_none() && name.is_none() => {
            "text/plain".to_owned()
        }
        Some(_) => "application/octet-stream".to_owned(),
        None if parent.is_some_and(|parent| parent.kind == "multipart/digest") => "message/rfc822".to_owned(),
        None => "text/plain".to_owned(),
    };
    let kind = charset::one_line(&kind, 100);
    Raw { fields, kind, content_type, disposition, name, whole: &[], body: &[], children: vec![], too_deep: false, opened: false }
}

fn content(line: &str) -> Option<ContentType<'static>> {
    let line = charset::quoted(line) + "\n";
    match MessageStream::new(line.as_bytes()).parse_content_type().into_owned() {
        HeaderValue::ContentType(content_type) => Some(content_type),
        _ => None,
    }
}

fn boundary_of(part: &Raw<'_>) -> Option<Vec<u8>> {
    let boundary = part.content_type.as_ref().filter(|_| part.kind.starts_with("multipart/"))?.attribute("boundary")?;
    let boundary = boundary.trim_end().as_bytes();
    (!boundary.is_empty() && boundary.len() <= MAX_BOUNDARY).then(|| boundary.to_vec())
}

/// The level whose boundary this line is, the innermost first, and whether it closes it.
fn delimiter(line: &[u8], open: &[Open]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--").filter(|line| line.len() <= 2 * MAX_BOUNDARY)?.trim_ascii_end();
    open.iter().enumerate().rev().find_map(|(level, open)| match line.strip_prefix(open.boundary.as_slice())? {
        b"" => Some((level, false)),
        b"--" => Some((level, true)),
        _ => None,
    })
}

fn next_delimiter(raw: &[u8], from: usize, open: &[Open]) -> Option<Found> {
    let mut at = from;
    while at < raw.len() && !open.is_empty() {
        let next = line_end(raw, at);
        if raw[at..next].starts_with(b"--")
            && let Some((level, closes)) = delimiter(without_break(&raw[at..next]), open)
        {
            let before = from.max(without_break(&raw[..at]).len());
            return Some(Found { before, next, level, closes });
        }
        at = next;
    }
    None
}
