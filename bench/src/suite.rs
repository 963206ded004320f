//! `suite`: all of it, against a server that is started for it; JSON with every detail, and one table with the bars.

use crate::client::{Connection, Target};
use crate::http::{self, Open, Who, log_in, page};
use crate::load::Load;
use crate::report::{self, Bar, Figure};
use crate::seed::{self, AGENT, CUSTOMER, PASSWORD, Seed, Verify};
use crate::server::{self, Server, Start};
use crate::words::{COMMON, RARE};
use crate::{Outcome, live, memory, routes, upload};
use clap::{Args, ValueEnum};
use domain::accounts::EmailAddress;
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;
use store::tickets::Shelf;
use tokio::time::sleep;

/// The size the bars of the pages are about.
const BAR_SIZE: u64 = 100_000;
/// Requests a second at which sizes are compared, and words are searched for.
const GROWTH_RATE: u32 = 200;
const SEARCH_RATE: u32 = 50;

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Part {
    Pages,
    Json,
    Growth,
    Search,
    Open,
    Live,
    Idle,
    Start,
    Weight,
    Upload,
}

/// What to run.
#[derive(Debug, Clone, Args)]
pub struct Suite {
    /// The executable.
    #[arg(long, default_value = "target/release/balie")]
    pub binary: PathBuf,
    /// The built assets.
    #[arg(long, default_value = "target/site")]
    pub site_root: PathBuf,
    /// Where files go.
    #[arg(long, default_value = "target/bench")]
    pub work: PathBuf,
    /// The databases: `{name}` stands for the number of tickets, or for `open`. On PostgreSQL they must be there, empty.
    #[arg(long, default_value = "sqlite:target/bench/{name}.db")]
    pub database: String,
    /// Numbers of tickets.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    pub sizes: Vec<u64>,
    /// Which parts; all unless given.
    #[arg(long, value_delimiter = ',')]
    pub parts: Vec<Part>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// A free port; the three after it are used too.
    #[arg(long, default_value_t = 3_990)]
    pub port: u16,
    /// Mebibytes of the upload.
    #[arg(long, default_value_t = 1_024)]
    pub mebibytes: u64,
    /// Where the JSON goes.
    #[arg(long, default_value = "docs/benchmarks.json")]
    pub out: PathBuf,
}

struct Run<'a> {
    args: &'a Suite,
    figures: Vec<Figure>,
    details: Map<String, Value>,
    /// The p99 of each page at each size, at the same rate.
    growth: Vec<(u64, String, f64)>,
}

/// Runs it, prints the table and writes the JSON; what fails is told in its place, and the rest goes on.
pub async fn suite(args: &Suite) -> Outcome<()> {
    std::fs::create_dir_all(&args.work)?;
    let mut run = Run { args, figures: vec![], details: Map::new(), growth: vec![] };
    let mut sizes = args.sizes.clone();
    sizes.sort_unstable();
    let mut failed = 0;
    for size in &sizes {
        if let Err(error) = run.size(*size, &sizes).await {
            eprintln!("bench: {size} tickets: {error}");
            failed += 1;
        }
    }
    if let Err(error) = run.apart(sizes.last().copied().unwrap_or(BAR_SIZE)).await {
        eprintln!("bench: {error}");
        failed += 1;
    }
    run.compare(&sizes);
    report::write(&args.out, &run.figures, &Value::Object(run.details))?;
    println!("{}", report::table(&run.figures));
    if failed == 0 { Ok(()) } else { Err("not everything could be measured".into()) }
}

