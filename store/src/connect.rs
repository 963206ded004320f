//! One URL chooses the database: `sqlite:path` or `postgres://…`.

use crate::bell::Bell;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::group::Writer;
use crate::intact;
use crate::migrations::Migrator;
use crate::row::statement;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait, Value};
use sea_orm_migration::MigratorTrait;
use sqlx::postgres::PgListener;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteJournalMode, SqliteSynchronous};
use std::sync::Arc;
use std::time::Duration;

/// Pages that the log of SQLite takes before they are copied into the database: 16 MiB. A page that changes again and again is copied once.
const CHECKPOINT: &str = "4000";

/// Readers of a SQLite file; more than cores only adds memory.
const SQLITE_READERS: u32 = 3;
/// Page cache of each SQLite connection that reads, in KiB (negative: KiB instead of pages).
const READERS_CACHE: &str = "-2048";
/// The same of the one that writes: what a large change touches stays there until it ends.
const WRITERS_CACHE: &str = "-8192";
/// And while it writes to very many rows: what it keeps need not be read and written again and again.
const ROOM: &str = "-65536";
/// The name the bell has on PostgreSQL.
const CHANNEL: &str = "balie";
/// How often the log is looked at without a bell: PostgreSQL may have been away, or another process may have written.
const POLL: Duration = Duration::from_secs(2);

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// The database: a pool to read with, one way to write, and the bell.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Kind,
    pub(crate) reads: DatabaseConnection,
    writer: Option<Arc<Writer>>,
    bell: Bell,
}

impl Store {
    /// Connects; `postgres_connections` is the size of the pool and is not used for SQLite.
    pub async fn connect(url: &str, postgres_connections: u32) -> Result<Self> {
        let bell = Bell::default();
        if url.starts_with("postgres") {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(postgres_connections)
                .min_connections(1)
                .sqlx_logging(false)
                .acquire_timeout(Duration::from_secs(10))
                .test_before_acquire(true);
            let reads = Database::connect(options).await?;
            return Ok(Self { kind: Kind::Postgres, reads, writer: None, bell });
        }
        if let Some(path) = intact::path(url) {
            intact::look(path).map_err(Error::Damaged)?;
        }
        // The writer comes first: it makes the file, and turns the write-ahead log on.
        let writer = Database::connect(sqlite(url, 1, false)).await?;
        let reads = Database::connect(sqlite(url, SQLITE_READERS, true)).await?;
        Ok(Self { kind: Kind::Sqlite, reads, writer: Some(Arc::new(Writer::start(writer))), bell })
    }

    /// Brings the tables up to date. Waits for another node that is doing the same.
    pub async fn migrate(&self) -> Result<()> {
        match &self.writer {
            Some(writer) => Migrator::up(writer.connection(), None).await?,
            None => {
                // One node migrates at a time; the lock ends with the transaction. 0x62616c6965 spells "balie".
                let lock = self.reads.begin().await?;
                lock.execute_unprepared("SELECT pg_advisory_xact_lock(422809856357)").await?;
                Migrator::up(&self.reads, None).await?;
                lock.commit().await?;
            }
        }
        Ok(())
    }

    /// Undoes the migrations, newest first; for the tests of the migrations.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        let connection = self.writer.as_ref().map_or(&self.reads, |w| w.connection());
        Ok(Migrator::down(connection, Some(steps)).await?)
    }

    /// How many migrations there are still to do.
    pub async fn pending_migrations(&self) -> Result<usize> {
        let connection = self.writer.as_ref().map_or(&self.reads, |w| w.connection());
        Ok(Migrator::get_pending_migrations(connection).await?.len())
    }

    /// Begins a change.
    pub async fn begin(&self) -> Result<Change> {
        match &self.writer {
            Some(writer) => Ok(Change::sqlite(writer.begin().await?, self.bell.clone())),
            None => Ok(Change::postgres(self.reads.begin().await?, self.bell.clone())),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.reads.query_one_raw(self.sql("SELECT 1", [])).await?;
        Ok(())
    }

    /// Writes, and changes nothing by it, for who wants to know whether that can be done.
    pub async fn try_writing(&self) -> Result<()> {
        let change = self.begin().await?;
        change.run("UPDATE log_reader SET n = n WHERE name = $1", ["notifications".into()]).await?;
        change.commit().await
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bell.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Connections in use and connections open, of the pool for reading.
    pub fn pool(&self) -> (u32, u32) {
        match self.kind {
            Kind::Sqlite => {
                let pool = self.reads.get_sqlite_connection_pool();
                (pool.size().saturating_sub(pool.num_idle() as u32), pool.size())
            }
            Kind::Postgres => {
                let pool = self.reads.get_postgres_connection_pool();
                (pool.size().saturating_sub(pool.num_idle() as u32), pool.size())
            }
        }
    }

    /// Rings the bell for what other nodes and processes commit, until it is dropped. Outlives a restart of the database.
    pub async fn listen(&self) {
        if self.kind == Kind::Sqlite {
            loop {
                tokio::time::sleep(POLL).await;
                self.bell.ring();
            }
        }
        loop {
            if let Err(error) = self.listen_once().await {
                tracing::warn!(%error, "the bell is out of order; trying again");
            }
            self.bell.ring();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn listen_once(&self) -> std::result::Result<(), sqlx::Error> {
        // A connection of its own: the pool is for queries, and a listener that waits there would hold one for ever.
        let options = self.reads.get_postgres_connection_pool().connect_options();
        let pool =
            sqlx::postgres::PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        self.bell.ring();
        loop {
            match tokio::time::timeout(POLL, listener.try_recv()).await {
                Ok(Ok(Some(told))) if told.payload().is_empty() => self.bell.ring(),
                Ok(Ok(Some(told))) => self.bell.ring_end(told.payload()),
                Ok(Ok(None)) | Err(_) => self.bell.ring(),
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        if let Err(error) = self.reads.clone().close().await {
            tracing::warn!(%error, "closing the database failed");
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn writer(&self) -> Option<&DatabaseConnection> {
        self.writer.as_ref().map(|w| w.connection())
    }

    pub(crate) fn sql<const N: usize>(&self, sql: impl Into<String>, values: [Value; N]) -> Statement {
        statement(self.backend(), sql, values)
    }

    pub(crate) fn backend(&self) -> DbBackend {
        match self.kind {
            Kind::Sqlite => DbBackend::Sqlite,
            Kind::Postgres => DbBackend::Postgres,
        }
    }

    /// Gives the connection that writes to SQLite room for a change of very many rows, or takes it back.
    pub async fn make_room(&self, room: bool) -> Result<()> {
        if self.kind() == Kind::Sqlite {
            let change = self.begin().await?;
            let size = if room { ROOM } else { WRITERS_CACHE };
            change.db().execute_unprepared(&format!("PRAGMA cache_size = {size}")).await?;
            change.commit().await?;
        }
        Ok(())
    }
}

fn sqlite(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(connections)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .acquire_timeout(Duration::from_secs(20))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .create_if_missing(!read_only)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL syncs the log at every commit: what was acknowledged survives a power cut.
                .synchronous(SqliteSynchronous::Full)
                .auto_vacuum(SqliteAutoVacuum::None)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("query_only", if read_only { "1" } else { "0" })
                .pragma("cache_size", if read_only { READERS_CACHE } else { WRITERS_CACHE })
                .pragma("temp_store", "memory")
                .pragma("wal_autocheckpoint", CHECKPOINT)
                .statement_cache_capacity(200)
        });
    options
}
