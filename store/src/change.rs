//! A change: everything that is saved together, with what happened.

use crate::bounded::{Executor, Limit};
use crate::change_notifier::ChangeNotifier;
use crate::error::Result;
use crate::group_commit::WriteSlot;
use crate::query::statement;
use domain::DepartmentId;
use domain::tickets::Status;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A change that has begun. Dropped without [`Change::commit`], it never was.
#[derive(Debug)]
pub struct Change {
    inner: Inner,
    notifier: ChangeNotifier,
    ended: Vec<String>,
    /// How long each statement is waited for.
    limit: Option<Limit>,
    /// What this change makes of the number of tickets of each department and status.
    tallies: Mutex<BTreeMap<(i64, i16), i64>>,
}

#[derive(Debug)]
enum Inner {
    Sqlite(WriteSlot),
    Postgres(DatabaseTransaction),
}

impl Change {
    pub(crate) fn sqlite(turn: WriteSlot, notifier: ChangeNotifier) -> Self {
        Self { inner: Inner::Sqlite(turn), notifier, ended: vec![], limit: None, tallies: Mutex::default() }
    }

    pub(crate) fn postgres(transaction: DatabaseTransaction, notifier: ChangeNotifier, limit: Option<Limit>) -> Self {
        Self { inner: Inner::Postgres(transaction), notifier, ended: vec![], limit, tallies: Mutex::default() }
    }

    /// What queries of this change run on.
    pub(crate) fn db(&self) -> Executor<'_> {
        match &self.inner {
            Inner::Sqlite(turn) => Executor::new(turn.connection(), None),
            Inner::Postgres(transaction) => Executor::new(transaction, self.limit.as_ref()),
        }
    }

    /// Lets each statement of this change take as long as it takes: for what touches very many rows at once.
    #[cfg(any(feature = "bulk", feature = "testing"))]
    pub(crate) async fn take_time(&mut self) -> Result<()> {
        if self.is_postgres() {
            self.run("SET LOCAL statement_timeout = 0", []).await?;
            self.limit = None;
        }
        Ok(())
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    pub(crate) fn sql<const N: usize>(&self, sql: impl Into<String>, values: [Value; N]) -> Statement {
        let backend = if self.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
        statement(backend, sql, values)
    }

    pub(crate) async fn run<const N: usize>(&self, sql: impl Into<String>, values: [Value; N]) -> Result<u64> {
        Ok(self.db().execute_raw(self.sql(sql, values)).await?.rows_affected())
    }

    /// Runs a statement with as many values as it has rows.
    pub(crate) async fn run_many(&self, sql: String, values: Vec<Value>) -> Result<()> {
        let backend = if self.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
        self.db().execute_raw(statement(backend, sql, values)).await?;
        Ok(())
    }

    /// Keeps the number of tickets of each department and status, so that no screen has to count a million rows.
    pub(crate) fn tally(&self, department: DepartmentId, status: Status, by: i64) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        *tallies.entry((department.0, status.code())).or_default() += by;
    }

    /// Written last and in one order: two changes that move tickets to and fro would otherwise wait for each other.
    async fn write_tallies(&self) -> Result<()> {
        let tallies = std::mem::take(&mut *self.tallies.lock().unwrap_or_else(PoisonError::into_inner));
        for ((department, status), by) in tallies.into_iter().filter(|(_, by)| *by != 0) {
            let sql =
                "INSERT INTO tally (department_id, status, n) VALUES ($1, $2, $3) ON CONFLICT (department_id, status) DO UPDATE SET n = tally.n + $3";
            self.run(sql, [department.into(), status.into(), by.into()]).await?;
        }
        Ok(())
    }

    /// Tells every node, once this is committed, that a session has ended, or may see other tickets.
    pub(crate) fn end_session(&mut self, session: &str) {
        self.ended.push(session.to_owned());
    }

    /// Saves it all. When this returns, it is on disk, and the notifier has rung.
    pub async fn commit(self) -> Result<()> {
        self.write_tallies().await?;
        match self.inner {
            Inner::Sqlite(turn) => turn.finish().await?,
            Inner::Postgres(transaction) => {
                let saved = async {
                    transaction.execute_unprepared("SELECT pg_notify('balie', '')").await?;
                    for session in &self.ended {
                        let told = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify('balie', $1)", [session.clone().into()]);
                        transaction.execute_raw(told).await?;
                    }
                    transaction.commit().await
                };
                match &self.limit {
                    Some(limit) => limit.on(saved).await?,
                    None => saved.await?,
                }
            }
        }
        self.notifier.notify();
        for session in &self.ended {
            self.notifier.notify_ended(session);
        }
        Ok(())
    }
}
