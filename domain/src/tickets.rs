//! A ticket: its words, the form that opens it, and the rules by which it changes.
//!
//! Invariant: a change either returns what happened or leaves the ticket as it was; a customer's word on a ticket that stood still sets it going again.

use crate::attachments::MAX_FILES;
use crate::events::Happening;
use crate::time::{Moment, Span};
use crate::{AttachmentId, DepartmentId, Fault, Field, FieldFault, MessageId, Named, OrganisationId, PersonId, Refusal, TicketId};
use serde::{Deserialize, Serialize};

/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest message, in characters: some twenty printed pages.
pub const MAX_TEXT: usize = 50_000;
/// Longest link, in characters: what browsers and servers commonly take.
pub const MAX_LINK: usize = 2_000;
/// Most people in CC of one ticket.
pub const MAX_CC: usize = 20;
/// Most tags on one ticket, and the longest tag in characters.
pub const MAX_TAGS: (usize, usize) = (20, 40);
/// How much of a message an event quotes, in characters.
const EXCERPT: usize = 140;
/// A reply this long after a ticket was closed opens a new, linked one.
pub const REOPEN_WINDOW: Span = Span::days(60);
/// A resolved ticket is closed after this long without a word.
pub const SETTLE_AFTER: Span = Span::days(7);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            /// Each of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in URLs, forms and `data-` attributes.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// The number in the database: its place in [`Self::ALL`].
            pub fn code(self) -> i16 {
                self as i16
            }

            /// Reads [`Self::code`].
            pub fn from_code(code: i16) -> Option<Self> {
                usize::try_from(code).ok().and_then(|at| Self::ALL.get(at)).copied()
            }
        }
    };
}

words! {
    /// Where a ticket stands.
    Status { New = "new", Open = "open", Waiting = "waiting", Resolved = "resolved", Closed = "closed" }
}
words! {
    /// How much a disturbance hurts; ordered, the most urgent last.
    Urgency { Question = "question", Low = "low", Medium = "medium", High = "high" }
}
words! {
    /// Which side of the counter someone stands on.
    Side { Customer = "customer", Agent = "agent" }
}

impl Status {
    /// Whether nothing more is expected to happen.
    pub fn is_settled(self) -> bool {
        matches!(self, Status::Resolved | Status::Closed)
    }
}

impl Urgency {
    /// The order in which the form offers them.
    pub const FORM: [Urgency; 4] = [Urgency::Low, Urgency::Medium, Urgency::High, Urgency::Question];
}

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
}

impl Ticket {
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

