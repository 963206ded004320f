//! Rotas, alarms that run, and what is still to be handed to pagers.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{List, Reads, Row, Source, first, lists_by, rows, rows_by};
use domain::on_call::Rota;
use domain::time::Moment;
use domain::{DepartmentId, Named, PersonId, TicketId};
use sea_orm::ConnectionTrait;

/// The rota of a department, with its pager.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OfDepartment {
    pub department: DepartmentId,
    pub rota: Rota,
    /// Where its pager hears of an alarm; empty where there is none.
    pub hook: String,
    /// What its pager knows Balie by.
    pub hook_secret: String,
    /// When the last gap ends that admins were told of.
    pub gap_told: Moment,
}

fn of_department((department, rota, hook, hook_secret, told): (i64, String, String, String, i64)) -> Result<OfDepartment> {
    let rota = serde_json::from_str(&rota).map_err(|_| Error::Unreadable("rota"))?;
    Ok(OfDepartment { department: DepartmentId(department), rota, hook, hook_secret, gap_told: Moment(told) })
}

/// Every rota.
pub async fn rotas(from: &impl Source) -> Result<Vec<OfDepartment>> {
    let columns = "r.department_id, r.rota, r.hook, r.hook_secret, r.gap_told";
    let found = rows_by(&from.on(), columns, "FROM rota r ORDER BY r.department_id", vec![]).await?;
    found.into_iter().map(of_department).collect()
}

/// The rota of a department, kept for this change alone.
pub async fn rota(change: &Change, department: DepartmentId) -> Result<Option<OfDepartment>> {
    let lock = if change.is_postgres() { " FOR UPDATE" } else { "" };
    change.db().query_one_raw(change.sql(format!("SELECT id FROM department WHERE id = $1{lock}"), [department.0.into()])).await?;
    Ok(rotas(change).await?.into_iter().find(|of| of.department == department))
}

/// Keeps the rota of a department.
pub async fn save_rota(change: &Change, of: &OfDepartment) -> Result<()> {
    let text = serde_json::to_string(&of.rota).map_err(|_| Error::Unreadable("rota"))?;
    let sql = "INSERT INTO rota (department_id, rota, hook, hook_secret, gap_told) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (department_id) DO UPDATE SET rota = excluded.rota, hook = excluded.hook, hook_secret = excluded.hook_secret, gap_told = excluded.gap_told";
    let values = [of.department.0.into(), text.into(), of.hook.as_str().into(), of.hook_secret.as_str().into(), of.gap_told.0.into()];
    change.run(sql, values).await?;
    Ok(())
}

/// An alarm of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Alarm {
    pub ticket: TicketId,
    pub began_at: Moment,
    /// How many steps there were.
    pub steps: u8,
    /// Who was told so far.
    pub people: Vec<PersonId>,
    /// When the next step is; `None` where it is over.
    pub next_at: Option<Moment>,
}

type AlarmRow = (i64, i64, i64, String, Option<i64>);

fn alarm((ticket, began, steps, people, next): AlarmRow) -> Result<Alarm> {
    Ok(Alarm {
        ticket: TicketId(ticket),
        began_at: Moment(began),
        steps: u8::try_from(steps).unwrap_or(u8::MAX),
        people: serde_json::from_str(&people).map_err(|_| Error::Unreadable("people of an alarm"))?,
        next_at: next.map(Moment),
    })
}

const ALARM: &str = "a.ticket_id, a.began_at, a.told, a.people, a.next_at";

/// The list that makes the running alarm of the ticket `$1`; [`running_of`] reads it.
pub(crate) const RUNNING: (&str, &str) = (ALARM, "FROM alarm a WHERE a.ticket_id = $1 AND a.next_at IS NOT NULL");

/// The alarm of [`RUNNING`], where there is one.
pub(crate) fn running_of(found: List) -> Result<Option<Alarm>> {
    found.read::<AlarmRow>()?.pop().map(alarm).transpose()
}

