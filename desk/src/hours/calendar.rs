//! The dates of an iCalendar file (RFC 5545) as days on which an office is closed.
//!
//! Invariant: a meeting closes no office and refuses no file, however it repeats; of whole days all are taken, or the file is refused.

use super::MOST_DAYS;
use domain::time::{Moment, Zone, date, day_number};
use domain::{Fault, typed};
use icalendar::parser::{Component, Property, read_calendar_simple, unfold};
use std::collections::{BTreeMap, HashSet};

/// Largest file: a century of holidays is a hundredth of it.
pub(super) const MOST_BYTES: u64 = 1 << 20;
/// How many years ahead a yearly date is taken.
const YEARS: i32 = 10;
/// How deep components are in each other at most: an alarm in an event in a calendar is three, and the parser goes down by calling itself.
const DEEPEST: i32 = 8;
/// Most days of one event.
const LONGEST: i64 = 366;
/// A day, in seconds.
const DAY: i64 = 86_400;

/// The days of a calendar from one on, with what they are called, for an office in a time zone. Whole days only: a meeting closes no office. Refuses what is no calendar, and one with whole
/// days that repeat otherwise than every year, rather than to take half of it.
pub(super) fn days(text: &str, from: i64, zone: &Zone) -> Result<BTreeMap<i64, String>, Fault> {
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    if depth(&unfolded) > DEEPEST || !unfolded.trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
        return Err(Fault::NotACalendar);
    }
    // Not the reader that draws where it is wrong: a line of 64 KiB is more than it can draw.
    let mut calendars = vec![];
    for one in apart(&unfolded) {
        calendars.extend(read_calendar_simple(one).map_err(|_| Fault::NotACalendar)?);
    }
    let events: Vec<&Component<'_>> = calendars.iter().flat_map(|calendar| &calendar.components).filter(|c| c.name == "VEVENT").collect();
    // What stands in for a date of something that repeats: it is not on that date.
    let moved: HashSet<(String, i64)> = events.iter().filter_map(|event| Some((uid(event), replaces(event, zone)?))).collect();
    let mut days = BTreeMap::new();
    for event in events {
        let is_cancelled = value(event, "STATUS").is_some_and(|status| status == "CANCELLED");
        let Some((start, length)) = whole_days(event, zone)?.filter(|_| !is_cancelled) else { continue };
        let is_one_of_many = all(event, "RECURRENCE-ID").next().is_some();
        if all(event, "RECURRENCE-ID").any(|p| p.params.iter().any(|param| param.key == "RANGE")) {
            return Err(Fault::RepeatsOtherwise);
        }
        let mut starts = starts(event, start, date(from).0, zone)?;
        if !is_one_of_many {
            starts.retain(|day| !moved.contains(&(uid(event), *day)));
        }
        starts.retain(|day| day + length > from);
        if length > LONGEST && !starts.is_empty() {
            return Err(Fault::NotACalendar);
        }
        let name = name(event);
        for start in starts {
            days.extend((start..start + length).filter(|day| *day >= from).map(|day| (day, name.clone())));
            if days.len() > MOST_DAYS {
                return Err(Fault::TooMany(MOST_DAYS as u32));
            }
        }
    }
    Ok(days)
}

/// The calendars of a file, each by itself: the parser reads one.
fn apart(text: &str) -> Vec<&str> {
    const BEGIN: &str = "BEGIN:VCALENDAR";
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let mut starts: Vec<usize> = lines.filter(|(_, line)| line.trim().eq_ignore_ascii_case(BEGIN)).map(|(start, _)| start).skip(1).collect();
    starts.insert(0, 0);
    starts.push(text.len());
    starts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
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

fn all<'e>(event: &'e Component<'_>, name: &str) -> impl Iterator<Item = &'e Property<'e>> {
    event.properties.iter().filter(move |p| p.name == name)
}

fn value(event: &Component<'_>, name: &str) -> Option<String> {
    all(event, name).next().map(|p| p.val.as_str().to_owned())
}

fn uid(event: &Component<'_>) -> String {
    value(event, "UID").unwrap_or_default()
}

fn name(event: &Component<'_>) -> String {
    let summary = value(event, "SUMMARY").unwrap_or_default();
    let summary = summary.replace("\\,", ",").replace("\\;", ";").replace("\\n", " ").replace("\\N", " ");
    typed::name(&summary).chars().take(80).collect()
}

/// When something begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Day(i64),
    /// On the office's clock, or on the one that the file names: as some programs write whole days.
    Midnight(i64),
    /// Only in Greenwich: as others write them.
    UtcMidnight(i64),
    Time,
}

