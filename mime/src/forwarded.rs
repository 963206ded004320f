//! A mail that someone forwarded: who wrote it first, and what they said.
//!
//! Invariant: who wrote it has an address; a header in the text counts only with a sender and two more of its fields.

use crate::addresses::MailAddress;
use crate::limits::{MAX_FORWARD_LINES, MAX_SUBJECT};
use crate::message::{self, InboundMessage};
use crate::{bodies, charset};

/// What was forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Who wrote it.
    pub from: MailAddress,
    /// What it was about; empty where that is not there.
    pub subject: String,
    /// What it said.
    pub text: String,
    /// The same in HTML, where it could be told from what stands before it.
    pub html: Option<String>,
}

/// What a line in the header of a forwarded mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Date,
    To,
    Subject,
    Other,
}

/// In Dutch, English, German and French, as Outlook, Gmail, Apple Mail and Thunderbird write them.
const LABELS: [(&str, Label); 33] = [
    ("from", Label::From),
    ("van", Label::From),
    ("von", Label::From),
    ("de", Label::From),
    ("sent", Label::Date),
    ("date", Label::Date),
    ("datum", Label::Date),
    ("verzonden", Label::Date),
    ("verstuurd", Label::Date),
    ("gesendet", Label::Date),
    ("envoyé", Label::Date),
    ("envoye", Label::Date),
    ("to", Label::To),
    ("aan", Label::To),
    ("an", Label::To),
    ("à", Label::To),
    ("pour", Label::To),
    ("subject", Label::Subject),
    ("onderwerp", Label::Subject),
    ("betreff", Label::Subject),
    ("objet", Label::Subject),
    ("sujet", Label::Subject),
    ("cc", Label::Other),
    ("cci", Label::Other),
    ("kopie", Label::Other),
    ("kopie (cc)", Label::Other),
    ("reply-to", Label::Other),
    ("antwoord aan", Label::Other),
    ("antwort an", Label::Other),
    ("répondre à", Label::Other),
    ("organisation", Label::Other),
    ("importance", Label::Other),
    ("urgentie", Label::Other),
];

impl InboundMessage {
    /// What was forwarded with this mail, attached or in its text.
    ///
    /// An answer by Outlook quotes what it answers in the same way; that is for the caller to tell apart.
    pub fn forwarded(&self) -> Option<Forwarded> {
        self.attached().or_else(|| self.in_text())
    }

    fn attached(&self) -> Option<Forwarded> {
        if self.bounce.is_some() {
            return None;
        }
        let inner = message::read(&self.files.iter().find(|file| file.is_mail())?.contents);
        let text = inner.text.or_else(|| inner.html.as_deref().map(bodies::plain_of)).unwrap_or_default();
        Some(Forwarded { from: inner.from?, subject: inner.subject, text, html: inner.html })
    }

    fn in_text(&self) -> Option<Forwarded> {
        let (from, subject, text) = block(&self.plain())?;
        Some(Forwarded { from, subject, text, html: self.html.as_deref().and_then(after_header) })
    }
}

/// The first header in the text, and what follows it.
fn block(text: &str) -> Option<(MailAddress, String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        if label(lines[at]).is_none() {
            at += 1;
            continue;
        }
        let end = (at..lines.len()).take(MAX_FORWARD_LINES).find(|line| bare(lines[*line]).is_empty());
        let end = end.unwrap_or(lines.len().min(at + MAX_FORWARD_LINES));
        if let Some((from, subject)) = header(&lines[at..end]) {
            return Some((from, subject, rest(&lines, at, end)));
        }
        at = end;
    }
    None
}

fn header(lines: &[&str]) -> Option<(MailAddress, String)> {
    // A long list of recipients goes on without a label.
    let mut fields: Vec<(Label, String)> = vec![];
    for line in lines {
        match (label(line), fields.last_mut()) {
            (Some((label, value)), _) => fields.push((label, value.to_owned())),
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(bare(line));
            }
            (None, None) => {}
        }
    }
    let get = |wanted: Label| fields.iter().find(|(label, _)| *label == wanted).map(|(_, value)| value.as_str());
    let known = [Label::Date, Label::To, Label::Subject].iter().filter(|label| get(**label).is_some()).count();
    if known < 2 {
        return None;
    }
    let from = mailbox(get(Label::From)?)?;
    Some((from, charset::one_line(get(Label::Subject).unwrap_or_default().trim_matches('*'), MAX_SUBJECT)))
}

/// What follows the header, without the marks of a quote where the header itself had them.
fn rest(lines: &[&str], at: usize, end: usize) -> String {
    let depth = marks(lines[at]);
    let text: Vec<&str> = lines[end..].iter().map(|line| unmarked(line, depth)).collect();
    text.join("\n").trim_matches('\n').to_owned()
}

fn marks(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, '>' | ' ')).filter(|c| *c == '>').count()
}

fn unmarked(line: &str, depth: usize) -> &str {
    (0..depth.min(marks(line))).fold(line, |line, _| {
        let line = line.trim_start_matches(' ').strip_prefix('>').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line)
    })
}

/// A line without the marks of a quote and of bold type.
fn bare(line: &str) -> &str {
    line.trim_start_matches(['>', ' ', '\t', '\u{a0}']).trim_matches(['*', ' ', '\t', '\u{a0}'])
}

fn label(line: &str) -> Option<(Label, &str)> {
    let (name, value) = bare(line).split_once(':')?;
    let name = name.trim_matches(['*', ' ', '\u{a0}']);
    if name.len() > 20 {
        return None;
    }
    let name = name.to_lowercase();
    let (_, label) = LABELS.iter().find(|(known, _)| *known == name)?;
    Some((*label, value.trim_matches(['*', ' ', '\t', '\u{a0}'])))
}

/// `Piet <piet@x.nl>`, `Piet [mailto:piet@x.nl]`, `Piet <piet@x.nl<mailto:piet@x.nl>>`, or the address alone.
fn mailbox(value: &str) -> Option<MailAddress> {
    let words = value.split(['<', '>', '[', ']', '(', ')', ' ', '\t', '"', '*']).filter(|word| word.contains('@'));
    let word = words.take(20).find(|word| crate::addresses::cleaned(word).is_some())?;
    let name = value.split(['<', '[', '(']).next().unwrap_or_default();
    let name = if name.contains('@') { "" } else { name };
    MailAddress::new(name.trim_matches(['*', ' ', '"', '\'']), word)
}

/// The HTML after the header, by the marks that mail programs give it.
fn after_header(html: &str) -> Option<String> {
    const MARKS: [(&str, &str); 3] = [("gmail_attr", "</div>"), ("moz-email-headers-table", "</table>"), ("id=\"divRplyFwdMsg\"", "</div>")];
    let (at, end) = MARKS.iter().filter_map(|(mark, end)| html.find(mark).map(|at| (at, *end))).min()?;
    let rest = &html[at..];
    let rest = &rest[rest.find(end)? + end.len()..];
    (!rest.trim().is_empty()).then(|| rest.trim().to_owned())
}
