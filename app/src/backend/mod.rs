//! The server's half of the screens: who is asking, the desk, and how a failure is reported.
//!
//! Invariant: a server function gets the desk only together with someone who may do what it does.

mod head;
mod routes;
mod shown;

use crate::{Problem, Reader, Returned, Visitor, ui};
use desk::accounts::{Agent, Customer, LoggedIn, Session, Token};
use desk::audit::Origin;
use desk::{Desk, Error};
use domain::accounts::{Language, Theme};
use domain::permissions::{Action, may};
use domain::tickets::Urgency;
use domain::typed::own_path;
use domain::{Fault, Refusal};
pub use head::Head;
use http::StatusCode;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
pub use routes::{document, pages};
pub use shown::*;
use std::net::IpAddr;
use std::sync::Arc;

/// Who is asking, as the server found out before it called the screen; an extension of the request.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Asking {
    pub session: Option<Session>,
    /// Where from; `None` where that is not known.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub device: String,
    /// The token of who gave the right password and is asked for more; empty where there is none.
    pub factor: String,
    /// The number of the request in the log.
    pub request: String,
    /// Language and theme of who has no account, from cookie and header.
    pub language: Language,
    pub theme: Theme,
    /// Whether cookies may only travel over HTTPS.
    pub secure: bool,
    /// The name of the browser's time zone, where it is known.
    pub time_zone: Option<String>,
    /// The time zone of a browser whose person wants to go on by the clock of the account.
    pub kept_zone: Option<String>,
    /// A form that came back.
    pub returned: Option<Arc<Returned>>,
    /// The office hours, where someone with an account is asking.
    pub book: Option<Arc<desk::hours::Book>>,
}

impl Asking {
    /// Where the request comes from.
    pub fn origin(&self) -> Origin {
        Origin { address: self.address, device: self.device.clone(), time_zone: self.time_zone.clone() }
    }

    /// The language that whoever is asking reads.
    pub fn reads(&self) -> Language {
        self.session.as_ref().and_then(Session::language).unwrap_or(self.language)
    }
}

/// Gives the screens of one request what they need.
pub fn provide(desk: &Desk) {
    let asking = asking();
    let session = asking.session.as_ref();
    // Who has no account yet reads by the clock of the browser.
    let zone = session.map_or(asking.time_zone.as_deref().unwrap_or(desk::zones::DEFAULT), Session::time_zone);
    let now = desk.now();
    let other = asking.time_zone.as_deref().filter(|other| session.is_some() && asking.kept_zone.as_deref() != Some(other));
    let book = asking.book.as_deref();
    let staffs = book.filter(|_| session.is_some_and(|session| session.role().is_staff()));
    provide_context(Reader {
        language: asking.reads(),
        theme: session.map_or(asking.theme, Session::theme),
        zone: desk::zones::around(zone, now),
        elsewhere: book.and_then(|book| book.elsewhere(zone, now)),
        other_clock: other.filter(|other| !desk::zones::is_same_clock(other, zone, now)).map(|other| (other.to_owned(), zone.to_owned())),
        now,
        offices: staffs.map(|book| book.offices(now)).unwrap_or_default(),
        office: staffs.map(|book| book.office_of_all(now)),
        provider: desk.provider().filter(|_| session.is_none()).map(|provider| provider.name().to_owned()),
        visitor: session.map(|s| Visitor {
            id: s.person().id,
            name: s.person().name.clone(),
            email: s.person().email.clone(),
            role: s.role(),
            is_needed: s.role() == domain::accounts::Role::Admin && (desk.mail().is_failing() || desk::workers::is_ailing(desk)),
        }),
    });
    provide_context(ui::NotFoundStatus(|problem| set_status(status(problem))));
    if let Some(returned) = asking.returned {
        provide_context(returned);
    }
    provide_context(desk.clone());
}

/// Who is asking.
pub fn asking() -> Asking {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<Asking>().cloned()).unwrap_or_default()
}

/// The desk, for who needs no account to do this.
pub fn anyone(action: Action) -> Result<(Desk, Option<Session>), Problem> {
    let asking = asking();
    let origin = asking.origin();
    let session = asking.session.map(|session| session.asked_from(origin));
    if !may(session.as_ref().map(Session::role), action) {
        return Err(report(Refusal::NotAllowed.into()));
    }
    Ok((the_desk()?, session))
}

/// The desk and someone who may do this.
pub fn someone(action: Action) -> Result<(Desk, Session), Problem> {
    let asking = asking();
    let origin = asking.origin();
    let session = asking.session.ok_or_else(|| report(Refusal::SignedOut.into()))?.asked_from(origin);
    session.require(action).map_err(|refusal| report(refusal.into()))?;
    Ok((the_desk()?, session))
}

/// The desk and a member of staff who may do this.
pub fn agent(action: Action) -> Result<(Desk, Agent), Problem> {
    let (desk, session) = someone(action)?;
    let agent = session.agent().map_err(|refusal| report(refusal.into()))?;
    Ok((desk, agent))
}

/// The desk and a customer who may do this.
pub fn customer(action: Action) -> Result<(Desk, Customer), Problem> {
    let (desk, session) = someone(action)?;
    let customer = session.customer().map_err(|refusal| report(refusal.into()))?;
    Ok((desk, customer))
}

fn the_desk() -> Result<Desk, Problem> {
    use_context::<Desk>().ok_or_else(|| Problem::Unexpected { reference: asking().request })
}

