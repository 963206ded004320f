//! Office hours and targets, and what is due on tickets after a change of them.
//!
//! Invariant: who saves a ticket has read the generation in the same change, and nobody changes hours or targets meanwhile; so a ticket is reckoned by what held when it was
//! saved, and one that was saved before a change is reckoned again after it.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::query::{List, Row, lists_by, rows, rows_by};
use crate::tickets::json;
use domain::board::place;
use domain::hours::{Calendar, Target, TargetRule};
use domain::tickets::{Clock, Due, Status, Urgency};
use domain::time::Moment;
use domain::{DepartmentId, EventNo, Named, OrganisationId, PersonId, TicketId};
use sea_orm::ConnectionTrait;

/// The lock that changes of tickets share and a change of hours has alone (PostgreSQL).
const LOCK: i64 = 0x0068_6f75_7273;

/// When a department is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Office {
    pub department: DepartmentId,
    pub zone: String,
    pub calendar: Calendar,
}

/// Keeps hours and targets as they are until a change ends. Whoever locks tickets does this first, so that nobody waits for tickets of one who waits for this.
pub async fn hold(change: &Change) -> Result<()> {
    if change.is_postgres() {
        change.db().query_one_raw(change.sql("SELECT pg_advisory_xact_lock_shared($1)", [LOCK.into()])).await?;
    }
    Ok(())
}

/// How often hours and targets were changed, as a change of tickets may rely on until it ends.
pub async fn generation(change: &Change) -> Result<i64> {
    hold(change).await?;
    let row = change.db().query_one_raw(change.sql("SELECT generation FROM reckoning WHERE id = 1", [])).await?;
    Row::new(row.as_ref().ok_or(Error::Unreadable("reckoning"))?).next()
}

/// Lets every node read hours, targets and departments again; what is due is not reckoned anew.
pub async fn reread(change: &Change) -> Result<()> {
    change.run("UPDATE reckoning SET generation = generation + 1 WHERE id = 1", []).await?;
    Ok(())
}

/// Everything by which it is reckoned what is due.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Plan {
    pub generation: i64,
    /// The hours of the departments that have some of their own.
    pub offices: Vec<Office>,
    pub departments: Vec<DepartmentId>,
    /// The targets that were chosen.
    pub rules: Vec<TargetRule>,
    /// When the oldest ticket was opened: reports measure the settled ones too.
    pub oldest: Option<Moment>,
}

/// The plan as it is now.
pub async fn plan(store: &Store) -> Result<Plan> {
    plan_by(&store.reads).await
}

/// The plan as a change sees it; it takes no second connection, of which there may be none.
pub async fn plan_in(change: &Change) -> Result<Plan> {
    plan_by(&change.db()).await
}

async fn plan_by(db: &impl ConnectionTrait) -> Result<Plan> {
    // One statement, so that it is of one moment.
    let running: Vec<String> = [Status::New, Status::Open, Status::Waiting].iter().map(|s| s.code().to_string()).collect();
    let oldest = format!("FROM ticket WHERE status IN ({})", running.join(", "));
    let lists = [
        ("generation", "FROM reckoning WHERE id = 1"),
        ("department_id, zone, calendar", "FROM office"),
        ("urgency, department_id, organisation_id, target", "FROM target_rule"),
        ("MIN(opened_at)", oldest.as_str()),
        // They are numbered in the order in which they came; one that runs may have been brought along from elsewhere.
        ("opened_at", "FROM ticket ORDER BY id LIMIT 1"),
        ("id", "FROM department ORDER BY position, name"),
    ];
    let [generation, offices, rules, oldest, first, departments] = lists_by(db, lists, vec![]).await?;
    let office = |(department, zone, calendar): (i64, String, String)| {
        let calendar = serde_json::from_str(&calendar).map_err(|_| Error::Unreadable("calendar"))?;
        Ok(Office { department: DepartmentId(department), zone, calendar })
    };
    let rule = |(urgency, department, organisation, target): (i16, Option<i64>, Option<i64>, String)| {
        Ok(TargetRule {
            urgency: Urgency::from_code(urgency).ok_or(Error::Unreadable("urgency"))?,
            department: department.map(DepartmentId),
            organisation: organisation.map(OrganisationId),
            target: serde_json::from_str(&target).map_err(|_| Error::Unreadable("target"))?,
        })
    };
    Ok(Plan {
        departments: departments.read::<(i64,)>()?.into_iter().map(|(id,)| DepartmentId(id)).collect(),
        generation: generation.read::<[i64; 1]>()?.first().ok_or(Error::Unreadable("reckoning"))?[0],
        offices: offices.read()?.into_iter().map(office).collect::<Result<_>>()?,
        rules: rules.read()?.into_iter().map(rule).collect::<Result<_>>()?,
        oldest: oldest.read::<[Option<i64>; 1]>()?.iter().chain(&first.read::<[Option<i64>; 1]>()?).filter_map(|row| row[0]).min().map(Moment),
    })
}

