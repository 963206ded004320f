//! Writing on a ticket: a reply, or for staff a note, with files; held back where the ticket changed meanwhile.

use super::api;
use super::draft::Draft;
use super::kept::KeptDrafts;
use crate::attachments::{Kept, Uploads};
use crate::ui::{self, as_typed, fault, icon};
use crate::{Problem, Reader, Returned, i18n as w, when};
use domain::tickets::{Status, Ticket};
use domain::{EventNo, Field, Refusal};
use leptos::prelude::*;
use web_sys::HtmlTextAreaElement;

/// What the composer needs.
pub(super) struct Composer<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) seen: EventNo,
    pub(super) submission: String,
    pub(super) files: Vec<Kept>,
    pub(super) max: u32,
    pub(super) to: String,
}

/// The composer.
pub(super) fn composer(with: Composer<'_>, reader: &Reader) -> impl IntoView + use<> {
    let (l, staff) = (reader.language, reader.is_staff());
    let returned = Returned::of("reply");
    let problem = returned.problem.clone();
    let held = match &problem {
        Some(Problem::Refused(Refusal::Outdated(events))) => Some(events.clone()),
        _ => None,
    };
    let other = problem
        .as_ref()
        .filter(|p| held.is_none() && p.at(Field::Message, l).is_none() && p.at(Field::Attachments, l).is_none())
        .map(|p| p.sentence(l));
    let is_wrong = problem.as_ref().is_some_and(|p| p.at(Field::Message, l).is_some());
    let note = returned.value("mode") == "note";
    let id = with.ticket.id;
    let draft = format!("balie-reply-{id}-{}", reader.visitor.as_ref().map(|v| v.id.0).unwrap_or_default());
    let submission = Some(returned.value("submission")).filter(|s| !s.is_empty()).unwrap_or(with.submission);
    let is_held = held.is_some();
    // Sent on purpose in spite of what changed: then nothing was "seen" that could be outdated.
    let anyway =
        is_held.then(|| view! { <button class="button" data-size="small" form="composer" name="anyway" value="1">{w::send_anyway(l)}</button> });
    view! {
        <div class="held-stack">
        {held.map(|events| view! {
            <div class="banner" data-kind="held" role="alert" id="held" tabindex="-1" autofocus>{icon("hand")}<div class="text"><p><b>{w::held_title(l)}</b>" "{w::held_text(l)}</p>
                <ul role="list" class="changes">{events.iter().map(|e| view! { <li>{when::at_time(e.at, reader)}" "{w::sentence(e, l)}</li> }).collect_view()}</ul></div>
                <div class="actions">{anyway}</div>
            </div>
        })}
        <form class="composer" id="composer" method="post" action="/api/reply" enctype="multipart/form-data" aria-label=w::write_here(l)>
            <input type="hidden" name="ticket" value=id.to_string()/>
            <input type="hidden" name="submission" value=submission/>
            <input type="hidden" name="seen" value=with.seen.to_string()/>
            <KeptDrafts name=draft.clone()/>
            {staff.then(|| view! {
                <div class="modes" role="group" aria-label=w::kind_of_message(l)>
                    <label><input class="visually-hidden" type="radio" name="mode" value="reply" checked=!note/>{icon("reply")}{w::reply(l)}</label>
                    <label><input class="visually-hidden" type="radio" name="mode" value="note" checked=note/>{icon("lock")}{w::note(l)}</label>
                </div>
            })}
            <div class="to for-reply" data-live="to">{with.to}</div>
            {staff.then(|| view! { <div class="to for-note">{w::note_to(l)}</div> })}
            <textarea name="text" id="text" required aria-label=w::your_reply(l) placeholder=if staff { w::write_here(l) } else { w::write_reply(l) } aria-invalid=is_wrong.then_some("true") autofocus=is_wrong aria-describedby="text-fault" inner_html=as_typed(&returned.value("text"))></textarea>
            {fault(problem.as_ref(), Field::Message, "text-fault", l)}
            <div class="upload-field" role="group" aria-label=w::attachments(l) aria-describedby="files-fault"><Uploads kept=with.files max=with.max draft=draft.clone()/></div>
            {fault(problem.as_ref(), Field::Attachments, "files-fault", l)}
            {other.map(|sentence| view! { <p class="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{sentence}</span></p> })}
            <div class="tools"><Draft name=draft/><span class="push"></span>
                {staff.then(|| {
                    let then = returned.value("then");
                    view! {
                        <label class="then"><span class="muted">{w::and_then(l)}</span>
                            <select class="select input" data-size="small" name="then" aria-label=w::status_after(l)>
                                <option value="" data-live="then">{if with.ticket.status == Status::New { w::status_by_itself(l, w::status_word(Status::Open, l)) } else { w::status_unchanged(l).to_owned() }}</option>
                                {[Status::Waiting, Status::Resolved, Status::Open].map(|s| view! { <option value=s.word() selected=then == s.word()>{w::status_word(s, l)}</option> })}
                            </select>
                        </label>
                    }
                })}
                <button class="button" data-kind="primary">{icon("corner-down-left")}<span class="for-reply">{w::send_reply(l)}</span>{staff.then(|| view! { <span class="for-note">{w::save_note(l)}</span> })}</button>
            </div>
        </form>
        </div>
    }
}

/// Shows what a text will look like; `of` is the id of its field.
#[island]
pub fn Preview(of: String) -> impl IntoView {
    let l = Reader::current().language;
    let (html, set_html) = signal(None::<String>);
    let id = StoredValue::new(of);
    let show = move |_| {
        let Some(area) = ui::find::<HtmlTextAreaElement>(&format!("#{}", id.get_value())) else { return };
        leptos::task::spawn_local(async move {
            let rendered = api::preview(area.value()).await;
            ui::rest().await;
            set_html.set(Some(rendered.unwrap_or_else(|problem| problem.sentence(l))));
            let _ = area.set_attribute("hidden", "");
        });
    };
    let write = move |_| {
        set_html.set(None);
        if let Some(area) = ui::find::<HtmlTextAreaElement>(&format!("#{}", id.get_value())) {
            let _ = area.remove_attribute("hidden");
            let _ = area.focus();
        }
    };
    view! {
        <div class="modes script-only" role="group" aria-label=w::view(l)>
            <button type="button" class="button" data-kind="quiet" data-size="small" aria-pressed=move || html.get().is_none().to_string() on:click=write>{w::writing(l)}</button>
            <button type="button" class="button" data-kind="quiet" data-size="small" aria-pressed=move || html.get().is_some().to_string() on:click=show>{w::previewing(l)}</button>
        </div>
        <div class="preview text" hidden=move || html.get().is_none() inner_html=move || html.get().unwrap_or_default()></div>
    }
}
