//! Every page, server function and plain route against every role. One that is missing here fails.

use crate::support::{PASSWORD, Server, call, get, post};
use app::backend::pages;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use desk::accounts::Newcomer;
use domain::accounts::Role;
use domain::permissions::{Action, may};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use server::api::API_ROUTES;
use server::router::PLAIN_ROUTES;
use std::collections::BTreeSet;

/// Pages; `None`: for everybody.
pub const PAGES: [(&str, Option<Action>); 29] = [
    ("/", Some(Action::SeePortal)),
    ("/log-in", None),
    ("/tickets/new", Some(Action::OpenTicket)),
    ("/tickets/{id}", Some(Action::ReadTicket)),
    ("/board", Some(Action::SeeBoard)),
    ("/list", Some(Action::SeeList)),
    ("/mail", Some(Action::AdministerMail)),
    ("/mail/words/{kind}/{language}", Some(Action::AdministerMail)),
    ("/mail/stop/{token}", None),
    ("/log-in/forgot", None),
    ("/sign-up", None),
    ("/log-in/factor", None),
    ("/security", Some(Action::ManageSettings)),
    ("/join/{token}", None),
    ("/account", Some(Action::OwnAccount)),
    ("/account/address/{token}", None),
    ("/people", Some(Action::SeePeople)),
    ("/people/import", Some(Action::ImportPeople)),
    ("/people/{id}", Some(Action::SeePeople)),
    ("/organisations", Some(Action::SeePeople)),
    ("/organisations/{id}", Some(Action::SeePeople)),
    ("/departments", Some(Action::ManageDepartments)),
    ("/hours", Some(Action::ManageHours)),
    ("/targets", Some(Action::ManageHours)),
    ("/reports", Some(Action::ReadReports)),
    ("/on-call", Some(Action::SeeRotas)),
    ("/on-call/take/{token}", Some(Action::ChangeTicket)),
    ("/privacy", Some(Action::ManagePrivacy)),
    ("/audit", Some(Action::ReadAudit)),
];

