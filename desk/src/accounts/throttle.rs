//! Counting tries: who guesses has to wait.

use crate::audit::Origin;
use crate::{Desk, Result};
use domain::Refusal;
use domain::time::{Moment, Span};
use std::net::IpAddr;

/// Tries are counted over this long.
pub(super) const WINDOW: Span = Span::minutes(15);

/// What anyone may begin from one network within the window without being known, such as a log-in by passkey: a whole office behind one address comes in.
const BEGUN: i64 = 300;

/// Counts what someone unknown begins that leaves something behind or sends a mail; refuses a network that does so too often.
pub(super) async fn count_unknown(desk: &Desk, what: &str, origin: &Origin) -> Result<()> {
    match origin.address {
        Some(address) => count(desk, &format!("{what}:{}", network(address)), BEGUN).await,
        None => Ok(()),
    }
}

/// An IPv6 customer has a network of 2^64 addresses (RFC 6177): they count as one.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| format!("{:x?}", &v6.segments()[..4]), |v4| v4.to_string()),
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
