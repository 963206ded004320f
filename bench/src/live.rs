//! `live`: many open boards, changes at a fixed rate, and how long it takes until every board has heard of each.
//!
//! The changes are made as users make them, by HTTP. An event on a stream is matched to the change by its ticket and its turn among that ticket's changes.

use crate::client::{Connection, Pieces, Target};
use crate::http::log_in;
use crate::memory::{Peak, Sampler};
use crate::report::{Latencies, Summary};
use crate::routes::{self, JSON};
use crate::{Outcome, report};
use clap::Args;
use domain::board::Board;
use domain::events::{Happening, Message};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

/// How long after the last change every board must have heard of everything.
const GRACE: Duration = Duration::from_secs(5);
/// Streams that are opened at the same time.
const OPENING: usize = 20;

/// How many boards, how many changes.
#[derive(Debug, Clone, Args)]
pub struct Live {
    /// The server, on this machine.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// `email:password` of a member of staff.
    #[arg(long)]
    pub login: String,
    /// The server's process, to measure its memory.
    #[arg(long)]
    pub pid: Option<u32>,
    /// Open streams.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub boards: u32,
    /// Sessions that the streams are spread over.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub sessions: u32,
    /// Changes a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rate: u32,
    /// Seconds of changes.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Heard {
    pub boards: u32,
    pub changes: usize,
    pub failed: u64,
    /// From the answer to the change, which comes after its commit, until a board had it.
    pub from_commit: Summary,
    /// From the moment the change was sent: the commit is in it.
    pub from_request: Summary,
    pub received: u64,
    pub lost: u64,
    pub doubled: u64,
    /// Streams that ended, or were told to start anew.
    pub broken: u64,
    pub memory: Option<Peak>,
}

/// One change that was made.
struct Change {
    ticket: i64,
    sent: Instant,
    answered: Instant,
}

/// What came on one stream: the numbers of events, and when.
#[derive(Default)]
struct Log {
    seen: Vec<(i64, Instant)>,
    broken: bool,
}

/// What the first stream says of each event, for matching: its number and its ticket.
type Told = Rc<RefCell<Vec<(i64, i64)>>>;

/// Measures and says it.
pub async fn live(args: &Live) -> Outcome<()> {
    report::print(&measure(args).await?);
    Ok(())
}

/// Measures.
pub async fn measure(args: &Live) -> Outcome<Heard> {
    let target = Target::parse(&args.url)?;
    let mut cookies = vec![];
    for _ in 0..args.sessions.min(args.boards) {
        cookies.push(log_in(&target, &args.login).await?);
    }
    let board = board(&target, &cookies[0]).await?;
    LocalSet::new().run_until(run(args, &target, &cookies, &board)).await
}

async fn board(target: &Target, cookie: &str) -> Outcome<Board> {
    let request = target.post(routes::BOARD_DATA, cookie, JSON, &routes::BOARD_FIELDS);
    let (answer, body) = Connection::open(target).await?.ask_whole(&request).await?;
    if answer.status != 200 {
        return Err(format!("the board was answered with {}", answer.status).into());
    }
    let (board, _): (Board, domain::hours::Offices) = serde_json::from_slice(&body)?;
    Ok(board)
}

async fn run(args: &Live, target: &Target, cookies: &[String], board: &Board) -> Outcome<Heard> {
    let sampler = Sampler::maybe(args.pid)?;
    let told = Told::default();
    let mut logs = vec![];
    let mut tasks = vec![];
    for group in (0..args.boards as usize).collect::<Vec<_>>().chunks(OPENING) {
        let opening: Vec<_> =
            group.iter().map(|n| tokio::task::spawn_local(open(target.clone(), cookies[n % cookies.len()].clone(), board.as_of.0))).collect();
        for (n, opened) in group.iter().zip(opening) {
            let pieces = opened.await??;
            let log = Rc::new(RefCell::new(Log::default()));
            logs.push(log.clone());
            tasks.push(tokio::task::spawn_local(listen(pieces, log, (*n == 0).then(|| told.clone()))));
        }
    }
    sleep(Duration::from_secs(1)).await;
    let (changes, failed) = change(args, target, &cookies[0], board).await?;

    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && logs.iter().any(|log| log.borrow().seen.len() < changes.len()) {
        sleep(Duration::from_millis(50)).await;
    }
    // A little longer, for what comes twice.
    sleep(Duration::from_millis(300)).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let memory = sampler.map(Sampler::stop);
    let logs: Vec<_> = logs.iter().map(|log| log.take()).collect();
    let told = told.take();
    Ok(Heard { boards: args.boards, failed, memory, ..compare(&changes, &told, &logs)? })
}

