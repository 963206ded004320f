//! How far the sender of a mail is believed.
//!
//! Invariant: what a mail says about itself is no proof; only our own relay's word on it is, and only the topmost.

use super::dkim::Proof;
use crate::Desk;
use mime::MailAddress;

/// How far the sender of a mail is believed.
///
/// The relay that we trust has the first word (RFC 8601); where it says nothing, a signature of the mail itself has.
pub(super) async fn proof(desk: &Desk, raw: &[u8], from: &MailAddress) -> Proof {
    let mail = desk.mail();
    match relay_says(raw, from, mail.settings.relay.as_deref()) {
        Some(true) => super::dkim::as_relayed(raw, from),
        Some(false) => Proof::None,
        None => mail.checker.check(raw, from).await,
    }
}

/// Whether the relay that we trust found that the mail is from the domain its sender claims; `None` where it says nothing.
///
/// `relay` is the name that relay gives itself in `Authentication-Results` (RFC 8601). It puts its own header on top and takes away those that came under its name (section 5),
/// so the first one counts. DMARC is about the address people see; DKIM and SPF count where they are about that same domain.
fn relay_says(raw: &[u8], from: &MailAddress, relay: Option<&str>) -> Option<bool> {
    let (relay, results) = (relay?, first_results(raw)?);
    let results = without_comments(&results).to_ascii_lowercase();
    let mut parts = results.split(';').map(str::trim);
    parts.next().and_then(|id| id.split_whitespace().next()).filter(|id| id.eq_ignore_ascii_case(relay))?;
    let domain = from.address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let parts: Vec<&str> = parts.collect();
    // What it says of the address that people see stands, whatever else passed.
    let is_denied = parts.iter().any(|part| part.starts_with("dmarc=fail"));
    Some(!domain.is_empty() && !is_denied && parts.iter().any(|part| passes(part, domain)))
}

/// One result, such as `dkim=pass (2048-bit key) header.d=x.example header.i=@x.example`.
fn passes(part: &str, domain: &str) -> bool {
    let mut words = part.split_whitespace();
    let Some((method, "pass")) = words.next().and_then(|word| word.split_once('=')) else { return false };
    words.filter_map(|word| word.split_once('=')).any(|(property, value)| {
        let value = value.trim_matches('"');
        let named = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
        match (method, property) {
            ("dmarc", "header.from") => named == domain,
            ("dkim", "header.d" | "header.i") | ("spf", "smtp.mailfrom" | "smtp.mail") => is_aligned(named, domain),
            _ => false,
        }
    })
}

/// The same domain, or one above it: `x.example` speaks for `mail.x.example`, and never the other way, nor `example` for all.
pub(super) fn is_aligned(signer: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    signer == domain || signer.contains('.') && domain.strip_suffix(signer).is_some_and(|rest| rest.ends_with('.'))
}

/// Without comments, and without what stands between quotation marks: a sender chooses that (RFC 8601, 2.2).
fn without_comments(text: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let kept = |c: &char| {
        let literal = escaped;
        escaped = *c == '\\' && !literal && (quoted || depth > 0);
        match c {
            '"' if !literal && depth == 0 => quoted = !quoted,
            '(' if !literal && !quoted => depth += 1,
            ')' if !literal && !quoted && depth > 0 => {
                depth -= 1;
                return false;
            }
            _ => {}
        }
        depth == 0 && !quoted && *c != '"'
    };
    text.chars().filter(kept).collect()
}

/// The first `Authentication-Results`, unfolded.
fn first_results(raw: &[u8]) -> Option<String> {
    const NAME: &str = "authentication-results:";
    let mut found: Option<String> = None;
    for line in raw.split(|b| *b == b'\n').take(2_000) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(&line[..line.len().min(4_000)]);
        match &mut found {
            Some(results) if text.starts_with([' ', '\t']) => results.push_str(&text),
            Some(_) => break,
            None => {
                let is_it = text.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
                found = is_it.then(|| text[NAME.len()..].to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn believed(results: &str) -> bool {
        let from = MailAddress { name: String::new(), address: "marieke@mail.x.example".into() };
        let raw = format!(
            "Received: from here\r\n{results}\r\nFrom: marieke@mail.x.example\r\n\r\nAuthentication-Results: mx.sera.example; dmarc=pass header.from=mail.x.example\r\n"
        );
        relay_says(raw.as_bytes(), &from, Some("mx.sera.example")) == Some(true)
    }

    #[test]
    fn our_relay_is_believed_about_the_domain_of_the_sender() {
        assert!(believed(
            "Authentication-Results: mx.sera.example;\r\n dkim=pass (2048-bit; key) header.d=x.example;\r\n spf=fail smtp.mailfrom=z.example"
        ));
        assert!(believed("authentication-results: MX.sera.example 1; dmarc=pass (p=reject) header.from=mail.x.example"));
        assert!(believed("Authentication-Results: mx.sera.example; spf=pass smtp.mailfrom=bounce@mail.x.example"));
    }

    #[test]
    fn nobody_else_is_and_not_about_another_domain() {
        for forged in [
            "",
            "Authentication-Results: elsewhere.example; dmarc=pass header.from=mail.x.example",
            "Authentication-Results: mx.sera.example; dkim=pass header.d=z.example",
            "Authentication-Results: mx.sera.example; dkim=pass header.d=example",
            "Authentication-Results: mx.sera.example; dkim=fail header.d=x.example",
            "Authentication-Results: mx.sera.example; none",
            "Authentication-Results: mx.sera.example; dkim=fail (dkim=pass header.d=x.example) header.d=z.example",
            "Authentication-Results: mx.sera.example; spf=none\r\nAuthentication-Results: mx.sera.example; dmarc=pass header.from=mail.x.example",
            "X: y\r\n Authentication-Results: mx.sera.example; dmarc=pass header.from=mail.x.example",
            "Authentication-Results: mx.sera.example.evil.example; dmarc=pass header.from=mail.x.example",
            "Authentication-Results: mx.sera.example; dkim=pass header.d=x.example; dmarc=fail header.from=mail.x.example",
            "Authentication-Results: mx.sera.example; dkim=pass header.d=z.example header.i=\"x header.d=x.example y\"@z.example",
            "Authentication-Results: mx.sera.example; dkim=fail (bad \\) ; dmarc=pass header.from=mail.x.example \\( ) header.d=z.example",
            "Authentication-Results: mx.sera.example; dkim=fail reason=\"no; dmarc=pass header.from=mail.x.example \" header.d=z.example",
            "Authentication-Results: mx.sera.example; spf=pass smtp.mailfrom=\"a; dmarc=pass header.from=mail.x.example b\"@evil.example",
            "Authentication-Results: mx.sera.example; spf=pass smtp.mailfrom=\"a\\\"; dmarc=pass header.from=mail.x.example b\"@evil.example",
        ] {
            assert!(!believed(forged), "{forged}");
        }
        let from = MailAddress { name: String::new(), address: "a@x.example".into() };
        let raw = b"Authentication-Results: mx; dmarc=pass header.from=x.example\r\n\r\n";
        assert_eq!(
            (relay_says(raw, &from, None), relay_says(raw, &from, Some("other")), relay_says(raw, &from, Some("mx"))),
            (None, None, Some(true))
        );
    }
}
