//! The server functions of tickets. Those that a form posts to take text and say what is wrong with it at the field.

#![allow(clippy::too_many_arguments, reason = "a form posts flat fields")]
#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use crate::attachments::Kept;
use domain::accounts::Person;
use domain::attachments::Attachment;
use domain::events::Event;
use domain::hours::{Changed, Promise};
use domain::mail::MailReason;
use domain::tickets::{Line, Side, Ticket};
use domain::time::Moment;
use domain::{DeliveryId, DepartmentId, EventNo, IncomingId, MessageId, Named, PersonId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The portal's home.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Home {
    pub as_of: EventNo,
    pub running: Vec<Line>,
    pub cc: Vec<Line>,
    /// What colleagues opened, for a key user who reads it.
    pub organisation: Vec<Line>,
    pub settled: Vec<Line>,
    /// Whether there are more settled ones than are shown.
    pub more: bool,
    /// What was found, where something was searched.
    pub found: Option<Vec<Line>>,
}

/// What the ticket form needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Form {
    pub departments: Vec<(Named<DepartmentId>, bool)>,
    pub colleagues: Vec<Person>,
    /// Files that were uploaded before, of those that are named.
    pub files: Vec<Kept>,
    pub max_mebibytes: u32,
    pub submission: String,
    /// What is promised, and the moment at which it was.
    pub promise: Promise,
    /// The departments that are closed where others are open, each until it opens.
    pub closed: Vec<(DepartmentId, Option<Moment>)>,
}

/// A ticket's page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct View {
    pub as_of: EventNo,
    pub ticket: Ticket,
    pub entries: Vec<Entry>,
    /// The first message of these, where there are earlier ones.
    pub earlier_than: Option<MessageId>,
    /// Whether there are later ones.
    pub has_later: bool,
    pub colleagues: Vec<Person>,
    pub files: Vec<Kept>,
    pub max_mebibytes: u32,
    pub submission: String,
    /// Who was named for CC, and nobody has let read yet: name and address. For staff and the requester.
    pub proposed: Vec<(String, String)>,
    /// What its customers may expect, while it is our turn.
    pub promise: Option<Promise>,
    /// For staff alone.
    pub desk: Option<DeskFacts>,
}

/// What staff see beside the conversation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DeskFacts {
    pub departments: Vec<Named<DepartmentId>>,
    pub staff: Vec<Named<PersonId>>,
    pub requester: Option<Person>,
    pub others: Vec<Line>,
    /// The mails of this ticket, newest first.
    pub mails: Vec<Mailed>,
    /// What programs sent about it, newest first.
    pub quiet: Vec<QuietMail>,
    /// Whether the reader watches it.
    pub watching: bool,
    /// When the next person is told, while an alarm runs.
    pub alarm: Option<Moment>,
}

/// A mail on a ticket that is no message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuietMail {
    pub id: IncomingId,
    pub sender: String,
    pub subject: String,
    pub reason: MailReason,
    pub at: Moment,
}

/// A mail that went out, or is to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Mailed {
    pub id: DeliveryId,
    pub to: Named<PersonId>,
    pub address: String,
    pub state: MailState,
    pub at: Moment,
    pub reason: Option<String>,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum MailState {
    Waiting,
    Deferred,
    Sent,
    GivenUp,
    Bounced,
    Dropped,
}

/// That a message came by mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ByMail {
    pub id: IncomingId,
    pub verified: bool,
    /// Its main headers; for staff.
    pub head: String,
}

/// One entry of the conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Entry {
    /// Someone wrote.
    Said(Said),
    /// Something happened.
    Happened(Event),
    /// Hours or targets were changed, and what is due was reckoned anew; for staff.
    Retargeted(Moment, Option<Named<PersonId>>, Changed),
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Said {
    pub id: MessageId,
    pub author: Named<PersonId>,
    pub side: Side,
    pub note: bool,
    pub html: String,
    /// How its text begins, where it is too long to be shown among others.
    pub beginning: Option<String>,
    pub at: Moment,
    pub files: Vec<Attachment>,
    pub mail: Option<ByMail>,
}

/// The portal's home, or what was found in it.
#[server(endpoint = "home_shelves")]
pub async fn home_shelves(#[server(default)] q: String, #[server(default)] all: bool) -> Result<Home, Problem> {
    use crate::backend;
    use desk::tickets::{home, search};
    use domain::permissions::Action;
    let (desk, me) = backend::customer(Action::SeePortal)?;
    let few = if all { 500 } else { 10 };
    let read = async {
        let as_of = desk.tail().position();
        let found = if q.trim().is_empty() { None } else { Some(search(&desk, &me, &q).await?) };
        let desk::tickets::Home { running, cc, organisation, mut settled } = home(&desk, &me, few + 1).await?;
        let more = settled.len() as u64 > few;
        settled.truncate(few as usize);
        Ok(Home { as_of, running, cc, organisation, settled, more, found })
    };
    read.await.map_err(backend::report)
}

