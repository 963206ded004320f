//! `seed`: fills an empty database with many tickets. `verify`: whether acknowledged tickets are there.

use crate::words::{Words, html};
use crate::{Outcome, report};
use clap::Args;
use desk::attachments::Files;
use desk::{Clock, Desk, Store};
use domain::TicketId;
use domain::accounts::{EmailAddress, Scope};
use domain::events::Happening;
use domain::time::Moment;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use store::bulk::{self, Known, Plan, Seeded};

/// The customer and the agent that measurements log in with, and the password of both.
pub const CUSTOMER: &str = "klant@meting.example";
/// See [`CUSTOMER`].
pub const AGENT: &str = "medewerker@meting.example";
/// See [`CUSTOMER`].
pub const PASSWORD: &str = "meting-meting";
const DEPARTMENTS: [&str; 4] = ["Helpdesk", "Koppelingen", "Rapportage", "Beheer"];

/// What to seed.
#[derive(Debug, Clone, Args)]
pub struct Seed {
    /// `sqlite:path` or `postgres://…`; its tables are made where they are not there.
    #[arg(long)]
    pub database: String,
    /// How many tickets, with three messages each.
    #[arg(long, default_value_t = 10_000)]
    pub tickets: u64,
    /// How many of them are on the board; the rest are closed.
    #[arg(long, default_value_t = 200)]
    pub open: u64,
    /// The same seed gives the same tickets.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What to verify.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The database.
    #[arg(long)]
    pub database: String,
    /// The file that `open` wrote.
    #[arg(long)]
    pub acknowledged: PathBuf,
}

/// Connects and makes the tables; only to a database on this machine.
pub async fn connect(url: &str) -> Outcome<Store> {
    let elsewhere = url.starts_with("postgres")
        && !["@127.0.0.1", "@localhost", "@[::1]", "//127.0.0.1", "//localhost", "@/", "///"].iter().any(|here| url.contains(here));
    if elsewhere {
        return Err(format!("{url}: measurements are made on this machine only").into());
    }
    let store = Store::connect(url, 10).await?;
    store.migrate().await?;
    Ok(store)
}

/// What staff see: everything.
const DESK: Scope = Scope::system();

/// Seeds a database and says how fast that went.
pub async fn seed(args: &Seed) -> Outcome<Seeded> {
    let store = connect(&args.database).await?;
    if !store::accounts::is_empty(&store).await? {
        return Err(format!("{}: there is something in it already", args.database).into());
    }
    let begun = Instant::now();
    let seeded = fill(&store, args, &mut |done| {
        let seconds = begun.elapsed().as_secs_f64();
        eprintln!("{done:>9} of {} tickets, {seconds:.0} s, {:.0} tickets/s", args.tickets, done as f64 / seconds);
    })
    .await?;
    // Closing brings the write-ahead log into the file, as a server that is stopped does.
    store.close().await;
    eprintln!("{} tickets, {} events, {} organisations in {:.1} s", args.tickets, seeded.events, seeded.organisations, begun.elapsed().as_secs_f64());
    Ok(seeded)
}

/// What was seeded, for a person or a script that goes on from there.
pub fn told(seeded: Seeded) -> serde_json::Value {
    serde_json::json!({
        "customer": CUSTOMER, "agent": AGENT, "password": PASSWORD, "conversation": seeded.conversation, "first": seeded.first, "last": seeded.last,
        "organisations": seeded.organisations, "events": seeded.events,
    })
}

async fn fill(store: &Store, args: &Seed, told: &mut (dyn FnMut(u64) + Send)) -> Outcome<Seeded> {
    let password_hash = desk::accounts::hash_password(PASSWORD).await?;
    let known = |name: &str, email: &str| -> Outcome<Known> {
        Ok(Known { name: name.to_owned(), email: EmailAddress::parse(email).ok_or("the address is none")?, password_hash: password_hash.clone() })
    };
    // Of ten on the board three are new, four open, two waiting and one resolved.
    let part = |tenths: u64| args.open * tenths / 10;
    let plan = Plan {
        tickets: args.tickets,
        board: [args.open - part(4) - part(2) - part(1), part(4), part(2), part(1)],
        now: Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?),
        seed: args.seed,
        departments: DEPARTMENTS.map(str::to_owned).to_vec(),
        time_zone: desk::zones::DEFAULT.to_owned(),
        customer: known("Klaas Meting", CUSTOMER)?,
        agent: known("Marijke Meting", AGENT)?,
    };
    let mut words = Words::default();
    let mut draw = |text, random: &mut bulk::Random| words.draw(text, random);
    let seeded = bulk::seed(store, &plan, &mut bulk::Words { draw: &mut draw, html }, told).await?;
    let files = std::env::temp_dir().join(format!("balie-bench-seed-{}", std::process::id()));
    desk::hours::reckon_all(&Desk::open(store.clone(), Files::open(&files, 1)?, Clock::System)).await?;
    bulk::hush(store).await?;
    std::fs::remove_dir_all(&files)?;
    Ok(seeded)
}

