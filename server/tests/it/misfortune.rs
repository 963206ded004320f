//! A full disk and a database that can only be read, as the person sees them.

use crate::support::{Server, call, get, post};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use store::testing::{leave_pages, read_only};

#[tokio::test]
async fn where_nothing_can_be_saved_it_says_so_keeps_what_was_typed_and_goes_on_reading() {
    let server = Server::start(&[]).await;
    let store = server.desk.store();
    let cookie = server.log_in("marieke").await;
    let id = server.open(&cookie, "ervoor").await;
    // More than fits in a page that is there already.
    let form = format!("urgency=low&department=1&subject=Nu+niet&description={}&submission=k", "woorden+".repeat(5_000));
    for full in [true, false] {
        if full {
            leave_pages(store, Some(0)).await;
        } else {
            read_only(store, true).await;
        }
        let page = server.answer(post("/api/open_ticket", &cookie, &form)).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "full: {full}");
        assert!(page.text.contains("Er kan nu niets worden opgeslagen") && page.text.contains("value=\"Nu niet\""), "full: {full}");
        assert!(!page.text.contains("database") && !page.text.contains("INSERT"), "never SQL");
        let direct = server.answer(call("/api/open_ticket", &cookie, &form)).await;
        assert_eq!(direct.status, StatusCode::SERVICE_UNAVAILABLE, "full: {full}");
        assert!(direct.text.contains("ReadOnly"), "{}", direct.text);
        if !full {
            let upload = Request::post("/uploads?name=a.txt").header(header::COOKIE, &cookie).header("sec-fetch-site", "same-origin");
            let refused = server.answer(upload.body(Body::from("regel")).unwrap()).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
        }
        for path in ["/".to_owned(), "/tickets/new".to_owned(), format!("/tickets/{id}"), "/live/since?after=0".to_owned(), "/readyz".to_owned()] {
            assert_eq!(server.answer(get(&path, &cookie)).await.status, StatusCode::OK, "{path}, full: {full}");
        }
        if !full {
            until_ready_says(&server, "ready, but nothing can be saved: the database cannot be written\n").await;
        }
        leave_pages(store, None).await;
        read_only(store, false).await;
    }
    let accepted = server.answer(post("/api/open_ticket", &cookie, &form)).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER, "the same form, once there is room");
    assert_eq!(store::events::head(store).await.unwrap().0, 2, "and it was there once");
}

#[tokio::test]
async fn a_file_that_is_not_whole_on_disk_is_a_sentence() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let mut ids = vec![];
    for _ in 0..2 {
        let upload = Request::post("/uploads?name=a.txt").header(header::COOKIE, &cookie).header("sec-fetch-site", "same-origin");
        let kept = server.answer(upload.body(Body::from("regel een")).unwrap()).await;
        ids.push(kept.text.split("\"id\":\"").nth(1).unwrap()[..32].to_owned());
    }
    let whole = server.answer(get(&format!("/files/{}", ids[0]), &cookie)).await;
    assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, "regel een"));
    let on_disk = |id: &str| server.folder.path().join(&id[..2]).join(id);
    std::fs::remove_file(on_disk(&ids[0])).unwrap();
    std::fs::write(on_disk(&ids[1]), "regel").unwrap();
    for id in ids {
        let gone = server.answer(get(&format!("/files/{id}"), &cookie)).await;
        assert_eq!(gone.status, StatusCode::GONE);
        assert!(gone.text.contains("niet meer heel op de server"), "{}", gone.text);
    }
}

fn upload(cookie: &str) -> Request<Body> {
    let upload = Request::post("/uploads?name=a.txt").header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
    upload.body(Body::from("regel")).unwrap()
}

#[tokio::test]
async fn a_folder_of_files_that_cannot_be_written_is_said_and_comes_back_by_itself() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    let (incoming, aside) = (server.files().join("incoming"), server.files().join("aside"));
    assert_eq!(server.answer(upload(&cookie)).await.status, StatusCode::OK);
    std::fs::rename(&incoming, &aside).unwrap();
    // Nobody makes a file there, whoever they are.
    std::os::unix::fs::symlink("/sys/kernel", &incoming).unwrap();
    let refused = server.answer(upload(&cookie)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    assert!(refused.text.contains("ReadOnly"), "{}", refused.text);
    until_ready_says(&server, "ready, but the folder of files cannot be written\n").await;
    // What has no file goes on.
    server.open(&cookie, "gewoon").await;
    std::fs::remove_file(&incoming).unwrap();
    std::fs::rename(&aside, &incoming).unwrap();
    assert_eq!(server.answer(upload(&cookie)).await.status, StatusCode::OK);
    until_ready_says(&server, "ready\n").await;
}

/// What can be written is looked at every few seconds, whoever asks: waits until it is said.
async fn until_ready_says(server: &Server, wanted: &str) {
    for tries in 0.. {
        let said = server.answer(get("/readyz", "")).await;
        if said.status == StatusCode::OK && said.text == wanted {
            return;
        }
        assert!(tries < 150, "{} {:?} instead of {wanted:?}", said.status, said.text);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
