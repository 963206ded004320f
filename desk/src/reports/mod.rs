//! Reports: what tickets count for together, read from what a reader of the log keeps of each.
//!
//! Invariants: what is kept follows from the log, whatever happened on a ticket since and however often it is read; nobody is told of tickets of a department that is closed to them.

mod projection;
mod read;
mod table;

pub use projection::{advance, worker};
pub use read::{Asked, Days, MOST_DAYS, Reported, SHOWN, asked, read};
pub use table::{Table, csv, export};
