//! A table of which several rows can be changed at once.

use crate::ui;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlInputElement;

/// The box above the boxes ticks them all; how many are ticked is said beside what can be done with them.
pub(super) fn tick_all() {
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
        count();
    });
}

/// Says how many rows are ticked; the box above them is ticked where all are.
pub(super) fn count() {
    let of = |selector: &str| document().query_selector_all(selector).map_or(0, |found| found.length());
    let (ticked, all) = (of("tbody input[type=checkbox]:checked"), of("tbody input[type=checkbox]"));
    ui::each("[data-ticked]", |count| count.set_text_content(Some(&ticked.to_string())));
    ui::each("input[data-all]", |above| {
        if let Some(above) = above.dyn_ref::<HtmlInputElement>() {
            above.set_checked(all > 0 && ticked == all);
        }
    });
}
