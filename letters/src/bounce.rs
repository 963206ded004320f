//! Mail about mail that did not arrive (RFC 3464), and the same in words from servers that do not write reports.
//!
//! Invariant: only a failure that will not pass is permanent; what is delayed or unclear is not.

use crate::addresses::{self, Mailbox};
use crate::automatic::{Daemon, daemon, sent_by_nobody};
use crate::fields::Fields;
use crate::limits::{MAX_BOUNCE_TEXT, MAX_DIAGNOSTIC, MAX_UNDELIVERED};
use crate::parts::Raw;
use crate::{bodies, letter, words};

/// What a mail says about another that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounce {
    /// Who did not get it.
    pub recipients: Vec<Undelivered>,
    /// The Message-ID of the mail that came back, where it is there.
    pub message_id: Option<String>,
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
        Self { address, action, status, permanent, diagnostic: words::one_line(diagnostic, MAX_DIAGNOSTIC) }
    }
}

/// What the mail says about another.
pub(crate) fn find(parts: &[Raw<'_>], from: Option<&Mailbox>, text: Option<&str>) -> Option<Bounce> {
    let mail = parts.first()?;
    let reports = || parts.iter().filter(|part| matches!(part.kind.as_str(), "message/delivery-status" | "message/global-delivery-status"));
    let mut recipients: Vec<Undelivered> = vec![];
    for report in reports().take(10) {
        reported(&report.contents(&mut vec![]), &mut recipients);
    }
    let of_servers = match daemon(&mail.fields, from) {
        Some(Daemon::Mailer) => true,
        Some(Daemon::Postmaster) => sent_by_nobody(&mail.fields),
        None => mail.fields.has("X-Failed-Recipients"),
    };
    if recipients.is_empty() && (of_servers || reports().next().is_some()) {
        recipients = told(&mail.fields, text.unwrap_or_default());
    }
    let report = mail.kind == "multipart/report" && mail.parameter("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"));
    if recipients.is_empty() && !report {
        return None;
    }
    let message_id = returned(parts).or_else(|| text.filter(|_| of_servers).and_then(id_in));
    Some(Bounce { recipients, message_id })
}

/// The groups of fields of a report: the first is about the mail, each other about one recipient.
fn reported(report: &[u8], recipients: &mut Vec<Undelivered>) {
    let mut at = 0;
    while at < report.len() && recipients.len() < MAX_UNDELIVERED {
        let (fields, next, _) = Fields::read(report, at, |_| false);
        // A line that is no field ends nothing here.
        at = if next > at { next } else { crate::fields::line_end(report, at) };
        let address = ["Original-Recipient", "Final-Recipient"].iter().find_map(|name| {
            let value = words::sentence(fields.get(name)?, 1_000);
            addresses::cleaned(value.split_once(';').map_or(value.as_str(), |(_, address)| address))
        });
        let Some(address) = address else { continue };
        let diagnostic = fields.get("Diagnostic-Code").map(|value| words::sentence(value, MAX_DIAGNOSTIC)).unwrap_or_default();
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
    found
}

fn begins_the_copy(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("--") && (line.contains("copy") || line.contains("original") || line.contains("header") || line.contains("Original"))
}

/// The address that a line begins with, where hardly more is before it, and what follows.
fn alone(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let bare = word.trim_end_matches([':', ',', '.']);
    if !rest.is_empty() && !bare.starts_with('<') && !word.ends_with(':') {
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

/// The Message-ID in the mail that came back, or in its header.
fn returned(parts: &[Raw<'_>]) -> Option<String> {
    let kinds = ["message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"];
    let part = parts.iter().skip(1).find(|part| kinds.contains(&part.kind.as_str()))?;
    letter::head(&part.contents(&mut vec![])).message_id
}

/// The Message-ID in a copy below the words.
fn id_in(text: &str) -> Option<String> {
    let copy =
        text.lines().find(|line| line.trim_start_matches(['>', ' ']).get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:")))?;
    letter::head(bodies::tidy(copy.trim_start_matches(['>', ' ']).to_owned()).as_bytes()).message_id
}
