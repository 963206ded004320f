//! Mail about mail that did not arrive (RFC 3464), and the same in words from servers that do not write reports.
//!
//! Invariant: only a failure that will not pass is permanent; what is delayed or unclear is not.

use crate::addresses::{self, MailAddress};
use crate::auto_reply::{Daemon, Failure, auto_submitted, daemon, is_from_nobody};
use crate::charset;
use crate::headers::Fields;
use crate::limits::{MAX_BOUNCE_TEXT, MAX_DIAGNOSTIC, MAX_UNDELIVERED};
use crate::parts::Raw;
use crate::returned::Returned;
use std::borrow::Cow;
use std::ops::Deref;

/// What the subjects of mail servers begin with, of mail that did not arrive.
const TITLES: [&str; 34] = [
    "a message you sent could not be delivered",
    "bericht niet bezorgd",
    "delivery failure",
    "delivery has failed",
    "delivery status notification",
    "e-mail niet bezorgd",
    "failure notice",
    "fehler bei der zustellung",
    "impossible de remettre",
    "kan niet worden bezorgd",
    "mail could not be delivered",
    "mail delivery failed",
    "mail delivery failure",
    "mail system error",
    "mancato recapito",
    "message non remis",
    "message undeliverable",
    "nicht zugestellt",
    "nicht zustellbar",
    "niet bezorgd",
    "no se puede entregar",
    "non recapitabile",
    "non remis",
    "non-remis",
    "não entregue",
    "onbestelbaar",
    "returned mail",
    "undeliverable",
    "undelivered",
    "unzustellbar",
    "warning: could not send message",
    "warning: message",
    "zustellung fehlgeschlagen",
    "échec de la remise",
];

/// What a mail says about another that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounce {
    /// Who did not get it; none where that is not said in a way that is read.
    pub recipients: Vec<Undelivered>,
    /// What is there of the mail that came back.
    pub returned: Returned,
}

/// One who did not get a mail, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The address the mail was sent to.
    pub address: String,
    /// What became of it.
    pub action: Action,
    /// The code of RFC 3463, as `5.1.1`.
    pub status: Option<String>,
    /// Whether sending again is useless: it failed, and not for a reason that passes.
    pub permanent: bool,
    /// What the server said, on one line.
    pub diagnostic: String,
}

/// What became of a mail to someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was given up.
    Failed,
    /// It is late, and still tried.
    Delayed,
    /// It arrived.
    Delivered,
    /// It was handed to a server that does not report.
    Relayed,
    /// It was sent on to several.
    Expanded,
}

impl Undelivered {
    fn new(address: String, action: Action, status: Option<String>, diagnostic: &str, certain: bool) -> Self {
        let permanent = action == Action::Failed && status.as_ref().map_or(certain, |status| status.starts_with('5'));
        Self { address, action, status, permanent, diagnostic: charset::one_line(diagnostic, MAX_DIAGNOSTIC) }
    }
}

/// How far a mail tells about another that did not arrive; a person who sends such a mail on does not.
pub(crate) fn failure<'t>(parts: &[Raw<'_>], from: Option<&MailAddress>, subject: &str, text: &impl Deref<Target = Cow<'t, str>>) -> Failure {
    let Some(mail) = parts.first() else { return Failure::No };
    let is_report = |part: &Raw<'_>| matches!(part.kind.as_str(), "message/delivery-status" | "message/global-delivery-status");
    let whole = mail.kind == "multipart/report" && mail.parameter("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"));
    let told = ["X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr"].iter().any(|name| mail.fields.has(name));
    let daemon = daemon(&mail.fields, from);
    let by_program = daemon.is_some() || is_from_nobody(mail) || auto_submitted(&mail.fields).is_some_and(|value| value != "no");
    let titled = titled(subject);
    let postmaster = daemon == Some(Daemon::Postmaster) && is_from_nobody(mail) && code_in(text).is_some();
    if whole || told || daemon == Some(Daemon::Mailer) || postmaster || by_program && (titled.is_some() || parts.iter().any(is_report)) {
        return Failure::Certain;
    }
    // A person may write such a subject too, but hardly with that of another mail behind it.
    let exchange = titled.as_ref().is_some_and(|rest| rest.trim_start().starts_with(':'));
    if exchange && code_in(text).is_some() { Failure::Likely } else { Failure::No }
}

