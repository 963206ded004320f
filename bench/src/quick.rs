//! `quick`: the pages at two sizes within two minutes, as ratios that a busy machine moves less than figures: between the sizes, and against a handler that renders nothing.

use crate::Outcome;
use crate::http::{log_in, page};
use crate::load::Load;
use crate::routes;
use crate::seed::{AGENT, CUSTOMER, PASSWORD};
use crate::server::{Server, Start};
use crate::suite::{Bare, seeded};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// How many times slower a page may be at the larger size.
const GROWTH: f64 = 1.5;

/// What to run.
#[derive(Debug, Clone, Args)]
pub struct Quick {
    /// The executable.
    #[arg(long, default_value = "target/release/balie")]
    pub binary: PathBuf,
    /// The built assets.
    #[arg(long, default_value = "target/site")]
    pub site_root: PathBuf,
    /// Where databases and files go; databases that are there are used again.
    #[arg(long, default_value = "target/bench")]
    pub work: PathBuf,
    /// The databases: `{name}` stands for the number of tickets. On PostgreSQL they must be there, empty.
    #[arg(long, default_value = "sqlite:target/bench/{name}.db")]
    pub database: String,
    /// The smaller and the larger number of tickets.
    #[arg(long, value_delimiter = ',', num_args = 2, default_values_t = [10_000, 1_000_000])]
    pub sizes: Vec<u64>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// A free port; the two after it are used too.
    #[arg(long, default_value_t = 3_980)]
    pub port: u16,
}

/// Requests a second of the pages, and of the bare handler, at one size.
struct AtSize {
    pages: Vec<(&'static str, f64)>,
    bare: f64,
}

/// Measures, and prints a table for `docs/benchmarks.md`; fails where a page grows beyond the bar.
pub async fn quick(args: &Quick) -> Outcome<()> {
    std::fs::create_dir_all(&args.work)?;
    let [small, large] = [args.sizes[0].min(args.sizes[1]), args.sizes[0].max(args.sizes[1])];
    let (few, many) = (at_size(args, small).await?, at_size(args, large).await?);
    println!("At commit {}, {} s each, requests/s:\n", commit(), args.seconds);
    println!(
        "| page | {small} tickets | {large} tickets | times slower (bar {GROWTH}) | share of the bare handler at {large} |\n|---|---|---|---|---|"
    );
    let mut slower = vec![];
    for ((name, before), (_, after)) in few.pages.iter().zip(&many.pages) {
        let times = before / after;
        println!("| {name} | {before:.0} | {after:.0} | {times:.2} | {:.0} % |", after / many.bare * 100.0);
        if times > GROWTH {
            slower.push(*name);
        }
    }
    println!("| bare handler of the list | {:.0} | {:.0} | {:.2} | |", few.bare, many.bare, few.bare / many.bare);
    if slower.is_empty() { Ok(()) } else { Err(format!("slower at {large} tickets than the bar allows: {}", slower.join(", ")).into()) }
}

async fn at_size(args: &Quick, size: u64) -> Outcome<AtSize> {
    let database = args.database.replace("{name}", &size.to_string());
    let conversation = seeded(&database, size).await?;
    let how = Start {
        binary: args.binary.clone(),
        database: database.clone(),
        files: args.work.join("files"),
        site_root: args.site_root.clone(),
        port: args.port,
        times: 1,
        settings: vec![],
    };
    let server = Server::start(&how).await?;
    let load = Load { connections: 8, seconds: args.seconds, warmup: 1, rate: None };
    let agent = log_in(&server.target, &format!("{AGENT}:{PASSWORD}")).await?;
    let customer = log_in(&server.target, &format!("{CUSTOMER}:{PASSWORD}")).await?;
    let ticket = routes::ticket_page(conversation);
    let mut pages = vec![];
    for (name, cookie, path) in [
        ("list", &agent, routes::LIST),
        ("ticket, as its customer", &customer, ticket.as_str()),
        ("ticket, as staff", &agent, ticket.as_str()),
        ("home", &customer, routes::HOME),
        ("board", &agent, routes::BOARD),
    ] {
        let measured = page(&server.target, cookie, path, &load, None).await?.measured;
        eprintln!("{size} tickets, {name}: {:.0} requests/s, p99 {:.1} ms", measured.per_second, measured.latency.p99_ms);
        pages.push((name, measured.per_second));
    }
    let bare = Bare::start(&database, args.port + 2).await?;
    let measured = page(&bare.target, &agent, routes::LIST, &load, None).await?.measured;
    drop(bare);
    server.stop()?;
    Ok(AtSize { pages, bare: measured.per_second })
}

/// The commit that is checked out; `unknown` where git does not say.
fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let text = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if text.trim().is_empty() { "unknown".to_owned() } else { text.trim().to_owned() }
}
