//! Opening, answering and changing tickets.
//!
//! Invariant: each use case is begin, lock, rule, save, say what happened, commit; a submission that arrives again gives the ticket it made the first time.

use crate::accounts::{Agent, Customer, Session};
use crate::{Desk, Error, Result, text};
use domain::accounts::{Person, Scope};
use domain::attachments::{Attachment, MAX_FILES};
use domain::events::{Event, Facet, Happening};
use domain::tickets::{FormFacts, MAX_TEXT, NewTicket, SETTLE_AFTER, Side, Status, Ticket, TicketForm, Urgency, check_text};
use domain::time::Moment;
use domain::{AttachmentId, DepartmentId, EventNo, Fault, Field, MessageId, Named, PersonId, Refusal, TicketId};
use store::Change;
pub use store::tickets::{Line, Message, Shelf};

/// Lines on one shelf of the portal's home.
pub const SHELF: u64 = 50;

/// A ticket with everything its page shows.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Page {
    pub ticket: Ticket,
    /// The last event the page contains.
    pub version: EventNo,
    pub messages: Vec<(Message, Vec<Attachment>)>,
    pub history: Vec<Event>,
}

/// Something a member of staff changes on a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Edit {
    Status(Status),
    Assignee(Option<PersonId>),
    Urgency(Urgency),
    Department(DepartmentId),
    AddCc(PersonId),
    RemoveCc(PersonId),
    Tag(String),
    Untag(String),
}

/// What is written on a ticket.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Writing {
    pub text: String,
    pub attachments: Vec<String>,
    /// A key of the form, the same however often it is sent.
    pub submission: Option<String>,
    /// The last event the writer had seen; `None` where they want it sent whatever came after.
    pub seen: Option<EventNo>,
    /// The status it shall have after an agent's reply.
    pub then: Option<Status>,
}

/// Opens a ticket.
pub async fn open(desk: &Desk, by: &Customer, form: &TicketForm, submission: Option<&str>) -> Result<TicketId> {
    let me = by.session().person().id;
    if let Some(opened) = opened_before(desk, me, submission).await? {
        return Ok(opened);
    }
    let new = check(desk, by, form).await?;
    let change = desk.store().begin().await?;
    match write_ticket(desk, &change, by, &new, submission, None).await {
        Ok(ticket) => {
            change.commit().await?;
            Ok(ticket.id)
        }
        // The same form came twice at once, and the other was first.
        Err(Error::Store(store::Error::Taken)) => {
            drop(change);
            on_disk(desk).await?;
            opened_before(desk, me, submission).await?.ok_or(Error::Store(store::Error::Taken))
        }
        Err(error) => Err(error),
    }
}

/// Waits until everything that was done before is on disk: what another request did is not acknowledged before it is.
async fn on_disk(desk: &Desk) -> Result<()> {
    Ok(desk.store().begin().await?.commit().await?)
}

async fn opened_before(desk: &Desk, by: PersonId, submission: Option<&str>) -> Result<Option<TicketId>> {
    match submission {
        Some(submission) => Ok(store::tickets::by_submission(desk.store(), by, submission).await?),
        None => Ok(None),
    }
}

async fn check(desk: &Desk, by: &Customer, form: &TicketForm) -> Result<NewTicket> {
    let departments: Vec<_> = store::accounts::departments(desk.store()).await?.into_iter().map(|d| (d.named, d.screenshot)).collect();
    let candidates = store::accounts::among_colleagues(desk.store(), by.organisation().id, &form.cc).await?;
    let files: Vec<_> = loose(desk, by.session(), &form.attachments).await?.into_iter().map(|f| (f.id, f.image)).collect();
    Ok(form.check(&FormFacts { departments: &departments, candidates: &candidates, files: &files })?)
}

async fn loose(desk: &Desk, by: &Session, ids: &[String]) -> Result<Vec<Attachment>> {
    let ids: Vec<AttachmentId> = ids.iter().take(MAX_FILES * 2).filter_map(|id| AttachmentId::parse(id)).collect();
    Ok(store::attachments::loose(desk.store(), by.person().id, &ids).await?)
}

async fn write_ticket(
    desk: &Desk,
    change: &Change,
    by: &Customer,
    new: &NewTicket,
    submission: Option<&str>,
    follows: Option<TicketId>,
) -> Result<Ticket> {
    let (now, me) = (desk.now(), by.session().named());
    let ticket = store::tickets::add(change, new, &me, Some(by.organisation().clone()), submission, follows, now).await?;
    let html = text::to_html(&new.description);
    let message = store::tickets::NewMessage { ticket: ticket.id, author: me.id, note: false, text: &new.description, html: &html, submission: None };
    let message = store::tickets::add_message(change, &message, now).await?;
    attach(change, &new.attachments, me.id, ticket.id, message).await?;
    store::search::write(change, &ticket, &new.description, "").await?;
    let opened = Happening::Opened { subject: ticket.subject.clone(), urgency: ticket.urgency, department: ticket.department.clone(), follows };
    store::events::append(change, ticket.id, Some(me.id), now, &[opened]).await?;
    Ok(ticket)
}

