//! A ticket as staff see it: the conversation with notes, and everything that can be changed beside it.

use super::api::{DeskFacts, MailState, Mailed, QuietMail, View};
use super::composer::{Composer, composer};
use super::conversation::conversation;
use super::portal_ticket::bare;
use super::proposed::proposed;
use crate::ui::{Place, avatar, desk_frame, icon, refused};
use crate::{Reader, Returned, due, i18n as w, when};
use domain::accounts::Person;
use domain::tickets::{Due, MAX_REASON, Side, Status, Ticket, Urgency};
use domain::time::Moment;
use domain::{EventNo, Field, TicketId};
use leptos::prelude::*;
use std::sync::Arc;

pub(super) fn page(page: View, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let ticket = page.ticket;
    let id = ticket.id;
    let facts = page.desk.unwrap_or_default();
    let cc: Vec<&str> = ticket.cc.iter().map(|p| p.name.as_str()).collect();
    let to = if cc.is_empty() { w::to_person(l, &ticket.requester.name) } else { w::to_person_cc(l, &ticket.requester.name, cc.join(", ")) };
    let write = Composer { ticket: &ticket, seen: page.as_of, submission: page.submission, files: page.files, max: page.max_mebibytes, to };
    let notice = Returned::any()
        .and_then(|r| r.problem.clone().filter(|_| r.action != "reply"))
        .filter(|p| weighed().is_none() || p.at(Field::Reason, l).is_none())
        .map(|p| p.sentence(l));
    let inner = view! {
            <main id="inhoud" class="desk-ticket" data-follow=id.to_string() data-after=page.as_of.to_string()>
                <header class="dt-head">
                    <a class="button" data-kind="quiet" data-icon-only="" data-size="small" href="/board" aria-label=w::back_to_board(l)>{icon("arrow-left")}</a>
                    <span class="stub number">"#"{id.to_string()}</span><h1>{ticket.subject.clone()}</h1>
                </header>
                <div class="banner" data-kind="lost" data-lost="" role="status" hidden>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
                <div data-live="notice">{notice.map(refused)}</div>
                <div data-live="alarm">{facts.alarm.map(|next| alarm(id, next, reader))}</div>
                <div class="dt-grid">
                    <div class="dt-talk">
                        {conversation(id, page.entries, page.earlier_than, page.has_later, reader)}
                        {(!page.has_later).then(|| composer(write, reader))}
                    </div>
                    <aside class="props" aria-label=w::properties(l)>
                        <section class="clock" data-live="clock">{ticket.due.map(|due| clock(&due, &ticket, reader))}</section>
                        <section class="set" data-live="set">{set(&ticket, page.as_of, &facts, reader)}</section>
                        <section data-live="customer">{customer(&ticket, facts.requester, &page.colleagues, reader)}</section>
                        <section data-live="proposed">{(!page.proposed.is_empty()).then(|| proposed(id, page.proposed, ticket.organisation.as_ref(), reader))}</section>
                        <section data-live="tags">{tags(&ticket, reader)}</section>
                        <section data-live="watch">{watching(id, facts.watching, reader)}</section>
                        <section data-live="mails">{(!facts.mails.is_empty()).then(|| mails(id, facts.mails, reader))}</section>
                        <section data-live="quiet">{(!facts.quiet.is_empty()).then(|| quiet(facts.quiet, reader))}</section>
                        <section data-live="others">{(!facts.others.is_empty()).then(|| view! {
                            <h2>{w::others_of(l, ticket.requester.name.split(' ').next().unwrap_or_default())}</h2>
                                <ul role="list" class="linked">{facts.others.into_iter().map(|line| view! {
                                    <li><span class="badge" data-glyph="" data-status=line.status.word() title=w::status_word(line.status, l)><span class="visually-hidden">{w::status_word(line.status, l)}</span></span>
                                        <a href=format!("/tickets/{}", line.id)><span class="number">"#"{line.id.to_string()}</span><span class="one-line">{line.subject}</span></a></li>
                                }).collect_view()}</ul>
                        })}</section>
                    </aside>
                </div>
            </main>
    };
    desk_frame(Place::Ticket, reader, inner)
}

