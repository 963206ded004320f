//! Privacy: everything about a person as a file, people made anonymous, and tickets whose time is over.
//!
//! Invariants: an erasure goes on after a crash until no text names the person any more, and forgets who they were when it is done; a ticket that is removed leaves nothing but the hole of its numbers in the log.

mod erase;
mod export;
mod redact;
mod retention;

pub(crate) use erase::remove_mails;

pub use erase::{ADDRESS_DOMAIN, carry_on, erase, erasures, name_of};
pub use export::{Exports, KEPT as EXPORT_KEPT, Progress, begin_export, export_file, export_progress, sweep_exports};
pub use retention::{Kept, LEAST_DAYS, dry_run, kept, set_kept, sweep, sweep_at_night};
pub use store::privacy::Erasure;
