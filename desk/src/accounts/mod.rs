//! Logging in and out, and who is asking.
//!
//! Invariants: only [`log_in`] makes a session; the database holds the hash of its token, never the token; every failed log-in answers the same, after the same work.

mod passwords;
mod session;

use passwords::MAX_PASSWORD;
pub use passwords::{MIN_PASSWORD, Passwords, hash_password};
pub use session::{Agent, Customer, Session, Token};

use crate::{Desk, Error, Result};
use domain::accounts::{EmailAddress, Language, Person, Role, Theme};
use domain::time::{Moment, Span};
use domain::{DepartmentId, Fault, Field, Named, PersonId, Refusal};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use store::accounts::{Account, NewPerson};
use store::departments::Department;

/// A session ends this long after it was last used.
pub const SESSION: Span = Span::days(14);
/// A session's last use is written down no more often than this.
const TOUCH: Span = Span::hours(1);
/// Failed log-ins are counted over this long.
const WINDOW: Span = Span::minutes(15);
/// Failed log-ins of one account from one address within the window before they have to wait: who knows someone's address cannot keep them out from elsewhere.
const PAIR_FAILURES: i64 = 10;
/// The same of one account from wherever.
const ACCOUNT_FAILURES: i64 = 50;
/// The same from one address: a whole office may share one.
const ADDRESS_FAILURES: i64 = 100;

/// Logs in. Refuses with [`Refusal::WrongCredentials`] whatever was wrong, and with [`Refusal::Throttled`] after too many failures of the account or the address.
pub async fn log_in(desk: &Desk, email: &str, password: &str, address: Option<IpAddr>) -> Result<Token> {
    let now = desk.now();
    let typed = EmailAddress::parse(email);
    // An address that cannot be one is counted too, under what was typed.
    let account_key = format!("account:{}", hex(&Sha256::digest(typed.as_ref().map_or(email.trim(), |e| e.as_str()))));
    let address_key = address.map(|a| format!("address:{}", network(a)));
    let pair_key = format!("{account_key} {}", address_key.as_deref().unwrap_or_default());
    let keys: Vec<(&String, i64)> =
        [(Some(&pair_key), PAIR_FAILURES), (Some(&account_key), ACCOUNT_FAILURES), (address_key.as_ref(), ADDRESS_FAILURES)]
            .into_iter()
            .filter_map(|(key, most)| Some((key?, most)))
            .collect();
    let wait = |since: Moment| Refusal::Throttled(((WINDOW.0 - (now - since).0) / 1_000 + 1) as u32);
    for (key, most) in &keys {
        if let Some((failures, since)) = store::sessions::failures(desk.store(), key).await?
            && failures >= *most
            && now - since < WINDOW
        {
            return Err(wait(since).into());
        }
    }
    // Counted before it is tried, and forgiven where it was right: many at once are no way round.
    let change = desk.store().begin().await?;
    let mut full = None;
    for (key, most) in &keys {
        let (tries, since) = store::sessions::count_try(&change, key, now, now - WINDOW).await?;
        full = full.or((tries > *most).then_some(since));
    }
    change.commit().await?;
    if let Some(since) = full {
        return Err(wait(since).into());
    }
    let account = match &typed {
        Some(email) => store::accounts::by_email(desk.store(), email).await?.filter(|a| !a.disabled),
        None => None,
    };
    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let right = match desk.passwords.check(password.to_owned(), stored).await {
        Ok(right) => right && password.len() <= MAX_PASSWORD,
        // It was not even looked at: nobody failed.
        Err(busy) => {
            let change = desk.store().begin().await?;
            for (key, _) in &keys {
                store::sessions::forgive_try(&change, key).await?;
            }
            change.commit().await?;
            return Err(busy);
        }
    };
    let (true, Some(account)) = (right, account) else { return Err(Refusal::WrongCredentials.into()) };
    let token = Token(random_hex()?);
    let change = desk.store().begin().await?;
    for key in [&account_key, &pair_key] {
        store::sessions::forget_failures(&change, key).await?;
    }
    if let Some(key) = &address_key {
        store::sessions::forgive_try(&change, key).await?;
    }
    store::sessions::begin(&change, &session_id(token.as_str()), account.person.id, now, now + SESSION).await?;
    change.commit().await?;
    Ok(token)
}

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
    Ok(Some(Session { id, account: row.account, hidden: row.hidden }))
}

async fn touch(desk: &Desk, id: &str, now: Moment) -> Result<()> {
    let change = desk.store().begin().await?;
    store::sessions::touch(&change, id, now, now + SESSION).await?;
    Ok(change.commit().await?)
}

/// The same session anew, with its rights as they are now; `None` where it has ended.
pub async fn renew(desk: &Desk, session: &Session) -> Result<Option<Session>> {
    let row = store::sessions::find(desk.store(), &session.id, desk.now()).await?;
    Ok(row.map(|row| Session { id: session.id.clone(), account: row.account, hidden: row.hidden }))
}

/// Ends a session and its streams, on every node.
pub async fn log_out(desk: &Desk, session: &Session) -> Result<()> {
    let mut change = desk.store().begin().await?;
    store::sessions::end(&mut change, &session.id).await?;
    Ok(change.commit().await?)
}

/// Keeps someone's language and theme.
pub async fn prefer(desk: &Desk, session: &Session, language: Option<Language>, theme: Option<Theme>) -> Result<()> {
    let change = desk.store().begin().await?;
    store::accounts::set_preferences(&change, session.person().id, language, theme).await?;
    Ok(change.commit().await?)
}

/// A person to be added.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Newcomer {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// The name of a customer's organisation; made where it is new.
    pub organisation: Option<String>,
    pub key_user: bool,
    pub password: String,
}

