//! Tickets on their way into the tables.

use super::cast::Cast;
use super::fates::Fate;
use super::random::Random;
use super::rows::{Rows, ids_used, next_id, number};
use super::{Text, Words};
use crate::change::Change;
use crate::error::{Error, Result};
use crate::hours;
use crate::search;
use domain::board::place;
use domain::events::Happening;
use domain::tickets::{NewTicket, Side, Status, Ticket, Urgency};
use domain::time::{Moment, Span};
use domain::{DepartmentId, EventNo, MessageId, PersonId, TicketId};
use std::collections::HashMap;

/// Many tickets on their way into the tables.
pub(super) struct Batch {
    ticket: i64,
    message: i64,
    event: i64,
    tickets: Rows,
    cc: Rows,
    messages: Rows,
    search: Rows,
    events: Rows,
    tally: HashMap<(DepartmentId, Status), i64>,
}

impl Batch {
    pub(super) async fn begin(change: &Change) -> Result<Self> {
        // Held until the commit, as a single change holds it.
        let head = if change.is_postgres() { "SELECT n FROM log_head WHERE id = 1 FOR UPDATE" } else { "SELECT n FROM log_head WHERE id = 1" };
        Ok(Self {
            ticket: next_id(change, "ticket").await?,
            message: next_id(change, "message").await?,
            event: number(change, head).await? + 1,
            tickets: Rows::new(
                "ticket",
                &[
                    "id",
                    "subject",
                    "status",
                    "urgency",
                    "department_id",
                    "organisation_id",
                    "requester_id",
                    "assignee_id",
                    "tags",
                    "opened_at",
                    "updated_at",
                    "settled_at",
                    "settled",
                    "messages",
                    "files",
                    "last_word",
                    "version",
                    "clock",
                    "place",
                ],
            ),
            cc: Rows::new("ticket_cc", &["ticket_id", "person_id"]),
            messages: Rows::new("message", &["id", "ticket_id", "author_id", "note", "text", "html", "created_at"]),
            search: if change.is_postgres() {
                Rows::new("ticket_search", &["ticket_id", "public", "staff"])
            } else {
                Rows::new("ticket_search", &["rowid", "subject", "replies", "notes", "people", "access"])
            },
            events: Rows::new("event", &["n", "at", "ticket_id", "by_id", "public", "what"]),
            tally: HashMap::new(),
        })
    }

    pub(super) fn ticket(&mut self, cast: &Cast, fate: Fate, opened_at: Moment, words: &mut Words<'_>, random: &mut Random) -> Result<TicketId> {
        let company = if fate.known { &cast.organisations[0] } else { &cast.organisations[1 + cast.zipf.draw(random)] };
        let requester = if fate.known { &cast.customer } else { random.pick(&company.people) }.clone();
        let second = random.pick(&company.people);
        let cc = if random.below(7) == 0 && second.id != requester.id { vec![second.clone()] } else { vec![] };
        let agent = random.pick(&cast.agents).clone();
        let new = NewTicket {
            cc,
            urgency: [Urgency::Question, Urgency::Low, Urgency::Low, Urgency::Medium, Urgency::Medium, Urgency::High][random.below(6) as usize],
            department: random.pick(&cast.departments).clone(),
            subject: (words.draw)(Text::Subject, random),
            description: String::new(),
            link: None,
            attachments: vec![],
            impact: None,
        };
        let mut ticket = Ticket { id: TicketId(self.ticket), ..Ticket::open(&new, requester.clone(), Some(company.named.clone()), None, opened_at) };
        self.ticket += 1;
        let pace = if fate.status == Status::Closed { Span::minutes(1_000) } else { Span::minutes(if fate.messages > 3 { 6 } else { 30 }) };
        let mut at = opened_at;
        let mut pause = |random: &mut Random| {
            at = at + Span(60_000 + random.below(pace.0.unsigned_abs()) as i64);
            at
        };
        let (text, _) = self.message(ticket.id, requester.id, opened_at, words, random);
        let mut replies = text;
        let opened =
            Happening::Opened { subject: ticket.subject.clone(), urgency: ticket.urgency, department: ticket.department.clone(), follows: None };
        self.happened(ticket.id, requester.id, opened_at, &[opened])?;
        if fate.status != Status::New {
            let at = pause(random);
            let assigned = ticket.assign(Some(agent.clone()), at);
            self.happened(ticket.id, agent.id, at, assigned.as_slice())?;
        }
        for n in 1..fate.messages {
            let at = pause(random);
            // Nobody has answered a new ticket: its customer has written again.
            let (side, author) = if fate.status == Status::New || n % 2 == 0 { (Side::Customer, requester.id) } else { (Side::Agent, agent.id) };
            let (text, message) = self.message(ticket.id, author, at, words, random);
            let happened = ticket.reply(side, message, &text, 0, at);
            self.happened(ticket.id, author, at, &happened)?;
            replies.push('\n');
            replies.push_str(&text);
        }
        if ticket.status != fate.status {
            let at = pause(random);
            let moved = ticket.set_status(fate.status, at);
            self.happened(ticket.id, agent.id, at, moved.as_slice())?;
        }
        self.row(&ticket, &replies)?;
        Ok(ticket.id)
    }

