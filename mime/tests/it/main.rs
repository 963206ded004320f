//! Mails of every kind, read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod automatic;
mod awkward;
mod bodies;
mod bounces;
mod corpus;
mod files;
mod forwarded;
mod headers;
mod limits;
mod lists;
mod names;
mod odd;
mod sealed;

use mime::InboundMessage;

/// Reads a mail written with line feeds, as servers send it.
pub(crate) fn read(mail: &str) -> InboundMessage {
    mime::read(mail.replace('\n', "\r\n").as_bytes())
}

/// A mail of one line with these fields.
pub(crate) fn with(fields: &str) -> InboundMessage {
    read(&format!("From: Piet <piet@klant.nl>\nTo: info@balie.nl\n{fields}\n\nHallo\n"))
}
