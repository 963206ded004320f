//! The rota of a department: six weeks as a calendar, who stands in, who is away, and how the rota goes.

use super::api::{self, OnCall};
use super::switch::PushSwitch;
use crate::i18n::when::{month, weekday};
use crate::people::notices;
use crate::ui::{self, Place, desk_frame, icon, problem_page};
use crate::{Reader, Returned, i18n as w, when};
use domain::accounts::Language;
use domain::on_call::{Shift, Turn};
use domain::time::{date, write_date};
use domain::{Field, PersonId};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// What the forms of the page do.
const ACTIONS: [&str; 5] = ["save_rota", "add_swap", "add_away", "remove_entry", "new_feed"];
/// Places on the rota that are offered besides those that are taken.
const FREE: usize = 2;
/// Times without anyone that are said.
const GAPS: usize = 3;

/// Who is on call, for staff.
#[component]
pub fn OnCallPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/on-call"/> }.into_any();
    }
    let l = reader.language;
    let query = use_query_map().read_untracked().clone();
    let department = query.get("department").unwrap_or_default();
    let kept = query.get("kept").map(|_| w::on_call_changed(l).to_owned());
    ui::set_title(w::nav_on_call(l));
    Suspend::new(async move {
        // A form that came back is about the department that it names.
        let returned = Returned::any().map(|r| r.value("department")).filter(|id| !id.is_empty());
        match api::on_call_page(returned.unwrap_or(department)).await {
            Ok(shown) => desk_frame(Place::OnCall, &reader, page(shown, kept, &reader)).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn name(shown: &OnCall, person: Option<PersonId>, l: Language) -> String {
    let known = person.and_then(|id| shown.staff.iter().find(|p| p.id == id));
    known.map_or_else(|| person.map_or(w::on_call_gap(l).to_owned(), |id| format!("#{id}")), |p| p.name.clone())
}

fn day(n: i64, l: Language) -> String {
    let (_, m, d) = date(n);
    format!("{d} {}", month(m, l))
}

fn page(shown: OnCall, kept: Option<String>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    // What was kept before is not said beside what is wrong now.
    let kept = kept.filter(|_| Returned::any().is_none_or(|returned| returned.problem.is_none()));
    let id = shown.department;
    let now = if shown.now.is_some() { w::on_call_now(l, name(&shown, shown.now, l)) } else { w::on_call_nobody(l).to_owned() };
    let gap = (!shown.gaps.is_empty()).then(|| gaps(&shown.gaps, reader));
    let fields = [Field::Members, Field::Handover, Field::Wait, Field::Date, Field::Until, Field::Hook, Field::Assignee];
    let feed = Returned::of("new_feed");
    let link = Some(feed.value("shown")).filter(|link| feed.problem.is_none() && !link.is_empty());
    view! {
        <main id="inhoud" class="people-page on-call-page">
            <header class="head"><h1>{w::nav_on_call(l)}</h1></header>
            {notices(&ACTIONS, &fields, None, l)}
            {kept.map(|text| view! { <div class="banner" data-kind="thanks" role="status">{icon("check")}<div class="text"><p>{text}</p></div></div> })}
            {gap.map(|text| view! { <div class="banner" data-kind="error" role="status">{icon("circle-alert")}<div class="text"><p>{text}</p></div></div> })}
            <nav class="choose" aria-label=w::department(l)>{shown.departments.iter().map(|d| view! {
                <a class="button" data-size="small" href=format!("/on-call?department={}", d.id) aria-current=(d.id == id).then_some("true")>{d.name.clone()}</a>
            }).collect_view()}</nav>
            <section class="panel settings" aria-labelledby="h-calendar"><header><h2 id="h-calendar">{w::on_call_calendar(l)}</h2><p>{now}</p><p class="hint">{w::on_call_hint(l)}</p></header>{calendar(&shown, l)}</section>
            {entries(&shown, true, reader)}
            {entries(&shown, false, reader)}
            {shown.manages.then(|| rota(&shown, l))}
            <section class="panel settings" aria-labelledby="h-push"><header><h2 id="h-push">{w::push_here(l)}</h2><p class="hint">{w::push_hint(l)}</p></header><PushSwitch key=shown.push_key.clone()/></section>
            <section class="panel settings" aria-labelledby="h-feed"><header><h2 id="h-feed">{w::on_call_feed(l)}</h2><p class="hint">{w::on_call_feed_hint(l)}</p></header>
                {link.map(|link| view! { <div role="status"><p>{w::on_call_feed_once(l)}</p><p><code class="secret">{link}</code></p></div> })}
                <form method="post" action="/api/new_feed"><button class="button">{icon("link")}{w::on_call_feed_new(l)}</button></form></section>
        </main>
    }
}

/// When nobody is on call: the first times, and how many more there are.
fn gaps(all: &[Shift], reader: &Reader) -> String {
    let l = reader.language;
    let of = |gap: &Shift| w::on_call_gap_span(l, when::soon(gap.from.max(reader.now), reader), when::soon(gap.until, reader));
    let told = all.iter().take(GAPS).map(of).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(GAPS) {
        0 => w::on_call_gaps(l, told),
        more => w::on_call_gaps_more(l, more as i64, told),
    }
}

/// Six weeks; each day says who is on call from its hand-over on.
fn calendar(shown: &OnCall, l: Language) -> impl IntoView + use<> {
    let head = (0..7_u8).map(|n| view! { <th scope="col">{weekday(n, l).chars().take(2).collect::<String>()}</th> }).collect_view();
    let weeks: Vec<_> = shown
        .days
        .chunks(7)
        .map(|week| {
            let cells = week
                .iter()
                .map(|(n, person)| {
                    // The same colour for the same person: the avatar's.
                    let hue = person.map(|id| (id.0 * 47).rem_euclid(8).to_string());
                    view! {
                        <td data-hue=hue data-gap=(person.is_none() && !shown.rota.members.is_empty()).then_some("") aria-current=(*n == shown.today).then_some("date")>
                            <span class="hint"><span class="phone-only">{weekday(domain::time::weekday(*n), l).chars().take(2).collect::<String>()}" "</span>{day(*n, l)}</span><span class="one-line">{if person.is_none() && shown.rota.members.is_empty() { "–".to_owned() } else { name(shown, *person, l) }}</span></td>
                    }
                })
                .collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect();
    view! { <div class="scroll" tabindex="0" role="group" aria-label=w::on_call_calendar(l)><table class="rota"><thead><tr>{head}</tr></thead><tbody>{weeks}</tbody></table></div> }
}

/// Swaps, or absences: those that are to come, and a form for another.
fn entries(shown: &OnCall, swaps: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let me = reader.visitor.as_ref().map(|visitor| visitor.id);
    let (title, hint, action, word, id) = match swaps {
        true => (w::on_call_swaps(l), w::on_call_swaps_hint(l), "/api/add_swap", "swap", "swaps"),
        false => (w::on_call_away(l), w::on_call_away_hint(l), "/api/add_away", "away", "away"),
    };
    let all: Vec<(i64, i64, Option<PersonId>)> = match swaps {
        true => shown.rota.swaps.iter().map(|swap| (swap.from, swap.until, swap.person)).collect(),
        false => shown.rota.away.iter().map(|away| (away.from, away.until, Some(away.person))).collect(),
    };
    let rows: Vec<_> = all
        .into_iter()
        .enumerate()
        .filter(|(_, (_, until, _))| *until >= shown.today)
        .map(|(at, (from, until, person))| {
            let days = if until - from == 1 { day(from, l) } else { format!("{} – {}", day(from, l), day(until - 1, l)) };
            let may = shown.manages || (person.is_some() && person == me);
            view! {
                <li><div class="what"><b>{name(shown, person, l)}</b><p class="hint">{days}</p></div>
                    {may.then(|| view! { <form method="post" action="/api/remove_entry"><input type="hidden" name="department" value=shown.department.to_string()/><input type="hidden" name="entry" value=word/>
                        <input type="hidden" name="at" value=at.to_string()/><input type="hidden" name="from" value=write_date(from)/><button class="button" data-kind="quiet" data-size="small">{icon("x")}{w::on_call_remove(l)}</button></form> })}</li>
            }
        })
        .collect();
    let returned = Returned::of(if swaps { "add_swap" } else { "add_away" });
    let problem = returned.problem.clone();
    let ids = if swaps { ("swaps-from", "swaps-until") } else { ("away-from", "away-until") };
    let line = |id, name, label, kind, field, value| {
        ui::optional(ui::Input { id, name, label, kind, autocomplete: "off", field }, value, None, problem.as_ref(), l)
    };
    let people: Vec<_> = shown
        .staff
        .iter()
        .filter(|p| Some(p.id) != me)
        .map(|p| view! { <option value=p.id.to_string() selected=returned.value("person") == p.id.to_string()>{p.name.clone()}</option> })
        .collect();
    let chooses = shown.manages.then(|| {
        view! { <div class="field"><label for=format!("{id}-person")>{w::on_call_person(l)}</label><select class="select input" id=format!("{id}-person") name="person"><option value="">{w::on_call_me(l)}</option>{people}
            {swaps.then(|| view! { <option value="-">{w::on_call_gap(l)}</option> })}</select>{ui::fault(problem.as_ref(), Field::Assignee, "", l)}</div> }
    });
    let button = match (swaps, shown.manages) {
        (true, true) => w::on_call_put(l),
        (true, false) => w::on_call_stand_in(l),
        (false, true) => w::on_call_mark_away(l),
        (false, false) => w::on_call_im_away(l),
    };
    view! {
        <section class="panel settings" aria-labelledby=format!("h-{id}")><header><h2 id=format!("h-{id}")>{title}</h2><p class="hint">{hint}</p></header>
            {if rows.is_empty() { view! { <p class="hint">{w::on_call_none(l)}</p> }.into_any() } else { view! { <ul role="list" class="rows">{rows}</ul> }.into_any() }}
            <form method="post" action=action class="form days"><input type="hidden" name="department" value=shown.department.to_string()/>
                {line(ids.0, "from", w::report_from(l), "date", Field::Date, returned.value("from"))}{line(ids.1, "until", w::report_until(l), "date", Field::Until, returned.value("until"))}
                {chooses}<button class="button">{button}</button></form></section>
    }
}

/// How the rota goes; for leads and admins.
fn rota(shown: &OnCall, l: Language) -> impl IntoView + use<> {
    let returned = Returned::of("save_rota");
    let problem = returned.problem.clone();
    let is_back = problem.is_some();
    let or = |name: &str, otherwise: String| if is_back { returned.value(name) } else { otherwise };
    let members: Vec<String> = if is_back { returned.values("members[]") } else { shown.rota.members.iter().map(PersonId::to_string).collect() };
    let places: Vec<_> = (0..members.iter().filter(|id| !id.is_empty()).count() + FREE)
        .map(|at| {
            let chosen = members.get(at).cloned().unwrap_or_default();
            let options: Vec<_> = shown.staff.iter().map(|p| view! { <option value=p.id.to_string() selected=chosen == p.id.to_string()>{p.name.clone()}</option> }).collect();
            view! { <li><select class="select input" name="members[]" aria-label=w::on_call_member(l, at + 1)><option value="">{w::on_call_no_one(l)}</option>{options}</select></li> }
        })
        .collect();
    let turn = or(
        "turn",
        match shown.rota.turn {
            Turn::Daily => "daily".to_owned(),
            Turn::Weekly(begins) => begins.to_string(),
        },
    );
    let weeks: Vec<_> = (0..7_u8)
        .map(|n| view! { <option value=n.to_string() selected=turn == n.to_string()>{w::on_call_weekly(l, weekday(n, l))}</option> })
        .collect();
    let since = or("since", write_date(if shown.rota.since == 0 { shown.today } else { shown.rota.since }));
    let handover = or("handover", format!("{:02}:{:02}", shown.rota.handover / 60, shown.rota.handover % 60));
    let (wait, hook) = (or("wait", shown.rota.wait.to_string()), or("hook", shown.hook.clone()));
    let line = |id, label, kind, field, value, hint| {
        ui::optional(ui::Input { id, name: id, label, kind, autocomplete: "off", field }, value, hint, problem.as_ref(), l)
    };
    view! {
        <section class="panel settings" aria-labelledby="h-rota"><header><h2 id="h-rota">{w::on_call_rota(l)}</h2></header>
            <form method="post" action="/api/save_rota" class="form"><input type="hidden" name="department" value=shown.department.to_string()/>
                <fieldset class="field"><legend class="label">{w::on_call_members(l)}</legend><ol class="members">{places}</ol>{ui::fault(problem.as_ref(), Field::Members, "members-fault", l)}</fieldset>
                <div class="field"><label for="turn">{w::on_call_turn(l)}</label><select class="select input" id="turn" name="turn"><option value="daily" selected=turn == "daily">{w::on_call_daily(l)}</option>{weeks}</select></div>
                {line("since", w::on_call_since(l), "date", Field::Date, since, None)}
                {line("handover", w::on_call_handover(l), "text", Field::Handover, handover, None)}
                {line("wait", w::on_call_wait(l), "number", Field::Wait, wait, None)}
                {line("hook", w::on_call_hook(l), "url", Field::Hook, hook, Some(w::on_call_hook_hint(l)))}
                {(!shown.hook_secret.is_empty()).then(|| view! { <p class="hint">{w::on_call_hook_secret(l)}": "<code class="secret">{shown.hook_secret.clone()}</code></p> })}
                <button class="button" data-kind="primary">{w::keep(l)}</button></form></section>
    }
}
