//! What tickets count for in reports, packed: a year of a million tickets is read at once.
//!
//! Invariant: a chunk holds what its tickets' logs said up to the cursor of the reader that writes it; whoever writes one has moved that cursor in the same change.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::events::{EVENT, EventRow};
use crate::query::{Row, list, rows};
use crate::tickets::within;
use domain::accounts::Scope;
use domain::events::Event;
use domain::reports::{Fact, Now};
use domain::tickets::{Status, Urgency};
use domain::time::Moment;
use domain::{DepartmentId, EventNo, OrganisationId, PersonId, TicketId};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, HashMap};

/// Tickets of one chunk.
pub const TICKETS: i64 = 256;

/// The facts of a chunk, by the place of their ticket in it.
pub type Facts = BTreeMap<u8, Fact>;

/// The chunk that a ticket is in, and its place there.
pub fn place(ticket: TicketId) -> (i64, u8) {
    (ticket.0.div_euclid(TICKETS), ticket.0.rem_euclid(TICKETS) as u8)
}

fn pack(facts: &Facts) -> Result<Vec<u8>> {
    postcard::to_allocvec(&facts.iter().collect::<Vec<_>>()).map_err(|_| Error::Unreadable("facts"))
}

/// Reads what [`save`] packed, one after the other.
pub fn unpack(bytes: &[u8], mut each: impl FnMut(u8, Fact)) -> Result<()> {
    let wrong = |_| Error::Unreadable("facts");
    let (many, mut rest) = postcard::take_from_bytes::<u32>(bytes).map_err(wrong)?;
    for _ in 0..many {
        let ((at, fact), left) = postcard::take_from_bytes::<(u8, Fact)>(rest).map_err(wrong)?;
        each(at, fact);
        rest = left;
    }
    Ok(())
}

/// The packed facts of the next chunks in which anything counts between two moments, after one of them; at most `most`.
pub async fn chunks(store: &Store, from: Moment, until: Moment, after: i64, most: u64) -> Result<Vec<(i64, Vec<u8>)>> {
    let sql = format!("SELECT n, facts FROM report_chunk WHERE n > $1 AND first_at < $2 AND last_at >= $3 ORDER BY n LIMIT {most}");
    let found = store.reads.query_all_raw(store.sql(sql, [after.into(), until.0.into(), from.0.into()])).await?;
    found
        .iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok((row.next()?, row.next()?))
        })
        .collect()
}

/// The facts of a chunk, as a change sees them.
pub async fn chunk(change: &Change, n: i64) -> Result<Facts> {
    let row = change.db().query_one_raw(change.sql("SELECT facts FROM report_chunk WHERE n = $1", [n.into()])).await?;
    let mut facts = Facts::new();
    if let Some(row) = row {
        unpack(&Row::new(&row).next::<Vec<u8>>()?, |at, fact| {
            facts.insert(at, fact);
        })?;
    }
    Ok(facts)
}

/// Keeps the facts of a chunk.
pub async fn save(change: &Change, n: i64, facts: &Facts) -> Result<()> {
    let Some(first) = facts.values().map(|fact| fact.opened_at).min() else {
        change.run("DELETE FROM report_chunk WHERE n = $1", [n.into()]).await?;
        return Ok(());
    };
    let runs = facts.values().any(|fact| fact.last_at().is_none());
    let last = if runs { Moment(i64::MAX) } else { facts.values().filter_map(Fact::last_at).max().unwrap_or(first) };
    let sql = "INSERT INTO report_chunk (n, first_at, last_at, facts) VALUES ($1, $2, $3, $4)
               ON CONFLICT (n) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, facts = excluded.facts";
    change.run(sql, [n.into(), first.0.into(), last.0.into(), pack(facts)?.into()]).await?;
    Ok(())
}

