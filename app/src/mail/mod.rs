//! Mail: the page that a link in a mail leads to.

mod api;
mod stop;

pub use stop::StopPage;
