//! Sending what is due: leased, tried again with growing waits, given up visibly.
//!
//! Invariant: a delivery is with one sender at a time; a crash between handing over and writing it down repeats that mail at worst, with the same Message-ID.

use super::Failure;
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result, notifications};
use domain::time::{Moment, Span};
use std::collections::HashMap;
use std::time::Duration;
use store::notifications::{Due, Outcome, State};
use tokio::task::JoinSet;

/// How long a delivery is this sender's: far longer than handing over takes.
const LEASE: Span = Span::minutes(10);
/// How long one delivery takes at most: every answer of a mail server has a time limit of its own.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// Deliveries taken at once.
const BATCH: u64 = 200;
/// How long is waited after each try; after the last, some four days, it is given up (RFC 5321, 4.5.4.1 asks for four to five).
const WAITS: [Span; 9] = [
    Span::minutes(1),
    Span::minutes(5),
    Span::minutes(20),
    Span::hours(1),
    Span::hours(4),
    Span::hours(12),
    Span::hours(24),
    Span::hours(24),
    Span::hours(24),
];
/// What was handed over is written down after this long at most.
const SOON: Duration = Duration::from_secs(1);
/// How long the sender sleeps at most: another node may have written something.
const NAP: Duration = Duration::from_secs(5);

/// Sends again and again.
pub fn worker() -> Worker {
    let step = |desk: Desk| async move {
        if once(&desk).await? > 0 {
            return Ok(Rest::None);
        }
        let next = store::notifications::next_due(desk.store()).await?;
        let until = |due: Moment| u64::try_from((due - desk.now()).0).unwrap_or(0).clamp(20, NAP.as_millis() as u64);
        Ok(next.map_or(Rest::Usual, |due| Rest::For(Duration::from_millis(until(due)))))
    };
    Worker::every("outbox", NAP, LIMIT, step).woken_by_outbox().gives_way()
}

/// Sends what is due now; gives how many deliveries were taken.
pub async fn once(desk: &Desk) -> Result<usize> {
    let (now, change) = (desk.now(), desk.store().begin().await?);
    // No more than are handed over well within the lease, however slow the server is.
    let at_once = desk.mail().transport().at_once() as u64;
    let due = store::notifications::lease(&change, now, now + LEASE, BATCH.min(4 * at_once)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    change.commit().await?;
    let (count, mut waiting, mut running, mut outcomes) = (due.len(), due.into_iter(), JoinSet::new(), vec![]);
    let mut under_way = HashMap::new();
    loop {
        while running.len() < desk.mail().transport().at_once()
            && let Some(next) = waiting.next()
        {
            let desk = desk.clone();
            let due = next.clone();
            under_way.insert(running.spawn(async move { deliver(&desk, next).await }).id(), due);
        }
        // What was handed over is written down soon: what a crash repeats is little.
        let is_late = match tokio::time::timeout(SOON, running.join_next_with_id()).await {
            Ok(Some(Ok((task, outcome)))) => {
                workers::beat();
                under_way.remove(&task);
                outcomes.push(outcome);
                false
            }
            // A fault in one mail counts as a try of it.
            Ok(Some(Err(fault))) => {
                if let Some(due) = under_way.remove(&fault.id()) {
                    tracing::error!(delivery = %due.id, %fault, "a mail could not be made");
                    outcomes.push(later(desk, &due, fault.to_string()));
                }
                false
            }
            Ok(None) => break,
            Err(_) => true,
        };
        if is_late || outcomes.len() >= 50 {
            settle(desk, &mut outcomes).await?;
        }
    }
    settle(desk, &mut outcomes).await?;
    Ok(count)
}

async fn settle(desk: &Desk, outcomes: &mut Vec<Outcome>) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let change = desk.store().begin().await?;
    store::notifications::settle(&change, outcomes, desk.now()).await?;
    outcomes.clear();
    Ok(change.commit().await?)
}

async fn deliver(desk: &Desk, due: Due) -> Outcome {
    let done = |state, reason: Option<String>| Outcome { id: due.id, state, due_at: Moment(0), reason };
    let letter = match notifications::letter(desk, &due).await {
        Ok(Ok(letter)) => letter,
        Ok(Err(reason)) => return done(State::Dropped, Some(reason.to_owned())),
        Err(error) => return later(desk, &due, error.to_string()),
    };
    match desk.mail().send(letter, desk.now()).await {
        Ok(()) => done(State::Sent, None),
        Err(Failure::Never(reason)) => done(State::GivenUp, Some(reason)),
        Err(Failure::Later(reason)) => later(desk, &due, reason),
    }
}

fn later(desk: &Desk, due: &Due, reason: String) -> Outcome {
    match WAITS.get(due.tries as usize) {
        Some(wait) => Outcome { id: due.id, state: State::Waiting, due_at: desk.now() + *wait, reason: Some(reason) },
        None => Outcome { id: due.id, state: State::GivenUp, due_at: Moment(0), reason: Some(reason) },
    }
}
