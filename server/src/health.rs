//! Whether the server lives, whether it can work, and its measurements for Prometheus.

use crate::router::AppState;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::Desk;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::atomic::Ordering;

/// Latencies are counted in these steps, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// `GET /healthz`: the program runs.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the database answers, and the server is not shutting down. Where nothing can be saved it says so, and stays ready: what is there can be read.
pub async fn ready(State(state): State<AppState>) -> Response {
    if state.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    match state.desk.store().ping().await {
        Ok(()) => match desk::ready::writable(&state.desk).await {
            can if can.all() => "ready\n".into_response(),
            can if can.database => "ready, but the folder of files cannot be written\n".into_response(),
            _ => "ready, but nothing can be saved: the database cannot be written\n".into_response(),
        },
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Starts to measure; once in a program.
pub fn recorder() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full("balie_request_seconds".to_owned()), &BUCKETS)?;
    builder.install_recorder()
}

/// The measurements, on an address of their own.
pub fn metrics_router(handle: PrometheusHandle, desk: Desk) -> Router {
    Router::new().route(
        "/metrics",
        get(move || async move {
            measure(&desk).await;
            handle.run_upkeep();
            handle.render()
        }),
    )
}

async fn measure(desk: &Desk) {
    let (busy, open) = desk.store().pool();
    let jobs = desk.jobs();
    let can = desk::ready::writable(desk).await;
    for (what, is) in [("database", can.database), ("files", can.files)] {
        metrics::gauge!("balie_writable", "what" => what).set(f64::from(u8::from(is)));
    }
    metrics::gauge!("balie_log_position").set(desk.tail().position().0 as f64);
    metrics::gauge!("balie_database_connections", "state" => "busy").set(f64::from(busy));
    metrics::gauge!("balie_database_connections", "state" => "open").set(f64::from(open));
    match desk::mail::queues(desk).await {
        Ok((reading, aside, sending)) => {
            for (what, mails) in [("to_read", reading), ("set_aside", aside), ("to_send", sending)] {
                metrics::gauge!("balie_mails", "state" => what).set(mails as f64);
            }
        }
        Err(error) => tracing::warn!(%error, "the queues of mail could not be counted"),
    }
    metrics::gauge!("balie_jobs_waiting").set(jobs.waiting.load(Ordering::Relaxed) as f64);
    metrics::counter!("balie_jobs_runs").absolute(jobs.runs.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_failures").absolute(jobs.failures.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_tickets_removed").absolute(jobs.tickets_removed.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_tickets_closed").absolute(jobs.tickets_closed.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_files_removed").absolute(jobs.files_removed.load(Ordering::Relaxed));
}
