//! What people were called before, kept where no path that changes it can forget to; one organisation to a name; nothing left of who was merged into another to log in with.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0009_former"
    }
}

const UP: &[&str] = &[
    "CREATE TABLE former (person_id BIGINT NOT NULL REFERENCES person (id), email BOOLEAN NOT NULL, text TEXT NOT NULL, PRIMARY KEY (person_id, email, text))",
    // Until now the audit log told it. Where someone belonged stood there under the same deed, and begins with what they are.
    "INSERT INTO former (person_id, email, text) SELECT a.about_id, FALSE, a.before FROM audit a JOIN person p ON p.id = a.about_id
     WHERE a.deed = 'person_changed' AND a.before <> '' AND NOT (a.before LIKE 'customer%' AND a.after LIKE 'customer%') AND p.erased_at IS NULL ON CONFLICT DO NOTHING",
    "INSERT INTO former (person_id, email, text) SELECT a.about_id, TRUE, a.before FROM audit a JOIN person p ON p.id = a.about_id
     WHERE a.deed = 'address_changed' AND a.before <> '' AND p.erased_at IS NULL ON CONFLICT DO NOTHING",
    "INSERT INTO former (person_id, email, text) SELECT p.merged_into, TRUE, p.email FROM person p WHERE p.merged_into IS NOT NULL AND p.erased_at IS NULL ON CONFLICT DO NOTHING",
    "DELETE FROM passkey WHERE person_id IN (SELECT id FROM person WHERE merged_into IS NOT NULL)",
    "DELETE FROM totp WHERE person_id IN (SELECT id FROM person WHERE merged_into IS NOT NULL)",
    "DELETE FROM recovery_code WHERE person_id IN (SELECT id FROM person WHERE merged_into IS NOT NULL)",
    "DELETE FROM identity WHERE person_id IN (SELECT id FROM person WHERE merged_into IS NOT NULL)",
    // Codes that stand in for something that is no more.
    "DELETE FROM recovery_code WHERE person_id NOT IN (SELECT person_id FROM totp) AND person_id NOT IN (SELECT person_id FROM passkey)",
    // The second of a name gets its number.
    "UPDATE organisation SET name = name || ' (' || id || ')' WHERE id NOT IN (SELECT MIN(o.id) FROM organisation o GROUP BY o.name)",
    "DROP INDEX organisation_by_name",
    "CREATE UNIQUE INDEX organisation_by_name ON organisation (name)",
];

const DOWN: &[&str] = &["DROP INDEX organisation_by_name", "CREATE INDEX organisation_by_name ON organisation (name)", "DROP TABLE former"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in UP {
            manager.get_connection().execute_unprepared(step).await?;
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
