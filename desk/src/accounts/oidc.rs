//! OpenID Connect: logging in at a provider that knows who someone is.
//!
//! Invariants: an account is linked only by its own address, one that the provider has verified; after that issuer and subject say who it is, whatever the address becomes.
//! What comes back is taken only in the browser it was asked from, once. Only this module names openidconnect.

mod claims;

use self::claims::Claims;
use super::log_in::begin as begin_session;
use super::session::Token;
use super::{random_hex, rate_limit, registration};
use crate::audit::{self, Done, Origin};
use crate::http::{Fault, Http};
use crate::{Desk, Error, Internal, Result, tickets};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::accounts::{EmailAddress, Role};
use domain::audit::Deed;
use domain::time::{Moment, Span};
use domain::{PersonId, Refusal};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use store::accounts::{Account, NewPerson};
use store::one_time_tokens::{Kind, OneTimeToken};
use tokio::sync::Mutex;
use url::Url;

/// How long one may be away at the provider.
const AWAY: Span = Span::minutes(15);
/// What the provider says of itself is asked for anew after this long.
const FRESH: Span = Span::hours(1);

/// How the provider is reached, and what its claims mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Settings {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    /// What the button says.
    pub name: String,
    /// The claim that lists someone's groups.
    pub claim: String,
    /// Which role a group gives; where there are any, they alone decide about staff.
    pub roles: Vec<(String, Role)>,
    /// The domains whose addresses are believed of this provider also where it does not say that it verified them.
    pub vouched_domains: Vec<String>,
    /// The address people use for Balie, without a slash at its end.
    pub base_url: String,
}

/// A provider.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    http: Http,
    metadata: Mutex<Option<(Moment, CoreProviderMetadata)>>,
}

/// What is kept while someone is away.
#[derive(Serialize, Deserialize)]
struct Trip {
    nonce: String,
    verifier: String,
    next: String,
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault::new(error)
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

impl Provider {
    /// A provider with these settings; nothing is asked of it yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, http: Http::default(), metadata: Mutex::default() }
    }

    /// The same, asked by this client.
    pub(crate) fn over(self, http: Http) -> Self {
        Self { http, ..self }
    }

    /// The host of its issuer.
    pub(crate) fn host(&self) -> Option<Internal> {
        Url::parse(&self.settings.issuer).ok()?.host_str()?.parse().ok()
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    async fn metadata(&self, now: Moment) -> Result<CoreProviderMetadata, Fault> {
        let mut known = self.metadata.lock().await;
        if let Some((at, metadata)) = &*known
            // A clock that was put back does not make it fresh for longer.
            && (now - *at).0.abs() < FRESH.0
        {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(fault)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(fault)?;
        *known = Some((now, metadata.clone()));
        Ok(metadata)
    }

    fn redirect(&self) -> Result<RedirectUrl, Fault> {
        RedirectUrl::new(format!("{}/log-in/provider/back", self.settings.base_url)).map_err(fault)
    }

    fn secret(&self) -> Option<ClientSecret> {
        self.settings.client_secret.clone().map(ClientSecret::new)
    }

    async fn address(&self, state: &str, trip: &Trip, now: Moment) -> Result<String, Fault> {
        let metadata = self.metadata(now).await?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), self.secret())
            .set_redirect_uri(self.redirect()?);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(trip.verifier.clone()));
        let (state, nonce) = (state.to_owned(), trip.nonce.clone());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let asked = client.authorize_url(flow, move || CsrfToken::new(state), move || Nonce::new(nonce));
        let asked = ["email", "profile"].into_iter().fold(asked, |asked, scope| asked.add_scope(Scope::new(scope.to_owned())));
        Ok(asked.set_pkce_challenge(challenge).url().0.to_string())
    }

    /// What the provider says of whoever came back with this code, checked: its signature, issuer, audience, time and nonce (OpenID Connect Core 1.0, 3.1.3.7).
    async fn claims(&self, code: &str, trip: &Trip, now: Moment) -> Result<Claims, Fault> {
        let metadata = self.metadata(now).await?;
        let userinfo = metadata.userinfo_endpoint().map(|endpoint| endpoint.url().clone());
        let algorithms: Vec<CoreJwsSigningAlgorithm> =
            metadata.id_token_signing_alg_values_supported().iter().filter(|alg| is_asymmetric(alg)).cloned().collect();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), self.secret())
            .set_redirect_uri(self.redirect()?);
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(fault)?;
        let tokens = exchange.set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone())).request_async(&self.http).await.map_err(fault)?;
        let id_token = tokens.id_token().ok_or_else(|| Fault::new("there is no ID token"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(algorithms);
        let verified = id_token.claims(&verifier, &Nonce::new(trip.nonce.clone())).map_err(fault)?;
        let subject = verified.subject().as_str().to_owned();
        // Verified just now: what else is in it is read as it is.
        let text = id_token.to_string();
        let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
        let token: Value = serde_json::from_slice(&payload).map_err(fault)?;
        let info = match userinfo.filter(|_| claims::wants_more(&token, &self.settings)) {
            Some(address) => Some(self.user_info(address.as_str(), tokens.access_token().secret(), &subject).await?),
            None => None,
        };
        Ok(claims::read(subject, &token, info.as_ref(), &self.settings))
    }

    /// What the provider says of someone besides the ID token.
    async fn user_info(&self, address: &str, access_token: &str, subject: &str) -> Result<Value, Fault> {
        let request = http::Request::get(address).header(http::header::AUTHORIZATION, format!("Bearer {access_token}"));
        let answer = self.http.ask(request.body(vec![]).map_err(fault)?).await?;
        let info: Value = serde_json::from_slice(answer.body()).map_err(fault)?;
        // Of someone else it says nothing (OpenID Connect Core 1.0, 5.3.2).
        if info.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(Fault::new("the user info is of someone else"));
        }
        Ok(info)
    }

    /// The highest role that someone's groups give.
    fn role(&self, groups: &[String]) -> Option<Role> {
        self.settings.roles.iter().filter(|(group, _)| groups.contains(group)).map(|(_, role)| *role).max()
    }
}

fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm as A;
    matches!(
        algorithm,
        A::RsaSsaPkcs1V15Sha256
            | A::RsaSsaPkcs1V15Sha384
            | A::RsaSsaPkcs1V15Sha512
            | A::RsaSsaPssSha256
            | A::RsaSsaPssSha384
            | A::RsaSsaPssSha512
            | A::EcdsaP256Sha256
            | A::EcdsaP384Sha384
            | A::EdDsa
    )
}

/// Begins a trip to the provider: its address, and the token that the browser keeps meanwhile. Refuses where there is no provider, or it cannot be reached.
pub async fn begin_trip(desk: &Desk, next: &str, origin: &Origin) -> Result<(String, Token)> {
    let provider = desk.provider().ok_or(Refusal::NotFound)?;
    rate_limit::count_unknown(desk, "provider", origin).await?;
    let trip = Trip { nonce: random_hex()?, verifier: random_hex()?, next: next.to_owned() };
    let data = serde_json::to_string(&trip).map_err(std::io::Error::other)?;
    let change = desk.store().begin().await?;
    let state = registration::pass(desk, &change, OneTimeToken { kind: Kind::Provider, person: None, email: String::new(), data }, AWAY).await?;
    change.commit().await?;
    let address = provider.address(&state, &trip, desk.now()).await.map_err(|error| failed(&error))?;
    Ok((address, Token(state)))
}

fn failed(error: &Fault) -> Error {
    tracing::warn!(%error, "logging in at the provider failed");
    Refusal::WrongCredentials.into()
}

/// Ends a trip: `kept` is what the browser kept, `state` and `code` are what it brought back. Gives a session and where to go on.
/// Refuses with [`Refusal::WrongCredentials`] what is not from this provider, for us, now, in this browser; with [`Refusal::NotAllowed`] someone who has no account and gets none.
pub async fn end_trip(desk: &Desk, kept: &str, state: &str, code: &str, origin: &Origin) -> Result<(Token, String)> {
    let provider = desk.provider().ok_or(Refusal::NotFound)?;
    if kept.is_empty() || kept != state {
        return Err(failed(&Fault::new("it did not begin in this browser")));
    }
    let change = desk.store().begin().await?;
    let pass = store::one_time_tokens::take(&change, &registration::hash(state), desk.now()).await?.filter(|pass| pass.kind == Kind::Provider);
    change.commit().await?;
    let trip: Option<Trip> = pass.and_then(|pass| serde_json::from_str(&pass.data).ok());
    let trip = trip.ok_or_else(|| failed(&Fault::new("it took too long, or came back twice")))?;
    let claims = provider.claims(code, &trip, desk.now()).await.map_err(|error| failed(&error))?;
    let account = match account(desk, provider, &claims, origin).await {
        Ok(account) => account,
        Err(error) => {
            let missing: Vec<String> = claims.missing.iter().map(ToString::to_string).collect();
            tracing::warn!(issuer = provider.settings.issuer, missing = missing.join("; "), "someone whom the provider knows gets no account here");
            let about = claims.email.as_ref().map_or(claims.subject.as_str(), EmailAddress::as_str);
            let change = desk.store().begin().await?;
            audit::write(&change, None, origin, Done::new(Deed::LogInFailed, about, None).changed("", &provider.settings.name), desk.now()).await?;
            change.commit().await?;
            return Err(error);
        }
    };
    let change = desk.store().begin().await?;
    let token = begin_session(&change, &account, origin, desk.now()).await?;
    change.commit().await?;
    Ok((token, trip.next))
}

