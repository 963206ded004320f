//! What happens without anyone asking: closing what was resolved, and clearing away what is over.

use crate::{Desk, Result, attachments, tickets};
use domain::time::Span;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How often the jobs look.
const EVERY: Duration = Duration::from_secs(60);

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

/// Runs the jobs again and again; ends only with the program.
pub async fn run(desk: &Desk) {
    loop {
        let progress = desk.jobs();
        progress.runs.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = once(desk).await {
            progress.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "a job failed; it will be tried again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Runs each job once.
pub async fn once(desk: &Desk) -> Result<()> {
    let progress = desk.jobs();
    let closed = tickets::close_settled(desk).await?;
    progress.tickets_closed.fetch_add(closed as u64, Ordering::Relaxed);
    let removed = attachments::sweep(desk).await?;
    progress.files_removed.fetch_add(removed as u64, Ordering::Relaxed);
    // One folder a minute: all of them in some four hours.
    let folder = progress.runs.load(Ordering::Relaxed) as u8;
    let unknown = attachments::sweep_unknown(desk, folder).await?;
    let mails = crate::mail::sweep_unknown(desk, folder).await?;
    progress.files_removed.fetch_add((unknown + mails) as u64, Ordering::Relaxed);
    let full = [(closed, 200), (removed, 500)].iter().filter(|(done, most)| done == most).count();
    progress.waiting.store(full as i64, Ordering::Relaxed);
    let change = desk.store().begin().await?;
    store::sessions::sweep(&change, desk.now(), desk.now() - Span::days(1)).await?;
    store::passes::sweep(&change, desk.now()).await?;
    change.commit().await?;
    crate::audit::sweep(desk).await?;
    crate::on_call::warn_of_gaps(desk).await?;
    crate::privacy::carry_on(desk).await?;
    crate::privacy::sweep_exports(desk).await?;
    let over = crate::privacy::sweep_at_night(desk).await?;
    progress.tickets_removed.fetch_add(over as u64, Ordering::Relaxed);
    let files = desk.clone();
    let swept = tokio::task::spawn_blocking(move || files.files().sweep_incoming()).await;
    swept.map_err(std::io::Error::other)??;
    Ok(())
}