impl When {
    fn read(text: &str, zone: &Zone) -> Option<Self> {
        let Some((day, time)) = text.split_once('T') else { return day_of(text).map(When::Day) };
        let day = day_of(day)?;
        Some(match time.strip_suffix('Z') {
            None if time == "000000" => When::Midnight(day),
            None => When::Time,
            Some(utc) => {
                let seconds = seconds_of(utc)?;
                let here = zone.civil(Moment((day * DAY + seconds) * 1_000));
                match (here.hour, here.minute, here.second) {
                    (0, 0, 0) => When::Midnight(here.days),
                    _ if seconds == 0 => When::UtcMidnight(day),
                    _ => When::Time,
                }
            }
        })
    }

    fn day(self) -> Option<i64> {
        match self {
            When::Day(day) | When::Midnight(day) | When::UtcMidnight(day) => Some(day),
            When::Time => None,
        }
    }
}

fn when(event: &Component<'_>, name: &str, zone: &Zone) -> Result<Option<When>, Fault> {
    value(event, name).map(|text| When::read(&text, zone).ok_or(Fault::NotACalendar)).transpose()
}

fn day_of(text: &str) -> Option<i64> {
    let is_written = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    is_written.then(|| day_number(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)).flatten()
}

/// The seconds since midnight of `235959`.
fn seconds_of(text: &str) -> Option<i64> {
    let is_written = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    let part = |at: usize, most: i64| text[at..at + 2].parse().ok().filter(|part: &i64| *part < most);
    is_written.then(|| Some(part(0, 24)? * 3_600 + part(2, 60)? * 60 + part(4, 61)?)).flatten()
}

/// The dates that a property lists; `None` where one of them is no day.
fn listed(event: &Component<'_>, name: &str, zone: &Zone) -> Option<Vec<i64>> {
    all(event, name).flat_map(|p| p.val.as_str().split(',')).map(|text| When::read(text.trim(), zone)?.day()).collect()
}

/// The date of something that repeats which this stands in for.
fn replaces(event: &Component<'_>, zone: &Zone) -> Option<i64> {
    When::read(&value(event, "RECURRENCE-ID")?, zone)?.day()
}

/// The first day of an event, and how many there are; `None` where it is a part of a day: a meeting.
fn whole_days(event: &Component<'_>, zone: &Zone) -> Result<Option<(i64, i64)>, Fault> {
    let start = when(event, "DTSTART", zone)?.ok_or(Fault::NotACalendar)?;
    let end = when(event, "DTEND", zone)?;
    let lasts = value(event, "DURATION").map(|text| duration(&text).ok_or(Fault::NotACalendar)).transpose()?;
    Ok(match (start, end, lasts) {
        (When::Day(first), Some(end), _) => Some((first, end.day().map_or(1, |end| (end - first).max(1)))),
        (When::Day(first), None, lasts) => Some((first, lasts.map_or(1, |seconds| (seconds + DAY - 1) / DAY).max(1))),
        (When::Midnight(first), Some(When::Day(end) | When::Midnight(end)), _) if end > first => Some((first, end - first)),
        (When::UtcMidnight(first), Some(When::UtcMidnight(end)), _) if end > first => Some((first, end - first)),
        (When::Midnight(first), None, None) => Some((first, 1)),
        (When::Midnight(first) | When::UtcMidnight(first), None, Some(seconds)) if seconds > 0 && seconds % DAY == 0 => Some((first, seconds / DAY)),
        _ => None,
    })
}

/// The seconds of `P2W`, `P10D`, `PT24H` or `P1DT0H0M0S`; `None` where it is none of these, or less than nothing.
fn duration(text: &str) -> Option<i64> {
    let (days, time) = text.strip_prefix('+').unwrap_or(text).strip_prefix('P').map(|rest| rest.split_once('T').unwrap_or((rest, "")))?;
    let mut seconds = None;
    for (part, units) in [(days, [('W', 7 * DAY), ('D', DAY)].as_slice()), (time, &[('H', 3_600), ('M', 60), ('S', 1)])] {
        let mut rest = part;
        while !rest.is_empty() {
            let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
            let unit = units.iter().find(|(letter, _)| after.starts_with(*letter))?.1;
            let number: i64 = number.parse().ok().filter(|n| *n <= 1_000_000)?;
            seconds = Some(seconds.unwrap_or(0) + number * unit);
            rest = &after[1..];
        }
    }
    seconds
}

