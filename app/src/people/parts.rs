//! What the screens about people share.

use super::api::Listed;
use crate::ui::{Input, avatar, icon, input, refused};
use crate::{Problem, Reader, Returned, i18n as w};
use domain::Field;
use domain::accounts::{Language, Person, Role};
use domain::permissions::{Action, may};
use domain::tickets::Side;
use leptos::prelude::*;

/// Whether the reader may do this.
pub fn reader_may(reader: &Reader, action: Action) -> bool {
    may(reader.visitor.as_ref().map(|v| v.role), action)
}

/// The screens beside each other: people, organisations, and for admins departments and the audit log.
pub fn tabs(here: &'static str, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let tab = |href: &'static str, word: &'static str| view! { <a href=href aria-current=(href == here).then_some("page")>{word}</a> };
    view! {
        <nav class="tabs" aria-label=w::nav_people(l)>
            {tab("/people", w::people(l))}{tab("/organisations", w::organisations(l))}
            {reader_may(reader, Action::ManageDepartments).then(|| tab("/departments", w::departments(l)))}
            {reader_may(reader, Action::ManageHours).then(|| tab("/hours", w::hours(l)))}
            {reader_may(reader, Action::ManageHours).then(|| tab("/targets", w::targets(l)))}
            {reader_may(reader, Action::ManageSettings).then(|| tab("/security", w::security(l)))}
            {reader_may(reader, Action::ManagePrivacy).then(|| tab("/privacy", w::privacy(l)))}
            {reader_may(reader, Action::ReadAudit).then(|| tab("/audit", w::audit_log(l)))}
        </nav>
    }
}

/// The word for a role.
pub fn role_word(role: Role, l: Language) -> &'static str {
    match role {
        Role::Customer => w::role_customer(l),
        Role::Agent => w::role_agent(l),
        Role::Lead => w::role_lead(l),
        Role::Admin => w::role_admin(l),
    }
}

/// Which side of the counter a person stands on.
pub fn side(person: &Person) -> Side {
    if person.role.is_staff() { Side::Agent } else { Side::Customer }
}

/// A person as a row: who, where they belong, and what stands in their way.
pub fn row(listed: Listed, with_organisation: bool, l: Language) -> impl IntoView {
    let Listed { person, disabled, joined } = listed;
    view! {
        <li data-off=disabled.then_some("")>
            {avatar(person.id, &person.name, side(&person), "")}
            <div class="what"><a class="one-line" href=format!("/people/{}", person.id)>{person.name.clone()}</a><p class="hint one-line">{person.email.clone()}</p></div>
            <span class="marks">
                {disabled.then(|| view! { <span class="badge" data-state="off">{w::disabled(l)}</span> })}
                {(!disabled && !joined).then(|| view! { <span class="badge">{w::not_joined(l)}</span> })}
                {person.key_user.then(|| view! { <span class="tag">{w::key_user(l)}</span> })}
                {person.role.is_staff().then(|| view! { <span class="tag">{role_word(person.role, l)}</span> })}
                {person.organisation.clone().filter(|_| with_organisation).map(|o| view! { <a class="one-line" href=format!("/organisations/{}", o.id)>{o.name}</a> })}
            </span>
        </li>
    }
}

/// A line of text in a form about someone else, which no browser fills in by itself.
pub fn text_field(
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    field: Field,
    problem: Option<&Problem>,
    l: Language,
) -> impl IntoView + use<> {
    input(Input { id, name: id, label, kind, autocomplete: "off", field }, value, None, problem, l)
}

/// A mark to tick in a form.
pub fn tick(name: &'static str, label: &'static str, hint: &'static str, on: bool) -> impl IntoView {
    view! { <label class="check"><input type="checkbox" name=name value="1" checked=on/><span>{label}{(!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> })}</span></label> }
}

/// What was kept, or what went wrong with a form that is not this one.
pub fn notices(own: &'static [&'static str], fields: &[Field], kept: Option<&'static str>, l: Language) -> impl IntoView + use<> {
    let returned = Returned::any();
    let problem = returned.as_ref().and_then(|r| r.problem.clone().map(|p| (r.action.clone(), p)));
    let is_fine = problem.is_none();
    let sentence = problem
        .filter(|(action, p)| !own.contains(&action.as_str()) || fields.iter().all(|field| p.at(*field, l).is_none()))
        .map(|(_, p)| p.sentence(l));
    view! {
        {sentence.map(refused)}
        {kept.filter(|_| is_fine).map(|text| view! { <p role="status" class="done">{icon("check")}<span>{text}</span></p> })}
    }
}

/// A search field above a list, which works without JavaScript.
pub fn search(action: &'static str, typed: &str, hidden: Vec<(&'static str, String)>, label: &'static str) -> impl IntoView + use<> {
    view! {
        <form class="find" role="search" method="get" action=action>
            {hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <input class="input" type="search" name="typed" value=typed.to_owned() placeholder=label aria-label=label autocomplete="off" maxlength="100"/>
            <button class="button" data-icon-only="" aria-label=label>{icon("search")}</button>
        </form>
    }
}
