//! Log-in: address and password, and then on to where one wanted to be.

use super::passkey::PasskeyLogIn;
use crate::ui::{self, bell, icon};
use crate::{Problem, Reader, Returned, i18n as w, when};
use domain::Refusal;
use domain::accounts::Language;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The log-in page; who has a session is sent on.
#[component]
pub fn LogInPage() -> impl IntoView {
    let reader = Reader::current();
    let l = reader.language;
    ui::set_title(w::log_in(l));
    let returned = Returned::any();
    let tried = Returned::of("log_in");
    let next = Some(tried.value("next")).filter(|n| !n.is_empty()).or_else(|| use_query_map().read_untracked().get("next")).unwrap_or_default();
    // A form that was sent without a session comes along, so that nothing of it is lost.
    let carry = returned.filter(|r| r.action != "log_in" && !r.fields.is_empty()).map(|r| carry(&r)).unwrap_or_else(|| tried.value("carry"));
    let why = if !carry.is_empty() {
        w::log_in_kept(l)
    } else if next.starts_with("/tickets/new") {
        w::log_in_for_ticket(l)
    } else {
        w::log_in_why(l)
    };
    let wrong = tried.problem.as_ref().map(|p| p.sentence(l));
    let invalid = matches!(tried.problem, Some(Problem::Refused(Refusal::WrongCredentials))).then_some("true");
    let (passkey_next, passkey_carry) = (next.clone(), carry.clone());
    let moved = use_query_map().read_untracked().get("moved").map(|_| w::address_moved(l));
    let inner = view! {
        <h1>{w::log_in(l)}</h1>
        <p class="muted">{moved.unwrap_or(why)}</p>
        <form method="post" action="/api/log_in">
            <input type="hidden" name="next" value=next/>
            <input type="hidden" name="carry" value=carry/>
            <div class="field">
                <label for="email">{w::email(l)}</label>
                <input class="input" id="email" name="email" type="email" autocomplete="username" required value=tried.value("email") aria-invalid=invalid aria-describedby=invalid.map(|_| "wrong")/>
            </div>
            <div class="field">
                <label for="password">{w::password(l)}</label>
                <input class="input" id="password" name="password" type="password" autocomplete="current-password" required aria-invalid=invalid autofocus=invalid.is_some() aria-describedby=invalid.map(|_| "wrong")/>
                {wrong.map(|sentence| view! { <p class="error" id="wrong" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{sentence}</span></p> })}
            </div>
            <button class="button" data-kind="primary">{w::log_in(l)}</button>
        </form>
        <p class="hint"><a href="/log-in/forgot">{w::forgot_link(l)}</a></p>
    };
    let at_provider = reader.provider.as_ref().map(|name| {
        let href = format!("/log-in/provider?next={}", ui::escaped(&passkey_next));
        let loses = (!passkey_carry.is_empty()).then(|| view! { <p class="hint">{w::log_in_provider_loses(l)}</p> });
        view! { <a class="button" rel="external" href=href>{icon("key-round")}{w::log_in_at(l, name)}</a>{loses} }
    });
    let failed = match use_query_map().read_untracked().get("provider").as_deref() {
        Some("denied") => Some(w::provider_denied(l)),
        Some(_) => Some(w::provider_failed(l)),
        None => None,
    };
    let inner = view! {
        {failed.map(|text| view! { <p class="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{text}</span></p> })}
        {inner}
        <div class="other-ways">{at_provider}<PasskeyLogIn next=passkey_next carry=passkey_carry/></div>
    };
    door(inner.into_any(), view! { <p class="hint">{w::no_account(l)}" "<a href="/sign-up">{w::sign_up(l)}</a></p> }.into_any(), l)
}

/// The page before one is in: a box, what stands under it, and beside it what Balie is.
pub(super) fn door(inner: AnyView, below: AnyView, l: Language) -> impl IntoView {
    view! {
        <div class="login"><main id="inhoud">
            <a class="brand" href="/" aria-label="Balie">{bell()}<span>"Balie"</span></a>
            <div class="box">{inner}{below}</div>
            <div class="foot hint">{ui::language_forms(l)}</div>
        </main>
        <aside aria-label=w::about(l)><div class="counter">
            <h2>{w::about_title(l)}</h2>
            <ul role="list">
                <li>{w::about_one(l)}</li>
                <li>{w::about_two(l)}</li>
                <li>{w::about_three(l)}</li>
            </ul>
        </div></aside></div>
        <when::Times/>
    }
}

/// A form as one text: where it was for, and what was typed.
pub(super) fn carry(returned: &Returned) -> String {
    serde_json::to_string(&(&returned.action, &returned.fields)).unwrap_or_default()
}
