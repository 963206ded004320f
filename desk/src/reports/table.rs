//! The numbers of a report as tables, for a screen and for other programs.

use super::{Asked, Reported, SHOWN};
use crate::Desk;
use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::spreadsheet::Sheet;
use domain::accounts::Language;
use domain::audit::Deed;
use domain::permissions::Action;
use domain::reports::{Figures, Group, Times};
use domain::time::write_date;

/// Which numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Table {
    Days,
    Hours,
    Urgencies,
    Departments,
    Organisations,
    Agents,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 6] = [Table::Days, Table::Hours, Table::Urgencies, Table::Departments, Table::Organisations, Table::Agents];

    /// The word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Table::Days => "days",
            Table::Hours => "hours",
            Table::Urgencies => "urgencies",
            Table::Departments => "departments",
            Table::Organisations => "organisations",
            Table::Agents => "agents",
        }
    }

    /// Reads [`Table::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.word() == word)
    }
}

const FIGURES: [&str; 10] = [
    "opened",
    "resolved",
    "first_reply_median_seconds",
    "first_reply_p90_seconds",
    "first_reply_in_time",
    "first_reply_with_target",
    "solution_median_seconds",
    "solution_p90_seconds",
    "solution_in_time",
    "solution_with_target",
];

fn figures(name: &str, f: &Figures) -> Vec<String> {
    let seconds = |times: Times| [times.median, times.p90].map(|span| span.map_or(String::new(), |span| (span.0 / 1_000).to_string()));
    let ([reply_median, reply_p90], [median, p90]) = (seconds(f.first_reply), seconds(f.solution));
    let (reply, solution) = (f.first_reply_share, f.solution_share);
    vec![
        name.to_owned(),
        f.opened.to_string(),
        f.solved.to_string(),
        reply_median,
        reply_p90,
        reply.in_time.to_string(),
        reply.of.to_string(),
        median,
        p90,
        solution.in_time.to_string(),
        solution.of.to_string(),
    ]
}

fn groups<Key: Copy>(heading: &str, all: &[Group<Key>], name: impl Fn(Key) -> String) -> Vec<Vec<String>> {
    let headings = std::iter::once(heading).chain(FIGURES).map(str::to_owned).collect();
    std::iter::once(headings).chain(all.iter().map(|group| figures(&name(group.key), &group.figures))).collect()
}

fn rows(reported: &Reported, table: Table) -> Vec<Vec<String>> {
    let report = &reported.report;
    let named = |name: Option<&String>| name.cloned().unwrap_or_default();
    match table {
        Table::Days => {
            let headings = ["day", "opened", "resolved", "open_at_end"].map(str::to_owned).to_vec();
            let days =
                report.days.iter().map(|day| vec![write_date(day.number), day.opened.to_string(), day.solved.to_string(), day.backlog.to_string()]);
            std::iter::once(headings).chain(days).collect()
        }
        Table::Hours => {
            let headings = ["weekday", "hour", "opened"].map(str::to_owned).to_vec();
            let hours = report.heat.iter().enumerate().flat_map(|(day, hours)| {
                hours.iter().enumerate().map(move |(hour, opened)| vec![(day + 1).to_string(), hour.to_string(), opened.to_string()])
            });
            std::iter::once(headings).chain(hours).collect()
        }
        Table::Urgencies => groups("urgency", &report.urgencies, |urgency| urgency.word().to_owned()),
        Table::Departments => groups("department", &report.departments, |id| named(reported.departments.get(&id))),
        Table::Organisations => groups("organisation", report.organisations.get(..SHOWN).unwrap_or(&report.organisations), |id| {
            id.map_or(String::new(), |id| named(reported.organisations.get(&id)))
        }),
        Table::Agents => groups("agent", &report.agents, |id| named(reported.people.get(&id))),
    }
}

/// A table of a report as a file for a spreadsheet in a language, which is written down. For staff; the table of agents for who may compare them.
pub async fn export(desk: &Desk, by: &Agent, asked: &Asked, table: Table, language: Language) -> crate::Result<String> {
    if table == Table::Agents {
        by.session().require(Action::CompareAgents)?;
    }
    let reported = super::read(desk, by, asked).await?;
    let change = desk.store().begin().await?;
    let after = format!("{} {}", table.word(), reported.query);
    audit::note(&change, by.session(), Done::new(Deed::ReportExported, "", None).changed("", &after), desk.now()).await?;
    change.commit().await?;
    csv(&reported, table, language)
}

/// A table as CSV: times in seconds, the first row says what is what.
pub fn csv(reported: &Reported, table: Table, language: Language) -> crate::Result<String> {
    let mut sheet = Sheet::begin(language);
    for row in rows(reported, table) {
        sheet.row(row)?;
    }
    sheet.finish()
}
