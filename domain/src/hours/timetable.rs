//! The opening times of some years as moments, with how long was open before each: adding and measuring working time is then a search in a list.

use super::Office;
use super::calendar::Calendar;
use crate::time::{Moment, Span, Zone};
use serde::{Deserialize, Serialize};

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// When an office is open, as moments. Its spans are in order and neither overlap nor touch.
///
/// It travels as minutes, in short: the first opening since 1970, how long it is open, how long closed, how long open, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Vec<i64>", try_from = "Vec<i64>")]
pub struct Timetable {
    /// From when, until when, and the milliseconds that were open before.
    spans: Vec<(i64, i64, i64)>,
}

impl Timetable {
    /// The opening times of a calendar from one day up to another, both as days since 1970-01-01, in a zone.
    ///
    /// An hour that the clock skips is not open; one that it strikes twice is open both times. An opening within it is its first strike, a closing its last, so that two
    /// intervals that touch are the same as one.
    pub fn new(calendar: &Calendar, zone: &Zone, from: i64, until: i64) -> Self {
        let moment = |day: i64, minute: u16| (day * 86_400 + i64::from(minute) * 60, day);
        let mut open: Vec<(i64, i64)> = Vec::new();
        for day in from..until {
            for interval in calendar.on(day) {
                let (start, _) = zone.moments(moment(day, interval.from()).0);
                let (_, end) = zone.moments(moment(day, interval.until()).0);
                match open.last_mut() {
                    _ if end <= start => {}
                    Some(last) if start.0 <= last.1 => last.1 = last.1.max(end.0),
                    _ => open.push((start.0, end.0)),
                }
            }
        }
        Self::of(open)
    }

    fn of(open: Vec<(i64, i64)>) -> Self {
        let mut before = 0;
        let spans = open.into_iter().map(|(from, until)| {
            let span = (from, until, before);
            before += until - from;
            span
        });
        Self { spans: spans.collect() }
    }

    /// The part of it that lies around some moments, for a screen.
    pub fn between_moments(&self, from: Moment, until: Moment) -> Self {
        let first = self.spans.partition_point(|s| s.1 <= from.0);
        let end = self.spans.partition_point(|s| s.0 < until.0).max(first);
        Self::of(self.spans[first..end].iter().map(|s| (s.0, s.1)).collect())
    }

    /// Its spans: from when, until when.
    pub fn spans(&self) -> impl Iterator<Item = (Moment, Moment)> + '_ {
        self.spans.iter().map(|s| (Moment(s.0), Moment(s.1)))
    }

    /// The milliseconds that were open before a moment.
    fn open_before(&self, at: i64) -> i64 {
        // The last span that begins at or before it.
        match self.spans.partition_point(|s| s.0 <= at).checked_sub(1).map(|n| self.spans[n]) {
            None => 0,
            Some((from, until, before)) => before + at.min(until) - from,
        }
    }

    /// How much of the time between two moments is open; negative where the second is earlier.
    pub fn between(&self, from: Moment, until: Moment) -> Span {
        Span(self.open_before(until.0) - self.open_before(from.0))
    }

    /// The first moment by which so much open time has passed since `at`: `at` itself for none, and the closing rather than the next opening.
    /// `None` where there is not so much open time as far as is planned.
    pub fn add(&self, at: Moment, span: Span) -> Option<Moment> {
        if span.0 <= 0 {
            return Some(at);
        }
        let wanted = self.open_before(at.0).checked_add(span.0)?;
        // The last span before which less was open than is wanted: the wanted moment is in it.
        let n = self.spans.partition_point(|s| s.2 < wanted).checked_sub(1)?;
        let (from, until, before) = self.spans[n];
        let end = from + (wanted - before);
        (end <= until).then_some(Moment(end))
    }

    /// Whether it is open at a moment.
    pub fn is_open(&self, at: Moment) -> bool {
        let n = self.spans.partition_point(|s| s.0 <= at.0);
        n.checked_sub(1).is_some_and(|n| at.0 < self.spans[n].1)
    }

    /// When it opens next: `at` itself where it is open.
    pub fn opens(&self, at: Moment) -> Option<Moment> {
        self.spans.get(self.spans.partition_point(|s| s.1 <= at.0)).map(|s| Moment(s.0).max(at))
    }

    /// How the office stands at a moment.
    pub fn office(&self, at: Moment) -> Office {
        let n = self.spans.partition_point(|s| s.1 <= at.0);
        match self.spans.get(n) {
            Some((from, until, _)) if *from <= at.0 => Office::Open(Moment(*until)),
            Some((from, ..)) => Office::Closed { since: n.checked_sub(1).map(|n| Moment(self.spans[n].1)), until: Moment(*from) },
            None => Office::Never,
        }
    }
}