/// Whose account it is: known by issuer and subject, else by an address that was verified, else a new one where they may have one.
async fn account(desk: &Desk, provider: &Provider, claims: &Claims, origin: &Origin) -> Result<Account> {
    let (issuer, now) = (&provider.settings.issuer, desk.now());
    let linked = store::mfa::identified(desk.store(), issuer, &claims.subject).await?;
    let by_claims = provider.role(&claims.groups).filter(|role| role.is_staff());
    let known = match (linked, &claims.email) {
        (Some(person), _) => store::accounts::by_id(desk.store(), person).await?,
        (None, Some(email)) => store::accounts::by_email(desk.store(), email).await?,
        (None, None) => None,
    };
    let not_allowed = || Error::from(Refusal::NotAllowed);
    let mut change = desk.store().begin().await?;
    let id: PersonId = match &known {
        Some(account) if account.disabled => return Err(not_allowed()),
        // Of one that was merged into theirs, it proves nothing of who they are.
        Some(account) if linked.is_none() && claims.email.as_ref().is_none_or(|email| email.as_str() != account.person.email) => {
            return Err(not_allowed());
        }
        // Where groups decide about staff, who has none is none.
        Some(account) if account.person.role.is_staff() && !provider.settings.roles.is_empty() && by_claims.is_none() => return Err(not_allowed()),
        Some(account) => account.person.id,
        None => {
            let email = claims.email.clone().ok_or_else(not_allowed)?;
            let organisation = store::organisations::open_to(&change, email.domain()).await?.map(|organisation| organisation.id);
            if by_claims.is_none() && organisation.is_none() {
                return Err(not_allowed());
            }
            let name = registration::name(&claims.name).unwrap_or_else(|_| email.as_str().to_owned());
            let person = NewPerson {
                name,
                role: by_claims.unwrap_or(Role::Customer),
                organisation: organisation.filter(|_| by_claims.is_none()),
                key_user: false,
                password_hash: None,
                time_zone: crate::zones::UNKNOWN.to_owned(),
                email,
            };
            let id = store::accounts::add_person(&change, &person, now).await?;
            audit::write(
                &change,
                None,
                origin,
                Done::new(Deed::PersonJoined, person.email.as_str(), Some(id)).changed("", &provider.settings.name),
                now,
            )
            .await?;
            id
        }
    };
    let person = store::people::locked(&change, id).await?.filter(|account| !account.disabled).ok_or_else(not_allowed)?.person;
    if linked.is_none() {
        // An address that was given to another: at the provider they are someone else.
        if store::mfa::has_identity(&change, issuer, id).await? {
            return Err(not_allowed());
        }
        store::mfa::identify(&change, issuer, &claims.subject, id, now).await?;
        audit::write(&change, None, origin, Done::new(Deed::FactorAdded, &person.email, Some(id)).changed("", issuer), now).await?;
    }
    if let Some(role) = by_claims.filter(|role| *role != person.role) {
        store::people::set_place(&change, id, role, None, false).await?;
        store::sessions::end_all(&mut change, id, None).await?;
        store::tokens::remove_all(&change, id).await?;
        audit::write(&change, None, origin, Done::new(Deed::RoleChanged, &person.email, Some(id)).changed(person.role.word(), role.word()), now)
            .await?;
        if person.role == Role::Admin && store::accounts::admins(&change).await? == 0 {
            return Err(not_allowed());
        }
        if let Some(organisation) = &person.organisation {
            tickets::leave_colleagues(desk, &change, None, &[(id, organisation.id)]).await?;
        }
    }
    change.commit().await?;
    store::accounts::by_id(desk.store(), id).await?.ok_or_else(not_allowed)
}
