//! Reading rows: a column by its place, with its name for the error.

use crate::bounded::Executor;
use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use domain::{Named, OrganisationId};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TryGetable, Value};
use serde::de::DeserializeOwned;

/// Where something is read: what is saved, or what a change sees. Within a change, only by the change: another connection could be waited for for ever (PostgreSQL), and does not see it.
pub trait Source: Reads {}

/// What only this crate knows of a [`Source`].
pub trait Reads {
    #[doc(hidden)]
    fn on(&self) -> Executor<'_>;
}

impl Reads for Store {
    fn on(&self) -> Executor<'_> {
        self.reads.executor()
    }
}

impl Reads for Change {
    fn on(&self) -> Executor<'_> {
        self.db()
    }
}

impl Source for Store {}
impl Source for Change {}

/// A statement.
pub(crate) fn statement(backend: DbBackend, sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(backend, sql, values)
}

/// The first row of what a statement finds.
pub(crate) async fn first<const N: usize>(from: &impl Source, sql: &str, values: [Value; N]) -> Result<Option<QueryResult>> {
    let on = from.on();
    Ok(on.query_one_raw(statement(on.get_database_backend(), sql, values)).await?)
}

/// A row read from left to right.
pub(crate) struct Row<'r> {
    row: &'r QueryResult,
    at: usize,
}

impl<'r> Row<'r> {
    pub(crate) fn new(row: &'r QueryResult) -> Self {
        Self { row, at: 0 }
    }

    pub(crate) fn next<T: TryGetable>(&mut self) -> Result<T> {
        let value = self.row.try_get_by_index(self.at)?;
        self.at += 1;
        Ok(value)
    }

    /// An id and a name.
    pub(crate) fn named<Id>(&mut self, id: impl Fn(i64) -> Id) -> Result<Named<Id>> {
        Ok(Named::new(id(self.next()?), self.next::<String>()?))
    }

    /// An id and a name that may both be absent.
    pub(crate) fn maybe_named<Id>(&mut self, id: impl Fn(i64) -> Id) -> Result<Option<Named<Id>>> {
        let key: Option<i64> = self.next()?;
        let name: Option<String> = self.next()?;
        Ok(key.zip(name).map(|(key, name)| Named::new(id(key), name)))
    }

    pub(crate) fn organisation(&mut self) -> Result<Option<Named<OrganisationId>>> {
        self.maybe_named(OrganisationId)
    }
}

/// A list of numbers for `IN (…)`; numbers only, so there is nothing to escape. An empty list matches nothing.
pub(crate) fn list(ids: impl IntoIterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() { "(NULL)".to_owned() } else { format!("({})", ids.join(", ")) }
}

/// Reads many rows as one value: `tail` begins with `FROM` and has its own order and limit.
pub(crate) async fn rows<T: DeserializeOwned>(store: &Store, columns: &str, tail: &str, values: Vec<Value>) -> Result<Vec<T>> {
    let [found] = lists(store, [(columns, tail)], values).await?;
    found.read()
}

/// Reads several lists by one statement, each as one value; columns and tails as in [`rows`], and all tails share the values.
///
/// A statement costs a hand-over to the database's thread and back, a row by itself one more, and each of its columns a conversion; a page of fifty rows is then mostly that.
pub(crate) async fn lists<const N: usize>(store: &Store, lists: [(&str, &str); N], values: Vec<Value>) -> Result<[List; N]> {
    lists_by(&store.reads, lists, values).await
}

/// The same by a connection, as within a change.
pub(crate) async fn rows_by<T: DeserializeOwned>(db: &impl ConnectionTrait, columns: &str, tail: &str, values: Vec<Value>) -> Result<Vec<T>> {
    let [found] = lists_by(db, [(columns, tail)], values).await?;
    found.read()
}

pub(crate) async fn lists_by<const N: usize>(db: &impl ConnectionTrait, lists: [(&str, &str); N], values: Vec<Value>) -> Result<[List; N]> {
    let lists = lists.map(|(columns, tail)| match db.get_database_backend() {
        DbBackend::Postgres => format!("(SELECT string_agg(j::text, ',') FROM (SELECT json_build_array({columns}) AS j {tail}) AS page)"),
        _ => format!("(SELECT group_concat(j, ',') FROM (SELECT json_array({columns}) AS j {tail}))"),
    });
    let asked = statement(db.get_database_backend(), format!("SELECT {}", lists.join(", ")), values);
    let row = db.query_one_raw(asked).await?.ok_or(Error::Unreadable("row"))?;
    let mut row = Row::new(&row);
    let mut read = [const { List(None) }; N];
    for list in &mut read {
        list.0 = row.next()?;
    }
    Ok(read)
}

/// The rows of one list, as JSON arrays with commas between; nothing where there are none.
pub(crate) struct List(Option<String>);

impl List {
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<Vec<T>> {
        let Self(Some(text)) = self else { return Ok(vec![]) };
        serde_json::from_str(&format!("[{text}]")).map_err(|_| Error::Unreadable("row"))
    }
}
