//! The board that lives: changes arrive, cards are dragged, moved by key and by menu.

use super::card::{OpenMenu, card};
use super::hands::{by_menu, by_select, keys};
use super::shown::Shown;
use crate::live::{self, Heard};
use crate::ui::{self, icon, number};
use crate::{Reader, i18n as w, when};
use domain::board::{Board, COLUMNS};
use domain::hours::{Offices, Shut};
use domain::tickets::Status;
use domain::time::Span;
use domain::{DepartmentId, Named, PersonId, TicketId};
use leptos::prelude::*;
use web_sys::DragEvent;

/// How often it looks whether an office has opened or closed, in milliseconds.
const LOOK: i32 = 5_000;

/// The board; `query` is the URL's, with the filter, `departments` are those the reader sees, and `asked` those of the filter.
#[island]
pub fn LiveBoard(
    board: Board,
    offices: Offices,
    query: String,
    staff: Vec<Named<PersonId>>,
    departments: Vec<Named<DepartmentId>>,
    asked: Vec<DepartmentId>,
) -> impl IntoView {
    let reader = Reader::current();
    let l = reader.language;
    let (as_of, staff) = (board.as_of, StoredValue::new(staff));
    let shown = Shown::new(board, offices, query);
    let me = reader.visitor.as_ref().map(|v| v.id);
    let (column, set_column) = signal(Status::Open);
    let now = RwSignal::new(reader.now);
    let menu = OpenMenu::new(None);

    Effect::new(move |_| {
        live::follow(as_of, move |heard| match heard {
            Heard::Message(message) => {
                let message = message.clone();
                ui::at_rest(move || shown.hear(&message));
            }
            Heard::Connected(connected) => {
                let connected = *connected;
                ui::at_rest(move || {
                    shown.connected.set(connected);
                    ui::each(".board-head .live", |mark| {
                        let _ = mark.toggle_attribute_with_force("hidden", !connected);
                    });
                });
            }
        });
    });
    let ids: Vec<DepartmentId> = departments.iter().map(|d| d.id).collect();
    let (reader, departments, ids) = (StoredValue::new(reader), StoredValue::new(departments), StoredValue::new(ids));
    Effect::new(move |_| {
        let (opened, began) = (js_sys::Date::now(), now.get_untracked());
        let look = move || {
            let moment = began + Span((js_sys::Date::now() - opened) as i64);
            let is_closed = |d: &DepartmentId| shown.offices.with_untracked(|offices| !offices.of(*d).is_open(moment));
            shown.look(&ids.with_value(|all| all.iter().copied().filter(is_closed).collect::<Vec<_>>()));
            now.set(moment);
        };
        ui::every(LOOK, move || ui::at_rest(look));
    });
    let asked = StoredValue::new(asked);
    let closed = Memo::new(move |_| asked.with_value(|all| shown.offices.with(|offices| offices.closed(all, now.get()))));
    let reader_now =
        move || reader.with_value(|reader| Reader { now: now.get_untracked(), offices: shown.offices.get_untracked(), ..reader.clone() });
    let list = move |ids: RwSignal<Vec<TicketId>>| {
        view! {
            <ol role="list">
                <For each=move || ids.get() key=|id| id.0 let:id>
                    <li draggable="true"
                        on:dragstart=move |event: DragEvent| if let Some(data) = event.data_transfer() { let _ = data.set_data("text/plain", &id.to_string()); }>
                        {move || shown.cards.with_value(|cards| cards.get(&id).copied()).map(|signal| {
                            let (it, changed) = signal.get();
                            card(&it, changed, menu, staff, &reader_now())
                        })}
                    </li>
                </For>
            </ol>
        }
    };
    let column_view = move |at: usize| {
        let status = COLUMNS[at];
        let these = shown.columns.with_value(|columns| columns[at]);
        let (awake, asleep, total) = (these.awake, these.asleep, these.total);
        let over = RwSignal::new(false);
        view! {
            <section class="column" data-status=status.word() aria-labelledby=format!("k-{}", status.word()) data-over=move || over.get().then_some("")
                on:pointerenter=move |event| if event.pointer_type() == "mouse" { shown.pointed.set(Some(status)) }
                on:pointerleave=move |_| shown.leave(status)
                on:dragover=move |event: DragEvent| { event.prevent_default(); over.set(true); }
                on:dragleave=move |_| over.set(false)
                on:drop=move |event: DragEvent| {
                    event.prevent_default();
                    over.set(false);
                    if let Some(id) = event.data_transfer().and_then(|d| d.get_data("text/plain").ok()).and_then(|t| t.parse().ok()) { shown.move_to(id, status) }
                    // A drag tells no column that the pointer left it.
                    ui::at_rest(move || shown.release());
                }>
                <header><h2 id=format!("k-{}", status.word())><span class="badge" data-status=status.word()>{w::status_word(status, l)}</span></h2>
                    <span class="count">{move || number(total.get(), l)}</span>
                    {move || (shown.pointed.get() == Some(status) && shown.held.get() > 0).then(|| view! { <button class="held" on:click=move |_| shown.release()>{w::changes_wait(l, shown.held.get() as i64)}</button> })}
                </header>
                {list(awake)}
                {move || awake.with(Vec::is_empty).then(|| view! { <p class="none">{if asleep.with(Vec::is_empty) { w::column_empty(l) } else { w::nothing_urgent(l) }}</p> })}
                <details class="fold" hidden=move || asleep.with(Vec::is_empty)>
                    <summary>{icon("chevron-right")}<span><b>{move || format!("{} {}", number(asleep.with(Vec::len) as i64, l), w::fold_one(l))}</b>" · "{w::fold_still(l)}</span></summary>
                    {list(asleep)}
                </details>
                {move || (total.get() as usize > these.len()).then(|| {
                    let query = shown.query.with_value(|q| if q.len() > 1 { format!("{}&", q.trim_start_matches('?')) } else { String::new() });
                    view! { <a class="more" href=format!("/list?{query}status={}", status.word())>{w::more_in_list(l, number(total.get() - these.len() as i64, l))}</a> }
                })}
            </section>
        }
    };
    // Whether what waits for the office is shown too.
    let unfolded = RwSignal::new(false);
    view! {
        <div class="banner" data-kind="lost" role="status" hidden=move || shown.connected.get()>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
        {move || {
            let reader = reader_now();
            let (what, rule) = match closed.get() {
                Shut::Some(closed) if closed.is_empty() => return None,
                Shut::Some(closed) => (departments.with_value(|all| when::closed(&closed, all, &reader)), w::board_some_closed_rule(l).to_owned()),
                Shut::All(since, until) => (
                    since.map_or(w::board_closed_for_good(l).to_owned(), |at| w::board_closed(l, when::since(at, &reader))),
                    until.map_or(w::board_closed_rule_for_good(l).to_owned(), |at| w::board_closed_rule(l, when::soon(at, &reader))),
                ),
            };
            Some(view! {
                <div class="banner" data-kind="closed" role="status">{icon("moon")}
                    <div class="text"><p><b>{what}</b>" "{rule}</p></div>
                    <div class="actions script-only"><button class="button" data-size="small" type="button" on:click=move |_| {
                        unfolded.update(|all| *all = !*all);
                        let all = unfolded.get_untracked();
                        ui::each("details.fold", |fold| if all { fold.set_attribute("open", "") } else { fold.remove_attribute("open") }.unwrap_or(()));
                    }>{move || if unfolded.get() { w::board_fold_again(l) } else { w::board_show_all(l) }}</button></div>
                </div>
            })
        }}
        <div class="phone-tabs tabs" role="group" aria-label=w::column(l)>
            {COLUMNS.into_iter().enumerate().map(|(at, status)| {
                let total = shown.columns.with_value(|columns| columns[at].total);
                view! { <label><input class="visually-hidden" type="radio" name="column" value=status.word() checked=status == Status::Open on:change=move |_| set_column.set(status)/>{w::status_word(status, l)}" "<span class="count">{move || number(total.get(), l)}</span></label> }
            }).collect_view()}
        </div>
        <div class="board" data-shown=move || column.get().word()
            on:keydown=move |event| keys(&event, shown, me)
            on:click=move |event| by_menu(&event, shown)
            on:change=move |event| by_select(&event, shown)>
            {(0..COLUMNS.len()).map(column_view).collect_view()}
        </div>
        <p class="visually-hidden" role="status">{move || shown.toast.get().or_else(|| shown.announced.get())}</p>
        <div class="toasts" aria-hidden="true">{move || shown.toast.get().map(|text| view! { <div class="toast"><span>{text}</span></div> })}</div>
    }
}
