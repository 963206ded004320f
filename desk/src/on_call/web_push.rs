//! Web push: telling the browsers of who is on call, also when they are closed (RFC 8030, 8291 and 8292).
//!
//! Invariant: what is told is encrypted for the one browser; its push service sees when, not what.

use super::pager::send;
use crate::accounts::Agent;
use crate::{Desk, Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use domain::permissions::Action;
use domain::tickets::Ticket;
use domain::time::Span;
use domain::{Fault, Field, Refusal};
use http::StatusCode;
use i18n as w;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde::Deserialize;
use serde_json::json;
use store::push_subscriptions::{self, Browser};
use url::{Host, Url};
use web_push_native::p256::PublicKey;
use web_push_native::{Auth, encrypt};

/// Browsers of one person that are told at most.
const MOST: i64 = 10;
/// Longest address of a push service.
const LONGEST: usize = 2_000;
/// Characters of a subject that are shown: a push message holds 4,096 bytes (RFC 8291).
const SHOWN: usize = 200;
/// As long a push service keeps it for a browser that cannot be reached: by then others have been told long ago.
const KEPT: Span = Span::hours(1);
/// How long a proof of who sends is valid; a day is the most (RFC 8292).
const PROVEN: Span = Span::hours(12);

/// What a browser says of itself where it can be told.
#[derive(Deserialize)]
struct Subscription {
    endpoint: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

/// How a push service answered.
pub(super) enum Outcome {
    Taken,
    /// It knows no such browser any more.
    Gone,
    Later(String),
}

/// The key by which push services know this installation, in base64 for the browser; every node has the same.
pub async fn push_key(desk: &Desk) -> Result<String> {
    Ok(BASE64.encode(pair(desk).await?.public_key()))
}

async fn pair(desk: &Desk) -> Result<EcdsaKeyPair> {
    let broken = |_| Error::from(std::io::Error::other("the key for push services"));
    let (random, fixed) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let fresh = EcdsaKeyPair::generate_pkcs8(fixed, &random).map_err(broken)?;
    // The first of all nodes is kept.
    let kept = store::mail::secret(desk.store(), "push", &BASE64.encode(fresh)).await?;
    let bytes = BASE64.decode(kept).map_err(std::io::Error::other)?;
    EcdsaKeyPair::from_pkcs8(fixed, &bytes, &random).map_err(|_| Error::from(std::io::Error::other("the key for push services cannot be read")))
}

/// Tells the browser that asks of every alarm of its owner from now on, as long as the session lasts; it is told so at once, and refused where its push service does not take it.
pub async fn add_browser(desk: &Desk, by: &Agent, subscription: &str) -> Result<()> {
    by.session().require(Action::SeeRotas)?;
    let (session, now) = (by.session(), desk.now());
    let refused = |fault| Error::from(Refusal::field(Field::Browser, fault));
    let found: Subscription = serde_json::from_str(subscription).map_err(|_| refused(Fault::Unknown))?;
    let browser = Browser {
        id: 0,
        owner: session.named(),
        language: session.language().unwrap_or_default(),
        endpoint: found.endpoint,
        key: found.keys.p256dh,
        auth: found.keys.auth,
    };
    if browser.endpoint.len() > LONGEST || address(desk, &browser.endpoint).is_none() || keys(&browser).is_none() {
        return Err(refused(Fault::Unknown));
    }
    let l = browser.language;
    let link = format!("{}/on-call", desk.mail().settings.base_url);
    let hello = json!({ "title": w::push_on_title(l), "body": w::push_on_text(l), "tag": "on", "link": link }).to_string();
    match push(desk, &browser, "on", &hello).await {
        Outcome::Taken => {}
        Outcome::Gone => return Err(refused(Fault::Unsent)),
        Outcome::Later(reason) => {
            tracing::warn!(reason, "a push service did not take a message");
            return Err(refused(Fault::Unsent));
        }
    }
    let change = desk.store().begin().await?;
    push_subscriptions::add(&change, session.id(), &browser, now, MOST).await?;
    Ok(change.commit().await?)
}

/// Tells one of one's own browsers no more.
pub async fn remove_browser(desk: &Desk, by: &Agent, endpoint: &str) -> Result<()> {
    let change = desk.store().begin().await?;
    push_subscriptions::remove(&change, by.session().person().id, endpoint).await?;
    Ok(change.commit().await?)
}

/// Whether this browser is one of one's own that are told.
pub async fn is_told(desk: &Desk, by: &Agent, endpoint: &str) -> Result<bool> {
    let own = push_subscriptions::of(desk.store(), by.session().person().id, desk.now()).await?;
    Ok(own.iter().any(|browser| browser.endpoint == endpoint))
}

/// What a browser shows of an alarm.
pub(super) fn body(desk: &Desk, browser: &Browser, ticket: &Ticket) -> String {
    let (l, id) = (browser.language, ticket.id);
    let subject: String = ticket.subject.chars().take(SHOWN).collect();
    let of = [ticket.organisation.as_ref().map(|o| o.name.as_str()), Some(ticket.department.name.as_str())];
    json!({
        "title": w::push_title(l, subject), "body": format!("#{id} · {}", of.into_iter().flatten().collect::<Vec<_>>().join(" · ")), "tag": format!("ticket-{id}"),
        "link": format!("{}/tickets/{id}", desk.mail().settings.base_url), "ticket": id, "take": w::alarm_take(l),
    })
    .to_string()
}

/// The hosts of the push services that browsers have. Another address would let whoever turns messages on make this server ask any machine that it can reach.
const SERVICES: [&str; 4] = ["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"];

/// Where a push service takes messages; or one on this machine, where Balie itself is reached on it alone and the operator names it, as while it is developed.
fn address(desk: &Desk, endpoint: &str) -> Option<Url> {
    let url = Url::parse(endpoint).ok()?;
    let is_developed = Url::parse(&desk.mail().settings.base_url).is_ok_and(|base| is_loopback(&base)) && is_loopback(&url);
    let host = url.host_str()?;
    let is_service = SERVICES.iter().any(|service| host.strip_suffix(service).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let is_right = (url.scheme() == "https" && url.port().is_none() && is_service) || (is_developed && matches!(url.scheme(), "http" | "https"));
    is_right.then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn keys(browser: &Browser) -> Option<(PublicKey, Auth)> {
    let read = |text: &str| BASE64.decode(text.trim_end_matches('=')).ok();
    let auth: [u8; 16] = read(&browser.auth)?.try_into().ok()?;
    Some((PublicKey::from_sec1_bytes(&read(&browser.key)?).ok()?, auth.into()))
}

/// Hands a message to the push service of a browser; of those with the same topic it keeps the last.
pub(super) async fn push(desk: &Desk, browser: &Browser, topic: &str, body: &str) -> Outcome {
    let sent = async {
        let (Some(url), Some((key, auth))) = (address(desk, &browser.endpoint), keys(browser)) else { return Ok(StatusCode::GONE) };
        let encrypted = encrypt(body.as_bytes().to_vec(), &key, &auth).map_err(|error| error.to_string())?;
        let pair = pair(desk).await.map_err(|error| error.to_string())?;
        let proof = proof(desk, &pair, &url).map_err(|error| error.to_string())?;
        let request = http::Request::post(url.as_str())
            .header(http::header::CONTENT_TYPE, "application/octet-stream")
            .header(http::header::CONTENT_ENCODING, "aes128gcm")
            .header(http::header::AUTHORIZATION, format!("vapid t={proof}, k={}", BASE64.encode(pair.public_key())))
            .header("ttl", KEPT.0 / 1_000)
            .header("urgency", "high")
            .header("topic", topic);
        send(desk, request, encrypted).await
    };
    match sent.await {
        Ok(status) if status.is_success() => Outcome::Taken,
        Ok(StatusCode::NOT_FOUND | StatusCode::GONE) => Outcome::Gone,
        Ok(status) => Outcome::Later(format!("it answered {status}")),
        Err(reason) => Outcome::Later(reason),
    }
}

/// The proof of who sends (RFC 8292): a token (RFC 7519) for this push service, signed with ES256.
fn proof(desk: &Desk, pair: &EcdsaKeyPair, to: &Url) -> Result<String> {
    let settings = &desk.mail().settings;
    let until = (desk.now() + PROVEN).0 / 1_000;
    let claims = json!({ "aud": to.origin().ascii_serialization(), "exp": until, "sub": format!("mailto:{}", settings.sender.address) });
    let signed = format!("{}.{}", BASE64.encode(r#"{"typ":"JWT","alg":"ES256"}"#), BASE64.encode(claims.to_string()));
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| std::io::Error::other("it could not be signed"))?;
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}
