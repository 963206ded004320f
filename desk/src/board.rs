//! The board and the list, as the staff ask for them.

use crate::accounts::Agent;
use crate::{Desk, Result, hours};
use domain::board::{Board, Card, Filter};
use domain::tickets::Status;
use domain::{Named, OrganisationId, TicketId};
use store::board::PageOf;
pub use store::board::{Cursor, Page, Sort};
pub use store::departments::Choices;

/// Rows on one page of the list.
pub const PAGE: usize = 50;

/// The board with this filter, and what tickets can be filtered by and changed to.
pub async fn snapshot(desk: &Desk, by: &Agent, filter: &Filter) -> Result<(Board, Choices)> {
    let (open, closed) = hours::book(desk).await?.by_office(desk.now());
    Ok(store::board::snapshot(desk.store(), &by.session().scope(), filter, &open, &closed).await?)
}

/// A page of the list; the ticket whose number was typed stands first on the first page.
pub async fn page(desk: &Desk, by: &Agent, filter: &Filter, sort: Sort, ascending: bool, from: Option<Cursor>) -> Result<Page> {
    let scope = by.session().scope();
    let mut page = store::board::page(desk.store(), &PageOf { scope: &scope, filter, sort, ascending, from, size: PAGE }).await?;
    let number: Option<TicketId> = filter.text.as_deref().and_then(|t| t.parse().ok()).filter(|_| from.is_none());
    if let Some(number) = number {
        let exact: Vec<Card> = if store::tickets::is_visible(desk.store(), &scope, number).await? {
            store::tickets::cards(desk.store(), &[number]).await?
        } else {
            vec![]
        };
        page.cards.retain(|c| c.id != number);
        page.cards.splice(0..0, exact.into_iter().filter(|c| filter.admits(c)));
    }
    Ok(page)
}

/// How many tickets there are of each status.
pub async fn tallies(desk: &Desk, by: &Agent) -> Result<Vec<(Status, i64)>> {
    Ok(store::board::tallies(desk.store(), &by.session().scope()).await?)
}

/// An organisation to filter by, by its number or the beginning of its name.
pub async fn organisation(desk: &Desk, _by: &Agent, typed: &str) -> Result<Option<Named<OrganisationId>>> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    Ok(store::organisations::like(desk.store(), typed).await?)
}
