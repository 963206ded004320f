//! Whether a program sent a mail, so that no program answers it and no person's mail is taken for one.
//!
//! Invariant: only what no person's mail carries makes a mail certainly automatic; everything else is a person's, or [`Automatic::Doubtful`].

use crate::headers::Fields;
use crate::message::InboundMessage;
use crate::parts::Raw;
use crate::{MailAddress, charset};

/// What Exchange writes before the subject of an absence note, followed by a colon.
const EXCHANGE: [&str; 7] = [
    "automatic reply",
    "automatisch antwoord",
    "automatische antwort",
    "réponse automatique",
    "respuesta automática",
    "risposta automatica",
    "resposta automática",
];
/// What a subject of an absence note has somewhere; counts where the mail says that no person sent it.
const ABSENT: [&str; 22] = [
    "afwezig",
    "niet aanwezig",
    "vakantie",
    "verlof",
    "automatisch",
    "autoreply",
    "auto reply",
    "auto-reply",
    "auto:",
    "out of office",
    "out of the office",
    "on leave",
    "abwesen",
    "urlaub",
    "absence",
    "absent",
    "congé",
    "vacances",
    "réponse auto",
    "automatic",
    "vacation",
    "holiday",
];
/// What the subject of an absence note begins with, in the languages of the desk and its neighbours.
const ABSENCE_TITLES: [&str; 56] = [
    "absence",
    "absence du bureau",
    "absent",
    "absent du bureau",
    "abwesend",
    "abwesenheit",
    "abwesenheitsmeldung",
    "abwesenheitsnachricht",
    "abwesenheitsnotiz",
    "afwezig",
    "afwezigheid",
    "afwezigheidsassistent",
    "afwezigheidsbericht",
    "afwezigheidsmelding",
    "annual leave",
    "assente",
    "ausente",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic reply",
    "automatisch antwoord",
    "automatische antwort",
    "away from my desk",
    "away from the office",
    "de vacaciones",
    "en congé",
    "en congés",
    "en vacances",
    "fuera de la oficina",
    "fuori ufficio",
    "férias",
    "im urlaub",
    "in ferie",
    "in urlaub",
    "maternity leave",
    "met vakantie",
    "met verlof",
    "nicht im büro",
    "nicht im haus",
    "niet aanwezig",
    "niet op kantoor",
    "on annual leave",
    "on holiday",
    "on leave",
    "on vacation",
    "op vakantie",
    "out of office",
    "out of the office",
    "réponse automatique",
    "urlaub",
    "vacances",
    "vacation",
    "vakantie",
    "vakantiebericht",
    "zwangerschapsverlof",
];
/// What goes on such a beginning, besides a mark and a number: `Im Urlaub bis 24.3.`, `Out of office until Monday`.
const UNTIL: [&str; 15] =
    ["bis", "vom", "ab", "tot", "t/m", "vanaf", "until", "till", "from", "jusqu'au", "du", "message", "notification", "notice", "hasta"];

/// Whether a program sent a mail, and which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Automatic {
    /// A person did, as far as can be seen.
    #[default]
    No,
    /// It certainly answers by itself: for someone who is away, or to say that mail arrived.
    OutOfOffice,
    /// It certainly tells about mail that did not arrive, or not yet.
    Bounce,
    /// It says itself that no person sent it, or it is a receipt for reading.
    Notification,
    /// It came by a list, or a rule in a mailbox sent it on: a person may have written it.
    PassedOn,
    /// It has marks of a program that a person's mail may have too.
    Doubtful,
}

