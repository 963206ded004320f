//! Who is to be told what by mail: one notice for each event and person, gathered into deliveries.
//!
//! Invariants: a notice is written once, however often its event is read; a delivery that was tried is never added to, so that a repeated mail says what the first one said.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::events::{Batch, EVENT, EventRow};
use crate::mail::{Proposal, proposals_of, reason_of};
use crate::query::{List, Row, list, lists, rows};
use domain::events::Event;
use domain::mail::MailReason;
use domain::notifications::{Around, Paces, Why};
use domain::time::Moment;
use domain::{DeliveryId, DepartmentId, EventNo, IncomingId, Named, PersonId, TicketId};
use sea_orm::ConnectionTrait;
use std::collections::HashMap;

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It waits for its moment, or to be tried again.
    Waiting,
    /// The next mail server took it.
    Sent,
    /// It will not be tried again.
    GivenUp,
    /// It was taken, and came back.
    Bounced,
    /// There was nothing to tell any more: the person may not read the ticket, or wants no mail.
    Dropped,
}

impl State {
    const ALL: [State; 5] = [State::Waiting, State::Sent, State::GivenUp, State::Bounced, State::Dropped];

    pub(crate) fn code(self) -> i16 {
        match self {
            State::Waiting => 0,
            State::Sent => 1,
            State::GivenUp => 2,
            State::Bounced => 3,
            State::Dropped => 4,
        }
    }

    pub(crate) fn from_code(code: i16) -> Result<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code).ok_or(Error::Unreadable("state of a delivery"))
    }
}

/// An event with the people around its ticket.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Told {
    pub event: Event,
    pub around: Around,
    /// The department of its ticket.
    pub department: DepartmentId,
    /// Whether its ticket is handled outside office hours too.
    pub around_the_clock: bool,
}

/// A delivery that is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Due {
    pub id: DeliveryId,
    pub person: PersonId,
    /// `None`: a digest.
    pub ticket: Option<TicketId>,
    /// How often it was tried before.
    pub tries: u32,
    pub message_id: String,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Outcome {
    pub id: DeliveryId,
    pub state: State,
    /// When it is tried again, where it waits.
    pub due_at: Moment,
    pub reason: Option<String>,
}

/// A delivery as staff see it on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Delivery {
    pub id: DeliveryId,
    pub person: Named<PersonId>,
    pub address: String,
    pub state: State,
    pub tries: u32,
    pub at: Moment,
    pub reason: Option<String>,
}

/// How far a reader of the log has come; it is kept for this change alone.
pub async fn cursor(change: &Change, reader: &str) -> Result<EventNo> {
    let lock = if change.is_postgres() { " FOR UPDATE" } else { "" };
    let row = change.db().query_one_raw(change.sql(format!("SELECT n FROM log_reader WHERE name = $1{lock}"), [reader.into()])).await?;
    Ok(EventNo(Row::new(row.as_ref().ok_or(Error::Unreadable("reader of the log"))?).next()?))
}

/// Remembers how far a reader of the log has come.
pub async fn set_cursor(change: &Change, reader: &str, n: EventNo) -> Result<()> {
    change.run("UPDATE log_reader SET n = $1 WHERE name = $2", [n.0.into(), reader.into()]).await?;
    Ok(())
}

/// How far a reader of the log has come, for who only wants to know.
pub async fn position(store: &Store, reader: &str) -> Result<EventNo> {
    let row = store.reads.query_one_raw(store.sql("SELECT n FROM log_reader WHERE name = $1", [reader.into()])).await?;
    Ok(EventNo(Row::new(row.as_ref().ok_or(Error::Unreadable("reader of the log"))?).next()?))
}

