//! People, as the API reads and writes them.

use super::{Bearer, Fault, Reference, body, number, query};
use crate::router::AppState;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use desk::accounts::{Card, Filter, PEOPLE_PAGE, PersonChange, PersonEdit};
use desk::{Desk, Error};
use domain::accounts::{self as a, Role};
use domain::tokens::TokenScope;
use domain::{DepartmentId, Field, OrganisationId, PersonId, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A person, as the API tells of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub email: String,
    #[schema(example = "customer")]
    pub role: String,
    /// A customer's company.
    pub organisation: Option<Reference>,
    /// Whether they are a contact of their organisation.
    pub key_user: bool,
    pub disabled: bool,
    /// Whether they ever came in: they have a password, a passkey or are known to a provider.
    pub joined: bool,
    /// Of staff; only where one person is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<Reference>>,
}

impl Person {
    fn of(person: a::Person, disabled: bool, joined: bool) -> Self {
        Self {
            id: person.id.0,
            name: person.name,
            email: person.email,
            role: person.role.word().to_owned(),
            organisation: person.organisation.map(|o| Reference { id: o.id.0, name: o.name }),
            key_user: person.key_user,
            disabled,
            joined,
            departments: None,
        }
    }
}

impl From<Card> for Person {
    fn from(card: Card) -> Self {
        let departments = card.departments.into_iter().map(|d| Reference { id: d.id.0, name: d.name }).collect();
        Self { departments: Some(departments), ..Self::of(card.person, card.disabled, card.joined) }
    }
}

/// A person who was added.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Added {
    #[serde(flatten)]
    pub person: Person,
    /// Whether the mail server took the invitation; where it did not, staff can send another from the person's page.
    pub invitation_sent: bool,
}

/// A page of people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct People {
    pub people: Vec<Person>,
    /// What to send as `after` for the next page; absent on the last.
    pub next: Option<i64>,
}

/// Which people.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichPeople {
    /// In the name or the address.
    #[serde(default)]
    typed: String,
    /// The whole address, in any case.
    email: Option<String>,
    role: Option<String>,
    /// The id of an organisation.
    organisation: Option<i64>,
    /// The `next` of the page before.
    after: Option<i64>,
}

/// A person to be invited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    name: String,
    email: String,
    /// `customer` where nothing is said; others are given by admins.
    #[serde(default)]
    role: Option<String>,
    /// The name of a customer's company, which is there already.
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    key_user: bool,
    /// Ids of departments, of staff.
    #[serde(default)]
    departments: Vec<i64>,
}

/// What is to be changed of a person; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonPatch {
    name: Option<String>,
    email: Option<String>,
    role: Option<String>,
    /// The name of a customer's company, which is there already.
    organisation: Option<String>,
    key_user: Option<bool>,
    departments: Option<Vec<i64>>,
    /// A disabled account can do nothing; its sessions end at once.
    disabled: Option<bool>,
}

fn role(word: Option<&str>, otherwise: Role) -> Result<Role, Refusal> {
    word.map_or(Ok(otherwise), |word| Role::from_word(word).ok_or(Refusal::field(Field::Role, domain::Fault::Unknown)))
}

/// People by name, a hundred at a time.
#[utoipa::path(get, path = "/v1/people", params(WhichPeople), responses((status = 200, body = People), (status = "4XX", body = Fault)), security(("token" = ["people:read"])))]
pub(super) async fn people(State(state): State<AppState>, bearer: Bearer, asked: Result<Query<WhichPeople>, QueryRejection>) -> Response {
    let desk = &state.desk;
    let read = async {
        let by = bearer.agent(desk, TokenScope::PeopleRead).await?;
        let which = query(asked)?;
        let after = match which.after {
            Some(id) => Some(desk::accounts::card(desk, &by, PersonId(id)).await?.person).map(|person| (person.name, person.id)),
            None => None,
        };
        let role = which.role.as_deref().map(|word| role(Some(word), Role::Customer)).transpose()?;
        let email = which.email.map(|email| email.trim().to_lowercase());
        let filter = Filter { typed: which.typed, email, role, organisation: which.organisation.map(OrganisationId), after };
        let found = desk::accounts::people(desk, &by, &filter).await?;
        let next = if found.len() as u64 == PEOPLE_PAGE { found.last().map(|listed| listed.person.id.0) } else { None };
        let people = found.into_iter().map(|listed| Person::of(listed.person, listed.disabled, listed.joined)).collect();
        Ok((StatusCode::OK, People { people, next }))
    };
    bearer.answer(read.await)
}

