//! Reads a raw e-mail into what the desk needs.
//!
//! Invariant: any bytes give a message, in time and memory that grow with their number; what could not be read is said in [`InboundMessage::oddities`].

mod addresses;
mod answers;
mod author;
mod auto_reply;
mod bodies;
mod bounce;
mod charset;
mod data_images;
mod encrypted;
mod files;
mod flowed;
mod forwarded;
mod headers;
pub mod limits;
mod message;
mod parameters;
mod parts;
mod returned;
mod signed;
mod uuencoded;

pub use addresses::MailAddress;
pub use auto_reply::Automatic;
pub use bounce::{Action, Bounce, Undelivered};
pub use encrypted::{Answer, Sealed};
pub use files::Part;
pub use forwarded::Forwarded;
pub use message::{Head, InboundMessage, Oddity, body_at, head, read};
pub use returned::Returned;
