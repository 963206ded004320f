//! The stream: it resumes, it is scoped, and it ends.

use crate::support::{PASSWORD, Server, call, get};
use axum::body::BodyDataStream;
use axum::http::{Request, header};
use axum::response::Response;
use desk::tickets::{Edit, edit};
use domain::TicketId;
use domain::board::{Board, Effect, Filter};
use domain::tickets::Urgency;
use futures_util::StreamExt;
use std::time::Duration;

pub struct Stream(BodyDataStream, String);

impl Stream {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self(response.into_body().into_data_stream(), String::new())
    }

    /// Reads until a text comes; `None` where the stream ends before.
    pub async fn until(&mut self, text: &str) -> Option<String> {
        while !self.1.contains(text) {
            let piece = tokio::time::timeout(Duration::from_secs(20), self.0.next())
                .await
                .unwrap_or_else(|_| panic!("{text} does not come; there is {}", self.1))?;
            self.1.push_str(&String::from_utf8_lossy(&piece.unwrap()));
        }
        Some(std::mem::take(&mut self.1))
    }
}

#[tokio::test]
async fn a_stream_brings_what_happens_and_goes_on_where_it_was_cut() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let mut stream = Stream::of(server.ask(get("/live?after=0", &agent)).await);
    let id = server.open(&customer, "een").await;
    let came = stream.until("\"subject\":\"een\"").await.unwrap();
    assert!(came.contains("id: 1\n"), "{came}");
    drop(stream);
    server.answer(call("/api/change_ticket", &agent, &format!("ticket={id}&what=urgency&to=high&reason=spoed"))).await;
    let resumed = Request::get("/live?after=0").header(header::COOKIE, &agent).header("last-event-id", "1").body(axum::body::Body::empty()).unwrap();
    let came = Stream::of(server.ask(resumed).await).until("urgency_changed").await.unwrap();
    assert!(came.contains("id: 2\n") && !came.contains("\"kind\":\"opened\""), "{came}");
}

/// Changes a ticket to and fro, without the way through HTTP.
pub async fn change(server: &Server, id: i64, times: usize) {
    let session =
        desk::accounts::log_in(&server.desk, "sanne@x.example", PASSWORD, &desk::audit::Origin::default()).await.unwrap().session().unwrap();
    let agent = desk::accounts::session(&server.desk, session.as_str()).await.unwrap().unwrap().agent().unwrap();
    for n in 0..times {
        let to = if n % 2 == 0 { Urgency::High } else { Urgency::Medium };
        edit(&server.desk, &agent, TicketId(id), &[Edit::Urgency(to, None)], None).await.unwrap();
    }
    let last = store::events::head(server.desk.store()).await.unwrap();
    server.desk.tail().head().wait_for(|n| *n >= last).await.unwrap();
}

async fn board(server: &Server, cookie: &str) -> Board {
    let (board, _): (Board, domain::hours::Offices) =
        serde_json::from_str(&server.answer(call("/api/board_snapshot", cookie, "")).await.text).unwrap();
    board
}

/// At twenty changes a second: what is missed in a second, in half a minute and in more than a minute, which is too much to be told one by one.
#[tokio::test]
async fn a_board_whose_stream_was_cut_shows_what_a_fresh_one_shows() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&customer, "een").await;
    for (missed, told_one_by_one) in [(20, true), (600, true), (1_300, false)] {
        let mut stale = board(&server, &agent).await;
        change(&server, id, missed).await;
        server.open(&customer, &format!("na-{missed}")).await;
        let resumed = Request::get("/live?after=0").header(header::COOKIE, &agent).header("last-event-id", stale.as_of.0);
        let mut stream = Stream::of(server.ask(resumed.body(axum::body::Body::empty()).unwrap()).await);
        let truth = board(&server, &agent).await;
        let (mut told, mut reloads) = (0, 0);
        while stale.as_of < truth.as_of {
            for line in stream.until("\n\n").await.unwrap().lines().filter_map(|line| line.strip_prefix("data: ")) {
                told += 1;
                if stale.apply(&serde_json::from_str(line).unwrap(), &Filter::default()) == Effect::Reload {
                    reloads += 1;
                    stale = board(&server, &agent).await;
                }
            }
        }
        assert_eq!((stale.columns, reloads), (truth.columns, usize::from(!told_one_by_one)), "after {missed}");
        assert!(told_one_by_one == (told > missed), "{told} of {missed}");
    }
}

#[tokio::test]
async fn for_a_reader_that_does_not_read_nothing_is_kept() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&customer, "een").await;
    let mut stream = Stream::of(server.ask(get("/live?after=0", &agent)).await);
    stream.until("\"subject\":\"een\"").await.unwrap();
    change(&server, id, 1_300).await;
    let came = stream.until("\"reset\"").await.unwrap();
    assert!(!came.contains("urgency_changed"), "{} bytes were kept for it", came.len());
}

#[tokio::test]
async fn a_stream_ends_when_its_session_does() {
    let server = Server::start(&[]).await;
    let (one, two) = (server.log_in("sanne").await, server.log_in("sanne").await);
    let mut ended = Stream::of(server.ask(get("/live?after=0", &one)).await);
    let mut other = Stream::of(server.ask(get("/live?after=0", &two)).await);
    ended.until("beat").await.unwrap();
    server.answer(call("/api/log_out", &one, "")).await;
    assert!(ended.until("ended").await.is_some());
    assert!(ended.until("more").await.is_none(), "nothing comes after");
    let customer = server.log_in("marieke").await;
    server.open(&customer, "verder").await;
    assert!(other.until("verder").await.is_some());
}

#[tokio::test]
async fn boards_begin_anew_when_people_are_merged() {
    let server = Server::start(&[]).await;
    let (admin, customer) = (server.log_in("hanneke").await, server.log_in("kees").await);
    server.open(&customer, "van kees").await;
    let mut stream = Stream::of(server.ask(get("/live?after=0", &admin)).await);
    stream.until("van kees").await.unwrap();
    stream.until("beat").await.unwrap();
    let keep = store::accounts::by_email(server.desk.store(), &domain::accounts::EmailAddress::parse("marieke@x.example").unwrap())
        .await
        .unwrap()
        .unwrap()
        .person
        .id;
    server.answer(call("/api/merge_people", &admin, &format!("id={keep}&other=kees%40x.example"))).await;
    assert!(stream.until("\"reset\"").await.is_some(), "its tickets have another requester");
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("sanne").await;
    let mut stream = Stream::of(server.ask(get("/live?after=0", &cookie)).await);
    stream.until("beat").await.unwrap();
    server.shutdown.cancel();
    assert!(stream.until("never").await.is_none());
}

#[tokio::test]
async fn the_streams_of_someone_who_is_shut_out_end_at_once() {
    for how in ["disable", "erase"] {
        let server = Server::start(&[]).await;
        let (admin, cookie) = (server.log_in("hanneke").await, server.log_in("marieke").await);
        let mut stream = Stream::of(server.ask(get("/live?after=0", &cookie)).await);
        stream.until("beat").await.unwrap();
        let form = if how == "erase" { "id=1&confirmation=marieke%40x.example" } else { "id=1&what=disable" };
        let door = if how == "erase" { "/api/erase_person" } else { "/api/person_do" };
        let answer = server.answer(call(door, &admin, form)).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{how}: {} {}", answer.status, answer.text);
        assert!(stream.until("ended").await.is_some() && stream.until("more").await.is_none(), "{how}");
        assert_eq!(server.answer(call("/api/home_shelves", &cookie, "")).await.status, axum::http::StatusCode::UNAUTHORIZED, "{how}");
    }
}