/// What the mail says about another; whoever calls knows that a mail server wrote it.
pub(crate) fn read(parts: &[Raw<'_>], text: &str) -> Bounce {
    let mut recipients: Vec<Undelivered> = vec![];
    let reports = parts.iter().filter(|part| matches!(part.kind.as_str(), "message/delivery-status" | "message/global-delivery-status"));
    for report in reports.take(10) {
        reported(&report.contents(&mut vec![]), &mut recipients);
    }
    if let Some(mail) = parts.first()
        && recipients.is_empty()
    {
        recipients = told(&mail.fields, text);
    }
    Bounce { recipients, returned: Returned::find(parts, text) }
}

/// What follows the title where the subject is that of a mail server, without a word for a mail that was sent on before it.
fn titled(subject: &str) -> Option<String> {
    let subject = subject.trim_start_matches(['*', '[', '"', ' ']).to_lowercase();
    let rest = TITLES.iter().find_map(|title| subject.strip_prefix(title).filter(|rest| !rest.starts_with(char::is_alphanumeric)))?;
    Some(rest.to_owned())
}

/// The groups of fields of a report: the first is about the mail, each other about one recipient.
fn reported(report: &[u8], recipients: &mut Vec<Undelivered>) {
    let mut at = 0;
    while at < report.len() && recipients.len() < MAX_UNDELIVERED {
        let (fields, next, _) = Fields::read(report, at, |_| false);
        // A line that is no field ends nothing here.
        at = if next > at { next } else { crate::headers::line_end(report, at) };
        let address = ["Original-Recipient", "Final-Recipient"].iter().find_map(|name| {
            let value = charset::sentence(fields.get(name)?, 1_000);
            addresses::cleaned(value.split_once(';').map_or(value.as_str(), |(_, address)| address))
        });
        let Some(address) = address else { continue };
        let diagnostic = fields.get("Diagnostic-Code").map(|value| charset::sentence(value, MAX_DIAGNOSTIC)).unwrap_or_default();
        let diagnostic = diagnostic.split_once(';').filter(|(kind, _)| !kind.contains(' ')).map_or(diagnostic.as_str(), |(_, said)| said);
        let status = fields.lower("Status").and_then(|value| code_in(&value)).or_else(|| code_in(diagnostic));
        let action = match fields.lower("Action").unwrap_or_default().split([' ', ';']).next().unwrap_or_default() {
            "delayed" => Action::Delayed,
            "delivered" => Action::Delivered,
            "relayed" => Action::Relayed,
            "expanded" => Action::Expanded,
            _ if status.as_ref().is_some_and(|status| status.starts_with('2')) => Action::Delivered,
            _ => Action::Failed,
        };
        recipients.push(Undelivered::new(address, action, status, diagnostic, false));
    }
}

/// What servers such as qmail and Exim say in words: an address on a line of its own, and what was wrong after it.
fn told(fields: &Fields<'_>, text: &str) -> Vec<Undelivered> {
    let text = &text[..text.floor_char_boundary(MAX_BOUNCE_TEXT)];
    let lower = text.to_lowercase();
    let delayed = ["delayed", "still trying", "will be retried", "not yet been delivered", "vertraagd", "verzögert", "retardé"];
    let action = if delayed.iter().any(|word| lower.contains(word)) { Action::Delayed } else { Action::Failed };
    let certain = lower.contains("permanent");
    let mut groups: Vec<(String, String)> = vec![];
    for line in text.lines().take_while(|line| !begins_the_copy(line)) {
        match alone(line) {
            Some((address, rest)) if groups.len() < MAX_UNDELIVERED => groups.push((address, rest.to_owned())),
            _ => {
                if let Some((_, said)) = groups.last_mut()
                    && said.len() < 4 * MAX_DIAGNOSTIC
                {
                    said.push(' ');
                    said.push_str(line);
                }
            }
        }
    }
    let mut found: Vec<Undelivered> = vec![];
    let named = fields.all("X-Failed-Recipients").take(10).flat_map(|value| addresses::mailboxes(value, MAX_UNDELIVERED).0);
    let named = named.map(|mailbox| (mailbox.address, String::new()));
    for (address, said) in groups.into_iter().chain(named) {
        if found.len() < MAX_UNDELIVERED && !found.iter().any(|known| known.address == address) {
            let status = code_in(&said).or_else(|| if said.is_empty() { code_in(text) } else { None });
            found.push(Undelivered::new(address, action, status, &said, certain));
        }
    }
    if found.is_empty() {
        found.extend(
            the_only_address(fields, text)
                .map(|address| Undelivered::new(address, action, code_in(text), &charset::one_line(text, MAX_DIAGNOSTIC), certain)),
        );
    }
    found
}

/// The address in what is said above the copy, where there is one alone: `Your message to piet@klant.nl couldn't be delivered`.
fn the_only_address(fields: &Fields<'_>, text: &str) -> Option<String> {
    let own = addresses::every(fields, "To", 10).0;
    let said = text.lines().take_while(|line| !begins_the_copy(line));
    let mut found: Vec<String> = vec![];
    for word in
        said.flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | ':' | '[' | ']')))
    {
        let address = addresses::cleaned(word.trim_matches(['\'', '.'])).filter(|address| !address.to_lowercase().starts_with("postmaster@"));
        let address = address.filter(|address| !found.contains(address) && !own.iter().any(|own| own.address == *address));
        found.extend(address);
    }
    found.pop().filter(|_| found.is_empty())
}

