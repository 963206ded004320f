//! Connections: taking them in, and letting go of those that only hold a place.
//!
//! Invariant: there are never more connections than the process can have files open, so that pages, the database and uploads always get one.

use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A connection that does not finish the head of a request within this time is closed: longer than common proxies keep one open without use.
const HEAD: Duration = Duration::from_secs(75);
/// Files kept for everything that is no connection.
const RESERVED: u64 = 512;
/// Where the system sets no limit.
const MOST: u64 = 1 << 20;

/// Serves until it is told to stop, and then until every request is answered.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken) {
    serve_within(listener, app, shutdown, HEAD).await;
}

async fn serve_within(listener: TcpListener, app: Router, shutdown: CancellationToken, head: Duration) {
    // HTTP/1.1 alone, which is what a proxy speaks to what stands behind it: finding out the version has no time limit, nor has an HTTP/2 connection on which nothing is asked.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let places = Arc::new(Semaphore::new(places()));
    let ending = GracefulShutdown::new();
    loop {
        let next = async {
            // Never closed.
            let place = places.clone().acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            () = shutdown.cancelled() => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken in");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it a page in two pieces waits 40 ms for an acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let app = app.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            app.clone().oneshot(request)
        });
        let connection = ending.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    ending.shutdown().await;
}

/// How many connections there may be; takes as many open files as the system allows.
fn places() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(MOST).min(MOST);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    let files = if raised.is_ok() { most } else { limit.current.unwrap_or(most) };
    usize::try_from(files.saturating_sub(RESERVED).max(64)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn a_connection_on_which_nothing_is_asked_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(async || "hier");
        let stop = CancellationToken::new();
        tokio::spawn(serve_within(listener, app, stop.clone(), Duration::from_millis(200)));
        let used = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for sent in ["", "G", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", used] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = vec![];
            let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
            assert!(closed.is_ok(), "{sent:?} is left open");
            assert_eq!(String::from_utf8_lossy(&answer).contains("hier"), sent == used, "{sent:?}");
        }
        stop.cancel();
    }
}
