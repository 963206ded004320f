//! The server functions of accounts.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use leptos::prelude::*;

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
    let asking = backend::asking();
    let token = desk::accounts::log_in(&desk, &email, &password, asking.address).await.map_err(backend::report)?;
    let secure = if asking.secure { "; Secure" } else { "" };
    let seconds = desk::accounts::SESSION.0 / 1_000;
    backend::set_cookie(&format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
        backend::session_cookie(asking.secure),
        token.as_str()
    ));
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
    let secure = backend::asking().secure;
    backend::set_cookie(&format!(
        "{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        backend::session_cookie(secure),
        if secure { "; Secure" } else { "" }
    ));
    backend::go("/log-in");
    Ok(())
}

/// Keeps a language or a theme: in the account, or in a cookie where there is none; and in the account how one is told by mail.
#[server(endpoint = "prefer")]
pub async fn prefer(#[server(default)] language: String, #[server(default)] theme: String, #[server(default)] mail: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::accounts::{Language, Theme};
    use domain::notifications::Pace;
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal};
    let (desk, session) = backend::anyone(Action::SetPreferences)?;
    let (chosen, shown, pace) = (Language::from_tag(&language), Theme::from_word(&theme), Pace::from_word(&mail));
    if (chosen.is_none() && !language.is_empty()) || (shown.is_none() && !theme.is_empty()) || (pace.is_none() && !mail.is_empty()) {
        return Err(backend::report(Refusal::field(Field::Preference, Fault::Unknown).into()));
    }
    if let Some(session) = session {
        desk::accounts::prefer(&desk, &session, chosen, shown).await.map_err(backend::report)?;
        if let Some(pace) = pace {
            desk::notifications::set_pace(&desk, &session, pace).await.map_err(backend::report)?;
        }
    }
    if let Some(language) = chosen {
        backend::set_cookie(&format!("language={}; Path=/; SameSite=Lax; Max-Age=31536000", language.tag()));
    }
    if let Some(theme) = shown {
        backend::set_cookie(&format!("theme={}; Path=/; SameSite=Lax; Max-Age=31536000", theme.word()));
    }
    Ok(())
}
