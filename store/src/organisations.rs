//! Organisations: their domains, what they allow, and who is in them.

use crate::accounts::{likes, name_like};
use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::row::{Row, Source, first, rows, rows_by};
use crate::tables::organisation;
use domain::accounts::Organisation;
use domain::time::Moment;
use domain::{Named, OrganisationId, PersonId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use std::collections::HashMap;

/// The organisation with this number, or the first whose name begins with what was typed.
pub async fn like(store: &Store, typed: &str) -> Result<Option<Named<OrganisationId>>> {
    let number: i64 = typed.trim().parse().unwrap_or(-1);
    let sql = format!("SELECT o.id, o.name FROM organisation o WHERE o.id = $1 OR ($1 < 0 AND {}) ORDER BY o.name LIMIT 1", name_like("o.name", 2));
    let [small, capitals, at_words] = likes(typed, "");
    let row = store.reads.query_one_raw(store.sql(sql, [number.into(), small, capitals, at_words])).await?;
    row.map(|row| Row::new(&row).named(OrganisationId)).transpose()
}

/// The organisation with this name.
pub async fn by_name(from: &impl Source, name: &str) -> Result<Option<OrganisationId>> {
    let row = organisation::Entity::find().filter(organisation::Column::Name.eq(name)).one(&from.on()).await?;
    Ok(row.map(|o| OrganisationId(o.id)))
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
        rows_by(&from.on(), "d.domain", "FROM organisation_domain d WHERE d.organisation_id = $1 ORDER BY d.domain", vec![id.0.into()]).await?;
    let domains = domains.into_iter().map(|(domain,)| domain).collect();
    Ok(Some(Organisation { named: Named::new(id, row.name), domains, sign_up: row.sign_up, shared: row.shared, notes: row.notes }))
}

/// Organisations by name, with the number of their people; `typed` narrows by name or domain.
pub async fn page(store: &Store, typed: &str, after: &str, most: u64) -> Result<Vec<(Named<OrganisationId>, i64)>> {
    let tail = format!(
        "FROM organisation o WHERE o.name > $1 AND ({} OR EXISTS (SELECT 1 FROM organisation_domain d WHERE d.organisation_id = o.id AND d.domain LIKE $2 ESCAPE '!')) ORDER BY o.name LIMIT {most}",
        name_like("o.name", 2)
    );
    let columns = "o.id, o.name, (SELECT COUNT(*) FROM person p WHERE p.organisation_id = o.id)";
    let values = std::iter::once(after.into()).chain(likes(typed, "%")).collect();
    let found: Vec<(i64, String, i64)> = rows(store, columns, &tail, values).await?;
    Ok(found.into_iter().map(|(id, name, people)| (Named::new(OrganisationId(id), name), people)).collect())
}

/// Adds an organisation; [`crate::Error::Taken`] where another has its name or one of its domains.
pub async fn add(change: &Change, name: &str, domains: &[String], now: Moment) -> Result<OrganisationId> {
    let row = organisation::ActiveModel {
        name: Set(name.to_owned()),
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
    let renamed = change
        .db()
        .query_one_raw(change.sql("SELECT 1 FROM organisation WHERE id = $1 AND name <> $2", [o.named.id.0.into(), o.named.name.as_str().into()]))
        .await?;
    if renamed.is_some() {
        crate::search::mark_organisation(change, o.named.id).await?;
    }
    let sql = "UPDATE organisation SET name = $1, sign_up = $2, shared = $3, notes = $4 WHERE id = $5";
    change.run(sql, [o.named.name.as_str().into(), o.sign_up.into(), o.shared.into(), o.notes.as_str().into(), o.named.id.0.into()]).await?;
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
    let found: Vec<(String,)> = rows(store, "o.name", &format!("FROM organisation o ORDER BY o.name LIMIT {most}"), vec![]).await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}

/// Each domain with the name of its organisation.
pub async fn domains(store: &Store) -> Result<Vec<(String, String)>> {
    rows(store, "d.domain, o.name", "FROM organisation_domain d JOIN organisation o ON o.id = d.organisation_id", vec![]).await
}

/// The ids of all organisations by name, as a change sees them.
pub async fn ids(change: &Change) -> Result<HashMap<String, OrganisationId>> {
    let found = change.db().query_all_raw(change.sql("SELECT name, id FROM organisation", [])).await?;
    found
        .iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok((row.next()?, OrganisationId(row.next()?)))
        })
        .collect()
}

/// Adds those of these organisations that are not there, by one statement.
pub async fn add_many(change: &Change, names: &[String], now: Moment) -> Result<()> {
    let places: Vec<String> = (0..names.len()).map(|n| format!("(${}, ${}, '')", 2 * n + 1, 2 * n + 2)).collect();
    let values = names.iter().flat_map(|name| [name.as_str().into(), now.0.into()]).collect();
    change
        .run_many(format!("INSERT INTO organisation (name, created_at, notes) VALUES {} ON CONFLICT (name) DO NOTHING", places.join(", ")), values)
        .await
}

/// Gives an organisation a domain, where no other has it; whether it is new.
pub async fn add_domain(change: &Change, id: OrganisationId, domain: &str) -> Result<bool> {
    let sql = "INSERT INTO organisation_domain (domain, organisation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(change.run(sql, [domain.into(), id.0.into()]).await? > 0)
}