    fn message(&mut self, ticket: TicketId, author: PersonId, at: Moment, words: &mut Words<'_>, random: &mut Random) -> (String, MessageId) {
        let (text, id) = ((words.draw)(Text::Message, random), self.message);
        self.messages.push([
            id.into(),
            ticket.0.into(),
            author.0.into(),
            false.into(),
            text.as_str().into(),
            (words.html)(&text).into(),
            at.0.into(),
        ]);
        self.message += 1;
        (text, MessageId(id))
    }

    fn happened(&mut self, ticket: TicketId, by: PersonId, at: Moment, happened: &[Happening]) -> Result<()> {
        for what in happened {
            let text = serde_json::to_string(what).map_err(|_| Error::Unreadable("happening"))?;
            self.events.push([self.event.into(), at.0.into(), ticket.0.into(), by.0.into(), what.is_public().into(), text.into()]);
            self.event += 1;
        }
        Ok(())
    }

    fn row(&mut self, t: &Ticket, replies: &str) -> Result<()> {
        let (organisation, assignee) = (t.organisation.as_ref().map(|o| o.id.0), t.assignee.as_ref().map(|a| a.id.0));
        self.tickets.push([
            t.id.0.into(),
            t.subject.as_str().into(),
            t.status.code().into(),
            t.urgency.code().into(),
            t.department.id.0.into(),
            organisation.into(),
            t.requester.id.0.into(),
            assignee.into(),
            t.tags.join("\n").into(),
            t.opened_at.0.into(),
            t.updated_at.0.into(),
            t.settled_at.map(|at| at.0).into(),
            t.status.is_settled().into(),
            (t.messages as i32).into(),
            (t.files as i32).into(),
            t.last_word.code().into(),
            EventNo(self.event - 1).0.into(),
            // What is due is reckoned afterwards, as after a change of hours.
            serde_json::to_string(&t.clock).map_err(|_| Error::Unreadable("clock"))?.into(),
            place(None, t.settled_at).into(),
        ]);
        for person in &t.cc {
            self.cc.push([t.id.0.into(), person.id.0.into()]);
        }
        if self.search.columns.len() == 3 {
            let public = search::plain(&format!("{} {} {replies} {}", t.id, t.subject, search::people(t)));
            self.search.push([t.id.0.into(), public.as_str().into(), public.as_str().into()]);
        } else {
            self.search.push([
                t.id.0.into(),
                search::plain(&format!("{} {}", t.id, t.subject)).into(),
                search::plain(replies).into(),
                "".into(),
                search::plain(&search::people(t)).into(),
                search::access(t).into(),
            ]);
        }
        *self.tally.entry((t.department.id, t.status)).or_default() += 1;
        Ok(())
    }

    /// Writes it; gives the last number of the log.
    pub(super) async fn finish(mut self, change: &Change) -> Result<i64> {
        for rows in [&mut self.tickets, &mut self.cc, &mut self.messages, &mut self.search, &mut self.events] {
            rows.write(change).await?;
        }
        for ((department, status), n) in self.tally {
            change.tally(department, status, n);
        }
        hours::begin_again(change).await?;
        ids_used(change, "ticket", self.ticket - 1).await?;
        ids_used(change, "message", self.message - 1).await?;
        change.run("UPDATE log_head SET n = $1 WHERE id = 1", [(self.event - 1).into()]).await?;
        // Nobody is told of what was made up.
        change.run("UPDATE log_reader SET n = $1 WHERE name <> 'reports'", [(self.event - 1).into()]).await?;
        Ok(self.event - 1)
    }
}
