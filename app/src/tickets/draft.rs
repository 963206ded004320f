//! Drafts: what is typed is kept in this browser until it was accepted, through reloads and expired sessions.

use super::kept::{Fields, accept, key, send, throw_away_button};
use crate::{Reader, i18n as w, ui};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// Keeps the fields of the form it stands in under `name`, for this tab; fills them again, says that it does, and throws them away when asked.
///
/// What is kept is never older than what a form came back with: it was kept with every stroke, also those after the form came back.
#[island]
pub fn Draft(name: String) -> impl IntoView {
    let l = Reader::current().language;
    let (saved, set_saved) = signal(false);
    let root = NodeRef::<leptos::html::Span>::new();
    let form_name = name.clone();
    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok()?).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        accept();
        if let Some(kept) = ui::stored(&key(&name)).and_then(|text| Fields::read(&text)) {
            fill(&form, &kept.fields);
            set_saved.set(true);
        }
        let (draft, fields) = (name.clone(), form.clone());
        let keep = move || {
            ui::store(&key(&draft), &read(&fields));
            ui::at_rest(move || set_saved.set(true));
        };
        let later = keep.clone();
        ui::listen(&form, "input", move |_: web_sys::Event| keep());
        ui::listen(&form, "change", move |_: web_sys::Event| later());
        let (draft, target) = (name.clone(), form.clone());
        ui::listen(&form, "submit", move |event: web_sys::Event| {
            if !event.default_prevented() {
                let submission =
                    target.query_selector("input[name=submission]").ok().flatten().and_then(|e| e.get_attribute("value")).unwrap_or_default();
                send(key(&draft), submission);
            }
        });
    });
    view! {
        <span class="hint saved" node_ref=root role="status">{move || saved.get().then(|| view! { {ui::icon("check")}{w::draft_kept(l)} })}</span>
        {move || saved.get().then(|| throw_away_button(form_name.clone()))}
    }
}

fn fields(form: &HtmlFormElement) -> Vec<Element> {
    let Ok(found) = form.query_selector_all("input[name]:not(#cc), select[name], textarea[name]") else { return vec![] };
    let all = (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<Element>().ok());
    all.filter(|e| !matches!(e.get_attribute("type").as_deref(), Some("hidden" | "file" | "password" | "search"))).collect()
}

fn read(form: &HtmlFormElement) -> String {
    let mut pairs: Vec<(String, String)> = vec![];
    for element in fields(form) {
        let Some(name) = element.get_attribute("name") else { continue };
        if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
            if !matches!(input.type_().as_str(), "radio" | "checkbox") || input.checked() {
                pairs.push((name, input.value()));
            }
        } else if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>() {
            pairs.push((name, area.value()));
        } else if let Some(select) = element.dyn_ref::<HtmlSelectElement>() {
            pairs.push((name, select.value()));
        }
    }
    pairs.retain(|(_, value)| !value.is_empty());
    if pairs.is_empty() { String::new() } else { serde_json::to_string(&Fields::now(pairs)).unwrap_or_default() }
}

fn fill(form: &HtmlFormElement, pairs: &[(String, String)]) {
    for element in fields(form) {
        let name = element.get_attribute("name").unwrap_or_default();
        let mut values = pairs.iter().filter(|(n, _)| *n == name).map(|(_, value)| value);
        if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
            if matches!(input.type_().as_str(), "radio" | "checkbox") {
                if values.any(|v| *v == input.value()) {
                    input.set_checked(true);
                }
            } else if let Some(value) = values.next() {
                input.set_value(value);
            }
        } else if let Some((area, value)) = element.dyn_ref::<HtmlTextAreaElement>().zip(values.next()) {
            area.set_value(value);
        } else if let Some((select, value)) = element.dyn_ref::<HtmlSelectElement>().zip(pairs.iter().find(|(n, _)| *n == name)) {
            select.set_value(&value.1);
        }
    }
}
