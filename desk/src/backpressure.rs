//! Work that can wait lets people go first: while much happens, it takes a pause between its batches.

use crate::Desk;
use domain::EventNo;
use std::time::{Duration, Instant};

/// Events a second from which on much happens: far above a busy day of people, and below what a database has to do to keep up.
const MUCH: f64 = 100.0;
/// Over how long that is counted at least: fifty tickets changed at once are no flood.
const WINDOW: Duration = Duration::from_millis(500);
/// How long work that can wait pauses then.
const PAUSE: Duration = Duration::from_millis(1_500);

/// Work on everything that there is rests for so many times as long as it worked: of two processors it takes a sixth.
const REST: u32 = 2;

/// The pause of one kind of work.
pub(crate) struct Backpressure {
    at: Instant,
    head: EventNo,
    busy: bool,
}

impl Backpressure {
    pub(crate) fn new(desk: &Desk) -> Self {
        Self { at: Instant::now(), head: desk.tail().position(), busy: false }
    }

    /// Pauses where much happens.
    pub(crate) async fn take(&mut self, desk: &Desk) {
        let (head, elapsed) = (desk.tail().position(), self.at.elapsed());
        if elapsed >= WINDOW {
            // What the tail finds when it first looks happened before.
            self.busy = self.head.0 > 0 && (head.0 - self.head.0) as f64 / elapsed.as_secs_f64() > MUCH;
            (self.at, self.head) = (Instant::now(), head);
        }
        if self.busy {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Rests after a step of work that goes on for minutes, such as counting a log of years: pages meanwhile are as quick as ever.
    pub(crate) async fn rest(worked: Duration) {
        tokio::time::sleep(worked * REST).await;
    }
}
