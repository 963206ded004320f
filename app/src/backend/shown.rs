//! What the desk gives, as the screens have it, and what forms say, as the desk has it.

use super::{TargetFor, report};
use crate::Problem;
use crate::accounts::api::{AppSetUp, OpenSession};
use crate::board::Listing;
use crate::people::api::{ImportColumn, ImportPreview, ImportRow};
use crate::privacy::api::Erasing;
use crate::tickets::api::{ByMail, DeskFacts, Entry, MailState, Mailed, QuietMail, Said};
use desk::accounts::{Agent, Open, Session};
use desk::board::{Cursor, Sort};
use desk::tickets::Edit;
use desk::{Desk, Error};
use domain::accounts::Language;
use domain::events::{Event, Happening};
use domain::hours::{Goal, Target};
use domain::tickets::{Status, Urgency};
use domain::{Fault, Field, Refusal, TicketId};

/// Joins messages and history: an event that brought a message is that message. Changes of hours and targets stand where they were made.
pub fn entries(
    messages: Vec<(desk::tickets::Message, Vec<domain::attachments::Attachment>)>,
    history: Vec<Event>,
    retargets: Vec<desk::tickets::Retargeted>,
) -> Vec<Entry> {
    let mut retargets = retargets.into_iter().map(|(at, by, what)| (at, Entry::Retargeted(at, by, what))).peekable();
    let said = messages.into_iter().map(|(message, files)| {
        let id = message.id;
        let said = Entry::Said(Said {
            id: message.id,
            author: message.author,
            side: message.side,
            note: message.note,
            html: message.html,
            beginning: message.beginning,
            at: message.created_at,
            files,
            mail: message.mail.map(|mail| ByMail { id: mail.incoming, verified: mail.verified, head: mail.head }),
        });
        (id, said)
    });
    let mut said = said.peekable();
    let mut entries = Vec::with_capacity(history.len());
    for event in history {
        while let Some((_, change)) = retargets.next_if(|(at, _)| *at < event.at) {
            entries.push(change);
        }
        // The description is the first message; the page of a long ticket may begin later.
        let opened = matches!(event.what, Happening::Opened { .. });
        let shows_message = opened || event.what.message().is_some();
        let last = event.what.message();
        if !shows_message || matches!(event.what, Happening::Opened { follows: Some(_), .. }) {
            entries.push(Entry::Happened(event));
        }
        if opened {
            entries.extend(said.next().map(|(_, said)| said));
        }
        while let Some((_, earlier)) = said.next_if(|(id, _)| last.is_some_and(|last| *id <= last)) {
            entries.push(earlier);
        }
    }
    entries.extend(said.map(|(_, said)| said));
    entries.extend(retargets.map(|(_, change)| change));
    entries
}

/// What staff see beside a ticket, and the changes of hours and targets that stand in its conversation.
pub fn desk_facts(beside: desk::tickets::BesideTicket) -> (DeskFacts, Vec<desk::tickets::Retargeted>) {
    let facts = DeskFacts {
        departments: beside.choices.departments,
        staff: beside.choices.staff,
        requester: beside.requester,
        others: beside.others,
        mails: beside.mail.deliveries.into_iter().map(mailed).collect(),
        quiet: beside.mail.quiet.into_iter().map(quiet).collect(),
        watching: beside.mail.watching,
        alarm: beside.alarm.and_then(|alarm| alarm.next_at),
    };
    (facts, beside.retargets)
}

/// Which words of a mail are meant.
pub fn words_of(kind: &str, language: &str) -> Result<(desk::notifications::Kind, Language), Error> {
    let kind = desk::notifications::Kind::from_word(kind).ok_or(Refusal::NotFound)?;
    Ok((kind, Language::from_tag(language).ok_or(Refusal::NotFound)?))
}

fn quiet(mail: desk::notifications::Quiet) -> QuietMail {
    QuietMail { id: mail.id, sender: mail.sender, subject: mail.subject, reason: mail.reason, at: mail.at }
}

