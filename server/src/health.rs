//! Whether the server lives, whether it can work, and its measurements for Prometheus.

use crate::router::AppState;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::Desk;
use desk::jobs::Progress;
use desk::workers::{self, Report, State as Worker};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// Latencies are counted in these steps, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long the database is waited for: whoever asks does not wait long either.
const ANSWER: Duration = Duration::from_secs(3);

/// `GET /healthz`: the program runs.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the database answers, every worker works, no reader of the log is too far behind, and the server is not shutting down. Says what is wrong, a line each.
/// Where nothing can be saved it says so, and stays ready: what is there can be read.
pub async fn ready(State(state): State<AppState>) -> Response {
    if state.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    let health = match timeout(ANSWER, workers::health(&state.desk)).await {
        Ok(Ok(health)) => health,
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
        }
        Err(_) => {
            tracing::warn!("not ready: the database is silent");
            return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
        }
    };
    let faults = health.faults();
    if !faults.is_empty() {
        let faults = faults.join("\n");
        tracing::warn!(faults, "not ready");
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{faults}\n")).into_response();
    }
    let mut text = match desk::ready::writable(&state.desk).await {
        can if can.all() => "ready\n".to_owned(),
        can if can.database => "ready, but the folder of files cannot be written\n".to_owned(),
        _ => "ready, but nothing can be saved: the database cannot be written\n".to_owned(),
    };
    if health.passed_over > 0 {
        text.push_str(&format!("{} events of the log cannot be read and were passed over\n", health.passed_over));
    }
    text.into_response()
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
    let can = desk::ready::writable(desk).await;
    for (what, is) in [("database", can.database), ("files", can.files)] {
        metrics::gauge!("balie_writable", "what" => what).set(f64::from(u8::from(is)));
    }
    metrics::gauge!("balie_log_position").set(desk.tail().position().0 as f64);
    metrics::gauge!("balie_database_connections", "state" => "busy").set(f64::from(busy));
    metrics::gauge!("balie_database_connections", "state" => "open").set(f64::from(open));
    metrics::counter!("balie_log_lines_lost").absolute(crate::log::lost());
    metrics::gauge!("balie_events_unreadable").set(desk.store().passed_over().count() as f64);
    measure_jobs(desk.jobs());
    desk.workers().report().iter().for_each(measure_worker);
    let asked = async {
        let (health, queues) = (workers::health(desk).await?, desk::mail::queues(desk).await?);
        Ok::<_, desk::Error>((health, queues))
    };
    // What the process knows by itself is told also where the database is silent.
    match timeout(ANSWER, asked).await {
        Ok(Ok((health, (reading, aside, sending)))) => {
            for (reader, age) in health.readers {
                metrics::gauge!("balie_reader_behind_events", "reader" => reader.name.clone()).set(reader.behind as f64);
                metrics::gauge!("balie_reader_behind_seconds", "reader" => reader.name).set(age.0 as f64 / 1_000.0);
            }
            for (what, mails) in [("to_read", reading), ("set_aside", aside), ("to_send", sending)] {
                metrics::gauge!("balie_mails", "state" => what).set(mails as f64);
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, "queues and readers could not be measured"),
        Err(_) => tracing::warn!("queues and readers could not be measured: the database is silent"),
    }
}

fn measure_jobs(jobs: &Progress) {
    metrics::gauge!("balie_jobs_waiting").set(jobs.waiting.load(Ordering::Relaxed) as f64);
    metrics::counter!("balie_jobs_runs").absolute(jobs.runs.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_failures").absolute(jobs.failures.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_tickets_removed").absolute(jobs.tickets_removed.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_tickets_closed").absolute(jobs.tickets_closed.load(Ordering::Relaxed));
    metrics::counter!("balie_jobs_files_removed").absolute(jobs.files_removed.load(Ordering::Relaxed));
}

fn measure_worker(worker: &Report) {
    let name = || worker.name.clone();
    metrics::gauge!("balie_worker_up", "worker" => name()).set(f64::from(u8::from(worker.state == Worker::Well)));
    metrics::gauge!("balie_worker_silent_seconds", "worker" => name()).set(worker.silent.as_secs_f64());
    metrics::counter!("balie_worker_panics", "worker" => name()).absolute(worker.panics);
    metrics::counter!("balie_worker_failures", "worker" => name()).absolute(worker.failures);
    metrics::counter!("balie_worker_overruns", "worker" => name()).absolute(worker.overruns);
}
