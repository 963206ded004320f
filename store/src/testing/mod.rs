//! Databases for tests: a fresh one for each test, on SQLite and on PostgreSQL.

#![allow(clippy::expect_used, reason = "a test that cannot get its database has failed")]

pub mod many;
mod postgres;
mod proxy;
pub mod statements;

use crate::connect::{Kind, Store};
pub use postgres::Server;
pub use proxy::Proxy;
use sea_orm::ConnectionTrait;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A database of one's own, with all tables; gone when it is dropped.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub store: Store,
    /// Its URL, for a second node.
    pub url: String,
    _folder: TempDir,
}

/// The databases every test runs on.
pub const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// Makes a database with all tables. PostgreSQL is started once for each test program, from `BALIE_PG_BIN` or where Debian puts it.
pub async fn fresh(kind: Kind) -> Fresh {
    let fresh = empty(kind).await;
    fresh.store.migrate().await.expect("the migrations run");
    fresh
}

/// Makes a database without tables.
pub async fn empty(kind: Kind) -> Fresh {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match kind {
        Kind::Sqlite => format!("sqlite:{}", folder.path().join("balie.db").display()),
        Kind::Postgres => {
            let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(Server::start)).await.expect("PostgreSQL starts");
            new_database(server).await
        }
    };
    let store = Store::connect(&url, 4).await.expect("the database opens");
    Fresh { store, url, _folder: folder }
}

/// Makes a database on a server and gives its URL.
pub async fn new_database(server: &Server) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("balie_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = sea_orm::Database::connect(server.url("postgres")).await.expect("PostgreSQL answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database is made");
    server.url(&name)
}

/// Makes a SQLite database as if its disk were full, or not any more: it may grow by no more than `pages`.
pub async fn leave_pages(store: &Store, pages: Option<u32>) {
    let writer = store.writer().expect("SQLite has a writer");
    let now = writer.query_one_raw(store.sql("PRAGMA page_count", [])).await.expect("SQLite counts").expect("a row");
    let now: i64 = now.try_get_by_index(0).expect("a number");
    let most = pages.map_or(1_000_000_000, |pages| now + i64::from(pages));
    writer.execute_unprepared(&format!("PRAGMA max_page_count = {most}")).await.expect("SQLite takes a limit");
}

/// Makes a SQLite database as if it could only be read, or not any more.
pub async fn read_only(store: &Store, on: bool) {
    let writer = store.writer().expect("SQLite has a writer");
    writer.execute_unprepared(&format!("PRAGMA query_only = {}", u8::from(on))).await.expect("SQLite takes it");
}

/// Runs a statement of a test's own, as for rows that an older version left; whether the database took it.
pub async fn run(store: &Store, sql: &str) -> bool {
    let connection = store.writer().unwrap_or(&store.reads.db);
    connection.execute_unprepared(sql).await.is_ok()
}

/// Every row of every table of a SQLite database, as text, to be compared: a table's name and its rows.
pub async fn contents(store: &Store) -> Vec<(String, Vec<String>)> {
    let read = async |sql: String| -> Vec<String> {
        let rows = store.reads.query_all_raw(store.sql(sql, [])).await.expect("SQLite answers");
        rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
    };
    let mut all = vec![];
    for table in read("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name".to_owned()).await {
        let columns = read(format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let columns: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
        let rows = read(format!("SELECT {} AS row FROM \"{table}\" ORDER BY row", columns.join(" || ' ' || "))).await;
        all.push((table, rows));
    }
    all
}
