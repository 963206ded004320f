//! What a ticket counts for in reports, and the reports made of it.
//!
//! Invariant: what is counted of a ticket follows from its log and from what it is now; nothing is counted twice, however often it was reopened.

mod report;
mod window;

pub use report::{Counting, Figures, Group, Report, Share, Times};
pub use window::{Day, Window};

use crate::events::{Event, Happening};
use crate::hours::{Goal, Target, Timetable};
use crate::tickets::{Clock, Mark, Side, Urgency};
use crate::time::{Moment, Span};
use crate::{DepartmentId, OrganisationId, PersonId};
use serde::{Deserialize, Serialize};

/// Something that was done after some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// When.
    pub at: Moment,
    /// On the clock its target is counted on: in working time, or around the clock.
    pub took: Span,
    /// Whether it was in time; `None` where there was no target for it.
    pub in_time: Option<bool>,
}

/// What a ticket counts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Fact {
    pub department: DepartmentId,
    pub urgency: Urgency,
    pub organisation: Option<OrganisationId>,
    /// Who handles it, or did when it was resolved.
    pub agent: Option<PersonId>,
    pub opened_at: Moment,
    /// When it was settled, and when it was reopened; only the last may have no end.
    pub settled: Vec<(Moment, Option<Moment>)>,
    pub first_reply: Option<Measured>,
    /// As it was settled last, where it still is.
    pub solution: Option<Measured>,
    /// When the first reply was due that it never had, where it was told that it is missed.
    pub first_reply_missed: Option<Moment>,
    /// When the solution was due that it does not have, likewise.
    pub solution_missed: Option<Moment>,
}

/// What a ticket is now, besides what happened on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Now {
    pub department: DepartmentId,
    pub urgency: Urgency,
    pub organisation: Option<OrganisationId>,
    pub agent: Option<PersonId>,
    pub opened_at: Moment,
}

/// By what time is counted.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct By<'a> {
    pub target: &'a Target,
    pub timetable: &'a Timetable,
    /// Minutes of a working day.
    pub working_day: i64,
}

impl Fact {
    /// What a ticket counts for, by its log in order.
    pub fn of(now: Now, log: &[Event], by: By<'_>) -> Self {
        let Now { department, urgency, organisation, agent, opened_at } = now;
        let clock = Clock::replay(log);
        let mut settled: Vec<(Moment, Option<Moment>)> = vec![];
        let (mut had_it, mut solver) = (None, None);
        for event in log {
            if let Happening::Assigned { to, .. } = &event.what {
                had_it = to.as_ref().map(|person| person.id);
            }
            let Happening::StatusChanged { from, to } = &event.what else { continue };
            match (from.is_settled(), to.is_settled()) {
                (false, true) => {
                    settled.push((event.at, None));
                    solver = had_it;
                }
                (true, false) => {
                    if let Some((_, until @ None)) = settled.last_mut() {
                        *until = Some(event.at);
                    }
                }
                _ => {}
            }
        }
        let day = by.target.day(by.working_day);
        let measured = |goal: Goal, at: Moment| {
            let took = clock.spent(opened_at, at, by.timetable, by.target.around_the_clock);
            Measured { at, took, in_time: by.target.of(goal).map(|term| took <= term.span(day)) }
        };
        let replied = log.iter().find(|event| matches!(&event.what, Happening::Replied { side: Side::Agent, .. })).map(|event| event.at);
        let solved = settled.last().filter(|(_, until)| until.is_none()).map(|(at, _)| *at);
        // By the targets of now it may be due later than what was told.
        let missed =
            |goal: Goal| clock.due_at(goal, opened_at, by.target, by.timetable, by.working_day).filter(|at| clock.was_told(goal, Mark::Missed, *at));
        Self {
            department,
            urgency,
            organisation,
            // Handed on afterwards, it is still theirs.
            agent: if solved.is_some() { solver.or(agent) } else { agent },
            opened_at,
            first_reply: replied.map(|at| measured(Goal::FirstReply, at)),
            solution: solved.map(|at| measured(Goal::Solution, at)),
            first_reply_missed: if replied.is_none() { missed(Goal::FirstReply) } else { None },
            solution_missed: if solved.is_none() { missed(Goal::Solution) } else { None },
            settled,
        }
    }

