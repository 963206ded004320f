//! What every statement of the application runs on: within a time limit, since PostgreSQL may have gone while its connection stays open, and then no answer ever comes.
//!
//! Invariants: no statement on PostgreSQL is waited for longer than [`ANSWER`], unless its change asked for more; SQLite is a file here, and has no limit. No text with U+0000 reaches
//! the database, whichever way it came in: PostgreSQL refuses it, and nobody types it, so it is left out.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseExecutor, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Value, Values};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer is waited for, a connection to ask on included: longer than the server itself works on a statement, so that who hears nothing knows that nobody is there.
pub(crate) const ANSWER: Duration = Duration::from_secs(12);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

/// When a connection was last found silent: what is as old may be silent too.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    /// A connection was found silent.
    pub(crate) fn found(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age is from before one was found silent.
    pub(crate) fn reaches(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|found| found.elapsed() <= age)
    }
}

/// How long an answer is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    within: Duration,
    silence: Arc<Silence>,
}

impl Limit {
    pub(crate) fn new(within: Duration, silence: Arc<Silence>) -> Self {
        Self { within, silence }
    }

    /// Waits for an answer, but not longer.
    pub(crate) async fn on<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        match tokio::time::timeout(self.within, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                self.silence.found();
                Err(DbErr::Conn(RuntimeErr::Internal(format!("the database did not answer within {} s", self.within.as_secs()))))
            }
        }
    }
}

/// The statement with the same values, their texts without U+0000.
fn without_nul(statement: Statement) -> Statement {
    let plain = |value| match value {
        Value::String(Some(text)) if text.contains('\0') => Value::String(Some(text.replace('\0', ""))),
        other => other,
    };
    let values = statement.values.map(|Values(values)| Values(values.into_iter().map(plain).collect()));
    Statement { values, ..statement }
}

fn bound<'a, T: 'a>(limit: Option<&'a Limit>, answer: Answer<'a, T>) -> Answer<'a, T> {
    match limit {
        None => answer,
        Some(limit) => Box::pin(limit.on(answer)),
    }
}

/// The connections for reading.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) db: DatabaseConnection,
    pub(crate) limit: Option<Limit>,
}

impl Pool {
    pub(crate) fn executor(&self) -> Executor<'_> {
        Executor { on: (&self.db).into(), limit: self.limit.as_ref() }
    }
}

/// What statements run on: the connections for reading, or a change.
#[derive(Debug)]
pub struct Executor<'c> {
    on: DatabaseExecutor<'c>,
    limit: Option<&'c Limit>,
}

impl<'c> Executor<'c> {
    pub(crate) fn new(on: impl Into<DatabaseExecutor<'c>>, limit: Option<&'c Limit>) -> Self {
        Self { on: on.into(), limit }
    }
}

impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    fn execute_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, ExecResult>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit.as_ref(), self.db.execute_raw(without_nul(statement)))
    }

    fn execute_unprepared<'s, 't, 'a>(&'s self, sql: &'t str) -> Answer<'a, ExecResult>
    where
        's: 'a,
        't: 'a,
        Self: 'a,
    {
        bound(self.limit.as_ref(), self.db.execute_unprepared(sql))
    }

    fn query_one_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, Option<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit.as_ref(), self.db.query_one_raw(without_nul(statement)))
    }

    fn query_all_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, Vec<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit.as_ref(), self.db.query_all_raw(without_nul(statement)))
    }
}

impl ConnectionTrait for Executor<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.on.get_database_backend()
    }

    fn execute_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, ExecResult>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit, self.on.execute_raw(without_nul(statement)))
    }

    fn execute_unprepared<'s, 't, 'a>(&'s self, sql: &'t str) -> Answer<'a, ExecResult>
    where
        's: 'a,
        't: 'a,
        Self: 'a,
    {
        bound(self.limit, self.on.execute_unprepared(sql))
    }

    fn query_one_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, Option<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit, self.on.query_one_raw(without_nul(statement)))
    }

    fn query_all_raw<'s, 'a>(&'s self, statement: Statement) -> Answer<'a, Vec<QueryResult>>
    where
        's: 'a,
        Self: 'a,
    {
        bound(self.limit, self.on.query_all_raw(without_nul(statement)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_never_comes_is_not_waited_for_and_makes_older_connections_suspect() {
        let silence = Arc::<Silence>::default();
        let limit = Limit::new(Duration::from_millis(20), silence.clone());
        assert!(limit.on(async { Ok(()) }).await.is_ok() && !silence.reaches(Duration::from_secs(60)));
        let error = limit.on(std::future::pending::<Result<(), DbErr>>()).await.unwrap_err();
        assert!(error.to_string().contains("did not answer within"), "{error}");
        assert!(silence.reaches(Duration::from_secs(60)) && !silence.reaches(Duration::ZERO));
    }
}
