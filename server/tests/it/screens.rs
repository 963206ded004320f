//! What a page says, and what of it can say something else without being loaded again.

use crate::support::{Server, get, post};
use axum::http::StatusCode;
use std::collections::BTreeMap;

/// The live parts of a page, each with what is in it; a part ends where the element does that it is.
fn parts(page: &str) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for (at, _) in page.match_indices("data-live=\"") {
        let tag = page[..at].rsplit('<').next().unwrap().split_whitespace().next().unwrap();
        let rest = &page[at + "data-live=\"".len()..];
        let (name, rest) = rest.split_once('"').unwrap();
        let inner = rest.split_once('>').unwrap().1;
        let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
        let (mut depth, mut end) = (1, 0);
        while depth > 0 {
            let rest = &inner[end..];
            let closes = rest.find(&close).unwrap_or_else(|| panic!("{name} does not end"));
            match rest.find(&open).filter(|opens| *opens < closes) {
                Some(opens) => (depth, end) = (depth + 1, end + opens + open.len()),
                None => (depth, end) = (depth - 1, end + closes + close.len()),
            }
        }
        let text = inner[..end - close.len()].replace("<!>", "");
        assert!(parts.insert(name.to_owned(), text).is_none(), "{name} is there twice");
    }
    parts
}

fn names(parts: &BTreeMap<String, String>) -> Vec<&str> {
    parts.keys().map(String::as_str).collect()
}

/// What becomes empty and what fills again: an open page takes it over from the same part of a fresh one.
#[tokio::test]
async fn a_ticket_has_the_same_live_parts_whatever_is_in_them() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&customer, "klok").await;
    let page = format!("/tickets/{id}");
    let look = async |cookie: &str| parts(&server.answer(get(&page, cookie)).await.text);
    let (desk, portal) = (look(&agent).await, look(&customer).await);
    for name in [
        "alarm",
        "clock",
        "conversation",
        "customer",
        "earlier",
        "mails",
        "notice",
        "office",
        "others",
        "proposed",
        "quiet",
        "set",
        "tags",
        "then",
        "to",
        "watch",
    ] {
        assert!(desk.contains_key(name), "{name} of {:?}", names(&desk));
    }
    for name in ["conversation", "notice", "people", "properties", "proposed", "solve", "to", "turn"] {
        assert!(portal.contains_key(name), "{name} of {:?}", names(&portal));
    }
    assert!(desk["clock"].contains("data-due") && desk["others"].is_empty() && desk["proposed"].is_empty(), "{desk:?}");
    let change = async |path: &str, cookie: &str, form: &str| {
        let answer = server.answer(post(path, cookie, &format!("ticket={id}&{form}"))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    };

    // Nothing is due on what is resolved, and no clock is left behind.
    change("/api/change_ticket", &agent, "what=status&to=resolved").await;
    let resolved = look(&agent).await;
    assert_eq!((names(&resolved), resolved["clock"].as_str()), (names(&desk), ""));
    assert_eq!(names(&look(&customer).await), names(&portal));

    // It is open again: so is the clock. What was never there before fills as well.
    change("/api/reply", &customer, "text=nog+niet&submission=r1").await;
    change("/api/name_for_cc", &customer, "address=iemand%40elders.example").await;
    server.open(&customer, "nog+een").await;
    let reopened = look(&agent).await;
    assert_eq!(names(&reopened), names(&desk));
    assert!(reopened["clock"].contains("data-due"));
    assert!(reopened["proposed"].contains("elders.example") && reopened["others"].contains("nog een"), "{reopened:?}");
    assert_eq!(names(&look(&customer).await), names(&portal));
}

#[tokio::test]
async fn what_the_list_says_of_its_rows_is_live_with_them() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let look = async |path: &str| parts(&server.answer(get(path, &agent)).await.text);
    let none = look("/list").await;
    assert!(none["rows"].is_empty() && none["none"].contains("Geen tickets met dit filter") && none["total"].contains("0 tickets"), "{none:?}");
    for n in 0..51 {
        server.open(&customer, &format!("rij{n}")).await;
    }
    let some = look("/list").await;
    assert_eq!(names(&some), names(&none));
    assert!(some["rows"].contains(">rij0<") && some["none"].is_empty() && some["total"].contains("51 tickets"), "{:?}", some["total"]);
    assert!(!none["pager"].contains("/list?") && some["pager"].contains("after="));
}

