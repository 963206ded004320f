//! The central promise: a screen that follows the log shows what a fresh one shows.

use crate::support::World;
use desk::accounts::Session;
use desk::board::snapshot;
use desk::live::{Reading, read};
use desk::tickets::{Edit, Writing, dismiss, edit, invite, leave, note, reply, settle};
use domain::board::{Column, Effect, Filter};
use domain::events::{Event, Happening, Message};
use domain::tickets::{Status, Urgency};
use domain::{EventNo, TicketId};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::Kind;
use store::testing::{Server, fresh, new_database};

async fn world(kind: Kind) -> World {
    let world = World::new(fresh(kind).await).await;
    let desk = world.desk.clone();
    tokio::spawn(async move { desk::live::follow(&desk).await });
    world
}

/// Waits until the tail has read the whole log.
async fn settled(world: &World) {
    let last = store::events::head(world.desk.store()).await.unwrap();
    let mut head = world.desk.tail().head();
    tokio::time::timeout(Duration::from_secs(10), head.wait_for(|n| *n >= last)).await.expect("the tail follows").unwrap();
}

async fn messages(world: &World, by: &Session, mut cursor: EventNo) -> Vec<Message> {
    let mut all = vec![];
    loop {
        match read(&world.desk, by, cursor).await.unwrap() {
            Reading::Reset(n) => return vec![Message::Reset { n }],
            Reading::Messages(batch, upto) => {
                all.extend(batch.iter().map(|(_, text)| serde_json::from_str(text).unwrap()));
                if upto == cursor {
                    return all;
                }
                cursor = upto;
            }
        }
    }
}

/// Does one of the things people do; what is refused is part of the story. Gives whether it was done.
async fn act(world: &World, tickets: &mut Vec<TicketId>, what: u8, which: usize) -> bool {
    let (desk, agent) = (&world.desk, world.agent(["sanne", "daan"][which % 2]));
    let writing = |text: &str| Writing { text: text.to_owned(), ..Default::default() };
    let Some(id) = tickets.get(which % tickets.len().max(1)).copied().filter(|_| what != 0) else {
        tickets.push(world.open(["marieke", "kees", "ruud"][which % 3], "Onderwerp").await);
        return true;
    };
    let done = match what {
        1 => reply(desk, world.person("marieke"), id, &writing("Van de klant")).await.map(|_| ()),
        2 => reply(desk, agent.session(), id, &writing("Van ons")).await.map(|_| ()),
        3 => note(desk, &agent, id, &writing("Onder ons")).await,
        4 | 5 => edit(desk, &agent, id, &[Edit::Status(Status::ALL[which % 5])], None).await,
        6 => edit(desk, &agent, id, &[Edit::Urgency(Urgency::ALL[which % 4], None)], None).await,
        7 => edit(desk, &agent, id, &[Edit::Assignee([None, Some(world.id("daan"))][which % 2])], None).await,
        8 => edit(desk, &agent, id, &[Edit::Department(world.departments[which % 4])], None).await,
        9 => edit(desk, &agent, id, &[Edit::Tag("x".into())], None).await,
        10 => settle(desk, &world.customer("marieke"), id).await,
        11 => invite(desk, &world.customer("ruud"), id, world.id("marieke")).await,
        _ => leave(desk, &world.customer("marieke"), id).await,
    };
    done.is_ok()
}

/// What became of a story: how often the board had to be loaded again, and how much was done and refused.
#[derive(Debug, Default)]
struct Outcome {
    reloads: usize,
    done: usize,
    refused: usize,
}

async fn follows(world: &World, story: &[(u8, usize)], cut: usize, filter: &Filter) -> Outcome {
    let mut outcome = Outcome::default();
    let mut tickets = vec![];
    let agent = world.agent("hanneke");
    for (what, which) in &story[..cut] {
        let is_done = act(world, &mut tickets, *what, *which).await;
        *(if is_done { &mut outcome.done } else { &mut outcome.refused }) += 1;
    }
    let (mut board, _) = snapshot(&world.desk, &agent, filter).await.unwrap();
    let from = board.as_of;
    for (what, which) in &story[cut..] {
        let is_done = act(world, &mut tickets, *what, *which).await;
        *(if is_done { &mut outcome.done } else { &mut outcome.refused }) += 1;
    }
    settled(world).await;
    let told = messages(world, agent.session(), from).await;
    for message in told.iter().chain(&told) {
        if board.apply(message, filter) == Effect::Reload {
            board = snapshot(&world.desk, &agent, filter).await.unwrap().0;
            outcome.reloads += 1;
        }
    }
    let (truth, _) = snapshot(&world.desk, &agent, filter).await.unwrap();
    for (shows, truth) in board.columns.iter().zip(&truth.columns) {
        let ids = |column: &Column| column.cards.iter().map(|c| c.id.0).collect::<Vec<_>>();
        assert_eq!((shows.total, ids(shows)), (truth.total, ids(truth)), "{:?}", truth.status);
        assert_eq!(shows, truth);
    }

    let numbers: Vec<i64> = told.iter().filter_map(|m| m.position()).map(|n| n.0).collect();
    let all: Vec<i64> = (from.0 + 1..=truth.as_of.0).collect();
    assert_eq!(numbers, all, "an admin hears every number once, in order");
    outcome
}

