//! One's own API tokens: what each allows, how long, and when it was used last.

use super::api::Own;
use super::own::section;
use crate::ui::{Input, fault, form_notice, icon, input};
use crate::{Reader, Returned, i18n as w, when};
use domain::Field;
use domain::accounts::Language;
use domain::tokens::{ApiToken, TokenScope};
use leptos::prelude::*;

fn scope_word(scope: TokenScope, l: Language) -> &'static str {
    match scope {
        TokenScope::PeopleRead => w::scope_people_read(l),
        TokenScope::PeopleWrite => w::scope_people_write(l),
        TokenScope::OrganisationsRead => w::scope_organisations_read(l),
        TokenScope::OrganisationsWrite => w::scope_organisations_write(l),
    }
}

/// A secret that was just made: it is shown once, and kept nowhere.
pub fn made(l: Language) -> impl IntoView {
    let made = Some(Returned::of("make_token")).filter(|r| r.problem.is_none() && !r.value("shown").is_empty());
    made.map(|returned| {
        view! {
            <section class="panel settings" aria-labelledby="h-token" role="status">
                <header><h2 id="h-token">{w::token_made(l)}</h2><p>{w::token_made_hint(l)}</p></header>
                <p class="secret"><code tabindex="0">{returned.value("shown")}</code></p>
                <div class="row"><a class="button" data-kind="primary" href="/account#tokens">{w::token_kept(l)}</a></div>
            </section>
        }
    })
}

/// The tokens, and the form that makes one.
pub fn tokens(own: &Own, done: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let making = Returned::of("make_token");
    let problem = making.problem.clone();
    let chosen: Vec<String> = making.values("scopes[]");
    let days = Some(making.value("days")).filter(|days| !days.is_empty()).unwrap_or_else(|| "90".to_owned());
    let is_open = problem.is_some();
    let name = Input { id: "token-name", name: "name", label: w::token_name(l), kind: "text", autocomplete: "off", field: Field::Name };
    let valid = Input { id: "token-days", name: "days", label: w::token_days(l), kind: "number", autocomplete: "off", field: Field::Days };
    let now = Input {
        id: "token-password",
        name: "password",
        label: w::password_now(l),
        kind: "password",
        autocomplete: "current-password",
        field: Field::Password,
    };
    let has_password = own.has_password;
    let scopes = TokenScope::ALL.map(|scope| {
        let on = chosen.iter().any(|word| word == scope.word());
        view! { <label class="check"><input type="checkbox" name="scopes[]" value=scope.word() checked=on/><span>{scope_word(scope, l)}" "<code class="hint">{scope.word()}</code></span></label> }
    });
    section(
        "tokens",
        w::tokens(l),
        Some(w::tokens_hint(l).to_owned()),
        done,
        view! {
            {if own.tokens.is_empty() {
                view! { <p class="hint">{w::tokens_none(l)}</p> }.into_any()
            } else {
                view! { <ul role="list" class="rows">{own.tokens.iter().map(|token| row(token, reader)).collect_view()}</ul> }.into_any()
            }}
            <details open=is_open><summary class="button">{icon("plus")}{w::token_make(l)}</summary><form method="post" action="/api/make_token" class="form">
                {input(name, making.value("name"), Some(w::token_name_hint(l)), problem.as_ref(), l)}
                <fieldset class="field"><legend class="label">{w::token_scopes(l)}</legend>{scopes}{fault(problem.as_ref(), Field::Scopes, "scopes-fault", l)}</fieldset>
                {input(valid, days, None, problem.as_ref(), l)}
                {has_password.then(|| input(now, String::new(), None, problem.as_ref(), l))}
                {form_notice(problem.as_ref(), &[Field::Name, Field::Scopes, Field::Days, Field::Password], l)}
                <button class="button" data-kind="primary">{w::token_make(l)}</button></form></details>
            <p><a href="/v1/openapi.json">{w::tokens_api(l)}</a></p>
        }
        .into_any(),
    )
}

fn row(token: &ApiToken, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let is_over = token.expires_at <= reader.now;
    let used = token.used_at.map(|used| {
        let from = (!token.used_from.is_empty()).then(|| format!(" · {}", token.used_from));
        view! { {w::session_used(l)}" "{when::ago_time(used, reader)}{from} }
    });
    let is_unused = used.is_none();
    view! {
        <li data-off=is_over.then_some("")>
            <div class="what"><b class="one-line">{token.name.clone()}{is_over.then(|| view! { " "<span class="badge" data-state="off">{w::token_over(l)}</span> })}</b>
                <p class="hint">{token.scopes.iter().map(|scope| scope_word(*scope, l)).collect::<Vec<_>>().join(" · ")}</p>
                <p class="hint">{w::token_until(l)}" "{when::at_time(token.expires_at, reader)}" · "{used}{is_unused.then(|| w::token_unused(l))}</p></div>
            <form method="post" action="/api/revoke_token"><input type="hidden" name="id" value=token.id.to_string()/><button class="button" data-size="small">{w::token_revoke(l)}</button></form>
        </li>
    }
}
