//! The server under measurement, started and stopped; and `start`: how long it takes until it answers.

use crate::client::{Connection, Target};
use crate::routes::{self, HTML};
use crate::{Outcome, report};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that does not answer by then has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start, on what.
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// The executable.
    #[arg(long, default_value = "target/release/balie")]
    pub binary: PathBuf,
    /// The database, which is there already.
    #[arg(long)]
    pub database: String,
    /// The folder for files.
    #[arg(long, default_value = "target/bench/files")]
    pub files: PathBuf,
    /// The built assets.
    #[arg(long, default_value = "target/site")]
    pub site_root: PathBuf,
    /// A free port of this machine; the next one is used for metrics.
    #[arg(long, default_value_t = 3_990)]
    pub port: u16,
    /// How often.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub times: u32,
    /// Settings besides those that are always given.
    #[arg(skip)]
    pub settings: Vec<(String, String)>,
}

/// What was measured, in milliseconds.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Started {
    pub times: Vec<f64>,
    pub median: f64,
    pub max: f64,
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it answers.
    pub target: Target,
    /// From its start until it answered.
    pub started_in: Duration,
}

impl Server {
    /// Starts it and waits for its first answer.
    pub async fn start(how: &Start) -> Outcome<Self> {
        std::fs::create_dir_all(&how.files)?;
        let target = Target::parse(&format!("http://127.0.0.1:{}", how.port))?;
        if Connection::open(&target).await.is_ok() {
            return Err(format!("something is at {} already", target.url).into());
        }
        let mut command = Command::new(&how.binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BALIE_")) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("BALIE_LISTEN", format!("127.0.0.1:{}", how.port))
            .env("BALIE_METRICS_LISTEN", format!("127.0.0.1:{}", how.port + 1))
            .env("BALIE_DATABASE", &how.database)
            .env("BALIE_FILES", &how.files)
            .env("BALIE_MAX_UPLOAD_MIB", "10240")
            .env("BALIE_LOG", "warn")
            .env("LEPTOS_SITE_ROOT", &how.site_root)
            .envs(how.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn().map_err(|error| format!("{}: {error}", how.binary.display()))?;
        let mut server = Self { child, target, started_in: Duration::ZERO };
        server.wait(begun).await?;
        server.started_in = begun.elapsed();
        Ok(server)
    }

    async fn wait(&mut self, begun: Instant) -> Outcome<()> {
        let request = self.target.get(routes::LOG_IN_PAGE, "", HTML);
        loop {
            if let Ok(mut connection) = Connection::open(&self.target).await
                && connection.ask(&request).await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}").into());
            }
            if begun.elapsed() > PATIENCE {
                return Err("the server does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and sees that it does.
    pub fn stop(mut self) -> Outcome<()> {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(8) {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Stopped already, where it was stopped in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it several times and says how long that took.
pub async fn start(args: &Start) -> Outcome<()> {
    report::print(&measure(args).await?);
    Ok(())
}

/// Starts it several times.
pub async fn measure(args: &Start) -> Outcome<Started> {
    let mut times = vec![];
    for _ in 0..args.times {
        let server = Server::start(args).await?;
        times.push(server.started_in.as_secs_f64() * 1_000.0);
        server.stop()?;
    }
    let mut sorted = times.clone();
    sorted.sort_by(f64::total_cmp);
    Ok(Started { median: sorted[sorted.len() / 2], max: sorted[sorted.len() - 1], times })
}

/// Bytes of the assets of a first visit as they are sent with brotli: WASM with JS, and CSS.
pub fn weight(site_root: &Path) -> Outcome<(u64, u64)> {
    let (mut scripts, mut styles) = (0, 0);
    for entry in std::fs::read_dir(site_root.join("pkg"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = entry.metadata()?.len();
        match () {
            () if name.ends_with(".wasm.br") || name.ends_with(".js.br") => scripts += bytes,
            () if name.ends_with(".css.br") => styles += bytes,
            () => {}
        }
    }
    if scripts == 0 { Err(format!("{}: no compressed assets there", site_root.display()).into()) } else { Ok((scripts, styles)) }
}
