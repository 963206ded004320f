//! What one does to the board by key and by menu.

use super::shown::Shown;
use crate::ui;
use domain::board::{COLUMNS, Card};
use domain::tickets::Status;
use domain::{PersonId, TicketId};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlSelectElement, KeyboardEvent};

/// Arrows walk over the cards, with Shift they move the card; `a` takes it.
pub(super) fn keys(event: &KeyboardEvent, shown: Shown, me: Option<PersonId>) {
    let Some(here) = event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest(".card").ok()?) else { return };
    if ui::is_typing(event) || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if let Some(item) = event.target().and_then(|t| t.dyn_into::<Element>().ok()).filter(|e| e.closest(".card-menu .menu").is_ok_and(|m| m.is_some()))
    {
        let next = match event.key().as_str() {
            "ArrowDown" => item.next_element_sibling(),
            "ArrowUp" => item.previous_element_sibling(),
            _ => return,
        };
        event.prevent_default();
        if let Some(next) = next.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
            let _ = next.focus();
        }
        return;
    }
    let Some(id) = here.get_attribute("data-card").and_then(|id| id.parse().ok()) else { return };
    let Some(card) = shown.card(id) else { return };
    let step: i32 = if matches!(event.key().as_str(), "ArrowRight" | "ArrowDown") { 1 } else { -1 };
    match event.key().as_str() {
        "ArrowLeft" | "ArrowRight" => {
            event.prevent_default();
            let at = COLUMNS.iter().position(|s| *s == card.status).unwrap_or_default() as i32;
            if event.shift_key() {
                if let Some(to) = usize::try_from(at + step).ok().and_then(|to| COLUMNS.get(to)) {
                    shown.move_to(id, *to);
                }
            } else {
                beside(shown, at, step, id);
            }
        }
        "ArrowUp" | "ArrowDown" => {
            event.prevent_default();
            let item = here.closest("li").ok().flatten();
            let next = item.and_then(|item| if step > 0 { item.next_element_sibling() } else { item.previous_element_sibling() });
            if let Some(link) = next.and_then(|item| item.query_selector(".subject").ok()?).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
                let _ = link.focus();
            }
        }
        "a" => {
            event.prevent_default();
            shown.send(card, None, me.map(|me| me.to_string()));
        }
        _ => {}
    }
}

/// The card at the same height in the next column that has any.
fn beside(shown: Shown, from: i32, step: i32, id: TicketId) {
    let columns = shown.columns.with_value(|columns| columns.iter().map(|column| column.ids()).collect::<Vec<_>>());
    let height = usize::try_from(from).ok().and_then(|at| columns.get(at)?.iter().position(|c| *c == id)).unwrap_or_default();
    let mut at = from + step;
    while let Some(ids) = usize::try_from(at).ok().and_then(|at| columns.get(at)) {
        if let Some(id) = ids.get(height.min(ids.len().saturating_sub(1))) {
            ui::focus(&format!("#c{id}"));
            return;
        }
        at += step;
    }
}

fn card_of(event: &web_sys::Event, shown: Shown) -> Option<(Element, Card)> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let id = element.closest("[data-card]").ok()??.get_attribute("data-card")?.parse().ok()?;
    Some((element, shown.card(id)?))
}

pub(super) fn by_menu(event: &web_sys::MouseEvent, shown: Shown) {
    let Some((element, card)) = card_of(event, shown) else { return };
    let button = element.closest("[data-move]").ok().flatten();
    if let Some(to) = button.and_then(|b| b.get_attribute("data-move")).and_then(|word| Status::from_word(&word)) {
        close_menus();
        shown.move_to(card.id, to);
        ui::focus(&format!("#c{}", card.id));
    }
}

pub(super) fn by_select(event: &web_sys::Event, shown: Shown) {
    let Some((element, card)) = card_of(event, shown) else { return };
    if let Ok(select) = element.dyn_into::<HtmlSelectElement>()
        && select.has_attribute("data-take")
    {
        close_menus();
        ui::focus(&format!("#c{}", card.id));
        shown.send(card, None, Some(select.value()));
    }
}

fn close_menus() {
    ui::each(".card-menu[open]", |menu| menu.remove_attribute("open").unwrap_or(()));
}
