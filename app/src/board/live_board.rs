//! The board that lives: changes arrive, cards are dragged, moved by key and by menu.
//!
//! Invariant: nothing moves under the pointer. While it rests on a column, changes that would move a card there wait, and say that they do.

use super::api;
use super::card::{Changed, OpenMenu, card};
use super::filters::filter_of;
use crate::live::{self, Heard};
use crate::tickets::sentence;
use crate::ui::{self, icon, number, status_word};
use crate::{Problem, Reader, words as w};
use domain::board::{self, Board, COLUMNS, Card, Filter};
use domain::events::Message;
use domain::tickets::Status;
use domain::{Named, PersonId, TicketId};
use leptos::prelude::*;
use std::collections::HashMap;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, HtmlElement, HtmlSelectElement, KeyboardEvent};

/// How long a changed card is marked.
const MARKED: Duration = Duration::from_secs(4);
/// Reloads that are asked for close together are done once.
const GATHER: Duration = Duration::from_millis(150);

/// The cards of a column and how many there are in all.
type ShownColumn = (RwSignal<Vec<TicketId>>, RwSignal<i64>);

/// Everything the board shows, as signals, so that a change redraws one card.
#[derive(Clone, Copy)]
struct Shown {
    board: StoredValue<Board>,
    filter: StoredValue<Filter>,
    query: StoredValue<String>,
    cards: StoredValue<HashMap<TicketId, RwSignal<(Card, Changed)>>>,
    columns: StoredValue<Vec<ShownColumn>>,
    /// Changes that wait until the pointer leaves.
    waiting: StoredValue<Vec<Message>>,
    held: RwSignal<usize>,
    pointed: RwSignal<Option<Status>>,
    connected: RwSignal<bool>,
    toast: RwSignal<Option<String>>,
    reloading: RwSignal<bool>,
}

/// The board; `query` is the URL's, with the filter.
#[island]
pub fn LiveBoard(board: Board, query: String, staff: Vec<Named<PersonId>>) -> impl IntoView {
    let reader = Reader::current();
    let l = reader.language;
    let (as_of, staff) = (board.as_of, StoredValue::new(staff));
    let shown = Shown::new(board, query);
    let me = reader.visitor.as_ref().map(|v| v.id);
    let (column, set_column) = signal(Status::Open);
    let menu = OpenMenu::new(None);

    Effect::new(move |_| {
        live::follow(as_of, move |heard| match heard {
            Heard::Message(message) => shown.hear(message),
            Heard::Connected(connected) => shown.connected.set(*connected),
        });
    });
    let reader = StoredValue::new(reader);
    let column_view = move |at: usize| {
        let status = COLUMNS[at];
        let (ids, total) = shown.columns.with_value(|columns| columns[at]);
        let over = RwSignal::new(false);
        view! {
            <section class="column" data-status=status.word() aria-labelledby=format!("k-{}", status.word()) data-over=move || over.get().then_some("")
                on:pointerenter=move |event| if event.pointer_type() == "mouse" { shown.pointed.set(Some(status)) }
                on:pointerleave=move |_| shown.release()
                on:dragover=move |event: DragEvent| { event.prevent_default(); over.set(true); }
                on:dragleave=move |_| over.set(false)
                on:drop=move |event: DragEvent| {
                    event.prevent_default();
                    over.set(false);
                    if let Some(id) = event.data_transfer().and_then(|d| d.get_data("text/plain").ok()).and_then(|t| t.parse().ok()) { shown.move_to(id, status) }
                }>
                <header><h2 id=format!("k-{}", status.word())><span class="badge" data-status=status.word()>{status_word(status, l)}</span></h2>
                    <span class="count">{move || number(total.get(), l)}</span>
                    {move || (shown.pointed.get() == Some(status) && shown.held.get() > 0).then(|| view! { <button class="held" on:click=move |_| shown.release()>{w::changes_wait(l, shown.held.get())}</button> })}
                </header>
                <ol role="list">
                    <For each=move || ids.get() key=|id| id.0 let:id>
                        <li draggable="true"
                            on:dragstart=move |event: DragEvent| if let Some(data) = event.data_transfer() { let _ = data.set_data("text/plain", &id.to_string()); }>
                            {move || shown.cards.with_value(|cards| cards.get(&id).copied()).map(|signal| {
                                let (it, changed) = signal.get();
                                reader.with_value(|reader| card(&it, changed, menu, staff, reader))
                            })}
                        </li>
                    </For>
                </ol>
                {move || ids.with(Vec::is_empty).then(|| view! { <p class="none">{w::column_empty(l)}</p> })}
                {move || (total.get() as usize > ids.with(Vec::len)).then(|| {
                    let query = shown.query.with_value(|q| if q.len() > 1 { format!("{}&", q.trim_start_matches('?')) } else { String::new() });
                    view! { <a class="more" href=format!("/list?{query}status={}", status.word())>{w::more_in_list(l, number(total.get() - ids.with(Vec::len) as i64, l))}</a> }
                })}
            </section>
        }
    };
    view! {
        <div class="banner" data-kind="lost" role="status" hidden=move || shown.connected.get()>{icon("wifi-off")}<div class="text"><p>{w::connection_lost(l)}</p></div></div>
        <div class="phone-tabs tabs" role="group" aria-label=w::column(l)>
            {COLUMNS.into_iter().enumerate().map(|(at, status)| {
                let total = shown.columns.with_value(|columns| columns[at].1);
                view! { <label><input class="visually-hidden" type="radio" name="column" value=status.word() checked=status == Status::Open on:change=move |_| set_column.set(status)/>{status_word(status, l)}" "<span class="count">{move || number(total.get(), l)}</span></label> }
            }).collect_view()}
        </div>
        <div class="board" data-shown=move || column.get().word()
            on:keydown=move |event| keys(&event, shown, me)
            on:click=move |event| by_menu(&event, shown)
            on:change=move |event| by_select(&event, shown)>
            {(0..COLUMNS.len()).map(column_view).collect_view()}
        </div>
        <p class="visually-hidden" role="status">{move || shown.toast.get()}</p>
        <div class="toasts" aria-hidden="true">{move || shown.toast.get().map(|text| view! { <div class="toast"><span>{text}</span></div> })}</div>
    }
}

