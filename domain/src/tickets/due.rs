//! What is due on a ticket, and how that stands at a moment.

use super::Mark;
use crate::hours::{Goal, Timetable};
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// On which clock time is counted.
#[derive(Clone, Copy)]
pub(super) struct Pace<'a> {
    pub timetable: &'a Timetable,
    pub around_the_clock: bool,
}

impl Pace<'_> {
    pub fn between(&self, from: Moment, until: Moment) -> Span {
        if self.around_the_clock { until - from } else { self.timetable.between(from, until) }
    }

    pub fn add(&self, at: Moment, span: Span) -> Option<Moment> {
        if self.around_the_clock { Some(at + span) } else { self.timetable.add(at, span) }
    }
}

/// What is due on a ticket that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What.
    pub goal: Goal,
    /// When; `None` while the clock stands still.
    pub at: Option<Moment>,
    /// When three quarters of the time are spent.
    pub near: Option<Moment>,
    /// The time there was for it.
    pub total: Span,
    /// What is left of it while the clock stands still.
    pub left: Option<Span>,
    /// Since when it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still_since: Option<Moment>,
    /// Whether it is counted around the clock.
    pub around_the_clock: bool,
}

impl Due {
    pub(super) fn moment(&self, mark: Mark) -> Option<Moment> {
        match mark {
            Mark::Near => self.near,
            Mark::Missed => self.at,
        }
    }

    /// How it stands at a moment, by the opening hours of its department.
    pub fn stand(&self, now: Moment, timetable: &Timetable) -> Stand {
        let pace = Pace { timetable, around_the_clock: self.around_the_clock };
        let Some(at) = self.at else {
            let left = self.left.unwrap_or(self.total);
            return Stand { state: Time::Paused, left, spent: self.spent(left), opens: None };
        };
        // How late it is, it is for the customer at night too.
        let left = if now >= at { at - now } else { pace.between(now, at) };
        let is_shut = !self.around_the_clock && !timetable.is_open(now);
        let state = match () {
            () if now >= at => Time::Missed,
            () if is_shut => Time::Paused,
            () if self.near.is_some_and(|near| now >= near) => Time::Near,
            () => Time::OnTime,
        };
        let opens = if is_shut { timetable.opens(now) } else { None };
        Stand { state, left, spent: self.spent(left), opens }
    }

    fn spent(&self, left: Span) -> u8 {
        ((self.total.0 - left.0.max(0)) * 100).div_euclid(self.total.0.max(1)).clamp(0, 100) as u8
    }
}

/// The word for how a target stands, as on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Time {
    OnTime,
    Near,
    Missed,
    Paused,
}

impl Time {
    /// The word in `data-time`.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnTime => "ontime",
            Self::Near => "near",
            Self::Missed => "missed",
            Self::Paused => "paused",
        }
    }
}

/// How a target stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stand {
    pub state: Time,
    /// The time left, on the clock it is counted on; where it is missed, how long ago that was, as a negative.
    pub left: Span,
    /// Hundredths spent.
    pub spent: u8,
    /// When the office opens, where it stands still until then.
    pub opens: Option<Moment>,
}
