//! A report: what many tickets count for together, over some days and the same number of days before.

use super::{Day, Fact, Measured, Window};
use crate::hours::Goal;
use crate::tickets::Urgency;
use crate::time::{Moment, Span};
use crate::{DepartmentId, OrganisationId, PersonId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Times {
    /// Half of them took no longer.
    pub median: Option<Span>,
    /// Nine in ten took no longer.
    pub p90: Option<Span>,
}

/// How many were in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// Of those that had a target.
    pub in_time: u32,
    /// All of those.
    pub of: u32,
}

impl Share {
    fn add(&mut self, in_time: Option<bool>) {
        if let Some(in_time) = in_time {
            self.of += 1;
            self.in_time += u32::from(in_time);
        }
    }

    /// In hundredths, rounded down: a hundred is all of them.
    pub fn percent(&self) -> Option<u32> {
        (self.of > 0).then(|| (u64::from(self.in_time) * 100 / u64::from(self.of)) as u32)
    }
}

/// What some tickets count for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Figures {
    pub opened: u32,
    pub solved: u32,
    pub first_reply: Times,
    pub solution: Times,
    pub first_reply_share: Share,
    pub solution_share: Share,
}

/// The tickets of one of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group<Key> {
    /// Which one.
    pub key: Key,
    /// Its figures.
    pub figures: Figures,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Report {
    pub all: Figures,
    /// Over the same number of days before.
    pub before: Figures,
    pub days: Vec<Day>,
    /// Tickets that came in, by weekday from Monday on, and hour.
    pub heat: [[u32; 24]; 7],
    pub departments: Vec<Group<DepartmentId>>,
    pub urgencies: Vec<Group<Urgency>>,
    /// The ones with most tickets first.
    pub organisations: Vec<Group<Option<OrganisationId>>>,
    pub agents: Vec<Group<PersonId>>,
}

/// What a ticket counts for within some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Within {
    opened: bool,
    first_reply: Option<Measured>,
    solution: Option<Measured>,
    /// Whether a first reply was missed that is not there yet, and likewise a solution.
    missed: (bool, bool),
}

