//! Mails that tell about one of ours that did not arrive: the delivery says so, and an address that takes none is marked.
//!
//! Invariant: an address is marked only by who knows a secret of the mail that came back: its Message-ID, or the reply address in it.

use super::ingest::{Disposition, answered};
use super::placing::numbers;
use super::{reply_address, secret};
use crate::{Desk, Result};
use domain::TicketId;
use domain::mail::MailReason as Reason;
use mime::{Action, Bounce, InboundMessage};

/// That there is no such mailbox, or no such domain, or that it has moved (RFC 3463, 3.2; RFC 7505): not what is wrong with the sender's own address.
const GONE: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];

/// Our mail that a bounce is about.
enum Found {
    /// By a secret of it: its Message-ID.
    Certain(String),
    /// By what others know too, the number of the ticket and the address.
    Likely(String),
    /// The ticket alone.
    Ticket(TicketId),
    Nothing,
}

/// Does what a mail says about another, and shows it on the ticket of that.
pub(super) async fn came_back(desk: &Desk, letter: &InboundMessage, bounce: &Bounce) -> Result<Disposition> {
    let failed = bounce.recipients.iter().find(|one| one.action == Action::Failed);
    let said = match failed.or(bounce.recipients.first()) {
        Some(one) => format!("{}: {}", one.address, one.diagnostic),
        None => letter.subject.clone(),
    };
    let (message_id, is_certain) = match find(desk, letter, bounce).await? {
        Found::Certain(id) => (id, true),
        Found::Likely(id) => (id, false),
        Found::Ticket(ticket) => return Ok(Disposition::Quiet(Reason::Bounced { said }, ticket)),
        Found::Nothing => return Ok(Disposition::Aside(Reason::UnknownBounce { said }, None)),
    };
    // Where it does not say who did not get it, it is the one it was sent to.
    if failed.is_none() && !bounce.recipients.is_empty() {
        let ticket = store::mail::of_ours(desk.store(), &message_id).await?.flatten();
        return Ok(Disposition::quiet(Reason::Late, ticket));
    }
    let change = desk.store().begin().await?;
    let Some((ticket, person, email)) = store::notifications::bounced(&change, &message_id, &said, desk.now()).await? else {
        return Ok(Disposition::Aside(Reason::UnknownBounce { said }, None));
    };
    // Only what says that there is no such mailbox, and about this very address: a full one is emptied some day, and where it sends its mail on to is its own affair.
    let is_gone = failed.is_some_and(|one| {
        one.permanent && one.status.as_deref().is_some_and(|status| GONE.contains(&status)) && email.eq_ignore_ascii_case(&one.address)
    });
    if is_certain && is_gone {
        store::notifications::mark_address(&change, person, Some((&said, desk.now()))).await?;
    }
    change.commit().await?;
    Ok(Disposition::quiet(Reason::Bounced { said }, ticket))
}

/// Our mail that came back: by its Message-ID, also where a relay gave it another; by the reply address that was in it; by the number in its subject and who did not get it.
async fn find(desk: &Desk, letter: &InboundMessage, bounce: &Bounce) -> Result<Found> {
    let (store, returned) = (desk.store(), &bounce.returned);
    let ids: Vec<String> = returned.balie.iter().chain(&returned.message_id).cloned().chain(answered(letter)).collect();
    for id in &ids {
        if store::mail::of_ours(store, id).await?.is_some() {
            return Ok(Found::Certain(id.clone()));
        }
    }
    let secret = secret(desk).await?;
    let named = letter.to.iter().chain(&letter.cc).map(|mailbox| &mailbox.address);
    let token =
        returned.addresses.iter().chain(&letter.delivered_to).chain(named).find_map(|address| reply_address::read_reply_address(secret, address));
    if let Some((ticket, person)) = token {
        return Ok(store::notifications::last_sent(store, ticket, Some(person), "").await?.map_or(Found::Ticket(ticket), Found::Certain));
    }
    // One that was sent again since has another Message-ID.
    if let Some(ticket) = store::mail::thread(store, &ids).await? {
        return Ok(Found::Ticket(ticket));
    }
    for ticket in numbers(&returned.subject).into_iter().chain(numbers(&letter.subject)) {
        for one in bounce.recipients.iter().take(5) {
            if let Some(id) = store::notifications::last_sent(store, ticket, None, &one.address).await? {
                return Ok(Found::Likely(id));
            }
        }
    }
    Ok(Found::Nothing)
}
