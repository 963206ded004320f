//! Opening and answering tickets. A submission that arrives again gives the ticket it made the first time.

use super::change::TicketChange;
use crate::accounts::{Agent, Customer, Session, hex};
use crate::{Desk, Error, Result, hours, text};
use domain::accounts::Language;
use domain::attachments::{Attachment, MAX_FILES};
use domain::events::{Facet, Happening};
use domain::tickets::{FormFacts, MAX_CC, MAX_TEXT, NewTicket, Side, Status, Ticket, TicketForm, check_text};
use domain::{AttachmentId, EventNo, Fault, Field, IncomingId, MessageId, PersonId, Refusal, TicketId, typed};
use i18n as w;
use sha2::{Digest, Sha256};
use store::Change;
use store::conversation::{NewMail, NewMessage};

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
    /// The mail it was, where it came by mail.
    pub mail: Option<ByMail>,
}

/// A message that came by mail: its words are taken as they are, however many.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ByMail {
    pub incoming: IncomingId,
    pub message_id: Option<String>,
    /// Whether it is certain who sent it.
    pub verified: bool,
    /// Its main headers, for staff.
    pub head: String,
    /// Safe HTML.
    pub html: String,
    /// Pictures that the HTML shows, uploaded by its author.
    pub inline: Vec<AttachmentId>,
}

impl ByMail {
    fn kept(&self) -> NewMail<'_> {
        NewMail { incoming: self.incoming, message_id: self.message_id.as_deref(), verified: self.verified, head: &self.head }
    }
}

/// Opens a ticket.
pub async fn open(desk: &Desk, by: &Customer, form: &TicketForm, submission: Option<&str>) -> Result<TicketId> {
    let me = by.session().person().id;
    let key = submission.map(|submission| key_of(me, submission, &[&form.subject, &form.description]));
    let submission = key.as_deref();
    if let Some(opened) = opened_before(desk, me, submission).await? {
        return Ok(opened);
    }
    let new = match check(desk, by, form).await {
        Ok(new) => new,
        // Its files may be on the ticket that the same form has just opened.
        Err(refused) => return opened_before(desk, me, submission).await?.ok_or(refused),
    };
    let change = desk.store().begin().await?;
    match write_ticket(desk, &change, by, &new, None, submission, None).await {
        Ok(ticket) => {
            change.commit().await?;
            Ok(ticket.id)
        }
        Err(Error::Store(store::Error::Taken)) => {
            drop(change);
            opened_meanwhile(desk, me, submission).await
        }
        Err(error) => Err(error),
    }
}

/// Opens a ticket in the name of who wrote a mail, or whose mail was forwarded. For reading mail; the mail's number makes it the same however often it is read.
pub(crate) async fn open_by_mail(desk: &Desk, by: &Customer, new: &NewTicket, mail: &ByMail) -> Result<TicketId> {
    let submission = format!("mail {}", mail.incoming);
    if let Some(opened) = opened_before(desk, by.session().person().id, Some(&submission)).await? {
        return Ok(opened);
    }
    let change = desk.store().begin().await?;
    let ticket = write_ticket(desk, &change, by, new, Some(mail), Some(&submission), None).await?;
    change.commit().await?;
    Ok(ticket.id)
}

/// The ticket of a form that came twice at once, where the other was first.
async fn opened_meanwhile(desk: &Desk, by: PersonId, submission: Option<&str>) -> Result<TicketId> {
    on_disk(desk).await?;
    opened_before(desk, by, submission).await?.ok_or(Error::Store(store::Error::Taken))
}

/// What makes a submission the same one: who sends it, the key of the form, and what it says. Who goes back, changes the text and sends it again sends another.
fn key_of(by: PersonId, submission: &str, words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in [&by.to_string(), submission].iter().chain(words) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
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

/// The form with who was typed for CC by whole name or address, and not picked from the list, put in CC. What is nobody, or more than one, stays as it was typed.
async fn with_typed(desk: &Desk, by: &Customer, form: &TicketForm) -> Result<TicketForm> {
    let mut form = form.clone();
    let whole = typed::line(&form.cc_typed);
    if whole.is_empty() {
        return Ok(form);
    }
    // A name may hold a comma of its own.
    if let Some(person) = named(desk, by, &whole).await? {
        (form.cc, form.cc_typed) = ([form.cc, vec![person]].concat(), String::new());
        return Ok(form);
    }
    let mut rest = vec![];
    for part in whole.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).take(MAX_CC) {
        match named(desk, by, part).await? {
            Some(person) => form.cc.push(person),
            None => rest.push(part),
        }
    }
    form.cc_typed = rest.join(", ");
    Ok(form)
}

