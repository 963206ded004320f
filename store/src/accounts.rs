//! People, organisations, departments, sessions and the throttle.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::row::{Row, list, lists, rows};
use crate::tables::{department, organisation, person, session};
use domain::accounts::{EmailAddress, Language, Person, Role, Theme};
use domain::time::Moment;
use domain::{DepartmentId, Named, OrganisationId, PersonId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Value};
use serde::Deserialize;

/// A person with what only they and the program may know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    pub person: Person,
    pub password_hash: Option<String>,
    pub language: Option<Language>,
    pub theme: Theme,
    pub time_zone: String,
    pub disabled: bool,
}

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

/// A department with its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Which one.
    pub named: Named<DepartmentId>,
    /// Whether only its members see its tickets.
    pub closed: bool,
    /// Whether a ticket for it needs a screenshot.
    pub screenshot: bool,
}

/// A new person.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewPerson {
    pub name: String,
    pub email: EmailAddress,
    pub role: Role,
    pub organisation: Option<OrganisationId>,
    pub key_user: bool,
    pub password_hash: Option<String>,
    pub time_zone: String,
}

const ACCOUNT: &str =
    "p.id, p.name, p.email, p.role, p.organisation_id, o.name, p.key_user, p.password_hash, p.language, p.theme, p.time_zone, p.disabled_at";

fn account(row: &mut Row<'_>) -> Result<Account> {
    let person = person_of(row)?;
    let (password_hash, language, theme, time_zone, disabled) =
        (row.next()?, row.next::<Option<String>>()?, row.next::<String>()?, row.next()?, row.next::<Option<i64>>()?);
    Ok(Account {
        person,
        password_hash,
        language: language.and_then(|l| Language::from_tag(&l)),
        theme: Theme::from_word(&theme).unwrap_or_default(),
        time_zone,
        disabled: disabled.is_some(),
    })
}

fn person_of(row: &mut Row<'_>) -> Result<Person> {
    Ok(Person {
        id: PersonId(row.next()?),
        name: row.next()?,
        email: row.next()?,
        role: Role::from_word(&row.next::<String>()?).ok_or(Error::Unreadable("role"))?,
        organisation: row.organisation()?,
        key_user: row.next()?,
    })
}

/// A person as [`PEOPLE`] gives it.
#[derive(Deserialize)]
struct PersonRow(i64, String, String, String, Option<i64>, Option<String>, i64);

/// The columns of many people; a truth value is a number on both databases.
const PEOPLE: &str = "p.id, p.name, p.email, p.role, p.organisation_id, o.name, CAST(p.key_user AS INTEGER)";

async fn people(store: &Store, rest: &str, values: Vec<Value>) -> Result<Vec<Person>> {
    let tail = format!("FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id {rest}");
    let person = |row: PersonRow| {
        Ok(Person {
            id: PersonId(row.0),
            name: row.1,
            email: row.2,
            role: Role::from_word(&row.3).ok_or(Error::Unreadable("role"))?,
            organisation: row.4.zip(row.5).map(|(id, name)| Named::new(OrganisationId(id), name)),
            key_user: row.6 != 0,
        })
    };
    rows(store, PEOPLE, &tail, values).await?.into_iter().map(person).collect()
}

/// The account with this address.
pub async fn by_email(store: &Store, email: &EmailAddress) -> Result<Option<Account>> {
    let sql = format!("SELECT {ACCOUNT} FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.email = $1");
    let row = store.reads.query_one_raw(store.sql(sql, [email.as_str().into()])).await?;
    row.map(|row| account(&mut Row::new(&row))).transpose()
}

/// The account with this id.
pub async fn by_id(store: &Store, id: PersonId) -> Result<Option<Account>> {
    let sql = format!("SELECT {ACCOUNT} FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.id = $1");
    let row = store.reads.query_one_raw(store.sql(sql, [id.0.into()])).await?;
    row.map(|row| account(&mut Row::new(&row))).transpose()
}

