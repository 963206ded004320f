//! The days of a report, as the clock on the wall has them.

use crate::time::{Moment, Zone};
use serde::{Deserialize, Serialize};

/// A day of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i64,
    /// Tickets that came in.
    pub opened: u32,
    /// Tickets that were resolved, for good as far as is known.
    pub solved: u32,
    /// Tickets that were open when it ended.
    pub backlog: i64,
}

/// Whole days in a zone, and which hour of which day each moment in them is.
#[derive(Debug, Clone)]
pub struct Window {
    /// The first day, since 1970-01-01.
    pub first: i64,
    /// How many days.
    pub days: usize,
    from: Moment,
    until: Moment,
    /// For each hour since the beginning: the day, and the hour on the clock.
    hours: Vec<(u32, u8)>,
}

const HOUR: i64 = 3_600_000;

impl Window {
    /// The days from `first` on, before `end`; at least one.
    pub fn new(first: i64, end: i64, zone: &Zone) -> Self {
        let days = (end - first).max(1);
        let (from, until) = (zone.moments(first * 86_400).0, zone.moments((first + days) * 86_400).0);
        let slots = ((until - from).0 + HOUR - 1) / HOUR;
        let hours = (0..slots)
            .map(|n| {
                let shown = zone.civil(Moment(from.0 + n * HOUR));
                ((shown.days - first).clamp(0, days - 1) as u32, shown.hour)
            })
            .collect();
        Self { first, days: days as usize, from, until, hours }
    }

    /// When it begins.
    pub fn from(&self) -> Moment {
        self.from
    }

    /// When it is over.
    pub fn until(&self) -> Moment {
        self.until
    }

    /// The day of a moment, counted from the first, and the hour on the clock; `None` outside.
    pub fn place(&self, at: Moment) -> Option<(usize, usize)> {
        if at < self.from || at >= self.until {
            return None;
        }
        let (day, hour) = self.hours.get(((at.0 - self.from.0) / HOUR) as usize)?;
        Some((*day as usize, usize::from(*hour)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::day_number;

    #[test]
    fn days_have_the_hours_that_the_clock_shows() {
        // Amsterdam in the week in which summer time ends: Sunday 25 October 2026 has 25 hours.
        let change = day_number(2026, 10, 25).unwrap() * 86_400 + 3_600;
        let zone = Zone { offsets: vec![(0, 7_200), (change, 3_600)] };
        let first = day_number(2026, 10, 24).unwrap();
        let window = Window::new(first, first + 3, &zone);
        assert_eq!((window.until() - window.from()).0, 73 * HOUR);
        for half in 0..146 {
            let at = Moment(window.from().0 + half * HOUR / 2);
            let shown = zone.civil(at);
            assert_eq!(window.place(at), Some(((shown.days - first) as usize, usize::from(shown.hour))), "{half}");
        }
        assert_eq!((window.place(Moment(window.from().0 - 1)), window.place(window.until())), (None, None));
        assert_eq!(Window::new(first, first - 9, &zone).days, 1);
    }
}
