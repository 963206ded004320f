//! The link in a mail that stops such mails, for who has no session at hand.
//!
//! Invariant: who holds the link can stop mails of one ticket to one person, and read nothing.

use crate::mail::reply_address::{Purpose, read_token};
use crate::tickets::TicketChange;
use crate::{Desk, Result, mail};
use domain::TicketId;
use domain::accounts::Scope;

/// Stands for the digest, which is about no one ticket.
const DIGEST: TicketId = TicketId(0);

/// The ticket whose mails a link stops; `None` where the link is none of ours. The flag says whether there is anything left to stop.
pub async fn stoppable(desk: &Desk, token: &str) -> Result<Option<(TicketId, bool)>> {
    let Some((ticket, person)) = read_token(mail::secret(desk).await?, Purpose::Stop, token) else { return Ok(None) };
    if ticket == DIGEST {
        return Ok(Some((ticket, store::notifications::paces_of(desk.store(), person).await?.has_digest())));
    }
    let Some((found, _)) = store::tickets::find(desk.store(), &Scope::Own(person), ticket).await? else {
        return Ok(Some((ticket, store::notifications::is_watching(desk.store(), ticket, person).await?)));
    };
    Ok(Some((ticket, found.cc.iter().any(|cc| cc.id == person))))
}

/// Stops the mails: takes the person out of CC, or off the watchers; of a digest, every digest. Gives the ticket; `None` where the link is none of ours.
pub async fn stop(desk: &Desk, token: &str) -> Result<Option<TicketId>> {
    let Some((id, person)) = read_token(mail::secret(desk).await?, Purpose::Stop, token) else { return Ok(None) };
    let paces = store::notifications::paces_of(desk.store(), person).await?;
    let mut change = TicketChange::begin(desk, Some(person)).await?;
    if id == DIGEST {
        store::notifications::set_paces(change.change(), person, &paces.without_digest()).await?;
        change.commit().await?;
        return Ok(Some(id));
    }
    store::notifications::watch(change.change(), id, person, false).await?;
    if let Some(mut locked) = change.find(&Scope::Own(person), id).await? {
        let happened = locked.ticket.remove_cc(person, desk.now());
        change.save(locked, happened.into_iter().collect()).await?;
    }
    change.commit().await?;
    Ok(Some(id))
}
