//! By which clock a person reads.

use crate::support::{Server, get, post};
use axum::http::{StatusCode, header};

const OFFER: &str = "De klok van dit apparaat staat op de tijd van New York. Balie toont je de tijd van Amsterdam.";

#[tokio::test]
async fn another_clock_is_offered_once_and_taken_or_not() {
    let server = Server::start(&[]).await;
    // The first visit was in Amsterdam: then that is the clock.
    let form = "email=marieke%40x.example&password=een+lange+zin";
    let begun = server.answer(post("/api/log_in", "zone=Europe/Amsterdam", form)).await;
    let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = async |zone: &str| server.answer(get("/", &format!("{cookie}; {zone}"))).await.text;
    for same in ["", "zone=Europe/Amsterdam", "zone=Europe/Brussels", "zone=Mars/Olympus", "zone=", "zone=../../etc/passwd"] {
        assert!(!page(same).await.contains("other-clock"), "{same}");
    }
    assert!(page("zone=America/New_York").await.contains(OFFER));
    // Kept: this browser is not asked again, another zone is.
    let there = format!("{cookie}; zone=America/New_York");
    let kept = server.answer(post("/api/set_zone", &there, "zone=America/New_York&keep=1")).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let kept = kept.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(!page(&format!("zone=America/New_York; {kept}")).await.contains("other-clock"));
    assert!(page(&format!("zone=Asia/Tokyo; {kept}")).await.contains("Tokyo"));
    // Taken: promised times say by which clock they are read, as the office goes by its own.
    assert!(!server.answer(get("/tickets/new", &there)).await.text.contains("\"elsewhere\"") && page("zone=America/New_York").await.contains(OFFER));
    assert_eq!(server.answer(post("/api/set_zone", &there, "zone=America/New_York")).await.status, StatusCode::SEE_OTHER);
    assert!(!page("zone=America/New_York").await.contains("other-clock"));
    let told = server.answer(get("/tickets/new", &there)).await.text.replace("&quot;", "\"");
    assert!(told.contains("\"elsewhere\":\"New York\""), "{told}");
    // Back home, that is offered too; and nonsense is refused.
    assert!(page("zone=Europe/Paris").await.contains("Gebruik Paris"));
    assert_eq!(server.answer(post("/api/set_zone", &there, "zone=Mars/Olympus")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_has_never_been_here_gets_the_clock_of_their_browser() {
    let server = Server::start(&[]).await;
    let begun = server.answer(post("/api/log_in", "zone=America/New_York", "email=kees%40x.example&password=een+lange+zin")).await;
    let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let account = server.answer(get("/account", &format!("{cookie}; zone=America/New_York"))).await.text;
    assert!(account.contains("value=\"America/New_York\" selected"), "{account}");
    assert!(!account.contains("other-clock"));
    // A zone that browsers name by an older name stands in the list as well.
    server.answer(post("/api/set_zone", &cookie, "zone=Asia/Calcutta")).await;
    assert!(server.answer(get("/account", &cookie)).await.text.contains("value=\"Asia/Calcutta\" selected"));
}
