//! What is told about a person, what is taken away of them, and tickets whose time is over.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::passed_over::happening;
use crate::query::{Row, Source, list, rows, rows_by};
use domain::events::Happening;
use domain::tickets::{Status, Ticket};
use domain::time::Moment;
use domain::{AttachmentId, EventNo, IncomingId, MessageId, PersonId, TicketId};
use sea_orm::{ConnectionTrait, Value};

/// An erasure that is not done yet: what is still to be taken out of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Erasure {
    pub person: PersonId,
    /// Every name they had.
    pub names: Vec<String>,
    /// Every address they had.
    pub emails: Vec<String>,
    /// Tickets looked at, and tickets to be looked at.
    pub done: i64,
    pub total: i64,
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The names and addresses a person had before, and those of who was merged into them; not those they have now.
pub async fn former(from: &impl Source, person: PersonId) -> Result<(Vec<String>, Vec<String>)> {
    let tail = "FROM former f WHERE f.person_id = $1 ORDER BY f.text";
    let known: Vec<(i64, String)> = rows_by(&from.on(), "CAST(f.email AS INTEGER), f.text", tail, vec![person.0.into()]).await?;
    let (emails, names): (Vec<_>, Vec<_>) = known.into_iter().partition(|(email, _)| *email != 0);
    let texts = |known: Vec<(i64, String)>| known.into_iter().map(|(_, text)| text).collect();
    Ok((texts(names), texts(emails)))
}

/// Makes a person's account nobody's: a name and an address that say nothing, no way in, no settings. What they were is kept with the erasure until the texts are done.
pub async fn anonymise(change: &Change, erasure: &Erasure, name: &str, address_domain: &str, time_zone: &str, now: Moment) -> Result<()> {
    let id = erasure.person.0;
    let sql = "INSERT INTO erasure (person_id, names, emails, done, total) VALUES ($1, $2, $3, 0, 0)";
    change.run(sql, [id.into(), erasure.names.join("\n").into(), erasure.emails.join("\n").into()]).await?;
    let sql = "UPDATE person SET name = $1, sort_key = $6, email = 'anoniem-' || id || $2, password_hash = NULL, language = NULL, theme = 'system', time_zone = $3, organisation_id = NULL, key_user = FALSE,
               mail_failed_at = NULL, mail_failure = NULL, disabled_at = COALESCE(disabled_at, $4), erased_at = $4 WHERE id = $5 OR merged_into = $5";
    let key = domain::fold::key(name);
    change.run(sql, [name.into(), format!("@{address_domain}").into(), time_zone.into(), now.0.into(), id.into(), key.into()]).await?;
    let theirs = "person_id IN (SELECT id FROM person WHERE id = $1 OR merged_into = $1)";
    for table in ["department_member", "watcher", "former"] {
        change.run(format!("DELETE FROM {table} WHERE {theirs}"), [id.into()]).await?;
    }
    for email in &erasure.emails {
        change.run("DELETE FROM cc_proposal WHERE email = $1", [email.as_str().into()]).await?;
    }
    // What would still be mailed to them is not; what a mail server said of their address is forgotten.
    change.run("UPDATE delivery SET state = 4, done_at = $1 WHERE person_id = $2 AND state = 0", [now.0.into(), id.into()]).await?;
    change.run(format!("UPDATE delivery SET reason = NULL WHERE {theirs}"), [id.into()]).await?;
    Ok(())
}

/// The erasures that are not done.
pub async fn erasures(store: &Store) -> Result<Vec<Erasure>> {
    let found: Vec<(i64, String, String, i64, i64)> =
        rows(store, "e.person_id, e.names, e.emails, e.done, e.total", "FROM erasure e ORDER BY e.person_id", vec![]).await?;
    let erasure = |(person, names, emails, done, total): (i64, String, String, i64, i64)| Erasure {
        person: PersonId(person),
        names: lines(&names),
        emails: lines(&emails),
        done,
        total,
    };
    Ok(found.into_iter().map(erasure).collect())
}

/// Writes down how far an erasure is.
pub async fn set_progress(change: &Change, person: PersonId, done: i64, total: i64) -> Result<()> {
    change.run("UPDATE erasure SET done = $1, total = $2 WHERE person_id = $3", [done.into(), total.into(), person.0.into()]).await?;
    Ok(())
}

