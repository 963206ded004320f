//! What every statement of the application runs on.
//!
//! Invariant: no text with U+0000 reaches the database, whichever way it came in and however its statement was made. PostgreSQL refuses it, and nobody types it: it is left out.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value, Values,
};
use sea_orm_migration::prelude::async_trait;

/// A connection or a transaction to which texts go without U+0000.
#[derive(Debug)]
pub struct Plain<'c>(DatabaseExecutor<'c>);

impl<'c> From<&'c DatabaseConnection> for Plain<'c> {
    fn from(connection: &'c DatabaseConnection) -> Self {
        Self(connection.into())
    }
}

impl<'c> From<&'c DatabaseTransaction> for Plain<'c> {
    fn from(transaction: &'c DatabaseTransaction) -> Self {
        Self(transaction.into())
    }
}

/// A value as it is bound: a text without U+0000.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::String(Some(text)) if text.contains('\0') => Value::String(Some(text.replace('\0', ""))),
        other => other,
    }
}

fn bound(statement: Statement) -> Statement {
    let values = statement.values.map(|Values(values)| Values(values.into_iter().map(plain).collect()));
    Statement { values, ..statement }
}

#[async_trait::async_trait]
impl ConnectionTrait for Plain<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(bound(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(bound(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(bound(statement)).await
    }
}
