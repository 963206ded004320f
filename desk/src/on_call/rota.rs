//! Rotas: who sees and changes them, and admins who are told of a gap before it happens.

use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Result, hours};
use domain::accounts::Person;
use domain::audit::Deed;
use domain::on_call::{Away, LEAST_WAIT, MOST_WAIT, Rota, Shift, Swap, Turn};
use domain::permissions::Action;
use domain::tickets::MAX_LINK;
use domain::time::{Moment, Span, Zone, parse_date, write_date};
use domain::{DepartmentId, Fault, Field, FieldFault, Named, PersonId, Refusal, typed};
use std::ops::Range;
use store::Source;
use store::on_call::{self, OfDepartment};
use url::Url;

/// Weeks that are shown.
const WEEKS: i64 = 6;
/// How long before it begins admins are told of a gap.
pub const WARN_AHEAD: Span = Span::days(7);
/// Most people of a rota, and most swaps or absences to come.
const MOST: usize = 50;
/// Days for which a swap or an absence is kept when it is over.
const KEPT: i64 = 40;
/// Longest swap or absence, in days.
const LONGEST: i64 = 366;

/// A rota as staff see it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Shown {
    pub departments: Vec<Named<DepartmentId>>,
    pub department: DepartmentId,
    pub zone: Zone,
    pub rota: Rota,
    pub hook: String,
    /// Shown to who chooses the pager.
    pub hook_secret: String,
    /// Six weeks from this Monday on: the day, and who is on call from its hand-over on.
    pub days: Vec<(i64, Option<PersonId>)>,
    pub now: Option<PersonId>,
    pub today: i64,
    pub gaps: Vec<Shift>,
    pub staff: Vec<Named<PersonId>>,
    pub manages: bool,
}

/// Which list an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Entry {
    Swap,
    Away,
}

/// The rota of a department that is not closed to who asks; of the first where none is named.
pub async fn shown(desk: &Desk, by: &Agent, department: Option<DepartmentId>) -> Result<Shown> {
    by.session().require(Action::SeeRotas)?;
    let departments = open_to(desk, by).await?;
    let department = match department {
        Some(id) => departments.iter().find(|d| d.id == id).ok_or(Refusal::NotFound)?.id,
        None => departments.first().ok_or(Refusal::NotFound)?.id,
    };
    let manages = by.session().require(Action::ManageRotas).is_ok();
    let of = on_call::rotas(desk.store()).await?.into_iter().find(|of| of.department == department);
    let real = match &of {
        Some(of) => able(desk.store(), of).await?,
        None => Rota::default(),
    };
    let (rota, hook, hook_secret) = of.map(|of| (of.rota, of.hook, of.hook_secret)).unwrap_or_default();
    let (zone, now) = (zone_of(desk, department).await?, desk.now());
    let today = zone.civil(now).days;
    let monday = today - i64::from(domain::time::weekday(today));
    Ok(Shown {
        days: (monday..monday + 7 * WEEKS).map(|day| (day, real.on_call(day))).collect(),
        now: real.on_call(real.day(now, &zone)),
        // Where there is no rota nobody is missed.
        gaps: if rota.members.is_empty() { vec![] } else { real.gaps(now, now + Span::days(7 * WEEKS), &zone) },
        today,
        zone,
        rota,
        hook: if manages { hook } else { String::new() },
        hook_secret: if manages { hook_secret } else { String::new() },
        staff: store::accounts::staff(desk.store()).await?.into_iter().map(|person| Named::new(person.id, person.name)).collect(),
        departments,
        department,
        manages,
    })
}

async fn open_to(desk: &Desk, by: &Agent) -> Result<Vec<Named<DepartmentId>>> {
    let hidden = match by.session().scope() {
        domain::accounts::Scope::Desk { hidden } => hidden,
        domain::accounts::Scope::Own(_) | domain::accounts::Scope::Organisation(..) => return Err(Refusal::NotAllowed.into()),
    };
    Ok(store::departments::all(desk.store()).await?.into_iter().map(|d| d.named).filter(|d| !hidden.contains(&d.id)).collect())
}

