//! The API for programs, under `/v1`: people and organisations, as JSON, for whoever shows a token.
//!
//! Invariants: a token is the only way in, a cookie is not looked at; what it may do is what its owner may do now, narrowed by its scopes; each route is in [`Description`], which a test holds to [`API_ROUTES`].

#![allow(missing_docs, reason = "fields that say by their names what they are")]

use crate::router::AppState;
use crate::session::{self, RequestId};
use app::Problem;
use app::backend::status;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::accounts::{Agent, Card, Filter, OrganisationChange, OrganisationEdit, PEOPLE_PAGE, PersonChange, PersonEdit};
use desk::audit::Origin;
use desk::{Desk, Error};
use domain::accounts::{self as a, Language, Role};
use domain::tokens::TokenScope;
use domain::{DepartmentId, Field, OrganisationId, PersonId, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};

/// The routes of the API, with the scope that each asks for.
pub const API_ROUTES: [(&str, &str, Option<TokenScope>); 10] = [
    ("GET", "/v1/openapi.json", None),
    ("GET", "/v1/people", Some(TokenScope::PeopleRead)),
    ("POST", "/v1/people", Some(TokenScope::PeopleWrite)),
    ("GET", "/v1/people/{id}", Some(TokenScope::PeopleRead)),
    ("PATCH", "/v1/people/{id}", Some(TokenScope::PeopleWrite)),
    ("GET", "/v1/organisations", Some(TokenScope::OrganisationsRead)),
    ("POST", "/v1/organisations", Some(TokenScope::OrganisationsWrite)),
    ("GET", "/v1/organisations/{id}", Some(TokenScope::OrganisationsRead)),
    ("PATCH", "/v1/organisations/{id}", Some(TokenScope::OrganisationsWrite)),
    ("ANY", "/v1/{*rest}", None),
];

/// Whoever asks: the token they showed, and where from.
pub struct Bearer {
    secret: String,
    origin: Origin,
    request: String,
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(|h| h.split_once(' '));
        let secret = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, secret)| secret.trim().to_owned());
        let request = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        Ok(Self { secret: secret.unwrap_or_default(), origin: session::origin(state, &parts.headers, &parts.extensions), request })
    }
}

impl Bearer {
    async fn agent(&self, desk: &Desk, scope: TokenScope) -> Result<Agent, Failure> {
        Ok(desk::accounts::by_token(desk, &self.secret, scope, &self.origin).await?)
    }

    /// The answer to what went well or wrong.
    fn answer<T: Serialize>(&self, done: Result<(StatusCode, T), Failure>) -> Response {
        match done {
            Ok((status, value)) => fresh((status, Json(value)).into_response()),
            Err(Failure::Refused(error)) => refused(&app::backend::problem(&error, &self.request)),
            Err(Failure::Unreadable(status, detail)) => fault(status, "unreadable", detail, vec![]),
        }
    }
}

/// Why there is no answer.
enum Failure {
    Refused(Error),
    /// What was sent is not what it should be. Looked at after the token: who has none learns nothing.
    Unreadable(StatusCode, String),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn body<T>(sent: Result<Json<T>, JsonRejection>) -> Result<T, Failure> {
    sent.map(|Json(value)| value).map_err(|wrong| Failure::Unreadable(wrong.status(), wrong.body_text()))
}

fn query<T>(asked: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    asked.map(|Query(value)| value).map_err(|wrong| Failure::Unreadable(wrong.status(), wrong.body_text()))
}

/// What is told about people is of this moment, and for whoever asked.
fn fresh(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// A word that stays the same.
    pub title: String,
    pub status: u16,
    /// A sentence for a person.
    pub detail: String,
    /// What is wrong at which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong at a field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// As it is called in what was sent.
    pub field: String,
    pub detail: String,
}

/// What a field is called in the API.
fn field_name(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::Email => "email",
        Field::Role => "role",
        Field::Organisation => "organisation",
        Field::Domains => "domains",
        Field::Notes => "notes",
        _ => "body",
    }
}

fn refused(problem: &Problem) -> Response {
    let l = Language::En;
    let (title, detail) = match problem {
        Problem::Refused(Refusal::SignedOut) => {
            ("token", "This token is unknown, has expired or was revoked. Send one as: Authorization: Bearer balie_…".to_owned())
        }
        Problem::Refused(Refusal::NotAllowed) => ("not_allowed", problem.sentence(l)),
        Problem::Refused(Refusal::NotFound) => ("not_found", "There is nothing here with that id.".to_owned()),
        Problem::Refused(Refusal::Fields(_)) => ("fields", problem.sentence(l)),
        Problem::Refused(_) => ("refused", problem.sentence(l)),
        _ => ("unexpected", problem.sentence(l)),
    };
    let errors = problem
        .fields()
        .into_iter()
        .filter_map(|field| Some(FieldError { field: field_name(field).to_owned(), detail: problem.at(field, l)? }))
        .collect();
    fault(status(problem), title, detail, errors)
}

fn fault(status: StatusCode, title: &str, detail: String, errors: Vec<FieldError>) -> Response {
    let mut response = fresh((status, Json(Fault { title: title.to_owned(), status: status.as_u16(), detail, errors })).into_response());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"balie\""));
    }
    response
}

