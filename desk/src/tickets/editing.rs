//! Changing tickets: by staff, by the customers whose they are, and by time.

use super::change::{Log, TicketChange, lock};
use crate::accounts::{Agent, Customer, Session};
use crate::{Desk, Result};
use domain::accounts::Scope;
use domain::events::{Facet, Happening};
use domain::tickets::{MAX_REASON, SETTLE_AFTER, Status, Ticket, Urgency, check_text};
use domain::time::Moment;
use domain::{DepartmentId, EventNo, Fault, Field, Named, OrganisationId, PersonId, Refusal, TicketId};
use std::collections::BTreeMap;
use store::Change;

/// Something a member of staff changes on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Edit {
    Status(Status),
    Assignee(Option<PersonId>),
    /// With the reason that the customers read.
    Urgency(Urgency, Option<String>),
    Department(DepartmentId),
    AddCc(PersonId),
    RemoveCc(PersonId),
    Tag(String),
    Untag(String),
}

/// Changes a ticket, in everything or in nothing. With `seen`, refuses where someone else changed the same thing since.
pub async fn edit(desk: &Desk, by: &Agent, id: TicketId, edits: &[Edit], seen: Option<EventNo>) -> Result<()> {
    let edits = named_all(desk, edits).await?;
    let mut change = TicketChange::begin(desk, Some(by.session().person().id)).await?;
    hold(change.change(), &edits).await?;
    let mut locked = change.lock(&by.session().scope(), id).await?;
    let happened = apply_all(change.change(), &mut locked.ticket, &edits, desk.now()).await?;
    let facets: Vec<Facet> = happened.iter().map(Happening::facet).collect();
    change.refuse_outdated(&locked, seen, &facets).await?;
    change.save(locked, happened).await?;
    change.commit().await
}

/// Makes the same changes on several tickets: on all of them or, where one cannot have them, on none.
pub async fn edit_all(desk: &Desk, by: &Agent, ids: &[TicketId], edits: &[Edit]) -> Result<()> {
    let edits = named_all(desk, edits).await?;
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut change = TicketChange::begin(desk, Some(by.session().person().id)).await?;
    hold(change.change(), &edits).await?;
    for id in ids {
        let mut locked = change.lock(&by.session().scope(), id).await?;
        let happened = apply_all(change.change(), &mut locked.ticket, &edits, desk.now()).await?;
        change.save(locked, happened).await?;
    }
    change.commit().await
}

/// Takes people out of the CC of an organisation's tickets that they were of until now: they were named as colleagues. The last thing in a change.
pub(crate) async fn leave_colleagues(desk: &Desk, change: &Change, by: Option<PersonId>, left: &[(PersonId, OrganisationId)]) -> Result<()> {
    let mut tickets: BTreeMap<TicketId, Vec<PersonId>> = BTreeMap::new();
    for (person, organisation) in left {
        for id in store::tickets::cc_within(change, *person, *organisation).await? {
            tickets.entry(id).or_default().push(*person);
        }
    }
    let mut log = Log::new(by);
    for (id, people) in tickets {
        let mut locked = lock(change, &Scope::system(), id).await?.ok_or(Refusal::NotFound)?;
        let happened: Vec<Happening> = people.into_iter().filter_map(|person| locked.ticket.remove_cc(person, desk.now())).collect();
        // Nothing was done on it: it is kept for no longer than it was.
        locked.ticket.updated_at = locked.before().updated_at;
        log.save(desk, change, locked, happened).await?;
    }
    log.write(desk, change).await
}

/// An edit with the names it needs, looked up before the change begins.
enum NamedEdit {
    Status(Status),
    Assignee(Option<Named<PersonId>>),
    Urgency(Urgency, Option<String>),
    Department(Named<DepartmentId>),
    AddCc(Named<PersonId>),
    RemoveCc(PersonId),
    Tag(String),
    Untag(String),
}

