//! On call: an urgent ticket that comes outside office hours is told to who is on call, then to the next, then to all, until someone takes it.
//!
//! Invariants: an alarm begins and ends by what the log says, and each step of it is written into the log, which the mails follow; what is handed to a pager waits in the database,
//! so that nothing is lost with the program.

mod alarm;
mod feed;
mod pager;
mod rota;
mod web_push;

pub(crate) use alarm::READER;
pub use alarm::{acknowledge, advance, of_link, running, tick, worker};
pub use feed::{calendar, new_feed};
pub use pager::{hand_over, worker as signals_worker};
pub use rota::{Entry, Shown, WARN_AHEAD, add_away, add_swap, on_call_now, remove_entry, save_rota, shown, warn_of_gaps};
pub use web_push::{add_browser, is_told, push_key, remove_browser};
