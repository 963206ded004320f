//! What pages ask of the database: each statement as it was sent, and what of a statement's plan grows with the database.

use crate::connect::{Kind, Store};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that one step of a plan may look at on PostgreSQL: more than any page counts (the people of a hundred organisations), fewer than a table that grows has.
const ROWS: f64 = 12_000.0;

/// Tables that grow with tickets, people or time.
const GROWING: [&str; 21] = [
    "ticket",
    "ticket_cc",
    "ticket_tag",
    "ticket_search",
    "message",
    "message_mail",
    "attachment",
    "event",
    "person",
    "organisation",
    "organisation_domain",
    "session",
    "watcher",
    "delivery",
    "notice",
    "incoming",
    "mail_thread",
    "cc_proposal",
    "audit",
    "alarm",
    "former",
];

/// Indexes that are walked in their order until enough rows are found, or that hold few rows by their own condition.
const ORDERED: [&str; 6] = ["person_staff", "ticket_by_update", "ticket_by_place", "ticket_by_urgency", "organisation_by_key", "person_by_name"];

/// Every statement that a store's connections for reading were given.
#[derive(Debug, Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<Statement>>>);

impl Statements {
    /// Records the statements of a store from now on, also those of its clones that are made later.
    pub fn record(store: &mut Store) -> Self {
        let statements = Self::default();
        let into = statements.clone();
        store.reads.db.set_metric_callback(move |info| into.0.lock().unwrap_or_else(PoisonError::into_inner).push(info.statement.clone()));
        statements
    }

    /// What was recorded since the last time it was taken.
    pub fn take(&self) -> Vec<Statement> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The steps of a statement's plan that read a table which grows from end to end.
pub async fn scans(store: &Store, statement: &Statement) -> Vec<String> {
    match store.kind() {
        Kind::Sqlite => sqlite_scans(store, statement).await,
        Kind::Postgres => postgres_scans(store, statement).await,
    }
}

async fn explained(store: &Store, how: &str, statement: &Statement, column: usize) -> Vec<String> {
    let explain = Statement { sql: format!("{how} {}", statement.sql), ..statement.clone() };
    let rows = store.reads.query_all_raw(explain).await.expect("the plan of a statement");
    rows.iter().map(|row| row.try_get_by_index(column).expect("a step of the plan")).collect()
}

/// A plan of SQLite does not depend on the rows: a `SCAN` without an index that gives its rows in order reads everything.
async fn sqlite_scans(store: &Store, statement: &Statement) -> Vec<String> {
    let tables = aliases(&statement.sql);
    let steps = explained(store, "EXPLAIN QUERY PLAN", statement, 3).await;
    let grows = |step: &String| {
        let mut words = step.split_whitespace();
        if words.next() != Some("SCAN") || step.contains("VIRTUAL TABLE") {
            return false;
        }
        let named = words.next().unwrap_or_default();
        let table = tables.get(named).map_or(named, String::as_str);
        GROWING.contains(&table) && !ORDERED.iter().any(|index| step.contains(&format!("INDEX {index}")))
    };
    steps.into_iter().filter(grows).collect()
}

/// The tables behind the names that a statement gives them.
fn aliases(sql: &str) -> HashMap<String, String> {
    let words: Vec<&str> = sql.split(|c: char| c.is_whitespace() || c == '(' || c == ')' || c == ',').filter(|w| !w.is_empty()).collect();
    let mut aliases = HashMap::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| ["FROM", "JOIN"].contains(word)) {
        if let (Some(table), Some(alias)) = (words.get(at + 1), words.get(at + 2)) {
            let alias = if *alias == "AS" { words.get(at + 3).unwrap_or(alias) } else { alias };
            aliases.insert((*alias).to_owned(), (*table).to_owned());
        }
    }
    aliases
}

/// A plan of PostgreSQL depends on the rows, so it is run: a step that looked at very many of them reads what grows.
async fn postgres_scans(store: &Store, statement: &Statement) -> Vec<String> {
    let steps = explained(store, "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF)", statement, 0).await;
    let mut scans = vec![];
    let mut step: Option<(String, f64, f64)> = None;
    for line in &steps {
        if let Some((_, actual)) = line.split_once("(actual rows=") {
            let numbers: Vec<f64> = actual.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|n| n.parse().ok()).collect();
            let (rows, loops) = (numbers.first().copied().unwrap_or_default(), numbers.get(1).copied().unwrap_or(1.0));
            scans.extend(step.take().and_then(too_many));
            step = Some((line.trim().to_owned(), rows * loops, loops));
        } else if let (Some((_, looked_at, loops)), Some(removed)) = (&mut step, line.trim().strip_prefix("Rows Removed by")) {
            let removed: f64 = removed.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or_default();
            *looked_at += removed * *loops;
        }
    }
    scans.extend(step.take().and_then(too_many));
    scans
}

fn too_many((step, looked_at, _): (String, f64, f64)) -> Option<String> {
    (looked_at > ROWS).then(|| format!("{step}: {looked_at} rows"))
}
