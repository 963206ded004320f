//! Reading the mail that came in, in the order it came: to which ticket it belongs, who says it, and what.
//!
//! Invariants: a mail that cannot be read is set aside and holds up nothing; a mail becomes one message however often it is read;
//! nobody posts as staff, or reads anything, because a mail says who it is from.

use super::body::{Body, body};
use super::dkim::Proof;
use super::{address, receive, secret, verify};
use crate::accounts::Session;
use crate::tickets::{self, Writing};
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Error, Result, accounts};
use domain::accounts::{EmailAddress, Scope};
use domain::tickets::{MAX_SUBJECT, NewTicket, Ticket, Urgency};
use domain::time::Span;
use domain::{Fault, Field, IncomingId, PersonId, Refusal, TicketId};
use letters::{Automatic, Letter, Mailbox};
use std::time::Duration;
use store::accounts::Account;
use store::mail::{Finding, Incoming, Proposal, State};

/// How long a batch is this reader's.
const LEASE: Span = Span::minutes(10);
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
/// That there is no such mailbox, or no such domain, or that it has moved (RFC 3463, 3.2; RFC 7505): not what is wrong with the sender's own address.
const GONE: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];
/// What is shown of an automatic mail, in characters.
const EXCERPT: usize = 300;
/// People whom one mail can propose for CC.
const PROPOSALS: usize = 20;
/// How long the reader sleeps at most: another node may have taken mail in.
const NAP: Duration = Duration::from_secs(5);

