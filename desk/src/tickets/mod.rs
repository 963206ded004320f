//! Opening, answering, changing and reading tickets.
//!
//! Invariant: a ticket changes by `TicketChange` alone.

mod change;
mod editing;
mod index;
mod proposals;
mod writing;

pub(crate) use change::TicketChange;
pub use editing::{Edit, dismiss, edit, edit_all, invite, leave, settle};
pub(crate) use editing::{close_settled, leave_colleagues};
pub(crate) use index::index_marked;
pub use proposals::{answer_proposal, name_for_cc, proposals};
pub use store::conversation::{MailMark, Message};
pub use store::hours::Retargeted;
pub use store::mail::Proposal;
pub use store::ticket_page::BesideTicket;
pub use store::tickets::Line;
pub(crate) use writing::open_by_mail;
pub use writing::{ByMail, Writing, note, open, reply};

use crate::accounts::{Customer, Session};
use crate::{Desk, Result, hours};
use domain::accounts::{Person, Scope};
use domain::attachments::Attachment;
use domain::events::{Event, Facet, Happening};
use domain::hours::{Changed, Promise};
use domain::tickets::Ticket;
use domain::{EventNo, MessageId, Refusal, TicketId};
use store::conversation::Conversation;
use store::ticket_page::TicketPage;
use store::tickets::Shelf;

/// Lines on one shelf of the portal's home at most: more than anyone has running.
pub const SHELF: u64 = 500;
/// Most tickets that one search finds.
const FOUND: u64 = 50;

/// A ticket with everything its page shows to its reader.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Page {
    pub ticket: Ticket,
    /// The last event the page contains.
    pub version: EventNo,
    pub messages: Vec<(Message, Vec<Attachment>)>,
    pub history: Vec<Event>,
    /// Whether there are messages before these.
    pub has_earlier: bool,
    /// Who can be put in CC; for staff and the requester.
    pub candidates: Vec<Person>,
    /// Whom mails named for CC, and nobody has let read yet; for staff and the requester.
    pub proposals: Vec<Proposal>,
    /// What its customers may expect, while it is our turn.
    pub promise: Option<Promise>,
    /// For staff alone.
    pub beside: Option<BesideTicket>,
}

/// Whether it changes what a ticket is found by.
fn indexed(what: &Happening) -> bool {
    what.message().is_some() || what.facet() == Facet::Cc
}

/// A ticket's page, as much of it as its reader may know: customers get no notes, no tags, no history of what only staff may know and no target; who is in CC offers no one for it.
///
/// It holds the newest messages; [`page_before`] has the earlier ones.
pub async fn page(desk: &Desk, by: &Session, id: TicketId) -> Result<Page> {
    page_before(desk, by, id, None).await
}

/// A ticket's page with the messages before one of them.
pub async fn page_before(desk: &Desk, by: &Session, id: TicketId, before: Option<MessageId>) -> Result<Page> {
    let (scope, me) = (by.scope(), by.person().id);
    if by.role().is_staff() {
        let (found, mut beside) = store::ticket_page::for_staff(desk.store(), &scope, id, me, before).await?.ok_or(Refusal::NotFound)?;
        let ticket = &found.ticket;
        // Day and night it is as due by other hours as it was.
        beside.retargets.retain(|(.., what)| *what != Changed::Hours || !ticket.around_the_clock);
        beside.retargets.retain(|(at, ..)| ticket.settled_at.is_none_or(|settled| *at < settled));
        let talk = &found.conversation;
        let first = talk.messages.first().filter(|_| talk.has_earlier).map(|(message, _)| message.created_at);
        let last = talk.history.last().filter(|_| before.is_some()).map(|event| event.at);
        beside.retargets.retain(|(at, ..)| first.is_none_or(|first| *at >= first) && last.is_none_or(|last| *at <= last));
        return page_of(desk, found, Some(beside)).await;
    }
    let found = store::ticket_page::for_customer(desk.store(), &scope, id, before).await?.ok_or(Refusal::NotFound)?;
    let mut page = page_of(desk, found, None).await?;
    page.ticket.due = None;
    if page.ticket.requester.id != me {
        (page.candidates, page.proposals) = (vec![], vec![]);
    }
    // Tags are words among staff, and so is when they last wrote one, or a note.
    page.ticket.tags.clear();
    page.ticket.updated_at = page.history.last().map_or(page.ticket.opened_at, |event| event.at);
    Ok(page)
}

async fn page_of(desk: &Desk, found: TicketPage, beside: Option<BesideTicket>) -> Result<Page> {
    let TicketPage { ticket, version, conversation, candidates, proposals } = found;
    let promise = if ticket.status.runs() { Some(hours::book(desk).await?.promised(&ticket, desk.now())) } else { None };
    let Conversation { messages, history, has_earlier } = conversation;
    Ok(Page { ticket, version, messages, history, has_earlier, candidates, proposals, promise, beside })
}

/// A customer's home.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Home {
    pub running: Vec<Line>,
    pub cc: Vec<Line>,
    /// What colleagues opened, for who may read it.
    pub organisation: Vec<Line>,
    pub settled: Vec<Line>,
}

/// A customer's home, with at most so many settled tickets.
pub async fn home(desk: &Desk, by: &Customer, settled: u64) -> Result<Home> {
    let me = by.session().person().id;
    // What colleagues opened is for who may read it.
    let of_colleagues = if matches!(by.session().scope(), Scope::Organisation(..)) { SHELF } else { 0 };
    let shelves = [(Shelf::Running, SHELF), (Shelf::Cc, SHELF), (Shelf::Organisation, of_colleagues), (Shelf::Settled, settled)];
    let [running, cc, organisation, settled] = store::tickets::shelves(desk.store(), me, shelves).await?;
    Ok(Home { running, cc, organisation, settled })
}

/// A customer's search in their tickets.
pub async fn search(desk: &Desk, by: &Customer, typed: &str) -> Result<Vec<Line>> {
    Ok(store::search::portal(desk.store(), &by.session().scope(), typed, FOUND).await?)
}
