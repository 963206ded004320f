//! Forms that are posted without script: the same server functions, answered with a page.
//!
//! Invariant: whatever goes wrong, what was typed comes back in its form; a form that arrives after the session ended waits behind the log-in.

use crate::router::{AppState, FORM_BYTES};
use crate::session;
use app::backend::{Asking, problem, status};
use app::{Problem, Returned};
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use desk::Network;
use desk::attachments::Upload;
use desk::permits::{Permit, Permits};
use domain::Refusal;
use domain::permissions::Action;
use domain::typed::own_path;
use futures_util::{FutureExt, StreamExt};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// For a form that is too large to be shown again, or is none.
const UNREADABLE: &str = "Dit formulier is te groot of onleesbaar. Ga terug, maak de tekst korter of stuur hem als bijlage.\nThis form is too large or cannot be read. Go back, shorten the text or send it as an attachment.\n";

/// Forms whose answer is a secret that the page that follows shows once, and that is kept nowhere.
const SHOWN: [&str; 5] = ["factor", "add_app", "new_codes", "make_token", "new_feed"];

/// Most fields of a form: those of a bulk change of a whole page, several times over.
const MOST_FIELDS: usize = 1_000;

/// A form that is larger than this, in bytes, or has files, waits for a permit before it is read, and holds it until it is answered.
const SMALL: usize = 16 << 10;
/// Large forms of who has a session that are under way at once, and those of one network: what they hold in memory is bounded, and nobody takes every permit.
static LARGE: LazyLock<Permits<Network>> = LazyLock::new(|| Permits::new(64, 32));
/// The same of who has none, so that a stranger takes no permit of anyone who is known, nor all of the others.
static LARGE_OF_STRANGERS: LazyLock<Permits<Network>> = LazyLock::new(|| Permits::new(16, 4));
/// So long is waited for a permit, and from then on until the form has come in.
const COMES_IN: Duration = Duration::from_secs(30);
/// For its files there is more time: as long as they take at this rate, in bytes a second.
const FILES_RATE: u64 = 32 << 10;
/// The same for who has no session, whose files are only read to get at the fields after them.
const FILES_RATE_OF_STRANGERS: u64 = 512 << 10;
/// Most of that time, whatever length is announced.
const FILES_MOST: Duration = Duration::from_secs(4 * 3_600);

type Fields = Vec<(String, String)>;

/// Where a form is read: how long that may take, and the permit that it holds.
struct Coming {
    asking: Option<Asking>,
    until: Instant,
    _permit: Option<Permit<Network>>,
}

impl Coming {
    /// Waits for a permit where the form needs one.
    async fn of(state: &AppState, parts: &Parts) -> Result<Self, StatusCode> {
        let has_files = is_multipart(&parts.headers);
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|h| h.to_str().ok()?.parse::<u64>().ok());
        if !has_files && announced.is_some_and(|size| size <= SMALL as u64) {
            return Ok(Self { asking: None, until: Instant::now() + COMES_IN, _permit: None });
        }
        let asking = session::asking(state, &parts.headers, &parts.extensions).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let (permit, rate) = match &asking.session {
            Some(_) => (LARGE.take(asking.address.map(Network::of)).left_future(), FILES_RATE),
            None => (LARGE_OF_STRANGERS.take(asking.address.map(Network::of)).right_future(), FILES_RATE_OF_STRANGERS),
        };
        let permit = timeout(COMES_IN, permit).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
        // One whose length is not told may have as much as one file, and of a stranger no more is read.
        let largest = largest_file(state);
        let size = if asking.session.is_some() { announced.unwrap_or(largest) } else { announced.unwrap_or(largest).min(largest) };
        let more = if has_files { Duration::from_secs(size / rate).min(FILES_MOST) } else { Duration::ZERO };
        Ok(Self { asking: Some(asking), until: Instant::now() + COMES_IN + more, _permit: Some(permit) })
    }

    /// Reads something that is on its way, as long as there is time.
    async fn read<T, E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, StatusCode> {
        timeout_at(self.until, read).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
    }
}

fn largest_file(state: &AppState) -> u64 {
    u64::from(state.desk.files().max_mebibytes()) << 20
}

fn is_multipart(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).is_some_and(|t| t.starts_with("multipart/form-data"))
}

