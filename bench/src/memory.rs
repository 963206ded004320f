//! How much memory a process has, and how much it had at most while something ran.

use crate::{Outcome, report};
use clap::Args;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Which process to look at, and for how long.
#[derive(Debug, Clone, Args)]
pub struct Memory {
    /// The process.
    #[arg(long)]
    pub pid: u32,
    /// For so many seconds.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    pub seconds: u64,
}

/// Memory in KiB: what is its own and its share of what others have too (PSS), and everything it has (RSS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs)]
pub struct Use {
    pub pss_kib: u64,
    pub rss_kib: u64,
}

/// Memory before and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Peak {
    pub before: Use,
    pub peak: Use,
}

impl Peak {
    /// The most there was, in MiB.
    pub fn mebibytes(&self) -> f64 {
        self.peak.pss_kib as f64 / 1_024.0
    }

    /// How much more that was than before, in MiB.
    pub fn growth(&self) -> f64 {
        self.peak.pss_kib.saturating_sub(self.before.pss_kib) as f64 / 1_024.0
    }
}

/// What a process has now.
pub fn now(pid: u32) -> Outcome<Use> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok()).unwrap_or_default();
    Ok(Use { pss_kib: value("Pss:"), rss_kib: value("Rss:") })
}

/// Looks at a process until it is asked what it saw.
pub struct Sampler {
    before: Use,
    pss: Arc<AtomicU64>,
    rss: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Sampler {
    /// Begins to look.
    pub fn start(pid: u32) -> Outcome<Self> {
        let before = now(pid)?;
        let (pss, rss, over) = (Arc::new(AtomicU64::new(before.pss_kib)), Arc::new(AtomicU64::new(before.rss_kib)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (pss, rss, over) = (pss.clone(), rss.clone(), over.clone());
            move || {
                while !over.load(Ordering::Relaxed) {
                    let Ok(seen) = now(pid) else { return };
                    pss.fetch_max(seen.pss_kib, Ordering::Relaxed);
                    rss.fetch_max(seen.rss_kib, Ordering::Relaxed);
                    std::thread::sleep(EVERY);
                }
            }
        });
        Ok(Self { before, pss, rss, over, thread })
    }

    /// Begins to look where there is a process to look at.
    pub fn maybe(pid: Option<u32>) -> Outcome<Option<Self>> {
        pid.map(Self::start).transpose()
    }

    /// What it saw.
    pub fn stop(self) -> Peak {
        self.over.store(true, Ordering::Relaxed);
        // A thread that panicked has left what it saw until then.
        let _ = self.thread.join();
        Peak { before: self.before, peak: Use { pss_kib: self.pss.load(Ordering::Relaxed), rss_kib: self.rss.load(Ordering::Relaxed) } }
    }
}

/// Says what a process has, and had at most in the time given.
pub async fn memory(args: &Memory) -> Outcome<()> {
    let sampler = Sampler::start(args.pid)?;
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    report::print(&sampler.stop());
    Ok(())
}
