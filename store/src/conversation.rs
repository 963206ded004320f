//! What a ticket's page shows below its head: messages with their files, and the history.
//!
//! A page is bounded however long the ticket is: so many messages, and so many bytes of long ones. The rest is one link away.

use crate::attachments;
use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::events::{EVENT, EventRow};
use crate::query::{List, list, lists, rows};
use crate::tables::message;
use domain::accounts::{Role, Scope};
use domain::attachments::{Attachment, FileName};
use domain::events::Event;
use domain::tickets::Side;
use domain::time::Moment;
use domain::{IncomingId, MessageId, Named, PersonId, TicketId};
use sea_orm::{EntityTrait, Set, Value};
use std::collections::HashMap;

/// Messages on one page of a ticket at most.
const MESSAGES: usize = 50;
/// Events on one page of a ticket at most: many for so few messages, where bulk changes and rules made them.
const EVENTS: usize = 500;
/// Bytes of HTML that the messages of over 16 KiB on one page take together, the newest first; the newest itself is always whole.
const LONG: i64 = 1 << 20;

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Message {
    pub id: MessageId,
    pub author: Named<PersonId>,
    pub side: Side,
    pub note: bool,
    /// Safe HTML, made from the text when it was written; empty where the page has no room for it.
    pub html: String,
    /// How its text begins, where the page has no room for the whole.
    pub beginning: Option<String>,
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
    /// Whether there are messages before these.
    pub has_earlier: bool,
}

/// Id, author, their name and role, whether it is a note, HTML where it is short, its size, when, and the mail that it was.
type MessageRow = (i64, i64, String, String, i32, Option<String>, i64, i64, Option<i64>, Option<i32>, Option<String>);
type FileRow = (i64, String, String, i64, i32);

/// How much of a conversation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All messages and all their files: for an export.
    Whole,
    /// One page, without the pictures that stand in the text.
    Newest,
    /// The page before a message, whose id is the value with this placeholder.
    Before(MessageId, &'static str),
}

impl Extent {
    pub(crate) fn page(before: Option<MessageId>, placeholder: &'static str) -> Self {
        before.map_or(Self::Newest, |id| Self::Before(id, placeholder))
    }

    /// The value of the placeholder, where there is one.
    pub(crate) fn value(self) -> Option<Value> {
        if let Self::Before(id, _) = self { Some(id.0.into()) } else { None }
    }
}

/// The lists that make the conversation of the ticket `$1`: notes, their files and what only staff may know of the history only for staff. [`conversation_of`] reads them.
pub(crate) fn conversation_lists(is_staff: bool, extent: Extent) -> [(&'static str, String); 3] {
    let (notes, public) = if is_staff { ("", "") } else { ("AND NOT m.note", "AND e.public") };
    // One message more than a page shows, so that it is known whether there are more.
    let (newest, events) = (format!("ORDER BY m.id DESC LIMIT {}", MESSAGES + 1), format!("ORDER BY e.n DESC LIMIT {EVENTS}"));
    let (earlier, until, newest, events, listed) = match extent {
        Extent::Whole => (String::new(), String::new(), "ORDER BY m.id DESC".to_owned(), "ORDER BY e.n DESC".to_owned(), ""),
        Extent::Newest => (String::new(), String::new(), newest, events, "AND NOT f.inline"),
        Extent::Before(_, id) => {
            let until = format!("AND e.at <= (SELECT created_at FROM message WHERE id = {id} AND ticket_id = $1)");
            (format!("AND m.id < {id}"), until, newest, events, "AND NOT f.inline")
        }
    };
    let of_ticket = format!("m.ticket_id = $1 {notes} {earlier}");
    [
        // A truth value is 1 on one database and `true` on the other.
        (
            if extent == Extent::Whole { MESSAGE_WHOLE } else { MESSAGE },
            format!("FROM message m JOIN person p ON p.id = m.author_id LEFT JOIN message_mail l ON l.message_id = m.id WHERE {of_ticket} {newest}"),
        ),
        (
            "f.message_id, f.id, f.name, f.size, CAST(f.image AS INTEGER)",
            format!(
                "FROM attachment f WHERE f.ticket_id = $1 {listed} AND f.message_id IN (SELECT m.id FROM message m WHERE {of_ticket} {newest}) ORDER BY f.created_at, f.id"
            ),
        ),
        (EVENT, format!("FROM event e LEFT JOIN person p ON p.id = e.by_id WHERE e.ticket_id = $1 {public} {until} {events}")),
    ]
}

/// The columns of [`MessageRow`]: HTML of over 16 KiB is left out until it is known that the page has room for it. Both databases know its size without reading it.
const MESSAGE: &str = "m.id, m.author_id, p.name, p.role, CAST(m.note AS INTEGER), CASE WHEN octet_length(m.html) <= 16384 THEN m.html END, octet_length(m.html), m.created_at, l.incoming_id, CAST(l.verified AS INTEGER), l.head";
const MESSAGE_WHOLE: &str = "m.id, m.author_id, p.name, p.role, CAST(m.note AS INTEGER), m.html, octet_length(m.html), m.created_at, l.incoming_id, CAST(l.verified AS INTEGER), l.head";

/// The conversation of [`conversation_lists`].
pub(crate) async fn conversation_of(store: &Store, [messages, files, history]: [List; 3], is_staff: bool, extent: Extent) -> Result<Conversation> {
    let mut files: Vec<(i64, Attachment)> = files.read::<FileRow>()?.into_iter().map(file_of).collect::<Result<_>>()?;
    let mut rows: Vec<MessageRow> = messages.read()?;
    let has_earlier = extent != Extent::Whole && rows.len() > MESSAGES;
    if has_earlier {
        rows.truncate(MESSAGES);
    }
    let mut long = long(store, &rows).await?;
    rows.reverse();
    let messages: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let message = message_of(row, &mut long, is_staff);
            let own = files.extract_if(.., |(of, _)| *of == message.id.0).map(|(_, file)| file).collect();
            (message, own)
        })
        .collect();
    let mut history: Vec<Event> = history.read::<EventRow>()?.into_iter().filter_map(|row| row.event(store.passed_over())).collect();
    history.reverse();
    // What happened before the first message and after the last belongs to the pages before and after.
    if let Extent::Before(id, _) = extent {
        let end = history.iter().position(|event| event.what.message() == Some(id));
        history.truncate(end.unwrap_or(history.len()));
    }
    if let (true, Some((first, _))) = (has_earlier, messages.first()) {
        let start = history.iter().position(|event| event.what.message() == Some(first.id));
        history.drain(..start.unwrap_or(0));
    }
    Ok(Conversation { messages, history, has_earlier })
}