/// Looks for every acknowledged ticket, whole; gives how many there were to find, and those that are not there.
pub async fn verify(args: &Verify) -> Outcome<(usize, Vec<i64>)> {
    let store = connect(&args.database).await?;
    let text = std::fs::read_to_string(&args.acknowledged)?;
    let ids: Vec<i64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let mut missing = vec![];
    for id in &ids {
        let ticket = TicketId(*id);
        let read = store::conversation::read(&store, &DESK, ticket).await?;
        let opened = read.history.iter().any(|e| matches!(e.what, Happening::Opened { .. }));
        if read.messages.is_empty() || !opened || store::tickets::cards(&store, &[ticket]).await?.is_empty() {
            missing.push(*id);
        }
    }
    store.close().await;
    Ok((ids.len(), missing))
}

/// Says what `verify` found; fails where a ticket is missing.
pub async fn verify_and_say(args: &Verify) -> Outcome<()> {
    let (looked_for, missing) = verify(args).await?;
    report::print(&serde_json::json!({ "acknowledged": looked_for, "missing": missing }));
    if missing.is_empty() { Ok(()) } else { Err(format!("{} acknowledged tickets are not there", missing.len()).into()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    use domain::EventNo;
    use domain::board::Filter;
    use domain::tickets::{Side, Status};

    use store::tickets::Shelf;
    use store::{Kind, testing};

    async fn seeded(kind: Kind, tickets: u64) -> (testing::Fresh, Seeded) {
        let fresh = testing::fresh(kind).await;
        let args = Seed { database: String::new(), tickets, open: 200, seed: 1 };
        let seeded = fill(&fresh.store, &args, &mut |_| {}).await.unwrap();
        (fresh, seeded)
    }

    async fn found(store: &Store, word: &str) -> usize {
        let filter = Filter { text: Some(word.to_owned()), ..Filter::default() };
        let of = store::board::PageOf { scope: &DESK, filter: &filter, sort: store::board::Sort::Updated, ascending: false, from: None, size: 50 };
        store::board::page(store, &of).await.unwrap().cards.len()
    }

    #[tokio::test]
    async fn what_is_seeded_is_what_the_desk_would_have_written() {
        for kind in testing::KINDS {
            let (fresh, seeded) = seeded(kind, 700).await;
            let store = &fresh.store;
            assert_eq!((seeded.first, seeded.last), (TicketId(1001), TicketId(1700)));

            let (mut at, mut log) = (EventNo(0), vec![]);
            loop {
                let next = store::events::after(store, at, 500).await.unwrap();
                let Some(last) = next.last() else { break };
                at = last.event.n;
                log.extend(next);
            }
            assert!(log.iter().enumerate().all(|(i, h)| h.event.n.0 == i as i64 + 1), "the log has a gap");
            assert_eq!(at, store::events::head(store).await.unwrap());
            assert_eq!(at.0, seeded.events);

            let ids: Vec<TicketId> = (1001..=1700).map(TicketId).collect();
            let cards = store::tickets::cards(store, &ids).await.unwrap();
            assert_eq!(cards.len(), 700);
            for card in &cards {
                let mine: Vec<_> = log.iter().filter(|h| h.event.ticket == card.id).collect();
                assert_eq!(card.version, mine.last().unwrap().event.n);
                assert_eq!(card.updated_at, mine.last().unwrap().event.at);
            }
            let tallies = store::board::tallies(store, &DESK).await.unwrap();
            for (status, n) in [(Status::New, 60), (Status::Open, 80), (Status::Waiting, 40), (Status::Resolved, 20), (Status::Closed, 500)] {
                assert_eq!(cards.iter().filter(|c| c.status == status).count() as i64, n, "{status:?}");
                assert_eq!(tallies.iter().find(|t| t.0 == status).map(|t| t.1), Some(n), "{status:?}");
            }
            let (board, _) = store::board::snapshot(store, &DESK, &Filter::default(), &[], &[]).await.unwrap();
            assert_eq!(board.columns.iter().map(|c| c.total).sum::<i64>(), 200);
            assert!(found(store, crate::words::COMMON).await == 50 && found(store, crate::words::RARE).await == 1);

            let talk = store::conversation::read(store, &DESK, seeded.conversation.unwrap()).await.unwrap().messages;
            assert_eq!(talk.len(), 20);
            assert!(talk[0].0.side == Side::Customer && talk[1].0.side == Side::Agent);
            let customer = seeded.customer;
            assert_eq!(store::tickets::shelf(store, customer, Shelf::Running, 100).await.unwrap().len(), 50);
            assert_eq!(store::search::portal(store, &domain::accounts::Scope::Own(customer), "de", 100).await.unwrap().len(), 80);

            // The normal path goes on where this one ended.
            let change = store.begin().await.unwrap();
            let new = store::events::append(&change, seeded.last, None, Moment(1), &[Happening::Tagged { tag: "x".into() }]).await.unwrap();
            let message = store::conversation::NewMessage {
                ticket: seeded.last,
                author: customer,
                note: false,
                text: "x",
                html: "x",
                submission: None,
                mail: None,
            };
            let message = store::conversation::add_message(&change, &message, Moment(1)).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!((new.0, message.0), (seeded.events + 1, 700 * 3 + 17 + 1));
        }
    }

    #[tokio::test]
    async fn the_known_accounts_can_log_in() {
        let (fresh, _) = seeded(Kind::Sqlite, 20).await;
        for email in [CUSTOMER, AGENT, "agent1@balie.example"] {
            let email = EmailAddress::parse(email).unwrap();
            assert!(store::accounts::by_email(&fresh.store, &email).await.unwrap().is_some_and(|a| a.password_hash.is_some()));
        }
    }
}
