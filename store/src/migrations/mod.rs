//! The steps that bring the tables up to date, oldest first. A step that was released is never changed.

use sea_orm_migration::prelude::*;

mod m0001_foundation;
mod m0002_mail;
mod m0003_mailboxes;
mod m0004_accounts;
mod m0005_factors;
mod m0006_tokens;
mod m0007_privacy;
mod m0008_hours;
mod m0009_former;
mod m0010_reports;
mod m0011_on_call;
mod m0012_browsers;
mod m0013_search_stale;
mod m0014_reports_due;
mod m0015_retarget_urgency;
mod m0016_mail_flow;
mod m0017_sort_keys;
mod m0023_staff;

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_mail::Migration),
            Box::new(m0003_mailboxes::Migration),
            Box::new(m0004_accounts::Migration),
            Box::new(m0005_factors::Migration),
            Box::new(m0006_tokens::Migration),
            Box::new(m0007_privacy::Migration),
            Box::new(m0008_hours::Migration),
            Box::new(m0009_former::Migration),
            Box::new(m0010_reports::Migration),
            Box::new(m0011_on_call::Migration),
            Box::new(m0012_browsers::Migration),
            Box::new(m0013_search_stale::Migration),
            Box::new(m0014_reports_due::Migration),
            Box::new(m0015_retarget_urgency::Migration),
            Box::new(m0016_mail_flow::Migration),
            Box::new(m0017_sort_keys::Migration),
            Box::new(m0023_staff::Migration),
        ]
    }
}
