//! The second step of logging in: a code of an app, or a recovery code where the app is lost. An admin can require one of a role.
//!
//! Invariant: a code is used once, and guessing ends after a few tries.

use super::log_in::{begin, failed, still};
use super::profile::prove;
use super::session::{Agent, Session, Token};
use super::{hex, random_hex, rate_limit};
use crate::audit::{self, Done, Origin};
use crate::{Desk, Error, Result};
use domain::accounts::Role;
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, Named, PersonId, Refusal};
use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest, Sha256};
use store::Change;
use store::accounts::Account;
pub use store::mfa::Has;
use store::one_time_tokens::{Kind, OneTimeToken};
use totp_rs::{Builder, Secret, Totp};

/// How long one has for the second step.
const STEP: Span = Span::minutes(10);
/// Wrong codes of one person within the window before they have to wait.
const FAILURES: i64 = 10;
/// Recovery codes that are made at once.
const CODES: usize = 10;
/// The name of the setting: the roles that need a second step, with blanks between.
const REQUIRED: &str = "second_step";

/// What comes of a right password.
pub enum LoggedIn {
    /// A session.
    In(Token),
    /// Something more is asked for; the token proves that the password was right.
    Step(Token),
}

impl LoggedIn {
    /// The session, where nothing more is asked for.
    pub fn session(self) -> Option<Token> {
        match self {
            LoggedIn::In(token) => Some(token),
            LoggedIn::Step(_) => None,
        }
    }
}

/// An app that is being set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SetUp {
    /// To be typed where it cannot be photographed: base32.
    pub secret: String,
    /// The squares of the QR code that are dark, row by row.
    pub squares: Vec<Vec<bool>>,
}

/// Who is in between, and what they can go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Between {
    pub email: String,
    pub has: Has,
    /// Where there is no second step yet and one is needed: one to set up.
    pub set_up: Option<SetUp>,
}

/// Longest secret that comes back with a form, in base32: ours have 32, and a picture of a long one cannot be drawn.
const LONGEST_SECRET: usize = 128;

fn key(secret: &str, email: &str) -> Result<Totp> {
    let broken = || Error::from(Refusal::field(Field::Code, Fault::WrongCode));
    if secret.len() > LONGEST_SECRET {
        return Err(broken());
    }
    let secret = Secret::try_from_base32(secret).map_err(|_| broken())?;
    Builder::new().with_secret(secret).with_issuer(Some("Balie")).with_account_name(email.replace(':', " ")).build().map_err(|_| broken())
}

/// Makes a secret for an app; nothing is kept until it was seen to work.
pub fn set_up(email: &str) -> Result<SetUp> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    again(&Secret::from(bytes.to_vec()).to_base32(), email)
}

/// The same secret once more, for a form that came back.
pub fn again(secret: &str, email: &str) -> Result<SetUp> {
    let broken = |_| Error::from(std::io::Error::other("the code for an app could not be drawn"));
    let url = key(secret, email)?.to_url().map_err(|_| std::io::Error::other("the address for an app could not be made"))?;
    let code = QrCode::encode_text(&url, QrCodeEcc::Medium).map_err(broken)?;
    let squares = (0..code.size()).map(|y| (0..code.size()).map(|x| code.get_module(x, y)).collect()).collect();
    Ok(SetUp { secret: secret.to_owned(), squares })
}

