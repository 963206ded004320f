//! The screens of Balie, for the server that renders them and the browser that wakes their islands.
//!
//! A page is HTML that works by itself: every form posts, every link leads somewhere. What lives, the board and the uploads, is an island.
//!
//! The browser gets islands alone: all of them for staff (feature `board`), and those of the portal for everyone else.

#![recursion_limit = "512"]
#![cfg_attr(not(feature = "board"), allow(dead_code, reason = "what only staff have is left out"))]

#[cfg(feature = "ssr")]
pub mod backend;

pub mod accounts;
pub mod attachments;
#[cfg(feature = "board")]
pub mod board;
mod due;
mod enhance;
pub mod hours;
pub mod live;
pub mod mail;
#[cfg(feature = "board")]
pub mod on_call;
pub mod people;
pub mod privacy;
mod problem;
mod reader;
pub mod reports;
mod returned;
pub mod tickets;
mod ui;
mod when;

pub use accounts::zone::ZONE;
pub use i18n;
pub use problem::Problem;
pub use reader::{Reader, Visitor};
pub use returned::Returned;
