//! Strangers who send without end, and zero bytes, through the whole router.

use crate::support::{Answer, PASSWORD, Server, call, get, post};
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use futures_util::StreamExt;
use futures_util::stream;
use http_body_util::BodyExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::testing::KINDS;
use tower::ServiceExt;

/// The first pieces of a body that then comes no further; counts how many bytes of it are read.
fn stalling(first: &str, pieces: usize, read: &Arc<AtomicUsize>) -> Body {
    let (first, read) = (Bytes::from(first.to_owned()), read.clone());
    let pieces = (0..pieces).map(move |n| if n == 0 { first.clone() } else { Bytes::from(vec![b'x'; 64 << 10]) });
    let counted = pieces.map(move |piece| {
        read.fetch_add(piece.len(), Ordering::Relaxed);
        Ok::<_, std::io::Error>(piece)
    });
    Body::from_stream(stream::iter(counted).chain(stream::pending()))
}

/// A request from an address.
fn from(address: [u8; 4], mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1))));
    request
}

const FIELD: &str = "--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n";

fn multipart(path: &str, cookie: &str, body: Body) -> Request<Body> {
    let mut request = post(path, cookie, "");
    request.headers_mut().insert(header::CONTENT_TYPE, "multipart/form-data; boundary=b".parse().unwrap());
    with_body(request, body)
}

/// The same request with a body whose length is not told.
fn with_body(mut request: Request<Body>, body: Body) -> Request<Body> {
    request.headers_mut().remove(header::CONTENT_LENGTH);
    *request.body_mut() = body;
    request
}

