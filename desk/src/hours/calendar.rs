//! The dates of an iCalendar file (RFC 5545) as days on which an office is closed.

use domain::time::{date, day_number};
use domain::{Fault, typed};
use icalendar::parser::{Component, read_calendar, unfold};
use std::collections::BTreeMap;

/// Largest file: a century of holidays is a hundredth of it.
pub(super) const MOST_BYTES: u64 = 1 << 20;
/// How many years ahead a yearly date is taken.
const YEARS: i32 = 10;
/// How deep components are in each other at most: an alarm in an event in a calendar is three, and the parser goes down by calling itself.
const DEEPEST: i32 = 8;
/// Most days of one event: a long summer.
const LONGEST: i64 = 62;

/// The days of a calendar from one on, with what they are called. Whole days only: a meeting closes no office. Refuses what is no calendar, and one that repeats otherwise than
/// every year, rather than to take half of it.
pub(super) fn days(text: &str, from: i64) -> Result<BTreeMap<i64, String>, Fault> {
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    if depth(&unfolded) > DEEPEST {
        return Err(Fault::NotACalendar);
    }
    let calendar = read_calendar(&unfolded).map_err(|_| Fault::NotACalendar)?;
    if !unfolded.trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
        return Err(Fault::NotACalendar);
    }
    let (this_year, ..) = date(from);
    let mut days = BTreeMap::new();
    for event in calendar.components.iter().filter(|c| c.name == "VEVENT") {
        let Some(start) = day(event, "DTSTART")? else { continue };
        let length = day(event, "DTEND")?.map_or(1, |end| end - start).clamp(1, LONGEST);
        let name: String = typed::line(&value(event, "SUMMARY").unwrap_or_default().replace("\\,", ",").replace("\\;", ";").replace("\\n", " "));
        let name: String = name.chars().take(80).collect();
        let (year, month, first) = date(start);
        let years = match value(event, "RRULE") {
            None => year..=year,
            Some(rule) => year..=last_year(&rule, this_year + YEARS)?,
        };
        for start in years.filter_map(|year| day_number(year, month, first)) {
            days.extend((start..start + length).filter(|day| *day >= from).map(|day| (day, name.clone())));
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

/// The date of a property; `None` where it is a time of a day, and no date. A time of midnight is its date: some programs write whole days so.
fn day(event: &Component<'_>, name: &str) -> Result<Option<i64>, Fault> {
    let Some(text) = value(event, name) else { return if name == "DTSTART" { Err(Fault::NotACalendar) } else { Ok(None) } };
    let (day, time) = text.split_once('T').unwrap_or((&text, "000000"));
    if !time.starts_with("000000") {
        return Ok(None);
    }
    let is_written = day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
    let date = is_written.then(|| day_number(day[..4].parse().ok()?, day[4..6].parse().ok()?, day[6..].parse().ok()?)).flatten();
    date.map(Some).ok_or(Fault::NotACalendar)
}

/// The last year of a rule that repeats every year, at most this one.
fn last_year(rule: &str, most: i32) -> Result<i32, Fault> {
    let mut is_yearly = false;
    let mut last = most;
    for part in rule.split(';') {
        match part.split_once('=') {
            Some(("FREQ", "YEARLY")) => is_yearly = true,
            Some(("INTERVAL", "1") | ("WKST", _)) => {}
            Some(("UNTIL", until)) => last = last.min(until.get(..4).and_then(|year| year.parse().ok()).ok_or(Fault::NotACalendar)?),
            // Each year's own date is in the date itself.
            Some(("BYMONTH" | "BYMONTHDAY", _)) => {}
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
        assert_eq!(yearly("20200427", "FREQ=YEARLY;UNTIL=20280101T000000Z").unwrap().len(), 2);
        assert_eq!(
            yearly("20200229", "FREQ=YEARLY").unwrap().iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(),
            ["2028-02-29", "2032-02-29", "2036-02-29"]
        );
        assert_eq!(yearly("20200427", "FREQ=WEEKLY"), Err(Fault::RepeatsOtherwise));
        assert_eq!(yearly("20200427", "FREQ=YEARLY;BYDAY=1MO"), Err(Fault::RepeatsOtherwise));
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
        let deep = "BEGIN:VEVENT\r\n".repeat(20_000);
        assert_eq!(read(&deep), Err(Fault::NotACalendar));
    }
}
