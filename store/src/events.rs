//! The event log: numbered 1, 2, 3 without gaps, in the order of commit.
//!
//! The number is taken from one row that the transaction holds until it commits, so that who has read n has read everything before n; a sequence would not give that.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::passed_over::{PassedOver, happening};
use crate::query::{Row, list, rows};
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

/// Events that were read at once, and how far the log is read with them. Those of a kind that this version does not know, or that are damaged, are passed over.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Batch<T> {
    pub events: Vec<T>,
    pub passed_over: Vec<EventNo>,
    /// `None`: nothing has happened since.
    pub upto: Option<EventNo>,
}

impl<T> Batch<T> {
    /// How many events it has, those that were passed over included.
    pub fn len(&self) -> usize {
        self.events.len() + self.passed_over.len()
    }

    /// Whether nothing has happened since.
    pub fn is_empty(&self) -> bool {
        self.upto.is_none()
    }
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

/// An event as [`EVENT`] gives it.
#[derive(Deserialize)]
pub(crate) struct EventRow(i64, i64, i64, Option<i64>, Option<String>, String);

impl EventRow {
    pub(crate) fn new(n: i64, at: i64, ticket: i64, by: Option<i64>, name: Option<String>, what: String) -> Self {
        Self(n, at, ticket, by, name, what)
    }

    fn read(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self(row.next()?, row.next()?, row.next()?, row.next()?, row.next()?, row.next()?))
    }

    /// The event; nothing where this version cannot read it.
    pub(crate) fn event(self, passed_over: &PassedOver) -> Option<Event> {
        let what = passed_over.read(self.0, &self.5)?;
        Some(self.with(what))
    }

    fn with(self, what: Happening) -> Event {
        let by = self.3.zip(self.4).map(|(id, name)| Named::new(PersonId(id), name));
        Event { n: EventNo(self.0), at: Moment(self.1), ticket: TicketId(self.2), by, what }
    }
}

/// The events after one, with their audience as it is now; at most `most`. Those that cannot be read are left out.
pub async fn after(store: &Store, n: EventNo, most: u64) -> Result<Vec<Heard>> {
    Ok(batch(store, n, most).await?.events)
}

/// The events after one, with their audience as it is now; at most `most`.
pub async fn batch(store: &Store, n: EventNo, most: u64) -> Result<Batch<Heard>> {
    let sql = format!(
        "SELECT {EVENT}, t.department_id, t.organisation_id, t.requester_id FROM event e JOIN ticket t ON t.id = e.ticket_id LEFT JOIN person p ON p.id = e.by_id WHERE e.n > $1 ORDER BY e.n LIMIT {most}"
    );
    let (mut events, mut passed_over, mut upto) = (vec![], vec![], None);
    for row in store.reads.query_all_raw(store.sql(sql, [n.0.into()])).await? {
        let mut row = Row::new(&row);
        let event = EventRow::read(&mut row)?;
        let n = EventNo(event.0);
        upto = Some(n);
        let Some(event) = event.event(store.passed_over()) else {
            passed_over.push(n);
            continue;
        };
        let department = DepartmentId(row.next()?);
        let organisation = row.next::<Option<i64>>()?.map(OrganisationId);
        events.push(Heard { event, department, organisation, requester: PersonId(row.next()?), cc: vec![] });
    }
    let heard: &mut Vec<Heard> = &mut events;
    if heard.is_empty() {
        return Ok(Batch { events, passed_over, upto });
    }
    let sql = format!("SELECT ticket_id, person_id FROM ticket_cc WHERE ticket_id IN {}", list(heard.iter().map(|h| h.event.ticket.0)));
    for row in store.reads.query_all_raw(store.sql(sql, [])).await? {
        let mut row = Row::new(&row);
        let (ticket, person): (i64, i64) = (row.next()?, row.next()?);
        heard.iter_mut().filter(|h| h.event.ticket.0 == ticket).for_each(|h| h.cc.push(PersonId(person)));
    }
    Ok(Batch { events, passed_over, upto })
}

/// A reader of the log: how many numbers it is behind, and when the oldest of the events that it has not read happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Standing {
    pub name: String,
    pub n: EventNo,
    pub behind: i64,
    pub oldest: Option<Moment>,
}

/// How far every reader of the log has come; `live` is the one that keeps its place in memory.
pub async fn readers(store: &Store, live: EventNo) -> Result<Vec<Standing>> {
    let columns = "r.name, r.n, (SELECT h.n FROM log_head h WHERE h.id = 1) - r.n, (SELECT e.at FROM event e WHERE e.n > r.n ORDER BY e.n LIMIT 1)";
    let tail = "FROM (SELECT name, n FROM log_reader UNION ALL SELECT 'live', CAST($1 AS BIGINT)) AS r ORDER BY r.name";
    let found: Vec<(String, i64, i64, Option<i64>)> = rows(store, columns, tail, vec![live.0.into()]).await?;
    Ok(found
        .into_iter()
        .map(|(name, n, behind, oldest)| Standing { name, n: EventNo(n), behind: behind.max(0), oldest: oldest.map(Moment) })
        .collect())
}

/// What happened to a ticket after an event, as a change sees it.
pub async fn of_locked_ticket(change: &Change, ticket: TicketId, after: EventNo) -> Result<Vec<Event>> {
    of_ticket(&change.db(), ticket, after).await
}

pub(crate) async fn of_ticket(db: &impl ConnectionTrait, ticket: TicketId, after: EventNo) -> Result<Vec<Event>> {
    let sql = format!("SELECT {EVENT} FROM event e LEFT JOIN person p ON p.id = e.by_id WHERE e.ticket_id = $1 AND e.n > $2 ORDER BY e.n");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [ticket.0.into(), after.0.into()]);
    let mut events = vec![];
    for row in db.query_all_raw(statement).await? {
        let row = EventRow::read(&mut Row::new(&row))?;
        // Whoever reads the log in order tells of one that cannot be read.
        events.extend(happening(&row.5).map(|what| row.with(what)));
    }
    Ok(events)
}

/// Someone who did something, by id, for the name.
pub async fn name_of(store: &Store, person: PersonId) -> Result<Option<Named<PersonId>>> {
    let row = store.reads.query_one_raw(store.sql("SELECT id, name FROM person WHERE id = $1", [person.0.into()])).await?;
    row.map(|row| Row::new(&row).named(PersonId)).transpose()
}
