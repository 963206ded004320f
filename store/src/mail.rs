//! Mails that came in, and which ticket a mail belongs to.
//!
//! Invariant: a mail of a source is kept once, under the key its source gives it.

use crate::accounts::HAS_A_WAY_IN;
use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{List, Row, first, list, lists, rows};
use domain::mail::MailReason;
use domain::time::Moment;
use domain::{DepartmentId, IncomingId, MessageId, TicketId};
use sea_orm::ConnectionTrait;

/// Where a mail that came in stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is kept, and waits to be read.
    Waiting,
    /// It became a message of a ticket.
    Read,
    /// It could not be read or may not be: an admin decides.
    SetAside,
    /// It is on a ticket and needs no message: a bounce, an automatic reply, a mail of our own.
    Quiet,
}

impl State {
    const ALL: [State; 4] = [State::Waiting, State::Read, State::SetAside, State::Quiet];

    pub(crate) fn code(self) -> i16 {
        match self {
            State::Waiting => 0,
            State::Read => 1,
            State::SetAside => 2,
            State::Quiet => 3,
        }
    }

    fn from_code(code: i16) -> Result<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code).ok_or(Error::Unreadable("state of a mail"))
    }
}

/// A mail that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Incoming {
    pub id: IncomingId,
    pub source: String,
    /// The name of the file with its bytes.
    pub file: String,
    pub size: i64,
    /// Where a new ticket goes; `None`: the first department.
    pub department: Option<DepartmentId>,
    /// The organisation of people whom this mail makes known; `None`: it makes nobody known.
    pub strangers: Option<String>,
    pub received_at: Moment,
    pub state: State,
    pub tries: u32,
    pub reason: Option<MailReason>,
    pub sender: Option<String>,
    pub subject: Option<String>,
    pub ticket: Option<TicketId>,
}

/// A mail that has just come in.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewIncoming<'a> {
    pub source: &'a str,
    /// What its source calls it, so that it is taken once.
    pub key: &'a str,
    pub file: &'a str,
    pub size: i64,
    pub department: Option<DepartmentId>,
    pub strangers: Option<&'a str>,
}

/// What was found out about a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Finding {
    pub reason: Option<MailReason>,
    pub sender: Option<String>,
    pub subject: Option<String>,
    pub ticket: Option<TicketId>,
    /// A hash that mails have in common which are the same but for the way they came.
    pub fingerprint: Option<String>,
}

/// A reason as it is kept.
fn kept(reason: &MailReason) -> Result<String> {
    serde_json::to_string(reason).map_err(|_| Error::Unreadable("reason of a mail"))
}

/// A reason that was kept; a sentence of an earlier version, or what broke, as it stands.
pub(crate) fn reason_of(text: String) -> MailReason {
    serde_json::from_str(&text).unwrap_or(MailReason::Other { text })
}

const COLUMNS: &str =
    "i.id, i.source, i.file, i.size, i.department_id, i.received_at, i.state, i.tries, i.reason, i.sender, i.subject, i.ticket_id, i.strangers";

type IncomingRow =
    (i64, String, String, i64, Option<i64>, i64, i16, u32, Option<String>, Option<String>, Option<String>, Option<i64>, Option<String>);

fn incoming(row: IncomingRow) -> Result<Incoming> {
    let (id, source, file, size, department, received_at, state, tries, reason, sender, subject, ticket, strangers) = row;
    Ok(Incoming {
        id: IncomingId(id),
        source,
        file,
        size,
        department: department.map(DepartmentId),
        strangers,
        received_at: Moment(received_at),
        state: State::from_code(state)?,
        tries,
        reason: reason.map(reason_of),
        sender,
        subject,
        ticket: ticket.map(TicketId),
    })
}