impl From<Timetable> for Vec<i64> {
    fn from(timetable: Timetable) -> Self {
        let mut last = 0;
        let edges = timetable.spans.iter().flat_map(|s| [s.0, s.1]);
        edges.map(|edge| edge / MINUTE).map(|edge| edge - std::mem::replace(&mut last, edge)).collect()
    }
}

impl TryFrom<Vec<i64>> for Timetable {
    type Error = &'static str;

    fn try_from(minutes: Vec<i64>) -> Result<Self, Self::Error> {
        if !minutes.len().is_multiple_of(2) || minutes.iter().skip(1).any(|n| *n <= 0) {
            return Err("a timetable");
        }
        let mut at = 0_i64;
        let edges: Vec<i64> = minutes
            .into_iter()
            .map(|n| {
                at = at.saturating_add(n.saturating_mul(MINUTE));
                at
            })
            .collect();
        Ok(Self::of(edges.chunks_exact(2).map(|two| (two[0], two[1])).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::{Exceptional, Holiday, Interval, Week};
    use crate::time::day_number;
    use proptest::prelude::*;

    /// Amsterdam in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
    fn amsterdam() -> Zone {
        Zone { offsets: vec![(1_761_440_400, 3_600), (1_774_746_000, 7_200), (1_792_890_000, 3_600)] }
    }

    fn at(year: i32, month: u8, day: u8, hour: i64, minute: i64) -> Moment {
        let local = day_number(year, month, day).unwrap() * 86_400 + hour * 3_600 + minute * 60;
        amsterdam().moments(local).0
    }

    fn week(days: [&str; 7]) -> Calendar {
        Calendar { week: Week::parse(&days.map(str::to_owned)).unwrap(), ..Calendar::default() }
    }

    fn year(calendar: &Calendar) -> Timetable {
        Timetable::new(calendar, &amsterdam(), day_number(2026, 1, 1).unwrap(), day_number(2027, 1, 1).unwrap())
    }

    #[test]
    fn working_time_stands_still_at_night_in_the_weekend_and_on_holidays() {
        let mut calendar = week(["8:30-12:30 13:00-17:00", "8:30-17:00", "8:30-17:00", "8:30-17:00", "8:30-17:00", "", ""]);
        calendar.holidays.extend(Holiday::ALL);
        calendar.days.insert(day_number(2026, 11, 24).unwrap(), Exceptional { open: Interval::parse_day("12-13").unwrap(), name: String::new() });
        let table = year(&calendar);
        for (from, hours, until) in [
            // Within a day, over a lunch, over a night, over a weekend.
            (at(2026, 11, 23, 9, 0), 1, at(2026, 11, 23, 10, 0)),
            (at(2026, 11, 23, 12, 0), 1, at(2026, 11, 23, 13, 30)),
            (at(2026, 11, 25, 16, 30), 1, at(2026, 11, 26, 9, 0)),
            (at(2026, 11, 27, 16, 30), 1, at(2026, 11, 30, 9, 0)),
            // The closing itself, not the next opening.
            (at(2026, 11, 27, 16, 0), 1, at(2026, 11, 27, 17, 0)),
            // From a closed moment.
            (at(2026, 11, 28, 3, 0), 1, at(2026, 11, 30, 9, 30)),
            // A day that differs is open for one hour.
            (at(2026, 11, 23, 16, 30), 2, at(2026, 11, 25, 9, 0)),
            // Easter: Good Friday to Monday are closed.
            (at(2026, 4, 2, 16, 30), 1, at(2026, 4, 7, 9, 0)),
            // Christmas on a Friday and a Saturday.
            (at(2026, 12, 24, 16, 30), 1, at(2026, 12, 28, 9, 0)),
        ] {
            assert_eq!(table.add(from, Span::hours(hours)), Some(until), "{from:?} + {hours}");
            assert_eq!(table.between(from, until), Span::hours(hours));
        }
        assert_eq!(table.add(at(2026, 12, 31, 16, 0), Span::hours(2)), None);
        assert_eq!(table.add(at(2026, 11, 28, 3, 0), Span(0)), Some(at(2026, 11, 28, 3, 0)));
    }

    #[test]
    fn both_days_on_which_the_clock_changes_at_every_hour() {
        let table = year(&week(["0-24"; 7]));
        for hour in 0..24_i64 {
            // Spring: the hour from 2 to 3 is not there. Autumn: it is there twice.
            for (month, day, hours) in [(3, 29, if hour <= 2 { 23 - hour.min(2) } else { 24 - hour }), (10, 25, 25 - hour - i64::from(hour > 2))] {
                let (from, midnight) = (at(2026, month, day, hour, 0), at(2026, month, day + 1, 0, 0));
                assert_eq!(table.between(from, midnight), Span::hours(hours), "{month}-{day} {hour}:00");
                assert_eq!(table.add(from, Span::hours(hours)), Some(midnight), "{month}-{day} {hour}:00");
            }
        }
        let night = year(&week(["", "", "", "", "", "", "2:00-3:00"]));
        assert_eq!(night.between(at(2026, 3, 29, 0, 0), at(2026, 3, 30, 0, 0)), Span(0));
        assert_eq!(night.between(at(2026, 10, 25, 0, 0), at(2026, 10, 26, 0, 0)), Span::hours(2));
        // Through the change the office opens at the same time on the wall.
        let office = year(&week(["8:30-17"; 7]));
        assert_eq!(office.opens(at(2026, 3, 28, 20, 0)), Some(at(2026, 3, 29, 8, 30)));
        assert_eq!(office.opens(at(2026, 10, 24, 20, 0)), Some(at(2026, 10, 25, 8, 30)));
    }

    #[test]
    fn an_office_that_does_not_open_any_more_says_so_at_once() {
        let mut calendar = week(["9-17", "", "", "", "", "", ""]);
        for day in day_number(2026, 1, 1).unwrap()..day_number(2027, 1, 1).unwrap() {
            calendar.days.insert(day, Exceptional::default());
        }
        let table = year(&calendar);
        assert_eq!(table.add(at(2026, 5, 5, 12, 0), Span(1)), None);
        assert_eq!((table.opens(at(2026, 5, 5, 12, 0)), table.office(at(2026, 5, 5, 12, 0))), (None, Office::Never));
        assert_eq!(table.between(at(2026, 1, 1, 0, 0), at(2026, 12, 31, 0, 0)), Span(0));
    }

    #[test]
    fn the_office_says_until_when() {
        let table = year(&week(["8:30-17", "8:30-17", "8:30-17", "8:30-17", "8:30-17", "", ""]));
        assert_eq!(table.office(at(2026, 11, 23, 8, 30)), Office::Open(at(2026, 11, 23, 17, 0)));
        let closed = Office::Closed { since: Some(at(2026, 11, 27, 17, 0)), until: at(2026, 11, 30, 8, 30) };
        assert_eq!(table.office(at(2026, 11, 27, 17, 0)), closed);
        assert!(!table.is_open(at(2026, 11, 27, 17, 0)) && table.is_open(at(2026, 11, 27, 16, 59)));
        let part = table.between_moments(at(2026, 11, 27, 12, 0), at(2026, 12, 1, 0, 0));
        assert_eq!(part.spans().count(), 2);
        assert_eq!(part.add(at(2026, 11, 27, 16, 0), Span::hours(2)), Some(at(2026, 11, 30, 9, 30)));
    }

    fn any_day() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::btree_set(0_u16..=96, 0..7).prop_map(|cuts| {
            let cuts: Vec<u16> = cuts.into_iter().map(|cut| cut * 15).collect();
            cuts.chunks_exact(2).map(|two| Interval::new(two[0], two[1]).unwrap()).collect()
        })
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let days = prop::collection::btree_map(20_454_i64..20_819, any_day(), 0..40);
        (prop::array::uniform7(any_day()), days, any::<bool>()).prop_filter_map("never open", |(week, days, holidays)| {
            let week = Week::parse(&week.map(|day| Interval::write_day(&day))).ok()?;
            let days = days.into_iter().map(|(day, open)| (day, Exceptional { open, name: String::new() })).collect();
            Some(Calendar { week, days, holidays: if holidays { Holiday::ALL.into() } else { Default::default() } })
        })
    }

    fn any_moment() -> impl Strategy<Value = Moment> {
        (1_767_222_000_000_i64..1_798_758_000_000).prop_map(Moment)
    }

    proptest! {
        #[test]
        fn adding_then_measuring_gives_it_back(calendar in any_calendar(), from in any_moment(), span in 0_i64..4_000_000_000) {
            let table = year(&calendar);
            if let Some(until) = table.add(from, Span(span)) {
                prop_assert_eq!(table.between(from, until), Span(span));
                // It is the first such moment.
                prop_assert!(until == from || table.between(from, Moment(until.0 - 1)).0 < span);
            } else {
                prop_assert!(table.between(from, Moment(i64::MAX)).0 < span);
            }
        }

        #[test]
        fn later_begun_or_longer_is_never_sooner_done(calendar in any_calendar(), a in any_moment(), b in any_moment(), x in 0_i64..500_000_000, y in 0_i64..500_000_000) {
            let table = year(&calendar);
            let (a, b, x, y) = (a.min(b), a.max(b), x.min(y), x.max(y));
            if let (Some(first), Some(later)) = (table.add(a, Span(x)), table.add(b, Span(x))) {
                prop_assert!(first <= later);
            }
            if let (Some(first), Some(later)) = (table.add(a, Span(x)), table.add(a, Span(y))) {
                prop_assert!(first <= later);
            }
            prop_assert!(table.between(a, b).0 >= 0 && table.between(a, b).0 <= b.0 - a.0);
        }

        #[test]
        fn in_two_steps_as_in_one(calendar in any_calendar(), from in any_moment(), x in 0_i64..500_000_000, y in 0_i64..500_000_000) {
            let table = year(&calendar);
            let steps = table.add(from, Span(x)).and_then(|at| table.add(at, Span(y)));
            prop_assert_eq!(steps, table.add(from, Span(x + y)));
        }

        #[test]
        fn splitting_an_interval_changes_nothing(calendar in any_calendar(), cut in 0_u16..1_440) {
            let split = |day: &[Interval]| -> Vec<Interval> {
                day.iter().flat_map(|i| if i.from() < cut && cut < i.until() {
                    vec![Interval::new(i.from(), cut).unwrap(), Interval::new(cut, i.until()).unwrap()]
                } else {
                    vec![*i]
                }).collect()
            };
            let week: [String; 7] = std::array::from_fn(|at| Interval::write_day(&split(calendar.week.day(at as u8))));
            let other = Calendar { week: Week::parse(&week).unwrap(), ..calendar.clone() };
            prop_assert_eq!(year(&other), year(&calendar));
        }

        #[test]
        fn opens_and_is_open_agree(calendar in any_calendar(), at in any_moment()) {
            let table = year(&calendar);
            prop_assert_eq!(table.is_open(at), table.opens(at) == Some(at));
            prop_assert_eq!(table.is_open(at), matches!(table.office(at), Office::Open(_)));
            prop_assert_eq!(table.is_open(at), table.between(at, at + Span(1)) == Span(1));
        }
    }
}