impl Within {
    fn new(window: &Window, fact: &Fact) -> Self {
        let within = |at: Moment| at >= window.from() && at < window.until();
        Self {
            opened: within(fact.opened_at),
            first_reply: fact.first_reply.filter(|m| within(m.at)),
            solution: fact.solution.filter(|m| within(m.at)),
            missed: (fact.first_reply_missed.is_some_and(within), fact.solution_missed.is_some_and(within)),
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Figures that are still being counted.
#[derive(Debug, Clone, Default)]
struct Count {
    figures: Figures,
    first_reply: Vec<u32>,
    solution: Vec<u32>,
}

impl Count {
    fn add(&mut self, within: &Within) {
        self.figures.opened += u32::from(within.opened);
        if let Some(reply) = &within.first_reply {
            self.first_reply.push(seconds(reply));
            self.figures.first_reply_share.add(reply.in_time);
        }
        if let Some(solution) = &within.solution {
            self.figures.solved += 1;
            self.solution.push(seconds(solution));
            self.figures.solution_share.add(solution.in_time);
        }
        let (reply, solution) = within.missed;
        self.figures.first_reply_share.add(reply.then_some(false));
        self.figures.solution_share.add(solution.then_some(false));
    }

    fn finish(mut self) -> Figures {
        self.figures.first_reply = times(&mut self.first_reply);
        self.figures.solution = times(&mut self.solution);
        self.figures
    }
}

fn seconds(measured: &Measured) -> u32 {
    u32::try_from(measured.took.0 / 1_000).unwrap_or(if measured.took.0 < 0 { 0 } else { u32::MAX })
}

/// The smallest of which so many hundredths are no larger (nearest rank).
fn rank(of: &mut [u32], hundredths: usize) -> Option<Span> {
    let at = (of.len() * hundredths).div_ceil(100).checked_sub(1)?;
    let (_, found, _) = of.select_nth_unstable(at);
    Some(Span::seconds(i64::from(*found)))
}

fn times(of: &mut [u32]) -> Times {
    Times { median: rank(of, 50), p90: rank(of, 90) }
}

/// Counts tickets into a report.
#[derive(Debug)]
pub struct Counting {
    window: Window,
    before: Window,
    /// No later than now: what is still to come has no backlog.
    now: Moment,
    all: Count,
    all_before: Count,
    days: Vec<Day>,
    heat: [[u32; 24]; 7],
    /// Tickets open when the first day began, and by how many each day changes that.
    open: i64,
    departments: BTreeMap<DepartmentId, Count>,
    urgencies: BTreeMap<Urgency, Count>,
    organisations: BTreeMap<Option<OrganisationId>, Count>,
    agents: BTreeMap<PersonId, Count>,
}

impl Counting {
    /// Begins a report over these days, compared with those before.
    pub fn new(window: Window, before: Window, now: Moment) -> Self {
        let days = (0..window.days).map(|n| Day { number: window.first + n as i64, ..Day::default() }).collect();
        Self {
            window,
            before,
            now,
            all: Count::default(),
            all_before: Count::default(),
            days,
            heat: [[0; 24]; 7],
            open: 0,
            departments: BTreeMap::new(),
            urgencies: BTreeMap::new(),
            organisations: BTreeMap::new(),
            agents: BTreeMap::new(),
        }
    }

    /// Counts a ticket.
    pub fn add(&mut self, fact: &Fact) {
        let within = Within::new(&self.window, fact);
        if let Some((day, hour)) = self.window.place(fact.opened_at) {
            self.days[day].opened += 1;
            self.heat[usize::from(crate::time::weekday(self.window.first + day as i64))][hour] += 1;
        }
        if let Some((day, _)) = within.solution.and_then(|solution| self.window.place(solution.at)) {
            self.days[day].solved += 1;
        }
        self.stood_open(fact);
        if !within.is_nothing() {
            let add = |count: &mut Count| count.add(&within);
            add(&mut self.all);
            add(self.departments.entry(fact.department).or_default());
            add(self.urgencies.entry(fact.urgency).or_default());
            add(self.organisations.entry(fact.organisation).or_default());
            if let Some(agent) = fact.agent {
                add(self.agents.entry(agent).or_default());
            }
        }
        self.all_before.add(&Within::new(&self.before, fact));
    }

    /// The days on which it was open. `days[n].backlog` is by how much the day changes it until all is counted.
    fn stood_open(&mut self, fact: &Fact) {
        let mut change = |at: Moment, by: i64| match self.window.place(at) {
            Some((day, _)) => self.days[day].backlog += by,
            None if at < self.window.from() => self.open += by,
            None => {}
        };
        change(fact.opened_at, 1);
        for (from, until) in &fact.settled {
            change(*from, -1);
            if let Some(until) = until {
                change(*until, 1);
            }
        }
    }

    /// The report.
    pub fn finish(mut self) -> Report {
        let mut open = self.open;
        let today = self.window.place(self.now).map(|(day, _)| day);
        for (n, day) in self.days.iter_mut().enumerate() {
            open += day.backlog;
            day.backlog = if today.is_some_and(|today| n > today) { 0 } else { open };
        }
        fn groups<Key: Ord + Copy>(counts: BTreeMap<Key, Count>) -> Vec<Group<Key>> {
            counts.into_iter().map(|(key, count)| Group { key, figures: count.finish() }).collect()
        }
        fn most<Key>(mut groups: Vec<Group<Key>>) -> Vec<Group<Key>> {
            groups.sort_by_key(|group| std::cmp::Reverse((group.figures.opened, group.figures.solved)));
            groups
        }
        Report {
            all: self.all.finish(),
            before: self.all_before.finish(),
            days: self.days,
            heat: self.heat,
            departments: groups(self.departments),
            urgencies: groups(self.urgencies),
            organisations: most(groups(self.organisations)),
            agents: most(groups(self.agents)),
        }
    }
}

impl Report {
    /// The highest number of tickets of an hour of the week.
    pub fn busiest(&self) -> u32 {
        self.heat.iter().flatten().copied().max().unwrap_or_default()
    }

    /// The share in time of an urgency.
    pub fn share(&self, urgency: Urgency, goal: Goal) -> Share {
        let figures = self.urgencies.iter().find(|group| group.key == urgency).map(|group| group.figures).unwrap_or_default();
        match goal {
            Goal::FirstReply => figures.first_reply_share,
            Goal::Solution | Goal::NextReply => figures.solution_share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn fact(opened: i64, moves: &[i64], took: i64) -> Fact {
        // Settled and reopened in turn, each some hours after the one before.
        let (mut at, mut settled) = (opened, vec![]);
        for (n, hours) in moves.iter().enumerate() {
            at += hours * 3_600_000;
            match n % 2 {
                0 => settled.push((Moment(at), None)),
                _ => settled.last_mut().unwrap().1 = Some(Moment(at)),
            }
        }
        let solved = (moves.len() % 2 == 1).then_some(at);
        Fact {
            department: DepartmentId(took % 3),
            urgency: Urgency::ALL[took as usize % 4],
            organisation: None,
            agent: None,
            opened_at: Moment(opened),
            settled,
            first_reply: None,
            solution: solved.map(|at| Measured { at: Moment(at), took: Span::seconds(took), in_time: Some(took < 50) }),
            first_reply_missed: None,
            solution_missed: None,
        }
    }

    proptest! {
        /// What is counted in one pass is what is counted one by one.
        #[test]
        fn a_report_is_what_its_tickets_are(tickets in prop::collection::vec((0_i64..40 * 24, prop::collection::vec(1_i64..200, 0..5), 0_i64..100), 0..60)) {
            let facts: Vec<Fact> = tickets.iter().map(|(opened, moves, took)| fact(opened * 3_600_000, moves, *took)).collect();
            let zone = Zone { offsets: vec![(-90_000_000, 0)] };
            let mut counting = Counting::new(Window::new(10, 40, &zone), Window::new(-20, 10, &zone), Moment(100 * DAY));
            facts.iter().for_each(|fact| counting.add(fact));
            let report = counting.finish();
            for day in &report.days {
                let (from, until) = (Moment(day.number * DAY), Moment((day.number + 1) * DAY));
                let within = |at: Moment| at >= from && at < until;
                prop_assert_eq!(day.opened as usize, facts.iter().filter(|fact| within(fact.opened_at)).count());
                prop_assert_eq!(day.solved as usize, facts.iter().filter(|fact| fact.solution.is_some_and(|solution| within(solution.at))).count());
                let is_settled = |fact: &Fact| fact.settled.iter().any(|(from, to)| *from < until && to.is_none_or(|to| to >= until));
                let open = facts.iter().filter(|fact| fact.opened_at < until && !is_settled(fact)).count();
                prop_assert_eq!(day.backlog, open as i64, "{:?}", day);
            }
            let mut took: Vec<i64> = facts.iter().filter_map(|fact| fact.solution).filter(|s| s.at >= Moment(10 * DAY) && s.at < Moment(40 * DAY)).map(|s| s.took.0).collect();
            took.sort_unstable();
            let rank = |hundredths: usize| took.get((took.len() * hundredths).div_ceil(100).max(1) - 1).map(|took| Span(*took));
            prop_assert_eq!(report.all.solution, Times { median: rank(50), p90: rank(90) });
            prop_assert_eq!(report.all.solved, report.urgencies.iter().map(|group| group.figures.solved).sum::<u32>());
            prop_assert_eq!(report.all.opened, report.departments.iter().map(|group| group.figures.opened).sum::<u32>());
            let in_time = took.iter().filter(|took| **took < 50_000).count() as u32;
            prop_assert_eq!(report.all.solution_share, Share { in_time, of: took.len() as u32 });
        }
    }

    /// Else a department that answers nobody would be in time for everyone.
    #[test]
    fn what_is_late_and_still_not_done_is_not_in_time() {
        let zone = Zone { offsets: vec![(-90_000_000, 0)] };
        let mut counting = Counting::new(Window::new(10, 40, &zone), Window::new(-20, 10, &zone), Moment(30 * DAY));
        let missed = |reply: i64, solution: Option<i64>| Fact {
            first_reply_missed: Some(Moment(reply * DAY)),
            solution_missed: solution.map(|day| Moment(day * DAY)),
            ..fact(5 * DAY, &[], 1)
        };
        [missed(11, Some(12)), missed(9, None), missed(41, Some(42))].iter().for_each(|fact| counting.add(fact));
        let report = counting.finish();
        assert_eq!((report.all.first_reply_share, report.all.solution_share), (Share { in_time: 0, of: 1 }, Share { in_time: 0, of: 1 }));
        assert_eq!((report.before.first_reply_share, report.before.opened), (Share { in_time: 0, of: 1 }, 3));
        assert_eq!(report.departments.len(), 1);
    }

    #[test]
    fn nine_in_ten_and_the_middle_are_by_nearest_rank() {
        let mut of: Vec<u32> = (1..=10).rev().collect();
        assert_eq!(times(&mut of), Times { median: Some(Span::seconds(5)), p90: Some(Span::seconds(9)) });
        assert_eq!(times(&mut []), Times::default());
        assert_eq!((Share { in_time: 2, of: 3 }.percent(), Share::default().percent()), (Some(66), None));
    }
}
