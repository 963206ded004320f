//! Handing alarms to browsers, and to the pager of a department: a JSON text by POST, signed. Tried again where it was not taken.

use super::web_push::{Outcome, push};
use crate::workers::{Rest, Worker};
use crate::{Desk, Result};
use domain::accounts::Scope;
use domain::time::Span;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::Duration;
use store::on_call::{self, OfDepartment, Signal};
use store::push_subscriptions;
use tokio::task::JoinSet;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// Handing over takes no longer: each of them waits for two answers at most.
const LIMIT: Duration = Duration::from_secs(60);
/// Signals of one look.
const BATCH: u64 = 20;
/// For so long another node leaves them alone: longer than any of them takes.
const LEASE: Span = Span::minutes(1);
/// Times it is tried: over an hour and a half.
const TRIES: u8 = 12;

/// Looks again and again.
pub fn worker() -> Worker {
    Worker::every("signals", EVERY, LIMIT, |desk: Desk| async move {
        hand_over(&desk).await?;
        Ok(Rest::Usual)
    })
}

/// Hands over what is due, all of it at once; gives how many were taken.
pub async fn hand_over(desk: &Desk) -> Result<usize> {
    let now = desk.now();
    let change = desk.store().begin().await?;
    let signals = on_call::take_signals(&change, now, now + LEASE, BATCH).await?;
    if signals.is_empty() {
        return Ok(0);
    }
    change.commit().await?;
    let mut under_way = JoinSet::new();
    for signal in signals {
        let desk = desk.clone();
        under_way.spawn(async move { one(&desk, &signal).await });
    }
    let mut taken = 0;
    while let Some(done) = under_way.join_next().await {
        match done.map_err(std::io::Error::other).map_err(crate::Error::from).and_then(|done| done) {
            Ok(is_taken) => taken += usize::from(is_taken),
            Err(error) => tracing::error!(%error, "an alarm could not be handed over; trying again"),
        }
    }
    Ok(taken)
}

async fn one(desk: &Desk, signal: &Signal) -> Result<bool> {
    if !on_call::is_waiting(desk.store(), signal.id).await? {
        return Ok(false);
    }
    let outcome = match signal.browser {
        None => page(desk, signal).await?,
        Some(id) => show(desk, id, signal).await?,
    };
    let change = desk.store().begin().await?;
    match &outcome {
        Ok(_) => on_call::remove_signal(&change, signal.id).await?,
        Err(reason) if signal.tries >= TRIES => {
            tracing::error!(reason, ticket = %signal.ticket, "a pager or a browser did not take an alarm; given up");
            on_call::remove_signal(&change, signal.id).await?;
        }
        Err(reason) => {
            tracing::warn!(reason, ticket = %signal.ticket, "a pager or a browser did not take an alarm; it is tried again");
            on_call::put_off(&change, signal.id, desk.now() + Span::seconds(i64::from(signal.tries) * i64::from(signal.tries) * 10)).await?;
        }
    }
    change.commit().await?;
    Ok(outcome == Ok(true))
}

/// Tells the pager of the department, where it has one; gives whether it has.
async fn page(desk: &Desk, signal: &Signal) -> Result<Result<bool, String>> {
    let rotas = on_call::rotas(desk.store()).await?;
    let Some(of) = rotas.iter().find(|of| of.department == signal.department && !of.hook.is_empty()) else { return Ok(Ok(false)) };
    Ok(post(desk, of, signal).await.map(|()| true))
}

/// Shows an alarm in a browser, where it is still told and its owner may still read the ticket; gives whether that is so. One that its push service no longer knows is forgotten.
async fn show(desk: &Desk, id: i64, signal: &Signal) -> Result<Result<bool, String>> {
    let Some(browser) = push_subscriptions::find(desk.store(), id, desk.now()).await? else { return Ok(Ok(false)) };
    let hidden = store::departments::hidden_from(desk.store(), browser.owner.id).await?;
    if !store::tickets::is_visible(desk.store(), &Scope::Desk { hidden }, signal.ticket).await? {
        return Ok(Ok(false));
    }
    match push(desk, &browser, &format!("ticket-{}", signal.ticket), &signal.body).await {
        Outcome::Taken => Ok(Ok(true)),
        Outcome::Later(reason) => Ok(Err(reason)),
        Outcome::Gone => {
            let change = desk.store().begin().await?;
            push_subscriptions::forget(&change, id).await?;
            change.commit().await?;
            Ok(Ok(false))
        }
    }
}

/// The signature of a body, as GitHub signs its webhooks: whoever has the secret can check it.
pub(super) fn signature(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(body.as_bytes()).finalize().into_bytes());
    mac.map(|bytes| format!("sha256={}", crate::accounts::hex(&bytes))).unwrap_or_default()
}

async fn post(desk: &Desk, of: &OfDepartment, signal: &Signal) -> Result<(), String> {
    let request = http::Request::post(&of.hook)
        .header(http::header::CONTENT_TYPE, "application/json")
        .header("x-balie-signature", signature(&of.hook_secret, &signal.body));
    let status = send(desk, request, signal.body.clone().into_bytes()).await?;
    if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
}

/// Sends a request; gives how it was answered.
pub(super) async fn send(desk: &Desk, request: http::request::Builder, body: Vec<u8>) -> Result<http::StatusCode, String> {
    let request = request.body(body).map_err(|error| error.to_string())?;
    desk.http().status(request).await.map_err(|error| error.to_string())
}
