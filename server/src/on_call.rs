//! The calendar of an agent, for other programs.

use crate::files::{confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::Refusal;

/// `GET /on-call/{secret}/calendar.ics`: when the owner of the link is on call; for whoever has it.
pub async fn calendar(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(secret): Path<String>) -> Response {
    match desk::on_call::calendar(&state.desk, &secret).await {
        Err(error) => refused(&error, &asking),
        Ok(None) => refused(&Refusal::NotFound.into(), &asking),
        Ok(Some(calendar)) => {
            let mut response = calendar.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
            confine(headers);
            response
        }
    }
}
