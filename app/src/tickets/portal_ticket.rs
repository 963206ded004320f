//! A ticket as the customer sees it: first whose turn it is, then the conversation.

use super::api::View;
use super::composer::{Composer, composer};
use super::conversation::conversation;
use super::proposed::proposed;
use crate::ui::{Place, avatar, icon, portal, refused, status, urgency};
use crate::{Reader, Returned, i18n as w, when};
use domain::hours::Promise;
use domain::tickets::{Side, Status, Ticket};
use leptos::prelude::*;

pub(super) fn page(page: View, sent: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let ticket = page.ticket;
    let (id, settled) = (ticket.id, ticket.status.is_settled());
    let mine = reader.visitor.as_ref().is_some_and(|v| v.id == ticket.requester.id);
    // A key user who is not on the ticket.
    let reads_along = !mine && reader.visitor.as_ref().is_none_or(|v| ticket.cc.iter().all(|cc| cc.id != v.id));
    let just_opened = sent && page.entries.len() == 1;
    let to = match (&ticket.assignee, ticket.cc.is_empty()) {
        (Some(agent), true) => w::to_person(l, &agent.name),
        (Some(agent), false) => w::to_person_cc(l, &agent.name, names(&ticket)),
        (None, true) => w::to_desk(l).to_owned(),
        (None, false) => w::to_desk_cc(l, names(&ticket)),
    };
    let write = Composer { ticket: &ticket, seen: page.as_of, submission: page.submission, files: page.files, max: page.max_mebibytes, to };
    let returned = Returned::any().and_then(|r| r.problem.clone().filter(|_| r.action != "reply")).map(|p| p.sentence(l));
    let inner = view! {
            <main id="inhoud" class="portal" data-follow=id.to_string() data-after=page.as_of.to_string() data-settled=settled.then_some("") data-shape=if reads_along { "read" } else { "write" }>
                <a class="back" href="/">{icon("arrow-left")}{w::my_tickets(l)}</a>
                <div class="banner" data-kind="lost" data-lost="" role="status" hidden>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
                {just_opened.then(|| view! { <div class="banner" data-kind="thanks" role="status">{icon("check")}<div class="text"><p><b>{w::opened_title(l, id)}</b>" "{w::opened_text(l)}</p></div></div> })}
                <div data-live="notice">{returned.map(refused)}</div>
                <div class="ticket-head"><span class="stub number">"#"{id.to_string()}</span><div><h1>{ticket.subject.clone()}</h1>
                    <p class="expect" data-live="turn">{turn(&ticket, page.promise.as_ref(), mine, reader)}</p></div></div>
                <div class="ticket-grid">
                    <div class="talk">
                        {conversation(id, page.entries, page.earlier_than, page.has_later, reader)}
                        {if page.has_later { ().into_any() } else if reads_along { view! { <p class="hint">{w::reads_along(l)}</p> }.into_any() } else { composer(write, reader).into_any() }}
                    </div>
                    <aside class="ticket-aside" aria-label=w::properties(l)>
                        <div data-live="solve">{(mine && !settled).then(|| view! {
                            <form class="solve" method="post" action="/api/settle" data-quiet="">
                                <input type="hidden" name="ticket" value=id.to_string()/>
                                <button class="button">{icon("check")}{w::solved_thanks(l)}</button>
                                <p class="hint">{w::solved_hint(l)}</p>
                            </form>
                        })}</div>
                        <dl class="properties" data-live="properties">
                            <dt>{w::status(l)}</dt><dd>{status(ticket.status, l)}</dd>
                            <dt>{w::urgency(l)}</dt><dd>{urgency(ticket.urgency, l)}</dd>
                            <dt>{w::handler(l)}</dt><dd>{ticket.assignee.as_ref().map_or(w::nobody(l).to_owned(), |a| a.name.clone())}</dd>
                            <dt>{w::department(l)}</dt><dd>{ticket.department.name.clone()}</dd>
                            <dt>{w::opened_at(l)}</dt><dd>{when::at_time(ticket.opened_at, reader)}</dd>
                            {ticket.link.clone().map(|link| view! { <dt>{w::link(l)}</dt><dd class="one-line"><a href=link.clone() rel="noopener noreferrer nofollow" target="_blank">{bare(&link)}</a></dd> })}
                        </dl>
                        <div data-live="people">{people(&ticket, mine, &page.colleagues, reader)}</div>
                        <div data-live="proposed">{(!page.proposed.is_empty()).then(|| proposed(id, page.proposed, None, reader))}</div>
                    </aside>
                </div>
            </main>
    };
    portal(Place::Ticket, reader, inner)
}

