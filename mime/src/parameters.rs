//! What a part says about itself in a structured field, where parsers of such fields give up: values in pieces or encoded (RFC 2231), and types that are written wrong.
//!
//! Invariant: a value in pieces is joined as bytes and then decoded once, for a letter may be cut in two.

use crate::charset;

/// The value of a parameter that is encoded, or cut in pieces; none where it is neither.
pub(crate) fn extended(line: &str, name: &str) -> Option<String> {
    let mut pieces: Vec<(u32, bool, String)> = parameters(line).filter_map(|parameter| piece(parameter, name)).collect();
    // Of two with one number the first counts, as it is stable.
    pieces.sort_by_key(|(number, ..)| *number);
    pieces.dedup_by_key(|(number, ..)| *number);
    let (_, is_encoded, first) = pieces.first()?;
    // Some write the character set, and forget the stars.
    let (all_encoded, charset, first) = match (charset(first), is_encoded) {
        (Some((charset, value)), true) => (false, Some(charset.to_owned()), value.to_owned()),
        (Some((charset, value)), false) if charset::is_known(charset) => (true, Some(charset.to_owned()), value.to_owned()),
        _ => (false, None, first.clone()),
    };
    let mut bytes = vec![];
    for (at, (_, is_encoded, value)) in pieces.iter().enumerate() {
        let value = if at == 0 { &first } else { value };
        if *is_encoded || all_encoded { percent_decoded(value, &mut bytes) } else { bytes.extend(value.as_bytes()) }
    }
    Some(charset::decode(&bytes, charset.as_deref()).0).filter(|value| !value.is_empty())
}

/// The number of a piece, whether it is encoded, and its value: `name*`, `name*0` or `name*0*`.
fn piece((key, value): (&str, &str), name: &str) -> Option<(u32, bool, String)> {
    let rest = key.get(..name.len()).filter(|begin| begin.eq_ignore_ascii_case(name)).and(key.get(name.len()..))?;
    let rest = rest.trim().strip_prefix('*')?;
    let (number, is_encoded) = match rest.strip_suffix('*') {
        _ if rest.is_empty() => (0, true),
        Some(number) => (number.parse().ok()?, true),
        None => (rest.parse().ok()?, false),
    };
    Some((number, is_encoded, unquoted(value)))
}

/// The character set before a value: `utf-8'nl'value`.
fn charset(value: &str) -> Option<(&str, &str)> {
    let (charset, rest) = value.split_once('\'')?;
    let (language, value) = rest.split_once('\'')?;
    (charset.len() <= 64 && language.len() <= 64).then_some((charset, value))
}

/// The parameters of a field, as they are written; what stands between quotes is of one.
fn parameters(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let (mut inside, mut escaped) = (false, false);
    let parts = line.split(move |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        c == ';' && !inside
    });
    parts.filter_map(|part| part.split_once('=')).map(|(key, value)| (key.trim(), value.trim()))
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => out.extend(characters.next()),
            c => out.push(c),
        }
    }
    out
}

/// A percent sign that encodes nothing is itself.
fn percent_decoded(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let encoded = value.get(at + 1..at + 3).filter(|digits| *byte == b'%' && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
}

/// A field that is one encoded word as what the word says.
pub(crate) fn decoded(line: &str) -> String {
    let line = line.trim();
    if line.starts_with("=?") { charset::decoded(line).replace(|c: char| c.is_control(), " ") } else { line.to_owned() }
}

/// A type as it was meant: without signs around it, and with the semicolon before its parameters.
pub(crate) fn tidied(line: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '!' | '#' | '$' | '&' | '-' | '^' | '_' | '.' | '+');
    let stray = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '"' | '\'' | '<' | '>' | '[' | ']' | '.' | ':' | '/' | '\\');
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let split = |text: &'_ str| text.find(|c| !token(c)).unwrap_or(text.len());
    let (major, rest) = line.split_at(split(line));
    let Some(rest) = rest.trim_start().strip_prefix('/') else { return line.to_owned() };
    let rest = rest.trim_start();
    let (minor, rest) = rest.split_at(split(rest));
    let (minor, rest) = (minor.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()), rest.trim_start_matches(stray));
    if minor.is_empty() {
        return line.to_owned();
    }
    if rest.is_empty() { format!("{major}/{minor}") } else { format!("{major}/{minor}; {rest}") }
}
