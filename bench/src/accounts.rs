//! Accounts: pages while someone tries passwords by the thousand, what a session costs among many, an import, and whether the time of an answer tells who has an account.

use crate::http::{self, log_in};
use crate::load::{Load, Work, run};
use crate::memory::Sampler;
use crate::report::{self, Bar, Figure};
use crate::seed::{self, AGENT, CUSTOMER, PASSWORD};
use crate::server::{Server, Start};
use crate::{Outcome, routes};
use clap::Args;
use desk::accounts::{Agent, ImportProgress, Newcomer};
use desk::attachments::{Files, Upload};
use desk::audit::Origin;
use desk::{Clock, Desk};
use domain::accounts::{Language, Role};
use domain::time::Span;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// How many of each.
#[derive(Debug, Clone, Args)]
pub struct Accounts {
    /// Sessions among which one is looked up.
    #[arg(long, default_value_t = 100_000)]
    pub sessions: usize,
    /// People of one import.
    #[arg(long, default_value_t = 10_000)]
    pub people: usize,
    /// Tries of each kind whose times are held against each other.
    #[arg(long, default_value_t = 1_000)]
    pub tries: usize,
}

/// How much of an attack.
#[derive(Debug, Clone, Args)]
pub struct Attack {
    /// The server to start; its database was filled by `seed`.
    #[command(flatten)]
    pub server: Start,
    /// Wrong log-ins a second, each from an address of its own.
    #[arg(long, default_value_t = 1_000)]
    pub rate: u32,
    /// Pages a second that signed-in people ask for meanwhile.
    #[arg(long, default_value_t = 50)]
    pub pages: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 20)]
    pub seconds: u32,
    /// How often each is measured, idle and under attack in turn.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
}

/// Connections over which wrong passwords come.
const STORM: u32 = 256;
/// Divisions at random that a difference is held against.
const DIVISIONS: usize = 2_000;
/// Session checks of which the median is taken.
const CHECKS: usize = 2_000;

/// Measures sessions, an import and times, in this process, on a database of its own.
pub async fn accounts(args: &Accounts) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("balie-bench-accounts-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(args, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    eprintln!("{}", report::table(&measured?));
    Ok(())
}

async fn measure(args: &Accounts, folder: &std::path::Path) -> Outcome<Vec<Figure>> {
    let store = seed::connect(&format!("sqlite:{}", folder.join("balie.db").display())).await?;
    let desk = Desk::open(store, Files::open(&folder.join("files"), 100)?, Clock::System);
    for (email, role, organisation) in [(AGENT, Role::Admin, None), (CUSTOMER, Role::Customer, Some("Bench"))] {
        let organisation = organisation.map(str::to_owned);
        let new = Newcomer { name: "Bench".into(), email: email.into(), role, organisation, key_user: false, password: PASSWORD.into() };
        desk::accounts::add(&desk, &new).await?;
    }
    let token = desk::accounts::log_in(&desk, AGENT, PASSWORD, &Origin::default()).await?.session().ok_or("a second step is asked for")?;
    let admin = desk::accounts::session(&desk, token.as_str()).await?.ok_or("there is no session")?;
    let mut figures = vec![];

    let few = session_check(&desk, token.as_str()).await?;
    many_sessions(&desk, args.sessions).await?;
    let many = session_check(&desk, token.as_str()).await?;
    figures.push(Figure::new("session check, median, few sessions", few * 1_000.0, "ms", None));
    figures.push(Figure::new(format!("session check, median, among {}", args.sessions), many * 1_000.0, "ms", Some(Bar::AtMost(0.3))));

    let seconds = import(&desk, &admin.agent().map_err(|_| "the session is no agent's")?, args.people).await?;
    figures.push(Figure::new(format!("import of {} people", args.people), seconds, "s", Some(Bar::AtMost(10.0))));

    let [log_in, noise] = times(&desk, args.tries, Kind::LogIn).await?;
    figures.push(Figure::new("log-in: known against unknown address, medians apart", log_in, "µs", Some(Bar::AtMost(noise))));
    figures.push(Figure::new("log-in: noise, 95 of 100 divisions at random", noise, "µs", None));
    let [reset, noise] = times(&desk, args.tries, Kind::Reset).await?;
    figures.push(Figure::new("reset: known against unknown address, medians apart", reset, "µs", Some(Bar::AtMost(noise))));
    figures.push(Figure::new("reset: noise, 95 of 100 divisions at random", noise, "µs", None));
    Ok(figures)
}

