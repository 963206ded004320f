//! Tables and SQL. The only crate that names SeaORM; it decides nothing.
//!
//! Invariants: every read of tickets takes a [`domain::accounts::Scope`]; every change is a [`Change`], which is durable when `commit` returns and undone when it is dropped.

pub mod accounts;
pub mod attachments;
pub mod audit;
pub mod board;
mod bounded;
#[cfg(feature = "bulk")]
pub mod bulk;
mod change;
mod change_notifier;
mod connect;
pub mod conversation;
pub mod departments;
mod error;
pub mod events;
mod group_commit;
pub mod hours;
mod intact;
pub mod mail;
pub mod mfa;
mod migrations;
pub mod notifications;
pub mod on_call;
pub mod one_time_tokens;
pub mod organisations;
mod passed_over;
pub mod people;
mod postgres;
pub mod privacy;
pub mod push_subscriptions;
mod query;
pub mod reports;
pub mod search;
pub mod sessions;
mod tables;
pub mod ticket_page;
pub mod tickets;
pub mod tokens;

#[cfg(feature = "testing")]
pub mod testing;

pub use change::Change;
pub use change_notifier::ChangeNotifier;
pub use connect::{Kind, Store};
pub use error::{Error, Result};
pub use passed_over::PassedOver;
pub use query::Source;
