//! Reports: plots drawn on the server, their numbers as tables, and the same as CSV.

pub mod api;
mod page;
mod plots;
mod tables;

pub use page::ReportsPage;
