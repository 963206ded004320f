//! Names in one order on both databases, found without their capitals and accents: by a key that is kept beside them. Every ticket is put in the search anew, where addresses
//! and names of files are found by now.

use domain::fold::{composed, key};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use std::collections::HashSet;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0017_sort_keys"
    }
}

/// Rows that are read, and written, at once: SQLite looks each place up among all of a statement.
const AT_ONCE: i64 = 400;

/// `{bytes}` is what makes PostgreSQL compare byte by byte, as SQLite does.
const COLUMNS: &[&str] = &[
    "ALTER TABLE person ADD COLUMN sort_key TEXT{bytes} NOT NULL DEFAULT ''",
    "ALTER TABLE organisation ADD COLUMN sort_key TEXT{bytes} NOT NULL DEFAULT ''",
];

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX organisation_by_key ON organisation (sort_key)",
    "DROP INDEX IF EXISTS person_by_name",
    "DROP INDEX IF EXISTS person_by_role",
    "DROP INDEX IF EXISTS person_by_organisation",
    "CREATE INDEX person_by_name ON person (sort_key, id)",
    "CREATE INDEX person_by_role ON person (role, sort_key, id)",
    "CREATE INDEX person_by_organisation ON person (organisation_id, key_user, sort_key)",
    "INSERT INTO search_stale (ticket_id, marks) SELECT id, 1 FROM ticket WHERE TRUE ON CONFLICT DO NOTHING",
];

const DOWN: &[&str] = &[
    "DROP INDEX organisation_by_key",
    "DROP INDEX person_by_name",
    "DROP INDEX person_by_role",
    "DROP INDEX person_by_organisation",
    "CREATE INDEX person_by_name ON person (name, id)",
    "CREATE INDEX person_by_role ON person (role, name)",
    "CREATE INDEX person_by_organisation ON person (organisation_id, key_user, name)",
    "ALTER TABLE person DROP COLUMN sort_key",
    "ALTER TABLE organisation DROP COLUMN sort_key",
];

/// Writes names with their keys.
async fn write(db: &SchemaManagerConnection<'_>, table: &str, rows: Vec<(i64, String, String)>) -> Result<(), DbErr> {
    for some in rows.chunks(AT_ONCE as usize) {
        let place = |n: usize| format!("(CAST(${} AS BIGINT), ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3);
        let places: Vec<String> = (0..some.len()).map(place).collect();
        let values: Vec<Value> = some.iter().flat_map(|(id, name, key)| [(*id).into(), name.as_str().into(), key.as_str().into()]).collect();
        // What the columns of `VALUES` are called where nothing is said, on both.
        let sql = format!(
            "UPDATE {table} SET name = v.column2, sort_key = v.column3 FROM (VALUES {}) AS v WHERE {table}.id = v.column1",
            places.join(", ")
        );
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

/// One organisation to a key. The second of one keeps its name, and is found by it exactly, so that someone can make the two one; its key has its number.
async fn organisations(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let sql = "SELECT id, name FROM organisation ORDER BY id";
    let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let known: Vec<(i64, String)> = found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, DbErr>>()?;
    let (mut names, mut keys): (HashSet<String>, HashSet<String>) = (known.iter().map(|(_, name)| name.clone()).collect(), HashSet::new());
    let mut rows = vec![];
    for (id, was) in known {
        let mut name = composed(&was);
        // Only its code points told it from another: nobody could type it.
        while name != was && !names.insert(name.clone()) {
            name = format!("{name} ({id})");
        }
        let mut sorted = key(&name);
        while !keys.insert(sorted.clone()) {
            sorted = format!("{sorted} ({id})");
        }
        rows.push((id, name, sorted));
    }
    write(db, "organisation", rows).await
}

async fn people(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let mut after = 0_i64;
    loop {
        let sql = format!("SELECT id, name FROM person WHERE id > $1 ORDER BY id LIMIT {AT_ONCE}");
        let found = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [after.into()])).await?;
        let mut rows = vec![];
        for row in found {
            let (id, name): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            after = id;
            rows.push((id, composed(&name), key(&name)));
        }
        if rows.is_empty() {
            return Ok(());
        }
        write(db, "person", rows).await?;
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let bytes = if db.get_database_backend() == DbBackend::Postgres { " COLLATE \"C\"" } else { "" };
        for step in COLUMNS {
            db.execute_unprepared(&step.replace("{bytes}", bytes)).await?;
        }
        organisations(db).await?;
        people(db).await?;
        for step in INDEXES {
            db.execute_unprepared(step).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in DOWN {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }
}
