//! Measures Balie on one machine: seeds any number of tickets, drives load, opens event streams, and holds what it sees against the bars.
//!
//! Invariants: it speaks to this machine only, and every loop has an end in count or time.

mod accounts;
mod client;
mod hours;
mod http;
mod json;
mod live;
mod load;
mod mail;
mod memory;
mod quick;
mod report;
mod reports;
mod routes;
mod seed;
mod server;
mod suite;
mod upload;
mod words;

use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::error::Error;
use std::process::ExitCode;
use tokio::runtime::{Builder, Runtime};

/// The result of everything that a person started: what goes wrong is told in a sentence.
pub type Outcome<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "bench", about = "Measures Balie on one machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill an empty database with many tickets.
    Seed(seed::Seed),
    /// Check that tickets which `open` saw acknowledged are there.
    Verify(seed::Verify),
    /// Load on a page.
    Http(http::Http),
    /// Load on the search, for a common and a rare word.
    Search(http::Search),
    /// Load on the ticket form.
    Open(http::Open),
    /// Open many boards and see every change arrive on each.
    Live(live::Live),
    /// The memory of a process, now and at most.
    Memory(memory::Memory),
    /// Serve the list's queries as bare JSON, to hold the page against.
    Json(json::Bare),
    /// How long the server takes from its start to its first answer.
    Start(server::Start),
    /// One large upload, against `dd`.
    Upload(upload::Upload),
    /// Mail taken in and read, a queue drained, and how soon an event's mail is handed over.
    Mail(mail::Many),
    /// Sessions among many, an import, and whether the time of an answer tells who has an account.
    Accounts(accounts::Accounts),
    /// Pages while wrong passwords come by the thousand.
    Attack(accounts::Attack),
    /// Office hours and targets: arithmetic, a change of hours over a million tickets, the tick.
    Hours(hours::Hours),
    /// Reports: every ticket counted, one more event, a year's report.
    Reports(reports::Reports),
    /// The pages at two sizes within two minutes, as ratios; run before a change is called done.
    Quick(quick::Quick),
    /// Everything, against a server it starts itself.
    Suite(suite::Suite),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = raise_limit().and_then(|()| runtime(&cli.command)).and_then(|runtime| runtime.block_on(run(&cli.command)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Load costs least on one thread; what serves or writes gets all cores, as the server has.
fn runtime(command: &Command) -> Outcome<Runtime> {
    let mut builder = match command {
        Command::Json(_) | Command::Seed(_) | Command::Verify(_) | Command::Mail(_) | Command::Accounts(_) | Command::Hours(_) => {
            Builder::new_multi_thread()
        }
        _ => Builder::new_current_thread(),
    };
    Ok(builder.enable_all().build()?)
}

/// A thousand streams need more open files than a shell usually allows; what is started from here inherits it.
fn raise_limit() -> Outcome<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

async fn run(command: &Command) -> Outcome<()> {
    match command {
        Command::Seed(args) => report::print(&seed::told(seed::seed(args).await?)),
        Command::Verify(args) => seed::verify_and_say(args).await?,
        Command::Http(args) => report::print(&http::http(args).await?),
        Command::Search(args) => report::print(&http::search(args).await?),
        Command::Open(args) => report::print(&http::open(args).await?),
        Command::Live(args) => live::live(args).await?,
        Command::Memory(args) => memory::memory(args).await?,
        Command::Json(args) => json::serve(args).await?,
        Command::Start(args) => server::start(args).await?,
        Command::Upload(args) => upload::upload(args).await?,
        Command::Mail(args) => mail::many(args).await?,
        Command::Accounts(args) => accounts::accounts(args).await?,
        Command::Attack(args) => accounts::attack(args).await?,
        Command::Hours(args) => hours::hours(args).await?,
        Command::Reports(args) => reports::reports(args).await?,
        Command::Quick(args) => quick::quick(args).await?,
        Command::Suite(args) => suite::suite(args).await?,
    }
    Ok(())
}
