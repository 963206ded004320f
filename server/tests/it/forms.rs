//! Forms without script: the same functions, answered with a page, and nothing typed is lost.

use crate::support::{PASSWORD, Server, call, get, post};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use desk::accounts::{Newcomer, add};
use domain::accounts::Role;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_form_with_faults_comes_back_with_what_was_typed() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let answer =
        server.answer(post("/api/open_ticket", &cookie, "subject=Mijn+onderwerp&description=&link=ftp%3A%2F%2Fx&urgency=low&submission=k1")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for wanted in [
        "value=\"Mijn onderwerp\"",
        "value=\"ftp://x\"",
        "Kies de afdeling",
        "Vertel wat er aan de hand is",
        "Dit adres begint niet met",
        "value=\"k1\"",
    ] {
        assert!(answer.text.contains(wanted), "{wanted} is not in the page");
    }
    let direct = server
        .answer(call("/api/open_ticket", &cookie, "subject=x&department=nee&urgency=heel&cc[]=iemand&attachments[]=..%2Fx&screenshot=on"))
        .await;
    assert_eq!(direct.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["Department", "Urgency", "Cc", "Attachments", "Description", "ScreenshotCheck"] {
        assert!(direct.text.contains(field), "{field}: {}", direct.text);
    }
}

#[tokio::test]
async fn a_form_after_the_session_ended_waits_behind_the_log_in() {
    let server = Server::start(&[]).await;
    let answer = server.answer(post("/api/open_ticket", "balie=gone", "subject=Bewaard&description=Tekst&urgency=low&department=1")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("Je sessie was verlopen"));
    let carry = answer.text.split("name=\"carry\" value=\"").nth(1).unwrap().split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
    let form =
        serde_urlencoded::to_string([("email", "marieke@x.example"), ("password", "een lange zin"), ("next", "/tickets/new"), ("carry", &carry)])
            .unwrap();
    let back = server.answer(post("/api/log_in", "", &form)).await;
    assert!(back.headers.contains_key(header::SET_COOKIE));
    assert!(back.text.contains("value=\"Bewaard\""), "the form is filled in again");
    assert!(!back.text.contains("een lange zin"), "a password is never shown again");

    // The same after a log-in that was no form, as by passkey. A secret that is shown once comes from nowhere else.
    let cookie = server.log_in("marieke").await;
    let go_on = async |carry: &str| {
        let form = serde_urlencoded::to_string([("next", "/tickets/new"), ("carry", carry)]).unwrap();
        server.answer(post("/api/go_on_with", &cookie, &form)).await
    };
    assert!(go_on(&carry).await.text.contains("value=\"Bewaard\""));
    let made_up = go_on("[\"make_token\",[[\"shown\",\"balie_van_een_ander\"]]]").await;
    assert!(made_up.status == StatusCode::SEE_OTHER && made_up.location() == "/tickets/new", "{}", made_up.status);
}

#[tokio::test]
async fn files_come_with_a_plain_form() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let part = |name: &str, value: &str| format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = [
        part("subject", "Met bestand"),
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\nregel\r\n".to_owned(),
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.exe\"\r\n\r\nMZ\r\n".to_owned(),
        part("description", "Tekst"),
        "--X--\r\n".to_owned(),
    ]
    .concat();
    let request = Request::post("/api/open_ticket")
        .header(header::COOKIE, &cookie)
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
        .body(Body::from(body))
        .unwrap();
    let answer = server.answer(request).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("Dit soort bestand nemen we niet aan")
            && answer.text.contains("log.txt")
            && answer.text.contains("value=\"Met bestand\"")
    );
}

