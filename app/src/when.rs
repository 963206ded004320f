//! Moments in the reader's words.

use crate::accounts::zone;
use crate::i18n as w;
use crate::i18n::when::{clock, month, weekday};
use crate::{Reader, due, ui};
use domain::time::{Ago, Moment, ago};
use domain::{DepartmentId, Named};
use leptos::prelude::*;
use leptos::tachys::html::InertElement;

/// How long ago it was: "2 uur geleden"; a date after a week.
pub fn relative(at: Moment, reader: &Reader) -> String {
    let l = reader.language;
    match ago(at, reader.now, &reader.zone) {
        Ago::JustNow => w::ago_just_now(l).to_owned(),
        Ago::Minutes(n) => w::ago_minutes(l, n),
        Ago::Hours(n) => w::ago_hours(l, n),
        Ago::Yesterday => w::ago_yesterday(l, clock(reader.zone.civil(at), l)),
        Ago::Days(n) => w::ago_days(l, n),
        Ago::Date => date(at, reader),
    }
}

/// When it was: "vandaag 9.12", "gisteren 16.40", "6 november 11.02".
pub fn at(at: Moment, reader: &Reader) -> String {
    let (civil, now, l) = (reader.zone.civil(at), reader.zone.civil(reader.now), reader.language);
    match now.days - civil.days {
        0 => w::at_today(l, clock(civil, l)),
        1 => w::at_yesterday(l, clock(civil, l)),
        _ => format!("{} {}", date(at, reader), clock(civil, l)),
    }
}

/// When it will be, in short: "vandaag 15.40", "morgen 9.40", "do 15.00", "2 december".
pub fn soon(at: Moment, reader: &Reader) -> String {
    let (civil, now, l) = (reader.zone.civil(at), reader.zone.civil(reader.now), reader.language);
    match civil.days - now.days {
        0 => w::soon_today(l, clock(civil, l)),
        1 => w::soon_tomorrow(l, clock(civil, l)),
        2..7 => format!("{} {}", w::weekdays_short(l).split(' ').nth(usize::from(civil.weekday())).unwrap_or_default(), clock(civil, l)),
        _ => date(at, reader),
    }
}

/// Which departments are closed, and until when each; for good without a moment.
pub fn closed(closed: &[(DepartmentId, Option<Moment>)], departments: &[Named<DepartmentId>], reader: &Reader) -> String {
    let l = reader.language;
    let sentence = |(id, until): &(DepartmentId, Option<Moment>)| {
        let name = &departments.iter().find(|d| d.id == *id)?.name;
        Some(until.map_or_else(
            || w::board_department_closed_for_good(l, name),
            |at| w::board_department_closed(l, name, w::when::on_clock_of(soon(at, reader), reader.elsewhere.as_deref(), l)),
        ))
    };
    closed.iter().filter_map(sentence).collect::<Vec<_>>().join(" ")
}

/// Until when, as short as can be: "17.30", "morgen 8.30", "ma 8.30"; with whose clock that is, where an office goes by another.
pub fn until(at: Moment, reader: &Reader) -> String {
    let time = if is_today(at, reader) { clock(reader.zone.civil(at), reader.language) } else { soon(at, reader) };
    w::when::on_clock_of(time, reader.elsewhere.as_deref(), reader.language)
}

/// Since when: "17.30", "gisteren 17.30", "6 november 17.30".
pub fn since(moment: Moment, reader: &Reader) -> String {
    if is_today(moment, reader) { clock(reader.zone.civil(moment), reader.language) } else { at(moment, reader) }
}

/// Whether it is on the reader's today.
pub fn is_today(at: Moment, reader: &Reader) -> bool {
    reader.zone.civil(at).days == reader.zone.civil(reader.now).days
}

fn date(at: Moment, reader: &Reader) -> String {
    let (civil, now) = (reader.zone.civil(at), reader.zone.civil(reader.now));
    let month = month(civil.month, reader.language);
    if civil.year == now.year { format!("{} {month}", civil.day) } else { format!("{} {month} {}", civil.day, civil.year) }
}

