//! How long tickets are kept: per status, counted from their last change; at night they go, with everything that hangs on them.

use super::erase::remove_mails;
use crate::accounts::Agent;
use crate::audit::{self, Done, Origin};
use crate::{Desk, Result};
use domain::accounts::Scope;
use domain::audit::Deed;
use domain::permissions::Action;
use domain::tickets::Status;
use domain::time::Span;
use domain::{Fault, Field, FieldFault, Refusal};
use store::privacy;

/// As short as a ticket is kept, in days.
pub const LEAST_DAYS: i64 = 30;
/// As long as can be said: a hundred years, in days.
const MOST_DAYS: i64 = 36_500;
/// Tickets removed by one run of the jobs.
const AT_ONCE: u64 = 500;
/// The hours of the night in which tickets are removed, in the default time zone.
const NIGHT: std::ops::Range<i64> = 3..6;

/// What holds for one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Kept {
    pub status: Status,
    /// After its last change; `None`: for ever.
    pub days: Option<i64>,
    /// How many tickets would go now.
    pub due: i64,
}

/// What holds, and what would go if it were night. For admins.
pub async fn kept(desk: &Desk, by: &Agent) -> Result<Vec<Kept>> {
    by.session().require(Action::ManagePrivacy)?;
    let mut wanted = vec![];
    for status in Status::ALL.iter().copied() {
        wanted.push((status, privacy::retention(desk.store(), status).await?));
    }
    count(desk, &wanted).await
}

/// What would go if these days held; nothing is removed. Refuses what is no number of days at its field. For admins.
pub async fn dry_run(desk: &Desk, by: &Agent, typed: &[(Status, String)]) -> Result<Vec<Kept>> {
    by.session().require(Action::ManagePrivacy)?;
    count(desk, &read(typed)?).await
}

async fn count(desk: &Desk, wanted: &[(Status, Option<i64>)]) -> Result<Vec<Kept>> {
    let mut all = vec![];
    for (status, days) in wanted {
        let due = match days {
            Some(days) => privacy::count_over(desk.store(), *status, desk.now() - Span::days(*days)).await?,
            None => 0,
        };
        all.push(Kept { status: *status, days: *days, due });
    }
    Ok(all)
}

fn read(typed: &[(Status, String)]) -> Result<Vec<(Status, Option<i64>)>, Refusal> {
    let (mut read, mut faults) = (vec![], vec![]);
    for (status, text) in typed {
        match text.trim() {
            "" => read.push((*status, None)),
            days => match days.parse().ok().filter(|days| (LEAST_DAYS..=MOST_DAYS).contains(days)) {
                Some(days) => read.push((*status, Some(days))),
                None => faults.push(FieldFault { field: Field::Kept(*status), fault: Fault::NotADay }),
            },
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(Refusal::Fields(faults)) }
}

/// Keeps tickets for so many days from now on; what is empty is kept for ever. Refuses less than a month at its field. For admins.
pub async fn set_kept(desk: &Desk, by: &Agent, typed: &[(Status, String)]) -> Result<()> {
    by.session().require(Action::ManagePrivacy)?;
    let wanted = read(typed)?;
    let change = desk.store().begin().await?;
    let shown = |days: Option<i64>| days.map(|days| days.to_string()).unwrap_or_default();
    for (status, days) in wanted {
        let was = privacy::retention(&change, status).await?;
        if was != days {
            privacy::set_retention(&change, status, days).await?;
            let name = format!("retention {}", status.word());
            audit::note(&change, by.session(), Done::new(Deed::SettingChanged, &name, None).changed(&shown(was), &shown(days)), desk.now()).await?;
        }
    }
    Ok(change.commit().await?)
}

/// Removes tickets whose time is over, where it is night; for the job that does so. Gives how many.
pub async fn sweep_at_night(desk: &Desk) -> Result<usize> {
    let hour = crate::zones::around(crate::zones::DEFAULT, desk.now()).civil(desk.now()).hour;
    if NIGHT.contains(&i64::from(hour)) { sweep(desk).await } else { Ok(0) }
}

/// Removes tickets whose time is over, some at a time. Gives how many.
pub async fn sweep(desk: &Desk) -> Result<usize> {
    let mut removed = 0;
    for status in Status::ALL.iter().copied() {
        let Some(days) = privacy::retention(desk.store(), status).await?.filter(|days| *days >= LEAST_DAYS) else { continue };
        let before = desk.now() - Span::days(days);
        for id in privacy::over(desk.store(), status, before, AT_ONCE).await? {
            crate::workers::beat();
            let change = desk.store().begin().await?;
            let found = store::tickets::lock(&change, &Scope::system(), id).await?;
            // It may have been answered a moment ago, or removed by another node.
            let Some((ticket, _)) = found.filter(|(ticket, _)| ticket.status == status && ticket.updated_at < before) else { continue };
            let left = privacy::remove_ticket(&change, &ticket).await?;
            let number = id.to_string();
            let done = Done::new(Deed::TicketsRemoved, &number, None).changed(status.word(), "");
            audit::write(&change, None, &Origin::default(), done, desk.now()).await?;
            change.commit().await?;
            left.files.iter().for_each(|file| desk.files().remove(file));
            remove_mails(desk, &left.mails).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
