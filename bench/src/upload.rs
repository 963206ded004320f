//! `upload`: one large file through the server, and the same amount written by `dd` to the same disk.

use crate::client::{Connection, Target};
use crate::http::log_in;
use crate::memory::{Peak, Sampler};
use crate::{Outcome, report, routes};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Bytes written at once.
const CHUNK: usize = 1 << 20;
/// What a zip file begins with.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// What to send, and where it ends up.
#[derive(Debug, Clone, Args)]
pub struct Upload {
    /// The server, on this machine.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// `email:password`.
    #[arg(long)]
    pub login: String,
    /// The server's process, to measure its memory.
    #[arg(long)]
    pub pid: Option<u32>,
    /// How large.
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(4..=10_240))]
    pub mebibytes: u64,
    /// The folder the server keeps files in; `dd` writes there too.
    #[arg(long, default_value = "data/files")]
    pub folder: PathBuf,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Sent {
    pub mebibytes: u64,
    pub status: u16,
    pub seconds: f64,
    pub mebibytes_per_second: f64,
    pub dd_mebibytes_per_second: f64,
    /// The share of `dd`'s speed, in percent.
    pub percent_of_dd: f64,
    pub memory: Option<Peak>,
}

/// Measures and says it.
pub async fn upload(args: &Upload) -> Outcome<()> {
    report::print(&measure(args).await?);
    Ok(())
}

/// Measures: `dd` before and after, and the better of the two counts.
pub async fn measure(args: &Upload) -> Outcome<Sent> {
    let target = Target::parse(&args.url)?;
    let cookie = log_in(&target, &args.login).await?;
    let before = dd(&args.folder, args.mebibytes)?;
    let sampler = Sampler::maybe(args.pid)?;
    let (status, seconds) = send(&target, &cookie, args.mebibytes).await?;
    let memory = sampler.map(Sampler::stop);
    let after = dd(&args.folder, args.mebibytes)?;
    let (speed, dd) = (args.mebibytes as f64 / seconds, before.max(after));
    Ok(Sent {
        mebibytes: args.mebibytes,
        status,
        seconds,
        mebibytes_per_second: speed,
        dd_mebibytes_per_second: dd,
        percent_of_dd: speed / dd * 100.0,
        memory,
    })
}

async fn send(target: &Target, cookie: &str, mebibytes: u64) -> Outcome<(u16, f64)> {
    let mut chunk = vec![0_u8; CHUNK];
    let mut random = store::bulk::Random::new(9);
    for eight in chunk.chunks_exact_mut(8) {
        eight.copy_from_slice(&random.any().to_le_bytes());
    }
    let mut connection = Connection::open(target).await?;
    let begun = Instant::now();
    let head = target.post_head(&routes::upload("big.zip"), cookie, routes::JSON, "application/octet-stream", mebibytes * CHUNK as u64);
    connection.write(head.as_bytes()).await?;
    let mut first = chunk.clone();
    first[..4].copy_from_slice(&ZIP);
    for n in 0..mebibytes {
        if let Err(error) = connection.write(if n == 0 { &first } else { &chunk }).await {
            // It may have been refused with an answer before the end.
            let answer = connection.answer(None).await.map_err(|_| error)?;
            return Err(format!("the upload was refused with {}", answer.status).into());
        }
    }
    let answer = connection.answer(None).await?;
    if !answer.is_right() {
        return Err(format!("the upload was answered with {}", answer.status).into());
    }
    Ok((answer.status, begun.elapsed().as_secs_f64()))
}

/// Mebibytes a second that `dd` writes, waiting for the disk after every 4 MiB.
fn dd(folder: &Path, mebibytes: u64) -> Outcome<f64> {
    let file = folder.join("bench-dd.tmp");
    let begun = Instant::now();
    let done = Command::new("dd")
        .arg("if=/dev/zero")
        .arg(format!("of={}", file.display()))
        .args(["bs=4M", "oflag=dsync"])
        .arg(format!("count={}", mebibytes / 4))
        .output();
    let seconds = begun.elapsed().as_secs_f64();
    let removed = std::fs::remove_file(&file);
    let done = done?;
    if !done.status.success() {
        return Err(format!("dd failed: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    removed?;
    Ok((mebibytes / 4 * 4) as f64 / seconds)
}
