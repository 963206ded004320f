//! The signs of life of one worker.

use super::Ended;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// Beyond the time that a worker takes and rests at most, so much is allowed before it counts as stuck: the machine may be busy.
const SLACK: Duration = Duration::from_secs(10);
/// A worker that has done nothing but fail for so long is told.
const FAILING: Duration = Duration::from_secs(60);
/// Panics one after another from which on a worker counts as dead.
const DEAD: u64 = 3;

tokio::task_local! {
    /// Of the worker whose step runs.
    pub(super) static VITAL: Arc<Vital>;
}

/// How a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works, or rests.
    Well,
    /// It has done nothing but fail for a minute.
    Failing,
    /// It gives no sign of life.
    Stuck,
    /// It panicked again and again, or ended.
    Dead,
}

/// What is known of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Report {
    pub name: String,
    pub state: State,
    /// Since its last sign of life.
    pub silent: Duration,
    /// From when on it counts as stuck; `None`: it gives no signs.
    pub bound: Option<Duration>,
    pub panics: u64,
    pub failures: u64,
    /// Steps that were broken off.
    pub overruns: u64,
}

impl Report {
    /// What is wrong with it, in words for who runs the server; `None` where nothing is.
    pub fn fault(&self) -> Option<String> {
        let name = &self.name;
        match self.state {
            State::Well => None,
            State::Failing => Some(format!("worker {name}: has failed for more than {} s", FAILING.as_secs())),
            State::Stuck => {
                let bound = self.bound.unwrap_or_default().as_secs();
                Some(format!("worker {name}: no sign of life for {} s, where {bound} are allowed", self.silent.as_secs()))
            }
            State::Dead => Some(format!("worker {name}: ended, or panicked {DEAD} times or more one after another")),
        }
    }
}

#[derive(Debug)]
pub(super) struct Vital {
    name: String,
    bound: Option<Duration>,
    born: Instant,
    /// Its last sign of life, and when it began to do nothing but fail (0: it does not), in milliseconds since it was born.
    beat: AtomicU64,
    failing: AtomicU64,
    panics: AtomicU64,
    panics_in_a_row: AtomicU64,
    failures: AtomicU64,
    overruns: AtomicU64,
    gone: AtomicBool,
}

impl Vital {
    pub(super) fn new(name: &str, bound: Option<Duration>) -> Self {
        Self {
            name: name.to_owned(),
            bound: bound.map(|bound| bound + SLACK),
            born: Instant::now(),
            beat: AtomicU64::new(0),
            failing: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            panics_in_a_row: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            overruns: AtomicU64::new(0),
            gone: AtomicBool::new(false),
        }
    }

    fn age(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    pub(super) fn beat(&self) {
        self.beat_at(self.age());
    }

    fn beat_at(&self, age: u64) {
        self.beat.store(age, Relaxed);
    }

    pub(super) fn well(&self) {
        self.well_at(self.age());
    }

    fn well_at(&self, age: u64) {
        self.beat_at(age);
        self.failing.store(0, Relaxed);
        self.panics_in_a_row.store(0, Relaxed);
    }

    pub(super) fn failed(&self, how: &Ended) {
        self.failed_at(how, self.age());
    }

    fn failed_at(&self, how: &Ended, age: u64) {
        let counter = match how {
            Ended::Well(_) => return,
            Ended::Failed(_) => &self.failures,
            Ended::Overran => &self.overruns,
            Ended::Panicked => {
                self.panics_in_a_row.fetch_add(1, Relaxed);
                &self.panics
            }
        };
        counter.fetch_add(1, Relaxed);
        // The first of them counts.
        let _ = self.failing.compare_exchange(0, age.max(1), Relaxed, Relaxed);
    }

    /// How long ago its last sign of life was.
    pub(super) fn silent(&self) -> Duration {
        self.silent_at(self.age())
    }

    fn silent_at(&self, age: u64) -> Duration {
        Duration::from_millis(age.saturating_sub(self.beat.load(Relaxed)))
    }

    pub(super) fn report(&self) -> Report {
        self.report_at(self.age())
    }

    fn report_at(&self, age: u64) -> Report {
        let (silent, failing) = (self.silent_at(age), self.failing.load(Relaxed));
        let state = if self.gone.load(Relaxed) || self.panics_in_a_row.load(Relaxed) >= DEAD {
            State::Dead
        } else if self.bound.is_some_and(|bound| silent > bound) {
            State::Stuck
        } else if failing > 0 && age.saturating_sub(failing) > FAILING.as_millis() as u64 {
            State::Failing
        } else {
            State::Well
        };
        Report {
            name: self.name.clone(),
            state,
            silent,
            bound: self.bound,
            panics: self.panics.load(Relaxed),
            failures: self.failures.load(Relaxed),
            overruns: self.overruns.load(Relaxed),
        }
    }
}

/// Marks a worker as ended when it is dropped, however that comes about.
pub(super) struct Gone(pub(super) Arc<Vital>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.gone.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_is_stuck_who_only_fails_is_failing_and_who_panics_again_and_again_is_dead() {
        let vital = Arc::new(Vital::new("work", Some(Duration::from_secs(60))));
        let state = |seconds: u64| vital.report_at(seconds * 1_000).state;
        assert_eq!((state(69), state(71)), (State::Well, State::Stuck));
        assert_eq!(vital.report_at(71_000).fault().unwrap(), "worker work: no sign of life for 71 s, where 70 are allowed");
        vital.beat_at(71_000);
        assert_eq!(state(71), State::Well);
        for seconds in (80..=150).step_by(10) {
            vital.failed_at(&Ended::Failed(String::new()), seconds * 1_000);
            // That it lives does not say that it is well.
            vital.beat_at(seconds * 1_000);
        }
        assert_eq!((state(140), state(141)), (State::Well, State::Failing));
        vital.well_at(150_000);
        vital.failed_at(&Ended::Overran, 150_000);
        assert_eq!((state(160), vital.report_at(160_000).failures, vital.report_at(160_000).overruns), (State::Well, 8, 1));
        vital.failed_at(&Ended::Panicked, 160_000);
        vital.failed_at(&Ended::Panicked, 160_000);
        assert_eq!(state(160), State::Well);
        vital.failed_at(&Ended::Panicked, 160_000);
        assert_eq!((state(160), vital.report_at(160_000).panics), (State::Dead, 3));
        vital.well_at(161_000);
        assert_eq!(state(161), State::Well);
        drop(Gone(vital.clone()));
        assert_eq!(state(161), State::Dead, "it ended");
    }
}
