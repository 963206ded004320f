//! Departments, and to whom they are closed.

use crate::accounts::STAFF;
use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::query::{List, Row, Source, first, lists, rows};
use crate::tables::department;
use domain::{DepartmentId, Named, PersonId};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryOrder, Set};

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

/// Closed departments a person is not in.
pub async fn hidden_from(store: &Store, person: PersonId) -> Result<Vec<DepartmentId>> {
    let sql = "SELECT d.id FROM department d WHERE d.closed AND NOT EXISTS (SELECT 1 FROM department_member m WHERE m.department_id = d.id AND m.person_id = $1)";
    let rows = store.reads.query_all_raw(store.sql(sql, [person.0.into()])).await?;
    rows.iter().map(|row| Ok(DepartmentId(Row::new(row).next()?))).collect()
}

/// Whether a department is closed to a person.
pub async fn is_hidden_from(from: &impl Source, department: DepartmentId, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM department d WHERE d.id = $1 AND d.closed AND NOT EXISTS (SELECT 1 FROM department_member m WHERE m.department_id = d.id AND m.person_id = $2)";
    Ok(first(from, sql, [department.0.into(), person.0.into()]).await?.is_some())
}

/// Every department, in their order.
pub async fn all(from: &impl Source) -> Result<Vec<Department>> {
    let rows = department::Entity::find().order_by_asc(department::Column::Position).order_by_asc(department::Column::Name).all(&from.on()).await?;
    Ok(rows.into_iter().map(|d| Department { named: Named::new(DepartmentId(d.id), d.name), closed: d.closed, screenshot: d.screenshot }).collect())
}

/// What staff choose from: the departments in their order, and those who can be given tickets, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Choices {
    pub departments: Vec<Named<DepartmentId>>,
    pub staff: Vec<Named<PersonId>>,
}

/// The lists that make [`Choices`]; [`choices_of`] reads them.
pub(crate) const CHOICES: [(&str, &str); 2] = [("d.id, d.name", "FROM department d ORDER BY d.position, d.name"), ("p.id, p.name", STAFF)];

/// The choices of [`CHOICES`].
pub(crate) fn choices_of([departments, staff]: [List; 2]) -> Result<Choices> {
    Ok(Choices {
        departments: departments.read()?.into_iter().map(|(id, name): (i64, String)| Named::new(DepartmentId(id), name)).collect(),
        staff: staff.read()?.into_iter().map(|(id, name): (i64, String)| Named::new(PersonId(id), name)).collect(),
    })
}

/// What staff choose from.
pub async fn choices(store: &Store) -> Result<Choices> {
    choices_of(lists(store, CHOICES, vec![]).await?)
}

/// Adds a department.
pub async fn add(change: &Change, name: &str, closed: bool, screenshot: bool, position: i32) -> Result<DepartmentId> {
    let row = department::ActiveModel {
        name: Set(name.to_owned()),
        closed: Set(closed),
        screenshot: Set(screenshot),
        position: Set(position),
        ..Default::default()
    };
    Ok(DepartmentId(row.insert(&change.db()).await?.id))
}

/// Saves a department; [`crate::Error::Taken`] where another has its name.
pub async fn save(change: &Change, d: &Department) -> Result<bool> {
    let sql = "UPDATE department SET name = $1, closed = $2, screenshot = $3 WHERE id = $4";
    Ok(change.run(sql, [d.named.name.as_str().into(), d.closed.into(), d.screenshot.into(), d.named.id.0.into()]).await? > 0)
}

/// The staff of each department, by department and person.
pub async fn members(store: &Store) -> Result<Vec<(DepartmentId, Named<PersonId>)>> {
    let tail = "FROM department_member m JOIN person p ON p.id = m.person_id WHERE p.disabled_at IS NULL ORDER BY m.department_id, p.sort_key, p.id";
    let found: Vec<(i64, i64, String)> = rows(store, "m.department_id, p.id, p.name", tail, vec![]).await?;
    Ok(found.into_iter().map(|(department, id, name)| (DepartmentId(department), Named::new(PersonId(id), name))).collect())
}

/// The mailbox that mails of a department come from, as `Name <address>`; `None`: the desk's.
pub async fn sender(store: &Store, id: DepartmentId) -> Result<Option<String>> {
    let row = store.reads.query_one_raw(store.sql("SELECT sender FROM department WHERE id = $1", [id.0.into()])).await?;
    row.map_or(Ok(None), |row| Row::new(&row).next())
}

/// The departments that mails come from under an address of their own, with that, as `Name <address>`.
pub async fn senders(store: &Store) -> Result<Vec<(DepartmentId, String)>> {
    let found: Vec<(i64, String)> = rows(store, "id, sender", "FROM department WHERE sender IS NOT NULL", vec![]).await?;
    Ok(found.into_iter().map(|(id, sender)| (DepartmentId(id), sender)).collect())
}

/// Gives a department a mailbox of its own, or takes it away.
pub async fn set_sender(change: &Change, id: DepartmentId, sender: Option<&str>) -> Result<()> {
    change.run("UPDATE department SET sender = $1 WHERE id = $2", [sender.into(), id.0.into()]).await?;
    Ok(())
}

/// Puts a person in a department.
pub async fn join(change: &Change, department: DepartmentId, person: PersonId) -> Result<()> {
    change
        .run(
            "INSERT INTO department_member (department_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [department.0.into(), person.0.into()],
        )
        .await?;
    Ok(())
}
