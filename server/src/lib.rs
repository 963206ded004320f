//! Balie's server: configuration, router, session, uploads and downloads, the event stream.
//!
//! It holds no business word besides routing: who may do what is asked of `desk` and `domain`.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

pub mod ahead;
pub mod api;
pub mod assets;
pub mod audit;
pub mod config;
pub mod connections;
pub mod files;
pub mod forms;
pub mod health;
pub mod live;
pub mod log;
pub mod mail;
pub mod on_call;
mod pace;
pub mod privacy;
pub mod provider;
pub mod redirects;
pub mod reports;
pub mod router;
pub mod security;
pub mod serve;
pub mod session;