async fn zone_of(desk: &Desk, department: DepartmentId) -> Result<Zone> {
    Ok(hours::book(desk).await?.hours(department).wall(desk.now()))
}

/// Who is on call for a department now.
pub async fn on_call_now(desk: &Desk, department: DepartmentId) -> Result<Option<PersonId>> {
    let zone = zone_of(desk, department).await?;
    let of = on_call::rotas(desk.store()).await?.into_iter().find(|of| of.department == department);
    let Some(of) = of else { return Ok(None) };
    let rota = able(desk.store(), &of).await?;
    Ok(rota.on_call(rota.day(desk.now(), &zone)))
}

/// The rota as it is kept to: who cannot log in, or to whom the department is closed, is not woken, and the next in turn is.
pub(super) async fn able(from: &impl Source, of: &OfDepartment) -> Result<Rota> {
    let mut rota = of.rota.clone();
    let named: Vec<PersonId> = rota.members.iter().copied().chain(rota.swaps.iter().filter_map(|swap| swap.person)).collect();
    let able: Vec<PersonId> = on_call::active(from, of.department, &named).await?.into_iter().map(|person| person.id).collect();
    rota.members.retain(|person| able.contains(person));
    rota.swaps.retain(|swap| swap.person.is_none_or(|person| able.contains(&person)));
    Ok(rota)
}

/// Changes the rota of a department, and writes down what it became.
async fn change_rota(desk: &Desk, by: &Agent, department: DepartmentId, edit: impl FnOnce(&mut OfDepartment) -> Result<(), Refusal>) -> Result<()> {
    let departments = open_to(desk, by).await?;
    let name = departments.iter().find(|d| d.id == department).ok_or(Refusal::NotFound)?.name.clone();
    let zone = zone_of(desk, department).await?;
    let change = desk.store().begin().await?;
    let empty = || OfDepartment { department, rota: Rota::default(), hook: String::new(), hook_secret: String::new(), gap_told: Moment(0) };
    let before = on_call::rota(&change, department).await?.unwrap_or_else(empty);
    let mut after = before.clone();
    edit(&mut after)?;
    if after == before {
        return Ok(());
    }
    let now = desk.now();
    let gaps = |of: &OfDepartment| of.rota.gaps(now, now + WARN_AHEAD, &zone);
    if gaps(&before) != gaps(&after) {
        after.gap_told = Moment(0);
    }
    on_call::save_rota(&change, &after).await?;
    let staff = store::accounts::staff(&change).await?;
    let (was, is) = audit::differing(&described(&before, &staff), &described(&after, &staff));
    audit::note(&change, by.session(), Done::new(Deed::RotaChanged, &name, None).changed(&was, &is), desk.now()).await?;
    Ok(change.commit().await?)
}

/// A rota, part by part, as the audit log has it.
fn described(of: &OfDepartment, staff: &[Person]) -> Vec<(String, String)> {
    let name = |id: PersonId| staff.iter().find(|person| person.id == id).map_or_else(|| format!("#{id}"), |person| person.name.clone());
    let days =
        |from: i64, until: i64| if until - from == 1 { write_date(from) } else { format!("{} – {}", write_date(from), write_date(until - 1)) };
    // Before there was one, there was nothing.
    if of.rota == Rota::default() && of.hook.is_empty() {
        return vec![];
    }
    let Rota { members, turn, handover, since, swaps, away, wait } = &of.rota;
    let turn = match turn {
        Turn::Daily => "daily".to_owned(),
        Turn::Weekly(begins) => format!("weekly {begins}"),
    };
    let parts = [
        ("members", members.iter().map(|id| name(*id)).collect::<Vec<_>>().join(", ")),
        ("turn", turn),
        ("handover", format!("{}:{:02}", handover / 60, handover % 60)),
        ("since", write_date(*since)),
        ("wait", wait.to_string()),
        ("hook", without_password(&of.hook)),
    ];
    let swaps = swaps.iter().map(|swap| ("swap", format!("{} {}", days(swap.from, swap.until), swap.person.map_or("-".to_owned(), name))));
    let away = away.iter().map(|away| ("away", format!("{} {}", days(away.from, away.until), name(away.person))));
    parts.into_iter().chain(swaps).chain(away).map(|(part, value)| (part.to_owned(), value)).collect()
}

