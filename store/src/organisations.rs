//! Organisations: their domains, what they allow, and who is in them.

use crate::accounts;
use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::query::{Row, Source, first, rows, rows_by};
use crate::tables::organisation;
use domain::accounts::Organisation;
use domain::fold::key;
use domain::time::Moment;
use domain::{Named, OrganisationId, PersonId, typed};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Set, Value};
use std::collections::HashMap;

/// The organisation with this number, or the first whose name begins with what was typed, whatever its capitals and accents.
pub async fn like(store: &Store, typed: &str) -> Result<Option<Named<OrganisationId>>> {
    let beginning = key(typed);
    let row = match typed.trim().parse::<i64>() {
        Ok(number) => first(store, "SELECT o.id, o.name FROM organisation o WHERE o.id = $1", [number.into()]).await?,
        Err(_) if beginning.is_empty() => None,
        Err(_) => {
            // Greater than every text that begins so, and found in the index where `LIKE` would not be.
            let end = format!("{beginning}\u{10ffff}");
            let sql = "SELECT o.id, o.name FROM organisation o WHERE o.sort_key >= $1 AND o.sort_key < $2 ORDER BY o.sort_key LIMIT 1";
            first(store, sql, [beginning.into(), end.into()]).await?
        }
    };
    row.map(|row| Row::new(&row).named(OrganisationId)).transpose()
}

/// The organisation with this name, whatever its capitals and accents: one with exactly this one where there is.
pub async fn by_name(from: &impl Source, name: &str) -> Result<Option<OrganisationId>> {
    Ok(named(from, name).await?.map(|named| named.id))
}

/// The same, with the name that it has.
pub async fn named(from: &impl Source, name: &str) -> Result<Option<Named<OrganisationId>>> {
    let sql = "SELECT o.id, o.name FROM organisation o WHERE o.sort_key = $1 OR o.name = $2 ORDER BY CASE WHEN o.name = $2 THEN 0 ELSE 1 END LIMIT 1";
    let row = first(from, sql, [key(name).into(), typed::name(name).into()]).await?;
    row.map(|row| Row::new(&row).named(OrganisationId)).transpose()
}

/// The organisation whose people come in alone with an address of this domain.
pub async fn open_to(from: &impl Source, domain: &str) -> Result<Option<Named<OrganisationId>>> {
    let sql = "SELECT o.id, o.name FROM organisation_domain d JOIN organisation o ON o.id = d.organisation_id WHERE d.domain = $1 AND o.sign_up";
    let row = first(from, sql, [domain.into()]).await?;
    row.map(|row| Row::new(&row).named(OrganisationId)).transpose()
}

/// An organisation with what it allows.
pub async fn find(from: &impl Source, id: OrganisationId) -> Result<Option<Organisation>> {
    let Some(row) = organisation::Entity::find_by_id(id.0).one(&from.on()).await? else { return Ok(None) };
    let domains: Vec<(String,)> =
        rows_by(&from.on(), "d.domain", "FROM organisation_domain d WHERE d.organisation_id = $1", vec![id.0.into()]).await?;
    // By one order on both databases: two lists of the same are compared.
    let mut domains: Vec<String> = domains.into_iter().map(|(domain,)| domain).collect();
    domains.sort_unstable();
    Ok(Some(Organisation { named: Named::new(id, row.name), domains, sign_up: row.sign_up, shared: row.shared, notes: row.notes }))
}

/// Organisations by name, with the number of their people; `typed` narrows by name or domain.
pub async fn page(store: &Store, typed: &str, after: &str, most: u64) -> Result<Vec<(Named<OrganisationId>, i64)>> {
    let mut values: Vec<Value> = vec![key(after).into()];
    let mut narrowed = "TRUE";
    if !typed.trim().is_empty() {
        values.push(accounts::like(typed));
        narrowed = "(o.sort_key LIKE $2 ESCAPE '!' OR EXISTS (SELECT 1 FROM organisation_domain d WHERE d.organisation_id = o.id AND d.domain LIKE $2 ESCAPE '!'))";
    }
    let tail = format!("FROM organisation o WHERE o.sort_key > $1 AND {narrowed} ORDER BY o.sort_key LIMIT {most}");
    let columns = "o.id, o.name, (SELECT COUNT(*) FROM person p WHERE p.organisation_id = o.id)";
    let found: Vec<(i64, String, i64)> = rows(store, columns, &tail, values).await?;
    Ok(found.into_iter().map(|(id, name, people)| (Named::new(OrganisationId(id), name), people)).collect())
}

/// Adds an organisation; [`crate::Error::Taken`] where another has its name or one of its domains.
pub async fn add(change: &Change, name: &str, domains: &[String], now: Moment) -> Result<OrganisationId> {
    let row = organisation::ActiveModel {
        name: Set(name.to_owned()),
        sort_key: Set(key(name)),
        created_at: Set(now.0),
        sign_up: Set(false),
        shared: Set(false),
        notes: Set(String::new()),
        ..Default::default()
    };
    let id = OrganisationId(row.insert(&change.db()).await?.id);
    set_domains(change, id, domains).await?;
    Ok(id)
}

