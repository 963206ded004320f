//! Drafts: what is typed is kept in this browser until it was accepted, through reloads and expired sessions.

use crate::{Reader, ui, words as w};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDocument, HtmlFormElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

/// Where the form that was sent last is remembered.
const SENT: &str = "balie-sent";

/// Keeps the fields of the form it stands in under `name`, fills them again, and says that it does.
///
/// What is kept is never older than what a form came back with: it was kept with every stroke, also those after the form came back.
#[island]
pub fn Draft(name: String) -> impl IntoView {
    let l = Reader::current().language;
    let (saved, set_saved) = signal(false);
    let root = NodeRef::<leptos::html::Span>::new();
    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok()?).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        accept();
        if let Some(text) = ui::stored(&name) {
            fill(&form, &text);
            set_saved.set(true);
        }
        let (key, fields) = (name.clone(), form.clone());
        let keep = move || {
            ui::store(&key, &read(&fields));
            ui::at_rest(move || set_saved.set(true));
        };
        let later = keep.clone();
        ui::listen(&form, "input", move |_: web_sys::Event| keep());
        ui::listen(&form, "change", move |_: web_sys::Event| later());
        let (key, target) = (name.clone(), form.clone());
        ui::listen(&form, "submit", move |event: web_sys::Event| {
            if !event.default_prevented() {
                let submission =
                    target.query_selector("input[name=submission]").ok().flatten().and_then(|e| e.get_attribute("value")).unwrap_or_default();
                ui::store(SENT, &serde_json::to_string(&(&key, submission)).unwrap_or_default());
            }
        });
    });
    view! { <span class="hint saved" node_ref=root role="status">{move || saved.get().then(|| view! { {ui::icon("check")}{w::draft_kept(l)} })}</span> }
}

/// Forgets the draft of the form that was accepted last. A cookie of the server's says which; only that proves it, and it is still there
/// where the page one landed on was left before it woke. Whoever reads a draft calls this first.
pub(crate) fn accept() {
    let Some((name, submission)) = ui::stored(SENT).and_then(|text| serde_json::from_str::<(String, String)>(&text).ok()) else { return };
    let cookies = document().dyn_into::<HtmlDocument>().ok().and_then(|d| d.cookie().ok()).unwrap_or_default();
    if !submission.is_empty() && cookies.split("; ").any(|pair| pair.strip_prefix("accepted=") == Some(&submission)) {
        ui::store(SENT, "");
        ui::store(&name, "");
        for part in ["files", "cc"] {
            ui::store(&format!("{name}-{part}"), "");
        }
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
    if pairs.is_empty() { String::new() } else { serde_json::to_string(&pairs).unwrap_or_default() }
}

fn fill(form: &HtmlFormElement, text: &str) {
    let Ok(pairs) = serde_json::from_str::<Vec<(String, String)>>(text) else { return };
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
