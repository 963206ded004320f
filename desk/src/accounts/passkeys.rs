//! Passkeys: logging in by a device that knows who holds it, with no password.
//!
//! Invariant: the challenge that is answered is one that was given out here, a moment ago, once. Only this module names webauthn-rs.

use super::log_in::{begin, failed, still};
use super::profile::prove;
use super::session::{Session, Token};
use super::{hex, rate_limit, registration};
use crate::audit::{self, Done, Origin};
use crate::{Desk, Error, Result};
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, PersonId, Refusal, typed};
use std::net::IpAddr;
use store::mfa::Passkey as Row;
use store::one_time_tokens::{Kind, OneTimeToken};
use url::Url;
use webauthn_rs::Webauthn;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid, WebauthnBuilder,
};
use webauthn_rs_proto::ResidentKeyRequirement;

/// How long a challenge can be answered.
const CHALLENGE: Span = Span::minutes(5);
/// Most passkeys of one person.
const MOST: usize = 20;
/// Longest name of a passkey, in characters.
const MAX_NAME: usize = 60;

/// A challenge for a browser: the token that names it, and what `navigator.credentials` is asked, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Challenge {
    pub token: String,
    pub options: String,
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Known {
    pub id: String,
    pub name: String,
    pub created_at: domain::time::Moment,
    pub used_at: Option<domain::time::Moment>,
}

/// Passkeys belong to a name, not to a number: on a machine of its own, Balie is `localhost`.
fn webauthn(desk: &Desk) -> Result<Webauthn> {
    let broken = |what: &str| Error::from(std::io::Error::other(format!("passkeys cannot be used: {what}")));
    let mut origin = Url::parse(&desk.mail().settings.base_url).map_err(|_| broken("BALIE_BASE_URL is no address"))?;
    let host = origin.host_str().unwrap_or_default().to_owned();
    let host = if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) { "localhost".to_owned() } else { host };
    origin.set_host(Some(&host)).map_err(|_| broken("BALIE_BASE_URL has no host"))?;
    let builder = WebauthnBuilder::new(&host, &origin).map_err(|error| broken(&error.to_string()))?;
    builder.rp_name("Balie").build().map_err(|error| broken(&error.to_string()))
}

/// The name a person has for their authenticators: it says nothing to anyone else.
fn handle(person: PersonId) -> Uuid {
    Uuid::from_u64_pair(0x4261_6c69_6500_0000, person.0 as u64)
}

fn wrong() -> Error {
    Refusal::field(Field::Passkey, Fault::WrongCode).into()
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value).map_err(std::io::Error::other)?)
}

async fn keep(desk: &Desk, person: Option<PersonId>, data: String) -> Result<String> {
    let change = desk.store().begin().await?;
    let secret = registration::pass(desk, &change, OneTimeToken { kind: Kind::Passkey, person, email: String::new(), data }, CHALLENGE).await?;
    change.commit().await?;
    Ok(secret)
}

/// Takes what was kept with a challenge: it is answered once.
async fn take(desk: &Desk, token: &str) -> Result<OneTimeToken> {
    let change = desk.store().begin().await?;
    let pass = store::one_time_tokens::take(&change, &registration::hash(token), desk.now())
        .await?
        .filter(|pass| pass.kind == Kind::Passkey)
        .ok_or_else(wrong)?;
    change.commit().await?;
    Ok(pass)
}

/// One's own passkeys, the oldest first.
pub async fn passkeys(desk: &Desk, by: &Session) -> Result<Vec<Known>> {
    let found = store::mfa::passkeys_of(desk.store(), by.person().id).await?;
    Ok(found.into_iter().map(|key| Known { id: key.id, name: key.name, created_at: key.created_at, used_at: key.used_at }).collect())
}

/// Begins to add a passkey to one's own account. Refuses a wrong password, and more than there may be.
pub async fn begin_passkey(desk: &Desk, by: &Session, password: &str) -> Result<Challenge> {
    prove(desk, by, password).await?;
    let person = by.person();
    let known = store::mfa::passkeys_of(desk.store(), person.id).await?;
    if known.len() >= MOST {
        return Err(Refusal::field(Field::Passkey, Fault::TooMany(MOST as u32)).into());
    }
    let there: Vec<_> =
        known.iter().filter_map(|key| serde_json::from_str::<Passkey>(&key.credential).ok()).map(|key| key.cred_id().clone()).collect();
    let (mut options, state) =
        webauthn(desk)?.start_passkey_registration(handle(person.id), &person.email, &person.name, Some(there)).map_err(|_| wrong())?;
    // Found without a name being typed first.
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let token = keep(desk, Some(person.id), json(&state)?).await?;
    Ok(Challenge { token, options: json(&options)? })
}

