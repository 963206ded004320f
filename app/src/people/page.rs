//! People: who has an account.

use super::api::{self, People};
use super::parts::{reader_may, role_word, row, search, tabs};
use crate::ui::{self, Place, desk_frame, escaped, icon, problem_page};
use crate::{Reader, i18n as w};
use domain::accounts::Role;
use domain::permissions::Action;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// People.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/people"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let asked = |name: &str| query.get(name).unwrap_or_default();
    let (typed, role, organisation, after) = (asked("typed"), asked("role"), asked("organisation"), asked("after"));
    ui::set_title(w::people(reader.language));
    Suspend::new(async move {
        match api::people_page(typed.clone(), role.clone(), organisation.clone(), after).await {
            Ok(people) => page(people, &typed, &role, &organisation, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(found: People, typed: &str, role: &str, organisation: &str, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let kept = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> =
            pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        format!("/people?{}", pairs.join("&"))
    };
    let more = found.people.last().filter(|_| found.is_full).map(|last| {
        kept(&[("typed", typed), ("role", role), ("organisation", organisation), ("after", &format!("{} {}", last.person.name, last.person.id))])
    });
    let roles: Vec<_> = std::iter::once(("", w::everyone(l)))
        .chain(Role::ALL.map(|one| (one.word(), role_word(one, l))))
        .map(|(word, name)| {
            let here = word == role;
            view! { <a href=kept(&[("typed", typed), ("organisation", organisation), ("role", word)]) aria-current=here.then_some("true")>{name}</a> }
        })
        .collect();
    let none = found.people.is_empty();
    let hidden = [("role", role), ("organisation", organisation)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::people(l)}</h1><span class="push"></span>
                {reader_may(reader, Action::ImportPeople).then(|| view! { <a class="button" href="/people/import">{icon("upload")}{w::import(l)}</a> })}
                <a class="button" data-kind="primary" href="/people/new">{icon("user-plus")}{w::invite(l)}</a></header>
            {tabs("/people", reader)}
            <div class="bar">{search("/people", typed, hidden, w::people_search(l))}<nav class="filters" aria-label=w::role(l)>{roles}</nav></div>
            {found.organisation.map(|o| view! { <p class="hint">{w::organisation(l)}": "<a href=format!("/organisations/{}", o.id)>{o.name}</a>" · "<a href=kept(&[("typed", typed), ("role", role)])>{w::everyone(l)}</a></p> })}
            {none.then(|| view! { <div class="empty">{icon("users")}<p>{w::people_none(l)}</p></div> })}
            <ul role="list" class="rows panel">{found.people.into_iter().map(|listed| row(listed, true, l)).collect_view()}</ul>
            {more.map(|href| view! { <nav class="pager" aria-label=w::pages(l)><a class="button" href=href rel="next">{w::next(l)}{icon("chevron-right")}</a></nav> })}
        </main>
    };
    desk_frame(Place::People, reader, inner)
}
