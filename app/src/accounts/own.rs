//! One's own account: who one is, how one is told, how one logs in, and where one is logged in.

use super::api::{self, OpenSession, Own};
use super::device::device;
use crate::ui::{self, Input, Place, desk_frame, fault, form_notice, icon, input, portal, problem_page};
use crate::{Reader, Returned, when, words as w};
use domain::Field;
use domain::accounts::{Language, Theme};
use domain::notifications::Pace;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// One's own account.
#[component]
pub fn AccountPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/account"/> }.into_any();
    }
    let kept = use_query_map().read_untracked().get("kept").unwrap_or_default();
    ui::set_title(w::account(reader.language));
    Suspend::new(async move {
        match api::own_account().await {
            Ok(own) => {
                let inner = page(own, &kept, &reader).into_any();
                if reader.is_staff() {
                    desk_frame(Place::Account, &reader, inner).into_any()
                } else {
                    portal(Place::Account, &reader, inner).into_any()
                }
            }
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// A section of its own: a heading, what was kept or went wrong, and what is in it.
fn section(id: &'static str, title: &'static str, hint: Option<String>, done: Option<&'static str>, inner: AnyView) -> impl IntoView {
    view! {
        <section class="panel settings" aria-labelledby=id>
            <header><h2 id=id>{title}</h2>{hint.map(|hint| view! { <p class="hint">{hint}</p> })}
                {done.map(|done| view! { <p role="status" class="done">{icon("check")}<span>{done}</span></p> })}</header>
            {inner}
        </section>
    }
}

fn page(own: Own, kept: &str, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let Some(visitor) = reader.visitor.clone() else { return ().into_any() };
    let returned = Returned::any();
    let done = |what: &str, sentence: &'static str| (kept == what && returned.as_ref().is_none_or(|r| r.problem.is_none())).then_some(sentence);
    let (about, telling, password, address) =
        (Returned::of("set_own"), Returned::of("set_notifications"), Returned::of("change_password"), Returned::of("ask_address"));
    let name = if about.problem.is_some() { about.value("name") } else { visitor.name.clone() };
    let zone = if about.problem.is_some() { about.value("time_zone") } else { own.time_zone.clone() };
    let is_staff = reader.is_staff();
    let now =
        Input { id: "", name: "password", label: w::password_now(l), kind: "password", autocomplete: "current-password", field: Field::Password };
    let done_own = done("own", w::kept(l));
    let (done_telling, done_password) = (done("notifications", w::kept(l)), done("password", w::password_kept(l)));
    let (done_address, done_session) = (done("address", w::address_sent(l)), done("session", w::session_ended(l)));
    view! {
        <main id="inhoud" class="account-page">
            <h1>{w::account(l)}</h1>
            {section("h-own", w::account_about(l), None, done_own, view! {
                <form method="post" action="/api/set_own" class="form">
                    {input(Input { id: "name", name: "name", label: w::name(l), kind: "text", autocomplete: "name", field: Field::Name }, name, None, about.problem.as_ref(), l)}
                    <div class="field"><label for="time_zone">{w::time_zone(l)}</label>
                        <select class="select input" id="time_zone" name="time_zone">{own.zones.into_iter().map(|known| {
                            let chosen = known == zone;
                            view! { <option value=known.clone() selected=chosen>{known.replace('_', " ")}</option> }
                        }).collect_view()}</select>{fault(about.problem.as_ref(), Field::TimeZone, "zone-fault", l)}</div>
                    {form_notice(about.problem.as_ref(), &[Field::Name, Field::TimeZone], l)}
                    <button class="button" data-kind="primary">{w::keep(l)}</button>
                </form>
                {looks(reader)}
            }.into_any())}
            {section("h-telling", w::mail_pace(l), Some(w::notifications_hint(l).to_owned()), done_telling, view! {
                <form method="post" action="/api/set_notifications" class="form paces">
                    {pace("own", if is_staff { w::notify_own_staff(l) } else { w::notify_own(l) }, own.paces.own, l)}
                    {pace("cc", w::notify_cc(l), own.paces.cc, l)}
                    {is_staff.then(|| view! { {pace("assigned", w::notify_assigned(l), own.paces.assigned, l)}{pace("mention", w::notify_mention(l), own.paces.mention, l)} })}
                    {form_notice(telling.problem.as_ref(), &[], l)}
                    <button class="button" data-kind="primary">{w::keep(l)}</button>
                </form>
            }.into_any())}
            {section("h-password", w::password(l), Some(w::password_change_hint(l).to_owned()), done_password, view! {
                <form method="post" action="/api/change_password" class="form">
                    <input type="hidden" autocomplete="username" value=visitor.email.clone()/>
                    {input(Input { id: "current-for-password", ..now }, String::new(), None, password.problem.as_ref(), l)}
                    {input(Input { id: "new_password", name: "new_password", label: w::password_new(l), kind: "password", autocomplete: "new-password", field: Field::NewPassword }, String::new(), Some(w::password_hint(l)), password.problem.as_ref(), l)}
                    {form_notice(password.problem.as_ref(), &[Field::Password, Field::NewPassword], l)}
                    <button class="button" data-kind="primary">{w::change(l)}</button>
                </form>
            }.into_any())}
            {section("h-address", w::email(l), Some(own.wished.as_ref().map_or_else(|| w::address_hint(l, &visitor.email), |wished| w::address_waits(l, wished))), done_address, view! {
                <form method="post" action="/api/ask_address" class="form">
                    {input(Input { id: "email", name: "email", label: w::address_new(l), kind: "email", autocomplete: "email", field: Field::Email }, address.value("email"), None, address.problem.as_ref(), l)}
                    {input(Input { id: "current-for-address", ..now }, String::new(), None, address.problem.as_ref(), l)}
                    {form_notice(address.problem.as_ref(), &[Field::Email, Field::Password], l)}
                    <button class="button" data-kind="primary">{w::change(l)}</button>
                </form>
            }.into_any())}
            {section("sessions", w::sessions(l), Some(w::sessions_hint(l).to_owned()), done_session, view! {
                <ul role="list" class="rows">{own.sessions.iter().map(|open| session(open, reader)).collect_view()}</ul>
                {(own.sessions.len() > 1).then(|| view! { <form method="post" action="/api/end_session"><button class="button">{icon("log-out")}{w::sessions_end_others(l)}</button></form> })}
            }.into_any())}
        </main>
    }
    .into_any()
}

/// Language and theme, each kept at once.
fn looks(reader: &Reader) -> impl IntoView + use<> {
    let (l, theme) = (reader.language, reader.theme);
    view! {
        <div class="looks">
            <form method="post" action="/api/prefer" class="field"><span class="label" id="looks-language">{w::language(l)}</span>
                <div class="row" role="group" aria-labelledby="looks-language">{[(Language::Nl, "Nederlands"), (Language::En, "English")].map(|(language, name)| view! {
                    <button class="button" data-size="small" name="language" value=language.tag() lang=language.tag() aria-pressed=(language == l).to_string()>{name}</button>
                })}</div></form>
            <form method="post" action="/api/prefer" class="field"><span class="label" id="looks-theme">{w::theme(l)}</span>
                <div class="row" role="group" aria-labelledby="looks-theme">{[(Theme::System, w::theme_system(l)), (Theme::Light, w::theme_light(l)), (Theme::Dark, w::theme_dark(l))].map(|(choice, name)| view! {
                    <button class="button" data-size="small" name="theme" value=choice.word() aria-pressed=(choice == theme).to_string()>{name}</button>
                })}</div></form>
        </div>
    }
}

fn pace(name: &'static str, label: &'static str, chosen: Pace, l: Language) -> impl IntoView {
    view! {
        <div class="field"><label for=format!("pace-{name}")>{label}</label>
            <select class="select input" id=format!("pace-{name}") name=name>{[(Pace::AtOnce, w::pace_at_once(l)), (Pace::Digest, w::pace_digest(l)), (Pace::Off, w::pace_off(l))].map(|(pace, word)| view! {
                <option value=pace.word() selected=pace == chosen>{word}</option>
            })}</select></div>
    }
}

/// One place where one is logged in.
pub fn session(open: &OpenSession, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let name = Some(device(&open.device)).filter(|name| !name.is_empty()).unwrap_or_else(|| w::device_unknown(l).to_owned());
    view! {
        <li>
            <div class="what"><b class="one-line">{name}{open.is_this.then(|| view! { " "<span class="badge">{w::session_this(l)}</span> })}</b>
                <p class="hint">{w::session_used(l)}" "{when::ago_time(open.seen_at, reader)}" · "{w::session_begun(l)}" "{when::ago_time(open.created_at, reader)}{(!open.address.is_empty()).then(|| format!(" · {}", open.address))}</p></div>
            <form method="post" action="/api/end_session"><input type="hidden" name="id" value=open.id.clone()/><button class="button" data-size="small">{w::session_end(l)}</button></form>
        </li>
    }
}
