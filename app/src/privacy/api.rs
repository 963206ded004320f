//! What the screens about privacy ask of the server.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::PersonId;
use domain::tickets::Status;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// How long tickets of a status are kept, and how many would go now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct KeptRow {
    pub status: Status,
    /// Empty: for ever.
    pub days: String,
    pub due: i64,
}

/// Someone who is being made anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Erasing {
    pub person: PersonId,
    pub name: String,
    /// Tickets looked at, and tickets to be looked at.
    pub done: i64,
    pub all: i64,
}

/// Privacy for the whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Facts {
    pub kept: Vec<KeptRow>,
    pub erasing: Vec<Erasing>,
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Exported {
    Running { done: usize, all: usize },
    Ready { bytes: i64 },
    Failed,
}

/// What an admin can do with what is known of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Data {
    pub export: Option<Exported>,
    pub erasing: Option<Erasing>,
}

/// Privacy for the whole installation; with `look`, what would go if these days held.
#[server(endpoint = "privacy_page")]
pub async fn privacy_page(
    #[server(default)] look: bool,
    #[server(default)] new: String,
    #[server(default)] open: String,
    #[server(default)] waiting: String,
    #[server(default)] resolved: String,
    #[server(default)] closed: String,
) -> Result<Facts, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePrivacy)?;
    let read = async {
        let typed = backend::days_of([new, open, waiting, resolved, closed]);
        let kept = if look { desk::privacy::dry_run(&desk, &me, &typed).await? } else { desk::privacy::kept(&desk, &me).await? };
        Ok((kept, desk::privacy::erasures(&desk, &me).await?))
    };
    let (kept, erasing) = read.await.map_err(backend::report)?;
    let days = |days: Option<i64>| days.map(|days| days.to_string()).unwrap_or_default();
    Ok(Facts {
        kept: kept.into_iter().map(|kept| KeptRow { status: kept.status, days: days(kept.days), due: kept.due }).collect(),
        erasing: erasing.iter().map(backend::erasing).collect(),
    })
}

/// Keeps tickets for so many days from now on.
#[server(endpoint = "keep_tickets")]
pub async fn keep_tickets(
    #[server(default)] new: String,
    #[server(default)] open: String,
    #[server(default)] waiting: String,
    #[server(default)] resolved: String,
    #[server(default)] closed: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePrivacy)?;
    let typed = backend::days_of([new, open, waiting, resolved, closed]);
    desk::privacy::set_kept(&desk, &me, &typed).await.map_err(backend::report)?;
    backend::go("/privacy?kept=1");
    Ok(())
}

/// What an admin can do with what is known of a person, and how far that is.
#[server(endpoint = "person_data")]
pub async fn person_data(id: String) -> Result<Data, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePrivacy)?;
    let id: PersonId = backend::id(&id)?;
    let read = async {
        let export = desk::privacy::export_progress(&desk, &me, id).await?;
        let erasures = desk::privacy::erasures(&desk, &me).await?;
        Ok((export, erasures.iter().find(|erasure| erasure.person == id).map(backend::erasing)))
    };
    let (export, erasing) = read.await.map_err(backend::report)?;
    let export = export.map(|progress| match progress.over {
        None => Exported::Running { done: progress.done, all: progress.all },
        Some(Ok(made)) => Exported::Ready { bytes: made.bytes as i64 },
        Some(Err(_)) => Exported::Failed,
    });
    Ok(Data { export, erasing })
}

/// Begins to gather everything about a person.
#[server(endpoint = "export_person")]
pub async fn export_person(id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePrivacy)?;
    let id: PersonId = backend::id(&id)?;
    desk::privacy::begin_export(&desk, &me, id).await.map_err(backend::report)?;
    backend::go(&format!("/people/{id}#data"));
    Ok(())
}

/// Makes a person anonymous for good.
#[server(endpoint = "erase_person")]
pub async fn erase_person(id: String, #[server(default)] confirmation: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePrivacy)?;
    let id: PersonId = backend::id(&id)?;
    desk::privacy::erase(&desk, &me, id, &confirmation).await.map_err(backend::report)?;
    backend::go(&format!("/people/{id}"));
    Ok(())
}
