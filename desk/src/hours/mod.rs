//! Office hours and targets at work: what is due on every ticket, and telling so when it is near or missed.
//!
//! Invariants: what is due is saved with the change that moves it, by the hours and targets that hold until that change ends; each mark is told once, in the order of time, whichever
//! node looks and however late.

mod book;
mod calendar;
mod recompute;
mod settings;
mod shown;
mod tick;

pub(crate) use book::within;
pub use book::{Book, Hours, Shelf, book};
pub use recompute::{reckon_all, worker as recompute_worker};
pub use settings::{MOST_DAYS, add_days, import_days, remove_day, save_target, save_week};
pub use shown::{Shown, shown, targets};
pub use store::hours::Reckoned;
pub use tick::{tick, worker};

use crate::accounts::Customer;
use crate::{Desk, Result};
use domain::hours::Promise;
use domain::tickets::Urgency;
use domain::{DepartmentId, Refusal};

/// What is promised to a customer for a ticket that they open now; of what they have not chosen, the first department and the least that is asked.
pub async fn promise(desk: &Desk, by: &Customer, urgency: Option<Urgency>, department: Option<DepartmentId>) -> Result<Promise> {
    let departments = store::departments::all(desk.store()).await?;
    let known = department.filter(|id| departments.iter().any(|d| d.named.id == *id));
    let department = known.or(departments.first().map(|d| d.named.id)).ok_or(Refusal::NotFound)?;
    let promise = book(desk).await?.promise(urgency.unwrap_or(Urgency::Question), department, Some(by.organisation().id), desk.now());
    Ok(Promise { reply_by: promise.reply_by.filter(|_| urgency.is_some() && known.is_some()), ..promise })
}
