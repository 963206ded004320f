//! What may break below the rules.

use sea_orm::{DbErr, SqlErr};
use std::fmt;
use std::sync::Arc;

/// A failure of the database.
#[derive(Debug, Clone)]
pub enum Error {
    /// A row with this key is there already.
    Taken,
    /// There is no room, or the database may not be written.
    ReadOnly(Arc<DbErr>),
    /// Anything else.
    Broken(Arc<DbErr>),
    /// The file of the database is damaged: a sentence for who runs it.
    Damaged(String),
    /// A row holds what this version cannot read.
    Unreadable(&'static str),
}

/// The result of every query.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Error::Taken;
        }
        // SQLite: SQLITE_FULL, SQLITE_READONLY; PostgreSQL: 53100 disk_full, 25006 read_only_sql_transaction.
        let text = error.to_string();
        let full = ["disk is full", "readonly database", "disk I/O error", "53100", "25006", "No space left", "read-only transaction"];
        if full.iter().any(|sign| text.contains(sign)) { Error::ReadOnly(Arc::new(error)) } else { Error::Broken(Arc::new(error)) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Taken => f.write_str("the key is taken"),
            Error::ReadOnly(error) => write!(f, "the database cannot be written: {error}"),
            Error::Broken(error) => write!(f, "the database failed: {error}"),
            Error::Damaged(what) => f.write_str(what),
            Error::Unreadable(what) => write!(f, "a row holds an unknown {what}"),
        }
    }
}

impl std::error::Error for Error {}
