//! Sessions, and the throttle of logging in.

use crate::accounts::{ACCOUNT, Account, account};
use crate::change::Change;
use crate::connect::Store;
use crate::departments::hidden_from;
use crate::error::{Error, Result};
use crate::query::{Row, Source, first, rows_by};
use crate::tables::session;
use domain::time::Moment;
use domain::{DepartmentId, PersonId};
use sea_orm::{ConnectionTrait, EntityTrait, Set};

/// A session with its account, as each request needs it.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Whose.
    pub account: Account,
    /// When it was last seen.
    pub seen_at: Moment,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// Closed departments this person is not in.
    pub hidden: Vec<DepartmentId>,
}

/// The session with this hash, where it runs at `now` and its account is not disabled.
pub async fn find(store: &Store, id: &str, now: Moment) -> Result<Option<SessionRow>> {
    let hidden = "(SELECT CAST(COUNT(*) AS BIGINT) FROM department d WHERE d.closed)";
    let sql = format!(
        "SELECT {ACCOUNT}, s.seen_at, s.expires_at, {hidden} FROM session s JOIN person p ON p.id = s.person_id LEFT JOIN organisation o ON o.id = p.organisation_id
         WHERE s.id = $1 AND s.expires_at > $2 AND p.disabled_at IS NULL"
    );
    let Some(found) = store.reads.query_one_raw(store.sql(sql, [id.into(), now.0.into()])).await? else { return Ok(None) };
    let mut row = Row::new(&found);
    let account = account(&mut row)?;
    let (seen_at, expires_at, closed): (i64, i64, i64) = (row.next()?, row.next()?, row.next()?);
    let hidden = if closed > 0 && account.person.role.is_staff() { hidden_from(store, account.person.id).await? } else { vec![] };
    Ok(Some(SessionRow { account, seen_at: Moment(seen_at), expires_at: Moment(expires_at), hidden }))
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Open {
    pub id: String,
    pub device: String,
    pub address: String,
    pub created_at: Moment,
    pub seen_at: Moment,
}

/// The sessions of a person that run at `now`, the one used last first.
pub async fn of(from: &impl Source, person: PersonId, now: Moment) -> Result<Vec<Open>> {
    let tail = "FROM session s WHERE s.person_id = $1 AND s.expires_at > $2 ORDER BY s.seen_at DESC, s.id";
    let found: Vec<(String, String, String, i64, i64)> =
        rows_by(&from.on(), "s.id, s.device, s.address, s.created_at, s.seen_at", tail, vec![person.0.into(), now.0.into()]).await?;
    let open = |(id, device, address, created, seen)| Open { id, device, address, created_at: Moment(created), seen_at: Moment(seen) };
    Ok(found.into_iter().map(open).collect())
}

/// When the session with this hash began.
pub async fn begun_at(from: &impl Source, id: &str) -> Result<Option<Moment>> {
    let row = first(from, "SELECT created_at FROM session WHERE id = $1", [id.into()]).await?;
    row.map(|row| Ok(Moment(Row::new(&row).next()?))).transpose()
}

/// Begins a session under the hash of its token, on a device, from an address.
pub async fn begin(change: &Change, id: &str, person: PersonId, [device, address]: [&str; 2], now: Moment, expires: Moment) -> Result<()> {
    let row = session::ActiveModel {
        id: Set(id.to_owned()),
        person_id: Set(person.0),
        created_at: Set(now.0),
        seen_at: Set(now.0),
        expires_at: Set(expires.0),
        device: Set(device.to_owned()),
        address: Set(address.to_owned()),
    };
    session::Entity::insert(row).exec_without_returning(&change.db()).await?;
    Ok(())
}

/// Notes that a session was used, and moves its end.
pub async fn touch(change: &Change, id: &str, now: Moment, expires: Moment) -> Result<()> {
    change.run("UPDATE session SET seen_at = $1, expires_at = $2 WHERE id = $3", [now.0.into(), expires.0.into(), id.into()]).await?;
    Ok(())
}

/// Ends a session; its streams hear of it when this is committed.
pub async fn end(change: &mut Change, id: &str) -> Result<()> {
    change.run("DELETE FROM session WHERE id = $1", [id.into()]).await?;
    change.end_session(id);
    Ok(())
}

/// Ends every session of a person but one; their streams hear of it when this is committed.
pub async fn end_all(change: &mut Change, person: PersonId, but: Option<&str>) -> Result<()> {
    let sql = "DELETE FROM session WHERE person_id = $1 AND id <> $2 RETURNING id";
    let rows = change.db().query_all_raw(change.sql(sql, [person.0.into(), but.unwrap_or_default().into()])).await?;
    for row in &rows {
        let id: String = Row::new(row).next()?;
        change.end_session(&id);
    }
    Ok(())
}

/// Lets the streams of a person, or of all staff, begin anew once this is committed: they may see other tickets, or other people on them.
pub async fn renew(change: &mut Change, person: Option<PersonId>) -> Result<()> {
    let sql = "SELECT s.id FROM session s JOIN person p ON p.id = s.person_id WHERE p.id = $1 OR ($1 IS NULL AND p.role <> 'customer')";
    let rows = change.db().query_all_raw(change.sql(sql, [person.map(|person| person.0).into()])).await?;
    for row in &rows {
        let id: String = Row::new(row).next()?;
        change.end_session(&id);
    }
    Ok(())
}

/// Removes sessions and throttles that are long over.
pub async fn sweep(change: &Change, now: Moment, throttles_before: Moment) -> Result<()> {
    change.run("DELETE FROM session WHERE expires_at < $1", [now.0.into()]).await?;
    change.run("DELETE FROM throttle WHERE since < $1 OR since > $2", [throttles_before.0.into(), now.0.into()]).await?;
    Ok(())
}

/// Failures counted for a key, and since when.
pub async fn failures(store: &Store, key: &str) -> Result<Option<(i64, Moment)>> {
    let row = store.reads.query_one_raw(store.sql("SELECT failures, since FROM throttle WHERE id = $1", [key.into()])).await?;
    row.map(|row| {
        let mut row = Row::new(&row);
        Ok((row.next()?, Moment(row.next()?)))
    })
    .transpose()
}

/// Counts a try, and gives how many there are now and since when; the count begins anew when it began before `window`, or after `now`: then the clock was put back.
pub async fn count_try(change: &Change, key: &str, now: Moment, window: Moment) -> Result<(i64, Moment)> {
    let sql = "INSERT INTO throttle (id, failures, since) VALUES ($1, 1, $2)
               ON CONFLICT (id) DO UPDATE SET failures = CASE WHEN throttle.since <= $3 OR throttle.since > $2 THEN 1 ELSE throttle.failures + 1 END, since = CASE WHEN throttle.since <= $3 OR throttle.since > $2 THEN $2 ELSE throttle.since END
               RETURNING failures, since";
    let row = change.db().query_one_raw(change.sql(sql, [key.into(), now.0.into(), window.0.into()])).await?;
    let mut row = Row::new(row.as_ref().ok_or(Error::Unreadable("throttle"))?);
    Ok((row.next()?, Moment(row.next()?)))
}

/// Takes back one try of a key: it was none that failed.
pub async fn forgive_try(change: &Change, key: &str) -> Result<()> {
    change.run("UPDATE throttle SET failures = failures - 1 WHERE id = $1 AND failures > 0", [key.into()]).await?;
    Ok(())
}

/// Forgets the failures of a key.
pub async fn forget_failures(change: &Change, key: &str) -> Result<()> {
    change.run("DELETE FROM throttle WHERE id = $1", [key.into()]).await?;
    Ok(())
}
