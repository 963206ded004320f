//! API tokens: a program's way in, in the name of a member of staff.

use super::log_in::still;
use super::profile::prove_too;
use super::random_hex;
use super::registration::{self, hash};
use super::session::{Agent, Session};
use crate::audit::{self, Done, Origin};
use crate::{Desk, Result};
use domain::audit::Deed;
use domain::permissions::Action;
use domain::time::Span;
use domain::tokens::{ApiToken, TokenScope};
use domain::{Fault, Field, FieldFault, Refusal};

/// How a secret begins, so that who finds one knows what it is, and a search for secrets left in source finds it.
pub const TOKEN_PREFIX: &str = "balie_";
/// Longest life of a token, in days: two years.
pub const MOST_TOKEN_DAYS: i64 = 730;
/// Most tokens of one person.
const MOST_TOKENS: i64 = 50;
/// A token's last use is written down no more often than this.
const TOUCH: Span = Span::minutes(1);

/// One's own tokens, the newest first.
pub async fn tokens(desk: &Desk, by: &Agent) -> Result<Vec<ApiToken>> {
    by.session().require(Action::OwnTokens)?;
    Ok(store::tokens::of(desk.store(), by.session().person().id).await?)
}

/// Makes a token that is valid for so many days, and gives its secret, which is kept nowhere. Refuses what is wrong at its field, and a wrong password.
pub async fn make_token(desk: &Desk, by: &Agent, password: &str, name: &str, scopes: &[String], days: &str) -> Result<String> {
    let session = by.session();
    session.require(Action::OwnTokens)?;
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let name = registration::name(name).map_err(|fault| wrong(Field::Name, fault)).unwrap_or_default();
    let mut allowed: Vec<TokenScope> = scopes.iter().filter_map(|word| TokenScope::from_word(word)).collect();
    allowed.sort_unstable();
    allowed.dedup();
    if scopes.is_empty() {
        wrong(Field::Scopes, Fault::Missing);
    } else if allowed.len() != scopes.len() {
        wrong(Field::Scopes, Fault::Unknown);
    }
    let days = days.trim().parse().ok().filter(|days| (1..=MOST_TOKEN_DAYS).contains(days));
    if days.is_none() {
        wrong(Field::Days, Fault::NotADay);
    }
    prove_too(desk, session, password, faults).await?;
    let Some(days) = days else { return Err(Refusal::field(Field::Days, Fault::NotADay).into()) };
    let (secret, now, person) = (format!("{TOKEN_PREFIX}{}", random_hex()?), desk.now(), session.person());
    let change = desk.store().begin().await?;
    still(&change, &session.account).await?;
    if store::tokens::count(&change, person.id).await? >= MOST_TOKENS {
        return Err(Refusal::field(Field::Name, Fault::TooMany(MOST_TOKENS as u32)).into());
    }
    store::tokens::add(&change, person.id, &hash(&secret), &name, &allowed, now, now + Span::days(days)).await?;
    let is = format!("{name}: {} · {days} d", allowed.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" "));
    audit::note(&change, session, Done::new(Deed::TokenMade, &person.email, Some(person.id)).changed("", &is), now).await?;
    change.commit().await?;
    Ok(secret)
}

/// Takes a token of one's own away; it is worth nothing from then on.
pub async fn revoke_token(desk: &Desk, by: &Agent, id: i64) -> Result<()> {
    by.session().require(Action::OwnTokens)?;
    let person = by.session().person();
    let change = desk.store().begin().await?;
    let name = store::tokens::remove(&change, person.id, id).await?.ok_or(Refusal::NotFound)?;
    audit::note(&change, by.session(), Done::new(Deed::TokenRevoked, &person.email, Some(person.id)).changed(&name, ""), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Whoever made the token with this secret, where it allows this. Refuses with [`Refusal::SignedOut`] a secret that is none, has expired or is of someone who may no longer log in,
/// and with [`Refusal::NotAllowed`] what neither the token nor the owner's role allows.
pub async fn by_token(desk: &Desk, secret: &str, scope: TokenScope, origin: &Origin) -> Result<Agent> {
    let now = desk.now();
    let row = match secret.strip_prefix(TOKEN_PREFIX) {
        Some(rest) if rest.len() == 64 => store::tokens::find(desk.store(), &hash(secret), now).await?,
        _ => None,
    };
    let row = row.ok_or(Refusal::SignedOut)?;
    let from = origin.address();
    if row.used_at.is_none_or(|used| now - used > TOUCH) || row.used_from != from {
        let (desk, id) = (desk.clone(), row.id);
        // Not waited for: a read must not fail, or wait, because the database cannot be written.
        tokio::spawn(async move {
            let touched = async {
                let change = desk.store().begin().await?;
                store::tokens::touch(&change, id, &from, now).await?;
                Ok::<_, crate::Error>(change.commit().await?)
            };
            if let Err(error) = touched.await {
                tracing::warn!(%error, "the use of a token was not written down");
            }
        });
    }
    let session = Session { id: String::new(), account: row.account, hidden: row.hidden, origin: origin.clone() };
    session.require(Action::OwnTokens)?;
    session.require(scope.action())?;
    if !row.scopes.contains(&scope) {
        return Err(Refusal::NotAllowed.into());
    }
    Ok(session.agent()?)
}