/// An address as others may read it.
fn without_password(address: &str) -> String {
    let hidden = url::Url::parse(address).ok().filter(|url| url.password().is_some()).and_then(|mut url| {
        url.set_password(Some("***")).ok()?;
        Some(url.into())
    });
    hidden.unwrap_or_else(|| address.to_owned())
}

/// Chooses who is on call in turn, for how long, when they hand over, after how many minutes the next is told, and the pager. Refuses what is wrong at its field. For leads and admins.
#[allow(clippy::too_many_arguments, reason = "a form of flat fields")]
pub async fn save_rota(
    desk: &Desk,
    by: &Agent,
    department: DepartmentId,
    members: &[PersonId],
    turn: Turn,
    since: &str,
    handover: &str,
    wait: &str,
    hook: &str,
) -> Result<()> {
    by.session().require(Action::ManageRotas)?;
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let staff: Vec<PersonId> = store::accounts::staff(desk.store()).await?.into_iter().map(|person| person.id).collect();
    if members.iter().any(|person| !staff.contains(person)) {
        wrong(Field::Members, Fault::Unknown);
    }
    if members.len() > MOST {
        wrong(Field::Members, Fault::TooMany(MOST as u32));
    }
    let mut once: Vec<PersonId> = vec![];
    members.iter().for_each(|person| {
        if !once.contains(person) {
            once.push(*person)
        }
    });
    let minutes = domain::hours::parse_time(handover);
    if minutes.is_none() {
        wrong(Field::Handover, Fault::NotATime);
    }
    let wait: Option<u16> = wait.trim().parse().ok().filter(|wait| (LEAST_WAIT..=MOST_WAIT).contains(wait));
    if wait.is_none() {
        wrong(Field::Wait, Fault::NotANumber);
    }
    let since = parse_date(since);
    if since.is_none() {
        wrong(Field::Date, Fault::NotADate);
    }
    let hook = hook.trim();
    if hook.len() > MAX_LINK {
        wrong(Field::Hook, Fault::TooLong(MAX_LINK as u32));
    } else if !hook.is_empty() {
        match Url::parse(hook).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            None => wrong(Field::Hook, Fault::NotALink),
            Some(url) if desk.http().refuses(&url) => wrong(Field::Hook, Fault::Internal),
            Some(_) => {}
        }
    }
    let (Some(handover), Some(wait), Some(since), true) = (minutes, wait, since, faults.is_empty()) else {
        return Err(Refusal::Fields(faults).into());
    };
    let secret = crate::accounts::random_hex()?;
    change_rota(desk, by, department, |of| {
        let (swaps, away) = (std::mem::take(&mut of.rota.swaps), std::mem::take(&mut of.rota.away));
        of.rota = Rota { members: once, turn, handover, since, swaps, away, wait };
        if of.hook != hook {
            hook.clone_into(&mut of.hook);
            of.hook_secret = if hook.is_empty() { String::new() } else { secret };
        }
        Ok(())
    })
    .await
}

/// Someone stands in on some days, or nobody does. An agent stands in themselves; leads and admins choose who.
pub async fn add_swap(desk: &Desk, by: &Agent, department: DepartmentId, from: &str, until: &str, person: Option<PersonId>) -> Result<()> {
    if person != Some(by.session().person().id) {
        by.session().require(Action::ManageRotas)?;
    }
    add(desk, by, department, (from, until), person, |rota, days| {
        rota.swaps.push(Swap { from: days.start, until: days.end, person });
        rota.swaps.iter().map(|swap| swap.until).collect()
    })
    .await
}

