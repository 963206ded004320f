//! A field of a form, with the sentence at it where it came back. The first of those that are wrong has the focus, so that it is in sight however far down it stands.

use super::icon;
use crate::Problem;
use domain::Field;
use domain::accounts::Language;
use leptos::prelude::*;

/// A field with one line.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Input {
    /// Of the element, alone on its page.
    pub id: &'static str,
    /// In the form.
    pub name: &'static str,
    pub label: &'static str,
    /// Of the element: `text`, `email`, `password`…
    pub kind: &'static str,
    pub autocomplete: &'static str,
    /// Where a fault of it stands.
    pub field: Field,
}

/// The field with its label, a hint, and what is wrong with it.
pub fn input(input: Input, value: String, hint: Option<&'static str>, problem: Option<&Problem>, l: Language) -> impl IntoView + use<> {
    line(input, true, value, hint, problem, l)
}

/// A field that may be left empty.
pub fn optional(input: Input, value: String, hint: Option<&'static str>, problem: Option<&Problem>, l: Language) -> impl IntoView + use<> {
    line(input, false, value, hint, problem, l)
}

fn line(input: Input, required: bool, value: String, hint: Option<&'static str>, problem: Option<&Problem>, l: Language) -> impl IntoView + use<> {
    let Input { id, name, label, kind, autocomplete, field } = input;
    let sentence = problem.and_then(|p| p.at(field, l));
    let wrong = sentence.is_some().then_some("true");
    let (fault_at, hint_at) = (format!("{id}-fault"), format!("{id}-hint"));
    let described = match (wrong, hint) {
        (Some(_), _) => Some(fault_at.clone()),
        (None, Some(_)) => Some(hint_at.clone()),
        (None, None) => None,
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input class="input" id=id name=name type=kind autocomplete=autocomplete required=required maxlength="254" value=value aria-invalid=wrong autofocus=wrong.is_some() aria-describedby=described/>
            {hint.map(|hint| view! { <p class="hint" id=hint_at>{hint}</p> })}
            {sentence.map(|sentence| view! { <p class="error" id=fault_at>{icon("circle-alert")}<span>{sentence}</span></p> })}
        </div>
    }
}

/// What is wrong with a form that stands at none of its fields.
pub fn form_notice(problem: Option<&Problem>, fields: &[Field], l: Language) -> impl IntoView + use<> {
    let sentence = problem.filter(|p| fields.iter().all(|field| p.at(*field, l).is_none())).map(|p| p.sentence(l));
    sentence.map(|text| view! { <p class="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{text}</span></p> })
}

/// A text in small letters without marks, as [`domain::fold::folded`] makes it. A browser takes the marks off by itself: the tables of that are not sent to it.
pub fn folded(text: &str) -> String {
    if cfg!(target_arch = "wasm32") {
        let bare = js_sys::JsString::from(text).normalize("NFKD").replace_by_pattern(&js_sys::RegExp::new(r"\p{M}", "gu"), "");
        domain::fold::letters(String::from(bare).chars())
    } else {
        domain::fold::folded(text)
    }
}
