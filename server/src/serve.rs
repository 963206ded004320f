//! Starting and stopping: migrate, listen, and when asked to stop, end the streams and be gone within seconds.

use crate::assets::{Embedded, Site};
use crate::config::Config;
use crate::connections::{self, Limits};
use crate::health::{metrics_router, recorder};
use crate::router::{AppState, router};
use axum::Router;
use desk::accounts::Provider;
use desk::attachments::Files;
use desk::workers::{self, Rest, Worker};
use desk::{Clock, Desk, Store};
use leptos::config::{LeptosOptions, get_configuration};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// After this long what still runs is cut off.
const GRACE: Duration = Duration::from_secs(4);
/// How long each of what comes last may take.
const LAST: Duration = Duration::from_millis(300);

/// Opens the desk that the configuration names; makes the folder of a SQLite file where it is not there.
pub async fn open_desk(config: &Config) -> Result<Desk, Box<dyn Error>> {
    if let Some(path) = config.database.strip_prefix("sqlite:")
        && let Some(folder) = Path::new(path.trim_start_matches("//").split('?').next().unwrap_or_default()).parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder).map_err(|error| format!("BALIE_DATABASE: {} cannot be made: {error}", folder.display()))?;
    }
    let store = Store::connect(&config.database, config.postgres_connections).await?;
    let files = Files::open(&config.files, config.max_upload_mib)
        .map_err(|error| format!("BALIE_FILES: {} cannot be used: {error}", config.files.display()))?;
    let desk = Desk::open(store, files, Clock::System).with_mail(config.mail()?).with_internal_hosts(config.internal_hosts.clone());
    Ok(match config.provider() {
        Some(settings) => desk.with_provider(Provider::new(settings)),
        None => desk,
    })
}

/// Starts the desk's own work besides answering: hearing the bell, reading the log, the jobs, the mail.
pub fn start_work(desk: &Desk) {
    for worker in workers::all(desk) {
        desk.workers().start(desk, worker);
    }
}

/// The options of the pages, and where the files are that they load: in the executable, or in the folder that `LEPTOS_SITE_ROOT` names.
///
/// # Errors
/// A sentence that names what is missing, and what to do.
pub fn pages(embedded: Embedded) -> Result<(LeptosOptions, Site), Box<dyn Error>> {
    let mut options = get_configuration(Some("Leptos.toml")).or_else(|_| get_configuration(None))?.leptos_options;
    if std::env::var_os("LEPTOS_WATCH").is_some() {
        return Ok((options.clone(), Site::Folder((*options.site_root).into())));
    }
    let is_embedded = !embedded.is_empty() && std::env::var_os("LEPTOS_SITE_ROOT").is_none();
    let site = if is_embedded { Site::Embedded(embedded) } else { Site::Folder((*options.site_root).into()) };
    let parts = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    if !is_embedded && !parts.is_dir() {
        return Err(
            format!("{} is missing: start Balie in the folder that has it, or name the site's folder in LEPTOS_SITE_ROOT", parts.display()).into()
        );
    }
    // The names hold the hash; reading them is cheaper than a list of them beside the program.
    if is_embedded || options.hash_files {
        let hash = site.hash(&options.site_pkg_dir).ok_or_else(|| format!("{} has no balie.….css: build the site anew", parts.display()))?;
        (options.output_name, options.hash_files) = (format!("balie.{hash}").into(), false);
    }
    Ok((options, site))
}

/// Serves until it is asked to stop.
///
/// # Errors
/// It could not begin, or requests had to be cut off at its end.
pub async fn serve(config: Config, embedded: Embedded) -> Result<(), Box<dyn Error>> {
    // From here on being asked to stop is heard.
    let mut stop = Stop::hear()?;
    let (options, site) = pages(embedded)?;
    let desk = open_desk(&config).await?;
    tokio::select! {
        migrated = desk.store().migrate() => migrated?,
        () = stop.asked() => return Ok(()),
    }
    start_work(&desk);
    if let Some(address) = config.metrics_listen {
        let listener = TcpListener::bind(address).await.map_err(|error| format!("BALIE_METRICS_LISTEN {address}: {error}"))?;
        desk.workers().start(&desk, metrics_worker(address, listener, metrics_router(recorder()?, desk.clone())));
    }
    let (listen, shutdown, limits) = (config.listen, CancellationToken::new(), Limits::of_system(config.trusted_proxies > 0));
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("BALIE_LISTEN {listen}: {error}"))?;
    let state = AppState { options, site, desk: desk.clone(), config: Arc::new(config), shutdown: shutdown.clone() };
    tracing::info!("Balie is open at http://{listen}");
    let mut serving = std::pin::pin!(connections::serve(listener, router(state), shutdown.clone(), limits));
    tokio::select! {
        // Without it the process is of no use: whoever runs it is to start it anew.
        () = &mut serving => return Err("connections are no longer taken in".into()),
        () = stop.asked() => {}
    }
    shutdown.cancel();
    desk.workers().stop();
    tracing::info!("stopping");
    let until = Instant::now() + GRACE;
    let answered = timeout_at(until, serving).await;
    // The database is closed when nobody uses it any more.
    if timeout_at(until.max(Instant::now() + LAST), desk.workers().ended()).await.is_err() {
        tracing::warn!("a worker did not end in time; it is cut off");
    }
    if timeout(LAST, desk.store().close()).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    answered.map_err(|_| "some requests were cut off".into())
}

/// The server of the measurements, which takes its address again where it had to begin anew.
fn metrics_worker(address: SocketAddr, listener: TcpListener, router: Router) -> Worker {
    let first = Mutex::new(Some(listener));
    Worker::endless("metrics", None, move |_| {
        let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let router = router.clone();
        async move {
            let listener = match first {
                Some(listener) => listener,
                None => TcpListener::bind(address).await?,
            };
            axum::serve(listener, router).await?;
            Ok(Rest::Usual)
        }
    })
}

/// The signals by which a process is asked to stop.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn hear() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
