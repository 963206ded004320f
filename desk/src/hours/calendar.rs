//! The dates of an iCalendar file (RFC 5545) as days on which an office is closed.

use super::MOST_DAYS;
use domain::time::{date, day_number};
use domain::{Fault, typed};
use icalendar::parser::{Component, read_calendar_simple, unfold};
use std::collections::BTreeMap;

/// Largest file: a century of holidays is a hundredth of it.
pub(super) const MOST_BYTES: u64 = 1 << 20;
/// How many years ahead a yearly date is taken.
const YEARS: i32 = 10;
/// How deep components are in each other at most: an alarm in an event in a calendar is three, and the parser goes down by calling itself.
const DEEPEST: i32 = 8;
/// Most days of one event.
const LONGEST: i64 = 366;

/// The days of a calendar from one on, with what they are called. Whole days only: a meeting closes no office. Refuses what is no calendar, and one that repeats otherwise than
/// every year, rather than to take half of it.
pub(super) fn days(text: &str, from: i64) -> Result<BTreeMap<i64, String>, Fault> {
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    if depth(&unfolded) > DEEPEST {
        return Err(Fault::NotACalendar);
    }
    // Not the reader that draws where it is wrong: a line of 64 KiB is more than it can draw.
    let components = read_calendar_simple(&unfolded).map_err(|_| Fault::NotACalendar)?;
    let events = components.first().map(|calendar| calendar.components.as_slice()).unwrap_or_default();
    if !unfolded.trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
        return Err(Fault::NotACalendar);
    }
    let (this_year, ..) = date(from);
    let mut days = BTreeMap::new();
    for event in events.iter().filter(|c| c.name == "VEVENT") {
        if ["EXDATE", "RDATE", "RECURRENCE-ID"].iter().any(|name| value(event, name).is_some()) {
            return Err(Fault::RepeatsOtherwise);
        }
        let is_cancelled = value(event, "STATUS").is_some_and(|status| status == "CANCELLED");
        let Some((start, length)) = whole_days(event)?.filter(|_| !is_cancelled) else { continue };
        let name: String = typed::line(&value(event, "SUMMARY").unwrap_or_default().replace("\\,", ",").replace("\\;", ";").replace("\\n", " "));
        let name: String = name.chars().take(80).collect();
        let (year, month, first) = date(start);
        let (last_year, last) = match value(event, "RRULE") {
            None => (year, start),
            Some(rule) => (this_year + YEARS, last_day(&rule)?),
        };
        for start in (year..=last_year).filter_map(|year| day_number(year, month, first)).filter(|start| *start <= last) {
            days.extend((start..start + length).filter(|day| *day >= from).map(|day| (day, name.clone())));
            if days.len() > MOST_DAYS {
                return Err(Fault::TooMany(MOST_DAYS as u32));
            }
        }
    }
    Ok(days)
}

/// How deep components are in each other.
fn depth(text: &str) -> i32 {
    let step = |line: &str| {
        if line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:")) {
            1
        } else {
            -i32::from(line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("END:")))
        }
    };
    let mut depth = 0;
    text.lines()
        .map(|line| {
            depth += step(line.trim_start());
            depth
        })
        .max()
        .unwrap_or_default()
}

fn value(event: &Component<'_>, name: &str) -> Option<String> {
    event.properties.iter().find(|p| p.name == name).map(|p| p.val.as_str().to_owned())
}

/// When something begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Day(i64),
    /// As some programs write whole days.
    Midnight(i64),
    Time,
}

fn when(event: &Component<'_>, name: &str) -> Result<Option<When>, Fault> {
    let Some(text) = value(event, name) else { return Ok(None) };
    let (day, time) = text.split_once('T').map_or((text.as_str(), None), |(day, time)| (day, Some(time)));
    let day = day_of(day).ok_or(Fault::NotACalendar)?;
    Ok(Some(match time {
        None => When::Day(day),
        Some("000000") => When::Midnight(day),
        // Midnight in Greenwich is none here.
        Some(_) => When::Time,
    }))
}

fn day_of(text: &str) -> Option<i64> {
    let is_written = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    is_written.then(|| day_number(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)).flatten()
}

