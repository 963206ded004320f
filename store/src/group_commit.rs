//! The one writer of a SQLite file, which commits together what was ready at the same time.
//!
//! A commit waits for the disk, far longer than the change itself takes. So changes run one after another inside one transaction, each in a savepoint, and share its
//! commit: whoever waits for its turn while a commit runs is in the next group. A change is acknowledged only after the commit that holds it, and undone alone when it is dropped.

use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use tokio::task::{JoinHandle, JoinSet};

type Acknowledge = oneshot::Sender<Result<()>>;

/// What the current transaction holds.
#[derive(Debug, Default)]
struct Group {
    /// Whether a transaction is open.
    open: bool,
    /// Whether a savepoint was left behind by a change that was dropped.
    abandoned: bool,
    /// Changes that are done and wait for the commit.
    waiting: Vec<Acknowledge>,
}

#[derive(Debug)]
struct Shared {
    db: DatabaseConnection,
    group: Arc<Mutex<Group>>,
    ready: Notify,
}

/// The writer of a SQLite file.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    committer: JoinHandle<()>,
}

/// One change's turn to write. Dropped without `finish`, it is undone.
#[derive(Debug)]
pub(crate) struct WriteSlot {
    shared: Arc<Shared>,
    group: Option<OwnedMutexGuard<Group>>,
}

impl Writer {
    pub(crate) fn start(db: DatabaseConnection) -> Self {
        let shared = Arc::new(Shared { db, group: Arc::default(), ready: Notify::new() });
        let committer = tokio::spawn({
            let shared = shared.clone();
            async move {
                // Nothing can be saved without it, so it goes on after a panic: what waited is in the next commit.
                loop {
                    let own = shared.clone();
                    let mut commits = JoinSet::new();
                    commits.spawn(async move {
                        loop {
                            own.ready.notified().await;
                            own.commit().await;
                        }
                    });
                    commits.join_next().await;
                    tracing::error!("the writer of the database panicked; it goes on");
                    shared.ready.notify_one();
                }
            }
        });
        Self { shared, committer }
    }

    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.shared.db
    }

    /// Waits for its turn.
    pub(crate) async fn begin(&self) -> Result<WriteSlot> {
        whole(self.shared.clone().begin()).await
    }

    /// Commits what is ready and closes the connection.
    pub(crate) async fn close(&self) {
        self.shared.commit().await;
        self.committer.abort();
        if let Err(error) = self.shared.db.clone().close().await {
            tracing::warn!(%error, "closing the writer failed");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.committer.abort();
    }
}

/// Runs a step to its end even where the one who waits for it is dropped: half a step would leave the connection in a state that nobody knows.
async fn whole<T: Send + 'static>(step: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(step).await.unwrap_or(Err(Error::Unreadable("end of the writer")))
}

impl Shared {
    async fn begin(self: Arc<Self>) -> Result<WriteSlot> {
        let mut group = self.group.clone().lock_owned().await;
        self.clear_abandoned(&mut group).await;
        if !group.open {
            self.db.execute_unprepared("BEGIN IMMEDIATE").await?;
            group.open = true;
        }
        self.db.execute_unprepared("SAVEPOINT change").await?;
        group.abandoned = true;
        Ok(WriteSlot { shared: self, group: Some(group) })
    }

    /// Undoes what a dropped change left; where even that fails, the whole group is undone and told so.
    async fn clear_abandoned(&self, group: &mut Group) {
        if std::mem::take(&mut group.abandoned)
            && let Err(error) = self.db.execute_unprepared("ROLLBACK TO change; RELEASE change").await
        {
            self.roll_back(group, error.into()).await;
        }
    }

    async fn roll_back(&self, group: &mut Group, error: Error) {
        // SQLite may have rolled back by itself, on a full disk for one: then there is nothing to undo.
        if let Err(error) = self.db.execute_unprepared("ROLLBACK").await {
            tracing::debug!(%error, "nothing to roll back");
        }
        group.open = false;
        for waiting in group.waiting.drain(..) {
            // A change whose caller went away needs no answer.
            let _ = waiting.send(Err(error.clone()));
        }
    }

    async fn commit(&self) {
        let mut group = self.group.clone().lock_owned().await;
        self.clear_abandoned(&mut group).await;
        if !group.open {
            return;
        }
        match self.db.execute_unprepared("COMMIT").await {
            Ok(_) => {
                group.open = false;
                for waiting in group.waiting.drain(..) {
                    let _ = waiting.send(Ok(()));
                }
            }
            Err(error) => self.roll_back(&mut group, error.into()).await,
        }
    }
}

impl WriteSlot {
    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.shared.db
    }

    /// Joins the group and waits until it is on disk.
    pub(crate) async fn finish(self) -> Result<()> {
        let done = whole(self.join()).await?;
        done.await.unwrap_or(Err(Error::Unreadable("end of the writer")))
    }

    async fn join(mut self) -> Result<oneshot::Receiver<Result<()>>> {
        let (acknowledge, done) = oneshot::channel();
        self.shared.db.execute_unprepared("RELEASE change").await?;
        if let Some(mut group) = self.group.take() {
            group.abandoned = false;
            group.waiting.push(acknowledge);
        }
        self.shared.ready.notify_one();
        Ok(done)
    }
}

impl Drop for WriteSlot {
    fn drop(&mut self) {
        if self.group.take().is_some() {
            self.shared.ready.notify_one();
        }
    }
}
