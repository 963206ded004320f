//! The board's page: the filter bar, and the island that lives.

use super::api::{self, Choices};
use super::filters::{Asked, bar, with_number};
use super::live_board::LiveBoard;
use crate::ui::{self, Place, desk_frame, problem_page};
use crate::{Reader, Returned, i18n as w};
use domain::accounts::Language;
use domain::board::Board;
use domain::hours::Offices;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// The board.
#[component]
pub fn BoardPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/board"/> }.into_any();
    }
    let query = use_query_map().read_untracked().to_query_string();
    ui::set_title(w::nav_board(reader.language));
    Suspend::new(async move {
        match api::board_page(query.clone()).await {
            Ok((_, _, choices)) if with_number(&query, &choices).is_some() => {
                view! { <Redirect path=format!("/board?{}", with_number(&query, &choices).unwrap_or_default())/> }.into_any()
            }
            Ok((board, offices, choices)) => page(board, offices, choices, query, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// The keys the board knows; `?` opens it.
fn keys_help(l: Language) -> impl IntoView {
    let keys = [
        ("←↑↓→", w::key_walk(l)),
        ("⇧ ← →", w::key_move(l)),
        ("⏎", w::key_open(l)),
        ("a", w::key_take(l)),
        ("/", w::key_search(l)),
        ("?", w::key_help(l)),
    ];
    view! {
        <details class="filter-add keys-help script-only wide-only">
            <summary class="button" data-size="small">{ui::icon("keyboard")}{w::keys(l)}" "<kbd aria-hidden="true">"?"</kbd></summary>
            <dl class="panel">{keys.map(|(key, does)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div> })}</dl>
        </details>
    }
}

fn page(board: Board, offices: Offices, choices: Choices, query: String, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let filtered = Asked::of(&query, &choices);
    let filter = &filtered.filter;
    let departments = choices.departments.clone();
    let asked = departments.iter().map(|d| d.id).filter(|id| filter.departments.is_empty() || filter.departments.contains(id)).collect::<Vec<_>>();
    let notice = Returned::any().and_then(|r| r.problem.clone()).map(|p| p.sentence(l)).or_else(|| filtered.notice(l));
    let inner = view! {
            <main id="inhoud" class="board-page">
                {notice.map(ui::refused)}
                <div class="board-head"><h1>{w::nav_board(l)}</h1><span class="live" hidden><span class="dot"></span>{w::live(l)}</span>
                    <span class="push"></span><span class="sort wide-only muted">{w::board_order(l)}</span>{keys_help(l)}</div>
                {bar("/board", &filtered, &choices, false, l)}
                <LiveBoard board=board offices=offices query=query staff=choices.staff departments=departments asked=asked/>
            </main>
    };
    desk_frame(Place::Board, reader, inner)
}