#[tokio::test]
async fn a_form_that_is_accepted_leads_on() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let id = server.open(&cookie, "verder").await;
    assert_eq!(server.open(&cookie, "verder").await, id, "the same submission is the same ticket");
    let mut settle = post("/api/settle", &cookie, &format!("ticket={id}"));
    settle.headers_mut().insert(header::REFERER, format!("http://help.example/tickets/{id}").parse().unwrap());
    let answer = server.answer(settle).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("/tickets/{id}").as_str()));
    assert!(server.answer(get(&format!("/tickets/{id}"), &cookie)).await.text.contains("Gesloten"));
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let answer = server.answer(post("/api/open_ticket", &cookie, &format!("description={}", "x".repeat(9 << 20)))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    // The same in parts, without script: it is not read on once it is known to be too large.
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let head = Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"--X\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n"));
    let pieces = (0..64).map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(axum::body::Bytes::from(vec![b'x'; 1 << 20]))
    });
    let request = Request::post("/api/open_ticket")
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
        .body(Body::from_stream(futures_util::stream::iter(std::iter::once(head).chain(pieces)).then(async |piece| {
            // As from a network, where not everything is there at once.
            tokio::task::yield_now().await;
            piece
        })))
        .unwrap();
    assert_eq!(server.answer(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(read.load(Ordering::Relaxed) < 16, "{} MiB were read", read.load(Ordering::Relaxed));
}

#[tokio::test]
async fn what_a_customer_writes_is_never_markup() {
    let server = Server::start(&[]).await;
    let (marieke, sanne) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let typed = "</title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>";
    let form =
        serde_urlencoded::to_string([("urgency", "low"), ("department", "1"), ("subject", typed), ("description", typed), ("submission", "x")])
            .unwrap();
    let answer = server.answer(post("/api/open_ticket", &marieke, &form)).await;
    let ticket = answer.location().split('?').next().unwrap().to_owned();
    for (path, cookie) in
        [(ticket.as_str(), &marieke), (&ticket, &sanne), ("/", &marieke), ("/board", &sanne), ("/list", &sanne), ("/list?q=alert", &sanne)]
    {
        let page = server.answer(get(path, cookie)).await.text;
        assert!(page.contains("alert(1)"), "{path} shows it");
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains("</textarea><script"), "{path} shows it as markup");
    }
}

#[tokio::test]
async fn the_ticket_form_has_the_fields_in_their_order_and_chooses_nothing_beforehand() {
    let server = Server::start(&[]).await;
    for (name, key_user) in [("aad", false), ("zwaan", true)] {
        let (email, organisation) = (format!("{name}@x.example"), Some("De Waal".to_owned()));
        let new = Newcomer { name: name.into(), email, role: Role::Customer, organisation, key_user, password: PASSWORD.into() };
        add(&server.desk, &new).await.unwrap();
    }
    let page = server.answer(get("/tickets/new", &server.log_in("marieke").await)).await.text;
    let mut rest = page.as_str();
    for label in [
        ">E-mailadres",
        "value=\"marieke@x.example\"",
        ">CC toevoegen",
        ">Urgentie",
        ">Laag",
        "De verstoring is minimaal en beperkt zich tot minder belangrijke onderdelen.",
        ">Gemiddeld",
        "De verstoring raakt belangrijke onderdelen.",
        ">Hoog",
        "De verstoring raakt één of meer cruciale onderdelen.",
        ">Vraag",
        "Je wilt weten hoe je iets inricht of instelt.",
        ">Afdeling",
        ">Dataduiker",
        ">Onderwerp",
        ">Jouw probleemstelling, vraag en/of constatering",
        "Noem programma-, product-, activiteit- en contractnummers.",
        ">URL link",
        ">Bijlagen",
        ">Ja, ik heb een schermafbeelding geüpload",
        ">Indienen",
    ] {
        rest = rest.split_once(label).unwrap_or_else(|| panic!("{label} is not there, or not in its place")).1;
    }
    let form = page.split_once("action=\"/api/open_ticket\"").unwrap().1;
    assert!(!form.contains(" checked") && !form.contains(" selected"), "nothing is chosen beforehand");
    let email = page.split("<input").find(|input| input.contains("value=\"marieke@x.example\"")).unwrap();
    assert!(email.split('>').next().unwrap().contains("readonly"), "{email}");
    let plain = page.split_once("<noscript>").unwrap().1;
    assert!(plain.find("zwaan").unwrap() < plain.find("aad").unwrap(), "key users first");
    assert!(!page.contains("kees"), "nobody of another organisation");
}

