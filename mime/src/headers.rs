//! The header of a mail or of a part: its fields, as they stand.
//!
//! Invariant: every line is looked at once, and a header ends where something stands that is no field.

use crate::limits::MAX_FIELDS;

/// Fields that make a header of what follows a line that is none.
const WELL_KNOWN: [&str; 18] = [
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "reply-to",
    "sender",
    "in-reply-to",
    "references",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "dkim-signature",
    "delivered-to",
];

/// A header.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields<'a> {
    list: Vec<(&'a [u8], &'a [u8])>,
}

/// How a header ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With an empty line.
    Blank,
    /// With a line that is no field.
    NoBlank,
    /// With a boundary.
    Boundary,
    /// With the mail.
    All,
}

impl<'a> Fields<'a> {
    /// Reads the header at `from`; gives also where the body begins and how the header ended.
    pub(crate) fn read(raw: &'a [u8], from: usize, is_boundary: impl Fn(&[u8]) -> bool) -> (Self, usize, End) {
        let mut fields = Self::default();
        let mut open: Option<(&'a [u8], usize, usize)> = None;
        let mut at = from;
        let (body, end) = loop {
            if at >= raw.len() {
                break (raw.len(), End::All);
            }
            let next = line_end(raw, at);
            let line = without_break(&raw[at..next]);
            if is_boundary(line) {
                break (at, End::Boundary);
            }
            match line.first() {
                None => break (next, End::Blank),
                Some(b' ' | b'\t') => {
                    if let Some((_, _, end)) = &mut open {
                        *end = at + line.len();
                    }
                }
                Some(_) => match name(line) {
                    Some((name, value)) => {
                        fields.close(raw, open.take());
                        open = Some((name, at + value, at + line.len()));
                    }
                    None if at == from && (line.starts_with(b"From ") || line.starts_with(b">From ")) => {}
                    None if next_is_known(raw, next) => {}
                    None => break (at, End::NoBlank),
                },
            }
            at = next;
        };
        fields.close(raw, open);
        (fields, body, end)
    }

    fn close(&mut self, raw: &'a [u8], open: Option<(&'a [u8], usize, usize)>) {
        if let Some((name, from, to)) = open
            && self.list.len() < MAX_FIELDS
        {
            self.list.push((name, raw.get(from..to).unwrap_or_default()));
        }
    }

    /// Whether some fields were not kept.
    pub(crate) fn full(&self) -> bool {
        self.list.len() == MAX_FIELDS
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first field of this name that says something.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).find(|value| !value.trim_ascii().is_empty())
    }

    /// Whether there is a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every field of this name.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'a [u8]> + 'f {
        self.list.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }

    /// The first field of this name as one line in lower case, for comparing.
    pub(crate) fn lower(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| crate::charset::one_line(&crate::charset::unfolded(value, 1_000), 1_000).to_lowercase())
    }
}

/// Where the line ends, its break included.
pub(crate) fn line_end(raw: &[u8], from: usize) -> usize {
    raw[from..].iter().position(|b| *b == b'\n').map_or(raw.len(), |at| from + at + 1)
}

/// A line without its break.
pub(crate) fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The name of the field that begins on this line, and where its value begins.
fn name(line: &[u8]) -> Option<(&[u8], usize)> {
    let colon = line.iter().position(|b| *b == b':' || !(b' '..=b'~').contains(b) && *b != b'\t').filter(|at| line[*at] == b':')?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some((name, colon + 1))
}

fn next_is_known(raw: &[u8], from: usize) -> bool {
    let to = raw.len().min(from + 64);
    let line = raw.get(from..to).unwrap_or_default();
    name(line).is_some_and(|(name, _)| WELL_KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
}