impl Run<'_> {
    fn has(&self, part: Part) -> bool {
        self.args.parts.is_empty() || self.args.parts.contains(&part)
    }

    fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str, bar: Option<Bar>) {
        let figure = Figure::new(what, value, unit, bar);
        eprintln!("{}: {value:.2} {unit}", figure.what);
        self.figures.push(figure);
    }

    fn keep(&mut self, name: String, detail: &impl Serialize) -> Outcome<()> {
        self.details.insert(name, serde_json::to_value(detail)?);
        Ok(())
    }

    fn start(&self, name: &str) -> Start {
        let args = self.args;
        Start {
            binary: args.binary.clone(),
            database: args.database.replace("{name}", name),
            files: args.work.join("files"),
            site_root: args.site_root.clone(),
            port: args.port,
            times: 5,
            settings: vec![],
        }
    }

    fn load(&self, rate: Option<u32>) -> Load {
        Load { connections: 8, seconds: self.args.seconds, warmup: 3, rate }
    }

    /// Everything that is measured at one number of tickets.
    async fn size(&mut self, size: u64, sizes: &[u64]) -> Outcome<()> {
        let (first, last) = (sizes.first() == Some(&size), sizes.last() == Some(&size));
        let for_bars = size == BAR_SIZE || (last && !sizes.contains(&BAR_SIZE));
        if !(for_bars || (self.has(Part::Growth) && (first || last)) || (self.has(Part::Pages) || self.has(Part::Search)) && last) {
            return Ok(());
        }
        let how = self.start(&size.to_string());
        let conversation = seeded(&how.database, size).await?;
        let server = Server::start(&how).await?;
        if for_bars && self.has(Part::Idle) {
            sleep(Duration::from_secs(5)).await;
            self.add(format!("memory, idle, {size} tickets"), memory::now(server.pid())?.pss_kib as f64 / 1_024.0, "MiB", Some(Bar::AtMost(50.0)));
        }
        let agent = log_in(&server.target, &format!("{AGENT}:{PASSWORD}")).await?;
        let customer = log_in(&server.target, &format!("{CUSTOMER}:{PASSWORD}")).await?;
        let ticket = routes::ticket_page(conversation);
        let pages = [
            ("list page", &agent, routes::LIST, 2_000.0),
            ("ticket page", &customer, ticket.as_str(), 2_000.0),
            ("portal home", &customer, routes::HOME, 2_000.0),
            ("board", &agent, routes::BOARD, 500.0),
        ];
        for (name, cookie, path, least) in pages {
            if self.has(Part::Pages) && (for_bars || last) {
                let result = page(&server.target, cookie, path, &self.load(None), Some(server.pid())).await?;
                let bar = |bar| for_bars.then_some(bar);
                self.add(format!("{name}, {size} tickets"), result.measured.per_second, "requests/s", bar(Bar::AtLeast(least)));
                self.add(
                    format!("{name}, {size} tickets, p99"),
                    result.measured.latency.p99_ms,
                    "ms",
                    if name == "board" { None } else { bar(Bar::AtMost(15.0)) },
                );
                self.keep(format!("{name} {size}"), &result)?;
            }
            if self.has(Part::Growth) {
                let result = page(&server.target, cookie, path, &self.load(Some(GROWTH_RATE)), None).await?;
                self.growth.push((size, name.to_owned(), result.measured.latency.p99_ms));
                self.keep(format!("{name} {size} at {GROWTH_RATE}/s"), &result)?;
            }
        }
        if for_bars && self.has(Part::Json) {
            self.json(&server, &how.database, &agent).await?;
        }
        if last && self.has(Part::Search) {
            for (place, cookie, path) in [("staff", &agent, "/list?q="), ("portal", &customer, "/?q=")] {
                for (kind, word) in [("common", COMMON), ("rare", RARE)] {
                    let result = page(&server.target, cookie, &format!("{path}{word}"), &self.load(Some(SEARCH_RATE)), None).await?;
                    self.add(
                        format!("search, {place}, {kind} word, {size} tickets, p99"),
                        result.measured.latency.p99_ms,
                        "ms",
                        Some(Bar::AtMost(100.0)),
                    );
                    self.keep(format!("search {place} {kind} {size}"), &result)?;
                }
            }
        }
        server.stop()?;
        if for_bars && self.has(Part::Live) {
            self.live(&how).await?;
        }
        Ok(())
    }

    async fn json(&mut self, server: &Server, database: &str, cookie: &str) -> Outcome<()> {
        let bare = Bare::start(database, self.args.port + 2).await?;
        let rendered = page(&server.target, cookie, routes::LIST, &self.load(None), None).await?;
        let plain = page(&bare.target, cookie, routes::LIST, &self.load(None), None).await?;
        self.add(
            "list page, share of a bare JSON handler",
            rendered.measured.per_second / plain.measured.per_second * 100.0,
            "%",
            Some(Bar::AtLeast(40.0)),
        );
        self.keep("bare handler".to_owned(), &plain)
    }

    async fn live(&mut self, how: &Start) -> Outcome<()> {
        let server = Server::start(how).await?;
        let args = live::Live {
            url: server.target.url.clone(),
            login: format!("{AGENT}:{PASSWORD}"),
            pid: Some(server.pid()),
            boards: 1_000,
            sessions: 10,
            rate: 20,
            seconds: self.args.seconds.max(20),
        };
        let heard = live::measure(&args).await?;
        self.add("live, 1,000 boards, commit to received, p99", heard.from_commit.p99_ms, "ms", Some(Bar::AtMost(150.0)));
        self.add("live, request to received, p99", heard.from_request.p99_ms, "ms", None);
        self.add("live, lost", heard.lost as f64, "events", Some(Bar::AtMost(0.0)));
        self.add("live, doubled", heard.doubled as f64, "events", Some(Bar::AtMost(0.0)));
        self.add("live, streams broken and changes failed", (heard.broken + heard.failed) as f64, "", Some(Bar::AtMost(0.0)));
        if let Some(memory) = heard.memory {
            self.add("live, memory", memory.mebibytes(), "MiB", Some(Bar::AtMost(150.0)));
        }
        self.keep("live".to_owned(), &heard)?;
        server.stop()
    }

    /// What needs no other size, or a database of its own.
    async fn apart(&mut self, largest: u64) -> Outcome<()> {
        if self.has(Part::Start) {
            let how = self.start(&largest.to_string());
            seeded(&how.database, largest).await?;
            let started = server::measure(&how).await?;
            self.add(format!("start to first answer, {largest} tickets, slowest of 5"), started.max, "ms", Some(Bar::AtMost(500.0)));
            self.keep("start".to_owned(), &started)?;
        }
        if self.has(Part::Weight) {
            let (scripts, styles) = server::weight(&self.args.site_root)?;
            self.add("WASM and JS, brotli", scripts as f64 / 1_024.0, "KiB", Some(Bar::AtMost(320.0)));
            self.add("CSS, brotli", styles as f64 / 1_024.0, "KiB", Some(Bar::AtMost(20.0)));
        }
        if self.has(Part::Open) {
            self.open().await?;
        }
        if self.has(Part::Upload) {
            let how = self.start("open");
            seeded(&how.database, 10_000).await?;
            let server = Server::start(&how).await?;
            let args = upload::Upload {
                url: server.target.url.clone(),
                login: format!("{CUSTOMER}:{PASSWORD}"),
                pid: Some(server.pid()),
                mebibytes: self.args.mebibytes,
                folder: how.files.clone(),
            };
            let sent = upload::measure(&args).await?;
            self.add(format!("upload of {} MiB, share of dd", sent.mebibytes), sent.percent_of_dd, "%", Some(Bar::AtLeast(50.0)));
            if let Some(memory) = sent.memory {
                self.add("upload, growth of memory", memory.growth(), "MiB", Some(Bar::AtMost(16.0)));
            }
            self.keep("upload".to_owned(), &sent)?;
            server.stop()?;
        }
        Ok(())
    }

    /// Opens tickets; then opens more, and kills the server in the midst of it.
    async fn open(&mut self) -> Outcome<()> {
        let how = self.start("open");
        seeded(&how.database, 10_000).await?;
        let mut server = Server::start(&how).await?;
        let file = self.args.work.join("acknowledged");
        let who = Who { url: server.target.url.clone(), login: Some(format!("{CUSTOMER}:{PASSWORD}")), pid: Some(server.pid()) };
        let args = Open { who, load: self.load(None), department: 1, acknowledged: Some(file.clone()) };
        let result = http::open(&args).await?;
        self.add("opening a ticket", result.measured.per_second, "requests/s", Some(Bar::AtLeast(500.0)));
        self.add("opening a ticket, p99", result.measured.latency.p99_ms, "ms", Some(Bar::AtMost(50.0)));
        self.keep("open".to_owned(), &result)?;

        let args = Open { load: Load { seconds: 5, warmup: 0, ..args.load }, who: Who { pid: None, ..args.who.clone() }, ..args };
        let (opened, killed) = tokio::join!(http::open(&args), async {
            sleep(Duration::from_secs(3)).await;
            server.kill().map_err(|error| error.to_string())
        });
        killed?;
        opened?;
        let (looked_for, missing) = seed::verify(&Verify { database: how.database.clone(), acknowledged: file }).await?;
        self.add("acknowledged before kill -9", looked_for as f64, "tickets", Some(Bar::AtLeast(1.0)));
        self.add("acknowledged and missing after kill -9", missing.len() as f64, "tickets", Some(Bar::AtMost(0.0)));
        Ok(())
    }

    /// How much slower the largest is than the smallest.
    fn compare(&mut self, sizes: &[u64]) {
        let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return };
        let small: Vec<_> = self.growth.iter().filter(|g| g.0 == *first && first != last).cloned().collect();
        for (_, name, before) in small {
            if let Some(after) = self.growth.iter().find(|g| g.0 == *last && g.1 == name).map(|g| g.2) {
                self.add(
                    format!("growth of {name}, {first} to {last} tickets, p99 at {GROWTH_RATE}/s"),
                    after / before,
                    "times",
                    Some(Bar::AtMost(1.5)),
                );
            }
        }
    }
}

