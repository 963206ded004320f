//! The sentences at the fields of a form that came back.

use crate::ui;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::Element;

/// What was wrong with a field is said no longer once something else is in it; the same in the list of what is still to be done.
pub(super) fn mended() {
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
