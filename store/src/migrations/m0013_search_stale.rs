//! Tickets whose words in the search are to be put in anew, because someone or an organisation is called otherwise by now.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0013_search_stale"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table =
            // No reference: who marks a ticket would hold it, and a ticket that is gone is found to be gone.
            "CREATE TABLE search_stale (ticket_id BIGINT NOT NULL PRIMARY KEY, marks BIGINT NOT NULL)";
        manager.get_connection().execute_unprepared(table).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE search_stale").await?;
        Ok(())
    }
}