#[test]
fn a_board_that_follows_the_log_shows_what_a_fresh_one_shows() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let (done, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stories = (proptest::collection::vec((0_u8..13, 0_usize..60), 5..40), 0_usize..40, 0_u8..4);
    runner
        .run(&stories, |(story, cut, narrow)| {
            runtime.block_on(async {
                let world = world(Kind::Sqlite).await;
                let filter = match narrow {
                    0 => Filter::default(),
                    1 => Filter { urgencies: vec![Urgency::Medium, Urgency::High], ..Default::default() },
                    2 => Filter { departments: vec![world.departments[0]], ..Default::default() },
                    _ => Filter { text: Some("onderwerp".into()), ..Default::default() },
                };
                let outcome = follows(&world, &story, cut.min(story.len()), &filter).await;
                // A column of so few tickets shows them all: only what text finds is for the database to say.
                assert!(filter.text.is_some() || outcome.reloads == 0, "{outcome:?}");
                done.fetch_add(outcome.done, Ordering::Relaxed);
                refused.fetch_add(outcome.refused, Ordering::Relaxed);
            });
            Ok(())
        })
        .unwrap();
    let (done, refused) = (done.into_inner(), refused.into_inner());
    assert!(refused > 0 && refused * 2 < done, "{refused} of {done} were refused: most of a story has to happen");
}

#[tokio::test]
async fn the_same_where_columns_have_more_than_they_show() {
    let world = world(Kind::Sqlite).await;
    let many = (0..70).map(|n| (0_u8, n)).chain((0..70).map(|n| (4, n * 3)));
    let story: Vec<(u8, usize)> = many.chain((0..120).map(|n| ((n * 7 % 13) as u8, n * 31))).collect();
    for filter in [Filter::default(), Filter { departments: vec![world.departments[0]], ..Filter::default() }] {
        // From where seventy are new: then they spread over the columns.
        let outcome = follows(&world, &story, 75, &filter).await;
        assert!(outcome.reloads > 0 && outcome.done > outcome.refused, "{outcome:?}");
    }
}

#[tokio::test]
async fn the_same_on_postgresql() {
    let world = world(Kind::Postgres).await;
    let story: Vec<(u8, usize)> = (0..60).map(|n| ((n * 7 % 13) as u8, n * 11)).collect();
    let outcome = follows(&world, &story, 20, &Filter::default()).await;
    assert!(outcome.reloads == 0 && outcome.done > outcome.refused, "{outcome:?}");
}

#[tokio::test]
async fn a_customer_hears_only_of_their_own_and_nothing_that_is_not_public() {
    for kind in store::testing::KINDS {
        let world = world(kind).await;
        let mut tickets = vec![];
        for n in 0..80 {
            act(&world, &mut tickets, (n * 5 % 13) as u8, n * 3).await;
        }
        settled(&world).await;
        let mut heard = 0;
        for key in ["marieke", "kees", "ilse"] {
            for message in messages(&world, world.person(key), EventNo(0)).await {
                let Message::Happened { event, card } = message else { continue };
                heard += 1;
                assert!(card.is_none() && event.what.is_public(), "{event:?}");
                assert!(desk::tickets::page(&world.desk, world.person(key), event.ticket).await.is_ok(), "{key} {event:?}");
            }
        }
        assert!(heard > 10, "the story tells something");
        assert!(messages(&world, world.person("ilse"), EventNo(0)).await.is_empty());
    }
}

/// Whether customers on the ticket hear of it too. Without `_`: a new happening has to be put here, and in the story below.
fn is_for_customers(what: &Happening) -> bool {
    match what {
        Happening::Opened { .. } | Happening::Replied { .. } | Happening::StatusChanged { .. } | Happening::Assigned { .. } => true,
        Happening::UrgencyChanged { .. } | Happening::DepartmentChanged { .. } | Happening::Continued { .. } => true,
        Happening::CcAdded { .. } | Happening::CcRemoved { .. } => true,
        Happening::Noted { .. } | Happening::Tagged { .. } | Happening::Untagged { .. } => false,
        Happening::TargetNear { .. } | Happening::TargetMissed { .. } | Happening::Alarmed { .. } | Happening::Acknowledged => false,
    }
}

