//! The server from outside: rights, headers, files, forms and streams, through the whole router.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ahead;
mod api;
mod crowd;
mod forms;
mod headers;
mod hostile;
mod live;
mod mail;
mod matrix;
mod misfortune;
mod nodes;
mod privacy;
mod process;
mod redirects;
mod screens;
mod settings;
mod spreadsheets;
mod statements;
mod support;
mod zones;
