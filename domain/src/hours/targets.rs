//! Targets: how soon a first reply, a next reply and a solution are due, and which clock they are counted on.

use crate::tickets::Urgency;
use crate::time::Span;
use crate::{DepartmentId, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest target, in days.
pub const MAX_DAYS_OF_TARGET: u32 = 365;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The first word of staff on a ticket.
    FirstReply,
    /// An answer to what the customer wrote since.
    NextReply,
    /// That the ticket is resolved.
    Solution,
}

impl Goal {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::FirstReply, Self::NextReply, Self::Solution];

    /// The word in forms and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::FirstReply => "first_reply",
            Self::NextReply => "next_reply",
            Self::Solution => "solution",
        }
    }
}

/// In what a target is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Unit {
    Minutes,
    Hours,
    /// Working days of the department; around the clock, days of 24 hours.
    Days,
}

/// A length of time as it was agreed: 90 minutes, 4 hours, 2 days. Written `90m`, `4h`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Term {
    n: u32,
    unit: Unit,
}

impl Term {
    /// A term; refused where it is nothing or longer than [`MAX_DAYS_OF_TARGET`].
    pub fn new(n: u32, unit: Unit) -> Result<Self, Fault> {
        let most = match unit {
            Unit::Minutes => MAX_DAYS_OF_TARGET * 24 * 60,
            Unit::Hours => MAX_DAYS_OF_TARGET * 24,
            Unit::Days => MAX_DAYS_OF_TARGET,
        };
        if (1..=most).contains(&n) { Ok(Self { n, unit }) } else { Err(Fault::NotATerm) }
    }

    /// How many of [`Self::unit`].
    pub fn n(self) -> u32 {
        self.n
    }

    /// What of.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// Its length, where a day is so many minutes.
    pub fn span(self, day: i64) -> Span {
        let n = i64::from(self.n);
        match self.unit {
            Unit::Minutes => Span::minutes(n),
            Unit::Hours => Span::hours(n),
            Unit::Days => Span::minutes(n * day),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.unit {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
        };
        write!(f, "{}{letter}", self.n)
    }
}

impl FromStr for Term {
    type Err = Fault;

    /// Reads what people write: `90m`, `4 h`, `4u`, `2 d`, `2 dagen`, `1 day`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_lowercase();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (n, unit) = text.split_at(digits);
        let unit = match unit.trim() {
            "m" | "min" | "minuut" | "minuten" | "minute" | "minutes" => Unit::Minutes,
            "h" | "u" | "uur" | "uren" | "hour" | "hours" => Unit::Hours,
            "d" | "dag" | "dagen" | "day" | "days" => Unit::Days,
            _ => return Err(Fault::NotATerm),
        };
        Self::new(n.parse().map_err(|_| Fault::NotATerm)?, unit)
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

impl TryFrom<String> for Term {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map_err(|_| "a term such as 4h")
    }
}

/// What is promised for a ticket; what is not set is not due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// Until the first reply.
    pub first_reply: Option<Term>,
    /// Until the answer to each later question.
    pub next_reply: Option<Term>,
    /// Until it is resolved.
    pub solution: Option<Term>,
    /// Whether such tickets are handled outside office hours too, and counted around the clock.
    pub around_the_clock: bool,
}

impl fmt::Display for Target {
    /// As the audit log has it: `first_reply 1h, solution 8h, around the clock`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = Goal::ALL.into_iter().filter_map(|goal| Some(format!("{} {}", goal.word(), self.of(goal)?)));
        let clock = self.around_the_clock.then(|| "around the clock".to_owned());
        write!(f, "{}", terms.chain(clock).collect::<Vec<_>>().join(", "))
    }
}

impl Target {
    /// The term of a goal.
    pub fn of(&self, goal: Goal) -> Option<Term> {
        match goal {
            Goal::FirstReply => self.first_reply,
            Goal::NextReply => self.next_reply,
            Goal::Solution => self.solution,
        }
    }

    /// Minutes of one of its days, where a working day has so many.
    pub fn day(&self, working_day: i64) -> i64 {
        if self.around_the_clock { i64::from(super::MINUTES_A_DAY) } else { working_day }
    }
}

