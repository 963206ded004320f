//! The server functions of accounts.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::notifications::Paces;
use domain::time::Moment;
use domain::tokens::ApiToken;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a link that was mailed is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Came {
    /// Whether it is for who has an account and wants another password.
    pub is_reset: bool,
    pub email: String,
    pub name: String,
}

/// One's own account, with what the reader of the page does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Own {
    pub time_zone: String,
    pub paces: Paces,
    /// The address that waits for both ends to say yes.
    pub wished: Option<String>,
    pub has_password: bool,
    pub sessions: Vec<OpenSession>,
    /// Every time zone there is.
    pub zones: Vec<String>,
    /// Whether an app makes codes for a second step.
    pub has_app: bool,
    pub recovery_codes: i64,
    pub passkeys: Vec<OwnPasskey>,
    /// An app that is being set up.
    pub set_up: Option<AppSetUp>,
    /// API tokens; customers have none.
    pub tokens: Vec<ApiToken>,
}

/// A passkey, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OwnPasskey {
    pub id: String,
    pub name: String,
    pub created_at: Moment,
    pub used_at: Option<Moment>,
}

/// An app that is being set up: what is typed, and the dark squares of the QR code, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AppSetUp {
    pub secret: String,
    pub squares: Vec<Vec<bool>>,
}

/// Who gave the right password and is asked for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Between {
    pub email: String,
    pub has_app: bool,
    pub has_passkey: bool,
    /// Where there is nothing yet and something is needed.
    pub set_up: Option<AppSetUp>,
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OpenSession {
    pub id: String,
    /// What the browser calls itself.
    pub device: String,
    pub address: String,
    pub created_at: Moment,
    pub seen_at: Moment,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Begins a session and goes on to `next`. `carry` holds a form that was sent without one; the server shows it again, filled in.
#[server(endpoint = "log_in")]
pub async fn log_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    #[server(default)] next: String,
    #[server(default)] carry: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::LogIn)?;
    let logged_in = desk::accounts::log_in(&desk, &email, &password, &backend::asking().origin()).await.map_err(backend::report)?;
    drop(carry);
    backend::enter(&logged_in, &next);
    Ok(())
}

/// What the second step of logging in asks for; nothing where no password was given a moment ago. `secret` is that of a form that came back.
#[server(endpoint = "factor_facts")]
pub async fn factor_facts(#[server(default)] secret: String) -> Result<Option<Between>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::LogIn)?;
    let secret = Some(secret.as_str()).filter(|secret| !secret.is_empty());
    let between = match desk::accounts::between(&desk, &backend::asking().factor, secret).await {
        Ok(between) => between,
        Err(error) if error.refusal() == Some(&domain::Refusal::WrongCredentials) => return Ok(None),
        Err(error) => return Err(backend::report(error)),
    };
    let set_up = between.set_up.map(backend::set_up);
    Ok(Some(Between { email: between.email, has_app: between.has.totp, has_passkey: between.has.passkeys > 0, set_up }))
}

/// The second step of logging in. Gives recovery codes where an app was set up with it: the page that follows shows them once.
#[server(endpoint = "factor")]
pub async fn factor(
    #[server(default)] code: String,
    #[server(default)] secret: String,
    #[server(default)] next: String,
    #[server(default)] carry: String,
) -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::LogIn)?;
    let asking = backend::asking();
    let secret = Some(secret.as_str()).filter(|secret| !secret.is_empty());
    let (token, codes) = desk::accounts::go_on(&desk, &asking.factor, secret, &code, &asking.origin()).await.map_err(backend::report)?;
    drop(carry);
    backend::begin_session(&token);
    backend::go(if codes.is_empty() { &next } else { "/account" });
    Ok(codes.join(" "))
}

/// A challenge for whoever has a passkey: its token, and what the browser is asked.
#[server(endpoint = "ask_passkey")]
pub async fn ask_passkey() -> Result<(String, String), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::LogIn)?;
    let challenge = desk::accounts::ask_passkey(&desk, &backend::asking().origin()).await.map_err(backend::report)?;
    Ok((challenge.token, challenge.options))
}

