//! The end of the log, read once for everyone, and each stream's own way through it.
//!
//! Invariants: a reader goes at its own pace and no buffer grows for it; one that is too far behind is told to start anew; what is written was checked against rights at that moment.

use crate::accounts::Session;
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result};
use domain::EventNo;
use domain::accounts::Scope;
use domain::board::Card;
use domain::events::{Happening, Message};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::events::{Batch, Heard};
use tokio::sync::watch;

/// Events kept in memory: some minutes of a busy day.
const KEPT: usize = 1_024;
/// A reader further behind than this starts anew: a fresh screen is smaller than what it missed.
const TOO_FAR: i64 = 1_000;
/// Events given to a reader at once.
const BATCH: usize = 64;
/// The log is looked at this often without a bell.
const LOOK: Duration = Duration::from_secs(2);
/// Longer than this nothing is waited for: an answer that takes so long never comes.
const LIMIT: Duration = Duration::from_secs(10);

/// The end of the log in memory.
#[derive(Debug)]
pub struct EventBuffer {
    entries: RwLock<VecDeque<Arc<Entry>>>,
    head: watch::Sender<EventNo>,
    /// The last change of hours or targets that is reckoned on every ticket.
    turns: watch::Sender<i64>,
}

/// One event; one that this version cannot read has a number alone.
#[derive(Debug)]
struct Entry {
    n: EventNo,
    told: Option<Told>,
}

/// What an event says, with its text for staff ready to be written to any number of streams.
#[derive(Debug)]
struct Told {
    heard: Heard,
    staff: Arc<str>,
    public: Option<Arc<str>>,
}

/// What a reader is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Messages as JSON with their numbers, and how far the log is read with them.
    Messages(Vec<(EventNo, Arc<str>)>, EventNo),
    /// Too much was missed.
    Reset(EventNo),
}

impl Default for EventBuffer {
    fn default() -> Self {
        Self { entries: RwLock::default(), head: watch::Sender::new(EventNo(0)), turns: watch::Sender::new(0) }
    }
}

impl EventBuffer {
    /// Hears how far the log is read.
    pub fn head(&self) -> watch::Receiver<EventNo> {
        self.head.subscribe()
    }

    /// How far the log is read.
    pub fn position(&self) -> EventNo {
        *self.head.borrow()
    }

    /// Hears when every ticket is reckoned anew: no event says so for each, so every screen is to be loaded again.
    pub fn turns(&self) -> watch::Receiver<i64> {
        self.turns.subscribe()
    }

    pub(crate) fn turned(&self, generation: i64) {
        // The first time says only that this node has begun.
        self.turns.send_if_modified(|last| ![0, generation].contains(&std::mem::replace(last, generation)));
    }

    /// The entries after one, where memory reaches back that far.
    fn after(&self, cursor: EventNo) -> Option<Vec<Arc<Entry>>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let reaches = entries.front().is_some_and(|first| first.n.0 <= cursor.0 + 1) || cursor >= self.position();
        reaches.then(|| {
            let from = entries.partition_point(|e| e.n <= cursor);
            entries.range(from..).take(BATCH).cloned().collect()
        })
    }

    fn push(&self, new: Vec<Entry>) {
        let Some(last) = new.last().map(|e| e.n) else { return };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.extend(new.into_iter().map(Arc::new));
        let surplus = entries.len().saturating_sub(KEPT);
        entries.drain(..surplus);
        drop(entries);
        self.head.send_replace(last);
    }
}

/// Reads the log into memory whenever the bell rings.
pub fn worker() -> Worker {
    let step = |desk: Desk| async move {
        read_on(&desk, desk.tail()).await?;
        Ok(Rest::Usual)
    };
    Worker::every("live", LOOK, LIMIT, step).woken_by_commit()
}

/// The same until it is dropped, watched by nobody.
pub async fn follow(desk: &Desk) {
    workers::run(desk, worker()).await;
}

async fn read_on(desk: &Desk, tail: &EventBuffer) -> Result<()> {
    if tail.position() == EventNo(0) {
        tail.head.send_replace(store::events::head(desk.store()).await?);
    }
    loop {
        let batch = store::events::batch(desk.store(), tail.position(), 200).await?;
        let full = batch.len() == 200;
        tail.push(entries(desk, batch).await?);
        workers::beat();
        if !full {
            return Ok(());
        }
    }
}