fn names(ticket: &Ticket) -> String {
    ticket.cc.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// An address without its scheme, as a person would say it.
pub(super) fn bare(link: &str) -> String {
    link.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn turn(ticket: &Ticket, promise: Option<&Promise>, mine: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let promised =
        promise.map(|promise| w::when::promise(promise, reader.now, &reader.zone, reader.elsewhere.as_deref(), l)).filter(|text| !text.is_empty());
    let or = |text: &str| promised.clone().unwrap_or_else(|| text.to_owned());
    let (turn, expect) = match ticket.status {
        Status::Waiting if mine => (w::your_turn(l).to_owned(), w::expect_you(l).to_owned()),
        Status::Waiting => (w::waits_for(l, ticket.requester.name.split(' ').next().unwrap_or_default()), String::new()),
        Status::New => (w::our_turn(l).to_owned(), or(w::expect_new(l))),
        Status::Open => (w::our_turn(l).to_owned(), or(w::expect_open(l))),
        Status::Resolved => (w::status_resolved(l).to_owned(), w::expect_resolved(l).to_owned()),
        Status::Closed => (w::status_closed(l).to_owned(), w::expect_closed(l).to_owned()),
    };
    let whose = if ticket.status == Status::Waiting && mine { "you" } else { "we" };
    view! { <span class="turn" data-turn=whose>{turn}</span><span>{expect}</span> }
}

fn people(ticket: &Ticket, mine: bool, colleagues: &[domain::accounts::Person], reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let me = reader.visitor.as_ref().map(|v| v.id);
    let id = ticket.id;
    let offered: Vec<_> = colleagues.iter().filter(|p| !ticket.cc.iter().any(|c| c.id == p.id)).map(|p| (p.id, p.name.clone(), p.key_user)).collect();
    view! {
        <h2>{w::in_cc(l)}</h2>
        {ticket.cc.is_empty().then(|| view! { <p class="hint">{w::nobody_in_cc(l)}</p> })}
        <ul role="list" class="persons">
            {ticket.cc.iter().map(|p| {
                let (person, name, leave) = (p.id, p.name.clone(), me == Some(p.id));
                view! {
                    <li>{avatar(person, &name, Side::Customer, "")}<span>{name.clone()}</span>
                        {(mine || leave).then(|| view! {
                            <form method="post" action=if leave { "/api/leave_cc" } else { "/api/change_cc" } data-quiet=(!leave).then_some("")>
                                <input type="hidden" name="ticket" value=id.to_string()/><input type="hidden" name="remove" value=person.to_string()/>
                                {if leave {
                                    view! { <button class="button" data-kind="quiet" data-size="small">{w::leave_cc(l)}</button> }.into_any()
                                } else {
                                    view! { <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::remove_person(l, &name)>{icon("x")}</button> }.into_any()
                                }}
                            </form>
                        })}
                    </li>
                }
            }).collect_view()}
        </ul>
        {(mine && !offered.is_empty()).then(|| view! {
            <form method="post" action="/api/change_cc" class="add-cc" data-quiet="">
                <input type="hidden" name="ticket" value=id.to_string()/>
                <select class="select input" data-size="small" name="add" aria-label=w::add_cc(l)>
                    <option value="">{w::add_cc(l)}</option>
                    {offered.into_iter().map(|(person, name, key_user)| view! { <option value=person.to_string()>{name}{key_user.then(|| format!(" ({})", w::key_user(l)))}</option> }).collect_view()}
                </select>
                <noscript><button class="button" data-size="small">{w::add(l)}</button></noscript>
            </form>
        })}
        {mine.then(|| view! {
            <form method="post" action="/api/name_for_cc" class="with-button" data-quiet="">
                <input type="hidden" name="ticket" value=id.to_string()/>
                <input class="input" data-size="small" type="email" name="address" maxlength="254" autocomplete="off" aria-label=w::cc_by_address(l) placeholder=w::cc_by_address(l)/><button class="button" data-size="small">{w::add(l)}</button>
            </form>
        })}
    }
}
