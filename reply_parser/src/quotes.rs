//! A mail's text in pieces: what the person says now, what is history, what is a signature.
//!
//! Invariant: the pieces joined with newlines are the text again, and a line is only folded away where a mail program put it.

use crate::attributions::{self, Attribution, attribution};
use crate::closings::{only_close, points_below};
use crate::phrases::{Divider, Role, divider, header, names_address, says_sent};
use crate::signoffs::{SignOff, sign_off};
use std::borrow::Cow;

/// What a piece of a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Said,
    Quoted,
    Signature,
}

/// A run of lines of one kind, in order; joined with newlines they are the mail's text again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Piece {
    pub kind: Kind,
    pub text: String,
}

/// Splits a mail's text into what is said, what is quoted and what signs.
pub fn split(text: &str) -> Vec<Piece> {
    pieces(text, false)
}

/// Splits the text of a mail that begins with a picture, which is what the person says: there may be nothing more.
pub fn split_below_picture(text: &str) -> Vec<Piece> {
    pieces(text, true)
}

fn pieces(text: &str, below_picture: bool) -> Vec<Piece> {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<Line> = text.split('\n').map(|line| Line { text: line.into(), hint: Hint::None, apart: false }).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    for (line, kind) in lines.iter().zip(kinds(&lines, below_picture)) {
        match pieces.last_mut().filter(|piece| piece.kind == kind) {
            Some(piece) => {
                piece.text.push('\n');
                piece.text.push_str(&line.text);
            }
            None => pieces.push(Piece { kind, text: line.text.to_string() }),
        }
    }
    pieces
}

/// What the person says now, without history and signature; where everything looks quoted, the whole text.
pub fn said(pieces: &[Piece]) -> String {
    let said = |all: bool| {
        let texts: Vec<&str> = pieces.iter().filter(|piece| all || piece.kind == Kind::Said).map(|piece| piece.text.as_str()).collect();
        texts.join("\n").trim().to_owned()
    };
    let own = said(false);
    if own.is_empty() { said(true) } else { own }
}

/// What the mail's markup tells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    None,
    /// A quote, by its mark.
    Quote,
    /// An indented block, which is a quote where something announces it.
    Block,
    /// Announces a quote, by its mark.
    Head,
    Signature,
    /// From here on it is history, by its mark.
    History,
    /// What the mail does not show.
    Hidden,
    /// From here on it is history where it looks like a header block in some language.
    Border,
}

/// A line of a mail, and what its markup tells.
pub(crate) struct Line<'a> {
    pub text: Cow<'a, str>,
    pub hint: Hint,
    /// Whether it begins a paragraph of its own.
    pub apart: bool,
}

impl Line<'_> {
    fn blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn quoted(&self) -> bool {
        self.text.trim_start_matches([' ', '\u{a0}']).starts_with('>')
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Blank,
    Said,
    Head,
    Quote,
    Hidden,
    Signature,
}

/// The kind of each line; `below_picture` where something is said besides them.
pub(crate) fn kinds(lines: &[Line], below_picture: bool) -> Vec<Kind> {
    let parts = Vec::with_capacity(lines.len());
    let mut reader = Reader { lines, parts, quoting: false, spaced: None, begun: false, said: below_picture, points_below: false };
    while reader.parts.len() < lines.len() {
        let at = reader.parts.len();
        reader.step();
        // No rule may read a line for ever: what none of them knows is said.
        if reader.parts.len() == at {
            reader.mark(Part::Said, at + 1);
        }
    }
    settle(lines, reader.parts, below_picture)
}

struct Reader<'a> {
    lines: &'a [Line<'a>],
    parts: Vec<Part>,
    /// Whether a quote was announced: from then on a single `>` tells enough.
    quoting: bool,
    /// Whether this mail's quotes have a space after the `>`.
    spaced: Option<bool>,
    /// Whether anything but blank lines was read.
    begun: bool,
    /// Whether anything is said so far.
    said: bool,
    /// Whether the person says that there is more of theirs below.
    points_below: bool,
}

