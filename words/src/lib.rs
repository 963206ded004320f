//! Every sentence a person can see, on a screen or in a mail: a function for each, so that one that is missing does not compile.

use domain::accounts::Language;
use domain::events::{Event, Happening};
use domain::tickets::{Status, Urgency};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The word for an urgency.
pub fn urgency_word(urgency: Urgency, l: Language) -> &'static str {
    match urgency {
        Urgency::Low => urgency_low(l),
        Urgency::Medium => urgency_medium(l),
        Urgency::High => urgency_high(l),
        Urgency::Question => urgency_question(l),
    }
}

/// The word for a status.
pub fn status_word(status: Status, l: Language) -> &'static str {
    match status {
        Status::New => status_new(l),
        Status::Open => status_open(l),
        Status::Waiting => status_waiting(l),
        Status::Resolved => status_resolved(l),
        Status::Closed => status_closed(l),
    }
}

/// What happened, as a sentence.
pub fn sentence(event: &Event, l: Language) -> String {
    let who = event.by.as_ref().map_or(balie(l), |by| by.name.as_str());
    match &event.what {
        Happening::Opened { .. } => did_open(l, who),
        Happening::Replied { excerpt, .. } => did_reply(l, who, excerpt),
        Happening::Noted { excerpt, .. } => did_note(l, who, excerpt),
        Happening::StatusChanged { from, to } => did_status(l, who, status_word(*from, l), status_word(*to, l)),
        Happening::Assigned { to: Some(to), .. } if event.by.as_ref().is_some_and(|by| by.id == to.id) => did_take(l, who),
        Happening::Assigned { to: Some(to), .. } => did_assign(l, who, &to.name),
        Happening::Assigned { to: None, .. } => did_unassign(l, who),
        Happening::UrgencyChanged { to, .. } => did_urgency(l, who, urgency_word(*to, l)),
        Happening::DepartmentChanged { to, .. } => did_department(l, who, &to.name),
        Happening::CcAdded { person } => did_cc(l, who, &person.name),
        Happening::CcRemoved { person } if event.by.as_ref().is_some_and(|by| by.id == person.id) => did_leave(l, who),
        Happening::CcRemoved { person } => did_uncc(l, who, &person.name),
        Happening::Tagged { tag } => did_tag(l, who, tag),
        Happening::Untagged { tag } => did_untag(l, who, tag),
        Happening::Continued { .. } => did_continue(l, who),
    }
}
