//! A mail, read.
//!
//! Invariant: reading never fails; what is missing is empty, and what could not be read is told.

use crate::addresses::{self, MailAddress};
use crate::auto_reply::{self, Automatic};
use crate::bounce::{self, Bounce};
use crate::encrypted::{self, Sealed};
use crate::files::Part;
use crate::headers::Fields;
use crate::limits::{MAX_COUNTED, MAX_FIELD, MAX_ID, MAX_IDS, MAX_KEPT, MAX_SUBJECT, MAX_TOLD};
use crate::{answers, author, bodies, charset, parts, returned};
use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, HeaderValue};
use std::borrow::Cow;
use std::cell::LazyCell;

/// Words that mail programs put before a subject, in the languages of the desk and its neighbours.
const PREFIXES: [&str; 18] =
    ["re", "fwd", "fw", "antw", "antwoord", "betreft", "betr", "doorst", "aw", "antwort", "wg", "tr", "réf", "rép", "sv", "vs", "rv", "vb"];

/// A mail, read.
#[derive(Debug, Clone, Default)]
pub struct InboundMessage {
    /// Who wrote it: the first of From, else Sender; the author where a list sent it on in its own name.
    pub from: Option<MailAddress>,
    /// The `From` that a list wrote in place of its author's, who is then in `from`, and whom nothing proves.
    pub via: Option<MailAddress>,
    /// Where its answer should go, where that is said.
    pub reply_to: Option<MailAddress>,
    /// To whom it is, at most [`MAX_KEPT`].
    pub to: Vec<MailAddress>,
    /// Who got a copy, at most [`MAX_KEPT`].
    pub cc: Vec<MailAddress>,
    /// How many To and Cc name, counted to [`MAX_COUNTED`].
    pub recipients: usize,
    /// The addresses that servers on its way say it was for.
    pub delivered_to: Vec<String>,
    /// One line of at most [`MAX_SUBJECT`] characters.
    pub subject: String,
    /// Its own name, without brackets.
    pub message_id: Option<String>,
    /// The mails it answers, without brackets.
    pub in_reply_to: Vec<String>,
    /// The mails of its thread, the nearest last.
    pub references: Vec<String>,
    /// When its sender says it was written, in milliseconds since 1970.
    pub date: Option<i64>,
    /// What it says in plain text, with line feeds for line ends.
    pub text: Option<String>,
    /// What it says in HTML, exactly as unsafe as it came.
    pub html: Option<String>,
    /// What came along.
    pub files: Vec<Part>,
    /// Whether a program sent it, and why.
    pub automatic: Automatic,
    /// What it says about mail that did not arrive.
    pub bounce: Option<Bounce>,
    /// What of it needs another program.
    pub sealed: Vec<Sealed>,
    /// Whether what it says stood inside an S/MIME signature, which was not verified.
    pub in_signature: bool,
    /// Whether a picture stands in front of its text, which its HTML does not name.
    pub begins_with_picture: bool,
    /// Whether it came by a mailing list.
    pub list: bool,
    /// The addresses of the list it came by, in lower case.
    pub list_addresses: Vec<String>,
    /// The Message-ID that Balie, here or elsewhere, gave it when it sent it.
    pub balie: Option<String>,
    /// What could not be read as it stood.
    pub oddities: Vec<Oddity>,
}

/// Something about a mail that could not be read as it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// Its lines end with carriage returns alone.
    ReturnsOnly,
    /// Its header ends without an empty line.
    NoBlankLine,
    /// A header has more fields than are kept.
    TooManyFields,
    /// It has more parts than are read; the rest is left out.
    TooManyParts,
    /// Its parts are nested deeper than is read; what is deeper is one file.
    TooDeep,
    /// It ends before its parts do.
    Unterminated,
    /// A part says that it holds others, and holds none; it is read as text.
    BoundaryMissing,
    /// Its recipients were not all kept.
    TooManyRecipients,
    /// Its Message-ID is longer than one may be, and was left out.
    LongMessageId,
    /// Its text is longer than is kept.
    TextCut,
    /// Its HTML is longer than is kept.
    HtmlCut,
    /// Text in a character set that is not known, by the name it gave.
    UnknownCharset(String),
    /// A part travelled in an encoding that is not known, and is as it came.
    UnknownEncoding,
    /// A part's encoding is damaged; what could be decoded was.
    BrokenEncoding,
}

