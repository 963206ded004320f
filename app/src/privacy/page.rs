//! How long tickets are kept, and who is being made anonymous.

use super::api::{self, Erasing, Facts, KeptRow};
use crate::people::{notices, tabs};
use crate::ui::{self, Place, desk_frame, icon, number, problem_page};
use crate::{Problem, Reader, Returned, i18n as w};
use domain::accounts::Language;
use domain::tickets::Status;
use domain::{Field, Refusal};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Privacy, for admins.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/privacy"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let asked = |name: &str| query.get(name).unwrap_or_default();
    let kept = (!asked("kept").is_empty()).then(|| w::kept(reader.language));
    let look = !asked("look").is_empty();
    let typed = ["new", "open", "waiting", "resolved", "closed"].map(asked);
    ui::set_title(w::privacy(reader.language));
    Suspend::new(async move {
        let facts = async |look: bool| {
            let [new, open, waiting, resolved, closed] = typed.clone();
            api::privacy_page(look, new, open, waiting, resolved, closed).await
        };
        let returned = Returned::of("keep_tickets");
        let read = match facts(look).await {
            // What was typed for a trial is no number of days: said at its field.
            Err(problem @ Problem::Refused(Refusal::Fields(_))) => facts(false).await.map(|found| {
                let kept = found.kept.into_iter().zip(&typed).map(|(row, days)| KeptRow { days: days.clone(), ..row }).collect();
                (Facts { kept, ..found }, Some(problem), false)
            }),
            read => read.map(|found| (found, None, look)),
        };
        match read {
            Ok((mut facts, problem, look)) => {
                if returned.problem.is_some() {
                    facts.kept.iter_mut().for_each(|row| row.days = returned.value(row.status.word()));
                }
                page(facts, problem.or_else(|| returned.problem.clone()).as_ref(), look, kept, &reader).into_any()
            }
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(facts: Facts, problem: Option<&Problem>, look: bool, kept: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let Facts { kept: rows, erasing } = facts;
    let is_going_on = !erasing.is_empty();
    let due: Vec<(Status, i64)> = rows.iter().filter(|row| row.due > 0).map(|row| (row.status, row.due)).collect();
    let fields: Vec<Field> = rows.iter().map(|row| Field::Kept(row.status)).collect();
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::privacy(l)}</h1></header>
            {tabs("/privacy", reader)}
            {notices(&["keep_tickets"], &fields, kept.filter(|_| !look), l)}
            <section class="panel settings" aria-labelledby="h-kept"><header><h2 id="h-kept">{w::privacy_kept(l)}</h2><p class="hint">{w::privacy_kept_hint(l)}</p></header>
                <form method="post" action="/api/keep_tickets" class="form days">
                    {rows.into_iter().map(|row| field(row, problem, l)).collect_view()}
                    <div class="row"><button class="button" data-kind="primary">{w::keep(l)}</button>
                        <button class="button" formmethod="get" formaction="/privacy" name="look" value="1">{icon("eye")}{w::privacy_look(l)}</button></div>
                </form>
                <div class="factor" role="status"><h3>{w::privacy_due(l)}</h3>
                    {look.then(|| view! { <p class="hint">{w::privacy_look_hint(l)}</p> })}
                    {if due.is_empty() {
                        view! { <p>{w::privacy_due_none(l)}</p> }.into_any()
                    } else {
                        view! { <ul role="list" class="rows">{due.into_iter().map(|(status, count)| view! { <li>{w::privacy_due_of(l, number(count, l), w::status_word(status, l))}</li> }).collect_view()}</ul> }.into_any()
                    }}</div>
            </section>
            <div data-live="erasing">{is_going_on.then(|| view! {
                <section class="panel settings" aria-labelledby="h-erasing"><h2 id="h-erasing">{w::privacy_erasing_title(l)}</h2>
                    <ul role="list" class="rows">{erasing.iter().map(|one| view! { <li><div class="what"><a href=format!("/people/{}", one.person)>{one.name.clone()}</a>{progress(one, l)}</div></li> }).collect_view()}</ul></section>
            })}</div>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

/// How far someone is made anonymous.
pub(super) fn progress(erasing: &Erasing, l: Language) -> impl IntoView + use<> {
    let (done, all) = (erasing.done, erasing.all);
    view! {
        <p>{w::privacy_erasing(l, all, number(done, l))}</p>
        <progress class="progress-bar" value=done.to_string() max=all.max(1).to_string()>{w::privacy_erasing(l, all, number(done, l))}</progress>
        {ui::look_again()}
    }
}

fn field(row: KeptRow, problem: Option<&Problem>, l: Language) -> impl IntoView + use<> {
    let (name, at) = (row.status.word(), Field::Kept(row.status));
    let sentence = problem.and_then(|p| p.at(at, l));
    let wrong = sentence.is_some().then_some("true");
    let fault_id = format!("{name}-fault");
    view! {
        <div class="field"><label for=name>{w::privacy_kept_days(l, w::status_word(row.status, l))}</label>
            <input class="input" id=name name=name type="text" inputmode="numeric" autocomplete="off" maxlength="5" value=row.days aria-invalid=wrong autofocus=wrong.is_some() aria-describedby=wrong.map(|_| fault_id.clone())/>
            {sentence.map(|sentence| view! { <p class="error" id=fault_id>{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
    }
}
