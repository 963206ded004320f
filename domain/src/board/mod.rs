//! The board: the live view of the tickets that run.
//!
//! Invariant: a board that is shown from the log up to event n, and then told the events n to m, equals a board made from the log up to m.

mod filter;

pub use filter::{AssignedTo, Filter};

use crate::events::{Event, Facet, Happening, Message};
use crate::tickets::{Due, Side, Status, Ticket, Urgency};
use crate::time::Moment;
use crate::{DepartmentId, EventNo, Named, OrganisationId, PersonId, TicketId};
use serde::{Deserialize, Serialize};

/// The statuses that have a column, from left to right.
pub const COLUMNS: [Status; 4] = [Status::New, Status::Open, Status::Waiting, Status::Resolved];
/// Most cards shown in one column; the list has the rest.
pub const COLUMN_CARDS: usize = 50;

/// The place of a ticket among others, the least first: what is due, by when it is; then what stands still; then what is settled, the latest first.
pub fn place(due: Option<&Due>, settled_at: Option<Moment>) -> i64 {
    const STILL: i64 = 1 << 61;
    match (due.and_then(|due| due.at), settled_at) {
        (_, Some(at)) => 2 * STILL - at.0,
        (Some(at), None) => at.0.min(STILL - 1),
        (None, None) => STILL,
    }
}

/// A ticket as a card on the board and as a row in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Card {
    pub id: TicketId,
    pub subject: String,
    pub status: Status,
    pub urgency: Urgency,
    pub department: Named<DepartmentId>,
    pub organisation: Option<Named<OrganisationId>>,
    pub requester: Named<PersonId>,
    pub assignee: Option<Named<PersonId>>,
    pub tags: Vec<String>,
    pub opened_at: Moment,
    pub updated_at: Moment,
    pub settled_at: Option<Moment>,
    pub messages: u32,
    pub files: u32,
    pub last_word: Side,
    /// What is due next, where something is.
    pub due: Option<Due>,
    /// Whether it is handled outside office hours too.
    pub around_the_clock: bool,
    /// The last event of this ticket that the card contains.
    pub version: EventNo,
}

impl Card {
    /// A ticket's card.
    pub fn of(ticket: &Ticket, version: EventNo) -> Self {
        Self {
            id: ticket.id,
            subject: ticket.subject.clone(),
            status: ticket.status,
            urgency: ticket.urgency,
            department: ticket.department.clone(),
            organisation: ticket.organisation.clone(),
            requester: ticket.requester.clone(),
            assignee: ticket.assignee.clone(),
            tags: ticket.tags.clone(),
            opened_at: ticket.opened_at,
            updated_at: ticket.updated_at,
            settled_at: ticket.settled_at,
            messages: ticket.messages,
            files: ticket.files,
            last_word: ticket.last_word,
            due: ticket.due,
            around_the_clock: ticket.around_the_clock,
            version,
        }
    }

    /// Whether the customer spoke last on a ticket that runs: someone should answer.
    pub fn awaits_us(&self) -> bool {
        self.last_word == Side::Customer && matches!(self.status, Status::New | Status::Open)
    }

    /// Its place among others: see [`place`].
    pub fn place(&self) -> i64 {
        place(self.due.as_ref(), self.settled_at)
    }

    /// Whether it waits until its office opens, where these are closed.
    pub fn is_asleep(&self, closed: &[DepartmentId]) -> bool {
        !self.around_the_clock && !self.status.is_settled() && closed.contains(&self.department.id)
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its status.
    pub status: Status,
    /// The first cards, at most [`COLUMN_CARDS`] when loaded.
    pub cards: Vec<Card>,
    /// How many tickets there are in all.
    pub total: i64,
}

/// The board as it was after event `as_of`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// The last event it contains.
    pub as_of: EventNo,
    /// The departments whose office is closed: what waits for its opening stands below everything else.
    pub closed: Vec<DepartmentId>,
    /// One for each of [`COLUMNS`].
    pub columns: Vec<Column>,
}

/// What an event did to a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that shows.
    None,
    /// This card is new, moved, changed or gone.
    Changed(TicketId),
    /// The board cannot tell by itself: load it again.
    Reload,
}

impl Board {
    /// An empty board.
    pub fn empty(as_of: EventNo) -> Self {
        Self { as_of, closed: vec![], columns: COLUMNS.iter().map(|&status| Column { status, cards: vec![], total: 0 }).collect() }
    }

