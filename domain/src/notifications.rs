//! Who is told of what happened, and how soon.
//!
//! Invariant: nobody is told of what they did themselves, but for the receipt of a ticket they opened; nobody is told of one thing twice.

use crate::PersonId;
use crate::events::Happening;
use crate::tickets::{Side, Status};
use serde::{Deserialize, Serialize};

/// How soon a person is told by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// A moment after it happened.
    #[default]
    AtOnce,
    /// Once a day, everything together.
    Digest,
    /// Not at all.
    Off,
}

impl Pace {
    /// Every pace.
    pub const ALL: [Pace; 3] = [Pace::AtOnce, Pace::Digest, Pace::Off];

    /// The word in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Pace::AtOnce => "at_once",
            Pace::Digest => "digest",
            Pace::Off => "off",
        }
    }

    /// Reads [`Pace::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word)
    }
}

/// How soon a person is told by mail, for each kind of reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Paces {
    /// Of tickets they opened.
    pub own: Pace,
    pub cc: Pace,
    /// Of tickets they handle, watch, or that wait for their department.
    pub assigned: Pace,
    pub mention: Pace,
}

impl Paces {
    /// The same for everything.
    pub fn all(pace: Pace) -> Self {
        Self { own: pace, cc: pace, assigned: pace, mention: pace }
    }

    /// The words in the database: one where all are the same.
    pub fn text(&self) -> String {
        let each = [self.own, self.cc, self.assigned, self.mention];
        if each.iter().all(|pace| *pace == self.own) { self.own.word().to_owned() } else { each.map(Pace::word).join(" ") }
    }

    /// Reads [`Paces::text`]; what cannot be read is at once, so that nobody misses anything.
    pub fn read(text: &str) -> Self {
        let words: Vec<Pace> = text.split(' ').map(|word| Pace::from_word(word).unwrap_or_default()).collect();
        match words[..] {
            [own, cc, assigned, mention] => Self { own, cc, assigned, mention },
            [one] => Self::all(one),
            _ => Self::default(),
        }
    }

    /// The pace for a reason.
    pub fn of(&self, why: Why) -> Pace {
        match why {
            Why::Receipt | Why::Requester => self.own,
            Why::Cc => self.cc,
            Why::Assignee | Why::Watcher | Why::Department | Why::Lead => self.assigned,
            Why::Mentioned => self.mention,
            // Who is on call is told, whatever they chose for other days.
            Why::OnCall => Pace::AtOnce,
        }
    }

    /// Whether anything is gathered for a digest.
    pub fn has_digest(&self) -> bool {
        [self.own, self.cc, self.assigned, self.mention].contains(&Pace::Digest)
    }

    /// The same without digests.
    pub fn without_digest(self) -> Self {
        let stop = |pace| if pace == Pace::Digest { Pace::Off } else { pace };
        Self { own: stop(self.own), cc: stop(self.cc), assigned: stop(self.assigned), mention: stop(self.mention) }
    }
}

/// Why someone is told: the mail says so at its foot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They opened the ticket: it has arrived.
    Receipt,
    /// It is their ticket.
    Requester,
    /// They are in CC.
    Cc,
    /// They handle it.
    Assignee,
    /// A note names them.
    Mentioned,
    /// They watch it.
    Watcher,
    /// It is for their department, and nobody handles it yet.
    Department,
    /// They lead its department, and something was not done in time.
    Lead,
    /// They are on call.
    OnCall,
}

impl Why {
    /// Every reason.
    pub const ALL: [Why; 9] =
        [Why::Receipt, Why::Requester, Why::Cc, Why::Assignee, Why::Mentioned, Why::Watcher, Why::Department, Why::Lead, Why::OnCall];

    /// Whether it is staff who are told for it.
    pub fn is_of_staff(self) -> bool {
        !matches!(self, Why::Receipt | Why::Requester | Why::Cc)
    }

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Why::Receipt => "receipt",
            Why::Requester => "requester",
            Why::Cc => "cc",
            Why::Assignee => "assignee",
            Why::Mentioned => "mentioned",
            Why::Watcher => "watcher",
            Why::Department => "department",
            Why::Lead => "lead",
            Why::OnCall => "on_call",
        }
    }

    /// Reads [`Why::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.word() == word)
    }
}

