//! Tickets.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{List, Row, first, list, lists, lists_by, rows_by};
use crate::tables::ticket;
use domain::accounts::Scope;
use domain::board::{Card, place};
pub use domain::tickets::Line;
use domain::tickets::{Clock, Due, Side, Status, Tick, Ticket, Urgency};
use domain::time::Moment;
use domain::{DepartmentId, EventNo, Named, OrganisationId, PersonId, TicketId};

use sea_orm::{ConnectionTrait, EntityTrait, Set, Value};
use serde::Deserialize;
use std::cmp::Reverse;

/// Which tickets the portal's home asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// One's own that run.
    Running,
    /// Those one is in CC of.
    Cc,
    /// One's own that are resolved or closed.
    Settled,
    /// Those of others in one's organisation that run.
    Organisation,
}

pub(crate) const CARD: &str = "t.id, t.subject, t.status, t.urgency, t.department_id, d.name, t.organisation_id, o.name, t.requester_id, r.name, t.assignee_id, a.name, t.tags, t.opened_at, t.updated_at, \
     t.settled_at, t.messages, t.files, t.last_word, t.version, t.due, t.around_the_clock";
pub(crate) const JOINS: &str = "JOIN department d ON d.id = t.department_id JOIN person r ON r.id = t.requester_id LEFT JOIN organisation o ON o.id = t.organisation_id LEFT JOIN person a ON a.id = t.assignee_id";
/// A line's moment is that of the last change its reader may know of: not of a note or a tag.
pub(crate) const LINE: &str = "t.id, t.subject, t.status, t.requester_id, r.name, t.assignee_id, a.name, \
     COALESCE((SELECT e.at FROM event e WHERE e.ticket_id = t.id AND e.public ORDER BY e.n DESC LIMIT 1), t.opened_at), t.last_word";
const LINE_JOINS: &str = "JOIN person r ON r.id = t.requester_id LEFT JOIN person a ON a.id = t.assignee_id";

/// The condition on `t` that a scope is. Only numbers go in.
pub(crate) fn within(scope: &Scope) -> String {
    match scope {
        Scope::Own(person) => {
            format!("(t.requester_id = {person} OR EXISTS (SELECT 1 FROM ticket_cc c WHERE c.ticket_id = t.id AND c.person_id = {person}))")
        }
        Scope::Organisation(person, organisation) => {
            format!(
                "(t.requester_id = {person} OR t.organisation_id = {organisation} OR EXISTS (SELECT 1 FROM ticket_cc c WHERE c.ticket_id = t.id AND c.person_id = {person}))"
            )
        }
        Scope::Desk { hidden } if hidden.is_empty() => "TRUE".to_owned(),
        Scope::Desk { hidden } => format!("t.department_id NOT IN {}", list(hidden.iter().map(|d| d.0))),
    }
}

/// A card as [`CARD`] gives it.
#[derive(Deserialize)]
pub(crate) struct CardRow(
    i64,
    String,
    i16,
    i16,
    i64,
    String,
    Option<i64>,
    Option<String>,
    i64,
    String,
    Option<i64>,
    Option<String>,
    String,
    i64,
    i64,
    Option<i64>,
    i32,
    i32,
    i16,
    i64,
    Option<String>,
    Truth,
);

/// A boolean, which SQLite gives as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Bool(bool),
    Number(u8),
}

impl Truth {
    fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true) | Self::Number(1..))
    }
}

impl CardRow {
    fn card(self) -> Result<Card> {
        Ok(Card {
            id: TicketId(self.0),
            subject: self.1,
            status: status(self.2)?,
            urgency: urgency(self.3)?,
            department: Named::new(DepartmentId(self.4), self.5),
            organisation: self.6.zip(self.7).map(|(id, name)| Named::new(OrganisationId(id), name)),
            requester: Named::new(PersonId(self.8), self.9),
            assignee: self.10.zip(self.11).map(|(id, name)| Named::new(PersonId(id), name)),
            tags: tags(&self.12),
            opened_at: Moment(self.13),
            updated_at: Moment(self.14),
            settled_at: self.15.map(Moment),
            messages: self.16.unsigned_abs(),
            files: self.17.unsigned_abs(),
            last_word: side(self.18)?,
            version: EventNo(self.19),
            due: due(self.20.as_deref())?,
            around_the_clock: self.21.is_true(),
        })
    }
}

