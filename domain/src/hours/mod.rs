//! Office hours: when a department works, and arithmetic in the time that it does.
//!
//! Invariant: everything is a function of the week, the days that differ, and the zone; nothing here reads a clock, and no week makes it run without end.

mod calendar;
mod holidays;
mod targets;
mod timetable;
mod week;

pub use calendar::{Calendar, Exceptional};
pub use holidays::{Holiday, easter};
pub use targets::{Goal, MAX_DAYS_OF_TARGET, Target, TargetRule, Targets, Term, Unit};
pub use timetable::Timetable;
pub use week::{Interval, MINUTES_A_DAY, Week};

use crate::time::Moment;

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
