//! A page that leads elsewhere says so to every client.

use crate::support::{Server, call, get};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

#[tokio::test]
async fn a_page_that_leads_elsewhere_is_a_redirect_for_every_client() {
    let server = Server::start(&[]).await;
    let agent = server.log_in("sanne").await;
    for (path, cookie, to) in [
        ("/", "", "/log-in"),
        ("/", agent.as_str(), "/board"),
        ("/board", "", "/log-in?next=/board"),
        ("/tickets/7", "", "/log-in?next=/tickets/7"),
        ("/account", "", "/log-in?next=/account"),
    ] {
        for method in ["GET", "HEAD"] {
            for accept in [None, Some("*/*"), Some("text/html,application/xhtml+xml"), Some("application/json"), Some("text/plain")] {
                let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie).header(header::HOST, "help.example");
                if let Some(accept) = accept {
                    request = request.header(header::ACCEPT, accept);
                }
                let answer = server.answer(request.body(Body::empty()).unwrap()).await;
                assert_eq!((answer.status, answer.location()), (StatusCode::FOUND, to), "{method} {path} with {accept:?}");
                assert!(!answer.headers.contains_key("serverfnredirect"), "{method} {path}: a script did not call it");
            }
        }
    }
    let page = server.answer(get("/log-in", "")).await;
    assert_eq!((page.status, page.location()), (StatusCode::OK, ""));
    // What a script calls is told in a header where to go, and is no redirect: it wants the answer.
    let called = server.answer(call("/api/log_out", &agent, "")).await;
    assert_eq!((called.status, called.location()), (StatusCode::OK, "/log-in"));
    assert!(called.headers.contains_key("serverfnredirect"));
}
