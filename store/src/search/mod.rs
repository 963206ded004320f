//! Full-text search over subject, conversation, names of files, people and their addresses; a number finds its ticket.
//!
//! Customers search in what they may read: never in notes, and only in tickets whose `access` names them.

mod words;

pub(crate) use words::{Term, plain, tsquery, words};

use crate::change::Change;
use crate::connect::{Kind, Store};
use crate::error::Result;
use crate::query::{Row, list, lists_by, rows};
use crate::tickets::{Line, read_lines, within};
use domain::accounts::Scope;
use domain::tickets::Ticket;
use domain::{OrganisationId, PersonId, TicketId};
use sea_orm::ConnectionTrait;

/// Most text of one ticket's replies, and of its notes, that is searched in, in bytes. A tsvector holds a mebibyte at most; words repeat, so both are safely below it.
const INDEXED: usize = 250_000;
/// As much as this of what was said last is among it, in bytes, besides what was said first.
const RECENT: i64 = 150_000;
/// As many names of files of one ticket are found.
const FILES: usize = 500;
/// Tickets with a word from which on it is common.
const COMMON: i64 = 1_000;
/// The same on PostgreSQL, where the newest tickets are gone through for a common word: among a million some ten thousand, until there is a page of matches.
const COMMON_ON_POSTGRES: i64 = 5_000;

/// Whether the last word is in so many tickets that it is taken as a whole word: FTS5 gathers everything a beginning matches before it gives the first.
pub(crate) async fn is_common(store: &Store, words: &[Term]) -> Result<bool> {
    let Some(last) = words.last().map(Term::last) else { return Ok(false) };
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM ticket_search WHERE ticket_search MATCH $1 LIMIT {COMMON})");
    let row = store.reads.query_one_raw(store.sql(sql, [format!("\"{last}\"").into()])).await?;
    row.map_or(Ok(false), |row| Ok(Row::new(&row).next::<i64>()? == COMMON))
}

/// The query of FTS5; the last word may be the beginning of one, unless it is to be `whole`.
pub(crate) fn fts(terms: &[Term], scope: &Scope, whole: bool) -> Option<String> {
    let terms = words::match_of(terms, whole)?;
    Some(match scope {
        Scope::Own(person) => format!("{{subject replies people}} : ({terms}) AND access : \"p{person}\""),
        // Which of them, the condition of the scope says.
        Scope::Organisation(..) => format!("{{subject replies people}} : ({terms})"),
        Scope::Desk { .. } => format!("{{subject replies notes people}} : ({terms})"),
    })
}

/// Puts a ticket's words in the index, instead of those that were there: of a conversation that has no end its beginning and what was said last.
///
/// Everything else waits while a ticket is written, so that what it takes must not grow with what was ever said on it.
pub async fn index(change: &Change, ticket: &Ticket) -> Result<()> {
    let sql = "WITH said AS (SELECT id, SUM(OCTET_LENGTH(text)) OVER (ORDER BY id DESC) AS upto FROM message WHERE ticket_id = $1)
               SELECT m.note, m.text FROM message m WHERE m.ticket_id = $1
               AND (m.id >= COALESCE((SELECT MAX(id) FROM said WHERE upto >= $2), 0) OR m.id = (SELECT MIN(id) FROM said)) ORDER BY m.id = (SELECT MIN(id) FROM said) DESC, m.id DESC";
    let (mut replies, mut notes) = (String::new(), String::new());
    for row in change.db().query_all_raw(change.sql(sql, [ticket.id.0.into(), RECENT.into()])).await? {
        let mut row = Row::new(&row);
        let into = if row.next::<bool>()? { &mut notes } else { &mut replies };
        into.push_str(&row.next::<String>()?);
        into.push('\n');
    }
    write(change, ticket, &replies, &notes).await
}

/// Marks the tickets that name people, to be put in the index anew. All at once, so that two who mark the same do not wait for each other.
pub(crate) async fn mark_people(change: &Change, people: &[PersonId]) -> Result<()> {
    let ids = list(people.iter().map(|id| id.0));
    mark(change, &format!("SELECT id FROM ticket WHERE requester_id IN {ids} UNION SELECT ticket_id FROM ticket_cc WHERE person_id IN {ids}")).await
}

/// Marks the tickets of an organisation, to be put in the index anew.
pub(crate) async fn mark_organisation(change: &Change, organisation: OrganisationId) -> Result<()> {
    mark(change, &format!("SELECT id FROM ticket WHERE organisation_id = {organisation}")).await
}

