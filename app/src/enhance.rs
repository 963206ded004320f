//! What makes a page of plain HTML live: parts that are fetched again when something happened, and small forms that post without leaving the page.
//!
//! The page marks its parts with `data-live="name"`; the same page, fetched again, has them too, made by the same code. So there is one rendering, on the server.

use crate::live::{self, Heard, Unfetched};
use crate::ui;
use domain::events::Message;
use domain::{EventNo, TicketId};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, HtmlDetailsElement, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, RequestInit, Response,
};

/// Changes that come together are fetched together.
const GATHER: Duration = Duration::from_millis(60);
/// When a page that could not be fetched is asked for again.
const AGAIN: Duration = Duration::from_secs(4);
/// How long a form that was sent may take until its page is there.
const LEAVES: Duration = Duration::from_secs(10);

thread_local! {
    /// Whether a part was left as it was, because the person works in it.
    static SKIPPED: Cell<bool> = const { Cell::new(false) };
}

/// Wakes the parts of the page.
#[island]
pub fn Enhance() -> impl IntoView {
    Effect::new(move |_| {
        follow();
        look_again();
        ui::listen(&document(), "focusout", |_: web_sys::Event| {
            if SKIPPED.take() {
                set_timeout(|| spawn_local(refresh()), GATHER);
            }
        });
        came_back();
        quiet_forms();
        leave();
        shortcuts();
        close_what_opened();
        mended();
        forget_on_log_out();
        tick_all();
    });
}

/// A form that came back stands at the address it was sent to. Under the address of its page, going back to it or loading it again asks for that page, and sends nothing twice.
fn came_back() {
    let page = ui::find::<Element>("meta[name=returned-to]").and_then(|meta| meta.get_attribute("content"));
    if let (Some(page), Ok(history)) = (page, window().history()) {
        history.replace_state_with_url(&JsValue::NULL, "", Some(&page)).unwrap_or(());
    }
}

/// `data-follow` on the page's main part says what it shows: a ticket's number, or `any`.
fn follow() {
    let Some(main) = ui::find::<HtmlElement>("[data-follow]") else { return };
    let ticket: Option<TicketId> = main.get_attribute("data-follow").and_then(|t| t.parse().ok());
    let after = main.get_attribute("data-after").and_then(|n| n.parse().ok()).unwrap_or(EventNo(0));
    let waiting = Rc::new(Cell::new(false));
    live::follow(after, move |heard| {
        let concerns = match heard {
            Heard::Message(message) => match &**message {
                Message::Happened { event, .. } => ticket.is_none_or(|t| t == event.ticket),
                Message::Gone { ticket: gone, .. } => ticket.is_none_or(|t| t == *gone),
                Message::Reset { .. } => true,
                Message::Beat { .. } | Message::Ended => false,
            },
            Heard::Connected(connected) => {
                ui::each("[data-lost]", |banner| {
                    if *connected { banner.set_attribute("hidden", "").unwrap_or(()) } else { banner.remove_attribute("hidden").unwrap_or(()) }
                });
                false
            }
        };
        if concerns && !waiting.replace(true) {
            let waiting = waiting.clone();
            set_timeout(
                move || {
                    waiting.set(false);
                    spawn_local(refresh());
                },
                GATHER,
            );
        }
    });
}

/// While a page waits for work to be done, its live parts are fetched every second.
fn look_again() {
    let busy = Rc::new(Cell::new(false));
    ui::every(1_000, move || {
        if ui::find::<Element>("[data-again]").is_some() && !busy.replace(true) {
            let busy = busy.clone();
            spawn_local(async move {
                refresh().await;
                busy.set(false);
            });
        }
    });
}

async fn refresh() {
    let Ok(address) = window().location().href() else { return };
    match live::fetch_text(&address).await {
        Ok(html) => {
            swap(&html);
        }
        // A form that was just sent leads elsewhere: what it did may be why this is gone.
        Err(Unfetched::Status(401 | 403 | 404)) if is_leaving() => set_timeout(|| spawn_local(refresh()), LEAVES),
        // Gone from sight, or logged out: the page itself says so.
        Err(Unfetched::Status(401 | 403 | 404)) => window().location().reload().unwrap_or(()),
        Err(_) => set_timeout(|| spawn_local(refresh()), AGAIN),
    }
}

/// Remembers that a form was sent that leads to another page.
fn leave() {
    ui::listen(&document(), "submit", |event: web_sys::Event| {
        let form = event.target().and_then(|t| t.dyn_into::<HtmlFormElement>().ok());
        if form.is_some_and(|form| !form.has_attribute("data-quiet")) {
            ui::each("html", |page| page.set_attribute("data-leaving", "").unwrap_or(()));
            set_timeout(|| ui::each("html", |page| page.remove_attribute("data-leaving").unwrap_or(())), LEAVES);
        }
    });
}

