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
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// A database of one's own, with all tables; gone when it is dropped.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub store: Store,
    /// Its URL, for a second node.
    pub url: String,
    folder: TempDir,
}

/// The databases every test runs on.
pub const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// Makes a database with all tables: a copy of one that the migrations ran on once in this test program.
/// PostgreSQL is started once for each test program too, from `BALIE_PG_BIN` or where Debian puts it.
pub async fn fresh(kind: Kind) -> Fresh {
    static SQLITE: OnceCell<Vec<u8>> = OnceCell::const_new();
    static POSTGRES: OnceCell<String> = OnceCell::const_new();
    match kind {
        Kind::Sqlite => {
            let file = SQLITE
                .get_or_init(|| async {
                    let migrated = migrated(kind).await;
                    migrated.store.close().await;
                    std::fs::read(file_in(&migrated.folder)).expect("the file can be read")
                })
                .await;
            let folder = folder();
            std::fs::write(file_in(&folder), file).expect("the file can be written");
            let url = format!("sqlite:{}", file_in(&folder).display());
            open(url, folder).await
        }
        Kind::Postgres => {
            let template = POSTGRES
                .get_or_init(|| async {
                    let migrated = migrated(kind).await;
                    migrated.store.close().await;
                    migrated.url.rsplit('/').next().expect("a URL ends in its database").to_owned()
                })
                .await;
            open(database(server().await, &format!("TEMPLATE {template}")).await, folder()).await
        }
    }
}

async fn migrated(kind: Kind) -> Fresh {
    let fresh = empty(kind).await;
    fresh.store.migrate().await.expect("the migrations run");
    fresh
}

/// Makes a database without tables.
pub async fn empty(kind: Kind) -> Fresh {
    let folder = folder();
    let url = match kind {
        Kind::Sqlite => format!("sqlite:{}", file_in(&folder).display()),
        Kind::Postgres => new_database(server().await).await,
    };
    open(url, folder).await
}

async fn open(url: String, folder: TempDir) -> Fresh {
    let store = Store::connect(&url, 4).await.expect("the database opens");
    Fresh { store, url, folder }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("balie.db")
}

async fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    tokio::task::spawn_blocking(|| SERVER.get_or_init(Server::start)).await.expect("PostgreSQL starts")
}

/// Makes an empty database on a server and gives its URL.
pub async fn new_database(server: &Server) -> String {
    database(server, "").await
}

async fn database(server: &Server, options: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("balie_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = sea_orm::Database::connect(server.url("postgres")).await.expect("PostgreSQL answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name} {options}")).await.expect("a database is made");
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