/// A person; who was merged into another is that one.
#[utoipa::path(get, path = "/v1/people/{id}", params(("id" = i64, Path)), responses((status = 200, body = Person), (status = "4XX", body = Fault)), security(("token" = ["people:read"])))]
pub(super) async fn person(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>) -> Response {
    let read = async {
        let by = bearer.agent(&state.desk, TokenScope::PeopleRead).await?;
        let card = desk::accounts::card(&state.desk, &by, number(&id)?).await?;
        Ok((StatusCode::OK, Person::from(card)))
    };
    bearer.answer(read.await)
}

/// Adds a person and mails them an invitation; staff are added by admins.
#[utoipa::path(post, path = "/v1/people", request_body = NewPerson, responses((status = 201, body = Added), (status = "4XX", body = Fault)), security(("token" = ["people:write"])))]
pub(super) async fn add_person(State(state): State<AppState>, bearer: Bearer, sent: Request) -> Response {
    let added = async {
        let by = bearer.agent(&state.desk, TokenScope::PeopleWrite).await?;
        let new: NewPerson = body(sent).await?;
        let role = role(new.role.as_deref(), Role::Customer)?;
        has_departments(role, &new.departments)?;
        let new = PersonChange {
            name: new.name,
            email: new.email,
            role,
            organisation: new.organisation,
            key_user: new.key_user,
            departments: departments(&state.desk, &new.departments).await?,
        };
        let (id, invitation_sent) = desk::accounts::invite(&state.desk, &by, &new).await?;
        let person = Person::from(desk::accounts::card(&state.desk, &by, id).await?);
        Ok((StatusCode::CREATED, Added { person, invitation_sent }))
    };
    bearer.answer(added.await)
}

/// Changes a person.
#[utoipa::path(patch, path = "/v1/people/{id}", params(("id" = i64, Path)), request_body = PersonPatch, responses((status = 200, body = Person), (status = "4XX", body = Fault)), security(("token" = ["people:write"])))]
pub(super) async fn change_person(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>, sent: Request) -> Response {
    let desk = &state.desk;
    let changed = async {
        let by = bearer.agent(desk, TokenScope::PeopleWrite).await?;
        let patch: PersonPatch = body(sent).await?;
        // Who was merged into another is that one.
        let person = desk::accounts::card(desk, &by, number(&id)?).await?.person;
        let id = person.id;
        let to_role = patch.role.as_deref().map(|word| role(Some(word), Role::Customer)).transpose()?;
        has_departments(to_role.unwrap_or(person.role), patch.departments.as_deref().unwrap_or_default())?;
        let edit = PersonEdit {
            name: patch.name,
            email: patch.email,
            role: to_role,
            organisation: patch.organisation,
            key_user: patch.key_user,
            departments: match patch.departments {
                Some(ids) => Some(departments(desk, &ids).await?),
                None => None,
            },
            disabled: patch.disabled,
        };
        desk::accounts::change_person(desk, &by, id, edit).await?;
        Ok((StatusCode::OK, Person::from(desk::accounts::card(desk, &by, id).await?)))
    };
    bearer.answer(changed.await)
}

/// Refuses departments of a customer, who is of none.
fn has_departments(role: Role, departments: &[i64]) -> Result<(), Refusal> {
    if role.is_staff() || departments.is_empty() { Ok(()) } else { Err(Refusal::field(Field::Department, domain::Fault::TooMany(0))) }
}

/// Departments that are there.
async fn departments(desk: &Desk, ids: &[i64]) -> Result<Vec<DepartmentId>, Error> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let all = desk::accounts::departments(desk).await?;
    let known =
        |id: &i64| all.iter().find(|d| d.named.id.0 == *id).map(|d| d.named.id).ok_or(Refusal::field(Field::Department, domain::Fault::Unknown));
    Ok(ids.iter().map(known).collect::<Result<_, _>>()?)
}
