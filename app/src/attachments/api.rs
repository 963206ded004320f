//! The server functions of files. Bytes go through plain routes: `POST /uploads`, `GET /files/…`.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::attachments::Attachment;
use leptos::prelude::*;

/// Removes an uploaded file that is on no message yet.
#[server(endpoint = "discard_upload")]
pub async fn discard_upload(#[server(default)] id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::{AttachmentId, Refusal};
    let (desk, session) = backend::someone(Action::Upload)?;
    let id = AttachmentId::parse(&id).ok_or_else(|| backend::report(Refusal::NotFound.into()))?;
    desk::attachments::remove(&desk, &session, &id).await.map_err(backend::report)
}

/// Which of these uploaded files are still there for a message.
#[server(endpoint = "kept_uploads")]
pub async fn kept_uploads(#[server(default)] ids: Vec<String>) -> Result<Vec<Attachment>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::Upload)?;
    desk::attachments::loose(&desk, &session, &ids).await.map_err(backend::report)
}
