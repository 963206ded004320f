//! What a customer may expect, before they hand in the ticket and as they choose how urgent it is.

use super::api;
use crate::{Reader, i18n as w, ui};
use domain::hours::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};

/// How often it is asked again: the office may open or close while the form is filled in.
const EVERY: i32 = 60_000;

/// What is promised for the choices of the form around it; the server knows, and is asked as they change.
#[island]
pub fn Promised(promise: Promise) -> impl IntoView {
    let reader = Reader::current();
    let l = reader.language;
    let shown = RwSignal::new((promise, reader.now));
    Effect::new(move |_| {
        let ask = move || {
            let (urgency, department) = chosen();
            leptos::task::spawn_local(async move {
                // Where the server cannot be reached, what was said before stays.
                if let Ok(answer) = api::promise_for(urgency, department).await {
                    ui::at_rest(move || shown.set(answer));
                }
            });
        };
        ui::listen(&document(), "change", move |event: web_sys::Event| {
            let name = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()).and_then(|e| e.get_attribute("name"));
            if matches!(name.as_deref(), Some("urgency" | "department")) {
                ask();
            }
        });
        // A draft that was kept, or the browser, may have chosen before.
        ask();
        ui::every(EVERY, ask);
    });
    let said = move || {
        let (promise, now) = shown.get();
        let mut text = w::when::promise(&promise, now, &reader.zone, reader.elsewhere.as_deref(), l);
        // Nothing is chosen yet: what is urgent does not wait.
        if promise.waits() && promise.reply_by.is_none() {
            text = format!("{text} {}", w::promise_but_urgent(l));
        }
        if text.is_empty() { w::promise_choose(l).to_owned() } else { text }
    };
    view! { <p class="promised" role="status" aria-labelledby="promise-label" data-waits=move || shown.get().0.waits().then_some("")>{said}</p> }
}

fn chosen() -> (String, String) {
    let of = |selector: &str| document().query_selector(selector).ok().flatten();
    let urgency = of("input[name=urgency]:checked").and_then(|e| e.dyn_into::<HtmlInputElement>().ok()).map(|e| e.value());
    let department = of("select[name=department]").and_then(|e| e.dyn_into::<HtmlSelectElement>().ok()).map(|e| e.value());
    (urgency.unwrap_or_default(), department.unwrap_or_default())
}