/// What was changed, by whom, for which tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Retarget {
    pub at: Moment,
    pub by: Option<PersonId>,
    pub what: domain::hours::Changed,
    pub urgency: Option<Urgency>,
    pub department: Option<DepartmentId>,
    pub organisation: Option<OrganisationId>,
}

/// Begins a change of hours or targets: what is due on every running ticket is to be reckoned anew. Call it first.
pub async fn retarget(change: &Change, new: &Retarget) -> Result<()> {
    if change.is_postgres() {
        change.db().query_one_raw(change.sql("SELECT pg_advisory_xact_lock($1)", [LOCK.into()])).await?;
    }
    begin_again(change).await?;
    let sql = "INSERT INTO retarget (at, by_id, what, department_id, organisation_id, urgency) VALUES ($1, $2, $3, $4, $5, $6)";
    let urgency = new.urgency.map(Urgency::code);
    let (by, department, organisation) = (new.by.map(|p| p.0), new.department.map(|d| d.0), new.organisation.map(|o| o.0));
    change.run(sql, [new.at.0.into(), by.into(), new.what.word().into(), department.into(), organisation.into(), urgency.into()]).await?;
    Ok(())
}

pub(crate) async fn begin_again(change: &Change) -> Result<()> {
    let sql = "UPDATE reckoning SET generation = generation + 1, upto = 0, last = (SELECT COALESCE(MAX(id), 0) FROM ticket) WHERE id = 1";
    change.run(sql, []).await?;
    Ok(())
}

/// Saves the hours of a department.
pub async fn save_office(change: &Change, office: &Office) -> Result<()> {
    let sql =
        "INSERT INTO office (department_id, zone, calendar) VALUES ($1, $2, $3) ON CONFLICT (department_id) DO UPDATE SET zone = $2, calendar = $3";
    change.run(sql, [office.department.0.into(), office.zone.as_str().into(), json(&office.calendar)?.into()]).await?;
    Ok(())
}

/// Saves the target of an urgency, or of its tickets of a department or an organisation; without one, what is chosen for more of them holds again.
pub async fn save_target(
    change: &Change,
    urgency: Urgency,
    department: Option<DepartmentId>,
    organisation: Option<OrganisationId>,
    target: Option<&Target>,
) -> Result<()> {
    let (of, department, organisation) = (urgency.code(), department.map(|d| d.0), organisation.map(|o| o.0));
    let sql = "DELETE FROM target_rule WHERE urgency = $1 AND COALESCE(department_id, 0) = $2 AND COALESCE(organisation_id, 0) = $3";
    change.run(sql, [of.into(), department.unwrap_or(0).into(), organisation.unwrap_or(0).into()]).await?;
    if let Some(target) = target {
        let sql = "INSERT INTO target_rule (urgency, department_id, organisation_id, target) VALUES ($1, $2, $3, $4)";
        change.run(sql, [of.into(), department.into(), organisation.into(), json(target)?.into()]).await?;
    }
    Ok(())
}

/// A change of hours or targets while a ticket ran: when, by whom, and of what.
pub type Retargeted = (Moment, Option<Named<PersonId>>, domain::hours::Changed);

/// The list that makes the changes of hours and targets since the ticket `$1` was opened that concern it; [`retargets_of`] reads it.
pub(crate) const RETARGETS: (&str, &str) = (
    "r.at, r.by_id, p.name, r.what",
    "FROM retarget r JOIN ticket t ON t.id = $1 LEFT JOIN person p ON p.id = r.by_id WHERE r.at >= t.opened_at AND (r.department_id IS NULL OR r.department_id = t.department_id) AND (r.organisation_id IS NULL OR r.organisation_id = t.organisation_id) AND (r.urgency IS NULL OR r.urgency = t.urgency) ORDER BY r.id",
);

/// The changes of [`RETARGETS`].
pub(crate) fn retargets_of(found: List) -> Result<Vec<Retargeted>> {
    let read = |(at, by, name, what): (i64, Option<i64>, Option<String>, String)| {
        let by = by.zip(name).map(|(id, name)| Named::new(PersonId(id), name));
        Ok((Moment(at), by, domain::hours::Changed::from_word(&what).ok_or(Error::Unreadable("change of hours"))?))
    };
    found.read()?.into_iter().map(read).collect()
}

/// How far the last change of hours or targets is reckoned: up to which ticket, of which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Reckoned {
    pub generation: i64,
    pub upto: i64,
    pub last: i64,
}

/// How far it is.
pub async fn reckoned(store: &Store) -> Result<Reckoned> {
    let found: Vec<(i64, i64, i64)> = rows(store, "generation, upto, last", "FROM reckoning WHERE id = 1", vec![]).await?;
    let (generation, upto, last) = *found.first().ok_or(Error::Unreadable("reckoning"))?;
    Ok(Reckoned { generation, upto, last })
}

