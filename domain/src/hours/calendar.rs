//! What an office is open by: its week, the holidays it keeps, and the days that differ.

use super::holidays::Holiday;
use super::week::{Interval, Week};
use crate::time::date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A date that differs from its week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exceptional {
    /// When it is open; nothing where it is closed all day.
    pub open: Vec<Interval>,
    /// What the day is called; may be empty.
    pub name: String,
}

/// When an office is open, by the clock on its wall.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calendar {
    /// Its ordinary week.
    pub week: Week,
    /// The holidays it keeps every year.
    pub holidays: BTreeSet<Holiday>,
    /// Dates that differ, by days since 1970-01-01. They go before holidays.
    pub days: BTreeMap<i64, Exceptional>,
}

/// What a calendar comes to on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Days since 1970-01-01.
    pub day: i64,
    /// When it is open.
    pub open: Vec<Interval>,
    /// The holiday that it is, where it is kept.
    pub holiday: Option<Holiday>,
    /// What it is called, where it differs from the week; may be empty.
    pub name: Option<String>,
}

impl Calendar {
    /// What it comes to on a day.
    pub fn planned(&self, day: i64) -> Planned {
        let name = self.days.get(&day).map(|exceptional| exceptional.name.clone());
        Planned { day, open: self.on(day).to_vec(), holiday: self.holiday(day).filter(|_| name.is_none()), name }
    }

    /// What is open on a date.
    pub fn on(&self, day: i64) -> &[Interval] {
        if let Some(exceptional) = self.days.get(&day) {
            return &exceptional.open;
        }
        if self.holiday(day).is_some() { &[] } else { self.week.day(crate::time::weekday(day)) }
    }

    /// The holiday that a date is, where the office keeps it.
    pub fn holiday(&self, day: i64) -> Option<Holiday> {
        if self.holidays.is_empty() {
            return None;
        }
        let (year, ..) = date(day);
        self.holidays.iter().copied().find(|holiday| holiday.day(year) == day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::day_number;

    #[test]
    fn a_date_goes_before_a_holiday_and_a_holiday_before_the_week() {
        let christmas = day_number(2026, 12, 25).unwrap();
        let mut calendar = Calendar::default();
        assert_eq!(calendar.on(christmas).len(), 1);
        calendar.holidays.extend(Holiday::ALL);
        assert!(calendar.on(christmas).is_empty());
        calendar.days.insert(christmas, Exceptional { open: Interval::parse_day("10-12").unwrap(), name: "Inventaris".into() });
        assert_eq!(Interval::write_day(calendar.on(christmas)), "10:00-12:00");
        assert!(calendar.on(day_number(2026, 11, 28).unwrap()).is_empty());
        assert_eq!(calendar.on(day_number(2024, 2, 29).unwrap()).len(), 1);
    }
}