/// The tickets that something happened on after an event, and the last event of those; at most `most` events are looked at.
pub async fn touched(store: &Store, after: EventNo, most: u64) -> Result<Option<(EventNo, Vec<TicketId>)>> {
    let found: Vec<(i64, i64)> =
        rows(store, "e.n, e.ticket_id", &format!("FROM event e WHERE e.n > $1 ORDER BY e.n LIMIT {most}"), vec![after.0.into()]).await?;
    let Some((last, _)) = found.last() else { return Ok(None) };
    let last = EventNo(*last);
    let mut tickets: Vec<TicketId> = found.into_iter().map(|(_, ticket)| TicketId(ticket)).collect();
    tickets.sort_unstable();
    tickets.dedup();
    Ok(Some((last, tickets)))
}

/// Tickets that changed otherwise, and how often each was marked; at most `most`.
pub async fn stale(store: &Store, most: u64) -> Result<Vec<(TicketId, i64)>> {
    let tail = format!("FROM report_stale s ORDER BY s.ticket_id LIMIT {most}");
    let found: Vec<(i64, i64)> = rows(store, "s.ticket_id, s.marks", &tail, vec![]).await?;
    Ok(found.into_iter().map(|(ticket, marks)| (TicketId(ticket), marks)).collect())
}

/// These tickets are counted as they were when they had been marked so often; what was marked since is counted again.
pub async fn refreshed(change: &Change, tickets: &[(TicketId, i64)]) -> Result<()> {
    for (ticket, marks) in tickets {
        change.run("DELETE FROM report_stale WHERE ticket_id = $1 AND marks = $2", [ticket.0.into(), (*marks).into()]).await?;
    }
    Ok(())
}

const MARKED: &str = "ON CONFLICT (ticket_id) DO UPDATE SET marks = report_stale.marks + 1";

/// A ticket is to be counted anew.
pub(crate) async fn mark(change: &Change, ticket: TicketId) -> Result<()> {
    change.run(format!("INSERT INTO report_stale (ticket_id) VALUES ($1) {MARKED}"), [ticket.0.into()]).await?;
    Ok(())
}

/// The tickets of an organisation are to be counted anew.
pub(crate) async fn mark_organisation(change: &Change, organisation: OrganisationId) -> Result<()> {
    let sql = format!("INSERT INTO report_stale (ticket_id) SELECT t.id FROM ticket t WHERE t.organisation_id = $1 {MARKED}");
    change.run(sql, [organisation.0.into()]).await?;
    Ok(())
}

/// A ticket as it is, with its log.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Told {
    pub id: TicketId,
    pub now: Now,
    pub log: Vec<Event>,
}

/// Those of these tickets that are there, with their logs.
pub async fn told(store: &Store, tickets: &[TicketId]) -> Result<Vec<Told>> {
    let ids = list(tickets.iter().map(|ticket| ticket.0));
    // The log first: what a ticket is may be later than its log, and is then counted again.
    type Line = (i64, i64, i64, Option<i64>, Option<String>, String);
    let tail = format!("FROM event e LEFT JOIN person p ON p.id = e.by_id WHERE e.ticket_id IN {ids} ORDER BY e.ticket_id, e.n");
    let lines: Vec<Line> = rows(store, EVENT, &tail, vec![]).await?;
    let mut logs: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    for (n, at, ticket, by, name, what) in lines {
        logs.entry(ticket).or_default().extend(EventRow::new(n, at, ticket, by, name, what).event(store.passed_over()));
    }
    type Found = (i64, i64, i16, Option<i64>, Option<i64>, i64);
    let columns = "t.id, t.department_id, t.urgency, t.organisation_id, t.assignee_id, t.opened_at";
    let found: Vec<Found> = rows(store, columns, &format!("FROM ticket t WHERE t.id IN {ids} ORDER BY t.id"), vec![]).await?;
    found
        .into_iter()
        .map(|(id, department, urgency, organisation, agent, opened)| {
            let now = Now {
                department: DepartmentId(department),
                urgency: Urgency::from_code(urgency).ok_or(Error::Unreadable("urgency"))?,
                organisation: organisation.map(OrganisationId),
                agent: agent.map(PersonId),
                opened_at: Moment(opened),
            };
            Ok(Told { id: TicketId(id), now, log: logs.remove(&id).unwrap_or_default() })
        })
        .collect()
}

