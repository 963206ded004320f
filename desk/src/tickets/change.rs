//! The one way in which a ticket changes: lock, rule, save, index, log, commit.
//!
//! Invariants: nothing of a ticket is saved without what happened to it; where nothing happened, nothing is saved; the log is written last, since it holds up every other change.

use super::indexed;
use crate::{Desk, Result, hours};
use domain::accounts::Scope;
use domain::events::{Event, Facet, Happening};
use domain::tickets::Ticket;
use domain::time::Moment;
use domain::{EventNo, PersonId, Refusal, TicketId};
use store::Change;

/// A change of tickets in someone's name, or in nobody's by time. Dropped before [`TicketChange::commit`], nothing of it is kept.
pub(crate) struct TicketChange<'d> {
    desk: &'d Desk,
    change: Change,
    log: Log,
}

/// What happened and is not in the log yet, in the order in which it will be.
pub(crate) struct Log {
    by: Option<PersonId>,
    untold: Vec<(Moment, TicketId, Vec<Happening>)>,
}

/// A ticket that nobody else can change until the change ends.
pub(crate) struct Locked {
    before: Ticket,
    /// As the rule makes it.
    pub(crate) ticket: Ticket,
}

impl<'d> TicketChange<'d> {
    pub(crate) async fn begin(desk: &'d Desk, by: Option<PersonId>) -> Result<Self> {
        Ok(Self { desk, change: desk.store().begin().await?, log: Log::new(by) })
    }

    /// What else belongs to the same change is read and written by this.
    pub(crate) fn change(&self) -> &Change {
        &self.change
    }

    /// Locks a ticket; `None` where there is none in this scope. Several are locked in order of their numbers, or two changes wait for each other.
    pub(crate) async fn find(&self, scope: &Scope, id: TicketId) -> Result<Option<Locked>> {
        lock(&self.change, scope, id).await
    }

    /// Locks a ticket; refuses with [`Refusal::NotFound`] where there is none in this scope.
    pub(crate) async fn lock(&self, scope: &Scope, id: TicketId) -> Result<Locked> {
        Ok(self.find(scope, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// Refuses where someone else did something of these facets after `seen`, and says what.
    pub(crate) async fn refuse_outdated(&self, locked: &Locked, seen: Option<EventNo>, facets: &[Facet]) -> Result<()> {
        let Some(seen) = seen else { return Ok(()) };
        let later = store::events::of_locked_ticket(&self.change, locked.before.id, seen).await?;
        let is_others = |event: &Event| event.by.as_ref().is_none_or(|by| Some(by.id) != self.log.by);
        let others: Vec<Event> = later.into_iter().filter(|event| is_others(event) && facets.contains(&event.what.facet())).collect();
        if others.is_empty() { Ok(()) } else { Err(Refusal::Outdated(others).into()) }
    }

    /// Saves what a rule made of a ticket, with what is now due on it, and what happened.
    pub(crate) async fn save(&mut self, locked: Locked, happened: Vec<Happening>) -> Result<()> {
        self.log.save(self.desk, &self.change, locked, happened).await
    }

    /// The same, of what happened at moments of its own.
    pub(crate) async fn save_at(&mut self, locked: Locked, happened: Vec<(Moment, Happening)>) -> Result<()> {
        save(self.desk, &self.change, &locked.before, locked.ticket).await?;
        self.log.untold.extend(happened.into_iter().map(|(at, what)| (at, locked.before.id, vec![what])));
        Ok(())
    }

    /// Writes what happened into the log, and commits.
    pub(crate) async fn commit(self) -> Result<()> {
        let Self { desk, change, log } = self;
        log.write(desk, &change).await?;
        Ok(change.commit().await?)
    }
}

impl Log {
    /// For tickets that change within a change of something else, which ends with [`Log::write`].
    pub(crate) fn new(by: Option<PersonId>) -> Self {
        Self { by, untold: vec![] }
    }

    pub(crate) async fn save(&mut self, desk: &Desk, change: &Change, locked: Locked, happened: Vec<Happening>) -> Result<()> {
        if happened.is_empty() {
            return Ok(());
        }
        let ticket = save(desk, change, &locked.before, locked.ticket).await?;
        if happened.iter().any(indexed) {
            store::search::index(change, &ticket).await?;
        }
        self.untold.push((desk.now(), ticket.id, happened));
        Ok(())
    }

    /// Writes what happened into the log, in order of time. The last thing in a change.
    pub(crate) async fn write(mut self, desk: &Desk, change: &Change) -> Result<()> {
        self.untold.sort_by_key(|(at, ..)| *at);
        for (_, id, happened) in &self.untold {
            store::events::append(change, *id, self.by, desk.now(), happened).await?;
        }
        Ok(())
    }
}

impl Locked {
    /// The ticket as it was.
    pub(crate) fn before(&self) -> &Ticket {
        &self.before
    }
}

/// Locks a ticket within a change of something else; `None` where there is none in this scope.
pub(crate) async fn lock(change: &Change, scope: &Scope, id: TicketId) -> Result<Option<Locked>> {
    let found = store::tickets::lock(change, scope, id).await?;
    Ok(found.map(|(ticket, _)| Locked { before: ticket.clone(), ticket }))
}

async fn save(desk: &Desk, change: &Change, before: &Ticket, mut after: Ticket) -> Result<Ticket> {
    let tick = hours::within(desk, change).await?.reckon(&mut after);
    store::tickets::save(change, before, &after, tick).await?;
    Ok(after)
}
