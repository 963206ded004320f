//! The calendar of an agent, for other programs; and the link in a mail by which an alarm is taken on.

use crate::files::{allowed, confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::Refusal;
use domain::permissions::Action;

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

/// `GET /on-call/take/{token}`: takes on the alarm of a mail and goes to its ticket; for the member of staff whom it was sent to, who logs in first where they have to.
pub async fn take(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(token): Path<String>, method: Method) -> Response {
    // A browser that looks ahead takes nothing on.
    if method == Method::HEAD {
        return StatusCode::NO_CONTENT.into_response();
    }
    let taken = async {
        let agent = allowed(&asking, Action::ChangeTicket)?.agent()?;
        let ticket = desk::on_call::of_link(&state.desk, &agent, &token).await?;
        desk::on_call::acknowledge(&state.desk, &agent, ticket).await?;
        Ok::<_, desk::Error>(ticket)
    };
    match taken.await {
        Ok(ticket) => Redirect::to(&format!("/tickets/{ticket}")).into_response(),
        Err(error) if error.refusal() == Some(&Refusal::SignedOut) && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') => {
            Redirect::to(&format!("/log-in?next=/on-call/take/{token}")).into_response()
        }
        Err(error) => refused(&error, &asking),
    }
}