/// The days on which something begins: one, or each year's, with those that are named besides and without those that are left out.
fn starts(event: &Component<'_>, start: i64, this_year: i32, zone: &Zone) -> Result<Vec<i64>, Fault> {
    let (year, month, first) = date(start);
    let mut starts = match value(event, "RRULE") {
        None => vec![start],
        Some(rule) => {
            let (last, count) = ends(&rule, zone)?;
            let years = (year..=this_year + YEARS).filter_map(|year| day_number(year, month, first));
            years.take_while(|start| *start <= last).take(count).collect()
        }
    };
    starts.extend(listed(event, "RDATE", zone).ok_or(Fault::RepeatsOtherwise)?);
    let left_out = listed(event, "EXDATE", zone).ok_or(Fault::RepeatsOtherwise)?;
    starts.retain(|day| !left_out.contains(day));
    Ok(starts)
}

/// The last day of a rule that repeats every year on one date, and how often it does at most.
fn ends(rule: &str, zone: &Zone) -> Result<(i64, usize), Fault> {
    let (mut is_yearly, mut last, mut count) = (false, i64::MAX, usize::MAX);
    for part in rule.split(';') {
        match part.split_once('=') {
            Some(("FREQ", "YEARLY")) => is_yearly = true,
            Some(("INTERVAL", "1") | ("WKST", _)) => {}
            Some(("UNTIL", until)) => {
                let day = When::read(until, zone).and_then(When::day).or_else(|| until.get(..8).and_then(day_of));
                last = day.ok_or(Fault::NotACalendar)?;
            }
            Some(("COUNT", often)) => count = often.parse().map_err(|_| Fault::NotACalendar)?,
            // Each year's own date is in the date itself.
            Some(("BYMONTH" | "BYMONTHDAY", one)) if !one.contains(',') => {}
            _ => return Err(Fault::RepeatsOtherwise),
        }
    }
    if is_yearly { Ok((last, count)) } else { Err(Fault::RepeatsOtherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::parse_date;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//NL\r\n{events}END:VCALENDAR\r\n")
    }

    fn amsterdam() -> Zone {
        crate::zones::between("Europe/Amsterdam", Moment(0), Moment(2_000_000_000_000))
    }

    fn read(events: &str) -> Result<Vec<(String, String)>, Fault> {
        let from = parse_date("2026-11-23").unwrap();
        days(&calendar(events), from, &amsterdam()).map(|days| days.into_iter().map(|(day, name)| (domain::time::write_date(day), name)).collect())
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
        for (lines, days) in [
            ("DTSTART:20261224T000000 DTEND:20261224T010000", 0),
            ("DTSTART:20261224T000000 DTEND:20261226T000000", 2),
            ("DTSTART:20261224T000000 DURATION:PT1H", 0),
            ("DTSTART:20261224T000000 DURATION:PT24H", 1),
            ("DTSTART:20261224T000000 DURATION:P1DT0H0M0S", 1),
            ("DTSTART:20261224T090000 DURATION:P1DT0H0M0S", 0),
            ("DTSTART;VALUE=DATE:20261224 DURATION:P1DT0H0M0S", 1),
            ("DTSTART;VALUE=DATE:20261224 DURATION:+P10D", 10),
            ("DTSTART;VALUE=DATE:20261224 DURATION:P2W", 14),
            ("DTSTART;VALUE=DATE:20261224 DURATION:P0D", 1),
            ("DTSTART;VALUE=DATE:20261224 DURATION:PT1H", 1),
            ("DTSTART;VALUE=DATE:20261224 STATUS:CANCELLED", 0),
            ("DTSTART;VALUE=DATE:20200101 DTEND;VALUE=DATE:20260101", 0),
        ] {
            assert_eq!(count(lines), Ok(days), "{lines}");
        }
        for wrong in ["DTEND;VALUE=DATE:20290101", "DURATION:-P1D", "DURATION:P", "DURATION:1D", "DURATION:P1X", "DURATION:P99999999999999999999D"] {
            assert_eq!(count(&format!("DTSTART;VALUE=DATE:20261224 {wrong}")), Err(Fault::NotACalendar), "{wrong}");
        }
    }

    #[test]
    fn a_whole_day_in_utc_is_one_by_the_clock_of_the_office_or_of_greenwich() {
        let event = |lines: &str| read(&format!("BEGIN:VEVENT\r\nUID:1\r\n{}\r\nEND:VEVENT\r\n", lines.replace(' ', "\r\n"))).unwrap();
        let days = |lines: &str| event(lines).into_iter().map(|(day, _)| day).collect::<Vec<_>>();
        assert_eq!(days("DTSTART:20261224T000000Z DTEND:20261225T000000Z"), ["2026-12-24"]);
        assert_eq!(days("DTSTART:20261224T000000Z DURATION:P2D"), ["2026-12-24", "2026-12-25"]);
        assert_eq!(days("DTSTART:20261223T230000Z DTEND:20261224T230000Z"), ["2026-12-24"]);
        // Over a change of the clock.
        assert_eq!(days("DTSTART:20270327T230000Z DTEND:20270328T220000Z"), ["2027-03-28"]);
        for meeting in
            ["DTSTART:20261224T000000Z", "DTSTART:20261224T000000Z DTEND:20261224T010000Z", "DTSTART:20261224T090000Z DTEND:20261225T090000Z"]
        {
            assert_eq!(days(meeting), [""; 0], "{meeting}");
        }
    }

    #[test]
    fn a_meeting_may_repeat_and_be_moved_as_it_likes() {
        let kerst = "BEGIN:VEVENT\r\nUID:k\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Kerst\r\nEND:VEVENT\r\n";
        let meeting = "BEGIN:VEVENT\r\nUID:m\r\nDTSTART;TZID=Europe/Amsterdam:20261201T090000\r\nDTEND;TZID=Europe/Amsterdam:20261201T100000\r\n\
                       RRULE:FREQ=WEEKLY;BYDAY=TU\r\nEXDATE;TZID=Europe/Amsterdam:20261208T090000\r\nRDATE;VALUE=PERIOD:20261209T090000Z/PT1H\r\nEND:VEVENT\r\n\
                       BEGIN:VEVENT\r\nUID:m\r\nRECURRENCE-ID;TZID=Europe/Amsterdam;RANGE=THISANDFUTURE:20261215T090000\r\nDTSTART;TZID=Europe/Amsterdam:20261216T140000\r\n\
                       DURATION:PT1H\r\nEND:VEVENT\r\n";
        assert_eq!(read(&format!("{meeting}{kerst}")).unwrap(), [("2026-12-25".to_owned(), "Kerst".to_owned())]);
    }

    #[test]
    fn a_whole_day_that_is_moved_left_out_or_added_is_so_here() {
        let yearly = |lines: &str, more: &str| {
            let events = format!(
                "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20251224\r\nRRULE:FREQ=YEARLY;COUNT=4\r\n{lines}SUMMARY:x\r\nEND:VEVENT\r\n{more}"
            );
            read(&events).map(|days| days.into_iter().map(|(day, _)| day).collect::<Vec<_>>())
        };
        let moved = |to: &str| format!("BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;VALUE=DATE:20271224\r\n{to}\r\nEND:VEVENT\r\n");
        assert_eq!(yearly("", "").unwrap(), ["2026-12-24", "2027-12-24", "2028-12-24"]);
        assert_eq!(yearly("EXDATE;VALUE=DATE:20261224,20281224\r\n", "").unwrap(), ["2027-12-24"]);
        assert_eq!(yearly("RDATE;VALUE=DATE:20270102\r\n", "").unwrap(), ["2026-12-24", "2027-01-02", "2027-12-24", "2028-12-24"]);
        assert_eq!(yearly("", &moved("DTSTART;VALUE=DATE:20271227")).unwrap(), ["2026-12-24", "2027-12-27", "2028-12-24"]);
        assert_eq!(yearly("", &moved("DTSTART;VALUE=DATE:20271224\r\nSTATUS:CANCELLED")).unwrap(), ["2026-12-24", "2028-12-24"]);
        assert_eq!(yearly("", &moved("DTSTART:20271224T090000Z\r\nDTEND:20271224T100000Z")).unwrap(), ["2026-12-24", "2028-12-24"], "now a meeting");
        assert_eq!(yearly("RDATE;VALUE=PERIOD:20270102T090000Z/PT1H\r\n", ""), Err(Fault::RepeatsOtherwise));
        let from_then_on = moved("DTSTART;VALUE=DATE:20271227").replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE");
        assert_eq!(yearly("", &from_then_on), Err(Fault::RepeatsOtherwise));
    }

    #[test]
    fn all_calendars_of_a_file_are_read() {
        let one = |day: &str| calendar(&format!("BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\n"));
        assert_eq!(days(&format!("{}{}", one("20261224"), one("20261231")), parse_date("2026-11-23").unwrap(), &amsterdam()).unwrap().len(), 2);
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
            assert_eq!(days(wrong, 0, &amsterdam()), Err(Fault::NotACalendar), "{wrong:?}");
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
        assert_eq!(days(&format!("BEGIN:VCALENDAR\n{}", "B".repeat(70_000)), 0, &amsterdam()), Err(Fault::NotACalendar));
        let deep = "BEGIN:VEVENT\r\n".repeat(20_000);
        assert_eq!(read(&deep), Err(Fault::NotACalendar));
    }
}
