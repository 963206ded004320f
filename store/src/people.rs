//! People as staff look after them: pages of them, what is changed, and two that are one.

use crate::accounts::{ACCOUNT, Account, HAS_A_WAY_IN, account, like};
use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{Row, Source, first, list, rows, rows_by};
use domain::accounts::{EmailAddress, Person, Role};
use domain::fold::key;
use domain::time::Moment;
use domain::{DepartmentId, Named, OrganisationId, PersonId};
use sea_orm::{ConnectionTrait, Value};

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Listed {
    pub person: Person,
    pub disabled: bool,
    /// Whether they ever came in: they have a password, a passkey or are known to a provider.
    pub joined: bool,
}

/// Which people are asked for; what is `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Filter {
    /// In the name or the address.
    pub typed: String,
    /// The whole address, in lower case.
    pub email: Option<String>,
    pub role: Option<Role>,
    pub organisation: Option<OrganisationId>,
    /// The person after whom to go on, by name and id.
    pub after: Option<(String, PersonId)>,
}

/// People by name; those who were merged into others are not among them.
pub async fn page(store: &Store, filter: &Filter, most: u64) -> Result<Vec<Listed>> {
    let mut values = vec![];
    let mut conditions = vec!["p.merged_into IS NULL".to_owned()];
    if !filter.typed.trim().is_empty() {
        values.push(like(&filter.typed));
        conditions.push("(p.sort_key LIKE $1 ESCAPE '!' OR p.email LIKE $1 ESCAPE '!')".to_owned());
    }
    if let Some(email) = &filter.email {
        values.push(email.as_str().into());
        conditions.push(format!("p.email = ${}", values.len()));
    }
    if let Some(role) = filter.role {
        values.push(role.word().into());
        conditions.push(format!("p.role = ${}", values.len()));
    }
    if let Some(organisation) = filter.organisation {
        values.push(organisation.0.into());
        conditions.push(format!("p.organisation_id = ${}", values.len()));
    }
    if let Some((name, id)) = &filter.after {
        values.extend([key(name).into(), id.0.into()]);
        conditions.push(format!("(p.sort_key, p.id) > (${}, ${})", values.len() - 1, values.len()));
    }
    let columns = format!(
        "p.id, p.name, p.email, p.role, p.organisation_id, o.name, CAST(p.key_user AS INTEGER), CASE WHEN p.disabled_at IS NULL THEN 0 ELSE 1 END, CASE WHEN {HAS_A_WAY_IN} THEN 1 ELSE 0 END"
    );
    let tail = format!(
        "FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE {} ORDER BY p.sort_key, p.id LIMIT {most}",
        conditions.join(" AND ")
    );
    type Found = (i64, String, String, String, Option<i64>, Option<String>, i64, i64, i64);
    let found: Vec<Found> = rows(store, &columns, &tail, values).await?;
    found
        .into_iter()
        .map(|(id, name, email, role, organisation, its_name, key_user, disabled, joined)| {
            let person = Person {
                id: PersonId(id),
                name,
                email,
                role: Role::from_word(&role).ok_or(Error::Unreadable("role"))?,
                organisation: organisation.zip(its_name).map(|(id, name)| Named::new(OrganisationId(id), name)),
                key_user: key_user != 0,
            };
            Ok(Listed { person, disabled: disabled != 0, joined: joined != 0 })
        })
        .collect()
}

/// A person's account, kept for this change alone.
pub async fn locked(change: &Change, id: PersonId) -> Result<Option<Account>> {
    // Those who only refer to the person need not wait.
    let lock = if change.is_postgres() { " FOR NO KEY UPDATE OF p" } else { "" };
    let sql = format!(
        "SELECT {ACCOUNT} FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.id = $1 AND p.merged_into IS NULL{lock}"
    );
    let row = change.db().query_one_raw(change.sql(sql, [id.0.into()])).await?;
    row.map(|row| account(&mut Row::new(&row))).transpose()
}

