//! The browser's entry: it wakes the islands of the page the server rendered.

#![allow(unsafe_code, reason = "wasm_bindgen exports a function through it")]

use app as _;

/// Called once, when the program is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
