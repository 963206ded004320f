//! The event log: numbered 1, 2, 3 without gaps, in the order of commit.
//!
//! The number is taken from one row that the transaction holds until it commits, so that who has read n has read everything before n; a sequence would not give that.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::row::{Row, list};
use crate::tables::event;
use domain::events::{Event, Happening};
use domain::time::Moment;
use domain::{DepartmentId, EventNo, Named, OrganisationId, PersonId, TicketId};
use sea_orm::{ConnectionTrait, EntityTrait, Set, Statement};
use serde::Deserialize;

/// An event with those who may hear of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Heard {
    pub event: Event,
    pub department: DepartmentId,
    pub organisation: Option<OrganisationId>,
    pub requester: PersonId,
    pub cc: Vec<PersonId>,
}

/// Writes what happened into the log; the ticket's row remembers the last number. Call it last: it holds up every other change.
pub async fn append(change: &Change, ticket: TicketId, by: Option<PersonId>, at: Moment, happened: &[Happening]) -> Result<EventNo> {
    let row =
        change.db().query_one_raw(change.sql("UPDATE log_head SET n = n + $1 WHERE id = 1 RETURNING n", [(happened.len() as i64).into()])).await?;
    let last: i64 = Row::new(row.as_ref().ok_or(Error::Unreadable("head of the log"))?).next()?;
    let first = last - happened.len() as i64 + 1;
    let mut rows = Vec::with_capacity(happened.len());
    for (n, what) in (first..).zip(happened) {
        let text = serde_json::to_string(what).map_err(|_| Error::Unreadable("happening"))?;
        rows.push(event::ActiveModel {
            n: Set(n),
            at: Set(at.0),
            ticket_id: Set(ticket.0),
            by_id: Set(by.map(|b| b.0)),
            public: Set(what.is_public()),
            what: Set(text),
        });
    }
    if !rows.is_empty() {
        event::Entity::insert_many(rows).exec_without_returning(&change.db()).await?;
    }
    change.run("UPDATE ticket SET version = $1 WHERE id = $2", [last.into(), ticket.0.into()]).await?;
    Ok(EventNo(last))
}

/// The number of the last event.
pub async fn head(store: &Store) -> Result<EventNo> {
    let row = store.reads.query_one_raw(store.sql("SELECT n FROM log_head WHERE id = 1", [])).await?;
    Ok(EventNo(Row::new(row.as_ref().ok_or(Error::Unreadable("head of the log"))?).next()?))
}

pub(crate) const EVENT: &str = "e.n, e.at, e.ticket_id, e.by_id, p.name, e.what";

fn event_of(row: &mut Row<'_>) -> Result<Event> {
    Ok(Event {
        n: EventNo(row.next()?),
        at: Moment(row.next()?),
        ticket: TicketId(row.next()?),
        by: row.maybe_named(PersonId)?,
        what: happening(&row.next::<String>()?)?,
    })
}

/// An event as [`EVENT`] gives it.
#[derive(Deserialize)]
pub(crate) struct EventRow(i64, i64, i64, Option<i64>, Option<String>, String);

impl EventRow {
    pub(crate) fn new(n: i64, at: i64, ticket: i64, by: Option<i64>, name: Option<String>, what: String) -> Self {
        Self(n, at, ticket, by, name, what)
    }

    pub(crate) fn event(self) -> Result<Event> {
        Ok(Event {
            n: EventNo(self.0),
            at: Moment(self.1),
            ticket: TicketId(self.2),
            by: self.3.zip(self.4).map(|(id, name)| Named::new(PersonId(id), name)),
            what: happening(&self.5)?,
        })
    }
}

fn happening(text: &str) -> Result<Happening> {
    serde_json::from_str(text).map_err(|_| Error::Unreadable("happening"))
}

/// The events after one, with their audience as it is now; at most `most`.
pub async fn after(store: &Store, n: EventNo, most: u64) -> Result<Vec<Heard>> {
    let sql = format!(
        "SELECT {EVENT}, t.department_id, t.organisation_id, t.requester_id FROM event e JOIN ticket t ON t.id = e.ticket_id LEFT JOIN person p ON p.id = e.by_id WHERE e.n > $1 ORDER BY e.n LIMIT {most}"
    );
    let rows = store.reads.query_all_raw(store.sql(sql, [n.0.into()])).await?;
    let mut heard: Vec<Heard> = rows
        .iter()
        .map(|row| {
            let mut row = Row::new(row);
            let (event, department) = (event_of(&mut row)?, DepartmentId(row.next()?));
            let organisation = row.next::<Option<i64>>()?.map(OrganisationId);
            Ok(Heard { event, department, organisation, requester: PersonId(row.next()?), cc: vec![] })
        })
        .collect::<Result<_>>()?;
    if heard.is_empty() {
        return Ok(heard);
    }
    let sql = format!("SELECT ticket_id, person_id FROM ticket_cc WHERE ticket_id IN {}", list(heard.iter().map(|h| h.event.ticket.0)));
    for row in store.reads.query_all_raw(store.sql(sql, [])).await? {
        let mut row = Row::new(&row);
        let (ticket, person): (i64, i64) = (row.next()?, row.next()?);
        heard.iter_mut().filter(|h| h.event.ticket.0 == ticket).for_each(|h| h.cc.push(PersonId(person)));
    }
    Ok(heard)
}

/// What happened to a ticket after an event, as a change sees it.
pub async fn of_locked_ticket(change: &Change, ticket: TicketId, after: EventNo) -> Result<Vec<Event>> {
    of_ticket(&change.db(), ticket, after).await
}

pub(crate) async fn of_ticket(db: &impl ConnectionTrait, ticket: TicketId, after: EventNo) -> Result<Vec<Event>> {
    let sql = format!("SELECT {EVENT} FROM event e LEFT JOIN person p ON p.id = e.by_id WHERE e.ticket_id = $1 AND e.n > $2 ORDER BY e.n");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [ticket.0.into(), after.0.into()]);
    db.query_all_raw(statement).await?.iter().map(|row| event_of(&mut Row::new(row))).collect()
}

/// Someone who did something, by id, for the name.
pub async fn name_of(store: &Store, person: PersonId) -> Result<Option<Named<PersonId>>> {
    let row = store.reads.query_one_raw(store.sql("SELECT id, name FROM person WHERE id = $1", [person.0.into()])).await?;
    row.map(|row| Row::new(&row).named(PersonId)).transpose()
}