impl Reader<'_> {
    fn mark(&mut self, part: Part, to: usize) {
        let to = to.min(self.lines.len());
        let from = self.parts.len();
        self.begun |= part != Part::Blank;
        self.said |= part == Part::Said && self.lines[from..to].iter().any(|line| !line.blank());
        self.points_below |= part == Part::Said && self.lines[from..to].iter().any(|line| points_below(&line.text));
        self.parts.extend(self.lines[from..to].iter().map(|line| if line.blank() { Part::Blank } else { part }));
    }

    fn step(&mut self) {
        let at = self.parts.len();
        let line = &self.lines[at];
        let next = at + 1;
        match line.hint {
            _ if line.blank() => self.mark(Part::Blank, next),
            Hint::Quote => {
                self.quoting = true;
                self.mark(Part::Quote, next);
            }
            Hint::Head => {
                self.quoting = true;
                self.mark(Part::Head, next);
            }
            Hint::Hidden => self.mark(Part::Hidden, next),
            Hint::Signature => self.mark(Part::Signature, next),
            Hint::Block if self.announced() => self.mark(Part::Quote, next),
            Hint::History => self.history(at + self.headers(at, true).unwrap_or(0), true),
            Hint::Border if self.keyed(at) => self.history(at + self.headers(at, true).unwrap_or(4), true),
            _ if line.quoted() => self.run(),
            _ => {
                if let Some((end, certain)) = self.head(at) {
                    self.history(end, certain);
                } else if self.signs_off(at) {
                    self.mark(Part::Signature, next);
                } else if let Some(end) = self.signature(at) {
                    self.mark(Part::Signature, end);
                } else {
                    self.mark(Part::Said, next);
                }
            }
        }
    }

    /// Whether the line above announces what comes, or is in the same block that was announced.
    fn announced(&self) -> bool {
        let above = self.parts.iter().rposition(|part| *part != Part::Blank);
        above.is_some_and(|at| self.parts[at] == Part::Head || self.parts[at] == Part::Quote && self.lines[at].hint == Hint::Block)
    }

    /// Where an announcement that begins here ends, and whether it stands by itself.
    fn head(&self, at: usize) -> Option<(usize, bool)> {
        let line = &self.lines[at];
        if let Some(kind) = divider(&line.text) {
            let below = self.filled(at + 1, 3);
            // Somebody's own line of dashes announces nothing.
            if let Some(size) = below.and_then(|below| self.headers(below, kind == Divider::Certain).map(|size| below + size - at)) {
                return Some((at + size, true));
            }
            if kind == Divider::Certain {
                let announced = below.and_then(|below| self.attribution(below).map(|found| below + found.lines));
                return Some((announced.unwrap_or(at + 1), true));
            }
        }
        if let Some(size) = self.headers(at, false) {
            return Some((at + size, true));
        }
        let found = self.attribution(at)?;
        let own_paragraph = at == 0 || line.apart || self.lines[at - 1].blank();
        Some((at + found.lines, found.certain && own_paragraph))
    }

    fn attribution(&self, at: usize) -> Option<Attribution> {
        attribution(self.lines[at..].iter().take_while(|line| !matches!(line.hint, Hint::Quote | Hint::Signature)).map(|line| line.text.as_ref()))
    }

    /// The size of a header block that begins here: who, when, to whom, about what.
    fn headers(&self, at: usize, announced: bool) -> Option<usize> {
        header(&self.lines[at].text)?;
        // Someone who pastes headers says so: "It is about this mail:".
        if !announced
            && self
                .parts
                .iter()
                .rposition(|part| *part != Part::Blank)
                .is_some_and(|above| self.parts[above] == Part::Said && self.lines[above].text.trim_end().ends_with(':'))
        {
            return None;
        }
        let mut roles = 0_u8;
        let mut end = at;
        let (mut dated, mut sent, mut addressed) = (false, false, false);
        for (offset, line) in self.lines[at..].iter().take(40).enumerate() {
            if let Some((role, value)) = header(&line.text) {
                if roles & role as u8 != 0 && role != Role::Other {
                    break;
                }
                roles |= role as u8;
                // The values of a form of somebody's own are no addresses, and no moments.
                dated |= role == Role::Date && (value.is_empty() || attributions::time(value) || attributions::year(value));
                sent |= role == Role::Date && says_sent(&line.text);
                addressed |= matches!(role, Role::From | Role::To) && names_address(value);
                end = at + offset + 1;
            } else if at + offset >= end + 6 || line.blank() && self.lines.get(at + offset + 1).is_none_or(|line| header(&line.text).is_none()) {
                break;
            }
        }
        // A long list of addressees goes on on the next line.
        while end < at + 40 && self.lines.get(end).is_some_and(|line| line.text.starts_with([' ', '\t']) && !line.blank()) {
            end += 1;
        }
        let four = (roles & 15).count_ones();
        let from = roles & Role::From as u8 != 0;
        let by_itself = four >= 3 && dated && (addressed || sent && roles & Role::Subject as u8 != 0);
        (from && (four >= 2 && announced || by_itself)).then_some(end - at)
    }

    /// Whether at least three of the lines here are a short word, a colon and something, in any language.
    fn keyed(&self, at: usize) -> bool {
        let lines = self.lines[at..].iter().filter(|line| !line.blank()).take(6);
        lines.filter(|line| line.text.find([':', '：']).is_some_and(|colon| (2..=30).contains(&colon))).count() >= 3
    }

    /// The first line from here that is not blank, within so many.
    fn filled(&self, at: usize, within: usize) -> Option<usize> {
        (at..self.lines.len().min(at + within)).find(|at| !self.lines[*at].blank())
    }

    /// After an announcement: a quote that shows itself as one, or everything below.
    fn history(&mut self, end: usize, certain: bool) {
        let at = self.parts.len();
        let below = self.filled(end, usize::MAX - end).map(|below| &self.lines[below]);
        let shows = below.is_some_and(|line| line.quoted() || matches!(line.hint, Hint::Quote | Hint::Block));
        if !shows && !certain {
            return self.mark(Part::Said, at + 1);
        }
        self.quoting = true;
        self.mark(Part::Head, end);
        if !shows && !self.points_below {
            self.mark(Part::Quote, self.lines.len());
        }
        // History by its mark alone, with a quote of its own at once: go on, lest this line be read for ever.
        if self.parts.len() == at {
            self.mark(Part::Quote, at + 1);
        }
    }

    /// A run of lines that begin with `>`.
    fn run(&mut self) {
        let at = self.parts.len();
        let run = self.lines[at..].iter().take_while(|line| line.quoted() && matches!(line.hint, Hint::None | Hint::Block)).count();
        // A quoted line below a line that was drawn is a run by itself.
        let run = run.max(1);
        let end = at + run;
        let texts: Vec<&str> = self.lines[at..end].iter().map(|line| line.text.trim_start_matches([' ', '\u{a0}'])).collect();
        let nested = texts.iter().any(|text| text[1..].trim_start().starts_with('>') && !text.trim_matches(['>', ' ']).is_empty());
        let announced = || (0..run.min(200)).any(|from| attribution(texts[from..].iter().map(|text| text.trim_start_matches('>').trim())).is_some());
        let first = !self.begun;
        let last = self.lines[end..].iter().take(50).all(|line| line.blank());
        let paragraph = at == 0 || self.lines[at - 1].blank();
        let spaced = texts.iter().filter(|text| text[1..].starts_with([' ', '>', '\u{a0}']) || text.len() == 1).count() * 2 > run;
        let quote = self.quoting || announced() || spaced && (nested && run >= 2 || first && (run >= 2 || !last) || last && paragraph && run >= 3);
        self.quoting |= quote;
        let style = if quote { *self.spaced.get_or_insert(spaced) } else { spaced };
        // `>100 users` below a quote written as `> text` is no quote.
        for (offset, text) in texts.iter().enumerate() {
            let like_the_rest = !style || spaced && run > 1 || text.len() == 1 || text[1..].starts_with([' ', '>', '\u{a0}', '\t']);
            self.mark(if quote && like_the_rest { Part::Quote } else { Part::Said }, at + offset + 1);
        }
    }

    /// Whether a line has no line of the same paragraph above it, or none below.
    fn alone(&self, at: usize) -> bool {
        let above = at == 0 || self.lines[at].apart || self.lines[at - 1].blank();
        above || self.lines.get(at + 1).is_none_or(|line| line.blank() || line.quoted() || line.apart)
    }

    /// Whether a phone or a mail program wrote this line.
    fn signs_off(&self, at: usize) -> bool {
        match sign_off(&self.lines[at].text) {
            Some(SignOff::Certain) => self.alone(at),
            // A person may have: only below what they say, in a paragraph of its own, with nothing but history after it.
            Some(SignOff::Likely) => self.said && (self.lines[at].apart || at > 0 && self.lines[at - 1].blank()) && self.ends(at + 1),
            None => false,
        }
    }

    /// Whether nothing more is said from here on, but in history.
    fn ends(&self, at: usize) -> bool {
        let Some(next) = self.filled(at, usize::MAX - at) else { return true };
        let line = &self.lines[next];
        let marked = matches!(line.hint, Hint::Quote | Hint::Head | Hint::Signature | Hint::History | Hint::Border);
        marked || line.quoted() || self.head(next).is_some_and(|(_, certain)| certain) || sign_off(&line.text) == Some(SignOff::Certain)
    }

    /// Where the signature ends that a line of two dashes begins.
    fn signature(&self, at: usize) -> Option<usize> {
        let line = self.lines[at].text.as_ref();
        let certain = matches!(line, "-- " | "--\u{a0}");
        if !certain && line.trim() != "--" {
            return None;
        }
        let (most, longest) = if certain { (15, 300) } else { (7, 90) };
        let mut filled = 0;
        for (offset, line) in self.lines[at + 1..].iter().enumerate() {
            let here = at + 1 + offset;
            if line.blank() {
                // Blank lines are bounded as well, lest each pair of dashes would look through all of them.
                if offset > 60 {
                    return None;
                }
                continue;
            }
            if line.quoted() || line.hint != self.lines[at].hint || self.head(here).is_some() {
                return Some(here);
            }
            filled += 1;
            if filled > most || line.text.len() > longest {
                return None;
            }
        }
        Some(self.lines.len())
    }
}