#[tokio::test]
async fn every_happening_is_told_to_exactly_whom_it_is_for() {
    for kind in store::testing::KINDS {
        let world = world(kind).await;
        let (desk, marieke, sanne) = (&world.desk, world.customer("marieke"), world.agent("sanne"));
        let writing = |text: &str| Writing { text: text.to_owned(), ..Default::default() };
        let id = world.open("marieke", "Van alles").await;
        invite(desk, &marieke, id, world.id("ruud")).await.unwrap();
        invite(desk, &marieke, id, world.id("ilse")).await.unwrap();
        dismiss(desk, &marieke, id, world.id("ilse")).await.unwrap();
        reply(desk, sanne.session(), id, &writing("Antwoord")).await.unwrap();
        note(desk, &sanne, id, &writing("Onder ons")).await.unwrap();
        let department = Edit::Department(world.departments[1]);
        let changes =
            [Edit::Assignee(Some(world.id("daan"))), Edit::Urgency(Urgency::High, None), department, Edit::Tag("x".into()), Edit::Untag("x".into())];
        for change in changes.iter().chain(&[Edit::Status(Status::Closed)]) {
            edit(desk, &sanne, id, std::slice::from_ref(change), None).await.unwrap();
        }
        world.pass(domain::time::Span::days(61));
        reply(desk, marieke.session(), id, &writing("Het is er weer")).await.unwrap();
        settled(&world).await;

        let happened = async |who: &str| -> Vec<Event> {
            let told = messages(&world, world.person(who), EventNo(0)).await;
            // Not the first: whether who is put in CC at once still hears of it depends on when it is read.
            told.into_iter().filter_map(|m| if let Message::Happened { event, .. } = m { Some(event) } else { None }).filter(|e| e.n.0 > 1).collect()
        };
        let everything = happened("hanneke").await;
        let kinds: BTreeSet<String> = everything.iter().map(|e| serde_json::to_value(&e.what).unwrap()["kind"].to_string()).collect();
        assert_eq!(kinds.len(), 12, "the story has every kind: {kinds:?}");
        for (who, all, some) in
            [("sanne", true, false), ("marieke", false, true), ("ruud", false, true), ("ilse", false, false), ("kees", false, false)]
        {
            let due: Vec<Event> = everything.iter().filter(|e| all || some && is_for_customers(&e.what)).cloned().collect();
            assert_eq!(happened(who).await, due, "{who}");
        }
    }
}

#[tokio::test]
async fn who_is_taken_out_of_cc_is_told_and_then_hears_nothing() {
    let world = world(Kind::Sqlite).await;
    let id = world.open("ruud", "Samen").await;
    invite(&world.desk, &world.customer("ruud"), id, world.id("marieke")).await.unwrap();
    desk::tickets::dismiss(&world.desk, &world.customer("ruud"), id, world.id("marieke")).await.unwrap();
    reply(&world.desk, world.person("ruud"), id, &Writing { text: "Alleen voor ons".into(), ..Default::default() }).await.unwrap();
    settled(&world).await;
    let heard = messages(&world, world.person("marieke"), EventNo(0)).await;
    assert!(matches!(heard[..], [Message::Gone { ticket, .. }] if ticket == id), "{heard:?}");
}

#[tokio::test]
async fn a_ticket_that_moves_into_a_closed_department_is_gone_for_those_outside() {
    let world = world(Kind::Sqlite).await;
    let id = world.open("marieke", "Verhuist").await;
    world.close_department(world.departments[3], &["sanne"]).await;
    let from = store::events::head(world.desk.store()).await.unwrap();
    let (inside, outside) = (world.renewed("sanne").await, world.renewed("daan").await);
    edit(&world.desk, &inside.agent().unwrap(), id, &[Edit::Department(world.departments[3])], None).await.unwrap();
    settled(&world).await;
    assert!(matches!(messages(&world, &outside, from).await[..], [Message::Gone { .. }]));
    assert!(matches!(
        messages(&world, &inside, from).await[..],
        [Message::Happened { event: Event { what: Happening::DepartmentChanged { .. }, .. }, .. }]
    ));
    edit(&world.desk, &inside.agent().unwrap(), id, &[Edit::Urgency(Urgency::High, None)], None).await.unwrap();
    settled(&world).await;
    let from = EventNo(from.0 + 1);
    assert!(messages(&world, &outside, from).await.is_empty());
}

