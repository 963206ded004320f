//! The stream: it resumes, it is scoped, and it ends.

use crate::support::{Server, call, get};
use axum::body::BodyDataStream;
use axum::http::{Request, header};
use axum::response::Response;
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
            let piece = tokio::time::timeout(Duration::from_secs(5), self.0.next())
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
    server.answer(call("/api/change_ticket", &agent, &format!("ticket={id}&what=urgency&to=high"))).await;
    let resumed = Request::get("/live?after=0").header(header::COOKIE, &agent).header("last-event-id", "1").body(axum::body::Body::empty()).unwrap();
    let came = Stream::of(server.ask(resumed).await).until("urgency_changed").await.unwrap();
    assert!(came.contains("id: 2\n") && !came.contains("\"kind\":\"opened\""), "{came}");
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
async fn streams_end_when_the_server_stops() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("sanne").await;
    let mut stream = Stream::of(server.ask(get("/live?after=0", &cookie)).await);
    stream.until("beat").await.unwrap();
    server.shutdown.cancel();
    assert!(stream.until("never").await.is_none());
}
