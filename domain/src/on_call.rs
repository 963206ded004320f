//! Who is on call: the rota of a department, and what is told to whom when an urgent ticket comes outside office hours.
//!
//! Invariant: who is on call at a moment is a function of the rota and the time zone alone; a day of the rota goes from one hand-over to the next.

use crate::PersonId;
use crate::time::{Moment, Span, Zone, weekday};
use serde::{Deserialize, Serialize};

/// Shortest time after which the next person is told, in minutes.
pub const LEAST_WAIT: u16 = 1;
/// Longest time after which the next person is told, in minutes.
pub const MOST_WAIT: u16 = 240;
/// How often all are told, where nobody takes it: then they know.
pub const ALL_TOLD: u8 = 4;

/// How long one is on call at a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// A day.
    Daily,
    /// A week, from this weekday on; 0 is Monday.
    Weekly(u8),
}

/// Days on which someone stands in, or nobody is on call (`None`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The first day, since 1970-01-01.
    pub from: i64,
    /// The day after the last.
    pub until: i64,
    /// Who stands in.
    pub person: Option<PersonId>,
}

/// Days on which someone is away: the next in turn stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Away {
    pub from: i64,
    /// The day after the last.
    pub until: i64,
    pub person: PersonId,
}

/// The rota of a department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// In turn.
    pub members: Vec<PersonId>,
    /// How long each.
    pub turn: Turn,
    /// When one hands over to the next, in minutes after midnight.
    pub handover: u16,
    /// The first day of the first turn of the first member, or the last day before it that a turn begins on, since 1970-01-01.
    pub since: i64,
    /// The later ones come before the earlier ones.
    #[serde(default)]
    pub swaps: Vec<Swap>,
    /// Who is away when.
    #[serde(default)]
    pub away: Vec<Away>,
    /// Minutes after which the next is told.
    pub wait: u16,
}

impl Default for Rota {
    /// Nobody is on call; weeks begin on Monday at nine; the next is told after ten minutes.
    fn default() -> Self {
        Self { members: vec![], turn: Turn::Weekly(0), handover: 9 * 60, since: 0, swaps: vec![], away: vec![], wait: 10 }
    }
}

/// A time during which one person is on call, or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Shift {
    pub from: Moment,
    pub until: Moment,
    pub person: Option<PersonId>,
}

/// How far the telling has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Who is on call.
    OnCall,
    /// The one after them.
    Next,
    /// Everyone of the rota.
    All,
}

impl Rota {
    /// The day of the rota that a moment is in, by what the clock on the wall shows.
    pub fn day(&self, at: Moment, zone: &Zone) -> i64 {
        // Not by the minute that the clock shows: in an hour that it strikes twice there is one hand-over.
        let day = zone.civil(at).days;
        day - i64::from(at < self.begins(day, zone))
    }

    /// When a day of the rota begins.
    pub fn begins(&self, day: i64, zone: &Zone) -> Moment {
        zone.moments(day * 86_400 + i64::from(self.handover) * 60).0
    }

    /// Whose turn it is on a day, whoever may be away.
    fn turn(&self, day: i64) -> Option<usize> {
        let turns = match self.turn {
            Turn::Daily => day - self.since,
            Turn::Weekly(begins) => {
                let first = self.since - i64::from((weekday(self.since) + 7 - begins % 7) % 7);
                (day - first).div_euclid(7)
            }
        };
        let members = i64::try_from(self.members.len()).ok().filter(|n| *n > 0)?;
        usize::try_from(turns.rem_euclid(members)).ok()
    }

    fn is_there(&self, person: PersonId, day: i64) -> bool {
        !self.away.iter().any(|away| away.person == person && (away.from..away.until).contains(&day))
    }

    /// Those who are there on a day, in the order in which they are told: first who is on call.
    pub fn order(&self, day: i64) -> Vec<PersonId> {
        let swap = self.swaps.iter().rev().find(|swap| (swap.from..swap.until).contains(&day));
        let first = match swap {
            Some(Swap { person: None, .. }) => return vec![],
            Some(swap) => swap.person,
            None => None,
        };
        let turn = self.turn(day).unwrap_or_default();
        let (before, from) = self.members.split_at(turn.min(self.members.len()));
        let mut order: Vec<PersonId> = vec![];
        for person in first.into_iter().chain(from.iter().chain(before).copied().filter(|person| self.is_there(*person, day))) {
            if !order.contains(&person) {
                order.push(person);
            }
        }
        order
    }

