//! A connection whose other end has to take what is written to it.
//!
//! Invariant: what waits to be written is taken at a least rate, or the connection is closed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// In each of these spans while something waits to be written, [`LEAST`] has to be taken.
pub const SPAN: Duration = Duration::from_secs(30);
/// In bytes: half a kibibyte a second, less than any line that a page can be read over.
const LEAST: usize = 16 << 10;

/// Wraps a connection.
#[derive(Debug)]
pub struct Paced<S> {
    inner: S,
    span: Duration,
    waiting: Option<Waiting>,
}

/// Something waits to be written.
#[derive(Debug)]
struct Waiting {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl<S> Paced<S> {
    /// A connection that is closed where less than [`LEAST`] is taken within a `span`.
    pub fn new(inner: S, span: Duration) -> Self {
        Self { inner, span, waiting: None }
    }

    fn written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.taken += bytes;
                }
            }
            Poll::Pending => {
                let span = self.span;
                let waiting = self.waiting.get_or_insert_with(|| Waiting { until: Box::pin(sleep(span)), taken: 0 });
                while waiting.until.as_mut().poll(context).is_ready() {
                    if waiting.taken < LEAST {
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other end does not take what is written")));
                    }
                    waiting.taken = 0;
                    waiting.until.as_mut().reset(Instant::now() + span);
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Called once nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn who_reads_too_little_is_let_go_of_and_who_reads_enough_is_not() {
        let span = Duration::from_millis(400);
        for (read, pause, goes_through) in [(0, 0, false), (1 << 10, 50, false), (8 << 10, 20, true)] {
            let (near, mut far) = duplex(8 << 10);
            let mut near = Paced::new(near, span);
            let reader = tokio::spawn(async move {
                let mut buffer = vec![0; read.max(1)];
                while read > 0 && far.read(&mut buffer).await.is_ok_and(|n| n > 0) {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                std::future::pending::<()>().await;
            });
            let page = vec![0; 400 << 10];
            let written = async {
                near.write_all(&page).await?;
                near.flush().await
            };
            let written = tokio::time::timeout(Duration::from_secs(60), written).await.unwrap();
            assert_eq!(written.is_ok(), goes_through, "{read} bytes every {pause} ms");
            reader.abort();
        }
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_waits_may_be_silent() {
        let (near, mut far) = duplex(1 << 10);
        let mut near = Paced::new(near, Duration::from_millis(20));
        for _ in 0..5 {
            near.write_all(b"beat").await.unwrap();
            near.flush().await.unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        let mut came = [0; 20];
        far.read_exact(&mut came).await.unwrap();
    }
}
