//! The second step of logging in: a code, a passkey, or setting up an app where one is needed.

use super::api::{self, AppSetUp, Between};
use super::log_in::{carry, door};
use super::passkey::PasskeyLogIn;
use crate::ui::{self, Input, form_notice, input, problem_page};
use crate::{Reader, Returned, i18n as w};
use domain::Field;
use domain::accounts::Language;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// The second step; who gave no password goes back to that.
#[component]
pub fn FactorPage() -> impl IntoView {
    let l = Reader::current().language;
    ui::set_title(w::second_step(l));
    let tried = Returned::of("factor");
    let next = Some(tried.value("next")).filter(|n| !n.is_empty()).or_else(|| use_query_map().read_untracked().get("next")).unwrap_or_default();
    let carried = Returned::any().filter(|r| r.action != "factor" && !r.fields.is_empty()).map_or_else(|| tried.value("carry"), |r| carry(&r));
    Suspend::new(async move {
        match api::factor_facts(tried.value("secret")).await {
            Ok(Some(between)) => page(between, next, carried, &tried, l).into_any(),
            Ok(None) => view! { <Redirect path="/log-in"/> }.into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
}

fn page(between: Between, next: String, carried: String, tried: &Returned, l: Language) -> impl IntoView + use<> {
    let problem = tried.problem.as_ref();
    let has_code = between.has_app || between.set_up.is_some();
    let hint = if between.set_up.is_some() { w::code_first_hint(l) } else { w::code_hint(l) };
    let code = Input { id: "code", name: "code", label: w::code(l), kind: "text", autocomplete: "one-time-code", field: Field::Code };
    let title = if between.set_up.is_some() { w::second_step_needed(l) } else { w::second_step(l) };
    let secret = between.set_up.as_ref().map(|app| app.secret.clone());
    let (passkey_next, passkey_carry) = (next.clone(), carried.clone());
    let inner = view! {
        <h1>{title}</h1>
        {between.set_up.as_ref().map(|app| view! { <p class="muted">{w::second_step_why(l)}</p>{app_code(app, l)} })}
        {has_code.then(|| view! {
            <form method="post" action="/api/factor">
                <input type="hidden" name="next" value=next/><input type="hidden" name="carry" value=carried/>
                {secret.map(|secret| view! { <input type="hidden" name="secret" value=secret/> })}
                {input(code, String::new(), Some(hint), problem, l)}
                {form_notice(problem, &[Field::Code], l)}
                <button class="button" data-kind="primary">{w::log_in(l)}</button>
            </form>
        })}
        {(!has_code).then(|| view! { <p class="muted">{w::passkey_only(l)}</p> })}
        {between.has_passkey.then(|| view! { <PasskeyLogIn next=passkey_next carry=passkey_carry/> })}
    };
    door(inner.into_any(), view! { <p class="hint"><a href="/log-in">{w::back_to_log_in(l)}</a></p> }.into_any(), l)
}

/// The QR code of an app that is being set up, and its secret to be typed where it cannot be photographed.
pub(super) fn app_code(app: &AppSetUp, l: Language) -> impl IntoView + use<> {
    let side = app.squares.len() + 8;
    let dark = app
        .squares
        .iter()
        .enumerate()
        .flat_map(|(y, row)| row.iter().enumerate().filter(|(_, dark)| **dark).map(move |(x, _)| format!("M{} {}h1v1h-1z", x + 4, y + 4)));
    let path: String = dark.collect();
    let groups: Vec<String> = app.secret.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    view! {
        <figure class="app-code">
            <svg viewBox=format!("0 0 {side} {side}") role="img" aria-label=w::app_qr(l) shape-rendering="crispEdges"><rect width=side.to_string() height=side.to_string() fill="#fff"/><path d=path fill="#000"/></svg>
            <figcaption class="hint">{w::app_how(l)}<code>{groups.join(" ")}</code></figcaption>
        </figure>
    }
}
