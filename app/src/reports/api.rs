//! The server function of reports.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::reports::{Day, Figures, Group};
use domain::tickets::Urgency;
use domain::{DepartmentId, Named};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A report, ready to be drawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Report {
    /// The first day and the one after the last, since 1970-01-01.
    pub first: i64,
    pub end: i64,
    pub today: i64,
    pub all: Figures,
    pub before: Figures,
    pub open: i64,
    pub late: i64,
    pub days: Vec<Day>,
    /// By weekday from Monday on, and hour.
    pub heat: Vec<Vec<u32>>,
    pub urgencies: Vec<Group<Urgency>>,
    pub by_department: Vec<(String, Figures)>,
    pub by_organisation: Vec<(String, Figures)>,
    /// `None` for who may not compare agents.
    pub by_agent: Option<Vec<(String, Figures)>>,
    /// In hundredths, while the tickets of before are counted.
    pub building: Option<i64>,
    /// What was asked, for the form.
    pub departments: Vec<Named<DepartmentId>>,
    pub department: Option<DepartmentId>,
    pub urgency: Option<Urgency>,
    pub organisation: String,
    /// Whether there is no such organisation.
    pub is_unknown: bool,
    /// The query of the same report, with the days that it is of.
    pub query: String,
}

/// A report, as the query of the page asks for it.
#[server(endpoint = "report_page")]
pub async fn report_page(#[server(default)] query: String) -> Result<Report, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ReadReports)?;
    let asked = desk::reports::asked(&desk, &query).await.map_err(backend::report)?;
    let found = desk::reports::read(&desk, &me, &asked).await.map_err(backend::report)?;
    let departments = desk::accounts::choices(&desk, &me).await.map_err(backend::report)?.departments;
    let report = found.report;
    let name = |name: Option<&String>| name.cloned().unwrap_or_default();
    let compares = me.session().require(Action::CompareAgents).is_ok();
    Ok(Report {
        first: found.first,
        end: found.end,
        today: found.today,
        all: report.all,
        before: report.before,
        open: found.open,
        late: found.late,
        days: report.days,
        heat: report.heat.iter().map(|hours| hours.to_vec()).collect(),
        urgencies: report.urgencies,
        by_department: report.departments.iter().map(|group| (name(found.departments.get(&group.key)), group.figures)).collect(),
        by_organisation: report
            .organisations
            .iter()
            .take(desk::reports::SHOWN)
            .map(|group| (group.key.map_or(String::new(), |id| name(found.organisations.get(&id))), group.figures))
            .collect(),
        by_agent: compares.then(|| report.agents.iter().map(|group| (name(found.people.get(&group.key)), group.figures)).collect()),
        building: found.building,
        departments,
        department: asked.department,
        urgency: asked.urgency,
        organisation: found.organisation,
        is_unknown: asked.unknown.is_some(),
        query: found.query,
    })
}
