//! More than a password: one-time codes, recovery codes, passkeys, and who someone is elsewhere.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_factors"
    }
}

const UP: &[&str] = &[
    // The secret of an app that makes codes, which was seen to work. A step is used once.
    "CREATE TABLE totp (person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id), secret TEXT NOT NULL, created_at BIGINT NOT NULL, last_step BIGINT NOT NULL)",
    // The hash of a code to be used once, where the app is lost.
    "CREATE TABLE recovery_code (hash TEXT NOT NULL PRIMARY KEY, person_id BIGINT NOT NULL REFERENCES person (id))",
    "CREATE INDEX recovery_code_by_person ON recovery_code (person_id)",
    "CREATE TABLE passkey (id TEXT NOT NULL PRIMARY KEY, person_id BIGINT NOT NULL REFERENCES person (id), name TEXT NOT NULL, credential TEXT NOT NULL, created_at BIGINT NOT NULL, used_at BIGINT)",
    "CREATE INDEX passkey_by_person ON passkey (person_id)",
    // Who someone is at a provider (OpenID Connect Core 1.0, section 2: issuer and subject together never change).
    "CREATE TABLE identity (issuer TEXT NOT NULL, subject TEXT NOT NULL, person_id BIGINT NOT NULL REFERENCES person (id), created_at BIGINT NOT NULL, PRIMARY KEY (issuer, subject))",
    "CREATE INDEX identity_by_person ON identity (person_id)",
];

const DOWN: &[&str] = &["DROP TABLE identity", "DROP TABLE passkey", "DROP TABLE recovery_code", "DROP TABLE totp"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in UP {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A link of a kind that the version before does not know would be unreadable to it.
        manager.get_connection().execute_unprepared("DELETE FROM pass WHERE kind IN ('factor', 'passkey', 'provider')").await?;
        for step in DOWN {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }
}