/// The long messages of a page, newest first: as many whole as there is room for, and how the others begin.
async fn long(store: &Store, rows: &[MessageRow]) -> Result<HashMap<i64, LongMessage>> {
    let (mut whole, mut cut, mut taken) = (vec![], vec![], 0);
    for (id, .., size, _, _, _, _) in rows.iter().filter(|row| row.5.is_none()) {
        taken += size;
        if taken <= LONG || rows.first().is_some_and(|newest| newest.0 == *id) { whole.push(*id) } else { cut.push(*id) }
    }
    if whole.is_empty() && cut.is_empty() {
        return Ok(HashMap::new());
    }
    let (whole, cut) = (list(whole), list(cut));
    let texts = [
        ("m.id, m.html", format!("FROM message m WHERE m.id IN {whole}")),
        ("m.id, SUBSTR(m.text, 1, 1000)", format!("FROM message m WHERE m.id IN {cut}")),
    ];
    let [whole, cut] = lists(store, texts.each_ref().map(|(columns, tail)| (*columns, tail.as_str())), vec![]).await?;
    let whole = whole.read::<(i64, String)>()?.into_iter().map(|(id, html)| (id, LongMessage::Whole(html)));
    let cut = cut.read::<(i64, String)>()?.into_iter().map(|(id, text)| (id, LongMessage::Beginning(text)));
    Ok(whole.chain(cut).collect())
}

enum LongMessage {
    Whole(String),
    Beginning(String),
}

/// The conversation with all its files, as much of it as the reader may know. Whoever calls has found the ticket within the scope.
pub async fn read(store: &Store, scope: &Scope, ticket: TicketId) -> Result<Conversation> {
    let parts = conversation_lists(scope.is_staff(), Extent::Whole);
    let parts = parts.each_ref().map(|(columns, tail)| (*columns, tail.as_str()));
    conversation_of(store, lists(store, parts, vec![ticket.0.into()]).await?, scope.is_staff(), Extent::Whole).await
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

fn message_of(row: MessageRow, long: &mut HashMap<i64, LongMessage>, is_staff: bool) -> Message {
    let (id, author, name, role, note, html, _, created_at, incoming, verified, head) = row;
    let (html, beginning) = match html.map(LongMessage::Whole).or_else(|| long.remove(&id)) {
        Some(LongMessage::Whole(html)) => (html, None),
        Some(LongMessage::Beginning(text)) => (String::new(), Some(text)),
        None => Default::default(),
    };
    let mail =
        incoming.map(|id| MailMark { incoming: IncomingId(id), verified: verified == Some(1), head: head.filter(|_| is_staff).unwrap_or_default() });
    Message {
        id: MessageId(id),
        author: Named::new(PersonId(author), name),
        side: if Role::from_word(&role).is_some_and(Role::is_staff) { Side::Agent } else { Side::Customer },
        note: note != 0,
        html,
        beginning,
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