/// Many cards; `tail` as in [`rows`].
pub(crate) async fn read_cards(store: &Store, tail: &str, values: Vec<Value>) -> Result<Vec<Card>> {
    let [found] = lists(store, [(CARD, tail)], values).await?;
    cards_of(found)
}

/// The cards of a list of [`CARD`].
pub(crate) fn cards_of(list: List) -> Result<Vec<Card>> {
    list.read::<CardRow>()?.into_iter().map(CardRow::card).collect()
}

fn due(text: Option<&str>) -> Result<Option<Due>> {
    text.map(serde_json::from_str).transpose().map_err(|_| Error::Unreadable("what is due"))
}

fn status(code: i16) -> Result<Status> {
    Status::from_code(code).ok_or(Error::Unreadable("status"))
}

fn urgency(code: i16) -> Result<Urgency> {
    Urgency::from_code(code).ok_or(Error::Unreadable("urgency"))
}

fn side(code: i16) -> Result<Side> {
    Side::from_code(code).ok_or(Error::Unreadable("side"))
}

fn tags(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The cards of these tickets, in no order; what is not there is left out.
pub async fn cards(store: &Store, ids: &[TicketId]) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    read_cards(store, &format!("FROM ticket t {JOINS} WHERE t.id IN {}", list(ids.iter().map(|id| id.0))), vec![]).await
}

/// What a ticket has besides its card, as its own row of the same condition.
const BESIDE_CARD: &str = "t.link, t.follows, t.clock";
/// The people in CC of the ticket `$1`, by name.
const CC: (&str, &str) = ("p.id, p.name", "FROM ticket_cc c JOIN person p ON p.id = c.person_id WHERE c.ticket_id = $1 ORDER BY p.sort_key, p.id");

