//! Telling this browser of alarms, also while it is closed: web push, on and off.

use super::api::{add_browser, browser_told, remove_browser};
use crate::ui::{self, icon};
use crate::{Problem, Reader, i18n as w};
use domain::{Fault, Field, Refusal};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationPermission, PushSubscription, PushSubscriptionOptionsInit, ServiceWorkerRegistration};

/// The script that shows what comes while no page is open.
const SCRIPT: &str = "/push.js";

/// How it stands with this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not known yet: the page has not woken, or it is being asked.
    Asking,
    Unable,
    /// Its owner has forbidden it in the browser itself.
    Forbidden,
    Off,
    On,
}

/// Says whether this browser is told of alarms, and lets its owner choose; `key` is the one by which push services know this installation.
#[island]
pub fn PushSwitch(key: String) -> impl IntoView {
    let l = Reader::current().language;
    let (state, set_state) = signal(State::Asking);
    let (problem, set_problem) = signal(None::<String>);
    Effect::new(move |_| spawn_local(async move { set_state.set(look().await.unwrap_or(State::Off)) }));
    let key = StoredValue::new(key);
    let switch = move |_| {
        let is_on = state.get_untracked() == State::On;
        set_state.set(State::Asking);
        set_problem.set(None);
        spawn_local(async move {
            let done = if is_on { turn_off().await } else { turn_on(&key.get_value()).await };
            ui::rest().await;
            if let Err(problem) = done {
                set_problem.set(Some(problem.sentence(l)));
            }
            set_state.set(look().await.unwrap_or(State::Off));
        });
    };
    let word = move || match state.get() {
        State::Asking => w::push_asking(l),
        State::Unable => w::push_unable(l),
        State::Forbidden => w::push_forbidden(l),
        State::Off => w::push_off(l),
        State::On => w::push_on(l),
    };
    view! {
        <div class="browser-told">
            <p role="status">{word}</p>
            {move || problem.get().map(|sentence| view! { <p class="error" role="alert">{icon("circle-alert")}<span>{sentence}</span></p> })}
            <button type="button" class="button" disabled=move || !matches!(state.get(), State::Off | State::On) on:click=switch>
                {icon("bell")}{move || if state.get() == State::On { w::push_turn_off(l) } else { w::push_turn_on(l) }}</button>
        </div>
    }
}

fn is_able() -> bool {
    let has = |of: &JsValue, name: &str| js_sys::Reflect::has(of, &name.into()).unwrap_or(false);
    has(&window().navigator(), "serviceWorker") && has(&window(), "PushManager") && has(&window(), "Notification")
}

async fn look() -> Result<State, JsValue> {
    if !is_able() {
        return Ok(State::Unable);
    }
    if Notification::permission() == NotificationPermission::Denied {
        return Ok(State::Forbidden);
    }
    let Some(subscription) = subscription().await? else { return Ok(State::Off) };
    let is_told = browser_told(subscription.endpoint()).await.unwrap_or(false);
    Ok(if is_told { State::On } else { State::Off })
}

async fn subscription() -> Result<Option<PushSubscription>, JsValue> {
    let found = JsFuture::from(window().navigator().service_worker().get_registration()).await?;
    let Ok(registration) = found.dyn_into::<ServiceWorkerRegistration>() else { return Ok(None) };
    let found = JsFuture::from(registration.push_manager()?.get_subscription()?).await?;
    Ok(found.dyn_into().ok())
}

async fn turn_on(key: &str) -> Result<(), Problem> {
    let subscribed = async {
        // Asked by the click itself: later a browser does not ask any more.
        if JsFuture::from(Notification::request_permission()?).await? != JsValue::from(NotificationPermission::Granted) {
            return Ok(None);
        }
        let container = window().navigator().service_worker();
        JsFuture::from(container.register(SCRIPT)).await?;
        let registration: ServiceWorkerRegistration = JsFuture::from(container.ready()?).await?.dyn_into()?;
        let options = PushSubscriptionOptionsInit::new();
        options.set_user_visible_only(true);
        options.set_application_server_key_opt_str(Some(key));
        let manager = registration.push_manager()?;
        let made = match JsFuture::from(manager.subscribe_with_options(&options)?).await {
            Ok(made) => made,
            // One that was made for another key stands in its way, as after Balie was put back without its secrets.
            Err(refused) => {
                let Ok(Some(other)) = subscription().await else { return Err(refused) };
                JsFuture::from(other.unsubscribe()?).await?;
                JsFuture::from(manager.subscribe_with_options(&options)?).await?
            }
        };
        Ok::<_, JsValue>(js_sys::JSON::stringify(&made)?.as_string())
    };
    match subscribed.await {
        Ok(None) => Ok(()),
        Ok(Some(text)) => add_browser(text).await,
        Err(_) => Err(Problem::Refused(Refusal::field(Field::Browser, Fault::Unsent))),
    }
}

async fn turn_off() -> Result<(), Problem> {
    if let Ok(Some(subscription)) = subscription().await {
        let endpoint = subscription.endpoint();
        if let Ok(ending) = subscription.unsubscribe() {
            let _ = JsFuture::from(ending).await;
        }
        remove_browser(endpoint).await?;
    }
    Ok(())
}
