//! Departments: what they are called, whether they are closed to others, and who is in them.

use super::api::{self, DepartmentRow};
use super::parts::{notices, tabs};
use crate::ui::{self, Place, desk_frame, icon, problem_page};
use crate::{Reader, Returned, i18n as w};
use domain::Field;
use domain::accounts::Language;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Departments, for admins.
#[component]
pub fn DepartmentsPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/departments"/> }.into_any();
    }
    let kept = use_query_map().read_untracked().get("kept").map(|_| w::kept(reader.language));
    ui::set_title(w::departments(reader.language));
    Suspend::new(async move {
        match api::departments_page().await {
            Ok(rows) => page(rows, kept, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(rows: Vec<DepartmentRow>, kept: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::departments(l)}</h1></header>
            {tabs("/departments", reader)}
            {notices(&["save_department"], &[Field::Name], kept, l)}
            <p class="hint">{w::departments_admin_hint(l)}</p>
            <ul role="list" class="departments">{rows.into_iter().map(|row| view! { <li class="panel settings">{form(Some(&row), l)}
                <p class="hint">{if row.members.is_empty() { w::department_nobody(l).to_owned() } else { w::department_members(l) .to_owned() }}" "{row.members.iter().enumerate().map(|(at, person)| view! {
                    {(at > 0).then_some(", ")}<a href=format!("/people/{}", person.id)>{person.name.clone()}</a>
                }).collect_view()}</p></li> }).collect_view()}</ul>
            <section class="panel settings" aria-labelledby="h-add"><h2 id="h-add">{w::department_add(l)}</h2>{form(None, l)}</section>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

fn form(row: Option<&DepartmentRow>, l: Language) -> impl IntoView + use<> {
    let id = row.map(|row| row.named.id.to_string()).unwrap_or_default();
    // A form that came back stands at its department.
    let returned = Some(Returned::of("save_department")).filter(|r| r.problem.is_some() && r.value("id") == id);
    let name = returned.as_ref().map_or_else(|| row.map(|row| row.named.name.clone()).unwrap_or_default(), |r| r.value("name"));
    let ticked = |name: &str, known: bool| returned.as_ref().map_or(known, |r| !r.value(name).is_empty());
    let (closed, screenshot) = (ticked("closed", row.is_some_and(|row| row.closed)), ticked("screenshot", row.is_some_and(|row| row.screenshot)));
    let sentence = returned.as_ref().and_then(|r| r.problem.as_ref()).and_then(|p| p.at(Field::Name, l));
    let (at, label) = (format!("department-{id}"), format!("department-fault-{id}"));
    view! {
        <form method="post" action="/api/save_department" class="department">
            <input type="hidden" name="id" value=id/>
            <div class="field"><label for=at.clone()>{w::name(l)}</label><input class="input" id=at name="name" value=name required maxlength="100" autocomplete="off" aria-invalid=sentence.is_some().then_some("true") autofocus=sentence.is_some() aria-describedby=label.clone()/>
                {sentence.map(|sentence| view! { <p class="error" id=label>{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
            <label class="check"><input type="checkbox" name="closed" value="1" checked=closed/><span>{w::department_closed(l)}</span></label>
            <label class="check"><input type="checkbox" name="screenshot" value="1" checked=screenshot/><span>{w::department_screenshot(l)}</span></label>
            <button class="button">{w::keep(l)}</button>
        </form>
    }
}
