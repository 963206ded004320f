//! The list: the same tickets as a table, for large numbers.

use super::api::{self, Choices, List};
use super::filters::{Asked, DUE, Listing, bar, query_of, with_number};
use crate::ui::{self, Place, avatar, desk_frame, icon, nobody, problem_page};
use crate::{Reader, Returned, due, i18n as w, when};
use domain::board::Card;
use domain::tickets::{Side, Status};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// The list.
#[component]
pub fn ListPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/list"/> }.into_any();
    }
    let query = use_query_map().read_untracked().to_query_string();
    ui::set_title(w::nav_list(reader.language));
    Suspend::new(async move {
        match api::list_page(query.clone()).await {
            Ok((_, choices)) if with_number(&query, &choices).is_some() => {
                view! { <Redirect path=format!("/list?{}", with_number(&query, &choices).unwrap_or_default())/> }.into_any()
            }
            Ok((list, choices)) => page(list, &choices, &query, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(list: List, choices: &Choices, query: &str, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let (asked, listing) = (Asked::of(query, choices), Listing::of(query));
    let notice = Returned::any().and_then(|r| r.problem.clone()).map(|p| p.sentence(l)).or_else(|| asked.notice(l));
    let none = list.cards.is_empty();
    let total = list.total.map(|n| w::tickets_total(l, n));
    let to = |key: &str, cursor: &String| format!("/list?{}", with(&asked, &listing, &[(key, cursor.as_str())]));
    let (before, after) = (list.before.as_ref().map(|c| to("before", c)), list.after.as_ref().map(|c| to("after", c)));
    let options: Vec<(String, String)> = choices.staff.iter().map(|p| (p.id.to_string(), p.name.clone())).collect();
    let departments: Vec<(String, String)> = choices.departments.iter().map(|d| (d.id.to_string(), d.name.clone())).collect();
    let inner = view! {
            <main id="inhoud" class="list-page" data-follow="any" data-after=list.as_of.to_string()>
                <div class="list-head"><h1>{w::nav_list(l)}</h1><span class="muted total" data-live="total">{total.or_else(|| asked.filter.text.as_ref().map(|_| w::newest_first(l).to_owned()))}</span></div>
                <div class="banner" data-kind="lost" data-lost="" role="status" hidden>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
                {notice.map(ui::refused)}
                {bar("/list", &asked, choices, true, l)}
                <form class="bulk-form" method="post" action="/api/bulk">
                    <div class="bulk" role="group" aria-label=w::bulk(l)>
                        <b>{w::selected(l)}" "<span class="script-only" data-ticked="" role="status"></span></b>
                        {bulk_select("status", w::status(l), Status::ALL.iter().map(|s| (s.word().to_owned(), w::status_word(*s, l).to_owned())).collect())}
                        {bulk_select("assignee", w::agent(l), std::iter::once(("nobody".to_owned(), w::nobody(l).to_owned())).chain(options).collect())}
                        {bulk_select("department", w::department(l), departments)}
                        <button class="button" data-size="small">{w::change(l)}</button>
                    </div>
                    <div class="table-wrap panel">
                        <table class="table">
                            <thead><tr>
                                <th class="c-check"><span class="visually-hidden">{w::select(l)}</span><label class="check script-only" data-size="small"><input type="checkbox" data-all="" autocomplete="off" aria-label=w::select_all(l)/></label></th>
                                {heading("number", w::number_short(l), "c-num", &asked, &listing)}
                                <th class="grow">{w::subject(l)}</th><th class="c-org">{w::organisation(l)}</th>
                                {heading("urgency", w::urgency(l), "c-urg", &asked, &listing)}
                                <th class="c-status">{w::status(l)}</th>
                                {heading(DUE, w::target(l), "c-due", &asked, &listing)}
                                <th class="c-who">{w::agent(l)}</th><th class="c-dep">{w::department(l)}</th>
                                {heading("updated", w::updated(l), "c-upd end", &asked, &listing)}
                            </tr></thead>
                            <tbody data-live="rows">{ui::written_each(list.cards.into_iter().map(|card| row(card, reader)))}</tbody>
                        </table>
                        <div data-live="none">{none.then(|| view! { <div class="empty">{icon("search")}<p>{w::list_empty(l)}</p><a class="button" href="/list">{w::all_tickets(l)}</a></div> })}</div>
                    </div>
                </form>
                <nav class="pager" aria-label=w::pages(l) data-live="pager"><span class="push"></span>
                    {pager(before, "chevron-left", w::previous(l), true)}{pager(after, "chevron-right", w::next(l), false)}
                </nav>
            </main>
    };
    desk_frame(Place::List, reader, inner)
}

/// The query with the filter, the order and these pairs.
fn with(asked: &Asked, listing: &Listing, more: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(&str, String)> = asked.pairs();
    if listing.sort != DUE {
        pairs.push(("sort", listing.sort.clone()));
    }
    if listing.ascending != (listing.sort == DUE) {
        pairs.push(("order", if listing.ascending { "asc" } else { "desc" }.to_owned()));
    }
    pairs.extend(more.iter().map(|(k, v)| (*k, (*v).to_owned())));
    query_of(&pairs)
}

/// With a text the newest come first, whatever the sort: then nothing is offered.
fn heading(sort: &'static str, word: &'static str, class: &'static str, asked: &Asked, listing: &Listing) -> impl IntoView + use<> {
    if asked.filter.text.is_some() {
        return view! { <th class=class>{word}</th> }.into_any();
    }
    let active = listing.sort == sort;
    let ascending = if active { !listing.ascending } else { sort == DUE };
    let next = Listing { sort: sort.to_owned(), ascending, ..Listing::default() };
    let order = active.then_some(if listing.ascending { "ascending" } else { "descending" });
    let mark = if listing.ascending { "arrow-up" } else { "arrow-down" };
    view! { <th class=class aria-sort=order><a href=format!("/list?{}", with(asked, &next, &[]))>{word}{active.then(|| icon(mark))}</a></th> }
        .into_any()
}

fn bulk_select(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> impl IntoView {
    view! {
        <select class="select input" data-size="small" name=name aria-label=label><option value="">{label}</option>
            {options.into_iter().map(|(value, word)| view! { <option value=value>{word}</option> }).collect_view()}</select>
    }
}

fn pager(to: Option<String>, mark: &'static str, word: &'static str, before: bool) -> impl IntoView {
    match to {
        Some(href) => view! { <a class="button" data-size="small" href=href rel=if before { "prev" } else { "next" }>{before.then(|| icon(mark))}{word}{(!before).then(|| icon(mark))}</a> }.into_any(),
        None => view! { <span class="button" data-size="small" aria-disabled="true">{before.then(|| icon(mark))}{word}{(!before).then(|| icon(mark))}</span> }.into_any(),
    }
}

fn row(card: Card, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let id = card.id.to_string();
    let awaits_us = card.awaits_us();
    let due = (!card.status.is_settled()).then(|| due::left(&card, reader));
    view! {
        <tr data-unread=awaits_us.then_some("") data-settled=card.status.is_settled().then_some("")>
            <td class="c-check"><label class="check" data-size="small"><input type="checkbox" name="ids[]" value=id.clone() aria-label=w::select_ticket(l, &id)/></label></td>
            <td class="c-num"><span class="number">{format!("#{id}")}</span></td>
            <td class="grow"><a href=format!("/tickets/{id}")>{card.subject}</a></td>
            <td class="c-org">{card.organisation.map(|o| o.name)}</td>
            <td class="c-urg">{ui::urgency(card.urgency, l)}</td>
            <td class="c-status">{ui::status(card.status, l)}</td>
            <td class="c-due">{due}</td>
            <td class="c-who"><span class="cell">{match card.assignee {
                Some(agent) => Either::Left(view! { {avatar(agent.id, &agent.name, Side::Agent, "small")}<span class="first">{agent.name.split(' ').next().unwrap_or_default().to_owned()}</span> }),
                None => Either::Right(view! { {nobody(l)}<span class="first faint">{w::nobody(l)}</span> }),
            }}</span></td>
            <td class="c-dep">{card.department.name}</td>
            <td class="c-upd end muted">{when::ago_time(card.updated_at, reader)}</td>
        </tr>
    }
}
