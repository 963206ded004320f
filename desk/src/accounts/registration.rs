//! Coming in and getting back in: by invitation, by signing up, by another password. Each goes by a link that is mailed, works once and ends.
//!
//! Invariant: what is asked for an address is answered the same, in the same time, whether anyone has it; the link goes to that address and nowhere else.

use super::mfa::{LoggedIn, enter};
use super::passwords::hash_password;
use super::session::Agent;
use super::{hex, random_hex, rate_limit};
use crate::audit::{self, Done, Origin};
use crate::notifications::mail_link;
use crate::{Desk, Error, Result};
use domain::accounts::{EmailAddress, Language, Role};
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, FieldFault, Named, PersonId, Refusal, typed};
use i18n as w;
use sha2::{Digest, Sha256};
use std::time::Duration;
use store::accounts::{Account, NewPerson};
use store::one_time_tokens::{Kind, OneTimeToken};

/// When the account that a forgotten password is of is looked up, once that was answered.
pub const AFTER_THE_ANSWER: Duration = Duration::from_millis(20);
/// How long an invitation can be accepted.
pub const INVITED: Span = Span::days(7);
/// How long the link of a sign-up works.
pub const SIGNED_UP: Span = Span::days(1);
/// How long another password can be chosen.
pub const RESET: Span = Span::minutes(30);
/// Longest name of a person, in characters.
const MAX_NAME: usize = 100;
/// Passwords that are hashed for one link within a quarter of an hour at most.
const JOINS: i64 = 20;
/// Links that are mailed to one address in an hour at most.
const MOST_LINKS: i64 = 5;
/// What the audit log says of how someone came in who wrote a mail.
const BY_MAIL: &str = "mail";
/// How often a mail with a link is tried.
const TRIES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(10), Duration::from_secs(60)];

/// What a link is for, as the page that it leads to shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Came {
    pub kind: Kind,
    pub email: String,
    pub name: String,
}

/// A name as it is kept, or what is wrong with it.
pub(super) fn name(typed_name: &str) -> Result<String, Fault> {
    let name = typed::name(typed_name);
    match name.chars().count() {
        0 => Err(Fault::Missing),
        1..=MAX_NAME => Ok(name),
        _ => Err(Fault::TooLong(MAX_NAME as u32)),
    }
}

/// Keeps a pass; gives its secret.
pub(super) async fn pass(desk: &Desk, change: &store::Change, new: OneTimeToken, lasts: Span) -> Result<String> {
    let secret = random_hex()?;
    store::one_time_tokens::add(change, &hash(&secret), &new, desk.now(), desk.now() + lasts).await?;
    Ok(secret)
}

pub(super) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Mails an invitation; gives whether the mail server took it.
pub(super) async fn send_invitation(desk: &Desk, by: &Agent, to: &Named<PersonId>, email: &str, secret: &str) -> Result<bool> {
    let l = by.session().language().unwrap_or_default();
    let link = format!("{}/join/{secret}", desk.mail().settings.base_url);
    let text = w::invitation_text(l, &by.session().person().name);
    mail_link(desk, l, (&to.name, email), w::invitation_subject(l), &text, &link, w::invitation_why(l)).await
}

/// Counts a link that is to be mailed to an address; gives whether it may be, or so many went there lately that no more do.
pub(super) async fn may_mail_link(desk: &Desk, email: &EmailAddress) -> Result<bool> {
    let change = desk.store().begin().await?;
    let key = format!("link:{}", hash(email.as_str()));
    let (count, _) = store::sessions::count_try(&change, &key, desk.now(), desk.now() - Span::hours(1)).await?;
    change.commit().await?;
    Ok(count <= MOST_LINKS)
}

/// Asks for another password: whoever has the address gets a link, and the answer is the same where nobody has. Refuses what is no address, and a network that asks too often.
pub async fn ask_reset(desk: &Desk, typed: &str, l: Language, origin: &Origin) -> Result<()> {
    let email = EmailAddress::parse(typed).ok_or_else(|| Refusal::field(Field::Email, Fault::NotAnAddress))?;
    rate_limit::count_unknown(desk, "forgot", origin).await?;
    let (desk, origin) = (desk.clone(), origin.clone());
    // Not waited for: how long it takes would tell whether there is anyone.
    tokio::spawn(async move {
        // Nor begun while the answer is on its way: on another core it would be felt.
        tokio::time::sleep(AFTER_THE_ANSWER).await;
        if let Err(error) = reset(&desk, &email, l, &origin).await {
            tracing::warn!(%error, "a link for another password could not be made");
        }
    });
    Ok(())
}

