//! Full-text search over subject, conversation and people; a number finds its ticket.
//!
//! Customers search in what they may read: never in notes, and only in tickets whose `access` names them.

use crate::change::Change;
use crate::connect::{Kind, Store};
use crate::error::Result;
use crate::row::{Row, rows};
use crate::tickets::{Line, read_lines, within};
use domain::accounts::Scope;
use domain::tickets::Ticket;
use domain::{OrganisationId, PersonId, TicketId};
use sea_orm::ConnectionTrait;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Most words of a query that are looked for.
const MAX_WORDS: usize = 8;
/// Most text of one ticket's replies, and of its notes, that is searched in, in bytes. A tsvector holds a mebibyte at most; words repeat, so both are safely below it.
const INDEXED: usize = 250_000;
/// As much as this of what was said last is among it, in bytes, besides what was said first.
const RECENT: i64 = 150_000;
/// Tickets with a word from which on it is common.
const COMMON: i64 = 1_000;

/// A text as words with blanks between: lower case, without accents, split at everything that is no letter and no digit.
///
/// What is found is cut up by this and by nothing else, on both databases: an article number or a version is found by its parts in order to be found at all.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c.general_category_group() {
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => out.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    out
}

/// What a person typed, as words: nothing of the search engine's own syntax is left.
pub(crate) fn words(typed: &str) -> Vec<String> {
    plain(typed).split_whitespace().map(str::to_owned).take(MAX_WORDS).collect()
}

/// Whether the last word is in so many tickets that it is taken as a whole word: FTS5 gathers everything a beginning matches before it gives the first.
pub(crate) async fn is_common(store: &Store, words: &[String]) -> Result<bool> {
    let Some(last) = words.last() else { return Ok(false) };
    let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM ticket_search WHERE ticket_search MATCH $1 LIMIT {COMMON})");
    let row = store.reads.query_one_raw(store.sql(sql, [format!("\"{last}\"").into()])).await?;
    row.map_or(Ok(false), |row| Ok(Row::new(&row).next::<i64>()? == COMMON))
}

/// The query of FTS5; the last word may be the beginning of one, unless it is to be `whole`.
pub(crate) fn fts(words: &[String], scope: &Scope, whole: bool) -> Option<String> {
    let (last, first) = words.split_last()?;
    let mut terms: Vec<String> = first.iter().map(|w| format!("\"{w}\"")).collect();
    terms.push(if last.chars().count() >= 3 && !whole { format!("\"{last}\"*") } else { format!("\"{last}\"") });
    let terms = terms.join(" AND ");
    Some(match scope {
        Scope::Own(person) => format!("{{subject replies people}} : ({terms}) AND access : \"p{person}\""),
        // Which of them, the condition of the scope says.
        Scope::Organisation(..) => format!("{{subject replies people}} : ({terms})"),
        Scope::Desk { .. } => format!("{{subject replies notes people}} : ({terms})"),
    })
}

