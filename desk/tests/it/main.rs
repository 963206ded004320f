//! The use cases told as stories, each on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod at_once;
mod attachments;
mod authenticator;
mod board;
mod conversation;
mod demo;
mod hostile;
mod hours;
mod imports;
mod live;
mod mail;
mod mail_cases;
mod mail_flow;
mod mail_reading;
mod misfortune;
mod notifications;
mod on_call;
mod people;
mod privacy;
mod provider;
mod push;
mod reports;
mod samples;
mod second_step;
mod servers;
mod support;
mod tickets;
mod tokens;
mod visibility;
mod ways_in;
mod workers;
