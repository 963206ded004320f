//! What is known of a person, as a file.

use crate::files::{allowed, confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::permissions::Action;
use domain::{PersonId, Refusal};
use tokio_util::io::ReaderStream;

/// `GET /people/{id}/export`: the export of a person that was made, to be saved; for admins.
pub async fn export(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(id): Path<String>) -> Response {
    let found = async {
        let agent = allowed(&asking, Action::ManagePrivacy)?.agent()?;
        let id: PersonId = id.parse().map_err(|_| Refusal::NotFound)?;
        Ok((id, desk::privacy::export_file(&state.desk, &agent, id).await?))
    };
    match found.await {
        Err(error) => refused(&error, &asking),
        Ok((id, (file, bytes))) => {
            let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
            let name = HeaderValue::from_str(&format!("attachment; filename=\"person-{id}.zip\""));
            headers.insert(header::CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment")));
            confine(headers);
            response
        }
    }
}
