//! What a person says in a mail, apart from what is history, a forwarded header or a signature.
//!
//! Invariant: no line is lost; at most it is folded away.

mod html;
mod phrases;
mod quotes;
mod tree;

pub use html::{Clean, MAX_SHOWN, clean};
pub use quotes::{Kind, Piece, said, split};
