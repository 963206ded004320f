//! The server functions of files. Bytes go through plain routes: `POST /uploads`, `GET /files/…`.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
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
