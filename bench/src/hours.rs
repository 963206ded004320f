//! Office hours and targets: adding working time, every due reckoned anew after a change of hours while boards are read, the tick, and how soon a missed target is heard.

use crate::Outcome;
use crate::report::{self, Bar, Figure, Latencies};
use crate::seed::{self, PASSWORD, Seed};
use clap::Args;
use desk::accounts::{Agent, Newcomer};
use desk::attachments::Files;
use desk::audit::Origin;
use desk::tickets::{Edit, edit};
use desk::{Clock, Desk};
use domain::DepartmentId;
use domain::accounts::Role;
use domain::board::Filter;
use domain::events::Happening;
use domain::hours::Target;
use domain::tickets::Urgency;
use domain::time::{Moment, Span};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many.
#[derive(Debug, Clone, Args)]
pub struct Hours {
    /// Open tickets of the large database.
    #[arg(long, default_value_t = 1_000_000)]
    pub tickets: u64,
    /// Open tickets of the small one, against which the tick is held.
    #[arg(long, default_value_t = 10_000)]
    pub few: u64,
    /// Where the databases are made; they are removed afterwards.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    pub folder: std::path::PathBuf,
}

/// Who changes hours.
const ADMIN: &str = "beheer@meting.example";
/// Tickets of which something is to be told at one tick.
const DUE: usize = 50;
/// Ticks of which the median is taken.
const TICKS: usize = 20;
/// Additions of one measurement.
const ADDITIONS: u32 = 1_000_000;

