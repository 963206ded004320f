//! Bytes to text: character sets, encoded words (RFC 2047), and text that fits on one line.
//!
//! Invariant: every byte is looked at a bounded number of times, and a line that comes out is one line.

use crate::limits::MAX_FIELD;
use encoding_rs::{Encoding, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

/// An encoded word with a question mark inside, which is wrong but written, ends within this many bytes.
const MAX_WRONG_WORD: usize = 256;

/// Bytes as text; the character set is a hint that is not followed where the bytes say otherwise. `false` where it is not known.
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> (String, bool) {
    let label = label(charset);
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if charset.is_none() && Encoding::for_bom(bytes).is_some() => (encoding.decode(bytes).0.into_owned(), true),
        Some(encoding) if encoding == encoding_rs::UTF_8 => (utf8(bytes), true),
        // Many programs say ASCII and write UTF-8.
        Some(encoding) if encoding == WINDOWS_1252 && label.to_ascii_lowercase().contains("ascii") => (utf8(bytes), true),
        Some(encoding) => (encoding.decode(bytes).0.into_owned(), true),
        None => match charset_decoder(label.as_bytes()) {
            Some(decoder) => (decoder(bytes), true),
            None => (utf8(bytes), false),
        },
    }
}

/// The name of a character set without signs around it.
fn label(charset: Option<&str>) -> &str {
    charset.unwrap_or("utf-8").trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

/// Whether a character set is known by this name.
pub(crate) fn is_known(charset: &str) -> bool {
    let label = label(Some(charset));
    Encoding::for_label_no_replacement(label.as_bytes()).is_some() || charset_decoder(label.as_bytes()).is_some()
}

/// Bytes as text where they are whole characters in this character set, with nothing before or after them.
fn whole(bytes: &[u8], charset: &str) -> Option<String> {
    let label = label(Some(charset));
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if encoding == encoding_rs::UTF_8 || label.to_ascii_lowercase().contains("ascii") => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned),
        None => charset_decoder(label.as_bytes()).map(|decoder| decoder(bytes)).filter(|text| !text.contains('\u{fffd}')),
    }
}

/// The character set that HTML itself names, where its bytes are not UTF-8 as they stand.
pub(crate) fn charset_in_html(bytes: &[u8]) -> Option<String> {
    /// Bytes in which it is looked for: browsers take 1,024, and Office writes more before it.
    const LOOKED_AT: usize = 8 << 10;
    if std::str::from_utf8(bytes).is_ok_and(|text| !text.is_ascii()) {
        return None;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]).to_ascii_lowercase();
    let named = head.split('<').filter_map(|tag| {
        let names = if tag.starts_with("meta") { "charset" } else { "encoding" };
        let (tag, _) = tag.split_once('>').filter(|_| tag.starts_with("meta") || tag.starts_with("?xml"))?;
        let value = tag.split(names).nth(1)?.trim_start().strip_prefix('=')?.trim_start_matches([' ', '"', '\'']);
        value.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':' | '.')).next()
    });
    // Whose bytes could be read so far does not write in UTF-16.
    named
        .filter_map(|name| Encoding::for_label_no_replacement(name.as_bytes()))
        .find(|found| found.is_ascii_compatible() || *found == encoding_rs::ISO_2022_JP)
        .map(|found| found.name().to_owned())
}

/// UTF-8 with what is broken replaced; windows-1252 where nothing beyond ASCII is UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// The value of a field as it stands: folds become spaces, 8-bit characters UTF-8 or else windows-1252, encoded words stay.
pub(crate) fn unfolded(value: &[u8], limit: usize) -> String {
    let mut text = utf8(&value[..value.len().min(limit)]);
    if text.contains(['\r', '\n', '\0']) {
        text = text.replace("\r\n", "").replace(['\r', '\n', '\0'], "");
    }
    text
}

/// The value of a field of running text, decoded, as one line of at most so many characters.
pub(crate) fn sentence(value: &[u8], characters: usize) -> String {
    one_line(&decoded(&unfolded(value, MAX_FIELD)), characters)
}

/// Text as one line: no control characters, nothing that turns text around, single spaces, at most so many characters.
pub(crate) fn one_line(text: &str, characters: usize) -> String {
    let mut out = String::with_capacity(text.len().min(characters * 4));
    let mut space = false;
    let mut left = characters;
    for c in text.chars() {
        if turns(c) {
            continue;
        }
        if c.is_control() || c.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        let needed = 1 + usize::from(space);
        if left < needed {
            break;
        }
        left -= needed;
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Whether it makes the text after it run the other way (Unicode Bidirectional Algorithm: embeddings, overrides, isolates).
pub(crate) fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts at a character's boundary; whether anything was cut.
pub(crate) fn cut(text: &mut String, bytes: usize) -> bool {
    let too_long = text.len() > bytes;
    if too_long {
        text.truncate(text.floor_char_boundary(bytes));
    }
    too_long
}

/// Encoded words replaced by what they say; what is not whole stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    replace(text, &mut out, |piece, out| match piece {
        Piece::Plain(plain) => out.push_str(plain),
        Piece::Word(word) => out.push_str(&word),
    });
    out
}

