//! Mail over HTTP: handed over by a mail server, and stopped by a link.

use crate::support::{Answer, Server, call, get};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use desk::mail::reply_address::{Purpose, token};
use domain::notifications::{Pace, Paces};
use domain::{PersonId, TicketId};

const TOKEN: &str = "een geheim van twintig tekens";

async fn hand_over(server: &Server, token: &str, to: &str, raw: Vec<u8>) -> Answer {
    let request = Request::post(to).header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::from(raw)).unwrap();
    server.answer(request).await
}

fn mail(from: &str, subject: &str) -> Vec<u8> {
    format!("From: {from}\r\nTo: support@localhost\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x.example>\r\n\r\nDag, het werkt niet.\r\n")
        .into_bytes()
}

#[tokio::test]
async fn a_mail_that_is_handed_over_becomes_a_ticket_once() {
    let server = Server::start(&[("BALIE_MAIL_TOKEN", TOKEN)]).await;
    let raw = mail("Marieke <marieke@x.example>", "Per-mail");
    let taken = hand_over(&server, TOKEN, "/mail/incoming?department=dataduiker", raw.clone()).await;
    assert_eq!((taken.status, taken.text.as_str()), (StatusCode::ACCEPTED, "1\n"));
    assert_eq!(hand_over(&server, TOKEN, "/mail/incoming", raw).await.status, StatusCode::OK, "known");
    desk::mail::ingest::once(&server.desk).await.unwrap();
    let list = server.answer(get("/list", &server.log_in("sanne").await)).await.text;
    assert_eq!(list.matches(">Per-mail<").count(), 1, "{list}");
}

#[tokio::test]
async fn what_is_not_to_be_taken_is_refused_in_words() {
    let server = Server::start(&[("BALIE_MAIL_TOKEN", TOKEN), ("BALIE_MAX_MAIL_MIB", "1")]).await;
    let raw = || mail("marieke@x.example", "Nee");
    for wrong in ["", "een geheim van twintig teken", "een geheim van twintig tekens "] {
        assert_eq!(hand_over(&server, wrong, "/mail/incoming", raw()).await.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    let unknown = hand_over(&server, TOKEN, "/mail/incoming?department=nergens", raw()).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hand_over(&server, TOKEN, "/mail/incoming", vec![]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let large = hand_over(&server, TOKEN, "/mail/incoming", vec![b'x'; (1 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.text.contains("larger than 1 MiB") && large.text.contains("form on our website"), "{}", large.text);
    assert_eq!(store::mail::counts(server.desk.store()).await.unwrap(), (0, 0), "nothing was kept");
    let closed = Server::start(&[]).await;
    assert_eq!(hand_over(&closed, TOKEN, "/mail/incoming", raw()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_in_a_mail_stops_such_mails_by_one_click_and_tells_nothing_else() {
    let server = Server::start(&[]).await;
    let (marieke, sanne) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let new = desk::accounts::Newcomer {
        name: "ruud".into(),
        email: "ruud@x.example".into(),
        role: domain::accounts::Role::Customer,
        organisation: Some("De Waal".into()),
        key_user: false,
        password: crate::support::PASSWORD.into(),
    };
    let ruud = desk::accounts::add(&server.desk, &new).await.unwrap();
    let id = server.open(&marieke, "geheimpje").await;
    assert_eq!(server.answer(call("/api/change_cc", &marieke, &format!("ticket={id}&add={ruud}"))).await.status, StatusCode::OK);
    let secret = desk::mail::secret(&server.desk).await.unwrap();
    let link = |ticket: i64, person: PersonId| format!("/mail/stop/{}", token(secret, Purpose::Stop, TicketId(ticket), person));
    let page = server.answer(get(&link(id, ruud), "")).await;
    assert!(page.status == StatusCode::OK && page.text.contains("Stop deze mails") && !page.text.contains("geheimpje"), "{}", page.text);

    // As a mail program's own button does: no cookie, no origin.
    let click = Request::post(link(id, ruud)).body(Body::from("List-Unsubscribe=One-Click")).unwrap();
    assert_eq!(server.answer(click).await.status, StatusCode::NO_CONTENT);
    let page = server.answer(get(&link(id, ruud), "")).await;
    assert!(page.text.contains("Je krijgt geen mail meer") && !page.text.contains("Stop deze mails"));
    assert!(!server.answer(get(&format!("/tickets/{id}"), &sanne)).await.text.contains("value=\"ruud"), "and is out of CC");

    // The digest is about no one ticket: its link ends every digest.
    let change = server.desk.store().begin().await.unwrap();
    store::notifications::set_paces(&change, ruud, &Paces { cc: Pace::AtOnce, ..Paces::all(Pace::Digest) }).await.unwrap();
    change.commit().await.unwrap();
    let page = server.answer(get(&link(0, ruud), "")).await;
    assert!(page.status == StatusCode::OK && page.text.contains("overzicht") && !page.text.contains("#0"), "{}", page.text);
    let click = Request::post(link(0, ruud)).body(Body::from("List-Unsubscribe=One-Click")).unwrap();
    assert_eq!(server.answer(click).await.status, StatusCode::NO_CONTENT);
    let left = store::notifications::paces_of(server.desk.store(), ruud).await.unwrap();
    assert_eq!(left, Paces { cc: Pace::AtOnce, ..Paces::all(Pace::Off) });

    let reply = token(secret, Purpose::Reply, TicketId(id), ruud);
    for forged in
        [link(id, ruud).replace("/mail/stop/1", "/mail/stop/2"), "/mail/stop/x".into(), format!("/mail/stop/{reply}"), format!("{}a", link(id, ruud))]
    {
        assert_eq!(server.answer(get(&forged, "")).await.status, StatusCode::NOT_FOUND, "{forged}");
        let click = Request::post(&forged).body(Body::empty()).unwrap();
        assert_eq!(server.answer(click).await.status, StatusCode::NOT_FOUND, "{forged}");
    }
}