/// The alarm of a ticket that is running, where there is one.
pub async fn running(from: &impl Source, ticket: TicketId) -> Result<Option<Alarm>> {
    let [found] = lists_by(&from.on(), [RUNNING], vec![ticket.0.into()]).await?;
    running_of(found)
}

/// The same, kept for this change alone.
pub async fn locked(change: &Change, ticket: TicketId) -> Result<Option<Alarm>> {
    if change.is_postgres() {
        change.db().query_one_raw(change.sql("SELECT ticket_id FROM alarm WHERE ticket_id = $1 FOR UPDATE", [ticket.0.into()])).await?;
    }
    running(change, ticket).await
}

/// The tickets whose alarm has its next step by now, the one that waits longest first.
pub async fn due(store: &Store, now: Moment, most: u64) -> Result<Vec<TicketId>> {
    let tail = format!("FROM alarm a WHERE a.next_at <= $1 ORDER BY a.next_at, a.ticket_id LIMIT {most}");
    let found: Vec<(i64,)> = rows(store, "a.ticket_id", &tail, vec![now.0.into()]).await?;
    Ok(found.into_iter().map(|(ticket,)| TicketId(ticket)).collect())
}

/// Begins the alarm of a ticket, where none runs.
pub async fn begin(change: &Change, ticket: TicketId, now: Moment) -> Result<()> {
    let sql = "INSERT INTO alarm (ticket_id, began_at, told, next_at) VALUES ($1, $2, 0, $2)
               ON CONFLICT (ticket_id) DO UPDATE SET began_at = excluded.began_at, told = 0, people = '[]', next_at = excluded.next_at WHERE alarm.next_at IS NULL";
    change.run(sql, [ticket.0.into(), now.0.into()]).await?;
    Ok(())
}

/// Keeps how far an alarm that runs has come; over where there is no next step.
pub async fn save_alarm(change: &Change, alarm: &Alarm) -> Result<()> {
    let people = serde_json::to_string(&alarm.people).map_err(|_| Error::Unreadable("people of an alarm"))?;
    let sql = "UPDATE alarm SET told = $1, people = $2, next_at = $3 WHERE ticket_id = $4 AND next_at IS NOT NULL";
    change.run(sql, [i16::from(alarm.steps).into(), people.into(), alarm.next_at.map(|at| at.0).into(), alarm.ticket.0.into()]).await?;
    Ok(())
}

/// Ends the alarm of a ticket, and what of it was not handed over; gives whether one ran.
pub async fn end(change: &Change, ticket: TicketId) -> Result<bool> {
    let ended = change.run("UPDATE alarm SET next_at = NULL WHERE ticket_id = $1 AND next_at IS NOT NULL", [ticket.0.into()]).await? > 0;
    change.run("DELETE FROM signal WHERE ticket_id = $1", [ticket.0.into()]).await?;
    Ok(ended)
}

/// Those of these people who can be told of a ticket of a department, by name, in the order given: staff who can log in, and to whom it is not closed.
pub async fn active(from: &impl Source, department: DepartmentId, people: &[PersonId]) -> Result<Vec<Named<PersonId>>> {
    let mut found = vec![];
    for person in people {
        let sql = "SELECT id, name FROM person WHERE id = $1 AND role <> 'customer' AND disabled_at IS NULL";
        if let Some(row) = first(from, sql, [person.0.into()]).await?
            && !crate::departments::is_hidden_from(from, department, *person).await?
        {
            found.push(Row::new(&row).named(PersonId)?);
        }
    }
    Ok(found)
}

/// Who is told where a department has no rota: its members, or admins where it has none.
pub async fn everyone(change: &Change, department: DepartmentId) -> Result<Vec<PersonId>> {
    let members = "FROM department_member m JOIN person p ON p.id = m.person_id WHERE m.department_id = $1 AND p.disabled_at IS NULL ORDER BY p.id";
    let mut found: Vec<(i64,)> = rows_by(&change.on(), "p.id", members, vec![department.0.into()]).await?;
    if found.is_empty() {
        found = rows_by(&change.on(), "p.id", "FROM person p WHERE p.role = 'admin' AND p.disabled_at IS NULL ORDER BY p.id", vec![]).await?;
    }
    Ok(found.into_iter().map(|(id,)| PersonId(id)).collect())
}

