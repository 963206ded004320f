//! Who is asking: the session behind the cookie, the address behind the proxies, the language before there is an account.

use crate::router::AppState;
use app::backend::{Asking, KEPT_ZONE, factor_cookie, session_cookie};
use app::{Returned, ZONE};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use desk::audit::Origin;
use desk::zones::of_browser;
use domain::accounts::{Language, Theme};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a request, in the log and in what a person may quote.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// A number that no other request has: when this program started, and how many came before.
    #[allow(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        static START: std::sync::LazyLock<u64> =
            std::sync::LazyLock::new(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64));
        // Mixed, so that two numbers do not look alike to a person who reads one aloud (the finaliser of splitmix64).
        let mut n = START.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(format!("{:016x}", n ^ (n >> 31)))
    }
}

/// Finds out who is asking before anything else runs.
pub async fn identify(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match asking(&state, &parts.headers, &parts.extensions).await {
        Ok(asking) => {
            parts.extensions.insert(asking);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => {
            tracing::error!(%error, "the session could not be looked up");
            (StatusCode::SERVICE_UNAVAILABLE, "Balie kan nu niet bij de gegevens. Probeer het over een minuut opnieuw.\nBalie cannot reach its data right now. Try again in a minute.\n").into_response()
        }
    }
}

/// Who is asking, from a request's headers.
pub async fn asking(state: &AppState, headers: &HeaderMap, extensions: &Extensions) -> desk::Result<Asking> {
    let session = match cookie(headers, session_cookie(state.config.is_secure())) {
        Some(token) => desk::accounts::session(&state.desk, token).await?,
        None => None,
    };
    let header_language = || headers.get(header::ACCEPT_LANGUAGE).and_then(|h| h.to_str().ok()).map(Language::from_header).unwrap_or_default();
    let Origin { address, device, time_zone } = origin(state, headers, extensions);
    let book = if session.is_some() { Some(desk::hours::book(&state.desk).await?) } else { None };
    Ok(Asking {
        session,
        book,
        address,
        device,
        time_zone,
        kept_zone: cookie(headers, KEPT_ZONE).and_then(of_browser).map(str::to_owned),
        factor: cookie(headers, factor_cookie(state.config.is_secure())).unwrap_or_default().to_owned(),
        request: extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        language: cookie(headers, "language").and_then(Language::from_tag).unwrap_or_else(header_language),
        theme: cookie(headers, "theme").and_then(Theme::from_word).unwrap_or_default(),
        secure: state.config.is_secure(),
        returned: extensions.get::<Arc<Returned>>().cloned(),
    })
}

/// Where a request comes from, from its headers.
pub fn origin(state: &AppState, headers: &HeaderMap, extensions: &Extensions) -> Origin {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let device = headers.get(header::USER_AGENT).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
    let time_zone = cookie(headers, ZONE).and_then(of_browser).map(str::to_owned);
    Origin { address: address(headers, peer, state.config.trusted_proxies), device, time_zone }
}

/// A cookie's value.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|h| h.to_str().ok()).flat_map(|h| h.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// Where a request comes from: the peer, or what the outermost proxy that is trusted says. A header nobody vouches for is not read.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, trusted: usize) -> Option<IpAddr> {
    if trusted == 0 {
        return peer;
    }
    // Byte for byte: a line that is no text still has in it what the proxies added.
    let hops: Vec<&[u8]> = headers.get_all("x-forwarded-for").into_iter().flat_map(|h| h.as_bytes().split(|b| *b == b',')).collect();
    hops.len().checked_sub(trusted).and_then(|at| hop(std::str::from_utf8(hops[at]).ok()?.trim())).or(peer)
}

/// An address as proxies write it: bare, with a port, or an IPv6 one in brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let read: Option<IpAddr> = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    read.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_is_believed_only_as_far_as_proxies_are_trusted() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6, 10.0.0.1".parse().unwrap());
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(address(&headers, peer, 0), peer);
        assert_eq!(address(&headers, peer, 1), Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(address(&headers, peer, 2), Some(IpAddr::from([6, 6, 6, 6])));
        assert_eq!(address(&headers, peer, 3), peer);
        for (written, read) in
            [("1.2.3.4:555", Some("1.2.3.4")), ("[2001:db8::1]:80", Some("2001:db8::1")), ("[2001:db8::1]", Some("2001:db8::1")), ("unknown", None)]
        {
            headers.insert("x-forwarded-for", written.parse().unwrap());
            assert_eq!(address(&headers, peer, 1), read.map_or(peer, |read| read.parse().ok()), "{written}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "xbalie=1; balie=2; balie2=3".parse().unwrap());
        assert_eq!(cookie(&headers, "balie"), Some("2"));
    }
}
