//! Moments, and how a reader sees them. No clock is read here: `now` is always an argument.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// A point in time: milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    /// So many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// So many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    /// So many hours.
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    /// So many days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }
}

impl Add<Span> for Moment {
    type Output = Moment;
    fn add(self, span: Span) -> Moment {
        Moment(self.0.saturating_add(span.0))
    }
}
impl Sub<Span> for Moment {
    type Output = Moment;
    fn sub(self, span: Span) -> Moment {
        Moment(self.0.saturating_sub(span.0))
    }
}
impl Sub for Moment {
    type Output = Span;
    fn sub(self, other: Moment) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

/// A time zone as a list of what it did: from this second on, this many seconds east of UTC.
///
/// The server makes it from the zone's name, the browser gets it with the page: both write the same times, and the browser needs no zone database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Zone {
    /// Ordered by the second each offset began.
    pub offsets: Vec<(i64, i32)>,
}

/// A date and time as the clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Civil {
    pub year: i32,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Days since 1970-01-01.
    pub days: i64,
}

impl Civil {
    /// 0 is Monday.
    pub fn weekday(&self) -> u8 {
        weekday(self.days)
    }
}

impl Zone {
    /// Seconds east of UTC at a moment.
    pub fn offset(&self, at: Moment) -> i32 {
        let second = at.0.div_euclid(1_000);
        self.offsets.iter().rev().find(|(from, _)| *from <= second).or(self.offsets.first()).map_or(0, |(_, offset)| *offset)
    }

    /// What the clock on the wall shows at a moment.
    pub fn civil(&self, at: Moment) -> Civil {
        let local = at.0.div_euclid(1_000) + i64::from(self.offset(at));
        let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date(days);
        Civil { year, month, day, hour: (rest / 3_600) as u8, minute: (rest / 60 % 60) as u8, second: (rest % 60) as u8, days }
    }

    /// The first and the last moment at which the clock on the wall shows so many seconds since 1970-01-01 00:00 as if in UTC. They differ where the clock is set back;
    /// where it is set forward over it, both are the moment of the change.
    pub fn moments(&self, local: i64) -> (Moment, Moment) {
        let at = |offset: i32| local - i64::from(offset);
        let shows = |second: i64| self.offset(Moment(second * 1_000));
        let mut shown = self.offsets.iter().map(|(_, offset)| at(*offset)).filter(|second| shows(*second) == (local - second) as i32);
        if let Some(one) = shown.next() {
            let (first, last) = shown.fold((one, one), |(first, last), other| (first.min(other), last.max(other)));
            return (Moment(first * 1_000), Moment(last * 1_000));
        }
        let skipped = self.offsets.windows(2).find(|two| at(two[0].1) >= two[1].0 && at(two[1].1) < two[1].0).map(|two| two[1].0);
        let moment = Moment(skipped.unwrap_or(local) * 1_000);
        (moment, moment)
    }
}

/// The weekday of a day since 1970-01-01; 0 is Monday.
pub fn weekday(days: i64) -> u8 {
    (days + 3).rem_euclid(7) as u8
}

/// The days since 1970-01-01 of a date; `None` where there is no such date. The counterpart of [`date`].
pub fn day_number(year: i32, month: u8, day: u8) -> Option<i64> {
    if !(1..=12).contains(&month) || !(-9_999..=9_999).contains(&year) {
        return None;
    }
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    (date(days) == (year, month, day)).then_some(days)
}

/// Reads a date such as `2026-11-24`, as days since 1970-01-01.
pub fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, '-');
    let mut next = |most: usize| parts.next().filter(|p| (1..=most).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    day_number(next(4)?.parse().ok()?, next(2)?.parse().ok()?, next(2)?.parse().ok()?)
}

/// Writes what [`parse_date`] reads.
pub fn write_date(days: i64) -> String {
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The date of a day since 1970-01-01, in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub fn date(days: i64) -> (i32, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}

/// How long ago something was, in the step a person would say it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ago {
    JustNow,
    Minutes(i64),
    Hours(i64),
    Yesterday,
    Days(i64),
    /// More than a week ago: say the date.
    Date,
}

/// Says how long before `now` a moment was, for a reader in `zone`; a moment in the future counts as just now.
pub fn ago(at: Moment, now: Moment, zone: &Zone) -> Ago {
    let minutes = (now - at).0 / 60_000;
    let days = zone.civil(now).days - zone.civil(at).days;
    match (days, minutes) {
        (_, ..1) => Ago::JustNow,
        (_, 1..60) => Ago::Minutes(minutes),
        (..=0, _) => Ago::Hours(minutes / 60),
        (1, 60..360) => Ago::Hours(minutes / 60),
        (1, _) => Ago::Yesterday,
        (2..=7, _) => Ago::Days(days),
        _ => Ago::Date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amsterdam in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
    fn amsterdam() -> Zone {
        Zone { offsets: vec![(1_761_440_400, 3_600), (1_774_746_000, 7_200), (1_792_890_000, 3_600)] }
    }

    fn utc(text: &str) -> Moment {
        let n: Vec<i64> = text.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap()).collect();
        let day = (-40_000..80_000)
            .find(|d| {
                let (y, m, dd) = date(*d);
                (i64::from(y), i64::from(m), i64::from(dd)) == (n[0], n[1], n[2])
            })
            .unwrap();
        Moment((day * 86_400 + n[3] * 3_600 + n[4] * 60) * 1_000)
    }

    #[test]
    fn the_wall_clock_follows_summer_time() {
        let zone = amsterdam();
        for (at, hour, day) in [
            ("2026-03-29T00:59", 1, 29),
            ("2026-03-29T01:00", 3, 29),
            ("2026-10-25T00:59", 2, 25),
            ("2026-10-25T01:00", 2, 25),
            ("2026-07-01T22:30", 0, 2),
        ] {
            let civil = zone.civil(utc(at));
            assert_eq!((civil.hour, civil.day), (hour, day), "{at}");
        }
        assert_eq!(zone.civil(utc("2026-11-23T12:00")).weekday(), 0);
        assert_eq!(zone.civil(utc("2024-02-29T12:00")).month, 2);
    }

    #[test]
    fn a_date_comes_back_and_what_is_none_is_refused() {
        for days in (-200_000..200_000).step_by(37) {
            let (y, m, d) = date(days);
            assert_eq!(day_number(y, m, d), Some(days));
            assert!(days < -141_000 || parse_date(&write_date(days)) == Some(days), "{}", write_date(days));
        }
        assert_eq!(parse_date("2024-02-29"), Some(19_782));
        for wrong in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "26", "", "2026-1-1-1", "+2026-01-01", "99999-01-01", "2026-01-99"] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn yesterday_is_a_matter_of_days_not_of_hours() {
        let zone = amsterdam();
        let now = utc("2026-11-23T09:00");
        for (at, say) in [
            ("2026-11-23T08:59", Ago::Minutes(1)),
            ("2026-11-23T09:30", Ago::JustNow),
            ("2026-11-23T06:10", Ago::Hours(2)),
            ("2026-11-22T22:30", Ago::Yesterday),
            ("2026-11-22T09:30", Ago::Yesterday),
            ("2026-11-20T09:30", Ago::Days(3)),
            ("2026-11-10T09:30", Ago::Date),
        ] {
            assert_eq!(ago(utc(at), now, &zone), say, "{at}");
        }
        let night = utc("2026-11-22T23:40");
        assert_eq!(ago(utc("2026-11-22T22:30"), night, &zone), Ago::Hours(1));
    }
}