    /// Takes in one message of the stream; what it already contains changes nothing.
    pub fn apply(&mut self, message: &Message, filter: &Filter) -> Effect {
        match message {
            Message::Happened { event, card: Some(card) } => {
                let is_news = event.n > self.as_of;
                self.as_of = self.as_of.max(event.n);
                self.put(event, card, filter, is_news)
            }
            Message::Gone { n, ticket } => {
                self.as_of = self.as_of.max(*n);
                match self.take(*ticket) {
                    Some(_) => self.refill(Effect::Changed(*ticket)),
                    // It may have been counted, below the last card of a full column.
                    None if COLUMNS.into_iter().any(|status| self.is_partial(status)) => Effect::Reload,
                    None => Effect::None,
                }
            }
            Message::Beat { n } => {
                self.as_of = self.as_of.max(*n);
                Effect::None
            }
            Message::Reset { .. } => Effect::Reload,
            Message::Happened { card: None, .. } | Message::Ended => Effect::None,
        }
    }

    fn put(&mut self, event: &Event, card: &Card, filter: &Filter, is_news: bool) -> Effect {
        let left = if let Happening::StatusChanged { from, .. } = &event.what { Some(*from) } else { None };
        let shown = self.columns.iter().flat_map(|c| &c.cards).find(|c| c.id == card.id).map(|c| c.version);
        match shown {
            // Two things happened at once, and the first brought the card: the column it left is still to be counted.
            Some(version) if version == card.version && is_news && left.is_some_and(|from| self.is_partial(from)) => return Effect::Reload,
            Some(version) if version >= card.version => return Effect::None,
            Some(_) => {}
            None => {
                if let Some(effect) = self.unshown(event, card, filter, left) {
                    return effect;
                }
            }
        }
        let before = self.take(card.id).map(|card| self.order(&card));
        let (belongs, order) = (filter.admits(card), self.order(card));
        if let Some(at) = self.columns.iter().position(|c| belongs && c.status == card.status) {
            let below = self.columns[at].cards.partition_point(|other| self.order(other) < order);
            let column = &mut self.columns[at];
            column.cards.insert(below, card.clone());
            column.total += 1;
            let is_last = below + 1 == column.cards.len() && column.total as usize > column.cards.len();
            // Among those below the last one that is shown, one may come before it.
            if column.cards.len() > COLUMN_CARDS || (is_last && before.is_none_or(|before| before < order)) {
                return Effect::Reload;
            }
        } else if shown.is_none() {
            return Effect::None;
        }
        self.refill(Effect::Changed(card.id))
    }

    /// What comes of an event of a ticket that is not shown, where that is known without looking further: it may still be counted, below the last card of a full
    /// column, and whether a text is found in it only the server can say.
    fn unshown(&self, event: &Event, card: &Card, filter: &Filter, left: Option<Status>) -> Option<Effect> {
        let concerns = |status: &Status| COLUMNS.contains(status);
        if !concerns(&card.status) && !left.as_ref().is_some_and(concerns) {
            return Some(Effect::None);
        }
        if filter.text.is_some() {
            return Some(Effect::Reload);
        }
        // Changes nothing about which tickets are counted, and leaves this one below those that are shown.
        let is_indifferent = match event.what.facet() {
            Facet::Conversation | Facet::Due => !matches!(event.what, Happening::Opened { .. }) && !self.is_above_the_fold(card),
            Facet::Assignee | Facet::Tags | Facet::Cc => filter.is_empty(),
            Facet::Status | Facet::Urgency | Facet::Department => false,
        };
        if is_indifferent {
            return Some(Effect::None);
        }
        (self.is_partial(card.status) || left.is_some_and(|from| self.is_partial(from))).then_some(Effect::Reload)
    }

    /// By what the cards of a column are ordered.
    fn order(&self, card: &Card) -> (bool, i64, TicketId) {
        (card.is_asleep(&self.closed), card.place(), card.id)
    }

    /// Whether a card comes before the last one that its column shows.
    fn is_above_the_fold(&self, card: &Card) -> bool {
        let last = self.columns.iter().find(|c| c.status == card.status).and_then(|c| c.cards.last());
        last.is_some_and(|last| self.order(card) < self.order(last))
    }

    /// Whether a column has more tickets than it shows.
    fn is_partial(&self, status: Status) -> bool {
        self.columns.iter().any(|c| c.status == status && c.total as usize > c.cards.len())
    }

    fn take(&mut self, id: TicketId) -> Option<Card> {
        self.columns.iter_mut().find_map(|column| {
            let at = column.cards.iter().position(|c| c.id == id)?;
            column.total -= 1;
            Some(column.cards.remove(at))
        })
    }