/// The exact time: "woensdag 12 november 2025, 14.36 uur".
pub fn exact(at: Moment, reader: &Reader) -> String {
    let (civil, l) = (reader.zone.civil(at), reader.language);
    let time = w::at_exact(l, civil.day, month(civil.month, l), clock(civil, l), weekday(civil.weekday(), l), civil.year);
    w::when::on_clock_of(time, reader.elsewhere.as_deref(), l)
}

/// How long ago, with the exact time on hover; the browser keeps it up to date.
pub fn ago_time(moment: Moment, reader: &Reader) -> InertElement {
    InertElement::new(ago_html(moment, reader))
}

/// [`ago_time`] as HTML.
pub fn ago_html(moment: Moment, reader: &Reader) -> String {
    time_html(moment, r#" data-ago="""#, &relative(moment, reader), reader)
}

/// When, with the exact time on hover.
pub fn at_time(moment: Moment, reader: &Reader) -> InertElement {
    InertElement::new(time_html(moment, "", &at(moment, reader), reader))
}

fn time_html(moment: Moment, attributes: &'static str, words: &str, reader: &Reader) -> String {
    format!(r#"<time datetime="{}" title="{}"{attributes}>{}</time>"#, iso(moment), ui::value(&exact(moment, reader)), ui::text(words))
}

fn iso(moment: Moment) -> String {
    let c = domain::time::Zone::default().civil(moment);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

/// Keeps "2 minutes ago" true while the page is open, and tells the server by which clock it is read.
#[island]
pub fn Times() -> impl IntoView {
    Effect::new(move |_| {
        zone::tell();
        let opened = js_sys::Date::now();
        let pass = move || {
            let reader = Reader::current();
            let reader = Reader { now: Moment(reader.now.0 + (js_sys::Date::now() - opened) as i64), ..reader };
            ui::each("time[data-ago]", |element| {
                if let Some(moment) = element.get_attribute("datetime").map(|text| js_sys::Date::parse(&text)).filter(|ms| ms.is_finite()) {
                    element.set_text_content(Some(&relative(Moment(moment as i64), &reader)));
                }
            });
            due::pass(&reader);
        };
        ui::every(30_000, move || ui::at_rest(pass));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::accounts::Language;
    use domain::time::{Span, Zone};

    /// Monday 23 November 2026, 17:18 in Amsterdam; New York is six hours behind.
    const NOW: Moment = Moment(1_795_450_680_000);

    fn reader(language: Language, east: i32) -> Reader {
        Reader { language, zone: Zone { offsets: vec![(0, east)] }, now: NOW, ..Reader::default() }
    }

    #[test]
    fn how_long_ago_is_said_in_the_readers_words() {
        for (span, nl, en) in [
            (Span::seconds(5), "zojuist", "just now"),
            (Span::minutes(1), "1 minuut geleden", "1 minute ago"),
            (Span::minutes(59), "59 minuten geleden", "59 minutes ago"),
            (Span::hours(2), "2 uur geleden", "2 hours ago"),
            (Span::hours(20), "gisteren 21.18", "yesterday 21:18"),
            (Span::days(3), "3 dagen geleden", "3 days ago"),
            (Span::days(20), "3 november", "3 November"),
            (Span::days(400), "19 oktober 2025", "19 October 2025"),
        ] {
            assert_eq!(relative(NOW - span, &reader(Language::Nl, 3_600)), nl);
            assert_eq!(relative(NOW - span, &reader(Language::En, 3_600)), en);
        }
    }

    #[test]
    fn the_exact_time_is_the_readers_own() {
        assert_eq!(exact(NOW, &reader(Language::Nl, 3_600)), "maandag 23 november 2026, 17.18 uur");
        assert_eq!(exact(NOW, &reader(Language::En, -18_000)), "Monday 23 November 2026, 11:18");
        let night = NOW - Span::hours(17);
        assert_eq!(at(night, &reader(Language::Nl, 3_600)), "vandaag 0.18");
        assert_eq!(at(night, &reader(Language::En, -18_000)), "yesterday 18:18");
        assert_eq!(iso(NOW), "2026-11-23T16:18:00Z", "what a machine reads has no zone of the reader's");
    }
}
