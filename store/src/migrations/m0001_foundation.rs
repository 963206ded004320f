//! People, organisations, departments, sessions, tickets, messages, files, the event log and the search index.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_foundation"
    }
}

/// `{id}` is a key the database numbers; everything else is the same on both.
const TABLES: &[&str] = &[
    "CREATE TABLE organisation (id {id}, name TEXT NOT NULL, domains TEXT NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE TABLE department (id {id}, name TEXT NOT NULL UNIQUE, closed BOOLEAN NOT NULL, screenshot BOOLEAN NOT NULL, position INTEGER NOT NULL)",
    "CREATE TABLE person (id {id}, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, organisation_id BIGINT REFERENCES organisation (id), key_user BOOLEAN NOT NULL,
        password_hash TEXT, language TEXT, theme TEXT NOT NULL, time_zone TEXT NOT NULL, disabled_at BIGINT, created_at BIGINT NOT NULL)",
    "CREATE INDEX person_by_organisation ON person (organisation_id, key_user, name)",
    "CREATE INDEX person_by_role ON person (role, name)",
    "CREATE TABLE department_member (department_id BIGINT NOT NULL REFERENCES department (id), person_id BIGINT NOT NULL REFERENCES person (id), PRIMARY KEY (department_id, person_id))",
    "CREATE INDEX department_member_by_person ON department_member (person_id)",
    "CREATE TABLE session (id TEXT NOT NULL PRIMARY KEY, person_id BIGINT NOT NULL REFERENCES person (id), created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE INDEX session_by_person ON session (person_id)",
    "CREATE INDEX session_by_expiry ON session (expires_at)",
    "CREATE TABLE throttle (id TEXT NOT NULL PRIMARY KEY, failures BIGINT NOT NULL, since BIGINT NOT NULL)",
    "CREATE TABLE ticket (id {id}, subject TEXT NOT NULL, link TEXT, status SMALLINT NOT NULL, urgency SMALLINT NOT NULL, department_id BIGINT NOT NULL REFERENCES department (id),
        organisation_id BIGINT REFERENCES organisation (id), requester_id BIGINT NOT NULL REFERENCES person (id), assignee_id BIGINT REFERENCES person (id), tags TEXT NOT NULL,
        opened_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, settled_at BIGINT, settled BOOLEAN NOT NULL, messages INTEGER NOT NULL, files INTEGER NOT NULL, last_word SMALLINT NOT NULL,
        follows BIGINT, version BIGINT NOT NULL, submission TEXT UNIQUE)",
    "CREATE INDEX ticket_by_update ON ticket (updated_at, id)",
    "CREATE INDEX ticket_by_urgency ON ticket (urgency, id)",
    "CREATE INDEX ticket_by_status ON ticket (status, urgency DESC, id)",
    "CREATE INDEX ticket_by_status_update ON ticket (status, updated_at, id)",
    "CREATE INDEX ticket_by_settling ON ticket (status, settled_at)",
    "CREATE INDEX ticket_by_department ON ticket (department_id, updated_at, id)",
    "CREATE INDEX ticket_by_organisation ON ticket (organisation_id, updated_at, id)",
    "CREATE INDEX ticket_by_assignee ON ticket (assignee_id, updated_at, id)",
    "CREATE INDEX ticket_by_requester ON ticket (requester_id, settled, updated_at)",
    "CREATE TABLE ticket_cc (ticket_id BIGINT NOT NULL REFERENCES ticket (id), person_id BIGINT NOT NULL REFERENCES person (id), PRIMARY KEY (ticket_id, person_id))",
    "CREATE INDEX ticket_cc_by_person ON ticket_cc (person_id, ticket_id)",
    "CREATE TABLE ticket_tag (tag TEXT NOT NULL, ticket_id BIGINT NOT NULL REFERENCES ticket (id), PRIMARY KEY (tag, ticket_id))",
    "CREATE INDEX ticket_tag_by_ticket ON ticket_tag (ticket_id)",
    "CREATE TABLE message (id {id}, ticket_id BIGINT NOT NULL REFERENCES ticket (id), author_id BIGINT NOT NULL REFERENCES person (id), note BOOLEAN NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL,
        created_at BIGINT NOT NULL, submission TEXT UNIQUE)",
    "CREATE INDEX message_by_ticket ON message (ticket_id, id)",
    "CREATE TABLE attachment (id TEXT NOT NULL PRIMARY KEY, owner_id BIGINT NOT NULL REFERENCES person (id), ticket_id BIGINT REFERENCES ticket (id), message_id BIGINT REFERENCES message (id),
        name TEXT NOT NULL, size BIGINT NOT NULL, image BOOLEAN NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE INDEX attachment_by_message ON attachment (message_id)",
    "CREATE INDEX attachment_by_ticket ON attachment (ticket_id)",
    "CREATE INDEX attachment_by_owner ON attachment (owner_id, created_at)",
    "CREATE TABLE event (n BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, ticket_id BIGINT NOT NULL REFERENCES ticket (id), by_id BIGINT REFERENCES person (id), public BOOLEAN NOT NULL, what TEXT NOT NULL)",
    "CREATE INDEX event_by_ticket ON event (ticket_id, n)",
    "CREATE TABLE log_head (id SMALLINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
    "INSERT INTO log_head (id, n) VALUES (1, 0)",
    "CREATE TABLE tally (department_id BIGINT NOT NULL REFERENCES department (id), status SMALLINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (department_id, status))",
];

/// The words of a ticket, in the columns that a reader may or may not search. `access` holds a token for everyone who is on the ticket.
const SEARCH_SQLITE: &[&str] = &[
    "CREATE VIRTUAL TABLE ticket_search USING fts5 (subject, replies, notes, people, access, content = '', contentless_delete = 1, detail = 'column', tokenize = 'unicode61 remove_diacritics 2')",
];

const SEARCH_POSTGRES: &[&str] = &[
    "CREATE TABLE ticket_search (ticket_id BIGINT NOT NULL PRIMARY KEY REFERENCES ticket (id), public TSVECTOR NOT NULL, staff TSVECTOR NOT NULL)",
    "CREATE INDEX ticket_search_public ON ticket_search USING gin (public)",
    "CREATE INDEX ticket_search_staff ON ticket_search USING gin (staff)",
];

const DOWN: &[&str] = &[
    "ticket_search",
    "tally",
    "log_head",
    "event",
    "attachment",
    "message",
    "ticket_tag",
    "ticket_cc",
    "ticket",
    "throttle",
    "session",
    "department_member",
    "person",
    "department",
    "organisation",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let (id, search) = match db.get_database_backend() {
            DbBackend::Postgres => ("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", SEARCH_POSTGRES),
            _ => ("INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", SEARCH_SQLITE),
        };
        for table in TABLES.iter().chain(search) {
            db.execute_unprepared(&table.replace("{id}", id)).await?;
        }
        // People quote the number: begin where one looks like a number.
        db.execute_unprepared(match db.get_database_backend() {
            DbBackend::Postgres => "ALTER TABLE ticket ALTER COLUMN id RESTART WITH 1001",
            _ => "INSERT INTO sqlite_sequence (name, seq) VALUES ('ticket', 1000)",
        })
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in DOWN {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