async fn mark(change: &Change, which: &str) -> Result<()> {
    // Marked again, so that whoever indexes it at this moment waits, and finds the new name. SQLite wants a condition before ON CONFLICT.
    let sql = format!(
        "INSERT INTO search_stale (ticket_id, marks) SELECT t.id, 1 FROM ({which}) AS t WHERE TRUE ORDER BY t.id ON CONFLICT (ticket_id) DO UPDATE SET marks = search_stale.marks + 1"
    );
    change.run(sql, []).await?;
    Ok(())
}

/// Tickets after this one that are marked, at most so many.
pub async fn marked(store: &Store, after: TicketId, most: u64) -> Result<Vec<TicketId>> {
    let tail = format!("FROM search_stale WHERE ticket_id > $1 ORDER BY ticket_id LIMIT {most}");
    let found: Vec<(i64,)> = rows(store, "ticket_id", &tail, vec![after.0.into()]).await?;
    Ok(found.into_iter().map(|(id,)| TicketId(id)).collect())
}

/// Takes a ticket's mark away; whether it had one.
pub async fn unmark(change: &Change, ticket: TicketId) -> Result<bool> {
    Ok(change.run("DELETE FROM search_stale WHERE ticket_id = $1", [ticket.0.into()]).await? > 0)
}

/// Puts a ticket in the index whose words are at hand; the names of its files and the addresses of its people are read.
pub async fn write(change: &Change, ticket: &Ticket, replies: &str, notes: &str) -> Result<()> {
    let Beside { files: [mut shown, mut hidden], addresses } = beside(change, ticket).await?;
    for part in [ticket.link.as_deref().unwrap_or_default(), replies] {
        shown.push_str(part);
        shown.push('\n');
    }
    hidden.push_str(notes);
    let people = plain(&format!("{} {addresses}", people(ticket)));
    let (replies, notes) = (bounded(&shown), bounded(&hidden));
    let subject = plain(&format!("{} {}", ticket.id, ticket.subject));
    if change.is_postgres() {
        let public = format!("{subject} {people} {replies}");
        let sql = "INSERT INTO ticket_search (ticket_id, public, staff) VALUES ($1, to_tsvector('simple', $2), to_tsvector('simple', $3))
                   ON CONFLICT (ticket_id) DO UPDATE SET public = excluded.public, staff = excluded.staff";
        change.run(sql, [ticket.id.0.into(), public.as_str().into(), format!("{public} {notes}").into()]).await?;
    } else {
        let sql = "INSERT OR REPLACE INTO ticket_search (rowid, subject, replies, notes, people, access) VALUES ($1, $2, $3, $4, $5, $6)";
        change.run(sql, [ticket.id.0.into(), subject.into(), replies.into(), notes.into(), people.into(), access(ticket).into()]).await?;
    }
    Ok(())
}

/// What a ticket is found by besides its words, read at once.
struct Beside {
    /// The names of its files, the latest first: of what is said to all, and of what is said among staff.
    files: [String; 2],
    /// The addresses of who opened it and who is in CC, also of those who were merged into them.
    addresses: String,
}

async fn beside(change: &Change, ticket: &Ticket) -> Result<Beside> {
    let files = format!(
        "FROM (SELECT name, message_id FROM attachment WHERE ticket_id = $1 ORDER BY created_at DESC, id LIMIT {FILES}) AS f JOIN message m ON m.id = f.message_id"
    );
    let ids = list(std::iter::once(ticket.requester.id.0).chain(ticket.cc.iter().map(|person| person.id.0)));
    let people = format!("FROM person p WHERE p.id IN {ids} OR p.merged_into IN {ids}");
    let asked = [("f.name, CAST(m.note AS INTEGER)", files.as_str()), ("p.email", people.as_str())];
    let [files, people] = lists_by(&change.db(), asked, vec![ticket.id.0.into()]).await?;
    let mut beside = Beside { files: [String::new(), String::new()], addresses: String::new() };
    for (name, note) in files.read::<(String, i64)>()? {
        let names = &mut beside.files[usize::from(note != 0)];
        names.push_str(&name);
        names.push('\n');
    }
    for (address,) in people.read::<(String,)>()? {
        beside.addresses.push_str(&address);
        beside.addresses.push(' ');
    }
    Ok(beside)
}

