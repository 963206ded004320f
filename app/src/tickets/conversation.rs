//! The conversation: what was said and what happened, in order, for portal and desk alike.

use super::api::{Entry, Said};
use crate::attachments::file_list;
use crate::ui::{self, avatar, icon};
use crate::{Reader, i18n as w, when};
use domain::events::{Event, Happening};
use domain::hours::Changed;
use domain::tickets::Side;
use domain::{MessageId, TicketId};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

/// How a message holds what is folded away in it: the reader's word for it is put in when it is shown.
const FOLD: &str = "<summary></summary>";

/// The conversation, with the way to what the page has no room for.
pub fn conversation(
    ticket: TicketId,
    entries: Vec<Entry>,
    earlier_than: Option<MessageId>,
    has_later: bool,
    reader: &Reader,
) -> impl IntoView + use<> {
    let l = reader.language;
    view! {
        <div data-live="earlier">{earlier_than.map(|first| view! { <a class="more" href=before(ticket, first)>{w::earlier_messages(l)}</a> })}</div>
        <ol class="conversation" role="list" data-live="conversation">{ui::written_each(entries.into_iter().map(|e| entry(ticket, e, reader)))}</ol>
        {has_later.then(|| view! { <a class="more" href=format!("/tickets/{ticket}#latest")>{w::newest_messages(l)}</a> })}
        <div id="latest"></div>
    }
}

/// The page with the messages before one.
fn before(ticket: TicketId, message: MessageId) -> String {
    format!("/tickets/{ticket}?before={message}")
}

/// One entry.
fn entry(ticket: TicketId, entry: Entry, reader: &Reader) -> impl IntoView + use<> {
    match entry {
        Entry::Said(said) => EitherOf3::A(message(ticket, said, reader)),
        Entry::Happened(event) => EitherOf3::B(happening(event, reader)),
        Entry::Retargeted(at, by, what) => {
            let l = reader.language;
            let who = by.map_or(w::balie(l).to_owned(), |by| by.name);
            let text = match what {
                Changed::Hours => w::changed_hours(l, who),
                Changed::Targets => w::changed_targets(l, who),
                Changed::Organisations => w::changed_organisations(l, who),
            };
            EitherOf3::C(view! { <li class="happening">{icon("timer")}<span>{text}</span>{when::at_time(at, reader)}</li> })
        }
    }
}

fn message(ticket: TicketId, said: Said, reader: &Reader) -> impl IntoView + use<> {
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
                    <span class="who">{said.author.name.clone()}</span><span class="role">{role}</span>{said.mail.as_ref().map(|mail| view! { <span class="by-mail">{icon("mail")}{if mail.verified { w::by_mail(l) } else { w::by_mail_unverified(l) }}</span> })}
                    {when::at_time(said.at, reader)}
                </header>
                {match said.beginning {
                    Some(text) => Either::Left(view! {
                        <div class="text"><p class="spaced">{text}"…"</p><p><a href=format!("{}#m{}", before(ticket, MessageId(said.id.0 + 1)), said.id)>{w::whole_message(l)}</a></p></div>
                    }),
                    None => Either::Right(view! { <div class="text" inner_html=said.html.replace(FOLD, &format!("<summary>{}</summary>", w::mail_history(l)))></div> }),
                }}
                {said.mail.filter(|mail| !mail.head.is_empty()).map(|mail| view! {
                    <details class="mail-head"><summary>{w::mail_headers(l)}</summary><pre>{mail.head}</pre>
                        <a href=format!("/mail/source/{}", mail.id)>{w::mail_source(l)}</a></details>
                })}
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
        Happening::TargetNear { .. } => "timer",
        Happening::TargetMissed { .. } => "clock-alert",
        Happening::Alarmed { .. } => "circle-alert",
        Happening::Acknowledged => "hand",
    };
    let link = event.what.leads_to();
    view! {
        <li class="happening" id=format!("e{}", event.n)>
            {icon(mark)}<span>{w::sentence(&event, l)}</span>{link.map(|to| view! { <a href=format!("/tickets/{to}")>"#"{to.to_string()}</a> })}{when::at_time(event.at, reader)}
        </li>
    }
}