/// What the mail is; `failure` is how far it tells about mail that did not arrive.
pub(crate) fn judge(parts: &[Raw<'_>], from: Option<&MailAddress>, subject: &str, failure: Failure) -> Automatic {
    let Some(mail) = parts.first() else { return Automatic::No };
    let fields = &mail.fields;
    let lower = |name: &str| fields.lower(name).unwrap_or_default();
    if failure == Failure::Certain {
        return Automatic::Bounce;
    }
    // A receipt for reading, a complaint: whoever pressed the button wrote nothing.
    if mail.kind == "multipart/report" {
        return Automatic::Notification;
    }
    let precedence = lower("Precedence");
    let declared = auto_submitted(fields).filter(|value| value != "no");
    let answers = ["X-Autoreply", "X-Autorespond", "X-Auto-Reply"].iter().any(|name| says_yes(fields, name)) || precedence.starts_with("auto_reply");
    if answers || declared.as_deref().is_some_and(|value| value.starts_with("auto-replied")) || begins_as_exchange_does(subject) {
        return Automatic::OutOfOffice;
    }
    let by_rule = fields.has("X-MS-Exchange-Inbox-Rules-Loop") || lower("X-MS-Exchange-Generated-Message-Source").contains("rules");
    let absent = ABSENT.iter().any(|phrase| subject.to_lowercase().contains(phrase));
    // Exchange declares what a rule sends on to be generated, whoever wrote it.
    if declared.is_some() && !by_rule {
        return if absent { Automatic::OutOfOffice } else { Automatic::Notification };
    }
    if is_from_nobody(mail) {
        return if absent { Automatic::OutOfOffice } else { Automatic::Doubtful };
    }
    let (list, bulk) = (is_list(fields), ["bulk", "junk"].iter().any(|word| precedence.starts_with(word)));
    // Exchange puts shorter lists on the mail of people.
    let suppresses_all = lower("X-Auto-Response-Suppress").trim() == "all";
    if begins_as_absence(subject) && (suppresses_all || bulk && !list) {
        return Automatic::OutOfOffice;
    }
    if list || by_rule && declared.is_some() {
        return Automatic::PassedOn;
    }
    if bulk || failure == Failure::Likely || daemon(fields, from).is_some() { Automatic::Doubtful } else { Automatic::No }
}

/// How far a mail tells about another that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It does not.
    No,
    /// It reads like that, and nothing proves that a mail server wrote it.
    Likely,
    /// A mail server wrote it.
    Certain,
}

impl InboundMessage {
    /// Whether its subject begins as that of an absence note does, without a word for an answer before it.
    ///
    /// A person may write such a subject too; who answers a mail leaves its subject as it was.
    pub fn is_titled_as_absence(&self) -> bool {
        begins_as_absence(&self.subject)
    }
}

fn begins_as_exchange_does(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    EXCHANGE.iter().any(|phrase| subject.strip_prefix(phrase).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

fn begins_as_absence(subject: &str) -> bool {
    let subject = subject.trim_start_matches(['[', '(', '*', '"', ' ']).to_lowercase();
    ABSENCE_TITLES.iter().filter_map(|title| subject.strip_prefix(title)).any(|rest| {
        let goes_on = rest.starts_with(|c: char| c.is_alphanumeric());
        let rest = rest.trim_start();
        let word = rest.split([' ', '\u{a0}']).next().unwrap_or_default();
        !goes_on && (!rest.starts_with(char::is_alphabetic) || UNTIL.contains(&word))
    })
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
pub(crate) fn daemon(fields: &Fields<'_>, from: Option<&MailAddress>) -> Option<Daemon> {
    let written = fields.get("From").map(|value| charset::sentence(value, 300).to_lowercase()).unwrap_or_default();
    let local = from.map(|from| from.local().to_lowercase());
    let is = |who: &str| local.as_deref().map_or(written.trim_matches(['<', '>', '"', ' ']).starts_with(who), |local| local == who);
    if is("mailer-daemon") {
        return Some(Daemon::Mailer);
    }
    // Exchange writes from an address of this name and 32 digits.
    let exchange = local.as_deref().is_some_and(|local| local.starts_with("microsoftexchange"));
    (is("postmaster") || exchange).then_some(Daemon::Postmaster)
}

/// Whether its envelope names no sender, as that of a report does: nothing is sent in answer to it (RFC 5321, 4.5.5).
pub(crate) fn is_from_nobody(mail: &Raw<'_>) -> bool {
    let path = mail.fields.all("Return-Path").next().map(|value| charset::one_line(&charset::unfolded(value, 1_000), 1_000).to_lowercase());
    let is_none = |path: &str| {
        let path = path.trim_matches(['<', '>', ' ', '"']);
        path.is_empty() || path == "mailer-daemon" || path.starts_with("mailer-daemon@")
    };
    path.map_or_else(|| mail.whole.starts_with(b"From MAILER-DAEMON"), |path| is_none(&path))
}

fn says_yes(fields: &Fields<'_>, name: &str) -> bool {
    fields.lower(name).is_some_and(|value| !matches!(value.as_str(), "no" | "false" | "0"))
}