/// A target and the tickets it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TargetRule {
    pub urgency: Urgency,
    /// Only those of this department, where there is one.
    pub department: Option<DepartmentId>,
    /// Only those of this organisation, where there is one.
    pub organisation: Option<OrganisationId>,
    pub target: Target,
}

/// All targets. Each urgency has one for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    rules: Vec<TargetRule>,
}

impl Default for Targets {
    /// High 1 hour and 8 hours, around the clock; Medium 4 hours and 2 days; Low 2 days and 10 days; Question 1 day and 5 days.
    fn default() -> Self {
        Self::new(vec![])
    }
}

/// What is promised where nothing else was chosen.
fn default_of(urgency: Urgency) -> Target {
    let term = |n, unit| Some(Term { n, unit });
    let (reply, solution) = match urgency {
        Urgency::High => (term(1, Unit::Hours), term(8, Unit::Hours)),
        Urgency::Medium => (term(4, Unit::Hours), term(2, Unit::Days)),
        Urgency::Low => (term(2, Unit::Days), term(10, Unit::Days)),
        Urgency::Question => (term(1, Unit::Days), term(5, Unit::Days)),
    };
    Target { first_reply: reply, next_reply: reply, solution, around_the_clock: urgency == Urgency::High }
}

impl Targets {
    /// These rules, and the default for each urgency that has none for everybody.
    pub fn new(mut rules: Vec<TargetRule>) -> Self {
        for urgency in Urgency::ALL {
            if !rules.iter().any(|r| r.urgency == *urgency && r.department.is_none() && r.organisation.is_none()) {
                rules.push(TargetRule { urgency: *urgency, department: None, organisation: None, target: default_of(*urgency) });
            }
        }
        rules.sort_by_key(|r| (std::cmp::Reverse(r.urgency), r.organisation, r.department));
        Self { rules }
    }

    /// Every rule.
    pub fn rules(&self) -> &[TargetRule] {
        &self.rules
    }

    /// The target of a ticket: that of its organisation goes before that of its department, that of both before either.
    pub fn of(&self, urgency: Urgency, department: DepartmentId, organisation: Option<OrganisationId>) -> Target {
        let fits = |r: &&TargetRule| {
            r.urgency == urgency && r.department.is_none_or(|d| d == department) && (r.organisation.is_none() || r.organisation == organisation)
        };
        let found = self.rules.iter().filter(fits).max_by_key(|r| (r.organisation.is_some(), r.department.is_some()));
        found.map_or_else(|| default_of(urgency), |rule| rule.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_as_people_write_them() {
        for (typed, is) in [("4h", "4h"), (" 4 uur ", "4h"), ("90 min", "90m"), ("2 dagen", "2d"), ("1 Day", "1d"), ("4U", "4h")] {
            assert_eq!(typed.parse::<Term>().map(|t| t.to_string()), Ok(is.to_owned()), "{typed}");
        }
        for wrong in ["", "4", "h", "0h", "-1h", "1.5h", "366d", "99999999999h", "2 weken", "4h 30m"] {
            assert_eq!(wrong.parse::<Term>(), Err(Fault::NotATerm), "{wrong}");
        }
    }

    #[test]
    fn the_nearest_rule_holds() {
        let (organisation, department) = (Some(OrganisationId(7)), Some(DepartmentId(3)));
        let rule = |department, organisation, n| TargetRule {
            urgency: Urgency::Low,
            department,
            organisation,
            target: Target { first_reply: Term::new(n, Unit::Hours).ok(), ..Target::default() },
        };
        let targets = Targets::new(vec![rule(department, None, 1), rule(None, organisation, 2), rule(department, organisation, 3)]);
        for (d, o, n) in [(3, Some(7), 3), (4, Some(7), 2), (3, Some(8), 1), (3, None, 1), (4, None, 0)] {
            let found = targets.of(Urgency::Low, DepartmentId(d), o.map(OrganisationId)).first_reply;
            assert_eq!(found, if n == 0 { default_of(Urgency::Low).first_reply } else { Term::new(n, Unit::Hours).ok() });
        }
        assert!(targets.of(Urgency::High, DepartmentId(3), organisation).around_the_clock);
        assert_eq!(targets.rules().len(), 7);
    }
}
