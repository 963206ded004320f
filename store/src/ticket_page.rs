//! A ticket's page, read by one statement.
//!
//! A statement costs a hand-over to the database's thread and back, far more than the rows that a page needs (`docs/decisions/0007-rows-as-one-value.md`).

use crate::accounts::{FROM_PEOPLE, PEOPLE, people_of};
use crate::connect::Store;
use crate::conversation::{Conversation, Extent, conversation_lists, conversation_of};
use crate::departments::{CHOICES, Choices, choices_of};
use crate::error::Result;
use crate::hours::{RETARGETS, Retargeted, retargets_of};
use crate::mail::{Proposal, proposals_of};
use crate::notifications::{OfTicket, of_ticket, of_ticket_lists};
use crate::on_call::{Alarm, RUNNING, running_of};
use crate::query::lists;
use crate::tickets::{LINE, Line, lines_of, others_tail, ticket_lists, ticket_of};
use domain::accounts::{Person, Scope};
use domain::tickets::Ticket;
use domain::{EventNo, MessageId, PersonId, TicketId};

/// Colleagues that are offered for CC at most: to staff, and to the requester.
const CANDIDATES: u64 = 100;
const COLLEAGUES: u64 = 50;
/// Other tickets of the requester that are shown at most.
const OTHERS: u64 = 5;

/// A ticket as its page shows it to everyone who may read it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct TicketPage {
    pub ticket: Ticket,
    /// The last event that the ticket contains.
    pub version: EventNo,
    pub conversation: Conversation,
    /// Customers of the ticket's organisation who can be put in CC, key users first.
    pub candidates: Vec<Person>,
    /// Whom mails named for CC, and nobody has let read yet.
    pub proposals: Vec<Proposal>,
}

/// What staff see of a ticket besides.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct BesideTicket {
    pub choices: Choices,
    pub requester: Option<Person>,
    pub others: Vec<Line>,
    pub mail: OfTicket,
    pub retargets: Vec<Retargeted>,
    pub alarm: Option<Alarm>,
}

/// The organisation of the ticket `$1`, for staff; and the same where its requester is still of it: who has left it hears no names from there.
const ORGANISATION: &str = "SELECT organisation_id FROM ticket WHERE id = $1";
const ORGANISATION_OF_REQUESTER: &str =
    "SELECT t.organisation_id FROM ticket t JOIN person r ON r.id = t.requester_id AND r.organisation_id = t.organisation_id WHERE t.id = $1";

/// The tail of a list of people who can be put in CC of the ticket `$1`: customers of an organisation but the requester.
fn candidates_tail(organisation: &str, most: u64) -> String {
    format!(
        "{FROM_PEOPLE} WHERE p.organisation_id = ({organisation}) AND p.role = 'customer' AND p.disabled_at IS NULL
         AND p.id <> (SELECT requester_id FROM ticket WHERE id = $1) ORDER BY p.key_user DESC, p.sort_key, p.id LIMIT {most}"
    )
}

/// A ticket in the scope of a customer, with the newest page of its conversation or the one before a message. Candidates for CC and proposals are for its requester alone: whoever calls leaves them out for others.
pub async fn for_customer(store: &Store, scope: &Scope, id: TicketId, before: Option<MessageId>) -> Result<Option<TicketPage>> {
    let extent = Extent::page(before, "$2");
    let ([card, beside, cc], [messages, files, history]) = (ticket_lists(scope), conversation_lists(false, extent));
    let candidates = (PEOPLE, candidates_tail(ORGANISATION_OF_REQUESTER, COLLEAGUES));
    let proposals = ("c.email, c.name", "FROM cc_proposal c WHERE c.ticket_id = $1 ORDER BY c.email".to_owned());
    let parts = [card, beside, cc, messages, files, history, candidates, proposals];
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    let [card, beside, cc, messages, files, history, candidates, proposals] =
        lists(store, parts, [Some(id.0.into()), extent.value()].into_iter().flatten().collect()).await?;
    let Some((ticket, version)) = ticket_of(&store.reads, [card, beside, cc]).await? else { return Ok(None) };
    let conversation = conversation_of(store, [messages, files, history], false, extent).await?;
    Ok(Some(TicketPage { ticket, version, conversation, candidates: people_of(candidates)?, proposals: proposals_of(proposals)? }))
}

/// A ticket in the scope of staff, with everything beside it as `me` sees it; of its conversation the newest page or the one before a message.
pub async fn for_staff(
    store: &Store,
    scope: &Scope,
    id: TicketId,
    me: PersonId,
    before: Option<MessageId>,
) -> Result<Option<(TicketPage, BesideTicket)>> {
    let extent = Extent::page(before, "$3");
    let ([card, beside, cc], [messages, files, history]) = (ticket_lists(scope), conversation_lists(true, extent));
    let candidates = (PEOPLE, candidates_tail(ORGANISATION, CANDIDATES));
    let requester = (PEOPLE, format!("{FROM_PEOPLE} WHERE p.id = (SELECT requester_id FROM ticket WHERE id = $1)"));
    let others = (LINE, others_tail(scope, OTHERS));
    let [deliveries, watching, proposals, quiet] = of_ticket_lists();
    let [departments, staff, retargets, alarm] = [CHOICES[0], CHOICES[1], RETARGETS, RUNNING].map(|(columns, tail)| (columns, tail.to_owned()));
    let parts = [
        card,
        beside,
        cc,
        messages,
        files,
        history,
        candidates,
        requester,
        others,
        deliveries,
        watching,
        proposals,
        quiet,
        departments,
        staff,
        retargets,
        alarm,
    ];
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    let values = [Some(id.0.into()), Some(me.0.into()), extent.value()].into_iter().flatten().collect();
    let [
        card,
        beside,
        cc,
        messages,
        files,
        history,
        candidates,
        requester,
        others,
        deliveries,
        watching,
        proposals,
        quiet,
        departments,
        staff,
        retargets,
        alarm,
    ] = lists(store, parts, values).await?;
    let Some((ticket, version)) = ticket_of(&store.reads, [card, beside, cc]).await? else { return Ok(None) };
    let mail = of_ticket([deliveries, watching, proposals, quiet])?;
    let conversation = conversation_of(store, [messages, files, history], true, extent).await?;
    let page = TicketPage { ticket, version, conversation, candidates: people_of(candidates)?, proposals: mail.proposals.clone() };
    let beside = BesideTicket {
        choices: choices_of([departments, staff])?,
        requester: people_of(requester)?.pop(),
        others: lines_of(others)?,
        mail,
        retargets: retargets_of(retargets)?,
        alarm: running_of(alarm)?,
    };
    Ok(Some((page, beside)))
}
