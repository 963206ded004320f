//! People and organisations.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{List, Row, Source, first, list, lists_by, rows_by};
use crate::tables::person;
use domain::accounts::{EmailAddress, Language, Person, Role, Theme};
use domain::fold::key;
use domain::notifications::Paces;
use domain::time::Moment;
use domain::{Named, OrganisationId, PersonId};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QuerySelect, Set, Value};
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
    /// How they want to be told by mail.
    pub paces: Paces,
    /// Whether they are a key user whose organisation lets them read all of its tickets.
    pub reads_all: bool,
    /// Whether they were made anonymous.
    pub erased: bool,
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

pub(crate) const ACCOUNT: &str = "p.id, p.name, p.email, p.role, p.organisation_id, o.name, p.key_user, p.password_hash, p.language, p.theme, p.time_zone, p.disabled_at, p.notify, (p.key_user AND COALESCE(o.shared, FALSE)), (p.erased_at IS NOT NULL)";

pub(crate) fn account(row: &mut Row<'_>) -> Result<Account> {
    let person = person_of(row)?;
    let (password_hash, language, theme, time_zone, disabled) =
        (row.next()?, row.next::<Option<String>>()?, row.next::<String>()?, row.next()?, row.next::<Option<i64>>()?);
    let paces = Paces::read(&row.next::<String>()?);
    Ok(Account {
        person,
        password_hash,
        language: language.and_then(|l| Language::from_tag(&l)),
        theme: Theme::from_word(&theme).unwrap_or_default(),
        time_zone,
        disabled: disabled.is_some(),
        paces,
        reads_all: row.next()?,
        erased: row.next()?,
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

/// Where [`PEOPLE`] are read from.
pub(crate) const FROM_PEOPLE: &str = "FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id";
/// The columns of many people; a truth value is a number on both databases.
pub(crate) const PEOPLE: &str = "p.id, p.name, p.email, p.role, p.organisation_id, o.name, CAST(p.key_user AS INTEGER)";

async fn people(from: &impl Source, rest: &str, values: Vec<Value>) -> Result<Vec<Person>> {
    let [found] = lists_by(&from.on(), [(PEOPLE, &format!("{FROM_PEOPLE} {rest}"))], values).await?;
    people_of(found)
}

/// The people of a list of [`PEOPLE`].
pub(crate) fn people_of(found: List) -> Result<Vec<Person>> {
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
    found.read::<PersonRow>()?.into_iter().map(person).collect()
}

/// The account with this address; where it was merged into another, that one.
pub async fn by_email(from: &impl Source, email: &EmailAddress) -> Result<Option<Account>> {
    let sql = format!(
        "SELECT {ACCOUNT} FROM person a JOIN person p ON p.id = COALESCE(a.merged_into, a.id) LEFT JOIN organisation o ON o.id = p.organisation_id WHERE a.email = $1"
    );
    let row = first(from, &sql, [email.as_str().into()]).await?;
    row.map(|row| account(&mut Row::new(&row))).transpose()
}

/// The account with this id; where it was merged into another, that one.
pub async fn by_id(store: &Store, id: PersonId) -> Result<Option<Account>> {
    let sql = format!(
        "SELECT {ACCOUNT} FROM person a JOIN person p ON p.id = COALESCE(a.merged_into, a.id) LEFT JOIN organisation o ON o.id = p.organisation_id WHERE a.id = $1"
    );
    let row = store.reads.query_one_raw(store.sql(sql, [id.0.into()])).await?;
    row.map(|row| account(&mut Row::new(&row))).transpose()
}

/// Staff who can be given tickets, by name; both conditions stand in the index `person_staff` in these words, without which neither database would use it.
pub(crate) const STAFF: &str = "FROM person p WHERE p.role <> 'customer' AND p.disabled_at IS NULL ORDER BY p.sort_key, p.id";

/// Staff who can be given tickets, by name.
pub async fn staff(from: &impl Source) -> Result<Vec<Person>> {
    people(from, "WHERE p.role <> 'customer' AND p.disabled_at IS NULL ORDER BY p.sort_key, p.id", vec![]).await
}

/// What was typed, for `sort_key LIKE … ESCAPE '!'`: folded as names are, so that nobody has to type capitals and accents. Nothing in it stands for something else, and it is no longer than a name.
pub(crate) fn like(typed: &str) -> Value {
    let name: String = typed.chars().take(100).collect();
    let literal = key(&name).replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{literal}%").into()
}

/// Customers of an organisation other than `but`, key users first; `typed` narrows by name or address.
pub async fn colleagues(store: &Store, organisation: OrganisationId, but: PersonId, typed: &str, most: u64) -> Result<Vec<Person>> {
    let rest = format!(
        "WHERE p.organisation_id = $1 AND p.role = 'customer' AND p.disabled_at IS NULL AND p.id <> $2 AND (p.sort_key LIKE $3 ESCAPE '!' OR p.email LIKE $3 ESCAPE '!')
         ORDER BY p.key_user DESC, p.sort_key, p.id LIMIT {most}"
    );
    let values = vec![organisation.0.into(), but.0.into(), like(typed)];
    people(store, &rest, values).await
}

/// Those of these people who are customers of an organisation.
pub async fn among_colleagues(from: &impl Source, organisation: OrganisationId, ids: &[PersonId]) -> Result<Vec<Named<PersonId>>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let tail = format!(
        "FROM person p WHERE p.organisation_id = $1 AND p.role = 'customer' AND p.disabled_at IS NULL AND p.id IN {}",
        list(ids.iter().map(|i| i.0))
    );
    let found: Vec<(i64, String)> = rows_by(&from.on(), "p.id, p.name", &tail, vec![organisation.0.into()]).await?;
    Ok(found.into_iter().map(|(id, name)| Named::new(PersonId(id), name)).collect())
}

/// Whether a person is a customer of an organisation, as a change sees it.
pub async fn is_colleague(change: &Change, organisation: OrganisationId, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM person p WHERE p.id = $1 AND p.organisation_id = $2 AND p.role = 'customer' AND p.disabled_at IS NULL";
    Ok(change.db().query_one_raw(change.sql(sql, [person.0.into(), organisation.0.into()])).await?.is_some())
}

/// Whether there is anybody yet.
pub async fn is_empty(store: &Store) -> Result<bool> {
    Ok(person::Entity::find().limit(1).one(&store.reads).await?.is_none())
}

/// Adds a person; [`Error::Taken`] where the address has an account.
pub async fn add_person(change: &Change, new: &NewPerson, now: Moment) -> Result<PersonId> {
    let row = person::ActiveModel {
        name: Set(new.name.clone()),
        sort_key: Set(key(&new.name)),
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

/// Every account, by address.
pub async fn everyone(store: &Store) -> Result<Vec<Account>> {
    let sql =
        format!("SELECT {ACCOUNT} FROM person p LEFT JOIN organisation o ON o.id = p.organisation_id WHERE p.merged_into IS NULL ORDER BY p.email");
    let found = store.reads.query_all_raw(store.sql(sql, [])).await?;
    found.iter().map(|row| account(&mut Row::new(row))).collect()
}

/// Keeps the hash of a person's password.
pub async fn set_password(change: &Change, person: PersonId, hash: &str) -> Result<()> {
    change.run("UPDATE person SET password_hash = $1 WHERE id = $2", [hash.into(), person.0.into()]).await?;
    Ok(())
}

/// Disables a person's account from a moment on, or enables it again.
pub async fn set_disabled(change: &Change, person: PersonId, at: Option<Moment>) -> Result<()> {
    change.run("UPDATE person SET disabled_at = $1 WHERE id = $2", [at.map(|at| at.0).into(), person.0.into()]).await?;
    Ok(())
}

/// Whether a person `p` can log in by anything.
pub(crate) const HAS_A_WAY_IN: &str = "(p.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM passkey k WHERE k.person_id = p.id) OR EXISTS (SELECT 1 FROM identity i WHERE i.person_id = p.id))";

/// The lock of who takes an admin away (PostgreSQL): two at once would each count the other's.
const ADMINS: i64 = 0x0061_646d_696e;

/// How many admins can log in, as a change sees it once it has taken one away; nobody else takes one away until it ends.
pub async fn admins(change: &Change) -> Result<i64> {
    if change.is_postgres() {
        change.db().query_one_raw(change.sql("SELECT pg_advisory_xact_lock($1)", [ADMINS.into()])).await?;
    }
    let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM person p WHERE p.role = 'admin' AND p.disabled_at IS NULL AND {HAS_A_WAY_IN}");
    let row = change.db().query_one_raw(change.sql(sql, [])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
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