/// Gives blank lines a side, and shows what would leave nothing to read.
fn settle(lines: &[Line], mut parts: Vec<Part>, below_picture: bool) -> Vec<Kind> {
    /// More lines than that are no closing.
    const CLOSING: usize = 12;
    let said: Vec<&str> =
        lines.iter().zip(&parts).filter(|(_, part)| **part == Part::Said).map(|(line, _)| line.text.trim()).take(CLOSING + 1).collect();
    // Only "Dag Jan," or only "Met vriendelijke groet" above it: what is forwarded is what is said.
    if !below_picture && said.len() <= CLOSING && only_close(&said) {
        parts.iter_mut().filter(|part| **part == Part::Quote).for_each(|part| *part = Part::Said);
    }
    if !below_picture && !parts.contains(&Part::Said) {
        parts.fill(Part::Said);
    }
    let mut kinds = vec![Kind::Said; parts.len()];
    let mut below = None;
    for (kind, part) in kinds.iter_mut().zip(&parts).rev() {
        let own = match part {
            Part::Blank => None,
            Part::Said => Some(Kind::Said),
            Part::Head | Part::Quote | Part::Hidden => Some(Kind::Quoted),
            Part::Signature => Some(Kind::Signature),
        };
        below = own.or(below);
        *kind = below.unwrap_or(Kind::Said);
    }
    let last = parts.iter().rposition(|part| *part != Part::Blank).map(|at| kinds[at]);
    for (kind, _) in kinds.iter_mut().zip(&parts).rev().take_while(|(_, part)| **part == Part::Blank) {
        *kind = last.unwrap_or(Kind::Said);
    }
    kinds
}
