//! Forms: small ones that post without leaving the page, those that lead elsewhere, and those that came back.

use super::parts::swap;
use crate::ui;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlDetailsElement, HtmlFormElement, HtmlSelectElement, RequestInit, Response};

/// How long a form that was sent may take until its page is there.
pub(super) const LEAVES: Duration = Duration::from_secs(10);

/// A form that came back stands at the address it was sent to. Under the address of its page, going back to it or loading it again asks for that page, and sends nothing twice.
pub(super) fn came_back() {
    let page = ui::find::<Element>("meta[name=returned-to]").and_then(|meta| meta.get_attribute("content"));
    if let (Some(page), Ok(history)) = (page, window().history()) {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&page)).unwrap_or(());
    }
}

/// Remembers that a form was sent that leads to another page.
pub(super) fn leave() {
    ui::listen(&document(), "submit", |event: web_sys::Event| {
        let form = event.target().and_then(|t| t.dyn_into::<HtmlFormElement>().ok());
        if form.is_some_and(|form| !form.has_attribute("data-quiet")) {
            ui::each("html", |page| page.set_attribute("data-leaving", "").unwrap_or(()));
            set_timeout(|| ui::each("html", |page| page.remove_attribute("data-leaving").unwrap_or(())), LEAVES);
        }
    });
}

pub(super) fn is_leaving() -> bool {
    ui::find::<Element>("html[data-leaving]").is_some()
}

/// A form marked `data-quiet` posts as soon as a choice is made, and the page takes over what came of it.
pub(super) fn quiet_forms() {
    // With arrows a choice changes at every step: it is made by Enter, or by going on.
    let by_key = Rc::new(Cell::new(false));
    let chosen = Rc::new(RefCell::new(None::<HtmlFormElement>));
    let key = by_key.clone();
    ui::listen(&document(), "pointerdown", move |_: web_sys::Event| key.set(false));
    let (key, waits) = (by_key.clone(), chosen.clone());
    ui::listen(&document(), "keydown", move |event: web_sys::KeyboardEvent| {
        key.set(true);
        let made = waits.borrow_mut().take_if(|_| event.key() == "Enter");
        if let Some(form) = made {
            event.prevent_default();
            let _ = form.request_submit();
        }
    });
    let waits = chosen.clone();
    ui::listen(&document(), "focusout", move |_: web_sys::Event| {
        if let Some(form) = waits.take() {
            let _ = form.request_submit();
        }
    });
    ui::listen(&document(), "change", move |event: web_sys::Event| {
        let is_choice = event.target().is_some_and(|t| t.has_type::<HtmlSelectElement>());
        // `send`: only its button sends it.
        let sends_itself = |form: &HtmlFormElement| form.get_attribute("data-quiet").as_deref() != Some("send");
        if let Some(form) = quiet_form(&event).filter(|form| is_choice && sends_itself(form)) {
            if by_key.get() {
                chosen.replace(Some(form));
            } else {
                let _ = form.request_submit();
            }
        }
    });
    ui::listen(&document(), "submit", |event: web_sys::Event| {
        if let Some(form) = quiet_form(&event) {
            event.prevent_default();
            spawn_local(async move {
                if post(&form).await.is_none() {
                    // Posting without JavaScript shows what is wrong better than silence does.
                    let _ = form.submit();
                }
            });
        }
    });
}

fn quiet_form(event: &web_sys::Event) -> Option<HtmlFormElement> {
    let element: Element = event.target()?.dyn_into().ok()?;
    element.closest("form[data-quiet]").ok()??.dyn_into().ok()
}

async fn post(form: &HtmlFormElement) -> Option<()> {
    let data = web_sys::FormData::new_with_form(form).ok()?;
    let body = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&body);
    let headers = web_sys::Headers::new().ok()?;
    headers.set("Accept", "text/html").ok()?;
    request.set_headers(&headers);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(&form.action(), &request)).await.ok()?.dyn_into().ok()?;
    if response.status() >= 500 || response.status() == 401 {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    ui::rest().await;
    // What was done needs its form no longer.
    let fold = form.closest("details.weigh").ok().flatten().and_then(|fold| fold.dyn_into::<HtmlDetailsElement>().ok());
    if let Some(fold) = fold.filter(|_| response.ok()) {
        fold.set_open(false);
    }
    swap(&text, Some(form)).then_some(())?;
    if !response.ok() {
        ui::focus("[data-live] [aria-invalid=true], [data-live] .banner[data-kind=error]");
    }
    Some(())
}

/// Who logs out leaves nothing typed in this browser: the next one at the machine is someone else.
pub(super) fn forget_on_log_out() {
    ui::listen(&document(), "submit", |event: web_sys::Event| {
        let form = event.target().and_then(|t| t.dyn_into::<HtmlFormElement>().ok());
        if form.is_some_and(|form| form.action().ends_with("/api/log_out"))
            && let Ok(Some(storage)) = window().local_storage()
        {
            let _ = storage.clear();
        }
    });
}