/// An alarm that runs, and the button that ends it.
fn alarm(id: TicketId, next: Moment, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    view! {
        <div class="banner" data-kind="error" role="status">{icon("circle-alert")}<div class="text"><p>{w::alarm_running(l, w::when::ahead(next, reader.now, &reader.zone, l))}</p></div>
            <form method="post" action="/api/take_alarm" data-quiet=""><input type="hidden" name="ticket" value=id.to_string()/><button class="button" data-kind="primary">{icon("hand")}{w::alarm_take(l)}</button></form></div>
    }
}

/// What is due, and how much of its time is left.
fn clock(due: &Due, ticket: &Ticket, reader: &Reader) -> impl IntoView + use<> {
    let department = ticket.department.id;
    let (time, fuse) = due::fuse(due, department, reader);
    view! {
        <h2>{w::goal_title(due.goal, reader.language)}</h2>
        {due::time_left(due, department, reader)}
        <div data-time=time>{fuse}</div>
    }
}

fn set(ticket: &Ticket, seen: EventNo, facts: &DeskFacts, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let statuses = Status::ALL.iter().map(|s| (s.word().to_owned(), w::status_word(*s, l).to_owned(), *s == ticket.status)).collect();
    let assignee = ticket.assignee.as_ref().map(|a| a.id);
    let mut staff = vec![(String::new(), w::nobody(l).to_owned(), assignee.is_none())];
    staff.extend(facts.staff.iter().map(|p| (p.id.to_string(), p.name.clone(), assignee == Some(p.id))));
    let urgencies = Urgency::FORM.iter().map(|u| (u.word().to_owned(), w::urgency_word(*u, l).to_owned(), *u == ticket.urgency)).collect();
    let departments = facts.departments.iter().map(|d| (d.id.to_string(), d.name.clone(), d.id == ticket.department.id)).collect();
    view! {
        {choice(ticket.id, seen, "status", w::status(l), statuses, reader)}
        {choice(ticket.id, seen, "assignee", w::agent(l), staff, reader)}
        {weigh(ticket.id, seen, urgencies, reader)}
        {choice(ticket.id, seen, "department", w::department(l), departments, reader)}
    }
}

/// A property as a form of its own, that posts as soon as another choice is made.
fn choice(
    ticket: TicketId,
    seen: EventNo,
    what: &'static str,
    label: &'static str,
    options: Vec<(String, String, bool)>,
    reader: &Reader,
) -> impl IntoView + use<> {
    let l = reader.language;
    view! {
        <form class="field" method="post" action="/api/change_ticket" data-quiet="">
            <input type="hidden" name="ticket" value=ticket.to_string()/><input type="hidden" name="seen" value=seen.to_string()/><input type="hidden" name="what" value=what/>
            <label for=format!("p-{what}")>{label}</label>
            <div class="with-button"><select class="select input" data-size="small" id=format!("p-{what}") name="to">
                {options.into_iter().map(|(value, word, chosen)| view! { <option value=value selected=chosen>{word}</option> }).collect_view()}
            </select><noscript><button class="button" data-size="small">{w::change(l)}</button></noscript></div>
        </form>
    }
}

/// A change of urgency that came back, with what was typed.
fn weighed() -> Option<Arc<Returned>> {
    Some(Returned::of("change_ticket")).filter(|returned| returned.value("what") == "urgency")
}

