//! Workers that panic, hang or fail; a log with what cannot be read; a PostgreSQL that falls silent.

use crate::support::{World, on_both};
use desk::live::{Reading, read};
use desk::notifications::State as Mail;
use desk::workers::{Report, Rest, State, Worker, health};
use desk::{Desk, live, notifications, on_call, reports};
use domain::EventNo;
use domain::events::Message;
use domain::time::Span;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::testing::{Proxy, Server, fresh, new_database};
use store::{Kind, Store};

const SOON: Duration = Duration::from_millis(20);

fn of(desk: &Desk, name: &str) -> Report {
    desk.workers().report().into_iter().find(|worker| worker.name == name).unwrap()
}

async fn panics() -> desk::Result<Rest> {
    panic!("each step fails")
}

async fn fails() -> desk::Result<Rest> {
    Err(std::io::Error::other("no").into())
}

async fn lives() -> desk::Result<Rest> {
    loop {
        tokio::time::sleep(SOON).await;
        desk::workers::well();
    }
}

/// Waits until something holds, but not for ever.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: not within half a minute");
        tokio::time::sleep(SOON).await;
    }
}

#[tokio::test]
async fn a_worker_that_panics_starts_anew_is_counted_and_holds_up_no_other() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let (desk, steps) = (&world.desk, Arc::new(AtomicU64::new(0)));
    let taken = steps.clone();
    desk.workers().start(
        desk,
        Worker::every("once", SOON, Duration::from_secs(9), move |_| {
            let n = taken.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(n != 1, "the second step fails");
                Ok(Rest::Usual)
            }
        }),
    );
    desk.workers().start(desk, Worker::every("always", SOON, Duration::from_secs(9), |_| panics()));
    // In the part that makes the step, not in the step.
    desk.workers()
        .start(desk, Worker::every("early", SOON, Duration::from_secs(9), |_| -> std::future::Ready<desk::Result<Rest>> { panic!("earlier") }));
    until("it goes on after its panic", async || steps.load(Ordering::Relaxed) > 4).await;
    assert_eq!((of(desk, "once").panics, of(desk, "once").state), (1, State::Well));
    until("who always panics counts as dead", async || of(desk, "always").state == State::Dead && of(desk, "early").state == State::Dead).await;
    let faults = health(desk).await.unwrap().faults();
    assert!(faults.len() == 2 && faults[0].contains("worker always") && faults[1].contains("worker early"), "{faults:?}");
    desk.workers().stop();
    tokio::time::timeout(Duration::from_secs(5), desk.workers().ended()).await.expect("all of them end");
}

#[tokio::test]
async fn a_worker_that_hangs_is_broken_off_and_one_that_shows_that_it_lives_is_not() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let (desk, limit) = (&world.desk, Duration::from_millis(200));
    desk.workers().start(desk, Worker::every("hangs", SOON, limit, |_| std::future::pending()));
    desk.workers().start(desk, Worker::endless("lives", Some(limit), |_| lives()));
    until("it is broken off, and tries again", async || of(desk, "hangs").overruns >= 2).await;
    assert_eq!((of(desk, "lives").overruns, of(desk, "lives").state), (0, State::Well));
    desk.workers().stop();
    tokio::time::timeout(Duration::from_secs(5), desk.workers().ended()).await.expect("also what hangs ends");
}

#[tokio::test]
async fn a_worker_that_fails_tries_again_and_one_that_has_begun_ends_its_step() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let (desk, ended) = (&world.desk, Arc::new(AtomicU64::new(0)));
    desk.workers().start(desk, Worker::every("fails", SOON, Duration::from_secs(9), |_| fails()));
    let done = ended.clone();
    let slow = Worker::every("slow", SOON, Duration::from_secs(9), move |_| {
        let done = done.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(700)).await;
            done.fetch_add(1, Ordering::Relaxed);
            Ok(Rest::Usual)
        }
    });
    desk.workers().start(desk, slow);
    until("it tries again", async || of(desk, "fails").failures >= 2).await;
    let before = ended.load(Ordering::Relaxed);
    desk.workers().stop();
    desk.workers().ended().await;
    assert!(ended.load(Ordering::Relaxed) >= before.max(1));
}

