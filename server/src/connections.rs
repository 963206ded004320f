//! Connections: taking them in, and letting go of those that only hold a place.
//!
//! Invariants: there are never more connections than the process can have files open, so that pages, the database and uploads always get one; no network has more than its share of them.
//! Nothing is waited for without end: not the head of a request, nor that an answer is taken.

use crate::pace::{self, Paced};
use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use desk::Network;
use desk::permits::{Full, Permits};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;
use std::io::{self, Write};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Files kept for everything that is no connection; half of all where there are few.
const RESERVED: u64 = 512;
/// Files that a connection holds: itself, and what comes or goes over it.
const FILES: u64 = 2;
/// Most connections, however many files there are: each costs memory too.
const MOST: u64 = 16_384;
/// One network has one in so many of the connections.
const SHARE: usize = 4;
/// Largest head of a request, in bytes: an address and cookies.
const HEAD_BYTES: usize = 32 << 10;
/// Most of a request or an answer that a connection keeps in memory, in bytes.
const BUFFER: usize = 64 << 10;
/// Most that waits in the system to be sent over one connection, in bytes: how much of an answer was taken is seen by this.
const UNSENT: u32 = 64 << 10;
/// The longest pause after a connection could not be taken in.
const PAUSE: Duration = Duration::from_secs(1);

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How much is taken in, and how long is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections.
    pub all: usize,
    /// Most of one network.
    pub each: usize,
    /// A connection that does not finish the head of a request within this time is closed.
    pub head: Duration,
    /// While an answer waits to be taken, some of it has to be in each of these spans.
    pub span: Duration,
}

impl Limits {
    /// What the system allows; takes as many open files as it can have. Behind a proxy all connections come from one network.
    pub fn of_system(behind_proxy: bool) -> Self {
        let all = places();
        let each = if behind_proxy { all } else { (all / SHARE).max(16) };
        // Longer than common proxies keep a connection open without use.
        Self { all, each, head: Duration::from_secs(75), span: pace::SPAN }
    }
}

/// Serves until it is told to stop, and then until every request is answered.
pub async fn serve(listener: TcpListener, app: Router, shutdown: CancellationToken, limits: Limits) {
    // HTTP/1.1 alone, which is what a proxy speaks to what stands behind it: finding out the version has no time limit, nor has an HTTP/2 connection on which nothing is asked.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_header_size(HEAD_BYTES).max_buf_size(BUFFER);
    if let Err(error) = prepare(&listener) {
        tracing::debug!(%error, "connections are not set up as they should be");
    }
    let permits = Permits::new(limits.all, limits.each);
    let ending = GracefulShutdown::new();
    let mut pause = Duration::ZERO;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            // It was gone before it was taken in.
            Err(error) if is_of_connection(&error) => continue,
            Err(error) => {
                // Told once: where there are no files left, each of very many connections fails.
                if pause.is_zero() {
                    tracing::error!(%error, "connections are not taken in; trying again");
                }
                pause = (pause * 2).clamp(Duration::from_millis(50), PAUSE);
                tokio::time::sleep(pause).await;
                continue;
            }
        };
        pause = Duration::ZERO;
        let permit = match permits.try_take(Some(Network::of(from.ip()))) {
            Ok(permit) => permit,
            Err(full) => {
                refuse(stream, full);
                continue;
            }
        };
        let app = app.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            app.clone().oneshot(request)
        });
        let connection = ending.watch(builder.serve_connection(TokioIo::new(Paced::new(stream, limits.span)), service));
        tokio::spawn(async move {
            let open = metrics::gauge!("balie_connections_open");
            open.increment(1.0);
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection ended");
            }
            open.decrement(1.0);
            drop(permit);
        });
    }
    drop(listener);
    ending.shutdown().await;
}

/// What every connection that is taken in begins with.
fn prepare(listener: &TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    // Without it a page in two pieces waits 40 ms for an acknowledgement.
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_notsent_lowat(UNSENT)?;
        // The other end is gone, or takes nothing: also where little waits, as on a stream.
        socket.set_tcp_user_timeout(Some(2 * pace::SPAN))?;
    }
    Ok(())
}

