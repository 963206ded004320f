//! Files on a message.

use crate::ui::{bytes, icon};
use domain::accounts::Language;
use domain::attachments::Attachment;
use leptos::prelude::*;

/// The files of a message; an image shows itself and opens large, anything else is downloaded.
pub fn file_list(files: Vec<Attachment>, l: Language) -> impl IntoView {
    (!files.is_empty()).then(|| {
        view! {
            <ul class="files" role="list">
                {files.into_iter().map(|file| {
                    let address = if file.image { format!("/files/{}/view", file.id) } else { format!("/files/{}", file.id) };
                    let thumb = if file.image {
                        view! { <img src=format!("/files/{}/thumb", file.id) alt="" loading="lazy" width="48" height="34"/> }.into_any()
                    } else {
                        icon("file-text").into_any()
                    };
                    view! {
                        <li><a class="file-link" href=address target=file.image.then_some("_blank") rel=file.image.then_some("noopener")>
                            <span class="thumb">{thumb}</span>
                            <span><b>{file.name.as_str().to_owned()}</b><span class="faint">{bytes(file.size, l)}</span></span>
                        </a></li>
                    }
                }).collect_view()}
            </ul>
        }
    })
}
