//! Work that nobody asks for: named workers, each watched by a supervisor.
//!
//! Invariant: a worker that fails, panics or hangs goes on after a wait, is counted, and is told in `/readyz` and `/metrics`; none ends but with the program.

mod health;
mod vital;

pub use health::{Health, health, is_ailing};
pub use vital::{Report, State};

use crate::backpressure::Backpressure;
use crate::{Desk, Result};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vital::{VITAL, Vital};

/// The wait after a first failure; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait after a failure, which may be over at any moment, as when the database is there again.
const FAILED_WAIT: Duration = Duration::from_secs(5);
/// The longest wait after a panic, which comes again more often than not.
const PANICKED_WAIT: Duration = Duration::from_secs(60);
/// When everything stops, a step that has begun may go on for so long.
const LAST_STEP: Duration = Duration::from_secs(3);
/// How long a reader of the log waits to be told that it has grown: another node may have stopped half-way.
const READER: Duration = Duration::from_secs(30);
/// How long one step of a reader takes at most without a sign of life.
const READING: Duration = Duration::from_secs(60);

/// When a worker goes on after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// At once: there is more to do.
    None,
    /// When it is woken, or after its usual time.
    Usual,
    /// When it is woken, or after this time.
    For(Duration),
}

/// What wakes a worker before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    Nothing,
    /// Something was committed, here or on another node.
    Commit,
    /// The event buffer has read an event.
    Log,
    /// Mail may be due.
    Outbox,
    /// Mail came in.
    Inbox,
}

type Step = Box<dyn Fn(Desk) -> BoxFuture<'static, Result<Rest>> + Send + Sync>;

/// A worker: a step that is taken again and again.
pub struct Worker {
    name: String,
    every: Duration,
    limit: Option<Duration>,
    wake: Wake,
    gather: Duration,
    gives_way: bool,
    endless: bool,
    step: Step,
}

