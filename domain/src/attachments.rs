//! Files: what they may be called and what kinds are accepted.
//!
//! Invariant: a name is a name, never a path, and the last extension alone says the kind; the content must agree with it.

use crate::{AttachmentId, Fault};
use serde::{Deserialize, Serialize};

/// Largest file where the settings say nothing else, in mebibytes.
pub const MAX_MEBIBYTES: u32 = 50;
/// Most files on one message.
pub const MAX_FILES: usize = 20;
/// Longest name, in bytes: what common file systems take.
pub const MAX_NAME: usize = 255;

/// An uploaded file, as everyone on its ticket sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which one.
    pub id: AttachmentId,
    /// What its owner called it.
    pub name: FileName,
    /// In bytes.
    pub size: i64,
    /// Whether it is an image with a preview.
    pub image: bool,
}

impl Attachment {
    /// Whether it is a picture, also one too large to be shown: it counts as a screenshot, and is there to be downloaded.
    pub fn is_picture(&self) -> bool {
        self.image || matches!(Kind::of(&self.name), Ok(Kind::Image(_)))
    }
}

/// A file's name without a path, control characters or characters that turn text around.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileName(String);

impl FileName {
    /// Takes any name; keeps what follows the last slash of either kind, and shortens it at the front of the extension.
    pub fn clean(text: &str) -> Self {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let kept: String = last.chars().filter(|c| !c.is_control() && !crate::typed::is_unseen(*c)).collect();
        let kept = kept.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
        if kept.is_empty() {
            return Self("bestand".to_owned());
        }
        Self(shorten(kept))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot, in lower case.
    pub fn extension(&self) -> Option<String> {
        self.0.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase())
    }
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() < 16 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut end = MAX_NAME - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &stem[..end])
}