impl Shown {
    fn new(board: Board, query: String) -> Self {
        let columns = board.columns.iter().map(|c| (RwSignal::new(c.cards.iter().map(|c| c.id).collect()), RwSignal::new(c.total))).collect();
        let cards = board.columns.iter().flat_map(|c| &c.cards).map(|c| (c.id, RwSignal::new((c.clone(), None)))).collect();
        Self {
            filter: StoredValue::new(filter_of(&query)),
            query: StoredValue::new(query),
            board: StoredValue::new(board),
            cards: StoredValue::new(cards),
            columns: StoredValue::new(columns),
            waiting: StoredValue::new(vec![]),
            held: RwSignal::new(0),
            pointed: RwSignal::new(None),
            connected: RwSignal::new(true),
            toast: RwSignal::new(None),
            reloading: RwSignal::new(false),
        }
    }

    fn hear(self, message: &Message) {
        if self.would_move(message) {
            self.waiting.update_value(|waiting| waiting.push(message.clone()));
            self.held.update(|n| *n += 1);
            return;
        }
        self.apply(message);
    }

    /// Whether a message would move cards in the column the pointer rests on. A change of one's own shows at once.
    fn would_move(self, message: &Message) -> bool {
        let Some(pointed) = self.pointed.get_untracked() else { return false };
        let (id, after) = match message {
            Message::Happened { event, card: Some(card) } => {
                let me = Reader::current().visitor.map(|v| v.id);
                if event.by.as_ref().map(|b| b.id) == me {
                    return false;
                }
                (event.ticket, Some(card))
            }
            Message::Gone { ticket, .. } => (*ticket, None),
            _ => return false,
        };
        let before = self.cards.with_value(|cards| cards.get(&id).map(|signal| signal.with_untracked(|(card, _)| card.clone())));
        let (was, is) = (before.as_ref().map(|c| (c.status, c.rank())), after.map(|c| (c.status, c.rank())));
        was != is && [was, is].into_iter().flatten().any(|(status, _)| status == pointed)
    }