impl Worker {
    /// Takes a step every so often. One that gives no sign of life for longer than `limit` is broken off, and tried again.
    pub fn every<F>(name: &str, every: Duration, limit: Duration, step: impl Fn(Desk) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Rest>> + Send + 'static,
    {
        let step: Step = Box::new(move |desk| step(desk).boxed());
        let name = name.to_owned();
        Self { name, every, limit: Some(limit), wake: Wake::Nothing, gather: Duration::ZERO, gives_way: false, endless: false, step }
    }

    /// One step that goes on for ever, as a connection does that is listened to; it shows that it lives with [`well`], where there is a limit, and may be broken off anywhere.
    pub fn endless<F>(name: &str, limit: Option<Duration>, step: impl Fn(Desk) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Rest>> + Send + 'static,
    {
        Self { limit, endless: true, ..Self::every(name, Duration::ZERO, Duration::ZERO, step) }
    }

    pub(crate) fn woken_by_commit(self) -> Self {
        Self { wake: Wake::Commit, ..self }
    }

    pub(crate) fn woken_by_log(self) -> Self {
        Self { wake: Wake::Log, ..self }
    }

    pub(crate) fn woken_by_outbox(self) -> Self {
        Self { wake: Wake::Outbox, ..self }
    }

    pub(crate) fn woken_by_inbox(self) -> Self {
        Self { wake: Wake::Inbox, ..self }
    }

    /// It can wait: while much happens, it pauses between its steps.
    pub(crate) fn gives_way(self) -> Self {
        Self { gives_way: true, ..self }
    }

    /// What happens within this time after it was woken is done together.
    pub(crate) fn gathers(self, gather: Duration) -> Self {
        Self { gather, ..self }
    }
}

/// A reader of the log: goes on as long as `advance` finds events, and then whenever the log grows.
pub fn follow_log<F>(name: &str, advance: impl Fn(Desk) -> F + Send + Sync + 'static) -> Worker
where
    F: Future<Output = Result<usize>> + Send + 'static,
{
    let step = move |desk| {
        let advanced = advance(desk);
        async move { Ok(if advanced.await? > 0 { Rest::None } else { Rest::Usual }) }
    };
    Worker::every(name, READER, READING, step).woken_by_log()
}

/// Everything that a node does besides answering.
pub fn all(desk: &Desk) -> Vec<Worker> {
    let mut all = vec![
        Worker::endless("listener", Some(Duration::from_secs(15)), |desk| async move {
            desk.store().hear(&well).await?;
            Ok(Rest::Usual)
        }),
        crate::live::worker(),
        crate::jobs::worker(),
        crate::hours::worker(),
        crate::hours::recompute_worker(),
        crate::reports::worker(),
        crate::on_call::worker(),
        crate::on_call::signals_worker(),
        crate::notifications::worker(),
        crate::mail::worker(),
        crate::mail::ingest::worker(),
    ];
    all.extend(crate::mail::imap::workers(desk));
    all
}

/// Shows that a step lives, in the middle of one that takes long.
pub(crate) fn beat() {
    // Outside of a worker there is nobody to show it to.
    let _ = VITAL.try_with(|vital| vital.beat());
}

/// The same for an endless step; it also says that what failed before is well again.
pub fn well() {
    let _ = VITAL.try_with(|vital| vital.well());
}

/// The workers of a node.
#[derive(Debug, Default)]
pub struct Workers {
    all: Mutex<Vec<Arc<Vital>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Workers {
    /// Starts a worker.
    pub fn start(&self, desk: &Desk, worker: Worker) {
        let vital = Arc::new(Vital::new(&worker.name, worker.limit.map(|limit| worker.every + limit)));
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(vital.clone());
        self.tasks.spawn(attend(desk.clone(), worker, vital, self.stop.clone()));
    }

    /// How each of them does.
    pub fn report(&self) -> Vec<Report> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|vital| vital.report()).collect()
    }

    /// Tells them to end: each with the step that it has begun.
    pub fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    /// Waits until they have ended, after they were told to.
    pub async fn ended(&self) {
        self.tasks.wait().await;
    }
}

/// Runs one worker until it is dropped, with nobody to tell.
pub async fn run(desk: &Desk, worker: Worker) {
    let vital = Arc::new(Vital::new(&worker.name, None));
    attend(desk.clone(), worker, vital, CancellationToken::new()).await;
}

/// How a step ended.
enum Ended {
    Well(Rest),
    Failed(String),
    Panicked,
    Overran,
}

async fn attend(desk: Desk, worker: Worker, vital: Arc<Vital>, stop: CancellationToken) {
    let _gone = vital::Gone(vital.clone());
    let (mut grown, mut head) = (desk.store().notifier().grown(), desk.tail().head());
    let (mut pressure, mut wait, name) = (Backpressure::new(&desk), FIRST_WAIT, worker.name.as_str());
    // Dropped is only what may be: a step that is half-way ends first.
    let told_to_stop = async {
        stop.cancelled().await;
        if !worker.endless {
            sleep(LAST_STEP).await;
        }
    };
    let mut told_to_stop = std::pin::pin!(told_to_stop);
    while !stop.is_cancelled() {
        if worker.gives_way {
            pressure.take(&desk).await;
        }
        grown.mark_unchanged();
        head.mark_unchanged();
        let ended = tokio::select! {
            ended = step(&desk, &worker, &vital) => ended,
            () = &mut told_to_stop => return,
        };
        let rest = match ended {
            Ended::Well(rest) => {
                vital.well();
                wait = FIRST_WAIT;
                rest
            }
            failed => {
                let most = match &failed {
                    Ended::Panicked => PANICKED_WAIT,
                    _ => FAILED_WAIT,
                };
                vital.failed(&failed);
                let seconds = wait.as_secs_f32();
                match failed {
                    Ended::Failed(error) => tracing::warn!(worker = name, error, seconds, "a worker failed; it tries again"),
                    Ended::Panicked => tracing::error!(worker = name, seconds, "a worker panicked; it starts anew"),
                    Ended::Overran => tracing::error!(worker = name, seconds, "a worker gave no sign of life and was broken off; it tries again"),
                    Ended::Well(_) => {}
                }
                tokio::select! {
                    () = sleep(wait) => {}
                    () = stop.cancelled() => return,
                }
                wait = (wait * 2).min(most);
                continue;
            }
        };
        let nap = match rest {
            Rest::None => continue,
            Rest::Usual => worker.every,
            Rest::For(nap) => nap,
        };
        tokio::select! {
            () = woken(&desk, worker.wake, &mut grown, &mut head, nap) => {}
            () = stop.cancelled() => return,
        }
        sleep(worker.gather).await;
    }
}

/// Waits until a worker is woken, or its nap is over.
async fn woken(desk: &Desk, wake: Wake, grown: &mut watch::Receiver<u64>, head: &mut watch::Receiver<domain::EventNo>, nap: Duration) {
    let woken = async {
        match wake {
            Wake::Nothing => std::future::pending().await,
            // Their senders are the desk's own, and go with it.
            Wake::Commit => grown.changed().await.unwrap_or_default(),
            Wake::Log => head.changed().await.unwrap_or_default(),
            Wake::Outbox => desk.mail().wake.notified().await,
            Wake::Inbox => desk.mail().arrived.notified().await,
        }
    };
    // That the nap is over is as good a reason.
    let _ = timeout(nap, woken).await;
}

async fn step(desk: &Desk, worker: &Worker, vital: &Arc<Vital>) -> Ended {
    vital.beat();
    let step = VITAL.scope(vital.clone(), async { (worker.step)(desk.clone()).await });
    let mut step = std::pin::pin!(AssertUnwindSafe(step).catch_unwind());
    let Some(limit) = worker.limit else { return Ended::of(step.await) };
    loop {
        let silent = vital.silent();
        tokio::select! {
            ended = &mut step => return Ended::of(ended),
            () = sleep(limit.saturating_sub(silent)) => if vital.silent() >= limit {
                return Ended::Overran;
            },
        }
    }
}

impl Ended {
    fn of(ended: std::thread::Result<Result<Rest>>) -> Self {
        match ended {
            Ok(Ok(rest)) => Self::Well(rest),
            Ok(Err(error)) => Self::Failed(error.to_string()),
            Err(_) => Self::Panicked,
        }
    }
}
