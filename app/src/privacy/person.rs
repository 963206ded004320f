//! What is known of a person, as a file or no more.

use super::api::{Data, Exported};
use super::page::progress;
use crate::ui::{Input, bytes, icon, input, look_again, number};
use crate::{Reader, Returned, i18n as w};
use domain::{Field, PersonId};
use leptos::prelude::*;

/// Exporting and erasing, on the page of a person.
pub fn data(id: PersonId, is_erased: bool, data: Data, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let erasing = Returned::of("erase_person");
    let problem = erasing.problem.clone();
    let is_running = data.erasing.is_some() || matches!(data.export, Some(Exported::Running { .. }));
    let has_export = matches!(data.export, Some(Exported::Ready { .. }));
    let is_me = reader.visitor.as_ref().is_some_and(|v| v.id == id);
    let export = data.export.map(|export| match export {
        Exported::Running { done, all } => view! {
            <p role="status">{w::privacy_export_running(l, all as i64, number(done as i64, l))}</p>
            <progress class="progress-bar" value=done.to_string() max=all.max(1).to_string()></progress>
            {look_again()}
        }
        .into_any(),
        Exported::Ready { bytes: size } => view! {
            <p role="status" class="done">{icon("check")}<span>{w::privacy_export_ready(l, bytes(size, l))}</span></p>
            <div class="row"><a class="button" data-kind="primary" href=format!("/people/{id}/export") download="">{icon("download")}{w::privacy_export_save(l)}</a></div>
        }
        .into_any(),
        Exported::Failed => view! { <p class="error" role="alert">{icon("circle-alert")}<span>{w::privacy_export_failed(l)}</span></p> }.into_any(),
    });
    let confirmation = Input {
        id: "confirmation",
        name: "confirmation",
        label: w::privacy_erase_confirm(l),
        kind: "text",
        autocomplete: "off",
        field: Field::Confirmation,
    };
    view! {
        <section class="panel settings" id="data" aria-labelledby="h-data" data-live="data"><h2 id="h-data">{w::privacy_data(l)}</h2>
            {is_erased.then(|| view! { <p>{w::privacy_erased(l)}</p> })}
            {data.erasing.as_ref().map(|erasing| progress(erasing, l))}
            {(!is_erased).then(|| view! {
                <p class="hint">{w::privacy_export_hint(l)}</p>
                {export}
                {(!is_running).then(|| view! { <form method="post" action="/api/export_person"><input type="hidden" name="id" value=id.to_string()/>
                    <button class="button">{icon("download")}{if has_export { w::privacy_export_again(l) } else { w::privacy_export(l) }}</button></form> })}
            })}
        </section>
        {(!is_erased && !is_me).then(|| view! {
            <details class="panel settings" open=problem.is_some()><summary>{icon("user-x")}<h2>{w::privacy_erase(l)}</h2></summary>
                <form method="post" action="/api/erase_person" class="form"><input type="hidden" name="id" value=id.to_string()/>
                    <p class="hint">{w::privacy_erase_hint(l)}</p>
                    {input(confirmation, erasing.value("confirmation"), None, problem.as_ref(), l)}
                    <button class="button" data-kind="danger">{w::privacy_erase(l)}</button></form></details>
        })}
    }
}