async fn attach(change: &Change, files: &[AttachmentId], owner: PersonId, ticket: TicketId, message: MessageId) -> Result<()> {
    for file in files {
        // Checked before the change began: only a second submission at the same moment can have taken it.
        if !store::attachments::attach(change, file, owner, ticket, message).await? {
            return Err(Refusal::field(Field::Attachments, Fault::Unknown).into());
        }
    }
    Ok(())
}

/// Answers a ticket, as anyone who may read it. Gives the ticket that has the reply: a new, linked one where the old was closed long ago.
pub async fn reply(desk: &Desk, by: &Session, id: TicketId, writing: &Writing) -> Result<TicketId> {
    write(desk, by, id, writing, false).await
}

/// Writes what only staff see.
pub async fn note(desk: &Desk, by: &Agent, id: TicketId, writing: &Writing) -> Result<()> {
    write(desk, by.session(), id, writing, true).await.map(|_| ())
}

async fn write(desk: &Desk, by: &Session, id: TicketId, writing: &Writing, is_note: bool) -> Result<TicketId> {
    let (now, me) = (desk.now(), by.person().id);
    if let Some(submission) = &writing.submission
        && let Some(ticket) = store::tickets::by_message_submission(desk.store(), me, submission).await?
    {
        return Ok(ticket);
    }
    check_text(&writing.text, MAX_TEXT).map_err(|fault| Refusal::field(Field::Message, fault))?;
    let files = loose(desk, by, &writing.attachments).await?;
    if files.len() != writing.attachments.len() {
        return Err(Refusal::field(Field::Attachments, Fault::Unknown).into());
    }
    if files.len() > MAX_FILES {
        return Err(Refusal::field(Field::Attachments, Fault::TooMany(MAX_FILES as u32)).into());
    }
    let side = if by.role().is_staff() { Side::Agent } else { Side::Customer };
    let html = text::to_html(&writing.text);

    let change = desk.store().begin().await?;
    let (before, _) = lock(&change, &by.scope(), id).await?;
    if side == Side::Agent {
        refuse_outdated(&change, by, id, writing.seen, &[Facet::Conversation, Facet::Status]).await?;
    }
    if before.is_past_reopening(side, now) {
        return follow(desk, change, by, before, writing, &files).await;
    }
    let mut ticket = before.clone();
    let new = store::tickets::NewMessage {
        ticket: id,
        author: me,
        note: is_note,
        text: writing.text.trim(),
        html: &html,
        submission: writing.submission.as_deref(),
    };
    let message = match store::tickets::add_message(&change, &new, now).await {
        // The same form came twice at once.
        Err(store::Error::Taken) => {
            drop(change);
            on_disk(desk).await?;
            return Ok(id);
        }
        other => other?,
    };
    let count = files.len() as u32;
    let happened = if is_note {
        vec![ticket.note(message, &writing.text, count, now)]
    } else {
        let mut happened = ticket.reply(side, message, &writing.text, count, now);
        if let (Side::Agent, Some(then)) = (side, writing.then) {
            happened.retain(|h| !matches!(h, Happening::StatusChanged { .. }));
            ticket.status = before.status;
            happened.extend(ticket.set_status(then, now));
        }
        happened
    };
    let files: Vec<AttachmentId> = files.into_iter().map(|f| f.id).collect();
    attach(&change, &files, me, id, message).await?;
    finish(desk, change, by.person().id, &before, &ticket, &happened, true).await?;
    Ok(id)
}

/// A customer's reply to a ticket closed long ago opens a new one that is linked to it.
async fn follow(desk: &Desk, change: Change, by: &Session, old: Ticket, writing: &Writing, files: &[Attachment]) -> Result<TicketId> {
    let customer = by.customer()?;
    let new = NewTicket {
        cc: old.cc.iter().chain(Some(&old.requester)).filter(|p| p.id != by.person().id).cloned().collect(),
        urgency: old.urgency,
        department: old.department.clone(),
        subject: old.subject.clone(),
        description: writing.text.trim().to_owned(),
        link: old.link.clone(),
        attachments: files.iter().map(|f| f.id.clone()).collect(),
    };
    let ticket = write_ticket(desk, &change, &customer, &new, writing.submission.as_deref(), Some(old.id)).await?;
    store::events::append(&change, old.id, Some(by.person().id), desk.now(), &[Happening::Continued { to: ticket.id }]).await?;
    change.commit().await?;
    Ok(ticket.id)
}