/// Keeps a mail; `None` where its source handed it over before.
pub async fn add(change: &Change, new: &NewIncoming<'_>, now: Moment) -> Result<Option<IncomingId>> {
    let sql = "INSERT INTO incoming (source, source_key, file, size, department_id, received_at, strangers, state, tries, due_at, leased_until) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0)
               ON CONFLICT (source_key) DO NOTHING RETURNING id";
    let department = new.department.map(|d| d.0);
    let values = [new.source.into(), new.key.into(), new.file.into(), new.size.into(), department.into(), now.0.into(), new.strangers.into()];
    let row = change.db().query_one_raw(change.sql(sql, values)).await?;
    row.map(|row| Ok(IncomingId(Row::new(&row).next()?))).transpose()
}

/// Takes mails that wait to be read, oldest first, for this reader alone until `until`. Nothing where another reader has some.
///
/// One reader at a time: a mail and the answer to it, read by two, could be read in the wrong order.
pub async fn lease(change: &Change, now: Moment, until: Moment, most: u64) -> Result<Vec<IncomingId>> {
    if change.is_postgres() {
        change.run("SELECT pg_advisory_xact_lock(hashtext('balie incoming mail'))", []).await?;
    }
    let sql = format!(
        "UPDATE incoming SET leased_until = $1 WHERE id IN (SELECT id FROM incoming WHERE state = 0 AND due_at <= $2 ORDER BY id LIMIT {most})
         AND NOT EXISTS (SELECT 1 FROM incoming WHERE state = 0 AND leased_until > $2) RETURNING id"
    );
    let rows = change.db().query_all_raw(change.sql(sql, [until.0.into(), now.0.into()])).await?;
    let mut ids: Vec<IncomingId> = rows.iter().map(|row| Ok(IncomingId(Row::new(row).next()?))).collect::<Result<_>>()?;
    ids.sort_unstable();
    Ok(ids)
}

/// Keeps mails that still wait, of these, for their reader until a moment.
pub async fn renew(change: &Change, ids: &[IncomingId], until: Moment) -> Result<()> {
    let sql = format!("UPDATE incoming SET leased_until = $1 WHERE state = 0 AND leased_until > 0 AND id IN {}", list(ids.iter().map(|id| id.0)));
    change.run(&sql, [until.0.into()]).await?;
    Ok(())
}

/// Counts that a mail is being read: one that ends the program is not read for ever, and those beside it are not blamed.
pub async fn count_try(change: &Change, id: IncomingId) -> Result<()> {
    change.run("UPDATE incoming SET tries = tries + 1 WHERE id = $1", [id.0.into()]).await?;
    Ok(())
}