/// What the ticket form needs; `kept` are files that were uploaded for it before, and the others what was chosen already.
#[server(endpoint = "form_facts")]
pub async fn form_facts(
    #[server(default)] kept: Vec<String>,
    #[server(default)] urgency: String,
    #[server(default)] department: String,
) -> Result<Form, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::customer(Action::OpenTicket)?;
    let read = async {
        let departments = desk::accounts::departments(&desk).await?;
        let ids: Vec<_> = departments.iter().map(|d| d.named.id).collect();
        let closed = match desk::hours::book(&desk).await?.offices(desk.now()).closed(&ids, desk.now()) {
            domain::hours::Shut::Some(closed) => closed,
            // Then what is promised says so.
            domain::hours::Shut::All(..) => vec![],
        };
        Ok(Form {
            closed,
            departments: departments.into_iter().map(|d| (d.named, d.screenshot)).collect(),
            colleagues: desk::accounts::colleagues(&desk, me.session(), "").await?,
            files: desk::attachments::loose(&desk, me.session(), &kept).await?.into_iter().map(Kept::from).collect(),
            max_mebibytes: desk.files().max_mebibytes(),
            submission: backend::submission(),
            promise: desk::hours::promise(&desk, &me, domain::tickets::Urgency::from_word(&urgency), department.parse().ok()).await?,
        })
    };
    read.await.map_err(backend::report)
}

/// What is promised for a ticket with these choices, and the moment at which it is.
#[server(endpoint = "promise_for")]
pub async fn promise_for(#[server(default)] urgency: String, #[server(default)] department: String) -> Result<(Promise, Moment), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::tickets::Urgency;
    let (desk, me) = backend::customer(Action::OpenTicket)?;
    let (urgency, department) = (Urgency::from_word(&urgency), department.parse().ok());
    let promise = desk::hours::promise(&desk, &me, urgency, department).await.map_err(backend::report)?;
    Ok((promise, desk.now()))
}

/// Opens a ticket and goes to it.
#[server(endpoint = "open_ticket")]
pub async fn open_ticket(
    #[server(default)] cc: Vec<String>,
    #[server(default)] cc_typed: String,
    #[server(default)] urgency: String,
    #[server(default)] department: String,
    #[server(default)] subject: String,
    #[server(default)] description: String,
    #[server(default)] link: String,
    #[server(default)] attachments: Vec<String>,
    #[server(default)] screenshot: String,
    #[server(default)] stopped: String,
    #[server(default)] people: String,
    #[server(default)] submission: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::tickets::TicketForm;
    let (desk, me) = backend::customer(Action::OpenTicket)?;
    // Who cannot be a person's number cannot be in CC: the form says so at its field.
    let cc = cc.iter().filter(|c| !c.is_empty()).map(|c| c.parse().unwrap_or(PersonId(0))).collect();
    let form = TicketForm {
        cc,
        cc_typed,
        urgency,
        department,
        subject,
        description,
        link,
        attachments,
        screenshot: !screenshot.is_empty(),
        stopped,
        people,
    };
    let submission = backend::key_of(submission);
    let id = desk::tickets::open(&desk, &me, &form, submission.as_deref()).await.map_err(backend::report)?;
    backend::accepted(submission.as_deref());
    backend::go(&format!("/tickets/{id}?sent=1"));
    Ok(())
}

/// A ticket's page, as much of it as the reader may see, with the newest messages or those before one; `kept` are files that were uploaded for a reply.
#[server(endpoint = "ticket_view")]
pub async fn ticket_view(id: String, #[server(default)] kept: Vec<String>, #[server(default)] before: String) -> Result<View, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::{Refusal, TicketId};
    let (desk, me) = backend::someone(Action::ReadTicket)?;
    let id: TicketId = id.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    let read = async {
        let as_of = desk.tail().position();
        let before = before.parse().ok();
        let page = desk::tickets::page_before(&desk, &me, id, before).await?;
        let files = if kept.is_empty() { vec![] } else { desk::attachments::loose(&desk, &me, &kept).await?.into_iter().map(Kept::from).collect() };
        let pair = |p: desk::tickets::Proposal| (p.name, p.email);
        let (facts, retargets) = page.beside.map(backend::desk_facts).unzip();
        Ok(View {
            as_of: as_of.max(page.version),
            ticket: page.ticket,
            earlier_than: page.messages.first().filter(|_| page.has_earlier).map(|(message, _)| message.id),
            has_later: before.is_some(),
            entries: backend::entries(page.messages, page.history, retargets.unwrap_or_default()),
            colleagues: page.candidates,
            files,
            max_mebibytes: desk.files().max_mebibytes(),
            submission: backend::submission(),
            proposed: page.proposals.into_iter().map(pair).collect(),
            promise: page.promise,
            desk: facts,
        })
    };
    read.await.map_err(backend::report)
}