/// Says what a screen gets of a failure, sets the status, and writes down what is not the person's to mend. The only place that does.
pub fn report(error: Error) -> Problem {
    let problem = problem(&error, &asking().request);
    set_status(status(&problem));
    problem
}

/// What a screen gets of a failure, written down under a request's number.
pub fn problem(error: &Error, request: &str) -> Problem {
    let reference = request.chars().take(8).collect::<String>();
    match error {
        Error::Refused(refusal) => Problem::Refused(refusal.clone()),
        _ if is_read_only(error) => {
            tracing::error!(%reference, %error, "nothing can be saved");
            Problem::ReadOnly { reference }
        }
        _ => {
            tracing::error!(%reference, %error, "a request failed");
            Problem::Unexpected { reference }
        }
    }
}

fn is_read_only(error: &Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
    match error {
        Error::Store(desk::StoreError::ReadOnly(_)) => true,
        Error::Files(error) => matches!(error.kind(), StorageFull | ReadOnlyFilesystem | PermissionDenied),
        _ => false,
    }
}

/// The status that goes with a problem.
pub fn status(problem: &Problem) -> StatusCode {
    match problem {
        Problem::Refused(refusal) => match refusal {
            Refusal::Fields(faults) if faults.iter().any(|f| f.fault == Fault::Gone) => StatusCode::GONE,
            Refusal::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::NotAllowed => StatusCode::FORBIDDEN,
            Refusal::SignedOut | Refusal::WrongCredentials => StatusCode::UNAUTHORIZED,
            Refusal::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Outdated(_) => StatusCode::CONFLICT,
        },
        Problem::ReadOnly { .. } | Problem::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Problem::Unexpected { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Sets the status of the answer.
pub fn set_status(status: StatusCode) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
}

/// Sends the browser elsewhere; only ever to a path of our own.
pub fn go(path: &str) {
    leptos_axum::redirect(own_path(path));
}

/// A key that a form is sent with, so that sending it twice does it once: 128 random bits.
pub fn submission() -> String {
    let mut bytes = [0_u8; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => bytes.iter().map(|b| format!("{b:02x}")).collect(),
        Err(error) => {
            tracing::error!(%error, "there are no random numbers");
            String::new()
        }
    }
}

/// An urgency, with a department and an organisation where it is for one alone.
pub type TargetFor = (Urgency, Option<domain::DepartmentId>, Option<domain::OrganisationId>);

/// The key a form was sent with; `None` where it cannot be one of ours, which is then sent as if it had none.
pub fn key_of(submission: String) -> Option<String> {
    Some(submission).filter(|s| (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Tells the browser which form was accepted, so that its draft can be forgotten; a script reads it.
pub fn accepted(submission: Option<&str>) {
    if let Some(submission) = submission {
        let secure = if asking().secure { "; Secure" } else { "" };
        set_cookie(&format!("accepted={submission}; Path=/; Max-Age=604800; SameSite=Strict{secure}"));
    }
}

/// Adds a cookie to the answer.
pub fn set_cookie(cookie: &str) {
    if let (Some(options), Ok(value)) = (use_context::<ResponseOptions>(), http::HeaderValue::from_str(cookie)) {
        options.append_header(http::header::SET_COOKIE, value);
    }
}

/// Gives the browser the token of a session that has begun.
pub fn begin_session(token: &Token) {
    let is_secure = asking().secure;
    let (secure, seconds) = (if is_secure { "; Secure" } else { "" }, desk::accounts::SESSION.0 / 1_000);
    set_cookie(&format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", session_cookie(is_secure), token.as_str()));
}

/// Lets someone in, or on to the second step.
pub fn enter(logged_in: &LoggedIn, next: &str) {
    match logged_in {
        LoggedIn::In(token) => {
            begin_session(token);
            go(next);
        }
        LoggedIn::Step(token) => {
            let is_secure = asking().secure;
            let secure = if is_secure { "; Secure" } else { "" };
            set_cookie(&format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600{secure}", factor_cookie(is_secure), token.as_str()));
            go(&format!("/log-in/factor?next={}", ui::escaped(own_path(next))));
        }
    }
}

/// The cookie with the time zone of a browser whose person wants to go on by the clock of the account.
pub const KEPT_ZONE: &str = "kept-zone";

/// Every time zone there is, with the one that someone has: a browser may name one by an older name.
pub fn zones_with(own: &str) -> Vec<String> {
    let mut names = desk::zones::names();
    if !names.iter().any(|name| name == own) {
        names.insert(0, own.to_owned());
    }
    names
}

/// Remembers in the browser that its person wants to go on by the clock of the account.
pub fn keep_zone(zone: &str) {
    if let Some(zone) = desk::zones::of_browser(zone) {
        set_cookie(&format!("{KEPT_ZONE}={zone}; Path=/; SameSite=Lax; Max-Age=31536000"));
    }
}

/// The name of the cookie between the password and the second step.
pub fn factor_cookie(secure: bool) -> &'static str {
    if secure { "__Host-balie-factor" } else { "balie-factor" }
}

/// Lets the browser forget its session.
pub fn forget_session() {
    let is_secure = asking().secure;
    let secure = if is_secure { "; Secure" } else { "" };
    set_cookie(&format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}", session_cookie(is_secure)));
}

/// The id a form or an address names.
pub fn id<Id: std::str::FromStr>(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| report(Refusal::NotFound.into()))
}

/// The name of the session's cookie; over HTTPS the browser itself guards a name that begins with `__Host-`.
pub fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-balie" } else { "balie" }
}