/// How many mails of a sender came in since a moment, whatever became of them.
pub async fn came_from(store: &Store, sender: &str, since: Moment) -> Result<i64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM incoming i WHERE i.sender = $1 AND i.received_at > $2";
    let row = store.reads.query_one_raw(store.sql(sql, [sender.into(), since.0.into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Gives a mail back for another try at a moment.
pub async fn try_again(change: &Change, id: IncomingId, at: Moment, reason: &str) -> Result<()> {
    change
        .run("UPDATE incoming SET leased_until = 0, due_at = $1, reason = $2 WHERE id = $3 AND state = 0", [at.0.into(), reason.into(), id.0.into()])
        .await?;
    Ok(())
}

/// Writes down what became of a mail.
pub async fn settle(change: &Change, id: IncomingId, state: State, found: &Finding) -> Result<()> {
    let sql =
        "UPDATE incoming SET state = $1, leased_until = 0, reason = $2, sender = $3, subject = $4, ticket_id = $5, fingerprint = $7 WHERE id = $6";
    let values = [
        state.code().into(),
        found.reason.as_ref().map(kept).transpose()?.into(),
        found.sender.clone().into(),
        found.subject.clone().into(),
        found.ticket.map(|t| t.0).into(),
        id.0.into(),
        found.fingerprint.clone().into(),
    ];
    change.run(sql, values).await?;
    Ok(())
}

/// Lets a mail that was set aside be read again; says whether it was.
pub async fn reread(change: &Change, id: IncomingId) -> Result<bool> {
    Ok(change
        .run("UPDATE incoming SET state = 0, tries = 0, due_at = 0, leased_until = 0, reason = NULL WHERE id = $1 AND state = 2", [id.0.into()])
        .await?
        == 1)
}

/// A mail.
pub async fn find(store: &Store, id: IncomingId) -> Result<Option<Incoming>> {
    let found: Vec<IncomingRow> = rows(store, COLUMNS, "FROM incoming i WHERE i.id = $1", vec![id.0.into()]).await?;
    found.into_iter().next().map(incoming).transpose()
}

/// Mails in a state, newest first, before one.
pub async fn in_state(store: &Store, state: State, before: Option<IncomingId>, most: u64) -> Result<Vec<Incoming>> {
    let tail = format!("FROM incoming i WHERE i.state = $1 AND i.id < $2 ORDER BY i.id DESC LIMIT {most}");
    let before = before.map_or(i64::MAX, |id| id.0);
    let found: Vec<IncomingRow> = rows(store, COLUMNS, &tail, vec![state.code().into(), before.into()]).await?;
    found.into_iter().map(incoming).collect()
}

/// How many mails wait to be read, and how many were set aside.
pub async fn counts(store: &Store) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(COUNT(CASE WHEN state = 0 THEN 1 END) AS BIGINT), CAST(COUNT(CASE WHEN state = 2 THEN 1 END) AS BIGINT) FROM incoming WHERE state IN (0, 2)";
    let row = store.reads.query_one_raw(store.sql(sql, [])).await?.ok_or(Error::Unreadable("count"))?;
    let mut row = Row::new(&row);
    Ok((row.next()?, row.next()?))
}

/// How many mails of a sender became messages since a moment; on one ticket, where one is given.
pub async fn count_of_sender(store: &Store, sender: &str, ticket: Option<TicketId>, since: Moment) -> Result<i64> {
    let sql =
        "SELECT CAST(COUNT(*) AS BIGINT) FROM incoming i WHERE i.sender = $1 AND i.received_at > $2 AND i.state = 1 AND ($3 = 0 OR i.ticket_id = $3)";
    let row = store.reads.query_one_raw(store.sql(sql, [sender.into(), since.0.into(), ticket.map_or(0, |t| t.0).into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// How many people became known by a mail since a moment: those who never chose how to log in, of whom a mail came in.
pub async fn strangers_since(store: &Store, since: Moment) -> Result<i64> {
    let sql = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM person p WHERE p.created_at > $1 AND NOT {HAS_A_WAY_IN} AND EXISTS (SELECT 1 FROM incoming i WHERE i.sender = p.email AND i.strangers IS NOT NULL)"
    );
    let row = store.reads.query_one_raw(store.sql(sql, [since.0.into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// Names the mail a message was.
pub async fn add_message(change: &Change, message: MessageId, mail: IncomingId, verified: bool, head: &str) -> Result<()> {
    let sql = "INSERT INTO message_mail (message_id, incoming_id, verified, head) VALUES ($1, $2, $3, $4)";
    change.run(sql, [message.0.into(), mail.0.into(), verified.into(), head.into()]).await?;
    Ok(())
}

/// The ticket that the first known of these Message-IDs belongs to.
pub async fn thread(store: &Store, message_ids: &[String]) -> Result<Option<TicketId>> {
    for id in message_ids {
        let row = store.reads.query_one_raw(store.sql("SELECT ticket_id FROM mail_thread WHERE message_id = $1", [id.as_str().into()])).await?;
        if let Some(row) = row {
            return Ok(Some(TicketId(Row::new(&row).next()?)));
        }
    }
    Ok(None)
}

/// The ticket on which another mail with this fingerprint became a message; `None` where none did.
pub async fn taken_as(store: &Store, fingerprint: &str, but: IncomingId) -> Result<Option<TicketId>> {
    let sql = "SELECT i.ticket_id FROM incoming i WHERE i.fingerprint = $1 AND i.state = 1 AND i.ticket_id IS NOT NULL AND i.id <> $2
               AND NOT EXISTS (SELECT 1 FROM message_mail m WHERE m.incoming_id = $2) ORDER BY i.id LIMIT 1";
    let row = store.reads.query_one_raw(store.sql(sql, [fingerprint.into(), but.0.into()])).await?;
    row.map(|row| Ok(TicketId(Row::new(&row).next()?))).transpose()
}

/// Whether a Message-ID is one that Balie gave to a mail of its own, and on which ticket that is.
pub async fn of_ours(store: &Store, message_id: &str) -> Result<Option<Option<TicketId>>> {
    let row = store.reads.query_one_raw(store.sql("SELECT ticket_id FROM delivery WHERE message_id = $1", [message_id.into()])).await?;
    row.map(|row| Ok(Row::new(&row).next::<Option<i64>>()?.map(TicketId))).transpose()
}

/// Someone whom a mail named in CC, and whom nobody has let read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Proposal {
    pub email: String,
    pub name: String,
}

/// Proposes someone for CC.
pub async fn propose(change: &Change, ticket: TicketId, proposal: &Proposal) -> Result<()> {
    let sql = "INSERT INTO cc_proposal (ticket_id, email, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    change.run(sql, [ticket.0.into(), proposal.email.as_str().into(), proposal.name.as_str().into()]).await?;
    Ok(())
}

/// Who is proposed for CC of a ticket.
pub async fn proposals(store: &Store, ticket: TicketId) -> Result<Vec<Proposal>> {
    let [found] = lists(store, [("email, name", "FROM cc_proposal WHERE ticket_id = $1 ORDER BY email")], vec![ticket.0.into()]).await?;
    proposals_of(found)
}

/// The proposals of a list of addresses and names.
pub(crate) fn proposals_of(found: List) -> Result<Vec<Proposal>> {
    Ok(found.read()?.into_iter().map(|(email, name): (String, String)| Proposal { email, name }).collect())
}

/// Forgets a proposal: it was accepted or refused.
pub async fn forget_proposal(change: &Change, ticket: TicketId, email: &str) -> Result<()> {
    change.run("DELETE FROM cc_proposal WHERE ticket_id = $1 AND email = $2", [ticket.0.into(), email.into()]).await?;
    Ok(())
}

/// The secret of this name; kept now where there was none. Every node gets the same.
pub async fn secret(store: &Store, name: &str, fresh: &str) -> Result<String> {
    const KEPT: &str = "SELECT value FROM secret WHERE name = $1";
    if let Some(row) = first(store, KEPT, [name.into()]).await? {
        return Row::new(&row).next();
    }
    let change = store.begin().await?;
    change.run("INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [name.into(), fresh.into()]).await?;
    let row = change.db().query_one_raw(change.sql(KEPT, [name.into()])).await?;
    let value = Row::new(row.as_ref().ok_or(Error::Unreadable("secret"))?).next()?;
    change.commit().await?;
    Ok(value)
}

/// How far a mailbox has been read: its UIDVALIDITY, the last UID, and when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Cursor {
    pub uid_validity: i64,
    pub uid: i64,
    pub read_at: Moment,
}

/// How far a mailbox has been read; `None` where it never was.
pub async fn mailbox(store: &Store, mailbox: &str) -> Result<Option<Cursor>> {
    let tail = "FROM mailbox_cursor WHERE mailbox = $1 AND read_at > 0";
    let found: Vec<(i64, i64, i64)> = rows(store, "uid_validity, uid, read_at", tail, vec![mailbox.into()]).await?;
    Ok(found.into_iter().next().map(|(uid_validity, uid, at)| Cursor { uid_validity, uid, read_at: Moment(at) }))
}

/// Remembers how far a mailbox has been read.
pub async fn set_mailbox(change: &Change, mailbox: &str, cursor: &Cursor) -> Result<()> {
    let sql = "INSERT INTO mailbox_cursor (mailbox, uid_validity, uid, read_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (mailbox) DO UPDATE SET uid_validity = $2, uid = $3, read_at = $4";
    change.run(sql, [mailbox.into(), cursor.uid_validity.into(), cursor.uid.into(), cursor.read_at.0.into()]).await?;
    Ok(())
}

/// Remembers what is wrong with a mailbox, and since when; or that nothing is. What begins with `mild` is another kind of fault, which admins are told apart from the rest.
pub async fn set_failure(change: &Change, mailbox: &str, failure: Option<(&str, &str)>, now: Moment) -> Result<()> {
    match failure {
        Some((failure, mild)) => {
            let sql = "INSERT INTO mailbox_cursor (mailbox, uid_validity, uid, failure, failed_at) VALUES ($1, 0, 0, $2, $3)
                       ON CONFLICT (mailbox) DO UPDATE SET failure = $2,
                       failed_at = CASE WHEN (COALESCE(mailbox_cursor.failure, '') LIKE $4) = ($2 LIKE $4) THEN COALESCE(mailbox_cursor.failed_at, $3) ELSE $3 END,
                       told_at = CASE WHEN (COALESCE(mailbox_cursor.failure, '') LIKE $4) = ($2 LIKE $4) THEN mailbox_cursor.told_at END";
            change.run(sql, [mailbox.into(), failure.into(), now.0.into(), format!("{mild}%").into()]).await?;
        }
        None => {
            let sql = "UPDATE mailbox_cursor SET failure = NULL, failed_at = NULL, told_at = NULL WHERE mailbox = $1 AND failure IS NOT NULL";
            change.run(sql, [mailbox.into()]).await?;
        }
    }
    Ok(())
}

/// Every mailbox that cannot be read, with the reason and since when.
pub async fn failing_mailboxes(store: &Store) -> Result<Vec<(String, String, Moment)>> {
    let tail = "FROM mailbox_cursor WHERE failure IS NOT NULL ORDER BY mailbox";
    let found: Vec<(String, String, i64)> = rows(store, "mailbox, failure, COALESCE(failed_at, 0)", tail, vec![]).await?;
    Ok(found.into_iter().map(|(mailbox, failure, at)| (mailbox, failure, Moment(at))).collect())
}

/// Whether a mailbox has had its fault since before a moment, and admins were not told.
pub async fn is_untold(store: &Store, mailbox: &str, before: Moment) -> Result<bool> {
    let sql = "SELECT 1 FROM mailbox_cursor WHERE mailbox = $1 AND failed_at <= $2 AND told_at IS NULL AND failure IS NOT NULL";
    Ok(store.reads.query_one_raw(store.sql(sql, [mailbox.into(), before.0.into()])).await?.is_some())
}

/// Remembers that admins were told of the fault of a mailbox.
pub async fn set_told(change: &Change, mailbox: &str, now: Moment) -> Result<()> {
    change.run("UPDATE mailbox_cursor SET told_at = $1 WHERE mailbox = $2", [now.0.into(), mailbox.into()]).await?;
    Ok(())
}

/// The words of a mail that an admin changed: subject and text.
pub async fn template(store: &Store, kind: &str, language: &str) -> Result<Option<(String, String)>> {
    let tail = "FROM mail_template WHERE kind = $1 AND language = $2";
    Ok(rows(store, "subject, body", tail, vec![kind.into(), language.into()]).await?.into_iter().next())
}

/// Keeps the words of a mail, or goes back to those Balie has.
pub async fn set_template(change: &Change, kind: &str, language: &str, words: Option<(&str, &str)>) -> Result<()> {
    change.run("DELETE FROM mail_template WHERE kind = $1 AND language = $2", [kind.into(), language.into()]).await?;
    if let Some((subject, body)) = words {
        let sql = "INSERT INTO mail_template (kind, language, subject, body) VALUES ($1, $2, $3, $4)";
        change.run(sql, [kind.into(), language.into(), subject.into(), body.into()]).await?;
    }
    Ok(())
}