/// The lists that make the ticket `$1`, where it is in scope; [`ticket_of`] reads them.
pub(crate) fn ticket_lists(scope: &Scope) -> [(&'static str, String); 3] {
    let condition = format!("WHERE t.id = $1 AND {}", within(scope));
    [(CARD, format!("FROM ticket t {JOINS} {condition}")), (BESIDE_CARD, format!("FROM ticket t {condition}")), (CC.0, CC.1.to_owned())]
}

/// The ticket of [`ticket_lists`], and the last event it contains.
pub(crate) async fn ticket_of(db: &impl ConnectionTrait, [card, beside, cc]: [List; 3]) -> Result<Option<(Ticket, EventNo)>> {
    let Some(card) = cards_of(card)?.pop() else { return Ok(None) };
    let (link, follows, clock) = beside.read::<(Option<String>, Option<i64>, Option<String>)>()?.pop().ok_or(Error::Unreadable("ticket"))?;
    let clock = match clock {
        Some(text) => serde_json::from_str(&text).map_err(|_| Error::Unreadable("clock"))?,
        // From before there were clocks.
        None => Clock::replay(&crate::events::of_ticket(db, card.id, EventNo(0)).await?),
    };
    let ticket = Ticket {
        id: card.id,
        subject: card.subject,
        link,
        status: card.status,
        urgency: card.urgency,
        department: card.department,
        organisation: card.organisation,
        requester: card.requester,
        assignee: card.assignee,
        cc: cc.read()?.into_iter().map(|(id, name): (i64, String)| Named::new(PersonId(id), name)).collect(),
        tags: card.tags,
        opened_at: card.opened_at,
        updated_at: card.updated_at,
        settled_at: card.settled_at,
        messages: card.messages,
        files: card.files,
        last_word: card.last_word,
        follows: follows.map(TicketId),
        due: card.due,
        around_the_clock: card.around_the_clock,
        clock,
    };
    Ok(Some((ticket, card.version)))
}

async fn read_ticket(db: &impl ConnectionTrait, scope: &Scope, id: TicketId) -> Result<Option<(Ticket, EventNo)>> {
    let parts = ticket_lists(scope);
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    ticket_of(db, lists_by(db, parts, vec![id.0.into()]).await?).await
}

/// A ticket in scope, and the last event it contains.
pub async fn find(store: &Store, scope: &Scope, id: TicketId) -> Result<Option<(Ticket, EventNo)>> {
    read_ticket(&store.reads, scope, id).await
}

/// Whether a ticket is in scope.
pub async fn is_visible(store: &Store, scope: &Scope, id: TicketId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM ticket t WHERE t.id = $1 AND {}", within(scope));
    Ok(store.reads.query_one_raw(store.sql(sql, [id.0.into()])).await?.is_some())
}

/// A ticket in scope, which nobody else can change until this change ends.
pub async fn lock(change: &Change, scope: &Scope, id: TicketId) -> Result<Option<(Ticket, EventNo)>> {
    if change.is_postgres() {
        crate::hours::hold(change).await?;
        // Those who only refer to the ticket need not wait. By itself: a statement that waited for a row sees the row anew, but what it joined as it was before.
        change.db().query_one_raw(change.sql("SELECT 1 FROM ticket WHERE id = $1 FOR NO KEY UPDATE", [id.0.into()])).await?;
    }
    read_ticket(&change.db(), scope, id).await
}

/// Adds a ticket, which gets its number; [`Error::Taken`] where this submission opened one already. `tick` is when something is to be told of it.
pub async fn add(change: &Change, ticket: &mut Ticket, tick: Option<Tick>, submission: Option<&str>) -> Result<()> {
    let row = ticket::ActiveModel {
        subject: Set(ticket.subject.clone()),
        link: Set(ticket.link.clone()),
        status: Set(ticket.status.code()),
        urgency: Set(ticket.urgency.code()),
        department_id: Set(ticket.department.id.0),
        organisation_id: Set(ticket.organisation.as_ref().map(|o| o.id.0)),
        requester_id: Set(ticket.requester.id.0),
        tags: Set(String::new()),
        opened_at: Set(ticket.opened_at.0),
        updated_at: Set(ticket.updated_at.0),
        settled: Set(false),
        messages: Set(ticket.messages as i32),
        files: Set(ticket.files as i32),
        last_word: Set(ticket.last_word.code()),
        follows: Set(ticket.follows.map(|f| f.0)),
        version: Set(0),
        submission: Set(submission.map(str::to_owned)),
        clock: Set(Some(json(&ticket.clock)?)),
        due: Set(ticket.due.as_ref().map(json).transpose()?),
        place: Set(place(ticket.due.as_ref(), None)),
        around_the_clock: Set(ticket.around_the_clock),
        tick_at: Set(tick.map(|tick| tick.at.0)),
        ..Default::default()
    };
    ticket.id = TicketId(ticket::Entity::insert(row).exec(&change.db()).await?.last_insert_id);
    for person in &ticket.cc {
        add_cc(change, ticket.id, person.id).await?;
    }
    change.tally(ticket.department.id, ticket.status, 1);
    Ok(())
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Unreadable("what is due"))
}