/// Server functions, with arguments that reach the question of who may.
pub const FUNCTIONS: [(&str, Action, &str); 102] = [
    ("log_in", Action::LogIn, "email=x"),
    ("log_out", Action::LogOut, ""),
    ("stop_facts", Action::StopMail, "token=x"),
    ("mail_desk", Action::AdministerMail, ""),
    ("reread_mail", Action::AdministerMail, "id=1"),
    ("mail_words", Action::AdministerMail, "kind=receipt&language=nl"),
    ("set_mail_words", Action::AdministerMail, "kind=receipt&language=nl&subject=x&body=x"),
    ("set_sender", Action::AdministerMail, "department=1&sender="),
    ("resend_mail", Action::ChangeTicket, "ticket=1&id=1"),
    ("watch", Action::Watch, "ticket=1"),
    ("answer_proposal", Action::ChangeCc, "ticket=1&address=x"),
    ("name_for_cc", Action::ChangeCc, "ticket=1&address=x"),
    ("factor_facts", Action::LogIn, ""),
    ("factor", Action::LogIn, "code=x"),
    ("ask_passkey", Action::LogIn, ""),
    ("go_on_with", Action::LogIn, ""),
    ("passkey_log_in", Action::LogIn, "token=x&answer=x"),
    ("add_app", Action::OwnAccount, "secret=x"),
    ("remove_app", Action::OwnAccount, "password=x"),
    ("new_codes", Action::OwnAccount, "password=x"),
    ("begin_passkey", Action::OwnAccount, "password=x"),
    ("add_passkey", Action::OwnAccount, "token=x&answer=x"),
    ("remove_passkey", Action::OwnAccount, "id=x&password=x"),
    ("security_page", Action::ManageSettings, ""),
    ("require_step", Action::ManageSettings, ""),
    ("forgot", Action::ComeIn, "email=x"),
    ("sign_up", Action::ComeIn, "name=x&email=x"),
    ("join_facts", Action::ComeIn, "token=x"),
    ("join", Action::ComeIn, "token=x"),
    ("address_facts", Action::ComeIn, "token=x"),
    ("agree_address", Action::ComeIn, "token=x"),
    ("own_account", Action::OwnAccount, ""),
    ("set_own", Action::OwnAccount, "name="),
    ("set_zone", Action::OwnAccount, "zone=x"),
    ("set_notifications", Action::OwnAccount, "own=x&cc=x"),
    ("change_password", Action::OwnAccount, "password=x&new_password=x"),
    ("ask_address", Action::OwnAccount, "password=x&email=x"),
    ("end_session", Action::OwnAccount, "id=x"),
    ("make_token", Action::OwnTokens, "name="),
    ("revoke_token", Action::OwnTokens, "id=1"),
    ("people_page", Action::SeePeople, ""),
    ("person_card", Action::SeePeople, "id=1"),
    ("person_choices", Action::SeePeople, ""),
    ("save_person", Action::ManagePeople, "role=customer"),
    ("person_do", Action::ManagePeople, "id=1&what=x"),
    ("import_facts", Action::ImportPeople, ""),
    ("upload_import", Action::ImportPeople, ""),
    ("begin_import", Action::ImportPeople, "file=x"),
    ("merge_people", Action::Merge, "id=1&other=x"),
    ("organisations_page", Action::SeePeople, ""),
    ("organisation_card", Action::SeePeople, "id=1"),
    ("save_organisation", Action::ManagePeople, "name="),
    ("merge_organisations", Action::Merge, "id=1&other=x"),
    ("departments_page", Action::ManageDepartments, ""),
    ("save_department", Action::ManageDepartments, "name="),
    ("hours_page", Action::ManageHours, ""),
    ("save_hours", Action::ManageHours, "department=1"),
    ("add_days", Action::ManageHours, "department=1&from=x"),
    ("remove_day", Action::ManageHours, "department=1&day=x"),
    ("import_days", Action::ManageHours, "department=1"),
    ("targets_page", Action::ManageHours, ""),
    ("report_page", Action::ReadReports, ""),
    ("on_call_page", Action::SeeRotas, ""),
    ("add_browser", Action::SeeRotas, "subscription=x"),
    ("remove_browser", Action::SeeRotas, "endpoint=x"),
    ("browser_told", Action::SeeRotas, "endpoint=x"),
    ("save_rota", Action::ManageRotas, "department=1&handover=x"),
    ("add_swap", Action::SeeRotas, "department=1&from=x"),
    ("add_away", Action::SeeRotas, "department=1&from=x"),
    ("remove_entry", Action::SeeRotas, "department=1&entry=swap&at=0&from=x"),
    ("new_feed", Action::SeeRotas, ""),
    ("take_facts", Action::ChangeTicket, "token=x"),
    ("take_alarm", Action::ChangeTicket, "ticket=999999"),
    ("save_target", Action::ManageHours, "urgency=x"),
    ("audit_page", Action::ReadAudit, "query="),
    ("keep_audit", Action::ManageSettings, "days=x"),
    ("privacy_page", Action::ManagePrivacy, ""),
    ("keep_tickets", Action::ManagePrivacy, "new=x"),
    ("person_data", Action::ManagePrivacy, "id=1"),
    ("export_person", Action::ManagePrivacy, "id=99999"),
    ("erase_person", Action::ManagePrivacy, "id=1&confirmation=x"),
    ("prefer", Action::SetPreferences, "language=nl"),
    ("home_shelves", Action::SeePortal, ""),
    ("form_facts", Action::OpenTicket, ""),
    ("promise_for", Action::OpenTicket, ""),
    ("open_ticket", Action::OpenTicket, "subject=x"),
    ("ticket_view", Action::ReadTicket, "id={id}"),
    ("reply", Action::Reply, "ticket={id}&text="),
    ("reply", Action::WriteNote, "ticket={id}&text=&mode=note"),
    ("settle", Action::SettleOwnTicket, "ticket=1"),
    ("leave_cc", Action::LeaveCc, "ticket=1"),
    ("change_cc", Action::ChangeCc, "ticket=1&add=1"),
    ("change_ticket", Action::ChangeTicket, "ticket=1&what=status&to=open"),
    ("preview", Action::Preview, "text=x"),
    ("colleagues", Action::SuggestCc, ""),
    ("discard_upload", Action::Upload, "id=x"),
    ("kept_uploads", Action::Upload, ""),
    ("board_snapshot", Action::SeeBoard, ""),
    ("board_page", Action::SeeBoard, ""),
    ("list_page", Action::SeeList, ""),
    ("bulk", Action::ChangeTicket, "ids[]=1&status=open"),
    ("move_card", Action::ChangeTicket, "id=1&status=open&seen=0"),
];

