//! What each page asks of the database: few statements, none of which reads a table that grows from end to end, whatever the database.

use crate::support::{Server, get};
use axum::http::StatusCode;
use desk::attachments::Files;
use desk::{Clock, Desk};
use store::Kind;
use store::testing::statements::{Statements, scans};
use store::testing::{KINDS, fresh, many};

const PEOPLE: u32 = 20_000;
const TICKETS: u32 = 100_000;

/// Who asks for which page, and by how many statements it may be answered, the look-up of the session among them. `{ticket}` is a ticket of the customer's.
/// A column of a filtered board that is full is counted, by a statement of its own.
const PAGES: &[(&str, &str, usize)] = &[
    ("sanne", "/list", 2),
    ("sanne", "/list?sort=updated", 2),
    ("sanne", "/list?sort=urgency&order=asc", 2),
    ("sanne", "/list?status=open", 2),
    ("sanne", "/list?department=1", 2),
    ("sanne", "/list?assignee=nobody&sort=updated", 2),
    ("sanne", "/list?organisation=1", 3),
    ("sanne", "/list?tag=label3", 2),
    ("sanne", "/list?q=vraag+77", 3),
    ("sanne", "/board", 2),
    ("sanne", "/board?assignee=nobody", 6),
    ("sanne", "/board?q=vraag+77", 8),
    ("sanne", "/tickets/{ticket}", 2),
    ("marieke", "/", 2),
    ("marieke", "/?all=true", 2),
    ("marieke", "/?q=vraag", 4),
    ("marieke", "/tickets/{ticket}", 2),
    ("marieke", "/tickets/new", 5),
    ("marieke", "/account", 8),
    ("sanne", "/account", 8),
    ("sanne", "/people", 4),
    ("sanne", "/people?q=persoon+123", 4),
    ("sanne", "/organisations", 4),
    ("sanne", "/organisations/1", 6),
    ("hanneke", "/departments", 5),
    ("hanneke", "/hours", 6),
    ("hanneke", "/targets", 6),
    ("hanneke", "/audit", 4),
    ("hanneke", "/security", 6),
    ("hanneke", "/privacy", 7),
    ("hanneke", "/mail", 8),
    ("sanne", "/on-call", 8),
];

#[tokio::test]
async fn a_page_asks_little_of_the_database_however_much_is_in_it() {
    let mut wrong = vec![];
    for kind in KINDS {
        let mut fresh = fresh(kind).await;
        let statements = Statements::record(&mut fresh.store);
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(fresh.store.clone(), Files::open(folder.path(), 2).unwrap(), Clock::System);
        crate::support::people(&desk).await;
        let server = Server::with(desk);
        let (sanne, marieke, hanneke) = (server.log_in("sanne").await, server.log_in("marieke").await, server.log_in("hanneke").await);
        let ticket = server.open(&marieke, "eerste").await;
        many::add(server.desk.store(), PEOPLE, TICKETS).await;
        for (who, page, most) in PAGES {
            let cookie = match *who {
                "sanne" => &sanne,
                "marieke" => &marieke,
                _ => &hanneke,
            };
            let path = page.replace("{ticket}", &ticket.to_string());
            // Once before: what is read into memory is read once.
            server.answer(get(&path, cookie)).await;
            statements.take();
            let answer = server.answer(get(&path, cookie)).await;
            let asked = statements.take();
            assert_eq!(answer.status, StatusCode::OK, "{who} {path}: {}", answer.text);
            if asked.len() > *most {
                let asked: Vec<&str> = asked.iter().map(|statement| statement.sql.as_str()).collect();
                wrong.push(format!("{kind:?} {who} {path}: {} statements, {most} are allowed:\n  {}", asked.len(), asked.join("\n  ")));
            }
            for statement in asked {
                for scan in scans(server.desk.store(), &statement).await {
                    wrong.push(format!("{kind:?} {who} {path}: {scan}\n  in {}", statement.sql));
                }
            }
            statements.take();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_scan_of_a_table_that_grows_is_seen() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut fresh = fresh(kind).await;
        let statements = Statements::record(&mut fresh.store);
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(fresh.store.clone(), Files::open(folder.path(), 2).unwrap(), Clock::System);
        crate::support::people(&desk).await;
        let server = Server::with(desk);
        let marieke = server.log_in("marieke").await;
        server.open(&marieke, "eerste").await;
        many::add(server.desk.store(), PEOPLE, 1_000).await;
        statements.take();
        // Every account is what is asked for here, so everything is read.
        store::accounts::everyone(server.desk.store()).await.unwrap();
        let asked = statements.take();
        assert_eq!(asked.len(), 1);
        assert!(!scans(server.desk.store(), &asked[0]).await.is_empty(), "{kind:?}");
    }
}
