//! Browsers and their helpers that open a link before anyone chose to: prefetch, prerender, preview.
//!
//! Invariant: opening an address changes nothing, but for the trip to a provider, which no form can begin; that one waits for a person.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Where browsers say that nobody chose to open this: `Sec-Purpose` is the standard's (Fetch, 2.2.7), the others are older.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Whether a request looks ahead.
pub fn is_ahead(headers: &HeaderMap) -> bool {
    let said = PURPOSES.iter().flat_map(|name| headers.get_all(*name)).filter_map(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
    said.into_iter().any(|said| ["prefetch", "prerender", "preview"].iter().any(|word| said.contains(word)))
}

/// The answer to a request that looks ahead at what only a person begins: the browser asks again once one does.
pub fn not_ahead() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "Open this page to go on.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_ahead_is_known_by_what_browsers_call_it() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_ahead(&headers)
        };
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("purpose", "Preview"),
            ("x-moz", "prefetch"),
            ("x-purpose", "preview"),
        ] {
            assert!(with(name, value), "{name}: {value}");
        }
        for (name, value) in
            [("sec-purpose", ""), ("sec-fetch-mode", "navigate"), ("x-moz", "livebookmarks"), ("referer", "https://x.example/prefetch")]
        {
            assert!(!with(name, value), "{name}: {value}");
        }
    }
}
