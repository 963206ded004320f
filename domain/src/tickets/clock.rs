//! The clock of a ticket: what happened on it that matters for what is due, and what follows from that.
//!
//! Invariant: what is due is a function of the clock, the target and the timetable alone, so that any of them may change and everything is reckoned anew.

use super::due::{Due, Pace};
use super::{Side, Status};
use crate::events::{Event, Happening};
use crate::hours::{Goal, Target, Timetable};
use crate::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// From how many hundredths of a target it is near.
pub const NEAR: i64 = 75;

/// How far a target has come, when it is worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Three quarters are spent.
    Near,
    /// All of it is.
    Missed,
}

/// What happened on a ticket that matters for what is due.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// Since when a customer waits for an answer.
    pub asked_at: Option<Moment>,
    /// When staff first answered.
    pub first_reply_at: Option<Moment>,
    /// When it stood still, because the customer was to answer or it was resolved: from when until when.
    pub pauses: Vec<(Moment, Option<Moment>)>,
    /// What was told, and for which moment.
    pub told: Vec<(Goal, Mark, Moment)>,
}

impl Clock {
    /// The clock as what happened on a ticket left it; what was told is not in the log of before targets.
    pub fn replay<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut clock = Self::default();
        for event in events {
            match &event.what {
                Happening::Opened { .. } => clock.spoke(Side::Customer, event.at),
                Happening::Replied { side, .. } => clock.spoke(*side, event.at),
                Happening::StatusChanged { to, .. } => clock.moved(*to, event.at),
                Happening::TargetNear { goal, due } => clock.tell(*goal, Mark::Near, *due),
                Happening::TargetMissed { goal, due } => clock.tell(*goal, Mark::Missed, *due),
                Happening::Noted { .. } | Happening::Assigned { .. } | Happening::UrgencyChanged { .. } | Happening::DepartmentChanged { .. } => {}
                Happening::CcAdded { .. } | Happening::CcRemoved { .. } | Happening::Tagged { .. } | Happening::Untagged { .. } => {}
                Happening::Continued { .. } | Happening::Alarmed { .. } | Happening::Acknowledged => {}
            }
        }
        clock
    }

    /// Someone spoke on the ticket.
    pub fn spoke(&mut self, side: Side, now: Moment) {
        match side {
            Side::Customer => self.asked(now),
            Side::Agent => self.answered(now),
        }
    }

    /// The ticket moved to a status. What was asked on one that is settled waits no longer.
    pub fn moved(&mut self, to: Status, now: Moment) {
        if to.runs() {
            self.resume(now)
        } else {
            self.pause(now)
        }
        if to.is_settled() {
            self.asked_at = None;
        }
    }

    /// A customer asked something; an earlier question that waits goes on waiting.
    pub fn asked(&mut self, now: Moment) {
        self.asked_at.get_or_insert(now);
    }

    /// Staff answered.
    pub fn answered(&mut self, now: Moment) {
        self.asked_at = None;
        self.first_reply_at.get_or_insert(now);
        self.told.retain(|(goal, ..)| *goal == Goal::Solution);
    }

    /// It stands still.
    pub fn pause(&mut self, now: Moment) {
        if !self.is_paused() {
            self.pauses.push((now, None));
        }
    }

    /// It goes on.
    pub fn resume(&mut self, now: Moment) {
        if let Some((from, until @ None)) = self.pauses.last_mut() {
            *until = Some(now.max(*from));
        }
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|(_, until)| until.is_none())
    }

    /// Remembers what was told.
    pub fn tell(&mut self, goal: Goal, mark: Mark, at: Moment) {
        self.told.retain(|(g, m, _)| (*g, *m) != (goal, mark));
        self.told.push((goal, mark, at));
    }

    /// Whether something was told of a goal for a moment, or for a later one.
    pub fn was_told(&self, goal: Goal, mark: Mark, at: Moment) -> bool {
        self.told.iter().any(|(g, m, told)| (*g, *m) == (goal, mark) && at <= *told)
    }

    /// The reply that is due, where one is.
    fn reply(&self) -> Option<(Goal, Moment)> {
        let goal = if self.first_reply_at.is_none() { Goal::FirstReply } else { Goal::NextReply };
        self.asked_at.map(|at| (goal, at))
    }

    /// The times at which it ran since a moment; the last one may have no end.
    fn runs(&self, since: Moment) -> impl Iterator<Item = (Moment, Option<Moment>)> + '_ {
        let starts = std::iter::once(Some(since)).chain(self.pauses.iter().map(|(_, until)| *until));
        let ends = self.pauses.iter().map(|(from, _)| Some(*from)).chain(std::iter::once(None));
        starts.zip(ends).filter_map(move |(start, end)| {
            let start = start?.max(since);
            end.is_none_or(|end| end > start).then_some((start, end))
        })
    }

    /// How much of a target's time was spent between two moments, in working time or around the clock.
    pub fn spent(&self, since: Moment, until: Moment, timetable: &Timetable, around_the_clock: bool) -> Span {
        let pace = Pace { timetable, around_the_clock };
        Span(self.runs(since).map(|(from, to)| pace.between(from, to.unwrap_or(until).min(until)).0.max(0)).sum())
    }

    /// When a goal is or was due, counted from a moment; `None` where the clock stood still before that.
    pub fn due_at(&self, goal: Goal, since: Moment, target: &Target, timetable: &Timetable, working_day: i64) -> Option<Moment> {
        let pace = Pace { timetable, around_the_clock: target.around_the_clock };
        self.reach(since, target.of(goal)?.span(target.day(working_day)), pace).0
    }

    /// What follows for a ticket that runs.
    pub fn reckon(&self, opened_at: Moment, target: &Target, timetable: &Timetable, working_day: i64) -> Reckoning {
        let pace = Pace { timetable, around_the_clock: target.around_the_clock };
        let day = target.day(working_day);
        let goals = self.reply().into_iter().chain([(Goal::Solution, opened_at)]);
        let all: Vec<Due> = goals.filter_map(|(goal, since)| Some(self.due(goal, since, target.of(goal)?.span(day), pace))).collect();
        let untold = |due: &Due, mark: Mark| {
            let at = due.moment(mark)?;
            // What stands still before its time is neither near nor missed.
            let due_at = due.at?;
            // That it is near is no news once it is missed.
            let is_over = mark == Mark::Near && self.was_told(due.goal, Mark::Missed, due_at);
            (!self.was_told(due.goal, mark, at) && !is_over).then_some(Tick { at, goal: due.goal, mark, due: due_at })
        };
        let next = all.iter().flat_map(|due| [untold(due, Mark::Near), untold(due, Mark::Missed)]).flatten().min_by_key(|tick| (tick.at, tick.goal));
        // What runs before what stands still, and of each the one with the least left.
        let due = all.into_iter().min_by_key(|due| (due.at.is_none(), due.at, due.left, due.goal));
        Reckoning { due, next }
    }

    fn due(&self, goal: Goal, since: Moment, total: Span, pace: Pace<'_>) -> Due {
        let (near, _) = self.reach(since, Span(total.0 * NEAR / 100), pace);
        let (at, spent) = self.reach(since, total, pace);
        let left = at.is_none().then_some(Span((total.0 - spent.0).max(0)));
        let still_since = if at.is_none() { self.pauses.last().filter(|(_, until)| until.is_none()).map(|(from, _)| *from) } else { None };
        Due { goal, at, near, total, left, still_since, around_the_clock: pace.around_the_clock }
    }

    /// When so much time has been spent; `None` where it stands still before that. And how much is spent as far as is known.
    fn reach(&self, since: Moment, wanted: Span, pace: Pace<'_>) -> (Option<Moment>, Span) {
        let mut spent = 0;
        for (from, until) in self.runs(since) {
            let left = Span(wanted.0 - spent);
            match until {
                None => return (pace.add(from, left), Span(spent)),
                Some(until) => {
                    let run = pace.between(from, until).0.max(0);
                    if run >= left.0 {
                        return (pace.add(from, left), wanted);
                    }
                    spent += run;
                }
            }
        }
        (None, Span(spent))
    }
}

