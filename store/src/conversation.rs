//! What a ticket's page shows below its head: messages with their files, and the history.

use crate::attachments;
use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::events::{EVENT, EventRow};
use crate::row::{List, lists, rows};
use crate::tables::message;
use domain::accounts::{Role, Scope};
use domain::attachments::{Attachment, FileName};
use domain::events::Event;
use domain::tickets::Side;
use domain::time::Moment;
use domain::{IncomingId, MessageId, Named, PersonId, TicketId};
use sea_orm::{EntityTrait, Set};

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Message {
    pub id: MessageId,
    pub author: Named<PersonId>,
    pub side: Side,
    pub note: bool,
    /// Safe HTML, made from the text when it was written.
    pub html: String,
    pub created_at: Moment,
    pub mail: Option<MailMark>,
}

/// That a message came by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MailMark {
    pub incoming: IncomingId,
    /// Whether it is certain who sent it.
    pub verified: bool,
    /// Its main headers; empty for customers.
    pub head: String,
}

/// A message to be kept.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewMessage<'a> {
    pub ticket: TicketId,
    pub author: PersonId,
    pub note: bool,
    pub text: &'a str,
    pub html: &'a str,
    pub submission: Option<&'a str>,
    pub mail: Option<NewMail<'a>>,
}

/// The mail a message was.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct NewMail<'a> {
    pub incoming: IncomingId,
    pub message_id: Option<&'a str>,
    pub verified: bool,
    /// Its main headers, for staff.
    pub head: &'a str,
}

/// What was said on a ticket and what happened to it, oldest first.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Conversation {
    pub messages: Vec<(Message, Vec<Attachment>)>,
    pub history: Vec<Event>,
}

type MessageRow = (i64, i64, String, String, i32, String, i64, Option<i64>, Option<i32>, Option<String>);
type FileRow = (i64, String, String, i64, i32);

/// Which files of messages are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    All,
    /// But for pictures that stand in the text.
    Listed,
}

/// The lists that make the conversation of the ticket `$1`: notes, their files and what only staff may know of the history only for staff. [`conversation_of`] reads them. `files` says which.
pub(crate) fn conversation_lists(is_staff: bool, files: Files) -> [(&'static str, String); 3] {
    let (notes, public) = if is_staff { ("", "") } else { ("AND NOT m.note", "AND e.public") };
    let listed = if files == Files::All { "" } else { "AND NOT f.inline" };
    [
        // A truth value is 1 on one database and `true` on the other.
        (
            "m.id, m.author_id, p.name, p.role, CAST(m.note AS INTEGER), m.html, m.created_at, l.incoming_id, CAST(l.verified AS INTEGER), l.head",
            format!(
                "FROM message m JOIN person p ON p.id = m.author_id LEFT JOIN message_mail l ON l.message_id = m.id WHERE m.ticket_id = $1 {notes} ORDER BY m.id"
            ),
        ),
        (
            "f.message_id, f.id, f.name, f.size, CAST(f.image AS INTEGER)",
            format!("FROM attachment f JOIN message m ON m.id = f.message_id WHERE f.ticket_id = $1 {notes} {listed} ORDER BY f.created_at, f.id"),
        ),
        (EVENT, format!("FROM event e LEFT JOIN person p ON p.id = e.by_id WHERE e.ticket_id = $1 {public} ORDER BY e.n")),
    ]
}

/// The conversation of [`conversation_lists`].
pub(crate) fn conversation_of(store: &Store, [messages, files, history]: [List; 3], is_staff: bool) -> Result<Conversation> {
    let mut files: Vec<(i64, Attachment)> = files.read::<FileRow>()?.into_iter().map(file_of).collect::<Result<_>>()?;
    let messages = messages.read()?.into_iter().map(|row| {
        let message = message_of(row, is_staff);
        let own = files.extract_if(.., |(of, _)| *of == message.id.0).map(|(_, file)| file).collect();
        (message, own)
    });
    let history = history.read::<EventRow>()?.into_iter().filter_map(|row| row.event(store.passed_over())).collect();
    Ok(Conversation { messages: messages.collect(), history })
}

/// The conversation with all its files, as much of it as the reader may know. Whoever calls has found the ticket within the scope.
pub async fn read(store: &Store, scope: &Scope, ticket: TicketId) -> Result<Conversation> {
    let parts = conversation_lists(scope.is_staff(), Files::All);
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    conversation_of(store, lists(store, parts, vec![ticket.0.into()]).await?, scope.is_staff())
}

/// What a message says, with its files: the words that mails repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Words {
    pub id: MessageId,
    pub note: bool,
    pub text: String,
    pub html: String,
    pub files: Vec<Attachment>,
}

/// A message of a ticket, or its first. Whoever calls has found the ticket within the reader's scope.
pub async fn message(store: &Store, ticket: TicketId, id: Option<MessageId>) -> Result<Option<Words>> {
    let which = if id.is_some() { "m.id = $2" } else { "$2 = 0" };
    let tail = format!("FROM message m WHERE m.ticket_id = $1 AND {which} ORDER BY m.id LIMIT 1");
    let values = vec![ticket.0.into(), id.map_or(0, |id| id.0).into()];
    let found: Vec<(i64, i32, String, String)> = rows(store, "m.id, CAST(m.note AS INTEGER), m.text, m.html", &tail, values).await?;
    let Some((id, note, text, html)) = found.into_iter().next() else { return Ok(None) };
    let tail = "FROM attachment f WHERE f.message_id = $1 AND NOT f.inline ORDER BY f.created_at, f.id";
    let files: Vec<FileRow> = rows(store, "f.message_id, f.id, f.name, f.size, CAST(f.image AS INTEGER)", tail, vec![id.into()]).await?;
    let files = files.into_iter().map(|row| Ok(file_of(row)?.1)).collect::<Result<_>>()?;
    Ok(Some(Words { id: MessageId(id), note: note != 0, text, html, files }))
}

fn message_of((id, author, name, role, note, html, created_at, incoming, verified, head): MessageRow, is_staff: bool) -> Message {
    let mail =
        incoming.map(|id| MailMark { incoming: IncomingId(id), verified: verified == Some(1), head: head.filter(|_| is_staff).unwrap_or_default() });
    Message {
        id: MessageId(id),
        author: Named::new(PersonId(author), name),
        side: if Role::from_word(&role).is_some_and(Role::is_staff) { Side::Agent } else { Side::Customer },
        note: note != 0,
        html,
        created_at: Moment(created_at),
        mail,
    }
}

fn file_of((message, id, name, size, image): FileRow) -> Result<(i64, Attachment)> {
    Ok((message, Attachment { id: attachments::id(id)?, name: FileName::clean(&name), size, image: image != 0 }))
}

/// Adds a message; [`crate::Error::Taken`] where this submission was kept already.
pub async fn add_message(change: &Change, new: &NewMessage<'_>, now: Moment) -> Result<MessageId> {
    let row = message::ActiveModel {
        ticket_id: Set(new.ticket.0),
        author_id: Set(new.author.0),
        note: Set(new.note),
        text: Set(new.text.to_owned()),
        html: Set(new.html.to_owned()),
        created_at: Set(now.0),
        submission: Set(new.submission.map(str::to_owned)),
        ..Default::default()
    };
    let id = MessageId(message::Entity::insert(row).exec(&change.db()).await?.last_insert_id);
    if let Some(mail) = &new.mail {
        crate::mail::add_message(change, id, mail.incoming, mail.verified, mail.head).await?;
        if let Some(message_id) = mail.message_id {
            crate::notifications::add_thread(change, message_id, new.ticket).await?;
        }
    }
    Ok(id)
}
