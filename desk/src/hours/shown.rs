//! What the screens show of office hours and targets.

use super::book;
use crate::accounts::Agent;
use crate::{Desk, Result, zones};
use domain::hours::{Holiday, Interval, Office, Planned, TargetRule};
use domain::permissions::Action;
use domain::time::{date, weekday};
use domain::{DepartmentId, Named, Refusal};
use store::hours::Reckoned;

/// Days of the picture: four weeks.
const COMING: i64 = 28;

/// The hours of one department, with what they come to in the next four weeks. Days are numbers since 1970-01-01.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Shown {
    pub departments: Vec<Named<DepartmentId>>,
    pub department: DepartmentId,
    pub office: Office,
    pub zone: String,
    pub zones: Vec<String>,
    /// As they are typed, Monday first.
    pub week: Vec<String>,
    /// Each holiday, when it is next, and whether it is kept.
    pub holidays: Vec<(Holiday, i64, bool)>,
    /// From this Monday on.
    pub coming: Vec<Planned>,
    pub today: i64,
    /// Dates that differ, from today on: the day, when it is open, what it is called.
    pub days: Vec<(i64, String, String)>,
    pub reckoned: Reckoned,
}

/// The hours of a department; of the first where none is named.
pub async fn shown(desk: &Desk, by: &Agent, department: Option<DepartmentId>) -> Result<Shown> {
    by.session().require(Action::ManageHours)?;
    let departments: Vec<_> = store::departments::all(desk.store()).await?.into_iter().map(|d| d.named).collect();
    let department = match department {
        None => departments.first().ok_or(Refusal::NotFound)?.id,
        Some(id) => departments.iter().find(|d| d.id == id).ok_or(Refusal::NotFound)?.id,
    };
    let (book, now) = (book::refresh(desk).await?, desk.now());
    let hours = book.hours(department);
    let calendar = &hours.calendar;
    let today = hours.wall(now).civil(now).days;
    let (year, ..) = date(today);
    let next = |holiday: Holiday| [year, year + 1].map(|year| holiday.day(year)).into_iter().find(|day| *day >= today).unwrap_or(today);
    let monday = today - i64::from(weekday(today));
    Ok(Shown {
        department,
        office: hours.timetable.office(now),
        zone: hours.zone.clone(),
        zones: zones::names(),
        week: (0..7).map(|day| Interval::write_day(calendar.week.day(day))).collect(),
        holidays: Holiday::ALL.map(|holiday| (holiday, next(holiday), calendar.holidays.contains(&holiday))).to_vec(),
        coming: (monday..monday + COMING).map(|day| calendar.planned(day)).collect(),
        today,
        days: calendar.days.range(today..).map(|(day, what)| (*day, Interval::write_day(&what.open), what.name.clone())).collect(),
        reckoned: store::hours::reckoned(desk.store()).await?,
        departments,
    })
}

/// All targets, with the name of the organisation where one is for one; the departments; and how far they are reckoned.
pub async fn targets(desk: &Desk, by: &Agent) -> Result<(Vec<(TargetRule, Option<String>)>, Vec<Named<DepartmentId>>, Reckoned)> {
    by.session().require(Action::ManageHours)?;
    let book = book::refresh(desk).await?;
    let mut rules = vec![];
    for rule in book.targets().rules() {
        let organisation = match rule.organisation {
            Some(id) => store::organisations::find(desk.store(), id).await?.map(|organisation| organisation.named.name),
            None => None,
        };
        rules.push((*rule, organisation));
    }
    let departments = store::departments::all(desk.store()).await?.into_iter().map(|d| d.named).collect();
    Ok((rules, departments, store::hours::reckoned(desk.store()).await?))
}
