//! The live parts of a page: taking them over from the same page, fetched again, without taking anything out of the person's hands.
//!
//! Invariant: a part that can ever have something in it is on the page from the start, empty where there is nothing.

use super::place::Place;
use super::table;
use crate::ui;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlDetailsElement, HtmlInputElement, HtmlTextAreaElement};

thread_local! {
    /// Whether a part was left as it was, because the person works in it.
    static SKIPPED: Cell<bool> = const { Cell::new(false) };
    /// The last event of the newest page that was taken over.
    static NEWEST: Cell<i64> = const { Cell::new(0) };
}

/// Whether a part was left as it was since this was asked last.
pub(super) fn is_skipped() -> bool {
    SKIPPED.take()
}

/// Takes over the live parts of a page, but not the one the person is working in: that one is fetched again when they leave it. Says whether it was such a page.
///
/// `own` is the form that was answered with this page: what is typed in it was sent.
pub(super) fn swap(html: &str, own: Option<&Element>) -> bool {
    let Ok(parser) = web_sys::DomParser::new() else { return false };
    let Ok(fresh) = parser.parse_from_string(html, web_sys::SupportedType::TextHtml) else { return false };
    if !fresh.query_selector("[data-live]").is_ok_and(|found| found.is_some()) {
        return false;
    }
    // The answer to a form is shown all the same: it says what became of it.
    if is_older(&fresh) && own.is_none() {
        return true;
    }
    if has_other_shape(&fresh) {
        window().location().reload().unwrap_or(());
        return true;
    }
    let active = document().active_element();
    ui::each("[data-live]", |part| {
        let Some(name) = part.get_attribute("data-live") else { return };
        // What is not there any more has nothing in it.
        let new = fresh.query_selector(&format!("[data-live={name}]")).ok().flatten().map(|new| new.inner_html()).unwrap_or_default();
        if part.inner_html() == new {
            return;
        }
        let inside = active.as_ref().filter(|a| part.contains(Some(a)));
        // What is ticked is carried over; what is being typed or chosen cannot be.
        let is_sent = |a: &Element| own.is_some_and(|form| form.contains(Some(a))) && a.tag_name() != "SELECT";
        if inside.is_some_and(|a| a.matches("input:not([type=checkbox]), select, textarea").unwrap_or(false) && !is_sent(a)) {
            SKIPPED.set(true);
            return;
        }
        if is_typed_in(part, own) {
            SKIPPED.set(true);
            return;
        }
        let (known, ticked, unfolded, place) = (ids(part), ticked(part), unfolded(part), inside.map(|a| Place::of(part, a)));
        part.set_inner_html(&new);
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
        if let Some(place) = place {
            place.focus(part);
        }
    });
    table::count();
    take_over_seen(&fresh);
    take_over_settled(&fresh);
    true
}

/// Whether the page is of before the one that was taken over last: answers may overtake each other.
fn is_older(fresh: &Document) -> bool {
    let as_of = fresh.query_selector("[data-after]").ok().flatten().and_then(|page| page.get_attribute("data-after")?.parse::<i64>().ok());
    let Some(as_of) = as_of else { return false };
    let newest = NEWEST.get();
    NEWEST.set(newest.max(as_of));
    as_of < newest
}

/// Whether something was typed in a part that was not sent with `own`: it is not thrown away.
fn is_typed_in(part: &Element, own: Option<&Element>) -> bool {
    let Ok(fields) = part.query_selector_all("input:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea") else { return false };
    (0..fields.length()).filter_map(|at| fields.item(at)?.dyn_into::<Element>().ok()).any(|field| {
        let typed = match (field.dyn_ref::<HtmlInputElement>(), field.dyn_ref::<HtmlTextAreaElement>()) {
            (Some(input), _) => input.value() != input.default_value(),
            (_, Some(area)) => area.default_value().is_ok_and(|was| area.value() != was),
            _ => false,
        };
        typed && !own.is_some_and(|form| form.contains(Some(&field)))
    })
}

/// Whether the page now has other things in it than parts can show, such as a form to write in: `data-shape` says which.
fn has_other_shape(fresh: &Document) -> bool {
    let shape = |page: &Document| page.query_selector("[data-shape]").ok().flatten()?.get_attribute("data-shape");
    shape(&document()) != shape(fresh)
}

/// Who has typed nothing yet has seen what is on the screen now: their answer is not held back for it.
fn take_over_seen(fresh: &Document) {
    const SEEN: &str = "#composer input[name=seen]";
    let is_empty = ui::find::<HtmlTextAreaElement>("#composer textarea").is_some_and(|area| area.value().trim().is_empty());
    let now = fresh.query_selector(SEEN).ok().flatten().and_then(|seen| seen.get_attribute("value"));
    if let (true, Some(seen), Some(now)) = (is_empty, ui::find::<HtmlInputElement>(SEEN), now) {
        seen.set_value(&now);
    }
}

/// What is settled looks so, and what is not does not.
fn take_over_settled(fresh: &Document) {
    let Some(now) = fresh.query_selector("[data-follow]").ok().flatten() else { return };
    ui::each("[data-follow]", |main| {
        let _ = main.toggle_attribute_with_force("data-settled", now.has_attribute("data-settled"));
    });
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

/// The selector that finds a box again on a fresh page: its id, or its value.
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
