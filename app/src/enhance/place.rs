//! Where the focus is in a part of a page that is made anew, and where it goes then: never nowhere.

use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

/// What can have the focus.
const FOCUSABLE: &str = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, summary";

/// What an element is called by, whichever page it is on.
#[derive(Debug, PartialEq, Eq)]
struct Likeness {
    tag: String,
    id: String,
    name: Option<String>,
    value: Option<String>,
    label: Option<String>,
    /// Where the form around it goes.
    action: Option<String>,
}

impl Likeness {
    fn of(element: &Element) -> Self {
        let attribute = |name| element.get_attribute(name);
        let form = element.closest("form").ok().flatten();
        // What a box stands for is its value; of a field it is what was typed.
        let value = attribute("value").filter(|_| !element.matches("input:not([type=checkbox], [type=radio])").unwrap_or(false));
        Self {
            tag: element.tag_name(),
            id: element.id(),
            name: attribute("name"),
            value,
            label: attribute("aria-label"),
            action: form.and_then(|form| form.get_attribute("action")),
        }
    }
}

/// The place of the focus in a part.
pub(super) struct Place {
    likeness: Likeness,
    at: usize,
}

impl Place {
    /// The place of an element in a part.
    pub(super) fn of(part: &Element, element: &Element) -> Self {
        let at = focusable(part).iter().position(|other| AsRef::<Element>::as_ref(other) == element).unwrap_or_default();
        Self { likeness: Likeness::of(element), at }
    }

    /// Moves the focus to the same element of the part as it is now; where it is gone, to what stands in its place; to the part itself where there is nothing.
    pub(super) fn focus(&self, part: &Element) {
        let all = focusable(part);
        let same = all.iter().find(|other| Likeness::of(other) == self.likeness);
        let there = same.or_else(|| all.get(self.at)).or_else(|| all.last());
        let whole = part.dyn_ref::<HtmlElement>();
        if there.is_none() {
            part.set_attribute("tabindex", "-1").unwrap_or(());
        }
        if let Some(element) = there.or(whole) {
            let _ = element.focus();
        }
    }
}

/// Everything in a part that can have the focus, in order; not what is folded away.
fn focusable(part: &Element) -> Vec<HtmlElement> {
    let Ok(found) = part.query_selector_all(FOCUSABLE) else { return vec![] };
    let is_folded =
        |element: &HtmlElement| element.matches("details:not([open]) > :not(summary), details:not([open]) > :not(summary) *").unwrap_or(false);
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into::<HtmlElement>().ok()).filter(|element| !is_folded(element)).collect()
}
