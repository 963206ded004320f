//! Moments to come in words, by the clock on a reader's wall.

use crate as w;
use domain::accounts::Language;
use domain::hours::Promise;
use domain::time::{Civil, Moment, Zone};

/// "8.30", "8:30".
pub fn clock(civil: Civil, l: Language) -> String {
    match l {
        Language::Nl => format!("{}.{:02}", civil.hour, civil.minute),
        Language::En => format!("{}:{:02}", civil.hour, civil.minute),
    }
}

/// The name of a month; January is 1.
pub fn month(n: u8, l: Language) -> &'static str {
    w::months(l).split(' ').nth(usize::from(n.saturating_sub(1))).unwrap_or_default()
}

/// The name of a weekday; 0 is Monday.
pub fn weekday(n: u8, l: Language) -> &'static str {
    w::weekdays(l).split(' ').nth(usize::from(n)).unwrap_or_default()
}

/// When it will be, in full: "vandaag om 15.40 uur", "dinsdag om 8.30 uur", "2 december om 8.30 uur".
pub fn ahead(at: Moment, now: Moment, zone: &Zone, l: Language) -> String {
    let (civil, today) = (zone.civil(at), zone.civil(now).days);
    let time = clock(civil, l);
    match civil.days - today {
        0 => w::ahead_today(l, time),
        1 => w::ahead_tomorrow(l, time),
        2..7 => w::ahead_day(l, weekday(civil.weekday(), l), time),
        _ => w::ahead_date(l, civil.day, month(civil.month, l), time),
    }
}

/// A time, with whose clock shows it where that is not the office's: "morgen om 3.30 uur (tijd van New York)".
pub fn on_clock_of(time: String, place: Option<&str>, l: Language) -> String {
    match place {
        Some(place) => w::at_clock_of(l, place, time),
        None => time,
    }
}

/// The place that a time zone is named after: "New York" for `America/New_York`.
pub fn place(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

/// What is promised, in sentences: "Ons kantoor is nu gesloten. Je ticket pakken we dinsdag om 8.30 uur op." Where the reader's clock is not the office's, `place` names it.
pub fn promise(promise: &Promise, now: Moment, zone: &Zone, place: Option<&str>, l: Language) -> String {
    let ahead = |at: Moment| on_clock_of(ahead(at, now, zone, l), place, l);
    let first = match promise.taken_up_at() {
        Some(at) => Some(w::promise_closed(l, ahead(at))),
        None if promise.waits() => Some(w::promise_never(l).to_owned()),
        None if promise.around_the_clock => Some(w::promise_urgent(l).to_owned()),
        None => None,
    };
    let reply = promise.reply_by.map(|at| if at > now { w::promise_reply(l, ahead(at)) } else { w::promise_late(l).to_owned() });
    first.into_iter().chain(reply).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::hours::Office;
    use domain::time::{Span, day_number};

    #[test]
    fn a_promise_is_a_sentence_people_understand() {
        // Sunday 29 November 2026, 20:00 in UTC.
        let now = Moment(day_number(2026, 11, 29).unwrap() * 86_400_000) + Span::hours(20);
        let (zone, opens) = (Zone { offsets: vec![(0, 0)] }, now + Span::minutes(36 * 60 + 30));
        let office = Office::Closed { since: None, until: opens };
        let said = |around_the_clock, office, reply_by| promise(&Promise { around_the_clock, office, reply_by }, now, &zone, None, Language::Nl);
        assert_eq!(
            said(false, office, Some(opens + Span::hours(4))),
            "Ons kantoor is nu gesloten. Je ticket pakken we dinsdag om 8.30 uur op. Je hoort uiterlijk dinsdag om 12.30 uur van ons."
        );
        assert_eq!(
            said(true, office, Some(now + Span::hours(1))),
            "Dit behandelen we nu, ook buiten kantooruren. Je hoort uiterlijk vandaag om 21.00 uur van ons."
        );
        assert_eq!(said(false, Office::Open(opens), Some(now + Span::days(20))), "Je hoort uiterlijk 19 december om 20.00 uur van ons.");
        assert_eq!(said(false, Office::Open(opens), None), "");
        assert_eq!(said(false, Office::Never, None), "Ons kantoor is gesloten, en wanneer het weer opengaat is nog niet bekend.");
        assert_eq!(said(false, Office::Open(opens), Some(now - Span::hours(1))), "Je had al van ons moeten horen; we doen het zo snel mogelijk.");
    }

    #[test]
    fn a_promise_that_is_read_by_another_clock_says_by_which() {
        let now = Moment(day_number(2026, 11, 29).unwrap() * 86_400_000) + Span::hours(20);
        let new_york = Zone { offsets: vec![(0, -18_000)] };
        let given = Promise {
            around_the_clock: false,
            office: Office::Closed { since: None, until: now + Span::hours(12) },
            reply_by: Some(now + Span::hours(16)),
        };
        let place = place("America/New_York");
        assert_eq!(
            promise(&given, now, &new_york, Some(&place), Language::Nl),
            "Ons kantoor is nu gesloten. Je ticket pakken we morgen om 3.00 uur (tijd van New York) op. Je hoort uiterlijk morgen om 7.00 uur (tijd van New York) van ons."
        );
        assert!(promise(&given, now, &new_york, Some(&place), Language::En).contains("(New York time)"));
    }
}