/// The one colleague with this whole name or address.
async fn named(desk: &Desk, by: &Customer, text: &str) -> Result<Option<PersonId>> {
    let mut found = crate::accounts::colleagues(desk, by.session(), text).await?;
    found.retain(|person| person.name.to_lowercase() == text.to_lowercase() || person.email.eq_ignore_ascii_case(text));
    Ok(if let [person] = found.as_slice() { Some(person.id) } else { None })
}

async fn check(desk: &Desk, by: &Customer, form: &TicketForm) -> Result<NewTicket> {
    let form = with_typed(desk, by, form).await?;
    let departments: Vec<_> = store::departments::all(desk.store()).await?.into_iter().map(|d| (d.named, d.screenshot)).collect();
    let candidates = store::accounts::among_colleagues(desk.store(), by.organisation().id, &form.cc).await?;
    let files: Vec<_> = loose(desk, by.session(), &form.attachments).await?.into_iter().map(|f| (f.id.clone(), f.is_picture())).collect();
    let new = form.check(&FormFacts { departments: &departments, candidates: &candidates, files: &files })?;
    Ok(with_impact(new, by.session().language().unwrap_or_default()))
}

/// What is stopped stands above the description, for everyone who reads it.
fn with_impact(new: NewTicket, l: Language) -> NewTicket {
    let Some((stopped, people)) = &new.impact else { return new };
    let description = format!("**{}** {stopped}\n**{}** {people}\n\n{}", w::stopped(l), w::people_stopped(l), new.description);
    NewTicket { description, ..new }
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
    mail: Option<&ByMail>,
    submission: Option<&str>,
    follows: Option<TicketId>,
) -> Result<Ticket> {
    let (now, me, organisation) = (desk.now(), by.session().named(), by.organisation().id);
    let cc: Vec<PersonId> = new.cc.iter().map(|person| person.id).collect();
    store::people::hold(change, &[cc.as_slice(), &[me.id]].concat()).await?;
    still_there(change, me.id).await?;
    // Who moved to another organisation since they logged in has to log in again: their tickets would be in the one before.
    if !store::accounts::is_colleague(change, organisation, me.id).await? {
        return Err(Refusal::SignedOut.into());
    }
    // Whoever is no colleague any more does not read along.
    let cc = store::accounts::among_colleagues(change, organisation, &cc).await?;
    let new = &NewTicket { cc: new.cc.iter().filter(|person| cc.iter().any(|one| one.id == person.id)).cloned().collect(), ..new.clone() };
    let mut ticket = Ticket::open(new, me.clone(), Some(by.organisation().clone()), follows, now);
    let tick = hours::within(desk, change).await?.reckon(&mut ticket);
    store::tickets::add(change, &mut ticket, tick, submission).await?;
    let html = mail.map_or_else(|| text::to_html(&new.description), |mail| mail.html.clone());
    let message = NewMessage {
        ticket: ticket.id,
        author: me.id,
        note: false,
        text: &new.description,
        html: &html,
        submission: None,
        mail: mail.map(ByMail::kept),
    };
    let message = store::conversation::add_message(change, &message, now).await?;
    attach(change, (&new.attachments, mail), me.id, (ticket.id, message)).await?;
    store::search::write(change, &ticket, &new.description, "").await?;
    let opened = Happening::Opened { subject: ticket.subject.clone(), urgency: ticket.urgency, department: ticket.department.clone(), follows };
    store::events::append(change, ticket.id, Some(me.id), now, &[opened]).await?;
    Ok(ticket)
}