fn is_leaving() -> bool {
    ui::find::<Element>("html[data-leaving]").is_some()
}

/// Takes over the live parts of a page, but not the one the person is working in: that one is fetched again when they leave it. Says whether it was such a page.
fn swap(html: &str) -> bool {
    let Ok(parser) = web_sys::DomParser::new() else { return false };
    let Ok(fresh) = parser.parse_from_string(html, web_sys::SupportedType::TextHtml) else { return false };
    if !fresh.query_selector("[data-live]").is_ok_and(|found| found.is_some()) {
        return false;
    }
    let active = document().active_element();
    ui::each("[data-live]", |part| {
        let Some(name) = part.get_attribute("data-live") else { return };
        let Some(new) = fresh.query_selector(&format!("[data-live={name}]")).ok().flatten() else { return };
        let inside = active.as_ref().filter(|a| part.contains(Some(a)));
        // What is ticked is carried over; what is being typed or chosen cannot be.
        let busy = inside.is_some_and(|a| a.matches("input:not([type=checkbox]), select, textarea").unwrap_or(false));
        if part.inner_html() == new.inner_html() {
            return;
        }
        if busy {
            SKIPPED.set(true);
            return;
        }
        let (known, ticked, unfolded, focused) = (ids(part), ticked(part), unfolded(part), inside.and_then(found_again));
        part.set_inner_html(&new.inner_html());
        mark_new(part, &known);
        let folds = folds(part);
        for fold in unfolded.into_iter().filter_map(|at| folds.get(at)) {
            fold.set_open(true);
        }
        for selector in ticked {
            if let Some(input) = part.query_selector(&selector).ok().flatten().and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
                input.set_checked(true);
            }
        }
        if let Some(selector) = focused {
            ui::focus(&selector);
        }
    });
    take_over_seen(&fresh);
    true
}

/// Who has typed nothing yet has seen what is on the screen now: their answer is not held back for it.
fn take_over_seen(fresh: &web_sys::Document) {
    const SEEN: &str = "#composer input[name=seen]";
    let is_empty = ui::find::<HtmlTextAreaElement>("#composer textarea").is_some_and(|area| area.value().trim().is_empty());
    let now = fresh.query_selector(SEEN).ok().flatten().and_then(|seen| seen.get_attribute("value"));
    if let (true, Some(seen), Some(now)) = (is_empty, ui::find::<HtmlInputElement>(SEEN), now) {
        seen.set_value(&now);
    }
}

