//! The hours of a department: its week, the holidays it keeps, the dates that differ, and a picture of the coming four weeks.

use super::api::{self, Hours};
use crate::i18n::when::{month, weekday};
use crate::people::{notices, tabs};
use crate::ui::{self, Place, desk_frame, icon, problem_page};
use crate::{Problem, Reader, Returned, i18n as w, when};
use domain::accounts::Language;
use domain::hours::{Office, Planned};
use domain::time::{date, write_date};
use domain::{DepartmentId, Field};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// What the forms of the page do.
const ACTIONS: [&str; 4] = ["save_hours", "add_days", "remove_day", "import_days"];
/// The names of the days in the form, Monday first.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Office hours, for admins.
#[component]
pub fn HoursPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/hours"/> }.into_any();
    }
    let l = reader.language;
    let query = use_query_map().read_untracked().clone();
    let department = query.get("department").unwrap_or_default();
    let kept = match (query.get("imported"), query.get("kept")) {
        (Some(count), _) => Some(w::hours_imported(l, count.parse().unwrap_or_default())),
        (None, Some(_)) => Some(w::kept(l).to_owned()),
        (None, None) => None,
    };
    ui::set_title(w::hours(l));
    Suspend::new(async move {
        // A form that came back is about the department that it names.
        let returned = Returned::any().map(|r| r.value("department")).filter(|id| !id.is_empty());
        match api::hours_page(returned.unwrap_or(department)).await {
            Ok(hours) => page(hours, kept, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(hours: Hours, kept: Option<String>, reader: &Reader) -> impl IntoView + use<> {
    // What was kept before is not said beside what is wrong now.
    let kept = kept.filter(|_| Returned::any().is_none_or(|returned| returned.problem.is_none()));
    let l = reader.language;
    let department = hours.department;
    let stands = match hours.office {
        Office::Open(until) => w::office_open_until(l, when::soon(until, reader)),
        Office::Closed { until, .. } => w::office_closed_until(l, when::soon(until, reader)),
        Office::Never => w::office_closed(l).to_owned(),
    };
    let is_open = matches!(hours.office, Office::Open(_));
    let fields: Vec<Field> =
        (0..7).map(Field::Weekday).chain([Field::TimeZone, Field::Date, Field::Until, Field::Hours, Field::Name, Field::File]).collect();
    let inner = view! {
        <main id="inhoud" class="people-page hours-page">
            <header class="head"><h1>{w::hours(l)}</h1></header>
            {tabs("/hours", reader)}
            {notices(&ACTIONS, &fields, None, l)}
            {kept.map(|text| view! { <div class="banner" data-kind="thanks" role="status">{icon("check")}<div class="text"><p>{text}</p></div></div> })}
            <nav class="choose" aria-label=w::department(l)>{hours.departments.iter().map(|d| view! {
                <a class="button" data-size="small" href=format!("/hours?department={}", d.id) aria-current=(d.id == department).then_some("true")>{d.name.clone()}</a>
            }).collect_view()}</nav>
            <section class="panel settings" aria-labelledby="h-coming">
                <header><h2 id="h-coming">{w::hours_coming(l)}</h2><p class="hint"><span class="dot" data-state=if is_open { "open" } else { "closed" }></span>" "{stands}</p></header>
                {progress(hours.reckoning, l)}
                {picture(&hours.coming, hours.today, l)}
            </section>
            <section class="panel settings" aria-labelledby="h-week"><h2 id="h-week">{w::hours_week(l)}</h2>{week(&hours, reader)}</section>
            <section class="panel settings" aria-labelledby="h-days"><header><h2 id="h-days">{w::hours_days(l)}</h2><p class="hint">{w::hours_days_hint(l)}</p></header>
                {days(department, &hours.days, reader)}
                {add(department, l)}
                {import(department, l)}
            </section>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

/// How far it is reckoned anew what is due.
pub(super) fn progress(reckoning: Option<(i64, i64)>, l: Language) -> impl IntoView {
    view! {
        <div data-live="reckoning">{reckoning.map(|(done, all)| view! {
            <p role="status">{w::reckoning(l, done * 100 / all.max(1))}</p>
            <progress class="progress-bar" value=done.to_string() max=all.max(1).to_string()>{w::reckoning(l, done * 100 / all.max(1))}</progress>
            {ui::look_again()}
        })}</div>
    }
}

/// "8.30-12.30".
fn clock(minute: u16, l: Language) -> String {
    match l {
        Language::Nl => format!("{}.{:02}", minute / 60, minute % 60),
        Language::En => format!("{}:{:02}", minute / 60, minute % 60),
    }
}

fn date_word(day: i64, l: Language) -> String {
    let (_, n, day) = date(day);
    format!("{day} {}", month(n, l))
}

/// A word at the beginning of a line.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn day_of(day: i64, l: Language) -> &'static str {
    weekday(domain::time::weekday(day), l)
}

/// Four weeks: a row for each, and in each day when it is open, drawn and in words.
fn picture(coming: &[Planned], today: i64, l: Language) -> impl IntoView + use<> {
    let cell = |day: &Planned| {
        let name = day.name.clone().or_else(|| day.holiday.map(|holiday| w::holiday_word(holiday, l).to_owned()));
        let words: Vec<String> = day.open.iter().map(|open| format!("{}–{}", clock(open.from(), l), clock(open.until(), l))).collect();
        let is_closed = words.is_empty();
        view! {
            <td data-today=(day.day == today).then_some("") data-past=(day.day < today).then_some("") data-closed=is_closed.then_some("") data-differs=day.name.is_some().then_some("")>
                <span class="date"><span class="day">{day_of(day.day, l)}" "</span>{date_word(day.day, l)}</span>
                <svg viewBox="0 0 1440 60" preserveAspectRatio="none" aria-hidden="true"><rect class="shut" width="1440" height="60"/>
                    {day.open.iter().map(|open| view! { <rect class="open" x=open.from().to_string() width=(open.until() - open.from()).to_string() height="60"/> }).collect_view()}
                    <rect class="noon" x="719" width="2" height="60"/></svg>
                <span class="when">{if is_closed { w::hours_closed(l).to_owned() } else { words.join(", ") }}</span>
                {name.filter(|name| !name.is_empty()).map(|name| view! { <span class="name">{name}</span> })}
            </td>
        }
    };
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=w::hours_coming(l)><table class="weeks">
            <thead><tr>{(0..7).map(|n| view! { <th scope="col">{weekday(n, l)}</th> }).collect_view()}</tr></thead>
            <tbody>{coming.chunks(7).map(|week| view! { <tr>{week.iter().map(cell).collect_view()}</tr> }).collect_view()}</tbody>
        </table></div>
    }
}

fn week(hours: &Hours, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let returned = Returned::of("save_hours");
    let problem = returned.problem.clone();
    let value = |at: usize| if problem.is_some() { returned.value(DAYS[at]) } else { hours.week.get(at).cloned().unwrap_or_default() };
    let zone = if problem.is_some() { returned.value("zone") } else { hours.zone.clone() };
    let kept = returned.values("holidays");
    let rows: Vec<_> = (0..7).map(|at| (at, value(at), problem.as_ref().and_then(|p| p.at(Field::Weekday(at as u8), l)))).collect();
    let holidays: Vec<_> = hours
        .holidays
        .iter()
        .map(|(holiday, day, known)| {
            let checked = if problem.is_some() { kept.iter().any(|word| word == holiday.word()) } else { *known };
            (holiday.word(), w::holiday_word(*holiday, l), format!("{} {}", day_of(*day, l), date_word(*day, l)), checked)
        })
        .collect();
    let zone_fault = problem.as_ref().and_then(|p| p.at(Field::TimeZone, l));
    view! {
        <form method="post" action="/api/save_hours" class="form week-form">
            <input type="hidden" name="department" value=hours.department.to_string()/>
            <p class="hint" id="week-hint">{w::hours_week_hint(l)}</p>
            <div class="days">{rows.into_iter().map(|(at, value, fault)| {
                let (id, fault_id, wrong) = (format!("day-{at}"), format!("day-{at}-fault"), fault.is_some().then_some("true"));
                view! {
                    <div class="field"><label for=id.clone()>{capital(weekday(at as u8, l))}</label>
                        <input class="input" id=id name=DAYS[at] value=value maxlength="200" autocomplete="off" placeholder=w::hours_closed(l) aria-invalid=wrong autofocus=wrong.is_some() aria-describedby=if wrong.is_some() { fault_id.clone() } else { "week-hint".to_owned() }/>
                        {fault.map(|sentence| view! { <p class="error" id=fault_id>{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
                }
            }).collect_view()}</div>
            <div class="field"><label for="zone">{w::time_zone(l)}</label>
                <input class="input" id="zone" name="zone" value=zone list="zones" autocomplete="off" aria-invalid=zone_fault.is_some().then_some("true") autofocus=zone_fault.is_some() aria-describedby="zone-fault"/>
                <datalist id="zones">{hours.zones.iter().map(|zone| view! { <option value=zone.clone()></option> }).collect_view()}</datalist>
                {zone_fault.map(|sentence| view! { <p class="error" id="zone-fault">{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
            <fieldset class="holidays"><legend>{w::hours_holidays(l)}</legend>{holidays.into_iter().map(|(word, name, when, checked)| view! {
                <label class="check"><input type="checkbox" name="holidays[]" value=word checked=checked/><span>{name}" "<span class="hint">{when}</span></span></label>
            }).collect_view()}</fieldset>
            <div class="row"><button class="button" data-kind="primary">{w::keep(l)}</button></div>
        </form>
    }
}

fn days(department: DepartmentId, days: &[(i64, String, String)], reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let rows: Vec<_> = days.iter().map(|(day, open, name)| (*day, open.clone(), name.clone())).collect();
    if rows.is_empty() {
        return view! { <p class="hint">{w::hours_days_none(l)}</p> }.into_any();
    }
    view! {
        <ul role="list" class="rows">{rows.into_iter().map(|(day, open, name)| {
            let (year, ..) = date(day);
            let when = format!("{} {} {year}", day_of(day, l), date_word(day, l));
            view! {
                <li><div class="what"><b>{when.clone()}</b><p class="hint">{if open.is_empty() { w::hours_closed(l).to_owned() } else { open }}{(!name.is_empty()).then(|| format!(" · {name}"))}</p></div>
                    <form method="post" action="/api/remove_day"><input type="hidden" name="department" value=department.to_string()/><input type="hidden" name="day" value=write_date(day)/>
                        <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::hours_day_remove(l, when)>{icon("x")}</button></form></li>
            }
        }).collect_view()}</ul>
    }
    .into_any()
}

fn field(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    at: Field,
    returned: &Returned,
    problem: Option<&Problem>,
    l: Language,
) -> impl IntoView + use<> {
    ui::optional(ui::Input { id: name, name, label, kind, autocomplete: "off", field: at }, returned.value(name), None, problem, l)
}

fn add(department: DepartmentId, l: Language) -> impl IntoView {
    let returned = Returned::of("add_days");
    let problem = returned.problem.clone();
    let problem = problem.as_ref();
    view! {
        <form method="post" action="/api/add_days" class="form add-days"><h3>{w::hours_day_add(l)}</h3>
            <input type="hidden" name="department" value=department.to_string()/>
            <div class="row">
                {field("from", w::hours_from(l), "date", Field::Date, &returned, problem, l)}
                {field("until", w::hours_until(l), "date", Field::Until, &returned, problem, l)}
                {field("open", w::hours_open(l), "text", Field::Hours, &returned, problem, l)}
                {field("name", w::hours_name(l), "text", Field::Name, &returned, problem, l)}
            </div>
            <p class="hint">{w::hours_day_hint(l)}</p>
            <div class="row"><button class="button">{icon("plus")}{w::add(l)}</button></div>
        </form>
    }
}

fn import(department: DepartmentId, l: Language) -> impl IntoView {
    let problem = Returned::of("import_days").problem.clone();
    let sentence = problem.as_ref().and_then(|p| p.at(Field::File, l));
    view! {
        <form method="post" action="/api/import_days" enctype="multipart/form-data" class="form"><h3>{w::hours_import(l)}</h3>
            <input type="hidden" name="department" value=department.to_string()/>
            <div class="field"><label for="file">{w::hours_import_file(l)}</label><input class="input" id="file" type="file" name="file" accept=".ics,text/calendar" required aria-invalid=sentence.is_some().then_some("true") autofocus=sentence.is_some() aria-describedby="file-fault"/>
                {sentence.map(|sentence| view! { <p class="error" id="file-fault">{icon("circle-alert")}<span>{sentence}</span></p> })}
                <p class="hint">{w::hours_import_hint(l)}</p></div>
            <div class="row"><button class="button">{icon("upload")}{w::hours_import_do(l)}</button></div>
        </form>
    }
}
