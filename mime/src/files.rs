//! What came along with a mail.
//!
//! Invariant: a file's name is a name, never a path, at most 255 bytes, and never empty.

use crate::limits::{MAX_FILE_NAME, MAX_ID};
use crate::parts::Raw;
use crate::{Oddity, charset};

/// A file in a mail: an attachment, or a picture in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What its sender called it, made safe; invented from its type where it has no name.
    pub name: String,
    /// What its sender says it is, in lower case.
    pub content_type: String,
    /// What the HTML refers to it by, without brackets.
    pub content_id: Option<String>,
    /// Whether it is meant to be shown in the text.
    pub inline: bool,
    /// What is in it.
    pub contents: Vec<u8>,
}

impl Part {
    pub(crate) fn of(raw: &Raw<'_>, related: bool, oddities: &mut Vec<Oddity>) -> Self {
        let contents = if raw.too_deep { raw.whole.into() } else { raw.contents(oddities) };
        let content_type = if raw.too_deep { "message/rfc822".to_owned() } else { raw.kind.clone() };
        let content_id = raw.fields.get("Content-ID").map(|value| charset::sentence(value, MAX_ID));
        let content_id = content_id.map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty() && id.len() <= MAX_ID);
        let inline = raw.is_inline() || content_id.is_some() && (related || raw.disposition.is_none());
        let name = match raw.name().filter(|_| !raw.too_deep).and_then(safe_name) {
            Some(name) => name,
            None if content_type == "message/rfc822" && !raw.too_deep => mail_name(&contents),
            None => invented(&content_type),
        };
        Self { name, content_type, content_id, inline, contents: contents.into_owned() }
    }

    /// A file that stood in the text.
    pub(crate) fn named(name: &str, contents: Vec<u8>) -> Self {
        let content_type = "application/octet-stream".to_owned();
        Self { name: safe_name(name).unwrap_or_else(|| invented(&content_type)), content_type, content_id: None, inline: false, contents }
    }

    /// A picture that stood in the HTML, which names it by this id.
    pub(crate) fn in_text(content_type: String, id: String, contents: Vec<u8>) -> Self {
        Self { name: invented(&content_type), content_type, content_id: Some(id), inline: true, contents }
    }

    /// Whether it is a mail of its own.
    pub fn is_mail(&self) -> bool {
        matches!(self.content_type.as_str(), "message/rfc822" | "message/global")
    }
}

/// A mail that came along is called by its subject.
fn mail_name(contents: &[u8]) -> String {
    let (fields, ..) = crate::headers::Fields::read(contents, 0, |_| false);
    let subject = fields.get("Subject").map(|value| charset::sentence(value, 80)).unwrap_or_default();
    let subject = subject.replace(['/', '\\', ':'], "-");
    safe_name(&format!("{subject}.eml")).filter(|name| name != "eml").unwrap_or_else(|| "mail.eml".to_owned())
}

/// The name without a path, control characters or characters that turn text around; none where nothing is left.
fn safe_name(name: &str) -> Option<String> {
    let name = charset::decoded(name);
    let last = name.trim().rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control() && !hides(*c)).collect();
    let kept = kept.trim().trim_start_matches('.').trim_end_matches(['.', ' ']).trim_start();
    (!kept.is_empty()).then(|| shortened(kept))
}

fn hides(c: char) -> bool {
    charset::turns(c) || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_FILE_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() < 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    format!("{}{extension}", &stem[..stem.floor_char_boundary(MAX_FILE_NAME - extension.len())])
}

fn invented(kind: &str) -> String {
    match kind {
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "afbeelding.jpg",
        "image/png" => "afbeelding.png",
        "image/gif" => "afbeelding.gif",
        "image/webp" => "afbeelding.webp",
        "image/bmp" => "afbeelding.bmp",
        "image/tiff" => "afbeelding.tiff",
        "image/heic" => "afbeelding.heic",
        "image/svg+xml" => "afbeelding.svg",
        "application/pdf" => "bestand.pdf",
        "application/zip" => "bestand.zip",
        "application/json" => "bestand.json",
        "application/ms-tnef" => "winmail.dat",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "smime.p7m",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "smime.p7s",
        "application/pgp-signature" => "signature.asc",
        "application/pgp-encrypted" => "version.asc",
        "message/delivery-status" | "message/global-delivery-status" => "bezorging.txt",
        "message/disposition-notification" => "leesbevestiging.txt",
        "text/rfc822-headers" => "kopregels.txt",
        "message/rfc822" | "message/global" => "mail.eml",
        "text/calendar" | "application/ics" => "uitnodiging.ics",
        "text/vcard" | "text/x-vcard" | "text/directory" => "contact.vcf",
        "text/plain" => "bestand.txt",
        "text/html" => "bestand.html",
        "text/csv" => "bestand.csv",
        "text/xml" | "application/xml" => "bestand.xml",
        "audio/mpeg" => "geluid.mp3",
        "audio/wav" | "audio/x-wav" => "geluid.wav",
        "audio/mp4" | "audio/x-m4a" => "geluid.m4a",
        "video/mp4" => "video.mp4",
        "video/quicktime" => "video.mov",
        _ => "bestand.bin",
    }
    .to_owned()
}
