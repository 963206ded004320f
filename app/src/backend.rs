//! The server's half of the screens: who is asking, the desk, and how a failure is reported.
//!
//! Invariant: a server function gets the desk only together with someone who may do what it does.

use crate::accounts::api::{AppSetUp, OpenSession};
use crate::board::Listing;
use crate::people::api::{ImportPreview, ImportRow};
use crate::privacy::api::Erasing;
use crate::tickets::api::{ByMail, Entry, MailState, Mailed, Said};
use crate::{Problem, Reader, Returned, Visitor, ui};
use desk::accounts::{Agent, Customer, LoggedIn, Open, Session, Token};
use desk::audit::Origin;
use desk::board::{Cursor, Sort};
use desk::tickets::Edit;
use desk::{Desk, Error};
use domain::accounts::{Language, Theme};
use domain::events::{Event, Happening};
use domain::hours::{Changed, Goal, Target};
use domain::permissions::{Action, may};
use domain::tickets::{Status, Urgency};
use domain::time::Moment;
use domain::{Fault, Field, Named, PersonId, Refusal, TicketId};
use http::StatusCode;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
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
    /// A form that came back.
    pub returned: Option<Arc<Returned>>,
    /// The office hours, where staff are asking.
    pub book: Option<Arc<desk::hours::Book>>,
}

impl Asking {
    /// Where the request comes from.
    pub fn origin(&self) -> Origin {
        Origin { address: self.address, device: self.device.clone() }
    }
}