/// An erasure is done: the names and addresses are forgotten.
pub async fn end_erasure(change: &Change, person: PersonId) -> Result<()> {
    change.run("DELETE FROM erasure WHERE person_id = $1", [person.0.into()]).await?;
    Ok(())
}

/// The tickets a person has anything to do with: opened, in CC of, wrote on, was given, did something to, or was put in CC of once.
pub async fn tickets_of(store: &Store, person: PersonId) -> Result<Vec<TicketId>> {
    let ids = "(SELECT id FROM person WHERE id = $1 OR merged_into = $1)";
    let named = format!("%\"id\":{},%", person.0);
    let tail = format!(
        "FROM (SELECT id FROM ticket WHERE requester_id IN {ids} OR assignee_id IN {ids} UNION SELECT ticket_id FROM ticket_cc WHERE person_id IN {ids}
         UNION SELECT ticket_id FROM message WHERE author_id IN {ids} UNION SELECT ticket_id FROM event WHERE by_id IN {ids} OR (what LIKE $2 AND (what LIKE '%\"kind\":\"cc_%' OR what LIKE '%\"kind\":\"assigned\"%' OR what LIKE '%\"kind\":\"alarmed\"%'))) AS t ORDER BY t.id"
    );
    let found: Vec<(i64,)> = rows(store, "t.id", &tail, vec![person.0.into(), named.into()]).await?;
    Ok(found.into_iter().map(|(id,)| TicketId(id)).collect())
}

/// A condition that holds where a text may have one of these words in it, whatever their case: what is found is looked at again. Only letters and digits go in.
fn may_have(columns: &[&str], needles: &[String]) -> String {
    let needle = |column: &str, needle: &String| {
        let runs = needle.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.len() > 1).map(|run| run.to_ascii_lowercase());
        let all: Vec<String> = runs.map(|run| format!("LOWER({column}) LIKE '%{run}%'")).collect();
        if all.is_empty() { "TRUE".to_owned() } else { format!("({})", all.join(" AND ")) }
    };
    let any: Vec<String> = columns.iter().flat_map(|column| needles.iter().map(move |n| needle(column, n))).collect();
    if any.is_empty() { "FALSE".to_owned() } else { format!("({})", any.join(" OR ")) }
}

/// Where texts about tickets are: the table, its key, its ticket and the columns with text.
const TEXTS: [(&str, &str, &str, &[&str]); 5] = [
    ("message", "id", "ticket_id", &["text", "html"]),
    ("message_mail", "message_id", "(SELECT m.ticket_id FROM message m WHERE m.id = message_mail.message_id)", &["head"]),
    ("event", "n", "ticket_id", &["what"]),
    ("ticket", "id", "id", &["subject", "COALESCE(link, '')"]),
    ("incoming", "id", "COALESCE(ticket_id, 0)", &["COALESCE(sender, '')", "COALESCE(subject, '')"]),
];
/// Rows that are looked at by one statement: a fraction of a second.
const LOOKED_AT: i64 = 20_000;

/// The tickets in whose texts one of these may stand, whoever wrote them.
pub async fn mentioning(store: &Store, needles: &[String]) -> Result<Vec<TicketId>> {
    let mut found = vec![];
    for (table, key, ticket, columns) in TEXTS {
        let condition = may_have(columns, needles);
        let sql = format!("SELECT CAST(COALESCE(MAX({key}), 0) AS BIGINT) FROM {table}");
        let row = store.reads.query_one_raw(store.sql(sql, [])).await?;
        let last: i64 = row.map_or(Ok(0), |row| Row::new(&row).next())?;
        for from in (0..=last).step_by(LOOKED_AT as usize) {
            let tail = format!("FROM (SELECT DISTINCT {ticket} AS id FROM {table} WHERE {key} > $1 AND {key} <= $2 AND {condition}) AS t");
            let ids: Vec<(i64,)> = rows(store, "t.id", &tail, vec![from.into(), (from + LOOKED_AT).into()]).await?;
            found.extend(ids.into_iter().map(|(id,)| TicketId(id)));
        }
    }
    found.retain(|id| id.0 > 0);
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// What stands on a ticket in words, as a change sees it.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Texts {
    /// Text, HTML and the head of the mail it was.
    pub messages: Vec<(MessageId, String, String, Option<String>)>,
    pub events: Vec<(EventNo, Happening)>,
    /// Events that this version cannot read, as they are kept.
    pub unread: Vec<(EventNo, String)>,
    pub files: Vec<(AttachmentId, String)>,
    /// The names of everyone else on it.
    pub others: Vec<String>,
}

