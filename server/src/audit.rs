//! The audit log as a file.

use crate::files::{allowed, confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::permissions::Action;
use futures_util::stream::try_unfold;

/// `GET /audit/export?…`: the entries that the audit log's page would show, as CSV; for admins.
pub async fn export(State(state): State<AppState>, Extension(asking): Extension<Asking>, RawQuery(query): RawQuery) -> Response {
    let read = async {
        let agent = allowed(&asking, Action::ReadAudit)?.clone().asked_from(asking.origin()).agent()?;
        let filter = desk::audit::filter(&state.desk, &query.unwrap_or_default()).await?;
        desk::audit::export(&state.desk, &agent, &filter, asking.reads()).await
    };
    match read.await {
        Err(error) => refused(&error, &asking),
        Ok(export) => {
            let pages = try_unfold((state.desk, asking.session, export), async |(desk, mut session, mut export)| {
                // Whoever is shut out while it goes on gets no more of it.
                session = match &session {
                    Some(session) => desk::accounts::renew(&desk, session).await?,
                    None => None,
                };
                session.as_ref().ok_or(Refusal::SignedOut)?.require(Action::ReadAudit)?;
                let page = export.next(&desk).await.inspect_err(|error| tracing::error!(%error, "an export of the audit log was cut off"))?;
                Ok::<_, desk::Error>(page.map(|page| (page, (desk, session, export))))
            });
            let mut response = Body::from_stream(pages).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\""));
            confine(headers);
            response
        }
    }
}
