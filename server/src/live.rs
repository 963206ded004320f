//! The event stream: `GET /live?after=n`, for as long as the session lives.
//!
//! Invariants: every message was allowed when it was written, and before each it is looked at whether the session still runs; a reader that is slow is waited for, and a buffer never grows; the stream ends with the session and with the server.

use crate::files::{allowed, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use desk::accounts::Session;
use desk::live::Reading;
use domain::events::Message;
use domain::permissions::Action;
use domain::{EventNo, Refusal};
use futures_util::stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, watch};

/// A sign of life this often, and a look whether the session still runs.
const BEAT: Duration = Duration::from_secs(15);
/// The same look where telling takes longer than this: another process may have ended the session, and the bell does not carry that on SQLite.
const LOOK: Duration = Duration::from_secs(1);

/// Where a reader is in the log.
#[derive(Debug, Deserialize)]
pub struct After {
    #[serde(default)]
    after: i64,
}

struct Stream {
    state: AppState,
    session: Session,
    /// Messages that are read and not yet written, with their numbers.
    waiting: VecDeque<(EventNo, Arc<str>)>,
    /// How far the log is read with them.
    read: EventNo,
    /// How far it is written.
    cursor: EventNo,
    /// When that was looked at, or all was told.
    looked: Instant,
    head: watch::Receiver<EventNo>,
    ended: broadcast::Receiver<String>,
    turns: watch::Receiver<i64>,
    beat: tokio::time::Interval,
    over: bool,
    _open: Open,
}

/// Counts the open streams.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::gauge!("balie_streams_open").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("balie_streams_open").decrement(1.0);
    }
}

