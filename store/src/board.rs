//! The board's columns and the list's pages: cards by filter, from an index, never by counting.

use crate::connect::{Kind, Store};
use crate::departments::{CHOICES, Choices, choices, choices_of};
use crate::error::Result;
use crate::query::{List, Row, list, lists, statement};
use crate::search::{fts, is_common, postgres_matches, tsquery, words};
use crate::tickets::{CARD, JOINS, cards_of, within};
use domain::accounts::Scope;
use domain::board::{AssignedTo, Board, COLUMN_CARDS, COLUMNS, Card, Filter};
use domain::tickets::Status;
use domain::{DepartmentId, EventNo, TicketId};
use sea_orm::{ConnectionTrait, Value};

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Sort {
    /// By what is due first.
    #[default]
    Due,
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
    /// What tickets can be filtered by and changed to.
    pub choices: Choices,
}

/// A condition with its values, numbered as they come.
struct Condition {
    sql: Vec<String>,
    values: Vec<Value>,
    join: String,
}

impl Condition {
    /// `None` where nothing can be found.
    async fn new(store: &Store, scope: &Scope, filter: &Filter) -> Result<Option<Self>> {
        let mut this = Self { sql: vec![within(scope)], values: vec![], join: String::new() };
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
                    let Some(query) = fts(&words, scope, is_common(store, &words).await?) else { return Ok(None) };
                    let at = this.value(query);
                    this.join = "ticket_search s CROSS JOIN ticket t ON t.id = s.rowid".to_owned();
                    this.sql.push(format!("ticket_search MATCH {at}"));
                }
                Kind::Postgres => {
                    let Some(query) = tsquery(&words) else { return Ok(None) };
                    let at = this.value(query.as_str());
                    let (join, matches) = postgres_matches(store, &query, &at).await?;
                    this.join = join;
                    this.sql.push(matches);
                }
            }
        }
        Ok(Some(this))
    }

    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn from(&self) -> &str {
        if self.join.is_empty() { "ticket t" } else { &self.join }
    }

    fn key(&self, sort: Sort) -> &'static str {
        match sort {
            // Matches come out of the index by number: sorting them otherwise would mean fetching them all.
            _ if self.join.contains("rowid") => "s.rowid",
            // What was gathered is sorted: by the number itself the planner would go through all tickets in their order for it.
            _ if self.join.contains("OFFSET 0") => "(t.id + 0)",
            _ if !self.join.is_empty() => "t.id",
            Sort::Due => "t.place",
            Sort::Updated => "t.updated_at",
            Sort::Number => "t.id",
            Sort::Urgency => "t.urgency",
        }
    }

    async fn count(&self, store: &Store, status: Status) -> Result<i64> {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {} WHERE {} AND t.status = {}", self.from(), self.sql.join(" AND "), status.code());
        let row = store.reads.query_one_raw(statement(store.backend(), sql, self.values.clone())).await?;
        row.map_or(Ok(0), |row| Row::new(&row).next())
    }

    fn tail(&self, rest: &str) -> String {
        format!("FROM {} {JOINS} WHERE {} {rest}", self.from(), self.sql.join(" AND "))
    }
}

/// One page of the list. With a text the newest come first whatever the sort.
pub async fn page(store: &Store, of: &PageOf<'_>) -> Result<Page> {
    let Some(mut condition) = Condition::new(store, of.scope, of.filter).await? else {
        return Ok(Page { cards: vec![], more: false, total: None, choices: choices(store).await? });
    };
    let key = condition.key(of.sort);
    let number = !["t.place", "t.updated_at", "t.urgency"].contains(&key);
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
    let total = total(of.scope, of.filter);
    let [departments, staff] = CHOICES;
    let parts = [(CARD, tail.as_str()), ("CAST(COALESCE(SUM(n), 0) AS BIGINT)", total.as_str()), departments, staff];
    let [cards, total, departments, staff] = lists(store, parts, condition.values).await?;
    let (mut cards, total) = (cards_of(cards)?, total.read::<[i64; 1]>()?.first().map(|row| row[0]));
    let more = cards.len() > of.size;
    cards.truncate(of.size);
    if backwards {
        cards.reverse();
    }
    Ok(Page { cards, more, total, choices: choices_of([departments, staff])? })
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
        Scope::Own(_) | Scope::Organisation(..) => "FALSE".to_owned(),
    }
}