/// Keeps people as they are until the change ends. Whoever goes by what someone is does this before anything else.
pub async fn hold(change: &Change, people: &[PersonId]) -> Result<()> {
    lock_many(change, &format!("p.id IN {}", list(people.iter().map(|id| id.0))), "FOR SHARE").await
}

/// Keeps the people of organisations for this change alone.
pub async fn lock_of(change: &Change, organisations: &[OrganisationId]) -> Result<()> {
    lock_many(change, &format!("p.organisation_id IN {}", list(organisations.iter().map(|id| id.0))), "FOR NO KEY UPDATE").await
}

/// In order of their numbers, so that two who keep the same people do not wait for each other. SQLite has one change at a time.
async fn lock_many(change: &Change, which: &str, lock: &str) -> Result<()> {
    if change.is_postgres() {
        change.run(format!("SELECT p.id FROM person p WHERE {which} ORDER BY p.id {lock}"), []).await?;
    }
    Ok(())
}

/// Whether someone is still who they were when they were asked: neither disabled, nor erased, nor merged into another. They stay so until the change ends.
pub async fn stands(change: &Change, id: PersonId) -> Result<bool> {
    let lock = if change.is_postgres() { " FOR SHARE" } else { "" };
    let sql = format!("SELECT 1 FROM person WHERE id = $1 AND merged_into IS NULL AND disabled_at IS NULL{lock}");
    Ok(first(change, &sql, [id.0.into()]).await?.is_some())
}

/// The columns of what someone was called before, and what is called so from now on.
const FORMER: &str = "INSERT INTO former (person_id, email, text)";

/// Keeps a person's name, and remembers the one before.
pub async fn set_name(change: &Change, id: PersonId, name: &str) -> Result<()> {
    let sql = format!("{FORMER} SELECT id, FALSE, name FROM person WHERE id = $1 AND name <> $2 ON CONFLICT DO NOTHING");
    change.run(sql, [id.0.into(), name.into()]).await?;
    change.run("UPDATE person SET name = $1, sort_key = $2 WHERE id = $3", [name.into(), key(name).into(), id.0.into()]).await?;
    crate::search::mark_people(change, &[id]).await
}

/// Keeps a person's address, and remembers the one before; [`Error::Taken`] where another has it.
pub async fn set_email(change: &Change, id: PersonId, email: &EmailAddress) -> Result<()> {
    let sql = format!("{FORMER} SELECT id, TRUE, email FROM person WHERE id = $1 AND email <> $2 ON CONFLICT DO NOTHING");
    change.run(sql, [id.0.into(), email.as_str().into()]).await?;
    let sql = "UPDATE person SET email = $1, mail_failed_at = NULL, mail_failure = NULL WHERE id = $2";
    change.run(sql, [email.as_str().into(), id.0.into()]).await?;
    crate::search::mark_people(change, &[id]).await
}

/// Keeps where a person belongs and what they are.
pub async fn set_place(change: &Change, id: PersonId, role: Role, organisation: Option<OrganisationId>, key_user: bool) -> Result<()> {
    let sql = "UPDATE person SET role = $1, organisation_id = $2, key_user = $3 WHERE id = $4";
    change.run(sql, [role.word().into(), organisation.map(|o| o.0).into(), key_user.into(), id.0.into()]).await?;
    Ok(())
}

/// Keeps a person's time zone.
pub async fn set_time_zone(change: &Change, id: PersonId, zone: &str) -> Result<()> {
    change.run("UPDATE person SET time_zone = $1 WHERE id = $2", [zone.into(), id.0.into()]).await?;
    Ok(())
}

/// The departments a person is in.
pub async fn departments_of(from: &impl Source, id: PersonId) -> Result<Vec<Named<DepartmentId>>> {
    let tail = "FROM department d JOIN department_member m ON m.department_id = d.id WHERE m.person_id = $1 ORDER BY d.position, d.name";
    let found: Vec<(i64, String)> = rows_by(&from.on(), "d.id, d.name", tail, vec![id.0.into()]).await?;
    Ok(found.into_iter().map(|(id, name)| Named::new(DepartmentId(id), name)).collect())
}