/// `GET /live?after=n`: server-sent events; the browser's own `Last-Event-ID` counts where it is further.
pub async fn stream(State(state): State<AppState>, Extension(asking): Extension<Asking>, Query(after): Query<After>, headers: HeaderMap) -> Response {
    let session = match allowed(&asking, Action::FollowEvents) {
        Ok(session) => session.clone(),
        Err(refusal) => return refused(&refusal.into(), &asking),
    };
    let last = headers.get("last-event-id").and_then(|h| h.to_str().ok()?.parse().ok()).unwrap_or(0);
    let cursor = EventNo(after.after.max(last).max(0));
    let stream = Stream {
        waiting: VecDeque::new(),
        read: cursor,
        cursor,
        looked: Instant::now(),
        head: state.desk.tail().head(),
        ended: state.desk.store().notifier().ended(),
        turns: state.desk.tail().turns(),
        beat: tokio::time::interval(BEAT),
        over: false,
        _open: Open::new(),
        session,
        state,
    };
    let body = stream::unfold(stream, |mut stream| async move {
        let piece = stream.next().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), stream))
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers would make it anything but live.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Stream {
    /// The next piece to write; `None` when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        loop {
            match self.looked_at().await {
                Renewed::Same => {}
                Renewed::Other => return Some(self.anew(self.cursor)),
                Renewed::Ended => return self.end(),
            }
            if let Some((n, text)) = self.waiting.pop_front() {
                self.cursor = n;
                metrics::counter!("balie_stream_messages").increment(1);
                return Some(format!("id: {n}\ndata: {text}\n\n").into());
            }
            self.cursor = self.read;
            self.head.mark_unchanged();
            match desk::live::read(&self.state.desk, &self.session, self.cursor).await {
                Ok(Reading::Messages(messages, upto)) => {
                    let moved = upto > self.cursor;
                    (self.read, self.waiting) = (upto, messages.into());
                    if moved {
                        continue;
                    }
                }
                Ok(Reading::Reset(n)) => return Some(self.anew(n)),
                Err(error) => {
                    tracing::warn!(%error, "a stream could not read the log; it ends, and the browser comes back");
                    return None;
                }
            }
            tokio::select! {
                () = self.state.shutdown.cancelled() => return None,
                changed = self.head.changed() => {
                    changed.ok()?;
                    self.looked = Instant::now();
                }
                turned = self.turns.changed() => {
                    turned.ok()?;
                    return Some(self.anew(self.cursor));
                }
                ended = self.ended.recv() => match ended {
                    Ok(session) if session != self.session.id() => {}
                    heard => match self.hear(heard.is_ok()).await {
                        Renewed::Same => {}
                        Renewed::Other => return Some(self.anew(self.cursor)),
                        Renewed::Ended => return self.end(),
                    },
                },
                _ = self.beat.tick() => return match self.renew().await {
                    Renewed::Same => Some(frame(&Message::Beat { n: self.cursor })),
                    Renewed::Other => Some(self.anew(self.cursor)),
                    Renewed::Ended => self.end(),
                }
            }
        }
    }

    /// Whether the session still runs and may see what it saw, as far as this node has heard; asked of the database where that was long ago.
    async fn looked_at(&mut self) -> Renewed {
        loop {
            match self.ended.try_recv() {
                Ok(session) if session != self.session.id() => {}
                Ok(_) => return self.hear(true).await,
                Err(TryRecvError::Lagged(_)) => return self.hear(false).await,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if self.looked.elapsed() < LOOK { Renewed::Same } else { self.renew().await }
    }

    /// What became of the session when something was heard: of itself, or too many at once to hear each.
    async fn hear(&mut self, of_itself: bool) -> Renewed {
        match self.renew().await {
            // Its end is told, or that what it sees is another now.
            Renewed::Same if of_itself => Renewed::Other,
            renewed => renewed,
        }
    }

    /// Tells the screen to begin anew from there on.
    fn anew(&mut self, n: EventNo) -> Bytes {
        self.waiting.clear();
        (self.read, self.cursor) = (n, n);
        frame(&Message::Reset { n })
    }

    fn end(&mut self) -> Option<Bytes> {
        self.over = true;
        Some(frame(&Message::Ended))
    }

    /// Takes over the rights as they are now.
    async fn renew(&mut self) -> Renewed {
        self.looked = Instant::now();
        match desk::accounts::renew(&self.state.desk, &self.session).await {
            Ok(Some(session)) => {
                let is_same = session.scope() == self.session.scope();
                self.session = session;
                if is_same { Renewed::Same } else { Renewed::Other }
            }
            Ok(None) => Renewed::Ended,
            Err(error) => {
                tracing::warn!(%error, "a stream could not look up its session");
                Renewed::Same
            }
        }
    }
}

/// What became of a stream's session.
enum Renewed {
    Same,
    /// It may see other tickets: the screen begins anew.
    Other,
    Ended,
}

fn frame(message: &Message) -> Bytes {
    let text = serde_json::to_string(message).unwrap_or_default();
    match message.position() {
        Some(n) => format!("id: {n}\ndata: {text}\n\n").into(),
        None => format!("data: {text}\n\n").into(),
    }
}

/// `GET /live/since?after=n`: what came since, one message a line, and then how far that is. For a tab that joins a stream another tab has.
pub async fn since(State(state): State<AppState>, Extension(asking): Extension<Asking>, Query(after): Query<After>) -> Response {
    let read = async {
        let mut session = allowed(&asking, Action::FollowEvents)?.clone();
        let (mut cursor, mut out) = (EventNo(after.after.max(0)), String::new());
        loop {
            match desk::live::read(&state.desk, &session, cursor).await? {
                Reading::Reset(n) => return Ok(line(&Message::Reset { n })),
                Reading::Messages(messages, upto) => {
                    messages.iter().for_each(|(_, text)| {
                        out.push_str(text);
                        out.push('\n');
                    });
                    if upto == cursor {
                        out.push_str(&line(&Message::Beat { n: cursor }));
                        return Ok::<_, desk::Error>(out);
                    }
                    cursor = upto;
                    session = desk::accounts::renew(&state.desk, &session).await?.ok_or(Refusal::SignedOut)?;
                }
            }
        }
    };
    match read.await {
        Ok(text) => text.into_response(),
        Err(error) => refused(&error, &asking),
    }
}

fn line(message: &Message) -> String {
    serde_json::to_string(message).unwrap_or_default() + "\n"
}
