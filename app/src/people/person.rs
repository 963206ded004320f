//! One person: what they are, whether they can come in, and two that are one.

use super::api::{self, Card, Choices};
use super::parts::{notices, reader_may, role_word, side, text_field, tick};
use crate::accounts::device;
use crate::ui::{self, Place, avatar, desk_frame, escaped, fault, icon, problem_page};
use crate::{Problem, Reader, Returned, i18n as w, privacy, when};
use domain::accounts::Role;
use domain::permissions::Action;
use domain::{DepartmentId, Field};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};

/// One person; `new` is someone who is invited.
#[component]
pub fn PersonPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/people"/> }.into_any();
    }
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let query = use_query_map().read_untracked().clone();
    let kept = query.get("kept").map(|what| match what.as_str() {
        "invited" => w::invited(reader.language),
        "unsent" => w::invitation_unsent(reader.language),
        _ => w::kept(reader.language),
    });
    let asked = |name: &str| query.get(name).unwrap_or_default();
    let wanted = Wanted { organisation: asked("organisation"), name: asked("name"), email: asked("email") };
    let returned = Returned::of("save_person");
    Suspend::new(async move {
        let read = async {
            let choices = api::person_choices().await?;
            let card = if id == "new" { None } else { Some(api::person_card(id).await?) };
            let data = match &card {
                Some(card) if reader_may(&reader, Action::ManagePrivacy) => Some(privacy::api::person_data(card.person.id.to_string()).await?),
                _ => None,
            };
            Ok::<_, Problem>((card, data, choices))
        };
        match read.await {
            Ok((card, data, choices)) => page(card, data, &choices, wanted, kept, &reader, &returned).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// Who is to be invited, as a link says.
struct Wanted {
    organisation: String,
    name: String,
    email: String,
}

/// What stands in the form.
struct Typed {
    name: String,
    email: String,
    role: Role,
    organisation: String,
    key_user: bool,
    departments: Vec<DepartmentId>,
}

impl Typed {
    fn of(card: Option<&Card>, wanted: Wanted, returned: &Returned) -> Self {
        if returned.problem.is_some() {
            return Self {
                name: returned.value("name"),
                email: returned.value("email"),
                role: Role::from_word(&returned.value("role")).unwrap_or(Role::Customer),
                organisation: returned.value("organisation"),
                key_user: !returned.value("key_user").is_empty(),
                departments: returned.values("departments").iter().filter_map(|id| id.parse().ok()).collect(),
            };
        }
        card.map_or_else(
            || Self {
                name: wanted.name,
                email: wanted.email,
                role: Role::Customer,
                organisation: wanted.organisation,
                key_user: false,
                departments: vec![],
            },
            |card| Self {
                name: card.person.name.clone(),
                email: card.person.email.clone(),
                role: card.person.role,
                organisation: card.person.organisation.as_ref().map(|o| o.name.clone()).unwrap_or_default(),
                key_user: card.person.key_user,
                departments: card.departments.clone(),
            },
        )
    }
}

fn page(
    card: Option<Card>,
    data: Option<privacy::api::Data>,
    choices: &Choices,
    wanted: Wanted,
    kept: Option<&'static str>,
    reader: &Reader,
    returned: &Returned,
) -> impl IntoView + use<> {
    let l = reader.language;
    let typed = Typed::of(card.as_ref(), wanted, returned);
    let problem = returned.problem.as_ref();
    let title = card.as_ref().map_or_else(|| w::invite_title(l).to_owned(), |card| card.person.name.clone());
    ui::set_title(title.clone());
    let is_admin = reader_may(reader, Action::ManageStaff);
    // Staff are changed by admins alone, and so is an address.
    let is_erased = card.as_ref().is_some_and(|card| card.erased);
    let can_change = !is_erased && (is_admin || card.as_ref().is_none_or(|card| !card.person.role.is_staff()));
    let is_new = card.is_none();
    let wrong_place = problem.and_then(|p| p.at(Field::Organisation, l)).is_some().then_some("true");
    let form = view! {
        <form method="post" action="/api/save_person" class="form panel settings">
            {card.as_ref().map(|card| view! { <input type="hidden" name="id" value=card.person.id.to_string()/> })}
            {is_new.then(|| view! { <p class="hint">{w::invite_hint(l)}</p> })}
            {text_field("name", w::name(l), "text", typed.name, Field::Name, problem, l)}
            {if is_new || is_admin {
                text_field("email", w::email(l), "email", typed.email, Field::Email, problem, l).into_any()
            } else {
                view! { <div class="field"><label for="email">{w::email(l)}</label><input class="input" id="email" name="email" type="email" readonly value=typed.email/><p class="hint">{w::email_admin_only(l)}</p></div> }.into_any()
            }}
            {if choices.roles.len() > 1 {
                view! {
                    <div class="field"><label for="role">{w::role(l)}</label>
                        <select class="select input" id="role" name="role">{choices.roles.iter().map(|role| view! { <option value=role.word() selected=*role == typed.role>{role_word(*role, l)}</option> }).collect_view()}</select>
                        {fault(problem, Field::Role, "role-fault", l)}</div>
                }.into_any()
            } else {
                view! { <input type="hidden" name="role" value=typed.role.word()/> }.into_any()
            }}
            <fieldset class="of-customer" data-for="customer"><legend class="visually-hidden">{w::role_customer(l)}</legend>
                <div class="field"><label for="organisation">{w::organisation(l)}</label>
                    <input class="input" id="organisation" name="organisation" list="organisations" autocomplete="off" value=typed.organisation aria-invalid=wrong_place autofocus=wrong_place.is_some() aria-describedby=wrong_place.map(|_| "organisation-fault")/>
                    <datalist id="organisations">{choices.organisations.iter().map(|name| view! { <option value=name.clone()></option> }).collect_view()}</datalist>
                    {fault(problem, Field::Organisation, "organisation-fault", l)}</div>
                {tick("key_user", w::is_key_user(l), w::key_user_hint(l), typed.key_user)}
            </fieldset>
            {is_admin.then(|| view! {
                <fieldset class="of-staff" data-for="staff"><legend>{w::departments(l)}</legend>
                    <p class="hint">{w::departments_hint(l)}</p>
                    {choices.departments.iter().map(|d| view! { <label class="check"><input type="checkbox" name="departments[]" value=d.id.to_string() checked=typed.departments.contains(&d.id)/><span>{d.name.clone()}</span></label> }).collect_view()}
                </fieldset>
            })}
            <div class="row"><button class="button" data-kind="primary">{if is_new { w::invite(l) } else { w::keep(l) }}</button></div>
        </form>
    };
    let form = if can_change {
        form.into_any()
    } else if is_erased {
        view! { <p>{w::privacy_erased(l)}</p> }.into_any()
    } else {
        view! { <p class="hint">{w::staff_admin_only(l)}</p> }.into_any()
    };
    let inner = view! {
        <main id="inhoud" class="people-page person">
            <header class="head"><a class="button" data-kind="quiet" data-icon-only="" data-size="small" href="/people" aria-label=w::people(l)>{icon("arrow-left")}</a>
                {card.as_ref().map(|card| avatar(card.person.id, &card.person.name, side(&card.person), ""))}<h1>{title}</h1>
                {card.as_ref().filter(|card| card.disabled).map(|_| view! { <span class="badge" data-state="off">{w::disabled(l)}</span> })}</header>
            {notices(&["save_person", "merge_people", "erase_person"], &[Field::Name, Field::Email, Field::Organisation, Field::Role, Field::Confirmation], kept, l)}
            <div class="two">{form}{card.map(|card| beside(&card, data, can_change, is_admin, reader))}</div>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

/// What stands beside the form: their tickets, how they come in, and merging.
fn beside(card: &Card, data: Option<privacy::api::Data>, can_change: bool, is_admin: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let id = card.person.id;
    let act = |what: &'static str, mark: &'static str, word: &'static str| {
        view! { <form method="post" action="/api/person_do"><input type="hidden" name="id" value=id.to_string()/><button class="button" name="what" value=what>{icon(mark)}{word}</button></form> }
    };
    let is_me = reader.visitor.as_ref().is_some_and(|v| v.id == id);
    let merged = Returned::of("merge_people");
    let is_customer = !card.person.role.is_staff();
    let (opened, requester) = (card.opened, format!("/list?q={}", escaped(&card.person.name)));
    let is_disabled = card.disabled;
    let joined = card.joined;
    view! {
        <div class="beside">
            {is_customer.then(|| view! { <section class="panel settings" aria-labelledby="h-tickets"><h2 id="h-tickets">{w::nav_tickets(l)}</h2><p><a href=requester>{w::opened_tickets(l, opened)}</a></p></section> })}
            <section class="panel settings" aria-labelledby="h-access"><h2 id="h-access">{w::access(l)}</h2>
                <p class="hint">{if is_disabled { w::access_disabled(l) } else if joined { w::access_joined(l) } else { w::access_invited(l) }}</p>
                {can_change.then(|| view! { <div class="row">
                    {(!joined && !is_disabled).then(|| act("invite", "mail", w::invite_again(l)))}
                    {(!is_disabled && !is_me).then(|| act("disable", "lock", w::disable(l)))}
                    {is_disabled.then(|| act("enable", "check", w::enable(l)))}
                    {(is_admin && card.has_factor && !is_me).then(|| act("reset-factors", "key-round", w::reset_factors(l)))}
                    {(is_admin && !card.sessions.is_empty() && !is_me).then(|| act("end-sessions", "log-out", w::sessions_end_all(l)))}
                </div> })}
                {(!card.sessions.is_empty()).then(|| view! { <ul role="list" class="rows">{card.sessions.iter().map(|open| view! {
                    <li><div class="what"><b class="one-line">{device(&open.device)}</b><p class="hint">{w::session_used(l)}" "{when::ago_time(open.seen_at, reader)}{(!open.address.is_empty()).then(|| format!(" · {}", open.address))}</p></div></li>
                }).collect_view()}</ul> })}
            </section>
            {data.map(|data| privacy::data(id, card.erased, data, reader))}
            {(is_customer && !is_disabled && reader_may(reader, Action::Merge)).then(|| view! {
                <details class="panel settings" open=merged.problem.is_some()><summary>{icon("merge")}<h2>{w::merge(l)}</h2></summary>
                    <form method="post" action="/api/merge_people" class="form"><input type="hidden" name="id" value=id.to_string()/>
                        <p class="hint">{w::merge_people_hint(l)}</p>
                        {text_field("other", w::merge_other_address(l), "email", merged.value("other"), Field::Email, merged.problem.as_ref(), l)}
                        <button class="button">{w::merge(l)}</button></form></details>
            })}
        </div>
    }
}
