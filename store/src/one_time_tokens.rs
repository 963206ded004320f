//! Passes: links that were mailed, and steps of logging in, each to be used once, by whoever holds its secret, before it expires. The database holds the hash of the secret, never the secret.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::Row;
use domain::PersonId;
use domain::time::Moment;
use sea_orm::ConnectionTrait;

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Come in, by invitation.
    Invitation,
    /// Come in, by one's own wish.
    SignUp,
    /// Choose another password.
    Reset,
    /// Go on with logging in: the password was right, and something more is asked for.
    Factor,
    /// Answer the challenge of a passkey.
    Passkey,
    /// Come back from a provider.
    Provider,
}

impl Kind {
    const ALL: [Kind; 6] = [Kind::Invitation, Kind::SignUp, Kind::Reset, Kind::Factor, Kind::Passkey, Kind::Provider];

    /// Whether it is a link that is mailed.
    pub fn is_mailed(self) -> bool {
        matches!(self, Kind::Invitation | Kind::SignUp | Kind::Reset)
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Invitation => "invitation",
            Kind::SignUp => "sign_up",
            Kind::Reset => "reset",
            Kind::Factor => "factor",
            Kind::Passkey => "passkey",
            Kind::Provider => "provider",
        }
    }

    fn from_word(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(Error::Unreadable("pass"))
    }
}

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OneTimeToken {
    pub kind: Kind,
    /// Whose it is, where they have an account.
    pub person: Option<PersonId>,
    /// The address it was mailed to, and is bound to.
    pub email: String,
    /// What was typed when it was asked for.
    pub data: String,
}

const PASS: &str = "kind, person_id, email, data";

fn pass(mut row: Row<'_>) -> Result<OneTimeToken> {
    let kind = Kind::from_word(&row.next::<String>()?)?;
    Ok(OneTimeToken { kind, person: row.next::<Option<i64>>()?.map(PersonId), email: row.next()?, data: row.next()? })
}

/// Keeps a pass under the hash of its secret; a mailed link instead of others of its kind for the same address. Links for another password stay beside each other, a few an hour:
/// anyone may ask for one, and would make the one worthless that its owner is about to use.
pub async fn add(change: &Change, hash: &str, new: &OneTimeToken, now: Moment, expires: Moment) -> Result<()> {
    if new.kind.is_mailed() && new.kind != Kind::Reset {
        change.run("DELETE FROM pass WHERE kind = $1 AND email = $2", [new.kind.word().into(), new.email.as_str().into()]).await?;
    }
    let sql = "INSERT INTO pass (hash, kind, person_id, email, data, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let person = new.person.map(|person| person.0);
    let values =
        [hash.into(), new.kind.word().into(), person.into(), new.email.as_str().into(), new.data.as_str().into(), now.0.into(), expires.0.into()];
    change.run(sql, values).await?;
    Ok(())
}

/// The pass under a hash that has not expired.
pub async fn find(store: &Store, hash: &str, now: Moment) -> Result<Option<OneTimeToken>> {
    let sql = format!("SELECT {PASS} FROM pass WHERE hash = $1 AND expires_at > $2");
    let row = store.reads.query_one_raw(store.sql(sql, [hash.into(), now.0.into()])).await?;
    row.map(|row| pass(Row::new(&row))).transpose()
}

/// Takes a pass: of two who use it at once, one has it.
pub async fn take(change: &Change, hash: &str, now: Moment) -> Result<Option<OneTimeToken>> {
    let sql = format!("DELETE FROM pass WHERE hash = $1 AND expires_at > $2 RETURNING {PASS}");
    let row = change.db().query_one_raw(change.sql(sql, [hash.into(), now.0.into()])).await?;
    row.map(|row| pass(Row::new(&row))).transpose()
}

/// Takes every pass of a person away.
pub async fn revoke(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM pass WHERE person_id = $1", [person.0.into()]).await?;
    change.run("DELETE FROM address_change WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}

/// Removes passes that have expired.
pub async fn sweep(change: &Change, now: Moment) -> Result<()> {
    change.run("DELETE FROM pass WHERE expires_at < $1", [now.0.into()]).await?;
    change.run("DELETE FROM address_change WHERE expires_at < $1", [now.0.into()]).await?;
    Ok(())
}

/// Which end of a change of address said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum End {
    Old,
    New,
}

/// Keeps the wish for another address, instead of an earlier one, until both ends have said yes.
pub async fn add_address_change(change: &Change, person: PersonId, email: &str, old_hash: &str, new_hash: &str, expires: Moment) -> Result<()> {
    change.run("DELETE FROM address_change WHERE person_id = $1", [person.0.into()]).await?;
    let sql =
        "INSERT INTO address_change (person_id, email, old_hash, new_hash, old_ok, new_ok, expires_at) VALUES ($1, $2, $3, $4, FALSE, FALSE, $5)";
    change.run(sql, [person.0.into(), email.into(), old_hash.into(), new_hash.into(), expires.0.into()]).await?;
    Ok(())
}

/// The address a person wishes for, where that still stands.
pub async fn wished_address(store: &Store, person: PersonId, now: Moment) -> Result<Option<String>> {
    let sql = "SELECT email FROM address_change WHERE person_id = $1 AND expires_at > $2";
    let row = store.reads.query_one_raw(store.sql(sql, [person.0.into(), now.0.into()])).await?;
    row.map(|row| Row::new(&row).next()).transpose()
}

/// Whose wish for an address a hash belongs to, which end it is, and the address.
pub async fn end_of(store: &Store, hash: &str, now: Moment) -> Result<Option<(PersonId, End, String)>> {
    let sql = "SELECT person_id, old_hash, email FROM address_change WHERE (old_hash = $1 OR new_hash = $1) AND expires_at > $2";
    let row = store.reads.query_one_raw(store.sql(sql, [hash.into(), now.0.into()])).await?;
    row.map(|row| {
        let mut row = Row::new(&row);
        let (person, old) = (PersonId(row.next()?), row.next::<String>()?);
        Ok((person, if old == hash { End::Old } else { End::New }, row.next()?))
    })
    .transpose()
}

/// One end says yes; gives whether both have.
pub async fn agree(change: &Change, hash: &str, end: End, now: Moment) -> Result<Option<bool>> {
    let (column, at) = match end {
        End::Old => ("old_ok", "old_hash"),
        End::New => ("new_ok", "new_hash"),
    };
    let sql = format!("UPDATE address_change SET {column} = TRUE WHERE {at} = $1 AND expires_at > $2 RETURNING old_ok, new_ok");
    let row = change.db().query_one_raw(change.sql(sql, [hash.into(), now.0.into()])).await?;
    row.map(|row| {
        let mut row = Row::new(&row);
        Ok(row.next::<bool>()? & row.next::<bool>()?)
    })
    .transpose()
}
