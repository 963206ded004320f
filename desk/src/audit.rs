//! The audit log: what was done to accounts, rights and settings, written down in the change that does it.

use crate::accounts::{Agent, Session};
use crate::spreadsheet::Sheet;
use crate::{Desk, Result};
use domain::accounts::{EmailAddress, Language};
use domain::audit::{Deed, Entry};
use domain::permissions::Action;
use domain::time::{Moment, Span};
use domain::{Fault, Field, Named, PersonId, Refusal};
use std::net::IpAddr;
pub use store::audit::Filter;
use store::{Change, audit};

/// How long an entry is kept where the settings do not say.
pub const KEPT: Span = Span::days(730);
/// As short as it can be, in days.
const LEAST_DAYS: i64 = 30;
/// Entries read at once for an export.
const EXPORTED_AT_ONCE: u64 = 1_000;
/// Entries of one page.
pub const PAGE: u64 = 100;

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The network address, where it is known.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub device: String,
    /// The name of the browser's time zone, where it is known; one that there is.
    pub time_zone: Option<String>,
}

impl Origin {
    pub(crate) fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }
}

/// What was done, to whom, and what it changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done<'a> {
    pub deed: Deed,
    pub about: &'a str,
    pub person: Option<PersonId>,
    pub before: &'a str,
    pub after: &'a str,
}

impl<'a> Done<'a> {
    pub fn new(deed: Deed, about: &'a str, person: Option<PersonId>) -> Self {
        Self { deed, about, person, before: "", after: "" }
    }

    pub fn changed(self, before: &'a str, after: &'a str) -> Self {
        Self { before, after, ..self }
    }
}

/// What differs of something that has several parts: `part: value` on a line each, before and after.
pub(crate) fn differing(before: &[(String, String)], after: &[(String, String)]) -> (String, String) {
    let lines = |parts: &[(String, String)], others: &[(String, String)]| {
        let other = |part: &(String, String)| !part.1.is_empty() && !others.contains(part);
        parts.iter().filter(|part| other(part)).map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
    };
    (lines(before, after), lines(after, before))
}

/// Writes down what someone does.
pub(crate) async fn note(change: &Change, by: &Session, done: Done<'_>, now: Moment) -> Result<()> {
    write(change, Some(&by.named()), by.origin(), done, now).await
}

/// Writes down what nobody who has logged in does: `by` is known where a link proved it.
pub(crate) async fn write(change: &Change, by: Option<&Named<PersonId>>, origin: &Origin, done: Done<'_>, now: Moment) -> Result<()> {
    let Done { deed, about, person, before, after } = done;
    let address = origin.address();
    Ok(audit::add(change, &audit::New { by, deed, about, about_person: person, address: &address, before, after }, now).await?)
}

/// Which entries a query asks for: `deed`, `who` (an address), `since` and `until` (days, in the default zone), `before` (an entry).
pub async fn filter(desk: &Desk, query: &str) -> Result<Filter> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned().collect();
    let asked = |name: &str| pairs.iter().find(|(n, value)| n == name && !value.trim().is_empty()).map(|(_, value)| value.trim());
    // Somebody nobody knows has done nothing.
    let person = match asked("who").map(EmailAddress::parse) {
        None => None,
        Some(None) => Some(PersonId(-1)),
        Some(Some(email)) => Some(store::accounts::by_email(desk.store(), &email).await?.map_or(PersonId(-1), |account| account.person.id)),
    };
    let day = |name: &str, more: i64| asked(name).and_then(|day| crate::zones::day(crate::zones::DEFAULT, day, more));
    Ok(Filter {
        deed: asked("deed").and_then(Deed::from_word),
        person,
        since: day("since", 0),
        until: day("until", 1),
        before: asked("before").and_then(|n| n.parse().ok()),
    })
}

/// The name of the setting.
const KEPT_DAYS: &str = "audit_days";
/// As long as an entry can be kept: a hundred years, in days.
const MOST_DAYS: i64 = 36_500;

/// For how many days entries are kept.
pub async fn kept_days(desk: &Desk) -> Result<i64> {
    let setting = audit::setting(desk.store(), KEPT_DAYS).await?;
    Ok(setting.and_then(|days| days.parse().ok()).unwrap_or(KEPT.0 / Span::days(1).0))
}

/// Keeps entries for so many days from now on. Refuses less than a month, so that nobody hides what they did.
pub async fn keep_for(desk: &Desk, by: &Agent, days: &str) -> Result<()> {
    let days: i64 = days.trim().parse().map_err(|_| Refusal::field(Field::Setting, Fault::NotADay))?;
    if !(LEAST_DAYS..=MOST_DAYS).contains(&days) {
        return Err(Refusal::field(Field::Setting, Fault::NotADay).into());
    }
    let was = kept_days(desk).await?;
    let change = desk.store().begin().await?;
    audit::set_setting(&change, KEPT_DAYS, &days.to_string()).await?;
    note(&change, by.session(), Done::new(Deed::SettingChanged, KEPT_DAYS, None).changed(&was.to_string(), &days.to_string()), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Removes entries whose time is over.
pub(crate) async fn sweep(desk: &Desk) -> Result<u64> {
    let before = desk.now() - Span::days(kept_days(desk).await?);
    let change = desk.store().begin().await?;
    let removed = audit::sweep(&change, before).await?;
    change.commit().await?;
    Ok(removed)
}

/// Entries on their way out as CSV, the latest first, a page at a time: memory does not grow with them.
#[derive(Debug)]
pub struct Export {
    filter: Filter,
    language: Language,
    /// Whether the headings were written, and whether there are no more.
    begun: bool,
    ended: bool,
}

/// Begins to export the entries that a filter asks for, for a spreadsheet in a language; that they were exported is an entry too. For admins.
pub async fn export(desk: &Desk, by: &Agent, filter: &Filter, language: Language) -> Result<Export> {
    by.session().require(Action::ReadAudit)?;
    let change = desk.store().begin().await?;
    note(&change, by.session(), Done::new(Deed::AuditExported, "", None), desk.now()).await?;
    change.commit().await?;
    Ok(Export { filter: filter.clone(), language, begun: false, ended: false })
}

impl Export {
    /// The next page; `None` after the last.
    pub async fn next(&mut self, desk: &Desk) -> Result<Option<String>> {
        if self.ended {
            return Ok(None);
        }
        let mut out = if std::mem::replace(&mut self.begun, true) {
            Sheet::more(self.language)
        } else {
            let mut out = Sheet::begin(self.language);
            out.row(["when", "who", "what", "about", "before", "after", "address"])?;
            out
        };
        let page = audit::read(desk.store(), &self.filter, EXPORTED_AT_ONCE).await?;
        for entry in &page {
            let when = crate::zones::written(entry.at);
            out.row([&when, &entry.by, entry.deed.word(), &entry.about, &entry.before, &entry.after, &entry.address])?;
        }
        self.filter.before = page.last().map(|last| last.id);
        self.ended = (page.len() as u64) < EXPORTED_AT_ONCE;
        Ok(Some(out.finish()?))
    }
}

/// What was written down, the latest first; for admins.
pub async fn entries(desk: &Desk, _by: &Agent, filter: &Filter) -> Result<Vec<Entry>> {
    Ok(audit::read(desk.store(), filter, PAGE).await?)
}
