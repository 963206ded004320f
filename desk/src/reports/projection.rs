//! Keeping what each ticket counts for: a reader of the log.

use crate::backpressure::Backpressure;
use crate::hours::{self, Book};
use crate::workers::{self, Worker};
use crate::{Desk, Result};
use domain::{EventNo, TicketId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::notifications::{cursor, position, set_cursor};
use store::reports::{self, Facts, TICKETS};

/// The name under which the log is read.
pub(super) const READER: &str = "reports";
/// Events read at once.
const BATCH: u64 = 1_000;
/// Tickets that are counted anew at once, though nothing happened on them.
const STALE: u64 = 1_000;
/// Reports may be behind by this: what happens together is counted together.
const GATHER: Duration = Duration::from_secs(1);

/// Reads the log as it grows.
pub fn worker() -> Worker {
    workers::follow_log("reports", |desk: Desk| async move { advance(&desk).await }).gives_way().gathers(GATHER)
}

/// Counts what happened since; gives how many tickets were looked at.
pub async fn advance(desk: &Desk) -> Result<usize> {
    let store = desk.store();
    let from = position(store, READER).await?;
    if from == EventNo(0) {
        return build(desk).await;
    }
    let touched = reports::touched(store, from, BATCH).await?;
    let stale = reports::stale(store, STALE).await?;
    let (to, mut tickets) = touched.unwrap_or((from, vec![]));
    tickets.extend(stale.iter().map(|(ticket, _)| *ticket));
    tickets.sort_unstable();
    tickets.dedup();
    if tickets.is_empty() {
        return Ok(0);
    }
    let book = hours::book(desk).await?;
    let mut chunks: BTreeMap<i64, Vec<TicketId>> = BTreeMap::new();
    for ticket in &tickets {
        chunks.entry(reports::place(*ticket).0).or_default().push(*ticket);
    }
    let mut counted = BTreeMap::new();
    for (n, tickets) in &chunks {
        counted.insert(*n, count(desk, &book, tickets).await?);
        workers::beat();
    }
    let change = store.begin().await?;
    if cursor(&change, READER).await? != from {
        // Another node was here first.
        return Ok(tickets.len());
    }
    for (n, tickets) in &chunks {
        let mut facts = reports::chunk(&change, *n).await?;
        // Of one that was removed, nothing is left.
        tickets.iter().for_each(|ticket| drop(facts.remove(&reports::place(*ticket).1)));
        facts.extend(counted.remove(n).unwrap_or_default());
        reports::save(&change, *n, &facts).await?;
    }
    reports::refreshed(&change, &stale).await?;
    set_cursor(&change, READER, to).await?;
    change.commit().await?;
    Ok(tickets.len())
}

async fn count(desk: &Desk, book: &Book, tickets: &[TicketId]) -> Result<Facts> {
    let told = reports::told(desk.store(), tickets).await?;
    Ok(told.into_iter().map(|ticket| (reports::place(ticket.id).1, book.fact(ticket.now, &ticket.log))).collect())
}

/// Counts every ticket that there is, chunk by chunk; the reader goes on from where the log was when this began. Begun anew where it was cut off.
async fn build(desk: &Desk) -> Result<usize> {
    let store = desk.store();
    let head = store::events::head(store).await?;
    if head == EventNo(0) {
        return Ok(0);
    }
    let (last, book) = (reports::last_ticket(store).await?, hours::book(desk).await?);
    let mut pressure = Backpressure::new(desk);
    for n in 0..=last.0 / TICKETS {
        pressure.take(desk).await;
        workers::beat();
        let began = Instant::now();
        let tickets: Vec<TicketId> = (n * TICKETS..(n + 1) * TICKETS).map(TicketId).collect();
        let facts = count(desk, &book, &tickets).await?;
        let change = store.begin().await?;
        if cursor(&change, READER).await? != EventNo(0) {
            // Another node has done it all.
            return Ok(tickets.len());
        }
        reports::save(&change, n, &facts).await?;
        change.commit().await?;
        Backpressure::rest(began.elapsed()).await;
    }
    let change = store.begin().await?;
    if cursor(&change, READER).await? == EventNo(0) {
        set_cursor(&change, READER, head).await?;
    }
    change.commit().await?;
    Ok(last.0.unsigned_abs() as usize)
}
