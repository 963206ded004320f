//! A full disk, a database that can only be read, a change that is dropped half-way, and a power cut.

use crate::support::{World, on_both};
use desk::Error;
use desk::tickets::{Edit, Writing, edit, open, page, reply};
use domain::accounts::Scope;
use domain::board::Filter;
use domain::events::Happening;
use domain::tickets::{Status, Urgency};
use domain::{EventNo, Refusal};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use store::testing::{fresh, leave_pages, read_only};
use store::{Error as StoreError, Kind, Store};

fn is_read_only<T>(result: desk::Result<T>) -> bool {
    matches!(result, Err(Error::Store(StoreError::ReadOnly(_))))
}

#[tokio::test]
async fn a_full_disk_is_said_and_reading_goes_on() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let id = world.open("marieke", "Ervoor").await;
    leave_pages(world.desk.store(), Some(0)).await;
    let big = domain::tickets::TicketForm { description: "woorden ".repeat(5_000), ..world.form("Past niet") };
    assert!(is_read_only(open(&world.desk, &world.customer("marieke"), &big, None).await));
    assert_eq!(page(&world.desk, world.person("marieke"), id).await.unwrap().ticket.subject, "Ervoor");
    leave_pages(world.desk.store(), None).await;
    open(&world.desk, &world.customer("marieke"), &big, None).await.unwrap();
}

#[tokio::test]
async fn a_database_that_can_only_be_read_says_so_and_is_read() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let id = world.open("marieke", "Ervoor").await;
    read_only(world.desk.store(), true).await;
    assert!(is_read_only(open(&world.desk, &world.customer("marieke"), &world.form("Nu niet"), None).await));
    assert!(page(&world.desk, world.person("marieke"), id).await.is_ok());
    read_only(world.desk.store(), false).await;
    world.open("marieke", "Weer wel").await;
}

#[tokio::test]
async fn a_change_that_is_dropped_leaves_nothing_and_harms_no_other() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let mut tasks = vec![];
    for n in 0..120 {
        let (desk, by, form) = (world.desk.clone(), world.customer("marieke"), world.form(&format!("nummer {n}")));
        tasks.push((n, tokio::spawn(async move { open(&desk, &by, &form, None).await })));
    }
    // A browser that goes away takes its request with it.
    tokio::time::sleep(Duration::from_millis(15)).await;
    tasks.iter().filter(|(n, _)| n % 5 == 0).for_each(|(_, task)| task.abort());
    let mut opened = 0;
    for (_, task) in tasks {
        if let Ok(result) = task.await {
            let id = result.unwrap();
            opened += 1;
            assert!(page(&world.desk, world.person("sanne"), id).await.is_ok());
        }
    }
    assert!(opened >= 96);
    let tallied: i64 = desk::board::tallies(&world.desk, &world.agent("sanne")).await.unwrap().iter().map(|(_, n)| n).sum();
    let head = store::events::head(world.desk.store()).await.unwrap().0;
    let events = store::events::after(world.desk.store(), EventNo(0), 1_000).await.unwrap();
    assert_eq!((tallied, events.len() as i64), (head, head), "no half ticket: as many tickets as were opened in the log");
    assert!(events.iter().zip(1..).all(|(e, n)| e.event.n.0 == n));
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_power_cut() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    let mut ids = vec![];
    for n in 0..20 {
        ids.push(world.open("marieke", &format!("Bewaard {n}")).await);
    }
    // What is on disk at this moment, copied while the database is open, is what a machine finds after a cut.
    let from = world.fresh_url().trim_start_matches("sqlite:").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("cut.db");
    for tail in ["", "-wal"] {
        let part = format!("{from}{tail}");
        if Path::new(&part).exists() {
            std::fs::copy(part, format!("{}{tail}", to.display())).unwrap();
        }
    }
    let store = Store::connect(&format!("sqlite:{}", to.display()), 1).await.unwrap();
    let everything = domain::accounts::Scope::system();
    for id in ids {
        let (ticket, version) = store::tickets::find(&store, &everything, id).await.unwrap().expect("it was acknowledged");
        assert_eq!(ticket.messages, 1);
        assert!(version.0 > 0, "with its event");
    }
    assert_eq!(store::events::head(&store).await.unwrap().0, 20);
}

/// How many migrations there are.
const MIGRATIONS: u32 = 18;