async fn entries(desk: &Desk, batch: Batch<Heard>) -> Result<Vec<Entry>> {
    let mut ids: Vec<_> = batch.events.iter().map(|h| h.event.ticket).collect();
    ids.sort_unstable();
    ids.dedup();
    let cards = store::tickets::cards(desk.store(), &ids).await?;
    let told = batch.events.into_iter().map(|heard| Entry { n: heard.event.n, told: Some(Told::new(heard, &cards)) });
    let mut entries: Vec<Entry> = told.chain(batch.passed_over.into_iter().map(|n| Entry { n, told: None })).collect();
    entries.sort_unstable_by_key(|entry| entry.n);
    Ok(entries)
}

impl Told {
    fn new(heard: Heard, cards: &[Card]) -> Self {
        let card = cards.iter().find(|c| c.id == heard.event.ticket).cloned();
        let public = heard.event.what.is_public().then(|| json(&Message::Happened { event: heard.event.clone(), card: None }));
        let staff = json(&Message::Happened { event: heard.event.clone(), card });
        Self { heard, staff, public }
    }
}

fn json(message: &Message) -> Arc<str> {
    // These types always serialise; an empty object is a message that every screen ignores.
    serde_json::to_string(message).unwrap_or_else(|_| "{}".to_owned()).into()
}

/// The messages after `cursor` that this session may see now.
pub async fn read(desk: &Desk, by: &Session, cursor: EventNo) -> Result<Reading> {
    let tail = desk.tail();
    let head = tail.position();
    if head.0 - cursor.0 > TOO_FAR {
        return Ok(Reading::Reset(head));
    }
    // Beyond what this node has read: as it may be after another node, but not beyond the log, as after a backup was put back.
    if cursor > head {
        let last = store::events::head(desk.store()).await?;
        if cursor > last {
            return Ok(Reading::Reset(last));
        }
    }
    let entries = match tail.after(cursor) {
        Some(entries) => entries,
        // Older than what memory holds: read it for this one alone.
        None => entries(desk, store::events::batch(desk.store(), cursor, BATCH as u64).await?).await?.into_iter().map(Arc::new).collect(),
    };
    let upto = entries.last().map_or(cursor, |e| e.n);
    // What cannot be read cannot be told; a screen that is loaded anew shows what came of it.
    if entries.iter().any(|entry| entry.told.is_none()) {
        return Ok(Reading::Reset(upto));
    }
    let scope = by.scope();
    let mut messages = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(told) = &entry.told else { continue };
        messages.extend(for_reader(desk, &scope, told).await?.map(|text| (entry.n, text)));
    }
    Ok(Reading::Messages(messages, upto))
}

async fn for_reader(desk: &Desk, scope: &Scope, told: &Told) -> Result<Option<Arc<str>>> {
    let Heard { event, department, organisation, requester, cc } = &told.heard;
    let gone = || json(&Message::Gone { n: event.n, ticket: event.ticket });
    match scope {
        Scope::Desk { hidden } => Ok(if scope.sees(*department, *organisation, *requester, cc) {
            // It may have been moved out of sight since.
            let visible = hidden.is_empty() || store::tickets::is_visible(desk.store(), scope, event.ticket).await?;
            visible.then(|| told.staff.clone())
        } else if let Happening::DepartmentChanged { from, .. } = &event.what {
            // It was moved out of this reader's sight; who never saw it hears nothing.
            scope.sees(from.id, *organisation, *requester, cc).then(gone)
        } else {
            None
        }),
        Scope::Own(me) | Scope::Organisation(me, _) => {
            if matches!(&event.what, Happening::CcRemoved { person } if person.id == *me) && !scope.sees(*department, *organisation, *requester, cc) {
                return Ok(Some(gone()));
            }
            let Some(text) = told.public.as_ref().filter(|_| scope.sees(*department, *organisation, *requester, cc)) else { return Ok(None) };
            // The audience was read with the event; what was taken away since is not shown any more.
            Ok(store::tickets::is_visible(desk.store(), scope, event.ticket).await?.then(|| text.clone()))
        }
    }
}
