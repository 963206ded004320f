//! Rows of one table, many to a statement, and the ids they take.

use crate::change::Change;
use crate::error::{Error, Result};
use crate::query::Row;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

/// Values bound in one statement; SQLite takes 32,766 and PostgreSQL 65,535.
const VALUES: usize = 8_000;

/// Rows of one table, written many at a time.
pub(super) struct Rows {
    table: &'static str,
    pub(super) columns: &'static [&'static str],
    values: Vec<Value>,
}

impl Rows {
    pub(super) fn new(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, values: vec![] }
    }

    pub(super) fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.values.extend(row);
    }

    pub(super) async fn write(&mut self, change: &Change) -> Result<()> {
        let width = self.columns.len();
        let mut values = std::mem::take(&mut self.values).into_iter();
        loop {
            let chunk: Vec<Value> = values.by_ref().take(VALUES / width * width).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            let rows: Vec<String> = (0..chunk.len() / width).map(|row| self.places(change.is_postgres(), row * width)).collect();
            let sql = format!("INSERT INTO {} ({}) VALUES {}", self.table, self.columns.join(", "), rows.join(", "));
            let backend = if change.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
            change.db().execute_raw(Statement::from_sql_and_values(backend, sql, chunk)).await?;
        }
    }

    /// The places of one row. SQLite looks named places up one by one, which with thousands of them is slow: there they have no names.
    fn places(&self, postgres: bool, from: usize) -> String {
        let place = |at: usize| match (postgres, self.columns[at]) {
            (false, _) => "?".to_owned(),
            (true, "public" | "staff") if self.table == "ticket_search" => format!("to_tsvector('simple', ${})", from + at + 1),
            (true, _) => format!("${}", from + at + 1),
        };
        format!("({})", (0..self.columns.len()).map(place).collect::<Vec<_>>().join(", "))
    }
}

pub(super) async fn number(change: &Change, sql: impl Into<String>) -> Result<i64> {
    let row = change.db().query_one_raw(change.sql(sql, [])).await?;
    Row::new(row.as_ref().ok_or(Error::Unreadable("number"))?).next()
}

/// The id that the database would give next.
pub(super) async fn next_id(change: &Change, table: &str) -> Result<i64> {
    let sql = if change.is_postgres() {
        format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
    } else {
        format!("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0) + 1")
    };
    number(change, sql).await
}

/// Lets the database go on after an id; SQLite sees by itself which were used.
pub(super) async fn ids_used(change: &Change, table: &str, last: i64) -> Result<()> {
    if change.is_postgres() {
        number(change, format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")).await?;
    }
    Ok(())
}