/// Plain routes.
pub const PLAIN: [(&str, &str, Option<Action>); 17] = [
    ("POST", "/uploads", Some(Action::Upload)),
    ("GET", "/files/{id}", Some(Action::Download)),
    ("GET", "/files/{id}/thumb", Some(Action::Download)),
    ("GET", "/files/{id}/view", Some(Action::Download)),
    ("GET", "/live", Some(Action::FollowEvents)),
    ("GET", "/live/since", Some(Action::FollowEvents)),
    ("POST", "/mail/incoming", None),
    ("GET", "/mail/source/{id}", Some(Action::ReadMail)),
    ("POST", "/mail/stop/{token}", Some(Action::StopMail)),
    ("GET", "/log-in/provider", None),
    ("GET", "/log-in/provider/back", None),
    ("GET", "/audit/export", Some(Action::ReadAudit)),
    ("GET", "/reports/export", Some(Action::ReadReports)),
    ("GET", "/on-call/{secret}/calendar.ics", Some(Action::ReadFeed)),
    ("GET", "/people/{id}/export", Some(Action::ManagePrivacy)),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
];

#[test]
fn nothing_that_answers_is_missing_here() {
    let listed: BTreeSet<String> =
        generate_route_list(pages).iter().map(|r| r.path().to_owned()).filter(|p| !p.starts_with("/api/") && !p.contains('*')).collect();
    assert_eq!(listed, PAGES.iter().map(|(path, _)| (*path).to_owned()).collect());
    let functions: BTreeSet<String> = server_fn_paths().map(|(path, _)| path.trim_start_matches("/api/").to_owned()).collect();
    assert_eq!(functions, FUNCTIONS.iter().map(|(name, ..)| (*name).to_owned()).collect());
    let plain: BTreeSet<_> = PLAIN_ROUTES.into_iter().collect();
    assert_eq!(plain, PLAIN.iter().map(|(method, path, _)| (*method, *path)).collect());
}

/// Whether an answer turned the person away.
fn refused(status: StatusCode, location: &str) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) || location.starts_with("/log-in") || location == "/board"
}

