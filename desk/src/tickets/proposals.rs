//! Who is proposed for CC: named by a mail, or by the requester outside their own organisation. Being named grants nothing; the requester or staff let someone in.

use super::{Edit, edit, invite};
use crate::accounts::Session;
use crate::{Desk, Result};
use domain::accounts::{EmailAddress, Scope};
use domain::{Fault, Field, Refusal, TicketId};
use store::mail::Proposal;

/// Most proposals of one ticket that the requester makes.
const MOST: usize = 20;

/// The ticket is one whose CC this person decides about: staff who see it, or its requester.
async fn decides(desk: &Desk, by: &Session, ticket: TicketId) -> Result<()> {
    let (found, _) = store::tickets::find(desk.store(), &by.writing_scope(), ticket).await?.ok_or(Refusal::NotFound)?;
    if by.role().is_staff() || found.requester.id == by.person().id { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}

/// Who is proposed, for staff and the requester.
pub async fn proposals(desk: &Desk, by: &Session, ticket: TicketId) -> Result<Vec<Proposal>> {
    decides(desk, by, ticket).await?;
    Ok(store::mail::proposals(desk.store(), ticket).await?)
}

/// Names someone by address, as the requester or as staff: a colleague of the requester reads along at once, anyone else is proposed. Says whether they read along. Refuses what is no address.
pub async fn name_for_cc(desk: &Desk, by: &Session, ticket: TicketId, typed: &str) -> Result<bool> {
    decides(desk, by, ticket).await?;
    let address = EmailAddress::parse(typed).ok_or_else(|| Refusal::field(Field::Cc, Fault::NotAnAddress))?;
    let everything = Scope::system();
    let (found, _) = store::tickets::find(desk.store(), &everything, ticket).await?.ok_or(Refusal::NotFound)?;
    let account = store::accounts::by_email(desk.store(), &address).await?.filter(|account| !account.disabled);
    let is_colleague = account.as_ref().is_some_and(|account| {
        !account.person.role.is_staff()
            && found.organisation.is_some()
            && account.person.organisation.as_ref().map(|o| o.id) == found.organisation.as_ref().map(|o| o.id)
    });
    if let Some(account) = account.filter(|_| is_colleague) {
        let id = account.person.id;
        match (by.agent(), by.customer()) {
            (Ok(agent), _) => edit(desk, &agent, ticket, &[Edit::AddCc(id)], None).await?,
            (_, Ok(customer)) => invite(desk, &customer, ticket, id).await?,
            (Err(refusal), Err(_)) => return Err(refusal.into()),
        }
        return Ok(true);
    }
    if store::mail::proposals(desk.store(), ticket).await?.len() >= MOST {
        return Err(Refusal::field(Field::Cc, Fault::TooMany(MOST as u32)).into());
    }
    let change = desk.store().begin().await?;
    store::mail::propose(&change, ticket, &Proposal { email: address.as_str().to_owned(), name: String::new() }).await?;
    change.commit().await?;
    Ok(false)
}

/// Lets someone who was proposed read along, or forgets them; for staff and the requester. Only customers of the ticket's organisation who have an account can be let in.
pub async fn answer_proposal(desk: &Desk, by: &Session, ticket: TicketId, address: &str, accept: bool) -> Result<()> {
    if !proposals(desk, by, ticket).await?.iter().any(|proposed| proposed.email == address) {
        return Err(Refusal::NotFound.into());
    }
    if accept {
        let unknown = || Refusal::field(Field::Cc, Fault::Unknown);
        let address = EmailAddress::parse(address).ok_or_else(unknown)?;
        let person = store::accounts::by_email(desk.store(), &address).await?.ok_or_else(unknown)?.person.id;
        match (by.agent(), by.customer()) {
            (Ok(agent), _) => edit(desk, &agent, ticket, &[Edit::AddCc(person)], None).await?,
            (_, Ok(customer)) => invite(desk, &customer, ticket, person).await?,
            (Err(refusal), Err(_)) => return Err(refusal.into()),
        }
    }
    let change = desk.store().begin().await?;
    store::mail::forget_proposal(&change, ticket, address).await?;
    Ok(change.commit().await?)
}
