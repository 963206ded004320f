//! Reports know when what is not done yet is due: every ticket is counted anew.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0014_reports_due"
    }
}

/// Up and down alike: what one version packed the other cannot read.
const ANEW: &[&str] = &["DELETE FROM report_chunk", "UPDATE log_reader SET n = 0 WHERE name = 'reports'"];

async fn anew(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for step in ANEW {
        manager.get_connection().execute_unprepared(step).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        anew(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        anew(manager).await
    }
}