/// Answers a ticket, or writes a note on it, and goes to where it stands.
#[server(endpoint = "reply")]
pub async fn reply(
    ticket: String,
    #[server(default)] text: String,
    #[server(default)] attachments: Vec<String>,
    #[server(default)] submission: String,
    #[server(default)] seen: String,
    #[server(default)] anyway: String,
    #[server(default)] mode: String,
    #[server(default)] then: String,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::tickets::Writing;
    use domain::permissions::Action;
    use domain::tickets::Status;
    use domain::{Refusal, TicketId};
    let is_note = mode == "note";
    let id: TicketId = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    let submission = backend::key_of(submission);
    let key = submission.clone();
    let writing = Writing {
        text,
        attachments,
        submission,
        seen: if anyway.is_empty() { seen.parse().ok() } else { None },
        then: Status::from_word(&then),
        mail: None,
    };
    let written = if is_note {
        let (desk, me) = backend::agent(Action::WriteNote)?;
        desk::tickets::note(&desk, &me, id, &writing).await.map(|()| id)
    } else {
        let (desk, me) = backend::someone(Action::Reply)?;
        desk::tickets::reply(&desk, &me, id, &writing).await
    };
    let id = written.map_err(backend::report)?;
    backend::accepted(key.as_deref());
    backend::go(&format!("/tickets/{id}#latest"));
    Ok(())
}

/// A customer closes a ticket: "solved, thanks".
#[server(endpoint = "settle")]
pub async fn settle(ticket: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::customer(Action::SettleOwnTicket)?;
    let id = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::tickets::settle(&desk, &me, id).await.map_err(backend::report)
}

/// A customer takes themselves out of CC.
#[server(endpoint = "leave_cc")]
pub async fn leave_cc(ticket: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::customer(Action::LeaveCc)?;
    let id = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::tickets::leave(&desk, &me, id).await.map_err(backend::report)?;
    backend::go("/");
    Ok(())
}

/// Puts someone in CC, or takes them out: staff on any ticket they see, the requester on their own.
#[server(endpoint = "change_cc")]
pub async fn change_cc(ticket: String, #[server(default)] add: String, #[server(default)] remove: String) -> Result<(), Problem> {
    use crate::backend;
    use desk::tickets::{Edit, dismiss, edit, invite};
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal, TicketId};
    let (desk, me) = backend::someone(Action::ChangeCc)?;
    let id: TicketId = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    let wrong = || backend::report(Refusal::field(Field::Cc, Fault::Unknown).into());
    let typed = if add.is_empty() { &remove } else { &add };
    let person: PersonId = typed.parse().map_err(|_| wrong())?;
    let done = match (me.agent(), me.customer(), add.is_empty()) {
        (Ok(agent), _, false) => edit(&desk, &agent, id, &[Edit::AddCc(person)], None).await,
        (Ok(agent), _, true) => edit(&desk, &agent, id, &[Edit::RemoveCc(person)], None).await,
        (_, Ok(customer), false) => invite(&desk, &customer, id, person).await,
        (_, Ok(customer), true) => dismiss(&desk, &customer, id, person).await,
        (Err(refusal), Err(_), _) => Err(refusal.into()),
    };
    done.map_err(backend::report)
}

/// Changes one thing on a ticket, as staff: `what` is status, assignee, urgency, department, tag or untag.
#[server(endpoint = "change_ticket")]
pub async fn change_ticket(
    ticket: String,
    what: String,
    #[server(default)] to: String,
    #[server(default)] reason: String,
    #[server(default)] seen: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::{Refusal, TicketId};
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    let id: TicketId = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    let edit = match what.as_str() {
        "urgency" => backend::urgency_of(&to, &reason),
        _ => backend::edit_of(&what, &to),
    };
    let edit = edit.map_err(|refusal| backend::report(refusal.into()))?;
    desk::tickets::edit(&desk, &me, id, &[edit], seen.parse().ok()).await.map_err(backend::report)
}

/// What a message will look like.
#[server(endpoint = "preview")]
pub async fn preview(#[server(default)] text: String) -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::tickets::{MAX_TEXT, check_text};
    use domain::{Field, Refusal};
    backend::someone(Action::Preview)?;
    let text = domain::typed::text(&text);
    if text.is_empty() {
        return Ok(String::new());
    }
    check_text(&text, MAX_TEXT).map_err(|fault| backend::report(Refusal::field(Field::Description, fault).into()))?;
    Ok(desk::text::to_html(&text))
}

/// Whom one can put in CC, narrowed by what was typed; key users first.
#[server(endpoint = "colleagues")]
pub async fn colleagues(#[server(default)] typed: String) -> Result<Vec<Person>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::someone(Action::SuggestCc)?;
    desk::accounts::colleagues(&desk, &me, &typed).await.map_err(backend::report)
}