/// Whoever is put in CC stays a colleague until the change ends.
async fn hold(change: &Change, edits: &[NamedEdit]) -> Result<()> {
    let named: Vec<PersonId> = edits.iter().filter_map(|edit| if let NamedEdit::AddCc(person) = edit { Some(person.id) } else { None }).collect();
    Ok(store::people::hold(change, &named).await?)
}

async fn named_all(desk: &Desk, edits: &[Edit]) -> Result<Vec<NamedEdit>> {
    let mut named_edits = Vec::with_capacity(edits.len());
    for edit in edits {
        named_edits.push(named(desk, edit).await?);
    }
    // The department first: it says who may be given the ticket.
    named_edits.sort_by_key(|edit| !matches!(edit, NamedEdit::Department(_)));
    Ok(named_edits)
}

async fn named(desk: &Desk, edit: &Edit) -> Result<NamedEdit> {
    let unknown = |field| Refusal::field(field, Fault::Unknown);
    let store = desk.store();
    Ok(match edit {
        Edit::Status(to) => NamedEdit::Status(*to),
        Edit::Assignee(None) => NamedEdit::Assignee(None),
        Edit::Assignee(Some(id)) => {
            let staff = store::departments::choices(store).await?.staff;
            NamedEdit::Assignee(Some(staff.into_iter().find(|p| p.id == *id).ok_or_else(|| unknown(Field::Assignee))?))
        }
        Edit::Urgency(to, reason) => NamedEdit::Urgency(*to, reason_of(reason.as_deref())?),
        Edit::Department(id) => {
            let departments = store::departments::choices(store).await?.departments;
            NamedEdit::Department(departments.into_iter().find(|d| d.id == *id).ok_or_else(|| unknown(Field::Department))?)
        }
        Edit::AddCc(id) => NamedEdit::AddCc(store::events::name_of(store, *id).await?.ok_or_else(|| unknown(Field::Cc))?),
        Edit::RemoveCc(id) => NamedEdit::RemoveCc(*id),
        Edit::Tag(tag) => NamedEdit::Tag(tag.clone()),
        Edit::Untag(tag) => NamedEdit::Untag(tag.clone()),
    })
}

/// A reason as it was typed, on one line; none where nothing was.
fn reason_of(typed: Option<&str>) -> Result<Option<String>> {
    let reason = domain::typed::line(typed.unwrap_or_default());
    if reason.is_empty() {
        return Ok(None);
    }
    check_text(&reason, MAX_REASON).map_err(|fault| Refusal::field(Field::Reason, fault))?;
    Ok(Some(reason))
}

async fn apply_all(change: &Change, ticket: &mut Ticket, edits: &[NamedEdit], now: Moment) -> Result<Vec<Happening>> {
    let mut happened = vec![];
    for edit in edits {
        happened.extend(apply(change, ticket, edit, now).await?);
    }
    Ok(happened)
}

async fn apply(change: &Change, ticket: &mut Ticket, edit: &NamedEdit, now: Moment) -> Result<Option<Happening>> {
    Ok(match edit {
        NamedEdit::Status(to) => ticket.set_status(*to, now),
        NamedEdit::Assignee(to) => {
            if let Some(person) = to {
                refuse_outsider(change, ticket, person.id).await?;
            }
            ticket.assign(to.clone(), now)
        }
        NamedEdit::Urgency(to, reason) => ticket.set_urgency(*to, reason.clone(), now),
        NamedEdit::Department(to) => ticket.set_department(to.clone(), now),
        NamedEdit::AddCc(person) => {
            refuse_stranger(change, ticket, person.id).await?;
            ticket.add_cc(person.clone(), now)?
        }
        NamedEdit::RemoveCc(id) => ticket.remove_cc(*id, now),
        NamedEdit::Tag(tag) => ticket.tag(tag, now)?,
        NamedEdit::Untag(tag) => ticket.untag(tag, now),
    })
}

/// A ticket of a closed department can only be given to who may see it.
async fn refuse_outsider(change: &Change, ticket: &Ticket, person: PersonId) -> Result<()> {
    let hidden = store::departments::is_hidden_from(change, ticket.department.id, person).await?;
    if hidden { Err(Refusal::field(Field::Assignee, Fault::Unknown).into()) } else { Ok(()) }
}

