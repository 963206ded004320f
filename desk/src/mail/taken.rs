//! What a mail becomes: a reply, or a new ticket of its sender or of whom staff forward.

use super::body::{Body, body};
use super::ingest::Disposition;
use super::placing::{account, session};
use super::{own_addresses, reply_address, secret};
use crate::tickets::{self, Writing};
use crate::{Desk, Result};
use domain::accounts::Scope;
use domain::mail::MailReason as Reason;
use domain::tickets::{MAX_SUBJECT, NewTicket, Ticket, Urgency};
use domain::{Fault, Field, PersonId, Refusal, TicketId};
use mime::InboundMessage;
use store::accounts::Account;
use store::mail::{Incoming, Proposal};

/// People whom one mail can propose for CC.
const PROPOSALS: usize = 20;

pub(super) async fn reply(
    desk: &Desk,
    mail: &Incoming,
    letter: InboundMessage,
    sender: Account,
    ticket: TicketId,
    verified: bool,
) -> Result<Disposition> {
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
    Ok(Disposition::Message(ticket))
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

pub(super) async fn open(desk: &Desk, mail: &Incoming, letter: InboundMessage, sender: Account, verified: bool) -> Result<Disposition> {
    if verified {
        reachable(desk, sender.person.id).await?;
    }
    let by = session(desk, sender).await?;
    let Ok(customer) = by.customer() else { return Ok(Disposition::Aside(Reason::NoOrganisation, None)) };
    let body = body(desk, &by, mail, &letter, verified).await?;
    let ticket = tickets::open_by_mail(desk, &customer, &new_ticket(desk, mail, letter.topic(), &body).await?, &body.mail).await?;
    propose(desk, ticket, &letter).await?;
    Ok(Disposition::Message(ticket))
}

/// An agent sends on what a customer wrote to them: a ticket in the customer's name.
pub(super) async fn forwarded(desk: &Desk, mail: &Incoming, letter: InboundMessage) -> Result<Disposition> {
    let Some(forwarded) = letter.forwarded() else {
        return Ok(Disposition::Aside(Reason::NothingForwarded, None));
    };
    let Some(customer) = account(desk, &forwarded.from.address).await?.filter(|account| !account.person.role.is_staff()) else {
        return Ok(Disposition::Aside(Reason::ForwardedStranger { address: forwarded.from.address }, None));
    };
    let topic = if forwarded.subject.is_empty() { letter.topic().to_owned() } else { forwarded.subject.clone() };
    let inner = InboundMessage { text: Some(forwarded.text), html: forwarded.html, cc: vec![], to: vec![], ..letter };
    let by = session(desk, customer).await?;
    let Ok(customer) = by.customer() else { return Ok(Disposition::Aside(Reason::NoOrganisation, None)) };
    // The agent is certain; that the customer wrote it is the agent's word.
    let body = body(desk, &by, mail, &inner, true).await?;
    Ok(Disposition::Message(tickets::open_by_mail(desk, &customer, &new_ticket(desk, mail, &topic, &body).await?, &body.mail).await?))
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
async fn propose(desk: &Desk, ticket: TicketId, letter: &InboundMessage) -> Result<()> {
    let everything = Scope::system();
    let Some((known, _)) = store::tickets::find(desk.store(), &everything, ticket).await? else { return Ok(()) };
    let secret = secret(desk).await?;
    let own = own_addresses(desk).await?;
    let mut proposals = vec![];
    for mailbox in letter.to.iter().chain(&letter.cc).take(PROPOSALS * 3) {
        let address = mailbox.address.to_lowercase();
        let is_own = own.contains(&address) || reply_address::read_reply_address(secret, &address).is_some();
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