#[tokio::test]
async fn what_is_too_long_is_said_at_its_field_in_the_form_and_to_a_direct_call() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let id = server.open(&cookie, "eerst").await.to_string();
    let rest = "urgency=low&department=1";
    let ticket = |fields: String| ("/api/open_ticket", format!("{rest}&{fields}"));
    let cases = [
        (ticket(format!("subject={}&description=x", "s".repeat(201))), "Subject", "hoogstens 200 tekens"),
        (ticket(format!("subject=x&description={}", "d".repeat(50_001))), "Description", "hoogstens 50.000 tekens"),
        (ticket(format!("subject=x&description=x&link=https://{}", "l".repeat(2_000))), "Link", "hoogstens 2.000 tekens"),
        (ticket("subject=x&description=x&screenshot=on".to_owned()), "ScreenshotCheck", "Je hebt nog geen afbeelding toegevoegd."),
        (("/api/reply", format!("ticket={id}&text=")), "Message", "Schrijf eerst een bericht."),
        (("/api/reply", format!("ticket={id}&text={}", "t".repeat(50_001))), "Message", "hoogstens 50.000 tekens"),
    ];
    for ((path, form), field, sentence) in cases {
        let direct = server.answer(call(path, &cookie, &form)).await;
        assert!(direct.status == StatusCode::UNPROCESSABLE_ENTITY && direct.text.contains(field), "{field}: {} {}", direct.status, direct.text);
        let page = server.answer(post(path, &cookie, &form)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.text.contains(sentence), "{field}: {sentence}");
        let typed = form.rsplit('=').next().unwrap();
        assert!(typed.len() < 200 || page.text.contains(typed), "{field}: what was typed is still there");
    }
    assert_eq!(store::events::head(server.desk.store()).await.unwrap().0, 1, "and nothing was kept");
}

#[tokio::test]
async fn a_direct_call_of_a_wrong_kind_is_the_callers_fault() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&customer, "eerst").await;
    for (path, cookie, form) in [
        ("/api/move_card", &agent, format!("id={id}&status=nergens&seen=0")),
        ("/api/move_card", &agent, "id=x&status=open&seen=0".to_owned()),
        ("/api/move_card", &agent, "status=open".to_owned()),
        ("/api/change_ticket", &agent, format!("ticket={id}&what=status&to=nergens")),
        ("/api/change_ticket", &agent, format!("ticket={id}&what=niets&to=x")),
        ("/api/change_ticket", &agent, format!("ticket={id}&what=assignee&to=iemand")),
        ("/api/change_ticket", &agent, format!("ticket={id}")),
        ("/api/change_cc", &agent, format!("ticket={id}&add=iemand")),
        ("/api/bulk", &agent, "status=open".to_owned()),
        ("/api/bulk", &agent, format!("ids[]={id}&status=nergens")),
        ("/api/bulk", &agent, (0..201).map(|n| format!("ids[]={n}&")).collect::<String>() + "status=open"),
        ("/api/settle", &customer, String::new()),
        ("/api/home_shelves", &customer, "all=misschien".to_owned()),
        ("/api/prefer", &customer, "language=xx".to_owned()),
    ] {
        let answer = server.answer(call(path, cookie, &form)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form:.60}: {}", answer.text);
        assert!(answer.text.contains("Refused"), "{path}: {}", answer.text);
    }
    for form in ["ticket=x&text=x", "ticket=-1&text=x", "ticket=9223372036854775808&text=x"] {
        assert_eq!(server.answer(call("/api/reply", &customer, form)).await.status, StatusCode::NOT_FOUND, "{form}");
    }
}

#[tokio::test]
async fn a_form_sent_twice_at_once_is_one_ticket_and_both_answers_lead_to_it() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let (one, two) = tokio::join!(server.open(&cookie, "dubbel"), server.open(&cookie, "dubbel"));
    assert_eq!((one, store::events::head(server.desk.store()).await.unwrap().0), (two, 1));
}