/// The events after one with the people around their tickets as they are now; at most `most`.
pub async fn after(store: &Store, n: EventNo, most: u64) -> Result<Batch<Told>> {
    let columns = format!("{EVENT}, t.requester_id, t.assignee_id, t.department_id, CASE WHEN t.around_the_clock THEN 1 ELSE 0 END");
    let tail =
        format!("FROM event e JOIN ticket t ON t.id = e.ticket_id LEFT JOIN person p ON p.id = e.by_id WHERE e.n > $1 ORDER BY e.n LIMIT {most}");
    type Told1 = (i64, i64, i64, Option<i64>, Option<String>, String, i64, Option<i64>, i64, u8);
    let found: Vec<Told1> = rows(store, &columns, &tail, vec![n.0.into()]).await?;
    let (mut batch, upto) = (Batch { events: vec![], passed_over: vec![], upto: None }, found.last().map(|last| EventNo(last.0)));
    if found.is_empty() {
        return Ok(batch);
    }
    batch.upto = upto;
    let tickets = list(found.iter().map(|f| f.2));
    let pairs = async |columns: &str, tail: String| -> Result<HashMap<i64, Vec<PersonId>>> {
        let mut by: HashMap<i64, Vec<PersonId>> = HashMap::new();
        for (of, person) in rows::<(i64, i64)>(store, columns, &tail, vec![]).await? {
            by.entry(of).or_default().push(PersonId(person));
        }
        Ok(by)
    };
    let cc = pairs("ticket_id, person_id", format!("FROM ticket_cc WHERE ticket_id IN {tickets} ORDER BY person_id")).await?;
    let watchers = pairs("ticket_id, person_id", format!("FROM watcher WHERE ticket_id IN {tickets} ORDER BY person_id")).await?;
    let members = pairs("department_id, person_id", "FROM department_member ORDER BY person_id".to_owned()).await?;
    let leads = "FROM department_member m JOIN person p ON p.id = m.person_id WHERE p.role = 'lead' ORDER BY m.person_id".to_owned();
    let leads = pairs("m.department_id, m.person_id", leads).await?;
    let of = |by: &HashMap<i64, Vec<PersonId>>, key: i64| by.get(&key).cloned().unwrap_or_default();
    for (n, at, ticket, by, name, what, requester, assignee, department, around_the_clock) in found {
        let around = Around {
            requester: PersonId(requester),
            cc: of(&cc, ticket),
            assignee: assignee.map(PersonId),
            watchers: of(&watchers, ticket),
            members: of(&members, department),
            leads: of(&leads, department),
            mentioned: vec![],
        };
        match EventRow::new(n, at, ticket, by, name, what).event(store.passed_over()) {
            Some(event) => batch.events.push(Told { event, around, department: DepartmentId(department), around_the_clock: around_the_clock == 1 }),
            None => batch.passed_over.push(EventNo(n)),
        }
    }
    Ok(batch)
}

/// How these people want to be told, and their time zone.
pub async fn paces(store: &Store, people: &[PersonId]) -> Result<HashMap<PersonId, (Paces, String)>> {
    let tail = format!("FROM person p WHERE p.disabled_at IS NULL AND p.id IN {}", list(people.iter().map(|p| p.0)));
    let found: Vec<(i64, String, String)> = rows(store, "p.id, p.notify, p.time_zone", &tail, vec![]).await?;
    Ok(found.into_iter().map(|(id, paces, zone)| (PersonId(id), (Paces::read(&paces), zone))).collect())
}

