//! The board and the list: the staff's two views of all tickets.

pub mod api;
mod card;
mod filters;
mod hands;
mod list;
mod live_board;
mod page;
mod shown;

pub use filters::Listing;
pub use list::ListPage;
pub use page::BoardPage;