/// The people around a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Around {
    pub requester: PersonId,
    pub cc: Vec<PersonId>,
    pub assignee: Option<PersonId>,
    pub watchers: Vec<PersonId>,
    /// Staff of its department.
    pub members: Vec<PersonId>,
    /// Those of them who lead it.
    pub leads: Vec<PersonId>,
    /// Staff whom the note names.
    pub mentioned: Vec<PersonId>,
}

/// Who is told of this, each once, for the first of their reasons.
pub fn audience(what: &Happening, by: Option<PersonId>, around: &Around) -> Vec<(PersonId, Why)> {
    let customers = || std::iter::once((around.requester, Why::Requester)).chain(around.cc.iter().map(|p| (*p, Why::Cc)));
    // Who handles it; where nobody does, those it waits for.
    let handlers = || {
        let waiting = around.assignee.is_none();
        let members = around.members.iter().filter(move |_| waiting).map(|p| (*p, Why::Department));
        around.assignee.map(|p| (p, Why::Assignee)).into_iter().chain(around.watchers.iter().map(|p| (*p, Why::Watcher))).chain(members)
    };
    let told: Vec<(PersonId, Why)> = match what {
        Happening::Opened { .. } => {
            let cc = around.cc.iter().map(|p| (*p, Why::Cc));
            return once_each(std::iter::once((around.requester, Why::Receipt)).chain(cc.chain(handlers()).filter(|(p, _)| Some(*p) != by)));
        }
        Happening::Replied { side: Side::Agent, .. } => {
            let staff = handlers().filter(|(_, why)| *why != Why::Department);
            customers().chain(staff).collect()
        }
        Happening::Replied { side: Side::Customer, .. } => customers().chain(handlers()).collect(),
        Happening::Noted { .. } => {
            let staff = handlers().filter(|(_, why)| *why != Why::Department);
            around.mentioned.iter().map(|p| (*p, Why::Mentioned)).chain(staff).collect()
        }
        // That it waits or is being worked on says the reply itself; that the clock closed it was said when it was resolved.
        Happening::StatusChanged { to, .. } => match (to, by) {
            (_, None) | (Status::New | Status::Open | Status::Waiting, _) => vec![],
            (Status::Resolved | Status::Closed, Some(_)) => customers().chain(handlers().filter(|(_, why)| *why != Why::Department)).collect(),
        },
        Happening::Assigned { to, .. } => to.iter().map(|p| (p.id, Why::Assignee)).collect(),
        Happening::UrgencyChanged { .. } => customers().chain(handlers()).collect(),
        Happening::DepartmentChanged { .. } => handlers().collect(),
        Happening::CcAdded { person } => vec![(person.id, Why::Cc)],
        Happening::Continued { .. } => handlers().filter(|(_, why)| *why != Why::Department).collect(),
        Happening::TargetNear { .. } => handlers().filter(|(_, why)| *why != Why::Watcher).collect(),
        Happening::TargetMissed { .. } => handlers().chain(around.leads.iter().map(|p| (*p, Why::Lead))).collect(),
        Happening::Alarmed { to, .. } => to.iter().map(|p| (p.id, Why::OnCall)).collect(),
        Happening::Acknowledged | Happening::CcRemoved { .. } | Happening::Tagged { .. } | Happening::Untagged { .. } => vec![],
    };
    once_each(told.into_iter().filter(|(person, _)| Some(*person) != by))
}

fn once_each(told: impl Iterator<Item = (PersonId, Why)>) -> Vec<(PersonId, Why)> {
    let mut each: Vec<(PersonId, Why)> = vec![];
    for (person, why) in told {
        if each.iter().all(|(p, _)| *p != person) {
            each.push((person, why));
        }
    }
    each
}

