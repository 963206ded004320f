//! A ticket, and the rules by which it changes.
//!
//! Invariant: a change either returns what happened or leaves the ticket as it was; a customer's word on a ticket that stood still sets it going again.

mod clock;
mod due;
mod form;
mod words;

pub use clock::{Clock, Mark, NEAR, Reckoning, Tick};
pub use due::{Due, Stand, Time};
pub use form::{FormFacts, MAX_LINK, MAX_STOPPED, MAX_SUBJECT, NewTicket, TicketForm, check_text};
pub use words::{Side, Status, Urgency};

use crate::events::Happening;
use crate::hours::{Target, Timetable};
use crate::time::{Moment, Span};
use crate::{DepartmentId, Fault, Field, MessageId, Named, OrganisationId, PersonId, Refusal, TicketId};
use serde::{Deserialize, Serialize};

/// Longest message, in characters: some twenty printed pages.
pub const MAX_TEXT: usize = 50_000;
/// Longest reason for a change of urgency, in characters.
pub const MAX_REASON: usize = 300;
/// Most people in CC of one ticket.
pub const MAX_CC: usize = 20;
/// Most tags on one ticket, and the longest tag in characters.
pub const MAX_TAGS: (usize, usize) = (20, 40);
/// How much of a message an event quotes, in characters.
const EXCERPT: usize = 140;
/// A reply this long after a ticket was closed opens a new, linked one.
pub const REOPEN_WINDOW: Span = Span::days(60);
/// A resolved ticket is closed this long after it was resolved.
pub const SETTLE_AFTER: Span = Span::days(7);

/// A ticket without its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ticket {
    pub id: TicketId,
    pub subject: String,
    pub link: Option<String>,
    pub status: Status,
    pub urgency: Urgency,
    pub department: Named<DepartmentId>,
    pub organisation: Option<Named<OrganisationId>>,
    pub requester: Named<PersonId>,
    pub assignee: Option<Named<PersonId>>,
    pub cc: Vec<Named<PersonId>>,
    pub tags: Vec<String>,
    pub opened_at: Moment,
    pub updated_at: Moment,
    /// When it was last resolved or closed; `None` while it runs.
    pub settled_at: Option<Moment>,
    /// Replies and the description; notes are not counted.
    pub messages: u32,
    /// Files everyone on the ticket sees.
    pub files: u32,
    /// Who had the last public word.
    pub last_word: Side,
    /// The ticket this one continues.
    pub follows: Option<TicketId>,
    /// What is due on it next, as last reckoned; `None` when it is settled, or nothing was promised.
    pub due: Option<Due>,
    /// Whether it is handled outside office hours too.
    pub around_the_clock: bool,
    /// What `due` is reckoned from.
    #[serde(skip)]
    pub clock: Clock,
}

impl Ticket {
    /// A ticket as a customer opens it; its number is given when it is saved.
    pub fn open(
        new: &NewTicket,
        requester: Named<PersonId>,
        organisation: Option<Named<OrganisationId>>,
        follows: Option<TicketId>,
        now: Moment,
    ) -> Self {
        let mut clock = Clock::default();
        clock.spoke(Side::Customer, now);
        Self {
            id: TicketId(0),
            subject: new.subject.clone(),
            link: new.link.clone(),
            status: Status::New,
            urgency: new.urgency,
            department: new.department.clone(),
            organisation,
            requester,
            assignee: None,
            cc: new.cc.clone(),
            tags: vec![],
            opened_at: now,
            updated_at: now,
            settled_at: None,
            messages: 1,
            files: new.attachments.len() as u32,
            last_word: Side::Customer,
            follows,
            due: None,
            around_the_clock: false,
            clock,
        }
    }

    /// Reckons what is due on it; gives when something is to be told of it.
    pub fn reckon(&mut self, target: &Target, timetable: &Timetable, working_day: i64) -> Option<Tick> {
        self.around_the_clock = target.around_the_clock;
        let reckoning =
            if self.status.is_settled() { Reckoning::default() } else { self.clock.reckon(self.opened_at, target, timetable, working_day) };
        self.due = reckoning.due;
        reckoning.next
    }

    /// Whether the requester is expected to do something.
    pub fn is_customers_turn(&self) -> bool {
        self.status == Status::Waiting
    }

    /// Whether a reply at this moment belongs in a new ticket; only a customer's reply to a ticket settled long ago does.
    pub fn is_past_reopening(&self, side: Side, now: Moment) -> bool {
        side == Side::Customer && self.status == Status::Closed && self.settled_at.is_some_and(|at| now - at > REOPEN_WINDOW)
    }