#[tokio::test]
async fn a_reader_that_is_too_far_behind_makes_the_node_unfit() {
    on_both(async |world: World| {
        world.open("marieke", "Wacht").await;
        world.pass(Span::minutes(1));
        assert_eq!(health(&world.desk).await.unwrap().faults(), Vec::<String>::new());
        world.pass(Span::minutes(2));
        let faults = health(&world.desk).await.unwrap().faults();
        assert!(faults.len() == 1 && faults[0].eq("reader on_call: 180 s behind, where 120 are allowed; events not read: 1"), "{faults:?}");
        world.pass(Span::minutes(8));
        assert_eq!(health(&world.desk).await.unwrap().faults().len(), 2);
        notifications::advance(&world.desk).await.unwrap();
        on_call::advance(&world.desk).await.unwrap();
        assert_eq!(health(&world.desk).await.unwrap().faults(), Vec::<String>::new());
    })
    .await;
}

/// Makes an event one that this version cannot read.
async fn damage(desk: &Desk, n: i64, text: &str) {
    let change = desk.store().begin().await.unwrap();
    store::privacy::set_unread(&change, EventNo(n), text).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_passed_over_and_told_and_stops_nobody() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.person("sanne"));
        let (damaged, unknown) = (world.open("marieke", "Beschadigd").await, world.open("marieke", "Onbekend").await);
        let after = world.open("marieke", "Daarna").await;
        damage(desk, 1, "{\"kind\":\"opened\"}").await;
        damage(desk, 2, "{\"kind\":\"praised\",\"by\":\"marieke\"}").await;

        assert_eq!(notifications::advance(desk).await.unwrap(), 3, "all of them are read");
        assert_eq!(notifications::advance(desk).await.unwrap(), 0);
        assert!(world.deliveries(after).await.iter().any(|delivery| delivery.state == Mail::Waiting), "who is to be told of the last one is");
        assert!(world.deliveries(damaged).await.is_empty());
        assert_eq!(on_call::advance(desk).await.unwrap(), 3);
        while reports::advance(desk).await.unwrap() > 0 {}
        assert_eq!(desk.store().passed_over().count(), 2);
        assert!(desk::workers::is_ailing(desk) && health(desk).await.unwrap().faults().is_empty(), "told, and fit all the same");
        let mails = desk.mail().transport().take();
        assert!(mails.len() == 1 && mails[0].to == "hanneke@x.example", "{mails:?}");

        for id in [damaged, unknown, after] {
            desk::tickets::page(desk, sanne, id).await.unwrap();
        }
        assert!(desk::tickets::page(desk, sanne, damaged).await.unwrap().history.is_empty());

        // A stream that was on its way begins anew, and goes on.
        let following = desk.clone();
        let follow = tokio::spawn(async move { live::follow(&following).await });
        desk.tail().head().wait_for(|n| n.0 >= 3).await.unwrap();
        assert_eq!(read(desk, sanne, EventNo(0)).await.unwrap(), Reading::Reset(EventNo(3)));
        world.open("marieke", "En verder").await;
        damage(desk, 4, "niets").await;
        let last = world.open("marieke", "Tot slot").await;
        desk.tail().head().wait_for(|n| n.0 >= 5).await.unwrap();
        let read_on = read(desk, sanne, EventNo(4)).await.unwrap();
        let Reading::Messages(messages, EventNo(5)) = &read_on else { panic!("{read_on:?}") };
        let told: Message = serde_json::from_str(&messages[0].1).unwrap();
        assert!(matches!(told, Message::Happened { event, .. } if event.ticket == last));
        follow.abort();
    })
    .await;
}