    /// A column that shows fewer cards than it could has to fetch what is below.
    fn refill(&self, effect: Effect) -> Effect {
        let short = self.columns.iter().any(|c| c.cards.len() < COLUMN_CARDS.min(c.total.max(0) as usize));
        if short { Effect::Reload } else { effect }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MessageId;
    use crate::events::{Event, Happening};
    use crate::hours::Goal;
    use crate::time::Span;

    fn card(id: i64, status: Status, urgency: Urgency, version: i64) -> Card {
        Card {
            id: TicketId(id),
            subject: "x".into(),
            status,
            urgency,
            department: Named::new(DepartmentId(1), "D"),
            organisation: None,
            requester: Named::new(PersonId(1), "M"),
            assignee: None,
            tags: vec![],
            opened_at: Moment(id),
            updated_at: Moment(version),
            settled_at: status.is_settled().then_some(Moment(version)),
            messages: 1,
            files: 0,
            last_word: Side::Customer,
            due: None,
            around_the_clock: urgency == Urgency::High,
            version: EventNo(version),
        }
    }

    fn told(card: Card) -> Message {
        let event = Event {
            n: card.version,
            at: card.updated_at,
            ticket: card.id,
            by: None,
            what: Happening::StatusChanged { from: Status::New, to: card.status },
        };
        Message::Happened { event, card: Some(card) }
    }

    fn ids(board: &Board, status: Status) -> Vec<i64> {
        board.columns.iter().find(|c| c.status == status).unwrap().cards.iter().map(|c| c.id.0).collect()
    }

    /// The same card, with something due at a moment.
    fn due(card: Card, at: i64) -> Card {
        let due =
            Due { goal: Goal::Solution, at: Some(Moment(at)), near: None, total: Span(9), left: None, still_since: None, around_the_clock: false };
        Card { due: Some(due), ..card }
    }

    #[test]
    fn what_is_due_first_stands_on_top_then_what_stands_still() {
        let mut board = Board::empty(EventNo(0));
        for (id, at) in [(1, None), (2, Some(70)), (3, Some(50)), (4, Some(60)), (5, None)] {
            let card = card(id, Status::New, Urgency::Low, id);
            board.apply(&told(at.map_or(card.clone(), |at| due(card, at))), &Filter::default());
        }
        assert_eq!(ids(&board, Status::New), [3, 4, 2, 1, 5]);
        for (id, at) in [(6, 10), (7, 30), (8, 20)] {
            let settled = Card { settled_at: Some(Moment(at)), ..card(id, Status::Resolved, Urgency::High, id) };
            board.apply(&told(settled), &Filter::default());
        }
        assert_eq!(ids(&board, Status::Resolved), [7, 8, 6]);
    }

    #[test]
    fn what_waits_for_the_office_stands_below_what_does_not() {
        let mut board = Board { closed: vec![DepartmentId(1)], ..Board::empty(EventNo(0)) };
        for (id, urgency, at) in [(1, Urgency::Low, 10), (2, Urgency::High, 90), (3, Urgency::Medium, 5)] {
            board.apply(&told(due(card(id, Status::New, urgency, id), at)), &Filter::default());
        }
        assert_eq!(ids(&board, Status::New), [2, 3, 1]);
        let elsewhere = Card { department: Named::new(DepartmentId(2), "E"), ..due(card(4, Status::New, Urgency::Low, 4), 95) };
        board.apply(&told(elsewhere), &Filter::default());
        assert_eq!(ids(&board, Status::New), [2, 4, 3, 1]);
    }

    #[test]
    fn an_answer_moves_a_card_and_what_may_be_below_it_is_fetched() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.columns[0].cards = (1..=50).map(|id| due(card(id, Status::New, Urgency::Low, 0), id * 10)).collect();
        board.columns[0].total = 90;
        let replied = |card: Card| Message::Happened {
            event: Event { n: card.version, at: card.updated_at, ticket: card.id, by: None, what: Happening::Tagged { tag: "x".into() } },
            card: Some(card),
        };
        let spoken = |card: Card| {
            let what = Happening::Replied { message: MessageId(1), side: Side::Agent, excerpt: String::new(), files: 0 };
            Message::Happened { event: Event { n: card.version, at: card.updated_at, ticket: card.id, by: None, what }, card: Some(card) }
        };
        for (message, effect) in [
            (spoken(due(card(1, Status::New, Urgency::Low, 1), 205)), Effect::Changed(TicketId(1))),
            (spoken(due(card(2, Status::New, Urgency::Low, 2), 999)), Effect::Reload),
            (spoken(due(card(70, Status::New, Urgency::Low, 3), 2_000)), Effect::None),
            (spoken(due(card(71, Status::New, Urgency::Low, 4), 100)), Effect::Reload),
            (replied(due(card(72, Status::New, Urgency::Low, 5), 100)), Effect::None),
        ] {
            assert_eq!(board.apply(&message, &all), effect, "{message:?}");
        }
    }