/// The texts of a ticket.
pub async fn texts(change: &Change, ticket: TicketId, but: PersonId) -> Result<Texts> {
    let db = change.db();
    let mut texts = Texts::default();
    let sql =
        "SELECT m.id, m.text, m.html, l.head FROM message m LEFT JOIN message_mail l ON l.message_id = m.id WHERE m.ticket_id = $1 ORDER BY m.id";
    for row in db.query_all_raw(change.sql(sql, [ticket.0.into()])).await? {
        let mut row = Row::new(&row);
        texts.messages.push((MessageId(row.next()?), row.next()?, row.next()?, row.next()?));
    }
    for row in db.query_all_raw(change.sql("SELECT n, what FROM event WHERE ticket_id = $1 ORDER BY n", [ticket.0.into()])).await? {
        let mut row = Row::new(&row);
        let (n, what): (i64, String) = (row.next()?, row.next()?);
        match happening(&what) {
            Some(what) => texts.events.push((EventNo(n), what)),
            None => texts.unread.push((EventNo(n), what)),
        }
    }
    for row in db.query_all_raw(change.sql("SELECT id, name FROM attachment WHERE ticket_id = $1", [ticket.0.into()])).await? {
        let mut row = Row::new(&row);
        texts.files.push((crate::attachments::id(row.next()?)?, row.next()?));
    }
    let sql = "SELECT p.name FROM person p WHERE p.id <> $2 AND COALESCE(p.merged_into, 0) <> $2 AND p.id IN (SELECT author_id FROM message WHERE ticket_id = $1 UNION SELECT person_id FROM ticket_cc WHERE ticket_id = $1
               UNION SELECT requester_id FROM ticket WHERE id = $1 UNION SELECT assignee_id FROM ticket WHERE id = $1 AND assignee_id IS NOT NULL)";
    for row in db.query_all_raw(change.sql(sql, [ticket.0.into(), but.0.into()])).await? {
        texts.others.push(Row::new(&row).next()?);
    }
    Ok(texts)
}

/// Keeps the words of a message anew.
pub async fn set_message(change: &Change, id: MessageId, text: &str, html: &str, head: Option<&str>) -> Result<()> {
    change.run("UPDATE message SET text = $1, html = $2 WHERE id = $3", [text.into(), html.into(), id.0.into()]).await?;
    if let Some(head) = head {
        change.run("UPDATE message_mail SET head = $1 WHERE message_id = $2", [head.into(), id.0.into()]).await?;
    }
    Ok(())
}

/// Keeps anew what is said to have happened: its place, its moment and its kind stay.
pub async fn set_event(change: &Change, n: EventNo, what: &Happening) -> Result<()> {
    let text = serde_json::to_string(what).map_err(|_| Error::Unreadable("happening"))?;
    set_unread(change, n, &text).await
}

/// Keeps anew an event that this version cannot read.
pub async fn set_unread(change: &Change, n: EventNo, text: &str) -> Result<()> {
    change.run("UPDATE event SET what = $1 WHERE n = $2", [text.into(), n.0.into()]).await?;
    Ok(())
}

/// Keeps the name of a file anew.
pub async fn set_file_name(change: &Change, id: &AttachmentId, name: &str) -> Result<()> {
    change.run("UPDATE attachment SET name = $1 WHERE id = $2", [name.into(), id.as_str().into()]).await?;
    Ok(())
}

/// Keeps the subject and the link of a ticket anew.
pub async fn set_ticket(change: &Change, id: TicketId, subject: &str, link: Option<&str>) -> Result<()> {
    change.run("UPDATE ticket SET subject = $1, link = $2 WHERE id = $3", [subject.into(), link.into(), id.0.into()]).await?;
    Ok(())
}