/// The session with this hash, where it runs at `now` and its account is not disabled.
pub async fn session(store: &Store, id: &str, now: Moment) -> Result<Option<SessionRow>> {
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

/// Closed departments a person is not in.
pub async fn hidden_from(store: &Store, person: PersonId) -> Result<Vec<DepartmentId>> {
    let sql = "SELECT d.id FROM department d WHERE d.closed AND NOT EXISTS (SELECT 1 FROM department_member m WHERE m.department_id = d.id AND m.person_id = $1)";
    let rows = store.reads.query_all_raw(store.sql(sql, [person.0.into()])).await?;
    rows.iter().map(|row| Ok(DepartmentId(Row::new(row).next()?))).collect()
}

/// Whether a department is closed to a person, as a change sees it.
pub async fn is_hidden_from(change: &Change, department: DepartmentId, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM department d WHERE d.id = $1 AND d.closed AND NOT EXISTS (SELECT 1 FROM department_member m WHERE m.department_id = d.id AND m.person_id = $2)";
    Ok(change.db().query_one_raw(change.sql(sql, [department.0.into(), person.0.into()])).await?.is_some())
}

/// Every department, in their order.
pub async fn departments(store: &Store) -> Result<Vec<Department>> {
    let rows = department::Entity::find().order_by_asc(department::Column::Position).order_by_asc(department::Column::Name).all(&store.reads).await?;
    Ok(rows.into_iter().map(|d| Department { named: Named::new(DepartmentId(d.id), d.name), closed: d.closed, screenshot: d.screenshot }).collect())
}

const STAFF: &str = "WHERE p.role IN ('agent', 'admin') AND p.disabled_at IS NULL ORDER BY p.name";

/// Staff who can be given tickets, by name.
pub async fn staff(store: &Store) -> Result<Vec<Person>> {
    people(store, STAFF, vec![]).await
}

/// The names of the departments in their order, and of the staff.
pub async fn choices(store: &Store) -> Result<(Vec<Named<DepartmentId>>, Vec<Named<PersonId>>)> {
    let staff = format!("FROM person p {STAFF}");
    let [departments, staff] =
        lists(store, [("d.id, d.name", "FROM department d ORDER BY d.position, d.name"), ("p.id, p.name", &staff)], vec![]).await?;
    let departments = departments.read()?.into_iter().map(|(id, name): (i64, String)| Named::new(DepartmentId(id), name)).collect();
    let staff = staff.read()?.into_iter().map(|(id, name): (i64, String)| Named::new(PersonId(id), name)).collect();
    Ok((departments, staff))
}

/// Customers of an organisation other than `but`, key users first; `typed` narrows by name or address.
pub async fn colleagues(store: &Store, organisation: OrganisationId, but: PersonId, typed: &str, most: u64) -> Result<Vec<Person>> {
    let like = format!("%{}%", typed.trim().to_lowercase().replace(['%', '_', '\\'], ""));
    let rest = format!(
        "WHERE p.organisation_id = $1 AND p.role = 'customer' AND p.disabled_at IS NULL AND p.id <> $2 AND (LOWER(p.name) LIKE $3 OR p.email LIKE $3)
         ORDER BY p.key_user DESC, p.name LIMIT {most}"
    );
    people(store, &rest, vec![organisation.0.into(), but.0.into(), like.into()]).await
}

/// Those of these people who are customers of an organisation.
pub async fn among_colleagues(store: &Store, organisation: OrganisationId, ids: &[PersonId]) -> Result<Vec<Named<PersonId>>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "SELECT p.id, p.name FROM person p WHERE p.organisation_id = $1 AND p.role = 'customer' AND p.disabled_at IS NULL AND p.id IN {}",
        list(ids.iter().map(|i| i.0))
    );
    let rows = store.reads.query_all_raw(store.sql(sql, [organisation.0.into()])).await?;
    rows.iter().map(|row| Row::new(row).named(PersonId)).collect()
}

/// Whether a person is a customer of an organisation, as a change sees it.
pub async fn is_colleague(change: &Change, organisation: OrganisationId, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM person p WHERE p.id = $1 AND p.organisation_id = $2 AND p.role = 'customer' AND p.disabled_at IS NULL";
    Ok(change.db().query_one_raw(change.sql(sql, [person.0.into(), organisation.0.into()])).await?.is_some())
}

/// The organisation with this number, or the first whose name begins with what was typed.
pub async fn organisation_like(store: &Store, typed: &str) -> Result<Option<Named<OrganisationId>>> {
    let like = format!("{}%", typed.trim().to_lowercase().replace(['%', '_', '\\'], ""));
    let number: i64 = typed.trim().parse().unwrap_or(-1);
    let sql = "SELECT o.id, o.name FROM organisation o WHERE o.id = $1 OR ($1 < 0 AND LOWER(o.name) LIKE $2) ORDER BY o.name LIMIT 1";
    let row = store.reads.query_one_raw(store.sql(sql, [number.into(), like.into()])).await?;
    row.map(|row| Row::new(&row).named(OrganisationId)).transpose()
}

/// The organisation with this name.
pub async fn organisation_by_name(store: &Store, name: &str) -> Result<Option<OrganisationId>> {
    let row = organisation::Entity::find().filter(organisation::Column::Name.eq(name)).one(&store.reads).await?;
    Ok(row.map(|o| OrganisationId(o.id)))
}

/// Whether there is anybody yet.
pub async fn is_empty(store: &Store) -> Result<bool> {
    Ok(person::Entity::find().limit(1).one(&store.reads).await?.is_none())
}

/// Adds an organisation.
pub async fn add_organisation(change: &Change, name: &str, domains: &[String], now: Moment) -> Result<OrganisationId> {
    let row = organisation::ActiveModel { name: Set(name.to_owned()), domains: Set(domains.join(" ")), created_at: Set(now.0), ..Default::default() };
    Ok(OrganisationId(row.insert(&change.db()).await?.id))
}

