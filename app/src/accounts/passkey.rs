//! Passkeys in the browser: asking the device, and handing its answer over.

use super::api;
use crate::ui::{self, form_notice, icon};
use crate::{Problem, Reader, i18n as w};
use domain::accounts::Language;
use domain::typed;
use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Asks the device: `create` a passkey or `get` one, with options as the server wrote them. `None` where the person stopped it or the browser cannot.
async fn device(what: &str, options: &str) -> Option<String> {
    let ask = async || -> Result<String, JsValue> {
        let class = Reflect::get(&window(), &"PublicKeyCredential".into())?;
        let parse = if what == "create" { "parseCreationOptionsFromJSON" } else { "parseRequestOptionsFromJSON" };
        let parse: Function = Reflect::get(&class, &parse.into())?.dyn_into()?;
        let public_key = Reflect::get(&JSON::parse(options)?, &"publicKey".into())?;
        let wanted = Object::new();
        Reflect::set(&wanted, &"publicKey".into(), &parse.call1(&class, &public_key)?)?;
        let credentials = Reflect::get(&window().navigator(), &"credentials".into())?;
        let method: Function = Reflect::get(&credentials, &what.into())?.dyn_into()?;
        let promise: Promise = method.call1(&credentials, &wanted)?.dyn_into()?;
        let answer = JsFuture::from(promise).await?;
        let to_json: Function = Reflect::get(&answer, &"toJSON".into())?.dyn_into()?;
        Ok(JSON::stringify(&to_json.call0(&answer)?)?.into())
    };
    ask().await.ok()
}

fn is_possible() -> bool {
    Reflect::has(&window(), &"PublicKeyCredential".into()).unwrap_or(false)
}

/// Why the device gave none: browsers keep passkeys for names alone (WebAuthn Level 2, 5.1.2), or else it was stopped.
fn stopped(l: Language) -> &'static str {
    let host = window().location().hostname().unwrap_or_default();
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    if is_address { w::passkey_needs_name(l) } else { w::passkey_stopped(l) }
}

/// A button that logs in with a passkey; there is none where the browser knows no passkeys. `carry` holds a form that was sent without a session; the server shows it again, filled in.
#[island]
pub fn PasskeyLogIn(next: String, carry: String) -> impl IntoView {
    let l = Reader::current().language;
    let (possible, set_possible) = signal(false);
    let (problem, set_problem) = signal(None::<Problem>);
    let (failed, set_failed) = signal(false);
    Effect::new(move || set_possible.set(is_possible()));
    let onward = NodeRef::<leptos::html::Form>::new();
    let (to, carried) = (next.clone(), !carry.is_empty());
    let ask = move |_| {
        let next = to.clone();
        set_failed.set(false);
        set_problem.set(None);
        spawn_local(async move {
            let log_in = async {
                let (token, options) = api::ask_passkey().await?;
                let Some(answer) = device("get", &options).await else { return Ok(false) };
                api::passkey_log_in(token, answer).await.map(|()| true)
            };
            let answer = log_in.await;
            ui::rest().await;
            match answer {
                Ok(true) if carried => {
                    let _ = onward.get_untracked().map(|form| form.submit());
                }
                Ok(true) => {
                    let _ = window().location().assign(typed::own_path(&next));
                }
                Ok(false) => set_failed.set(true),
                Err(problem) => set_problem.set(Some(problem)),
            }
        });
    };
    view! {
        <div class="passkey" hidden=move || !possible.get()>
            <button type="button" class="button" on:click=ask>{icon("key-round")}{w::passkey_log_in(l)}</button>
            <form method="post" action="/api/go_on_with" hidden node_ref=onward><input type="hidden" name="next" value=next/><input type="hidden" name="carry" value=carry/></form>
            <div role="status">{move || failed.get().then(|| view! { <p class="hint">{stopped(l)}</p> })}{move || problem.get().map(|p| form_notice(Some(&p), &[], l))}</div>
        </div>
    }
}

/// A form that adds a passkey to one's own account.
#[island]
pub fn PasskeyAdd(asks_password: bool) -> impl IntoView {
    let l = Reader::current().language;
    let (possible, set_possible) = signal(false);
    let (problem, set_problem) = signal(None::<Problem>);
    let (failed, set_failed) = signal(false);
    let (name, password) = (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    Effect::new(move || set_possible.set(is_possible()));
    let add = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        set_failed.set(false);
        set_problem.set(None);
        let typed = |field: NodeRef<leptos::html::Input>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let (name, password) = (typed(name), typed(password));
        spawn_local(async move {
            let add = async {
                let (token, options) = api::begin_passkey(password).await?;
                let Some(answer) = device("create", &options).await else { return Ok(false) };
                api::add_passkey(token, name, answer).await.map(|()| true)
            };
            let answer = add.await;
            ui::rest().await;
            match answer {
                Ok(true) => {
                    let _ = window().location().assign("/account?kept=factor");
                }
                Ok(false) => set_failed.set(true),
                Err(problem) => set_problem.set(Some(problem)),
            }
        });
    };
    view! {
        <form class="form passkey" on:submit=add hidden=move || !possible.get()>
            <div class="field"><label for="passkey-name">{w::passkey_name(l)}</label><input class="input" id="passkey-name" maxlength="60" autocomplete="off" placeholder=w::passkey_example(l) node_ref=name/></div>
            {asks_password.then(|| view! { <div class="field"><label for="passkey-password">{w::password_now(l)}</label><input class="input" id="passkey-password" type="password" autocomplete="current-password" required node_ref=password/></div> })}
            <button class="button">{icon("key-round")}{w::passkey_add(l)}</button>
            <div role="status">{move || failed.get().then(|| view! { <p class="hint">{stopped(l)}</p> })}{move || problem.get().map(|p| form_notice(Some(&p), &[], l))}</div>
        </form>
    }
}