/// Staff whom a note calls by the part of their address before the `@`.
pub async fn named(store: &Store, names: &[String]) -> Result<Vec<PersonId>> {
    let mut found = vec![];
    for name in names.iter().take(20) {
        let tail = "FROM person p WHERE p.role <> 'customer' AND p.disabled_at IS NULL AND p.email LIKE $1 ESCAPE '!'";
        let like = format!("{}@%", name.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
        found.extend(rows::<(i64,)>(store, "p.id", tail, vec![like.into()]).await?.into_iter().map(|(id,)| PersonId(id)));
    }
    Ok(found)
}

/// Adds a notice: to the mail that waits for this person and ticket and was not tried yet, else to a new one. Nothing where it was written before.
pub async fn add_notice(change: &Change, event: EventNo, person: PersonId, why: Why, mail: &NewDelivery<'_>) -> Result<()> {
    let known = change.sql("SELECT 1 FROM notice WHERE event_n = $1 AND person_id = $2", [event.0.into(), person.0.into()]);
    if change.db().query_one_raw(known).await?.is_some() {
        return Ok(());
    }
    let lock = if change.is_postgres() { " FOR UPDATE" } else { "" };
    let waiting = format!(
        "SELECT id FROM delivery WHERE person_id = $1 AND state = 0 AND tries = 0 AND COALESCE(ticket_id, 0) = $2 ORDER BY id DESC LIMIT 1{lock}"
    );
    let ticket = mail.ticket.map_or(0, |t| t.0);
    let delivery: i64 = match change.db().query_one_raw(change.sql(waiting, [person.0.into(), ticket.into()])).await? {
        Some(row) => {
            let id: i64 = Row::new(&row).next()?;
            // What waits for the office to open does so no longer where something urgent comes with it.
            change.run("UPDATE delivery SET due_at = $1 WHERE id = $2 AND due_at > $1", [mail.due_at.0.into(), id.into()]).await?;
            id
        }
        None => {
            let sql = "INSERT INTO delivery (person_id, ticket_id, state, due_at, tries, leased_until, message_id, created_at) VALUES ($1, $2, 0, $3, 0, 0, $4, $5) RETURNING id";
            let values = [person.0.into(), mail.ticket.map(|t| t.0).into(), mail.due_at.0.into(), mail.message_id.into(), mail.now.0.into()];
            let row = change.db().query_one_raw(change.sql(sql, values)).await?;
            if let Some(ticket) = mail.ticket {
                add_thread(change, mail.message_id, ticket).await?;
            }
            Row::new(row.as_ref().ok_or(Error::Unreadable("delivery"))?).next()?
        }
    };
    let sql = "INSERT INTO notice (event_n, person_id, delivery_id, why) VALUES ($1, $2, $3, $4)";
    change.run(sql, [event.0.into(), person.0.into(), delivery.into(), why.word().into()]).await?;
    Ok(())
}

/// A delivery that is made where none waits.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewDelivery<'a> {
    pub ticket: Option<TicketId>,
    pub due_at: Moment,
    /// Without angle brackets; the same however often it is tried.
    pub message_id: &'a str,
    pub now: Moment,
}

/// Remembers that mails which refer to this Message-ID are about this ticket; the first word counts.
pub async fn add_thread(change: &Change, message_id: &str, ticket: TicketId) -> Result<()> {
    let sql = "INSERT INTO mail_thread (message_id, ticket_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    change.run(sql, [message_id.into(), ticket.0.into()]).await?;
    Ok(())
}

/// Takes deliveries that are due, for this sender alone until `until`, and counts the try.
pub async fn lease(change: &Change, now: Moment, until: Moment, most: u64) -> Result<Vec<Due>> {
    let lock = if change.is_postgres() { " FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "UPDATE delivery SET leased_until = $1, tries = tries + 1 WHERE id IN
         (SELECT id FROM delivery WHERE state = 0 AND due_at <= $2 AND leased_until <= $2 ORDER BY due_at, id LIMIT {most}{lock})
         RETURNING id, person_id, ticket_id, tries, message_id"
    );
    let mut due: Vec<Due> = change
        .db()
        .query_all_raw(change.sql(sql, [until.0.into(), now.0.into()]))
        .await?
        .iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok(Due {
                id: DeliveryId(row.next()?),
                person: PersonId(row.next()?),
                ticket: row.next::<Option<i64>>()?.map(TicketId),
                tries: u32::try_from(row.next::<i32>()? - 1).unwrap_or(0),
                message_id: row.next()?,
            })
        })
        .collect::<Result<_>>()?;
    due.sort_by_key(|d| d.id);
    Ok(due)
}

