//! Reading the mail that came in, in the order it came: to which ticket it belongs, who says it, and what.
//!
//! Invariants: a mail that cannot be read is set aside and holds up nothing; a mail becomes one message however often it is read;
//! nobody posts as staff, or reads anything, because a mail says who it is from; what becomes no message is on a ticket, where it is certain that no person
//! wrote it, and set aside otherwise; nothing is sent in answer to a mail without a sender.

use super::dkim::Proof;
use super::placing::{account, fingerprint, own_mail, ticket_of, token};
use super::{receive, reply_address, returned, secret, sender_auth, taken};
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Error, Result, accounts};
use domain::accounts::EmailAddress;
use domain::mail::MailReason as Reason;
use domain::time::Span;
use domain::{IncomingId, Refusal, TicketId};
use mime::{Automatic, InboundMessage, MailAddress};
use std::time::Duration;
use store::mail::{Finding, Incoming, State};
use tokio_util::task::AbortOnDropHandle;

/// How long a batch is this reader's, and how often it says that it still is: after a crash another goes on soon.
const LEASE: Span = Span::minutes(1);
const RENEW: Duration = Duration::from_secs(15);
/// Mails taken at once.
const BATCH: u64 = 50;
/// Tries of a mail whose reading broke, such as by a database that was away.
const TRIES: u32 = 5;
/// How long is waited between them.
const WAIT: Span = Span::minutes(1);
/// Messages of one sender in an hour at most; the rest is set aside.
const FLOOD: i64 = 60;
/// Of one of whom nothing proves that they wrote it: a ticket by mail is answered with a receipt, and the address may be another's.
const FLOOD_UNPROVEN: i64 = 20;
/// And of one who came in by mail alone, besides.
const FLOOD_OF_STRANGER: i64 = 5;
/// People who make themselves known by mail in an hour at most; mails of more are set aside.
const STRANGERS: i64 = 30;
/// And on one ticket: two machines that answer each other end here.
const FLOOD_ON_TICKET: i64 = 20;
/// What is shown of an automatic mail, in characters.
const EXCERPT: usize = 300;
/// How long the reader sleeps at most: another node may have taken mail in.
const NAP: Duration = Duration::from_secs(5);

/// How long reading one mail takes at most.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// What became of a mail.
pub(super) enum Disposition {
    /// It is a message of this ticket.
    Message(TicketId),
    /// An admin decides.
    Aside(Reason, Option<TicketId>),
    /// It needs no message: it is shown on this ticket as what it is.
    Quiet(Reason, TicketId),
}

impl Disposition {
    /// Shown on the ticket; where there is none, an admin decides: it would be seen by nobody.
    pub(super) fn quiet(reason: Reason, ticket: Option<TicketId>) -> Self {
        ticket.map_or_else(|| Self::Aside(reason.clone(), None), |ticket| Self::Quiet(reason.clone(), ticket))
    }
}

/// Reads again and again.
pub fn worker() -> Worker {
    let step = |desk: Desk| async move { Ok(if once(&desk).await? > 0 { Rest::None } else { Rest::Usual }) };
    Worker::every("inbox", NAP, LIMIT, step).woken_by_inbox()
}

/// Reads what waits; gives how many mails were taken.
pub async fn once(desk: &Desk) -> Result<usize> {
    let (now, change) = (desk.now(), desk.store().begin().await?);
    let ids = store::mail::lease(&change, now, now + LEASE, BATCH).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    change.commit().await?;
    for id in ids.iter().copied() {
        workers::beat();
        let desk_of_it = desk.clone();
        let change = desk.store().begin().await?;
        store::mail::count_try(&change, id).await?;
        store::mail::renew(&change, &ids, desk.now() + LEASE).await?;
        change.commit().await?;
        // In a task of its own: a fault in reading one mail is told, and ends there.
        // It ends with the step that is broken off: after the lease another reads the same mail.
        let reading = AbortOnDropHandle::new(tokio::spawn(async move { read(&desk_of_it, id).await }));
        if let Err(fault) =
            leased(desk, &ids, reading).await.map_err(|fault| fault.to_string()).and_then(|read| read.map_err(|error| error.to_string()))
        {
            tracing::warn!(mail = %id, fault, "a mail could not be read");
            // It waits for its next try by itself: the others go on.
            let change = desk.store().begin().await?;
            store::mail::try_again(&change, id, desk.now() + WAIT, &fault).await?;
            change.commit().await?;
        }
    }
    Ok(ids.len())
}

/// Waits for the reading of one mail, and keeps the lease on its batch meanwhile.
async fn leased<T>(desk: &Desk, batch: &[IncomingId], mut reading: AbortOnDropHandle<T>) -> std::result::Result<T, tokio::task::JoinError> {
    loop {
        match tokio::time::timeout(RENEW, &mut reading).await {
            Ok(read) => return read,
            Err(_) => {
                if let Err(error) = renew(desk, batch).await {
                    tracing::warn!(%error, "the lease on a batch of mail was not renewed");
                }
            }
        }
    }
}