/// Adds a department.
pub async fn add_department(change: &Change, name: &str, closed: bool, screenshot: bool, position: i32) -> Result<DepartmentId> {
    let row = department::ActiveModel {
        name: Set(name.to_owned()),
        closed: Set(closed),
        screenshot: Set(screenshot),
        position: Set(position),
        ..Default::default()
    };
    Ok(DepartmentId(row.insert(&change.db()).await?.id))
}

/// Closes a department to all but its members, or opens it.
pub async fn close_department(change: &Change, id: DepartmentId, closed: bool) -> Result<()> {
    change.run("UPDATE department SET closed = $1 WHERE id = $2", [closed.into(), id.0.into()]).await?;
    Ok(())
}

/// Makes a department ask for a screenshot, or not.
pub async fn require_screenshot(change: &Change, id: DepartmentId, required: bool) -> Result<()> {
    change.run("UPDATE department SET screenshot = $1 WHERE id = $2", [required.into(), id.0.into()]).await?;
    Ok(())
}

/// Puts a person in a department.
pub async fn join_department(change: &Change, department: DepartmentId, person: PersonId) -> Result<()> {
    change
        .run(
            "INSERT INTO department_member (department_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [department.0.into(), person.0.into()],
        )
        .await?;
    Ok(())
}

/// Adds a person; [`Error::Taken`] where the address has an account.
pub async fn add_person(change: &Change, new: &NewPerson, now: Moment) -> Result<PersonId> {
    let row = person::ActiveModel {
        name: Set(new.name.clone()),
        email: Set(new.email.as_str().to_owned()),
        role: Set(new.role.word().to_owned()),
        organisation_id: Set(new.organisation.map(|o| o.0)),
        key_user: Set(new.key_user),
        password_hash: Set(new.password_hash.clone()),
        language: Set(None),
        theme: Set(Theme::System.word().to_owned()),
        time_zone: Set(new.time_zone.clone()),
        disabled_at: Set(None),
        created_at: Set(now.0),
        ..Default::default()
    };
    Ok(PersonId(row.insert(&change.db()).await?.id))
}

/// Keeps a person's language and theme; what is `None` stays.
pub async fn set_preferences(change: &Change, person: PersonId, language: Option<Language>, theme: Option<Theme>) -> Result<()> {
    if let Some(language) = language {
        change.run("UPDATE person SET language = $1 WHERE id = $2", [language.tag().into(), person.0.into()]).await?;
    }
    if let Some(theme) = theme {
        change.run("UPDATE person SET theme = $1 WHERE id = $2", [theme.word().into(), person.0.into()]).await?;
    }
    Ok(())
}

/// Replaces the stored form of a password.
pub async fn set_password_hash(change: &Change, person: PersonId, hash: &str) -> Result<()> {
    change.run("UPDATE person SET password_hash = $1 WHERE id = $2", [hash.into(), person.0.into()]).await?;
    Ok(())
}

/// Begins a session under the hash of its token.
pub async fn begin_session(change: &Change, id: &str, person: PersonId, now: Moment, expires: Moment) -> Result<()> {
    let row = session::ActiveModel {
        id: Set(id.to_owned()),
        person_id: Set(person.0),
        created_at: Set(now.0),
        seen_at: Set(now.0),
        expires_at: Set(expires.0),
    };
    session::Entity::insert(row).exec_without_returning(&change.db()).await?;
    Ok(())
}

/// Notes that a session was used, and moves its end.
pub async fn touch_session(change: &Change, id: &str, now: Moment, expires: Moment) -> Result<()> {
    change.run("UPDATE session SET seen_at = $1, expires_at = $2 WHERE id = $3", [now.0.into(), expires.0.into(), id.into()]).await?;
    Ok(())
}

/// Ends a session; its streams hear of it when this is committed.
pub async fn end_session(change: &mut Change, id: &str) -> Result<()> {
    change.run("DELETE FROM session WHERE id = $1", [id.into()]).await?;
    change.end_session(id);
    Ok(())
}

/// Removes sessions and throttles that are long over.
pub async fn sweep(change: &Change, now: Moment, throttles_before: Moment) -> Result<()> {
    change.run("DELETE FROM session WHERE expires_at < $1", [now.0.into()]).await?;
    change.run("DELETE FROM throttle WHERE since < $1", [throttles_before.0.into()]).await?;
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

/// Counts a failure; the count begins anew when the last one began before `window`.
pub async fn count_failure(change: &Change, key: &str, now: Moment, window: Moment) -> Result<()> {
    let sql = "INSERT INTO throttle (id, failures, since) VALUES ($1, 1, $2)
               ON CONFLICT (id) DO UPDATE SET failures = CASE WHEN throttle.since < $3 THEN 1 ELSE throttle.failures + 1 END, since = CASE WHEN throttle.since < $3 THEN $2 ELSE throttle.since END";
    change.run(sql, [key.into(), now.0.into(), window.0.into()]).await?;
    Ok(())
}

/// Forgets the failures of a key.
pub async fn forget_failures(change: &Change, key: &str) -> Result<()> {
    change.run("DELETE FROM throttle WHERE id = $1", [key.into()]).await?;
    Ok(())
}
