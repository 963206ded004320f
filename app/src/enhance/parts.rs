//! The live parts of a page: taking them over from the same page, fetched again, without taking anything out of the person's hands.

use crate::ui;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlDetailsElement, HtmlInputElement, HtmlTextAreaElement};

thread_local! {
    /// Whether a part was left as it was, because the person works in it.
    static SKIPPED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a part was left as it was since this was asked last.
pub(super) fn is_skipped() -> bool {
    SKIPPED.take()
}

/// Takes over the live parts of a page, but not the one the person is working in: that one is fetched again when they leave it. Says whether it was such a page.
pub(super) fn swap(html: &str) -> bool {
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
