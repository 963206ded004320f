//! What the board shows, and how a message changes it.
//!
//! Invariant: nothing moves under the pointer. While it rests on a column, changes that would move a card there wait, and say that they do. While anything is pressed
//! or dragged, all of them wait.

use super::api;
use super::card::Changed;
use super::filters::filter_of;
use crate::{Problem, Reader, i18n as w, ui};
use domain::board::{self, Board, Card, Column, Filter};
use domain::events::Message;
use domain::hours::Offices;
use domain::tickets::Status;
use domain::{DepartmentId, TicketId};
use leptos::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

/// How long a changed card is marked.
const MARKED: Duration = Duration::from_secs(4);
/// Reloads that are asked for close together are done once.
const GATHER: Duration = Duration::from_millis(150);
/// When a fresh board that could not be fetched is asked for again.
const RETRY: Duration = Duration::from_secs(4);

/// The cards of a column, those of them that wait for their office to open, and how many there are in all.
#[derive(Clone, Copy)]
pub(super) struct ShownColumn {
    pub(super) awake: RwSignal<Vec<TicketId>>,
    pub(super) asleep: RwSignal<Vec<TicketId>>,
    pub(super) total: RwSignal<i64>,
}

impl ShownColumn {
    fn new(column: &Column, closed: &[DepartmentId]) -> Self {
        let [awake, asleep] = parts(column, closed).map(RwSignal::new);
        Self { awake, asleep, total: RwSignal::new(column.total) }
    }

    /// The cards from top to bottom.
    pub(super) fn ids(self) -> Vec<TicketId> {
        [self.awake, self.asleep].map(|ids| ids.get_untracked()).concat()
    }

    /// How many cards are shown.
    pub(super) fn len(self) -> usize {
        self.awake.with(Vec::len) + self.asleep.with(Vec::len)
    }
}

/// The cards of a column that do not wait for an office, and those that do.
fn parts(column: &Column, closed: &[DepartmentId]) -> [Vec<TicketId>; 2] {
    let part = |asleep: bool| column.cards.iter().filter(|card| card.is_asleep(closed) == asleep).map(|card| card.id).collect();
    [part(false), part(true)]
}

/// Everything the board shows, as signals, so that a change redraws one card.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    board: StoredValue<Board>,
    filter: StoredValue<Filter>,
    pub(super) query: StoredValue<String>,
    pub(super) cards: StoredValue<HashMap<TicketId, RwSignal<(Card, Changed)>>>,
    pub(super) columns: StoredValue<Vec<ShownColumn>>,
    /// Changes that wait until the pointer leaves.
    waiting: StoredValue<Vec<Message>>,
    pub(super) held: RwSignal<usize>,
    pub(super) pointed: RwSignal<Option<Status>>,
    pub(super) connected: RwSignal<bool>,
    pub(super) toast: RwSignal<Option<String>>,
    /// What was heard since a fresh board was asked for; `None` where none is.
    missed: StoredValue<Option<Vec<Message>>>,
    /// Whether a fresh board is to be fetched once the pointer leaves.
    due: StoredValue<bool>,
    /// What happened on tickets that only a fresh board can place: said once it is there.
    unplaced: StoredValue<Vec<(TicketId, String)>>,
    /// When the offices are open.
    pub(super) offices: RwSignal<Offices>,
    /// What changed last, for who listens to the page.
    pub(super) announced: RwSignal<Option<String>>,
}

