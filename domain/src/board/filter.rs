//! What the board and the list show: one filter for both, for the URL, the database and the fold.

use super::Card;
use crate::tickets::{Status, Urgency};
use crate::{DepartmentId, OrganisationId, PersonId, typed};
use serde::{Deserialize, Serialize};

/// Most values of one kind: more than there are departments.
const MOST: usize = 100;
/// Longest value, in characters.
const LONGEST: usize = 200;

/// Whose tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignedTo {
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(PersonId),
}

/// Which tickets a board or a list shows; the URL's query holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Filter {
    pub statuses: Vec<Status>,
    pub departments: Vec<DepartmentId>,
    pub urgencies: Vec<Urgency>,
    pub assignee: Option<AssignedTo>,
    pub organisation: Option<OrganisationId>,
    pub tag: Option<String>,
    pub text: Option<String>,
}

impl Filter {
    /// Reads the query's pairs; what cannot be read is left out.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut filter = Self::default();
        for (key, value) in pairs {
            let value = typed::line(&value.chars().take(LONGEST).collect::<String>());
            let value = value.as_str();
            match key {
                "status" => push(&mut filter.statuses, Status::from_word(value)),
                "department" => push(&mut filter.departments, value.parse().ok()),
                "urgency" => push(&mut filter.urgencies, Urgency::from_word(value)),
                "assignee" if value == "nobody" => filter.assignee = Some(AssignedTo::Nobody),
                "assignee" => filter.assignee = value.parse().ok().map(AssignedTo::Person).or(filter.assignee),
                "organisation" => filter.organisation = value.parse().ok().or(filter.organisation),
                "tag" if !value.is_empty() => filter.tag = Some(value.to_lowercase()),
                "q" if !value.is_empty() => filter.text = Some(value.to_owned()),
                _ => {}
            }
        }
        filter
    }

    /// The query's pairs, in a fixed order.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        pairs.extend(self.statuses.iter().map(|s| ("status", s.word().to_owned())));
        pairs.extend(self.departments.iter().map(|d| ("department", d.to_string())));
        pairs.extend(self.urgencies.iter().map(|u| ("urgency", u.word().to_owned())));
        pairs.extend(self.assignee.map(|a| match a {
            AssignedTo::Nobody => ("assignee", "nobody".to_owned()),
            AssignedTo::Person(id) => ("assignee", id.to_string()),
        }));
        pairs.extend(self.organisation.map(|o| ("organisation", o.to_string())));
        pairs.extend(self.tag.clone().map(|t| ("tag", t)));
        pairs.extend(self.text.clone().map(|t| ("q", t)));
        pairs
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a card belongs; the text is not looked at, since a card does not hold the conversation.
    pub fn admits(&self, card: &Card) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&card.status))
            && (self.departments.is_empty() || self.departments.contains(&card.department.id))
            && (self.urgencies.is_empty() || self.urgencies.contains(&card.urgency))
            && self.assignee.is_none_or(|wanted| match wanted {
                AssignedTo::Nobody => card.assignee.is_none(),
                AssignedTo::Person(id) => card.assignee.as_ref().is_some_and(|a| a.id == id),
            })
            && self.organisation.is_none_or(|id| card.organisation.as_ref().is_some_and(|o| o.id == id))
            && self.tag.as_ref().is_none_or(|tag| card.tags.contains(tag))
    }
}

fn push<T: PartialEq>(list: &mut Vec<T>, value: Option<T>) {
    if let Some(value) = value.filter(|v| list.len() < MOST && !list.contains(v)) {
        list.push(value);
    }
}