    /// The pointer left: what waited is shown.
    fn release(self) {
        self.pointed.set(None);
        self.held.set(0);
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        waiting.iter().for_each(|message| self.apply(message));
    }

    fn apply(self, message: &Message) {
        let effect = self.filter.with_value(|filter| self.board.try_update_value(|board| board.apply(message, filter)));
        match effect {
            Some(board::Effect::Changed(id)) => {
                let l = Reader::current().language;
                let changed = match message {
                    Message::Happened { event, .. } => Some(sentence(event, l)),
                    _ => None,
                };
                self.show(id, changed);
            }
            Some(board::Effect::Reload) => self.reload(),
            Some(board::Effect::None) | None => {}
        }
    }

    /// Brings the signals in line with the board, and marks one card.
    fn show(self, id: TicketId, changed: Changed) {
        let focused = document().active_element().and_then(|e| e.closest("[data-card]").ok()?).and_then(|e| e.get_attribute("data-card"));
        self.board.with_value(|board| {
            if let Some(card) = board.columns.iter().flat_map(|c| &c.cards).find(|c| c.id == id) {
                let signal = self.cards.with_value(|cards| cards.get(&id).copied());
                match signal {
                    Some(signal) => signal.set((card.clone(), changed.clone())),
                    None => self.cards.update_value(|cards| {
                        cards.insert(id, RwSignal::new((card.clone(), changed.clone())));
                    }),
                }
            }
            self.set_columns(board);
        });
        if let Some(text) = changed {
            self.toast_for_readers(text);
            set_timeout(move || self.unmark(id), MARKED);
        }
        if let Some(id) = focused.filter(|f| *f == id.to_string()) {
            set_timeout(move || ui::focus(&format!("#c{id}")), Duration::ZERO);
        }
    }

    fn set_columns(self, board: &Board) {
        self.columns.with_value(|columns| {
            for (column, (ids, total)) in board.columns.iter().zip(columns) {
                let now: Vec<TicketId> = column.cards.iter().map(|c| c.id).collect();
                if ids.with_untracked(|ids| *ids != now) {
                    ids.set(now);
                }
                if total.get_untracked() != column.total {
                    total.set(column.total);
                }
            }
        });
    }

    fn unmark(self, id: TicketId) {
        if let Some(signal) = self.cards.with_value(|cards| cards.get(&id).copied())
            && signal.with_untracked(|(_, changed)| changed.is_some())
        {
            signal.update(|(_, changed)| *changed = None);
        }
    }

    fn toast_for_readers(self, text: String) {
        if self.toast.with_untracked(Option::is_none) {
            ui::each("[data-announce]", |element| element.set_text_content(Some(&text)));
        }
    }

    /// Fetches the board anew: what it shows then is what a fresh page would.
    fn reload(self) {
        if self.reloading.get_untracked() {
            return;
        }
        self.reloading.set(true);
        set_timeout(
            move || {
                self.reloading.set(false);
                leptos::task::spawn_local(async move {
                    match api::board_snapshot(self.query.get_value()).await {
                        Ok(board) => self.replace(board),
                        Err(problem) => self.say(&problem),
                    }
                });
            },
            GATHER,
        );
    }

    fn replace(self, board: Board) {
        self.cards.update_value(|cards| {
            for card in board.columns.iter().flat_map(|c| &c.cards) {
                match cards.get(&card.id) {
                    Some(signal) if signal.with_untracked(|(old, _)| old == card) => {}
                    Some(signal) => signal.set((card.clone(), None)),
                    None => {
                        cards.insert(card.id, RwSignal::new((card.clone(), None)));
                    }
                }
            }
        });
        self.set_columns(&board);
        self.board.set_value(board);
    }

    fn card(self, id: TicketId) -> Option<Card> {
        self.cards.with_value(|cards| cards.get(&id).map(|signal| signal.with_untracked(|(card, _)| card.clone())))
    }

    fn move_to(self, id: TicketId, status: Status) {
        if let Some(card) = self.card(id).filter(|c| c.status != status) {
            self.send(card, Some(status), None);
        }
    }