/// Forgets the calendar of a person.
pub async fn forget(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM feed WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}

/// Something that is still to be handed over to the pager of a department, or to a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Signal {
    pub id: i64,
    pub ticket: TicketId,
    pub department: DepartmentId,
    /// `None` where it is for the pager.
    pub browser: Option<i64>,
    pub body: String,
    pub tries: u8,
}

/// Writes down what is to be handed over from a moment on.
pub async fn add_signal(change: &Change, new: &Signal, due: Moment) -> Result<()> {
    let sql = "INSERT INTO signal (ticket_id, department_id, body, due_at, tries, browser_id) VALUES ($1, $2, $3, $4, 0, $5)";
    let values = [new.ticket.0.into(), new.department.0.into(), new.body.as_str().into(), due.0.into(), new.browser.into()];
    change.run(sql, values).await?;
    Ok(())
}

/// Takes what is to be handed over now, and puts it off to `again`: who takes it and stops has not lost it.
pub async fn take_signals(change: &Change, now: Moment, again: Moment, most: u64) -> Result<Vec<Signal>> {
    let skip = if change.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "UPDATE signal SET due_at = $2, tries = tries + 1 WHERE id IN (SELECT id FROM signal WHERE due_at <= $1 ORDER BY due_at, id LIMIT {most}{skip}) RETURNING id, ticket_id, department_id, browser_id, body, tries"
    );
    let found = change.db().query_all_raw(change.sql(sql, [now.0.into(), again.0.into()])).await?;
    found
        .iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok(Signal {
                id: row.next()?,
                ticket: TicketId(row.next()?),
                department: DepartmentId(row.next()?),
                browser: row.next()?,
                body: row.next()?,
                tries: u8::try_from(row.next::<i16>()?).unwrap_or(u8::MAX),
            })
        })
        .collect()
}

/// Whether it is still to be handed over: who takes the ticket meanwhile lets the others sleep.
pub async fn is_waiting(store: &Store, id: i64) -> Result<bool> {
    Ok(first(store, "SELECT 1 FROM signal WHERE id = $1", [id.into()]).await?.is_some())
}

/// It was handed over, or is given up.
pub async fn remove_signal(change: &Change, id: i64) -> Result<()> {
    change.run("DELETE FROM signal WHERE id = $1", [id.into()]).await?;
    Ok(())
}

/// When it is tried again.
pub async fn put_off(change: &Change, id: i64, due: Moment) -> Result<()> {
    change.run("UPDATE signal SET due_at = $1 WHERE id = $2", [due.0.into(), id.into()]).await?;
    Ok(())
}

/// Whether someone has a link to a calendar of when they are on call.
pub async fn has_feed(store: &Store, person: PersonId) -> Result<bool> {
    Ok(first(store, "SELECT 1 FROM feed WHERE person_id = $1", [person.0.into()]).await?.is_some())
}

/// Gives a person's calendar another secret link, by its hash.
pub async fn set_feed(change: &Change, person: PersonId, hash: &str) -> Result<()> {
    let sql = "INSERT INTO feed (person_id, hash) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash";
    change.run(sql, [person.0.into(), hash.into()]).await?;
    Ok(())
}

/// Whose calendar a secret link is of, where they may still log in.
pub async fn of_feed(store: &Store, hash: &str) -> Result<Option<PersonId>> {
    let tail = "FROM feed f JOIN person p ON p.id = f.person_id WHERE f.hash = $1 AND p.disabled_at IS NULL AND p.role <> 'customer'";
    Ok(rows::<(i64,)>(store, "f.person_id", tail, vec![hash.into()]).await?.pop().map(|(id,)| PersonId(id)))
}
