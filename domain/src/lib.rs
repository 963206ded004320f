//! The words and rules of the desk, compiled for the server and for the browser.
//!
//! Nothing here reads a clock, a file or a socket: `now` is an argument, and the only way to fail is a [`Refusal`].

pub mod accounts;
pub mod attachments;
pub mod audit;
pub mod board;
pub mod events;
pub mod fold;
pub mod hours;
mod ids;
pub mod import;
pub mod mail;
pub mod notifications;
pub mod on_call;
pub mod permissions;
mod refusal;
pub mod reports;
pub mod tickets;
pub mod time;
pub mod tokens;
pub mod typed;

pub use ids::*;
pub use refusal::{Fault, Field, FieldFault, Refusal};