/// Gives the screens of one request what they need.
pub fn provide(desk: &Desk) {
    let asking = asking();
    let session = asking.session.as_ref();
    let zone = session.map_or(desk::zones::DEFAULT, Session::time_zone);
    provide_context(Reader {
        language: session.and_then(Session::language).unwrap_or(asking.language),
        theme: session.map_or(asking.theme, Session::theme),
        zone: desk::zones::around(zone, desk.now()),
        now: desk.now(),
        offices: asking.book.as_ref().map(|book| book.offices(desk.now())).unwrap_or_default(),
        office: asking.book.as_ref().map(|book| book.office_of_all(desk.now())),
        provider: desk.provider().filter(|_| session.is_none()).map(|provider| provider.name().to_owned()),
        visitor: session.map(|s| Visitor {
            id: s.person().id,
            name: s.person().name.clone(),
            email: s.person().email.clone(),
            role: s.role(),
            is_needed: s.role() == domain::accounts::Role::Admin && desk.mail().is_failing(),
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
    leptos_axum::redirect(local(path));
}

/// A path of our own, or the start where it is anything else: `next=` must not lead elsewhere.
pub fn local(path: &str) -> &str {
    let right = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\") && !path.chars().any(|c| c.is_control() || c == '\\');
    if right { path } else { "/" }
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

/// Joins messages and history: an event that brought a message is that message. Changes of hours and targets stand where they were made.
pub fn entries(
    messages: Vec<(desk::tickets::Message, Vec<domain::attachments::Attachment>)>,
    history: Vec<Event>,
    retargets: Vec<(Moment, Option<Named<PersonId>>, Changed)>,
) -> Vec<Entry> {
    let mut retargets = retargets.into_iter().map(|(at, by, what)| (at, Entry::Retargeted(at, by, what))).peekable();
    let mut said = messages.into_iter().map(|(message, files)| {
        Entry::Said(Said {
            id: message.id,
            author: message.author,
            side: message.side,
            note: message.note,
            html: message.html,
            at: message.created_at,
            files,
            mail: message.mail.map(|mail| ByMail { id: mail.incoming, verified: mail.verified, head: mail.head }),
        })
    });
    let mut entries = Vec::with_capacity(history.len());
    for event in history {
        while let Some((_, change)) = retargets.next_if(|(at, _)| *at < event.at) {
            entries.push(change);
        }
        match &event.what {
            Happening::Opened { follows: None, .. } | Happening::Replied { .. } | Happening::Noted { .. } => entries.extend(said.next()),
            Happening::Opened { .. } => {
                entries.push(Entry::Happened(event));
                entries.extend(said.next());
            }
            _ => entries.push(Entry::Happened(event)),
        }
    }
    entries.extend(said);
    entries.extend(retargets.map(|(_, change)| change));
    entries
}

/// Which words of a mail are meant.
pub fn words_of(kind: &str, language: &str) -> Result<(desk::notifications::Kind, Language), Error> {
    let kind = desk::notifications::Kind::from_word(kind).ok_or(Refusal::NotFound)?;
    Ok((kind, Language::from_tag(language).ok_or(Refusal::NotFound)?))
}

/// A mail that went out, for the screens.
pub fn mailed(delivery: desk::notifications::Delivery) -> Mailed {
    use desk::notifications::State;
    let state = match delivery.state {
        State::Waiting if delivery.reason.is_some() => MailState::Deferred,
        State::Waiting => MailState::Waiting,
        State::Sent => MailState::Sent,
        State::GivenUp => MailState::GivenUp,
        State::Bounced => MailState::Bounced,
        State::Dropped => MailState::Dropped,
    };
    Mailed { id: delivery.id, to: delivery.person, address: delivery.address, state, at: delivery.at, reason: delivery.reason }
}

/// How the list is sorted and where its page begins, for the desk.
pub fn listing(listing: &Listing) -> (Sort, Option<Cursor>) {
    let sort = match listing.sort.as_str() {
        "number" => Sort::Number,
        "urgency" => Sort::Urgency,
        "updated" => Sort::Updated,
        _ => Sort::Due,
    };
    let cursor = |(key, id): (i64, i64), backwards| Cursor { key, id: TicketId(id), backwards };
    (sort, listing.after.map(|at| cursor(at, false)).or(listing.before.map(|at| cursor(at, true))))
}

/// What a form asks to be changed, or the fault at its field.
pub fn edit_of(what: &str, to: &str) -> Result<Edit, Refusal> {
    let unknown = |field| Refusal::field(field, Fault::Unknown);
    Ok(match what {
        "status" => Edit::Status(Status::from_word(to).ok_or_else(|| unknown(Field::Status))?),
        "assignee" if to.is_empty() => Edit::Assignee(None),
        "assignee" => Edit::Assignee(Some(to.parse().map_err(|_| unknown(Field::Assignee))?)),
        "department" => Edit::Department(to.parse().map_err(|_| unknown(Field::Department))?),
        "tag" => Edit::Tag(to.to_owned()),
        "untag" => Edit::Untag(to.to_owned()),
        _ => return Err(Refusal::Fields(vec![])),
    })
}

/// Another urgency as it was typed, with the reason that the customers read.
pub fn urgency_of(to: &str, reason: &str) -> Result<Edit, Refusal> {
    let urgency = Urgency::from_word(to).ok_or_else(|| Refusal::field(Field::Urgency, Fault::Unknown))?;
    if reason.trim().is_empty() {
        return Err(Refusal::field(Field::Reason, Fault::Missing));
    }
    Ok(Edit::Urgency(urgency, Some(reason.to_owned())))
}

/// The office hours of a department, for the screens.
pub fn hours(shown: desk::hours::Shown) -> crate::hours::api::Hours {
    crate::hours::api::Hours {
        departments: shown.departments,
        department: shown.department,
        office: shown.office,
        zone: shown.zone,
        zones: shown.zones,
        week: shown.week,
        holidays: shown.holidays,
        coming: shown.coming,
        today: shown.today,
        days: shown.days,
        reckoning: reckoning(shown.reckoned),
    }
}

/// Of how many tickets it is reckoned anew what is due, and of how many it is to be; `None` where it is of all.
pub fn reckoning(reckoned: desk::hours::Reckoned) -> Option<(i64, i64)> {
    (reckoned.upto < reckoned.last).then_some((reckoned.upto, reckoned.last))
}

/// A target as it was typed, or the faults at its fields. What is empty is not promised.
pub fn target_of(typed: &[(Goal, String)], around_the_clock: bool) -> Result<Target, Problem> {
    let mut target = Target { around_the_clock, ..Target::default() };
    let mut faults = vec![];
    for (goal, text) in typed.iter().filter(|(_, text)| !text.trim().is_empty()) {
        match (text.parse(), goal) {
            (Ok(term), Goal::FirstReply) => target.first_reply = Some(term),
            (Ok(term), Goal::NextReply) => target.next_reply = Some(term),
            (Ok(term), Goal::Solution) => target.solution = Some(term),
            (Err(fault), goal) => faults.push(domain::FieldFault { field: Field::Target(*goal), fault }),
        }
    }
    if faults.is_empty() { Ok(target) } else { Err(report(Refusal::Fields(faults).into())) }
}

/// What a target is for, as it was typed: the organisation by its name.
pub async fn target_for(desk: &Desk, by: &Agent, urgency: &str, department: &str, organisation: &str) -> Result<TargetFor, Problem> {
    let unknown = |field| report(Refusal::field(field, Fault::Unknown).into());
    let urgency = Urgency::from_word(urgency).ok_or_else(|| unknown(Field::Urgency))?;
    let department = if department.is_empty() { None } else { Some(department.parse().map_err(|_| unknown(Field::Department))?) };
    let organisation = match organisation.trim() {
        "" => None,
        name => Some(desk::accounts::organisation_by_name(desk, by, name).await.map_err(report)?.ok_or_else(|| unknown(Field::Organisation))?),
    };
    Ok((urgency, department, organisation))
}

/// An urgency, with a department and an organisation where it is for one alone.
pub type TargetFor = (Urgency, Option<domain::DepartmentId>, Option<domain::OrganisationId>);

/// How long tickets of each status are to be kept, as it was typed in the order of [`Status::ALL`].
pub fn days_of(typed: [String; Status::ALL.len()]) -> Vec<(Status, String)> {
    Status::ALL.iter().copied().zip(typed).collect()
}

/// Someone who is being made anonymous, for the screens.
pub fn erasing(erasure: &desk::privacy::Erasure) -> Erasing {
    Erasing { person: erasure.person, name: desk::privacy::name_of(erasure.person), done: erasure.done, all: erasure.total }
}

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
            go(&format!("/log-in/factor?next={}", ui::escaped(local(next))));
        }
    }
}

/// An app that is being set up, for the screens.
pub fn set_up(app: desk::accounts::SetUp) -> AppSetUp {
    AppSetUp { secret: app.secret, squares: app.squares }
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

/// What an import would do, for the screens.
pub fn import_preview(preview: desk::accounts::Preview) -> ImportPreview {
    use crate::people::api::Outcome;
    let row = |row: desk::accounts::ImportRow| ImportRow {
        line: row.line,
        name: row.name,
        email: row.email,
        organisation: row.organisation,
        key_user: row.key_user.unwrap_or_default(),
        domains: row.domains,
        outcome: match row.outcome {
            desk::accounts::Outcome::Add => Outcome::Add,
            desk::accounts::Outcome::Change => Outcome::Change,
            desk::accounts::Outcome::Same => Outcome::Same,
            desk::accounts::Outcome::Wrong => Outcome::Wrong,
        },
        is_new_organisation: row.is_new_organisation,
        was: row.was,
        faults: row.faults,
    };
    ImportPreview {
        rows: preview.rows,
        add: preview.add,
        change: preview.change,
        same: preview.same,
        wrong: preview.wrong,
        organisations: preview.organisations,
        shown: preview.shown.into_iter().map(row).collect(),
        faulty: preview.faulty.into_iter().map(row).collect(),
    }
}

/// The id a form or an address names.
pub fn id<Id: std::str::FromStr>(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| report(Refusal::NotFound.into()))
}

/// A session for the screens.
pub fn open_session(open: Open, asking: Option<&Session>) -> OpenSession {
    let is_this = asking.is_some_and(|session| session.id() == open.id);
    OpenSession { id: open.id, device: open.device, address: open.address, created_at: open.created_at, seen_at: open.seen_at, is_this }
}

/// The name of the session's cookie; over HTTPS the browser itself guards a name that begins with `__Host-`.
pub fn session_cookie(secure: bool) -> &'static str {
    if secure { "__Host-balie" } else { "balie" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn next_never_leads_elsewhere() {
        for (asked, path) in [
            ("/tickets/1", "/tickets/1"),
            ("https://x.example", "/"),
            ("//x.example", "/"),
            ("/\\x.example", "/"),
            ("javascript:1", "/"),
            ("", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(local(asked), path);
        }
    }
}