#[tokio::test]
async fn an_organisation_that_is_not_found_is_said_and_shows_no_tickets() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    server.open(&customer, "van+de+waal").await;
    let said = "Er is geen organisatie met de naam Bestaat niet.";
    for path in ["/list", "/board"] {
        let found = server.answer(get(&format!("{path}?organisation=de+w&urgency="), &agent)).await;
        assert!(found.status.is_redirection(), "{path}: {}", found.status);
        let shown = server.answer(get(found.location(), &agent)).await;
        assert!(shown.text.contains("van de waal") && shown.text.contains("De Waal") && !shown.text.contains("Er is geen organisatie"), "{path}");

        let unknown = server.answer(get(&format!("{path}?organisation=Bestaat+niet"), &agent)).await;
        assert_eq!(unknown.status, StatusCode::OK, "{path}");
        assert!(unknown.text.contains(said), "{path} does not say it");
        assert!(!unknown.text.contains("van de waal"), "{path} shows all tickets as if they were filtered");
        assert!(unknown.text.contains("aria-label=\"Haal het filter Organisatie Bestaat niet weg\""), "{path} has lost the filter");
        assert!(unknown.text.contains("name=\"organisation\" value=\"Bestaat niet\""), "{path} has lost what was typed");

        // The same where another was chosen before, and for a number that nobody has.
        let (_, number) = found.location().split_once("organisation=").unwrap();
        let other = server.answer(get(&format!("{path}?organisation={number}&organisation=Bestaat+niet"), &agent)).await;
        assert!(other.text.contains(said) && !other.text.contains("van de waal"), "{path}");
        let gone = server.answer(get(&format!("{path}?organisation=987654"), &agent)).await;
        assert!(gone.text.contains("Er is geen organisatie met de naam 987654.") && !gone.text.contains("van de waal"), "{path}");
    }
}

/// The first tag with a text in it, and where it begins.
fn tag_with<'a>(page: &'a str, text: &str) -> (usize, &'a str) {
    let at = page.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    let begins = page[..at].rfind('<').unwrap();
    (begins, page[begins..].split_once('>').unwrap().0)
}

#[tokio::test]
async fn a_refused_form_says_so_above_its_fields_and_has_the_focus_there() {
    let server = Server::start(&[]).await;
    let (customer, agent) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let refused = server.answer(post("/api/open_ticket", &customer, "submission=k1&subject=x")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = refused.text.split_once("action=\"/api/open_ticket\"").unwrap().1;
    let (at, summary) = tag_with(form, "error-summary");
    for attribute in ["role=\"alert\"", "tabindex=\"-1\"", " autofocus"] {
        assert!(summary.contains(attribute), "{attribute}: {summary}");
    }
    assert!(at < tag_with(form, "id=\"email\"").0, "it stands above the fields");
    assert_eq!(tag_with(form, " autofocus").0, at, "nothing before it takes the focus");
    // The group names its sentence, so that choosing takes it away.
    let (_, group) = tag_with(form, "id=\"urgency\"");
    assert!(group.contains("urgency-fault") && form.contains("id=\"urgency-fault\""), "{group}");

    // Elsewhere too something has the focus: the field, or the sentence.
    let id = server.open(&customer, "om+op+te+antwoorden").await;
    for (path, cookie, form) in [
        ("/api/reply", &customer, format!("ticket={id}&text=&submission=r2")),
        ("/api/reply", &agent, format!("ticket={id}&text=&submission=r3&mode=note")),
        ("/api/change_ticket", &agent, format!("ticket={id}&what=urgency&to=high&reason=")),
        ("/api/log_in", &String::new(), "email=marieke%40x.example&password=verkeerd".to_owned()),
        ("/api/bulk", &agent, "status=open".to_owned()),
        ("/api/save_person", &agent, "name=&email=&role=customer".to_owned()),
        ("/api/save_organisation", &agent, "name=&domains=".to_owned()),
    ] {
        let answer = server.answer(post(path, cookie, &form)).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(answer.text.contains(" autofocus"), "{path} leaves the focus nowhere");
    }
}

#[tokio::test]
async fn a_long_ticket_leads_to_its_earlier_messages_and_back() {
    let server = Server::start(&[]).await;
    let (marieke, sanne) = (server.log_in("marieke").await, server.log_in("sanne").await);
    let id = server.open(&marieke, "Lang").await;
    for n in 0..60 {
        let sent = server.answer(post("/api/reply", &marieke, &format!("ticket={id}&text=Bericht+{n}."))).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    for cookie in [&marieke, &sanne] {
        let newest = server.answer(get(&format!("/tickets/{id}"), cookie)).await.text;
        assert!(newest.contains("Bericht 59.") && !newest.contains("Bericht 5.") && newest.contains("id=\"composer\""));
        let (_, link) = newest.split_once("?before=").expect("a link to the earlier messages");
        let before = link.split('"').next().unwrap();
        let earlier = server.answer(get(&format!("/tickets/{id}?before={before}"), cookie)).await.text;
        assert!(earlier.contains("Bericht 5.") && !earlier.contains("Bericht 59.") && !earlier.contains("?before="));
        assert!(!earlier.contains("id=\"composer\"") && earlier.contains(&format!("/tickets/{id}#latest")), "it leads back to where one writes");
    }
    // Whatever stands in the address, the page is there.
    for before in ["0", "-1", "x", "99999999999999999999", ""] {
        assert_eq!(server.answer(get(&format!("/tickets/{id}?before={before}"), &marieke)).await.status, StatusCode::OK, "{before}");
    }
}
