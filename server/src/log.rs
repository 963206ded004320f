//! The log of the program, on standard error, written by a thread of its own.
//!
//! Invariant: a log that cannot be written (a full disk, a pipe that nobody reads or that was closed) holds up nothing and ends nothing; what is lost is counted.

use crate::config::{Config, LogFormat};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written at most.
const LINES: usize = 8_192;

static LOST: AtomicU64 = AtomicU64::new(0);

enum Piece {
    Line(Vec<u8>),
    /// Everything before it is written.
    Mark(SyncSender<()>),
}

/// Where lines of the log are put.
#[derive(Debug, Clone)]
pub struct Log(SyncSender<Piece>);

/// How many lines could not be written since the program started.
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// Starts the log, and tells panics in it; once in a program.
///
/// # Errors
/// There is no thread to write it.
pub fn start(config: &Config) -> io::Result<Log> {
    let (sender, pieces) = sync_channel(LINES);
    std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&pieces, &mut io::stderr()))?;
    let log = Log(sender);
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(log.clone());
    match config.log_format {
        LogFormat::Json => lines.json().init(),
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // A text that was put together may name people; one that stands in the program does not.
        let text = panic.payload().downcast_ref::<&str>().copied().unwrap_or("a text that is left out");
        let backtrace = std::backtrace::Backtrace::capture();
        match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => tracing::error!(place, %backtrace, "a panic: {text}"),
            _ => tracing::error!(place, "a panic: {text}"),
        }
    }));
    Ok(log)
}

fn write(pieces: &Receiver<Piece>, to: &mut impl Write) {
    let mut told = 0;
    for piece in pieces {
        match piece {
            Piece::Line(line) if to.write_all(&line).is_err() => drop(LOST.fetch_add(1, Ordering::Relaxed)),
            Piece::Line(_) => {
                let lost = lost();
                if lost > told {
                    tracing::warn!(lines = lost - told, "lines of the log were lost: it could not be written");
                    told = lost;
                }
            }
            // Who no longer waits needs no answer.
            Piece::Mark(done) => done.send(()).unwrap_or_default(),
        }
    }
}

impl Log {
    /// Waits until what was put there is written, but not longer.
    pub fn flush(&self, within: Duration) {
        let (done, written) = sync_channel(1);
        if self.0.try_send(Piece::Mark(done)).is_ok() {
            // What is not written by then is lost.
            let _ = written.recv_timeout(within);
        }
    }
}

impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.0.try_send(Piece::Line(line.to_vec())) {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Log;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails, or takes for ever, as a pipe does.
    struct Pipe(bool);

    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            if self.0 {
                std::thread::sleep(Duration::from_secs(3_600));
            }
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_hold_up_nobody() {
        for blocks in [false, true] {
            let (sender, pieces) = sync_channel(4);
            std::thread::spawn(move || write(&pieces, &mut Pipe(blocks)));
            let (log, before, begun) = (Log(sender), lost(), std::time::Instant::now());
            for _ in 0..20 {
                (&log).write_all(b"a line").unwrap();
            }
            log.flush(Duration::from_millis(100));
            // As many as wait, and the one that is being written.
            assert!(lost() - before >= 15, "{blocks}: {}", lost() - before);
            assert!(begun.elapsed() < Duration::from_secs(2));
        }
    }
}