async fn open(target: Target, cookie: String, after: i64) -> std::io::Result<Pieces> {
    Connection::open(&target).await?.into_stream(&target.get(&routes::live(after), &cookie, "text/event-stream")).await
}

/// Writes down what comes, until it is stopped.
async fn listen(mut pieces: Pieces, log: Rc<RefCell<Log>>, told: Option<Told>) {
    let (mut line, mut id) = (Vec::with_capacity(512), None);
    loop {
        let more = pieces.next(|piece| {
            let now = Instant::now();
            let mut log = log.borrow_mut();
            for byte in piece.split_inclusive(|b| *b == b'\n') {
                line.extend_from_slice(byte);
                if line.last() == Some(&b'\n') {
                    take(line.trim_ascii(), now, &mut id, &mut log, told.as_ref());
                    line.clear();
                }
            }
        });
        if !matches!(more.await, Ok(true)) {
            log.borrow_mut().broken = true;
            return;
        }
    }
}

/// Takes one line of a stream. A sign of life and a reset carry a number too, so the kind decides.
fn take(line: &[u8], now: Instant, id: &mut Option<i64>, log: &mut Log, told: Option<&Told>) {
    if let Some(number) = line.strip_prefix(b"id:") {
        *id = std::str::from_utf8(number).ok().and_then(|n| n.trim().parse().ok());
    } else if let Some(data) = line.strip_prefix(b"data:") {
        let data = data.trim_ascii();
        // Only as much as is needed is read: the messages of a thousand boards would take longer to parse than to send.
        if data.starts_with(br#"{"is":"happened""#) {
            log.seen.extend(id.take().map(|n| (n, now)));
            if let Some(told) = told
                && let Ok(Message::Happened { event, .. }) = serde_json::from_slice(data)
                && matches!(event.what, Happening::StatusChanged { .. })
            {
                told.borrow_mut().push((event.n.0, event.ticket.0));
            }
        } else if !data.starts_with(br#"{"is":"beat""#) {
            log.broken = true;
        }
    }
}

/// Moves cards between open and waiting, in turn, at the rate.
async fn change(args: &Live, target: &Target, cookie: &str, board: &Board) -> Outcome<(Vec<Change>, u64)> {
    let cards = board.columns.iter().flat_map(|c| &c.cards).filter(|c| matches!(c.status.word(), "open" | "waiting"));
    let mut cards: VecDeque<(i64, &str)> = cards.map(|c| (c.id.0, c.status.word())).collect();
    if cards.is_empty() {
        return Err("there is no open or waiting ticket to change".into());
    }
    let (changes, failed) = (Rc::new(RefCell::new(vec![])), Rc::new(RefCell::new(0)));
    let (begin, gap) = (Instant::now(), Duration::from_secs_f64(1.0 / f64::from(args.rate)));
    // As many connections as there are agents at work; each ticket stays on one, so that its changes keep their order.
    let most = 4.min(cards.len());
    let mut queues: Vec<VecDeque<(i64, &str)>> = vec![VecDeque::new(); most];
    for (at, card) in cards.drain(..).enumerate() {
        queues[at % most].push_back(card);
    }
    let mut workers = vec![];
    for (at, queue) in queues.into_iter().enumerate() {
        let queue: VecDeque<(i64, bool)> = queue.into_iter().map(|(id, status)| (id, status == "open")).collect();
        let total = u64::from(args.rate) * u64::from(args.seconds);
        let turns: Vec<Instant> = (0..total).skip(at).step_by(most).map(|n| begin + gap * n as u32).collect();
        workers.push(tokio::task::spawn_local(worker(target.clone(), cookie.to_owned(), queue, turns, changes.clone(), failed.clone())));
    }
    for worker in workers {
        worker.await??;
    }
    let mut changes = changes.take();
    changes.sort_by_key(|c: &Change| c.answered);
    Ok((changes, failed.take()))
}