#[tokio::test]
async fn migrations_run_on_both_and_back_over_rows() {
    for kind in store::testing::KINDS {
        let world = World::new(fresh(kind).await).await;
        let id = world.open("marieke", "Rij").await;
        let store = world.desk.store();
        assert_eq!(store.pending_migrations().await.unwrap(), 0);
        store.migrate().await.unwrap();
        // Each step back and forth over the rows of the version before it.
        let before = store::tickets::find(store, &Scope::system(), id).await.unwrap();
        for steps in 1..MIGRATIONS {
            store.migrate_down(steps).await.unwrap();
            assert_eq!(store.pending_migrations().await.unwrap(), steps as usize);
            store.migrate().await.unwrap();
        }
        // What is due on tickets from before there was such a thing is read from the log.
        desk::hours::reckon_all(&world.desk).await.unwrap();
        assert_eq!(store::tickets::find(store, &Scope::system(), id).await.unwrap(), before);
        assert_eq!(desk::notifications::advance(&world.desk).await.unwrap(), 0, "what happened before there was mail is not told by mail");
        world.open("marieke", "Daarna").await;
        assert_eq!(desk::notifications::advance(&world.desk).await.unwrap(), 1);
        store.migrate_down(MIGRATIONS).await.unwrap();
        assert_eq!(store.pending_migrations().await.unwrap(), MIGRATIONS as usize);
        store.migrate().await.unwrap();
        assert!(store::accounts::is_empty(store).await.unwrap());
    }
}

#[tokio::test]
async fn after_an_upgrade_names_have_their_keys_and_every_ticket_is_found_by_its_addresses() {
    for kind in store::testing::KINDS {
        let world = World::new(fresh(kind).await).await;
        world.open("marieke", "Van toen").await;
        let (desk, store, hanneke) = (&world.desk, world.desk.store(), world.agent("hanneke"));
        // Back to before there were keys.
        while store::testing::run(store, "UPDATE organisation SET sort_key = sort_key").await {
            store.migrate_down(1).await.unwrap();
        }
        for name in ["DE WAAL", "Cafe\u{301} Zuid", "Café Zuid", "CAFÉ ZUID", "Élan"] {
            assert!(store::testing::run(store, &format!("INSERT INTO organisation (name, created_at) VALUES ('{name}', 0)")).await, "{name}");
        }
        assert!(store::testing::run(store, "UPDATE person SET name = 'Rene\u{301}e' WHERE email = 'marieke@x.example'").await);
        // As if the index had nothing of it.
        let gone = if kind == store::Kind::Sqlite { "DELETE FROM ticket_search WHERE rowid > 0" } else { "DELETE FROM ticket_search" };
        assert!(store::testing::run(store, gone).await);
        store.migrate().await.unwrap();

        let named = async |name: &str| store::organisations::named(store, name).await.unwrap().map(|named| named.name);
        let names = desk::accounts::organisations(desk, &hanneke, "", "").await.unwrap();
        let names: Vec<_> = names.into_iter().map(|(named, _)| named.name).collect();
        // The one whose name nobody could type has its number.
        let shown: Vec<&str> = names.iter().map(|name| name.split(" (").next().unwrap_or_default()).collect();
        assert_eq!(shown, ["Café Zuid", "Café Zuid", "CAFÉ ZUID", "De Waal", "DE WAAL", "Élan", "Koperslag"]);
        assert_eq!(names.iter().filter(|name| name.contains('(')).count(), 1, "{names:?}");
        assert_eq!((named("de waal").await.unwrap(), named("DE WAAL").await.unwrap()), ("De Waal".to_owned(), "DE WAAL".to_owned()));
        assert_eq!(named("CAFÉ ZUID").await.unwrap(), "CAFÉ ZUID");
        // Either of two can be made the other.
        let waal = store::organisations::by_name(store, "DE WAAL").await.unwrap().unwrap();
        desk::accounts::merge_organisations(desk, &hanneke, waal, "De Waal").await.unwrap();
        assert_eq!(named("de waal").await.unwrap(), "DE WAAL");

        assert_eq!(desk::jobs::once(desk).await, 0);
        let found = async |typed: &str| desk::tickets::search(desk, &world.customer("marieke"), typed).await.unwrap().len();
        assert_eq!((found("marieke@x.example").await, found("renee").await, found("toen").await), (1, 1, 1));
    }
}

#[tokio::test]
async fn a_ticket_that_is_not_there_is_not_found() {
    let world = World::new(fresh(Kind::Sqlite).await).await;
    for id in [0, -1, i64::MAX, i64::MIN] {
        let error = page(&world.desk, world.person("sanne"), domain::TicketId(id)).await.unwrap_err();
        assert_eq!(error.refusal(), Some(&Refusal::NotFound));
    }
}

