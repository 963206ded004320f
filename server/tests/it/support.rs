//! A server in the test's own process, and people who ask it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use desk::accounts::{Newcomer, add};
use desk::attachments::Files;
use desk::{Clock, Desk};
use domain::accounts::Role;
use http_body_util::BodyExt;
use leptos::config::LeptosOptions;
use server::assets::Site;
use server::config::Config;
use server::router::{AppState, guarded, router};
use std::sync::Arc;
use store::Kind;
use store::testing::{Fresh, fresh};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const PASSWORD: &str = "een lange zin";

pub struct Server {
    pub desk: Desk,
    pub router: Router,
    state: AppState,
    pub shutdown: CancellationToken,
    fresh: Option<Fresh>,
    pub folder: TempDir,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |h| h.to_str().unwrap())
    }
}

/// The people of the tests, and a department.
pub async fn people(desk: &Desk) {
    let change = desk.store().begin().await.unwrap();
    store::departments::add(&change, "Dataduiker", false, false, 0).await.unwrap();
    change.commit().await.unwrap();
    for (name, role, organisation) in [
        ("marieke", Role::Customer, Some("De Waal")),
        ("kees", Role::Customer, Some("Koperslag")),
        ("sanne", Role::Agent, None),
        ("hanneke", Role::Admin, None),
    ] {
        let email = format!("{name}@x.example");
        let new =
            Newcomer { name: name.into(), email, role, organisation: organisation.map(str::to_owned), key_user: false, password: PASSWORD.into() };
        add(desk, &new).await.unwrap();
    }
}

impl Server {
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Kind::Sqlite, settings).await
    }

    pub async fn start_on(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let fresh = fresh(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(fresh.store.clone(), Files::open(folder.path(), 2).unwrap(), Clock::System);
        people(&desk).await;
        let follow = desk.clone();
        tokio::spawn(async move { desk::live::follow(&follow).await });
        Self::on(desk, settings, Some(fresh), folder)
    }

    /// A server on a desk of the test's own.
    pub fn with(desk: Desk) -> Self {
        Self::on(desk, &[], None, tempfile::tempdir().unwrap())
    }

    /// A node on a database that others use too.
    pub async fn node(url: &str) -> Self {
        let store = store::Store::connect(url, 4).await.unwrap();
        store.migrate().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(store, Files::open(folder.path(), 2).unwrap(), Clock::System);
        server::serve::start_work(&desk);
        Self::on(desk, &[], None, folder)
    }

    fn on(desk: Desk, settings: &[(&str, &str)], fresh: Option<Fresh>, folder: TempDir) -> Self {
        let shutdown = CancellationToken::new();
        let options = LeptosOptions::builder().output_name("balie").build();
        let config = Config::read("", settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))).unwrap();
        let state = AppState { options, site: Site::Embedded(&[]), desk: desk.clone(), config: Arc::new(config), shutdown: shutdown.clone() };
        Self { desk, router: router(state.clone()), state, shutdown, fresh, folder }
    }

    /// The folder of its files.
    pub fn files(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The desk of another process on the same database, as a command has it.
    pub async fn another_process(&self) -> Desk {
        let store = store::Store::connect(&self.fresh.as_ref().unwrap().url, 1).await.unwrap();
        Desk::open(store, Files::open(self.folder.path(), 2).unwrap(), Clock::System)
    }

    /// Asks, and gives the answer as it comes.
    pub async fn ask(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Routes of a test's own, with everything around them that the server has.
    pub fn around(&self, routes: Router) -> Router {
        guarded(routes, self.state.clone())
    }

    pub async fn answer(&self, request: Request<Body>) -> Answer {
        self.answer_of(&self.router, request).await
    }

    pub async fn answer_of(&self, router: &Router, request: Request<Body>) -> Answer {
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes: Bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Logs in as a browser does, and gives the cookie.
    pub async fn log_in(&self, name: &str) -> String {
        let form = format!("email={name}%40x.example&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.answer(post("/api/log_in", "", &form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Opens a ticket as a browser without script does, and gives its number.
    pub async fn open(&self, cookie: &str, subject: &str) -> i64 {
        let form = format!("urgency=low&department=1&subject={subject}&description=tekst&submission={subject}");
        let answer = self.answer(post("/api/open_ticket", cookie, &form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.location().trim_start_matches("/tickets/").split('?').next().unwrap().parse().unwrap()
    }
}

pub fn get(path: &str, cookie: &str) -> Request<Body> {
    Request::get(path).header(header::COOKIE, cookie).header(header::HOST, "help.example").body(Body::empty()).unwrap()
}

/// A form that a browser posts.
pub fn post(path: &str, cookie: &str, form: &str) -> Request<Body> {
    Request::post(path)
        .header(header::COOKIE, cookie)
        .header(header::HOST, "help.example")
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONTENT_LENGTH, form.len())
        .body(Body::from(form.to_owned()))
        .unwrap()
}

/// A server function that script calls.
pub fn call(path: &str, cookie: &str, form: &str) -> Request<Body> {
    let mut request = post(path, cookie, form);
    request.headers_mut().insert(header::ACCEPT, "application/json".parse().unwrap());
    request
}