/// Measures everything, in this process.
pub async fn hours(args: &Hours) -> Outcome<()> {
    let folder = args.folder.join(format!("balie-bench-hours-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(args, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    eprintln!("{}", report::table(&measured?));
    Ok(())
}

async fn measure(args: &Hours, folder: &Path) -> Outcome<Vec<Figure>> {
    let mut figures = vec![];
    let all_open = |tickets: u64| move |database| Seed { database, tickets, open: tickets, seed: 1 };
    let (few, agent) = open(folder, "few", all_open(args.few)).await?;
    additions(&few, &mut figures).await?;
    eprintln!("  ticks among {}", args.few);
    let small = ticks(&few, &agent, args.few).await?;
    heard(&few, &agent, &mut figures).await?;

    let (many, agent) = open(folder, "many", all_open(args.tickets)).await?;
    eprintln!("  reckoning anew");
    recomputed(&many, &agent, args.tickets, &mut figures).await?;
    eprintln!("  ticks among {}", args.tickets);
    let large = ticks(&many, &agent, args.tickets).await?;
    figures.push(Figure::new(format!("a tick with {DUE} due among {}, median", args.few), small * 1e3, "ms", None));
    figures.push(Figure::new(format!("a tick with {DUE} due among {}, median", args.tickets), large * 1e3, "ms", None));
    figures.push(Figure::new("the second in times of the first", large / small, "", Some(Bar::AtMost(1.5))));
    Ok(figures)
}

/// A desk with the tickets of a plan, and an admin of it.
pub async fn open(folder: &Path, name: &str, plan: impl FnOnce(String) -> Seed) -> Outcome<(Desk, Agent)> {
    let database = format!("sqlite:{}", folder.join(format!("{name}.db")).display());
    seed::seed(&plan(database.clone())).await?;
    let desk = Desk::open(seed::connect(&database).await?, Files::open(&folder.join(name), 100)?, Clock::System);
    let new =
        Newcomer { name: "Beheer".into(), email: ADMIN.into(), role: Role::Admin, organisation: None, key_user: false, password: PASSWORD.into() };
    desk::accounts::add(&desk, &new).await?;
    let token = desk::accounts::log_in(&desk, ADMIN, PASSWORD, &Origin::default()).await?.session().ok_or("a second step is asked for")?;
    let session = desk::accounts::session(&desk, token.as_str()).await?.ok_or("there is no session")?;
    let agent = session.agent().map_err(|_| "the session is no agent's")?;
    Ok((desk, agent))
}

/// What one addition of working time costs.
async fn additions(desk: &Desk, figures: &mut Vec<Figure>) -> Outcome<()> {
    let book = desk::hours::book(desk).await?;
    let (timetable, now) = (&book.hours(DepartmentId(1)).timetable, desk.now());
    let of = |span: Span| {
        let begun = Instant::now();
        for n in 0..ADDITIONS {
            black_box(timetable.add(black_box(now + Span::minutes(i64::from(n % 20_000))), black_box(span)));
        }
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(ADDITIONS)
    };
    figures.push(Figure::new("adding four hours of office time", of(Span::hours(4)), "µs", Some(Bar::AtMost(1.0))));
    figures.push(Figure::new("adding ten years of office time", of(Span::hours(10 * 250 * 9)), "µs", Some(Bar::AtMost(20.0))));
    Ok(())
}

/// A change of hours, with boards being read before and meanwhile.
async fn recomputed(desk: &Desk, agent: &Agent, tickets: u64, figures: &mut Vec<Figure>) -> Outcome<()> {
    let (noon, night) = (desk.at(next(desk.now(), 2, 11)), desk.at(next(desk.now(), 5, 21)));
    let idle = boards(&noon, agent, &AtomicBool::new(false), 200).await?;
    let idle_at_night = boards(&night, agent, &AtomicBool::new(false), 200).await?;
    let week = ["8-16", "8-16", "8-16", "8-16", "8-16", "", ""].map(str::to_owned);
    for department in 1..=4 {
        desk::hours::save_week(desk, agent, DepartmentId(department), "Europe/Amsterdam", &week, &[]).await?;
    }
    let over = Arc::new(AtomicBool::new(false));
    let (reader, by, stop) = (noon, agent.clone(), over.clone());
    let reading = tokio::spawn(async move { boards(&reader, &by, &stop, usize::MAX).await.map_err(|error| error.to_string()) });
    let begun = Instant::now();
    desk::hours::reckon_all(desk).await?;
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("  reckoned in {seconds:.1} s");
    over.store(true, Ordering::Relaxed);
    let busy = reading.await??;
    // Made up long ago, all of them are late by now: a tick would tell so of each.
    store::bulk::hush(desk.store()).await?;
    figures.push(Figure::new(format!("what is due on {tickets} tickets reckoned anew"), seconds, "s", Some(Bar::AtMost(20.0))));
    figures.push(Figure::new("a board read meanwhile, p99", busy, "ms", None));
    figures.push(Figure::new("the same with nothing else going on", idle, "ms", None));
    figures.push(Figure::new("the same at night, when the offices are closed", idle_at_night, "ms", None));
    Ok(())
}

/// The next time that it is such an hour of a weekday, counted from Monday; in UTC.
fn next(now: Moment, weekday: i64, hour: i64) -> Moment {
    let today = now.0.div_euclid(86_400_000);
    let ahead = (weekday - i64::from(domain::time::weekday(today))).rem_euclid(7);
    Moment((today + ahead) * 86_400_000) + Span::hours(hour)
}

/// The p99 of boards read one after the other until there were so many, or it is over.
async fn boards(desk: &Desk, agent: &Agent, over: &AtomicBool, most: usize) -> Outcome<f64> {
    let mut latencies = Latencies::new()?;
    for _ in 0..most {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        desk::board::snapshot(desk, agent, &Filter::default()).await?;
        latencies.add(begun.elapsed().as_micros());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(latencies.summary().p99_ms)
}

/// The median of ticks at which so many are due.
async fn ticks(desk: &Desk, agent: &Agent, tickets: u64) -> Outcome<f64> {
    let first = store::hours::reckoned(desk.store()).await?.last - tickets as i64 + 1;
    let mut took = vec![];
    for round in 0..TICKS {
        // Saved anew, each has its own next tick; that of the oldest tickets is long over, at whatever hour this runs.
        for n in 0..DUE {
            let id = domain::TicketId(first + (round * DUE + n) as i64 * 7);
            edit(desk, agent, id, &[Edit::Tag(format!("ronde {round}"))], None).await?;
        }
        let begun = Instant::now();
        let told = desk::hours::tick(desk).await?;
        if told < DUE / 10 {
            return Err(format!("a tick told {told} of {DUE}").into());
        }
        took.push(begun.elapsed().as_secs_f64() / told as f64 * DUE as f64);
    }
    took.sort_by(f64::total_cmp);
    Ok(took[TICKS / 2])
}

/// How long after its moment a missed target is in the memory that streams read from.
async fn heard(desk: &Desk, agent: &Agent, figures: &mut Vec<Figure>) -> Outcome<()> {
    let minute = Target { first_reply: "1m".parse().ok(), around_the_clock: true, ..Target::default() };
    desk::hours::save_target(desk, agent, Urgency::High, None, None, Some(&minute)).await?;
    desk::hours::reckon_all(desk).await?;
    store::bulk::hush(desk.store()).await?;
    let (following, ticking) = (desk.clone(), desk.clone());
    let follow = tokio::spawn(async move { desk::live::follow(&following).await });
    let tick = tokio::spawn(async move { desk::workers::run(&ticking, desk::hours::worker()).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut head = desk.tail().head();
    let mut from = *head.borrow_and_update();
    let asked = ask(desk).await?;
    let (mut late, mut left) = (vec![], asked);
    let until = Instant::now() + Duration::from_secs(90);
    while left > 0 && Instant::now() < until {
        tokio::time::timeout(Duration::from_secs(90), head.changed()).await??;
        let now = desk.now();
        for heard in store::events::after(desk.store(), from, 1_000).await? {
            from = heard.event.n;
            if let Happening::TargetMissed { due, .. } = heard.event.what {
                late.push((now - due).0 as f64 / 1e3);
                left -= 1;
            }
        }
    }
    follow.abort();
    tick.abort();
    if left > 0 {
        return Err(format!("{left} of {asked} missed targets were not heard").into());
    }
    let worst = late.iter().copied().fold(0.0, f64::max);
    figures.push(Figure::new(format!("a target missed until boards hear it, worst of {asked}"), worst, "s", Some(Bar::AtMost(2.0))));
    Ok(())
}

/// Opens urgent tickets, half a second apart; gives how many.
async fn ask(desk: &Desk) -> Outcome<usize> {
    let token = desk::accounts::log_in(desk, seed::CUSTOMER, PASSWORD, &Origin::default()).await?.session().ok_or("a second step is asked for")?;
    let session = desk::accounts::session(desk, token.as_str()).await?.ok_or("there is no session")?;
    let customer = session.customer().map_err(|_| "the session is no customer's")?;
    for n in 0..20 {
        let form = domain::tickets::TicketForm {
            urgency: Urgency::High.word().to_owned(),
            department: "1".to_owned(),
            subject: format!("Dringend {n}"),
            description: "Alles staat stil".to_owned(),
            stopped: "Alles".to_owned(),
            people: "9".to_owned(),
            ..Default::default()
        };
        desk::tickets::open(desk, &customer, &form, None).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(20)
}
