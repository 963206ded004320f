//! The board's columns and the list's pages: cards by filter, from an index, never by counting.

use crate::connect::{Kind, Store};
use crate::error::Result;
use crate::row::{Row, list, lists, rows};
use crate::search::{fts, tsquery, words};
use crate::tickets::{CARD, JOINS, cards_of, read_cards, within};
use domain::accounts::Scope;
use domain::board::{AssignedTo, Board, COLUMN_CARDS, COLUMNS, Card, Column, Filter};
use domain::tickets::Status;
use domain::{EventNo, TicketId};
use sea_orm::{ConnectionTrait, Statement, Value};

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Sort {
    #[default]
    Updated,
    Number,
    Urgency,
}

/// Where a page begins: the key and the number of the ticket it begins after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The value of the sorted column.
    pub key: i64,
    /// The ticket.
    pub id: TicketId,
    /// Whether the page ends there instead.
    pub backwards: bool,
}

/// What one page of the list is.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct PageOf<'a> {
    pub scope: &'a Scope,
    pub filter: &'a Filter,
    pub sort: Sort,
    pub ascending: bool,
    pub from: Option<Cursor>,
    pub size: usize,
}

/// One page of the list.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its tickets.
    pub cards: Vec<Card>,
    /// Whether there are more in the direction it was asked for.
    pub more: bool,
    /// How many there are on all pages, where that is known without counting.
    pub total: Option<i64>,
}

/// A condition with its values, numbered as they come.
struct Condition {
    sql: Vec<String>,
    values: Vec<Value>,
    join: &'static str,
}

impl Condition {
    fn new(store: &Store, scope: &Scope, filter: &Filter) -> Option<Self> {
        let mut this = Self { sql: vec![within(scope)], values: vec![], join: "" };
        if !filter.statuses.is_empty() {
            this.sql.push(format!("t.status IN {}", list(filter.statuses.iter().map(|s| s.code().into()))));
        }
        if !filter.departments.is_empty() {
            this.sql.push(format!("t.department_id IN {}", list(filter.departments.iter().map(|d| d.0))));
        }
        if !filter.urgencies.is_empty() {
            this.sql.push(format!("t.urgency IN {}", list(filter.urgencies.iter().map(|u| u.code().into()))));
        }
        match filter.assignee {
            Some(AssignedTo::Nobody) => this.sql.push("t.assignee_id IS NULL".to_owned()),
            Some(AssignedTo::Person(id)) => this.sql.push(format!("t.assignee_id = {id}")),
            None => {}
        }
        if let Some(id) = filter.organisation {
            this.sql.push(format!("t.organisation_id = {id}"));
        }
        if let Some(tag) = &filter.tag {
            let at = this.value(tag.as_str());
            this.sql.push(format!("EXISTS (SELECT 1 FROM ticket_tag g WHERE g.tag = {at} AND g.ticket_id = t.id)"));
        }
        if let Some(typed) = &filter.text {
            let words = words(typed);
            match store.kind() {
                Kind::Sqlite => {
                    let at = this.value(fts(&words, scope)?);
                    this.join = "ticket_search s CROSS JOIN ticket t ON t.id = s.rowid";
                    this.sql.push(format!("ticket_search MATCH {at}"));
                }
                Kind::Postgres => {
                    let at = this.value(tsquery(&words)?);
                    this.join = "ticket_search s JOIN ticket t ON t.id = s.ticket_id";
                    this.sql.push(format!("s.staff @@ to_tsquery('simple', {at})"));
                }
            }
        }
        Some(this)
    }

    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn from(&self) -> &'static str {
        if self.join.is_empty() { "ticket t" } else { self.join }
    }

    fn key(&self, sort: Sort) -> &'static str {
        match sort {
            // Matches come out of the index by number: sorting them otherwise would mean fetching them all.
            _ if !self.join.is_empty() => {
                if self.join.contains("rowid") {
                    "s.rowid"
                } else {
                    "t.id"
                }
            }
            Sort::Updated => "t.updated_at",
            Sort::Number => "t.id",
            Sort::Urgency => "t.urgency",
        }
    }

    fn tail(&self, rest: &str) -> String {
        format!("FROM {} {JOINS} WHERE {} {rest}", self.from(), self.sql.join(" AND "))
    }
}