#[tokio::test]
async fn what_strangers_send_takes_a_bounded_place_and_none_of_who_is_known() {
    let server = Server::start(&[]).await;
    let customer = server.log_in("marieke").await;
    let read = Arc::new(AtomicUsize::new(0));
    let mut under_way = tokio::task::JoinSet::new();
    let large = |n: usize, address: [u8; 4]| {
        let request = match n % 3 {
            0 => multipart("/api/open_ticket", "", stalling(FIELD, 17, &read)),
            1 => with_body(post("/api/log_in", "", ""), stalling("a=", 17, &read)),
            _ => with_body(call("/api/open_ticket", "", ""), stalling("a=", 17, &read)),
        };
        from(address, request)
    };
    for n in 0..250 {
        under_way.spawn(server.router.clone().oneshot(large(n, [10, 0, 0, 7])));
    }
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    // Four of one network, each with a megabyte of what it sends.
    let of_one = read.load(Ordering::Relaxed);
    assert!((1..=4 * (17 << 16)).contains(&of_one), "{of_one}");
    for n in 0..250 {
        under_way.spawn(server.router.clone().oneshot(large(n, [10, 0, 1, n as u8])));
    }
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let of_all = read.load(Ordering::Relaxed);
    assert!((of_one + 1..=16 * (17 << 16)).contains(&of_all), "{of_all}");

    // Meanwhile anyone logs in, and who is known hands in a long text with a file.
    let form = format!("email=kees%40x.example&password={}", PASSWORD.replace(' ', "+"));
    let logged_in = tokio::time::timeout(Duration::from_secs(10), server.answer(from([10, 0, 0, 7], post("/api/log_in", "", &form)))).await.unwrap();
    assert_eq!(logged_in.status, StatusCode::SEE_OTHER);
    let mut parts = String::new();
    for (name, value) in
        [("urgency", "low"), ("department", "1"), ("subject", "lang"), ("submission", "lang"), ("description", &"woord ".repeat(3_000))]
    {
        parts.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    parts
        .push_str("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\nregel\r\n--b--\r\n");
    let form = multipart("/api/open_ticket", &customer, Body::from(parts));
    let handed_in = tokio::time::timeout(Duration::from_secs(10), server.answer(from([10, 0, 0, 7], form))).await.unwrap();
    assert_eq!(handed_in.status, StatusCode::SEE_OTHER, "{}", handed_in.text);
    under_way.shutdown().await;
}

#[tokio::test]
async fn a_stranger_who_sends_a_file_that_is_never_kept_is_read_no_further_than_one_file() {
    let server = Server::start(&[]).await;
    let read = Arc::new(AtomicUsize::new(0));
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\n";
    for announced in [None, Some(u64::MAX)] {
        read.store(0, Ordering::Relaxed);
        let mut request = multipart("/api/open_ticket", "", stalling(file, 1_000, &read));
        if let Some(announced) = announced {
            request.headers_mut().insert(header::CONTENT_LENGTH, announced.into());
        }
        let answer = server.answer(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{announced:?}");
        assert!(read.load(Ordering::Relaxed) <= 3 << 20, "{announced:?}");
    }
}

#[tokio::test]
async fn nothing_is_read_of_who_shows_no_token() {
    let server = Server::start(&[]).await;
    for (method, path) in
        [(Method::POST, "/v1/people"), (Method::PATCH, "/v1/people/1"), (Method::POST, "/v1/organisations"), (Method::PATCH, "/v1/organisations/1")]
    {
        for shown in ["", "Bearer x", &format!("Bearer balie_{}", "0".repeat(64))] {
            let read = Arc::new(AtomicUsize::new(0));
            let request =
                Request::builder().method(method.clone()).uri(path).header(header::AUTHORIZATION, shown).header("sec-fetch-site", "same-origin");
            let request = request.header(header::CONTENT_TYPE, "application/json").body(stalling("{", 1_000, &read)).unwrap();
            let answer: Answer = tokio::time::timeout(Duration::from_secs(10), server.answer(request)).await.unwrap();
            assert_eq!((answer.status, read.load(Ordering::Relaxed)), (StatusCode::UNAUTHORIZED, 0), "{method} {path} {shown}");
        }
    }
    // Nor of a mail, a file, or what is no form at all.
    for request in [
        Request::post("/uploads?name=a.zip").header("sec-fetch-site", "same-origin"),
        Request::post("/api/is_no_function").header("sec-fetch-site", "same-origin").header(header::ACCEPT, "text/html"),
        Request::post("/").header("sec-fetch-site", "same-origin"),
        Request::post("/mail/stop/x").header("sec-fetch-site", "same-origin"),
        Request::post("/mail/incoming"),
    ] {
        let read = Arc::new(AtomicUsize::new(0));
        let request = request.body(stalling("x", 1_000, &read)).unwrap();
        let path = request.uri().clone();
        let answer = tokio::time::timeout(Duration::from_secs(10), server.answer(request)).await.unwrap();
        assert!(answer.status.is_client_error() && read.load(Ordering::Relaxed) <= 1, "{path}: {} {}", answer.status, read.load(Ordering::Relaxed));
    }
}

#[tokio::test]
async fn who_asks_for_made_up_passwords_is_told_to_wait() {
    let server = Server::start(&[]).await;
    let (now, change) = (server.desk.now(), server.desk.store().begin().await.unwrap());
    for _ in 0..299 {
        store::sessions::count_try(&change, "forgot:10.0.0.7", now, domain::time::Moment(0)).await.unwrap();
    }
    change.commit().await.unwrap();
    for (address, status) in [(7, StatusCode::SEE_OTHER), (7, StatusCode::TOO_MANY_REQUESTS), (8, StatusCode::SEE_OTHER)] {
        let asked = server.answer(from([10, 0, 0, address], post("/api/forgot", "", "email=verzonnen%40x.example"))).await;
        assert_eq!(asked.status, status, "10.0.0.{address}");
        assert_eq!(asked.text.contains("Te veel pogingen"), status == StatusCode::TOO_MANY_REQUESTS);
    }
}

/// A zero byte at each place where a text comes in: nothing breaks, and what is kept is without it.
#[tokio::test]
async fn a_zero_byte_breaks_nothing_wherever_it_comes_in() {
    for kind in KINDS {
        let server = Server::start_on(kind, &[("BALIE_MAIL_TOKEN", "een-lang-genoeg-geheim")]).await;
        let (admin, customer) = (server.log_in("hanneke").await, server.log_in("marieke").await);
        // Made first: wrong passwords are counted below.
        let token = token(&server, &admin).await;
        let broken = |answer: &Answer, what: &str| assert!(!answer.status.is_server_error(), "{kind:?} {what}: {} {}", answer.status, answer.text);

        for path in [
            "/list?q=%00&organisation=%00a&assignee=%00",
            "/people?typed=%00&organisation=%00&role=%00",
            "/organisations?typed=a%00",
            "/tickets/%00",
            "/people/%00",
            "/organisations/1%00",
            "/join/%00",
            "/mail/stop/%00",
            "/account/address/%00",
            "/audit?who=%00&deed=%00",
            "/audit/export?who=a%00%40x.example",
            "/reports?department=%00",
            "/reports/export?table=%00",
            "/files/%00",
            "/files/%00/view",
            "/mail/source/%00",
            "/on-call/%00/calendar.ics",
            "/on-call/take/%00",
            "/people/%00/export",
            "/mail/words/%00/%00",
            "/live/since?after=%00",
            "/log-in/provider?next=%00",
            "/log-in?next=%2F%00",
            "/pkg/%00",
            "/%00",
        ] {
            broken(&server.answer(get(path, &admin)).await, path);
        }
        for (form, cookie, fields) in [
            ("open_ticket", &customer, "urgency=low&department=1&subject=nu%00l&description=een%00+tekst&submission=%00k&cc%5B%5D=%00"),
            ("save_organisation", &admin, "name=Nul%00punt&domains=nulpunt.example&notes=%00"),
            ("save_organisation", &admin, "name=Anders&domains=an%00ders.example"),
            ("save_organisation", &admin, "id=1&name=De+Waal%00&domains=&notes=een%00+twee"),
        ] {
            broken(&server.answer(post(&format!("/api/{form}"), cookie, fields)).await, &format!("{form} {fields}"));
        }
        let found = store::organisations::by_name(server.desk.store(), "Nulpunt").await.unwrap();
        assert!(found.is_some(), "{kind:?}: the form was taken, without the zero byte");
        // Each argument of each function, with nothing but a zero byte and with one behind what it has.
        for (function, _, arguments) in crate::matrix::FUNCTIONS {
            let arguments: Vec<(&str, &str)> = arguments.split('&').filter_map(|pair| pair.split_once('=')).collect();
            for at in 0..arguments.len() {
                for zero in ["%00", "{}%00"] {
                    let pairs = arguments
                        .iter()
                        .enumerate()
                        .map(|(n, (name, value))| format!("{name}={}", if n == at { zero.replace("{}", value) } else { (*value).to_owned() }));
                    let form = pairs.collect::<Vec<_>>().join("&");
                    let cookie = if function == "log_out" { "" } else { &admin };
                    broken(&server.answer(call(&format!("/api/{function}"), cookie, &form)).await, &format!("{function} {form}"));
                }
            }
        }

        let parts = "--b\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nnu\0l\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lo%00g.txt\"\r\n\r\nregel\r\n--b--\r\n";
        broken(&server.answer(multipart("/api/open_ticket", &customer, Body::from(parts))).await, "multipart");
        let upload = Request::post("/uploads?name=lo%00g.txt")
            .header(header::COOKIE, &customer)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from("regel"))
            .unwrap();
        let kept = server.answer(upload).await;
        assert!(kept.status == StatusCode::OK && kept.text.contains("\"log.txt\""), "{kind:?} {}", kept.text);

        let mail = "From: Ma\0rieke <marieke@x.example>\r\nTo: support@localhost\r\nSubject: Nu\0l =?utf-8?q?en=00een?=\r\nMessage-ID: <nu\0l@x.example>\r\n\r\nDag\0.\r\n";
        let handed = Request::post("/mail/incoming?department=%00Dataduiker")
            .header(header::AUTHORIZATION, "Bearer een-lang-genoeg-geheim")
            .body(Body::from(mail))
            .unwrap();
        broken(&server.answer(handed).await, "mail");
        while desk::mail::ingest::once(&server.desk).await.unwrap() > 0 {}

        for (method, path, body) in [
            ("POST", "/v1/organisations", r#"{"name":"A\u0000PI","domains":["a\u0000.example"],"notes":"\u0000"}"#),
            ("POST", "/v1/organisations", r#"{"name":"\u0000"}"#),
            ("PATCH", "/v1/organisations/1", r#"{"name":"De Waal\u0000"}"#),
            ("POST", "/v1/people", r#"{"name":"Pi\u0000et","email":"piet@x.example","organisation":"De\u0000 Waal"}"#),
            ("POST", "/v1/people", r#"{"name":"\u0000","email":"\u0000","role":"\u0000","organisation":"\u0000"}"#),
            ("GET", "/v1/people?typed=%00&email=%00", ""),
            ("GET", "/v1/organisations?typed=%00&after=%00", ""),
            ("GET", "/v1/people/%00", ""),
        ] {
            let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
            let request =
                request.header(header::CONTENT_TYPE, "application/json").header("sec-fetch-site", "same-origin").body(Body::from(body)).unwrap();
            broken(&server.answer(request).await, &format!("{path} {body}"));
        }
    }
}

/// A token for everything, made as the page makes it.
async fn token(server: &Server, cookie: &str) -> String {
    let scopes: String = domain::tokens::TokenScope::ALL.iter().map(|scope| format!("&scopes[]={}", scope.word())).collect();
    let form = format!("name=kop%00peling&days=30&password={}{scopes}", PASSWORD.replace(' ', "+"));
    let answer = server.answer(post("/api/make_token", cookie, &form)).await;
    let rest = answer.text.split("<p class=\"secret\">").nth(1).unwrap();
    let at = rest.find(desk::accounts::TOKEN_PREFIX).unwrap();
    rest[at..at + desk::accounts::TOKEN_PREFIX.len() + 64].to_owned()
}

#[tokio::test]
async fn a_stream_with_more_to_tell_stops_when_its_account_is_shut_out() {
    let server = Server::start(&[]).await;
    let customer = server.log_in("marieke").await;
    let id = server.open(&customer, "een").await;
    crate::live::change(&server, id, 300).await;
    let elsewhere = server.another_process().await;
    for how in ["here", "in another process"] {
        let agent = server.log_in("sanne").await;
        let mut pieces = server.ask(get("/live?after=0", &agent)).await.into_body().into_data_stream();
        let mut next = async || String::from_utf8(pieces.next().await.unwrap().unwrap().to_vec()).unwrap();
        for n in 1..=3 {
            assert!(next().await.starts_with(&format!("id: {n}\n")), "one event a piece");
        }
        if how == "here" {
            desk::accounts::disable(&server.desk, "sanne@x.example", true).await.unwrap();
        } else {
            desk::accounts::disable(&elsewhere, "sanne@x.example", true).await.unwrap();
            // This process is not told: it looks.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        let told = next().await;
        assert!(told.contains("ended"), "{how}: {told}");
        assert!(pieces.next().await.is_none(), "{how}");
        assert_eq!(server.answer(get("/live/since?after=0", &agent)).await.status, StatusCode::UNAUTHORIZED, "{how}");
        desk::accounts::disable(&server.desk, "sanne@x.example", false).await.unwrap();
    }
}

#[tokio::test]
async fn an_export_of_the_audit_log_stops_when_its_account_is_shut_out() {
    let server = Server::start(&[]).await;
    let admin = server.log_in("hanneke").await;
    let other = desk::accounts::Newcomer {
        name: "tweede".into(),
        email: "tweede@x.example".into(),
        role: domain::accounts::Role::Admin,
        organisation: None,
        key_user: false,
        password: PASSWORD.into(),
    };
    desk::accounts::add(&server.desk, &other).await.unwrap();
    let mut pieces = server.ask(get("/audit/export", &admin)).await.into_body();
    desk::accounts::disable(&server.desk, "hanneke@x.example", true).await.unwrap();
    let mut came = vec![];
    while let Some(Ok(piece)) = pieces.frame().await {
        came.extend(piece.into_data().unwrap_or_default());
    }
    assert!(!String::from_utf8_lossy(&came).contains("x.example"), "{}", String::from_utf8_lossy(&came));
}