/// When the next delivery is due; `None` where none waits.
pub async fn next_due(store: &Store) -> Result<Option<Moment>> {
    let row = store
        .reads
        .query_one_raw(store.sql("SELECT MIN(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END) FROM delivery WHERE state = 0", []))
        .await?;
    Ok(row.map(|row| Row::new(&row).next::<Option<i64>>()).transpose()?.flatten().map(Moment))
}

/// Writes down what became of deliveries.
pub async fn settle(change: &Change, outcomes: &[Outcome], now: Moment) -> Result<()> {
    // Most are sent, and say nothing more: those by one statement.
    let sent = list(outcomes.iter().filter(|o| o.state == State::Sent).map(|o| o.id.0));
    change
        .run(format!("UPDATE delivery SET state = 1, leased_until = 0, reason = NULL, done_at = $1 WHERE state = 0 AND id IN {sent}"), [now.0.into()])
        .await?;
    for outcome in outcomes.iter().filter(|o| o.state != State::Sent) {
        let done = (outcome.state != State::Waiting).then_some(now.0);
        let sql = "UPDATE delivery SET state = $1, leased_until = 0, due_at = $2, reason = $3, done_at = $4 WHERE id = $5 AND state = 0";
        let values = [outcome.state.code().into(), outcome.due_at.0.into(), outcome.reason.clone().into(), done.into(), outcome.id.0.into()];
        change.run(sql, values).await?;
    }
    Ok(())
}

/// The events a delivery tells, oldest first, with the reasons why.
pub async fn told_by(store: &Store, delivery: DeliveryId) -> Result<Vec<(Event, Why)>> {
    let columns = format!("{EVENT}, w.why");
    let tail = "FROM notice w JOIN event e ON e.n = w.event_n LEFT JOIN person p ON p.id = e.by_id WHERE w.delivery_id = $1 ORDER BY e.n";
    type ToldRow = (i64, i64, i64, Option<i64>, Option<String>, String, String);
    let found: Vec<ToldRow> = rows(store, &columns, tail, vec![delivery.0.into()]).await?;
    found
        .into_iter()
        .filter_map(|(n, at, ticket, by, name, what, why)| {
            let event = EventRow::new(n, at, ticket, by, name, what).event(store.passed_over())?;
            Some(Why::from_word(&why).ok_or(Error::Unreadable("reason")).map(|why| (event, why)))
        })
        .collect()
}

/// The Message-IDs of a person's earlier mails about a ticket, oldest first: what a new one refers to. The first, and the last `most`.
pub async fn thread(store: &Store, ticket: TicketId, person: PersonId, but: &str, most: usize) -> Result<Vec<String>> {
    let tail = "FROM delivery d WHERE d.ticket_id = $1 AND d.person_id = $2 AND d.message_id <> $3 AND d.state = 1 ORDER BY d.id";
    let found: Vec<(String,)> = rows(store, "d.message_id", tail, vec![ticket.0.into(), person.0.into(), but.into()]).await?;
    let mut ids: Vec<String> = found.into_iter().map(|(id,)| id).collect();
    if ids.len() > most + 1 {
        ids.drain(1..ids.len() - most);
    }
    Ok(ids)
}

/// What staff see of mail on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfTicket {
    /// Newest first.
    pub deliveries: Vec<Delivery>,
    /// Whether the person who looks watches it.
    pub watching: bool,
    /// Whom mails named, and nobody has let read yet.
    pub proposals: Vec<Proposal>,
    /// What machines sent about it, newest first.
    pub quiet: Vec<Quiet>,
}

/// A mail on a ticket that is no message: an automatic reply, or one that says what became of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Quiet {
    pub id: IncomingId,
    pub sender: String,
    pub subject: String,
    pub reason: MailReason,
    pub at: Moment,
}

