//! Changing office hours and targets. What is due on every running ticket follows in the background.

use super::{book, calendar};
use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Result, attachments, zones};
use domain::audit::Deed;
use domain::hours::{Calendar, Changed, Exceptional, Holiday, Interval, Target, TargetRule, Targets, Week};
use domain::permissions::Action;
use domain::tickets::Urgency;
use domain::time::{Moment, Span, parse_date, write_date};
use domain::{DepartmentId, Fault, Field, FieldFault, OrganisationId, Refusal, typed};
use std::collections::BTreeSet;
use store::Change;
use store::hours::{Office, Retarget};

/// Most dates that differ, of one department: some decades of them.
pub const MOST_DAYS: usize = 1_000;
/// Most days of one exception: a long summer.
const MOST_AT_ONCE: i64 = 62;
/// Longest name of a date, in characters.
const LONGEST_NAME: usize = 80;

/// Chooses the week of a department, the holidays it keeps and its time zone.
pub async fn save_week(desk: &Desk, by: &Agent, department: DepartmentId, zone: &str, week: &[String], holidays: &[String]) -> Result<()> {
    let zone = zone.trim();
    let week = Week::parse(week);
    let mut faults = match &week {
        Err(Refusal::Fields(faults)) => faults.clone(),
        _ => vec![],
    };
    if !zones::is_known(zone) {
        faults.push(FieldFault { field: Field::TimeZone, fault: Fault::Unknown });
    }
    if !faults.is_empty() {
        return Err(Refusal::Fields(faults).into());
    }
    let (week, holidays): (_, BTreeSet<Holiday>) = (week?, holidays.iter().filter_map(|word| Holiday::from_word(word)).collect());
    change_office(desk, by, department, |office| {
        zone.clone_into(&mut office.zone);
        (office.calendar.week, office.calendar.holidays) = (week, holidays);
        Ok(())
    })
    .await
}

/// Says that one date, or each up to another, differs from the week: open then, or closed where nothing is typed. A date that differed already differs anew.
pub async fn add_days(desk: &Desk, by: &Agent, department: DepartmentId, from: &str, until: &str, open: &str, name: &str) -> Result<()> {
    let (dates, open, name) = (typed::days(from, until, MOST_AT_ONCE), Interval::parse_day(open), typed::line(name));
    let mut faults = match &dates {
        Err(Refusal::Fields(faults)) => faults.clone(),
        _ => vec![],
    };
    faults.extend(open.as_ref().err().map(|fault| FieldFault { field: Field::Hours, fault: fault.clone() }));
    if name.chars().count() > LONGEST_NAME {
        faults.push(FieldFault { field: Field::Name, fault: Fault::TooLong(LONGEST_NAME as u32) });
    }
    let zone = book::refresh(desk).await?.hours(department).wall(desk.now());
    if dates.as_ref().is_ok_and(|dates| dates.end <= zone.civil(desk.now()).days) {
        faults.push(FieldFault { field: Field::Date, fault: Fault::Past });
    }
    let (Ok(dates), Ok(open), true) = (dates, open, faults.is_empty()) else { return Err(Refusal::Fields(faults).into()) };
    change_office(desk, by, department, |office| {
        let days = &mut office.calendar.days;
        days.extend(dates.map(|day| (day, Exceptional { open: open.clone(), name: name.clone() })));
        if days.len() > MOST_DAYS { Err(Refusal::field(Field::Date, Fault::TooMany(MOST_DAYS as u32))) } else { Ok(()) }
    })
    .await
}

/// Takes the whole days of an iCalendar file that who asks uploaded as days on which a department is closed; gives how many. Refuses a file that cannot be read, and then takes
/// none of it.
pub async fn import_days(desk: &Desk, by: &Agent, department: DepartmentId, file: &str) -> Result<usize> {
    by.session().require(Action::ManageHours)?;
    let wrong = |fault| Refusal::field(Field::File, fault);
    let found = attachments::loose(desk, by.session(), &[file.to_owned()]).await?;
    let attachment = found.first().ok_or_else(|| wrong(Fault::Missing))?;
    if attachment.size > calendar::MOST_BYTES as i64 {
        return Err(wrong(Fault::TooLarge((calendar::MOST_BYTES >> 20) as u32)).into());
    }
    let (bytes, _) = attachments::read(desk, attachment, Field::File).await?;
    let (book, now) = (book::refresh(desk).await?, desk.now());
    // From when computers count on: what comes back every year may have begun long ago.
    let zone = zones::between(&book.hours(department).zone, Moment(0), now + Span::days(12 * 366));
    let today = zone.civil(now).days;
    let read =
        tokio::task::spawn_blocking(move || calendar::days(&String::from_utf8_lossy(&bytes), today, &zone)).await.map_err(std::io::Error::other)?;
    let days = read.map_err(wrong)?;
    let count = days.len();
    if count == 0 {
        return Err(wrong(Fault::Past).into());
    }
    change_office(desk, by, department, |office| {
        let closed = days.into_iter().map(|(day, name)| (day, Exceptional { open: vec![], name }));
        office.calendar.days.extend(closed);
        if office.calendar.days.len() > MOST_DAYS { Err(Refusal::field(Field::File, Fault::TooMany(MOST_DAYS as u32))) } else { Ok(()) }
    })
    .await?;
    Ok(count)
}

