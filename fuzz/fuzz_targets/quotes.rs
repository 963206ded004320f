//! Telling what is said from what is quoted: the pieces are the text again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reply_parser::{said, split};

fuzz_target!(|text: &str| {
    let pieces = split(text);
    let joined: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(joined.join("\n"), text.replace("\r\n", "\n"));
    assert_eq!(said(&pieces).is_empty(), text.trim().is_empty());
});
