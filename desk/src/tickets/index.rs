//! Search: tickets that name someone who is called otherwise by now are put in the index anew, and all tickets after an upgrade that indexes more of them.

use crate::{Desk, Result};
use domain::TicketId;
use domain::accounts::Scope;
use std::time::{Duration, Instant};

/// Tickets looked up at once.
const BATCH: u64 = 200;
/// Tickets put in the index by one change: few, so that nobody waits long, and more than one, as each change waits for the disk.
const AT_ONCE: usize = 10;
/// As long as it goes on at most before the other jobs have their turn: after an upgrade there are as many as there are tickets.
const TURN: Duration = Duration::from_secs(20);

/// Puts marked tickets in the index anew; gives how many. One that cannot be put there holds up no other; the error is that of the last.
pub(crate) async fn index_marked(desk: &Desk) -> Result<usize> {
    let (mut done, mut failed, begun, mut after) = (0, None, Instant::now(), TicketId(0));
    while begun.elapsed() < TURN {
        let marked = store::search::marked(desk.store(), after, BATCH).await?;
        let Some(last) = marked.last() else { break };
        after = *last;
        for some in marked.chunks(AT_ONCE) {
            crate::workers::beat();
            match index_all(desk, some).await {
                Ok(indexed) => done += indexed,
                Err(_) => {
                    for one in some {
                        match index_all(desk, &[*one]).await {
                            Ok(indexed) => done += indexed,
                            Err(error) => failed = Some(error),
                        }
                    }
                }
            }
        }
    }
    failed.map_or(Ok(done), Err)
}

/// Puts those of these tickets in the index that are marked; gives how many.
async fn index_all(desk: &Desk, tickets: &[TicketId]) -> Result<usize> {
    let change = desk.store().begin().await?;
    let mut done = 0;
    for id in tickets {
        // First of all: who calls someone otherwise at this moment is waited for.
        if store::search::unmark(&change, *id).await?
            && let Some((ticket, _)) = store::tickets::lock(&change, &Scope::system(), *id).await?
        {
            store::search::index(&change, &ticket).await?;
            done += 1;
        }
    }
    change.commit().await?;
    Ok(done)
}