async fn reset(desk: &Desk, email: &EmailAddress, l: Language, origin: &Origin) -> Result<()> {
    let account = store::accounts::by_email(desk.store(), email).await?;
    // Where very many ask, nothing is written down of addresses that nobody has: they can be made up without end.
    if !rate_limit::has_room(desk, "forgot").await? && account.is_none() {
        return Ok(());
    }
    // Counted whether anyone has the address or not: who is told elsewhere that too many links went there would learn it.
    if !may_mail_link(desk, email).await? {
        return Ok(());
    }
    let Some(account) = account.filter(|account| !account.disabled) else { return Ok(()) };
    let change = desk.store().begin().await?;
    // Of one that was merged into another, the other's.
    let address = account.person.email.as_str();
    let new = OneTimeToken { kind: Kind::Reset, person: Some(account.person.id), email: address.to_owned(), data: String::new() };
    let secret = pass(desk, &change, new, RESET).await?;
    audit::write(&change, None, origin, Done::new(Deed::PasswordResetAsked, address, Some(account.person.id)), desk.now()).await?;
    change.commit().await?;
    let l = account.language.unwrap_or(l);
    let link = format!("{}/join/{secret}", desk.mail().settings.base_url);
    deliver(desk, l, (&account.person.name, address), w::reset_subject(l), w::reset_text(l), &link, w::reset_why(l)).await
}

/// Tries to send a mail with a link a few times.
pub(super) async fn deliver(desk: &Desk, l: Language, to: (&str, &str), subject: &str, text: &str, link: &str, why: &str) -> Result<()> {
    for wait in TRIES {
        tokio::time::sleep(wait).await;
        if mail_link(desk, l, to, subject, text, link, why).await? {
            break;
        }
    }
    Ok(())
}

/// Tells someone that a browser of theirs is no longer told of alarms: its session ran out, and nobody would notice until nobody came.
pub(crate) fn tell_of_silence(desk: &Desk, name: String, email: String, l: Language) {
    let desk = desk.clone();
    tokio::spawn(async move {
        let link = format!("{}/on-call", desk.mail().settings.base_url);
        let told = deliver(&desk, l, (&name, &email), w::push_ended_subject(l), w::push_ended_text(l), &link, w::push_ended_why(l)).await;
        if let Err(error) = told {
            tracing::warn!(%error, "someone could not be told that a browser of theirs is told of alarms no longer");
        }
    });
}

/// Signs up: whose address is of a domain that lets people in gets a link. Refuses what is wrong at its field; who has an account already gets a mail that says so, and the answer is the same.
pub async fn sign_up(desk: &Desk, typed_name: &str, typed: &str, l: Language, origin: &Origin) -> Result<()> {
    let mut faults = vec![];
    let named = name(typed_name).map_err(|fault| faults.push(FieldFault { field: Field::Name, fault }));
    let email = EmailAddress::parse(typed).ok_or(()).map_err(|()| faults.push(FieldFault { field: Field::Email, fault: Fault::NotAnAddress }));
    let (Ok(named), Ok(email)) = (named, email) else { return Err(Refusal::Fields(faults).into()) };
    if store::organisations::open_to(desk.store(), email.domain()).await?.is_none() {
        return Err(Refusal::field(Field::Email, Fault::NotOpen).into());
    }
    rate_limit::count_unknown(desk, "sign-up", origin).await?;
    let desk = desk.clone();
    tokio::spawn(async move {
        if let Err(error) = signed_up(&desk, &named, &email, l).await {
            tracing::warn!(%error, "a link for a new account could not be made");
        }
    });
    Ok(())
}

async fn signed_up(desk: &Desk, named: &str, email: &EmailAddress, l: Language) -> Result<()> {
    if !may_mail_link(desk, email).await? {
        return Ok(());
    }
    let base = &desk.mail().settings.base_url;
    if let Some(account) = store::accounts::by_email(desk.store(), email).await? {
        if account.disabled {
            return Ok(());
        }
        let (l, link) = (account.language.unwrap_or(l), format!("{base}/log-in/forgot"));
        return deliver(desk, l, (&account.person.name, email.as_str()), w::known_subject(l), w::known_text(l), &link, w::known_why(l)).await;
    }
    let change = desk.store().begin().await?;
    let new = OneTimeToken { kind: Kind::SignUp, person: None, email: email.as_str().to_owned(), data: named.to_owned() };
    let secret = pass(desk, &change, new, SIGNED_UP).await?;
    change.commit().await?;
    let link = format!("{base}/join/{secret}");
    deliver(desk, l, (named, email.as_str()), w::sign_up_subject(l), w::sign_up_text(l), &link, w::sign_up_why(l)).await
}

/// What a link is for; `None` where it is none of ours, was used or has expired.
pub async fn asked(desk: &Desk, secret: &str) -> Result<Option<Came>> {
    let Some(pass) = store::one_time_tokens::find(desk.store(), &hash(secret), desk.now()).await?.filter(|pass| pass.kind.is_mailed()) else {
        return Ok(None);
    };
    let name = match pass.person {
        Some(person) => store::accounts::by_id(desk.store(), person).await?.map(|account| account.person.name).unwrap_or_default(),
        None => pass.data,
    };
    Ok(Some(Came { kind: pass.kind, email: pass.email, name }))
}