/// Deliveries and automatic mails of one ticket that its page shows at most.
const DELIVERIES_SHOWN: u64 = 50;
const QUIET_SHOWN: u64 = 20;

/// The lists that make what staff see of mail on the ticket `$1`, as the person `$2` looks at it; [`of_ticket`] reads them.
pub(crate) fn of_ticket_lists() -> [(&'static str, String); 4] {
    [
        (
            "d.id, p.id, p.name, p.email, d.state, d.tries, COALESCE(d.done_at, d.due_at), d.reason",
            format!("FROM delivery d JOIN person p ON p.id = d.person_id WHERE d.ticket_id = $1 ORDER BY d.id DESC LIMIT {DELIVERIES_SHOWN}"),
        ),
        ("w.person_id", "FROM watcher w WHERE w.ticket_id = $1 AND w.person_id = $2".to_owned()),
        ("c.email, c.name", "FROM cc_proposal c WHERE c.ticket_id = $1 ORDER BY c.email".to_owned()),
        (
            "i.id, COALESCE(i.sender, ''), COALESCE(i.subject, ''), COALESCE(i.reason, ''), i.received_at",
            format!("FROM incoming i WHERE i.ticket_id = $1 AND i.state = 3 ORDER BY i.received_at DESC LIMIT {QUIET_SHOWN}"),
        ),
    ]
}

/// What staff see of mail on a ticket, of [`of_ticket_lists`].
pub(crate) fn of_ticket([deliveries, watching, proposals, quiet]: [List; 4]) -> Result<OfTicket> {
    type DeliveryRow = (i64, i64, String, String, i16, u32, i64, Option<String>);
    let deliveries = deliveries
        .read::<DeliveryRow>()?
        .into_iter()
        .map(|(id, person, name, address, state, tries, at, reason)| {
            let person = Named::new(PersonId(person), name);
            Ok(Delivery { id: DeliveryId(id), person, address, state: State::from_code(state)?, tries, at: Moment(at), reason })
        })
        .collect::<Result<_>>()?;
    let quiet = quiet.read::<(i64, String, String, String, i64)>()?.into_iter();
    let quiet =
        quiet.map(|(id, sender, subject, reason, at)| Quiet { id: IncomingId(id), sender, subject, reason: reason_of(reason), at: Moment(at) });
    Ok(OfTicket { deliveries, watching: !watching.read::<(i64,)>()?.is_empty(), proposals: proposals_of(proposals)?, quiet: quiet.collect() })
}

/// What staff see of mail on a ticket, as `person` looks at it.
pub async fn on_ticket(store: &Store, ticket: TicketId, person: PersonId) -> Result<OfTicket> {
    let parts = of_ticket_lists();
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    of_ticket(lists(store, parts, vec![ticket.0.into(), person.0.into()]).await?)
}

/// Sends a delivery again, with a Message-ID of its own, as mailboxes would hide the same one, and to an address that took no mail too. Says whether it is one of this ticket that came to an end.
pub async fn resend(change: &Change, ticket: TicketId, id: DeliveryId, message_id: &str, now: Moment) -> Result<bool> {
    let sql = "UPDATE delivery SET state = 0, tries = 0, leased_until = 0, due_at = $1, message_id = $2, reason = NULL, done_at = NULL WHERE id = $3 AND ticket_id = $4 AND state <> 0";
    let done = change.run(sql, [now.0.into(), message_id.into(), id.0.into(), ticket.0.into()]).await? == 1;
    if done {
        add_thread(change, message_id, ticket).await?;
        let sql = "UPDATE person SET mail_failure = NULL, mail_failed_at = NULL WHERE id = (SELECT person_id FROM delivery WHERE id = $1)";
        change.run(sql, [id.0.into()]).await?;
    }
    Ok(done)
}

/// Marks the delivery with this Message-ID as come back; gives the ticket, the person and their address.
pub async fn bounced(change: &Change, message_id: &str, reason: &str, now: Moment) -> Result<Option<(Option<TicketId>, PersonId, String)>> {
    let sql = "UPDATE delivery SET state = 3, leased_until = 0, reason = $1, done_at = $2 WHERE message_id = $3
               RETURNING ticket_id, person_id, (SELECT p.email FROM person p WHERE p.id = person_id)";
    let row = change.db().query_one_raw(change.sql(sql, [reason.into(), now.0.into(), message_id.into()])).await?;
    row.map(|row| {
        let mut row = Row::new(&row);
        Ok((row.next::<Option<i64>>()?.map(TicketId), PersonId(row.next()?), row.next()?))
    })
    .transpose()
}

/// The Message-ID of the last mail about a ticket that was handed over for a person; of one with this address, where one is given.
pub async fn last_sent(store: &Store, ticket: TicketId, person: Option<PersonId>, email: &str) -> Result<Option<String>> {
    let tail = "FROM delivery d JOIN person p ON p.id = d.person_id WHERE d.ticket_id = $1 AND d.state IN (1, 3)
                AND (d.person_id = $2 OR ($2 = 0 AND LOWER(p.email) = LOWER($3))) ORDER BY d.id DESC LIMIT 1";
    let values = vec![ticket.0.into(), person.map_or(0, |person| person.0).into(), email.into()];
    Ok(rows::<(String,)>(store, "d.message_id", tail, values).await?.into_iter().next().map(|(id,)| id))
}

/// How many deliveries wait, for the metrics.
pub async fn waiting(store: &Store) -> Result<i64> {
    let row = store.reads.query_one_raw(store.sql("SELECT CAST(COUNT(*) AS BIGINT) FROM delivery WHERE state = 0", [])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Keeps how a person wants to be told.
pub async fn set_paces(change: &Change, person: PersonId, paces: &Paces) -> Result<()> {
    change.run("UPDATE person SET notify = $1 WHERE id = $2", [paces.text().into(), person.0.into()]).await?;
    Ok(())
}

/// How a person wants to be told.
pub async fn paces_of(store: &Store, person: PersonId) -> Result<Paces> {
    Ok(paces(store, &[person]).await?.remove(&person).map(|(paces, _)| paces).unwrap_or_default())
}

/// Marks a person's address as one that takes no mail, or as one that does again.
pub async fn mark_address(change: &Change, person: PersonId, failure: Option<(&str, Moment)>) -> Result<()> {
    let (reason, at) = failure.unzip();
    change
        .run("UPDATE person SET mail_failure = $1, mail_failed_at = $2 WHERE id = $3", [reason.into(), at.map(|m| m.0).into(), person.0.into()])
        .await?;
    Ok(())
}

/// Why a person's address takes no mail, where it does not.
pub async fn address_failure(store: &Store, person: PersonId) -> Result<Option<String>> {
    let row = store.reads.query_one_raw(store.sql("SELECT mail_failure FROM person WHERE id = $1", [person.0.into()])).await?;
    row.map_or(Ok(None), |row| Row::new(&row).next())
}

/// Makes a member of staff watch a ticket, or not.
pub async fn watch(change: &Change, ticket: TicketId, person: PersonId, on: bool) -> Result<()> {
    let sql = if on {
        "INSERT INTO watcher (ticket_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM watcher WHERE ticket_id = $1 AND person_id = $2"
    };
    change.run(sql, [ticket.0.into(), person.0.into()]).await?;
    Ok(())
}

/// Whether a person watches a ticket.
pub async fn is_watching(store: &Store, ticket: TicketId, person: PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM watcher WHERE ticket_id = $1 AND person_id = $2";
    Ok(store.reads.query_one_raw(store.sql(sql, [ticket.0.into(), person.0.into()])).await?.is_some())
}
