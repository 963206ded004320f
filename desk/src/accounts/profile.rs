//! One's own account: name, time zone, password, address, and where one is logged in.

use super::log_in::still;
use super::passwords::{self, hash_password};
use super::registration::{self, deliver, hash, may_mail_link};
use super::session::Session;
use super::{random_hex, rate_limit};
use crate::audit::{self, Done, Origin};
use crate::{Desk, Error, Result};
use domain::accounts::EmailAddress;
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, FieldFault, Named, Refusal};
use i18n as w;
use store::sessions::Open;

/// How long both ends of a change of address have to say yes.
const MOVING: Span = Span::days(1);
/// Wrong passwords of one's own within the window before one has to wait.
const FAILURES: i64 = 10;
/// Who has no password proves by a log-in that is no older.
const FRESH: Span = Span::minutes(15);

/// What only the person themselves sees.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Own {
    /// The address that waits for both ends to say yes.
    pub wished: Option<String>,
    /// Where one is logged in, the place used last first.
    pub sessions: Vec<Open>,
    pub has_password: bool,
}

/// One's own account.
pub async fn own(desk: &Desk, by: &Session) -> Result<Own> {
    let id = by.person().id;
    Ok(Own {
        wished: store::one_time_tokens::wished_address(desk.store(), id, desk.now()).await?,
        sessions: store::sessions::of(desk.store(), id, desk.now()).await?,
        has_password: by.account.password_hash.is_some(),
    })
}

/// Changes one's own name and time zone. Refuses what is wrong at its field.
pub async fn change_own(desk: &Desk, by: &Session, name: &str, zone: &str) -> Result<()> {
    let mut faults = vec![];
    let name = registration::name(name).map_err(|fault| faults.push(FieldFault { field: Field::Name, fault })).unwrap_or_default();
    if !crate::zones::is_known(zone) {
        faults.push(FieldFault { field: Field::TimeZone, fault: Fault::Unknown });
    }
    if !faults.is_empty() {
        return Err(Refusal::Fields(faults).into());
    }
    let change = desk.store().begin().await?;
    // The name before is the one that is there, not the one the page was drawn with.
    let person = store::people::locked(&change, by.person().id).await?.ok_or(Refusal::SignedOut)?.person;
    store::people::set_time_zone(&change, person.id, zone).await?;
    if name != person.name {
        store::people::set_name(&change, person.id, &name).await?;
        audit::note(&change, by, Done::new(Deed::PersonChanged, &person.email, Some(person.id)).changed(&person.name, &name), desk.now()).await?;
    }
    Ok(change.commit().await?)
}

/// Takes the time zone of one's browser. Refuses a name that is none.
pub async fn change_time_zone(desk: &Desk, by: &Session, zone: &str) -> Result<()> {
    let zone = crate::zones::of_browser(zone).ok_or_else(|| Refusal::field(Field::TimeZone, Fault::Unknown))?;
    let change = desk.store().begin().await?;
    let person = store::people::locked(&change, by.person().id).await?.ok_or(Refusal::SignedOut)?.person;
    store::people::set_time_zone(&change, person.id, zone).await?;
    Ok(change.commit().await?)
}

/// Refuses who does not know the password of their own account, or has none and logged in a while ago: a browser left open is not enough.
pub(super) async fn prove(desk: &Desk, by: &Session, password: &str) -> Result<()> {
    if by.account.password_hash.is_none() {
        let begun = store::sessions::begun_at(desk.store(), &by.id).await?;
        // Nor is it fresh where the clock was put back since.
        let is_fresh = begun.is_some_and(|begun| (desk.now() - begun).0.abs() <= FRESH.0);
        return if is_fresh { Ok(()) } else { Err(Refusal::field(Field::LogIn, Fault::TooLongAgo).into()) };
    }
    let place = desk.0.passwords.place()?;
    let key = format!("own:{}", by.person().id);
    rate_limit::count(desk, &key, FAILURES).await?;
    if !desk.0.passwords.check(place, password.to_owned(), by.account.password_hash.clone()).await? {
        let change = desk.store().begin().await?;
        let (email, id) = (&by.person().email, by.person().id);
        audit::note(&change, by, Done::new(Deed::LogInFailed, email, Some(id)), desk.now()).await?;
        change.commit().await?;
        return Err(Refusal::field(Field::Password, Fault::WrongPassword).into());
    }
    let change = desk.store().begin().await?;
    store::sessions::forget_failures(&change, &key).await?;
    Ok(change.commit().await?)
}

/// The same for a form in which more was typed: what is wrong with that is said beside what is wrong with the password.
pub(super) async fn prove_too(desk: &Desk, by: &Session, password: &str, mut faults: Vec<FieldFault>) -> Result<()> {
    match prove(desk, by, password).await {
        Ok(()) => {}
        Err(error) => match error.refusal() {
            Some(Refusal::Fields(more)) => faults.extend(more.iter().cloned()),
            _ => return Err(error),
        },
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Fields(faults).into()) }
}