    fn send(self, card: Card, status: Option<Status>, assignee: Option<String>) {
        ui::each(&format!("[data-card='{}']", card.id), |element| element.set_attribute("aria-busy", "true").unwrap_or(()));
        leptos::task::spawn_local(async move {
            let answer = api::move_card(card.id.0, status, assignee, card.version.0).await;
            ui::each(&format!("[data-card='{}']", card.id), |element| element.remove_attribute("aria-busy").unwrap_or(()));
            if let Err(problem) = answer {
                self.say(&problem);
                self.reload();
            }
        });
    }

    fn say(self, problem: &Problem) {
        self.toast.set(Some(problem.sentence(Reader::current().language)));
        set_timeout(move || self.toast.set(None), Duration::from_secs(6));
    }
}

/// Arrows walk over the cards, with Shift they move the card; `a` takes it.
fn keys(event: &KeyboardEvent, shown: Shown, me: Option<PersonId>) {
    let Some(here) = event.target().and_then(|t| t.dyn_into::<Element>().ok()).and_then(|e| e.closest(".card").ok()?) else { return };
    if ui::is_typing(event) || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let Some(id) = here.get_attribute("data-card").and_then(|id| id.parse().ok()) else { return };
    let Some(card) = shown.card(id) else { return };
    let step: i32 = if matches!(event.key().as_str(), "ArrowRight" | "ArrowDown") { 1 } else { -1 };
    match event.key().as_str() {
        "ArrowLeft" | "ArrowRight" => {
            event.prevent_default();
            let at = COLUMNS.iter().position(|s| *s == card.status).unwrap_or_default() as i32;
            if event.shift_key() {
                if let Some(to) = usize::try_from(at + step).ok().and_then(|to| COLUMNS.get(to)) {
                    shown.move_to(id, *to);
                }
            } else {
                beside(shown, at, step, id);
            }
        }
        "ArrowUp" | "ArrowDown" => {
            event.prevent_default();
            let item = here.closest("li").ok().flatten();
            let next = item.and_then(|item| if step > 0 { item.next_element_sibling() } else { item.previous_element_sibling() });
            if let Some(link) = next.and_then(|item| item.query_selector(".subject").ok()?).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
                let _ = link.focus();
            }
        }
        "a" => {
            event.prevent_default();
            shown.send(card, None, me.map(|me| me.to_string()));
        }
        _ => {}
    }
}

/// The card at the same height in the next column that has any.
fn beside(shown: Shown, from: i32, step: i32, id: TicketId) {
    let columns = shown.columns.with_value(|columns| columns.iter().map(|(ids, _)| ids.get_untracked()).collect::<Vec<_>>());
    let height = usize::try_from(from).ok().and_then(|at| columns.get(at)?.iter().position(|c| *c == id)).unwrap_or_default();
    let mut at = from + step;
    while let Some(ids) = usize::try_from(at).ok().and_then(|at| columns.get(at)) {
        if let Some(id) = ids.get(height.min(ids.len().saturating_sub(1))) {
            ui::focus(&format!("#c{id}"));
            return;
        }
        at += step;
    }
}

fn card_of(event: &web_sys::Event, shown: Shown) -> Option<(Element, Card)> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let id = element.closest("[data-card]").ok()??.get_attribute("data-card")?.parse().ok()?;
    Some((element, shown.card(id)?))
}

fn by_menu(event: &web_sys::MouseEvent, shown: Shown) {
    let Some((element, card)) = card_of(event, shown) else { return };
    let button = element.closest("[data-move]").ok().flatten();
    if let Some(to) = button.and_then(|b| b.get_attribute("data-move")).and_then(|word| Status::from_word(&word)) {
        close_menus();
        shown.move_to(card.id, to);
        ui::focus(&format!("#c{}", card.id));
    }
}

fn by_select(event: &web_sys::Event, shown: Shown) {
    let Some((element, card)) = card_of(event, shown) else { return };
    if let Ok(select) = element.dyn_into::<HtmlSelectElement>()
        && select.has_attribute("data-take")
    {
        close_menus();
        shown.send(card, None, Some(select.value()));
    }
}

fn close_menus() {
    ui::each(".card-menu[open]", |menu| menu.remove_attribute("open").unwrap_or(()));
}
