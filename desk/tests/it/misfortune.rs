//! A full disk, a database that can only be read, a change that is dropped half-way, and a power cut.

use crate::support::World;
use desk::Error;
use desk::tickets::{open, page};
use domain::Refusal;
use std::path::Path;
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
    tokio::time::sleep(std::time::Duration::from_millis(15)).await;
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
    let events = store::events::after(world.desk.store(), domain::EventNo(0), 1_000).await.unwrap();
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
    let everything = domain::accounts::Scope::Desk { hidden: vec![] };
    for id in ids {
        let (ticket, version) = store::tickets::find(&store, &everything, id).await.unwrap().expect("it was acknowledged");
        assert_eq!(ticket.messages, 1);
        assert!(version.0 > 0, "with its event");
    }
    assert_eq!(store::events::head(&store).await.unwrap().0, 20);
}

#[tokio::test]
async fn migrations_run_on_both_and_back_over_rows() {
    for kind in store::testing::KINDS {
        let world = World::new(fresh(kind).await).await;
        world.open("marieke", "Rij").await;
        let store = world.desk.store();
        assert_eq!(store.pending_migrations().await.unwrap(), 0);
        store.migrate().await.unwrap();
        store.migrate_down(1).await.unwrap();
        assert_eq!(store.pending_migrations().await.unwrap(), 1);
        store.migrate().await.unwrap();
        assert!(store::accounts::is_empty(store).await.unwrap());
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