/// Logs in with the answer to a challenge.
#[server(endpoint = "passkey_log_in")]
pub async fn passkey_log_in(token: String, answer: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::LogIn)?;
    let begun = desk::accounts::log_in_by_passkey(&desk, &token, &answer, &backend::asking().origin()).await.map_err(backend::report)?;
    backend::begin_session(&begun);
    Ok(())
}

/// Goes on to `next` after a log-in that was no form of its own. `carry` holds a form that was sent without a session; the server shows it again, filled in.
#[server(endpoint = "go_on_with")]
pub async fn go_on_with(#[server(default)] next: String, #[server(default)] carry: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    backend::anyone(Action::LogIn)?;
    drop(carry);
    backend::go(&next);
    Ok(())
}

/// Ends the session, here and in every open tab.
#[server(endpoint = "log_out")]
pub async fn log_out() -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::anyone(Action::LogOut)?;
    if let Some(session) = session {
        desk::accounts::log_out(&desk, &session).await.map_err(backend::report)?;
    }
    backend::forget_session();
    backend::go("/log-in");
    Ok(())
}

/// Keeps a language or a theme: in the account, or in a cookie where there is none.
#[server(endpoint = "prefer")]
pub async fn prefer(#[server(default)] language: String, #[server(default)] theme: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::accounts::{Language, Theme};
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal};
    let (desk, session) = backend::anyone(Action::SetPreferences)?;
    let (chosen, shown) = (Language::from_tag(&language), Theme::from_word(&theme));
    if (chosen.is_none() && !language.is_empty()) || (shown.is_none() && !theme.is_empty()) {
        return Err(backend::report(Refusal::field(Field::Preference, Fault::Unknown).into()));
    }
    if let Some(session) = session {
        desk::accounts::prefer(&desk, &session, chosen, shown).await.map_err(backend::report)?;
    }
    if let Some(language) = chosen {
        backend::set_cookie(&format!("language={}; Path=/; SameSite=Lax; Max-Age=31536000", language.tag()));
    }
    if let Some(theme) = shown {
        backend::set_cookie(&format!("theme={}; Path=/; SameSite=Lax; Max-Age=31536000", theme.word()));
    }
    Ok(())
}

/// Takes the clock of the browser, or keeps that of the account in this browser.
#[server(endpoint = "set_zone")]
pub async fn set_zone(#[server(default)] zone: String, #[server(default)] keep: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    if keep.is_empty() {
        desk::accounts::change_time_zone(&desk, &session, &zone).await.map_err(backend::report)?;
    } else {
        backend::keep_zone(&zone);
    }
    Ok(())
}

/// Asks for a link to choose another password with; the answer is the same whether anyone has the address.
#[server(endpoint = "forgot")]
pub async fn forgot(#[server(default)] email: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let asking = backend::asking();
    desk::accounts::ask_reset(&desk, &email, asking.language, &asking.origin()).await.map_err(backend::report)?;
    backend::go("/log-in/forgot?sent=1");
    Ok(())
}

/// Asks for an account where one's organisation lets its people in.
#[server(endpoint = "sign_up")]
pub async fn sign_up(#[server(default)] name: String, #[server(default)] email: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let asking = backend::asking();
    desk::accounts::sign_up(&desk, &name, &email, asking.language, &asking.origin()).await.map_err(backend::report)?;
    backend::go("/sign-up?sent=1");
    Ok(())
}

/// What a link that was mailed is for.
#[server(endpoint = "join_facts")]
pub async fn join_facts(token: String) -> Result<Came, Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let came = desk::accounts::asked(&desk, &token).await.map_err(backend::report)?;
    let came = came.ok_or_else(|| backend::report(Refusal::NotFound.into()))?;
    Ok(Came { is_reset: came.kind == desk::accounts::PassKind::Reset, email: came.email, name: came.name })
}