/// A running ticket, as far as it matters for what is due on it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Running {
    pub id: TicketId,
    pub urgency: Urgency,
    pub department: DepartmentId,
    pub organisation: Option<OrganisationId>,
    pub opened_at: Moment,
    pub clock: Clock,
    /// Whether the clock was read from the log, and is not kept with the ticket yet.
    pub is_replayed: bool,
    pub due: Option<Due>,
    pub around_the_clock: bool,
    pub tick_at: Option<Moment>,
}

/// A running ticket as [`RUNNING`] gives it.
type RunningRow = (i64, i16, i64, Option<i64>, i64, Option<String>, Option<String>, u8, Option<i64>);
const RUNNING: &str = "id, urgency, department_id, organisation_id, opened_at, clock, due, CASE WHEN around_the_clock THEN 1 ELSE 0 END, tick_at";

/// The next running tickets whose dues are to be reckoned anew, kept from everyone else until the change ends, and up to which number of all tickets they are.
pub async fn to_reckon(change: &Change, most: i64) -> Result<(Reckoned, Vec<Running>)> {
    let generation = generation(change).await?;
    let lock = if change.is_postgres() { " FOR NO KEY UPDATE" } else { "" };
    let row = change.db().query_one_raw(change.sql(format!("SELECT upto, last FROM reckoning WHERE id = 1{lock}"), [])).await?;
    let row = row.ok_or(Error::Unreadable("reckoning"))?;
    let mut row = Row::new(&row);
    let (from, last): (i64, i64) = (row.next()?, row.next()?);
    if from >= last {
        return Ok((Reckoned { generation, upto: from, last }, vec![]));
    }
    let upto = last.min(from + most);
    let part = format!("FROM ticket WHERE id > {from} AND id <= {upto} AND NOT settled ORDER BY id");
    if change.is_postgres() {
        change.db().query_all_raw(change.sql(format!("SELECT id {part}{lock}"), [])).await?;
    }
    let found: Vec<RunningRow> = rows_by(&change.db(), RUNNING, &part, vec![]).await?;
    let mut running = Vec::with_capacity(found.len());
    for (id, urgency, department, organisation, opened_at, clock, due, around_the_clock, tick_at) in found {
        let id = TicketId(id);
        running.push(Running {
            id,
            urgency: Urgency::from_code(urgency).ok_or(Error::Unreadable("urgency"))?,
            department: DepartmentId(department),
            organisation: organisation.map(OrganisationId),
            opened_at: Moment(opened_at),
            is_replayed: clock.is_none(),
            clock: match clock {
                Some(text) => serde_json::from_str(&text).map_err(|_| Error::Unreadable("clock"))?,
                None => Clock::replay(&crate::events::of_ticket(&change.db(), id, EventNo(0)).await?),
            },
            due: due.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| Error::Unreadable("what is due"))?,
            around_the_clock: around_the_clock == 1,
            tick_at: tick_at.map(Moment),
        });
    }
    Ok((Reckoned { generation, upto, last }, running))
}

/// Saves what was reckoned for running tickets.
pub async fn save_dues(change: &Change, running: &[Running]) -> Result<()> {
    // One value for all: SQLite looks for each of many among all of them.
    let row = |r: &Running| {
        let clock = if r.is_replayed { Some(json(&r.clock)?) } else { None };
        let due = r.due.as_ref().map(json).transpose()?;
        Ok((r.id.0, place(r.due.as_ref(), None), r.around_the_clock, r.tick_at.map(|at| at.0), due, clock))
    };
    let rows: Vec<_> = running.iter().map(row).collect::<Result<_>>()?;
    let at = |n: usize, kind: &str| if change.is_postgres() { format!("(v ->> {n})::{kind}") } else { format!("(v.value ->> {n})") };
    let from = if change.is_postgres() { "json_array_elements($1::json) AS v" } else { "json_each($1) AS v" };
    let sql = format!(
        "UPDATE ticket SET place = {}, around_the_clock = {}, tick_at = {}, due = {}, clock = COALESCE({}, ticket.clock) FROM {from} WHERE ticket.id = {}",
        at(1, "bigint"),
        at(2, "boolean"),
        at(3, "bigint"),
        at(4, "text"),
        at(5, "text"),
        at(0, "bigint")
    );
    change.run(sql, [json(&rows)?.into()]).await?;
    Ok(())
}

/// Remembers up to which ticket it is reckoned.
pub async fn reckoned_upto(change: &Change, upto: i64) -> Result<()> {
    change.run("UPDATE reckoning SET upto = $1 WHERE id = 1", [upto.into()]).await?;
    Ok(())
}

/// The tickets of which something is to be told by now, in the order of when.
pub async fn ticking(store: &Store, now: Moment, most: u64) -> Result<Vec<TicketId>> {
    let tail = format!("FROM ticket WHERE tick_at <= $1 ORDER BY tick_at, id LIMIT {most}");
    let found: Vec<(i64,)> = rows(store, "id", &tail, vec![now.0.into()]).await?;
    Ok(found.into_iter().map(|(id,)| TicketId(id)).collect())
}