/// Mails that came in, by id, with the name of the file, the sender and the subject.
pub type Mail = (IncomingId, String, Option<String>, Option<String>);

const MAIL: &str = "i.id, i.file, i.sender, i.subject";

fn mail((id, file, sender, subject): (i64, String, Option<String>, Option<String>)) -> Mail {
    (IncomingId(id), file, sender, subject)
}

/// The mails that came in for a ticket.
pub async fn mails_of_ticket(store: &Store, ticket: TicketId) -> Result<Vec<Mail>> {
    let tail = "FROM incoming i WHERE i.ticket_id = $1 OR i.id IN (SELECT l.incoming_id FROM message_mail l JOIN message m ON m.id = l.message_id WHERE m.ticket_id = $1) ORDER BY i.id";
    Ok(rows(store, MAIL, tail, vec![ticket.0.into()]).await?.into_iter().map(mail).collect())
}

/// The mails of a sender that wait no more, and those without a ticket that may name one of these.
pub async fn mails_of(store: &Store, emails: &[String], needles: &[String]) -> Result<Vec<Mail>> {
    let places: Vec<String> = (1..=emails.len()).map(|n| format!("${n}")).collect();
    let subject = may_have(&["COALESCE(i.sender, '')", "COALESCE(i.subject, '')"], needles);
    let tail =
        format!("FROM incoming i WHERE i.state <> 0 AND (i.sender IN ({}) OR (i.ticket_id IS NULL AND {subject})) ORDER BY i.id", places.join(", "));
    Ok(rows(store, MAIL, &tail, emails.iter().map(|email| email.as_str().into()).collect()).await?.into_iter().map(mail).collect())
}

/// Takes from a mail that came in its bytes and why it was set aside; keeps sender and subject anew.
pub async fn strip_mail(change: &Change, id: IncomingId, sender: Option<&str>, subject: Option<&str>) -> Result<()> {
    let sql =
        "UPDATE incoming SET file = '', sender = $1, subject = $2, reason = NULL, state = CASE WHEN state = 2 THEN 3 ELSE state END WHERE id = $3";
    change.run(sql, [sender.into(), subject.into(), id.0.into()]).await?;
    Ok(())
}

/// Organisations whose notes may name one of these.
pub async fn notes(store: &Store, needles: &[String]) -> Result<Vec<(i64, String)>> {
    rows(store, "o.id, o.notes", &format!("FROM organisation o WHERE {}", may_have(&["o.notes"], needles)), vec![]).await
}

/// Keeps the notes of an organisation anew.
pub async fn set_notes(change: &Change, id: i64, notes: &str) -> Result<()> {
    change.run("UPDATE organisation SET notes = $1 WHERE id = $2", [notes.into(), id.into()]).await?;
    Ok(())
}

/// How many tickets of a status last changed before a moment.
pub async fn count_over(store: &Store, status: Status, before: Moment) -> Result<i64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE status = $1 AND updated_at < $2";
    let row = store.reads.query_one_raw(store.sql(sql, [status.code().into(), before.0.into()])).await?;
    row.map_or(Ok(0), |row| Row::new(&row).next())
}

/// The tickets of a status that last changed before a moment, the oldest first.
pub async fn over(store: &Store, status: Status, before: Moment, most: u64) -> Result<Vec<TicketId>> {
    let sql = format!("SELECT id FROM ticket WHERE status = $1 AND updated_at < $2 ORDER BY updated_at, id LIMIT {most}");
    let found = store.reads.query_all_raw(store.sql(sql, [status.code().into(), before.0.into()])).await?;
    found.iter().map(|row| Ok(TicketId(Row::new(row).next()?))).collect()
}

/// The names of files that belonged to a ticket that is no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Left {
    pub files: Vec<AttachmentId>,
    /// Of mails that came in.
    pub mails: Vec<String>,
}