    /// Who is on call on a day.
    pub fn on_call(&self, day: i64) -> Option<PersonId> {
        self.order(day).first().copied()
    }

    /// The shifts from one day of the rota until another; who is on call for some days in a row has one shift.
    pub fn shifts(&self, from: i64, until: i64, zone: &Zone) -> Vec<Shift> {
        let mut shifts: Vec<Shift> = vec![];
        for day in from..until {
            let (person, ends) = (self.on_call(day), self.begins(day + 1, zone));
            match shifts.last_mut() {
                Some(last) if last.person == person => last.until = ends,
                _ => shifts.push(Shift { from: self.begins(day, zone), until: ends, person }),
            }
        }
        shifts
    }

    /// The shifts without anyone between two moments.
    pub fn gaps(&self, from: Moment, until: Moment, zone: &Zone) -> Vec<Shift> {
        self.shifts(self.day(from, zone), self.day(until, zone) + 1, zone).into_iter().filter(|shift| shift.person.is_none()).collect()
    }

    /// Whom the next step tells, after so many steps and so many people who were told: who is on call, then the next who was not told yet, then everyone. `None` where everyone was
    /// told often enough.
    pub fn step(&self, steps: u8, told: &[PersonId], day: i64) -> Option<(Step, Vec<PersonId>)> {
        let order = self.order(day);
        match order.iter().position(|person| !told.contains(person)) {
            // Since the step before they may have handed over.
            Some(0) if steps < 2 => Some((Step::OnCall, order[..1].to_vec())),
            Some(at) if steps < 2 => Some((Step::Next, vec![order[at]])),
            // Nobody is on call, or there is no next: then everyone who may be.
            _ if steps < 2 + ALL_TOLD => Some((Step::All, if order.is_empty() { self.members.clone() } else { order })),
            _ => None,
        }
    }

