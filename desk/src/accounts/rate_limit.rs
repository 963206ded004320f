//! Counting tries: who guesses has to wait.

use crate::audit::Origin;
use crate::{Desk, Network, Result};
use domain::Refusal;
use domain::time::{Moment, Span};

/// Tries are counted over this long.
pub(super) const WINDOW: Span = Span::minutes(15);

/// What anyone may begin from one network within the window without being known, such as a log-in by passkey: a whole office behind one address comes in.
const BEGUN: i64 = 300;
/// The same from all networks that may be one customer's.
const BEGUN_WIDELY: i64 = 10 * BEGUN;
/// What is begun within the window from everywhere, before nothing more is kept of who cannot be known.
const BEGUN_BY_ALL: i64 = 10_000;

/// Counts what someone unknown begins that leaves something behind or sends a mail; refuses a network that does so too often.
pub(super) async fn count_unknown(desk: &Desk, what: &str, origin: &Origin) -> Result<()> {
    let Some(network) = origin.address.map(Network::of) else { return Ok(()) };
    // The wider one first: once it is full, nothing is written down for each of the networks in it.
    count(desk, &format!("{what}:{}", network.wider()), BEGUN_WIDELY).await?;
    count(desk, &format!("{what}:{network}"), BEGUN).await
}

/// Counts what is begun from everywhere; gives whether something may be kept of who cannot be known.
pub(super) async fn has_room(desk: &Desk, what: &str) -> Result<bool> {
    match count(desk, &format!("{what}:all"), BEGUN_BY_ALL).await {
        Ok(()) => Ok(true),
        Err(error) if error.refusal().is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

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