#[tokio::test]
async fn a_form_that_comes_back_holds_what_was_typed_as_text() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let id = server.open(&cookie, "eerst").await.to_string();
    let typed = "\nRegel &lt;b&gt; </textarea><form action=\"/api/log_out\"><script>alert(1)</script>";
    let unknown = "0".repeat(32);
    for (path, form) in [
        ("/api/reply", vec![("ticket", id.as_str()), ("text", typed), ("attachments[0]", &unknown)]),
        ("/api/open_ticket", vec![("subject", "x"), ("description", typed)]),
    ] {
        let page = server.answer(post(path, &cookie, &serde_urlencoded::to_string(form).unwrap())).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let area = page.text.split("<textarea").nth(1).unwrap().split_once('>').unwrap().1;
        let inner = area.split_once("</textarea>").unwrap().0;
        // HTML leaves out one line end at the beginning.
        let seen = inner.strip_prefix('\n').unwrap().replace("&lt;", "<").replace("&amp;", "&");
        assert_eq!(seen, typed, "{path}");
    }
}

#[tokio::test]
async fn a_form_is_not_read_on_where_it_is_no_form() {
    let server = Server::start(&[]).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let endless = |head: &'static str, path: &str| {
        sent.store(0, Ordering::Relaxed);
        let count = sent.clone();
        let pieces = (0..64).map(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![b'x'; 1 << 20]))
        });
        let head = Ok(axum::body::Bytes::from_static(head.as_bytes()));
        Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
            .body(Body::from_stream(futures_util::stream::iter(std::iter::once(head).chain(pieces)).then(async |piece| {
                tokio::task::yield_now().await;
                piece
            })))
            .unwrap()
    };
    // A part's head without an end, what stands before the first part, and a file of somebody without a session.
    for head in [
        "--X\r\nContent-Disposition: form-data; name=\"",
        "geen begin",
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n",
    ] {
        let request = endless(head, "/api/log_in");
        assert_eq!(server.answer(request).await.status, StatusCode::PAYLOAD_TOO_LARGE, "{head}");
        assert!(sent.load(Ordering::Relaxed) <= 6, "{head}: {} MiB were read", sent.load(Ordering::Relaxed));
    }
    let request = endless("--X\r\n", "/api/nergens");
    assert_eq!(server.answer(request).await.status, StatusCode::NOT_FOUND);
    assert_eq!(sent.load(Ordering::Relaxed), 0, "what is sent to no function is not read");
    let many = server.answer(post("/api/log_in", "", &"a&".repeat(100_000))).await;
    assert_eq!(many.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_upload_that_is_cut_is_no_failure_of_the_server() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let pieces = [Ok(axum::body::Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
    let request = Request::post("/uploads?name=a.txt")
        .header(header::COOKIE, &cookie)
        .header("sec-fetch-site", "same-origin")
        .body(Body::from_stream(futures_util::stream::iter(pieces)))
        .unwrap();
    let answer = server.answer(request).await;
    assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.text.contains("Interrupted"), "{} {}", answer.status, answer.text);
}

#[tokio::test]
async fn a_change_of_several_things_is_made_whole_or_not_at_all() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&customer, "een").await;
    for (path, form, status) in [
        ("/api/move_card", format!("id={id}&status=closed&assignee=999&seen=1000"), StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/bulk", format!("ids[0]={id}&ids[1]=abc&status=closed"), StatusCode::NOT_FOUND),
        ("/api/bulk", format!("ids[0]={id}&ids[1]=999&status=closed"), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(server.answer(call(path, &agent, &form)).await.status, status, "{path} {form}");
    }
    assert_eq!(store::events::head(server.desk.store()).await.unwrap().0, 1, "and nothing happened");
}

#[tokio::test]
async fn a_filter_of_thousands_of_values_is_no_larger_a_page() {
    let server = Server::start(&[]).await;
    let agent = server.log_in("sanne").await;
    let query: Vec<String> = (0..2_000).map(|n| format!("department={n}")).collect();
    for path in ["/list", "/board"] {
        let page = server.answer(get(&format!("{path}?{}&organisation={}&tag=%00x", query.join("&"), "a".repeat(20_000)), &agent)).await;
        assert!(page.status == StatusCode::OK && page.text.len() < 1_000_000, "{path}: {} {}", page.status, page.text.len());
    }
}