    /// Adds a public message.
    pub fn reply(&mut self, side: Side, message: MessageId, text: &str, files: u32, now: Moment) -> Vec<Happening> {
        self.messages += 1;
        self.files += files;
        self.last_word = side;
        self.updated_at = now;
        self.clock.spoke(side, now);
        let mut happened = vec![Happening::Replied { message, side, excerpt: excerpt(text), files }];
        let next = match (side, self.status) {
            (Side::Customer, Status::Waiting | Status::Resolved | Status::Closed) => Some(Status::Open),
            (Side::Agent, Status::New) => Some(Status::Open),
            _ => None,
        };
        happened.extend(next.and_then(|to| self.set_status(to, now)));
        happened
    }

    /// Adds a note, which changes nothing a customer sees.
    pub fn note(&mut self, message: MessageId, text: &str, files: u32, now: Moment) -> Happening {
        self.updated_at = now;
        Happening::Noted { message, excerpt: excerpt(text), files }
    }

    /// Moves it to a status.
    pub fn set_status(&mut self, to: Status, now: Moment) -> Option<Happening> {
        let from = std::mem::replace(&mut self.status, to);
        if from == to {
            return None;
        }
        self.settled_at = match (from.is_settled(), to.is_settled()) {
            (true, true) => self.settled_at,
            (false, true) => Some(now),
            (_, false) => None,
        };
        self.clock.moved(to, now);
        self.updated_at = now;
        Some(Happening::StatusChanged { from, to })
    }

    /// Gives it to someone, or to nobody.
    pub fn assign(&mut self, to: Option<Named<PersonId>>, now: Moment) -> Option<Happening> {
        if self.assignee.as_ref().map(|a| a.id) == to.as_ref().map(|a| a.id) {
            return None;
        }
        let from = std::mem::replace(&mut self.assignee, to.clone());
        self.updated_at = now;
        Some(Happening::Assigned { from, to })
    }

    /// Weighs it anew, for a reason that its customers read.
    pub fn set_urgency(&mut self, to: Urgency, reason: Option<String>, now: Moment) -> Option<Happening> {
        let from = std::mem::replace(&mut self.urgency, to);
        (from != to).then(|| {
            self.updated_at = now;
            Happening::UrgencyChanged { from, to, reason }
        })
    }

    /// Moves it to another department.
    pub fn set_department(&mut self, to: Named<DepartmentId>, now: Moment) -> Option<Happening> {
        if self.department.id == to.id {
            return None;
        }
        let from = std::mem::replace(&mut self.department, to.clone());
        self.updated_at = now;
        Some(Happening::DepartmentChanged { from, to })
    }

    /// Puts someone in CC; the requester is never in CC of their own ticket.
    pub fn add_cc(&mut self, person: Named<PersonId>, now: Moment) -> Result<Option<Happening>, Refusal> {
        if person.id == self.requester.id || self.cc.iter().any(|p| p.id == person.id) {
            return Ok(None);
        }
        if self.cc.len() >= MAX_CC {
            return Err(Refusal::field(Field::Cc, Fault::TooMany(MAX_CC as u32)));
        }
        self.cc.push(person.clone());
        self.updated_at = now;
        Ok(Some(Happening::CcAdded { person }))
    }

    /// Takes someone out of CC.
    pub fn remove_cc(&mut self, person: PersonId, now: Moment) -> Option<Happening> {
        let at = self.cc.iter().position(|p| p.id == person)?;
        self.updated_at = now;
        Some(Happening::CcRemoved { person: self.cc.remove(at) })
    }

    /// Puts a tag on it.
    pub fn tag(&mut self, tag: &str, now: Moment) -> Result<Option<Happening>, Refusal> {
        let tag = clean_tag(tag)?;
        if self.tags.contains(&tag) {
            return Ok(None);
        }
        if self.tags.len() >= MAX_TAGS.0 {
            return Err(Refusal::field(Field::Tag, Fault::TooMany(MAX_TAGS.0 as u32)));
        }
        self.tags.push(tag.clone());
        self.updated_at = now;
        Ok(Some(Happening::Tagged { tag }))
    }

    /// Takes a tag off.
    pub fn untag(&mut self, tag: &str, now: Moment) -> Option<Happening> {
        let at = self.tags.iter().position(|t| t == tag)?;
        self.updated_at = now;
        Some(Happening::Untagged { tag: self.tags.remove(at) })
    }
}