/// The first day of an event, and how many there are; `None` where it is a part of a day: a meeting.
fn whole_days(event: &Component<'_>) -> Result<Option<(i64, i64)>, Fault> {
    let start = when(event, "DTSTART")?.ok_or(Fault::NotACalendar)?;
    let (first, is_day) = match start {
        When::Day(day) => (day, true),
        When::Midnight(day) => (day, false),
        When::Time => return Ok(None),
    };
    let length = match (when(event, "DTEND")?, value(event, "DURATION")) {
        (Some(When::Day(end) | When::Midnight(end)), _) if end > first => end - first,
        (Some(_), _) if is_day => 1,
        (Some(_), _) => return Ok(None),
        (None, None) => 1,
        (None, Some(duration)) => match duration_days(&duration) {
            Some(days) => days,
            None if is_day => return Err(Fault::NotACalendar),
            None => return Ok(None),
        },
    };
    if length > LONGEST { Err(Fault::NotACalendar) } else { Ok(Some((first, length))) }
}

/// The days of `P10D` or `P2W`.
fn duration_days(text: &str) -> Option<i64> {
    let (n, unit) = text.strip_prefix('P')?.split_at_checked(text.len().checked_sub(2)?)?;
    let n: i64 = n.parse().ok().filter(|n| (1..=10_000).contains(n))?;
    match unit {
        "D" => Some(n),
        "W" => Some(n * 7),
        _ => None,
    }
}

