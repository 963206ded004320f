//! Where the link of an alarm's mail leads: a form with one button, which presses itself as soon as a person looks at the page.
//!
//! Invariant: opening the page changes nothing. Mail scanners, browsers that look ahead and previews open every link; only the form takes an alarm on.

use super::api;
use crate::ui::{self, Place, desk_frame, icon, problem_page};
use crate::{Reader, i18n as w};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_params_map;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::HtmlFormElement;

/// The form of the page.
const FORM: &str = "form[data-at-once]";

/// The page that takes an alarm on.
#[component]
pub fn TakePage() -> impl IntoView {
    let reader = Reader::current();
    let l = reader.language;
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    if reader.visitor.is_none() {
        let is_token = token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        let next = if is_token { format!("/log-in?next=/on-call/take/{token}") } else { "/log-in".to_owned() };
        return view! { <Redirect path=next/> }.into_any();
    }
    ui::set_title(w::alarm_take(l));
    Suspend::new(async move {
        match api::take_facts(token).await {
            Ok(taking) => {
                let inner = view! {
                    <main id="inhoud" class="account-page"><h1>{w::alarm_take_title(l)}</h1>
                        <section class="panel settings"><p><b>{format!("#{} ", taking.ticket)}{taking.subject}</b></p><p class="hint">{w::alarm_take_why(l)}</p>
                            <form method="post" action="/api/take_alarm" data-at-once=format!("/tickets/{}", taking.ticket)>
                                <input type="hidden" name="ticket" value=taking.ticket.to_string()/>
                                <button class="button" data-kind="primary">{icon("hand")}{w::alarm_take(l)}</button></form>
                            <PressAtOnce/></section></main>
                };
                desk_frame(Place::OnCall, &reader, inner.into_any()).into_any()
            }
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// Sends the form of the page once someone looks at it: not while the browser renders it ahead, nor behind another tab.
#[island]
fn PressAtOnce() -> impl IntoView {
    Effect::new(move |_| {
        let sent = Rc::new(Cell::new(false));
        let press = move || {
            let is_seen =
                !document().hidden() && !js_sys::Reflect::get(&document(), &JsValue::from_str("prerendering")).is_ok_and(|ahead| ahead.is_truthy());
            if !is_seen || sent.replace(true) {
                return;
            }
            let Some(form) = ui::find::<HtmlFormElement>(FORM) else { return };
            // Who goes back from the ticket does not come by here again.
            if let (Some(page), Ok(history)) = (form.get_attribute("data-at-once"), window().history()) {
                history.replace_state_with_url(&JsValue::NULL, "", Some(&page)).unwrap_or(());
            }
            form.request_submit().unwrap_or(());
        };
        press();
        for name in ["visibilitychange", "prerenderingchange"] {
            let press = press.clone();
            ui::listen(&document(), name, move |_: web_sys::Event| press());
        }
    });
}
