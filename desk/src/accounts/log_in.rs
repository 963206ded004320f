//! Logging in: the throttle, the password, the session.
//!
//! Invariant: every failed log-in answers the same, after the same work.

use super::mfa::{LoggedIn, enter};
use super::passwords::MAX_PASSWORD;
use super::rate_limit::{WINDOW, wait};
use super::session::{Token, session_id};
use super::{SESSION, hex, random_hex};
use crate::audit::{self, Done, Origin};
use crate::{Desk, Network, Result, zones};
use domain::accounts::EmailAddress;
use domain::audit::Deed;
use domain::time::Moment;
use domain::{Named, Refusal};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use store::Change;
use store::accounts::Account;

/// Failed log-ins of one account from one address within the window before they have to wait: who knows someone's address cannot keep them out from elsewhere.
const PAIR_FAILURES: i64 = 10;
/// The same of one account from wherever it has not come from before: many networks that guess do not keep its owner out.
const ACCOUNT_FAILURES: i64 = 50;
/// The same from one address: a whole office may share one.
const ADDRESS_FAILURES: i64 = 100;

/// Logs in, or asks for a second step. Refuses with [`Refusal::WrongCredentials`] whatever was wrong, and with [`Refusal::Throttled`] after too many failures of the account or the address.
pub async fn log_in(desk: &Desk, email: &str, password: &str, origin: &Origin) -> Result<LoggedIn> {
    let place = desk.0.passwords.place()?;
    let (now, address) = (desk.now(), origin.address);
    let typed = EmailAddress::parse(email);
    // An address that cannot be one is counted too, under what was typed.
    let account_key = format!("account:{}", hex(&Sha256::digest(typed.as_ref().map_or(email.trim(), |e| e.as_str()))));
    let address_key = address.map(|a| format!("address:{}", Network::of(a)));
    let pair_key = format!("{account_key} {}", address_key.as_deref().unwrap_or_default());
    let keys: Vec<(&String, i64)> =
        [(Some(&pair_key), PAIR_FAILURES), (Some(&account_key), ACCOUNT_FAILURES), (address_key.as_ref(), ADDRESS_FAILURES)]
            .into_iter()
            .filter_map(|(key, most)| Some((key?, most)))
            .collect();
    for (key, most) in &keys {
        if let Some((failures, since)) = store::sessions::failures(desk.store(), key).await?
            && failures >= *most
            // Not where the clock was put back since: that would lock people out for as long as it was ahead.
            && (0..WINDOW.0).contains(&(now - since).0)
            && !(**key == account_key && is_usual(desk, typed.as_ref(), address).await?)
        {
            return Err(wait(now, since).into());
        }
    }
    // Counted before it is tried, and forgiven where it was right: many at once are no way round.
    let change = desk.store().begin().await?;
    let mut full = vec![];
    for (key, most) in &keys {
        let (tries, since) = store::sessions::count_try(&change, key, now, now - WINDOW).await?;
        full.extend((tries > *most).then_some((*key, since)));
    }
    change.commit().await?;
    for (key, since) in full {
        if *key != account_key || !is_usual(desk, typed.as_ref(), address).await? {
            return Err(wait(now, since).into());
        }
    }
    let known = match &typed {
        Some(email) => store::accounts::by_email(desk.store(), email).await?,
        None => None,
    };
    let about = known.as_ref().map(|account| account.person.id);
    let account = known.filter(|account| !account.disabled);
    let stored = account.as_ref().and_then(|a| a.password_hash.clone());
    let right = desk.0.passwords.check(place, password.to_owned(), stored).await? && password.len() <= MAX_PASSWORD;
    let (true, Some(account)) = (right, account) else {
        let change = desk.store().begin().await?;
        audit::write(&change, None, origin, Done::new(Deed::LogInFailed, typed.as_ref().map_or("", EmailAddress::as_str), about), now).await?;
        change.commit().await?;
        return Err(Refusal::WrongCredentials.into());
    };
    let change = desk.store().begin().await?;
    still(&change, &account).await?;
    // In the order in which they were counted, or two would wait for each other.
    for key in [&pair_key, &account_key] {
        store::sessions::forget_failures(&change, key).await?;
    }
    if let Some(key) = &address_key {
        store::sessions::forgive_try(&change, key).await?;
    }
    let logged_in = enter(desk, &change, &account, origin).await?;
    change.commit().await?;
    Ok(logged_in)
}

/// Whether an account came in from this network before, as far back as the audit log tells; there only the limit of the account and the network together holds.
async fn is_usual(desk: &Desk, email: Option<&EmailAddress>, address: Option<IpAddr>) -> Result<bool> {
    let (Some(email), Some(network)) = (email, address.map(Network::of)) else { return Ok(false) };
    let addresses = store::audit::log_in_addresses(desk.store(), email).await?;
    Ok(addresses.iter().filter_map(|address| address.parse().ok()).any(|address| Network::of(address) == network))
}

/// Writes down that someone did not prove to be the one whose account this is.
pub(super) async fn failed(desk: &Desk, account: &Account, deed: Deed, origin: &Origin) -> Result<()> {
    let change = desk.store().begin().await?;
    audit::write(&change, None, origin, Done::new(deed, &account.person.email, Some(account.person.id)), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Refuses an account that is not any more what it was when its proof was looked at: disabled, merged, or with another password. It stays so until the change ends.
pub(super) async fn still(change: &Change, account: &Account) -> Result<()> {
    let now = store::people::locked(change, account.person.id).await?;
    let is_same = now.is_some_and(|now| !now.disabled && now.password_hash == account.password_hash);
    if is_same { Ok(()) } else { Err(Refusal::WrongCredentials.into()) }
}

/// Begins a session of someone who proved who they are: always a new one, whatever the browser brought.
pub(super) async fn begin(change: &Change, account: &Account, origin: &Origin, now: Moment) -> Result<Token> {
    still(change, account).await?;
    let token = Token(random_hex()?);
    let device: String = domain::typed::line(&origin.device).chars().take(300).collect();
    store::sessions::begin(change, &session_id(token.as_str()), account.person.id, [&device, &origin.address()], now, now + SESSION).await?;
    // On the first visit the clock is the browser's.
    if let Some(zone) = origin.time_zone.as_deref().filter(|_| account.time_zone == zones::UNKNOWN) {
        store::people::set_time_zone(change, account.person.id, zone).await?;
    }
    let who = Named::new(account.person.id, account.person.name.clone());
    audit::write(change, Some(&who), origin, Done::new(Deed::LoggedIn, &account.person.email, Some(account.person.id)), now).await?;
    Ok(token)
}
