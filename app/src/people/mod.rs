//! People, organisations, departments and the audit log, for staff.

pub mod api;
mod audit;
mod departments;
mod import;
mod organisations;
mod page;
mod parts;
mod person;
mod security;

pub use audit::AuditPage;
pub use departments::DepartmentsPage;
pub use import::ImportPage;
pub use organisations::{OrganisationPage, OrganisationsPage};
pub use page::PeoplePage;
pub(crate) use parts::{notices, tabs};
pub use person::PersonPage;
pub use security::SecurityPage;
