//! What proves who someone is besides a password: one-time codes, recovery codes and passkeys.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{Reads, Row, Source, first, rows_by};
use domain::PersonId;
use domain::time::Moment;
use sea_orm::{ConnectionTrait, Value};

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Passkey {
    /// The id that its authenticator gave it, in hexadecimal.
    pub id: String,
    pub person: PersonId,
    pub name: String,
    /// As its library writes it.
    pub credential: String,
    pub created_at: Moment,
    pub used_at: Option<Moment>,
}

/// What someone has besides a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Has {
    /// An app that makes codes.
    pub totp: bool,
    pub recovery_codes: i64,
    pub passkeys: i64,
}

impl Has {
    /// Whether there is a second factor.
    pub fn any(&self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// What someone has besides a password.
pub async fn of(from: &impl Source, person: PersonId) -> Result<Has> {
    let sql = "SELECT (SELECT COUNT(*) FROM totp WHERE person_id = $1), (SELECT COUNT(*) FROM recovery_code WHERE person_id = $1), (SELECT COUNT(*) FROM passkey WHERE person_id = $1)";
    let row = first(from, sql, [person.0.into()]).await?.ok_or(Error::Unreadable("factors"))?;
    let mut row = Row::new(&row);
    Ok(Has { totp: row.next::<i64>()? > 0, recovery_codes: row.next()?, passkeys: row.next()? })
}

/// The secret of someone's app.
pub async fn totp(from: &impl Source, person: PersonId) -> Result<Option<String>> {
    let row = first(from, "SELECT secret FROM totp WHERE person_id = $1", [person.0.into()]).await?;
    row.map(|row| Row::new(&row).next()).transpose()
}

/// Keeps the secret of an app that was seen to work at a step; [`Error::Taken`] where there is one already.
pub async fn add_totp(change: &Change, person: PersonId, secret: &str, step: i64, now: Moment) -> Result<()> {
    let sql = "INSERT INTO totp (person_id, secret, created_at, last_step) VALUES ($1, $2, $3, $4)";
    change.run(sql, [person.0.into(), secret.into(), now.0.into(), step.into()]).await?;
    Ok(())
}

/// Uses a step of someone's app: of two who use it at once, one has it, and none that is older counts any more.
pub async fn use_step(change: &Change, person: PersonId, step: i64) -> Result<bool> {
    Ok(change.run("UPDATE totp SET last_step = $1 WHERE person_id = $2 AND last_step < $1", [step.into(), person.0.into()]).await? > 0)
}

/// Takes someone's app away, with the codes that stand in for it.
pub async fn remove_totp(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM totp WHERE person_id = $1", [person.0.into()]).await?;
    remove_recovery_codes(change, person).await
}

/// Keeps the hashes of recovery codes instead of those there were.
pub async fn set_recovery_codes(change: &Change, person: PersonId, hashes: &[String]) -> Result<()> {
    remove_recovery_codes(change, person).await?;
    for hash in hashes {
        change.run("INSERT INTO recovery_code (hash, person_id) VALUES ($1, $2)", [hash.as_str().into(), person.0.into()]).await?;
    }
    Ok(())
}

/// Uses a recovery code: it is gone with that.
pub async fn use_recovery_code(change: &Change, person: PersonId, hash: &str) -> Result<bool> {
    Ok(change.run("DELETE FROM recovery_code WHERE hash = $1 AND person_id = $2", [hash.into(), person.0.into()]).await? > 0)
}

async fn passkeys(from: &impl Source, condition: &str, values: Vec<Value>) -> Result<Vec<Passkey>> {
    let tail = format!("FROM passkey k WHERE {condition} ORDER BY k.created_at, k.id");
    let found: Vec<(String, i64, String, String, i64, Option<i64>)> =
        rows_by(&from.on(), "k.id, k.person_id, k.name, k.credential, k.created_at, k.used_at", &tail, values).await?;
    let passkey = |(id, person, name, credential, created, used): (String, i64, String, String, i64, Option<i64>)| Passkey {
        id,
        person: PersonId(person),
        name,
        credential,
        created_at: Moment(created),
        used_at: used.map(Moment),
    };
    Ok(found.into_iter().map(passkey).collect())
}

/// Someone's passkeys, the oldest first.
pub async fn passkeys_of(from: &impl Source, person: PersonId) -> Result<Vec<Passkey>> {
    passkeys(from, "k.person_id = $1", vec![person.0.into()]).await
}

/// The passkey with this id.
pub async fn passkey(from: &impl Source, id: &str) -> Result<Option<Passkey>> {
    Ok(passkeys(from, "k.id = $1", vec![id.into()]).await?.pop())
}

/// Adds a passkey; [`Error::Taken`] where its authenticator has one here already.
pub async fn add_passkey(change: &Change, new: &Passkey) -> Result<()> {
    let sql = "INSERT INTO passkey (id, person_id, name, credential, created_at) VALUES ($1, $2, $3, $4, $5)";
    let values = [new.id.as_str().into(), new.person.0.into(), new.name.as_str().into(), new.credential.as_str().into(), new.created_at.0.into()];
    change.run(sql, values).await?;
    Ok(())
}

/// Notes that a passkey was used, with its counter as it is now; gives whether it is still there.
pub async fn use_passkey(change: &Change, id: &str, credential: &str, now: Moment) -> Result<bool> {
    Ok(change.run("UPDATE passkey SET credential = $1, used_at = $2 WHERE id = $3", [credential.into(), now.0.into(), id.into()]).await? > 0)
}

/// Takes a passkey of someone away; gives whether there was one.
pub async fn remove_passkey(change: &Change, person: PersonId, id: &str) -> Result<bool> {
    Ok(change.run("DELETE FROM passkey WHERE id = $1 AND person_id = $2", [id.into(), person.0.into()]).await? > 0)
}

/// Takes someone's recovery codes away.
pub async fn remove_recovery_codes(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM recovery_code WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}

/// Takes everything besides the password away.
pub async fn remove_all(change: &Change, person: PersonId) -> Result<()> {
    remove_totp(change, person).await?;
    change.run("DELETE FROM passkey WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}

/// The person whom a provider knows under a subject.
pub async fn identified(store: &Store, issuer: &str, subject: &str) -> Result<Option<PersonId>> {
    let row = store
        .reads
        .query_one_raw(store.sql("SELECT person_id FROM identity WHERE issuer = $1 AND subject = $2", [issuer.into(), subject.into()]))
        .await?;
    row.map(|row| Ok(PersonId(Row::new(&row).next()?))).transpose()
}

/// Remembers under which subject a provider knows a person; [`Error::Taken`] where it knows another by it.
pub async fn identify(change: &Change, issuer: &str, subject: &str, person: PersonId, now: Moment) -> Result<()> {
    let sql = "INSERT INTO identity (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)";
    change.run(sql, [issuer.into(), subject.into(), person.0.into(), now.0.into()]).await?;
    Ok(())
}

/// Whether a provider knows a person already.
pub async fn has_identity(change: &Change, issuer: &str, person: PersonId) -> Result<bool> {
    Ok(first(change, "SELECT 1 FROM identity WHERE issuer = $1 AND person_id = $2", [issuer.into(), person.0.into()]).await?.is_some())
}

/// Where someone is known: the issuers of their providers.
pub async fn issuers_of(store: &Store, person: PersonId) -> Result<Vec<String>> {
    let found: Vec<(String,)> =
        rows_by(&store.on(), "i.issuer", "FROM identity i WHERE i.person_id = $1 ORDER BY i.issuer", vec![person.0.into()]).await?;
    Ok(found.into_iter().map(|(issuer,)| issuer).collect())
}

/// Forgets under which subjects providers know a person.
pub async fn forget_identities(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM identity WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}
