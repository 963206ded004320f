//! Very many rows for the tests of plans: real enough to be read by pages, and written within seconds.

use crate::connect::{Kind, Store};
use sea_orm::ConnectionTrait;

/// Adds so many people in 200 organisations, and tickets of theirs of which one in a hundred runs, after what is there: some tickets with a history have to be.
pub async fn add(store: &Store, people: u32, tickets: u32) {
    let mut change = store.begin().await.expect("a change begins");
    change.take_time().await.expect("it may take long");
    let connection = change.db();
    let series = |n: u32| match store.kind() {
        Kind::Postgres => format!("generate_series(1, {n}) AS s(n)"),
        Kind::Sqlite => format!("(WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < {n}) SELECT n FROM c) AS s"),
    };
    let base = async |table: &str| -> i64 {
        let sql = format!("SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM {table}");
        connection.query_one_raw(change.sql(sql, [])).await.expect("a number").expect("a row").try_get_by_index(0).expect("a number")
    };
    let run = async |sql: String| {
        connection.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    let (t, m) = (base("ticket").await, base("message").await);
    run(format!("INSERT INTO organisation (name, sort_key, created_at) SELECT 'Bedrijf ' || n, 'bedrijf ' || n, 0 FROM {}", series(200))).await;
    let o = base("organisation").await - 200;
    run(format!(
        "INSERT INTO person (name, sort_key, email, role, organisation_id, key_user, theme, time_zone, created_at)
         SELECT 'Persoon ' || n, 'persoon ' || n, 'p' || n || '@veel.example', CASE WHEN n % 500 = 0 THEN 'agent' ELSE 'customer' END,
                CASE WHEN n % 500 = 0 THEN NULL ELSE {o} + 1 + n % 200 END, n % 50 = 0, 'system', 'Europe/Amsterdam', 0 FROM {}",
        series(people)
    ))
    .await;
    let p = base("person").await - i64::from(people);
    let department = "(SELECT MIN(id) FROM department)";
    run(format!(
        "INSERT INTO ticket (subject, status, urgency, department_id, organisation_id, requester_id, tags, opened_at, updated_at, settled_at, settled, messages, files, last_word, version)
         SELECT 'Vraag ' || n, CASE WHEN n % 100 = 0 THEN 1 ELSE 4 END, n % 4, {department}, {o} + 1 + n % 200, {p} + 1 + n % {people}, '', n, n,
                CASE WHEN n % 100 = 0 THEN NULL ELSE n END, n % 100 <> 0, 1, 0, 0, 0 FROM {}",
        series(tickets)
    ))
    .await;
    let s = series(tickets);
    for sql in [
        format!(
            "INSERT INTO message (ticket_id, author_id, note, text, html, created_at) SELECT {t} + n, {p} + 1 + n % {people}, FALSE, 'tekst', '<p>tekst</p>', n FROM {s}"
        ),
        format!(
            "INSERT INTO event (n, at, ticket_id, by_id, public, what) SELECT (SELECT n FROM log_head) + s.n, s.n, {t} + s.n, {p} + 1 + s.n % {people}, TRUE, (SELECT what FROM event ORDER BY n LIMIT 1) FROM {s}"
        ),
        format!("UPDATE log_head SET n = n + {tickets}"),
        format!("INSERT INTO ticket_cc (ticket_id, person_id) SELECT {t} + n, {p} + 1 + (n + 200) % {people} FROM {s} WHERE n % 5 = 0"),
        format!("INSERT INTO ticket_tag (tag, ticket_id) SELECT 'label' || n % 40, {t} + n FROM {s} WHERE n % 5 = 0"),
        format!(
            "INSERT INTO delivery (person_id, ticket_id, state, due_at, tries, leased_until, message_id, created_at) SELECT {p} + 1 + n % {people}, {t} + n, 1, n, 1, 0, 'm' || n, n FROM {s}"
        ),
        format!(
            "INSERT INTO attachment (id, owner_id, ticket_id, message_id, name, size, image, created_at) SELECT 'x' || n, {p} + 1 + n % {people}, {t} + n, {m} + n, 'bestand.txt', 1, FALSE, n FROM {s} WHERE n % 3 = 0"
        ),
        format!("INSERT INTO session (id, person_id, created_at, seen_at, expires_at) SELECT 's' || n, {p} + n, 0, 0, 0 FROM {}", series(people)),
        format!("INSERT INTO audit (at, by_name, deed, about, address, before, after) SELECT n, 'x', 'logged_in', 'x', '', '', '' FROM {s}"),
        "DELETE FROM tally".to_owned(),
        "INSERT INTO tally (department_id, status, n) SELECT department_id, status, COUNT(*) FROM ticket GROUP BY department_id, status".to_owned(),
        "UPDATE reckoning SET last = (SELECT MAX(id) FROM ticket)".to_owned(),
    ] {
        run(sql).await;
    }
    run(match store.kind() {
        Kind::Sqlite => format!("INSERT INTO ticket_search (rowid, subject, replies, notes, people, access) SELECT {t} + n, 'vraag ' || n, 'tekst', '', 'persoon ' || n, 'p' || ({p} + 1 + n % {people}) FROM {s}"),
        Kind::Postgres => format!("INSERT INTO ticket_search (ticket_id, public, staff) SELECT {t} + n, to_tsvector('simple', 'vraag ' || n), to_tsvector('simple', 'vraag ' || n) FROM {s}"),
    })
    .await;
    if store.kind() == Kind::Postgres {
        run("ANALYZE".to_owned()).await;
    }
    change.commit().await.expect("it is committed");
    if store.kind() == Kind::Postgres {
        // What was written waits in a list until the database has a quiet moment, and is read from end to end until then.
        let lists = "SELECT gin_clean_pending_list('ticket_search_public'), gin_clean_pending_list('ticket_search_staff')";
        store.reads.execute_unprepared(lists).await.expect("PostgreSQL takes in what waits");
    }
}
