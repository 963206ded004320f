//! Time zones by name, as the list of offsets that the browser gets.

use domain::time::{Moment, Span, Zone};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of who has none.
pub const DEFAULT: &str = "Europe/Amsterdam";

/// How far back times are written with their own offset; older ones get the oldest.
const YEARS_BACK: i64 = 3;

/// What a zone did in the last years and will do in the next; the default one where the name is unknown.
pub fn around(name: &str, now: Moment) -> Zone {
    let zone = TimeZone::get(name).or_else(|_| TimeZone::get(DEFAULT)).unwrap_or(TimeZone::UTC);
    let Ok(from) = Timestamp::from_millisecond((now - Span::days(365 * YEARS_BACK)).0) else { return Zone::default() };
    let until = (now + Span::days(370)).0;
    let mut offsets = vec![(from.as_second(), zone.to_offset(from).seconds())];
    offsets.extend(
        zone.following(from).take_while(|t| t.timestamp().as_millisecond() < until).map(|t| (t.timestamp().as_second(), t.offset().seconds())),
    );
    Zone { offsets }
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
}