/// The highest number of a ticket.
pub async fn last_ticket(store: &Store) -> Result<TicketId> {
    let found: Vec<(i64,)> = rows(store, "COALESCE(MAX(t.id), 0)", "FROM ticket t", vec![]).await?;
    Ok(TicketId(found.first().map_or(0, |(id,)| *id)))
}

/// How much of the tickets of before is counted, in hundredths.
pub async fn built(store: &Store) -> Result<Option<i64>> {
    let found: Vec<(i64, i64)> = rows(
        store,
        "(SELECT COALESCE(MAX(c.n), 0) FROM report_chunk c), (SELECT COALESCE(MAX(t.id), 0) FROM ticket t)",
        "FROM (SELECT 1) AS one",
        vec![],
    )
    .await?;
    Ok(found.first().filter(|(_, last)| *last > 0).map(|(n, last)| (n * TICKETS * 100 / last).min(99)))
}

/// How many tickets run now in someone's sight, and how many of those are late.
pub async fn standing(
    store: &Store,
    scope: &Scope,
    department: Option<DepartmentId>,
    urgency: Option<Urgency>,
    organisation: Option<OrganisationId>,
    now: Moment,
) -> Result<(i64, i64)> {
    let running = list(Status::ALL.iter().filter(|status| !status.is_settled()).map(|status| i64::from(status.code())));
    let mut conditions = vec![format!("t.status IN {running}"), within(scope)];
    conditions.extend(department.map(|id| format!("t.department_id = {id}")));
    conditions.extend(urgency.map(|urgency| format!("t.urgency = {}", urgency.code())));
    conditions.extend(organisation.map(|id| format!("t.organisation_id = {id}")));
    let tail = format!("FROM ticket t WHERE {}", conditions.join(" AND "));
    let columns = "COUNT(*), COALESCE(SUM(CASE WHEN t.place < $1 THEN 1 ELSE 0 END), 0)";
    // What runs has the moment at which it is due for its place.
    let found: Vec<(i64, i64)> = rows(store, columns, &tail, vec![now.0.into()]).await?;
    Ok(found.first().copied().unwrap_or_default())
}

/// The names of organisations.
pub async fn organisation_names(store: &Store, ids: &[OrganisationId]) -> Result<HashMap<OrganisationId, String>> {
    let tail = format!("FROM organisation o WHERE o.id IN {}", list(ids.iter().map(|id| id.0)));
    Ok(rows::<(i64, String)>(store, "o.id, o.name", &tail, vec![]).await?.into_iter().map(|(id, name)| (OrganisationId(id), name)).collect())
}

/// The names of people.
pub async fn people_names(store: &Store, ids: &[PersonId]) -> Result<HashMap<PersonId, String>> {
    let tail = format!("FROM person p WHERE p.id IN {}", list(ids.iter().map(|id| id.0)));
    Ok(rows::<(i64, String)>(store, "p.id, p.name", &tail, vec![]).await?.into_iter().map(|(id, name)| (PersonId(id), name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reports::Measured;
    use domain::time::Span;

    #[test]
    fn facts_are_read_as_they_were_packed() {
        let fact = |n: i64| Fact {
            department: DepartmentId(n),
            urgency: Urgency::High,
            organisation: (n % 2 == 0).then_some(OrganisationId(n)),
            agent: None,
            opened_at: Moment(1_795_000_000_000 + n),
            settled: (0..n % 4).map(|n| (Moment(n), (n > 0).then_some(Moment(-n)))).collect(),
            first_reply: Some(Measured { at: Moment(n), took: Span(n), in_time: Some(false) }),
            solution: None,
            first_reply_missed: None,
            solution_missed: Some(Moment(n)),
        };
        let facts: Facts = (0..TICKETS).map(|n| (n as u8, fact(n))).collect();
        let mut read = Facts::new();
        unpack(&pack(&facts).unwrap(), |at, fact| assert!(read.insert(at, fact).is_none())).unwrap();
        assert_eq!(read, facts);
        assert!(unpack(&[3, 1, 2], |_, _| {}).is_err());
    }
}