#[tokio::test]
async fn every_door_opens_to_exactly_whom_the_table_allows() {
    let server = Server::start(&[]).await;
    for (name, role, organisation) in [("bas", Role::Customer, Some("De Waal".to_owned())), ("joost", Role::Lead, None)] {
        let key_user = organisation.is_some();
        let new = Newcomer { name: name.into(), email: format!("{name}@x.example"), role, organisation, key_user, password: PASSWORD.into() };
        desk::accounts::add(&server.desk, &new).await.unwrap();
    }
    let opener = server.log_in("marieke").await;
    let id = server.open(&opener, "matrix").await.to_string();
    let mut seen = vec![];
    for (name, role) in [
        ("", None),
        ("marieke", Some(Role::Customer)),
        ("bas", Some(Role::Customer)),
        ("sanne", Some(Role::Agent)),
        ("joost", Some(Role::Lead)),
        ("hanneke", Some(Role::Admin)),
    ] {
        for (path, action) in PAGES {
            let cookie = if name.is_empty() { String::new() } else { server.log_in(name).await };
            let answer = server.answer(get(&path.replace("{id}", &id), &cookie)).await;
            // Who gave no password a moment ago goes back to that, whoever it is.
            let allowed = action.is_none_or(|action| may(role, action)) && path != "/log-in/factor";
            assert_eq!(!refused(answer.status, answer.location()), allowed, "{path} for {role:?}: {} {}", answer.status, answer.location());
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path} for {role:?}");
        }
        for (function, action, arguments) in FUNCTIONS {
            let cookie = if name.is_empty() { String::new() } else { server.log_in(name).await };
            let answer = server.answer(call(&format!("/api/{function}"), &cookie, &arguments.replace("{id}", &id))).await;
            // Logging in wrongly is turned away too, by another sentence.
            let turned_away = refused(answer.status, "") && !answer.text.contains("WrongCredentials");
            assert_eq!(!turned_away, may(role, action), "{function} for {role:?}: {} {}", answer.status, answer.text);
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{function} for {role:?}: {}", answer.text);
            seen.push(function);
        }
        for (method, path, action) in PLAIN {
            let cookie = if name.is_empty() { String::new() } else { server.log_in(name).await };
            let request = Request::builder()
                .method(method)
                .uri(path.replace("{id}", &"a".repeat(32)))
                .header(header::COOKIE, cookie)
                .body(Body::empty())
                .unwrap();
            let response = server.ask(request).await;
            let allowed = action.is_none_or(|action| may(role, action));
            assert_eq!(!refused(response.status(), ""), allowed, "{path} for {role:?}: {}", response.status());
        }
    }
    assert_eq!(seen.len(), FUNCTIONS.len() * 6);
}

#[tokio::test]
async fn another_customers_ticket_is_not_there_for_any_door() {
    let server = Server::start(&[]).await;
    let (marieke, kees) = (server.log_in("marieke").await, server.log_in("kees").await);
    let id = server.open(&marieke, "geheimpje").await;
    for path in [
        format!("/tickets/{id}"),
        "/tickets/99999".to_owned(),
        "/tickets/x".to_owned(),
        "/tickets/-1".to_owned(),
        "/tickets/9223372036854775808".to_owned(),
    ] {
        let answer = server.answer(get(&path, &kees)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.contains("geheimpje") && answer.text.contains("Deze pagina is er niet"), "{path}");
    }
    for (function, arguments) in [
        ("ticket_view", "id={id}"),
        ("reply", "ticket={id}&text=x"),
        ("settle", "ticket={id}"),
        ("leave_cc", "ticket={id}"),
        ("change_cc", "ticket={id}&remove=1"),
    ] {
        let answer = server.answer(call(&format!("/api/{function}"), &kees, &arguments.replace("{id}", &id.to_string()))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{function}: {}", answer.text);
    }
    let since = server.answer(get("/live/since?after=0", &kees)).await;
    assert!(!since.text.contains("geheimpje") && since.text.contains("beat"), "{}", since.text);
}

/// What the router serves besides pages and files of the build, as its source says: a route that is not in `PLAIN_ROUTES` would be asked by no test.
#[test]
fn every_route_in_the_source_is_in_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut paths) = (BTreeSet::new(), vec![folder]);
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // Metrics are on an address of their own, for nobody who comes from outside; files of the build are there for everyone.
        if path.file_name().is_some_and(|name| name == "health.rs" || name == "assets.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for route in source.split(".route(").skip(1) {
            let (path, rest) = route.trim_start().trim_start_matches('"').split_once('"').unwrap();
            let (method, rest) = rest.trim_start_matches([',', ' ', '\n']).split_once('(').unwrap();
            let chained =
                rest.split_once(')').is_some_and(|(_, after)| [".get(", ".post(", ".put(", ".delete("].iter().any(|m| after.starts_with(m)));
            assert!(!chained, "{path} has several methods: one a line");
            found.insert((method.to_uppercase(), path.to_owned()));
        }
    }
    let listed = PLAIN_ROUTES.into_iter().chain(API_ROUTES.into_iter().map(|(method, path, _)| (method, path)));
    assert_eq!(found, listed.map(|(method, path)| (method.to_owned(), path.to_owned())).collect());
}

