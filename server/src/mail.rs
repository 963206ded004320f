//! Mail over HTTP: a mail server hands mails over, and the link in a mail stops such mails.
//!
//! Invariant: a mail is acknowledged once it is kept, and never before.

use crate::files::{allowed, confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use desk::notifications::stop;
use domain::accounts::Language;
use domain::permissions::Action;
use domain::{IncomingId, Refusal};
use serde::Deserialize;

/// Which department new tickets go to, and in which organisation people are whom a mail makes known.
#[derive(Debug, Deserialize)]
pub struct Into {
    #[serde(default)]
    department: String,
    strangers: Option<String>,
}

/// `POST /mail/incoming?department=name&strangers=organisation` with a raw mail as the body and the token of the settings as bearer: keeps the mail. 202 with its number, 200 where it was kept before.
pub async fn incoming(State(state): State<AppState>, Query(into): Query<Into>, headers: HeaderMap, body: Body) -> Response {
    let Some(expected) = &state.config.mail_token else { return StatusCode::NOT_FOUND.into_response() };
    let given = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()?.strip_prefix("Bearer "));
    if !given.is_some_and(|given| desk::mail::is_same_secret(given, expected)) {
        let mut response = (StatusCode::UNAUTHORIZED, "the token is not that of BALIE_MAIL_TOKEN\n").into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    let most = state.config.max_mail_mib;
    let too_large = || (StatusCode::PAYLOAD_TOO_LARGE, desk::mail::too_large(most)).into_response();
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|h| h.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|size| size > u64::from(most) << 20) {
        return too_large();
    }
    let Ok(raw) = to_bytes(body, (most as usize) << 20).await else { return too_large() };
    match desk::mail::take_in(&state.desk, "http", &into.department, into.strangers.as_deref(), raw.into()).await {
        Ok(Some(id)) => (StatusCode::ACCEPTED, format!("{id}\n")).into_response(),
        Ok(None) => (StatusCode::OK, "known\n").into_response(),
        Err(error) => match error.refusal() {
            Some(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, app::Problem::Refused(refusal.clone()).sentence(Language::En) + "\n").into_response(),
            None => {
                tracing::error!(%error, "a mail could not be kept");
                (StatusCode::SERVICE_UNAVAILABLE, "the mail could not be kept; hand it over again later\n").into_response()
            }
        },
    }
}

/// `GET /mail/source/{id}`: a mail as it came, to be saved; for staff who read its ticket, and admins.
pub async fn source(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(id): Path<String>) -> Response {
    let found = async {
        let agent = allowed(&asking, Action::ReadMail)?.agent()?;
        let id: IncomingId = id.parse().map_err(|_| Refusal::NotFound)?;
        Ok((id, desk::mail::source(&state.desk, &agent, id).await?))
    };
    match found.await {
        Err(error) => refused(&error, &asking),
        Ok((id, raw)) => {
            let mut response = raw.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
            let name = HeaderValue::from_str(&format!("attachment; filename=\"mail-{id}.eml\""));
            headers.insert(header::CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment")));
            confine(headers);
            response
        }
    }
}

/// `POST /mail/stop/{token}`: one click stops the mails of a ticket (RFC 8058). A browser is shown that it did.
pub async fn stopped(State(state): State<AppState>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match stop(&state.desk, &token).await {
        Ok(Some(_)) if headers.get(header::ACCEPT).and_then(|h| h.to_str().ok()).is_some_and(|accept| accept.contains("text/html")) => {
            Redirect::to(&format!("/mail/stop/{token}")).into_response()
        }
        Ok(Some(_)) => StatusCode::NO_CONTENT.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "mails could not be stopped");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
