//! The sentences at the fields of a form that came back: who it came back to is taken there, and what was mended is said no longer.

use crate::ui;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

/// What tells what went wrong, the most telling first.
const TOLD: [&str; 4] = [".error-summary", "main [aria-invalid=true]:is(input, select, textarea)", "main .error", ".banner[data-kind=error]"];

/// A form that came back has the focus at what went wrong. The page says so itself by `autofocus`; a browser may have passed over it.
pub(super) fn take_to_fault() {
    let is_nowhere = document().active_element().is_none_or(|at| at.tag_name() == "BODY");
    if !is_nowhere || ui::find::<Element>("meta[name=returned-to]").is_none() {
        return;
    }
    if let Some(told) = TOLD.into_iter().find_map(ui::find::<HtmlElement>) {
        if told.matches(":not(input, select, textarea, [tabindex])").unwrap_or(false) {
            told.set_attribute("tabindex", "-1").unwrap_or(());
        }
        let _ = told.focus();
    }
}

/// A link in the list of what is still to be done leads into its field, also where that is a group of several.
pub(super) fn lead_to_fields() {
    ui::listen(&document(), "click", |event: web_sys::MouseEvent| {
        let at = event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|at| at.closest(".error-summary a[href^='#']").ok()?);
        let Some(id) = at.and_then(|link| link.get_attribute("href")).map(|href| href.trim_start_matches('#').to_owned()) else { return };
        let field = ui::find::<HtmlElement>(&format!("[id='{id}']:is(input, select, textarea)"))
            .or_else(|| ui::find(&format!("[id='{id}'] :is(input:not([type=hidden]), select, textarea, button)")));
        if let Some(field) = field {
            event.prevent_default();
            let _ = field.focus();
        }
    });
}

/// What was wrong with a field is said no longer once something else is in it; the same in the list of what is still to be done.
pub(super) fn mended() {
    for name in ["input", "change"] {
        ui::listen(&document(), name, |event: web_sys::Event| {
            if let Some(field) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
                // Leaving a field by pressing a button is a change too.
                ui::at_rest(move || mend(&field));
            }
        });
    }
}

/// A sentence belongs to whatever names it as its description, and to the field or the group it stands in: all around what was changed are mended with it.
fn mend(field: &Element) {
    let mut around = Some(field.clone());
    while let Some(element) = around.filter(|element| element.tag_name() != "FORM") {
        // The field for people in CC says for itself what is wrong with it.
        if element.id() != "cc" && element.closest(".cc-picker").is_ok_and(|picker| picker.is_none()) {
            element.remove_attribute("aria-invalid").unwrap_or(());
            for id in element.get_attribute("aria-describedby").unwrap_or_default().split_whitespace() {
                if let Some(fault) = document().get_element_by_id(id) {
                    silence(&fault);
                }
            }
            if element.matches(".field, fieldset").unwrap_or(false) {
                let children = element.children();
                (0..children.length()).filter_map(|at| children.item(at)).for_each(|child| silence(&child));
            }
        }
        if !element.id().is_empty() {
            ui::each(&format!(".error-summary a[href='#{}']", element.id()), hide);
        }
        around = element.parent_element();
    }
    // A question that is asked no longer needs no answer.
    ui::each(".error-summary a[href^='#']", |link| {
        let id = link.get_attribute("href").unwrap_or_default().trim_start_matches('#').to_owned();
        if ui::find::<HtmlElement>(&format!("[id='{id}']")).is_none_or(|field| field.offset_width() == 0) {
            hide(link);
        }
    });
    if ui::find::<Element>(".error-summary a:not([hidden])").is_none() {
        ui::each(".error-summary:has(a)", hide);
    }
}

/// Hides a sentence; no field is wrong because of it any more.
fn silence(fault: &Element) {
    if !fault.class_list().contains("error") {
        return;
    }
    hide(fault);
    if !fault.id().is_empty() {
        ui::each(&format!("[aria-invalid=true][aria-describedby~='{}']", fault.id()), |field| field.remove_attribute("aria-invalid").unwrap_or(()));
    }
}

fn hide(element: &Element) {
    element.set_attribute("hidden", "").unwrap_or(());
}