/// Says that there is no place, as far as that goes without waiting.
fn refuse(stream: TcpStream, full: Full) {
    let (why, answer) = match full {
        Full::All => ("all", BUSY),
        Full::Share => ("network", TOO_MANY),
    };
    metrics::counter!("balie_connections_refused", "full" => why).increment(1);
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write(answer);
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// How many connections there may be; takes as many open files as the system allows.
fn places() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = MOST * FILES + RESERVED;
    let most = limit.maximum.unwrap_or(wanted).min(wanted).max(limit.current.unwrap_or(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    let files = if raised.is_ok() { most } else { limit.current.unwrap_or(most) };
    of_files(files)
}

/// How many connections so many files are enough for.
fn of_files(files: u64) -> usize {
    let places = (files - RESERVED.min(files / 2)) / FILES;
    usize::try_from(places.clamp(16, MOST)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;

    const LIMITS: Limits = Limits { all: 64, each: 64, head: Duration::from_secs(60), span: Duration::from_secs(60) };

    /// Serves on a port of its own.
    async fn serving(app: Router, limits: Limits) -> (std::net::SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(serve(listener, app, stop.clone(), limits));
        (address, stop)
    }

    /// What is answered to a request from one of the addresses of this machine.
    async fn ask(to: std::net::SocketAddr, from: [u8; 4], request: &str) -> String {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(to).await.unwrap();
        // It may be closed before it has read what was asked.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = vec![];
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn one_address_does_not_take_every_place() {
        let (address, stop) = serving(Router::new().fallback(async || "hier"), Limits { all: 8, each: 4, ..LIMITS }).await;
        let mut held = vec![];
        for _ in 0..4 {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        assert!(ask(address, [127, 0, 0, 2], GET).await.ends_with("hier"), "another is let in");
        // The place of who was let in is given back when the connection has ended.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let refused = ask(address, [127, 0, 0, 1], "").await;
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 429"), "{refused}");
        for last in 3..7 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, last], 0).into()).unwrap();
            held.push(socket.connect(address).await.unwrap());
        }
        let refused = ask(address, [127, 0, 0, 9], "").await;
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 503"), "{refused}");
        drop(held);
        while !ask(address, [127, 0, 0, 1], GET).await.ends_with("hier") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn who_does_not_read_an_answer_is_let_go_of_and_others_are_let_in() {
        let large = || async { vec![b'x'; 8 << 20] };
        let (address, stop) = serving(Router::new().fallback(large), Limits { all: 4, each: 4, span: Duration::from_millis(500), ..LIMITS }).await;
        let mut silent = vec![];
        for _ in 0..4 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4 << 10).unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(GET.as_bytes()).await.unwrap();
            silent.push(stream);
        }
        let begun = std::time::Instant::now();
        while ask(address, [127, 0, 0, 1], GET).await.len() < 8 << 20 {
            assert!(begun.elapsed() < Duration::from_secs(20), "nobody is let in");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn a_head_has_a_largest_size() {
        let (address, stop) = serving(Router::new().fallback(async || "hier"), LIMITS).await;
        let with = |bytes: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: a={}\r\n\r\n", "x".repeat(bytes));
        assert!(ask(address, [127, 0, 0, 1], &with(16 << 10)).await.ends_with("hier"));
        let refused = ask(address, [127, 0, 0, 1], &with(64 << 10)).await;
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
        stop.cancel();
    }

    #[test]
    fn a_connection_has_room_for_itself_and_for_a_file() {
        assert_eq!([64, 256, 1_024, 20_000, 1 << 20].map(of_files), [16, 64, 256, 9_744, 16_384]);
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_is_asked_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(async || "hier");
        let stop = CancellationToken::new();
        let limits = Limits { head: Duration::from_millis(200), ..LIMITS };
        tokio::spawn(serve(listener, app, stop.clone(), limits));
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
