//! The intervals of a day, and of the seven days of a week.

use crate::{Fault, Field, FieldFault, Refusal};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Minutes from midnight to midnight, on the clock.
pub const MINUTES_A_DAY: u16 = 24 * 60;
/// Most intervals of one day.
const MOST: usize = 12;

/// Part of a day, in minutes after midnight as the clock on the wall says: from the first, up to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    from: u16,
    until: u16,
}

impl Interval {
    /// An interval; refused where it is empty, runs backwards (as one across midnight would: it is two) or leaves the day.
    pub fn new(from: u16, until: u16) -> Result<Self, Fault> {
        if from > MINUTES_A_DAY || until > MINUTES_A_DAY {
            return Err(Fault::NotATime);
        }
        match from.cmp(&until) {
            std::cmp::Ordering::Less => Ok(Self { from, until }),
            std::cmp::Ordering::Equal => Err(Fault::EmptyInterval),
            std::cmp::Ordering::Greater => Err(Fault::CrossesMidnight),
        }
    }

    /// Its first minute.
    pub fn from(self) -> u16 {
        self.from
    }

    /// The minute it ends before.
    pub fn until(self) -> u16 {
        self.until
    }

    /// Reads intervals such as `8:30-12.30, 13:00-17:00`; nothing is a closed day. They come out in order.
    pub fn parse_day(text: &str) -> Result<Vec<Self>, Fault> {
        let mut day = Vec::new();
        let text = text.replace(" - ", "-").replace(" – ", "-").replace(['–', '—'], "-");
        for part in text.split([',', ';', ' ', '\n', '\t']).filter(|part| !part.is_empty()) {
            let (from, until) = part.split_once('-').ok_or(Fault::NotATime)?;
            day.push(Self::new(minute(from)?, minute(until)?)?);
        }
        check_day(&mut day)?;
        Ok(day)
    }

    /// Writes what [`Self::parse_day`] reads.
    pub fn write_day(day: &[Self]) -> String {
        day.iter().map(Self::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, until } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

/// A time on the clock such as `8:30`, `8.30`, `08:30` or `17`, as minutes after midnight; `24:00` is the end of the day.
pub(crate) fn minute(text: &str) -> Result<u16, Fault> {
    let (hour, minute) = text.trim().split_once([':', '.']).unwrap_or((text.trim(), "00"));
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour, 2) || minute.len() != 2 || !digits(minute, 2) {
        return Err(Fault::NotATime);
    }
    let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| Fault::NotATime)?, minute.parse().map_err(|_| Fault::NotATime)?);
    let at = hour * 60 + minute;
    if minute > 59 || at > MINUTES_A_DAY { Err(Fault::NotATime) } else { Ok(at) }
}

/// Reads a time of day such as `8:30`, as minutes after midnight.
pub fn parse_time(text: &str) -> Option<u16> {
    minute(text).ok().filter(|minute| *minute < MINUTES_A_DAY)
}

/// Puts intervals in order and refuses those that overlap.
fn check_day(day: &mut [Interval]) -> Result<(), Fault> {
    if day.len() > MOST {
        return Err(Fault::TooMany(MOST as u32));
    }
    day.sort_unstable();
    if day.windows(2).any(|two| two[1].from < two[0].until) { Err(Fault::Overlaps) } else { Ok(()) }
}

/// When a week is open: Monday first. It opens at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week([Vec<Interval>; 7]);

impl Default for Week {
    /// Monday to Friday from 8:30 to 17:30.
    fn default() -> Self {
        let day = vec![Interval { from: 8 * 60 + 30, until: 17 * 60 + 30 }];
        Self(std::array::from_fn(|at| if at < 5 { day.clone() } else { vec![] }))
    }
}

impl Week {
    /// A week from seven days as they are typed, Monday first; says every fault at its day, and refuses a week that never opens.
    pub fn parse(days: &[String]) -> Result<Self, Refusal> {
        let mut faults = Vec::new();
        let week = Self(std::array::from_fn(|at| {
            Interval::parse_day(days.get(at).map_or("", String::as_str)).unwrap_or_else(|fault| {
                faults.push(FieldFault { field: Field::Weekday(at as u8), fault });
                vec![]
            })
        }));
        if faults.is_empty() && week.0.iter().all(Vec::is_empty) {
            faults.push(FieldFault { field: Field::Weekday(0), fault: Fault::NeverOpen });
        }
        if faults.is_empty() { Ok(week) } else { Err(Refusal::Fields(faults)) }
    }

    /// What is open on a weekday; 0 is Monday.
    pub fn day(&self, weekday: u8) -> &[Interval] {
        self.0.get(usize::from(weekday)).map_or(&[], Vec::as_slice)
    }

    /// How long the office is open on an average day on which it is, in minutes. What a *day* of a target is.
    pub fn working_day(&self) -> i64 {
        let open: Vec<i64> = self.0.iter().filter(|day| !day.is_empty()).map(|day| day.iter().map(|i| i64::from(i.until - i.from)).sum()).collect();
        if open.is_empty() { 8 * 60 } else { open.iter().sum::<i64>() / open.len() as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(typed: [&str; 7]) -> Vec<String> {
        typed.map(str::to_owned).to_vec()
    }

    #[test]
    fn intervals_are_read_as_people_write_them() {
        for typed in ["8:30-12:30, 13:00-17:00", "13.00 – 17.00; 8.30–12.30", "08:30-12:30 13-17"] {
            assert_eq!(Interval::write_day(&Interval::parse_day(typed).unwrap()), "08:30-12:30 13:00-17:00", "{typed}");
        }
        assert_eq!(Interval::parse_day("0-24:00").unwrap(), [Interval { from: 0, until: 1_440 }]);
        assert_eq!(Interval::parse_day("  "), Ok(vec![]));
    }

    #[test]
    fn what_is_no_interval_is_refused_with_its_reason() {
        for (typed, fault) in [
            ("9:00-17:00, 16:00-18:00", Fault::Overlaps),
            ("9:00-9:00", Fault::EmptyInterval),
            ("22:00-06:00", Fault::CrossesMidnight),
            ("9:00", Fault::NotATime),
            ("9:60-10:00", Fault::NotATime),
            ("9:00-24:30", Fault::NotATime),
            ("9:00-25", Fault::NotATime),
            ("-", Fault::NotATime),
            ("9:0-10:00", Fault::NotATime),
            ("９:00-10:00", Fault::NotATime),
        ] {
            assert_eq!(Interval::parse_day(typed), Err(fault), "{typed}");
        }
        assert!(Interval::parse_day(&"1-2 ".repeat(13)).is_err());
    }

    #[test]
    fn a_week_that_never_opens_is_refused() {
        let refused = Week::parse(&days([""; 7])).unwrap_err();
        assert_eq!(refused.at(Field::Weekday(0)), Some(&Fault::NeverOpen));
        let refused = Week::parse(&days(["9-17", "x", "", "9-9", "", "", ""])).unwrap_err();
        assert_eq!(refused.at(Field::Weekday(1)), Some(&Fault::NotATime));
        assert_eq!(refused.at(Field::Weekday(3)), Some(&Fault::EmptyInterval));
        assert!(Week::parse(&[]).is_err());
        assert!(Week::parse(&days(["", "", "", "", "", "", "9-10"])).is_ok());
    }

    #[test]
    fn a_working_day_is_an_average_open_day() {
        assert_eq!(Week::default().working_day(), 9 * 60);
        assert_eq!(Week::parse(&days(["8-12", "8-12 13-17", "", "", "", "", ""])).unwrap().working_day(), 6 * 60);
    }
}
