//! What a person says in a mail, apart from what is history, a forwarded header or a signature.
//!
//! Invariant: no line is lost; at most it is folded away.

mod attributions;
mod closings;
mod html;
mod phrases;
mod quotes;
mod signoffs;
mod tree;

pub use html::{Clean, MAX_SHOWN, clean, clean_below_picture};
pub use quotes::{Kind, Piece, said, split, split_below_picture};