/// Adds the passkey that answers a challenge of [`begin_passkey`].
pub async fn add_passkey(desk: &Desk, by: &Session, token: &str, name: &str, answer: &str) -> Result<()> {
    let pass = take(desk, token).await?;
    let person = by.person();
    if pass.person != Some(person.id) {
        return Err(wrong());
    }
    let state: PasskeyRegistration = serde_json::from_str(&pass.data).map_err(|_| wrong())?;
    let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| wrong())?;
    let key = webauthn(desk)?.finish_passkey_registration(&answer, &state).map_err(|_| wrong())?;
    let name: String =
        Some(typed::line(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "Passkey".to_owned()).chars().take(MAX_NAME).collect();
    let row = Row { id: hex(key.cred_id()), person: person.id, name, credential: json(&key)?, created_at: desk.now(), used_at: None };
    let change = desk.store().begin().await?;
    still(&change, &by.account).await?;
    store::mfa::add_passkey(&change, &row).await.map_err(|error| match error {
        store::Error::Taken => wrong(),
        other => other.into(),
    })?;
    audit::note(&change, by, Done::new(Deed::FactorAdded, &person.email, Some(person.id)).changed("", &row.name), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Takes a passkey of one's own away. Refuses a wrong password, and the last way in.
pub async fn remove_passkey(desk: &Desk, by: &Session, password: &str, id: &str) -> Result<()> {
    prove(desk, by, password).await?;
    let person = by.person();
    let change = desk.store().begin().await?;
    // Of two that are taken away at once, the second sees that it is the last.
    still(&change, &by.account).await?;
    let has = store::mfa::of(&change, person.id).await?;
    let is_needed = super::mfa::required_in(&change).await?.contains(&person.role) && !has.totp;
    if has.passkeys == 1 && (by.account.password_hash.is_none() || is_needed) {
        return Err(Refusal::NotAllowed.into());
    }
    if !store::mfa::remove_passkey(&change, person.id, id).await? {
        return Err(Refusal::NotFound.into());
    }
    if has.passkeys == 1 && !has.totp {
        store::mfa::remove_recovery_codes(&change, person.id).await?;
    }
    audit::note(&change, by, Done::new(Deed::FactorRemoved, &person.email, Some(person.id)).changed("passkey", ""), desk.now()).await?;
    Ok(change.commit().await?)
}

/// A challenge for whoever has a passkey: who that is, its answer says.
pub async fn ask_passkey(desk: &Desk, origin: &Origin) -> Result<Challenge> {
    rate_limit::count_unknown(desk, "passkey", origin).await?;
    let (mut options, state) = webauthn(desk)?.start_discoverable_authentication().map_err(|_| wrong())?;
    // A button asks for it, not a field that is filled in.
    options.mediation = None;
    let token = keep(desk, None, json(&state)?).await?;
    Ok(Challenge { token, options: json(&options)? })
}

/// Logs in with the answer to a challenge of [`ask_passkey`]: the device has seen who holds it, so nothing more is asked. Every failure is refused alike.
pub async fn log_in_by_passkey(desk: &Desk, token: &str, answer: &str, origin: &Origin) -> Result<Token> {
    let pass = take(desk, token).await?;
    let state: DiscoverableAuthentication = serde_json::from_str(&pass.data).map_err(|_| wrong())?;
    let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| wrong())?;
    let webauthn = webauthn(desk)?;
    let (handle_of, id) = webauthn.identify_discoverable_authentication(&answer).map_err(|_| wrong())?;
    let row = store::mfa::passkey(desk.store(), &hex(id)).await?.filter(|row| handle(row.person) == handle_of).ok_or_else(wrong)?;
    let mut key: Passkey = serde_json::from_str(&row.credential).map_err(|_| wrong())?;
    let account = store::accounts::by_id(desk.store(), row.person).await?.ok_or_else(wrong)?;
    let seen = match webauthn.finish_discoverable_authentication_v2(&answer, state, key.clone()) {
        Ok(seen) if !account.disabled => seen,
        _ => {
            failed(desk, &account, Deed::LogInFailed, origin).await?;
            return Err(wrong());
        }
    };
    key.update_credential(&seen);
    let now = desk.now();
    let change = desk.store().begin().await?;
    still(&change, &account).await?;
    if !store::mfa::use_passkey(&change, &row.id, &json(&key)?, now).await? {
        return Err(wrong());
    }
    let session = begin(&change, &account, origin, now).await?;
    change.commit().await?;
    Ok(session)
}
