//! What happened: the one sentence that is saved with every change, and that everything else reads.

use crate::board::Card;
use crate::hours::Goal;
use crate::on_call::Step;
use crate::tickets::{Side, Status, Urgency};
use crate::time::Moment;
use crate::{DepartmentId, EventNo, MessageId, Named, PersonId, TicketId};
use serde::{Deserialize, Serialize};

/// Something that happened to a ticket. Matched without `_` by every reader, so that a new one makes the compiler list them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Happening {
    /// A customer opened it; `follows` is the ticket it continues, where an old one was replied to.
    Opened {
        subject: String,
        urgency: Urgency,
        department: Named<DepartmentId>,
        follows: Option<TicketId>,
    },
    /// Someone wrote what everyone on the ticket sees.
    Replied {
        message: MessageId,
        side: Side,
        excerpt: String,
        files: u32,
    },
    /// Staff wrote what only staff see.
    Noted {
        message: MessageId,
        excerpt: String,
        files: u32,
    },
    StatusChanged {
        from: Status,
        to: Status,
    },
    Assigned {
        from: Option<Named<PersonId>>,
        to: Option<Named<PersonId>>,
    },
    /// `reason` is what staff say to the customer about it.
    UrgencyChanged {
        from: Urgency,
        to: Urgency,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    DepartmentChanged {
        from: Named<DepartmentId>,
        to: Named<DepartmentId>,
    },
    CcAdded {
        person: Named<PersonId>,
    },
    CcRemoved {
        person: Named<PersonId>,
    },
    Tagged {
        tag: String,
    },
    Untagged {
        tag: String,
    },
    /// A late reply went on in a new ticket.
    Continued {
        to: TicketId,
    },
    /// Three quarters of the time for something are spent; `due` is when it is due.
    TargetNear {
        goal: Goal,
        due: Moment,
    },
    /// Something was not done in time.
    TargetMissed {
        goal: Goal,
        due: Moment,
    },
    /// An urgent ticket that came outside office hours was told to these people.
    Alarmed {
        step: Step,
        to: Vec<Named<PersonId>>,
    },
    /// Someone who was told of it has seen it, and takes it on.
    Acknowledged,
}

/// Which part of a ticket a happening changed: two changes of one facet can contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Facet {
    Conversation,
    Status,
    Assignee,
    Urgency,
    Department,
    Cc,
    Tags,
    Due,
}

impl Happening {
    /// Whether customers on the ticket may know.
    pub fn is_public(&self) -> bool {
        match self {
            Self::Opened { .. } | Self::Replied { .. } | Self::StatusChanged { .. } | Self::Assigned { .. } => true,
            Self::UrgencyChanged { .. } | Self::DepartmentChanged { .. } | Self::Continued { .. } => true,
            Self::CcAdded { .. } | Self::CcRemoved { .. } => true,
            Self::Noted { .. } | Self::Tagged { .. } | Self::Untagged { .. } => false,
            Self::TargetNear { .. } | Self::TargetMissed { .. } => false,
            Self::Alarmed { .. } | Self::Acknowledged => false,
        }
    }

    /// What it changed.
    pub fn facet(&self) -> Facet {
        match self {
            Self::Opened { .. } | Self::Replied { .. } | Self::Noted { .. } | Self::Continued { .. } => Facet::Conversation,
            Self::StatusChanged { .. } => Facet::Status,
            Self::Assigned { .. } => Facet::Assignee,
            Self::UrgencyChanged { .. } => Facet::Urgency,
            Self::DepartmentChanged { .. } => Facet::Department,
            Self::CcAdded { .. } | Self::CcRemoved { .. } => Facet::Cc,
            Self::Tagged { .. } | Self::Untagged { .. } => Facet::Tags,
            Self::TargetNear { .. } | Self::TargetMissed { .. } | Self::Alarmed { .. } | Self::Acknowledged => Facet::Due,
        }
    }

    /// The ticket it leads to: the one before or after.
    pub fn leads_to(&self) -> Option<TicketId> {
        match self {
            Self::Continued { to } => Some(*to),
            Self::Opened { follows, .. } => *follows,
            Self::Replied { .. } | Self::Noted { .. } | Self::StatusChanged { .. } | Self::Assigned { .. } | Self::UrgencyChanged { .. } => None,
            Self::DepartmentChanged { .. } | Self::CcAdded { .. } | Self::CcRemoved { .. } | Self::Tagged { .. } | Self::Untagged { .. } => None,
            Self::TargetNear { .. } | Self::TargetMissed { .. } | Self::Alarmed { .. } | Self::Acknowledged => None,
        }
    }

    /// The message it brought, where it brought one.
    pub fn message(&self) -> Option<MessageId> {
        match self {
            Self::Replied { message, .. } | Self::Noted { message, .. } => Some(*message),
            Self::Opened { .. } | Self::StatusChanged { .. } | Self::Assigned { .. } | Self::UrgencyChanged { .. } => None,
            Self::DepartmentChanged { .. } | Self::CcAdded { .. } | Self::CcRemoved { .. } => None,
            Self::Tagged { .. } | Self::Untagged { .. } | Self::Continued { .. } => None,
            Self::TargetNear { .. } | Self::TargetMissed { .. } | Self::Alarmed { .. } | Self::Acknowledged => None,
        }
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log.
    pub n: EventNo,
    /// When.
    pub at: Moment,
    /// To which ticket.
    pub ticket: TicketId,
    /// Who did it; nobody when the clock did.
    pub by: Option<Named<PersonId>>,
    /// What.
    pub what: Happening,
}

/// What goes over the live stream for one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly every message is the large one")]
pub enum Message {
    /// It happened; staff get the ticket's card as it is now, so that a screen needs nothing else to show it.
    Happened {
        /// The line of the log.
        event: Event,
        /// The ticket now; staff only.
        card: Option<Card>,
    },
    /// The ticket left what the reader may see.
    Gone {
        /// The event that took it away.
        n: EventNo,
        /// Which ticket.
        ticket: TicketId,
    },
    /// The log has come this far: a sign of life.
    Beat {
        /// The last event.
        n: EventNo,
    },
    /// The reader is too far behind to be told everything: load the screen again.
    Reset {
        /// The last event.
        n: EventNo,
    },
    /// The session has ended; no more will come.
    Ended,
}

impl Message {
    /// How far the log is known to be read after this message.
    pub fn position(&self) -> Option<EventNo> {
        match self {
            Self::Happened { event, .. } => Some(event.n),
            Self::Gone { n, .. } | Self::Beat { n } | Self::Reset { n } => Some(*n),
            Self::Ended => None,
        }
    }
}