/// A mail that went out, for the screens.
pub fn mailed(delivery: desk::notifications::Delivery) -> Mailed {
    use desk::notifications::State;
    let state = match delivery.state {
        State::Waiting if delivery.reason.is_some() => MailState::Deferred,
        State::Waiting => MailState::Waiting,
        State::Sent => MailState::Sent,
        State::GivenUp => MailState::GivenUp,
        State::Bounced => MailState::Bounced,
        State::Dropped => MailState::Dropped,
    };
    Mailed { id: delivery.id, to: delivery.person, address: delivery.address, state, at: delivery.at, reason: delivery.reason }
}

/// How the list is sorted and where its page begins, for the desk.
pub fn listing(listing: &Listing) -> (Sort, Option<Cursor>) {
    let sort = match listing.sort.as_str() {
        "number" => Sort::Number,
        "urgency" => Sort::Urgency,
        "updated" => Sort::Updated,
        _ => Sort::Due,
    };
    let cursor = |(key, id): (i64, i64), backwards| Cursor { key, id: TicketId(id), backwards };
    (sort, listing.after.map(|at| cursor(at, false)).or(listing.before.map(|at| cursor(at, true))))
}

/// What a form asks to be changed, or the fault at its field.
pub fn edit_of(what: &str, to: &str) -> Result<Edit, Refusal> {
    let unknown = |field| Refusal::field(field, Fault::Unknown);
    Ok(match what {
        "status" => Edit::Status(Status::from_word(to).ok_or_else(|| unknown(Field::Status))?),
        "assignee" if to.is_empty() => Edit::Assignee(None),
        "assignee" => Edit::Assignee(Some(to.parse().map_err(|_| unknown(Field::Assignee))?)),
        "department" => Edit::Department(to.parse().map_err(|_| unknown(Field::Department))?),
        "tag" => Edit::Tag(to.to_owned()),
        "untag" => Edit::Untag(to.to_owned()),
        _ => return Err(Refusal::Fields(vec![])),
    })
}

/// Another urgency as it was typed, with the reason that the customers read.
pub fn urgency_of(to: &str, reason: &str) -> Result<Edit, Refusal> {
    let urgency = Urgency::from_word(to).ok_or_else(|| Refusal::field(Field::Urgency, Fault::Unknown))?;
    if reason.trim().is_empty() {
        return Err(Refusal::field(Field::Reason, Fault::Missing));
    }
    Ok(Edit::Urgency(urgency, Some(reason.to_owned())))
}

/// The office hours of a department, for the screens.
pub fn hours(shown: desk::hours::Shown) -> crate::hours::api::Hours {
    crate::hours::api::Hours {
        departments: shown.departments,
        department: shown.department,
        office: shown.office,
        zone: shown.zone,
        zones: shown.zones,
        week: shown.week,
        holidays: shown.holidays,
        coming: shown.coming,
        today: shown.today,
        days: shown.days,
        reckoning: reckoning(shown.reckoned),
    }
}

/// Of how many tickets it is reckoned anew what is due, and of how many it is to be; `None` where it is of all.
pub fn reckoning(reckoned: desk::hours::Reckoned) -> Option<(i64, i64)> {
    (reckoned.upto < reckoned.last).then_some((reckoned.upto, reckoned.last))
}

/// A target as it was typed, or the faults at its fields. What is empty is not promised.
pub fn target_of(typed: &[(Goal, String)], around_the_clock: bool) -> Result<Target, Problem> {
    let mut target = Target { around_the_clock, ..Target::default() };
    let mut faults = vec![];
    for (goal, text) in typed.iter().filter(|(_, text)| !text.trim().is_empty()) {
        match (text.parse(), goal) {
            (Ok(term), Goal::FirstReply) => target.first_reply = Some(term),
            (Ok(term), Goal::NextReply) => target.next_reply = Some(term),
            (Ok(term), Goal::Solution) => target.solution = Some(term),
            (Err(fault), goal) => faults.push(domain::FieldFault { field: Field::Target(*goal), fault }),
        }
    }
    if faults.is_empty() { Ok(target) } else { Err(report(Refusal::Fields(faults).into())) }
}

