//! Organisations, as the API reads and writes them.

use super::{Bearer, Fault, body, number, query};
use crate::router::AppState;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use desk::accounts::{OrganisationChange, OrganisationEdit, PEOPLE_PAGE};
use domain::accounts as a;
use domain::tokens::TokenScope;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An organisation, as the API tells of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    pub id: i64,
    pub name: String,
    pub domains: Vec<String>,
    /// Whether who has an address of its domains comes in alone.
    pub sign_up: bool,
    /// Whether its key users read all of its tickets.
    pub shared: bool,
    /// For staff.
    pub notes: String,
}

impl From<a::Organisation> for Organisation {
    fn from(o: a::Organisation) -> Self {
        Self { id: o.named.id.0, name: o.named.name, domains: o.domains, sign_up: o.sign_up, shared: o.shared, notes: o.notes }
    }
}

/// An organisation in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ListedOrganisation {
    pub id: i64,
    pub name: String,
    /// How many people it has.
    pub people: i64,
}

/// A page of organisations.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Organisations {
    pub organisations: Vec<ListedOrganisation>,
    /// What to send as `after` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Which organisations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichOrganisations {
    /// In the name or a domain.
    #[serde(default)]
    typed: String,
    /// The `next` of the page before.
    #[serde(default)]
    after: String,
}

/// An organisation to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    name: String,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    sign_up: bool,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    notes: String,
}

/// What is to be changed of an organisation; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrganisationPatch {
    name: Option<String>,
    domains: Option<Vec<String>>,
    sign_up: Option<bool>,
    shared: Option<bool>,
    notes: Option<String>,
}

/// Organisations by name, a hundred at a time.
#[utoipa::path(get, path = "/v1/organisations", params(WhichOrganisations), responses((status = 200, body = Organisations), (status = "4XX", body = Fault)), security(("token" = ["organisations:read"])))]
pub(super) async fn organisations(
    State(state): State<AppState>,
    bearer: Bearer,
    asked: Result<Query<WhichOrganisations>, QueryRejection>,
) -> Response {
    let read = async {
        let by = bearer.agent(&state.desk, TokenScope::OrganisationsRead).await?;
        let which = query(asked)?;
        let found = desk::accounts::organisations(&state.desk, &by, &which.typed, &which.after).await?;
        let next = if found.len() as u64 == PEOPLE_PAGE { found.last().map(|(o, _)| o.name.clone()) } else { None };
        let organisations = found.into_iter().map(|(o, people)| ListedOrganisation { id: o.id.0, name: o.name, people }).collect();
        Ok((StatusCode::OK, Organisations { organisations, next }))
    };
    bearer.answer(read.await)
}

/// An organisation.
#[utoipa::path(get, path = "/v1/organisations/{id}", params(("id" = i64, Path)), responses((status = 200, body = Organisation), (status = "4XX", body = Fault)), security(("token" = ["organisations:read"])))]
pub(super) async fn organisation(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>) -> Response {
    let read = async {
        let by = bearer.agent(&state.desk, TokenScope::OrganisationsRead).await?;
        let found = desk::accounts::organisation(&state.desk, &by, number(&id)?).await?;
        Ok((StatusCode::OK, Organisation::from(found)))
    };
    bearer.answer(read.await)
}

/// Adds an organisation.
#[utoipa::path(post, path = "/v1/organisations", request_body = NewOrganisation, responses((status = 201, body = Organisation), (status = "4XX", body = Fault)), security(("token" = ["organisations:write"])))]
pub(super) async fn add_organisation(State(state): State<AppState>, bearer: Bearer, sent: Request) -> Response {
    let added = async {
        let by = bearer.agent(&state.desk, TokenScope::OrganisationsWrite).await?;
        let new: NewOrganisation = body(sent).await?;
        let new = OrganisationChange { name: new.name, domains: new.domains.join(" "), sign_up: new.sign_up, shared: new.shared, notes: new.notes };
        let id = desk::accounts::save_organisation(&state.desk, &by, None, &new).await?;
        Ok((StatusCode::CREATED, Organisation::from(desk::accounts::organisation(&state.desk, &by, id).await?)))
    };
    bearer.answer(added.await)
}

/// Changes an organisation.
#[utoipa::path(patch, path = "/v1/organisations/{id}", params(("id" = i64, Path)), request_body = OrganisationPatch, responses((status = 200, body = Organisation), (status = "4XX", body = Fault)), security(("token" = ["organisations:write"])))]
pub(super) async fn change_organisation(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>, sent: Request) -> Response {
    let desk = &state.desk;
    let changed = async {
        let by = bearer.agent(desk, TokenScope::OrganisationsWrite).await?;
        let patch: OrganisationPatch = body(sent).await?;
        let id = number(&id)?;
        let edit = OrganisationEdit {
            name: patch.name,
            domains: patch.domains.map(|domains| domains.join(" ")),
            sign_up: patch.sign_up,
            shared: patch.shared,
            notes: patch.notes,
        };
        desk::accounts::save_organisation(desk, &by, Some(id), edit).await?;
        Ok((StatusCode::OK, Organisation::from(desk::accounts::organisation(desk, &by, id).await?)))
    };
    bearer.answer(changed.await)
}
