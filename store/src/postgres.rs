//! PostgreSQL: connections that are proved before they are used, and the notifier of other nodes.
//!
//! Invariant: a connection that stays open and carries nothing, as after a failover or behind a firewall that forgot it, is found out and given up within seconds.

use crate::bounded::{ANSWER, Limit, Pool, Silence};
use crate::change_notifier::ChangeNotifier;
use crate::error::Result;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgPool};
use std::io::ErrorKind::TimedOut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// What the server is told on each connection, in milliseconds and seconds. It ends a statement that takes longer than any of ours, waiting for a lock included; the transaction of a client that
/// is gone, whose locks would hold up every change; and its half of a connection on which nothing is acknowledged.
const SESSION: &str = "SET statement_timeout = 10000; SET idle_in_transaction_session_timeout = 8000; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 10000";
/// How long a connection is waited for.
const ACQUIRE: Duration = Duration::from_secs(8);
/// How long a connection may take to show that it carries something.
const PING: Duration = Duration::from_secs(3);
/// One that was used so recently was proved by that.
const PROVED: Duration = Duration::from_secs(1);
/// The name the notifier has.
const CHANNEL: &str = "balie";
/// How often whoever listens shows that they would hear, and the log is looked at without a bell.
pub(crate) const POLL: Duration = Duration::from_secs(2);
/// How long it takes at most to be heard.
const HEARD: Duration = Duration::from_secs(4);

/// Connects a pool.
pub(crate) async fn connect(url: &str, connections: u32) -> Result<Pool> {
    let silence = Arc::<Silence>::default();
    let found = silence.clone();
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(0)
        .sqlx_logging(false)
        .acquire_timeout(ACQUIRE)
        // It has no time limit; the one below has.
        .test_before_acquire(false)
        .map_sqlx_postgres_pool_opts(move |options| with_proof(options, found.clone()));
    Ok(Pool { db: Database::connect(options).await?, limit: Some(Limit::new(ANSWER, silence)) })
}

fn with_proof(options: PgPoolOptions, silence: Arc<Silence>) -> PgPoolOptions {
    let found = silence.clone();
    options
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(drop) }))
        .before_acquire(move |connection, of| {
            let silence = silence.clone();
            Box::pin(async move {
                if silence.reaches(of.age) {
                    return Ok(false);
                }
                if of.idle_for < PROVED {
                    return Ok(true);
                }
                match timeout(PING, connection.ping()).await {
                    Ok(answer) => answer.map(|()| true),
                    Err(_) => {
                        silence.found();
                        Err(silent())
                    }
                }
            })
        })
        // What was broken off is ended here, and is not waited for: a request that was dropped would hold its place in the pool for ever.
        .after_release(move |connection, of| {
            let is_suspect = found.reaches(of.age);
            Box::pin(async move {
                if is_suspect {
                    return Ok(false);
                }
                timeout(PING, connection.ping()).await.unwrap_or_else(|_| Err(silent())).map(|()| true)
            })
        })
}

fn silent() -> sqlx::Error {
    std::io::Error::new(TimedOut, "the connection to the database is silent").into()
}

/// Connections on which statements take as long as they take, for migrations.
pub(crate) fn unlimited(options: &PgConnectOptions) -> DatabaseConnection {
    PgPoolOptions::new().max_connections(2).connect_lazy_with(options.clone()).into()
}

/// Rings the notifier for what other nodes commit until the connection fails; `alive` is called whenever it is proved that it hears.
pub(crate) async fn hear(
    options: &PgConnectOptions,
    notifier: &ChangeNotifier,
    alive: &(dyn Fn() + Send + Sync),
) -> Result<std::convert::Infallible, sqlx::Error> {
    // A connection of its own: the pool is for queries, and a listener that waits there would hold one for ever.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(HEARD)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(drop) }))
        .connect_lazy_with(options.clone());
    let ended = listen(&pool, notifier, alive).await;
    notifier.notify();
    ended
}

async fn listen(pool: &PgPool, notifier: &ChangeNotifier, alive: &(dyn Fn() + Send + Sync)) -> Result<std::convert::Infallible, sqlx::Error> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // A name that no other listener has, also on another node.
    let own = format!("balie_{now}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    within(listener.listen_all([CHANNEL, &own])).await?;
    notifier.notify();
    let mut look = interval(POLL);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked: Option<Instant> = None;
    loop {
        tokio::select! {
            told = listener.try_recv() => match told? {
                None => return Err(std::io::Error::other("the connection was lost").into()),
                Some(told) if told.channel() == own => {
                    asked = None;
                    alive();
                }
                Some(told) if told.payload().is_empty() => notifier.notify(),
                Some(told) => notifier.notify_ended(told.payload()),
            },
            _ = look.tick() => {
                notifier.notify();
                match asked {
                    Some(at) if at.elapsed() >= HEARD => return Err(silent()),
                    Some(_) => {}
                    None => {
                        asked = Some(Instant::now());
                        within(listener.execute(AssertSqlSafe(format!("NOTIFY \"{own}\"")))).await?;
                    }
                }
            }
        }
    }
}

async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(HEARD, answer).await.unwrap_or_else(|_| Err(silent()))
}
