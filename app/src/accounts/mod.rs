//! Logging in and out, and what a person prefers.

pub mod api;
mod log_in;

pub use log_in::LogInPage;