/// The urgency, which is changed with a reason that the customers read.
fn weigh(ticket: TicketId, seen: EventNo, options: Vec<(String, String, bool)>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let chosen = options.iter().find(|(_, _, chosen)| *chosen).map(|(_, word, _)| word.clone()).unwrap_or_default();
    let returned = weighed();
    let wanted = returned.as_ref().map(|returned| returned.value("to"));
    let is_back = returned.is_some();
    let (reason, fault) = returned.map(|returned| (returned.value("reason"), returned.problem.as_ref().and_then(|p| p.at(Field::Reason, l)))).unzip();
    let fault = fault.flatten();
    let is_wrong = fault.is_some();
    view! {
        <div class="field"><span class="label">{w::urgency(l)}</span>
            <details class="weigh" open=is_back><summary class="button" data-size="small">{chosen}{icon("chevron-down")}</summary>
                <form class="form" method="post" action="/api/change_ticket" data-quiet="send">
                    <input type="hidden" name="ticket" value=ticket.to_string()/><input type="hidden" name="seen" value=seen.to_string()/><input type="hidden" name="what" value="urgency"/>
                    <select class="select input" data-size="small" name="to" aria-label=w::urgency(l)>
                        {options.into_iter().map(|(value, word, chosen)| {
                            let chosen = wanted.as_ref().map_or(chosen, |wanted| *wanted == value);
                            view! { <option value=value selected=chosen>{word}</option> }
                        }).collect_view()}
                    </select>
                    <input class="input" data-size="small" id="weigh-reason" name="reason" value=reason aria-invalid=is_wrong.then_some("true") autofocus=is_wrong aria-describedby=is_wrong.then_some("weigh-reason-fault") required maxlength=MAX_REASON.to_string() autocomplete="off" aria-label=w::reason(l) placeholder=w::reason(l)/>
                    {fault.map(|sentence| view! { <p class="error" id="weigh-reason-fault">{icon("circle-alert")}<span>{sentence}</span></p> })}
                    <button class="button" data-size="small">{w::change(l)}</button>
                </form>
            </details></div>
    }
}

fn customer(ticket: &Ticket, requester: Option<Person>, candidates: &[Person], reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let id = ticket.id;
    let organisation = ticket.organisation.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    let key_user = requester.as_ref().is_some_and(|p| p.key_user);
    let offered: Vec<_> = candidates.iter().filter(|p| !ticket.cc.iter().any(|c| c.id == p.id)).map(|p| (p.id, p.name.clone(), p.key_user)).collect();
    view! {
        <h2>{w::customer(l)}</h2>
        <div class="person">{avatar(ticket.requester.id, &ticket.requester.name, Side::Customer, "large")}<div><b>{ticket.requester.name.clone()}</b>
            <p class="hint">{organisation}{key_user.then(|| format!(" · {}", w::key_user(l)))}</p></div></div>
        <dl class="properties">
            {requester.map(|p| view! { <dt>{w::email(l)}</dt><dd class="one-line"><a href=format!("mailto:{}", p.email)>{p.email.clone()}</a></dd> })}
            {ticket.link.clone().map(|link| view! { <dt>{w::link(l)}</dt><dd class="one-line"><a href=link.clone() rel="noopener noreferrer nofollow" target="_blank">{bare(&link)}</a></dd> })}
        </dl>
        <h2>"CC"</h2>
        <ul role="list" class="persons">{ticket.cc.iter().map(|p| {
            let (person, name) = (p.id, p.name.clone());
            view! {
                <li>{avatar(person, &name, Side::Customer, "small")}<span>{name.clone()}</span>
                    <form method="post" action="/api/change_cc" data-quiet=""><input type="hidden" name="ticket" value=id.to_string()/><input type="hidden" name="remove" value=person.to_string()/>
                        <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::remove_person(l, &name)>{icon("x")}</button></form></li>
            }
        }).collect_view()}</ul>
        {(!offered.is_empty()).then(|| view! {
            <form method="post" action="/api/change_cc" class="with-button" data-quiet=""><input type="hidden" name="ticket" value=id.to_string()/>
                <select class="select input" data-size="small" name="add" aria-label=w::add_cc(l)><option value="">{w::add_cc(l)}</option>
                    {offered.into_iter().map(|(person, name, key_user)| view! { <option value=person.to_string()>{name}{key_user.then(|| format!(" ({})", w::key_user(l)))}</option> }).collect_view()}
                </select><noscript><button class="button" data-size="small">{w::add(l)}</button></noscript>
            </form>
        })}
    }
}