/// The query of PostgreSQL's `to_tsquery`, with words that hold nothing but letters and digits.
pub(crate) fn tsquery(words: &[String]) -> Option<String> {
    let (last, first) = words.split_last()?;
    let mut terms: Vec<String> = first.to_vec();
    terms.push(if last.chars().count() >= 3 { format!("{last}:*") } else { last.clone() });
    Some(terms.join(" & "))
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

/// Marks the tickets that name a person, to be put in the index anew.
pub(crate) async fn mark_person(change: &Change, person: PersonId) -> Result<()> {
    mark(change, "SELECT id FROM ticket WHERE requester_id = $1 UNION SELECT ticket_id FROM ticket_cc WHERE person_id = $1", person.0).await
}

/// Marks the tickets of an organisation, to be put in the index anew.
pub(crate) async fn mark_organisation(change: &Change, organisation: OrganisationId) -> Result<()> {
    mark(change, "SELECT id FROM ticket WHERE organisation_id = $1", organisation.0).await
}

async fn mark(change: &Change, which: &str, id: i64) -> Result<()> {
    // Marked again, so that whoever indexes it at this moment waits, and finds the new name. SQLite wants a condition before ON CONFLICT.
    let sql = format!(
        "INSERT INTO search_stale (ticket_id, marks) SELECT t.id, 1 FROM ({which}) AS t WHERE TRUE ORDER BY t.id ON CONFLICT (ticket_id) DO UPDATE SET marks = search_stale.marks + 1"
    );
    change.run(sql, [id.into()]).await?;
    Ok(())
}

/// Tickets that are marked, at most so many.
pub async fn marked(store: &Store, most: u64) -> Result<Vec<TicketId>> {
    let found: Vec<(i64,)> = rows(store, "ticket_id", &format!("FROM search_stale ORDER BY ticket_id LIMIT {most}"), vec![]).await?;
    Ok(found.into_iter().map(|(id,)| TicketId(id)).collect())
}

/// Takes a ticket's mark away; whether it had one.
pub async fn unmark(change: &Change, ticket: TicketId) -> Result<bool> {
    Ok(change.run("DELETE FROM search_stale WHERE ticket_id = $1", [ticket.0.into()]).await? > 0)
}

/// Puts a ticket in the index whose words are at hand.
pub async fn write(change: &Change, ticket: &Ticket, replies: &str, notes: &str) -> Result<()> {
    let (people, replies, notes) = (plain(&people(ticket)), plain(cut(replies, INDEXED)), plain(cut(notes, INDEXED)));
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

pub(crate) fn people(ticket: &Ticket) -> String {
    let organisation = ticket.organisation.as_ref().map(|o| o.name.as_str()).unwrap_or_default();
    let cc: Vec<&str> = ticket.cc.iter().map(|p| p.name.as_str()).collect();
    format!("{} {organisation} {}", ticket.requester.name, cc.join(" "))
}

pub(crate) fn access(ticket: &Ticket) -> String {
    let cc: Vec<String> = ticket.cc.iter().map(|p| format!("p{}", p.id)).collect();
    format!("p{} {}", ticket.requester.id, cc.join(" "))
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A customer's tickets with these words, the newest first.
pub async fn portal(store: &Store, scope: &Scope, typed: &str, most: u64) -> Result<Vec<Line>> {
    let words = words(typed);
    let number = typed.trim().parse::<TicketId>().ok();
    let found = match store.kind() {
        Kind::Sqlite => fts(&words, scope, is_common(store, &words).await?)
            .map(|query| ("ticket_search s JOIN ticket t ON t.id = s.rowid", "ticket_search MATCH $1", "s.rowid", query)),
        Kind::Postgres => tsquery(&words)
            .map(|query| ("ticket_search s JOIN ticket t ON t.id = s.ticket_id", "s.public @@ to_tsquery('simple', $1)", "t.id", query)),
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
    fn nothing_that_is_typed_is_syntax() {
        let desk = Scope::Desk { hidden: vec![] };
        for typed in ["\" OR 1 --", "a* NEAR(b)", "{x} : y", "^", "-", "''", "a\"b", "NOT", "AND", "subject:x", "\u{0}x"] {
            let words = words(typed);
            assert!(words.iter().all(|w| w.chars().all(char::is_alphanumeric)), "{typed}");
            if let Some(query) = fts(&words, &desk, false) {
                assert_eq!(query.matches('"').count(), words.len() * 2);
            }
        }
        assert_eq!(fts(&words("  "), &desk, false), None);
    }

    #[test]
    fn a_text_is_cut_up_the_same_way_wherever_it_comes_from() {
        assert_eq!(plain("W-00412/2 in Export.csv, versie 8.2.1"), "w 00412 2 in export csv versie 8 2 1");
        assert_eq!(plain("Coöperatie Özgür & café"), "cooperatie ozgur cafe");
        assert_eq!(plain("cafe\u{301}"), "cafe");
        assert_eq!(plain("हिन aⒶb"), "हन aab");
    }

    #[test]
    fn a_customer_searches_no_notes_and_only_what_names_them() {
        let query = fts(&words("termijn staat"), &Scope::Own(PersonId(7)), false).unwrap();
        assert!(!query.contains("notes") && query.ends_with("access : \"p7\""), "{query}");
    }
}
