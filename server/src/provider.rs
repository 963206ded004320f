//! Logging in at a provider: on the way there, and back.
//!
//! Invariant: what comes back is taken only in the browser that went, which a cookie shows.

use crate::ahead::{is_ahead, not_ahead};
use crate::router::AppState;
use app::backend::{Asking, factor_cookie, session_cookie};
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use desk::accounts::{SESSION, begin_trip, end_trip};
use domain::Refusal;
use domain::typed::own_path;
use serde::Deserialize;

/// Where to go on afterwards.
#[derive(Debug, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// What a provider sends back (RFC 6749, 4.1.2).
#[derive(Debug, Deserialize)]
pub struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    /// Why there is no code.
    #[serde(default)]
    error: String,
}

/// `GET /log-in/provider?next=…`: on to the provider.
pub async fn there(State(state): State<AppState>, Extension(asking): Extension<Asking>, headers: HeaderMap, Query(asked): Query<Next>) -> Response {
    // Followed ahead, it would come back with a session that nobody asked for.
    if is_ahead(&headers) {
        return not_ahead();
    }
    match begin_trip(&state.desk, own_path(&asked.next), &asking.origin()).await {
        Ok((address, token)) => {
            let mut response = Redirect::to(&address).into_response();
            set(&mut response, &format!("{}={}; Max-Age=900", factor_cookie(asking.secure), token.as_str()), asking.secure);
            response
        }
        Err(error) => failed(&error),
    }
}

/// `GET /log-in/provider/back?code=…&state=…`: back from the provider, and in.
pub async fn back(State(state): State<AppState>, Extension(asking): Extension<Asking>, headers: HeaderMap, Query(back): Query<Back>) -> Response {
    if is_ahead(&headers) {
        return not_ahead();
    }
    if !back.error.is_empty() {
        // A word of RFC 6749 (4.1.2.1) or of OpenID Connect; never the description, which may name someone.
        let error: String = back.error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
        tracing::warn!(error, "the provider sent someone back without logging them in");
    }
    match end_trip(&state.desk, &asking.factor, &back.state, &back.code, &asking.origin()).await {
        Ok((token, next)) => {
            let mut response = Redirect::to(own_path(&next)).into_response();
            set(&mut response, &format!("{}={}; Max-Age={}", session_cookie(asking.secure), token.as_str(), SESSION.0 / 1_000), asking.secure);
            set(&mut response, &format!("{}=; Max-Age=0", factor_cookie(asking.secure)), asking.secure);
            response
        }
        Err(error) => failed(&error),
    }
}

fn set(response: &mut Response, cookie: &str, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    if let Ok(value) = HeaderValue::from_str(&format!("{cookie}; Path=/; HttpOnly; SameSite=Lax{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn failed(error: &desk::Error) -> Response {
    let why = match error.refusal() {
        Some(Refusal::NotAllowed) => "denied",
        Some(_) => "failed",
        None => {
            tracing::error!(%error, "logging in at the provider broke");
            "failed"
        }
    };
    Redirect::to(&format!("/log-in?provider={why}")).into_response()
}
