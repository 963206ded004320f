//! The audit log: only ever added to, read by filter, and swept when it is old.

use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::query::{Row, Source, first, rows};
use domain::accounts::EmailAddress;
use domain::audit::{Deed, Entry};
use domain::time::Moment;
use domain::{Named, PersonId};
use sea_orm::Value;

/// What is written down.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct New<'a> {
    pub by: Option<&'a Named<PersonId>>,
    pub deed: Deed,
    pub about: &'a str,
    pub about_person: Option<PersonId>,
    pub address: &'a str,
    pub before: &'a str,
    pub after: &'a str,
}

/// Writes down what is being done, in the same change.
pub async fn add(change: &Change, new: &New<'_>, now: Moment) -> Result<()> {
    let sql = "INSERT INTO audit (at, by_id, by_name, deed, about, about_id, address, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        now.0.into(),
        new.by.map(|by| by.id.0).into(),
        new.by.map_or("", |by| by.name.as_str()).into(),
        new.deed.word().into(),
        new.about.into(),
        new.about_person.map(|person| person.0).into(),
        new.address.into(),
        new.before.into(),
        new.after.into(),
    ];
    change.run(sql, values).await?;
    Ok(())
}

/// Which entries are asked for; what is `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Filter {
    pub deed: Option<Deed>,
    /// A person who did it or whom it is about.
    pub person: Option<PersonId>,
    pub since: Option<Moment>,
    pub until: Option<Moment>,
    /// The entry before which to go on.
    pub before: Option<i64>,
}

/// Entries, the latest first.
pub async fn read(store: &Store, filter: &Filter, most: u64) -> Result<Vec<Entry>> {
    let (mut conditions, mut values): (Vec<String>, Vec<Value>) = (vec![], vec![]);
    let mut narrow = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(deed) = filter.deed {
        narrow("a.deed = ?", deed.word().into());
    }
    if let Some(person) = filter.person {
        narrow(
            "(a.by_id = ? OR a.about_id = ? OR a.by_id IN (SELECT id FROM person WHERE merged_into = ?) OR a.about_id IN (SELECT id FROM person WHERE merged_into = ?))",
            person.0.into(),
        );
    }
    if let Some(since) = filter.since {
        narrow("a.at >= ?", since.0.into());
    }
    if let Some(until) = filter.until {
        narrow("a.at < ?", until.0.into());
    }
    if let Some(before) = filter.before {
        narrow("a.id < ?", before.into());
    }
    // A deed of a later version is left out, and not counted either.
    let known: Vec<String> = Deed::ALL.iter().map(|deed| format!("'{}'", deed.word())).collect();
    conditions.push(format!("a.deed IN ({})", known.join(", ")));
    type Found = (i64, i64, String, String, String, String, String, String);
    let found: Vec<Found> = rows(
        store,
        "a.id, a.at, a.by_name, a.deed, a.about, a.address, a.before, a.after",
        &format!("FROM audit a WHERE {} ORDER BY a.id DESC LIMIT {most}", conditions.join(" AND ")),
        values,
    )
    .await?;
    Ok(found
        .into_iter()
        .filter_map(|(id, at, by, deed, about, address, before, after)| {
            Some(Entry { id, at: Moment(at), by, deed: Deed::from_word(&deed)?, about, address, before, after })
        })
        .collect())
}

/// Deeds of one person that are looked at for where they came in from.
const LOOKED_AT: u64 = 1_000;

/// The addresses that the account with an e-mail address came in from, of its latest deeds.
pub async fn log_in_addresses(store: &Store, email: &EmailAddress) -> Result<Vec<String>> {
    let of_person = "SELECT a.address, a.deed FROM audit a WHERE a.by_id = (SELECT id FROM person WHERE email = $1)";
    let tail = format!("FROM ({of_person} ORDER BY a.id DESC LIMIT {LOOKED_AT}) AS latest WHERE latest.deed = $2 GROUP BY latest.address");
    let found: Vec<(String,)> = rows(store, "latest.address", &tail, vec![email.as_str().into(), Deed::LoggedIn.word().into()]).await?;
    Ok(found.into_iter().map(|(address,)| address).collect())
}

/// Removes what is older than a moment.
pub async fn sweep(change: &Change, before: Moment) -> Result<u64> {
    change.run("DELETE FROM audit WHERE at < $1", [before.0.into()]).await
}

/// A setting that admins change on a screen.
pub async fn setting(from: &impl Source, name: &str) -> Result<Option<String>> {
    let row = first(from, "SELECT value FROM setting WHERE name = $1", [name.into()]).await?;
    row.map(|row| Row::new(&row).next()).transpose()
}

/// Keeps a setting.
pub async fn set_setting(change: &Change, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    change.run(sql, [name.into(), value.into()]).await?;
    Ok(())
}