/// What can be folded in a part, in order.
fn folds(part: &Element) -> Vec<HtmlDetailsElement> {
    let Ok(found) = part.query_selector_all("details") else { return vec![] };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

/// Which of them the person has unfolded; a part grows at its end, so that each keeps its place.
fn unfolded(part: &Element) -> Vec<usize> {
    folds(part).iter().enumerate().filter(|(_, fold)| fold.open()).map(|(at, _)| at).collect()
}

/// The boxes that are ticked in a part, by what finds them again.
fn ticked(part: &Element) -> Vec<String> {
    let Ok(found) = part.query_selector_all("input[type=checkbox]:checked") else { return vec![] };
    (0..found.length()).filter_map(|at| found_again(&found.item(at)?.dyn_into().ok()?)).collect()
}

/// The selector that finds an element again on a fresh page: its id, or a box's value.
fn found_again(element: &Element) -> Option<String> {
    let is_plain = |text: &String| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let id = Some(element.id()).filter(is_plain).map(|id| format!("[id='{id}']"));
    id.or_else(|| element.get_attribute("value").filter(is_plain).map(|value| format!("input[type=checkbox][value='{value}']")))
}

fn ids(part: &Element) -> Vec<String> {
    let Ok(found) = part.query_selector_all("li[id]") else { return vec![] };
    (0..found.length()).filter_map(|at| Some(found.item(at)?.dyn_into::<Element>().ok()?.id())).collect()
}

fn mark_new(part: &Element, known: &[String]) {
    let Ok(found) = part.query_selector_all("li[id]") else { return };
    for item in (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<Element>().ok()) {
        if !known.contains(&item.id()) {
            item.set_attribute("data-fresh", "").unwrap_or(());
        }
    }
}

/// A form marked `data-quiet` posts as soon as a choice is made, and the page takes over what came of it.
fn quiet_forms() {
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

/// What was wrong with a field is said no longer once something else is in it; the same in the list of what is still to be done.
fn mended() {
    for name in ["input", "change"] {
        ui::listen(&document(), name, |event: web_sys::Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(field) = target.and_then(|target| target.closest("[aria-invalid=true], #cc").ok()?) else { return };
            // The field for people in CC says for itself what is wrong with it.
            let described = if field.id() == "cc" { None } else { field.get_attribute("aria-describedby") }.unwrap_or_default();
            if field.id() != "cc" {
                field.remove_attribute("aria-invalid").unwrap_or(());
            }
            for id in described.split_whitespace() {
                if let Some(fault) = document().get_element_by_id(id).filter(|told| told.class_list().contains("error")) {
                    fault.set_attribute("hidden", "").unwrap_or(());
                }
            }
            if let Some(link) = ui::find::<Element>(&format!(".error-summary a[href='#{}']", field.id())) {
                link.set_attribute("hidden", "").unwrap_or(());
            }
            if ui::find::<Element>(".error-summary a:not([hidden])").is_none() {
                ui::each(".error-summary:has(a)", |summary| summary.set_attribute("hidden", "").unwrap_or(()));
            }
        });
    }
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
    if let Some(focused) =
        document().active_element().and_then(|e| e.dyn_into::<HtmlElement>().ok()).filter(|e| form.contains(Some(e)) && e.tag_name() != "SELECT")
    {
        let _ = focused.blur();
    }
    // What was done needs its form no longer.
    let fold = form.closest("details.weigh").ok().flatten().and_then(|fold| fold.dyn_into::<HtmlDetailsElement>().ok());
    if let Some(fold) = fold.filter(|_| response.ok()) {
        fold.set_open(false);
    }
    swap(&text).then_some(())?;
    if !response.ok() {
        ui::focus("[data-live] [aria-invalid=true]");
    }
    Some(())
}

/// What opens over the page closes by Escape and by a click elsewhere.
fn close_what_opened() {
    const OPEN: &str = ":is(.menu-details, .filter-add, .card-menu)[open]";
    ui::listen(&document(), "click", |event: web_sys::MouseEvent| {
        let at = event.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        ui::each(OPEN, |opened| {
            if !opened.contains(at.as_ref()) {
                opened.remove_attribute("open").unwrap_or(());
            }
        });
    });
    ui::listen(&document(), "keydown", |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            ui::each(OPEN, |opened| {
                opened.remove_attribute("open").unwrap_or(());
                if let Some(summary) = opened.query_selector("summary").ok().flatten().and_then(|s| s.dyn_into::<HtmlElement>().ok()) {
                    let _ = summary.focus();
                }
            });
        }
    });
}

/// Who logs out leaves nothing typed in this browser: the next one at the machine is someone else.
fn forget_on_log_out() {
    ui::listen(&document(), "submit", |event: web_sys::Event| {
        let form = event.target().and_then(|t| t.dyn_into::<HtmlFormElement>().ok());
        if form.is_some_and(|form| form.action().ends_with("/api/log_out"))
            && let Ok(Some(storage)) = window().local_storage()
        {
            let _ = storage.clear();
        }
    });
}

/// The box above the boxes ticks them all; how many are ticked is said beside what can be done with them.
fn tick_all() {
    ui::listen(&document(), "change", |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()).filter(|i| i.type_() == "checkbox") else { return };
        if input.has_attribute("data-all") {
            let to = input.checked();
            ui::each("tbody input[type=checkbox]", |row| {
                if let Some(row) = row.dyn_ref::<HtmlInputElement>() {
                    row.set_checked(to);
                }
            });
        }
        let ticked = document().query_selector_all("tbody input[type=checkbox]:checked").map_or(0, |found| found.length());
        ui::each("[data-ticked]", |count| count.set_text_content(Some(&ticked.to_string())));
    });
}

/// `/` goes to the search field, `?` shows the keys and Ctrl with Enter sends, as in every tool of this kind; an arrow goes to the first card.
fn shortcuts() {
    ui::listen(&document(), "keydown", |event: web_sys::KeyboardEvent| {
        if event.key() == "/" && !ui::is_typing(&event) && !event.ctrl_key() && !event.meta_key() {
            event.prevent_default();
            ui::focus("[role=search] input[type=search], input[type=search]");
        }
        let is_free = document().active_element().is_none_or(|e| e.tag_name() == "BODY");
        if is_free && matches!(event.key().as_str(), "ArrowDown" | "ArrowRight") && ui::find::<Element>(".board").is_some() {
            event.prevent_default();
            ui::focus(".board .card .subject");
        }
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            let area = event.target().and_then(|t| t.dyn_into::<HtmlTextAreaElement>().ok());
            if let Some(form) = area.and_then(|area| area.form()) {
                let _ = form.request_submit();
            }
        }
        if event.key() == "?" && !ui::is_typing(&event) {
            ui::each(".keys-help", |help| {
                let _ = help.toggle_attribute("open");
            });
        }
    });
}
