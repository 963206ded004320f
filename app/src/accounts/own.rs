//! One's own account: who one is, how one is told, how one logs in, and where one is logged in.

use super::api::{self, OpenSession, Own};
use super::device::device;
use super::factor::app_code;
use super::passkey::PasskeyAdd;
use super::tokens;
use crate::ui::{self, Input, Place, desk_frame, fault, form_notice, icon, input, portal, problem_page};
use crate::{Reader, Returned, i18n as w, when};
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
    let query = use_query_map().read_untracked().clone();
    let (kept, set_up) = (query.get("kept").unwrap_or_default(), query.get("app").is_some());
    let secret = Returned::of("add_app").value("secret");
    ui::set_title(w::account(reader.language));
    Suspend::new(async move {
        match api::own_account(set_up, secret).await {
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
pub(super) fn section(id: &'static str, title: &'static str, hint: Option<String>, done: Option<&'static str>, inner: AnyView) -> impl IntoView {
    view! {
        <section class="panel settings" aria-labelledby=id>
            <header><h2 id=id>{title}</h2>{hint.map(|hint| view! { <p class="hint">{hint}</p> })}
                {done.map(|done| view! { <p role="status" class="done" tabindex="-1" autofocus>{icon("check")}<span>{done}</span></p> })}</header>
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
    let api = is_staff.then(|| tokens::tokens(&own, done("token", w::token_revoked(l)), reader).into_any());
    let second = second_step(&own, done("factor", w::kept(l)), reader).into_any();
    view! {
        <main id="inhoud" class="account-page">
            <h1>{w::account(l)}</h1>
            {codes(l)}
            {tokens::made(l)}
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
            {second}
            {api}
            {section("sessions", w::sessions(l), Some(w::sessions_hint(l).to_owned()), done_session, view! {
                <ul role="list" class="rows">{own.sessions.iter().map(|open| session(open, reader)).collect_view()}</ul>
                {(own.sessions.len() > 1).then(|| view! { <form method="post" action="/api/end_session"><button class="button">{icon("log-out")}{w::sessions_end_others(l)}</button></form> })}
            }.into_any())}
        </main>
    }
    .into_any()
}

/// Recovery codes that were just made: they are shown once, and kept nowhere.
fn codes(l: Language) -> impl IntoView {
    let made = ["factor", "add_app", "new_codes"].map(Returned::of).into_iter().find(|r| r.problem.is_none() && !r.value("shown").is_empty());
    made.map(|returned| {
        let codes: Vec<String> = returned.value("shown").split(' ').map(str::to_owned).collect();
        view! {
            <section class="panel settings" aria-labelledby="h-codes" role="status">
                <header><h2 id="h-codes">{w::recovery_codes(l)}</h2><p>{w::recovery_codes_keep(l)}</p></header>
                <ul role="list" class="codes">{codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}</ul>
                <div class="row"><a class="button" data-kind="primary" href="/account">{w::recovery_codes_kept(l)}</a></div>
            </section>
        }
    })
}

/// The second step: an app with recovery codes, and passkeys.
fn second_step(own: &Own, done: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let (adding, removing, making, keys) =
        (Returned::of("add_app"), Returned::of("remove_app"), Returned::of("new_codes"), Returned::of("remove_passkey"));
    let now =
        Input { id: "", name: "password", label: w::password_now(l), kind: "password", autocomplete: "current-password", field: Field::Password };
    let code = Input { id: "code", name: "code", label: w::code(l), kind: "text", autocomplete: "one-time-code", field: Field::Code };
    let has_password = own.has_password;
    let prove = move |id: &'static str, returned: &Returned| {
        has_password.then(|| input(Input { id, ..now }, String::new(), None, returned.problem.as_ref(), l))
    };
    let app = match (&own.set_up, own.has_app) {
        (Some(app), false) => view! {
            <form method="post" action="/api/add_app" class="form"><input type="hidden" name="secret" value=app.secret.clone()/>
                {app_code(app, l)}
                {input(code, String::new(), Some(w::code_first_hint(l)), adding.problem.as_ref(), l)}
                {prove("app-password", &adding)}
                {form_notice(adding.problem.as_ref(), &[Field::Code, Field::Password], l)}
                <div class="row"><button class="button" data-kind="primary">{w::app_add(l)}</button><a class="button" data-kind="quiet" href="/account">{w::cancel(l)}</a></div></form>
        }
        .into_any(),
        (None, false) => view! { <p><a class="button" href="/account?app=1#second">{icon("plus")}{w::app_set_up(l)}</a></p> }.into_any(),
        (_, true) => view! {
            <p class="done">{icon("check")}<span>{w::app_is_on(l, own.recovery_codes)}</span></p>
            <details open=making.problem.is_some()><summary>{w::recovery_codes_new(l)}</summary><form method="post" action="/api/new_codes" class="form">
                <p class="hint">{w::recovery_codes_new_hint(l)}</p>{prove("codes-password", &making)}{form_notice(making.problem.as_ref(), &[Field::Password], l)}<button class="button">{w::recovery_codes_new(l)}</button></form></details>
            <details open=removing.problem.is_some()><summary>{w::app_remove(l)}</summary><form method="post" action="/api/remove_app" class="form">
                {prove("remove-app-password", &removing)}{form_notice(removing.problem.as_ref(), &[Field::Password], l)}<button class="button">{w::app_remove(l)}</button></form></details>
        }
        .into_any(),
    };
    let passkeys = own.passkeys.iter().map(|key| {
        let is_it = keys.problem.is_some() && keys.value("id") == key.id;
        let problem = keys.problem.as_ref().filter(|_| is_it);
        let at = format!("passkey-{}", key.id);
        let sentence = problem.map(|p| p.at(Field::Password, l).unwrap_or_else(|| p.sentence(l)));
        view! {
            <li><div class="what"><b class="one-line">{key.name.clone()}</b><p class="hint">{w::passkey_since(l)}" "{when::ago_time(key.created_at, reader)}
                {key.used_at.map(|used| view! { " · "{w::session_used(l)}" "{when::ago_time(used, reader)} })}</p>
                <details open=is_it><summary>{w::passkey_remove(l)}</summary><form method="post" action="/api/remove_passkey" class="form"><input type="hidden" name="id" value=key.id.clone()/>
                    {has_password.then(|| view! { <div class="field"><label for=at.clone()>{w::password_now(l)}</label><input class="input" id=at name="password" type="password" autocomplete="current-password" required/></div> })}
                    {sentence.map(|text| view! { <p class="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{text}</span></p> })}
                    <button class="button">{w::passkey_remove(l)}</button></form></details></div></li>
        }
    });
    let passkeys = passkeys.collect_view();
    section(
        "second",
        w::second_step(l),
        Some(w::second_step_hint(l).to_owned()),
        done,
        view! {
            <div class="factor"><h3>{w::app_title(l)}</h3>{app}</div>
            <div class="factor"><h3>{w::passkeys(l)}</h3><p class="hint">{w::passkeys_hint(l)}</p><ul role="list" class="rows">{passkeys}</ul><PasskeyAdd asks_password=has_password/></div>
        }
        .into_any(),
    )
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