/// Changes one thing on a ticket, as staff. With `seen`, refuses where someone else changed the same thing since.
pub async fn edit(desk: &Desk, by: &Agent, id: TicketId, edit: &Edit, seen: Option<EventNo>) -> Result<()> {
    let now = desk.now();
    let person = match edit {
        Edit::Assignee(Some(id)) => Some(assignable(desk, *id).await?),
        Edit::AddCc(id) => Some(store::events::name_of(desk.store(), *id).await?.ok_or_else(|| Refusal::field(Field::Cc, Fault::Unknown))?),
        _ => None,
    };
    let department = match edit {
        Edit::Department(id) => Some(
            store::accounts::departments(desk.store())
                .await?
                .into_iter()
                .find(|d| d.named.id == *id)
                .ok_or_else(|| Refusal::field(Field::Department, Fault::Unknown))?
                .named,
        ),
        _ => None,
    };
    let change = desk.store().begin().await?;
    let (before, _) = lock(&change, &by.session().scope(), id).await?;
    let mut ticket = before.clone();
    let happened = match edit {
        Edit::Status(to) => ticket.set_status(*to, now),
        Edit::Assignee(_) => ticket.assign(person, now),
        Edit::Urgency(to) => ticket.set_urgency(*to, now),
        Edit::Department(_) => department.and_then(|to| ticket.set_department(to, now)),
        Edit::AddCc(id) => match person {
            Some(person) => {
                refuse_stranger(desk, &before, *id).await?;
                ticket.add_cc(person, now)?
            }
            None => None,
        },
        Edit::RemoveCc(id) => ticket.remove_cc(*id, now),
        Edit::Tag(tag) => ticket.tag(tag, now)?,
        Edit::Untag(tag) => ticket.untag(tag, now),
    };
    let Some(what) = happened else { return Ok(()) };
    refuse_outdated(&change, by.session(), id, seen, &[what.facet()]).await?;
    let reindex = what.facet() == Facet::Cc;
    finish(desk, change, by.session().person().id, &before, &ticket, &[what], reindex).await
}

async fn assignable(desk: &Desk, id: PersonId) -> Result<Named<PersonId>> {
    let person: Option<Person> = store::accounts::staff(desk.store()).await?.into_iter().find(|p| p.id == id);
    Ok(person.map(|p| Named::new(p.id, p.name)).ok_or_else(|| Refusal::field(Field::Assignee, Fault::Unknown))?)
}

/// Only customers of the ticket's organisation can be in CC.
async fn refuse_stranger(desk: &Desk, ticket: &Ticket, person: PersonId) -> Result<()> {
    let colleagues = match &ticket.organisation {
        Some(organisation) => store::accounts::among_colleagues(desk.store(), organisation.id, &[person]).await?,
        None => vec![],
    };
    if colleagues.is_empty() { Err(Refusal::field(Field::Cc, Fault::Unknown).into()) } else { Ok(()) }
}

/// A customer closes a ticket: "solved, thanks".
pub async fn settle(desk: &Desk, by: &Customer, id: TicketId) -> Result<()> {
    own_edit(desk, by.session(), id, |ticket, now| Ok(ticket.set_status(Status::Closed, now))).await
}

/// A customer takes themselves out of CC.
pub async fn leave(desk: &Desk, by: &Customer, id: TicketId) -> Result<()> {
    let me = by.session().person().id;
    own_edit(desk, by.session(), id, |ticket, now| Ok(ticket.remove_cc(me, now))).await
}

/// The requester puts a colleague in CC.
pub async fn invite(desk: &Desk, by: &Customer, id: TicketId, person: PersonId) -> Result<()> {
    let colleague = store::accounts::among_colleagues(desk.store(), by.organisation().id, &[person]).await?.pop();
    let colleague = colleague.ok_or_else(|| Refusal::field(Field::Cc, Fault::Unknown))?;
    let me = by.session().person().id;
    own_edit(desk, by.session(), id, |ticket, now| if ticket.requester.id == me { ticket.add_cc(colleague, now) } else { Err(Refusal::NotAllowed) })
        .await
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
    let change = desk.store().begin().await?;
    let (before, _) = lock(&change, &by.scope(), id).await?;
    let mut ticket = before.clone();
    let Some(what) = rule(&mut ticket, desk.now())? else { return Ok(()) };
    let reindex = what.facet() == Facet::Cc;
    finish(desk, change, by.person().id, &before, &ticket, &[what], reindex).await
}