/// Uses a link: keeps the password and logs in; every other session of the person ends, and every other link of theirs. Refuses a link that was used or has expired, and a password that is too short.
pub async fn accept(desk: &Desk, secret: &str, typed_name: &str, password: &str, origin: &Origin) -> Result<LoggedIn> {
    let now = desk.now();
    let known =
        store::one_time_tokens::find(desk.store(), &hash(secret), now).await?.filter(|pass| pass.kind.is_mailed()).ok_or(Refusal::NotFound)?;
    // A name is asked for where the person was not known before, or was named by another.
    let named = match known.kind {
        Kind::Reset | Kind::Factor | Kind::Passkey | Kind::Provider => None,
        Kind::Invitation | Kind::SignUp => Some(name(typed_name).map_err(|fault| Refusal::field(Field::Name, fault))?),
    };
    let email = EmailAddress::parse(&known.email).ok_or(Refusal::NotFound)?;
    // Hashing takes its time: it is done a few times for one link, and not at all for an address that has an account by now.
    rate_limit::count(desk, &format!("join:{}", hash(secret)), JOINS).await?;
    if known.kind == Kind::SignUp && store::accounts::by_email(desk.store(), &email).await?.is_some() {
        return Err(Refusal::NotFound.into());
    }
    let password_hash = hash_password(password).await?;
    let organisation = match known.kind {
        Kind::SignUp => Some(store::organisations::open_to(desk.store(), email.domain()).await?.ok_or(Refusal::NotFound)?),
        _ => None,
    };
    let mut change = desk.store().begin().await?;
    // Of two who use it at once, one has it.
    let pass = store::one_time_tokens::take(&change, &hash(secret), now).await?.ok_or(Refusal::NotFound)?;
    let id = match (pass.person, organisation) {
        (Some(person), _) => person,
        (None, organisation) => {
            let person = NewPerson {
                name: named.clone().unwrap_or_default(),
                email: email.clone(),
                role: Role::Customer,
                organisation: organisation.map(|organisation| organisation.id),
                key_user: false,
                password_hash: None,
                time_zone: crate::zones::UNKNOWN.to_owned(),
            };
            store::accounts::add_person(&change, &person, now).await.map_err(|error| match error {
                store::Error::Taken => Error::from(Refusal::NotFound),
                other => other.into(),
            })?
        }
    };
    // Bound to the address it was mailed to, and to an account that may be used.
    let before = store::people::locked(&change, id)
        .await?
        .filter(|account| account.person.email == pass.email && !account.disabled)
        .ok_or(Refusal::NotFound)?;
    let name = named.unwrap_or_else(|| before.person.name.clone());
    let who = Named::new(id, name.clone());
    if name != before.person.name {
        store::people::set_name(&change, id, &name).await?;
        let done = Done::new(Deed::PersonChanged, &pass.email, Some(id)).changed(&before.person.name, &name);
        audit::write(&change, Some(&who), origin, done, now).await?;
    }
    store::accounts::set_password(&change, id, &password_hash).await?;
    store::one_time_tokens::revoke(&change, id).await?;
    store::tokens::remove_all(&change, id).await?;
    store::sessions::end_all(&mut change, id, None).await?;
    let deed = if pass.kind == Kind::Reset { Deed::PasswordChanged } else { Deed::PersonJoined };
    audit::write(&change, Some(&who), origin, Done::new(deed, &pass.email, Some(id)), now).await?;
    let account = store::people::locked(&change, id).await?.ok_or(Refusal::NotFound)?;
    let logged_in = enter(desk, &change, &account, origin).await?;
    change.commit().await?;
    Ok(logged_in)
}

/// Lets someone in who made themselves known by mail: an account without a password, in an organisation that is made where it is new. `None` where the address is none.
pub(crate) async fn let_in(desk: &Desk, name: &str, address: &str, organisation: &str) -> Result<Option<Account>> {
    let Some(email) = EmailAddress::parse(address) else { return Ok(None) };
    let known = store::organisations::by_name(desk.store(), organisation).await?;
    let change = desk.store().begin().await?;
    let nobody = Origin::default();
    let organisation = match known {
        Some(known) => known,
        None => {
            let organisation = typed::name(organisation);
            audit::write(&change, None, &nobody, Done::new(Deed::OrganisationAdded, &organisation, None), desk.now()).await?;
            store::organisations::add(&change, &organisation, &[], desk.now()).await?
        }
    };
    let name = typed::name(name).chars().take(MAX_NAME).collect();
    let time_zone = crate::zones::UNKNOWN.to_owned();
    let person = NewPerson {
        name,
        email: email.clone(),
        role: Role::Customer,
        organisation: Some(organisation),
        key_user: false,
        password_hash: None,
        time_zone,
    };
    let id = store::accounts::add_person(&change, &person, desk.now()).await?;
    audit::write(&change, None, &nobody, Done::new(Deed::PersonAdded, email.as_str(), Some(id)).changed("", BY_MAIL), desk.now()).await?;
    change.commit().await?;
    Ok(store::accounts::by_email(desk.store(), &email).await?)
}
