//! The portal's home: one's own tickets, those one is in CC of, and a search over both.

use super::api::{self, Home};
use crate::ui::{self, Place, icon, portal, problem_page};
use crate::{Reader, i18n as w, when};
use domain::tickets::{Line, Status};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// The portal's home; staff are sent to the board, and who has no session to log in.
#[component]
pub fn HomePage() -> impl IntoView {
    let reader = Reader::current();
    if reader.is_staff() {
        return view! { <Redirect path="/board"/> }.into_any();
    }
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let (q, all) = (query.get("q").unwrap_or_default(), query.get("all").is_some());
    ui::set_title(w::my_tickets(reader.language));
    Suspend::new(async move {
        match api::home_shelves(q.clone(), all).await {
            Ok(home) => page(home, q, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(home: Home, q: String, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let nothing = home.running.is_empty() && home.cc.is_empty() && home.organisation.is_empty() && home.settled.is_empty();
    let lists = match home.found {
        Some(found) => {
            let none = found.is_empty();
            view! {
                <section aria-labelledby="h-found">
                    <header><h2 id="h-found">{w::found(l)}</h2><span class="count">{found.len()}</span></header>
                    {rows(found, reader, false)}
                    {none.then(|| view! { <div class="empty">{icon("search")}<p>{w::found_nothing(l)}</p><a class="button" href="/">{w::all_my_tickets(l)}</a></div> })}
                </section>
            }
            .into_any()
        }
        None if nothing => view! {
            <div class="empty">{icon("inbox")}<h2>{w::no_tickets(l)}</h2><p>{w::no_tickets_hint(l)}</p><a class="button" data-kind="primary" href="/tickets/new">{w::open_ticket(l)}</a></div>
        }
        .into_any(),
        None => view! {
            {shelf("open", w::shelf_running(l), home.running, reader, false)}
            {shelf("cc", w::shelf_cc(l), home.cc, reader, false)}
            {shelf("organisation", w::shelf_organisation(l), home.organisation, reader, false)}
            {shelf("settled", w::shelf_settled(l), home.settled, reader, true)}
            {home.more.then(|| view! { <a class="more" href="/?all=1">{w::show_all(l)}</a> })}
        }
        .into_any(),
    };
    let inner = view! {
            <main id="inhoud" class="portal home" data-follow="any" data-after=home.as_of.to_string()>
                <div class="banner" data-kind="lost" data-lost="" role="status" hidden>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
                <div class="home-head"><h1>{w::my_tickets(l)}</h1>
                    <form role="search" action="/" class="input input-group find">
                        {icon("search")}<input type="search" name="q" value=q aria-label=w::search_mine(l) placeholder=w::search_mine(l)/>
                    </form>
                </div>
                <div class="lists" data-live="lists">{lists}</div>
            </main>
    };
    portal(Place::Home, reader, inner)
}

fn shelf(id: &'static str, title: &'static str, lines: Vec<Line>, reader: &Reader, quiet: bool) -> impl IntoView + use<> {
    (!lines.is_empty()).then(|| {
        let count = lines.len();
        view! {
            <section aria-labelledby=format!("h-{id}")>
                <header><h2 id=format!("h-{id}")>{title}</h2><span class="count">{count}</span></header>
                {rows(lines, reader, quiet)}
            </section>
        }
    })
}

fn rows(lines: Vec<Line>, reader: &Reader, quiet: bool) -> impl IntoView + use<> {
    view! { <ul role="list" class="ticket-rows" data-quiet=quiet.then_some("")>{ui::written_each(lines.into_iter().map(|line| row(line, reader)))}</ul> }
}

fn row(line: Line, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let mine = reader.visitor.as_ref().is_some_and(|v| v.id == line.requester.id);
    let turn = turn(&line, mine, l);
    let yours = mine && line.status == Status::Waiting;
    let what = match (&line.assignee, mine) {
        (_, false) => w::opened_by(l, &line.requester.name),
        (Some(agent), _) => w::handled_by(l, &agent.name),
        (None, _) => w::handled_by_nobody(l).to_owned(),
    };
    view! {
        <li id=format!("t{}", line.id)><a class="ticket-row" href=format!("/tickets/{}", line.id) data-turn=yours.then_some("you")>
            <span class="number">{format!("#{}", line.id)}</span>
            <span class="main"><span class="subject">{line.subject.clone()}</span><span class="what">{what}</span></span>
            <span class="side"><span class="turn">{yours.then(|| icon("corner-down-left"))}{turn}</span><span class="when">{when::ago_time(line.updated_at, reader)}</span></span>
        </a></li>
    }
}

/// Whose turn it is: the first thing a customer wants to know.
fn turn(line: &Line, mine: bool, l: domain::accounts::Language) -> String {
    match line.status {
        Status::Waiting if mine => w::your_turn(l).to_owned(),
        Status::Waiting => w::waits_for(l, line.requester.name.split(' ').next().unwrap_or_default()),
        Status::New | Status::Open => w::our_turn(l).to_owned(),
        settled => w::status_word(settled, l).to_owned(),
    }
}
