//! Counting tries: who guesses has to wait.

use crate::{Desk, Result};
use domain::Refusal;
use domain::time::{Moment, Span};

/// Tries are counted over this long.
pub(super) const WINDOW: Span = Span::minutes(15);

/// Refuses until the window that began at `since` is over; in seconds.
pub(super) fn wait(now: Moment, since: Moment) -> Refusal {
    Refusal::Throttled(((WINDOW.0 - (now - since).0) / 1_000 + 1) as u32)
}

/// Counts a try before it is made, so that many at once are no way round; refuses more than `most` within the window.
pub(super) async fn count(desk: &Desk, key: &str, most: i64) -> Result<()> {
    let now = desk.now();
    let change = desk.store().begin().await?;
    let (tries, since) = store::sessions::count_try(&change, key, now, now - WINDOW).await?;
    change.commit().await?;
    if tries > most { Err(wait(now, since).into()) } else { Ok(()) }
}