#[tokio::test]
async fn who_is_erased_is_taken_out_of_events_that_cannot_be_read() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Onderwerp").await;
        damage(&world.desk, 1, "{\"kind\":\"praised\",\"by\":\"marieke\"}").await;
        desk::privacy::erase(&world.desk, &world.agent("hanneke"), world.id("marieke"), "marieke@x.example").await.unwrap();
        until("it is done", async || {
            desk::privacy::carry_on(&world.desk).await.unwrap();
            desk::privacy::erasures(&world.desk, &world.agent("hanneke")).await.unwrap().is_empty()
        })
        .await;
        let change = world.desk.store().begin().await.unwrap();
        let texts = store::privacy::texts(&change, id, world.id("marieke")).await.unwrap();
        assert!(texts.unread.len() == 1 && texts.unread[0].1.contains("praised") && !texts.unread[0].1.contains("marieke"), "{texts:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_database_is_given_up_and_asked_anew_and_its_locks_are_freed() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let url = new_database(&server).await;
    let proxy = Proxy::before(&url).await;
    let (far, near) = (Store::connect(&proxy.url(&url), 4).await.unwrap(), Store::connect(&url, 4).await.unwrap());
    near.migrate().await.unwrap();
    let ring = async |store: &Store| {
        let change = store.begin().await?;
        store::audit::set_setting(&change, "x", "x").await?;
        change.commit().await
    };
    // Every connection of the pool is in use once.
    let (one, two, three, four) = tokio::join!(ring(&far), ring(&far), ring(&far), ring(&far));
    one.and(two).and(three).and(four).unwrap();
    let held = far.begin().await.unwrap();
    store::audit::set_setting(&held, "x", "held").await.unwrap();
    let (mut under_way, begun) = (vec![], Instant::now());
    proxy.silence();
    for _ in 0..8 {
        let far = far.clone();
        under_way.push(tokio::spawn(async move { far.ping().await }));
    }
    // What it holds is let go by the server, and another node goes on.
    ring(&near).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    for asked in under_way {
        // It failed, or found another connection: it does not wait for ever.
        let _ = asked.await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    ring(&far).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(held.commit().await.is_err(), "what was under way never was");
    let (one, two, three, four) = tokio::join!(ring(&far), ring(&far), ring(&far), ring(&far));
    one.and(two).and(three).and(four).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_the_bell_recover_from_a_silent_database_within_20_seconds() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let url = new_database(&server).await;
    let proxy = Proxy::before(&url).await;
    let folder = tempfile::tempdir().unwrap();
    let files = || desk::attachments::Files::open(folder.path(), 5).unwrap();
    let near = Desk::open(Store::connect(&url, 4).await.unwrap(), files(), desk::Clock::System);
    near.store().migrate().await.unwrap();
    desk::demo::fill(&near, |_, _| ()).await.unwrap();
    let far = Desk::open(Store::connect(&proxy.url(&url), 4).await.unwrap(), files(), desk::Clock::System);
    for worker in desk::workers::all(&far) {
        far.workers().start(&far, worker);
    }
    let (mut ended, bell) = (far.store().notifier().ended(), near.clone());
    let end = async |name: &str| {
        let mut change = bell.store().begin().await.unwrap();
        store::sessions::end(&mut change, name).await.unwrap();
        change.commit().await.unwrap();
    };
    let mut heard = async |name: &str| {
        end(name).await;
        matches!(tokio::time::timeout(Duration::from_millis(700), ended.recv()).await, Ok(Ok(told)) if told == name)
    };
    until("the other node hears", async || heard("ervoor").await).await;
    let last = store::events::head(near.store()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), far.tail().head().wait_for(|n| *n >= last)).await.unwrap().unwrap();

    proxy.silence();
    let begun = Instant::now();
    // Something happens, of which the silent node is not told.
    let change = near.store().begin().await.unwrap();
    let ticket = store::events::after(near.store(), EventNo(0), 1).await.unwrap()[0].event.ticket;
    let last = store::events::append(&change, ticket, None, near.now(), &[domain::events::Happening::Tagged { tag: "stil".into() }]).await.unwrap();
    change.commit().await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(20), async { far.tail().head().wait_for(|n| *n >= last).await.map(|n| *n) });
    read.await.expect("the log is read").unwrap();
    for reader in ["on_call", "notifications"] {
        until(reader, async || store::notifications::position(near.store(), reader).await.unwrap() >= last).await;
    }
    until("the bell is heard", async || heard("erna").await).await;
    until("every worker works", async || far.workers().report().iter().all(|worker| worker.state == State::Well)).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    far.workers().stop();
    far.workers().ended().await;
}
