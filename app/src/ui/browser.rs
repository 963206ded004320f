//! Small things of the browser, for islands. Called only in effects and event handlers.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlElement};

/// Runs something again and again, as long as the page is open.
pub fn every(milliseconds: i32, run: impl Fn() + 'static) {
    let run = Closure::<dyn Fn()>::new(run);
    // A browser that has no timers has no page either.
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(run.as_ref().unchecked_ref(), milliseconds);
    run.forget();
}

/// Each element a selector finds.
pub fn each(selector: &str, run: impl Fn(&Element)) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).for_each(|element| run(&element));
}

/// The first element a selector finds.
pub fn find<T: JsCast>(selector: &str) -> Option<T> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

/// Listens on an element, as long as the page is open.
pub fn listen<E: JsCast + 'static>(target: &web_sys::EventTarget, event: &str, run: impl FnMut(E) + 'static) {
    let mut run = run;
    let run = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| run(event.unchecked_into()));
    let _ = target.add_event_listener_with_callback(event, run.as_ref().unchecked_ref());
    run.forget();
}

/// Tells the page that a field is another than it was, as its browser does when a person changes it.
pub fn tell_changed(field: &Element) {
    if let Ok(event) = document().create_event("Event") {
        event.init_event_with_bubbles("change", true);
        let _ = field.dispatch_event(&event);
    }
}

/// Moves the focus to an element.
pub fn focus(selector: &str) {
    if let Some(element) = find::<HtmlElement>(selector) {
        let _ = element.focus();
    }
}

/// What is kept in this browser under a name.
pub fn stored(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Keeps a text in this browser, or forgets it where it is empty. A full or forbidden store loses nothing but the convenience.
pub fn store(name: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = if text.is_empty() { storage.remove_item(name) } else { storage.set_item(name, text) };
    }
}

/// Whether the person types at the moment, so that a letter is not a shortcut.
pub fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
    let element: Option<Element> = event.target().and_then(|t| t.dyn_into().ok());
    element.is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || e.has_attribute("contenteditable"))
}
