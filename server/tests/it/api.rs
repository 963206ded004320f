//! The API: every route against every role and every scope, and what comes back for what is wrong.

use crate::support::{Answer, PASSWORD, Server, get, post};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use desk::accounts::{Newcomer, TOKEN_PREFIX, log_in, session};
use desk::audit::Origin;
use domain::accounts::Role;
use domain::permissions::{Action, may};
use domain::tokens::TokenScope;
use serde_json::{Value, json};
use server::api::{API_ROUTES, Description};
use std::collections::BTreeSet;
use utoipa::OpenApi;

impl Server {
    /// A token of someone, made as their page makes it.
    async fn token(&self, name: &str, scopes: &[TokenScope]) -> String {
        let words: String = scopes.iter().map(|scope| format!("&scopes[]={}", scope.word())).collect();
        let form = format!("name=koppeling&days=30&password={}{words}", PASSWORD.replace(' ', "+"));
        let cookie = self.log_in(name).await;
        let answer = self.answer(post("/api/make_token", &cookie, &form)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let rest = answer.text.split("<p class=\"secret\">").nth(1).unwrap();
        let at = rest.find(TOKEN_PREFIX).unwrap();
        let secret = rest[at..at + TOKEN_PREFIX.len() + 64].to_owned();
        assert!(!self.answer(get("/account", &cookie)).await.text.contains(&secret), "it is shown once");
        secret
    }

    async fn api(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (StatusCode, Value) {
        let answer = self.raw(method, path, token, body.map(|body| body.to_string())).await;
        let value = serde_json::from_str(&answer.text).unwrap_or_else(|_| panic!("{method} {path}: {} {}", answer.status, answer.text));
        (answer.status, value)
    }

    async fn raw(&self, method: &str, path: &str, token: &str, body: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "help.example");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.answer(request.body(body.map_or_else(Body::empty, Body::from)).unwrap()).await
    }
}

fn at(path: &str, id: i64) -> String {
    path.replace("{id}", &id.to_string()).replace("{*rest}", "none")
}

#[tokio::test]
async fn every_route_answers_exactly_the_roles_and_scopes_it_is_for() {
    let server = Server::start(&[]).await;
    let lead = Newcomer {
        name: "joost".into(),
        email: "joost@x.example".into(),
        role: Role::Lead,
        organisation: None,
        key_user: false,
        password: PASSWORD.into(),
    };
    desk::accounts::add(&server.desk, &lead).await.unwrap();
    let mut asked = 0;
    for (name, role) in [("sanne", Role::Agent), ("joost", Role::Lead), ("hanneke", Role::Admin)] {
        for held in TokenScope::ALL {
            let token = server.token(name, &[held]).await;
            for (method, path, scope) in API_ROUTES {
                let method = if method == "ANY" { "GET" } else { method };
                let body = (method != "GET").then(|| json!({}));
                let (status, _) = server.api(method, &at(path, 1), &token, body).await;
                let allowed = scope.is_none_or(|scope| scope == held && may(Some(role), scope.action()));
                assert_eq!(
                    !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
                    allowed,
                    "{method} {path} for {role:?} with {held:?}"
                );
                assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 3 * TokenScope::ALL.len() * API_ROUTES.len());
    assert!(!may(Some(Role::Customer), Action::OwnTokens), "customers have no tokens to ask with");
    // Without a token, with a wrong one, and with a session's cookie.
    let cookie = server.log_in("hanneke").await;
    for (method, path, scope) in API_ROUTES.into_iter().filter(|(.., scope)| scope.is_some()) {
        for token in ["", "x", TOKEN_PREFIX, &format!("{TOKEN_PREFIX}{}", "0".repeat(64))] {
            let answer = server.raw(method, &at(path, 1), token, Some("not json".to_owned())).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {scope:?}");
            assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        }
        let request = Request::builder().method(method).uri(at(path, 1)).header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
        assert_eq!(server.answer(request).await.status, StatusCode::UNAUTHORIZED, "a cookie is no token");
    }
}

#[tokio::test]
async fn people_are_invited_read_changed_and_disabled() {
    let server = Server::start(&[]).await;
    let token = server.token("hanneke", &TokenScope::ALL).await;
    let new = json!({ "name": "Nora", "email": "Nora@New.example", "organisation": "De Waal", "key_user": true });
    let (status, nora) = server.api("POST", "/v1/people", &token, Some(new.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{nora}");
    let id = nora["id"].as_i64().unwrap();
    assert_eq!((&nora["email"], &nora["joined"], &nora["role"]), (&json!("nora@new.example"), &json!(false), &json!("customer")));
    assert_eq!(server.desk.mail().transport().take().len(), 1, "she was invited");
    // The same again: the address has an account.
    let (status, fault) = server.api("POST", "/v1/people", &token, Some(new)).await;
    assert_eq!((status, &fault["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")), "{fault}");
    let path = format!("/v1/people/{id}");
    let (_, found) = server.api("GET", "/v1/people?email=NORA@new.example", &token, None).await;
    assert_eq!((found["people"].as_array().unwrap().len(), &found["people"][0]["id"], &found["next"]), (1, &json!(id), &Value::Null));
    let (status, changed) = server.api("PATCH", &path, &token, Some(json!({ "name": "Nora Bos" }))).await;
    assert_eq!((status, &changed["name"], &changed["key_user"]), (StatusCode::OK, &json!("Nora Bos"), &json!(true)), "what is absent stays");
    let (_, disabled) = server.api("PATCH", &path, &token, Some(json!({ "disabled": true }))).await;
    assert_eq!((&disabled["disabled"], &disabled["name"]), (&json!(true), &json!("Nora Bos")));
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "email": "geen adres" }), "email"),
        (json!({ "role": "keizer" }), "role"),
        (json!({ "organisation": "Bestaat niet" }), "organisation"),
        (json!({ "departments": [1] }), "departments"),
    ] {
        let (status, fault) = server.api("PATCH", &path, &token, Some(body)).await;
        assert_eq!((status, &fault["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{fault}");
    }
    for (body, status) in
        [("{", StatusCode::BAD_REQUEST), ("{\"naam\":1}", StatusCode::UNPROCESSABLE_ENTITY), ("[\"Nora Anders\"]", StatusCode::UNPROCESSABLE_ENTITY)]
    {
        assert_eq!(server.raw("PATCH", &path, &token, Some(body.to_owned())).await.status, status, "{body}");
    }
    assert_eq!(server.raw("POST", "/v1/people", &token, Some(" ".repeat(300 << 10))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for id in ["0", "-1", "x", "99999", "9223372036854775808"] {
        assert_eq!(server.api("GET", &format!("/v1/people/{id}"), &token, None).await.0, StatusCode::NOT_FOUND, "{id}");
    }
    // The last admin stays, whichever door is tried.
    let me = server.api("GET", "/v1/people?email=hanneke@x.example", &token, None).await.1["people"][0]["id"].as_i64().unwrap();
    let (status, fault) = server.api("PATCH", &format!("/v1/people/{me}"), &token, Some(json!({ "disabled": true }))).await;
    assert_eq!((status, &fault["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("role")), "{fault}");
}

#[tokio::test]
async fn an_agents_token_does_nothing_that_only_admins_may() {
    let server = Server::start(&[]).await;
    let token = server.token("sanne", &TokenScope::ALL).await;
    let (_, found) = server.api("GET", "/v1/people?role=admin", &token, None).await;
    let admin = found["people"][0]["id"].as_i64().unwrap();
    for (method, path, body) in [
        ("POST", "/v1/people".to_owned(), json!({ "name": "X", "email": "x@new.example", "role": "admin" })),
        ("PATCH", format!("/v1/people/{admin}"), json!({ "name": "Niet meer Hanneke" })),
        ("PATCH", format!("/v1/people/{admin}"), json!({ "disabled": true })),
    ] {
        assert_eq!(server.api(method, &path, &token, Some(body)).await.0, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn organisations_are_added_read_and_changed() {
    let server = Server::start(&[]).await;
    let token = server.token("sanne", &[TokenScope::OrganisationsRead, TokenScope::OrganisationsWrite]).await;
    let new = json!({ "name": "Nieuwbouw", "domains": ["Nieuwbouw.example"], "notes": "belt liever" });
    let (status, made) = server.api("POST", "/v1/organisations", &token, Some(new)).await;
    assert_eq!((status, &made["domains"]), (StatusCode::CREATED, &json!(["nieuwbouw.example"])), "{made}");
    let path = format!("/v1/organisations/{}", made["id"]);
    let (_, changed) = server.api("PATCH", &path, &token, Some(json!({ "shared": true }))).await;
    assert_eq!((&changed["shared"], &changed["notes"]), (&json!(true), &json!("belt liever")));
    assert_eq!(server.api("GET", &path, &token, None).await.1, changed);
    let (status, fault) = server.api("PATCH", &path, &token, Some(json!({ "domains": ["geen_domein"] }))).await;
    assert_eq!((status, &fault["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("domains")));
    let (_, found) = server.api("GET", "/v1/organisations?typed=nieuwb", &token, None).await;
    assert_eq!(found["organisations"].as_array().unwrap().len(), 1);
    assert_eq!(server.api("GET", "/v1/people", &token, None).await.0, StatusCode::FORBIDDEN, "it is not for people");
}

#[tokio::test]
async fn pages_of_people_follow_each_other_without_gaps() {
    let server = Server::start(&[]).await;
    let change = server.desk.store().begin().await.unwrap();
    let organisation = store::organisations::add(&change, "Groot", &[], server.desk.now()).await.unwrap();
    let many: Vec<_> = (0..230)
        .map(|n| store::people::Imported { name: "Jan Jansen".into(), email: format!("jan{n}@groot.example"), organisation, key_user: false })
        .collect();
    store::people::add_many(&change, &many, "Europe/Amsterdam", server.desk.now()).await.unwrap();
    change.commit().await.unwrap();
    let token = server.token("sanne", &[TokenScope::PeopleRead]).await;
    let (mut seen, mut path) = (BTreeSet::new(), format!("/v1/people?organisation={organisation}"));
    loop {
        let (_, page) = server.api("GET", &path, &token, None).await;
        seen.extend(page["people"].as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap().to_owned()));
        match page["next"].as_i64() {
            Some(next) => path = format!("/v1/people?organisation={organisation}&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 230);
}

#[tokio::test]
async fn a_token_ends_with_its_owner_its_time_and_its_revocation() {
    let server = Server::start(&[]).await;
    let token = server.token("sanne", &[TokenScope::PeopleRead]).await;
    let asks = async || server.raw("GET", "/v1/people", &token, None).await.status;
    assert_eq!(asks().await, StatusCode::OK);
    let begun = log_in(&server.desk, "hanneke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
    let admin = session(&server.desk, begun.as_str()).await.unwrap().unwrap().agent().unwrap();
    let people = desk::accounts::people(&server.desk, &admin, &Default::default()).await.unwrap();
    let sanne = people.iter().find(|listed| listed.person.name == "sanne").unwrap().person.id;
    desk::accounts::set_disabled(&server.desk, &admin, sanne, true).await.unwrap();
    assert_eq!(asks().await, StatusCode::UNAUTHORIZED);
    desk::accounts::set_disabled(&server.desk, &admin, sanne, false).await.unwrap();
    // It does not come back with its owner: they make another.
    assert_eq!(asks().await, StatusCode::UNAUTHORIZED);
    let token = server.token("sanne", &[TokenScope::PeopleRead]).await;
    let asks = async || server.raw("GET", "/v1/people", &token, None).await.status;
    assert_eq!(asks().await, StatusCode::OK);
    let cookie = server.log_in("sanne").await;
    let page = server.answer(get("/account", &cookie)).await.text;
    let id = page.split("/api/revoke_token").nth(1).unwrap().split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // Another's token is not there to be taken away.
    let other = server.log_in("hanneke").await;
    assert_eq!(server.answer(post("/api/revoke_token", &other, &format!("id={id}"))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.answer(post("/api/revoke_token", &cookie, &format!("id={id}"))).await.status, StatusCode::SEE_OTHER);
    assert_eq!(asks().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_description_names_every_route() {
    let described = serde_json::to_value(Description::openapi()).unwrap();
    let mut found = BTreeSet::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["token"][0].as_str().unwrap().to_owned();
            found.insert((method.to_uppercase(), path.clone(), scope));
        }
    }
    let listed = API_ROUTES.iter().filter_map(|(method, path, scope)| Some(((*method).to_owned(), (*path).to_owned(), (*scope)?.word().to_owned())));
    assert_eq!(found, listed.collect());
    let server = Server::start(&[]).await;
    let answer = server.raw(Method::GET.as_str(), "/v1/openapi.json", "", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("\"openapi\":\"3.1"), "{}", &answer.text[..80]);
}
