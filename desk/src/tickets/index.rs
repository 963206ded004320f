//! Search: tickets that name someone who is called otherwise by now are put in the index anew.

use crate::{Desk, Result};
use domain::accounts::Scope;

/// Tickets looked up at once.
const BATCH: u64 = 200;

/// Puts every marked ticket in the index anew; gives how many. Each in a change of its own, so that nobody waits long.
pub(crate) async fn index_marked(desk: &Desk) -> Result<usize> {
    let mut done = 0;
    loop {
        let marked = store::search::marked(desk.store(), BATCH).await?;
        if marked.is_empty() {
            return Ok(done);
        }
        for id in marked {
            crate::workers::beat();
            let change = desk.store().begin().await?;
            // First of all: who calls someone otherwise at this moment is waited for.
            if store::search::unmark(&change, id).await?
                && let Some((ticket, _)) = store::tickets::lock(&change, &Scope::Desk { hidden: vec![] }, id).await?
            {
                store::search::index(&change, &ticket).await?;
                done += 1;
            }
            change.commit().await?;
        }
    }
}
