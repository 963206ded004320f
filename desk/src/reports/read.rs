//! Reading a report.

use super::projection::READER;
use crate::accounts::Agent;
use crate::{Desk, Result, zones};
use domain::accounts::Scope;
use domain::permissions::Action;
use domain::reports::{Counting, Fact, Report, Window};
use domain::tickets::Urgency;
use domain::time::{Moment, parse_date, write_date};
use domain::{DepartmentId, EventNo, OrganisationId, PersonId};
use std::collections::HashMap;
use store::reports;

/// Most days of one report: ten years.
pub const MOST_DAYS: i64 = 3_660;
/// Organisations of one report: the ones with most tickets.
pub const SHOWN: usize = 20;
/// Chunks read at once.
const AT_ONCE: u64 = 512;

/// Which days, since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    /// So many until today, which is one of them.
    Last(i64),
    /// From one on until today.
    Since(i64),
    /// From one on until before another.
    Between(i64, i64),
}

impl Default for Days {
    fn default() -> Self {
        Self::Last(30)
    }
}

/// What a report is about; what is `None` does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Asked {
    pub days: Days,
    pub department: Option<DepartmentId>,
    pub urgency: Option<Urgency>,
    pub organisation: Option<OrganisationId>,
    /// What was typed as an organisation that there is none of: nothing is counted, rather than everything.
    pub unknown: Option<String>,
}

/// What the query of the page asks for: `days` or `from` and `until`, `department`, `urgency`, `organisation`; what cannot be read does not narrow, but for an organisation that there is not.
pub async fn asked(desk: &Desk, query: &str) -> Result<Asked> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()).into_owned().collect();
    let asked = |name: &str| pairs.iter().find(|(n, value)| n == name && !value.trim().is_empty()).map(|(_, value)| value.trim());
    let days = match (asked("from").and_then(parse_date), asked("until").and_then(parse_date)) {
        (Some(from), Some(until)) => Some(Days::Between(from.min(until), from.max(until) + 1)),
        (Some(from), None) => Some(Days::Since(from)),
        (None, _) => asked("days").and_then(|n| n.parse().ok()).map(Days::Last),
    };
    let (organisation, unknown) = match asked("organisation") {
        Some(typed) => match store::organisations::like(desk.store(), typed).await? {
            Some(found) => (Some(found.id), None),
            None => (Some(OrganisationId(-1)), Some(typed.to_owned())),
        },
        None => (None, None),
    };
    let department = asked("department").and_then(|id| id.parse().ok());
    Ok(Asked { days: days.unwrap_or_default(), department, urgency: asked("urgency").and_then(Urgency::from_word), organisation, unknown })
}

/// A report with the names of what is in it.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Reported {
    pub first: i64,
    pub end: i64,
    pub today: i64,
    /// The organisation that was asked for.
    pub organisation: String,
    /// The query of the same report, with the days that it is of.
    pub query: String,
    /// Without agents for who may not compare them.
    pub report: Report,
    /// Tickets that run now, and those of them that are late.
    pub open: i64,
    pub late: i64,
    pub departments: HashMap<DepartmentId, String>,
    pub organisations: HashMap<OrganisationId, String>,
    pub people: HashMap<PersonId, String>,
    /// In hundredths, while the tickets of before are counted.
    pub building: Option<i64>,
}

fn query(first: i64, end: i64, asked: &Asked, organisation: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("from", &write_date(first)).append_pair("until", &write_date(end - 1));
    let others = [
        ("department", asked.department.map(|id| id.to_string())),
        ("urgency", asked.urgency.map(|urgency| urgency.word().to_owned())),
        ("organisation", Some(organisation.to_owned()).filter(|name| !name.is_empty())),
    ];
    for (name, value) in others.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        pairs.append_pair(name, &value);
    }
    pairs.finish()
}

fn admits(fact: &Fact, asked: &Asked, hidden: &[DepartmentId]) -> bool {
    asked.department.is_none_or(|department| department == fact.department)
        && asked.urgency.is_none_or(|urgency| urgency == fact.urgency)
        && asked.organisation.is_none_or(|organisation| Some(organisation) == fact.organisation)
        && !hidden.contains(&fact.department)
}

/// A report for staff over whole days in their time zone, compared with as many days before; of single agents for leads and admins only.
pub async fn read(desk: &Desk, by: &Agent, asked: &Asked) -> Result<Reported> {
    let session = by.session();
    session.require(Action::ReadReports)?;
    let (now, zone) = (desk.now(), session.time_zone());
    let today = zones::around(zone, now).civil(now).days;
    let (first, end) = match asked.days {
        Days::Last(days) => (today + 1 - days.clamp(1, MOST_DAYS), today + 1),
        Days::Since(first) => (first, today + 1),
        Days::Between(first, end) => (first, end),
    };
    // Before that there was nothing, and what is to come is not known.
    let first = first.clamp(0, today);
    let end = end.clamp(first + 1, today + MOST_DAYS);
    let first = first.max(end - MOST_DAYS);
    let midnight = |day: i64| Moment(day * 86_400_000);
    let zone = zones::between(zone, midnight(2 * first - end - 2), midnight(end + 2));
    let (window, before) = (Window::new(first, end, &zone), Window::new(2 * first - end, first, &zone));
    let hidden = match session.scope() {
        Scope::Desk { hidden } => hidden,
        Scope::Own(_) | Scope::Organisation(..) => return Err(domain::Refusal::NotAllowed.into()),
    };
    let (from, until) = (before.from(), window.until());
    let mut counting = Counting::new(window, before, now);
    let mut after = -1;
    loop {
        let chunks = reports::chunks(desk.store(), from, until, after, AT_ONCE).await?;
        let Some((last, _)) = chunks.last() else { break };
        after = *last;
        let (asked, hidden) = (asked.clone(), hidden.clone());
        // A hundred thousand tickets are counted beside, not between, the requests of others.
        let counted = tokio::task::spawn_blocking(move || {
            for (_, facts) in &chunks {
                reports::unpack(facts, |_, fact| {
                    if admits(&fact, &asked, &hidden) {
                        counting.add(&fact);
                    }
                })?;
            }
            Ok::<_, store::Error>(counting)
        });
        counting = counted.await.map_err(std::io::Error::other)??;
    }
    let mut report = tokio::task::spawn_blocking(move || counting.finish()).await.map_err(std::io::Error::other)?;
    if session.require(Action::CompareAgents).is_err() {
        report.agents.clear();
    }
    let (open, late) = reports::standing(desk.store(), &session.scope(), asked.department, asked.urgency, asked.organisation, now).await?;
    let organisations: Vec<OrganisationId> =
        report.organisations.iter().filter_map(|group| group.key).take(SHOWN).chain(asked.organisation).collect();
    let people: Vec<PersonId> = report.agents.iter().map(|group| group.key).collect();
    let is_building = store::notifications::position(desk.store(), READER).await? == EventNo(0);
    let organisations = reports::organisation_names(desk.store(), &organisations).await?;
    let organisation = asked.organisation.and_then(|id| organisations.get(&id)).cloned().or_else(|| asked.unknown.clone()).unwrap_or_default();
    Ok(Reported {
        first,
        end,
        today,
        query: query(first, end, asked, &organisation),
        organisation,
        report,
        open,
        late,
        departments: store::departments::all(desk.store()).await?.into_iter().map(|d| (d.named.id, d.named.name)).collect(),
        organisations,
        people: reports::people_names(desk.store(), &people).await?,
        building: if is_building { reports::built(desk.store()).await? } else { None },
    })
}
