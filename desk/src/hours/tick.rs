//! The tick: what is near or missed by now is told, once.

use super::book;
use crate::tickets::TicketChange;
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result};
use domain::TicketId;
use domain::accounts::Scope;
use domain::events::Happening;
use domain::tickets::{Mark, Ticket};
use domain::time::Moment;
use std::time::Duration;

/// How often it looks: a missed target is to be on the board within two seconds.
const EVERY: Duration = Duration::from_millis(500);
/// How long one change takes at most.
const LIMIT: Duration = Duration::from_secs(30);
/// Most tickets of one change.
const BATCH: u64 = 50;

/// Looks again and again.
pub fn worker() -> Worker {
    Worker::every("targets", EVERY, LIMIT, |desk: Desk| async move {
        tick(&desk).await?;
        Ok(Rest::Usual)
    })
}

/// Tells what is near or missed by now, in order; gives how many marks.
pub async fn tick(desk: &Desk) -> Result<usize> {
    let mut told = 0;
    loop {
        let due = store::hours::ticking(desk.store(), desk.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(told);
        }
        told += tell(desk, &due).await?;
        workers::beat();
    }
}

async fn tell(desk: &Desk, due: &[TicketId]) -> Result<usize> {
    let now = desk.now();
    // In one order, so that two that change the same tickets at once do not wait for each other.
    let mut ids = due.to_vec();
    ids.sort_unstable();
    let mut change = TicketChange::begin(desk, None).await?;
    let book = book::within(desk, change.change()).await?;
    let mut told = 0;
    for id in ids {
        let Some(mut locked) = change.find(&Scope::system(), id).await? else { continue };
        // Another node may have been here first, or the ticket have moved on: then only the next tick is saved.
        let (ticket, mut happened) = (&mut locked.ticket, vec![]);
        let mut tick = book.reckon(ticket);
        // All of what is due by now: something of another ticket may lie between two of this one.
        while let Some(marked) = mark(ticket, tick, now) {
            tick = book.reckon(ticket);
            happened.push(marked);
        }
        told += happened.len();
        change.save_at(locked, happened).await?;
    }
    change.commit().await?;
    Ok(told)
}

/// The mark that is to be told by now, and its moment. That something is near is not told any more where it is missed.
fn mark(ticket: &mut Ticket, tick: Option<domain::tickets::Tick>, now: Moment) -> Option<(Moment, Happening)> {
    let next = tick.filter(|next| next.at <= now)?;
    let (goal, due) = (next.goal, next.due);
    if next.mark == Mark::Near && due > now {
        ticket.clock.tell(goal, Mark::Near, next.at);
        return Some((next.at, Happening::TargetNear { goal, due }));
    }
    ticket.clock.tell(goal, Mark::Missed, due);
    Some((due, Happening::TargetMissed { goal, due }))
}
