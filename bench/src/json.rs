//! `json`: the least that could serve the list. A bare handler that runs the same queries and answers JSON, to hold the rendered page against.

use crate::seed::connect;
use crate::{Outcome, routes};
use axum::extract::{Form, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use clap::Args;
use desk::accounts::LoggedIn;
use desk::attachments::Files;
use desk::board::Sort;
use desk::{Clock, Desk};
use domain::board::Filter;
use domain::permissions::Action;
use serde::Deserialize;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The cookie, as the server names it where there is no HTTPS.
const COOKIE: &str = "balie=";

/// Which database, and where to listen.
#[derive(Debug, Clone, Args)]
pub struct Bare {
    /// The database of the server it is held against.
    #[arg(long)]
    pub database: String,
    /// Where, on this machine.
    #[arg(long, default_value = "127.0.0.1:3999")]
    pub listen: SocketAddr,
    /// Ends by itself after so many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
}

#[derive(Deserialize)]
struct LogIn {
    email: String,
    password: String,
}

/// Serves for as long as it was told to.
pub async fn serve(args: &Bare) -> Outcome<()> {
    if !args.listen.ip().is_loopback() {
        return Err(format!("{}: measurements are made on this machine only", args.listen).into());
    }
    let folder = std::env::temp_dir().join(format!("balie-bench-{}", std::process::id()));
    let desk = Desk::open(connect(&args.database).await?, Files::open(&folder, 1)?, Clock::System);
    let app = Router::new().route(routes::LIST, get(list)).route(routes::LOG_IN, post(log_in)).with_state(desk);
    let listener = TcpListener::bind(args.listen).await?.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("no TCP_NODELAY: {error}");
        }
    });
    eprintln!("the bare handler is at http://{}{}", args.listen, routes::LIST);
    let served = axum::serve(listener, app).with_graceful_shutdown(tokio::time::sleep(std::time::Duration::from_secs(args.seconds)));
    let served = tokio::time::timeout(std::time::Duration::from_secs(args.seconds + 5), served.into_future()).await;
    std::fs::remove_dir_all(&folder)?;
    Ok(served.unwrap_or(Ok(()))?)
}

async fn log_in(State(desk): State<Desk>, Form(form): Form<LogIn>) -> Response {
    match desk::accounts::log_in(&desk, &form.email, &form.password, &desk::audit::Origin::default()).await {
        Ok(LoggedIn::In(token)) => [(header::SET_COOKIE, format!("{COOKIE}{}", token.as_str()))].into_response(),
        Ok(LoggedIn::Step(_)) | Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn list(State(desk): State<Desk>, headers: HeaderMap, RawQuery(_query): RawQuery) -> Response {
    let cookies = headers.get(header::COOKIE).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let token = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)).unwrap_or_default();
    match rows(&desk, token).await {
        Ok(Some(rows)) => Json(rows).into_response(),
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the list page asks for: `list_page` of `app/src/board/api.rs`.
async fn rows(desk: &Desk, token: &str) -> desk::Result<Option<serde_json::Value>> {
    let Some(session) = desk::accounts::session(desk, token).await? else { return Ok(None) };
    session.require(Action::SeeList)?;
    let agent = session.agent()?;
    let page = desk::board::page(desk, &agent, &Filter::default(), Sort::Updated, false, None).await?;
    Ok(Some(serde_json::json!({
        "as_of": desk.tail().position(), "cards": page.cards, "more": page.more, "total": page.total, "departments": page.choices.departments, "staff": page.choices.staff
    })))
}
