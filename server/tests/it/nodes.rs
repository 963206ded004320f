//! Several servers on one PostgreSQL share one board.

use crate::live::Stream;
use crate::support::{Server, call, get, people, post};
use axum::http::StatusCode;
use std::time::Duration;
use store::testing::{Server as Postgres, new_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_on_one_node_arrives_at_a_stream_of_the_other_also_after_a_restart_of_postgresql() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let url = new_database(&postgres).await;
    let (one, two) = (Server::node(&url).await, Server::node(&url).await);
    people(&one.desk).await;
    let (customer, agent) = (one.log_in("marieke").await, two.log_in("sanne").await);
    let mut stream = Stream::of(two.ask(get("/live?after=0", &agent)).await);
    one.open(&customer, "ervoor").await;
    assert!(stream.until("\"subject\":\"ervoor\"").await.is_some());

    let postgres = tokio::task::spawn_blocking(move || {
        postgres.stop();
        postgres.resume();
        postgres
    })
    .await
    .unwrap();
    // The first requests may meet a connection that was cut.
    for tries in 0.. {
        let form = "urgency=high&stopped=alles&people=9&department=1&subject=erna&description=x&submission=erna";
        if one.answer(post("/api/open_ticket", &customer, form)).await.status == StatusCode::SEE_OTHER {
            break;
        }
        assert!(tries < 40, "the node comes back");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    if stream.until("\"subject\":\"erna\"").await.is_none() {
        // A stream that could not read ends, and the browser comes back to where it was.
        let mut again = Stream::of(two.ask(get("/live?after=1", &agent)).await);
        assert!(again.until("\"subject\":\"erna\"").await.is_some());
    }
    drop(postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_on_one_node_ends_its_streams_on_the_other() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let url = new_database(&postgres).await;
    let (one, two) = (Server::node(&url).await, Server::node(&url).await);
    people(&one.desk).await;
    let (mine, other, customer) = (one.log_in("sanne").await, one.log_in("sanne").await, one.log_in("marieke").await);
    let mut ended = Stream::of(two.ask(get("/live?after=0", &mine)).await);
    let mut goes_on = Stream::of(two.ask(get("/live?after=0", &other)).await);
    ended.until("beat").await.unwrap();
    // Only a bell that rings across nodes gets here: once an event has come, the other node is listening.
    one.open(&customer, "eerst").await;
    assert!(ended.until("\"subject\":\"eerst\"").await.is_some());
    one.answer(call("/api/log_out", &mine, "")).await;
    assert!(ended.until("ended").await.is_some());
    assert!(ended.until("more").await.is_none(), "nothing comes after");
    assert_eq!(two.answer(get("/live", &mine)).await.status, StatusCode::UNAUTHORIZED);
    one.open(&customer, "verder").await;
    assert!(goes_on.until("verder").await.is_some());
    drop(postgres);
}