/// Saves an organisation; [`crate::Error::Taken`] where another has its name or one of its domains.
pub async fn save(change: &Change, o: &Organisation) -> Result<()> {
    let (id, name) = (o.named.id.0, o.named.name.as_str());
    let sql = "UPDATE organisation SET name = $1, sort_key = $2 WHERE id = $3 AND name <> $1";
    if change.run(sql, [name.into(), key(name).into(), id.into()]).await? > 0 {
        crate::search::mark_organisation(change, o.named.id).await?;
    }
    let sql = "UPDATE organisation SET sign_up = $1, shared = $2, notes = $3 WHERE id = $4";
    change.run(sql, [o.sign_up.into(), o.shared.into(), o.notes.as_str().into(), id.into()]).await?;
    set_domains(change, o.named.id, &o.domains).await
}

async fn set_domains(change: &Change, id: OrganisationId, domains: &[String]) -> Result<()> {
    change.run("DELETE FROM organisation_domain WHERE organisation_id = $1", [id.0.into()]).await?;
    for domain in domains {
        let sql = "INSERT INTO organisation_domain (domain, organisation_id) VALUES ($1, $2)";
        change.run(sql, [domain.as_str().into(), id.0.into()]).await?;
    }
    Ok(())
}

/// Makes two organisations one: the people, tickets and domains of `gone` are those of `keep`, and `gone` is no more.
pub async fn merge(change: &Change, keep: OrganisationId, gone: OrganisationId) -> Result<()> {
    crate::reports::mark_organisation(change, gone).await?;
    crate::search::mark_organisation(change, gone).await?;
    for table in ["person", "ticket", "organisation_domain"] {
        change.run(format!("UPDATE {table} SET organisation_id = $1 WHERE organisation_id = $2"), [keep.0.into(), gone.0.into()]).await?;
    }
    change.run("DELETE FROM target_rule WHERE organisation_id = $1", [gone.0.into()]).await?;
    change.run("DELETE FROM organisation WHERE id = $1", [gone.0.into()]).await?;
    // Of two with one key from before there were keys, the one that stays has it for itself.
    let Some(row) = first(change, "SELECT name FROM organisation WHERE id = $1", [keep.0.into()]).await? else { return Ok(()) };
    let key = key(&Row::new(&row).next::<String>()?);
    let sql = "UPDATE organisation SET sort_key = $1 WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM organisation o WHERE o.sort_key = $1)";
    change.run(sql, [key.into(), keep.0.into()]).await?;
    Ok(())
}

/// Whether an organisation is there, kept for this change alone.
pub async fn lock(change: &Change, id: OrganisationId) -> Result<bool> {
    let lock = if change.is_postgres() { " FOR NO KEY UPDATE" } else { "" };
    Ok(change.db().query_one_raw(change.sql(format!("SELECT id FROM organisation WHERE id = $1{lock}"), [id.0.into()])).await?.is_some())
}

/// The key users of an organisation, as a change sees them.
pub async fn key_users(change: &Change, id: OrganisationId) -> Result<Vec<PersonId>> {
    let found = change.db().query_all_raw(change.sql("SELECT id FROM person WHERE organisation_id = $1 AND key_user", [id.0.into()])).await?;
    found.iter().map(|row| Ok(PersonId(Row::new(row).next()?))).collect()
}

/// The names of organisations, in order.
pub async fn names(store: &Store, most: u64) -> Result<Vec<String>> {
    let found: Vec<(String,)> = rows(store, "o.name", &format!("FROM organisation o ORDER BY o.sort_key LIMIT {most}"), vec![]).await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}

/// Each domain with the name of its organisation.
pub async fn domains(store: &Store) -> Result<Vec<(String, String)>> {
    rows(store, "d.domain, o.name", "FROM organisation_domain d JOIN organisation o ON o.id = d.organisation_id", vec![]).await
}

/// All organisations by name, for many names at once.
#[derive(Debug, Default)]
pub struct Names {
    exact: HashMap<String, Named<OrganisationId>>,
    keys: HashMap<String, Named<OrganisationId>>,
}

impl Names {
    /// The organisation with this name, as [`named`] finds it.
    pub fn get(&self, name: &str) -> Option<&Named<OrganisationId>> {
        self.exact.get(name).or_else(|| self.keys.get(&key(name)))
    }
}

/// The names of all organisations.
pub async fn all(from: &impl Source) -> Result<Names> {
    let found: Vec<(i64, String, String)> = rows_by(&from.on(), "o.id, o.name, o.sort_key", "FROM organisation o", vec![]).await?;
    let mut names = Names::default();
    for (id, name, key) in found {
        let named = Named::new(OrganisationId(id), name.as_str());
        names.exact.insert(name, named.clone());
        names.keys.insert(key, named);
    }
    Ok(names)
}

/// Adds those of these organisations that are not there, by one statement.
pub async fn add_many(change: &Change, names: &[String], now: Moment) -> Result<()> {
    let places: Vec<String> = (0..names.len()).map(|n| format!("(${}, ${}, ${}, '')", 3 * n + 1, 3 * n + 2, 3 * n + 3)).collect();
    let values = names.iter().flat_map(|name| [name.as_str().into(), key(name).into(), now.0.into()]).collect();
    let sql = format!("INSERT INTO organisation (name, sort_key, created_at, notes) VALUES {} ON CONFLICT DO NOTHING", places.join(", "));
    change.run_many(sql, values).await
}

/// Gives an organisation a domain, where no other has it; whether it is new.
pub async fn add_domain(change: &Change, id: OrganisationId, domain: &str) -> Result<bool> {
    let sql = "INSERT INTO organisation_domain (domain, organisation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(change.run(sql, [domain.into(), id.0.into()]).await? > 0)
}