async fn renew(desk: &Desk, batch: &[IncomingId]) -> Result<()> {
    let change = desk.store().begin().await?;
    store::mail::renew(&change, batch, desk.now() + LEASE).await?;
    Ok(change.commit().await?)
}

async fn read(desk: &Desk, id: IncomingId) -> Result<()> {
    let Some(mail) = store::mail::find(desk.store(), id).await? else { return Ok(()) };
    if mail.tries > TRIES {
        let error = match &mail.reason {
            Some(Reason::Other { text }) => text.clone(),
            _ => "the program ended while it was read".to_owned(),
        };
        let reason = Reason::Broken { error };
        return settle(desk, id, Disposition::Aside(reason, mail.ticket), Finding::default()).await;
    }
    let raw = receive::raw(desk, &mail.file).await?;
    let (raw, letter) = tokio::task::spawn_blocking(move || {
        let letter = mime::read(&raw);
        (raw, letter)
    })
    .await
    .map_err(std::io::Error::other)?;
    let from = letter.from.clone();
    let proof = match &from {
        // Who has no account has nothing to prove, and nothing proves whom a list names.
        Some(from) if letter.via.is_none() && account(desk, &from.address).await?.is_some() => proof(desk, raw, from).await?,
        _ => Proof::None,
    };
    let sender = from.map(|from| from.address.to_lowercase());
    let found = Finding { sender, subject: Some(letter.subject.clone()), fingerprint: fingerprint(&letter), ..Finding::default() };
    match file(desk, &mail, letter, proof, found.fingerprint.as_deref()).await {
        Ok(fate) => settle(desk, id, fate, found).await,
        Err(Error::Refused(refusal)) if refusal != Refusal::SignedOut => {
            settle(desk, id, Disposition::Aside(Reason::Refused { what: format!("{refusal:?}") }, None), found).await
        }
        // Something broke that may pass; or its sender was merged into another a moment ago, whose it is when it is read again.
        Err(error) => Err(error),
    }
}

/// In a thread of its own: a signature over a large mail takes its time.
async fn proof(desk: &Desk, raw: Vec<u8>, from: &MailAddress) -> Result<Proof> {
    let (desk, from, here) = (desk.clone(), from.clone(), tokio::runtime::Handle::current());
    let proving = tokio::task::spawn_blocking(move || here.block_on(sender_auth::proof(&desk, &raw, &from)));
    Ok(proving.await.map_err(std::io::Error::other)?)
}

async fn settle(desk: &Desk, id: IncomingId, fate: Disposition, found: Finding) -> Result<()> {
    let (state, reason, ticket) = match fate {
        Disposition::Message(ticket) => (State::Read, None, Some(ticket)),
        Disposition::Aside(reason, ticket) => (State::SetAside, Some(reason), ticket),
        Disposition::Quiet(reason, ticket) => (State::Quiet, Some(reason), Some(ticket)),
    };
    let change = desk.store().begin().await?;
    store::mail::settle(&change, id, state, &Finding { reason, ticket, ..found }).await?;
    Ok(change.commit().await?)
}