/// Puts a person in these departments and no others.
pub async fn set_departments(change: &Change, id: PersonId, departments: &[DepartmentId]) -> Result<()> {
    change.run("DELETE FROM department_member WHERE person_id = $1", [id.0.into()]).await?;
    for department in departments {
        crate::departments::join(change, *department, id).await?;
    }
    Ok(())
}

/// Whether a person ever came in: they have a password, a passkey or are known to a provider.
pub async fn has_joined(from: &impl Source, id: PersonId) -> Result<bool> {
    Ok(first(from, &format!("SELECT 1 FROM person p WHERE p.id = $1 AND {HAS_A_WAY_IN}"), [id.0.into()]).await?.is_some())
}

/// How many tickets a person opened.
pub async fn opened(store: &Store, id: PersonId) -> Result<i64> {
    let row = store.reads.query_one_raw(store.sql("SELECT COUNT(*) FROM ticket WHERE requester_id = $1", [id.0.into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Makes two customers one: the tickets, CC and departments of `gone` are those of `keep`, and whoever looks for `gone`, by id or by address, finds `keep`.
/// What `gone` wrote stays as it was written.
pub async fn merge(change: &Change, keep: &Account, gone: PersonId, now: Moment) -> Result<()> {
    crate::hours::hold(change).await?;
    // Tickets of either are found by the address of the other from now on.
    crate::search::mark_people(change, &[gone, keep.person.id]).await?;
    let (to, from) = (keep.person.id.0, gone.0);
    let sql = "SELECT t.id FROM ticket t WHERE t.requester_id = $1 UNION SELECT c.ticket_id FROM ticket_cc c WHERE c.person_id = $1 ORDER BY 1";
    let found = change.db().query_all_raw(change.sql(sql, [from.into()])).await?;
    let tickets: Vec<i64> = found.iter().map(|row| Row::new(row).next()).collect::<Result<_>>()?;
    let touched = list(tickets.iter().copied());
    change.run("UPDATE ticket SET requester_id = $1 WHERE requester_id = $2", [to.into(), from.into()]).await?;
    change
        .run(
            "INSERT INTO ticket_cc (ticket_id, person_id) SELECT ticket_id, $1 FROM ticket_cc WHERE person_id = $2 ON CONFLICT DO NOTHING",
            [to.into(), from.into()],
        )
        .await?;
    change.run("DELETE FROM ticket_cc WHERE person_id = $1", [from.into()]).await?;
    // Nobody is in CC of what they opened.
    let sql = format!(
        "DELETE FROM ticket_cc WHERE person_id = $1 AND ticket_id IN {touched} AND EXISTS (SELECT 1 FROM ticket t WHERE t.id = ticket_id AND t.requester_id = $1)"
    );
    change.run(sql, [to.into()]).await?;
    change.run("UPDATE attachment SET owner_id = $1 WHERE owner_id = $2", [to.into(), from.into()]).await?;
    // What they were called is remembered with who they are now.
    let sql = format!("{FORMER} SELECT $1, f.email, f.text FROM former f WHERE f.person_id = $2 ON CONFLICT DO NOTHING");
    change.run(sql, [to.into(), from.into()]).await?;
    for (email, column) in [(false, "name"), (true, "email")] {
        let sql = format!("{FORMER} SELECT $1, $2, {column} FROM person WHERE id = $3 ON CONFLICT DO NOTHING");
        change.run(sql, [to.into(), email.into(), from.into()]).await?;
    }
    change.run("DELETE FROM former WHERE person_id = $1", [from.into()]).await?;
    let name = keep.person.name.as_str();
    let sql = "UPDATE person SET merged_into = $1, name = $2, sort_key = $3, disabled_at = $4, password_hash = NULL, organisation_id = NULL, key_user = FALSE WHERE id = $5";
    change.run(sql, [to.into(), name.into(), key(name).into(), now.0.into(), from.into()]).await?;
    change.run("UPDATE person SET merged_into = $1 WHERE merged_into = $2", [to.into(), from.into()]).await?;
    Ok(())
}

/// What is known of an address, for an import. Of someone else than a customer who can be found, nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Known {
    pub id: PersonId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub organisation: Option<String>,
    pub key_user: bool,
    /// Whether they were merged into another, or made anonymous.
    pub is_gone: bool,
}

/// A customer of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Imported {
    pub name: String,
    pub email: String,
    pub organisation: OrganisationId,
    pub key_user: bool,
}

/// Keeps the people who have these addresses for this change alone.
pub async fn lock_known(change: &Change, emails: &[&str]) -> Result<()> {
    if change.is_postgres() {
        let sql = "SELECT p.id FROM person p WHERE p.email IN (SELECT json_array_elements_text($1::json)) ORDER BY p.id FOR NO KEY UPDATE";
        change.run(sql, [serde_json::to_string(emails).map_err(|_| Error::Unreadable("addresses"))?.into()]).await?;
    }
    Ok(())
}

/// What is known of these addresses.
pub async fn known(from: &impl Source, emails: &[String]) -> Result<Vec<Known>> {
    let places: Vec<String> = (1..=emails.len()).map(|n| format!("${n}")).collect();
    let columns = "p.id, p.email, p.name, p.role, o.name, CAST(p.key_user AS INTEGER), CASE WHEN p.merged_into IS NULL AND p.erased_at IS NULL THEN 0 ELSE 1 END";
    let tail = format!("FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.email IN ({})", places.join(", "));
    type Found = (i64, String, String, String, Option<String>, i64, i64);
    let found: Vec<Found> = rows_by(&from.on(), columns, &tail, emails.iter().map(|email| email.as_str().into()).collect()).await?;
    found
        .into_iter()
        .map(|(id, email, name, role, organisation, key_user, gone)| {
            let role = Role::from_word(&role).ok_or(Error::Unreadable("role"))?;
            Ok(Known { id: PersonId(id), email, name, role, organisation, key_user: key_user != 0, is_gone: gone != 0 })
        })
        .collect()
}

/// Adds customers, by one statement; [`Error::Taken`] where one has an account.
pub async fn add_many(change: &Change, people: &[Imported], time_zone: &str, now: Moment) -> Result<()> {
    let (mut places, mut values) = (vec![], Vec::<Value>::with_capacity(people.len() * 7));
    for person in people {
        let at = values.len();
        places.push(format!("(${}, ${}, ${}, 'customer', ${}, ${}, 'system', ${}, ${})", at + 1, at + 2, at + 3, at + 4, at + 5, at + 6, at + 7));
        values.extend([
            person.name.as_str().into(),
            key(&person.name).into(),
            person.email.as_str().into(),
            person.organisation.0.into(),
            person.key_user.into(),
            time_zone.into(),
            now.0.into(),
        ]);
    }
    let sql = format!(
        "INSERT INTO person (name, sort_key, email, role, organisation_id, key_user, theme, time_zone, created_at) VALUES {}",
        places.join(", ")
    );
    change.run_many(sql, values).await
}

/// The people of a role who have nothing besides a password, as a change sees them.
pub async fn without_factor(change: &Change, role: Role) -> Result<Vec<PersonId>> {
    let sql = "SELECT p.id FROM person p WHERE p.role = $1 AND NOT EXISTS (SELECT 1 FROM totp t WHERE t.person_id = p.id) AND NOT EXISTS (SELECT 1 FROM passkey k WHERE k.person_id = p.id)
               AND EXISTS (SELECT 1 FROM session s WHERE s.person_id = p.id)";
    let found = change.db().query_all_raw(change.sql(sql, [role.word().into()])).await?;
    found.iter().map(|row| Ok(PersonId(Row::new(row).next()?))).collect()
}
