//! Opening an address changes nothing: mail scanners, browsers that look ahead and previews open every link.

use crate::matrix::{PAGES, PLAIN};
use crate::support::{Server, get, post};
use axum::http::{HeaderValue, StatusCode};
use desk::mail::reply_address::{Purpose, token};
use desk::mail::secret;
use domain::TicketId;
use domain::accounts::EmailAddress;
use server::router::PLAIN_ROUTES;
use store::testing::contents;

/// Tables in which a read leaves a trace on purpose: when a session was last used, what was handed out as an export, and keys that are made when they are first needed.
const TRACES: [&str; 3] = ["session", "audit", "secret"];

async fn rows(server: &Server) -> Vec<(String, Vec<String>)> {
    contents(server.desk.store()).await.into_iter().filter(|(table, _)| !TRACES.contains(&table.as_str())).collect()
}

/// A ticket with an alarm that runs, and the token of the link that sanne gets by mail.
async fn alarm(server: &Server) -> (i64, String) {
    let customer = server.log_in("marieke").await;
    let id = server.open(&customer, "brand").await;
    let change = server.desk.store().begin().await.unwrap();
    store::on_call::begin(&change, TicketId(id), server.desk.now()).await.unwrap();
    change.commit().await.unwrap();
    let sanne = store::accounts::by_email(server.desk.store(), &EmailAddress::parse("sanne@x.example").unwrap()).await.unwrap().unwrap();
    (id, token(secret(&server.desk).await.unwrap(), Purpose::Take, TicketId(id), sanne.person.id))
}

#[tokio::test]
async fn no_address_that_is_opened_changes_anything_whoever_opens_it() {
    let server = Server::start(&[]).await;
    let (id, token) = alarm(&server).await;
    let (sanne, hanneke) = (server.log_in("sanne").await, server.log_in("hanneke").await);
    let paths = PAGES.iter().map(|(path, _)| *path).chain(PLAIN.iter().filter(|(method, ..)| *method == "GET").map(|(_, path, _)| *path));
    let paths: Vec<String> =
        paths.map(|path| path.replace("{id}", &id.to_string()).replace("{token}", &token).replace("{secret}", &"a".repeat(64))).collect();
    assert!(paths.len() > 40 && paths.contains(&format!("/on-call/take/{token}")));
    let before = rows(&server).await;
    assert!(before.iter().any(|(table, rows)| table == "ticket" && rows.len() == 1));
    for path in &paths {
        for cookie in ["", &sanne, &hanneke] {
            for ahead in [None, Some(("sec-purpose", "prefetch")), Some(("sec-purpose", "prefetch;prerender")), Some(("purpose", "prefetch"))] {
                let mut request = get(path, cookie);
                if let Some((name, value)) = ahead {
                    request.headers_mut().insert(name, HeaderValue::from_static(value));
                }
                drop(server.ask(request).await);
            }
            let changed: Vec<_> = rows(&server).await.into_iter().zip(&before).filter(|(now, before)| now != *before).collect();
            assert!(changed.is_empty(), "{path} for {cookie:?}: {changed:?}");
        }
    }
}

#[tokio::test]
async fn the_link_of_an_alarm_leads_to_a_form_that_takes_it_on() {
    let server = Server::start(&[]).await;
    let (id, token) = alarm(&server).await;
    let path = format!("/on-call/take/{token}");
    let out = server.answer(get(&path, "")).await;
    assert_eq!((out.status, out.location()), (StatusCode::FOUND, format!("/log-in?next={path}").as_str()));
    assert_eq!(server.answer(get(&path, &server.log_in("marieke").await)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.answer(get(&path, &server.log_in("hanneke").await)).await.status, StatusCode::NOT_FOUND, "it is another's");
    let sanne = server.log_in("sanne").await;
    let page = server.answer(get(&path, &sanne)).await;
    assert_eq!(page.status, StatusCode::OK);
    let form = format!("<form method=\"post\" action=\"/api/take_alarm\" data-at-once=\"/tickets/{id}\"");
    assert!(page.text.contains(&form) && page.text.contains("brand"), "{}", page.text);
    assert_eq!(page.text.matches("action=\"/api/take_alarm\"").count(), 1);
    let taken = server.answer(post("/api/take_alarm", &sanne, &format!("ticket={id}"))).await;
    assert_eq!((taken.status, taken.location()), (StatusCode::SEE_OTHER, format!("/tickets/{id}").as_str()));
    let ticket = server.answer(get(&format!("/tickets/{id}"), &sanne)).await.text;
    assert!(ticket.contains("heeft de waarschuwing gezien"), "{ticket}");
}

#[tokio::test]
async fn nobody_is_sent_to_a_provider_ahead() {
    let server = Server::start(&[]).await;
    for path in ["/log-in/provider?next=/", "/log-in/provider/back?code=x&state=x"] {
        assert!(PLAIN_ROUTES.iter().any(|(_, known)| path.starts_with(known)));
        let mut request = get(path, "");
        request.headers_mut().insert("sec-purpose", HeaderValue::from_static("prefetch"));
        let answer = server.answer(request).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SERVICE_UNAVAILABLE, ""), "{path}");
    }
}