/// The names a note calls with `@`: the part of an address before its `@`, in lower case, without a full stop that ends the sentence.
pub fn mentions(text: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '@' && !before.is_alphanumeric() {
            let rest = &text[at + 1..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && !['.', '-', '_', '+'].contains(&c)).unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches('.').to_lowercase();
            if !name.is_empty() && !found.contains(&name) {
                found.push(name);
            }
        }
        before = c;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageId, Named};

    const REQUESTER: PersonId = PersonId(1);
    const IN_CC: PersonId = PersonId(2);
    const AGENT: PersonId = PersonId(3);
    const WATCHER: PersonId = PersonId(4);
    const MEMBER: PersonId = PersonId(5);

    fn around(assignee: Option<PersonId>) -> Around {
        Around {
            requester: REQUESTER,
            cc: vec![IN_CC],
            assignee,
            watchers: vec![WATCHER],
            members: vec![MEMBER, AGENT],
            leads: vec![MEMBER],
            mentioned: vec![MEMBER],
        }
    }

    fn replied(side: Side) -> Happening {
        Happening::Replied { message: MessageId(1), side, excerpt: String::new(), files: 0 }
    }

    #[test]
    fn a_new_ticket_is_acknowledged_and_told_to_its_department() {
        let opened = Happening::Opened {
            subject: "x".into(),
            urgency: crate::tickets::Urgency::Low,
            department: Named::new(crate::DepartmentId(1), "D"),
            follows: None,
        };
        let told = audience(&opened, Some(REQUESTER), &around(None));
        assert_eq!(told, [(REQUESTER, Why::Receipt), (IN_CC, Why::Cc), (WATCHER, Why::Watcher), (MEMBER, Why::Department), (AGENT, Why::Department)]);
    }

    #[test]
    fn an_answer_reaches_the_customers_and_never_the_one_who_gave_it() {
        let told = audience(&replied(Side::Agent), Some(AGENT), &around(Some(AGENT)));
        assert_eq!(told, [(REQUESTER, Why::Requester), (IN_CC, Why::Cc), (WATCHER, Why::Watcher)]);
        let told = audience(&replied(Side::Customer), Some(IN_CC), &around(Some(AGENT)));
        assert_eq!(told, [(REQUESTER, Why::Requester), (AGENT, Why::Assignee), (WATCHER, Why::Watcher)]);
    }

    #[test]
    fn no_customer_is_told_of_a_note() {
        let note = Happening::Noted { message: MessageId(1), excerpt: String::new(), files: 0 };
        let told = audience(&note, Some(AGENT), &around(Some(AGENT)));
        assert_eq!(told, [(MEMBER, Why::Mentioned), (WATCHER, Why::Watcher)]);
    }

    #[test]
    fn what_the_clock_does_is_told_to_nobody() {
        let closed = Happening::StatusChanged { from: Status::Resolved, to: Status::Closed };
        assert_eq!(audience(&closed, None, &around(Some(AGENT))), []);
        assert_eq!(audience(&closed, Some(AGENT), &around(Some(AGENT))).len(), 3);
    }

    #[test]
    fn a_target_that_nears_warns_who_handles_it_and_a_missed_one_goes_up() {
        let (goal, due) = (crate::hours::Goal::FirstReply, crate::time::Moment(0));
        let told = |what, assignee| audience(&what, None, &around(assignee));
        let (near, missed) = (Happening::TargetNear { goal, due }, Happening::TargetMissed { goal, due });
        assert_eq!(told(near.clone(), Some(AGENT)), [(AGENT, Why::Assignee)]);
        assert_eq!(told(near, None), [(MEMBER, Why::Department), (AGENT, Why::Department)]);
        assert_eq!(told(missed, Some(AGENT)), [(AGENT, Why::Assignee), (WATCHER, Why::Watcher), (MEMBER, Why::Lead)]);
    }

    #[test]
    fn a_name_after_an_at_sign_is_a_mention_and_an_address_is_none() {
        assert_eq!(mentions("Dag @Hanneke, en @daan.de-vries. Mail x@y.nl of (@sanne)"), ["hanneke", "daan.de-vries", "sanne"]);
        assert!(mentions("@ @@ a@b").is_empty());
    }

    #[test]
    fn every_word_is_read_as_it_was_written() {
        assert!(Pace::ALL.iter().all(|p| Pace::from_word(p.word()) == Some(*p)));
        assert!(Why::ALL.iter().all(|w| Why::from_word(w.word()) == Some(*w)));
    }

    #[test]
    fn paces_are_read_as_they_were_written() {
        for own in Pace::ALL {
            for mention in Pace::ALL {
                let paces = Paces { own, mention, ..Paces::default() };
                assert_eq!(Paces::read(&paces.text()), paces);
            }
        }
        assert_eq!(Paces::read("off"), Paces::all(Pace::Off));
        assert_eq!(Paces::read("something else"), Paces::default());
        assert_eq!(Paces { cc: Pace::Digest, ..Paces::all(Pace::AtOnce) }.without_digest().cc, Pace::Off);
    }
}