/// A moment at which something is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tick {
    pub at: Moment,
    pub goal: Goal,
    pub mark: Mark,
    /// When it is due, or was.
    pub due: Moment,
}

/// What follows from a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reckoning {
    /// What is due next.
    pub due: Option<Due>,
    /// What is to be told next, and when.
    pub next: Option<Tick>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DepartmentId;
    use crate::hours::{Calendar, Targets};
    use crate::tickets::{Stand, Time, Urgency};
    use crate::time::{Zone, day_number};
    use proptest::prelude::*;

    /// Monday 23 November 2026, in UTC, so many days and hours later. The office is open from 8:30 to 17:30.
    fn at(day: i64, hour: i64, minute: i64) -> Moment {
        Moment((day_number(2026, 11, 23).unwrap() + day) * 86_400_000) + Span::minutes(hour * 60 + minute)
    }

    fn table() -> Timetable {
        let day = day_number(2026, 11, 1).unwrap();
        Timetable::new(&Calendar::default(), &Zone { offsets: vec![(0, 0)] }, day, day + 400)
    }

    fn reckon(clock: &Clock, urgency: Urgency, opened: Moment) -> Reckoning {
        clock.reckon(opened, &Targets::default().of(urgency, DepartmentId(1), None), &table(), 9 * 60)
    }

    fn due(clock: &Clock, urgency: Urgency, opened: Moment) -> (Goal, Option<Moment>) {
        let due = reckon(clock, urgency, opened).due.unwrap();
        (due.goal, due.at)
    }

    #[test]
    fn the_defaults_are_counted_in_working_time_and_high_around_the_clock() {
        // Friday at 16:30.
        let opened = at(4, 16, 30);
        let clock = Clock { asked_at: Some(opened), ..Clock::default() };
        for (urgency, first) in
            [(Urgency::High, at(4, 17, 30)), (Urgency::Medium, at(7, 11, 30)), (Urgency::Question, at(7, 16, 30)), (Urgency::Low, at(8, 16, 30))]
        {
            assert_eq!(due(&clock, urgency, opened), (Goal::FirstReply, Some(first)), "{urgency:?}");
        }
        let answered = Clock { first_reply_at: Some(opened), ..Clock::default() };
        for (urgency, solution) in
            [(Urgency::High, at(5, 0, 30)), (Urgency::Medium, at(8, 16, 30)), (Urgency::Question, at(11, 16, 30)), (Urgency::Low, at(18, 16, 30))]
        {
            assert_eq!(due(&answered, urgency, opened), (Goal::Solution, Some(solution)), "{urgency:?}");
        }
    }

    #[test]
    fn waiting_for_the_customer_stops_the_clock_and_their_answer_starts_it() {
        let opened = at(0, 9, 0);
        let mut clock = Clock { asked_at: Some(opened), ..Clock::default() };
        clock.answered(at(0, 10, 0));
        clock.pause(at(0, 10, 0));
        let paused = reckon(&clock, Urgency::Medium, opened).due.unwrap();
        assert_eq!((paused.goal, paused.at, paused.left), (Goal::Solution, None, Some(Span::hours(17))));
        assert_eq!(paused.stand(at(0, 12, 0), &table()).state, Time::Paused);
        clock.resume(at(2, 10, 0));
        clock.asked(at(2, 10, 0));
        clock.asked(at(2, 11, 0));
        assert_eq!(due(&clock, Urgency::Medium, opened), (Goal::NextReply, Some(at(2, 14, 0))));
        clock.answered(at(2, 12, 0));
        assert_eq!(due(&clock, Urgency::Medium, opened), (Goal::Solution, Some(at(4, 9, 0))));
    }

    #[test]
    fn each_mark_is_told_once_and_again_only_for_a_later_moment() {
        let opened = at(0, 9, 0);
        let mut clock = Clock { asked_at: Some(opened), ..Clock::default() };
        let mut told = vec![];
        while let Some(tick) = reckon(&clock, Urgency::High, opened).next {
            clock.tell(tick.goal, tick.mark, tick.at);
            told.push((tick.goal, tick.mark, tick.at));
            assert!(told.len() < 9);
        }
        let expected = [
            (Goal::FirstReply, Mark::Near, at(0, 9, 45)),
            (Goal::FirstReply, Mark::Missed, at(0, 10, 0)),
            (Goal::Solution, Mark::Near, at(0, 15, 0)),
            (Goal::Solution, Mark::Missed, at(0, 17, 0)),
        ];
        assert_eq!(told, expected);
        // Less urgent: due later, so there is something to tell again.
        assert_eq!(reckon(&clock, Urgency::Medium, opened).next.map(|t| (t.goal, t.mark, t.at)), Some((Goal::FirstReply, Mark::Near, at(0, 12, 0))));
        // And back: nothing new.
        assert_eq!(reckon(&clock, Urgency::High, opened).next, None);
    }

    #[test]
    fn what_was_missed_stays_missed_while_it_waits() {
        let opened = at(0, 9, 0);
        let mut clock = Clock { asked_at: Some(opened), ..Clock::default() };
        clock.pause(at(0, 12, 0));
        let due = reckon(&clock, Urgency::High, opened).due.unwrap();
        assert_eq!((due.goal, due.at), (Goal::FirstReply, Some(at(0, 10, 0))));
        assert_eq!(due.stand(at(0, 12, 30), &table()), Stand { state: Time::Missed, left: Span::minutes(-150), spent: 100, opens: None });
    }

    #[test]
    fn a_card_stands_on_time_near_missed_or_still() {
        let opened = at(4, 16, 30);
        let clock = Clock { asked_at: Some(opened), ..Clock::default() };
        let due = reckon(&clock, Urgency::Medium, opened).due.unwrap();
        let table = table();
        for (now, state, spent) in [
            (at(4, 17, 0), Time::OnTime, 12),
            (at(4, 18, 0), Time::Paused, 25),
            (at(7, 10, 0), Time::OnTime, 62),
            (at(7, 10, 30), Time::Near, 75),
            (at(7, 11, 30), Time::Missed, 100),
        ] {
            let stand = due.stand(now, &table);
            assert_eq!((stand.state, stand.spent), (state, spent), "{now:?}");
        }
        assert_eq!(due.stand(at(5, 9, 0), &table).opens, Some(at(7, 8, 30)));
    }

    proptest! {
        /// However it is paused, the time that runs until it is due is the time there was.
        #[test]
        fn what_is_spent_until_it_is_due_is_the_target(pauses in prop::collection::vec(0_i64..20_000, 0..9), opened in 0_i64..10_000, urgency in 0_i16..4) {
            let (urgency, opened) = (Urgency::from_code(urgency).unwrap(), at(0, 0, 0) + Span::minutes(opened));
            let mut clock = Clock { first_reply_at: Some(opened), ..Clock::default() };
            let mut now = opened;
            for (n, minutes) in pauses.iter().enumerate() {
                now = now + Span::minutes(*minutes);
                if n % 2 == 0 { clock.pause(now) } else { clock.resume(now) }
            }
            let due = reckon(&clock, urgency, opened).due.unwrap();
            let around = urgency == Urgency::High;
            match due.at {
                Some(at) => prop_assert_eq!(clock.spent(opened, at, &table(), around), due.total),
                None => prop_assert_eq!(clock.spent(opened, now, &table(), around).0 + due.left.unwrap().0, due.total.0),
            }
        }
    }
}
