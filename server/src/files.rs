//! Uploads and downloads. A file goes through in pieces: memory does not grow with it.

use crate::router::AppState;
use app::Problem;
use app::backend::{Asking, problem, status};
use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::accounts::Session;
use desk::attachments::{Picture, Upload};
use domain::attachments::Attachment;
use domain::permissions::Action;
use domain::{AttachmentId, Fault, Field, Refusal};
use futures_util::StreamExt;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::io::ReaderStream;

/// An upload has come in when it would have at this rate, in bytes a second, and half a minute more; or it is given up.
const LEAST_RATE: u64 = 8 << 10;

/// What an upload is called.
#[derive(Debug, Deserialize)]
pub struct Named {
    #[serde(default)]
    name: String,
}

/// `POST /uploads?name=…` with the bytes as the body: keeps a file until a message names it. Answers `{"Ok": file}` or `{"Err": problem}`.
pub async fn upload(
    State(state): State<AppState>,
    Extension(asking): Extension<Asking>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|h| h.to_str().ok()?.parse().ok());
    let largest = u64::from(state.desk.files().max_mebibytes()) << 20;
    let until = Instant::now() + Duration::from_secs(30 + announced.unwrap_or(largest).min(largest) / LEAST_RATE);
    let kept = async {
        let session = allowed(&asking, Action::Upload)?;
        let mut upload = Upload::begin(&state.desk, session, &named.name, announced).await?;
        let mut pieces = body.into_data_stream();
        loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = sleep_until(until) => return Err(interrupted().into()),
                // A restart must not wait for a slow upload: the browser offers to try again.
                () = state.shutdown.cancelled() => return Err(std::io::Error::other("the server stops").into()),
            };
            match piece {
                Some(piece) => upload.write(&piece.map_err(|_| interrupted())?).await?,
                None => return upload.finish().await,
            }
        }
    };
    answer(kept.await, &asking)
}

/// The connection was lost, or what came over it was no request.
pub fn interrupted() -> Refusal {
    Refusal::field(Field::Attachments, Fault::Interrupted)
}

fn answer(kept: desk::Result<Attachment>, asking: &Asking) -> Response {
    match kept {
        Ok(file) => Json(Ok::<_, Problem>(file)).into_response(),
        Err(error) => {
            let problem = problem(&error, &asking.request);
            (status(&problem), Json(Err::<Attachment, _>(problem))).into_response()
        }
    }
}

/// `GET /files/{id}`: the file, to be saved and never to be shown.
pub async fn download(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(id): Path<String>) -> Response {
    let found = async {
        let session = allowed(&asking, Action::Download)?;
        desk::attachments::download(&state.desk, session, &parse(&id)?).await
    };
    match found.await {
        Err(error) => refused(&error, &asking),
        Ok(file) => {
            let name = format!("attachment; filename*=UTF-8''{}", percent(file.attachment.name.as_str()));
            let mut response = Body::from_stream(ReaderStream::with_capacity(file.file, 64 << 10)).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.attachment.size));
            headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")));
            confine(headers);
            response
        }
    }
}

/// `GET /files/{id}/thumb`: the small picture of an image.
pub async fn thumb(state: State<AppState>, asking: Extension<Asking>, id: Path<String>) -> Response {
    picture(state, asking, id, Picture::Thumb).await
}

/// `GET /files/{id}/view`: the large picture of an image, encoded anew.
pub async fn view(state: State<AppState>, asking: Extension<Asking>, id: Path<String>) -> Response {
    picture(state, asking, id, Picture::View).await
}

async fn picture(State(state): State<AppState>, Extension(asking): Extension<Asking>, Path(id): Path<String>, which: Picture) -> Response {
    let found = async {
        let session = allowed(&asking, Action::Download)?;
        desk::attachments::preview(&state.desk, session, &parse(&id)?, which).await
    };
    match found.await {
        Err(error) => refused(&error, &asking),
        Ok(shown) => {
            let mut response = Body::from_stream(ReaderStream::with_capacity(shown.file, 64 << 10)).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(shown.media_type));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(shown.size));
            // Asked again at each use, because access can be taken away.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
            confine(response.headers_mut());
            response
        }
    }
}

/// Whatever a file holds, it runs nothing and loads nothing.
pub fn confine(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
}

/// Who is asking, where they may do this.
pub fn allowed(asking: &Asking, action: Action) -> Result<&Session, Refusal> {
    let session = asking.session.as_ref().ok_or(Refusal::SignedOut)?;
    session.require(action)?;
    Ok(session)
}

fn parse(id: &str) -> Result<AttachmentId, Refusal> {
    AttachmentId::parse(id).ok_or(Refusal::NotFound)
}

/// A failure of a plain route: the status and a sentence.
pub fn refused(error: &desk::Error, asking: &Asking) -> Response {
    let problem = problem(error, &asking.request);
    let status: StatusCode = status(&problem);
    (status, problem.sentence(asking.language)).into_response()
}

/// Percent-encoding of a header's extended value (RFC 8187).
fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
