//! Coming in and getting back in: signing up, asking for another password, and the page a mailed link leads to.

use super::api::{self, Came};
use super::log_in::door;
use crate::ui::{self, Input, form_notice, icon, input, problem_page};
use crate::{Problem, Reader, Returned, i18n as w};
use domain::accounts::Language;
use domain::{Field, Refusal};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

const EMAIL: Input = Input { id: "email", name: "email", label: "", kind: "email", autocomplete: "email", field: Field::Email };
const NAME: Input = Input { id: "name", name: "name", label: "", kind: "text", autocomplete: "name", field: Field::Name };
const PASSWORD: Input = Input { id: "password", name: "password", label: "", kind: "password", autocomplete: "new-password", field: Field::Password };

fn sent(l: Language) -> impl IntoView {
    view! { <div class="banner" role="status">{icon("mail")}<div class="text"><p>{w::link_sent(l)}</p></div></div> }
}

/// Asking for another password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let l = Reader::current().language;
    ui::set_title(w::forgot_title(l));
    let returned = Returned::of("forgot");
    let problem = returned.problem.as_ref();
    let is_sent = use_query_map().read_untracked().get("sent").is_some() && problem.is_none();
    let inner = if is_sent {
        view! { <h1>{w::forgot_title(l)}</h1>{sent(l)} }.into_any()
    } else {
        view! {
            <h1>{w::forgot_title(l)}</h1>
            <p class="muted">{w::forgot_why(l)}</p>
            <form method="post" action="/api/forgot">
                {input(Input { label: w::email(l), ..EMAIL }, returned.value("email"), None, problem, l)}
                {form_notice(problem, &[Field::Email], l)}
                <button class="button" data-kind="primary">{w::send_link(l)}</button>
            </form>
        }
        .into_any()
    };
    door(inner, view! { <p class="hint"><a href="/log-in">{w::back_to_log_in(l)}</a></p> }.into_any(), l)
}

/// Signing up.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let l = Reader::current().language;
    ui::set_title(w::sign_up(l));
    let returned = Returned::of("sign_up");
    let problem = returned.problem.as_ref();
    let is_sent = use_query_map().read_untracked().get("sent").is_some() && problem.is_none();
    let inner = if is_sent {
        view! { <h1>{w::sign_up(l)}</h1>{sent(l)} }.into_any()
    } else {
        view! {
            <h1>{w::sign_up(l)}</h1>
            <p class="muted">{w::sign_up_how(l)}</p>
            <form method="post" action="/api/sign_up">
                {input(Input { label: w::name(l), ..NAME }, returned.value("name"), None, problem, l)}
                {input(Input { label: w::email_work(l), ..EMAIL }, returned.value("email"), None, problem, l)}
                {form_notice(problem, &[Field::Email, Field::Name], l)}
                <button class="button" data-kind="primary">{w::sign_up(l)}</button>
            </form>
        }
        .into_any()
    };
    door(inner, view! { <p class="hint">{w::have_account(l)}" "<a href="/log-in">{w::log_in(l)}</a></p> }.into_any(), l)
}

/// Where a mailed link leads: choosing a password.
#[component]
pub fn JoinPage() -> impl IntoView {
    let l = Reader::current().language;
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let returned = Returned::of("join");
    ui::set_title(w::choose_password(l));
    Suspend::new(async move {
        match api::join_facts(token.clone()).await {
            Ok(came) => join(came, &token, &returned, l).into_any(),
            Err(Problem::Refused(Refusal::NotFound)) => over(l).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
}

fn join(came: Came, token: &str, returned: &Returned, l: Language) -> impl IntoView + use<> {
    let problem = returned.problem.as_ref();
    let name = Some(returned.value("name")).filter(|name| !name.is_empty()).unwrap_or(came.name);
    let inner = view! {
        <h1>{if came.is_reset { w::choose_new_password(l) } else { w::welcome(l) }}</h1>
        <p class="muted">{if came.is_reset { w::choose_new_why(l) } else { w::choose_why(l) }}</p>
        <form method="post" action="/api/join">
            <input type="hidden" name="token" value=token.to_owned()/>
            <div class="field"><label for="who">{w::email(l)}</label><input class="input" id="who" type="email" autocomplete="username" readonly value=came.email/></div>
            {(!came.is_reset).then(|| input(Input { label: w::name(l), ..NAME }, name, None, problem, l))}
            {input(Input { label: w::password(l), ..PASSWORD }, String::new(), Some(w::password_hint(l)), problem, l)}
            {form_notice(problem, &[Field::Name, Field::Password], l)}
            <button class="button" data-kind="primary">{w::log_in(l)}</button>
        </form>
    };
    door(inner.into_any(), ().into_any(), l)
}

/// A link that was used, has expired, or never was.
fn over(l: Language) -> impl IntoView {
    let inner = view! {
        <h1>{w::link_over(l)}</h1>
        <p class="muted">{w::link_over_why(l)}</p>
        <a class="button" data-kind="primary" href="/log-in/forgot">{w::send_link(l)}</a>
    };
    door(inner.into_any(), view! { <p class="hint"><a href="/log-in">{w::back_to_log_in(l)}</a></p> }.into_any(), l)
}

/// Where the link of a change of address leads.
#[component]
pub fn AddressPage() -> impl IntoView {
    let l = Reader::current().language;
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    let is_half = use_query_map().read_untracked().get("half").is_some();
    let returned = Returned::of("agree_address");
    ui::set_title(w::address_subject(l));
    Suspend::new(async move {
        match api::address_facts(token.clone()).await {
            Ok(email) => {
                let wrong = returned.problem.as_ref().map(|p| p.sentence(l));
                let inner = view! {
                    <h1>{w::address_subject(l)}</h1>
                    {if is_half {
                        view! { <div class="banner" role="status">{icon("mail")}<div class="text"><p>{w::address_half(l)}</p></div></div> }.into_any()
                    } else {
                        view! {
                            <p class="muted">{w::address_confirm(l, &email)}</p>
                            <form method="post" action="/api/agree_address"><input type="hidden" name="token" value=token/>
                                {wrong.map(|text| view! { <p class="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{text}</span></p> })}
                                <button class="button" data-kind="primary">{w::confirm(l)}</button></form>
                        }
                        .into_any()
                    }}
                };
                door(inner.into_any(), ().into_any(), l).into_any()
            }
            Err(Problem::Refused(Refusal::NotFound)) => over(l).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
}