/// What a target is for, as it was typed: the organisation by its name.
pub async fn target_for(desk: &Desk, by: &Agent, urgency: &str, department: &str, organisation: &str) -> Result<TargetFor, Problem> {
    let unknown = |field| report(Refusal::field(field, Fault::Unknown).into());
    let urgency = Urgency::from_word(urgency).ok_or_else(|| unknown(Field::Urgency))?;
    let department = if department.is_empty() { None } else { Some(department.parse().map_err(|_| unknown(Field::Department))?) };
    let organisation = match organisation.trim() {
        "" => None,
        name => Some(desk::accounts::organisation_by_name(desk, by, name).await.map_err(report)?.ok_or_else(|| unknown(Field::Organisation))?),
    };
    Ok((urgency, department, organisation))
}

/// How long tickets of each status are to be kept, as it was typed in the order of [`Status::ALL`].
pub fn days_of(typed: [String; Status::ALL.len()]) -> Vec<(Status, String)> {
    Status::ALL.iter().copied().zip(typed).collect()
}

/// Someone who is being made anonymous, for the screens.
pub fn erasing(erasure: &desk::privacy::Erasure) -> Erasing {
    Erasing { person: erasure.person, name: desk::privacy::name_of(erasure.person), done: erasure.done, all: erasure.total }
}

/// An app that is being set up, for the screens.
pub fn set_up(app: desk::accounts::SetUp) -> AppSetUp {
    AppSetUp { secret: app.secret, squares: app.squares }
}

/// What an import would do, for the screens.
pub fn import_preview(preview: desk::accounts::Preview) -> ImportPreview {
    use crate::people::api::Outcome;
    let row = |row: desk::accounts::ImportRow| ImportRow {
        line: row.line,
        name: row.name,
        email: row.email,
        organisation: row.organisation,
        key_user: row.key_user.unwrap_or_default(),
        domains: row.domains,
        outcome: match row.outcome {
            desk::accounts::Outcome::Add => Outcome::Add,
            desk::accounts::Outcome::Change => Outcome::Change,
            desk::accounts::Outcome::Same => Outcome::Same,
            desk::accounts::Outcome::Wrong => Outcome::Wrong,
        },
        is_new_organisation: row.is_new_organisation,
        was: row.was,
        was_key_user: row.was_key_user,
        faults: row.faults,
    };
    let column = |heading: desk::accounts::Heading| ImportColumn {
        heading: heading.text,
        example: heading.example,
        read_as: heading.column.map_or("", desk::accounts::Column::word).to_owned(),
    };
    ImportPreview {
        columns: preview.headings.into_iter().map(column).collect(),
        lacks_columns: preview.lacks_columns,
        rows: preview.rows,
        add: preview.add,
        change: preview.change,
        same: preview.same,
        wrong: preview.wrong,
        organisations: preview.organisations,
        shown: preview.shown.into_iter().map(row).collect(),
        faulty: preview.faulty.into_iter().map(row).collect(),
    }
}

/// A session for the screens.
pub fn open_session(open: Open, asking: Option<&Session>) -> OpenSession {
    let is_this = asking.is_some_and(|session| session.id() == open.id);
    OpenSession { id: open.id, device: open.device, address: open.address, created_at: open.created_at, seen_at: open.seen_at, is_this }
}

/// What the columns of a file are to be read as, of their words.
pub fn import_columns(words: &[String]) -> Vec<Option<desk::accounts::Column>> {
    words.iter().map(|word| desk::accounts::Column::from_word(word)).collect()
}
