//! Headers, files and cross-site requests.

use crate::support::{PASSWORD, Server, call, get, post};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

#[tokio::test]
async fn a_handler_that_panics_answers_with_a_reference() {
    let server = Server::start(&[]).await;
    let routes = axum::Router::new().route("/whole", axum::routing::get(|| async { "whole" })).route(
        "/broken",
        axum::routing::get(|| async {
            if true {
                panic!("no")
            }
        }),
    );
    let guarded = server.around(routes);
    for _ in 0..3 {
        let answer = server.answer_of(&guarded, get("/broken", "")).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let number = answer.headers["x-request-id"].to_str().unwrap()[..8].to_owned();
        assert!(answer.text.contains(&format!("nummer {number}")) && answer.text.contains(&format!("number {number}")), "{}", answer.text);
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(server.answer_of(&guarded, get("/whole", "")).await.text, "whole");
    }
}

#[tokio::test]
async fn readiness_says_which_worker_does_not_work() {
    use desk::workers::{Rest, Worker};
    use std::time::Duration;
    let server = Server::start(&[]).await;
    assert_eq!(server.answer(get("/readyz", "")).await.text, "ready\n");
    let broken = Worker::every("broken", Duration::from_millis(10), Duration::from_secs(9), |_| async {
        if true {
            panic!("no")
        }
        Ok(Rest::Usual)
    });
    server.desk.workers().start(&server.desk, broken);
    for tries in 0.. {
        let answer = server.answer(get("/readyz", "")).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.text.starts_with("worker broken: "), "{}", answer.text);
            break;
        }
        assert!(tries < 100, "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_told_to_admins_on_every_page_and_leaves_the_server_ready() {
    let server = Server::start(&[]).await;
    let (customer, admin, agent) = (server.log_in("marieke").await, server.log_in("hanneke").await, server.log_in("sanne").await);
    server.open(&customer, "gewoon").await;
    assert!(!server.answer(get("/board", &admin)).await.text.contains("kijk hier"));
    let change = server.desk.store().begin().await.unwrap();
    store::privacy::set_unread(&change, domain::EventNo(1), "{\"kind\":\"praised\"}").await.unwrap();
    change.commit().await.unwrap();
    desk::notifications::advance(&server.desk).await.unwrap();
    let ready = server.answer(get("/readyz", "")).await;
    assert!(ready.status == StatusCode::OK && ready.text.contains("1 events of the log cannot be read"), "{}", ready.text);
    assert!(server.answer(get("/board", &admin)).await.text.contains("kijk hier"));
    assert!(!server.answer(get("/board", &agent)).await.text.contains("kijk hier"));
    assert!(server.answer(get("/mail", &admin)).await.text.contains("niet kan lezen (1)"));
}

#[tokio::test]
async fn a_page_has_a_strict_policy_with_a_nonce_of_its_own() {
    let server = Server::start(&[("BALIE_BASE_URL", "https://help.example")]).await;
    let (one, two) = (server.answer(get("/log-in", "")).await, server.answer(get("/log-in", "")).await);
    let policy = one.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for wanted in ["default-src 'none'", "script-src 'self' 'nonce-", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(wanted), "{policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    assert_ne!(policy, two.headers[header::CONTENT_SECURITY_POLICY], "a nonce is used once");
    assert_eq!(one.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(one.headers[header::REFERRER_POLICY], "same-origin");
    assert!(one.headers[header::STRICT_TRANSPORT_SECURITY].to_str().unwrap().contains("max-age=63072000"));
    assert!(!one.text.contains(" style=\""), "no inline style");
    let scripts = one.text.matches("<script").count();
    assert_eq!(scripts, one.text.matches("nonce=").count(), "each script has the nonce");
    let http = Server::start(&[]).await.answer(get("/log-in", "")).await;
    assert!(!http.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let server = Server::start(&[("BALIE_BASE_URL", "https://help.example")]).await;
    let answer =
        server.answer(post("/api/log_in", "", "email=marieke%40x.example&password=een+lange+zin&next=https%3A%2F%2Felsewhere.example")).await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-balie=") && cookie.contains("; Secure") && cookie.contains("Path=/"));
    assert_eq!(answer.location(), "/", "next leads nowhere else");
}

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://elsewhere.example")] {
        let mut request = post("/api/open_ticket", &cookie, "urgency=low&department=1&subject=x&description=x");
        request.headers_mut().remove("sec-fetch-site");
        request.headers_mut().insert(name, value.parse().unwrap());
        let refused = server.answer(request).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(refused.text.contains("andere site"), "in words: {}", refused.text);
        for header in ["content-security-policy", "x-content-type-options", "x-request-id", "referrer-policy"] {
            assert!(refused.headers.contains_key(header), "what is refused before the routing has {header} too");
        }
    }
    assert_eq!(store::events::head(server.desk.store()).await.unwrap().0, 0);
    let got = server.answer(get("/api/log_out", &cookie)).await;
    assert_ne!(got.status, StatusCode::OK, "nothing changes by GET");
    assert_eq!(server.answer(get("/", &cookie)).await.status, StatusCode::OK);
}

fn upload(cookie: &str, name: &str, bytes: &[u8]) -> Request<Body> {
    Request::post(format!("/uploads?name={name}"))
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(bytes.to_vec()))
        .unwrap()
}