/// Seeds a database where it is empty; gives the ticket with the long conversation.
pub async fn seeded(database: &str, tickets: u64) -> Outcome<i64> {
    let store = seed::connect(database).await?;
    let is_empty = store::accounts::is_empty(&store).await?;
    if is_empty {
        seed::seed(&Seed { database: database.to_owned(), tickets, open: 200, seed: 1 }).await?;
    }
    let email = EmailAddress::parse(CUSTOMER).ok_or("the address is none")?;
    let customer = store::accounts::by_email(&store, &email).await?.ok_or_else(|| format!("{database} was not seeded by bench"))?;
    let lines = store::tickets::shelf(&store, customer.person.id, Shelf::Running, 100_000).await?;
    let mut found = None;
    for ids in lines.iter().map(|l| l.id).collect::<Vec<_>>().chunks(500) {
        found = found.or(store::tickets::cards(&store, ids).await?.iter().find(|c| c.messages == 20).map(|c| c.id.0));
    }
    store.close().await;
    found.ok_or_else(|| format!("{database} has no ticket with 20 messages").into())
}

/// A process that serves the list's queries as bare JSON; it ends with this value.
pub struct Bare {
    /// Where it listens.
    pub target: Target,
    child: Child,
}

impl Bare {
    /// Starts it, and waits until it answers.
    pub async fn start(database: &str, port: u16) -> Outcome<Self> {
        let listen = format!("127.0.0.1:{port}");
        let target = Target::parse(&format!("http://{listen}"))?;
        let child = Command::new(std::env::current_exe()?).args(["json", "--database", database, "--listen", &listen]).spawn()?;
        let bare = Self { target, child };
        for _ in 0..200 {
            if Connection::open(&bare.target).await.is_ok() {
                return Ok(bare);
            }
            sleep(Duration::from_millis(25)).await;
        }
        Err("the bare handler does not answer".into())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