/// The median of checks of a session, in seconds.
async fn session_check(desk: &Desk, token: &str) -> Outcome<f64> {
    let mut took = Vec::with_capacity(CHECKS);
    for _ in 0..CHECKS {
        let begun = Instant::now();
        desk::accounts::session(desk, token).await?.ok_or("the session ended")?;
        took.push(begun.elapsed());
    }
    Ok(median(&mut took).as_secs_f64())
}

async fn many_sessions(desk: &Desk, sessions: usize) -> Outcome<()> {
    let customer = store::accounts::by_email(desk.store(), &domain::accounts::EmailAddress::parse(CUSTOMER).ok_or("no address")?).await?;
    let customer = customer.ok_or("there is no customer")?.person.id;
    let now = desk.now();
    for from in (0..sessions).step_by(1_000) {
        let change = desk.store().begin().await?;
        for n in from..(from + 1_000).min(sessions) {
            store::sessions::begin(&change, &format!("{n:064x}"), customer, ["Bench", "127.0.0.1"], now, now + Span::days(1)).await?;
        }
        change.commit().await?;
    }
    Ok(())
}

/// Imports people from a file; gives the seconds from its choice until they are there.
async fn import(desk: &Desk, admin: &Agent, people: usize) -> Outcome<f64> {
    let mut table = String::from("naam;e-mail;organisatie;key user\n");
    for n in 0..people {
        table.push_str(&format!("Persoon {n};persoon{n}@import.example;Organisatie {};\n", n % 500));
    }
    let mut upload = Upload::begin(desk, admin.session(), "mensen.csv", Some(table.len() as u64)).await?;
    upload.write(table.as_bytes()).await?;
    let file = upload.finish().await?.id.to_string();
    let begun = Instant::now();
    desk::accounts::begin_import(desk, admin, &file, &[]).await?;
    let mut steps = 0;
    loop {
        match desk::accounts::import_progress(desk, admin, &file) {
            Some(ImportProgress { over: Some(Ok(())), .. }) => break,
            Some(ImportProgress { over: Some(Err(error)), .. }) => return Err(error.into()),
            Some(_) => steps += 1,
            None => return Err("the import is not known".into()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!("the import was seen {steps} times on its way");
    Ok(begun.elapsed().as_secs_f64())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    LogIn,
    Reset,
}

/// How far the medians of a known and an unknown address are apart, and how far chance alone puts them, in microseconds. In no order, so that what the machine does meanwhile, and what the one before left behind, meets both.
async fn times(desk: &Desk, tries: usize, kind: Kind) -> Outcome<[f64; 2]> {
    let mut took: [Vec<f64>; 2] = Default::default();
    let mut random = store::bulk::Random::new(1);
    for n in 0..tries * 2 {
        let which = random.below(2) as usize;
        // Of one length: what is read of an address takes its time whoever it is of.
        let address = if which == 0 { CUSTOMER.to_owned() } else { "niets@meting.example".to_owned() };
        let origin = Origin { address: Some(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n as u32))), ..Origin::default() };
        // Each from a clock a day later: nothing is throttled.
        let desk = desk.at(desk.now() + Span::days(n as i64));
        let begun = Instant::now();
        match kind {
            Kind::LogIn => drop(desk::accounts::log_in(&desk, &address, "helemaal verkeerd", &origin).await),
            Kind::Reset => desk::accounts::ask_reset(&desk, &address, Language::Nl, &origin).await?,
        }
        took[which].push(begun.elapsed().as_secs_f64() * 1e6);
        if kind == Kind::Reset {
            // What goes on behind the answer is not what is measured.
            tokio::time::sleep(desk::accounts::AFTER_THE_ANSWER + Duration::from_millis(3)).await;
            drop(desk.mail().transport().take());
        }
    }
    let apart = apart(&took.concat(), took[0].len());
    Ok([apart, chance(&took.concat(), took[0].len(), &mut random)])
}

/// How far the medians of the first so many and of the rest are apart.
fn apart(times: &[f64], first: usize) -> f64 {
    let (a, b) = times.split_at(first);
    let [a, b] = [a, b].map(|part| {
        let mut part = part.to_vec();
        let middle = part.len() / 2;
        part.select_nth_unstable_by(middle, f64::total_cmp);
        part[middle]
    });
    (a - b).abs()
}

/// How far the medians are apart at most in 95 of 100 divisions at random: what a difference must exceed to be one (a permutation test).
fn chance(times: &[f64], first: usize, random: &mut store::bulk::Random) -> f64 {
    let mut times = times.to_vec();
    let mut by_chance: Vec<f64> = (0..DIVISIONS)
        .map(|_| {
            for n in (1..times.len()).rev() {
                times.swap(n, random.below(n as u64 + 1) as usize);
            }
            apart(&times, first)
        })
        .collect();
    by_chance.sort_by(f64::total_cmp);
    by_chance[DIVISIONS * 95 / 100]
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Wrong log-ins, each of another address of a network and of another account.
struct Wrong {
    n: u32,
    step: u32,
    target: crate::client::Target,
    request: Vec<u8>,
}

impl Work for Wrong {
    fn next(&mut self) -> &[u8] {
        self.n = self.n.wrapping_add(self.step);
        // Half of them of an account that there is.
        let email = if (self.n / self.step).is_multiple_of(2) { CUSTOMER.to_owned() } else { format!("niemand{}@bench.example", self.n) };
        let fields = [(routes::EMAIL, email.as_str()), (routes::PASSWORD, "helemaal verkeerd")];
        let request = self.target.post(routes::LOG_IN, "", "application/json", &fields);
        let from = format!("X-Forwarded-For: {}\r\n", Ipv4Addr::from(0x0b00_0000_u32.wrapping_add(self.n)));
        let at = request.windows(2).position(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
        self.request = [&request[..at], from.as_bytes(), &request[at..]].concat();
        &self.request
    }

    fn answered(&mut self, answer: &crate::client::Answer) -> bool {
        matches!(answer.status, 401 | 429)
    }
}

/// Measures pages without and with an attack, in turn, against a server it starts.
pub async fn attack(args: &Attack) -> Outcome<()> {
    let how = Start { settings: vec![("BALIE_TRUSTED_PROXIES".to_owned(), "1".to_owned())], ..args.server.clone() };
    let server = Server::start(&how).await?;
    let target = server.target.clone();
    let (agent, customer) = (log_in(&target, &format!("{AGENT}:{PASSWORD}")).await?, log_in(&target, &format!("{CUSTOMER}:{PASSWORD}")).await?);
    let load = Load { connections: 4, seconds: args.seconds, warmup: 2, rate: Some(args.pages) };
    // More connections than there are places to wait in: who finds none is turned away, and asks again.
    let storm = Load { connections: STORM, rate: Some(args.rate), ..load };
    let mut figures = vec![];
    for (path, cookie) in [("/board", &agent), ("/list", &agent), ("/", &customer)] {
        let mut ratios = vec![];
        for _ in 0..args.rounds {
            let idle = http::page(&target, cookie, path, &load, None).await?.measured;
            let sampler = Sampler::start(server.pid())?;
            let (page, wrong) = tokio::join!(
                http::page(&target, cookie, path, &load, None),
                run(&target, &storm, |n| Wrong { n, step: storm.connections, target: target.clone(), request: vec![] })
            );
            let (page, wrong, memory) = (page?.measured, wrong?, sampler.stop());
            let ratio = page.latency.p99_ms / idle.latency.p99_ms;
            eprintln!(
                "{path}: p99 {:.2} ms idle, {:.2} ms under attack, {ratio:.2} times; {:.0} wrong log-ins/s answered {:?}, {} errors; memory {:.0} MiB",
                idle.latency.p99_ms,
                page.latency.p99_ms,
                wrong.per_second,
                wrong.statuses,
                page.errors + idle.errors + wrong.errors,
                memory.mebibytes()
            );
            ratios.push(ratio);
        }
        ratios.sort_by(f64::total_cmp);
        figures.push(Figure::new(format!("{path}: p99 under attack, in times of idle"), ratios[ratios.len() / 2], "", Some(Bar::AtMost(2.0))));
    }
    server.stop()?;
    eprintln!("{}", report::table(&figures));
    Ok(())
}