async fn worker(
    target: Target,
    cookie: String,
    mut queue: VecDeque<(i64, bool)>,
    turns: Vec<Instant>,
    changes: Rc<RefCell<Vec<Change>>>,
    failed: Rc<RefCell<u64>>,
) -> std::io::Result<()> {
    let mut connection = Connection::open(&target).await?;
    for turn in turns {
        sleep_until(turn).await;
        let Some((ticket, is_open)) = queue.pop_front() else { break };
        let request =
            target.post(routes::CHANGE, &cookie, JSON, &routes::status_fields(&ticket.to_string(), if is_open { "waiting" } else { "open" }));
        let sent = Instant::now();
        let answer = connection.ask(&request).await?;
        if answer.is_right() {
            changes.borrow_mut().push(Change { ticket, sent, answered: Instant::now() });
            queue.push_back((ticket, !is_open));
        } else {
            *failed.borrow_mut() += 1;
            queue.push_back((ticket, is_open));
        }
    }
    Ok(())
}

fn compare(changes: &[Change], told: &[(i64, i64)], logs: &[Log]) -> Outcome<Heard> {
    // Each ticket's events in the order of their numbers are its changes in the order in which they were made.
    let mut by_ticket: HashMap<i64, VecDeque<i64>> = HashMap::new();
    let mut told = told.to_vec();
    told.sort_unstable();
    told.dedup();
    for (n, ticket) in told {
        by_ticket.entry(ticket).or_default().push_back(n);
    }
    let mut expected = HashMap::new();
    let mut unknown = 0;
    for change in changes {
        match by_ticket.get_mut(&change.ticket).and_then(VecDeque::pop_front) {
            Some(n) => drop(expected.insert(n, change)),
            None => unknown += 1,
        }
    }
    let (mut from_commit, mut from_request) = (Latencies::new()?, Latencies::new()?);
    let (mut received, mut lost, mut doubled) = (0, 0, 0);
    for log in logs {
        let mut seen = std::collections::HashSet::with_capacity(expected.len());
        for (n, at) in &log.seen {
            let Some(change) = expected.get(n) else { continue };
            if !seen.insert(*n) {
                doubled += 1;
                continue;
            }
            from_commit.add(at.saturating_duration_since(change.answered).as_micros());
            from_request.add(at.saturating_duration_since(change.sent).as_micros());
            received += 1;
        }
        lost += (expected.len() - seen.len()) as u64 + unknown;
    }
    let broken = logs.iter().filter(|log| log.broken).count() as u64;
    let (from_commit, from_request) = (from_commit.summary(), from_request.summary());
    Ok(Heard { boards: 0, changes: changes.len(), failed: 0, from_commit, from_request, received, lost, doubled, broken, memory: None })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn what_is_lost_and_what_comes_twice_is_counted() {
        let now = Instant::now();
        let after = |ms| now + Duration::from_millis(ms);
        let changes = [Change { ticket: 7, sent: now, answered: after(2) }, Change { ticket: 7, sent: after(50), answered: after(52) }];
        let log = |seen: &[(i64, u64)]| Log { seen: seen.iter().map(|(n, ms)| (*n, after(*ms))).collect(), broken: false };
        let logs = [log(&[(11, 5), (12, 60), (90, 61)]), log(&[(11, 12), (11, 13)])];
        let heard = compare(&changes, &[(12, 7), (11, 7)], &logs).unwrap();
        assert_eq!((heard.received, heard.lost, heard.doubled), (3, 1, 1));
        assert!((heard.from_commit.max_ms - 10.0).abs() < 0.1 && (heard.from_request.max_ms - 12.0).abs() < 0.1, "{heard:?}");
    }

    #[test]
    fn a_line_is_taken_for_what_it_is() {
        let (mut id, mut log) = (None, Log::default());
        for line in ["id: 5", r#"data: {"is":"beat","n":5}"#, "", "id: 6", r#"data: {"is":"happened","event":{}}"#] {
            take(line.as_bytes(), Instant::now(), &mut id, &mut log, None);
        }
        assert!(log.seen.len() == 1 && log.seen[0].0 == 6 && !log.broken);
        take(br#"data: {"is":"reset","n":6}"#, Instant::now(), &mut id, &mut log, None);
        assert!(log.broken);
    }
}