/// Only customers of the ticket's organisation can be in CC.
async fn refuse_stranger(change: &Change, ticket: &Ticket, person: PersonId) -> Result<()> {
    let known = match &ticket.organisation {
        Some(organisation) => store::accounts::is_colleague(change, organisation.id, person).await?,
        None => false,
    };
    if known { Ok(()) } else { Err(Refusal::field(Field::Cc, Fault::Unknown).into()) }
}

/// The requester closes a ticket: "solved, thanks".
pub async fn settle(desk: &Desk, by: &Customer, id: TicketId) -> Result<()> {
    let me = by.session().person().id;
    own_edit(
        desk,
        by.session(),
        id,
        |ticket, now| if ticket.requester.id == me { Ok(ticket.set_status(Status::Closed, now)) } else { Err(Refusal::NotAllowed) },
    )
    .await
}

/// A customer takes themselves out of CC.
pub async fn leave(desk: &Desk, by: &Customer, id: TicketId) -> Result<()> {
    let me = by.session().person().id;
    own_edit(desk, by.session(), id, |ticket, now| Ok(ticket.remove_cc(me, now))).await
}

/// The requester puts a customer of the ticket's organisation in CC.
pub async fn invite(desk: &Desk, by: &Customer, id: TicketId, person: PersonId) -> Result<()> {
    let me = by.session().person().id;
    let colleague = store::events::name_of(desk.store(), person).await?.ok_or_else(|| Refusal::field(Field::Cc, Fault::Unknown))?;
    let mut change = TicketChange::begin(desk, Some(me)).await?;
    store::people::hold(change.change(), &[person]).await?;
    let mut locked = change.lock(&by.session().writing_scope(), id).await?;
    if locked.ticket.requester.id != me {
        return Err(Refusal::NotAllowed.into());
    }
    refuse_stranger(change.change(), &locked.ticket, person).await?;
    let happened = locked.ticket.add_cc(colleague, desk.now())?;
    change.save(locked, happened.into_iter().collect()).await?;
    change.commit().await
}

/// The requester takes a colleague out of CC.
pub async fn dismiss(desk: &Desk, by: &Customer, id: TicketId, person: PersonId) -> Result<()> {
    let me = by.session().person().id;
    own_edit(
        desk,
        by.session(),
        id,
        |ticket, now| if ticket.requester.id == me { Ok(ticket.remove_cc(person, now)) } else { Err(Refusal::NotAllowed) },
    )
    .await
}

async fn own_edit(
    desk: &Desk,
    by: &Session,
    id: TicketId,
    rule: impl FnOnce(&mut Ticket, Moment) -> Result<Option<Happening>, Refusal>,
) -> Result<()> {
    let mut change = TicketChange::begin(desk, Some(by.person().id)).await?;
    let mut locked = change.lock(&by.writing_scope(), id).await?;
    let happened = rule(&mut locked.ticket, desk.now())?;
    change.save(locked, happened.into_iter().collect()).await?;
    change.commit().await
}

/// Closes tickets that were resolved long enough ago; gives how many. For the job that does so.
pub(crate) async fn close_settled(desk: &Desk) -> Result<usize> {
    let due = store::tickets::resolved_before(desk.store(), desk.now() - SETTLE_AFTER, 200).await?;
    for id in &due {
        let mut change = TicketChange::begin(desk, None).await?;
        let Some(mut locked) = change.find(&Scope::system(), *id).await? else { continue };
        // Someone may have spoken since, even resolved it anew.
        if locked.ticket.status != Status::Resolved || locked.ticket.settled_at.is_none_or(|at| at >= desk.now() - SETTLE_AFTER) {
            continue;
        }
        let happened = locked.ticket.set_status(Status::Closed, desk.now());
        change.save(locked, happened.into_iter().collect()).await?;
        change.commit().await?;
    }
    Ok(due.len())
}
