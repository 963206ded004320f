//! Files: uploading them the moment they are chosen, and showing them in a conversation.

pub mod api;
mod files;
mod uploads;

pub use files::file_list;
pub use uploads::{Kept, Uploads};