/// Answers a form with a page: where it leads, or the form again with what was wrong. Calls by script pass through.
pub async fn without_script(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !is_known(request.uri().path()) {
        return pass_on(request, next).await;
    }
    let (parts, body) = request.into_parts();
    let coming = match Coming::of(&state, &parts).await {
        Ok(coming) => coming,
        Err(status) => return (status, UNREADABLE).into_response(),
    };
    if is_multipart(&parts.headers) && wants_page(&parts.headers) {
        return answer(&state, &coming, parts, body, next).await;
    }
    match coming.read(to_bytes(body, FORM_BYTES)).await {
        Ok(bytes) if wants_page(&parts.headers) => answer(&state, &coming, parts, Body::from(bytes), next).await,
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(status) => (status, UNREADABLE).into_response(),
    }
}

/// What is no form: on, but for the address of one that came back, opened anew, which is where it stands.
async fn pass_on(request: Request, next: Next) -> Response {
    match request.uri().path().strip_prefix("/api/") {
        Some(action) if request.method() == Method::GET && wants_page(request.headers()) => {
            Redirect::to(&page(&HeaderMap::new(), action, &vec![])).into_response()
        }
        _ => next.run(request).await,
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|h| h.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Answers a form of a browser without script.
async fn answer(state: &AppState, coming: &Coming, mut parts: Parts, body: Body, next: Next) -> Response {
    let action = parts.uri.path().strip_prefix("/api/").unwrap_or_default().to_owned();
    let headers = parts.headers.clone();
    let (fields, fault) = match fields(state, coming, &parts, body).await {
        Ok(read) => read,
        Err(status) => return (status, UNREADABLE).into_response(),
    };
    let page = page(&headers, &action, &fields);
    let form = Form { action, fields, page, headers, extensions: parts.extensions.clone() };
    if let Some(problem) = fault {
        return form.again(&problem, next).await;
    }
    let encoded = serde_urlencoded::to_string(&form.fields).unwrap_or_default();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::CONTENT_LENGTH);
    // The answer is read here: compressed it would have to be unpacked first.
    parts.headers.remove(header::ACCEPT_ENCODING);
    let answer = next.clone().run(Request::from_parts(parts, Body::from(encoded))).await;
    if answer.status().is_success() || answer.status().is_redirection() {
        return form.done(answer, next).await;
    }
    let text = to_bytes(Body::new(answer.into_body()), FORM_BYTES).await.unwrap_or_default();
    let problem = serde_json::from_slice(&text).unwrap_or_else(|_| {
        let number = form.extensions.get::<session::RequestId>().map(|id| id.0.chars().take(8).collect());
        Problem::Unexpected { reference: number.unwrap_or_default() }
    });
    form.again(&problem, next).await
}

/// Whether there is a server function at this path: what is sent to another is not read.
fn is_known(path: &str) -> bool {
    leptos::server_fn::axum::server_fn_paths().any(|(known, _)| known == path)
}

struct Form {
    action: String,
    fields: Fields,
    /// The page it stands on.
    page: String,
    headers: HeaderMap,
    extensions: axum::http::Extensions,
}

impl Form {
    /// It was accepted: on to where it leads. A form that waited behind the log-in is shown again, filled in.
    async fn done(self, answer: Response, rest: Next) -> Response {
        let (mut parts, body) = answer.into_parts();
        let to = parts.headers.get(header::LOCATION).and_then(|h| h.to_str().ok()).map_or(own_path(&self.page), own_path).to_owned();
        let carried: Option<(String, Fields)> =
            self.fields.iter().find(|(name, _)| name == "carry").and_then(|(_, text)| serde_json::from_str(text).ok());
        // What is shown once comes from here alone.
        let carried = carried.filter(|(action, _)| !SHOWN.contains(&action.as_str()));
        let shown = match SHOWN.contains(&self.action.as_str()) {
            true => serde_json::from_slice::<String>(&to_bytes(Body::new(body), FORM_BYTES).await.unwrap_or_default())
                .ok()
                .filter(|text| !text.is_empty()),
            false => None,
        };
        let next = match (shown, carried) {
            (Some(text), _) => Some((self.action.clone(), vec![("shown".to_owned(), text)])),
            (None, carried) => carried,
        };
        let Some((action, fields)) = next else {
            parts.status = StatusCode::SEE_OTHER;
            parts.headers.insert(header::LOCATION, HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/")));
            for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
                parts.headers.remove(name);
            }
            return Response::from_parts(parts, Body::empty());
        };
        let mut headers = self.headers;
        let cookies: Vec<HeaderValue> = parts.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
        if let Some(cookie) = cookies.first().and_then(|c| c.to_str().ok()?.split(';').next()).and_then(|pair| HeaderValue::from_str(pair).ok()) {
            headers.insert(header::COOKIE, cookie);
        }
        let mut response = show(&to, Returned { action, fields, page: to.clone(), problem: None }, headers, self.extensions, rest).await;
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// It came back: the same page, with what was typed and what was wrong.
    async fn again(self, problem: &Problem, next: Next) -> Response {
        let page = match problem {
            Problem::Refused(Refusal::SignedOut) => format!("/log-in?{}", serde_urlencoded::to_string([("next", &self.page)]).unwrap_or_default()),
            _ => self.page,
        };
        let fields = self.fields.into_iter().filter(|(name, _)| !name.ends_with("password")).collect();
        let returned = Returned { action: self.action, fields, page: page.clone(), problem: Some(problem.clone()) };
        let mut response = show(&page, returned, self.headers, self.extensions, next).await;
        if response.status() == StatusCode::OK {
            *response.status_mut() = status(problem);
        }
        response
    }
}

/// Renders a page with a form that came back.
async fn show(page: &str, returned: Returned, mut headers: HeaderMap, mut extensions: axum::http::Extensions, next: Next) -> Response {
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    extensions.insert(Arc::new(returned));
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = page.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = headers;
    *request.extensions_mut() = extensions;
    next.run(request).await
}

/// The page a form stands on: the one it was sent from, as far as that is ours.
fn page(headers: &HeaderMap, action: &str, fields: &Fields) -> String {
    let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let referer = headers.get(header::REFERER).and_then(|h| h.to_str().ok()?.parse::<Uri>().ok());
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let sent_from = referer
        .filter(|r| r.authority().map(|a| a.as_str()) == host)
        .and_then(|r| r.path_and_query().map(|p| p.as_str().to_owned()))
        .filter(|page| !["/api/", "/live", "/files/", "/uploads"].iter().any(|none| page.starts_with(none)));
    match (action, sent_from, value("ticket").and_then(|t| t.parse::<domain::TicketId>().ok())) {
        (_, Some(page), _) => page,
        ("open_ticket", _, _) => "/tickets/new".to_owned(),
        ("log_in", _, _) => "/log-in".to_owned(),
        ("factor", _, _) => "/log-in/factor".to_owned(),
        ("forgot", _, _) => "/log-in/forgot".to_owned(),
        ("sign_up", _, _) => "/sign-up".to_owned(),
        ("join", _, _) => {
            value("token").filter(|token| token.bytes().all(|b| b.is_ascii_alphanumeric())).map_or("/".to_owned(), |token| format!("/join/{token}"))
        }
        ("keep_tickets", _, _) => "/privacy".to_owned(),
        ("export_person" | "erase_person", _, _) => {
            value("id").filter(|id| id.bytes().all(|b| b.is_ascii_digit())).map_or("/people".to_owned(), |id| format!("/people/{id}"))
        }
        ("upload_import" | "begin_import", _, _) => "/people/import".to_owned(),
        ("save_hours" | "add_days" | "remove_day" | "import_days", _, _) => "/hours".to_owned(),
        ("save_rota" | "add_swap" | "add_away" | "remove_entry" | "new_feed", _, _) => "/on-call".to_owned(),
        ("bulk", _, _) => "/list".to_owned(),
        ("save_person" | "save_organisation", _, _) => {
            let of = if action == "save_person" { "people" } else { "organisations" };
            let id = value("id").filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
            format!("/{of}/{}", id.unwrap_or("new"))
        }
        ("save_target", _, _) => "/targets".to_owned(),
        ("save_department", _, _) => "/departments".to_owned(),
        ("keep_audit", _, _) => "/audit".to_owned(),
        ("require_step", _, _) => "/security".to_owned(),
        (
            "set_own" | "add_app" | "remove_app" | "new_codes" | "remove_passkey" | "set_notifications" | "change_password" | "ask_address"
            | "end_session" | "make_token" | "revoke_token",
            _,
            _,
        ) => "/account".to_owned(),
        (_, _, Some(ticket)) => format!("/tickets/{ticket}"),
        _ => "/".to_owned(),
    }
}

/// The fields of a form; its files are kept at once, and named like those that were uploaded by script.
async fn fields(state: &AppState, coming: &Coming, parts: &Parts, body: Body) -> Result<(Fields, Option<Problem>), StatusCode> {
    if !is_multipart(&parts.headers) {
        let bytes = coming.read(to_bytes(body, FORM_BYTES)).await?;
        if bytes.iter().filter(|b| **b == b'&').count() >= MOST_FIELDS {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        return Ok((serde_urlencoded::from_bytes(&bytes).map_err(|_| StatusCode::BAD_REQUEST)?, None));
    }
    let asking = coming.asking.clone().unwrap_or_default();
    let taken = Arc::new(AtomicU64::new(0));
    // Who has no session leaves nothing here, and gets no more read than one file.
    let most = if asking.session.is_some() { u64::MAX } else { largest_file(state) };
    let mut request = Request::new(bounded(body, taken.clone(), most));
    *request.headers_mut() = parts.headers.clone();
    // Each file has its own limit, and all else together has one.
    DefaultBodyLimit::apply(DefaultBodyLimit::disable(), &mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let (mut fields, mut fault) = (Fields::new(), None);
    while let Some(mut field) = coming.read(form.next_field()).await? {
        let name = field.name().unwrap_or_default().to_owned();
        if fields.len() >= MOST_FIELDS {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        match field.file_name().map(str::to_owned) {
            Some(file) if file.is_empty() => {}
            Some(file) => match coming.read(async { Ok::<_, Infallible>(keep(state, &asking, &file, &mut field, &taken).await) }).await? {
                Ok(id) => fields.push(("attachments[]".to_owned(), id)),
                Err(error) => fault = fault.or_else(|| Some(problem(&error, &asking.request))),
            },
            None => {
                let mut text = Vec::new();
                while let Some(piece) = coming.read(field.chunk()).await? {
                    text.extend_from_slice(&piece);
                }
                fields.push((name, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    Ok((fields, fault))
}

/// A body that ends with an error where it is longer than `most`, or more than a form's worth of it is anything but files; what was `taken` of those is told from outside.
fn bounded(body: Body, taken: Arc<AtomicU64>, most: u64) -> Body {
    let mut passed = 0_u64;
    Body::from_stream(body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(std::io::Error::other)?;
        passed += piece.len() as u64;
        if passed > most || passed - taken.load(Ordering::Relaxed).min(passed) > FORM_BYTES as u64 {
            return Err(std::io::Error::other("more than a form"));
        }
        Ok(piece)
    }))
}

async fn keep(
    state: &AppState,
    asking: &Asking,
    name: &str,
    field: &mut axum::extract::multipart::Field<'_>,
    taken: &AtomicU64,
) -> desk::Result<String> {
    let mut upload = match crate::files::allowed(asking, Action::Upload) {
        Ok(session) => Upload::begin(&state.desk, session, name, None).await,
        Err(refusal) => Err(refusal.into()),
    };
    // Read to its end even where it is refused: the fields after it are wanted.
    while let Some(piece) = field.chunk().await.map_err(|_| crate::files::interrupted())? {
        taken.fetch_add(piece.len() as u64, Ordering::Relaxed);
        if let Ok(open) = &mut upload
            && let Err(error) = open.write(&piece).await
        {
            upload = Err(error);
        }
    }
    Ok(upload?.finish().await?.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_back_to_where_it_was_sent_from_but_never_elsewhere() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("help.example:3000"));
        headers.insert(header::REFERER, HeaderValue::from_static("http://help.example:3000/list?status=new"));
        assert_eq!(page(&headers, "bulk", &vec![]), "/list?status=new");
        headers.insert(header::REFERER, HeaderValue::from_static("https://elsewhere.example/tickets/1"));
        assert_eq!(page(&headers, "reply", &vec![("ticket".into(), "7".into())]), "/tickets/7");
        assert_eq!(page(&headers, "open_ticket", &vec![]), "/tickets/new");
    }
}