/// What its header says, for a quick decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Its own name, without brackets.
    pub message_id: Option<String>,
    /// Who wrote it: the first of From, else Sender.
    pub from: Option<MailAddress>,
    /// What Auto-Submitted says, in lower case and without what follows it; none where it is missing.
    pub auto_submitted: Option<String>,
}

/// Reads a mail.
pub fn read(raw: &[u8]) -> InboundMessage {
    let mut oddities = vec![];
    let raw = with_line_feeds(raw);
    if matches!(raw, Cow::Owned(_)) {
        oddities.push(Oddity::ReturnsOnly);
    }
    let parts = parts::walk(&raw, &mut oddities);
    let none = Fields::default();
    let fields = parts.first().map_or(&none, |part| &part.fields);
    let bodies = bodies::sort(&parts, &mut oddities);

    let (to, in_to) = addresses::every(fields, "To", MAX_KEPT);
    let (cc, in_cc) = addresses::every(fields, "Cc", MAX_KEPT);
    if in_to > to.len() || in_cc > cc.len() {
        oddities.push(Oddity::TooManyRecipients);
    }
    let from = from(fields);
    let subject = fields.get("Subject").map(|value| charset::sentence(value, MAX_SUBJECT)).unwrap_or_default();
    let (message_id, too_long) = message_id(fields);
    if too_long {
        oddities.push(Oddity::LongMessageId);
    }
    // Of HTML alone the text is made only where a bounce is looked for in it.
    let said = LazyCell::new(|| match (&bodies.text, &bodies.html) {
        (Some(text), _) => Cow::from(text),
        (None, html) => html.as_deref().map(bodies::plain_of).unwrap_or_default().into(),
    });
    let failure = bounce::failure(&parts, from.as_ref(), &subject, &said);
    let bounce = (failure == auto_reply::Failure::Certain).then(|| bounce::read(&parts, &said));
    let mut sealed = encrypted::find(&parts, bodies.text.as_deref());
    for inner in bodies.sealed {
        if sealed.len() < MAX_TOLD && !sealed.contains(&inner) {
            sealed.push(inner);
        }
    }
    let automatic = match auto_reply::judge(&parts, from.as_ref(), &subject, failure) {
        Automatic::No if answers::is_answer_alone(&sealed, from.as_ref(), bodies.text.as_deref(), bodies.html.as_deref()) => Automatic::Notification,
        found => found,
    };
    let (from, via) = match from.as_ref().and_then(|written| author::behind(fields, written)) {
        Some(author) => (Some(author), from),
        None => (from, None),
    };
    let mut told: Vec<Oddity> = vec![];
    for oddity in oddities {
        if told.len() < MAX_TOLD && !told.contains(&oddity) {
            told.push(oddity);
        }
    }
    InboundMessage {
        reply_to: addresses::first(fields, "Reply-To"),
        recipients: MAX_COUNTED.min(in_to + in_cc),
        delivered_to: addresses::delivered(fields),
        in_reply_to: if fields.has("In-Reply-To") { ids(fields, "In-Reply-To") } else { returned::that_was_read(&parts) },
        references: ids(fields, "References"),
        date: date(fields),
        list: auto_reply::is_list(fields),
        list_addresses: author::list_addresses(fields),
        balie: returned::balie(fields),
        text: bodies.text,
        html: bodies.html,
        files: bodies.files,
        in_signature: bodies.in_signature,
        begins_with_picture: bodies.begins_with_picture,
        oddities: told,
        from,
        via,
        to,
        cc,
        subject,
        message_id,
        automatic,
        bounce,
        sealed,
    }
}