/// Decides about a mail and does it.
async fn file(desk: &Desk, mail: &Incoming, letter: InboundMessage, proof: Proof, fingerprint: Option<&str>) -> Result<Disposition> {
    if let Some(ticket) = own_mail(desk, &letter).await? {
        return Ok(Disposition::quiet(Reason::OwnMail, ticket));
    }
    if let Some(bounce) = &letter.bounce {
        return returned::came_back(desk, &letter, bounce).await;
    }
    let token = token(desk, &letter).await?;
    let aside = |reason: Reason, ticket: Option<TicketId>| Ok(Disposition::Aside(reason, ticket));
    let Some(from) = letter.from.clone() else { return aside(Reason::NoSender, token.map(|(ticket, _)| ticket)) };
    let (its, own) = (from.address.to_lowercase(), super::own_addresses(desk).await?);
    if own.contains(&its) || reply_address::read_reply_address(secret(desk).await?, &its).is_some() {
        return aside(Reason::OwnAddress, token.map(|(ticket, _)| ticket));
    }
    let sender = account(desk, &from.address).await?;
    let ticket = match &sender {
        Some(sender) => ticket_of(desk, sender, token, &letter, proof).await?,
        None => None,
    };
    // What is passed on may be a person's, who has to be known; where the list is an address of the desk, everyone writes to it.
    let is_passed_on = letter.automatic == Automatic::PassedOn && (sender.is_some() || letter.list_addresses.iter().any(|list| own.contains(list)));
    if letter.automatic != Automatic::No && !is_passed_on {
        return by_program(desk, &letter, ticket.or(token.map(|(ticket, _)| ticket))).await;
    }
    // Who answers a mail leaves its subject; the note of someone who is away may have one of its own, and no other mark.
    if ticket.is_some() && letter.is_titled_as_absence() {
        return aside(Reason::Doubtful { said: beginning(&letter) }, ticket);
    }
    if let Some(fingerprint) = fingerprint
        && let Some(ticket) = store::mail::taken_as(desk.store(), fingerprint, mail.id).await?
    {
        return Ok(Disposition::Quiet(Reason::Copy, ticket));
    }
    let believed = matches!(proof, Proof::Proven { .. });
    let most = match &sender {
        _ if believed => FLOOD,
        Some(sender) if store::people::has_joined(desk.store(), sender.person.id).await? => FLOOD_UNPROVEN,
        _ => FLOOD_OF_STRANGER,
    };
    if let Some(reason) = flood(desk, &from, ticket, most).await? {
        return aside(reason, ticket);
    }
    // A token proves that its mail reached the person's mailbox: enough for a customer who answers from that address.
    let has_token = sender.as_ref().is_some_and(|sender| token.is_some_and(|(_, person)| person == sender.person.id));
    match (sender, token, ticket) {
        (Some(sender), ..) if sender.person.role.is_staff() && !believed => {
            let name = sender.person.name;
            aside(if proof == Proof::Unknown { Reason::StaffUnasked { name } } else { Reason::StaffUnproven { name } }, ticket)
        }
        (Some(sender), _, Some(ticket)) => taken::reply(desk, mail, letter, sender, ticket, believed || has_token).await,
        (Some(sender), ..) if sender.person.role.is_staff() => taken::forwarded(desk, mail, letter).await,
        (Some(sender), ..) => taken::open(desk, mail, letter, sender, believed).await,
        (None, Some((ticket, _)), _) => aside(Reason::OtherReplyAddress, Some(ticket)),
        (None, None, _) => stranger(desk, mail, letter, &from).await,
    }
}

/// A mail of a program, or of what may be one; it opens and reopens nothing.
async fn by_program(desk: &Desk, letter: &InboundMessage, ticket: Option<TicketId>) -> Result<Disposition> {
    // Whoever knows the Message-ID of a mail of a ticket got that mail, at whatever address.
    let ticket = match ticket {
        None => store::mail::thread(desk.store(), &answered(letter)).await?,
        known => known,
    };
    let said = beginning(letter);
    Ok(match letter.automatic {
        Automatic::OutOfOffice => Disposition::quiet(Reason::Absence { said }, ticket),
        Automatic::Notification => Disposition::quiet(Reason::Automatic { said }, ticket),
        _ => Disposition::Aside(Reason::Doubtful { said }, ticket),
    })
}

/// The mails that a mail answers, the nearest first.
pub(super) fn answered(letter: &InboundMessage) -> Vec<String> {
    letter.in_reply_to.iter().chain(letter.references.iter().rev()).cloned().collect()
}

/// What a mail begins with, on one line; its subject where it has no words, as the answer of a calendar.
fn beginning(letter: &InboundMessage) -> String {
    let said: String = domain::typed::line(&letter.plain()).chars().take(EXCERPT).collect();
    if said.is_empty() { letter.subject.clone() } else { said }
}

/// A mail of someone whom nobody knows: where its mailbox lets them in, they get an account without a password, in the organisation of strangers.
async fn stranger(desk: &Desk, mail: &Incoming, letter: InboundMessage, from: &MailAddress) -> Result<Disposition> {
    let aside = |reason: Reason| Ok(Disposition::Aside(reason, None));
    if let Some(address) = EmailAddress::parse(&from.address)
        && store::accounts::by_email(desk.store(), &address).await?.is_some()
    {
        return aside(Reason::AccountDisabled);
    }
    let Some(organisation) = &mail.strangers else { return aside(Reason::NoAccount) };
    if store::mail::strangers_since(desk.store(), desk.now() - Span::hours(1)).await? >= STRANGERS {
        return aside(Reason::NewcomerFlood { most: STRANGERS });
    }
    let name = if from.name.trim().is_empty() { from.address.split('@').next().unwrap_or_default() } else { from.name.trim() };
    let Some(account) = accounts::let_in(desk, name, &from.address, organisation).await? else { return aside(Reason::NotAnAddress) };
    // Nobody has proved to be this person.
    taken::open(desk, mail, letter, account, false).await
}

/// Whether there is too much of a sender.
async fn flood(desk: &Desk, from: &MailAddress, ticket: Option<TicketId>, most: i64) -> Result<Option<Reason>> {
    let (since, sender) = (desk.now() - Span::hours(1), from.address.to_lowercase());
    if store::mail::count_of_sender(desk.store(), &sender, None, since).await? >= most {
        return Ok(Some(Reason::SenderFlood { most }));
    }
    if ticket.is_some() && store::mail::count_of_sender(desk.store(), &sender, ticket, since).await? >= FLOOD_ON_TICKET {
        return Ok(Some(Reason::TicketFlood { most: FLOOD_ON_TICKET }));
    }
    Ok(None)
}