    /// Weighs it anew.
    pub fn set_urgency(&mut self, to: Urgency, now: Moment) -> Option<Happening> {
        let from = std::mem::replace(&mut self.urgency, to);
        (from != to).then(|| {
            self.updated_at = now;
            Happening::UrgencyChanged { from, to }
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
    let tag = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
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

/// The ticket form as it was filled in: nothing checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TicketForm {
    pub cc: Vec<PersonId>,
    pub urgency: String,
    pub department: String,
    pub subject: String,
    pub description: String,
    pub link: String,
    pub attachments: Vec<String>,
    pub screenshot: bool,
}

/// What the form is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFacts<'a> {
    /// The departments, and whether each asks for a screenshot.
    pub departments: &'a [(Named<DepartmentId>, bool)],
    /// Who may be put in CC.
    pub candidates: &'a [Named<PersonId>],
    /// The files that were uploaded and may be attached, and whether each is an image.
    pub files: &'a [(AttachmentId, bool)],
}

/// A ticket form in which everything is right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct NewTicket {
    pub cc: Vec<Named<PersonId>>,
    pub urgency: Urgency,
    pub department: Named<DepartmentId>,
    pub subject: String,
    pub description: String,
    pub link: Option<String>,
    pub attachments: Vec<AttachmentId>,
}

impl TicketForm {
    /// Checks every field and says everything that is wrong at once.
    pub fn check(&self, facts: &FormFacts<'_>) -> Result<NewTicket, Refusal> {
        let mut faults = Vec::new();
        let mut keep = |field, fault| faults.push(FieldFault { field, fault });

        let mut cc: Vec<Named<PersonId>> = Vec::new();
        for id in &self.cc {
            match facts.candidates.iter().find(|c| c.id == *id) {
                None => keep(Field::Cc, Fault::Unknown),
                Some(person) if !cc.contains(person) => cc.push(person.clone()),
                Some(_) => {}
            }
        }
        if cc.len() > MAX_CC {
            keep(Field::Cc, Fault::TooMany(MAX_CC as u32));
        }
        let urgency = Urgency::from_word(&self.urgency);
        if urgency.is_none() {
            keep(Field::Urgency, if self.urgency.is_empty() { Fault::Missing } else { Fault::Unknown });
        }
        let department = self.department.parse().ok().and_then(|id| facts.departments.iter().find(|d| d.0.id == id));
        if department.is_none() {
            keep(Field::Department, if self.department.is_empty() { Fault::Missing } else { Fault::Unknown });
        }
        let subject = self.subject.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Err(fault) = check_text(&subject, MAX_SUBJECT) {
            keep(Field::Subject, fault);
        }
        if let Err(fault) = check_text(&self.description, MAX_TEXT) {
            keep(Field::Description, fault);
        }
        let link = self.link.trim();
        if let Err(fault) = check_link(link) {
            keep(Field::Link, fault);
        }
        let mut attachments = Vec::new();
        let mut images = false;
        for id in &self.attachments {
            match AttachmentId::parse(id).and_then(|id| facts.files.iter().find(|f| f.0 == id)) {
                None => keep(Field::Attachments, Fault::Unknown),
                Some((id, image)) if !attachments.contains(id) => {
                    attachments.push(id.clone());
                    images |= image;
                }
                Some(_) => {}
            }
        }
        if attachments.len() > MAX_FILES {
            keep(Field::Attachments, Fault::TooMany(MAX_FILES as u32));
        }
        match (self.screenshot, images, department) {
            (true, false, _) => keep(Field::ScreenshotCheck, Fault::NoScreenshot),
            (_, false, Some((_, true))) => keep(Field::ScreenshotCheck, Fault::ScreenshotRequired),
            _ => {}
        }
        match (urgency, department) {
            (Some(urgency), Some((department, _))) if faults.is_empty() => Ok(NewTicket {
                cc,
                urgency,
                department: department.clone(),
                subject,
                description: self.description.trim().to_owned(),
                link: (!link.is_empty()).then(|| link.to_owned()),
                attachments,
            }),
            _ => Err(Refusal::Fields(faults)),
        }
    }
}

/// Checks a text that must be there.
pub fn check_text(text: &str, max: usize) -> Result<(), Fault> {
    match text.trim().chars().count() {
        0 => Err(Fault::Missing),
        n if n > max => Err(Fault::TooLong(max as u32)),
        _ => Ok(()),
    }
}

fn check_link(link: &str) -> Result<(), Fault> {
    if link.is_empty() {
        return Ok(());
    }
    if link.chars().count() > MAX_LINK {
        return Err(Fault::TooLong(MAX_LINK as u32));
    }
    let rest = ["http://", "https://"].iter().find_map(|s| link.get(..s.len()).filter(|h| h.eq_ignore_ascii_case(s)).map(|_| &link[s.len()..]));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !link.chars().any(|c| c.is_whitespace() || c.is_control()) => Ok(()),
        _ => Err(Fault::NotALink),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

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
        assert_eq!(t.set_urgency(Urgency::Low, Moment(9)), None);
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

    fn facts(run: impl FnOnce(&FormFacts<'_>)) {
        let image = AttachmentId::parse(&"a".repeat(32)).unwrap();
        let text = AttachmentId::parse(&"b".repeat(32)).unwrap();
        run(&FormFacts {
            departments: &[(Named::new(DepartmentId(1), "Dataduiker"), false), (Named::new(DepartmentId(2), "Datawijzer"), true)],
            candidates: &[Named::new(PersonId(2), "Ruud")],
            files: &[(image, true), (text, false)],
        });
    }

    fn filled() -> TicketForm {
        TicketForm {
            urgency: "low".into(),
            department: "1".into(),
            subject: "  Een   onderwerp ".into(),
            description: "Tekst".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_form_without_faults_is_a_ticket() {
        facts(|facts| {
            let form = TicketForm {
                cc: vec![PersonId(2), PersonId(2)],
                attachments: vec!["a".repeat(32)],
                screenshot: true,
                link: " https://erp.example/x ".into(),
                ..filled()
            };
            let new = form.check(facts).unwrap();
            assert_eq!((new.subject.as_str(), new.cc.len(), new.link.as_deref()), ("Een onderwerp", 1, Some("https://erp.example/x")));
        });
    }

    #[test]
    fn an_empty_form_names_every_field_at_once() {
        facts(|facts| {
            let refusal = TicketForm::default().check(facts).unwrap_err();
            for field in [Field::Urgency, Field::Department, Field::Subject, Field::Description] {
                assert_eq!(refusal.at(field), Some(&Fault::Missing), "{field:?}");
            }
            assert_eq!(refusal.at(Field::Link), None);
        });
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        facts(|facts| {
            let cases = [
                (TicketForm { urgency: "urgent".into(), ..filled() }, Field::Urgency, Fault::Unknown),
                (TicketForm { department: "7".into(), ..filled() }, Field::Department, Fault::Unknown),
                (TicketForm { department: "1 or 1=1".into(), ..filled() }, Field::Department, Fault::Unknown),
                (TicketForm { subject: "x".repeat(201), ..filled() }, Field::Subject, Fault::TooLong(200)),
                (TicketForm { subject: " \n ".into(), ..filled() }, Field::Subject, Fault::Missing),
                (TicketForm { description: "x".repeat(50_001), ..filled() }, Field::Description, Fault::TooLong(50_000)),
                (TicketForm { link: "lvs.dewaalbouw.example".into(), ..filled() }, Field::Link, Fault::NotALink),
                (TicketForm { link: "javascript:alert(1)".into(), ..filled() }, Field::Link, Fault::NotALink),
                (TicketForm { link: "https://".into(), ..filled() }, Field::Link, Fault::NotALink),
                (TicketForm { link: "https://a b".into(), ..filled() }, Field::Link, Fault::NotALink),
                (TicketForm { cc: vec![PersonId(99)], ..filled() }, Field::Cc, Fault::Unknown),
                (TicketForm { attachments: vec!["c".repeat(32)], ..filled() }, Field::Attachments, Fault::Unknown),
                (TicketForm { attachments: vec!["../x".into()], ..filled() }, Field::Attachments, Fault::Unknown),
                (TicketForm { screenshot: true, ..filled() }, Field::ScreenshotCheck, Fault::NoScreenshot),
                (TicketForm { screenshot: true, attachments: vec!["b".repeat(32)], ..filled() }, Field::ScreenshotCheck, Fault::NoScreenshot),
                (TicketForm { department: "2".into(), ..filled() }, Field::ScreenshotCheck, Fault::ScreenshotRequired),
            ];
            for (form, field, fault) in cases {
                assert_eq!(form.check(facts).unwrap_err().at(field), Some(&fault), "{field:?}");
            }
        });
    }

    #[test]
    fn an_excerpt_is_one_line_cut_at_a_character() {
        assert_eq!(excerpt(" een \n twee "), "een twee");
        assert_eq!(excerpt(&"é".repeat(200)).chars().count(), EXCERPT + 1);
    }

    #[test]
    fn codes_and_words_come_back() {
        for s in Status::ALL {
            assert_eq!(Status::from_code(s.code()), Some(*s));
            assert_eq!(Status::from_word(s.word()), Some(*s));
        }
        assert!(Urgency::High > Urgency::Medium && Urgency::Low > Urgency::Question);
    }
}