/// The last day of a rule that repeats every year on one date.
fn last_day(rule: &str) -> Result<i64, Fault> {
    let mut is_yearly = false;
    let mut last = i64::MAX;
    for part in rule.split(';') {
        match part.split_once('=') {
            Some(("FREQ", "YEARLY")) => is_yearly = true,
            Some(("INTERVAL", "1") | ("WKST", _)) => {}
            Some(("UNTIL", until)) => last = until.get(..8).and_then(day_of).ok_or(Fault::NotACalendar)?,
            // Each year's own date is in the date itself.
            Some(("BYMONTH" | "BYMONTHDAY", one)) if !one.contains(',') => {}
            _ => return Err(Fault::RepeatsOtherwise),
        }
    }
    if is_yearly { Ok(last) } else { Err(Fault::RepeatsOtherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::parse_date;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//NL\r\n{events}END:VCALENDAR\r\n")
    }

    fn read(events: &str) -> Result<Vec<(String, String)>, Fault> {
        let from = parse_date("2026-11-23").unwrap();
        days(&calendar(events), from).map(|days| days.into_iter().map(|(day, name)| (domain::time::write_date(day), name)).collect())
    }

    #[test]
    fn whole_days_are_taken_with_their_names_and_what_is_past_is_left() {
        let events = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY:Kerst\\, dicht met een naam die over\r\n  twee regels gaat\r\nEND:VEVENT\r\n\
                      BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20200101\r\nSUMMARY:Lang geleden\r\nEND:VEVENT\r\n\
                      BEGIN:VEVENT\r\nUID:3\r\nDTSTART;TZID=Europe/Amsterdam:20270105T000000\r\nSUMMARY:Drie Koningen\r\nEND:VEVENT\r\n\
                      BEGIN:VEVENT\r\nUID:4\r\nDTSTART:20270106T090000Z\r\nDTEND:20270106T100000Z\r\nSUMMARY:Overleg\r\nEND:VEVENT\r\n";
        let name = "Kerst, dicht met een naam die over twee regels gaat".to_owned();
        let expected = [("2026-12-24", &name), ("2026-12-25", &name), ("2026-12-26", &name), ("2027-01-05", &"Drie Koningen".to_owned())];
        assert_eq!(read(events).unwrap(), expected.map(|(day, name)| (day.to_owned(), name.clone())));
    }

    #[test]
    fn a_yearly_date_comes_back_every_year_and_29_february_in_leap_years() {
        let yearly = |start: &str, rule: &str| {
            read(&format!("BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{start}\r\nRRULE:{rule}\r\nSUMMARY:x\r\nEND:VEVENT\r\n"))
        };
        assert_eq!(yearly("20200427", "FREQ=YEARLY").unwrap().len(), 10);
        assert_eq!(yearly("20200427", "FREQ=YEARLY;UNTIL=20280101T000000Z").unwrap().len(), 1, "not the one after it");
        assert_eq!(yearly("20200427", "FREQ=YEARLY;UNTIL=20280427").unwrap().len(), 2);
        assert_eq!(
            yearly("20200229", "FREQ=YEARLY").unwrap().iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(),
            ["2028-02-29", "2032-02-29", "2036-02-29"]
        );
        assert_eq!(yearly("20200427", "FREQ=WEEKLY"), Err(Fault::RepeatsOtherwise));
        assert_eq!(yearly("20200427", "FREQ=YEARLY;BYDAY=1MO"), Err(Fault::RepeatsOtherwise));
        assert_eq!(yearly("20200427", "FREQ=YEARLY;BYMONTH=1,7"), Err(Fault::RepeatsOtherwise));
    }

    #[test]
    fn a_meeting_closes_no_office_and_nothing_is_half_taken() {
        let event = |lines: &str| read(&format!("BEGIN:VEVENT\r\nUID:1\r\n{}\r\nEND:VEVENT\r\n", lines.replace(' ', "\r\n")));
        let count = |lines: &str| event(lines).map(|days| days.len());
        assert_eq!(count("DTSTART:20261224T000000 DTEND:20261224T010000"), Ok(0));
        assert_eq!(count("DTSTART:20261224T000000 DTEND:20261226T000000"), Ok(2));
        assert_eq!(count("DTSTART:20261224T000000Z DTEND:20261225T000000Z"), Ok(0));
        assert_eq!(count("DTSTART:20261224T000000 DURATION:PT1H"), Ok(0));
        assert_eq!(count("DTSTART;VALUE=DATE:20261224 DURATION:P10D"), Ok(10));
        assert_eq!(count("DTSTART;VALUE=DATE:20261224 DURATION:P2W"), Ok(14));
        assert_eq!(count("DTSTART;VALUE=DATE:20261224 DURATION:PT1H"), Err(Fault::NotACalendar));
        assert_eq!(count("DTSTART;VALUE=DATE:20261224 STATUS:CANCELLED"), Ok(0));
        assert_eq!(count("DTSTART;VALUE=DATE:20261224 DTEND;VALUE=DATE:20290101"), Err(Fault::NotACalendar));
        for other in ["EXDATE;VALUE=DATE:20271224", "RECURRENCE-ID;VALUE=DATE:20261224", "RDATE;VALUE=DATE:20271224"] {
            assert_eq!(count(&format!("DTSTART;VALUE=DATE:20261224 RRULE:FREQ=YEARLY {other}")), Err(Fault::RepeatsOtherwise), "{other}");
        }
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        let event = |start: &str| calendar(&format!("BEGIN:VEVENT\r\nUID:1\r\nDTSTART{start}\r\nEND:VEVENT\r\n"));
        for wrong in [
            "",
            "BEGIN:",
            "BEGIN:VCALENDAR",
            "naam;datum\nKerst;2026-12-25\n",
            &event(";VALUE=DATE:20261332"),
            &event(";VALUE=DATE:x"),
            &event(":"),
            &calendar("BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n"),
        ] {
            assert_eq!(days(wrong, 0), Err(Fault::NotACalendar), "{wrong:?}");
        }
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn the_largest_file_is_read_at_once_and_a_deep_one_does_no_harm() {
        let event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261224\r\nSUMMARY:x\r\nEND:VEVENT\r\n";
        let many = event.repeat(MOST_BYTES as usize / event.len());
        assert_eq!(read(&many).unwrap().len(), 1);
        let yearly = event.replace("SUMMARY", "DURATION:P366D\r\nRRULE:FREQ=YEARLY\r\nSUMMARY");
        assert_eq!(read(&yearly.repeat(10_000)), Err(Fault::TooMany(MOST_DAYS as u32)));
        // Longer than what a reader draws that shows where a file is wrong.
        assert_eq!(days(&format!("BEGIN:VCALENDAR\n{}", "B".repeat(70_000)), 0), Err(Fault::NotACalendar));
        let deep = "BEGIN:VEVENT\r\n".repeat(20_000);
        assert_eq!(read(&deep), Err(Fault::NotACalendar));
    }
}
