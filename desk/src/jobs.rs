//! What happens without anyone asking: closing what was resolved, and clearing away what is over.

use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result, accounts, attachments, tickets};
use domain::time::Span;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How often the jobs look.
const EVERY: Duration = Duration::from_secs(60);
/// How long one job takes at most without a sign of life.
const LIMIT: Duration = Duration::from_secs(300);

/// What the jobs have done since the program started.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub struct Progress {
    pub runs: AtomicU64,
    pub failures: AtomicU64,
    pub tickets_closed: AtomicU64,
    pub tickets_removed: AtomicU64,
    pub files_removed: AtomicU64,
    /// Things that were still due after the last run.
    pub waiting: AtomicI64,
}

/// Runs the jobs again and again.
pub fn worker() -> Worker {
    Worker::every("jobs", EVERY, LIMIT, |desk: Desk| async move {
        let progress = desk.jobs();
        progress.runs.fetch_add(1, Ordering::Relaxed);
        progress.failures.fetch_add(once(&desk).await, Ordering::Relaxed);
        Ok(Rest::Usual)
    })
}

/// Runs each job once; one that fails or panics is tried again the next time, and holds up no other. Gives how many failed.
pub async fn once(desk: &Desk) -> u64 {
    let (progress, mut failures) = (desk.jobs(), 0);
    // One folder a minute: all of them in some four hours.
    let folder = progress.runs.load(Ordering::Relaxed) as u8;
    let closed = count("close what was resolved", &mut failures, &progress.tickets_closed, tickets::close_settled(desk)).await;
    let removed = count("remove files that nobody uses", &mut failures, &progress.files_removed, attachments::sweep(desk)).await;
    count("remove files that nobody knows", &mut failures, &progress.files_removed, attachments::sweep_unknown(desk, folder)).await;
    count("remove mails that nobody knows", &mut failures, &progress.files_removed, crate::mail::sweep_unknown(desk, folder)).await;
    let full = [(closed, 200), (removed, 500)].iter().filter(|(done, most)| done == most).count();
    progress.waiting.store(full as i64, Ordering::Relaxed);
    end("put names in the search", &mut failures, tickets::index_marked(desk)).await;
    end("forget sessions", &mut failures, sweep_sessions(desk)).await;
    end("forget what was written down long ago", &mut failures, crate::audit::sweep(desk)).await;
    end("warn of gaps in rotas", &mut failures, crate::on_call::warn_of_gaps(desk)).await;
    end("erase people", &mut failures, crate::privacy::carry_on(desk)).await;
    end("remove exports", &mut failures, crate::privacy::sweep_exports(desk)).await;
    count("remove tickets", &mut failures, &progress.tickets_removed, crate::privacy::sweep_at_night(desk)).await;
    end("remove what was uploaded by half", &mut failures, sweep_incoming(desk)).await;
    failures
}

async fn sweep_sessions(desk: &Desk) -> Result<()> {
    let change = desk.store().begin().await?;
    let silent = store::push_subscriptions::run_out(&change, desk.now()).await?;
    store::sessions::sweep(&change, desk.now(), desk.now() - Span::hours(2)).await?;
    store::one_time_tokens::sweep(&change, desk.now()).await?;
    change.commit().await?;
    for (name, email, language) in silent {
        accounts::tell_of_silence(desk, name, email, language);
    }
    Ok(())
}

async fn sweep_incoming(desk: &Desk) -> Result<()> {
    let files = desk.clone();
    let swept = tokio::task::spawn_blocking(move || files.files().sweep_incoming()).await;
    swept.map_err(std::io::Error::other)??;
    Ok(())
}

/// Does a job, and notes how many things it did; gives how many.
async fn count(job: &str, failures: &mut u64, so_far: &AtomicU64, work: impl Future<Output = Result<usize>>) -> usize {
    let count = end(job, failures, work).await.unwrap_or_default();
    so_far.fetch_add(count as u64, Ordering::Relaxed);
    count
}

async fn end<T>(job: &str, failures: &mut u64, work: impl Future<Output = Result<T>>) -> Option<T> {
    workers::beat();
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(error)) => tracing::warn!(%error, "could not {job}; it will be tried again"),
        Err(_) => tracing::error!("a panic: could not {job}; it will be tried again"),
    }
    *failures += 1;
    None
}