/// The log has no gap, every ticket is in it, and the tallies are what counting gives.
async fn is_whole(world: &World) {
    let store = world.desk.store();
    let head = store::events::head(store).await.unwrap();
    let told = store::events::after(store, EventNo(0), 10_000).await.unwrap();
    assert_eq!(told.iter().map(|h| h.event.n.0).collect::<Vec<_>>(), (1..=head.0).collect::<Vec<_>>());
    let everything = Scope::system();
    let filter = Filter::default();
    let of = store::board::PageOf { scope: &everything, filter: &filter, sort: Default::default(), ascending: false, from: None, size: 10_000 };
    let page = store::board::page(store, &of).await.unwrap();
    let opened: BTreeSet<_> = told.iter().filter(|h| matches!(h.event.what, Happening::Opened { .. })).map(|h| h.event.ticket).collect();
    assert_eq!(page.cards.iter().map(|c| c.id).collect::<BTreeSet<_>>(), opened);
    assert_eq!(page.total, Some(page.cards.len() as i64));
    for status in Status::ALL {
        let tallied = store::board::tallies(store, &everything).await.unwrap().iter().find(|t| t.0 == *status).map_or(0, |t| t.1);
        assert_eq!(tallied, page.cards.iter().filter(|c| c.status == *status).count() as i64, "{status:?}");
    }
}

#[tokio::test]
async fn different_changes_of_one_ticket_at_once_all_hold() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Drukte").await;
        for round in 0..12 {
            let (desk, sanne, daan) = (&world.desk, world.agent("sanne"), world.agent("daan"));
            let (assignee, department) =
                (Edit::Assignee(Some(world.id(["daan", "sanne"][round % 2]))), Edit::Department(world.departments[1 + round % 2]));
            let (urgency, writing) = (Edit::Urgency(Urgency::ALL[round % 4], None), Writing { text: "Nog iets".into(), ..Default::default() });
            let (one, two, three, four) = tokio::join!(
                edit(desk, &sanne, id, std::slice::from_ref(&assignee), None),
                edit(desk, &daan, id, std::slice::from_ref(&department), None),
                edit(desk, &sanne, id, std::slice::from_ref(&urgency), None),
                reply(desk, world.person("marieke"), id, &writing),
            );
            assert!(one.is_ok() && two.is_ok() && three.is_ok() && four.is_ok(), "{one:?} {two:?} {three:?} {four:?}");
            let ticket = page(desk, world.person("sanne"), id).await.unwrap().ticket;
            assert_eq!(ticket.assignee.map(|a| Edit::Assignee(Some(a.id))), Some(assignee), "round {round}");
            assert_eq!((Edit::Department(ticket.department.id), Edit::Urgency(ticket.urgency, None)), (department, urgency), "round {round}");
        }
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn tickets_that_move_past_each_other_do_not_wait_for_each_other() {
    on_both(async |world: World| {
        let (one, two) = (world.open("marieke", "Heen").await, world.open("kees", "Weer").await);
        let (to, fro) = (Edit::Status(Status::Waiting), Edit::Status(Status::Open));
        for round in 0..20 {
            let (desk, sanne) = (&world.desk, world.agent("sanne"));
            let (first, second) = if round % 2 == 0 { (&to, &fro) } else { (&fro, &to) };
            let (one, two) =
                tokio::join!(edit(desk, &sanne, one, std::slice::from_ref(first), None), edit(desk, &sanne, two, std::slice::from_ref(second), None));
            assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        }
        is_whole(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_dropped_anywhere_leaves_a_whole_desk() {
    on_both(async |world: World| {
        for n in 0..150_u64 {
            let (desk, by, form) = (world.desk.clone(), world.customer("marieke"), world.form("Afgebroken"));
            let dropped = tokio::spawn(async move { desk::tickets::open(&desk, &by, &form, None).await });
            let (desk, by, form) = (world.desk.clone(), world.customer("kees"), world.form("Gewoon"));
            let kept = tokio::spawn(async move { desk::tickets::open(&desk, &by, &form, None).await });
            tokio::time::sleep(Duration::from_micros(n * 37 % 2_500)).await;
            dropped.abort();
            assert!(kept.await.unwrap().is_ok(), "who goes on is not disturbed ({n})");
        }
        is_whole(&world).await;
        world.open("marieke", "Daarna").await;
    })
    .await;
}

#[tokio::test]
async fn migrating_again_changes_no_row() {
    for kind in store::testing::KINDS {
        let world = World::new(fresh(kind).await).await;
        let id = world.open("marieke", "Blijft").await;
        let before = page(&world.desk, world.person("sanne"), id).await.unwrap();
        // A second node, or the same one after a restart.
        let again = Store::connect(world.fresh_url(), 2).await.unwrap();
        again.migrate().await.unwrap();
        let after = page(&world.desk, world.person("sanne"), id).await.unwrap();
        assert_eq!((after.ticket, after.version, after.messages.len(), after.history), (before.ticket, before.version, 1, before.history));
        let (_, version) = store::tickets::find(&again, &Scope::system(), id).await.unwrap().unwrap();
        assert_eq!(version, before.version);
    }
}