fn begins_the_copy(line: &str) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    line.starts_with("--") && ["copy", "original", "header", "kopie", "origineel"].iter().any(|word| lower.contains(word))
        || ["diagnostic information for administrators", "diagnoseinformation", "diagnostische informatie", "informations de diagnostic"]
            .iter()
            .any(|head| lower.starts_with(head))
}

/// The address that a line begins with, where hardly more is before it, and what follows.
fn alone(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let bare = word.trim_end_matches([':', ',', '.']);
    let rest = rest.trim_start();
    // Exchange writes when it was: `piet@klant.nl am 12.03.2025 10:20`, or the address once more.
    let dated = || {
        rest.split_once(' ')
            .is_some_and(|(word, date)| matches!(word, "am" | "op" | "on" | "le" | "il" | "el") && date.starts_with(|c: char| c.is_ascii_digit()))
    };
    if !rest.is_empty() && !bare.starts_with('<') && !word.ends_with(':') && !rest.starts_with('(') && !dated() {
        return None;
    }
    addresses::cleaned(bare).map(|address| (address, rest))
}

/// The first code in what a server said; its three digits make a rough one.
fn code_in(said: &str) -> Option<String> {
    let words = || said.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let enhanced = words().find(|word| {
        let mut numbers = word.split('.');
        let class = numbers.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
        let fits = |number: Option<&str>| number.is_some_and(|number| (1..=3).contains(&number.len()));
        class && fits(numbers.next()) && fits(numbers.next()) && numbers.next().is_none()
    });
    let rough = || words().find(|word| word.len() == 3 && word.starts_with(['4', '5']) && word.as_bytes().get(1).is_some_and(|digit| *digit <= b'5'));
    enhanced.map(str::to_owned).or_else(|| rough().map(|code| format!("{}.0.0", &code[..1])))
}
