//! The API for programs, under `/v1`: people and organisations, as JSON, for whoever shows a token.
//!
//! Invariants: a token is the only way in, a cookie is not looked at, and nothing is read of who has none; what it may do is what its owner may do now, narrowed by its scopes; each route is in [`Description`], which a test holds to [`API_ROUTES`].

#![allow(missing_docs, reason = "fields that say by their names what they are")]

mod organisations;
mod people;

use crate::router::AppState;
use crate::session::{self, RequestId};
use app::Problem;
use app::backend::status;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::accounts::Agent;
use desk::audit::Origin;
use desk::{Desk, Error};
use domain::accounts::Language;
use domain::tokens::TokenScope;
use domain::{Field, Refusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

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

/// What is sent has come in within this time, or it is not taken.
const COMES_IN: Duration = Duration::from_secs(30);

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

/// Reads what was sent. Called once the token is known to be good: of who has none nothing is read.
async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Failure> {
    let unreadable = |wrong: JsonRejection| Failure::Unreadable(wrong.status(), wrong.body_text());
    let late = |_| Failure::Unreadable(StatusCode::REQUEST_TIMEOUT, "The body did not come in within 30 seconds.".to_owned());
    // An object alone: a list of values would be taken for the fields in their order.
    let read = tokio::time::timeout(COMES_IN, Json::<Map<String, Value>>::from_request(request, &())).await.map_err(late)?;
    let Json(fields) = read.map_err(unreadable)?;
    Json::from_bytes(Value::Object(fields).to_string().as_bytes()).map(|Json(value)| value).map_err(unreadable)
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
        Field::Department => "departments",
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

/// The id in an address.
fn number<Id: std::str::FromStr>(text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

/// The API as OpenAPI 3.1 describes it.
#[derive(OpenApi)]
#[openapi(
    info(title = "Balie", version = "1", description = "People and organisations. Make a token under My account, and send it as `Authorization: Bearer balie_…`. A token never allows more than its owner may do."),
    paths(
        people::people,
        people::person,
        people::add_person,
        people::change_person,
        organisations::organisations,
        organisations::organisation,
        organisations::add_organisation,
        organisations::change_organisation
    ),
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
        .route("/v1/people", get(people::people))
        .route("/v1/people", post(people::add_person))
        .route("/v1/people/{id}", get(people::person))
        .route("/v1/people/{id}", patch(people::change_person))
        .route("/v1/organisations", get(organisations::organisations))
        .route("/v1/organisations", post(organisations::add_organisation))
        .route("/v1/organisations/{id}", get(organisations::organisation))
        .route("/v1/organisations/{id}", patch(organisations::change_organisation))
        .route("/v1/{*rest}", any(nowhere))
}
