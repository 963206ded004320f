//! API tokens: the hash of each, whose it is, what it allows and when it was used last.

use crate::accounts::{ACCOUNT, Account, account};
use crate::change::Change;
use crate::connect::Store;
use crate::departments::hidden_from;
use crate::error::Result;
use crate::query::{Row, rows};
use domain::time::Moment;
use domain::tokens::{ApiToken, TokenScope};
use domain::{DepartmentId, PersonId};
use sea_orm::ConnectionTrait;

/// A token with its owner's account, as each request needs it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct TokenRow {
    pub id: i64,
    pub account: Account,
    /// Closed departments the owner is not in.
    pub hidden: Vec<DepartmentId>,
    pub scopes: Vec<TokenScope>,
    pub used_at: Option<Moment>,
    pub used_from: String,
}

fn scopes(words: &str) -> Vec<TokenScope> {
    words.split(' ').filter_map(TokenScope::from_word).collect()
}

/// The token with this hash, where it has not expired at `now` and its owner's account is not disabled.
pub async fn find(store: &Store, hash: &str, now: Moment) -> Result<Option<TokenRow>> {
    let sql = format!(
        "SELECT {ACCOUNT}, a.id, a.scopes, a.used_at, a.used_from FROM api_token a JOIN person p ON p.id = a.person_id LEFT JOIN organisation o ON o.id = p.organisation_id
         WHERE a.hash = $1 AND a.expires_at > $2 AND p.disabled_at IS NULL"
    );
    let Some(found) = store.reads.query_one_raw(store.sql(sql, [hash.into(), now.0.into()])).await? else { return Ok(None) };
    let mut row = Row::new(&found);
    let account = account(&mut row)?;
    let hidden = hidden_from(store, account.person.id).await?;
    let (id, words, used_at) = (row.next()?, row.next::<String>()?, row.next::<Option<i64>>()?.map(Moment));
    Ok(Some(TokenRow { id, account, hidden, scopes: scopes(&words), used_at, used_from: row.next()? }))
}

/// The tokens of a person, the newest first; those that have expired too.
pub async fn of(store: &Store, person: PersonId) -> Result<Vec<ApiToken>> {
    let tail = "FROM api_token a WHERE a.person_id = $1 ORDER BY a.id DESC";
    type Found = (i64, String, String, i64, i64, Option<i64>, String);
    let found: Vec<Found> =
        rows(store, "a.id, a.name, a.scopes, a.created_at, a.expires_at, a.used_at, a.used_from", tail, vec![person.0.into()]).await?;
    let token = |(id, name, words, created, expires, used, used_from): Found| ApiToken {
        id,
        name,
        scopes: scopes(&words),
        created_at: Moment(created),
        expires_at: Moment(expires),
        used_at: used.map(Moment),
        used_from,
    };
    Ok(found.into_iter().map(token).collect())
}

/// Keeps a token under the hash of its secret, and gives its number.
pub async fn add(change: &Change, person: PersonId, hash: &str, name: &str, allowed: &[TokenScope], now: Moment, expires: Moment) -> Result<i64> {
    let words = allowed.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" ");
    let sql = "INSERT INTO api_token (hash, person_id, name, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    let values = [hash.into(), person.0.into(), name.into(), words.into(), now.0.into(), expires.0.into()];
    let row = change.db().query_one_raw(change.sql(sql, values)).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// How many tokens a person has, as a change sees it.
pub async fn count(change: &Change, person: PersonId) -> Result<i64> {
    let row = change.db().query_one_raw(change.sql("SELECT CAST(COUNT(*) AS BIGINT) FROM api_token WHERE person_id = $1", [person.0.into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Takes a token of a person away, and gives its name; `None` where it is not theirs.
pub async fn remove(change: &Change, person: PersonId, id: i64) -> Result<Option<String>> {
    let sql = "DELETE FROM api_token WHERE id = $1 AND person_id = $2 RETURNING name";
    let row = change.db().query_one_raw(change.sql(sql, [id.into(), person.0.into()])).await?;
    row.map(|row| Row::new(&row).next()).transpose()
}

/// Writes down that a token was used.
pub async fn touch(change: &Change, id: i64, address: &str, now: Moment) -> Result<()> {
    change.run("UPDATE api_token SET used_at = $1, used_from = $2 WHERE id = $3", [now.0.into(), address.into(), id.into()]).await?;
    Ok(())
}

/// Takes away what a person made that goes on without a session: tokens of the API and the link to their calendar. With another role, another password by a link, or a disabled account nothing of before goes on, nor comes back.
pub async fn remove_all(change: &Change, person: PersonId) -> Result<()> {
    for table in ["api_token", "feed"] {
        change.run(format!("DELETE FROM {table} WHERE person_id = $1"), [person.0.into()]).await?;
    }
    Ok(())
}