/// A ticket in one of the lists of the portal's home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Line {
    pub id: TicketId,
    pub subject: String,
    pub status: Status,
    pub requester: Named<PersonId>,
    pub assignee: Option<Named<PersonId>>,
    pub updated_at: Moment,
    pub last_word: Side,
}

/// A tag as it is kept: lower case, inner blanks single.
pub fn clean_tag(text: &str) -> Result<String, Refusal> {
    let tag = crate::typed::line(text).to_lowercase();
    match tag.chars().count() {
        0 => Err(Refusal::field(Field::Tag, Fault::Missing)),
        n if n > MAX_TAGS.1 => Err(Refusal::field(Field::Tag, Fault::TooLong(MAX_TAGS.1 as u32))),
        _ => Ok(tag),
    }
}

/// The first words of a message on one line.
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(status: Status) -> Ticket {
        Ticket {
            id: TicketId(1),
            subject: "Termijnstaat".into(),
            link: None,
            status,
            urgency: Urgency::Low,
            department: Named::new(DepartmentId(1), "Dataduiker"),
            organisation: None,
            requester: Named::new(PersonId(1), "Marieke"),
            assignee: Some(Named::new(PersonId(9), "Daan")),
            cc: vec![],
            tags: vec![],
            opened_at: Moment(0),
            updated_at: Moment(0),
            settled_at: status.is_settled().then_some(Moment(0)),
            messages: 1,
            files: 0,
            last_word: Side::Customer,
            follows: None,
            due: None,
            around_the_clock: false,
            clock: Clock::default(),
        }
    }

    #[test]
    fn a_customers_reply_sets_a_standing_ticket_going_and_keeps_its_assignee() {
        for (from, to) in [
            (Status::New, Status::New),
            (Status::Open, Status::Open),
            (Status::Waiting, Status::Open),
            (Status::Resolved, Status::Open),
            (Status::Closed, Status::Open),
        ] {
            let mut t = ticket(from);
            let happened = t.reply(Side::Customer, MessageId(2), "Nog steeds", 1, Moment(5));
            assert_eq!(t.status, to);
            assert_eq!(happened.len(), if from == to { 1 } else { 2 });
            assert_eq!(t.assignee.as_ref().map(|a| a.id), Some(PersonId(9)));
            assert_eq!(t.settled_at, None);
            assert_eq!((t.messages, t.files), (2, 1));
        }
    }

    #[test]
    fn an_agents_reply_takes_a_new_ticket_in_hand_and_reopens_nothing() {
        for (from, to) in [(Status::New, Status::Open), (Status::Waiting, Status::Waiting), (Status::Closed, Status::Closed)] {
            let mut t = ticket(from);
            t.reply(Side::Agent, MessageId(2), "Dag", 0, Moment(5));
            assert_eq!(t.status, to);
        }
    }

    #[test]
    fn a_reply_after_the_window_belongs_in_a_new_ticket() {
        let late = Moment(0) + REOPEN_WINDOW + Span(1);
        assert!(ticket(Status::Closed).is_past_reopening(Side::Customer, late));
        assert!(!ticket(Status::Closed).is_past_reopening(Side::Customer, Moment(0) + REOPEN_WINDOW));
        assert!(!ticket(Status::Closed).is_past_reopening(Side::Agent, late));
        assert!(!ticket(Status::Resolved).is_past_reopening(Side::Customer, late));
    }

    #[test]
    fn what_changes_nothing_tells_nothing() {
        let mut t = ticket(Status::Open);
        let before = t.clone();
        assert_eq!(t.set_status(Status::Open, Moment(9)), None);
        assert_eq!(t.assign(before.assignee.clone(), Moment(9)), None);
        assert_eq!(t.set_urgency(Urgency::Low, None, Moment(9)), None);
        assert_eq!(t.set_department(before.department.clone(), Moment(9)), None);
        assert_eq!(t.add_cc(before.requester.clone(), Moment(9)), Ok(None));
        assert_eq!(t.remove_cc(PersonId(77), Moment(9)), None);
        assert_eq!(t.untag("x", Moment(9)), None);
        assert_eq!(t, before);
    }

    #[test]
    fn resolved_then_closed_keeps_the_moment_it_settled() {
        let mut t = ticket(Status::Open);
        t.set_status(Status::Resolved, Moment(5));
        t.set_status(Status::Closed, Moment(9));
        assert_eq!(t.settled_at, Some(Moment(5)));
    }

    #[test]
    fn an_excerpt_is_one_line_cut_at_a_character() {
        assert_eq!(excerpt(" een \n twee "), "een twee");
        assert_eq!(excerpt(&"é".repeat(200)).chars().count(), EXCERPT + 1);
    }
}
