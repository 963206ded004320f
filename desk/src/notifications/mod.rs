//! Telling people by mail what happened: a reader of the log that writes one notice for each event and person.
//!
//! Invariants: the cursor moves in the same change as the notices, so nothing is forgotten and nothing told twice; no use case knows of this.

mod letter;
mod service;
mod stop;
mod template;

pub(crate) use letter::letter;
pub(crate) use service::{mail_link, tell_admins, tell_of_gap, tell_too_large};
pub use stop::{stop, stoppable};
pub use template::{Kind, Template, preview, reset_template, set_template, template};

use crate::accounts::{Agent, Session};
use crate::workers::{self, Worker};
use crate::{Desk, Result, hours, zones};
use domain::events::Happening;
use domain::notifications::{Pace, Paces, Why, audience, mentions};
use domain::tickets::Ticket;
use domain::time::{Moment, Span};
use domain::{DeliveryId, EventNo, PersonId, Refusal, TicketId};
use store::notifications::{NewDelivery, Told};

pub use store::notifications::{Delivery, OfTicket, Quiet, State};

/// The name under which the log is read.
const READER: &str = "notifications";
/// What happens within this time of the first event becomes one mail.
const GATHER: Span = Span::seconds(1);
/// When a digest is sent, on the reader's clock.
const DIGEST_HOUR: i8 = 8;
/// Events read at once.
const BATCH: u64 = 50;

/// An event, its ticket, who is told, and from when on those of them who are staff.
struct Audience {
    n: EventNo,
    ticket: TicketId,
    people: Vec<(PersonId, Why)>,
    staff_at: Moment,
}

/// Reads the log as it grows.
pub fn worker() -> Worker {
    workers::follow_log("notifications", |desk: Desk| async move {
        let read = advance(&desk).await?;
        if read > 0 {
            desk.mail().wake.notify_one();
        }
        Ok(read)
    })
    .gives_way()
}

/// Reads the next events and writes down who is told; gives how many events were read.
pub async fn advance(desk: &Desk) -> Result<usize> {
    let from = store::notifications::position(desk.store(), READER).await?;
    let batch = store::notifications::after(desk.store(), from, BATCH).await?;
    let Some(last) = batch.upto else { return Ok(0) };
    let (read, mut told) = (batch.len(), batch.events);
    for one in &mut told {
        one.around.mentioned = mentioned(desk, one).await?;
    }
    let (book, now) = (hours::book(desk).await?, desk.now());
    let audiences: Vec<Audience> = told
        .iter()
        .map(|t| Audience {
            n: t.event.n,
            ticket: t.event.ticket,
            people: audience(&t.event.what, t.event.by.as_ref().map(|b| b.id), &t.around),
            // Outside office hours staff are left alone, but for what is handled then too.
            staff_at: if t.around_the_clock { now } else { book.hours(t.department).timetable.opens(now).unwrap_or(now) },
        })
        .collect();
    let mut people: Vec<PersonId> = audiences.iter().flat_map(|told| told.people.iter().map(|(p, _)| *p)).collect();
    people.sort_unstable();
    people.dedup();
    let paces = store::notifications::paces(desk.store(), &people).await?;

    let change = desk.store().begin().await?;
    if store::notifications::cursor(&change, READER).await? != from {
        // Another node was here first.
        return Ok(read);
    }
    for Audience { n, ticket, people, staff_at } in audiences {
        for (person, why) in people {
            let Some((paces, zone)) = paces.get(&person) else { continue };
            let (ticket, due_at) = match paces.of(why) {
                Pace::Off => continue,
                // That a ticket arrived is of no use tomorrow.
                Pace::Digest if why != Why::Receipt => (None, zones::next(zone, now, DIGEST_HOUR)),
                Pace::Digest | Pace::AtOnce if why.is_of_staff() => (Some(ticket), staff_at + GATHER),
                Pace::Digest | Pace::AtOnce => (Some(ticket), now + GATHER),
            };
            let message_id = desk.mail().message_id()?;
            store::notifications::add_notice(&change, n, person, why, &NewDelivery { ticket, due_at, message_id: &message_id, now }).await?;
        }
    }
    store::notifications::set_cursor(&change, READER, last).await?;
    change.commit().await?;
    if let Some(first) = batch.passed_over.first()
        && let Err(error) = service::tell_of_unreadable(desk, batch.passed_over.len(), *first).await
    {
        tracing::warn!(%error, "admins could not be told of events that cannot be read");
    }
    Ok(read)
}

/// Leaves out what has happened until now: nobody is told of it by mail, and nobody is woken.
pub(crate) async fn skip(desk: &Desk) -> Result<()> {
    let head = store::events::head(desk.store()).await?;
    let change = desk.store().begin().await?;
    for reader in [READER, crate::on_call::READER] {
        store::notifications::cursor(&change, reader).await?;
        store::notifications::set_cursor(&change, reader, head).await?;
    }
    Ok(change.commit().await?)
}

async fn mentioned(desk: &Desk, told: &Told) -> Result<Vec<PersonId>> {
    let Happening::Noted { message, .. } = &told.event.what else { return Ok(vec![]) };
    let Some(note) = store::conversation::message(desk.store(), told.event.ticket, Some(*message)).await? else { return Ok(vec![]) };
    Ok(store::notifications::named(desk.store(), &mentions(&note.text)).await?)
}

/// Chooses how one wants to be told.
pub async fn set_paces(desk: &Desk, by: &Session, paces: &Paces) -> Result<()> {
    let change = desk.store().begin().await?;
    store::notifications::set_paces(&change, by.person().id, paces).await?;
    Ok(change.commit().await?)
}

/// What staff see of mail on a ticket that they were shown.
pub async fn of_ticket(desk: &Desk, by: &Agent, ticket: &Ticket) -> Result<OfTicket> {
    Ok(store::notifications::on_ticket(desk.store(), ticket.id, by.session().person().id).await?)
}

/// Sends a mail of a ticket again.
pub async fn resend(desk: &Desk, by: &Agent, ticket: TicketId, id: DeliveryId) -> Result<()> {
    if !store::tickets::is_visible(desk.store(), &by.session().scope(), ticket).await? {
        return Err(Refusal::NotFound.into());
    }
    let (now, message_id, change) = (desk.now(), desk.mail().message_id()?, desk.store().begin().await?);
    if !store::notifications::resend(&change, ticket, id, &message_id, now).await? {
        return Err(Refusal::NotFound.into());
    }
    change.commit().await?;
    desk.mail().wake.notify_one();
    Ok(())
}

/// Begins or ends to watch a ticket.
pub async fn watch(desk: &Desk, by: &Agent, ticket: TicketId, on: bool) -> Result<()> {
    if !store::tickets::is_visible(desk.store(), &by.session().scope(), ticket).await? {
        return Err(Refusal::NotFound.into());
    }
    let change = desk.store().begin().await?;
    store::notifications::watch(&change, ticket, by.session().person().id, on).await?;
    Ok(change.commit().await?)
}
