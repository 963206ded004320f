//! The keyboard: shortcuts, and closing what opened.

use crate::ui;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

/// `/` goes to the search field, `?` shows the keys and Ctrl with Enter sends, as in every tool of this kind; an arrow goes to the first card.
pub(super) fn shortcuts() {
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

/// What opens over the page closes by Escape and by a click elsewhere.
pub(super) fn close_what_opened() {
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