/// How long reading one mail takes at most.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// What became of a mail.
enum Fate {
    /// It is a message of this ticket.
    Message(TicketId),
    /// An admin decides.
    Aside(String, Option<TicketId>),
    /// It needs no message.
    Quiet(String, Option<TicketId>),
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
        change.commit().await?;
        // In a task of its own: a fault in reading one mail is told, and ends there.
        if let Err(fault) = tokio::spawn(async move { read(&desk_of_it, id).await })
            .await
            .map_err(|fault| fault.to_string())
            .and_then(|read| read.map_err(|error| error.to_string()))
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

async fn read(desk: &Desk, id: IncomingId) -> Result<()> {
    let Some(mail) = store::mail::find(desk.store(), id).await? else { return Ok(()) };
    if mail.tries > TRIES {
        let reason = mail.reason.clone().unwrap_or_else(|| "it could not be read".to_owned());
        return settle(desk, id, Fate::Aside(reason, mail.ticket), Finding::default()).await;
    }
    let raw = receive::raw(desk, &mail.file).await?;
    let (raw, letter) = tokio::task::spawn_blocking(move || {
        let letter = letters::read(&raw);
        (raw, letter)
    })
    .await
    .map_err(std::io::Error::other)?;
    let from = letter.from.clone();
    let proof = match &from {
        // Who has no account has nothing to prove.
        Some(from) if account(desk, &from.address).await?.is_some() => proof(desk, raw, from).await?,
        _ => Proof::None,
    };
    let found = Finding { sender: from.map(|from| from.address.to_lowercase()), subject: Some(letter.subject.clone()), ..Finding::default() };
    match file(desk, &mail, letter, proof).await {
        Ok(fate) => settle(desk, id, fate, found).await,
        Err(Error::Refused(refusal)) if refusal != Refusal::SignedOut => {
            settle(desk, id, Fate::Aside(format!("it was refused: {refusal:?}"), None), found).await
        }
        // Something broke that may pass; or its sender was merged into another a moment ago, whose it is when it is read again.
        Err(error) => Err(error),
    }
}

/// In a thread of its own: a signature over a large mail takes its time.
async fn proof(desk: &Desk, raw: Vec<u8>, from: &Mailbox) -> Result<Proof> {
    let (desk, from, here) = (desk.clone(), from.clone(), tokio::runtime::Handle::current());
    let proving = tokio::task::spawn_blocking(move || here.block_on(verify::proof(&desk, &raw, &from)));
    Ok(proving.await.map_err(std::io::Error::other)?)
}

async fn settle(desk: &Desk, id: IncomingId, fate: Fate, found: Finding) -> Result<()> {
    let (state, reason, ticket) = match fate {
        Fate::Message(ticket) => (State::Read, None, Some(ticket)),
        Fate::Aside(reason, ticket) => (State::SetAside, Some(reason), ticket),
        Fate::Quiet(reason, ticket) => (State::Quiet, Some(reason), ticket),
    };
    let change = desk.store().begin().await?;
    store::mail::settle(&change, id, state, &Finding { reason, ticket, ..found }).await?;
    Ok(change.commit().await?)
}

/// Decides about a mail and does it.
async fn file(desk: &Desk, mail: &Incoming, letter: Letter, proof: Proof) -> Result<Fate> {
    if is_ours(desk, &letter).await? {
        return Ok(Fate::Quiet("a mail of Balie itself".to_owned(), None));
    }
    if let Some(bounce) = &letter.bounce {
        return came_back(desk, bounce).await;
    }
    let token = token(desk, &letter).await?;
    let Some(from) = letter.from.clone() else { return Ok(Fate::Aside("it has no sender".to_owned(), token.map(|(ticket, _)| ticket))) };
    let its = from.address.to_lowercase();
    if super::own_addresses(desk).await?.contains(&its) || address::read_reply_address(secret(desk).await?, &its).is_some() {
        return Ok(Fate::Aside("it claims to be from Balie itself".to_owned(), token.map(|(ticket, _)| ticket)));
    }
    let sender = account(desk, &from.address).await?;
    let ticket = match &sender {
        Some(sender) => ticket_of(desk, sender, token, &letter, proof).await?,
        None => None,
    };
    // What comes by a list or is sent to many may be a person's all the same, as where our own address is a list; its sender has to be known.
    let by_list = letter.automatic == Automatic::Notification && letter.list && !letter.is_submitted_by_a_machine;
    if letter.automatic != Automatic::No && !(by_list && sender.is_some()) {
        let said: String = domain::typed::line(letter.text.as_deref().unwrap_or_default()).chars().take(EXCERPT).collect();
        let (what, ticket) = (format!("an automatic mail: {said}"), ticket.or(token.map(|(ticket, _)| ticket)));
        // What is on no ticket would be seen by nobody.
        let is_lost = ticket.is_none() && sender.is_some() && letter.automatic != Automatic::OutOfOffice;
        return Ok(if is_lost { Fate::Aside(what, None) } else { Fate::Quiet(what, ticket) });
    }
    if let (Some(id), Some(sender)) = (&letter.message_id, &sender)
        && let Some(ticket) = store::mail::taken_as(desk.store(), id, &sender.person.email, mail.id).await?
    {
        return Ok(Fate::Quiet("the same mail came by another way too".to_owned(), Some(ticket)));
    }
    let believed = matches!(proof, Proof::Proven { .. });
    let most = match &sender {
        _ if believed => FLOOD,
        Some(sender) if store::people::has_joined(desk.store(), sender.person.id).await? => FLOOD_UNPROVEN,
        _ => FLOOD_OF_STRANGER,
    };
    if let Some(reason) = flood(desk, &from, ticket, most).await? {
        return Ok(Fate::Aside(reason, ticket));
    }
    // A token proves that its mail reached the person's mailbox: enough for a customer who answers from that address.
    let has_token = sender.as_ref().is_some_and(|sender| token.is_some_and(|(_, person)| person == sender.person.id));
    match (sender, token, ticket) {
        (Some(sender), ..) if sender.person.role.is_staff() && !believed => {
            let why = if proof == Proof::Unknown { "whether it is could not be asked, as DNS does not answer" } else { "nothing proves it" };
            Ok(Fate::Aside(format!("it claims to be from {}, who is staff, and {why}", sender.person.name), ticket))
        }
        (Some(sender), _, Some(ticket)) => reply(desk, mail, letter, sender, ticket, believed || has_token).await,
        (Some(sender), ..) if sender.person.role.is_staff() => forwarded(desk, mail, letter).await,
        (Some(sender), ..) => open(desk, mail, letter, sender, believed).await,
        (None, Some((ticket, _)), _) => {
            Ok(Fate::Aside("it came to a reply address from an address that is not that person's".to_owned(), Some(ticket)))
        }
        (None, None, _) => stranger(desk, mail, letter, &from).await,
    }
}

/// A mail of someone whom nobody knows: where its mailbox lets them in, they get an account without a password, in the organisation of strangers.
async fn stranger(desk: &Desk, mail: &Incoming, letter: Letter, from: &Mailbox) -> Result<Fate> {
    let aside = |reason: &str| Ok(Fate::Aside(reason.to_owned(), None));
    if let Some(address) = EmailAddress::parse(&from.address)
        && store::accounts::by_email(desk.store(), &address).await?.is_some()
    {
        return aside("the account with this address is disabled");
    }
    let Some(organisation) = &mail.strangers else { return aside("nobody with an account has this address") };
    if store::mail::strangers_since(desk.store(), desk.now() - Span::hours(1)).await? >= STRANGERS {
        return Ok(Fate::Aside(format!("more than {STRANGERS} people made themselves known by mail in an hour"), None));
    }
    let name = if from.name.trim().is_empty() { from.address.split('@').next().unwrap_or_default() } else { from.name.trim() };
    let Some(account) = accounts::let_in(desk, name, &from.address, organisation).await? else {
        return aside("its sender is no address that mails can be sent to");
    };
    // Nobody has proved to be this person.
    open(desk, mail, letter, account, false).await
}

async fn is_ours(desk: &Desk, letter: &Letter) -> Result<bool> {
    match &letter.message_id {
        Some(id) => Ok(store::mail::is_ours(desk.store(), id).await?),
        None => Ok(false),
    }
}

/// The ticket and person of a reply address among those the mail was sent to.
async fn token(desk: &Desk, letter: &Letter) -> Result<Option<(TicketId, PersonId)>> {
    let secret = secret(desk).await?;
    let named = letter.to.iter().chain(&letter.cc).map(|mailbox| mailbox.address.as_str());
    Ok(letter.delivered_to.iter().map(String::as_str).chain(named).find_map(|to| address::read_reply_address(secret, to)))
}

/// The account with an address, where it is not disabled.
async fn account(desk: &Desk, address: &str) -> Result<Option<Account>> {
    let Some(address) = EmailAddress::parse(address) else { return Ok(None) };
    Ok(store::accounts::by_email(desk.store(), &address).await?.filter(|account| !account.disabled))
}

async fn session(desk: &Desk, account: Account) -> Result<Session> {
    let hidden = store::departments::hidden_from(desk.store(), account.person.id).await?;
    Ok(Session::of_mail(account, hidden))
}

async fn scope(desk: &Desk, account: &Account) -> Result<Scope> {
    Ok(session(desk, account.clone()).await?.scope())
}

/// The ticket a mail belongs to: by its reply address, then by the mails it answers, then by the number in its subject; only one that its sender may read now.
async fn ticket_of(desk: &Desk, sender: &Account, token: Option<(TicketId, PersonId)>, letter: &Letter, proof: Proof) -> Result<Option<TicketId>> {
    let mut ids: Vec<String> = letter.in_reply_to.clone();
    ids.extend(letter.references.iter().rev().cloned());
    let by_thread = store::mail::thread(desk.store(), &ids).await?;
    let by_number = number(&letter.subject);
    let scope = scope(desk, sender).await?;
    // A reply address says where its own person's mail belongs; in another's hands it does so for customers who may read the ticket anyway.
    let by_token = token.filter(|(_, person)| *person == sender.person.id || !sender.person.role.is_staff()).map(|(ticket, _)| ticket);
    // And what may have been added to a mail of theirs says nothing.
    let (by_number, by_thread) = match proof {
        Proof::Proven { subject, thread } if sender.person.role.is_staff() => (by_number.filter(|_| subject), by_thread.filter(|_| thread)),
        _ => (by_number, by_thread),
    };
    for ticket in [by_token, by_thread, by_number].into_iter().flatten() {
        if store::tickets::is_visible(desk.store(), &scope, ticket).await? {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}

/// The number in a subject, as our own mails write it: `[#1042]`.
fn number(subject: &str) -> Option<TicketId> {
    let from = subject.find("[#")? + 2;
    let digits = &subject[from..from + subject[from..].find(']')?];
    digits.parse().ok().filter(|n| *n > 0).map(TicketId)
}

/// Whether there is too much of a sender.
async fn flood(desk: &Desk, from: &Mailbox, ticket: Option<TicketId>, most: i64) -> Result<Option<String>> {
    let (since, sender) = (desk.now() - Span::hours(1), from.address.to_lowercase());
    if store::mail::count_of_sender(desk.store(), &sender, None, since).await? >= most {
        return Ok(Some(format!("more than {most} mails of this sender in an hour")));
    }
    if ticket.is_some() && store::mail::count_of_sender(desk.store(), &sender, ticket, since).await? >= FLOOD_ON_TICKET {
        return Ok(Some(format!("more than {FLOOD_ON_TICKET} mails of this sender on this ticket in an hour")));
    }
    Ok(None)
}

/// A mail of ours came back: the delivery says so, and an address that takes none is marked.
async fn came_back(desk: &Desk, bounce: &letters::Bounce) -> Result<Fate> {
    let Some(message_id) = &bounce.message_id else { return Ok(Fate::Quiet("a mail came back, and does not say which".to_owned(), None)) };
    let Some(failed) = bounce.recipients.iter().find(|r| r.action == letters::Action::Failed) else {
        return Ok(Fate::Quiet("a mail is late, or arrived".to_owned(), store::mail::thread(desk.store(), std::slice::from_ref(message_id)).await?));
    };
    let reason = format!("{}: {}", failed.address, failed.diagnostic);
    let change = desk.store().begin().await?;
    let Some((ticket, person, email)) = store::notifications::bounced(&change, message_id, &reason, desk.now()).await? else {
        return Ok(Fate::Quiet("a mail came back that is none of ours".to_owned(), None));
    };
    // Only what says that there is no such mailbox, and about this very address: a full one is emptied some day, and where it sends its mail on to is its own affair.
    let is_gone = failed.permanent && failed.status.as_deref().is_some_and(|status| GONE.contains(&status));
    if is_gone && email.eq_ignore_ascii_case(&failed.address) {
        store::notifications::mark_address(&change, person, Some((&reason, desk.now()))).await?;
    }
    change.commit().await?;
    Ok(Fate::Quiet(format!("a mail came back: {reason}"), ticket))
}

async fn reply(desk: &Desk, mail: &Incoming, letter: Letter, sender: Account, ticket: TicketId, verified: bool) -> Result<Fate> {
    if verified {
        reachable(desk, sender.person.id).await?;
    }
    let by = session(desk, sender).await?;
    let body = body(desk, &by, mail, &letter, verified).await?;
    let writing = Writing {
        text: body.text,
        attachments: body.files,
        submission: Some(format!("mail {}", mail.id)),
        mail: Some(body.mail),
        ..Writing::default()
    };
    let ticket = tickets::reply(desk, &by, ticket, &writing).await?;
    propose(desk, ticket, &letter).await?;
    Ok(Fate::Message(ticket))
}

/// Who writes from an address has it: it takes mail again.
async fn reachable(desk: &Desk, person: PersonId) -> Result<()> {
    if store::notifications::address_failure(desk.store(), person).await?.is_some() {
        let change = desk.store().begin().await?;
        store::notifications::mark_address(&change, person, None).await?;
        change.commit().await?;
    }
    Ok(())
}

async fn open(desk: &Desk, mail: &Incoming, letter: Letter, sender: Account, verified: bool) -> Result<Fate> {
    if verified {
        reachable(desk, sender.person.id).await?;
    }
    let by = session(desk, sender).await?;
    let Ok(customer) = by.customer() else { return Ok(Fate::Aside("its sender belongs to no organisation".to_owned(), None)) };
    let body = body(desk, &by, mail, &letter, verified).await?;
    let ticket = tickets::open_by_mail(desk, &customer, &new_ticket(desk, mail, letter.topic(), &body).await?, &body.mail).await?;
    propose(desk, ticket, &letter).await?;
    Ok(Fate::Message(ticket))
}

/// An agent sends on what a customer wrote to them: a ticket in the customer's name.
async fn forwarded(desk: &Desk, mail: &Incoming, letter: Letter) -> Result<Fate> {
    let Some(forwarded) = letter.forwarded() else {
        return Ok(Fate::Aside("staff forward a customer's mail to open a ticket; this is none".to_owned(), None));
    };
    let Some(customer) = account(desk, &forwarded.from.address).await?.filter(|account| !account.person.role.is_staff()) else {
        return Ok(Fate::Aside(format!("{}, whose mail was forwarded, has no account", forwarded.from.address), None));
    };
    let topic = if forwarded.subject.is_empty() { letter.topic().to_owned() } else { forwarded.subject.clone() };
    let inner = Letter { text: Some(forwarded.text), html: forwarded.html, cc: vec![], to: vec![], ..letter };
    let by = session(desk, customer).await?;
    let Ok(customer) = by.customer() else { return Ok(Fate::Aside("the customer belongs to no organisation".to_owned(), None)) };
    // The agent is certain; that the customer wrote it is the agent's word.
    let body = body(desk, &by, mail, &inner, true).await?;
    Ok(Fate::Message(tickets::open_by_mail(desk, &customer, &new_ticket(desk, mail, &topic, &body).await?, &body.mail).await?))
}

async fn new_ticket(desk: &Desk, mail: &Incoming, topic: &str, body: &Body) -> Result<NewTicket> {
    let departments = store::departments::all(desk.store()).await?;
    let own = departments.iter().find(|d| Some(d.named.id) == mail.department).or(departments.first());
    let department = own.ok_or_else(|| Refusal::field(Field::Department, Fault::Missing))?.named.clone();
    let subject: String = topic.chars().take(MAX_SUBJECT).collect();
    let subject = if subject.trim().is_empty() { body.text.lines().next().unwrap_or_default().chars().take(MAX_SUBJECT).collect() } else { subject };
    let attachments = body.files.iter().filter_map(|id| domain::AttachmentId::parse(id)).collect();
    Ok(NewTicket { cc: vec![], urgency: Urgency::Medium, department, subject, description: body.text.clone(), link: None, attachments, impact: None })
}

/// Those whom the mail also went to are proposed for CC: being named in a mail grants nothing.
async fn propose(desk: &Desk, ticket: TicketId, letter: &Letter) -> Result<()> {
    let everything = Scope::Desk { hidden: vec![] };
    let Some((known, _)) = store::tickets::find(desk.store(), &everything, ticket).await? else { return Ok(()) };
    let secret = secret(desk).await?;
    let own = super::own_addresses(desk).await?;
    let mut proposals = vec![];
    for mailbox in letter.to.iter().chain(&letter.cc).take(PROPOSALS * 3) {
        let address = mailbox.address.to_lowercase();
        let is_own = own.contains(&address) || address::read_reply_address(secret, &address).is_some();
        if is_own || proposals.len() >= PROPOSALS || is_on(desk, &known, &address).await? {
            continue;
        }
        proposals.push(Proposal { email: address, name: mailbox.name.clone() });
    }
    if proposals.is_empty() {
        return Ok(());
    }
    let change = desk.store().begin().await?;
    for proposal in &proposals {
        store::mail::propose(&change, ticket, proposal).await?;
    }
    Ok(change.commit().await?)
}

async fn is_on(desk: &Desk, ticket: &Ticket, address: &str) -> Result<bool> {
    let Some(account) = account(desk, address).await? else { return Ok(false) };
    let id = account.person.id;
    Ok(account.person.role.is_staff() || ticket.requester.id == id || ticket.cc.iter().any(|cc| cc.id == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_subject_is_the_one_our_mails_write() {
        assert_eq!(number("Re: [#1042] Factuur"), Some(TicketId(1042)));
        for none in ["Factuur #1042", "[#]", "[#x]", "[#-5]", "[#0]", "[#99999999999999999999]", "[#10", "é[#"] {
            assert_eq!(number(none), None, "{none}");
        }
    }
}