#[tokio::test]
async fn an_uploaded_file_can_be_saved_and_never_runs() {
    let server = Server::start(&[]).await;
    let (mine, other) = (server.log_in("marieke").await, server.log_in("kees").await);
    let kept = server.answer(upload(&mine, "..%2F..%2Fr%C3%A9sum%C3%A9.txt", b"een regel uit het logboek")).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
    let id = kept.text.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let saved = server.answer(get(&format!("/files/{id}"), &mine)).await;
    assert_eq!(saved.headers[header::CONTENT_DISPOSITION], "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.txt");
    assert!(saved.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sandbox"));
    assert_eq!(
        (saved.headers[header::CONTENT_TYPE].to_str().unwrap(), saved.headers[header::X_CONTENT_TYPE_OPTIONS].to_str().unwrap()),
        ("text/plain", "nosniff")
    );
    assert_eq!(server.answer(get(&format!("/files/{id}"), &other)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.answer(get(&format!("/files/{id}/view"), &mine)).await.status, StatusCode::NOT_FOUND);
    for (name, bytes, sentence) in [
        ("x.html", &b"x"[..], "ForbiddenKind"),
        ("x.png", b"tekst", "WrongContent"),
        ("x.txt", b"\x7fELF\x02\x01\x01\0", "WrongContent"),
        ("x.png", b"", "EmptyFile"),
        ("x.zip", &vec![0; (2 << 20) + 1], "TooLarge"),
    ] {
        let refused = server.answer(upload(&mine, name, bytes)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(sentence), "{name}: {}", refused.text);
    }
}

#[tokio::test]
async fn health_says_alive_and_ready_until_it_stops() {
    let server = Server::start(&[]).await;
    assert_eq!(server.answer(get("/healthz", "")).await.status, StatusCode::OK);
    assert_eq!(server.answer(get("/readyz", "")).await.status, StatusCode::OK);
    server.shutdown.cancel();
    assert_eq!(server.answer(get("/readyz", "")).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn every_answer_has_the_headers_whatever_it_says() {
    let server = Server::start(&[("BALIE_BASE_URL", "https://help.example")]).await;
    let mut cross = post("/api/log_in", "", "email=x");
    cross.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    let requests = [
        get("/", ""),
        get("/log-in", ""),
        get("/tickets/1", ""),
        get("/nergens", ""),
        get("/live", ""),
        get("/files/x", ""),
        get("/healthz", ""),
        get("/pkg/is-er-niet.js", ""),
        post("/api/log_in", "", "email=x&password=y"),
        call("/api/board_snapshot", "", ""),
        cross,
        post("/api/log_in", "", &format!("email={}", "x".repeat(9 << 20))),
    ];
    for request in requests {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = server.answer(request).await;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff", "same-origin"), "{what}: {}", answer.status);
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{what}: {policy}"
        );
        assert!(header("strict-transport-security").contains("max-age=63072000"), "{what}");
        assert!(!header("x-request-id").is_empty(), "{what}");
        assert_eq!(header("cache-control"), "no-store", "{what}");
    }
}

#[tokio::test]
async fn without_a_database_it_lives_but_is_not_ready_and_says_so() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    server.desk.store().close().await;
    assert_eq!(server.answer(get("/healthz", "")).await.status, StatusCode::OK);
    assert_eq!(server.answer(get("/readyz", "")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let page = server.answer(get("/", &cookie)).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text.contains("Balie kan nu niet bij de gegevens") && !page.text.contains("SELECT"), "{}", page.text);
}

#[tokio::test]
async fn who_tries_too_often_from_one_address_is_told_how_long_to_wait() {
    let server = Server::start(&[("BALIE_TRUSTED_PROXIES", "1")]).await;
    let (now, change) = (server.desk.now(), server.desk.store().begin().await.unwrap());
    for _ in 0..100 {
        store::sessions::count_try(&change, "address:10.0.0.7", now, domain::time::Moment(0)).await.unwrap();
    }
    change.commit().await.unwrap();
    for (hops, status) in [("6.6.6.6, 10.0.0.7", StatusCode::TOO_MANY_REQUESTS), ("10.0.0.7, 10.0.0.8", StatusCode::SEE_OTHER)] {
        let mut request = post("/api/log_in", "", "email=marieke%40x.example&password=een+lange+zin");
        request.headers_mut().insert("x-forwarded-for", hops.parse().unwrap());
        let answer = server.answer(request).await;
        assert_eq!(answer.status, status, "{hops}");
        assert_eq!(answer.text.contains("Te veel pogingen. Wacht"), status == StatusCode::TOO_MANY_REQUESTS, "{hops}");
    }
}

#[tokio::test]
async fn the_language_is_the_accounts_else_the_browsers() {
    let server = Server::start(&[]).await;
    let asked = async |path: &str, cookie: &str, header: &str| {
        let mut request = get(path, cookie);
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
        server.answer(request).await.text
    };
    for (header, tag, word) in [("en-GB,nl;q=0.5", "en", "Password"), ("nl", "nl", "Wachtwoord"), ("fr", "nl", "Wachtwoord")] {
        let page = asked("/log-in", "", header).await;
        assert!(page.contains(&format!("<html lang=\"{tag}\"")) && page.contains(word), "{header}");
    }
    let cookie = server.log_in("marieke").await;
    assert!(asked("/", &cookie, "en").await.contains("My tickets"), "an account that chose nothing has the browser's");
    server.answer(post("/api/prefer", &cookie, "language=nl")).await;
    assert!(asked("/", &cookie, "en").await.contains("Mijn tickets"), "what the account chose wins");
    let again = server.log_in("marieke").await;
    assert!(asked("/", &again, "en").await.contains("Mijn tickets"), "also in the next session, without the cookie of the choice");
}

#[tokio::test]
async fn a_forged_host_leads_no_mailed_link_astray() {
    let server = crate::support::Server::start(&[]).await;
    let request = axum::http::Request::post("/api/forgot")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("email=marieke%40x.example"))
        .unwrap();
    assert!(server.answer(request).await.status.is_success());
    let transport = server.desk.mail().transport();
    let mut sent = vec![];
    for _ in 0..200 {
        sent.extend(transport.take());
        if !sent.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let raw = String::from_utf8(sent[0].raw.clone()).unwrap();
    assert!(raw.contains("http://127.0.0.1:3000/join/") && !raw.contains("evil"), "{raw}");
}

#[tokio::test]
async fn a_session_that_was_put_into_a_browser_beforehand_is_never_the_one_that_begins() {
    let server = Server::start(&[]).await;
    let theirs = server.log_in("kees").await;
    for planted in [theirs.clone(), "balie=".to_owned() + &"0".repeat(64)] {
        let form = format!("email=marieke%40x.example&password={}", PASSWORD.replace(' ', "+"));
        let answer = server.answer(post("/api/log_in", &planted, &form)).await;
        let begun = answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_ne!(begun, planted);
        assert!(server.answer(get("/account", &begun)).await.text.contains("marieke@x.example"));
        assert!(!server.answer(get("/account", &planted)).await.text.contains("marieke@x.example"), "what was planted is nobody's way in");
    }
    // What was stolen before someone logged out is worth nothing after.
    let stolen = server.log_in("marieke").await;
    server.answer(call("/api/log_out", &stolen, "")).await;
    assert_eq!(server.answer(call("/api/home_shelves", &stolen, "")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn behind_one_proxy_only_what_it_adds_is_believed_of_where_a_request_comes_from() {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;
    let server = Server::start(&[("BALIE_TRUSTED_PROXIES", "1"), ("BALIE_BASE_URL", "https://help.example")]).await;
    let hanneke = desk::accounts::log_in(&server.desk, "hanneke@x.example", PASSWORD, &Default::default()).await.unwrap().session().unwrap();
    let hanneke = desk::accounts::session(&server.desk, hanneke.as_str()).await.unwrap().unwrap().agent().unwrap();
    let forged: [&[u8]; 6] = [
        b"203.0.113.9",
        b"1.1.1.1, 203.0.113.9",
        b"127.0.0.1,, ,203.0.113.9",
        b"\xff\xfe, 203.0.113.9",
        b"::1 , [203.0.113.1]:80, 203.0.113.9:4711",
        b"x, ::ffff:203.0.113.9",
    ];
    for value in forged {
        let mut request = post("/api/log_in", "", "email=kees%40x.example&password=verkeerd");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4_000))));
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", axum::http::HeaderValue::from_bytes(value).unwrap());
        for (name, value) in [
            ("forwarded", "for=6.6.6.6;host=evil.example;proto=http"),
            ("x-real-ip", "6.6.6.6"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("true-client-ip", "6.6.6.6"),
        ] {
            headers.insert(name, axum::http::HeaderValue::from_static(value));
        }
        let refused = server.answer(request).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(!refused.text.contains("evil.example"));
        let filter = desk::audit::Filter::default();
        let entries = desk::audit::entries(&server.desk, &hanneke, &filter).await.unwrap();
        assert_eq!(entries[0].address, "203.0.113.9", "{}", String::from_utf8_lossy(value));
    }
    // Who gets past the proxy without it is no one but the peer.
    let mut request = post("/api/log_in", "", "email=kees%40x.example&password=verkeerd");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([198, 51, 100, 4], 4_000))));
    server.answer(request).await;
    let entries = desk::audit::entries(&server.desk, &hanneke, &desk::audit::Filter::default()).await.unwrap();
    assert_eq!(entries[0].address, "198.51.100.4");
}