pub(crate) fn people(ticket: &Ticket) -> String {
    let organisation = ticket.organisation.as_ref().map(|o| o.name.as_str()).unwrap_or_default();
    let cc: Vec<&str> = ticket.cc.iter().map(|p| p.name.as_str()).collect();
    format!("{} {organisation} {}", ticket.requester.name, cc.join(" "))
}

pub(crate) fn access(ticket: &Ticket) -> String {
    let cc: Vec<String> = ticket.cc.iter().map(|p| format!("p{}", p.id)).collect();
    format!("p{} {}", ticket.requester.id, cc.join(" "))
}

/// A text as the index has it, no longer than is indexed: some letters are many when they are folded.
fn bounded(text: &str) -> String {
    cut(&plain(cut(text, INDEXED)), INDEXED).to_owned()
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Where staff's matches come from on PostgreSQL, whose planner knows nothing of how many tickets have a word: of a common one the newest tickets are gone through until there are enough; what is rarer is
/// gathered out of the index first (`OFFSET 0` keeps the planner from joining it into the rest), and then sorted.
pub(crate) async fn postgres_matches(store: &Store, query: &str, at: &str) -> Result<(String, String)> {
    let sql =
        format!("SELECT COUNT(*) FROM (SELECT 1 FROM ticket_search WHERE staff @@ to_tsquery('simple', $1) LIMIT {COMMON_ON_POSTGRES}) AS matching");
    let row = store.reads.query_one_raw(store.sql(sql, [query.into()])).await?;
    let count = row.map_or(Ok(0), |row| Row::new(&row).next::<i64>())?;
    let matches = format!("s.staff @@ to_tsquery('simple', {at})");
    Ok(if count >= COMMON_ON_POSTGRES {
        ("ticket_search s JOIN ticket t ON t.id = s.ticket_id".to_owned(), matches)
    } else {
        (format!("(SELECT s.ticket_id FROM ticket_search s WHERE {matches} OFFSET 0) AS s JOIN ticket t ON t.id = s.ticket_id"), "TRUE".to_owned())
    })
}

/// The ids of the tickets in a scope, each once and out of an index.
fn readable(scope: &Scope) -> String {
    let own = |person: &PersonId| {
        format!("SELECT id FROM ticket WHERE requester_id = {person} UNION SELECT ticket_id FROM ticket_cc WHERE person_id = {person}")
    };
    match scope {
        Scope::Own(person) => own(person),
        Scope::Organisation(person, organisation) => format!("{} UNION SELECT id FROM ticket WHERE organisation_id = {organisation}", own(person)),
        Scope::Desk { .. } => format!("SELECT t.id FROM ticket t WHERE {}", within(scope)),
    }
}

/// A customer's tickets with these words, the newest first.
pub async fn portal(store: &Store, scope: &Scope, typed: &str, most: u64) -> Result<Vec<Line>> {
    let words = words(typed);
    let number = typed.trim().parse::<TicketId>().ok();
    // The tickets that someone may read are few: their words are looked at, instead of everyone's who used the same.
    let postgres = format!("({}) AS mine JOIN ticket t ON t.id = mine.id JOIN ticket_search s ON s.ticket_id = t.id", readable(scope));
    let found = match store.kind() {
        Kind::Sqlite => fts(&words, scope, is_common(store, &words).await?)
            .map(|query| ("ticket_search s JOIN ticket t ON t.id = s.rowid", "ticket_search MATCH $1", "s.rowid", query)),
        Kind::Postgres => tsquery(&words).map(|query| (postgres.as_str(), "s.public @@ to_tsquery('simple', $1)", "t.id", query)),
    };
    let mut found: Vec<Line> = match found {
        Some((from, matches, newest, query)) => {
            let rest = format!("WHERE {matches} AND {} ORDER BY {newest} DESC LIMIT {most}", within(scope));
            read_lines(store, from, &rest, vec![query.into()]).await?
        }
        None => vec![],
    };
    if let Some(at) = number.and_then(|number| found.iter().position(|l| l.id == number)) {
        found[..=at].rotate_right(1);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::PersonId;

    #[test]
    fn a_customer_searches_no_notes_and_only_what_names_them() {
        let query = fts(&words("termijn staat"), &Scope::Own(PersonId(7)), false).unwrap();
        assert!(!query.contains("notes") && query.ends_with("access : \"p7\""), "{query}");
    }

    #[test]
    fn letters_that_are_many_when_they_are_folded_do_not_fill_the_index() {
        assert!(bounded(&"\u{fdfa}".repeat(INDEXED)).len() <= INDEXED);
    }
}