impl Shown {
    pub(super) fn new(board: Board, offices: Offices, query: String) -> Self {
        let columns = board.columns.iter().map(|column| ShownColumn::new(column, &board.closed)).collect();
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
            missed: StoredValue::new(None),
            due: StoredValue::new(false),
            unplaced: StoredValue::new(vec![]),
            offices: RwSignal::new(offices),
            announced: RwSignal::new(None),
        }
    }

    /// Takes in a message of the stream.
    pub(super) fn hear(self, message: &Message) {
        self.missed.update_value(|missed| {
            if let Some(missed) = missed {
                missed.push(message.clone());
            }
        });
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
            _ if is_own(message) => return false,
            Message::Happened { event, card: Some(card) } => (event.ticket, Some(card)),
            Message::Gone { ticket, .. } => (*ticket, None),
            _ => return false,
        };
        let before = self.cards.with_value(|cards| cards.get(&id).map(|signal| signal.with_untracked(|(card, _)| card.clone())));
        let (was, is) = (before.as_ref().map(|c| (c.status, c.place())), after.map(|c| (c.status, c.place())));
        was != is && [was, is].into_iter().flatten().any(|(status, _)| status == pointed)
    }

    /// Fetches the board anew where an office has opened or closed since.
    pub(super) fn look(self, closed: &[DepartmentId]) {
        if self.board.with_value(|board| board.closed != closed) {
            self.reload();
        }
    }

    /// The pointer left a column, or comes back to it while something is still pressed.
    pub(super) fn leave(self, column: Status) {
        ui::at_rest(move || {
            if ui::find::<web_sys::Element>(&format!(".column[data-status={}]:hover", column.word())).is_none() {
                self.release();
            }
        });
    }

    /// What waited is shown.
    pub(super) fn release(self) {
        self.pointed.set(None);
        self.held.set(0);
        let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        waiting.iter().for_each(|message| self.apply(message));
        if self.due.get_value() {
            self.reload();
        }
    }

    fn apply(self, message: &Message) {
        let effect = self.filter.with_value(|filter| self.board.try_update_value(|board| board.apply(message, filter)));
        let changed = || match message {
            Message::Happened { event, .. } => Some((event.ticket, w::sentence(event, Reader::current().language))),
            _ => None,
        };
        match effect {
            Some(board::Effect::Changed(id)) => self.show(id, changed().map(|(_, text)| text)),
            Some(board::Effect::Reload) => {
                self.unplaced.update_value(|unplaced| unplaced.extend(changed()));
                // Cards would move under the pointer here too: it waits, unless it is of one's own.
                if self.pointed.get_untracked().is_some() && !is_own(message) {
                    self.due.set_value(true);
                    self.held.update(|n| *n += 1);
                } else {
                    self.reload();
                }
            }
            Some(board::Effect::None) | None => {}
        }
    }

    /// Brings the signals in line with the board, and marks one card.
    fn show(self, id: TicketId, changed: Changed) {
        let focused = self.focused();
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
            self.announce(id, &text);
        }
        if let Some(focused) = focused {
            refocus(focused);
        }
    }

    /// The card that has the focus, and its column.
    fn focused(self) -> Option<(TicketId, Status)> {
        let card = document().active_element()?.closest("[data-card]").ok()??;
        let card = self.card(card.get_attribute("data-card")?.parse().ok()?)?;
        Some((card.id, card.status))
    }

    /// Reads out what happened on a ticket, and takes its mark away after a while.
    fn announce(self, id: TicketId, text: &str) {
        self.announced.set(Some(format!("#{id}: {text}")));
        set_timeout(move || ui::at_rest(move || self.unmark(id)), MARKED);
    }

    fn set_columns(self, board: &Board) {
        self.columns.with_value(|columns| {
            for (column, shown) in board.columns.iter().zip(columns) {
                for (ids, now) in [shown.awake, shown.asleep].into_iter().zip(parts(column, &board.closed)) {
                    if ids.with_untracked(|ids| *ids != now) {
                        ids.set(now);
                    }
                }
                if shown.total.get_untracked() != column.total {
                    shown.total.set(column.total);
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

    /// Fetches the board anew: what it shows then is what a fresh page would.
    ///
    /// What is heard meanwhile may be newer than what is fetched: it is kept, and applied to that too.
    pub(super) fn reload(self) {
        if self.missed.with_value(Option::is_some) {
            return;
        }
        self.due.set_value(false);
        self.missed.set_value(Some(vec![]));
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    let fetched = api::board_snapshot(self.query.get_value()).await;
                    ui::rest().await;
                    let missed = self.missed.try_update_value(Option::take).flatten().unwrap_or_default();
                    match fetched {
                        Ok((board, offices)) => {
                            let as_of = board.as_of;
                            if self.offices.with_untracked(|known| *known != offices) {
                                Reader::learn(&offices);
                                self.offices.set(offices);
                            }
                            self.replace(board);
                            missed.iter().filter(|m| m.position().is_some_and(|n| n > as_of)).for_each(|m| self.apply(m));
                        }
                        Err(problem) => {
                            self.say(&problem);
                            // What the server refuses it will refuse again; everything else passes.
                            if !matches!(problem, Problem::Refused(_)) {
                                set_timeout(move || self.reload(), RETRY);
                            }
                        }
                    }
                });
            },
            GATHER,
        );
    }

    fn replace(self, board: Board) {
        let focused = self.focused();
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
        let mut unplaced = self.unplaced.try_update_value(std::mem::take).unwrap_or_default();
        unplaced.retain(|(id, _)| board.columns.iter().flat_map(|c| &c.cards).any(|card| card.id == *id));
        self.board.set_value(board);
        for (id, text) in unplaced {
            if let Some(signal) = self.cards.with_value(|cards| cards.get(&id).copied()) {
                signal.update(|(_, changed)| *changed = Some(text.clone()));
            }
            self.announce(id, &text);
        }
        if let Some(focused) = focused {
            refocus(focused);
        }
    }

    pub(super) fn card(self, id: TicketId) -> Option<Card> {
        self.cards.with_value(|cards| cards.get(&id).map(|signal| signal.with_untracked(|(card, _)| card.clone())))
    }

    pub(super) fn move_to(self, id: TicketId, status: Status) {
        if let Some(card) = self.card(id).filter(|c| c.status != status) {
            self.send(card, Some(status), None);
        }
    }

    pub(super) fn send(self, card: Card, status: Option<Status>, assignee: Option<String>) {
        ui::each(&format!("[data-card='{}']", card.id), |element| element.set_attribute("aria-busy", "true").unwrap_or(()));
        leptos::task::spawn_local(async move {
            let answer = api::move_card(card.id.0, status, assignee, card.version.0).await;
            ui::rest().await;
            ui::each(&format!("[data-card='{}']", card.id), |element| element.remove_attribute("aria-busy").unwrap_or(()));
            if let Err(problem) = answer {
                self.say(&problem);
                self.reload();
            }
        });
    }

    fn say(self, problem: &Problem) {
        self.toast.set(Some(problem.sentence(Reader::current().language)));
        set_timeout(move || ui::at_rest(move || self.toast.set(None)), Duration::from_secs(6));
    }
}

/// Gives the focus back to a card that was drawn anew elsewhere; to the first of its column where it is no longer shown.
fn refocus((id, column): (TicketId, Status)) {
    let give_back = move || {
        // It is somewhere: on the card itself, or where the reader has gone meanwhile.
        if document().active_element().is_some_and(|e| e.tag_name() != "BODY") {
            return;
        }
        let card = format!("#c{id}");
        let is_shown = ui::find::<web_sys::Element>(&card).is_some();
        ui::focus(&if is_shown { card } else { format!(".column[data-status={}] a.subject", column.word()) });
    };
    set_timeout(give_back, Duration::ZERO);
}

/// Whether the reader did it.
fn is_own(message: &Message) -> bool {
    let me = Reader::current().visitor.map(|v| v.id);
    matches!(message, Message::Happened { event, .. } if event.by.as_ref().map(|b| b.id) == me)
}
