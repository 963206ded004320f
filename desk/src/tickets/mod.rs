//! Opening, answering, changing and reading tickets.
//!
//! Invariant: each use case is begin, lock, rule, save, say what happened, commit.

mod editing;
mod index;
mod proposals;
mod writing;

pub use editing::{Edit, dismiss, edit, edit_all, invite, leave, settle};
pub(crate) use editing::{close_settled, leave_colleagues};
pub(crate) use index::index_marked;
pub use proposals::{answer_proposal, name_for_cc, proposals};
pub use store::conversation::{MailMark, Message};
pub use store::tickets::{Line, Shelf};
pub(crate) use writing::open_by_mail;
pub use writing::{ByMail, Writing, note, open, reply};

use crate::accounts::{Agent, Customer, Session};
use crate::{Desk, Result, hours};
use domain::accounts::{Person, Scope};
use domain::attachments::Attachment;
use domain::events::{Event, Facet, Happening};
use domain::hours::Changed;
use domain::tickets::Ticket;
use domain::time::Moment;
use domain::{EventNo, Named, PersonId, Refusal, TicketId};
use store::Change;

/// Lines on one shelf of the portal's home at most: more than anyone has running.
pub const SHELF: u64 = 500;
/// Most tickets that one search finds.
const FOUND: u64 = 50;

/// A ticket with everything its page shows.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Page {
    pub ticket: Ticket,
    /// The last event the page contains.
    pub version: EventNo,
    pub messages: Vec<(Message, Vec<Attachment>)>,
    pub history: Vec<Event>,
    /// Changes of hours and targets while it ran, by which what is due was reckoned anew; for staff.
    pub retargets: Vec<(Moment, Option<Named<PersonId>>, Changed)>,
}

async fn lock(change: &Change, scope: &Scope, id: TicketId) -> Result<(Ticket, EventNo)> {
    Ok(store::tickets::lock(change, scope, id).await?.ok_or(Refusal::NotFound)?)
}

/// Refuses where someone else did something of these facets after `seen`, and says what.
async fn refuse_outdated(change: &Change, by: &Session, id: TicketId, seen: Option<EventNo>, facets: &[Facet]) -> Result<()> {
    let Some(seen) = seen else { return Ok(()) };
    let me = by.person().id;
    let later = store::events::of_locked_ticket(change, id, seen).await?;
    let others: Vec<Event> = later.into_iter().filter(|e| e.by.as_ref().is_none_or(|b| b.id != me) && facets.contains(&e.what.facet())).collect();
    if others.is_empty() { Ok(()) } else { Err(Refusal::Outdated(others).into()) }
}

/// Saves a ticket, with what is now due on it.
pub(crate) async fn save(desk: &Desk, change: &Change, before: &Ticket, after: &mut Ticket) -> Result<()> {
    let tick = hours::within(desk, change).await?.reckon(after);
    Ok(store::tickets::save(change, before, after, tick).await?)
}

async fn finish(desk: &Desk, change: Change, by: PersonId, before: &Ticket, mut after: Ticket, happened: &[Happening], reindex: bool) -> Result<()> {
    save(desk, &change, before, &mut after).await?;
    if reindex {
        store::search::index(&change, &after).await?;
    }
    store::events::append(&change, after.id, Some(by), desk.now(), happened).await?;
    Ok(change.commit().await?)
}

/// A ticket's page; customers get no notes, and no history of what only staff may know.
pub async fn page(desk: &Desk, by: &Session, id: TicketId) -> Result<Page> {
    let scope = by.scope();
    let (ticket, version) = store::tickets::find(desk.store(), &scope, id).await?.ok_or(Refusal::NotFound)?;
    let read = store::conversation::read(desk.store(), &scope, id).await?;
    let mut retargets = vec![];
    if by.role().is_staff() {
        let organisation = ticket.organisation.as_ref().map(|o| o.id);
        retargets = store::hours::retargets(desk.store(), ticket.opened_at, ticket.department.id, organisation, ticket.urgency).await?;
        // Day and night it is as due by other hours as it was.
        retargets.retain(|(.., what)| *what != Changed::Hours || !ticket.around_the_clock);
        retargets.retain(|(at, ..)| ticket.settled_at.is_none_or(|settled| *at < settled));
    }
    Ok(Page { ticket, version, messages: read.messages, history: read.history, retargets })
}

/// One shelf of a customer's home.
pub async fn shelf(desk: &Desk, by: &Customer, shelf: Shelf, most: u64) -> Result<Vec<Line>> {
    // What colleagues opened is for who may read it.
    if shelf == Shelf::Organisation && !matches!(by.session().scope(), Scope::Organisation(..)) {
        return Ok(vec![]);
    }
    Ok(store::tickets::shelf(desk.store(), by.session().person().id, shelf, most).await?)
}

/// A customer's search in their tickets.
pub async fn search(desk: &Desk, by: &Customer, typed: &str) -> Result<Vec<Line>> {
    Ok(store::search::portal(desk.store(), &by.session().scope(), typed, FOUND).await?)
}

/// The requester's other tickets, for staff.
pub async fn others(desk: &Desk, by: &Agent, ticket: &Ticket) -> Result<Vec<Line>> {
    Ok(store::tickets::others_of(desk.store(), &by.session().scope(), ticket.requester.id, ticket.id, 5).await?)
}

/// Customers who can be put in CC of a ticket, for staff.
pub async fn cc_candidates(desk: &Desk, _by: &Agent, ticket: &Ticket) -> Result<Vec<Person>> {
    match &ticket.organisation {
        Some(organisation) => Ok(store::accounts::colleagues(desk.store(), organisation.id, ticket.requester.id, "", 100).await?),
        None => Ok(vec![]),
    }
}
