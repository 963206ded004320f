//! A page that leads elsewhere says so by its status, to every client.

use axum::extract::Request;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// How a server function tells the script that called it to go elsewhere.
const OF_SCRIPT: HeaderName = HeaderName::from_static("serverfnredirect");

/// Gives a page with a `location` the status of a redirect. The framework does so only where `text/html` is asked for by name, which neither `HEAD` requests of monitors nor `*/*` do.
pub async fn by_status(request: Request, next: Next) -> Response {
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    if is_page && response.status().is_success() && response.headers().contains_key(header::LOCATION) {
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().remove(OF_SCRIPT);
    }
    response
}