fn tags(ticket: &Ticket, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let id = ticket.id;
    view! {
        <h2>{w::tags(l)}</h2>
        <div class="tags">{ticket.tags.iter().map(|tag| {
            let tag = tag.clone();
            view! {
                <form method="post" action="/api/change_ticket" class="tag" data-quiet=""><input type="hidden" name="ticket" value=id.to_string()/><input type="hidden" name="what" value="untag"/><input type="hidden" name="to" value=tag.clone()/>
                    <span>{tag.clone()}</span><button aria-label=w::remove_tag(l, &tag)>{icon("x")}</button></form>
            }
        }).collect_view()}</div>
        <form method="post" action="/api/change_ticket" class="with-button" data-quiet=""><input type="hidden" name="ticket" value=id.to_string()/><input type="hidden" name="what" value="tag"/>
            <input class="input" data-size="small" name="to" maxlength="40" aria-label=w::new_tag(l) placeholder=w::new_tag(l)/><button class="button" data-size="small">{w::add(l)}</button></form>
    }
}

/// Whether the reader watches the ticket.
fn watching(ticket: TicketId, on: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    view! {
        <form method="post" action="/api/watch" class="watch" data-quiet=""><input type="hidden" name="ticket" value=ticket.to_string()/><input type="hidden" name="on" value=if on { "" } else { "1" }/>
            <button class="button" data-size="small" aria-pressed=on.to_string()>{icon("eye")}{if on { w::unwatch(l) } else { w::watch(l) }}</button></form>
    }
}

/// What programs sent about the ticket: absences, and what became of our mails.
fn quiet(mails: Vec<QuietMail>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    view! {
        <details class="mails">
            <summary><h2>{w::mails_quiet(l)}</h2><span class="count">{mails.len()}</span></summary>
            <ul role="list">{mails.into_iter().map(|mail| view! {
                <li><div><span class="one-line" title=mail.sender.clone()>{if mail.subject.is_empty() { mail.sender.clone() } else { mail.subject }}</span><span class="hint one-line">{mail.sender}" · "{when::at_time(mail.at, reader)}</span>
                    <span class="reason">{w::mail_reason(&mail.reason, l)}</span></div>
                    <a class="button" data-kind="quiet" data-icon-only="" data-size="small" href=format!("/mail/source/{}", mail.id) aria-label=w::mail_source(l)>{icon("file-text")}</a></li>
            }).collect_view()}</ul>
        </details>
    }
}

/// The mails about the ticket: to whom, and what became of them.
fn mails(ticket: TicketId, mails: Vec<Mailed>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let wrong = mails.iter().filter(|mail| matches!(mail.state, MailState::GivenUp | MailState::Bounced)).count();
    let open = wrong > 0;
    view! {
        <details class="mails" open=open>
            <summary><h2>{w::mails_sent(l)}</h2><span class="count">{mails.len()}</span></summary>
            <ul role="list">{mails.into_iter().map(|mail| {
                let (state, word) = match mail.state {
                    MailState::Waiting => ("waiting", w::mail_state_waiting(l)),
                    MailState::Deferred => ("deferred", w::mail_state_deferred(l)),
                    MailState::Sent => ("sent", w::mail_state_sent(l)),
                    MailState::GivenUp => ("given-up", w::mail_state_given_up(l)),
                    MailState::Bounced => ("bounced", w::mail_state_bounced(l)),
                    MailState::Dropped => ("dropped", w::mail_state_dropped(l)),
                };
                let again = !matches!(mail.state, MailState::Waiting | MailState::Deferred);
                view! {
                    <li data-mail=state><div><span class="one-line" title=mail.address>{mail.to.name.clone()}</span><span class="hint">{word}" · "{when::at_time(mail.at, reader)}</span>
                        {mail.reason.map(|reason| view! { <span class="reason" lang="en">{reason}</span> })}</div>
                        {again.then(|| view! {
                            <form method="post" action="/api/resend_mail" data-quiet=""><input type="hidden" name="ticket" value=ticket.to_string()/><input type="hidden" name="id" value=mail.id.to_string()/>
                                <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::mail_resend(l, &mail.to.name)>{icon("rotate-cw")}</button></form>
                        })}</li>
                }
            }).collect_view()}</ul>
        </details>
    }
}
