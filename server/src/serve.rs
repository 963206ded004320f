//! Starting and stopping: migrate, listen, and when asked to stop, end the streams and be gone within seconds.

use crate::config::Config;
use crate::connections::{self, Limits};
use crate::health::{metrics_router, recorder};
use crate::router::{AppState, router};
use desk::accounts::Provider;
use desk::attachments::Files;
use desk::{Clock, Desk, Store};
use leptos::config::{LeptosOptions, get_configuration};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// After this long what still runs is cut off.
const GRACE: Duration = Duration::from_secs(4);

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

/// The desk's own work besides answering: hearing the bell, reading the log, the jobs, the mail.
pub fn start_work(desk: &Desk) {
    let each = || desk.clone();
    let (listening, following, working, telling, sending, reading) = (each(), each(), each(), each(), each(), each());
    let (ticking, reckoning, counting, waking, paging) = (each(), each(), each(), each(), each());
    tokio::spawn(async move { listening.store().listen().await });
    tokio::spawn(async move { desk::live::follow(&following).await });
    tokio::spawn(async move { desk::jobs::run(&working).await });
    tokio::spawn(async move { desk::hours::run(&ticking).await });
    tokio::spawn(async move { desk::hours::recompute(&reckoning).await });
    tokio::spawn(async move { desk::reports::run(&counting).await });
    tokio::spawn(async move { desk::on_call::run(&waking).await });
    tokio::spawn(async move { desk::on_call::hand_over_all(&paging).await });
    tokio::spawn(async move { desk::notifications::run(&telling).await });
    tokio::spawn(async move { desk::mail::run(&sending).await });
    tokio::spawn(async move { desk::mail::ingest::run(&reading).await });
    desk::mail::imap::run(desk);
}

/// The options of the pages, where what they load is there.
///
/// # Errors
/// A sentence that names what is missing, and what to do.
pub fn pages() -> Result<LeptosOptions, Box<dyn Error>> {
    let options = get_configuration(Some("Leptos.toml")).or_else(|_| get_configuration(None))?.leptos_options;
    let program = std::env::current_exe()?;
    let parts = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    if !parts.is_dir() {
        return Err(
            format!("{} is missing: start Balie in the folder that has it, or name the site's folder in LEPTOS_SITE_ROOT", parts.display()).into()
        );
    }
    let hashes = program.with_file_name(&*options.hash_file);
    if options.hash_files && !hashes.is_file() {
        return Err(format!("{} is missing: copy it along with the program, from the same build", hashes.display()).into());
    }
    Ok(options)
}

/// Serves until it is asked to stop.
pub async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    let options = pages()?;
    let desk = open_desk(&config).await?;
    desk.store().migrate().await?;
    start_work(&desk);

    let shutdown = CancellationToken::new();
    if let Some(address) = config.metrics_listen {
        let metrics = metrics_router(recorder()?, desk.clone());
        let listener = TcpListener::bind(address).await.map_err(|error| format!("BALIE_METRICS_LISTEN {address}: {error}"))?;
        tokio::spawn(async move { axum::serve(listener, metrics).await });
    }
    let (listen, limits) = (config.listen, Limits::of_system(config.trusted_proxies > 0));
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("BALIE_LISTEN {listen}: {error}"))?;
    let state = AppState { options, desk: desk.clone(), config: Arc::new(config), shutdown: shutdown.clone() };
    tracing::info!("Balie is open at http://{listen}");
    let asked = shutdown.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("stopping");
        asked.cancel();
        tokio::time::sleep(GRACE).await;
        tracing::warn!("some requests were cut off");
        std::process::exit(0);
    });
    connections::serve(listener, router(state), shutdown, limits).await;
    desk.store().close().await;
    Ok(())
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
