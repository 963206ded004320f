//! Logging in and out, and who is asking.
//!
//! Invariants: a session is made in one place, for an account that is looked at again in the change that makes it; the database holds the hash of its token, never the token; every failed log-in answers the same, after the same work.

mod command;
mod import;
mod log_in;
mod mfa;
mod oidc;
mod organisations;
mod passkeys;
mod passwords;
mod people;
mod profile;
mod rate_limit;
mod registration;
mod session;
mod tokens;

pub use command::{Newcomer, add, disable, everyone, reset_password};
pub use import::{
    Column, Heading, Imports, MOST_ROWS, Outcome, Preview, Progress as ImportProgress, Row as ImportRow, begin_import, import_progress,
    preview_import,
};
pub use log_in::log_in;
pub use mfa::{
    Between, Has, LoggedIn, SetUp, add_own_app, again, between, factors, go_on, new_recovery_codes, remove_own_app, require, required, reset_factors,
    set_up,
};
pub use oidc::{Provider, Settings as ProviderSettings, begin_trip, end_trip};
pub use organisations::{
    OrganisationChange, OrganisationEdit, departments_with_members, merge_organisations, organisation, organisation_by_name, organisation_names,
    organisations, save_department, save_organisation,
};
pub use passkeys::{Challenge, Known as KnownPasskey, add_passkey, ask_passkey, begin_passkey, log_in_by_passkey, passkeys, remove_passkey};
pub use passwords::{MIN_PASSWORD, Passwords, hash_password};
pub use people::{
    Card, Filter, Listed, PAGE as PEOPLE_PAGE, PersonChange, PersonEdit, card, change_person, end_sessions, invite, invite_again, merge_people,
    people, set_disabled,
};
pub use profile::{Own, agree_to_address, ask_address, change_own, change_password, change_time_zone, end_own_session, moving_to, own};
pub use registration::{AFTER_THE_ANSWER, Came, accept, ask_reset, asked, sign_up};
pub(crate) use registration::{let_in, tell_of_silence};
pub use session::{Agent, Customer, Session, Token};
pub use store::one_time_tokens::Kind as PassKind;
pub use store::sessions::Open;
pub use tokens::{MOST_TOKEN_DAYS, TOKEN_PREFIX, by_token, make_token, revoke_token, tokens};

use self::session::session_id;
use crate::audit::{self, Done, Origin};
use crate::{Desk, Error, Result};
use domain::PersonId;
use domain::accounts::{Language, Person, Theme};
use domain::audit::Deed;
use domain::time::{Moment, Span};
use store::departments::{Choices, Department};

/// A session ends this long after it was last used.
pub const SESSION: Span = Span::days(14);
/// A session's last use is written down no more often than this.
const TOUCH: Span = Span::hours(1);
/// The session a browser's token belongs to, where it still runs.
pub async fn session(desk: &Desk, token: &str) -> Result<Option<Session>> {
    if token.len() != 64 {
        return Ok(None);
    }
    let (id, now) = (session_id(token), desk.now());
    let Some(row) = store::sessions::find(desk.store(), &id, now).await? else { return Ok(None) };
    if now - row.seen_at > TOUCH {
        let (desk, id) = (desk.clone(), id.clone());
        // Not waited for: a read must not fail, or wait, because the database cannot be written.
        tokio::spawn(async move {
            if let Err(error) = touch(&desk, &id, now).await {
                tracing::warn!(%error, "the use of a session was not written down");
            }
        });
    }
    Ok(Some(Session { id, account: row.account, hidden: row.hidden, origin: Origin::default() }))
}

async fn touch(desk: &Desk, id: &str, now: Moment) -> Result<()> {
    let change = desk.store().begin().await?;
    store::sessions::touch(&change, id, now, now + SESSION).await?;
    Ok(change.commit().await?)
}

/// The same session anew, with its rights as they are now; `None` where it has ended.
pub async fn renew(desk: &Desk, session: &Session) -> Result<Option<Session>> {
    let row = store::sessions::find(desk.store(), &session.id, desk.now()).await?;
    Ok(row.map(|row| Session { id: session.id.clone(), account: row.account, hidden: row.hidden, origin: session.origin.clone() }))
}

/// Ends a session and its streams, on every node.
pub async fn log_out(desk: &Desk, session: &Session) -> Result<()> {
    let mut change = desk.store().begin().await?;
    store::sessions::end(&mut change, &session.id).await?;
    let person = session.person();
    audit::note(&change, session, Done::new(Deed::LoggedOut, &person.email, Some(person.id)), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Keeps someone's language and theme.
pub async fn prefer(desk: &Desk, session: &Session, language: Option<Language>, theme: Option<Theme>) -> Result<()> {
    let change = desk.store().begin().await?;
    store::accounts::set_preferences(&change, session.person().id, language, theme).await?;
    Ok(change.commit().await?)
}

/// Whom a customer can put in CC: key users of their organisation first. There is nobody for staff, who name people by their address.
pub async fn colleagues(desk: &Desk, by: &Session, typed: &str) -> Result<Vec<Person>> {
    let Some(organisation) = by.person().organisation.as_ref() else { return Ok(vec![]) };
    Ok(store::accounts::colleagues(desk.store(), organisation.id, by.person().id, typed, 50).await?)
}

/// The departments someone may choose from.
pub async fn departments(desk: &Desk) -> Result<Vec<Department>> {
    Ok(store::departments::all(desk.store()).await?)
}

/// The names of the departments, and of the staff who can be given tickets.
pub async fn choices(desk: &Desk, _by: &Agent) -> Result<Choices> {
    Ok(store::departments::choices(desk.store()).await?)
}

/// A person, for staff.
pub async fn person(desk: &Desk, _by: &Agent, id: PersonId) -> Result<Option<Person>> {
    Ok(store::accounts::by_id(desk.store(), id).await?.map(|a| a.person))
}

/// 256 random bits in hexadecimal.
pub(crate) fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Files(std::io::Error::other(error.to_string())))?;
    Ok(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