#[test]
fn every_role_is_asked() {
    assert_eq!(Role::ALL, [Role::Customer, Role::Agent, Role::Lead, Role::Admin], "a new role goes into the test above too");
}

#[tokio::test]
async fn no_door_that_changes_anything_opens_for_another_site() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("hanneke").await;
    let functions = FUNCTIONS.iter().map(|(name, ..)| format!("/api/{name}"));
    for path in functions.chain(["/uploads?name=a.txt".to_owned()]) {
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://elsewhere.example"), ("origin", "null")]
        {
            let mut request = post(&path, &cookie, "text=x");
            request.headers_mut().remove("sec-fetch-site");
            request.headers_mut().insert(name, value.parse().unwrap());
            assert_eq!(server.answer(request).await.status, StatusCode::FORBIDDEN, "{path} with {name}: {value}");
        }
    }
    assert_eq!(server.answer(get("/board", &cookie)).await.status, StatusCode::OK, "the session is still there");
}

const PICTURE: &[u8] = include_bytes!("../../../desk/demo/files/pakbon.png");

#[tokio::test]
async fn another_organisations_file_is_not_there_for_any_door() {
    let server = Server::start(&[]).await;
    let (marieke, kees, sanne) = (server.log_in("marieke").await, server.log_in("kees").await, server.log_in("sanne").await);
    let upload = Request::post("/uploads?name=a.png").header(header::COOKIE, &marieke).header("sec-fetch-site", "same-origin");
    let kept = server.answer(upload.body(Body::from(PICTURE)).unwrap()).await.text;
    let file = kept.split("\"id\":\"").nth(1).unwrap_or_else(|| panic!("{kept}")).split('"').next().unwrap().to_owned();
    let form = format!("urgency=low&department=1&subject=x&description=x&screenshot=on&attachments[]={file}");
    assert_eq!(server.answer(post("/api/open_ticket", &marieke, &form)).await.status, StatusCode::SEE_OTHER);
    for door in ["", "/thumb", "/view"] {
        for (cookie, status) in [(&marieke, StatusCode::OK), (&sanne, StatusCode::OK), (&kees, StatusCode::NOT_FOUND)] {
            assert_eq!(server.answer(get(&format!("/files/{file}{door}"), cookie)).await.status, status, "{door}");
        }
        assert_eq!(server.answer(get(&format!("/files/{file}{door}"), "")).await.status, StatusCode::UNAUTHORIZED, "{door}");
    }
    let stolen = server.answer(call("/api/open_ticket", &kees, &form)).await;
    assert!(stolen.status == StatusCode::UNPROCESSABLE_ENTITY && stolen.text.contains("Attachments"), "{}", stolen.text);
    let thrown = server.answer(call("/api/discard_upload", &kees, &format!("id={file}"))).await;
    assert_eq!(thrown.status, StatusCode::NOT_FOUND, "{}", thrown.text);
}

#[tokio::test]
async fn another_organisations_people_are_not_offered() {
    let server = Server::start(&[]).await;
    let cookie = server.log_in("marieke").await;
    for typed in ["", "kees", "sanne", "%25", "koperslag"] {
        let answer = server.answer(call("/api/colleagues", &cookie, &format!("typed={typed}"))).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "[]"), "{typed}");
    }
    let form = server.answer(get("/tickets/new", &cookie)).await;
    assert!(!form.text.contains("kees") && !form.text.contains("sanne"));
}