/// An id and a name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Reference {
    pub id: i64,
    pub name: String,
}

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
    /// Whether they ever chose a password.
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
async fn people(State(state): State<AppState>, bearer: Bearer, asked: Result<Query<WhichPeople>, QueryRejection>) -> Response {
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
async fn person(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>) -> Response {
    let read = async {
        let by = bearer.agent(&state.desk, TokenScope::PeopleRead).await?;
        let card = desk::accounts::card(&state.desk, &by, number(&id)?).await?;
        Ok((StatusCode::OK, Person::from(card)))
    };
    bearer.answer(read.await)
}

/// Adds a person and mails them an invitation; staff are added by admins.
#[utoipa::path(post, path = "/v1/people", request_body = NewPerson, responses((status = 201, body = Person), (status = "4XX", body = Fault)), security(("token" = ["people:write"])))]
async fn add_person(State(state): State<AppState>, bearer: Bearer, sent: Result<Json<NewPerson>, JsonRejection>) -> Response {
    let added = async {
        let by = bearer.agent(&state.desk, TokenScope::PeopleWrite).await?;
        let new = body(sent)?;
        let new = PersonChange {
            name: new.name,
            email: new.email,
            role: role(new.role.as_deref(), Role::Customer)?,
            organisation: new.organisation,
            key_user: new.key_user,
            departments: departments(&state.desk, &new.departments).await?,
        };
        let id = desk::accounts::invite(&state.desk, &by, &new).await?;
        Ok((StatusCode::CREATED, Person::from(desk::accounts::card(&state.desk, &by, id).await?)))
    };
    bearer.answer(added.await)
}

/// Changes a person.
#[utoipa::path(patch, path = "/v1/people/{id}", params(("id" = i64, Path)), request_body = PersonPatch, responses((status = 200, body = Person), (status = "4XX", body = Fault)), security(("token" = ["people:write"])))]
async fn change_person(
    State(state): State<AppState>,
    bearer: Bearer,
    Path(id): Path<String>,
    sent: Result<Json<PersonPatch>, JsonRejection>,
) -> Response {
    let desk = &state.desk;
    let changed = async {
        let by = bearer.agent(desk, TokenScope::PeopleWrite).await?;
        let patch = body(sent)?;
        // Who was merged into another is that one.
        let id = desk::accounts::card(desk, &by, number(&id)?).await?.person.id;
        let edit = PersonEdit {
            name: patch.name,
            email: patch.email,
            role: patch.role.as_deref().map(|word| role(Some(word), Role::Customer)).transpose()?,
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
async fn organisations(State(state): State<AppState>, bearer: Bearer, asked: Result<Query<WhichOrganisations>, QueryRejection>) -> Response {
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
async fn organisation(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>) -> Response {
    let read = async {
        let by = bearer.agent(&state.desk, TokenScope::OrganisationsRead).await?;
        let found = desk::accounts::organisation(&state.desk, &by, number(&id)?).await?;
        Ok((StatusCode::OK, Organisation::from(found)))
    };
    bearer.answer(read.await)
}

/// Adds an organisation.
#[utoipa::path(post, path = "/v1/organisations", request_body = NewOrganisation, responses((status = 201, body = Organisation), (status = "4XX", body = Fault)), security(("token" = ["organisations:write"])))]
async fn add_organisation(State(state): State<AppState>, bearer: Bearer, sent: Result<Json<NewOrganisation>, JsonRejection>) -> Response {
    let added = async {
        let by = bearer.agent(&state.desk, TokenScope::OrganisationsWrite).await?;
        let new = body(sent)?;
        let new = OrganisationChange { name: new.name, domains: new.domains.join(" "), sign_up: new.sign_up, shared: new.shared, notes: new.notes };
        let id = desk::accounts::save_organisation(&state.desk, &by, None, &new).await?;
        Ok((StatusCode::CREATED, Organisation::from(desk::accounts::organisation(&state.desk, &by, id).await?)))
    };
    bearer.answer(added.await)
}

/// Changes an organisation.
#[utoipa::path(patch, path = "/v1/organisations/{id}", params(("id" = i64, Path)), request_body = OrganisationPatch, responses((status = 200, body = Organisation), (status = "4XX", body = Fault)), security(("token" = ["organisations:write"])))]
async fn change_organisation(
    State(state): State<AppState>,
    bearer: Bearer,
    Path(id): Path<String>,
    sent: Result<Json<OrganisationPatch>, JsonRejection>,
) -> Response {
    let desk = &state.desk;
    let changed = async {
        let by = bearer.agent(desk, TokenScope::OrganisationsWrite).await?;
        let patch = body(sent)?;
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

/// The id in an address.
fn number<Id: std::str::FromStr>(text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

/// The API as OpenAPI 3.1 describes it.
#[derive(OpenApi)]
#[openapi(
    info(title = "Balie", version = "1", description = "People and organisations. Make a token under My account, and send it as `Authorization: Bearer balie_…`. A token never allows more than its owner may do."),
    paths(people, person, add_person, change_person, organisations, organisation, add_organisation, change_organisation),
    modifiers(&Tokens)
)]
pub struct Description;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of a member of staff")).build();
        openapi.components.get_or_insert_default().security_schemes.insert("token".to_owned(), SecurityScheme::Http(scheme).into());
    }
}

async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

async fn nowhere() -> Response {
    fault(StatusCode::NOT_FOUND, "not_found", "There is no such route; /v1/openapi.json tells which there are.".to_owned(), vec![])
}

/// The routes.
pub fn routes() -> axum::Router<AppState> {
    use axum::routing::{any, get, patch, post};
    axum::Router::new()
        .route("/v1/openapi.json", get(openapi))
        .route("/v1/people", get(people))
        .route("/v1/people", post(add_person))
        .route("/v1/people/{id}", get(person))
        .route("/v1/people/{id}", patch(change_person))
        .route("/v1/organisations", get(organisations))
        .route("/v1/organisations", post(add_organisation))
        .route("/v1/organisations/{id}", get(organisation))
        .route("/v1/organisations/{id}", patch(change_organisation))
        .route("/v1/{*rest}", any(nowhere))
}
