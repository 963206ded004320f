//! A whole mail, and what the desk does with its text and HTML.
#![no_main]

use mime::read;
use libfuzzer_sys::fuzz_target;
use reply_parser::{clean, said, split};

fuzz_target!(|raw: &[u8]| {
    let letter = read(raw);
    let text = letter.text.as_deref().unwrap_or_default();
    let _ = said(&split(text));
    if let Some(html) = letter.html.as_deref() {
        let _ = clean(html, &|_| None);
    }
});