/// Puts files, and the pictures in the text of a mail, on a message.
async fn attach(
    change: &Change,
    (files, mail): (&[AttachmentId], Option<&ByMail>),
    owner: PersonId,
    (ticket, message): (TicketId, MessageId),
) -> Result<()> {
    let pictures = mail.iter().flat_map(|mail| &mail.inline).map(|file| (file, true));
    for (file, inline) in files.iter().map(|file| (file, false)).chain(pictures) {
        // Checked before the change began: only a second submission at the same moment can have taken it.
        if !store::attachments::attach(change, file, owner, ticket, message, inline).await? {
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
    let writing = &Writing { text: typed::text(&writing.text), ..writing.clone() };
    let key = writing.submission.as_deref().map(|submission| key_of(me, submission, &[&id.to_string(), &writing.text]));
    let writing = &Writing { submission: key, ..writing.clone() };
    if let Some(ticket) = written_before(desk, me, writing.submission.as_deref()).await? {
        return Ok(ticket);
    }
    if writing.mail.is_none() {
        check_text(&writing.text, MAX_TEXT).map_err(|fault| Refusal::field(Field::Message, fault))?;
    }
    let files = loose(desk, by, &writing.attachments).await?;
    if files.len() != writing.attachments.len() {
        // They may be on the message that the same form has just written.
        if let Some(ticket) = written_before(desk, me, writing.submission.as_deref()).await? {
            return Ok(ticket);
        }
        return Err(Refusal::field(Field::Attachments, Fault::Unknown).into());
    }
    if files.len() > MAX_FILES {
        return Err(Refusal::field(Field::Attachments, Fault::TooMany(MAX_FILES as u32)).into());
    }
    let side = if by.role().is_staff() { Side::Agent } else { Side::Customer };
    let html = writing.mail.as_ref().map_or_else(|| text::to_html(&writing.text), |mail| mail.html.clone());

    let mut change = TicketChange::begin(desk, Some(me)).await?;
    still_there(change.change(), me).await?;
    let mut locked = change.lock(&by.writing_scope(), id).await?;
    if side == Side::Agent {
        change.refuse_outdated(&locked, writing.seen, &[Facet::Conversation, Facet::Status]).await?;
    }
    if locked.ticket.is_past_reopening(side, now) {
        drop(change);
        return follow(desk, by, locked.before(), writing, &files).await;
    }
    let new = NewMessage {
        ticket: id,
        author: me,
        note: is_note,
        text: &writing.text,
        html: &html,
        submission: writing.submission.as_deref(),
        mail: writing.mail.as_ref().map(ByMail::kept),
    };
    let message = match store::conversation::add_message(change.change(), &new, now).await {
        // The same form came twice at once.
        Err(store::Error::Taken) => {
            drop(change);
            on_disk(desk).await?;
            return Ok(id);
        }
        other => other?,
    };
    let (ticket, count) = (&mut locked.ticket, files.len() as u32);
    let happened = if is_note {
        vec![ticket.note(message, &writing.text, count, now)]
    } else {
        let was = ticket.status;
        let mut happened = ticket.reply(side, message, &writing.text, count, now);
        if let (Side::Agent, Some(then)) = (side, writing.then) {
            happened.retain(|h| !matches!(h, Happening::StatusChanged { .. }));
            ticket.status = was;
            happened.extend(ticket.set_status(then, now));
        }
        happened
    };
    let files: Vec<AttachmentId> = files.into_iter().map(|f| f.id).collect();
    attach(change.change(), (&files, writing.mail.as_ref()), me, (id, message)).await?;
    change.save(locked, happened).await?;
    change.commit().await?;
    Ok(id)
}

/// Refuses with [`Refusal::SignedOut`] who was merged into another, erased or disabled since it was asked who they are: it would be nobody's.
async fn still_there(change: &Change, me: PersonId) -> Result<()> {
    if store::people::stands(change, me).await? { Ok(()) } else { Err(Refusal::SignedOut.into()) }
}

/// The ticket a reply that is sent again was written on, or that it opened.
async fn written_before(desk: &Desk, by: PersonId, submission: Option<&str>) -> Result<Option<TicketId>> {
    let Some(submission) = submission else { return Ok(None) };
    match store::tickets::by_message_submission(desk.store(), by, submission).await? {
        Some(ticket) => Ok(Some(ticket)),
        None => opened_before(desk, by, Some(submission)).await,
    }
}

/// A customer's reply to a ticket closed long ago opens a new one that is linked to it.
async fn follow(desk: &Desk, by: &Session, old: &Ticket, writing: &Writing, files: &[Attachment]) -> Result<TicketId> {
    let (customer, me) = (by.customer()?, by.person().id);
    let mut change = TicketChange::begin(desk, Some(me)).await?;
    // People are locked before tickets, everywhere: two changes that lock in different orders wait for each other.
    let people: Vec<PersonId> = old.cc.iter().map(|person| person.id).chain([old.requester.id, me]).collect();
    store::people::hold(change.change(), &people).await?;
    let locked = change.lock(&by.writing_scope(), old.id).await?;
    let old = locked.before();
    let new = NewTicket {
        cc: old.cc.iter().chain(Some(&old.requester)).filter(|p| p.id != me).cloned().collect(),
        urgency: old.urgency,
        department: old.department.clone(),
        subject: old.subject.clone(),
        description: writing.text.clone(),
        link: old.link.clone(),
        attachments: files.iter().map(|f| f.id.clone()).collect(),
        impact: None,
    };
    let submission = writing.submission.as_deref();
    let ticket = match write_ticket(desk, change.change(), &customer, &new, writing.mail.as_ref(), submission, Some(old.id)).await {
        Err(Error::Store(store::Error::Taken)) => {
            drop(change);
            return opened_meanwhile(desk, me, submission).await;
        }
        other => other?,
    };
    change.save(locked, vec![Happening::Continued { to: ticket.id }]).await?;
    change.commit().await?;
    Ok(ticket.id)
}
