//! Files: the rows; the bytes are elsewhere.

use crate::change::Change;
use crate::connect::Store;
use crate::error::Result;
use crate::query::{Row, Source, first, rows};
use crate::tables::attachment;
use crate::tickets::within;
use domain::accounts::Scope;
use domain::attachments::{Attachment, FileName};
use domain::time::Moment;
use domain::{AttachmentId, MessageId, PersonId, TicketId};
use sea_orm::{ConnectionTrait, EntityTrait, Set};

const COLUMNS: &str = "f.id, f.name, f.size, f.image";

fn attachment(row: &mut Row<'_>) -> Result<Attachment> {
    Ok(Attachment { id: id(row.next()?)?, name: FileName::clean(&row.next::<String>()?), size: row.next()?, image: row.next()? })
}

pub(crate) fn id(text: String) -> Result<AttachmentId> {
    AttachmentId::parse(&text).ok_or(crate::Error::Unreadable("attachment id"))
}

/// Keeps an uploaded file that is on no message yet.
pub async fn add(change: &Change, file: &Attachment, owner: PersonId, now: Moment) -> Result<()> {
    let row = attachment::ActiveModel {
        id: Set(file.id.to_string()),
        owner_id: Set(owner.0),
        ticket_id: Set(None),
        message_id: Set(None),
        name: Set(file.name.as_str().to_owned()),
        size: Set(file.size),
        image: Set(file.image),
        created_at: Set(now.0),
    };
    attachment::Entity::insert(row).exec_without_returning(&change.db()).await?;
    Ok(())
}

/// Those of these files that this person uploaded and that are on no message yet.
pub async fn loose(store: &Store, owner: PersonId, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    // An id is hexadecimal digits by its type, so it can stand in the text.
    let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    let sql = format!("SELECT {COLUMNS} FROM attachment f WHERE f.owner_id = $1 AND f.message_id IS NULL AND f.id IN ({})", ids.join(", "));
    store.reads.query_all_raw(store.sql(sql, [owner.0.into()])).await?.iter().map(|row| attachment(&mut Row::new(row))).collect()
}

/// Those of these files that there are.
pub async fn known(store: &Store, ids: &[AttachmentId]) -> Result<Vec<AttachmentId>> {
    // An id is hexadecimal digits by its type, so it can stand in the text.
    let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    let found: Vec<(String,)> = rows(store, "f.id", &format!("FROM attachment f WHERE f.id IN ({})", ids.join(", ")), vec![]).await?;
    found.into_iter().map(|(text,)| id(text)).collect()
}

/// How many loose files a person uploaded since a moment; those who add one at the same moment wait for this change to end.
pub async fn count_loose(change: &Change, owner: PersonId, since: Moment) -> Result<i64> {
    if change.is_postgres() {
        change.db().query_one_raw(change.sql("SELECT 1 FROM person WHERE id = $1 FOR NO KEY UPDATE", [owner.0.into()])).await?;
    }
    loose_since(change, owner, since).await
}

/// How many loose files a person uploaded since a moment.
pub async fn loose_since(from: &impl Source, owner: PersonId, since: Moment) -> Result<i64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM attachment f WHERE f.owner_id = $1 AND f.created_at > $2 AND f.message_id IS NULL";
    let row = first(from, sql, [owner.0.into(), since.0.into()]).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Puts a person's loose file on a message, in its text where it is `inline`; says whether it was loose.
pub async fn attach(change: &Change, file: &AttachmentId, owner: PersonId, ticket: TicketId, message: MessageId, inline: bool) -> Result<bool> {
    let sql = "UPDATE attachment SET ticket_id = $1, message_id = $2, inline = $5 WHERE id = $3 AND owner_id = $4 AND message_id IS NULL";
    Ok(change.run(sql, [ticket.0.into(), message.0.into(), file.as_str().into(), owner.0.into(), inline.into()]).await? == 1)
}

/// A file this person may have: on a message they may read, or their own that is on none yet.
pub async fn find(store: &Store, scope: &Scope, reader: PersonId, id: &AttachmentId) -> Result<Option<Attachment>> {
    let notes = if scope.is_staff() { "" } else { "AND NOT m.note" };
    let sql = format!(
        "SELECT {COLUMNS} FROM attachment f LEFT JOIN message m ON m.id = f.message_id LEFT JOIN ticket t ON t.id = f.ticket_id
         WHERE f.id = $1 AND ((f.message_id IS NULL AND f.owner_id = $2) OR (f.message_id IS NOT NULL AND {} {notes}))",
        within(scope)
    );
    let row = store.reads.query_one_raw(store.sql(sql, [id.as_str().into(), reader.0.into()])).await?;
    row.map(|row| attachment(&mut Row::new(&row))).transpose()
}

/// Loose files uploaded before a moment, which no message will name any more.
pub async fn forgotten(store: &Store, before: Moment, most: u64) -> Result<Vec<AttachmentId>> {
    let sql = format!("SELECT f.id FROM attachment f WHERE f.message_id IS NULL AND f.created_at < $1 LIMIT {most}");
    store.reads.query_all_raw(store.sql(sql, [before.0.into()])).await?.iter().map(|row| id(Row::new(row).next()?)).collect()
}

/// Removes a person's loose file; says whether it was there.
pub async fn remove(change: &Change, owner: PersonId, file: &AttachmentId) -> Result<bool> {
    Ok(change.run("DELETE FROM attachment WHERE id = $1 AND owner_id = $2 AND message_id IS NULL", [file.as_str().into(), owner.0.into()]).await?
        == 1)
}

/// Removes a loose file whosoever it is.
pub async fn sweep(change: &Change, file: &AttachmentId) -> Result<bool> {
    Ok(change.run("DELETE FROM attachment WHERE id = $1 AND message_id IS NULL", [file.as_str().into()]).await? == 1)
}