/// Someone is away on some days. An agent says so of themselves; leads and admins of anyone.
pub async fn add_away(desk: &Desk, by: &Agent, department: DepartmentId, from: &str, until: &str, person: PersonId) -> Result<()> {
    if person != by.session().person().id {
        by.session().require(Action::ManageRotas)?;
    }
    add(desk, by, department, (from, until), Some(person), |rota, days| {
        rota.away.push(Away { from: days.start, until: days.end, person });
        rota.away.iter().map(|away| away.until).collect()
    })
    .await
}

/// Adds an entry; `add` gives when each of its list ends.
async fn add(
    desk: &Desk,
    by: &Agent,
    department: DepartmentId,
    (from, until): (&str, &str),
    person: Option<PersonId>,
    add: impl FnOnce(&mut Rota, Range<i64>) -> Vec<i64>,
) -> Result<()> {
    let days = typed::days(from, until, LONGEST)?;
    let staff = store::accounts::staff(desk.store()).await?;
    if person.is_some_and(|id| staff.iter().all(|known| known.id != id)) {
        return Err(Refusal::field(Field::Assignee, Fault::Unknown).into());
    }
    let today = zone_of(desk, department).await?.civil(desk.now()).days;
    change_rota(desk, by, department, |of| {
        // What is over is of no use any more, but to the calendars that show a month of it.
        of.rota.swaps.retain(|swap| swap.until > today - KEPT);
        of.rota.away.retain(|away| away.until > today - KEPT);
        let to_come = add(&mut of.rota, days).into_iter().filter(|until| *until > today).count();
        if to_come > MOST { Err(Refusal::field(Field::Date, Fault::TooMany(MOST as u32))) } else { Ok(()) }
    })
    .await
}

/// Takes a swap or an absence away, by its place in its list and its first day. An agent's own; any for leads and admins.
pub async fn remove_entry(desk: &Desk, by: &Agent, department: DepartmentId, entry: Entry, at: usize, from: &str) -> Result<()> {
    let from = parse_date(from).ok_or(Refusal::NotFound)?;
    let me = by.session().person().id;
    let manages = by.session().require(Action::ManageRotas).is_ok();
    change_rota(desk, by, department, |of| {
        let whose = match entry {
            Entry::Swap => of.rota.swaps.get(at).filter(|swap| swap.from == from).map(|swap| swap.person),
            Entry::Away => of.rota.away.get(at).filter(|away| away.from == from).map(|away| Some(away.person)),
        };
        // Of two who take it away at once, one does.
        let whose = whose.ok_or(Refusal::NotFound)?;
        if !manages && whose != Some(me) {
            return Err(Refusal::NotAllowed);
        }
        match entry {
            Entry::Swap => drop(of.rota.swaps.remove(at)),
            Entry::Away => drop(of.rota.away.remove(at)),
        }
        Ok(())
    })
    .await
}

/// Tells admins by mail of gaps that are near, each once; of one that goes on for longer than a week, every week. For the job that does so. Gives how many.
pub async fn warn_of_gaps(desk: &Desk) -> Result<usize> {
    let (now, mut told) = (desk.now(), 0);
    let departments = store::departments::all(desk.store()).await?;
    for of in on_call::rotas(desk.store()).await?.into_iter().filter(|of| !of.rota.members.is_empty()) {
        let zone = zone_of(desk, of.department).await?;
        let gaps = able(desk.store(), &of).await?.gaps(now, now + WARN_AHEAD, &zone);
        let Some(gap) = gaps.into_iter().find(|gap| gap.from > of.gap_told) else { continue };
        let name = departments.iter().find(|d| d.named.id == of.department).map_or("", |d| d.named.name.as_str());
        // Told first: where no mail can be sent it is tried again by the next job.
        if !crate::notifications::tell_of_gap(desk, name, gap.from.max(now), &zone).await? {
            continue;
        }
        told += 1;
        let change = desk.store().begin().await?;
        if let Some(current) = on_call::rota(&change, of.department).await?.filter(|current| *current == of) {
            on_call::save_rota(&change, &OfDepartment { gap_told: gap.until, ..current }).await?;
            change.commit().await?;
        }
    }
    Ok(told)
}
