//! Reads a raw e-mail into what the desk needs.
//!
//! Invariant: any bytes give a letter, in time and memory that grow with their number; what could not be read is said in [`Letter::oddities`].

mod addresses;
mod answers;
mod author;
mod automatic;
mod bodies;
mod bounce;
mod fields;
mod files;
mod flowed;
mod forwarded;
mod letter;
pub mod limits;
mod parameters;
mod parts;
mod returned;
mod sealed;
mod signed;
mod uuencoded;
mod words;

pub use addresses::Mailbox;
pub use automatic::Automatic;
pub use bounce::{Action, Bounce, Undelivered};
pub use files::Part;
pub use forwarded::Forwarded;
pub use letter::{Head, Letter, Oddity, body_at, head, read};
pub use returned::Returned;
pub use sealed::{Answer, Sealed};