#[tokio::test]
async fn a_token_is_no_session_and_a_session_no_token() {
    let server = Server::start(&[]).await;
    let hanneke = server.log_in("hanneke").await;
    let session = desk::accounts::session(&server.desk, hanneke.split('=').nth(1).unwrap()).await.unwrap().unwrap();
    let scopes = ["people:read".to_owned()];
    let token = desk::accounts::make_token(&server.desk, &session.agent().unwrap(), PASSWORD, "x", &scopes, "30").await.unwrap();
    let bearer = |path: &str, secret: &str| {
        let mut request = get(path, "");
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
        request
    };
    assert_eq!(server.answer(bearer("/v1/people", &token)).await.status, StatusCode::OK);
    for (what, request) in [
        ("as a cookie", get("/v1/people", &format!("balie={token}"))),
        ("in the address", get(&format!("/v1/people?access_token={token}"), "")),
        ("a session as a cookie", get("/v1/people", &hanneke)),
        ("a session as a token", bearer("/v1/people", hanneke.split('=').nth(1).unwrap())),
        ("a session with the beginning of a token", bearer("/v1/people", &format!("balie_{}", hanneke.split('=').nth(1).unwrap()))),
        ("without its beginning", bearer("/v1/people", token.trim_start_matches("balie_"))),
    ] {
        assert_eq!(server.answer(request).await.status, StatusCode::UNAUTHORIZED, "{what}");
    }
    let page = server.answer(bearer("/people", &token)).await;
    assert_eq!((page.status, page.location()), (StatusCode::FOUND, "/log-in?next=/people"));
    assert_eq!(server.answer(get("/people", &format!("balie={}", token.trim_start_matches("balie_")))).await.status, StatusCode::FOUND);
}
