//! Whether anything can be saved: a database or a folder that became read-only is said before someone loses what they typed to it.

use crate::Desk;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an answer holds: whoever asks, and however often, writes no more than this.
const HOLDS: Duration = Duration::from_secs(5);
/// A write that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What can be written, as it was looked at last.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<Option<(Instant, Writable)>>);

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Writable {
    pub database: bool,
    pub files: bool,
}

impl Writable {
    /// Whether everything can be saved.
    pub fn all(self) -> bool {
        self.database && self.files
    }
}

/// Tries whether the database and the folder of files can be written; a failure is logged.
pub async fn writable(desk: &Desk) -> Writable {
    let mut looked = desk.0.looked.0.lock().await;
    if let Some((_, known)) = looked.filter(|(at, _)| at.elapsed() < HOLDS) {
        return known;
    }
    let database = match tokio::time::timeout(PATIENCE, desk.store().try_writing()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the database cannot be written");
            false
        }
        Err(_) => {
            tracing::error!("the database took too long to be written");
            false
        }
    };
    let of = desk.clone();
    let files = match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(move || of.files().try_writing())).await {
        Ok(Ok(Ok(()))) => true,
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "the folder of files cannot be written");
            false
        }
        Ok(Err(_)) | Err(_) => {
            tracing::error!("the folder of files took too long to be written");
            false
        }
    };
    let now = Writable { database, files };
    *looked = Some((Instant::now(), now));
    now
}
