//! What is done in the background, as the pages that wait for it show it.

use crate::support::{Server, get, post};
use axum::http::StatusCode;

/// Whether a page asks for itself again, with script and without.
fn looks_again(page: &str) -> bool {
    let (by_script, without) = (page.contains("data-again"), page.contains(r#"<meta http-equiv="refresh""#));
    assert_eq!(by_script, without, "{page}");
    by_script
}

#[tokio::test]
async fn a_page_that_waits_for_an_erasure_looks_again_until_it_is_done() {
    let server = Server::start(&[]).await;
    let (customer, admin) = (server.log_in("kees").await, server.log_in("hanneke").await);
    server.open(&customer, "kees+vraagt").await;
    let people = server.answer(get("/people?typed=kees", &admin)).await.text;
    let person = people.split("/people/").filter_map(|rest| rest.split('"').next()?.parse::<i64>().ok()).next().unwrap();
    let held = server.desk.hold_erasures().await;
    let erased = server.answer(post("/api/erase_person", &admin, &format!("id={person}&confirmation=kees%40x.example"))).await;
    assert_eq!(erased.status, StatusCode::SEE_OTHER, "{}", erased.text);
    let pages = [format!("/people/{person}"), "/privacy".to_owned()];
    for page in &pages {
        let text = server.answer(get(page, &admin)).await.text;
        assert!(text.contains("Wordt uit de teksten gehaald") && looks_again(&text), "{page}: {text}");
    }
    drop(held);
    for page in &pages {
        let mut tries = 0;
        while looks_again(&server.answer(get(page, &admin)).await.text) {
            tries += 1;
            assert!(tries < 500, "{page}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
