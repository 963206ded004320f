//! Time zones by name, as the list of offsets that the browser gets.

use domain::time::{Moment, Span, Zone};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of who has none.
pub const DEFAULT: &str = "Europe/Amsterdam";
/// What is kept as the zone of someone until their first visit: their browser says it then.
pub(crate) const UNKNOWN: &str = "";
/// For so long two clocks have to agree to be the same.
const AGREE: Span = Span::days(60);

/// The name of a zone, or of the default one where it is not known yet.
pub fn known(name: &str) -> &str {
    if name == UNKNOWN { DEFAULT } else { name }
}

/// A zone as a browser names it, where it is one of ours.
pub fn of_browser(name: &str) -> Option<&str> {
    let is_name = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    Some(name).filter(|name| is_name && is_known(name))
}

/// Whether two zones show the same time for the weeks to come.
pub fn is_same_clock(one: &str, other: &str, now: Moment) -> bool {
    let (one, other) = (known(one), known(other));
    one == other || between(one, now, now + AGREE) == between(other, now, now + AGREE)
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(known(name)).or_else(|_| TimeZone::get(DEFAULT)).unwrap_or(TimeZone::UTC)
}

/// How far back times are written with their own offset; older ones get the oldest.
const YEARS_BACK: i64 = 3;

/// What a zone did in the last years and will do in the next; the default one where the name is unknown.
pub fn around(name: &str, now: Moment) -> Zone {
    between(name, now - Span::days(365 * YEARS_BACK), now + Span::days(370))
}

/// What a zone does between two moments; the default one where the name is unknown.
pub fn between(name: &str, from: Moment, until: Moment) -> Zone {
    let zone = zone(name);
    let Ok(from) = Timestamp::from_millisecond(from.0) else { return Zone::default() };
    let mut offsets = vec![(from.as_second(), zone.to_offset(from).seconds())];
    offsets.extend(
        zone.following(from).take_while(|t| t.timestamp().as_millisecond() < until.0).map(|t| (t.timestamp().as_second(), t.offset().seconds())),
    );
    Zone { offsets }
}

/// Whether there is a zone with this name.
pub fn is_known(name: &str) -> bool {
    name != UNKNOWN && TimeZone::get(name).is_ok()
}

/// The names of all zones, in order.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> =
        jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/') && !name.starts_with("Etc/")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// When a day begins in a zone, so many days later; `None` where it is no day such as `2026-11-24`.
pub fn day(zone: &str, day: &str, more: i64) -> Option<Moment> {
    let date: jiff::civil::Date = day.parse().ok()?;
    let date = date.checked_add(jiff::Span::new().try_days(more).ok()?).ok()?;
    let start = date.to_zoned(TimeZone::get(zone).ok()?).ok()?;
    Some(Moment(start.timestamp().as_millisecond()))
}

/// A moment as it is written in an export (RFC 3339, UTC).
pub fn written(at: Moment) -> String {
    Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

/// The next time a zone's clock says this hour.
pub fn next(name: &str, now: Moment, hour: i8) -> Moment {
    let zone = zone(name);
    let next = || {
        let here = Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone);
        let today = here.with().hour(hour).minute(0).second(0).subsec_nanosecond(0).build().ok()?;
        let at = if today > here { today } else { today.tomorrow().ok()?.with().hour(hour).build().ok()? };
        Some(Moment(at.timestamp().as_millisecond()))
    };
    next().unwrap_or(now + Span::days(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amsterdam_changes_twice_a_year() {
        let zone = around("Europe/Amsterdam", Moment(1_795_435_200_000));
        assert!(zone.offsets.len() >= 8, "{zone:?}");
        assert!(zone.offsets.iter().all(|(_, o)| [3_600, 7_200].contains(o)));
        assert_eq!(around("Mars/Olympus", Moment(0)), around(DEFAULT, Moment(0)));
    }

    #[test]
    fn the_next_morning_is_at_eight_also_when_the_clock_changes() {
        // Saturday 24 October 2026 at noon in Amsterdam; summer time ends that night.
        let noon = Moment(1_792_836_000_000);
        assert_eq!(next("Europe/Amsterdam", noon, 8) - noon, Span::hours(21));
        assert_eq!(next("Europe/Amsterdam", noon, 13) - noon, Span::hours(1));
        assert_eq!(next("Europe/Amsterdam", noon, 12) - noon, Span::hours(25));
    }

    #[test]
    fn a_browsers_zone_is_one_that_there_is_and_two_names_of_one_clock_are_the_same() {
        for name in ["America/New_York", "Asia/Calcutta", "Europe/Kiev", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"] {
            assert_eq!(of_browser(name), Some(name));
        }
        for name in ["", "Mars/Olympus", "../../etc/passwd", "Europe/Amsterdam; Path=/", "Europe/Amsterdam\n", &"a".repeat(65)] {
            assert_eq!(of_browser(name), None, "{name}");
        }
        // 23 November 2026.
        let now = Moment(1_795_435_200_000);
        assert!(
            is_same_clock("Europe/Amsterdam", "Europe/Paris", now)
                && is_same_clock(UNKNOWN, DEFAULT, now)
                && is_same_clock("UTC", "Europe/London", now)
        );
        assert!(!is_same_clock("Europe/Amsterdam", "America/New_York", now) && !is_same_clock("Europe/Amsterdam", "Europe/London", now));
        // Until the end of March both are an hour ahead of Greenwich; then one of them changes.
        let march = Moment(1_805_300_000_000);
        assert!(!is_same_clock("Europe/Amsterdam", "Africa/Lagos", march) && is_same_clock("Europe/Amsterdam", "Africa/Lagos", now));
    }
}
