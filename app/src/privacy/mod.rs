//! Privacy: what is known of a person as a file, people made anonymous, and how long tickets are kept.

pub mod api;
mod page;
mod person;

pub use page::PrivacyPage;
pub use person::data;