#[tokio::test]
async fn what_moved_out_of_sight_since_is_not_told_any_more() {
    let world = world(Kind::Sqlite).await;
    let id = world.open("marieke", "Salaris").await;
    note(&world.desk, &world.agent("daan"), id, &Writing { text: "Onder ons".into(), ..Default::default() }).await.unwrap();
    world.close_department(world.departments[3], &["sanne"]).await;
    let inside = world.renewed("sanne").await.agent().unwrap();
    edit(&world.desk, &inside, id, &[Edit::Department(world.departments[3])], None).await.unwrap();
    settled(&world).await;
    let told = messages(&world, &world.renewed("daan").await, EventNo(0)).await;
    assert!(matches!(told.as_slice(), [Message::Gone { ticket, .. }] if *ticket == id), "{told:?}");
}

#[tokio::test]
async fn a_place_beyond_the_log_starts_anew() {
    let world = world(Kind::Sqlite).await;
    world.open("marieke", "Een").await;
    settled(&world).await;
    for beyond in [2, i64::MAX] {
        let reading = desk::live::read(&world.desk, world.person("sanne"), EventNo(beyond)).await.unwrap();
        assert_eq!(reading, desk::live::Reading::Reset(EventNo(1)), "{beyond}");
    }
}

#[tokio::test]
async fn who_was_away_gets_everything_and_who_is_too_far_behind_starts_anew() {
    let world = world(Kind::Sqlite).await;
    let id = world.open("marieke", "Lang weg").await;
    for n in 0..1_200 {
        let urgency = Urgency::ALL[n % 2];
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Urgency(urgency, None)], None).await.unwrap();
    }
    settled(&world).await;
    let head = store::events::head(world.desk.store()).await.unwrap();
    let missed = messages(&world, world.person("daan"), EventNo(head.0 - 900)).await;
    let numbers: Vec<i64> = missed.iter().filter_map(|m| m.position()).map(|n| n.0).collect();
    assert_eq!(numbers, (head.0 - 899..=head.0).collect::<Vec<_>>());
    assert_eq!(messages(&world, world.person("daan"), EventNo(1)).await, [Message::Reset { n: head }]);
}

#[tokio::test]
async fn two_nodes_share_one_log_also_after_postgresql_was_restarted() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let url = new_database(&server).await;
    let first = store::Store::connect(&url, 4).await.unwrap();
    let second = store::Store::connect(&url, 4).await.unwrap();
    // Both at once, as two nodes start.
    let (one, two) = tokio::join!(first.migrate(), second.migrate());
    one.and(two).unwrap();
    for store in [&first, &second] {
        let store = store.clone();
        tokio::spawn(async move { store.listen().await });
    }
    let mut notified = second.notifier().grown();
    let ring = async || {
        let change = first.begin().await?;
        store::audit::set_setting(&change, "x", "x").await?;
        change.commit().await
    };
    let heard = async |grown: &mut tokio::sync::watch::Receiver<u64>| {
        // The slow poll rings every two seconds: hearing it well before that is the bell of the other node.
        grown.mark_unchanged();
        ring().await.unwrap();
        tokio::time::timeout(Duration::from_millis(900), grown.changed()).await.is_ok()
    };
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(heard(&mut notified).await, "the other node hears");
    let restarted = tokio::task::spawn_blocking(move || {
        server.stop();
        server.resume();
        server
    });
    let _server = restarted.await.unwrap();
    let mut again = false;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if ring().await.is_ok() && heard(&mut notified).await {
            again = true;
            break;
        }
    }
    assert!(again, "it hears again after the restart");
}

/// Ends sessions that are not there on one node until the other hears of it: no poll would find that, so what is heard came by LISTEN/NOTIFY.
async fn bell_reaches(from: &store::Store, ended: &mut tokio::sync::broadcast::Receiver<String>, name: &str) -> bool {
    for _ in 0..60 {
        // The other node may not listen yet, or the connection was cut a moment ago.
        let _ = async {
            let mut change = from.begin().await?;
            store::sessions::end(&mut change, name).await?;
            change.commit().await
        }
        .await;
        if matches!(tokio::time::timeout(Duration::from_millis(500), ended.recv()).await, Ok(Ok(heard)) if heard == name) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn the_bell_itself_reaches_the_other_node_also_after_postgresql_was_restarted() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let url = new_database(&server).await;
    let (first, second) = (store::Store::connect(&url, 4).await.unwrap(), store::Store::connect(&url, 4).await.unwrap());
    first.migrate().await.unwrap();
    let mut ended = second.notifier().ended();
    tokio::spawn(async move { second.listen().await });
    assert!(bell_reaches(&first, &mut ended, "ervoor").await);
    let restarted = tokio::task::spawn_blocking(move || {
        server.stop();
        server.resume();
        server
    });
    let _server = restarted.await.unwrap();
    assert!(bell_reaches(&first, &mut ended, "erna").await);
}