/// Gives oneself another password; every other session ends, and every link that was mailed. Refuses a wrong password, and a new one that is too short.
pub async fn change_password(desk: &Desk, by: &Session, password: &str, new: &str) -> Result<()> {
    let new_fault = passwords::fits(new).err().map(|fault| FieldFault { field: Field::NewPassword, fault });
    prove_too(desk, by, password, new_fault.into_iter().collect()).await?;
    let hash = hash_password(new).await?;
    let person = by.person();
    let mut change = desk.store().begin().await?;
    still(&change, &by.account).await?;
    store::accounts::set_password(&change, person.id, &hash).await?;
    store::sessions::end_all(&mut change, person.id, Some(&by.id)).await?;
    store::one_time_tokens::revoke(&change, person.id).await?;
    audit::note(&change, by, Done::new(Deed::PasswordChanged, &person.email, Some(person.id)), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Asks for another address: a link goes to the old one and one to the new one, and it is changed when both were followed. The answer is the same where someone has that address.
pub async fn ask_address(desk: &Desk, by: &Session, password: &str, typed: &str) -> Result<()> {
    let email = EmailAddress::parse(typed);
    let fault = email.is_none().then_some(FieldFault { field: Field::Email, fault: Fault::NotAnAddress });
    prove_too(desk, by, password, fault.into_iter().collect()).await?;
    let Some(email) = email else { return Ok(()) };
    let person = by.person();
    if email.as_str() == person.email {
        return Ok(());
    }
    if !may_mail_link(desk, &email).await? {
        return Err(Refusal::Throttled(3_600).into());
    }
    let (old, new) = (random_hex()?, random_hex()?);
    let change = desk.store().begin().await?;
    store::one_time_tokens::add_address_change(&change, person.id, email.as_str(), &hash(&old), &hash(&new), desk.now() + MOVING).await?;
    change.commit().await?;
    let (desk, name, l) = (desk.clone(), person.name.clone(), by.language().unwrap_or_default());
    let ends =
        [(person.email.clone(), old, w::address_old_text(l, email.as_str())), (email.as_str().to_owned(), new, w::address_new_text(l).to_owned())];
    // Not waited for: how long it takes would tell whether someone has the address.
    tokio::spawn(async move {
        for (address, secret, text) in ends {
            let link = format!("{}/account/address/{secret}", desk.mail().settings.base_url);
            if let Err(error) = deliver(&desk, l, (&name, &address), w::address_subject(l), &text, &link, w::address_why(l)).await {
                tracing::warn!(%error, "a link for another address could not be sent");
            }
        }
    });
    Ok(())
}

/// The address a link is about; `None` where it is none of ours, was used or has expired.
pub async fn moving_to(desk: &Desk, secret: &str) -> Result<Option<String>> {
    Ok(store::one_time_tokens::end_of(desk.store(), &hash(secret), desk.now()).await?.map(|(_, _, email)| email))
}

/// One end says yes to another address; gives whether both have, and it is changed. Every session ends with it.
pub async fn agree_to_address(desk: &Desk, secret: &str, origin: &Origin) -> Result<bool> {
    let (hash, now) = (hash(secret), desk.now());
    let (id, end, email) = store::one_time_tokens::end_of(desk.store(), &hash, now).await?.ok_or(Refusal::NotFound)?;
    let email = EmailAddress::parse(&email).ok_or(Refusal::NotFound)?;
    let mut change = desk.store().begin().await?;
    let account = store::people::locked(&change, id).await?.filter(|account| !account.disabled).ok_or(Refusal::NotFound)?;
    if !store::one_time_tokens::agree(&change, &hash, end, now).await?.ok_or(Refusal::NotFound)? {
        change.commit().await?;
        return Ok(false);
    }
    store::people::set_email(&change, id, &email).await.map_err(|error| match error {
        store::Error::Taken => Error::from(Refusal::field(Field::Email, Fault::Taken)),
        other => other.into(),
    })?;
    store::one_time_tokens::revoke(&change, id).await?;
    store::sessions::end_all(&mut change, id, None).await?;
    let who = Named::new(id, account.person.name.clone());
    let done = Done::new(Deed::AddressChanged, &account.person.email, Some(id)).changed(&account.person.email, email.as_str());
    audit::write(&change, Some(&who), origin, done, now).await?;
    change.commit().await?;
    Ok(true)
}

/// Ends one of one's own sessions, by the hash that names it, or all but the one that asks.
pub async fn end_own_session(desk: &Desk, by: &Session, id: Option<&str>) -> Result<()> {
    let person = by.person();
    let mut change = desk.store().begin().await?;
    match id {
        Some(id) if store::sessions::of(&change, person.id, desk.now()).await?.iter().any(|open| open.id == id) => {
            store::sessions::end(&mut change, id).await?;
        }
        Some(_) => return Err(Refusal::NotFound.into()),
        None => store::sessions::end_all(&mut change, person.id, Some(&by.id)).await?,
    }
    audit::note(&change, by, Done::new(Deed::SessionEnded, &person.email, Some(person.id)), desk.now()).await?;
    Ok(change.commit().await?)
}