    #[test]
    fn a_card_moves_and_a_closed_one_leaves() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.apply(&told(card(1, Status::New, Urgency::Low, 1)), &all);
        assert_eq!(board.apply(&told(card(1, Status::Open, Urgency::Low, 2)), &all), Effect::Changed(TicketId(1)));
        assert_eq!((ids(&board, Status::New), ids(&board, Status::Open)), (vec![], vec![1]));
        board.apply(&told(card(1, Status::Closed, Urgency::Low, 3)), &all);
        assert!(board.columns.iter().all(|c| c.cards.is_empty() && c.total == 0));
        assert_eq!(board.as_of, EventNo(3));
    }

    #[test]
    fn told_twice_or_late_changes_nothing() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.apply(&told(card(1, Status::Open, Urgency::Low, 5)), &all);
        let before = board.clone();
        assert_eq!(board.apply(&told(card(1, Status::Open, Urgency::Low, 5)), &all), Effect::None);
        assert_eq!(board.apply(&told(card(1, Status::New, Urgency::Low, 4)), &all), Effect::None);
        assert_eq!(board, before);
    }

    #[test]
    fn a_ticket_that_leaves_the_readers_sight_leaves_the_board() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.apply(&told(card(1, Status::Open, Urgency::Low, 1)), &all);
        assert_eq!(board.apply(&Message::Gone { n: EventNo(2), ticket: TicketId(1) }, &all), Effect::Changed(TicketId(1)));
        assert!(ids(&board, Status::Open).is_empty());
    }

    #[test]
    fn a_full_column_that_loses_a_card_fetches_what_is_below() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.columns[0].cards.push(card(1, Status::New, Urgency::Low, 1));
        board.columns[0].total = 300;
        assert_eq!(board.apply(&told(card(1, Status::Open, Urgency::Low, 2)), &all), Effect::Reload);
        assert_eq!(board.apply(&told(card(9, Status::Open, Urgency::Low, 3)), &all), Effect::Reload);
    }

    #[test]
    fn a_busy_board_is_not_fetched_for_what_does_not_show() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        board.columns[3].cards = (100..150).map(|id| card(id, Status::Resolved, Urgency::Low, 0)).collect();
        board.columns[3].total = 90;
        let what = |what: Happening, card: Card| Message::Happened {
            event: Event { n: card.version, at: card.updated_at, ticket: card.id, by: None, what },
            card: Some(card),
        };
        let tag = || Happening::Tagged { tag: "x".into() };
        let urgency = || Happening::UrgencyChanged { from: Urgency::Low, to: Urgency::High, reason: None };
        for (message, filter, effect) in [
            (what(tag(), card(5, Status::Closed, Urgency::Low, 1)), &all, Effect::None),
            (what(tag(), card(5, Status::Resolved, Urgency::Low, 2)), &all, Effect::None),
            (what(urgency(), card(5, Status::Closed, Urgency::High, 3)), &all, Effect::None),
            (what(urgency(), card(5, Status::Resolved, Urgency::High, 4)), &all, Effect::Reload),
            (what(tag(), card(5, Status::Resolved, Urgency::Low, 5)), &Filter { tag: Some("x".into()), ..Filter::default() }, Effect::Reload),
            (
                what(Happening::StatusChanged { from: Status::Resolved, to: Status::Closed }, card(5, Status::Closed, Urgency::Low, 6)),
                &all,
                Effect::Reload,
            ),
            (
                what(Happening::StatusChanged { from: Status::New, to: Status::Open }, card(6, Status::Open, Urgency::Low, 7)),
                &all,
                Effect::Changed(TicketId(6)),
            ),
            (Message::Gone { n: EventNo(8), ticket: TicketId(5) }, &all, Effect::Reload),
        ] {
            assert_eq!(board.apply(&message, filter), effect, "{message:?}");
        }
    }

    #[test]
    fn a_column_that_overflows_fetches_which_cards_stay() {
        let (mut board, all) = (Board::empty(EventNo(0)), Filter::default());
        for n in 1..=COLUMN_CARDS as i64 {
            assert_eq!(board.apply(&told(card(n, Status::New, Urgency::Low, n)), &all), Effect::Changed(TicketId(n)));
        }
        assert_eq!(board.apply(&told(card(999, Status::New, Urgency::Low, 999)), &all), Effect::Reload);
    }

    #[test]
    fn the_url_holds_the_filter() {
        let query = [
            ("status", "new"),
            ("status", "open"),
            ("department", "3"),
            ("urgency", "high"),
            ("assignee", "nobody"),
            ("organisation", "12"),
            ("tag", "versie 8"),
            ("q", "termijn staat"),
        ];
        let filter = Filter::from_pairs(query);
        assert_eq!(filter.pairs().iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>(), query);
        assert!(Filter::from_pairs([("status", "x"), ("department", "'; drop"), ("assignee", ""), ("q", " "), ("z", "1")]).is_empty());
    }
}
