//! Organisations: what they are called, whose addresses are theirs, and what they allow.

use super::api;
use super::parts::{notices, reader_may, row, search, tabs, text_field, tick};
use crate::ui::{self, Place, as_typed, desk_frame, escaped, fault, icon, problem_page};
use crate::{Problem, Reader, Returned, i18n as w};
use domain::accounts::Organisation;
use domain::permissions::Action;
use domain::{Field, Named, OrganisationId};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};

/// Organisations of one page.
const PAGE: usize = 100;

/// Organisations.
#[component]
pub fn OrganisationsPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/organisations"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let (typed, after) = (query.get("typed").unwrap_or_default(), query.get("after").unwrap_or_default());
    ui::set_title(w::organisations(reader.language));
    Suspend::new(async move {
        match api::organisations_page(typed.clone(), after).await {
            Ok(found) => list(found, &typed, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn list(found: Vec<(Named<OrganisationId>, i64)>, typed: &str, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let more = found
        .last()
        .filter(|_| found.len() == PAGE)
        .map(|(last, _)| format!("/organisations?typed={}&after={}", escaped(typed), escaped(&last.name)));
    let none = found.is_empty();
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::organisations(l)}</h1><span class="push"></span><a class="button" data-kind="primary" href="/organisations/new">{icon("plus")}{w::organisation_add(l)}</a></header>
            {tabs("/organisations", reader)}
            <div class="bar">{search("/organisations", typed, vec![], w::organisations_search(l))}</div>
            {none.then(|| view! { <div class="empty">{icon("building-2")}<p>{w::organisations_none(l)}</p></div> })}
            <ul role="list" class="rows panel">{found.into_iter().map(|(named, people)| view! {
                <li>{icon("building-2")}<div class="what"><a class="one-line" href=format!("/organisations/{}", named.id)>{named.name}</a></div><span class="marks hint">{w::people_count(l, people)}</span></li>
            }).collect_view()}</ul>
            {more.map(|href| view! { <nav class="pager" aria-label=w::pages(l)><a class="button" href=href rel="next">{w::next(l)}{icon("chevron-right")}</a></nav> })}
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

/// One organisation; `new` is one that is added.
#[component]
pub fn OrganisationPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/organisations"/> }.into_any();
    }
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let kept = use_query_map().read_untracked().get("kept").map(|_| w::kept(reader.language));
    let returned = Returned::of("save_organisation");
    Suspend::new(async move {
        let read = async { if id == "new" { api::person_choices().await.map(|_| None) } else { api::organisation_card(id).await.map(Some) } };
        match read.await {
            Ok(card) => one(card, kept, &reader, &returned).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn one(card: Option<(Organisation, Vec<api::Listed>)>, kept: Option<&'static str>, reader: &Reader, returned: &Returned) -> impl IntoView + use<> {
    let l = reader.language;
    let problem: Option<&Problem> = returned.problem.as_ref();
    let (organisation, people) = card.map_or((None, vec![]), |(organisation, people)| (Some(organisation), people));
    let typed = |name: &str, known: String| if problem.is_some() { returned.value(name) } else { known };
    let known = organisation.as_ref();
    let name = typed("name", known.map(|o| o.named.name.clone()).unwrap_or_default());
    let domains = typed("domains", known.map(|o| o.domains.join(" ")).unwrap_or_default());
    let notes = typed("notes", known.map(|o| o.notes.clone()).unwrap_or_default());
    let ticked = |name: &str, known: bool| if problem.is_some() { !returned.value(name).is_empty() } else { known };
    let (sign_up, shared) = (ticked("sign_up", known.is_some_and(|o| o.sign_up)), ticked("shared", known.is_some_and(|o| o.shared)));
    let title = known.map_or_else(|| w::organisation_add(l).to_owned(), |o| o.named.name.clone());
    ui::set_title(title.clone());
    let wrong = problem.and_then(|p| p.at(Field::Domains, l)).is_some().then_some("true");
    let merged = Returned::of("merge_organisations");
    let id = known.map(|o| o.named.id);
    let can_merge = reader_may(reader, Action::Merge);
    let inner = view! {
        <main id="inhoud" class="people-page person">
            <header class="head"><a class="button" data-kind="quiet" data-icon-only="" data-size="small" href="/organisations" aria-label=w::organisations(l)>{icon("arrow-left")}</a><h1>{title}</h1></header>
            {notices(&["save_organisation", "merge_organisations"], &[Field::Name, Field::Domains, Field::Notes, Field::Organisation], kept, l)}
            <div class="two">
                <form method="post" action="/api/save_organisation" class="form panel settings">
                    {id.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> })}
                    {text_field("name", w::name(l), "text", name, Field::Name, problem, l)}
                    <div class="field"><label for="domains">{w::domains(l)}</label>
                        <input class="input" id="domains" name="domains" autocomplete="off" spellcheck="false" value=domains aria-invalid=wrong autofocus=wrong.is_some() aria-describedby="domains-hint domains-fault"/>
                        <p class="hint" id="domains-hint">{w::domains_hint(l)}</p>{fault(problem, Field::Domains, "domains-fault", l)}</div>
                    {tick("sign_up", w::organisation_sign_up(l), w::organisation_sign_up_hint(l), sign_up)}
                    {tick("shared", w::organisation_shared(l), w::organisation_shared_hint(l), shared)}
                    <div class="field"><label for="notes">{w::organisation_notes(l)}</label>
                        <textarea class="textarea input" id="notes" name="notes" rows="5" inner_html=as_typed(&notes)></textarea>
                        <p class="hint">{w::organisation_notes_hint(l)}</p>{fault(problem, Field::Notes, "notes-fault", l)}</div>
                    <div class="row"><button class="button" data-kind="primary">{w::keep(l)}</button></div>
                </form>
                {id.map(|id| view! {
                    <div class="beside">
                        <section class="panel settings" aria-labelledby="h-people"><header class="row"><h2 id="h-people">{w::people(l)}</h2><span class="push"></span>
                            <a class="button" data-size="small" href=format!("/people/new?organisation={}", escaped(&known.map(|o| o.named.name.clone()).unwrap_or_default()))>{icon("user-plus")}{w::invite(l)}</a></header>
                            {people.is_empty().then(|| view! { <p class="hint">{w::people_none(l)}</p> })}
                            <ul role="list" class="rows">{people.into_iter().map(|listed| row(listed, false, l)).collect_view()}</ul>
                            <p><a href=format!("/list?organisation={id}")>{w::all_tickets(l)}</a></p>
                        </section>
                        {can_merge.then(|| view! {
                            <details class="panel settings" open=merged.problem.is_some()><summary>{icon("merge")}<h2>{w::merge(l)}</h2></summary>
                                <form method="post" action="/api/merge_organisations" class="form"><input type="hidden" name="id" value=id.to_string()/>
                                    <p class="hint">{w::merge_organisations_hint(l)}</p>
                                    {text_field("other", w::merge_other_name(l), "text", merged.value("other"), Field::Organisation, merged.problem.as_ref(), l)}
                                    <button class="button">{w::merge(l)}</button></form></details>
                        })}
                    </div>
                })}
            </div>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}
