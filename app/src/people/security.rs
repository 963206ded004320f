//! Security for the whole installation: of which roles a second step of logging in is required.

use super::api;
use super::parts::{notices, role_word, tabs};
use crate::ui::{self, Place, desk_frame, fault, problem_page};
use crate::{Reader, Returned, i18n as w};
use domain::Field;
use domain::accounts::Role;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Security, for admins.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/security"/> }.into_any();
    }
    let kept = use_query_map().read_untracked().get("kept").map(|_| w::kept(reader.language));
    ui::set_title(w::security(reader.language));
    Suspend::new(async move {
        match api::security_page().await {
            Ok(roles) => page(&roles, kept, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(required: &[Role], kept: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let returned = Returned::of("require_step");
    let chosen: Vec<Role> = if returned.problem.is_some() {
        returned.values("roles").iter().filter_map(|role| Role::from_word(role)).collect()
    } else {
        required.to_vec()
    };
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::security(l)}</h1></header>
            {tabs("/security", reader)}
            {notices(&["require_step"], &[Field::Setting], kept, l)}
            <section class="panel settings" aria-labelledby="h-step"><h2 id="h-step">{w::second_step(l)}</h2>
                <form method="post" action="/api/require_step" class="form">
                    <fieldset><legend class="visually-hidden">{w::second_step(l)}</legend>
                        <p class="hint">{w::require_step_hint(l)}</p>
                        {Role::ALL.map(|role| view! { <label class="check"><input type="checkbox" name="roles[]" value=role.word() checked=chosen.contains(&role)/><span>{role_word(role, l)}</span></label> })}
                        {fault(returned.problem.as_ref(), Field::Setting, "step-fault", l)}
                    </fieldset>
                    <button class="button" data-kind="primary">{w::keep(l)}</button>
                </form>
            </section>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}
