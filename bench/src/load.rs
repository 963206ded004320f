//! Load: as fast as the connections go round (closed loop), or so many requests a second whatever the answers do (fixed rate).
//!
//! At a fixed rate a request that had to wait for the one before counts from the moment it should have begun: a server that stalls cannot hide it.

use crate::Outcome;
use crate::client::{Answer, Connection, Target};
use crate::report::{Latencies, Summary};
use clap::Args;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Connections that broke, one after another, before a worker gives up.
const MAX_BROKEN: u32 = 20;
/// After the end, how long requests that were due before it are still sent; those left then count as errors.
const OVERTIME: Duration = Duration::from_secs(10);

/// How much load.
#[derive(Debug, Clone, Copy, Args)]
pub struct Load {
    /// Connections that are kept.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// Seconds before that.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub warmup: u32,
    /// Requests a second over all connections; without it, as fast as they go.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
}

/// What one connection sends.
pub trait Work {
    /// The next request.
    fn next(&mut self) -> &[u8];
    /// What came back; whether it is what was asked for.
    fn answered(&mut self, answer: &Answer) -> bool {
        answer.is_right()
    }
}

/// The same requests in turn.
pub struct Same {
    requests: Rc<Vec<Vec<u8>>>,
    at: usize,
}

impl Same {
    /// Begins with the first.
    pub fn new(requests: Rc<Vec<Vec<u8>>>) -> Self {
        Self { requests, at: 0 }
    }
}

impl Work for Same {
    fn next(&mut self) -> &[u8] {
        self.at += 1;
        &self.requests[(self.at - 1) % self.requests.len()]
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Measured {
    pub requests: u64,
    pub seconds: f64,
    pub per_second: f64,
    pub latency: Summary,
    /// Answers that were not right and connections that broke.
    pub errors: u64,
    pub statuses: BTreeMap<u16, u64>,
    pub bytes_per_response: f64,
}

struct Tally {
    latencies: Latencies,
    statuses: BTreeMap<u16, u64>,
    broken: u64,
    wrong: u64,
    bytes: u64,
    last: Option<Instant>,
}

/// Runs a load; each connection has its own work. Call it on a runtime of one thread.
pub async fn run<W: Work + 'static>(target: &Target, load: &Load, mut work: impl FnMut(u32) -> W) -> Outcome<Measured> {
    let tally = Rc::new(RefCell::new(Tally { latencies: Latencies::new()?, statuses: BTreeMap::new(), broken: 0, wrong: 0, bytes: 0, last: None }));
    let mut connections = vec![];
    for _ in 0..load.connections {
        connections.push(Connection::open(target).await?);
    }
    let begin = Instant::now();
    let from = begin + Duration::from_secs(load.warmup.into());
    let until = from + Duration::from_secs(load.seconds.into());
    let local = LocalSet::new();
    for (worker, connection) in (0..).zip(connections) {
        // The connections take turns, so that together they keep the rate.
        let pace = load.rate.map(|rate| {
            let gap = Duration::from_secs_f64(1.0 / f64::from(rate));
            (begin + gap * worker, gap * load.connections)
        });
        let worker = Worker { target: target.clone(), work: work(worker), tally: tally.clone(), from, until, pace };
        local.spawn_local(worker.run(connection));
    }
    local.await;
    let tally = tally.borrow();
    // A closed loop ends on time; at a fixed rate the last answers may have come later, and then it took longer.
    let end = tally.last.filter(|last| load.rate.is_some() && *last > until).unwrap_or(until);
    let seconds = (end.min(Instant::now()) - from).as_secs_f64();
    let requests = tally.latencies.count();
    Ok(Measured {
        requests,
        seconds,
        per_second: requests as f64 / seconds.max(0.001),
        latency: tally.latencies.summary(),
        errors: tally.wrong + tally.broken,
        statuses: tally.statuses.clone(),
        bytes_per_response: tally.bytes as f64 / requests.max(1) as f64,
    })
}

struct Worker<W> {
    target: Target,
    work: W,
    tally: Rc<RefCell<Tally>>,
    from: Instant,
    until: Instant,
    /// When the next request should begin, and how long after it the one after that.
    pace: Option<(Instant, Duration)>,
}

impl<W: Work> Worker<W> {
    async fn run(mut self, mut connection: Connection) {
        let mut broken = 0;
        loop {
            let begun = self.turn().await;
            if begun >= self.until {
                return;
            }
            if Instant::now() > self.until + OVERTIME {
                self.tally.borrow_mut().wrong += 1;
                continue;
            }
            match connection.ask(self.work.next()).await {
                Ok(answer) => {
                    broken = 0;
                    let right = self.work.answered(&answer);
                    self.count(&answer, right, begun);
                }
                Err(_) => {
                    self.tally.borrow_mut().broken += 1;
                    broken += 1;
                    if broken > MAX_BROKEN {
                        return;
                    }
                    sleep(Duration::from_millis(50)).await;
                    if let Ok(opened) = Connection::open(&self.target).await {
                        connection = opened;
                    }
                }
            }
        }
    }

    /// Waits for its turn; gives the moment from which the request counts.
    async fn turn(&mut self) -> Instant {
        let Some((due, gap)) = &mut self.pace else { return Instant::now() };
        let turn = *due;
        *due += *gap;
        if Instant::now() > turn {
            return turn;
        }
        sleep_until(turn).await;
        // The timer's own lateness, up to a millisecond, is not the server's.
        Instant::now()
    }

    fn count(&self, answer: &Answer, right: bool, begun: Instant) {
        let done = Instant::now();
        if begun < self.from || (done > self.until && self.pace.is_none()) {
            return;
        }
        let mut tally = self.tally.borrow_mut();
        tally.latencies.add((done - begun).as_micros());
        *tally.statuses.entry(answer.status).or_default() += 1;
        tally.wrong += u64::from(!right);
        tally.last = Some(done);
        tally.bytes += answer.bytes;
    }
}
