//! How much time is left, in words and as a fuse that burns down.

use crate::i18n as w;
use crate::{Reader, ui, when};
use domain::DepartmentId;
use domain::board::Card;
use domain::hours::Goal;
use domain::tickets::{Due, SETTLE_AFTER, Stand, Status, Time};
use domain::time::{Moment, Span};
use leptos::tachys::html::InertElement;
use serde::{Deserialize, Serialize};

/// What the browser needs to write the time left again as it passes: the fields of [`Due`] in their order, and the department. Without their names, as there is one on each row.
#[derive(Serialize, Deserialize)]
struct Told(Goal, Option<Moment>, Option<Moment>, Span, Option<Span>, Option<Moment>, bool, DepartmentId);

/// What is begun of it counts whole: nothing is over in "0 min".
const MINUTE: Span = Span::minutes(1);

fn stand(due: &Due, department: DepartmentId, reader: &Reader) -> Stand {
    due.stand(reader.now, reader.offices.of(department))
}

/// "nog 24 min", "morgen 9.40", "25 min te laat", "tot morgen 8.30", "2 dagen stil".
fn words(due: &Due, stand: &Stand, reader: &Reader) -> String {
    let l = reader.language;
    match (stand.state, due.at, stand.opens) {
        (Time::Missed, Some(at), _) => w::due_late(l, span((reader.now - at).max(MINUTE), reader)),
        (Time::Paused, _, Some(opens)) => w::due_until(l, when::soon(opens, reader)),
        (Time::Paused, ..) | (_, None, _) => match due.still_since.map(|since| (reader.now - since).0 / Span::days(1).0) {
            Some(days @ 2..) => w::due_still_days(l, days),
            _ => w::due_still(l).to_owned(),
        },
        (_, Some(at), _) if when::is_today(at, reader) => w::due_left(l, span(Span(stand.left.0 + MINUTE.0 - 1), reader)),
        (_, Some(at), _) => when::soon(at, reader),
    }
}

/// A length of time in the two steps that matter: "24 min", "3 u 05 min", "2 dagen".
fn span(span: Span, reader: &Reader) -> String {
    let (l, minutes) = (reader.language, span.0.max(0) / 60_000);
    match (minutes / 1_440, minutes / 60, minutes % 60) {
        (0, 0, minutes) => w::span_minutes(l, minutes),
        (0, hours, minutes) => w::span_hours(l, hours, format!("{minutes:02}")),
        (days, ..) => w::span_days(l, days),
    }
}

fn mark(state: Time) -> Option<&'static str> {
    match state {
        Time::OnTime => None,
        Time::Near => Some("timer"),
        Time::Missed => Some("clock-alert"),
        Time::Paused => Some("pause"),
    }
}

