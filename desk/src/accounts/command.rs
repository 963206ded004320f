//! Accounts from the command line: there is no one asking, so that nobody is locked out of their own installation.

use super::passwords::hash_password;
use super::registration;
use crate::audit::{self, Done, Origin};
use crate::{Desk, Error, Result};
use domain::accounts::{EmailAddress, Role};
use domain::audit::Deed;
use domain::{Fault, Field, PersonId, Refusal};
use store::Change;
use store::accounts::{Account, NewPerson};

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
    let name = registration::name(&new.name).map_err(|fault| Refusal::field(Field::Name, fault))?;
    let password_hash = Some(hash_password(&new.password).await?);
    let existing = match &new.organisation {
        Some(name) => store::organisations::by_name(desk.store(), name).await?,
        None => None,
    };
    let change = desk.store().begin().await?;
    let organisation = match (&new.organisation, existing) {
        (Some(name), None) => Some(store::organisations::add(&change, &domain::typed::name(name), &[], desk.now()).await?),
        (_, existing) => existing,
    };
    let person =
        NewPerson { name, email, role: new.role, organisation, key_user: new.key_user, password_hash, time_zone: crate::zones::UNKNOWN.to_owned() };
    let added = store::accounts::add_person(&change, &person, desk.now()).await;
    let id = added.map_err(|error| match error {
        store::Error::Taken => Error::from(Refusal::field(Field::Email, Fault::Taken)),
        other => other.into(),
    })?;
    written_down(desk, &change, Deed::PersonAdded, person.email.as_str(), id).await?;
    change.commit().await?;
    Ok(id)
}

/// Writes down what was done on the command line: who did it, nobody knows.
async fn written_down(desk: &Desk, change: &Change, deed: Deed, email: &str, id: PersonId) -> Result<()> {
    audit::write(change, None, &Origin::default(), Done::new(deed, email, Some(id)), desk.now()).await
}

/// Every account, by address; for the command line, which whoever runs the desk may use.
pub async fn everyone(desk: &Desk) -> Result<Vec<Account>> {
    Ok(store::accounts::everyone(desk.store()).await?)
}

/// Gives an account another password, and ends its sessions; takes the second step away too where `factors` says so. For the command line. Refuses an address nobody has, and a password that is too short.
pub async fn reset_password(desk: &Desk, email: &str, password: &str, factors: bool) -> Result<()> {
    let account = account_of(desk, email).await?;
    let hash = hash_password(password).await?;
    let mut change = desk.store().begin().await?;
    store::accounts::set_password(&change, account.person.id, &hash).await?;
    store::sessions::end_all(&mut change, account.person.id, None).await?;
    store::one_time_tokens::revoke(&change, account.person.id).await?;
    store::tokens::remove_all(&change, account.person.id).await?;
    if factors {
        store::mfa::remove_all(&change, account.person.id).await?;
        written_down(desk, &change, Deed::FactorRemoved, &account.person.email, account.person.id).await?;
    }
    written_down(desk, &change, Deed::PasswordChanged, &account.person.email, account.person.id).await?;
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
        store::sessions::end_all(&mut change, account.person.id, None).await?;
        store::one_time_tokens::revoke(&change, account.person.id).await?;
        store::tokens::remove_all(&change, account.person.id).await?;
    }
    let deed = if disabled { Deed::PersonDisabled } else { Deed::PersonEnabled };
    written_down(desk, &change, deed, &account.person.email, account.person.id).await?;
    Ok(change.commit().await?)
}

async fn account_of(desk: &Desk, email: &str) -> Result<Account> {
    let email = EmailAddress::parse(email).ok_or_else(|| Refusal::field(Field::Email, Fault::NotAnAddress))?;
    Ok(store::accounts::by_email(desk.store(), &email).await?.ok_or_else(|| Refusal::field(Field::Email, Fault::Unknown))?)
}
