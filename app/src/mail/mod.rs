//! Mail: the page that a link in a mail leads to, and what admins see of mail.

mod admin;
pub mod api;
mod stop;

pub use admin::{MailPage, MailWordsPage};
pub use stop::StopPage;