/// Removes a ticket that is locked, with everything that hangs on it, its lines in the log too. What is left are files, to be removed once this is saved.
pub async fn remove_ticket(change: &Change, ticket: &Ticket) -> Result<Left> {
    let (id, db): (Value, _) = (ticket.id.0.into(), change.db());
    let mut left = Left::default();
    for row in db.query_all_raw(change.sql("SELECT id FROM attachment WHERE ticket_id = $1", [id.clone()])).await? {
        left.files.push(crate::attachments::id(Row::new(&row).next()?)?);
    }
    let sql = "SELECT i.id, i.file FROM incoming i WHERE i.ticket_id = $1 OR i.id IN (SELECT l.incoming_id FROM message_mail l JOIN message m ON m.id = l.message_id WHERE m.ticket_id = $1)";
    let mut mails = vec![];
    for row in db.query_all_raw(change.sql(sql, [id.clone()])).await? {
        let mut row = Row::new(&row);
        mails.push(row.next::<i64>()?);
        left.mails.push(row.next()?);
    }
    left.mails.retain(|file| !file.is_empty());
    let messages = "(SELECT id FROM message WHERE ticket_id = $1)";
    let search = if change.is_postgres() { "DELETE FROM ticket_search WHERE ticket_id = $1" } else { "DELETE FROM ticket_search WHERE rowid = $1" };
    let steps = [
        "DELETE FROM notice WHERE delivery_id IN (SELECT id FROM delivery WHERE ticket_id = $1) OR event_n IN (SELECT n FROM event WHERE ticket_id = $1)".to_owned(),
        "DELETE FROM delivery WHERE ticket_id = $1".to_owned(),
        format!("DELETE FROM message_mail WHERE message_id IN {messages}"),
        format!("DELETE FROM incoming WHERE id IN {}", list(mails)),
        "DELETE FROM mail_thread WHERE ticket_id = $1".to_owned(),
        "DELETE FROM cc_proposal WHERE ticket_id = $1".to_owned(),
        "DELETE FROM signal WHERE ticket_id = $1".to_owned(),
        "DELETE FROM alarm WHERE ticket_id = $1".to_owned(),
        "DELETE FROM watcher WHERE ticket_id = $1".to_owned(),
        "DELETE FROM attachment WHERE ticket_id = $1".to_owned(),
        "DELETE FROM message WHERE ticket_id = $1".to_owned(),
        "DELETE FROM event WHERE ticket_id = $1".to_owned(),
        "DELETE FROM ticket_tag WHERE ticket_id = $1".to_owned(),
        "DELETE FROM ticket_cc WHERE ticket_id = $1".to_owned(),
        search.to_owned(),
        "UPDATE ticket SET follows = NULL WHERE follows = $1".to_owned(),
        "DELETE FROM ticket WHERE id = $1".to_owned(),
    ];
    for step in steps {
        let values = if step.contains("$1") { vec![id.clone()] } else { vec![] };
        change.run_many(step, values).await?;
    }
    change.tally(ticket.department.id, ticket.status, -1);
    crate::reports::mark(change, ticket.id).await?;
    Ok(left)
}

/// Which of these files no mail that came in has any more.
pub async fn unused_mails(store: &Store, files: &[String]) -> Result<Vec<String>> {
    if files.is_empty() {
        return Ok(vec![]);
    }
    let places: Vec<String> = (1..=files.len()).map(|n| format!("${n}")).collect();
    let tail = format!("FROM incoming i WHERE i.file IN ({})", places.join(", "));
    let used: Vec<(String,)> = rows(store, "i.file", &tail, files.iter().map(|file| file.as_str().into()).collect()).await?;
    Ok(files.iter().filter(|file| !used.iter().any(|(known,)| known == *file)).cloned().collect())
}

/// How each ticket status's days are called among the settings.
fn setting(status: Status) -> String {
    format!("retention_{}", status.word())
}

/// For how many days a ticket of this status is kept after its last change; `None`: for ever.
pub async fn retention(from: &impl Source, status: Status) -> Result<Option<i64>> {
    Ok(crate::audit::setting(from, &setting(status)).await?.and_then(|days| days.parse().ok()))
}

/// Keeps for how many days a ticket of this status is kept.
pub async fn set_retention(change: &Change, status: Status, days: Option<i64>) -> Result<()> {
    crate::audit::set_setting(change, &setting(status), &days.map(|days| days.to_string()).unwrap_or_default()).await
}