/// Closes tickets that were resolved and not spoken of since; gives how many. For the job that does so.
pub(crate) async fn close_settled(desk: &Desk) -> Result<usize> {
    let due = store::tickets::resolved_before(desk.store(), desk.now() - SETTLE_AFTER, 200).await?;
    let everything = Scope::Desk { hidden: vec![] };
    for id in &due {
        let change = desk.store().begin().await?;
        let Some((before, _)) = store::tickets::lock(&change, &everything, *id).await? else { continue };
        if before.status != Status::Resolved {
            continue;
        }
        let mut ticket = before.clone();
        let Some(what) = ticket.set_status(Status::Closed, desk.now()) else { continue };
        store::tickets::save(&change, &before, &ticket).await?;
        store::events::append(&change, *id, None, desk.now(), &[what]).await?;
        change.commit().await?;
    }
    Ok(due.len())
}

async fn lock(change: &Change, scope: &Scope, id: TicketId) -> Result<(Ticket, EventNo)> {
    Ok(store::tickets::lock(change, scope, id).await?.ok_or(Refusal::NotFound)?)
}

/// Refuses where someone else did something of these facets after `seen`, and says what.
async fn refuse_outdated(change: &Change, by: &Session, id: TicketId, seen: Option<EventNo>, facets: &[Facet]) -> Result<()> {
    let Some(seen) = seen else { return Ok(()) };
    let me = by.person().id;
    let later = store::events::of_locked_ticket(change, id, seen).await?;
    let others: Vec<Event> = later.into_iter().filter(|e| e.by.as_ref().is_none_or(|b| b.id != me) && facets.contains(&e.what.facet())).collect();
    if others.is_empty() { Ok(()) } else { Err(Refusal::Outdated(others).into()) }
}

async fn finish(desk: &Desk, change: Change, by: PersonId, before: &Ticket, after: &Ticket, happened: &[Happening], reindex: bool) -> Result<()> {
    store::tickets::save(&change, before, after).await?;
    if reindex {
        store::search::index(&change, after).await?;
    }
    store::events::append(&change, after.id, Some(by), desk.now(), happened).await?;
    Ok(change.commit().await?)
}

/// A ticket's page; customers get no notes, and no history of what only staff may know.
pub async fn page(desk: &Desk, by: &Session, id: TicketId) -> Result<Page> {
    let scope = by.scope();
    let (ticket, version) = store::tickets::find(desk.store(), &scope, id).await?.ok_or(Refusal::NotFound)?;
    since(desk, &scope, ticket, version, MessageId(0), EventNo(0)).await
}

/// What came to a ticket after a message and an event.
pub async fn page_after(desk: &Desk, by: &Session, id: TicketId, message: MessageId, event: EventNo) -> Result<Page> {
    let scope = by.scope();
    let (ticket, version) = store::tickets::find(desk.store(), &scope, id).await?.ok_or(Refusal::NotFound)?;
    since(desk, &scope, ticket, version, message, event).await
}

async fn since(desk: &Desk, scope: &Scope, ticket: Ticket, version: EventNo, message: MessageId, event: EventNo) -> Result<Page> {
    let staff = scope.is_staff();
    let messages = store::tickets::messages(desk.store(), ticket.id, staff, message).await?;
    let mut files = if ticket.files > 0 || staff { store::attachments::of_ticket(desk.store(), ticket.id, staff).await? } else { vec![] };
    let history = store::events::of_ticket(desk.store(), ticket.id, !staff, event).await?;
    let messages = messages
        .into_iter()
        .map(|message| {
            let own = files.extract_if(.., |(of, _)| *of == message.id).map(|(_, file)| file).collect();
            (message, own)
        })
        .collect();
    Ok(Page { ticket, version, messages, history })
}

/// One shelf of a customer's home.
pub async fn shelf(desk: &Desk, by: &Customer, shelf: Shelf, most: u64) -> Result<Vec<Line>> {
    Ok(store::tickets::shelf(desk.store(), by.session().person().id, shelf, most).await?)
}

/// A customer's search in their tickets.
pub async fn search(desk: &Desk, by: &Customer, typed: &str) -> Result<Vec<Line>> {
    Ok(store::search::portal(desk.store(), by.session().person().id, typed, SHELF).await?)
}

/// The requester's other tickets, for staff.
pub async fn others(desk: &Desk, by: &Agent, ticket: &Ticket) -> Result<Vec<Line>> {
    Ok(store::tickets::others_of(desk.store(), &by.session().scope(), ticket.requester.id, ticket.id, 5).await?)
}

/// Customers who can be put in CC of a ticket, for staff.
pub async fn cc_candidates(desk: &Desk, _by: &Agent, ticket: &Ticket) -> Result<Vec<Person>> {
    match &ticket.organisation {
        Some(organisation) => Ok(store::accounts::colleagues(desk.store(), organisation.id, ticket.requester.id, "", 100).await?),
        None => Ok(vec![]),
    }
}

/// Tags in use that begin with what was typed.
pub async fn tags(desk: &Desk, _by: &Agent, typed: &str) -> Result<Vec<String>> {
    Ok(store::tickets::tags_like(desk.store(), typed, 20).await?)
}