/// Uses a link that was mailed: keeps the password, and logs in.
#[server(endpoint = "join")]
pub async fn join(token: String, #[server(default)] name: String, #[server(default)] password: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let logged_in = desk::accounts::accept(&desk, &token, &name, &password, &backend::asking().origin()).await.map_err(backend::report)?;
    backend::enter(&logged_in, "/");
    Ok(())
}

/// One's own account; with an app to set up where that is asked for, `secret` being that of a form that came back.
#[server(endpoint = "own_account")]
pub async fn own_account(#[server(default)] set_up: bool, #[server(default)] secret: String) -> Result<Own, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let own = desk::accounts::own(&desk, &session).await.map_err(backend::report)?;
    let read = async {
        let has = desk::accounts::factors(&desk, &session).await?;
        let app = match secret.as_str() {
            _ if has.totp || (!set_up && secret.is_empty()) => None,
            "" => Some(desk::accounts::set_up(&session.person().email)?),
            secret => Some(desk::accounts::again(secret, &session.person().email)?),
        };
        let tokens = match session.agent() {
            Ok(agent) => desk::accounts::tokens(&desk, &agent).await?,
            Err(_) => vec![],
        };
        Ok((has, desk::accounts::passkeys(&desk, &session).await?, app, tokens))
    };
    let (has, passkeys, app, tokens) = read.await.map_err(backend::report)?;
    let sessions = own.sessions.into_iter().map(|open| backend::open_session(open, Some(&session))).collect();
    Ok(Own {
        time_zone: session.time_zone().to_owned(),
        paces: session.paces(),
        wished: own.wished,
        has_password: own.has_password,
        sessions,
        zones: backend::zones_with(session.time_zone()),
        has_app: has.totp,
        recovery_codes: has.recovery_codes,
        passkeys: passkeys
            .into_iter()
            .map(|key| OwnPasskey { id: key.id, name: key.name, created_at: key.created_at, used_at: key.used_at })
            .collect(),
        set_up: app.map(backend::set_up),
        tokens,
    })
}

/// Changes one's own name and time zone.
#[server(endpoint = "set_own")]
pub async fn set_own(#[server(default)] name: String, #[server(default)] time_zone: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::change_own(&desk, &session, &name, &time_zone).await.map_err(backend::report)?;
    backend::go("/account?kept=own");
    Ok(())
}

/// Chooses how soon one is told by mail, for each kind of reason.
#[server(endpoint = "set_notifications")]
pub async fn set_notifications(
    own: String,
    cc: String,
    #[server(default)] assigned: String,
    #[server(default)] mention: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::notifications::Pace;
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal};
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let had = session.paces();
    let read = |word: &str, had: Pace| {
        if word.is_empty() {
            Ok(had)
        } else {
            Pace::from_word(word).ok_or_else(|| backend::report(Refusal::field(Field::Preference, Fault::Unknown).into()))
        }
    };
    let paces =
        Paces { own: read(&own, had.own)?, cc: read(&cc, had.cc)?, assigned: read(&assigned, had.assigned)?, mention: read(&mention, had.mention)? };
    desk::notifications::set_paces(&desk, &session, &paces).await.map_err(backend::report)?;
    backend::go("/account?kept=notifications");
    Ok(())
}

/// Gives oneself another password; every other session ends.
#[server(endpoint = "change_password")]
pub async fn change_password(#[server(default)] password: String, #[server(default)] new_password: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::change_password(&desk, &session, &password, &new_password).await.map_err(backend::report)?;
    backend::go("/account?kept=password");
    Ok(())
}

/// Asks for another address: a link goes to the old one and one to the new one.
#[server(endpoint = "ask_address")]
pub async fn ask_address(#[server(default)] password: String, #[server(default)] email: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::ask_address(&desk, &session, &password, &email).await.map_err(backend::report)?;
    backend::go("/account?kept=address");
    Ok(())
}