    /// How long one has before the next is told.
    pub fn patience(&self) -> Span {
        Span::minutes(i64::from(self.wait.clamp(LEAST_WAIT, MOST_WAIT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::day_number;
    use proptest::prelude::*;

    const A: PersonId = PersonId(1);
    const B: PersonId = PersonId(2);
    const C: PersonId = PersonId(3);

    /// Amsterdam around the end of summer time of 2026.
    fn zone() -> Zone {
        let change = day_number(2026, 10, 25).unwrap() * 86_400 + 3_600;
        Zone { offsets: vec![(0, 7_200), (change, 3_600)] }
    }

    /// A Monday.
    fn monday() -> i64 {
        day_number(2026, 10, 12).unwrap()
    }

    fn rota(turn: Turn) -> Rota {
        Rota { members: vec![A, B, C], turn, since: monday(), ..Rota::default() }
    }

    #[test]
    fn weeks_go_round_and_begin_at_the_hand_over() {
        let rota = rota(Turn::Weekly(0));
        let shifts = rota.shifts(monday(), monday() + 28, &zone());
        assert_eq!(shifts.iter().map(|shift| shift.person.unwrap()).collect::<Vec<_>>(), [A, B, C, A]);
        // The week in which summer time ends has an hour more.
        assert_eq!(shifts.iter().map(|shift| (shift.until - shift.from).0 / 3_600_000).collect::<Vec<_>>(), [168, 169, 168, 168]);
        let zone = zone();
        let nine = rota.begins(monday() + 7, &zone);
        assert_eq!((rota.on_call(rota.day(nine - Span::minutes(1), &zone)), rota.on_call(rota.day(nine, &zone))), (Some(A), Some(B)));
        let fridays = Rota { turn: Turn::Weekly(4), ..rota };
        assert_eq!(
            (fridays.on_call(monday() + 3), fridays.on_call(monday() + 4)),
            (Some(A), Some(B)),
            "the first turn had begun on the Friday before"
        );
    }

    #[test]
    fn who_is_away_is_stood_in_for_and_who_swaps_is_the_one_who_said_so() {
        let mut rota = rota(Turn::Daily);
        rota.away.push(Away { from: monday(), until: monday() + 2, person: A });
        rota.away.push(Away { from: monday(), until: monday() + 1, person: B });
        assert_eq!([0, 1, 2, 3].map(|day| rota.on_call(monday() + day)), [Some(C), Some(B), Some(C), Some(A)]);
        assert_eq!(rota.order(monday() + 1), [B, C]);
        rota.swaps.push(Swap { from: monday() + 1, until: monday() + 3, person: Some(A) });
        assert_eq!(rota.order(monday() + 1), [A, B, C], "also one who is away");
        rota.swaps.push(Swap { from: monday() + 2, until: monday() + 3, person: None });
        assert_eq!((rota.on_call(monday() + 1), rota.on_call(monday() + 2)), (Some(A), None));
    }

    #[test]
    fn a_gap_is_seen_before_it_happens() {
        let zone = zone();
        let mut rota = rota(Turn::Weekly(0));
        let (from, until) = (rota.begins(monday(), &zone), rota.begins(monday() + 14, &zone));
        assert_eq!(rota.gaps(from, until, &zone), []);
        for person in [A, B, C] {
            rota.away.push(Away { from: monday() + 8, until: monday() + 10, person });
        }
        let gaps = rota.gaps(from, until, &zone);
        assert_eq!(gaps, [Shift { from: rota.begins(monday() + 8, &zone), until: rota.begins(monday() + 10, &zone), person: None }]);
        assert_eq!(Rota::default().gaps(from, until, &zone).len(), 1, "nobody is one long gap");
    }

    #[test]
    fn the_one_on_call_is_told_then_the_next_then_all() {
        let rota = rota(Turn::Daily);
        let steps = |rota: &Rota, days: [i64; 8]| {
            let mut told = vec![];
            let mut steps = vec![];
            for (n, day) in days.into_iter().enumerate() {
                let Some((step, people)) = rota.step(n as u8, &told, monday() + day) else { break };
                told.extend(&people);
                steps.push((step, people));
            }
            steps
        };
        let all = steps(&rota, [1; 8]);
        assert_eq!(all[..3], [(Step::OnCall, vec![B]), (Step::Next, vec![C]), (Step::All, vec![B, C, A])]);
        assert_eq!(all.len(), 2 + usize::from(ALL_TOLD));
        let handed_over = steps(&rota, [1, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(handed_over[..3], [(Step::OnCall, vec![B]), (Step::OnCall, vec![C]), (Step::All, vec![C, A, B])], "who is on call now hears it");
        let alone = Rota { members: vec![A], ..rota.clone() };
        assert_eq!(alone.step(1, &[A], monday()), Some((Step::All, vec![A])));
        let gap = Rota { swaps: vec![Swap { from: monday(), until: monday() + 1, person: None }], ..rota };
        assert_eq!(gap.step(0, &[], monday()), Some((Step::All, vec![A, B, C])), "a gap wakes everyone");
        assert_eq!(Rota::default().step(0, &[], monday()), Some((Step::All, vec![])));
    }

    #[test]
    fn one_hands_over_once_in_the_hour_that_strikes_twice() {
        let (zone, sunday) = (zone(), day_number(2026, 10, 25).unwrap());
        let rota = Rota { handover: 2 * 60 + 30, ..rota(Turn::Daily) };
        let begins = rota.begins(sunday, &zone);
        let on_call: Vec<_> = (-30..120).map(|n| rota.on_call(rota.day(begins + Span::minutes(n), &zone))).collect();
        let changes = on_call.windows(2).filter(|two| two[0] != two[1]).count();
        assert_eq!((changes, on_call[29] == on_call[30]), (1, false));
    }

    proptest! {
        /// Shifts follow each other without a hole or an overlap, and each moment is in the shift of who is on call.
        #[test]
        fn every_moment_is_in_one_shift(daily in any::<bool>(), handover in 0_u16..1_440, begins in 0_u8..7, minutes in 0_i64..60_000, away in prop::collection::vec((0_i64..40, 1_i64..9, 1_i64..4), 0..5)) {
            let zone = zone();
            let away = away.into_iter().map(|(from, days, person)| Away { from: monday() + from, until: monday() + from + days, person: PersonId(person) }).collect();
            let rota = Rota { handover, away, ..rota(if daily { Turn::Daily } else { Turn::Weekly(begins) }) };
            let shifts = rota.shifts(monday() - 1, monday() + 45, &zone);
            prop_assert!(shifts.windows(2).all(|two| two[0].until == two[1].from && two[0].person != two[1].person));
            let at = Moment(monday() * 86_400_000) + Span::minutes(minutes);
            let shift = shifts.iter().find(|shift| shift.from <= at && at < shift.until).unwrap();
            prop_assert_eq!(shift.person, rota.on_call(rota.day(at, &zone)));
        }
    }
}