/// Saves what changed between `before` and `after`; `tick` is when something is to be told of it.
pub async fn save(change: &Change, before: &Ticket, after: &Ticket, tick: Option<Tick>) -> Result<()> {
    let sql = "UPDATE ticket SET status = $1, urgency = $2, department_id = $3, assignee_id = $4, tags = $5, updated_at = $6, settled_at = $7, settled = $8, messages = $9, files = $10, last_word = $11, \
               clock = $12, due = $13, place = $14, around_the_clock = $15, tick_at = $16 WHERE id = $17";
    let values: [Value; 17] = [
        after.status.code().into(),
        after.urgency.code().into(),
        after.department.id.0.into(),
        after.assignee.as_ref().map(|a| a.id.0).into(),
        after.tags.join("\n").into(),
        after.updated_at.0.into(),
        after.settled_at.map(|at| at.0).into(),
        after.status.is_settled().into(),
        (after.messages as i32).into(),
        (after.files as i32).into(),
        after.last_word.code().into(),
        json(&after.clock)?.into(),
        after.due.as_ref().map(json).transpose()?.into(),
        place(after.due.as_ref(), after.settled_at).into(),
        after.around_the_clock.into(),
        tick.map(|tick| tick.at.0).into(),
        after.id.0.into(),
    ];
    change.run(sql, values).await?;
    if (before.department.id, before.status) != (after.department.id, after.status) {
        change.tally(before.department.id, before.status, -1);
        change.tally(after.department.id, after.status, 1);
    }
    for person in after.cc.iter().filter(|p| !before.cc.contains(p)) {
        add_cc(change, after.id, person.id).await?;
    }
    for person in before.cc.iter().filter(|p| !after.cc.contains(p)) {
        change.run("DELETE FROM ticket_cc WHERE ticket_id = $1 AND person_id = $2", [after.id.0.into(), person.id.0.into()]).await?;
    }
    for tag in after.tags.iter().filter(|t| !before.tags.contains(t)) {
        change
            .run("INSERT INTO ticket_tag (tag, ticket_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [tag.as_str().into(), after.id.0.into()])
            .await?;
    }
    for tag in before.tags.iter().filter(|t| !after.tags.contains(t)) {
        change.run("DELETE FROM ticket_tag WHERE tag = $1 AND ticket_id = $2", [tag.as_str().into(), after.id.0.into()]).await?;
    }
    Ok(())
}

async fn add_cc(change: &Change, ticket: TicketId, person: PersonId) -> Result<()> {
    change.run("INSERT INTO ticket_cc (ticket_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [ticket.0.into(), person.0.into()]).await?;
    Ok(())
}

/// Whether an organisation has a ticket in one of these departments.
pub async fn has_in(change: &Change, organisation: OrganisationId, departments: &[DepartmentId]) -> Result<bool> {
    let sql = format!("SELECT 1 FROM ticket WHERE organisation_id = $1 AND department_id IN {}", list(departments.iter().map(|d| d.0)));
    Ok(first(change, &format!("{sql} LIMIT 1"), [organisation.0.into()]).await?.is_some())
}

/// The tickets of an organisation that someone is in CC of.
pub async fn cc_within(change: &Change, person: PersonId, organisation: OrganisationId) -> Result<Vec<TicketId>> {
    let tail = "FROM ticket_cc c JOIN ticket t ON t.id = c.ticket_id WHERE c.person_id = $1 AND t.organisation_id = $2 ORDER BY t.id";
    let found: Vec<(i64,)> = rows_by(&change.db(), "t.id", tail, vec![person.0.into(), organisation.0.into()]).await?;
    Ok(found.into_iter().map(|(id,)| TicketId(id)).collect())
}

/// The ticket a submission by this requester opened.
pub async fn by_submission(store: &Store, requester: PersonId, submission: &str) -> Result<Option<TicketId>> {
    let row = store
        .reads
        .query_one_raw(store.sql("SELECT id FROM ticket WHERE submission = $1 AND requester_id = $2", [submission.into(), requester.0.into()]))
        .await?;
    row.map(|row| Ok(TicketId(Row::new(&row).next()?))).transpose()
}

/// The ticket that holds the message of this submission by this author.
pub async fn by_message_submission(store: &Store, author: PersonId, submission: &str) -> Result<Option<TicketId>> {
    let row = store
        .reads
        .query_one_raw(store.sql("SELECT ticket_id FROM message WHERE submission = $1 AND author_id = $2", [submission.into(), author.0.into()]))
        .await?;
    row.map(|row| Ok(TicketId(Row::new(&row).next()?))).transpose()
}

/// The tail of a list of [`LINE`] that is one shelf of the home of the person `$1`, at most so many; [`read_shelf`] reads it.
fn shelf_tail(shelf: Shelf, most: u64) -> String {
    let (from, condition) = match shelf {
        Shelf::Running => ("ticket t", "t.requester_id = $1 AND t.settled = FALSE"),
        Shelf::Settled => ("ticket t", "t.requester_id = $1 AND t.settled = TRUE"),
        Shelf::Organisation => (
            "ticket t",
            "t.organisation_id = (SELECT organisation_id FROM person WHERE id = $1) AND t.requester_id <> $1 AND t.settled = FALSE AND NOT EXISTS (SELECT 1 FROM ticket_cc c WHERE c.ticket_id = t.id AND c.person_id = $1)",
        ),
        Shelf::Cc => ("ticket_cc c JOIN ticket t ON t.id = c.ticket_id", "c.person_id = $1"),
    };
    let order = if shelf == Shelf::Cc { "t.settled, t.updated_at DESC" } else { "t.updated_at DESC" };
    format!("FROM {from} {LINE_JOINS} WHERE {condition} ORDER BY {order} LIMIT {most}")
}

fn read_shelf(found: List) -> Result<Vec<Line>> {
    let mut lines = lines_of(found)?;
    lines.sort_by_key(|line| (line.status.is_settled(), Reverse((line.updated_at, line.id))));
    Ok(lines)
}

/// Shelves of a customer's home by one statement, the latest first; of each at most so many.
pub async fn shelves<const N: usize>(store: &Store, person: PersonId, shelves: [(Shelf, u64); N]) -> Result<[Vec<Line>; N]> {
    let tails = shelves.map(|(shelf, most)| shelf_tail(shelf, most));
    let found = lists(store, tails.each_ref().map(|tail| (LINE, tail.as_str())), vec![person.0.into()]).await?;
    let mut read = [const { Vec::new() }; N];
    for (lines, list) in read.iter_mut().zip(found) {
        *lines = read_shelf(list)?;
    }
    Ok(read)
}

/// One shelf of a customer's home, the latest first.
pub async fn shelf(store: &Store, person: PersonId, shelf: Shelf, most: u64) -> Result<Vec<Line>> {
    let [lines] = shelves(store, person, [(shelf, most)]).await?;
    Ok(lines)
}

/// A line as [`LINE`] gives it.
#[derive(Deserialize)]
struct LineRow(i64, String, i16, i64, String, Option<i64>, Option<String>, i64, i16);

/// Many lines of tickets `t`, which `from` names; `rest` is the condition, the order and the limit.
pub(crate) async fn read_lines(store: &Store, from: &str, rest: &str, values: Vec<Value>) -> Result<Vec<Line>> {
    let [found] = lists(store, [(LINE, &format!("FROM {from} {LINE_JOINS} {rest}"))], values).await?;
    lines_of(found)
}

/// The lines of a list of [`LINE`].
pub(crate) fn lines_of(found: List) -> Result<Vec<Line>> {
    let line = |row: LineRow| {
        Ok(Line {
            id: TicketId(row.0),
            subject: row.1,
            status: status(row.2)?,
            requester: Named::new(PersonId(row.3), row.4),
            assignee: row.5.zip(row.6).map(|(id, name)| Named::new(PersonId(id), name)),
            updated_at: Moment(row.7),
            last_word: side(row.8)?,
        })
    };
    found.read::<LineRow>()?.into_iter().map(line).collect()
}

/// The tail of a list of [`LINE`]: other tickets of the requester of the ticket `$1`, the latest first.
pub(crate) fn others_tail(scope: &Scope, most: u64) -> String {
    let requester = "(SELECT requester_id FROM ticket WHERE id = $1)";
    format!(
        "FROM ticket t {LINE_JOINS} WHERE t.requester_id = {requester} AND t.id <> $1 AND {} ORDER BY t.settled, t.updated_at DESC LIMIT {most}",
        within(scope)
    )
}

/// Tickets that were resolved before a moment and are not closed, oldest first.
pub async fn resolved_before(store: &Store, before: Moment, most: u64) -> Result<Vec<TicketId>> {
    let sql = format!("SELECT id FROM ticket WHERE status = $1 AND settled_at < $2 ORDER BY settled_at LIMIT {most}");
    let rows = store.reads.query_all_raw(store.sql(sql, [Status::Resolved.code().into(), before.0.into()])).await?;
    rows.iter().map(|row| Ok(TicketId(Row::new(row).next()?))).collect()
}