/// Reads a mail's header alone.
pub fn head(raw: &[u8]) -> Head {
    let raw = with_line_feeds(raw);
    let fields = parts::header(&raw);
    Head { message_id: message_id(&fields).0, from: from(&fields), auto_submitted: auto_reply::auto_submitted(&fields) }
}

/// Where the body of a mail begins; nothing where it has no header.
pub fn body_at(raw: &[u8]) -> usize {
    parts::body_at(raw)
}

impl InboundMessage {
    /// What it says, in plain text.
    pub fn plain(&self) -> Cow<'_, str> {
        match (&self.text, &self.html) {
            (Some(text), _) if !text.trim().is_empty() => text.as_str().into(),
            (_, Some(html)) => bodies::plain_of(html).into(),
            _ => "".into(),
        }
    }

    /// The subject without the words that mail programs put before it.
    pub fn topic(&self) -> &str {
        let mut topic = self.subject.trim();
        while let Some((word, rest)) = topic.split_once(':') {
            // Some count: `Re[2]`, `RE (3)`.
            let word = word.trim_end_matches([' ', '\u{a0}', ')', ']', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
            let word = word.trim_end_matches(['(', '[']).trim();
            if word.len() > 10 || !PREFIXES.contains(&word.to_lowercase().as_str()) {
                break;
            }
            topic = rest.trim_start();
        }
        topic
    }
}

/// Old Macs ended lines with a carriage return; a mail without any line feed is made one with them.
fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.contains(&b'\n') || !raw.contains(&b'\r') {
        return raw.into();
    }
    raw.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect::<Vec<_>>().into()
}

fn from(fields: &Fields<'_>) -> Option<MailAddress> {
    addresses::first(fields, "From").or_else(|| addresses::first(fields, "Sender"))
}

pub(crate) fn message_id(fields: &Fields<'_>) -> (Option<String>, bool) {
    let first = fields.get("Message-ID").and_then(|value| all_ids(value).into_iter().next());
    let too_long = first.as_ref().is_some_and(|id| id.len() > MAX_ID);
    (first.filter(|_| !too_long), too_long)
}

/// The last of those named in the fields of this name.
pub(crate) fn ids(fields: &Fields<'_>, name: &str) -> Vec<String> {
    let mut found: Vec<String> = fields.all(name).take(10).flat_map(all_ids).filter(|id| id.len() <= MAX_ID).collect();
    found.drain(..found.len().saturating_sub(MAX_IDS));
    found
}

fn all_ids(value: &[u8]) -> Vec<String> {
    // Of a long field the end is what counts.
    let value = &value[value.len().saturating_sub(MAX_FIELD)..];
    let line = charset::unfolded(value, MAX_FIELD) + "\n";
    let written: Vec<String> = match MessageStream::new(line.as_bytes()).parse_id() {
        HeaderValue::Text(one) => vec![one.into_owned()],
        HeaderValue::TextList(all) => all.into_iter().map(Cow::into_owned).collect(),
        _ => vec![],
    };
    let clean = |id: String| id.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !charset::turns(*c) && !matches!(c, '<' | '>')).collect();
    written.into_iter().map(clean).filter(|id: &String| !id.is_empty()).collect()
}

fn date(fields: &Fields<'_>) -> Option<i64> {
    let line = charset::one_line(&charset::unfolded(fields.get("Date")?, 200), 200);
    // Some leave the zone out, and some write dates as computers do.
    let date = DateTime::parse_rfc822(&line)
        .or_else(|| DateTime::parse_rfc822(&format!("{line} +0000")))
        .filter(plausible)
        .or_else(|| DateTime::parse_rfc3339(&line).filter(plausible))?;
    Some(date.to_timestamp() * 1_000)
}

/// A leap second is a second too.
fn plausible(date: &DateTime) -> bool {
    DateTime { second: date.second.min(59), ..*date }.is_valid() && date.second <= 60
}
