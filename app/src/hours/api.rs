//! The server functions of office hours and targets.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]
#![allow(clippy::too_many_arguments, reason = "a form posts flat fields")]

use crate::Problem;
use domain::hours::{Holiday, Office, Planned, TargetRule};
use domain::{DepartmentId, Named};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The hours of one department, with what they come to in the next four weeks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Hours {
    pub departments: Vec<Named<DepartmentId>>,
    pub department: DepartmentId,
    pub office: Office,
    pub zone: String,
    pub zones: Vec<String>,
    /// As they are typed, Monday first.
    pub week: Vec<String>,
    /// Each holiday, when it is next as days since 1970-01-01, and whether it is kept.
    pub holidays: Vec<(Holiday, i64, bool)>,
    /// Four weeks from this Monday on.
    pub coming: Vec<Planned>,
    pub today: i64,
    /// Dates that differ: days since 1970-01-01, when it is open, what it is called.
    pub days: Vec<(i64, String, String)>,
    /// Of how many tickets it is reckoned anew what is due, and of how many it is to be; `None` where all are.
    pub reckoning: Option<(i64, i64)>,
}

/// All targets, with what they can be for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TargetTable {
    /// With the name of the organisation, where it is for one.
    pub rules: Vec<(TargetRule, Option<String>)>,
    pub departments: Vec<Named<DepartmentId>>,
    pub reckoning: Option<(i64, i64)>,
}

/// The office hours of a department; of the first where none is named.
#[server(endpoint = "hours_page")]
pub async fn hours_page(#[server(default)] department: String) -> Result<Hours, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    let department = if department.is_empty() { None } else { Some(backend::id(&department)?) };
    desk::hours::shown(&desk, &me, department).await.map(backend::hours).map_err(backend::report)
}

/// Chooses the week, the holidays and the zone of a department.
#[server(endpoint = "save_hours")]
pub async fn save_hours(
    department: String,
    #[server(default)] zone: String,
    #[server(default)] monday: String,
    #[server(default)] tuesday: String,
    #[server(default)] wednesday: String,
    #[server(default)] thursday: String,
    #[server(default)] friday: String,
    #[server(default)] saturday: String,
    #[server(default)] sunday: String,
    #[server(default)] holidays: Vec<String>,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    let week = [monday, tuesday, wednesday, thursday, friday, saturday, sunday];
    desk::hours::save_week(&desk, &me, backend::id(&department)?, &zone, &week, &holidays).await.map_err(backend::report)?;
    backend::go(&format!("/hours?department={department}&kept=1"));
    Ok(())
}

/// Says that a date, or each up to another, differs from the week.
#[server(endpoint = "add_days")]
pub async fn add_days(
    department: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] open: String,
    #[server(default)] name: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    desk::hours::add_days(&desk, &me, backend::id(&department)?, &from, &until, &open, &name).await.map_err(backend::report)?;
    backend::go(&format!("/hours?department={department}&kept=1"));
    Ok(())
}

/// Lets a date follow the week again.
#[server(endpoint = "remove_day")]
pub async fn remove_day(department: String, #[server(default)] day: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    desk::hours::remove_day(&desk, &me, backend::id(&department)?, &day).await.map_err(backend::report)?;
    backend::go(&format!("/hours?department={department}&kept=1"));
    Ok(())
}

/// Takes the dates of an iCalendar file as days on which a department is closed.
#[server(endpoint = "import_days")]
pub async fn import_days(department: String, #[server(default)] attachments: Vec<String>) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    let file = attachments.first().cloned().unwrap_or_default();
    let count = desk::hours::import_days(&desk, &me, backend::id(&department)?, &file).await.map_err(backend::report)?;
    backend::go(&format!("/hours?department={department}&imported={count}"));
    Ok(())
}

/// All targets.
#[server(endpoint = "targets_page")]
pub async fn targets_page() -> Result<TargetTable, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    let read = async {
        let (rules, departments, reckoned) = desk::hours::targets(&desk, &me).await?;
        Ok(TargetTable { rules, departments, reckoning: backend::reckoning(reckoned) })
    };
    read.await.map_err(backend::report)
}

/// Chooses the target of an urgency, for everybody or for a department, an organisation or both; takes it away where `remove` is set.
#[server(endpoint = "save_target")]
pub async fn save_target(
    urgency: String,
    #[server(default)] department: String,
    #[server(default)] organisation: String,
    #[server(default)] first_reply: String,
    #[server(default)] next_reply: String,
    #[server(default)] solution: String,
    #[server(default)] around_the_clock: String,
    #[server(default)] remove: String,
    #[server(default)] of: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::hours::Goal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageHours)?;
    let is_added = of == "new";
    let typed = [(Goal::FirstReply, first_reply), (Goal::NextReply, next_reply), (Goal::Solution, solution)];
    let target = if remove.is_empty() { Some(backend::target_of(&typed, !around_the_clock.is_empty())?) } else { None };
    let of = backend::target_for(&desk, &me, &urgency, &department, &organisation).await?;
    // One that is added is for a department or an organisation: for neither it would take the place of the usual one.
    if is_added && of.1.is_none() && of.2.is_none() {
        return Err(backend::report(domain::Refusal::field(domain::Field::Organisation, domain::Fault::Missing).into()));
    }
    desk::hours::save_target(&desk, &me, of.0, of.1, of.2, target.as_ref()).await.map_err(backend::report)?;
    backend::go("/targets?kept=1");
    Ok(())
}
