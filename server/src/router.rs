//! Every route there is.

use crate::assets::Site;
use crate::config::Config;
use crate::{api, assets, audit, files, forms, health, live, mail, on_call, privacy, provider, redirects, reports, security, session};
use app::backend::{self, Head, document, pages};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use desk::Desk;
use leptos::config::LeptosOptions;
use leptos::nonce::Nonce;
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Largest form, in bytes; files do not count. Far more than a form that is accepted: one that is somewhat too large comes back with a sentence at its field.
pub const FORM_BYTES: usize = 2 << 20;

/// Largest body of a request to the API, in bytes: longer than the longest notes.
const API_BYTES: usize = 256 << 10;

/// A body of which nothing comes for so long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// What every route can use.
#[derive(Debug, Clone, FromRef)]
#[allow(missing_docs)]
pub struct AppState {
    pub options: LeptosOptions,
    pub site: Site,
    pub desk: Desk,
    pub config: Arc<Config>,
    /// Cancelled when the server shuts down: streams end.
    pub shutdown: CancellationToken,
}

/// The plain routes, with their methods; pages and server functions list themselves.
pub const PLAIN_ROUTES: [(&str, &str); 17] = [
    ("POST", "/uploads"),
    ("GET", "/files/{id}"),
    ("GET", "/files/{id}/thumb"),
    ("GET", "/files/{id}/view"),
    ("GET", "/live"),
    ("GET", "/live/since"),
    ("POST", "/mail/incoming"),
    ("GET", "/mail/source/{id}"),
    ("POST", "/mail/stop/{token}"),
    ("GET", "/log-in/provider"),
    ("GET", "/log-in/provider/back"),
    ("GET", "/audit/export"),
    ("GET", "/reports/export"),
    ("GET", "/on-call/{secret}/calendar.ics"),
    ("GET", "/people/{id}/export"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
];

/// The whole application.
pub fn router(state: AppState) -> Router {
    let desk = state.desk.clone();
    let context = move || {
        backend::provide(&desk);
        security::page_policy();
    };
    let (options, is_watched) = (state.options.clone(), std::env::var_os("LEPTOS_WATCH").is_some());
    let head = Head::read(&options, &Nonce::new(), is_watched);
    // While one works on the style sheet its name changes under the same program.
    let render = move || if is_watched { document(&Head::read(&options, &Nonce::new(), true)) } else { document(&head) };
    let fallback = render_app_async_with_context(context.clone(), render.clone());

    let screens = Router::new()
        .leptos_routes_with_context(&state, generate_route_list(pages), context, render)
        .fallback(fallback)
        .layer(from_fn(redirects::by_status))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest));
    let plain = Router::new()
        .route("/uploads", post(files::upload).layer(DefaultBodyLimit::disable()))
        .route("/files/{id}", get(files::download))
        .route("/files/{id}/thumb", get(files::thumb))
        .route("/files/{id}/view", get(files::view))
        .route("/live", get(live::stream))
        .route("/live/since", get(live::since))
        .route("/log-in/provider", get(provider::there))
        .route("/log-in/provider/back", get(provider::back))
        .route("/audit/export", get(audit::export))
        .route("/reports/export", get(reports::export))
        .route("/on-call/{secret}/calendar.ics", get(on_call::calendar))
        .route("/people/{id}/export", get(privacy::export))
        .route("/mail/incoming", post(mail::incoming).layer(DefaultBodyLimit::disable()))
        .route("/mail/source/{id}", get(mail::source))
        .route("/mail/stop/{token}", post(mail::stopped));
    let routes = screens
        .merge(plain)
        .layer(from_fn_with_state(state.clone(), session::identify))
        .merge(api::routes().layer(DefaultBodyLimit::max(API_BYTES)))
        .merge(assets::routes(&state.options, &state.site))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(state.clone());
    guarded(routes, state)
}

/// Puts around routes what holds for all of them: a number, a measurement, the headers, and an answer also where a handler panics.
pub fn guarded(routes: Router, state: AppState) -> Router {
    let routes = routes.layer(CatchPanicLayer::custom(security::panicked)).layer(from_fn(security::measure));
    // Before the routing, not behind it: a form that came back is answered by the route of its page.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(state.clone(), forms::without_script))
        .layer(RequestBodyTimeoutLayer::new(STALLED))
        .layer(CatchPanicLayer::custom(security::panicked))
        .layer(CsrfLayer::new().with_rejection_response(security::from_elsewhere))
        .layer(from_fn_with_state(state, security::guard))
}
