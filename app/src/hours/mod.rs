//! Office hours and targets, for admins.

pub mod api;
mod page;
mod targets;

pub use page::HoursPage;
pub use targets::TargetsPage;
