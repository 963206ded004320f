//! Reports: counting every ticket that there is, what one more event costs, and a year's report.

use crate::hours::open;
use crate::report::{self, Bar, Figure, Latencies};
use crate::{Outcome, seed::Seed};
use clap::Args;
use desk::reports::{Asked, Days, advance, read};
use desk::tickets::{Edit, edit};
use domain::TicketId;
use std::time::Instant;

/// How many.
#[derive(Debug, Clone, Args)]
pub struct Reports {
    /// Tickets, over two years.
    #[arg(long, default_value_t = 1_000_000)]
    pub tickets: u64,
    /// Where the database is made; it is removed afterwards.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    pub folder: std::path::PathBuf,
}

/// Reports of one measurement.
const REPORTS: usize = 40;

/// Measures everything, in this process.
pub async fn reports(args: &Reports) -> Outcome<()> {
    let folder = args.folder.join(format!("balie-bench-reports-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(args, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    eprintln!("{}", report::table(&measured?));
    Ok(())
}

async fn measure(args: &Reports, folder: &std::path::Path) -> Outcome<Vec<Figure>> {
    let mut figures = vec![];
    let plan = |database| Seed { database, tickets: args.tickets, open: 200, seed: 1 };
    let (desk, agent) = open(folder, "reports", plan).await?;
    let begun = Instant::now();
    advance(&desk).await?;
    figures.push(Figure::new(format!("{} tickets counted once, in the background", args.tickets), begun.elapsed().as_secs_f64(), "s", None));
    while advance(&desk).await? > 0 {}
    let mut kept = Latencies::new()?;
    for n in 0..50 {
        let ticket = TicketId(i64::try_from(args.tickets)? - n);
        edit(&desk, &agent, ticket, &[Edit::Tag(format!("meting-{n}"))], None).await?;
        let begun = Instant::now();
        advance(&desk).await?;
        kept.add(begun.elapsed().as_micros());
    }
    figures.push(Figure::new("one more event counted, median", kept.at(50.0), "ms", None));
    for (name, days, bar) in [("a year's report", 365, Some(Bar::AtMost(1_000.0))), ("a month's report", 30, None)] {
        let asked = Asked { days: Days::Last(days), ..Asked::default() };
        let (mut latencies, mut opened) = (Latencies::new()?, 0);
        for _ in 0..REPORTS {
            let begun = Instant::now();
            let read = read(&desk, &agent, &asked).await?;
            latencies.add(begun.elapsed().as_micros());
            opened = read.report.all.opened + read.report.before.opened;
        }
        figures.push(Figure::new(format!("{name} and the one before, {opened} tickets that came in, median"), latencies.at(50.0), "ms", bar));
        figures.push(Figure::new(format!("{name}, p99"), latencies.at(99.0), "ms", None));
    }
    Ok(figures)
}
