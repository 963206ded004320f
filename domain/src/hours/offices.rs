//! When the departments are open around now, for a screen.

use super::{Office, Timetable};
use crate::DepartmentId;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// The opening times of every department around a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offices {
    /// Of those that have none of their own.
    pub usual: Timetable,
    /// Of those that have.
    pub own: Vec<(DepartmentId, Timetable)>,
}

impl Offices {
    /// Whether nothing is known of them, as for a customer.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The opening times of a department.
    pub fn of(&self, department: DepartmentId) -> &Timetable {
        self.own.iter().find(|(own, _)| *own == department).map_or(&self.usual, |(_, timetable)| timetable)
    }

    /// Whether some of those that have hours of their own are open and others are not.
    pub fn differ(&self, now: Moment) -> bool {
        let mut open = self.own.iter().map(|(_, timetable)| timetable.is_open(now));
        open.next().is_some_and(|first| open.any(|other| other != first))
    }

    /// Which of the departments are closed.
    pub fn closed(&self, departments: &[DepartmentId], now: Moment) -> Shut {
        let closed = |department: &DepartmentId| match self.of(*department).office(now) {
            Office::Open(_) => None,
            Office::Closed { until, .. } => Some((*department, Some(until))),
            Office::Never => Some((*department, None)),
        };
        match Office::together(departments.iter().map(|department| self.of(*department).office(now))) {
            _ if departments.is_empty() => Shut::Some(vec![]),
            Office::Open(_) => Shut::Some(departments.iter().filter_map(closed).collect()),
            Office::Closed { since, until } => Shut::All(since, Some(until)),
            Office::Never => Shut::All(None, None),
        }
    }
}

/// The departments that are closed, each until it opens; without a moment for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shut {
    /// These, and another is open.
    Some(Vec<(DepartmentId, Option<Moment>)>),
    /// All of them: since when at the most, and until when at the least.
    All(Option<Moment>, Option<Moment>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::Calendar;
    use crate::time::{Span, Zone, day_number};

    #[test]
    fn all_are_closed_until_the_first_opens() {
        let day = day_number(2026, 11, 23).unwrap();
        let (monday, zone) = (Moment(day * 86_400_000), Zone { offsets: vec![(0, 0)] });
        let usual = Timetable::new(&Calendar::default(), &zone, day, day + 7);
        let offices = Offices { usual, own: vec![(DepartmentId(2), Timetable::default())] };
        let [one, two] = [DepartmentId(1), DepartmentId(2)];
        let (noon, night) = (monday + Span::hours(12), monday + Span::hours(20));
        let own = Offices { own: vec![(one, offices.usual.clone()), (two, Timetable::default())], ..Offices::default() };
        assert!(own.differ(noon) && !own.differ(night) && !offices.differ(noon));
        assert_eq!(offices.closed(&[one], noon), Shut::Some(vec![]));
        assert_eq!(offices.closed(&[one, two], noon), Shut::Some(vec![(two, None)]));
        assert_eq!(offices.closed(&[two], noon), Shut::All(None, None));
        let (shut, opens) = (monday + Span::minutes(17 * 60 + 30), monday + Span::minutes(32 * 60 + 30));
        assert_eq!(offices.closed(&[one, two], night), Shut::All(Some(shut), Some(opens)));
        assert_eq!(offices.closed(&[], noon), Shut::Some(vec![]));
    }

    #[test]
    fn a_timetable_is_read_as_it_was_written() {
        let day = day_number(2026, 11, 23).unwrap();
        let table = Timetable::new(&Calendar::default(), &Zone { offsets: vec![(0, 3_600)] }, day, day + 60);
        let text = serde_json::to_string(&table).unwrap();
        assert!(text.len() < 600, "{text}");
        assert_eq!(serde_json::from_str::<Timetable>(&text).unwrap(), table);
        assert_eq!(serde_json::from_str::<Timetable>("[]").unwrap(), Timetable::default());
        for wrong in ["[1]", "[1,-5]", "[1,2,-3,4]"] {
            assert!(serde_json::from_str::<Timetable>(wrong).is_err(), "{wrong}");
        }
    }
}