/// The board. One statement reads all of it, so that no ticket is missed or seen twice on its way from one column to the next. What waits for one of the `closed`
/// departments stands below the rest; the others are `open`. With it comes what tickets can be filtered by and changed to.
pub async fn snapshot(store: &Store, scope: &Scope, filter: &Filter, open: &[DepartmentId], closed: &[DepartmentId]) -> Result<(Board, Choices)> {
    let head = ("n", "FROM log_head WHERE id = 1");
    let Some(mut condition) = Condition::new(store, scope, &Filter { statuses: vec![], ..filter.clone() }).await? else {
        let [departments, staff] = CHOICES;
        let [n, departments, staff] = lists(store, [head, departments, staff], vec![]).await?;
        return Ok((Board { closed: closed.to_vec(), ..Board::empty(position(n)?) }, choices_of([departments, staff])?));
    };
    let mut tails = |asleep: &str| {
        COLUMNS.map(|status| {
            let wanted = filter.statuses.is_empty() || filter.statuses.contains(&status);
            // `+` keeps SQLite from using the status index where the words are rarer than the status.
            let plus = if !condition.join.is_empty() && store.kind() == Kind::Sqlite { "+" } else { "" };
            condition.sql.push(if wanted { format!("{plus}t.status = {} AND {asleep}", status.code()) } else { "FALSE".to_owned() });
            let tail = condition.tail(&format!("ORDER BY t.place, t.id LIMIT {COLUMN_CARDS}"));
            condition.sql.pop();
            tail
        })
    };
    // What sleeps comes in one list with what is settled and what is of departments that are open, by when it is due. What stands above it is read apart: each
    // condition by itself, so that it comes in order out of an index of its own, however few there are of it.
    let (all, urgent, of_open) = match (open, closed) {
        (_, []) => (tails("TRUE"), tails("FALSE"), tails("FALSE")),
        ([], _) => (tails("NOT t.around_the_clock"), tails("t.around_the_clock"), tails("FALSE")),
        (open, _) => {
            let of_open = format!("NOT t.around_the_clock AND t.department_id IN {}", list(open.iter().map(|d| d.0)));
            (tails("NOT t.around_the_clock"), tails("t.around_the_clock"), tails(&of_open))
        }
    };
    let tally = tally_by_status(scope);
    let [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = [&all, &urgent, &of_open].map(|tails| tails.each_ref().map(|tail| (CARD, tail.as_str())));
    let [departments, staff] = CHOICES;
    let parts = [head, a, b, c, d, e, f, g, h, i, j, k, l, (TALLY, tally.as_str()), departments, staff];
    let [n, a, b, c, d, e, f, g, h, i, j, k, l, tallied, departments, staff] = lists(store, parts, condition.values.clone()).await?;
    let tallied = tallies_of(tallied)?;
    let mut board = Board { closed: closed.to_vec(), ..Board::empty(position(n)?) };
    for (column, lists) in board.columns.iter_mut().zip([[a, e, i], [b, f, j], [c, g, k], [d, h, l]]) {
        for list in lists {
            column.cards.extend(cards_of(list)?);
        }
        column.cards.sort_by_key(|c| (c.is_asleep(closed), c.place(), c.id));
        column.cards.dedup_by_key(|c| c.id);
        let is_full = column.cards.len() >= COLUMN_CARDS;
        column.cards.truncate(COLUMN_CARDS);
        let shown = column.cards.len() as i64;
        column.total = match tallied.iter().find(|(status, _)| *status == column.status) {
            _ if !is_full => shown,
            Some((_, n)) if filter.is_empty() => shown.max(*n),
            _ => shown.max(condition.count(store, column.status).await?),
        };
    }
    Ok((board, choices_of([departments, staff])?))
}

fn position(list: List) -> Result<EventNo> {
    list.read::<[i64; 1]>()?.first().map(|row| EventNo(row[0])).ok_or(crate::Error::Unreadable("head of the log"))
}

/// How many tickets there are of each status.
pub async fn tallies(store: &Store, scope: &Scope) -> Result<Vec<(Status, i64)>> {
    let [found] = lists(store, [(TALLY, &tally_by_status(scope))], vec![]).await?;
    tallies_of(found)
}

const TALLY: &str = "status, CAST(SUM(n) AS BIGINT)";

fn tally_by_status(scope: &Scope) -> String {
    format!("FROM tally WHERE {} GROUP BY status", tallied(scope))
}

fn tallies_of(list: List) -> Result<Vec<(Status, i64)>> {
    let read = |(code, n): (i16, i64)| Ok((Status::from_code(code).ok_or(crate::Error::Unreadable("status"))?, n));
    list.read()?.into_iter().map(read).collect()
}
