//! The conversation: what was said and what happened, in order, for portal and desk alike.

use super::api::{Entry, Said};
use crate::attachments::file_list;
use crate::ui::{avatar, icon, status_word, urgency_word};
use crate::{Reader, when, words as w};
use domain::accounts::Language;
use domain::events::{Event, Happening};
use domain::tickets::Side;
use leptos::prelude::*;

/// One entry.
pub fn entry(entry: Entry, reader: &Reader) -> AnyView {
    match entry {
        Entry::Said(said) => message(said, reader).into_any(),
        Entry::Happened(event) => happening(event, reader).into_any(),
    }
}

fn message(said: Said, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let mine = reader.visitor.as_ref().is_some_and(|v| v.id == said.author.id);
    let from = if said.note { "note" } else { said.side.word() };
    let role = match (mine, said.side) {
        (true, _) => w::you(l),
        (false, Side::Agent) => w::staff(l),
        (false, Side::Customer) => w::customer(l),
    };
    let label = if said.note {
        w::note_by(l, &said.author.name, when::at(said.at, reader))
    } else {
        w::message_by(l, &said.author.name, when::at(said.at, reader))
    };
    view! {
        <li class="message" data-from=from id=format!("m{}", said.id)>
            {avatar(said.author.id, &said.author.name, said.side, "")}
            <article class="sheet" aria-label=label>
                <header>
                    {said.note.then(|| view! { <span class="label">{icon("lock")}{w::note_for_staff(l)}</span> })}
                    <span class="who">{said.author.name.clone()}</span><span class="role">{role}</span>{when::at_time(said.at, reader)}
                </header>
                <div class="text" inner_html=said.html></div>
                {file_list(said.files, l)}
            </article>
        </li>
    }
}

fn happening(event: Event, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let mark = match &event.what {
        Happening::Assigned { .. } => "user-check",
        Happening::StatusChanged { .. } => "circle-dot",
        Happening::UrgencyChanged { .. } => "circle-alert",
        Happening::DepartmentChanged { .. } => "building-2",
        Happening::CcAdded { .. } | Happening::CcRemoved { .. } => "user-plus",
        Happening::Tagged { .. } | Happening::Untagged { .. } => "tag",
        Happening::Continued { .. } | Happening::Opened { .. } => "link",
        Happening::Replied { .. } | Happening::Noted { .. } => "reply",
    };
    let link = match &event.what {
        Happening::Continued { to } => Some(*to),
        Happening::Opened { follows, .. } => *follows,
        _ => None,
    };
    view! {
        <li class="happening" id=format!("e{}", event.n)>
            {icon(mark)}<span>{sentence(&event, l)}</span>{link.map(|to| view! { <a href=format!("/tickets/{to}")>"#"{to.to_string()}</a> })}{when::at_time(event.at, reader)}
        </li>
    }
}

/// What happened, as a sentence.
pub fn sentence(event: &Event, l: Language) -> String {
    let who = event.by.as_ref().map_or(w::balie(l), |by| by.name.as_str());
    match &event.what {
        Happening::Opened { .. } => w::did_open(l, who),
        Happening::Replied { excerpt, .. } => w::did_reply(l, who, excerpt),
        Happening::Noted { excerpt, .. } => w::did_note(l, who, excerpt),
        Happening::StatusChanged { from, to } => w::did_status(l, who, status_word(*from, l), status_word(*to, l)),
        Happening::Assigned { to: Some(to), .. } if event.by.as_ref().is_some_and(|by| by.id == to.id) => w::did_take(l, who),
        Happening::Assigned { to: Some(to), .. } => w::did_assign(l, who, &to.name),
        Happening::Assigned { to: None, .. } => w::did_unassign(l, who),
        Happening::UrgencyChanged { to, .. } => w::did_urgency(l, who, urgency_word(*to, l)),
        Happening::DepartmentChanged { to, .. } => w::did_department(l, who, &to.name),
        Happening::CcAdded { person } => w::did_cc(l, who, &person.name),
        Happening::CcRemoved { person } if event.by.as_ref().is_some_and(|by| by.id == person.id) => w::did_leave(l, who),
        Happening::CcRemoved { person } => w::did_uncc(l, who, &person.name),
        Happening::Tagged { tag } => w::did_tag(l, who, tag),
        Happening::Untagged { tag } => w::did_untag(l, who, tag),
        Happening::Continued { .. } => w::did_continue(l, who),
    }
}
