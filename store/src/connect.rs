//! One URL chooses the database: `sqlite:path` or `postgres://…`.

use crate::bounded::Pool;
use crate::change::Change;
use crate::change_notifier::ChangeNotifier;
use crate::error::{Error, Result};
use crate::group_commit::Writer;
use crate::intact;
use crate::migrations::Migrator;
use crate::passed_over::PassedOver;
use crate::postgres::{self, POLL};
use crate::query::statement;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement, TransactionTrait, Value};
use sea_orm_migration::MigratorTrait;
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
/// How long closing the connections is waited for: one that is silent never says that it is closed.
const CLOSING: Duration = Duration::from_secs(1);

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
    pub(crate) reads: Pool,
    writer: Option<Arc<Writer>>,
    notifier: ChangeNotifier,
    passed_over: Arc<PassedOver>,
}

impl Store {
    /// Connects; `postgres_connections` is the size of the pool and is not used for SQLite.
    pub async fn connect(url: &str, postgres_connections: u32) -> Result<Self> {
        let notifier = ChangeNotifier::default();
        let passed_over = Arc::default();
        if url.starts_with("postgres") {
            let reads = postgres::connect(url, postgres_connections).await?;
            return Ok(Self { kind: Kind::Postgres, reads, writer: None, notifier, passed_over });
        }
        if let Some(path) = intact::path(url) {
            intact::look(path).map_err(Error::Damaged)?;
        }
        // The writer comes first: it makes the file, and turns the write-ahead log on.
        let writer = Database::connect(sqlite(url, 1, false)).await?;
        let reads = Pool { db: Database::connect(sqlite(url, SQLITE_READERS, true)).await?, limit: None };
        Ok(Self { kind: Kind::Sqlite, reads, writer: Some(Arc::new(Writer::start(writer))), notifier, passed_over })
    }

    /// Brings the tables up to date. Waits for another node that is doing the same.
    pub async fn migrate(&self) -> Result<()> {
        match &self.writer {
            Some(writer) => Migrator::up(writer.connection(), None).await?,
            None => {
                // One node migrates at a time; the lock ends with the transaction. 0x62616c6965 spells "balie".
                let connections = postgres::unlimited(&self.reads.db.get_postgres_connection_pool().connect_options());
                let lock = connections.begin().await?;
                lock.execute_unprepared("SELECT pg_advisory_xact_lock(422809856357)").await?;
                Migrator::up(&connections, None).await?;
                lock.commit().await?;
                connections.close().await?;
            }
        }
        Ok(())
    }

    /// Undoes the migrations, newest first; for the tests of the migrations.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        let connection = self.writer.as_ref().map_or(&self.reads.db, |w| w.connection());
        Ok(Migrator::down(connection, Some(steps)).await?)
    }

    /// How many migrations there are still to do.
    pub async fn pending_migrations(&self) -> Result<usize> {
        let connection = self.writer.as_ref().map_or(&self.reads.db, |w| w.connection());
        Ok(Migrator::get_pending_migrations(connection).await?.len())
    }

    /// Begins a change.
    pub async fn begin(&self) -> Result<Change> {
        match &self.writer {
            Some(writer) => Ok(Change::sqlite(writer.begin().await?, self.notifier.clone())),
            None => {
                let begun = self.reads.db.begin();
                let transaction = match &self.reads.limit {
                    Some(limit) => limit.on(begun).await?,
                    None => begun.await?,
                };
                Ok(Change::postgres(transaction, self.notifier.clone(), self.reads.limit.clone()))
            }
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
        // A row that is always there, and that nobody else holds.
        change.run("UPDATE seaql_migrations SET applied_at = applied_at WHERE version = $1", ["m0001_foundation".into()]).await?;
        change.commit().await
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bell.
    pub fn notifier(&self) -> &ChangeNotifier {
        &self.notifier
    }

    /// Connections in use and connections open, of the pool for reading.
    pub fn pool(&self) -> (u32, u32) {
        match self.kind {
            Kind::Sqlite => {
                let pool = self.reads.db.get_sqlite_connection_pool();
                (pool.size().saturating_sub(pool.num_idle() as u32), pool.size())
            }
            Kind::Postgres => {
                let pool = self.reads.db.get_postgres_connection_pool();
                (pool.size().saturating_sub(pool.num_idle() as u32), pool.size())
            }
        }
    }

    /// Rings the notifier for what other nodes and processes commit, until it is dropped. Outlives a restart of the database, and connections that fall silent.
    pub async fn listen(&self) {
        loop {
            if let Err(error) = self.hear(&|| ()).await {
                tracing::warn!(%error, "the notifier is out of order; trying again");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The same by one connection, until that fails; `alive` is called whenever it is proved that it hears.
    pub async fn hear(&self, alive: &(dyn Fn() + Send + Sync)) -> Result<()> {
        if self.kind == Kind::Sqlite {
            loop {
                tokio::time::sleep(POLL).await;
                self.notifier.notify();
                alive();
            }
        }
        let options = self.reads.db.get_postgres_connection_pool().connect_options();
        match postgres::hear(&options, &self.notifier, alive).await {
            Ok(never) => match never {},
            Err(error) => Err(sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(Arc::new(error))).into()),
        }
    }

    /// Events of the log that could not be read, as far as this process met them.
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// Closes the connections.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        match tokio::time::timeout(CLOSING, self.reads.db.clone().close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "closing the database failed"),
            Err(_) => tracing::warn!("a connection to the database was not closed in time; it is cut"),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn writer(&self) -> Option<&sea_orm::DatabaseConnection> {
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
