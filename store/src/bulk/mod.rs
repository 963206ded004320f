//! Writing many tickets at once, for measurements: the rows that the normal path would have written, many to a statement.
//!
//! Invariants: what happens to a ticket is decided by the rules of `domain`; the log has no gap and the tallies are what counting gives; no setting is made less safe.
//! Tickets come one after another, so that within a few days the moments of the log are not in the order of its numbers.

mod batch;
mod cast;
mod fates;
mod random;
mod rows;

pub use random::{Random, Zipf};

use crate::connect::Store;
use crate::error::Result;
use batch::Batch;
use cast::Cast;
use domain::accounts::EmailAddress;
use domain::time::Moment;
use domain::{PersonId, TicketId};
use fates::Fates;

/// Tickets in one transaction.
const BATCH: u64 = 5_000;
/// Messages of the known customer's long conversation.
const CONVERSATION: u32 = 20;

/// What words are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Text {
    Subject,
    Message,
    Person,
    Organisation,
}

/// Where words come from: the store has none.
pub struct Words<'a> {
    /// Writes a text.
    pub draw: &'a mut (dyn FnMut(Text, &mut Random) -> String + Send),
    /// Makes the HTML of a message.
    pub html: fn(&str) -> String,
}

/// An account that a measurement logs in with.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Known {
    pub name: String,
    pub email: EmailAddress,
    pub password_hash: String,
}

/// What to write.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many tickets in all; those that are not on the board are closed.
    pub tickets: u64,
    /// How many of them are new, open, waiting and resolved.
    pub board: [u64; 4],
    /// When it is. The tickets were opened in the two years before.
    pub now: Moment,
    /// The same seed gives the same tickets.
    pub seed: u64,
    /// The names of the departments.
    pub departments: Vec<String>,
    /// Everyone's time zone.
    pub time_zone: String,
    /// A customer with 50 running tickets, as far as the board has them.
    pub customer: Known,
    /// A member of staff; the other agents have the same password.
    pub agent: Known,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Seeded {
    pub customer: PersonId,
    pub agent: PersonId,
    /// The known customer's ticket with 20 messages.
    pub conversation: Option<TicketId>,
    pub first: TicketId,
    pub last: TicketId,
    pub organisations: u64,
    pub events: i64,
}

/// Writes it all into a database that nobody else writes to; `told` hears how many tickets are done. [`crate::Error::Taken`] where the known accounts are there already.
pub async fn seed(store: &Store, plan: &Plan, words: &mut Words<'_>, told: &mut (dyn FnMut(u64) + Send)) -> Result<Seeded> {
    store.make_room(true).await?;
    let done = fill(store, plan, words, told).await;
    store.make_room(false).await?;
    done
}

/// Nobody is told that targets of what was made up were missed.
pub async fn hush(store: &Store) -> Result<()> {
    let mut change = store.begin().await?;
    change.take_time().await?;
    change.run("UPDATE ticket SET tick_at = NULL WHERE tick_at IS NOT NULL", []).await?;
    change.commit().await
}

async fn fill(store: &Store, plan: &Plan, words: &mut Words<'_>, told: &mut (dyn FnMut(u64) + Send)) -> Result<Seeded> {
    let mut random = Random::new(plan.seed);
    let change = store.begin().await?;
    let cast = Cast::write(&change, plan, words, &mut random).await?;
    change.commit().await?;

    let fates = Fates::of(plan, &mut random);
    let mut seeded = Seeded {
        customer: cast.customer.id,
        agent: cast.agents[0].id,
        conversation: None,
        first: TicketId(0),
        last: TicketId(0),
        organisations: cast.organisations.len() as u64,
        events: 0,
    };
    let mut from = 0;
    while from < plan.tickets {
        let upto = plan.tickets.min(from + BATCH);
        let change = store.begin().await?;
        let mut batch = Batch::begin(&change).await?;
        for index in from..upto {
            let (fate, opened_at) = (fates.of_ticket(index), fates.opened_at(plan, index, &mut random));
            let id = batch.ticket(&cast, fate, opened_at, words, &mut random)?;
            seeded.first = if index == 0 { id } else { seeded.first };
            seeded.last = id;
            seeded.conversation = seeded.conversation.or((fate.messages == CONVERSATION).then_some(id));
        }
        seeded.events = batch.finish(&change).await?;
        change.commit().await?;
        told(upto);
        from = upto;
    }
    Ok(seeded)
}
