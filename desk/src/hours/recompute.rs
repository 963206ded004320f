//! After a change of hours or targets: what is due on every running ticket, reckoned anew in the background.

use super::book;
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result};
use std::time::Duration;
use store::hours::Reckoned;

/// How often it looks whether something changed.
const EVERY: Duration = Duration::from_millis(500);
/// How long one change takes at most.
const LIMIT: Duration = Duration::from_secs(30);
/// Numbers of tickets looked at in one change: some sixty milliseconds, which is as long as whoever wants to save something waits at most.
const BATCH: i64 = 4_000;

/// Tickets from which on it is given more memory meanwhile.
const MANY: i64 = 50_000;

/// Looks again and again.
pub fn worker() -> Worker {
    Worker::every("recompute", EVERY, LIMIT, |desk: Desk| async move {
        let reckoned = reckon_all(&desk).await?;
        desk.tail().turned(reckoned.generation);
        Ok(Rest::Usual)
    })
}

/// Reckons what is due on every running ticket that was saved before the last change of hours or targets.
pub async fn reckon_all(desk: &Desk) -> Result<Reckoned> {
    book::refresh(desk).await?;
    let begun = store::hours::reckoned(desk.store()).await?;
    if begun.upto >= begun.last {
        return Ok(begun);
    }
    let tickets = begun.last - begun.upto;
    tracing::info!(tickets, "hours or targets changed: reckoning what is due");
    if tickets < MANY {
        return steps(desk).await;
    }
    desk.store().make_room(true).await?;
    let reckoned = steps(desk).await;
    desk.store().make_room(false).await?;
    reckoned
}

async fn steps(desk: &Desk) -> Result<Reckoned> {
    loop {
        let reckoned = step(desk).await?;
        workers::beat();
        if reckoned.upto >= reckoned.last {
            tracing::info!("what is due is reckoned");
            return Ok(reckoned);
        }
        // Whoever waited to save something goes first.
        tokio::task::yield_now().await;
    }
}

async fn step(desk: &Desk) -> Result<Reckoned> {
    let change = desk.store().begin().await?;
    let book = book::within(desk, &change).await?;
    let (reckoned, running) = store::hours::to_reckon(&change, BATCH).await?;
    let mut changed = vec![];
    for mut ticket in running {
        let (due, tick, around_the_clock) = book.reckon_running(&ticket);
        let tick_at = tick.map(|tick| tick.at);
        if ticket.is_replayed || (due, tick_at, around_the_clock) != (ticket.due, ticket.tick_at, ticket.around_the_clock) {
            (ticket.due, ticket.tick_at, ticket.around_the_clock) = (due, tick_at, around_the_clock);
            changed.push(ticket);
        }
    }
    if !changed.is_empty() {
        store::hours::save_dues(&change, &changed).await?;
    }
    store::hours::reckoned_upto(&change, reckoned.upto).await?;
    change.commit().await?;
    Ok(reckoned)
}