/// The address that a link of a change of address is about.
#[server(endpoint = "address_facts")]
pub async fn address_facts(token: String) -> Result<String, Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let email = desk::accounts::moving_to(&desk, &token).await.map_err(backend::report)?;
    email.ok_or_else(|| backend::report(Refusal::NotFound.into()))
}

/// One end of a change of address says yes.
#[server(endpoint = "agree_address")]
pub async fn agree_address(token: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::ComeIn)?;
    let is_done = desk::accounts::agree_to_address(&desk, &token, &backend::asking().origin()).await.map_err(backend::report)?;
    backend::go(&if is_done { "/log-in?moved=1".to_owned() } else { format!("/account/address/{token}?half=1") });
    Ok(())
}

/// Ends one of one's own sessions; all others where none is named.
#[server(endpoint = "end_session")]
pub async fn end_session(#[server(default)] id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let id = Some(id.as_str()).filter(|id| !id.is_empty());
    desk::accounts::end_own_session(&desk, &session, id).await.map_err(backend::report)?;
    if id == Some(session.id()) {
        backend::forget_session();
    }
    backend::go("/account?kept=session#sessions");
    Ok(())
}

/// Adds an app that makes codes to one's own account. Gives recovery codes: the page that follows shows them once.
#[server(endpoint = "add_app")]
pub async fn add_app(#[server(default)] password: String, secret: String, #[server(default)] code: String) -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let codes = desk::accounts::add_own_app(&desk, &session, &password, &secret, &code).await.map_err(backend::report)?;
    backend::go("/account");
    Ok(codes.join(" "))
}

/// Takes the app of one's own account away.
#[server(endpoint = "remove_app")]
pub async fn remove_app(#[server(default)] password: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::remove_own_app(&desk, &session, &password).await.map_err(backend::report)?;
    backend::go("/account?kept=factor#second");
    Ok(())
}

/// Makes new recovery codes: the page that follows shows them once.
#[server(endpoint = "new_codes")]
pub async fn new_codes(#[server(default)] password: String) -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let codes = desk::accounts::new_recovery_codes(&desk, &session, &password).await.map_err(backend::report)?;
    backend::go("/account");
    Ok(codes.join(" "))
}

/// A challenge to add a passkey with: its token, and what the browser is asked.
#[server(endpoint = "begin_passkey")]
pub async fn begin_passkey(#[server(default)] password: String) -> Result<(String, String), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    let challenge = desk::accounts::begin_passkey(&desk, &session, &password).await.map_err(backend::report)?;
    Ok((challenge.token, challenge.options))
}

/// Adds the passkey that answers a challenge.
#[server(endpoint = "add_passkey")]
pub async fn add_passkey(token: String, #[server(default)] name: String, answer: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::add_passkey(&desk, &session, &token, &name, &answer).await.map_err(backend::report)
}

/// Takes a passkey of one's own away.
#[server(endpoint = "remove_passkey")]
pub async fn remove_passkey(id: String, #[server(default)] password: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, session) = backend::someone(Action::OwnAccount)?;
    desk::accounts::remove_passkey(&desk, &session, &password, &id).await.map_err(backend::report)?;
    backend::go("/account?kept=factor#second");
    Ok(())
}

/// Makes an API token: the page that follows shows its secret once.
#[server(endpoint = "make_token")]
pub async fn make_token(
    #[server(default)] name: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] days: String,
    #[server(default)] password: String,
) -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, agent) = backend::agent(Action::OwnTokens)?;
    let secret = desk::accounts::make_token(&desk, &agent, &password, &name, &scopes, &days).await.map_err(backend::report)?;
    backend::go("/account");
    Ok(secret)
}

/// Takes an API token of one's own away.
#[server(endpoint = "revoke_token")]
pub async fn revoke_token(id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, agent) = backend::agent(Action::OwnTokens)?;
    desk::accounts::revoke_token(&desk, &agent, backend::id(&id)?).await.map_err(backend::report)?;
    backend::go("/account?kept=token#tokens");
    Ok(())
}