/// The time left on a card; on a resolved one, when it is closed.
pub fn left(card: &Card, reader: &Reader) -> InertElement {
    match (card.status, card.due, card.settled_at) {
        (Status::Resolved, _, Some(at)) => {
            let days = ((at + SETTLE_AFTER - reader.now).0.max(0) + Span::days(1).0 - 1) / Span::days(1).0;
            InertElement::new(format!(r#"<span class="due" data-time="done">{}</span>"#, ui::text(&w::due_closes(reader.language, days))))
        }
        (_, Some(due), _) => time_left(&due, card.department.id, reader),
        _ => InertElement::new(format!(r#"<span class="due">{}</span>"#, when::ago_html(card.settled_at.unwrap_or(card.updated_at), reader))),
    }
}

/// The time left for something.
pub fn time_left(due: &Due, department: DepartmentId, reader: &Reader) -> InertElement {
    let stand = stand(due, department, reader);
    let title = due.at.map(|at| format!("{}: {}", w::goal_title(due.goal, reader.language), when::exact(at, reader)));
    let title = title.map(|title| format!(r#" title="{}""#, ui::value(&title))).unwrap_or_default();
    InertElement::new(format!(
        r#"<span class="due" data-time="{}" data-due="{}"{title}>{}<span>{}</span></span>"#,
        stand.state.word(),
        ui::value(&told(due, department)),
        mark(stand.state).map(ui::icon_html).unwrap_or_default(),
        ui::text(&words(due, &stand, reader))
    ))
}

/// The fuse that burns down along the foot of a card, and the word for it as the card's `data-time`.
pub fn fuse(due: &Due, department: DepartmentId, reader: &Reader) -> (&'static str, InertElement) {
    let stand = stand(due, department, reader);
    let (spent, told) = (step(&stand), told(due, department));
    let html = format!(r#"<span class="fuse" data-spent="{spent}" data-fuse="{}" aria-hidden="true"></span>"#, ui::value(&told));
    (stand.state.word(), InertElement::new(html))
}

/// In steps for which there are rules: no page has a style of its own.
fn step(stand: &Stand) -> String {
    (stand.spent / 5 * 5).to_string()
}

fn told(due: &Due, department: DepartmentId) -> String {
    let Due { goal, at, near, total, left, still_since, around_the_clock } = *due;
    serde_json::to_string(&Told(goal, at, near, total, left, still_since, around_the_clock, department)).unwrap_or_default()
}

fn read(told: &str) -> Option<(Due, DepartmentId)> {
    let Told(goal, at, near, total, left, still_since, around_the_clock, department) = serde_json::from_str(told).ok()?;
    Some((Due { goal, at, near, total, left, still_since, around_the_clock }, department))
}

/// Writes the time left again, for a reader at a later moment; in the browser.
pub fn pass(reader: &Reader) {
    ui::each("[data-due], [data-fuse]", |element| {
        let fuse = element.get_attribute("data-fuse");
        let Some(text) = fuse.clone().or_else(|| element.get_attribute("data-due")) else { return };
        let Some((due, department)) = read(&text) else { return };
        let stand = stand(&due, department, reader);
        let set = |element: &web_sys::Element, name: &str, value: &str| {
            if element.get_attribute(name).as_deref() != Some(value) {
                element.set_attribute(name, value).unwrap_or(());
            }
        };
        if fuse.is_some() {
            set(element, "data-spent", &step(&stand));
            if let Some(around) = element.closest("[data-time]").ok().flatten() {
                set(&around, "data-time", stand.state.word());
            }
            return;
        }
        if element.get_attribute("data-time").as_deref() != Some(stand.state.word()) {
            set(element, "data-time", stand.state.word());
            if let Ok(Some(old)) = element.query_selector("svg") {
                old.remove();
            }
            if let Some(mark) = mark(stand.state) {
                element.insert_adjacent_html("afterbegin", &ui::icon_html(mark)).unwrap_or(());
            }
        }
        if let Ok(Some(text)) = element.query_selector("span") {
            text.set_text_content(Some(&words(&due, &stand, reader)));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::accounts::Language;
    use domain::hours::{Calendar, Offices, Timetable};
    use domain::time::{Zone, day_number};

    /// Monday 23 November 2026 so many days and hours later, in UTC.
    fn at(day: i64, hour: i64, minute: i64) -> Moment {
        Moment((day_number(2026, 11, 23).unwrap() + day) * 86_400_000) + Span::minutes(hour * 60 + minute)
    }

    fn reader(now: Moment) -> Reader {
        let (day, zone) = (day_number(2026, 11, 20).unwrap(), Zone { offsets: vec![(0, 0)] });
        let offices = Offices { usual: Timetable::new(&Calendar::default(), &zone, day, day + 40), own: vec![] };
        Reader { language: Language::Nl, zone, now, offices, ..Reader::default() }
    }

    fn due(until: Option<Moment>, hours: i64) -> Due {
        let (total, near) = (Span::hours(hours), until.map(|at| at - Span::minutes(hours * 15)));
        Due { goal: Goal::Solution, at: until, near, total, left: None, still_since: None, around_the_clock: false }
    }

    #[test]
    fn the_time_left_is_said_as_people_do() {
        for (now, until, state, said) in [
            (at(0, 12, 0), Some(at(0, 15, 5)), "ontime", "nog 3 u 05 min"),
            (at(0, 14, 41), Some(at(0, 15, 5)), "near", "nog 24 min"),
            (at(0, 15, 4) + Span::seconds(30), Some(at(0, 15, 5)), "near", "nog 1 min"),
            (at(0, 15, 5) + Span::seconds(10), Some(at(0, 15, 5)), "missed", "1 min te laat"),
            (at(0, 15, 30), Some(at(0, 15, 5)), "missed", "25 min te laat"),
            (at(2, 15, 30), Some(at(0, 15, 5)), "missed", "2 dagen te laat"),
            (at(0, 20, 0), Some(at(1, 10, 0)), "paused", "tot morgen 8.30"),
            (at(4, 20, 0), Some(at(7, 10, 0)), "paused", "tot ma 8.30"),
            (at(0, 12, 0), Some(at(1, 9, 40)), "ontime", "morgen 9.40"),
            (at(0, 12, 0), Some(at(3, 15, 0)), "ontime", "do 15.00"),
            (at(0, 12, 0), Some(at(9, 15, 0)), "ontime", "2 december"),
            (at(0, 12, 0), None, "paused", "klok staat stil"),
        ] {
            let (due, reader) = (due(until, 4), reader(now));
            let stand = stand(&due, DepartmentId(1), &reader);
            assert_eq!((stand.state.word(), words(&due, &stand, &reader).as_str()), (state, said), "{now:?}");
        }
        let still = Due { still_since: Some(at(0, 12, 0)), ..due(None, 4) };
        let reader = reader(at(2, 13, 0));
        assert_eq!(words(&still, &stand(&still, DepartmentId(1), &reader), &reader), "2 dagen stil");
    }
}