/// A kind of file that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A raster image that gets a preview.
    Image(&'static str),
    /// A document with a signature that is recognised, one of these types.
    Document(&'static str, &'static [&'static str]),
    /// Text, which has no signature.
    Text(&'static str),
    /// What only another program can read, such as a signature: kept as it came, as long as it is nothing that is recognised.
    Sealed(&'static str),
}

impl Kind {
    /// The media type it is served with.
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::Image(media) | Kind::Document(media, _) | Kind::Text(media) | Kind::Sealed(media) => media,
        }
    }

    /// The kind a name promises; [`Fault::ForbiddenKind`] where it is not accepted.
    pub fn of(name: &FileName) -> Result<Self, Fault> {
        const ZIP: &str = "application/zip";
        const OLE: &str = "application/x-ole-storage";
        let extension = name.extension().ok_or(Fault::ForbiddenKind)?;
        Ok(match extension.as_str() {
            "png" => Kind::Image("image/png"),
            "jpg" | "jpeg" => Kind::Image("image/jpeg"),
            "gif" => Kind::Image("image/gif"),
            "webp" => Kind::Image("image/webp"),
            "pdf" => Kind::Document("application/pdf", &["application/pdf"]),
            "docx" => Kind::Document(
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                &[ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
            ),
            "xlsx" => Kind::Document(
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                &[ZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
            ),
            "pptx" => Kind::Document(
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                &[ZIP, "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
            ),
            "odt" => Kind::Document("application/vnd.oasis.opendocument.text", &[ZIP, "application/vnd.oasis.opendocument.text"]),
            "ods" => Kind::Document("application/vnd.oasis.opendocument.spreadsheet", &[ZIP, "application/vnd.oasis.opendocument.spreadsheet"]),
            "doc" => Kind::Document("application/msword", &[OLE, "application/msword"]),
            "xls" => Kind::Document("application/vnd.ms-excel", &[OLE, "application/vnd.ms-excel"]),
            "msg" => Kind::Document("application/vnd.ms-outlook", &[OLE, "application/msword", "application/vnd.ms-outlook"]),
            "zip" => Kind::Document(ZIP, &[ZIP]),
            "7z" => Kind::Document("application/x-7z-compressed", &["application/x-7z-compressed"]),
            "gz" => Kind::Document("application/gzip", &["application/gzip"]),
            "mp4" => Kind::Document("video/mp4", &["video/mp4"]),
            "webm" => Kind::Document("video/webm", &["video/webm"]),
            "txt" | "log" | "md" | "sql" | "ini" | "eml" => Kind::Text("text/plain"),
            "ics" => Kind::Text("text/calendar"),
            "vcf" => Kind::Text("text/vcard"),
            "asc" => Kind::Text("application/pgp-keys"),
            "p7s" | "p7m" | "pgp" | "gpg" => Kind::Sealed("application/octet-stream"),
            "dat" => Kind::Sealed("application/ms-tnef"),
            "csv" => Kind::Text("text/csv"),
            "json" => Kind::Text("application/json"),
            "xml" => Kind::Text("application/xml"),
            _ => return Err(Fault::ForbiddenKind),
        })
    }

    /// Whether the first bytes of the content agree; `found` is the media type its signature says, where it has one.
    pub fn agrees(self, found: Option<&str>, head: &[u8]) -> bool {
        match self {
            Kind::Image(media) => found == Some(media),
            Kind::Document(_, media) => found.is_some_and(|f| media.contains(&f)),
            // What is signed or encrypted begins as a certificate does (ASN.1, a sequence), and is called one.
            Kind::Sealed(_) => found.is_none() || head.first() == Some(&0x30),
            // A signature of a few letters stands in many a text, so it tells nothing by itself: with bytes that no text has, it does. PDF begins with a line of text.
            Kind::Text(_) => {
                !head.starts_with(b"%PDF-") && is_text(head, found.is_some_and(|media| media != "application/pdf" && !media.starts_with("text/")))
            }
        }
    }
}

/// Of a hundred bytes of a text, most that no text has: logs hold a few where a program wrote over itself or a number went in unread.
const STRANGE_PERCENT: usize = 5;

/// Whether the beginning of a file is text. UTF-16 is told by its mark or by its zero bytes; zero bytes around a text are the room that was kept for it.
fn is_text(head: &[u8], has_signature: bool) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) || is_utf16(head) {
        return true;
    }
    let begin = head.iter().position(|b| *b != 0).unwrap_or(head.len());
    let end = head.iter().rposition(|b| *b != 0).map_or(begin, |last| last + 1);
    let strange = head[begin..end].iter().filter(|b| is_strange(**b)).count();
    strange == 0 && !(has_signature && end < head.len()) || !has_signature && strange * 100 <= (end - begin) * STRANGE_PERCENT
}

/// UTF-16 without its mark: most of the text is Latin, so that every other byte of it is zero and no byte between is.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = head.len() / 2;
    let texts = |from: usize| !head.iter().skip(from).step_by(2).any(|b| is_strange(*b));
    pairs > 0 && (even == 0 && odd * 10 >= pairs * 9 && texts(0) || odd == 0 && even * 10 >= pairs * 9 && texts(1))
}

/// A control character that is none of a terminal, a printer or an editor: those are tab, line ends, form feed, bell, backspace, shifts, the end of a file in DOS (0x1A) and escape.
fn is_strange(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, 0x07..=0x0f | 0x1a | 0x1b)
}

/// What a file picker offers.
pub const ACCEPT: &str =
    ".png,.jpg,.jpeg,.gif,.webp,.pdf,.docx,.xlsx,.pptx,.odt,.ods,.doc,.xls,.msg,.zip,.7z,.gz,.mp4,.webm,.txt,.log,.md,.sql,.ini,.eml,.csv,.json,.xml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for (typed, kept) in [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\x.png", "x.png"),
            ("C:\\temp\\a.png", "a.png"),
            ("..", "bestand"),
            ("", "bestand"),
            (".htaccess", "htaccess"),
            ("a\u{0}b\r\n.png", "ab.png"),
            ("gnp\u{202e}exe.png", "gnpexe.png"),
            ("a.png. . ", "a.png"),
        ] {
            assert_eq!(FileName::clean(typed).as_str(), kept, "{typed:?}");
        }
        let long = FileName::clean(&format!("{}é.png", "x".repeat(400)));
        assert!(long.as_str().len() <= MAX_NAME && long.as_str().ends_with(".png"));
    }

    #[test]
    fn the_last_extension_decides() {
        assert_eq!(Kind::of(&FileName::clean("a.png.html")), Err(Fault::ForbiddenKind));
        assert_eq!(Kind::of(&FileName::clean("a.svg")), Err(Fault::ForbiddenKind));
        assert_eq!(Kind::of(&FileName::clean("noextension")), Err(Fault::ForbiddenKind));
        assert_eq!(Kind::of(&FileName::clean("A.PNG")), Ok(Kind::Image("image/png")));
    }

    #[test]
    fn the_content_must_agree_with_the_name() {
        let png = Kind::of(&FileName::clean("a.png")).unwrap();
        assert!(png.agrees(Some("image/png"), b""));
        assert!(!png.agrees(Some("text/html"), b"") && !png.agrees(None, b"hello"));
        let text = Kind::of(&FileName::clean("a.log")).unwrap();
        assert!(text.agrees(None, b"hello") && !text.agrees(Some("application/x-executable"), b"\x7fELF\x02\x01\x01\0\0"));
        for letters in [&b"BMK;Naam"[..], b"MZ;1", b"ID3 is een merk", b"#!/bin/sh", b"<html>", b"\xff\xfeh\0o\0i\0"] {
            assert!(text.agrees(infer_like(letters), letters), "{letters:?}");
        }
        assert!(!text.agrees(Some("application/pdf"), b"%PDF-1.7\n"));
        let sealed = Kind::of(&FileName::clean("smime.p7s")).unwrap();
        assert!(sealed.agrees(Some("application/x-x509-ca-cert"), b"\x30\x82\x04\xb6") && sealed.agrees(None, b"\x30\x80\x06"));
        assert!(!sealed.agrees(Some("application/vnd.microsoft.portable-executable"), b"MZ\x90"));
    }

    #[test]
    fn a_text_is_a_text_whatever_a_program_left_in_it() {
        let text = Kind::of(&FileName::clean("a.log")).unwrap();
        let long = b"2026-11-30 08:12 order 40218 opgeslagen\r\n".repeat(4);
        let with = |bytes: &[u8]| [&long[..], bytes, &long[..]].concat();
        for (head, found) in [
            (with(b"GET /x.pdf\n%PDF-1.7 niet gelezen\n"), Some("application/pdf")),
            ([&long[..], b"\x1a"].concat(), None),
            (with(b"\x1a"), None),
            (with(b"10%\x08\x08\x0820%\x07"), None),
            (with(b"\x0e\x0f"), None),
            (with(b"naam\0"), None),
            (with(b"\x01\x02"), None),
            ([&[0; 4_000][..], &long[..]].concat(), None),
            ([&long[..], &[0; 4_000][..]].concat(), None),
            (b"hallo\0".to_vec(), None),
            (b"h\0a\0l\0l\0o\0\r\0\n\0".to_vec(), None),
            (b"\0h\0a\0l\0l\0o".to_vec(), None),
            ("één\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect(), None),
        ] {
            assert!(text.agrees(found, &head), "{:?}", String::from_utf8_lossy(&head));
        }
        for (head, found) in [
            (&b"%PDF-1.4\n1 0 obj"[..], Some("application/pdf")),
            (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", Some("application/vnd.microsoft.portable-executable")),
            (b"PK\x03\x04\x14\0\0\0", Some("application/zip")),
            (b"\x01\x02\x03\x04 iets", None),
            (b"a\0b\x01c\0d\x02e", None),
        ] {
            assert!(!text.agrees(found, head), "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_picture_is_one_also_where_it_cannot_be_shown() {
        let file = |name: &str, image| Attachment { id: AttachmentId::parse(&"a".repeat(32)).unwrap(), name: FileName::clean(name), size: 1, image };
        assert!(file("scherm.png", false).is_picture() && file("scherm.JPG", true).is_picture());
        assert!(!file("log.txt", false).is_picture() && !file("scherm.png.pdf", false).is_picture());
    }

    /// What a reader of signatures says of such a beginning.
    fn infer_like(head: &[u8]) -> Option<&'static str> {
        match head {
            [b'B', b'M', ..] => Some("image/bmp"),
            [b'M', b'Z', ..] => Some("application/vnd.microsoft.portable-executable"),
            [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
            [b'#', b'!', ..] => Some("text/x-shellscript"),
            [b'<', ..] => Some("text/html"),
            _ => None,
        }
    }

    #[test]
    fn every_kind_offered_is_accepted() {
        for extension in ACCEPT.split(',') {
            assert!(Kind::of(&FileName::clean(&format!("a{extension}"))).is_ok(), "{extension}");
        }
    }
}
