//! The server functions of board and list. A filter travels as the query it has in the URL.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::board::{Board, Card};
use domain::hours::Offices;
use domain::tickets::Status;
use domain::{DepartmentId, EventNo, Named, OrganisationId, PersonId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What one can filter by and choose from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Choices {
    pub departments: Vec<Named<DepartmentId>>,
    pub staff: Vec<Named<PersonId>>,
    /// The organisation of the filter, by number or by name.
    pub organisation: Option<Named<OrganisationId>>,
}

/// A page of the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct List {
    pub as_of: EventNo,
    pub cards: Vec<Card>,
    /// The query of the page before and after this one.
    pub before: Option<String>,
    pub after: Option<String>,
    /// How many there are, where that is known without counting.
    pub total: Option<i64>,
}

/// The board, and when the offices are open by which it is ordered.
#[server(endpoint = "board_snapshot")]
pub async fn board_snapshot(#[server(default)] query: String) -> Result<(Board, Offices), Problem> {
    let (board, offices, _) = board_page(query).await?;
    Ok((board, offices))
}

/// What the board's page shows: the board, the opening times by which it is ordered, and what one can filter by.
#[server(endpoint = "board_page")]
pub async fn board_page(#[server(default)] query: String) -> Result<(Board, Offices, Choices), Problem> {
    use super::filters::{filter_of, organisation_of};
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeBoard)?;
    let read = async {
        let offices = desk::hours::book(&desk).await?.offices(desk.now());
        let (board, choices) = desk::board::snapshot(&desk, &me, &filter_of(&query)).await?;
        let organisation = desk::board::organisation(&desk, &me, &organisation_of(&query)).await?;
        Ok((board, offices, Choices { departments: choices.departments, staff: choices.staff, organisation }))
    };
    read.await.map_err(backend::report)
}

/// A page of the list, and what one can filter by; the query holds the filter, `sort`, `order` and where the page begins.
#[server(endpoint = "list_page")]
pub async fn list_page(#[server(default)] query: String) -> Result<(List, Choices), Problem> {
    use super::filters::{Listing, filter_of, organisation_of};
    use crate::backend;
    use desk::board::page;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeList)?;
    let read = async {
        let (filter, listing) = (filter_of(&query), Listing::of(&query));
        let (sort, cursor) = backend::listing(&listing);
        let as_of = desk.tail().position();
        let page = page(&desk, &me, &filter, sort, listing.ascending, cursor).await?;
        let backwards = listing.before.is_some();
        let (has_before, has_after) = if backwards { (page.more, true) } else { (listing.after.is_some(), page.more) };
        let at = |card: Option<&Card>| card.map(|card| listing.cursor(card));
        let list = List {
            as_of,
            before: at(page.cards.first()).filter(|_| has_before),
            after: at(page.cards.last()).filter(|_| has_after),
            cards: page.cards,
            total: page.total,
        };
        let organisation = desk::board::organisation(&desk, &me, &organisation_of(&query)).await?;
        Ok((list, Choices { departments: page.choices.departments, staff: page.choices.staff, organisation }))
    };
    read.await.map_err(backend::report)
}

/// Changes several tickets at once, all or none.
#[server(endpoint = "bulk")]
pub async fn bulk(
    #[server(default)] ids: Vec<String>,
    #[server(default)] status: String,
    #[server(default)] assignee: String,
    #[server(default)] department: String,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::tickets::edit_all;
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal, TicketId};
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    let ids: Result<Vec<TicketId>, _> = ids.iter().map(|id| id.parse()).collect();
    let ids = ids.map_err(|_| backend::report(Refusal::NotFound.into()))?;
    if ids.is_empty() {
        return Err(backend::report(Refusal::field(Field::Selection, Fault::Missing).into()));
    }
    if ids.len() > 200 {
        return Err(backend::report(Refusal::field(Field::Selection, Fault::TooMany(200)).into()));
    }
    let mut edits = vec![];
    for (what, to) in [("status", &status), ("assignee", &assignee), ("department", &department)] {
        if !to.is_empty() {
            let to = if to == "nobody" { "" } else { to };
            edits.push(backend::edit_of(what, to).map_err(|refusal| backend::report(refusal.into()))?);
        }
    }
    edit_all(&desk, &me, &ids, &edits).await.map_err(backend::report)
}

/// Moves a card: to another status, or to someone. `seen` is the version of the card it was decided on.
#[server(endpoint = "move_card")]
pub async fn move_card(
    id: i64,
    #[server(default)] status: Option<Status>,
    #[server(default)] assignee: Option<String>,
    seen: i64,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::tickets::{Edit, edit};
    use domain::TicketId;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    let to_whom = assignee.map(|to| backend::edit_of("assignee", &to)).transpose().map_err(|refusal| backend::report(refusal.into()))?;
    let edits: Vec<Edit> = status.map(Edit::Status).into_iter().chain(to_whom).collect();
    edit(&desk, &me, TicketId(id), &edits, Some(EventNo(seen))).await.map_err(backend::report)
}