    /// Until when it counts for anything; `None` while it runs.
    pub fn last_at(&self) -> Option<Moment> {
        self.settled.last().filter(|(_, until)| until.is_none()).map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::{Calendar, Targets};
    use crate::tickets::Status;
    use crate::time::{Zone, day_number};
    use crate::{EventNo, MessageId, TicketId};

    /// Monday 23 November 2026, in UTC, so many days, hours and minutes later. The office is open from 8:30 to 17:30.
    fn at(day: i64, hour: i64, minute: i64) -> Moment {
        Moment((day_number(2026, 11, 23).unwrap() + day) * 86_400_000) + Span::minutes(hour * 60 + minute)
    }

    fn fact(urgency: Urgency, opened: Moment, log: &[(Moment, Happening)]) -> Fact {
        let day = day_number(2026, 11, 1).unwrap();
        let timetable = Timetable::new(&Calendar::default(), &Zone { offsets: vec![(0, 0)] }, day, day + 400);
        let target = Targets::default().of(urgency, DepartmentId(1), None);
        let now = Now { department: DepartmentId(1), urgency, organisation: None, agent: None, opened_at: opened };
        let log: Vec<Event> =
            log.iter().map(|(at, what)| Event { n: EventNo(1), at: *at, ticket: TicketId(1), by: None, what: what.clone() }).collect();
        Fact::of(now, &log, By { target: &target, timetable: &timetable, working_day: 9 * 60 })
    }

    fn moved(from: Status, to: Status) -> Happening {
        Happening::StatusChanged { from, to }
    }

    fn said(side: Side) -> Happening {
        Happening::Replied { message: MessageId(1), side, excerpt: String::new(), files: 0 }
    }

    #[test]
    fn time_is_counted_as_its_target_is_and_stands_still_with_it() {
        // Friday at 17:00, answered on Monday at 9:00, then a day of waiting for the customer.
        let log = [
            (at(7, 9, 0), said(Side::Agent)),
            (at(7, 9, 0), moved(Status::Open, Status::Waiting)),
            (at(8, 9, 0), moved(Status::Waiting, Status::Open)),
            (at(8, 10, 0), moved(Status::Open, Status::Resolved)),
        ];
        let told = fact(Urgency::Medium, at(4, 17, 0), &log);
        assert_eq!(told.first_reply, Some(Measured { at: at(7, 9, 0), took: Span::hours(1), in_time: Some(true) }));
        assert_eq!(told.solution, Some(Measured { at: at(8, 10, 0), took: Span::hours(2), in_time: Some(true) }));
        let high = fact(Urgency::High, at(4, 17, 0), &log);
        assert_eq!(high.first_reply, Some(Measured { at: at(7, 9, 0), took: Span::hours(64), in_time: Some(false) }));
    }

    #[test]
    fn what_was_never_answered_or_solved_has_the_moment_at_which_it_was_missed() {
        let missed = |goal: Goal, due: Moment| (due, Happening::TargetMissed { goal, due });
        let of = |urgency: Urgency, log: &[(Moment, Happening)]| {
            let fact = fact(urgency, at(0, 9, 0), log);
            (fact.first_reply_missed, fact.solution_missed)
        };
        let (reply, solution) = (missed(Goal::FirstReply, at(0, 10, 0)), missed(Goal::Solution, at(0, 17, 0)));
        assert_eq!(of(Urgency::High, &[]), (None, None), "not told yet");
        assert_eq!(of(Urgency::High, std::slice::from_ref(&reply)), (Some(at(0, 10, 0)), None));
        // Resolved without an answer it stays missed; answered late it counts by its answer.
        assert_eq!(of(Urgency::High, &[reply.clone(), (at(0, 11, 0), moved(Status::New, Status::Resolved))]), (Some(at(0, 10, 0)), None));
        assert_eq!(of(Urgency::High, &[reply.clone(), (at(0, 11, 0), said(Side::Agent)), solution.clone()]), (None, Some(at(0, 17, 0))));
        let solved = [reply.clone(), (at(0, 11, 0), said(Side::Agent)), solution.clone(), (at(0, 18, 0), moved(Status::Open, Status::Resolved))];
        assert_eq!(of(Urgency::High, &solved), (None, None));
        // Low by now, it is due much later.
        assert_eq!(of(Urgency::Low, &[reply, solution]), (None, None));
    }

    #[test]
    fn who_reopens_takes_the_solution_back_until_it_is_solved_again() {
        let mut log = vec![
            (at(0, 10, 0), moved(Status::New, Status::Resolved)),
            (at(1, 9, 0), moved(Status::Resolved, Status::Closed)),
            (at(2, 10, 0), moved(Status::Closed, Status::Open)),
        ];
        let opened = at(0, 9, 0);
        let again = fact(Urgency::Low, opened, &log);
        assert_eq!((again.solution, again.last_at()), (None, None));
        assert_eq!(again.settled, [(at(0, 10, 0), Some(at(2, 10, 0)))]);
        log.push((at(2, 11, 30), moved(Status::Open, Status::Resolved)));
        let solved = fact(Urgency::Low, opened, &log);
        assert_eq!(solved.solution.map(|m| (m.at, m.took)), Some((at(2, 11, 30), Span::minutes(150))), "the time in between is not counted");
        assert_eq!(solved.last_at(), Some(at(2, 11, 30)));
    }
}
