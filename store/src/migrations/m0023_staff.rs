//! The index of staff, whom every page of theirs offers as assignees: a scan of all people for a dozen of them cost most of a page at a million tickets.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0023_staff"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE INDEX person_staff ON person (sort_key, id) WHERE role <> 'customer' AND disabled_at IS NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX person_staff").await?;
        Ok(())
    }
}
