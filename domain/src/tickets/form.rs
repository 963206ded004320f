//! The form that opens a ticket: every field checked, everything that is wrong said at once.

use super::{MAX_CC, MAX_TEXT, Urgency};
use crate::attachments::MAX_FILES;
use crate::{AttachmentId, DepartmentId, Fault, Field, FieldFault, Named, PersonId, Refusal, typed};
use serde::{Deserialize, Serialize};

/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest answer to what is stopped, in characters.
pub const MAX_STOPPED: usize = 300;
/// Most people that something stops.
const MOST_PEOPLE: u32 = 1_000_000;
/// Longest link, in characters: what browsers and servers commonly take.
pub const MAX_LINK: usize = 2_000;

/// The ticket form as it was filled in: nothing checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TicketForm {
    pub cc: Vec<PersonId>,
    /// What stands in the field for people in CC and is nobody yet.
    pub cc_typed: String,
    pub urgency: String,
    pub department: String,
    pub subject: String,
    pub description: String,
    pub link: String,
    pub attachments: Vec<String>,
    pub screenshot: bool,
    /// Of a most urgent one: what is stopped, and how many people that stops.
    pub stopped: String,
    pub people: String,
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
    /// What a most urgent one stops, and how many people.
    pub impact: Option<(String, u32)>,
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
        if !self.cc_typed.trim().is_empty() {
            keep(Field::Cc, Fault::Unknown);
        }
        if cc.len() > MAX_CC {
            keep(Field::Cc, Fault::TooMany(MAX_CC as u32));
        }
        let urgency = Urgency::from_word(&self.urgency);
        if urgency.is_none() {
            keep(Field::Urgency, if self.urgency.is_empty() { Fault::Missing } else { Fault::Unknown });
        }
        let impact = (urgency == Some(Urgency::High)).then(|| {
            let (stopped, people) = (typed::line(&self.stopped), self.people.trim());
            if let Err(fault) = check_text(&stopped, MAX_STOPPED) {
                keep(Field::Stopped, fault);
            }
            let number = people.parse().ok().filter(|n| (1..=MOST_PEOPLE).contains(n));
            if number.is_none() {
                keep(Field::People, if people.is_empty() { Fault::Missing } else { Fault::NotANumber });
            }
            (stopped, number.unwrap_or_default())
        });
        let department = self.department.parse().ok().and_then(|id| facts.departments.iter().find(|d| d.0.id == id));
        if department.is_none() {
            keep(Field::Department, if self.department.is_empty() { Fault::Missing } else { Fault::Unknown });
        }
        let (subject, description) = (typed::line(&self.subject), typed::text(&self.description));
        if let Err(fault) = check_text(&subject, MAX_SUBJECT) {
            keep(Field::Subject, fault);
        }
        if let Err(fault) = check_text(&description, MAX_TEXT) {
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
                description,
                link: (!link.is_empty()).then(|| link.to_owned()),
                attachments,
                impact,
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
                (TicketForm { cc_typed: "een naam".into(), ..filled() }, Field::Cc, Fault::Unknown),
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
}
