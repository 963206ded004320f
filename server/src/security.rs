//! The headers that every answer has, and the number and the measurement of every request.

use crate::router::AppState;
use crate::session::RequestId;
use app::Problem;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use domain::accounts::Language;
use leptos_axum::ResponseOptions;
use std::any::Any;
use std::time::Instant;
use tower_http::csrf::ProtectionError;

const FROM_ELSEWHERE: &str = "Dit formulier kwam van een andere site en is niet verwerkt. Open Balie zelf en probeer het daar.\nThis form came from another site and was not accepted. Open Balie itself and try again there.\n";

/// Measures a request, under its route.
pub async fn measure(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request.extensions().get::<RequestId>().map_or_else(RequestId::new, Clone::clone).0;
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();

    let response = next.run(request).await;

    let (status, took) = (response.status(), begun.elapsed());
    metrics::histogram!("balie_request_seconds", "route" => route.clone(), "method" => known(&method), "status" => status.as_u16().to_string())
        .record(took.as_secs_f64());
    // The route, not the address: an address may hold what a person searched for.
    if status.is_server_error() {
        tracing::warn!(request = %id, %method, %route, status = status.as_u16(), ms = took.as_millis() as u64, "answered");
    } else {
        tracing::debug!(request = %id, %method, %route, status = status.as_u16(), ms = took.as_millis() as u64, "answered");
    }
    response
}

/// The method's name, where it is one of HTTP's own: anyone can make up others, and each would be measured for ever.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Numbers a request, and gives every answer, also one that was refused before it was routed, the headers that hold for all.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if response.extensions().get::<Panicked>().is_some() {
        response = went_wrong(&id.0);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert("x-request-id", id);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"));
    // What a person sees is theirs alone: no cache on the way, and none after logging out.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if state.config.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    response
}

/// Marks the answer of a handler that panicked.
#[derive(Debug, Clone)]
struct Panicked;

/// What takes the place of the answer of a handler that panicked, until it is known which request it was.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

/// Says that something went wrong, with the number that the log has it under.
fn went_wrong(request: &str) -> Response {
    let reference: String = request.chars().take(8).collect();
    tracing::error!(%request, "a handler panicked");
    let said = [Language::Nl, Language::En].map(|l| Problem::Unexpected { reference: reference.clone() }.sentence(l)).join("\n");
    (StatusCode::INTERNAL_SERVER_ERROR, said + "\n").into_response()
}

/// The answer to a form that another site made, or that came without saying from where.
pub fn from_elsewhere(_: ProtectionError) -> Response {
    (StatusCode::FORBIDDEN, FROM_ELSEWHERE).into_response()
}

/// The policy of a page, with the nonce of its scripts. Called while the page is rendered.
pub fn page_policy() {
    let (Some(nonce), Some(options)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}