/// Adds a person. For the command line and demo data: there is no one asking.
pub async fn add(desk: &Desk, new: &Newcomer) -> Result<PersonId> {
    let email = EmailAddress::parse(&new.email).ok_or_else(|| Refusal::field(Field::Email, Fault::NotAnAddress))?;
    if new.name.trim().is_empty() || new.name.chars().any(char::is_control) {
        return Err(Refusal::field(Field::Name, Fault::Missing).into());
    }
    let password_hash = Some(hash_password(&new.password).await?);
    let existing = match &new.organisation {
        Some(name) => store::accounts::organisation_by_name(desk.store(), name).await?,
        None => None,
    };
    let change = desk.store().begin().await?;
    let organisation = match (&new.organisation, existing) {
        (Some(name), None) => Some(store::accounts::add_organisation(&change, name, &[], desk.now()).await?),
        (_, existing) => existing,
    };
    let person = NewPerson {
        name: new.name.trim().to_owned(),
        email,
        role: new.role,
        organisation,
        key_user: new.key_user,
        password_hash,
        time_zone: crate::zones::DEFAULT.to_owned(),
    };
    let added = store::accounts::add_person(&change, &person, desk.now()).await;
    let id = added.map_err(|error| match error {
        store::Error::Taken => Error::from(Refusal::field(Field::Email, Fault::Taken)),
        other => other.into(),
    })?;
    change.commit().await?;
    Ok(id)
}

/// Every account, by address; for the command line, which whoever runs the desk may use.
pub async fn everyone(desk: &Desk) -> Result<Vec<Account>> {
    Ok(store::accounts::everyone(desk.store()).await?)
}

/// Gives an account another password, and ends its sessions; for the command line. Refuses an address nobody has, and a password that is too short.
pub async fn reset_password(desk: &Desk, email: &str, password: &str) -> Result<()> {
    let account = account_of(desk, email).await?;
    let hash = hash_password(password).await?;
    let mut change = desk.store().begin().await?;
    store::accounts::set_password(&change, account.person.id, &hash).await?;
    store::sessions::end_all(&mut change, account.person.id).await?;
    Ok(change.commit().await?)
}

/// Disables an account and ends its sessions, or enables it again; for the command line. Refuses an address nobody has, and the last admin.
pub async fn disable(desk: &Desk, email: &str, disabled: bool) -> Result<()> {
    let account = account_of(desk, email).await?;
    let mut change = desk.store().begin().await?;
    store::accounts::set_disabled(&change, account.person.id, disabled.then(|| desk.now())).await?;
    if disabled && account.person.role == Role::Admin && store::accounts::admins(&change).await? == 0 {
        return Err(Refusal::NotAllowed.into());
    }
    if disabled {
        store::sessions::end_all(&mut change, account.person.id).await?;
    }
    Ok(change.commit().await?)
}

async fn account_of(desk: &Desk, email: &str) -> Result<Account> {
    let email = EmailAddress::parse(email).ok_or_else(|| Refusal::field(Field::Email, Fault::NotAnAddress))?;
    Ok(store::accounts::by_email(desk.store(), &email).await?.ok_or_else(|| Refusal::field(Field::Email, Fault::Unknown))?)
}

/// Lets someone in who made themselves known by mail: an account without a password, in an organisation that is made where it is new. `None` where the address is none.
pub(crate) async fn let_in(desk: &Desk, name: &str, address: &str, organisation: &str) -> Result<Option<Account>> {
    let Some(email) = EmailAddress::parse(address) else { return Ok(None) };
    let known = store::accounts::organisation_by_name(desk.store(), organisation).await?;
    let change = desk.store().begin().await?;
    let organisation = match known {
        Some(known) => known,
        None => store::accounts::add_organisation(&change, organisation, &[], desk.now()).await?,
    };
    let name = domain::typed::line(name).chars().take(100).collect();
    let time_zone = crate::zones::DEFAULT.to_owned();
    let person = NewPerson {
        name,
        email: email.clone(),
        role: Role::Customer,
        organisation: Some(organisation),
        key_user: false,
        password_hash: None,
        time_zone,
    };
    store::accounts::add_person(&change, &person, desk.now()).await?;
    change.commit().await?;
    Ok(store::accounts::by_email(desk.store(), &email).await?)
}

/// Whom a customer can put in CC: key users of their organisation first. Staff are offered the customers of a ticket's organisation.
pub async fn colleagues(desk: &Desk, by: &Session, typed: &str) -> Result<Vec<Person>> {
    let Some(organisation) = by.person().organisation.as_ref() else { return Ok(vec![]) };
    Ok(store::accounts::colleagues(desk.store(), organisation.id, by.person().id, typed, 50).await?)
}

/// The departments someone may choose from.
pub async fn departments(desk: &Desk) -> Result<Vec<Department>> {
    Ok(store::departments::all(desk.store()).await?)
}

/// The names of the departments, and of the staff who can be given tickets.
pub async fn choices(desk: &Desk, _by: &Agent) -> Result<(Vec<Named<DepartmentId>>, Vec<Named<PersonId>>)> {
    Ok(store::departments::choices(desk.store()).await?)
}

/// A person, for staff.
pub async fn person(desk: &Desk, _by: &Agent, id: PersonId) -> Result<Option<Person>> {
    Ok(store::accounts::by_id(desk.store(), id).await?.map(|a| a.person))
}

/// The name of a session in the database: the SHA-256 of its token.
fn session_id(token: &str) -> String {
    hex(&Sha256::digest(token))
}

/// An IPv6 customer has a network of 2^64 addresses (RFC 6177): they count as one.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| format!("{:x?}", &v6.segments()[..4]), |v4| v4.to_string()),
    }
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
