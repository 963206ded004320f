//! Office hours: when a department works, and arithmetic in the time that it does.
//!
//! Invariant: everything is a function of the week, the days that differ, and the zone; nothing here reads a clock, and no week makes it run without end.

mod calendar;
mod holidays;
mod offices;
mod promise;
mod targets;
mod timetable;
mod week;

pub use calendar::{Calendar, Exceptional, Planned};
pub use holidays::{Holiday, easter};
pub use offices::{Offices, Shut};
pub use promise::Promise;
pub use targets::{Goal, MAX_DAYS_OF_TARGET, Target, TargetRule, Targets, Term, Unit};
pub use timetable::Timetable;
pub use week::{Interval, MINUTES_A_DAY, Week, parse_time};

use crate::time::Moment;

/// What of hours and targets was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// The office hours of a department.
    Hours,
    /// A target.
    Targets,
    /// Two organisations became one, and their targets with them.
    Organisations,
}

impl Changed {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Targets => "targets",
            Self::Organisations => "organisations",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Hours, Self::Targets, Self::Organisations].into_iter().find(|changed| changed.word() == word)
    }
}

/// How an office stands at a moment, as it is said to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Office {
    /// Open until then.
    Open(Moment),
    /// Closed until then.
    Closed {
        /// Since when, where it was ever open.
        since: Option<Moment>,
        /// When it opens again.
        until: Moment,
    },
    /// Closed, and never to open as far as is planned.
    Never,
}

impl Office {
    /// How several stand together: open as long as one of them is, closed until the first opens.
    pub fn together(offices: impl IntoIterator<Item = Self>) -> Self {
        offices.into_iter().fold(Self::Never, |all, one| match (all, one) {
            (Self::Open(a), Self::Open(b)) => Self::Open(a.max(b)),
            (Self::Open(until), _) | (_, Self::Open(until)) => Self::Open(until),
            (Self::Closed { since: a, until: c }, Self::Closed { since: b, until: d }) => Self::Closed { since: a.max(b), until: c.min(d) },
            (Self::Never, other) | (other, Self::Never) => other,
        })
    }
}
