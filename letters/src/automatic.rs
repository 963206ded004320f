//! Whether a program sent a mail, so that no program answers it.
//!
//! Invariant: what people's own mail also carries (X-Auto-Response-Suppress, a subject) never counts alone, unless Exchange writes exactly that.

use crate::Mailbox;
use crate::fields::Fields;
use crate::parts::Raw;
use crate::words;

/// The field that Balie puts in every mail it sends.
const OUR_FIELD: &str = "X-Balie";
/// What the List-Id of every mail of Balie ends with.
const OUR_LIST: &str = ".tickets.balie";

/// Subjects that Exchange itself begins with, followed by a colon.
const EXCHANGE: [&str; 4] = ["automatic reply", "automatisch antwoord", "automatische antwort", "réponse automatique"];
/// Subjects that people choose too, and that count together with another sign.
const ABSENT: [&str; 14] = [
    "afwezig",
    "niet aanwezig",
    "automatisch",
    "autoreply",
    "auto reply",
    "auto:",
    "out of office",
    "out of the office",
    "abwesen",
    "absence",
    "absent",
    "réponse auto",
    "automatic",
    "vacation",
];

/// Whether a program sent a mail, and which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Automatic {
    /// A person did, as far as can be seen.
    #[default]
    No,
    /// It answers for someone who is away, or says that mail arrived.
    OutOfOffice,
    /// It tells about mail that did not arrive, or not yet.
    Bounce,
    /// It is sent to many or by an event: a newsletter, a list, a receipt.
    Notification,
    /// Balie itself sent it.
    Balie,
}

/// What the mail is.
pub(crate) fn judge(parts: &[Raw<'_>], from: Option<&Mailbox>, subject: &str, bounce: bool) -> Automatic {
    let Some(mail) = parts.first() else { return Automatic::No };
    let fields = &mail.fields;
    let lower = |name: &str| fields.lower(name).unwrap_or_default();
    if is_ours(fields) {
        return Automatic::Balie;
    }
    let report = mail.parameter("report-type").unwrap_or_default().to_ascii_lowercase();
    let nobody = sent_by_nobody(fields);
    let daemon = daemon(fields, from);
    if bounce || daemon == Some(Daemon::Mailer) || mail.kind == "multipart/report" && report == "delivery-status" {
        return Automatic::Bounce;
    }
    if mail.kind == "multipart/report" || nobody && !report.is_empty() {
        return Automatic::Notification;
    }
    let precedence = lower("Precedence");
    let answers = ["X-Autoreply", "X-Autorespond", "X-Auto-Reply"].iter().any(|name| says_yes(fields, name))
        || fields.has("X-MS-Exchange-Inbox-Rules-Loop")
        || precedence.starts_with("auto_reply");
    let subject = subject.to_lowercase();
    let absent = ABSENT.iter().any(|phrase| subject.contains(phrase));
    let exchange = EXCHANGE.iter().any(|phrase| subject.strip_prefix(phrase).is_some_and(|rest| rest.trim_start().starts_with(':')));
    let submitted = auto_submitted(fields).filter(|value| value != "no");
    let generated = submitted.is_some() || precedence_of_many(&precedence) || is_list(fields) || daemon.is_some();
    let sign = generated || nobody || fields.has("X-Auto-Response-Suppress");
    if answers || exchange || absent && sign || submitted.as_deref().is_some_and(|value| value.starts_with("auto-replied")) {
        return Automatic::OutOfOffice;
    }
    if generated { Automatic::Notification } else { Automatic::No }
}

/// Whether it came by a mailing list, or is a mailing.
pub(crate) fn is_list(fields: &Fields<'_>) -> bool {
    ["List-Id", "List-Unsubscribe", "List-Post"].iter().any(|name| fields.has(name))
        || fields.lower("Precedence").is_some_and(|value| value.starts_with("list"))
}

/// What Auto-Submitted says, without parameters and remarks.
pub(crate) fn auto_submitted(fields: &Fields<'_>) -> Option<String> {
    let value = fields.lower("Auto-Submitted")?;
    let value = value.split([';', '(', ' ']).next().unwrap_or_default().trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// A program that sends about mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Daemon {
    Mailer,
    Postmaster,
}

/// Whether such a program wrote it; it may have no more than a name.
pub(crate) fn daemon(fields: &Fields<'_>, from: Option<&Mailbox>) -> Option<Daemon> {
    let written = fields.get("From").map(|value| words::sentence(value, 300).to_lowercase()).unwrap_or_default();
    let local = from.map(|from| from.local().to_lowercase());
    let is = |who: &str| local.as_deref().map_or(written.trim_matches(['<', '>', '"', ' ']).starts_with(who), |local| local == who);
    if is("mailer-daemon") {
        return Some(Daemon::Mailer);
    }
    is("postmaster").then_some(Daemon::Postmaster)
}

/// Whether its envelope names no sender, as that of reports does.
pub(crate) fn sent_by_nobody(fields: &Fields<'_>) -> bool {
    fields.lower("Return-Path").is_some_and(|value| value == "<>")
}

fn is_ours(fields: &Fields<'_>) -> bool {
    let list = fields.lower("List-Id").unwrap_or_default();
    let id = list.rsplit_once('<').map_or(list.as_str(), |(_, id)| id).trim_end_matches(['>', ' ']);
    fields.has(OUR_FIELD) || id.ends_with(OUR_LIST)
}

fn precedence_of_many(precedence: &str) -> bool {
    ["bulk", "junk", "list"].iter().any(|word| precedence.starts_with(word))
}

fn says_yes(fields: &Fields<'_>, name: &str) -> bool {
    fields.lower(name).is_some_and(|value| !matches!(value.as_str(), "no" | "false" | "0"))
}
