//! Browsers of staff that are told of alarms by web push.

use crate::change::Change;
use crate::error::Result;
use crate::query::{Source, rows_by};
use domain::accounts::Language;
use domain::time::Moment;
use domain::{Named, PersonId};

/// A browser that is told, as its push service knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Browser {
    pub id: i64,
    pub owner: Named<PersonId>,
    pub language: Language,
    /// Where the push service takes what is for it.
    pub endpoint: String,
    /// What it is encrypted with: the browser's public key and a shared secret, in base64 as the browser gives them.
    pub key: String,
    pub auth: String,
}

type Columns = (i64, i64, String, Option<String>, String, String, String);

const COLUMNS: &str = "b.id, p.id, p.name, p.language, b.endpoint, b.key, b.auth";
/// Those whose session has ended, or who are no longer staff, are told nothing.
const FROM: &str = "FROM browser b JOIN session s ON s.id = b.session_id JOIN person p ON p.id = b.person_id WHERE s.expires_at > $1 AND p.disabled_at IS NULL AND p.role <> 'customer'";

fn browser((id, person, name, language, endpoint, key, auth): Columns) -> Browser {
    let language = language.and_then(|tag| Language::from_tag(&tag)).unwrap_or_default();
    Browser { id, owner: Named::new(PersonId(person), name), language, endpoint, key, auth }
}

/// Adds the browser of a session, or lets it follow that session from now on. Of one person the oldest go where there are more than so many.
pub async fn add(change: &Change, session: &str, new: &Browser, now: Moment, most: i64) -> Result<()> {
    let sql = "INSERT INTO browser (person_id, session_id, endpoint, key, auth, added_at) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (endpoint) DO UPDATE SET person_id = excluded.person_id, session_id = excluded.session_id, key = excluded.key, auth = excluded.auth, added_at = excluded.added_at";
    let person = new.owner.id.0;
    let values = [person.into(), session.into(), new.endpoint.as_str().into(), new.key.as_str().into(), new.auth.as_str().into(), now.0.into()];
    change.run(sql, values).await?;
    let older = "DELETE FROM browser WHERE person_id = $1 AND id NOT IN (SELECT id FROM browser WHERE person_id = $1 ORDER BY added_at DESC, id DESC LIMIT $2)";
    change.run(older, [person.into(), most.into()]).await?;
    Ok(())
}

/// Takes a person's browser away.
pub async fn remove(change: &Change, person: PersonId, endpoint: &str) -> Result<()> {
    change.run("DELETE FROM browser WHERE person_id = $1 AND endpoint = $2", [person.0.into(), endpoint.into()]).await?;
    Ok(())
}

/// Takes a browser away that its push service no longer knows.
pub async fn forget(change: &Change, id: i64) -> Result<()> {
    change.run("DELETE FROM browser WHERE id = $1", [id.into()]).await?;
    Ok(())
}

/// The browsers of a person.
pub async fn of(from: &impl Source, person: PersonId, now: Moment) -> Result<Vec<Browser>> {
    let tail = format!("{FROM} AND b.person_id = $2 ORDER BY b.id");
    Ok(rows_by::<Columns>(&from.on(), COLUMNS, &tail, vec![now.0.into(), person.0.into()]).await?.into_iter().map(browser).collect())
}

/// Whose browsers are told no longer because their session ran out, with the address and the language to tell them so in.
pub async fn run_out(change: &Change, now: Moment) -> Result<Vec<(String, String, Language)>> {
    let tail = "FROM browser b JOIN session s ON s.id = b.session_id JOIN person p ON p.id = b.person_id WHERE s.expires_at < $1 AND p.disabled_at IS NULL AND p.role <> 'customer' GROUP BY p.id, p.name, p.email, p.language";
    let found: Vec<(String, String, Option<String>)> = rows_by(&change.db(), "p.name, p.email, p.language", tail, vec![now.0.into()]).await?;
    let language = |tag: Option<String>| tag.and_then(|tag| Language::from_tag(&tag)).unwrap_or_default();
    Ok(found.into_iter().map(|(name, email, tag)| (name, email, language(tag))).collect())
}

/// A browser that is still told.
pub async fn find(from: &impl Source, id: i64, now: Moment) -> Result<Option<Browser>> {
    let tail = format!("{FROM} AND b.id = $2");
    Ok(rows_by::<Columns>(&from.on(), COLUMNS, &tail, vec![now.0.into(), id.into()]).await?.pop().map(browser))
}