/// Lets a date follow the week again.
pub async fn remove_day(desk: &Desk, by: &Agent, department: DepartmentId, day: &str) -> Result<()> {
    let day = parse_date(day).ok_or_else(|| Refusal::field(Field::Date, Fault::NotADate))?;
    change_office(desk, by, department, |office| {
        office.calendar.days.remove(&day);
        Ok(())
    })
    .await
}

async fn change_office(desk: &Desk, by: &Agent, department: DepartmentId, rule: impl FnOnce(&mut Office) -> Result<(), Refusal>) -> Result<()> {
    by.session().require(Action::ManageHours)?;
    let departments = store::departments::all(desk.store()).await?;
    let name = departments.into_iter().find(|d| d.named.id == department).ok_or(Refusal::NotFound)?.named.name;
    let change = desk.store().begin().await?;
    retarget(desk, by, &change, Changed::Hours, None, Some(department), None).await?;
    // Nobody else changes them until this change ends.
    let usual = || Office { department, zone: zones::DEFAULT.to_owned(), calendar: Calendar::default() };
    let before = store::hours::plan_in(&change).await?.offices.into_iter().find(|office| office.department == department).unwrap_or_else(usual);
    let mut after = before.clone();
    rule(&mut after)?;
    if after == before {
        return Ok(());
    }
    store::hours::save_office(&change, &after).await?;
    let (was, is) = audit::differing(&written(&before), &written(&after));
    audit::note(&change, by.session(), Done::new(Deed::HoursChanged, &name, None).changed(&was, &is), desk.now()).await?;
    change.commit().await?;
    book::refresh(desk).await?;
    Ok(())
}

async fn retarget(
    desk: &Desk,
    by: &Agent,
    change: &Change,
    what: Changed,
    urgency: Option<Urgency>,
    department: Option<DepartmentId>,
    organisation: Option<OrganisationId>,
) -> Result<()> {
    let by = Some(by.session().person().id);
    Ok(store::hours::retarget(change, &Retarget { at: desk.now(), by, what, urgency, department, organisation }).await?)
}

/// The hours of a department, part by part, as the audit log has them.
fn written(office: &Office) -> Vec<(String, String)> {
    let holidays: Vec<&str> = office.calendar.holidays.iter().map(|holiday| holiday.word()).collect();
    let week = (0..7).map(|day| (format!("weekday {day}"), Interval::write_day(office.calendar.week.day(day))));
    let days = office.calendar.days.iter().map(|(day, what)| {
        let open = if what.open.is_empty() { "-".to_owned() } else { Interval::write_day(&what.open) };
        (write_date(*day), [open, what.name.clone()].join(" ").trim().to_owned())
    });
    [("zone".to_owned(), office.zone.clone()), ("holidays".to_owned(), holidays.join(", "))].into_iter().chain(week).chain(days).collect()
}

/// Chooses the target of an urgency, or of its tickets of a department, an organisation, or both; without one, what is chosen for more of them holds.
pub async fn save_target(
    desk: &Desk,
    by: &Agent,
    urgency: Urgency,
    department: Option<DepartmentId>,
    organisation: Option<OrganisationId>,
    target: Option<&Target>,
) -> Result<()> {
    by.session().require(Action::ManageHours)?;
    let departments = store::departments::all(desk.store()).await?;
    let unknown = |field| Refusal::field(field, Fault::Unknown);
    let mut about = vec![urgency.word().to_owned()];
    if let Some(id) = department {
        about.push(departments.into_iter().find(|d| d.named.id == id).ok_or_else(|| unknown(Field::Department))?.named.name);
    }
    if let Some(id) = organisation {
        about.push(store::organisations::find(desk.store(), id).await?.ok_or_else(|| unknown(Field::Organisation))?.named.name);
    }
    let change = desk.store().begin().await?;
    retarget(desk, by, &change, Changed::Targets, Some(urgency), department, organisation).await?;
    let of = |rule: &TargetRule| (rule.urgency, rule.department, rule.organisation) == (urgency, department, organisation);
    let before = store::hours::plan_in(&change).await?.rules.into_iter().find(of).map(|rule| rule.target);
    if before.as_ref() == target {
        return Ok(());
    }
    store::hours::save_target(&change, urgency, department, organisation, target).await?;
    let written = |target: Option<&Target>| target.map(Target::to_string).unwrap_or_default();
    // Where nothing was chosen for everybody, there is a usual one.
    let usual = ((department, organisation) == (None, None)).then(|| Targets::default().of(urgency, DepartmentId(0), None));
    let (was, is) = (written(before.as_ref().or(usual.as_ref())), written(target.or(usual.as_ref())));
    audit::note(&change, by.session(), Done::new(Deed::TargetsChanged, &about.join(", "), None).changed(&was, &is), desk.now()).await?;
    change.commit().await?;
    book::refresh(desk).await?;
    Ok(())
}