/// One page of the list. With a text the newest come first whatever the sort.
pub async fn page(store: &Store, of: &PageOf<'_>) -> Result<Page> {
    let Some(mut condition) = Condition::new(store, of.scope, of.filter) else { return Ok(Page { cards: vec![], more: false, total: None }) };
    let key = condition.key(of.sort);
    let number = key != "t.updated_at" && key != "t.urgency";
    let backwards = of.from.is_some_and(|c| c.backwards);
    let ascending = (of.ascending && condition.join.is_empty()) != backwards;
    let (order, than) = if ascending { ("ASC", ">") } else { ("DESC", "<") };
    if let Some(from) = of.from {
        let id = condition.value(from.id.0);
        if number {
            condition.sql.push(format!("{key} {than} {id}"));
        } else {
            let at = condition.value(from.key);
            condition.sql.push(format!("({key}, t.id) {than} ({at}, {id})"));
        }
    }
    let order = if number { format!("{key} {order}") } else { format!("{key} {order}, t.id {order}") };
    let tail = condition.tail(&format!("ORDER BY {order} LIMIT {}", of.size + 1));
    let [cards, total] =
        lists(store, [(CARD, &tail), ("CAST(COALESCE(SUM(n), 0) AS BIGINT)", &total(of.scope, of.filter))], condition.values).await?;
    let (mut cards, total) = (cards_of(cards)?, total.read::<[i64; 1]>()?.first().map(|row| row[0]));
    let more = cards.len() > of.size;
    cards.truncate(of.size);
    if backwards {
        cards.reverse();
    }
    Ok(Page { cards, more, total })
}

/// Where the number of tickets of a filter is kept: only departments and statuses are tallied.
fn total(scope: &Scope, filter: &Filter) -> String {
    if !(Filter { statuses: vec![], ..filter.clone() }).is_empty() {
        return "FROM tally WHERE FALSE GROUP BY status".to_owned();
    }
    let statuses =
        if filter.statuses.is_empty() { "TRUE".to_owned() } else { format!("status IN {}", list(filter.statuses.iter().map(|s| s.code().into()))) };
    format!("FROM tally WHERE {} AND {statuses}", tallied(scope))
}

/// The condition on the tally that a scope is.
fn tallied(scope: &Scope) -> String {
    match scope {
        Scope::Desk { hidden } if !hidden.is_empty() => format!("department_id NOT IN {}", list(hidden.iter().map(|d| d.0))),
        Scope::Desk { .. } => "TRUE".to_owned(),
        Scope::Own(_) => "FALSE".to_owned(),
    }
}

/// The cards of one column, and how many tickets there are in all.
async fn column(store: &Store, scope: &Scope, filter: &Filter, status: Status, tallied: Option<i64>) -> Result<Column> {
    let none = Column { status, cards: vec![], total: 0 };
    if !filter.statuses.is_empty() && !filter.statuses.contains(&status) {
        return Ok(none);
    }
    let Some(mut condition) = Condition::new(store, scope, &Filter { statuses: vec![status], ..filter.clone() }) else { return Ok(none) };
    // `+` keeps SQLite from using the status index where the words are rarer than the status.
    if !condition.join.is_empty() && store.kind() == Kind::Sqlite {
        condition.sql.retain(|c| !c.starts_with("t.status"));
        condition.sql.push(format!("+t.status = {}", status.code()));
    }
    let order = if status.is_settled() { "t.settled_at DESC, t.id" } else { "t.urgency DESC, t.id" };
    let mut cards = read_cards(store, &condition.tail(&format!("ORDER BY {order} LIMIT {COLUMN_CARDS}")), condition.values.clone()).await?;
    cards.sort_by_key(|c| (c.rank(), c.id));
    let total = match tallied {
        _ if cards.len() < COLUMN_CARDS => cards.len() as i64,
        Some(total) => total.max(cards.len() as i64),
        None => {
            let sql = format!("SELECT COUNT(*) FROM {} WHERE {}", condition.from(), condition.sql.join(" AND "));
            let row = store.reads.query_one_raw(Statement::from_sql_and_values(store.backend(), sql, condition.values.clone())).await?;
            row.map_or(Ok(0), |row| Row::new(&row).next())?
        }
    };
    Ok(Column { status, cards, total })
}

/// The board after event `as_of`, which must be read before this is called: what came later is replayed harmlessly.
pub async fn snapshot(store: &Store, scope: &Scope, filter: &Filter, as_of: EventNo) -> Result<Board> {
    let tallies = if filter.is_empty() { Some(tallies(store, scope).await?) } else { None };
    let mut columns = Vec::with_capacity(COLUMNS.len());
    for status in COLUMNS {
        let tallied = tallies.as_ref().map(|t| t.iter().filter(|(s, _)| *s == status).map(|(_, n)| n).sum());
        columns.push(column(store, scope, filter, status, tallied).await?);
    }
    Ok(Board { as_of, columns })
}

/// How many tickets there are of each status.
pub async fn tallies(store: &Store, scope: &Scope) -> Result<Vec<(Status, i64)>> {
    let found: Vec<(i16, i64)> =
        rows(store, "status, CAST(SUM(n) AS BIGINT)", &format!("FROM tally WHERE {} GROUP BY status", tallied(scope)), vec![]).await?;
    found.into_iter().map(|(code, n)| Ok((Status::from_code(code).ok_or(crate::Error::Unreadable("status"))?, n))).collect()
}