/// The step a code is of at this moment, where it is one of this secret; the step before and the one after count too, for clocks that are off (RFC 6238, 5.2).
fn step(desk: &Desk, secret: &str, code: &str) -> Result<Option<i64>> {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let seconds = u64::try_from(desk.now().0 / 1_000).unwrap_or_default();
    Ok(key(secret, "")?.check(&code, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn hash(code: &str) -> String {
    let code: String = code.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    hex(&Sha256::digest(code))
}

/// The roles that need a second step.
pub async fn required(desk: &Desk) -> Result<Vec<Role>> {
    required_in(desk.store()).await
}

pub(super) async fn required_in(from: &impl store::Source) -> Result<Vec<Role>> {
    let setting = store::audit::setting(from, REQUIRED).await?.unwrap_or_default();
    Ok(setting.split(' ').filter_map(Role::from_word).collect())
}

/// Requires a second step of these roles and no others. Whoever has none is logged out, and sets one up when they log in. Refuses who has none themselves.
pub async fn require(desk: &Desk, by: &Agent, roles: &[Role]) -> Result<()> {
    by.session().require(domain::permissions::Action::ManageSettings)?;
    let me = by.session().person().id;
    if roles.contains(&by.session().role()) && !store::mfa::of(desk.store(), me).await?.any() {
        return Err(Refusal::field(Field::Setting, Fault::OwnFirst).into());
    }
    let mut change = desk.store().begin().await?;
    let before = required_in(&change).await?;
    let words = |roles: &[Role]| Role::ALL.iter().filter(|role| roles.contains(role)).map(|role| role.word()).collect::<Vec<_>>().join(" ");
    let (was, is) = (words(&before), words(roles));
    store::audit::set_setting(&change, REQUIRED, &is).await?;
    for role in roles.iter().filter(|role| !before.contains(role)) {
        for person in store::people::without_factor(&change, *role).await? {
            store::sessions::end_all(&mut change, person, None).await?;
        }
    }
    audit::note(&change, by.session(), Done::new(Deed::SettingChanged, REQUIRED, None).changed(&was, &is), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Lets someone in whose password was right, or asks for the second step; `account` is as this change sees it.
pub(super) async fn enter(desk: &Desk, change: &Change, account: &Account, origin: &Origin) -> Result<LoggedIn> {
    Ok(match second_step(desk, change, account).await? {
        Some(token) => LoggedIn::Step(token),
        None => LoggedIn::In(begin(change, account, origin, desk.now()).await?),
    })
}

/// Whether something more is asked of this account than a password, and the token to go on with.
async fn second_step(desk: &Desk, change: &Change, account: &Account) -> Result<Option<Token>> {
    let has = store::mfa::of(change, account.person.id).await?;
    if !has.any() && !required_in(change).await?.contains(&account.person.role) {
        return Ok(None);
    }
    let pass = OneTimeToken { kind: Kind::Factor, person: Some(account.person.id), email: account.person.email.clone(), data: String::new() };
    Ok(Some(Token(super::registration::pass(desk, change, pass, STEP).await?)))
}

async fn between_account(desk: &Desk, token: &str) -> Result<Account> {
    let pass =
        store::one_time_tokens::find(desk.store(), &super::registration::hash(token), desk.now()).await?.filter(|pass| pass.kind == Kind::Factor);
    let person = pass.and_then(|pass| pass.person).ok_or(Refusal::WrongCredentials)?;
    Ok(store::accounts::by_id(desk.store(), person).await?.filter(|account| !account.disabled).ok_or(Refusal::WrongCredentials)?)
}

/// Who is in between, and what they can go on with. Refuses with [`Refusal::WrongCredentials`] where the token is none, or its time is over.
pub async fn between(desk: &Desk, token: &str, secret: Option<&str>) -> Result<Between> {
    let account = between_account(desk, token).await?;
    let (has, email) = (store::mfa::of(desk.store(), account.person.id).await?, account.person.email);
    let set_up = match secret {
        _ if has.any() => None,
        Some(secret) => Some(again(secret, &email)?),
        None => Some(set_up(&email)?),
    };
    Ok(Between { email, has, set_up })
}

fn tries_of(person: PersonId) -> String {
    format!("code:{person}")
}

/// Goes on with a code: of the app, a recovery code, or the first of an app that is set up with `secret`; then recovery codes come with the session.
pub async fn go_on(desk: &Desk, token: &str, secret: Option<&str>, code: &str, origin: &Origin) -> Result<(Token, Vec<String>)> {
    let account = between_account(desk, token).await?;
    rate_limit::count(desk, &tries_of(account.person.id), FAILURES).await?;
    let gone_on = with_code(desk, &account, token, secret, code, origin).await;
    if let Err(Error::Refused(Refusal::Fields(_))) = &gone_on {
        failed(desk, &account, Deed::SecondStepFailed, origin).await?;
    }
    gone_on
}

async fn with_code(desk: &Desk, account: &Account, token: &str, secret: Option<&str>, code: &str, origin: &Origin) -> Result<(Token, Vec<String>)> {
    let (person, now) = (&account.person, desk.now());
    let who = Named::new(person.id, person.name.clone());
    let wrong = || Error::from(Refusal::field(Field::Code, Fault::WrongCode));
    let change = desk.store().begin().await?;
    still(&change, account).await?;
    let has = store::mfa::of(&change, person.id).await?;
    let known = store::mfa::totp(&change, person.id).await?;
    let mut codes = vec![];
    match (known, secret) {
        (None, Some(secret)) if !has.any() => {
            let step = step(desk, secret, code)?.ok_or_else(wrong)?;
            codes = add_app(&change, &who, &person.email, secret, step, origin, now).await?;
        }
        // What stands in for a second step does so only where there is one.
        (known, _) if has.any() => {
            let step = known.map_or(Ok(None), |secret| step(desk, &secret, code))?;
            let is_used = match step {
                Some(step) => store::mfa::use_step(&change, person.id, step).await?,
                None => store::mfa::use_recovery_code(&change, person.id, &hash(code)).await?,
            };
            if !is_used {
                return Err(wrong());
            }
            if step.is_none() {
                audit::write(&change, Some(&who), origin, Done::new(Deed::RecoveryCodeUsed, &person.email, Some(person.id)), now).await?;
            }
        }
        _ => return Err(wrong()),
    }
    // Of two who go on at once, one does.
    store::one_time_tokens::take(&change, &super::registration::hash(token), now).await?.ok_or(Refusal::WrongCredentials)?;
    store::sessions::forget_failures(&change, &tries_of(person.id)).await?;
    let session = begin(&change, account, origin, now).await?;
    change.commit().await?;
    Ok((session, codes))
}

/// Keeps an app that was seen to work, and makes recovery codes.
async fn add_app(
    change: &Change,
    who: &Named<PersonId>,
    email: &str,
    secret: &str,
    step: i64,
    origin: &Origin,
    now: domain::time::Moment,
) -> Result<Vec<String>> {
    store::mfa::add_totp(change, who.id, secret, step, now).await.map_err(|error| match error {
        store::Error::Taken => Error::from(Refusal::field(Field::Code, Fault::Taken)),
        other => other.into(),
    })?;
    audit::write(change, Some(who), origin, Done::new(Deed::FactorAdded, email, Some(who.id)).changed("", "app"), now).await?;
    make_codes(change, who.id).await
}

async fn make_codes(change: &Change, person: PersonId) -> Result<Vec<String>> {
    let mut codes = vec![];
    for _ in 0..CODES {
        // 80 bits each, in four groups of five.
        let hex = random_hex()?;
        codes.push(hex.as_bytes()[..20].chunks(5).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join("-"));
    }
    let hashes: Vec<String> = codes.iter().map(|code| hash(code)).collect();
    store::mfa::set_recovery_codes(change, person, &hashes).await?;
    Ok(codes)
}

/// What one has besides a password.
pub async fn factors(desk: &Desk, by: &Session) -> Result<Has> {
    Ok(store::mfa::of(desk.store(), by.person().id).await?)
}

/// Adds an app to one's own account, with a code that it made; gives recovery codes, which are shown once. Refuses a wrong password and a wrong code.
pub async fn add_own_app(desk: &Desk, by: &Session, password: &str, secret: &str, code: &str) -> Result<Vec<String>> {
    prove(desk, by, password).await?;
    rate_limit::count(desk, &tries_of(by.person().id), FAILURES).await?;
    let step = step(desk, secret, code)?.ok_or_else(|| Refusal::field(Field::Code, Fault::WrongCode))?;
    let change = desk.store().begin().await?;
    still(&change, &by.account).await?;
    let codes = add_app(&change, &by.named(), &by.person().email, secret, step, by.origin(), desk.now()).await?;
    change.commit().await?;
    Ok(codes)
}

/// Takes the app of one's own account away, with its recovery codes. Refuses a wrong password, and where the role needs a second step and there is no passkey.
pub async fn remove_own_app(desk: &Desk, by: &Session, password: &str) -> Result<()> {
    prove(desk, by, password).await?;
    let person = by.person();
    let change = desk.store().begin().await?;
    still(&change, &by.account).await?;
    let has = store::mfa::of(&change, person.id).await?;
    if has.passkeys == 0 && required_in(&change).await?.contains(&person.role) {
        return Err(Refusal::NotAllowed.into());
    }
    store::mfa::remove_totp(&change, person.id).await?;
    audit::note(&change, by, Done::new(Deed::FactorRemoved, &person.email, Some(person.id)).changed("app", ""), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Makes new recovery codes, shown once; the old ones are worth nothing. Refuses a wrong password, and who has no second step.
pub async fn new_recovery_codes(desk: &Desk, by: &Session, password: &str) -> Result<Vec<String>> {
    prove(desk, by, password).await?;
    let person = by.person();
    let change = desk.store().begin().await?;
    still(&change, &by.account).await?;
    if !store::mfa::of(&change, person.id).await?.any() {
        return Err(Refusal::NotAllowed.into());
    }
    let codes = make_codes(&change, person.id).await?;
    audit::note(&change, by, Done::new(Deed::RecoveryCodesMade, &person.email, Some(person.id)), desk.now()).await?;
    change.commit().await?;
    Ok(codes)
}

/// Takes everything besides the password away from someone who lost it; for admins. Refuses to leave no admin who can log in.
pub async fn reset_factors(desk: &Desk, by: &Agent, id: PersonId) -> Result<()> {
    by.session().require(domain::permissions::Action::ManageStaff)?;
    let mut change = desk.store().begin().await?;
    let person = store::people::locked(&change, id).await?.ok_or(Refusal::NotFound)?.person;
    store::mfa::remove_all(&change, id).await?;
    if person.role == Role::Admin && store::accounts::admins(&change).await? == 0 {
        return Err(Refusal::field(Field::Role, Fault::LastAdmin).into());
    }
    store::sessions::end_all(&mut change, id, None).await?;
    audit::note(&change, by.session(), Done::new(Deed::FactorRemoved, &person.email, Some(id)), desk.now()).await?;
    Ok(change.commit().await?)
}