/// Encoded words made quoted strings, for a parser of structured fields: commas and brackets in a name then mean nothing.
pub(crate) fn quoted(text: &str) -> String {
    /// Encoded words that cannot be decoded and are left to the parser; it looks at each to the end of the field.
    const LEFT: usize = 8;
    let mut out = String::with_capacity(text.len() + 16);
    let mut inside = false;
    let mut left = LEFT;
    replace(text, &mut out, |piece, out| match piece {
        Piece::Plain(plain) => {
            let mut characters = plain.chars().peekable();
            while let Some(c) = characters.next() {
                match c {
                    '\\' if inside && matches!(characters.peek(), Some('"' | '\\')) => {
                        out.push(c);
                        out.extend(characters.next());
                    }
                    // A path that was not escaped, as old programs write file names.
                    '\\' if inside => out.push_str("\\\\"),
                    '=' if characters.peek() == Some(&'?') => {
                        if left > 0 {
                            out.push(c);
                        }
                        left = left.saturating_sub(1);
                    }
                    _ => {
                        inside ^= c == '"';
                        out.push(c);
                    }
                }
            }
        }
        Piece::Word(word) => {
            let spaced = out.ends_with([' ', '\t']);
            if !inside {
                out.push('"');
                if spaced {
                    out.push(' ');
                }
            }
            for c in word.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    '=' => out.push(c),
                    c if c.is_control() => out.push(' '),
                    c => out.push(c),
                }
            }
            if !inside {
                out.push('"');
            }
        }
    });
    // What a word said must not be decoded once more.
    if out.contains("=?") && left < LEFT { out } else { out.replace("=?", "= ?") }
}

enum Piece<'a> {
    Plain(&'a str),
    Word(String),
}

/// Words that follow each other, in one character set.
struct Run {
    charset: String,
    bytes: Vec<u8>,
    /// What they say, as long as each is whole.
    text: Option<String>,
}

impl Run {
    /// Joined before they are decoded only where a letter was cut in two: in some character sets each word begins and ends with a shift of its own.
    fn decoded(self) -> String {
        self.text.unwrap_or_else(|| decode(&self.bytes, Some(&self.charset)).0)
    }
}

fn replace(text: &str, out: &mut String, mut add: impl FnMut(Piece<'_>, &mut String)) {
    let mut pending: Option<Run> = None;
    let mut rest = text;
    let mut from = 0;
    let mut flush = |pending: &mut Option<Run>, out: &mut String, plain: &str| {
        if let Some(run) = pending.take() {
            add(Piece::Word(run.decoded()), out);
        }
        if !plain.is_empty() {
            add(Piece::Plain(plain), out);
        }
    };
    while let Some(at) = rest[from..].find("=?").map(|at| at + from) {
        let Some((charset, bytes, len)) = word(&rest[at..]) else {
            from = at + 2;
            continue;
        };
        let plain = &rest[..at];
        match &mut pending {
            Some(run) if plain.trim().is_empty() && run.charset.eq_ignore_ascii_case(charset) => {
                match (&mut run.text, whole(&bytes, charset)) {
                    (Some(text), Some(more)) => text.push_str(&more),
                    (text, _) => *text = None,
                }
                run.bytes.extend(bytes);
            }
            _ => {
                // Space between two words is not part of what they say.
                let between = if pending.is_some() && plain.trim().is_empty() { "" } else { plain };
                flush(&mut pending, out, between);
                pending = Some(Run { text: whole(&bytes, charset), charset: charset.to_owned(), bytes });
            }
        }
        rest = &rest[at + len..];
        from = 0;
    }
    flush(&mut pending, out, rest);
}

/// The word at the beginning: its character set, its bytes, and how long it is.
fn word(text: &str) -> Option<(&str, Vec<u8>, usize)> {
    let body = text.strip_prefix("=?")?;
    let (charset, body) = body.split_once('?')?;
    // A language may follow the character set (RFC 2231).
    let charset = charset.split('*').next().unwrap_or_default();
    if charset.is_empty() || charset.len() > 64 || charset.contains(char::is_whitespace) {
        return None;
    }
    let (kind, body) = body.split_once('?')?;
    let base64 = kind.eq_ignore_ascii_case("b");
    if !base64 && !kind.eq_ignore_ascii_case("q") {
        return None;
    }
    let mut end = body.find('?')?;
    if !body[end..].starts_with("?=") {
        let reach = body.floor_char_boundary(MAX_WRONG_WORD);
        end = body[..reach].find("?=").filter(|_| !base64)?;
    }
    let data = &body[..end];
    let bytes = if base64 { rough_base64(data.as_bytes()).0 } else { rough_q(data.as_bytes()) };
    Some((charset, bytes, text.len() - body.len() + end + 2))
}

/// Whether it may be base64, where that is said: words with blanks between them on most of its lines are text. A stray sign or a single word does not tell.
pub(crate) fn is_base64(bytes: &[u8]) -> bool {
    let lines = bytes[..bytes.len().min(LOOKED_AT)].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (text, other): (Vec<_>, Vec<_>) = lines.partition(|line| line.contains(&b' '));
    text.len() <= other.len()
}

/// Bytes by which [`is_base64`] decides.
const LOOKED_AT: usize = 16 << 10;

/// Base64 with whatever else stands in it left out; `true` where there was something to leave out.
pub(crate) fn rough_base64(bytes: &[u8]) -> (Vec<u8>, bool) {
    if let Some(decoded) = base64_decode(bytes) {
        return (decoded, false);
    }
    let kept: Vec<u8> = bytes.iter().copied().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).collect();
    (base64_decode(&kept).unwrap_or_default(), true)
}

/// The Q encoding; an equals sign that encodes nothing is itself.
fn rough_q(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        match (byte, data.get(at), data.get(at + 1)) {
            (b'_', ..) => out.push(b' '),
            (b'=', Some(&high), Some(&low)) => match mail_parser::decoders::quoted_printable::quoted_printable_decode_char(high, low) {
                Some(value) => {
                    out.push(value);
                    at += 2;
                }
                None => out.push(byte),
            },
            _ => out.push(byte),
        }
    }
    out
}
