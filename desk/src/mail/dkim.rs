//! Signatures that say for which domain a mail speaks (DKIM, RFC 6376): on what goes out, and on what came in.
//!
//! Invariant: a signature proves a sender only where it covers the whole mail and is of the domain that the sender claims.

use super::sender_auth::is_aligned;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use mail_auth::common::crypto::{Algorithm, Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::{HeaderWriter, Writable};
use mail_auth::dkim::{DkimSigner, Signature};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use mime::MailAddress;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Headers that are signed: those that people see, that mailboxes thread by, and that programs act upon.
const SIGNED: [&str; 16] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "X-Balie",
];
/// How long DNS may take; after a failure that domain is left alone for a while, so that mail does not wait for it one by one.
const PATIENCE: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_secs(60);
/// Signatures of a sender's own domain that are looked at.
const MAX_SIGNATURES: usize = 3;
/// Keys of other domains that are remembered.
const MAX_KEYS: usize = 2_000;

enum Key {
    Rsa(RsaKey<Sha256>),
    Ed25519(Ed25519Key),
}

/// A key for several signers.
#[derive(Clone)]
struct Shared(Arc<Key>);

impl SigningKey for Shared {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        match &*self.0 {
            Key::Rsa(key) => key.sign(input),
            Key::Ed25519(key) => key.sign(input),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match &*self.0 {
            Key::Rsa(key) => key.algorithm(),
            Key::Ed25519(key) => key.algorithm(),
        }
    }
}

/// Signs what goes out.
#[derive(Clone)]
pub struct Signer {
    selector: String,
    key: Shared,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.selector)
    }
}

impl Signer {
    /// A signer with a private key in PEM: RSA, or Ed25519.
    pub fn new(selector: &str, pem: &[u8]) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if selector.is_empty() || !selector.chars().all(plain) {
            return Err("the selector is a word of letters and digits".to_owned());
        }
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|error| format!("this is no private key in PEM: {error}"))?;
        let ed25519 = match &der {
            PrivateKeyDer::Pkcs8(der) => Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        let key = match ed25519 {
            Some(key) => Key::Ed25519(key),
            None => Key::Rsa(RsaKey::from_key_der(der).map_err(|error| format!("this is no RSA or Ed25519 key that can be used: {error}"))?),
        };
        Ok(Self { selector: selector.to_owned(), key: Shared(Arc::new(key)) })
    }

    /// The mail with a signature of a domain before it.
    pub fn signed(&self, domain: &str, raw: Vec<u8>) -> Result<Vec<u8>, String> {
        let present = |name: &&&str| {
            let head = raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(&raw[..], |end| &raw[..end]);
            head.split(|byte| *byte == b'\n').any(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name.as_bytes()))
        };
        // What a mail has once is named once more than it is there: nobody can add one (RFC 6376, 8.15).
        let headers: Vec<&str> = SIGNED.iter().filter(present).copied().chain(ONCE).collect();
        let signer = DkimSigner::from_key(self.key.clone()).domain(domain).selector(&self.selector).headers(headers);
        let signature = signer.sign(&raw).map_err(|error| format!("the mail could not be signed: {error}"))?;
        let mut signed = signature.to_header().into_bytes();
        signed.extend_from_slice(&raw);
        Ok(signed)
    }

    /// The mail as other mail servers sign it: each header that is there, and no more.
    #[cfg(any(test, feature = "testing"))]
    pub fn signed_as_others_do(&self, domain: &str, raw: &[u8]) -> Vec<u8> {
        let signer = DkimSigner::from_key(self.key.clone()).domain(domain).selector(&self.selector).headers(["From", "To", "Subject"]);
        let signature = signer.sign(raw).map(|signature| signature.to_header()).unwrap_or_default();
        [signature.as_bytes(), raw].concat()
    }

    /// The DNS record to publish for a domain: its name and its text.
    pub fn record(&self, domain: &str) -> (String, String) {
        let name = format!("{}._domainkey.{domain}", self.selector);
        match &*self.key.0 {
            // A key that is published is a SubjectPublicKeyInfo (RFC 8301 allows the bare key too, and most check both).
            Key::Rsa(key) => (name, format!("v=DKIM1; k=rsa; p={}", BASE64.encode(spki(&key.public_key())))),
            Key::Ed25519(key) => (name, format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key()))),
        }
    }
}

/// An RSA public key with the name of its algorithm before it (RFC 5280, SubjectPublicKeyInfo).
fn spki(key: &[u8]) -> Vec<u8> {
    const RSA: [u8; 15] = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let long = |tag: u8, length: usize| match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    let mut bits = long(0x03, key.len() + 1);
    bits.push(0);
    bits.extend_from_slice(key);
    let mut all = long(0x30, RSA.len() + bits.len());
    all.extend_from_slice(&RSA);
    all.extend_from_slice(&bits);
    all
}

/// What is certain about the sender of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The mail is from the domain it claims, and these of its headers are as they were sent.
    Proven { subject: bool, thread: bool },
    /// Nothing says so.
    None,
    /// DNS did not answer.
    Unknown,
}

/// Headers that a mail has once (RFC 5322, 3.6; RFC 2045, 3): of two, one may be signed and the other be read.
const ONCE: [&str; 13] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// What these signatures, of which one may be no good, cover of a mail: proven where all of them do. Nothing where the mail can be read in another way than it was signed.
fn covered<'a>(mail: &AuthenticatedMessage<'_>, signatures: impl Iterator<Item = &'a Signature> + Clone) -> Proof {
    let all = |name: &str| {
        mail.headers.iter().filter(|(known, _)| known.trim_ascii().eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value).collect::<Vec<_>>()
    };
    if ONCE.iter().any(|name| all(name).len() > 1) || mime::body_at(mail.raw_message) != mail.body_offset() {
        return Proof::None;
    }
    // What is not there cannot be signed, and could have been added.
    let signed = |name: &str| signatures.clone().all(|s| s.h.iter().any(|signed| signed.eq_ignore_ascii_case(name)));
    let certain = |name: &str| all(name).is_empty() || signed(name);
    let body = mail.raw_message.get(mail.body_offset()..).unwrap_or_default().trim_ascii_start();
    let kind = String::from_utf8_lossy(all("Content-Type").first().copied().unwrap_or_default()).into_owned();
    // Large providers do not sign it; then the body has to begin as it says, and nobody can have put that there.
    let begins = boundary(&kind).is_some_and(|boundary| body.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(boundary.as_bytes())));
    let encoding = String::from_utf8_lossy(all("Content-Transfer-Encoding").first().copied().unwrap_or_default()).trim().to_lowercase();
    let plain = ["", "7bit", "8bit", "binary"].contains(&encoding.as_str());
    if !(certain("Content-Type") || begins) || !(certain("Content-Transfer-Encoding") || plain && begins) {
        return Proof::None;
    }
    Proof::Proven { subject: certain("Subject"), thread: certain("In-Reply-To") && certain("References") }
}

/// The boundary that a Content-Type names.
fn boundary(kind: &str) -> Option<&str> {
    let at = kind.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let named = kind[at..].trim_start();
    let named = match named.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => named.split(|c: char| c == ';' || c.is_whitespace()).next()?,
    };
    Some(named).filter(|named| !named.is_empty())
}

/// Whether a signature is of a domain that speaks for `domain`, and of a whole mail.
fn counts(signature: &Signature, domain: &str) -> bool {
    is_aligned(&signature.d.to_lowercase(), domain) && signature.l == 0 && signature.h.iter().any(|name| name.eq_ignore_ascii_case("from"))
}

/// The domain of the one sender of a mail.
fn domain_of<'a>(mail: &AuthenticatedMessage<'_>, address: &'a str) -> Option<&'a str> {
    // Two senders, of which a signature covers the one and people see the other.
    let [named] = &mail.from[..] else { return None };
    address.rsplit_once('@').filter(|_| named.to_lowercase() == address).map(|(_, domain)| domain)
}

/// What is certain where the relay found that the mail is from its sender: it may have gone by a signature, which does not cover what was added.
pub(super) fn as_relayed(raw: &[u8], from: &MailAddress) -> Proof {
    let Some(mail) = AuthenticatedMessage::parse(raw) else { return Proof::None };
    let address = from.address.to_lowercase();
    let Some(domain) = domain_of(&mail, &address) else { return Proof::None };
    let aligned = mail.dkim_headers.iter().map(|header| &header.header).filter(|signature| is_aligned(&signature.d.to_lowercase(), domain));
    // One that covers the body up to a length says nothing of what was added below.
    if aligned.clone().any(|signature| signature.l > 0) {
        return Proof::None;
    }
    covered(&mail, aligned)
}

/// Checks signatures with the keys that domains publish.
#[derive(Default)]
pub(super) struct Checker {
    dns: OnceLock<Option<MessageAuthenticator>>,
    keys: Keys,
    /// Domains whose DNS did not answer, until they are asked again.
    rests: Mutex<HashMap<String, Instant>>,
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checker")
    }
}

impl Checker {
    /// Whether a signature proves that a mail is from its sender.
    pub async fn check(&self, raw: &[u8], from: &MailAddress) -> Proof {
        let Some(mut mail) = AuthenticatedMessage::parse(raw) else { return Proof::None };
        let address = from.address.to_lowercase();
        let Some(domain) = domain_of(&mail, &address) else { return Proof::None };
        // An answer of DNS is waited for only where the signature would prove something.
        mail.dkim_headers.retain(|header| counts(&header.header, domain));
        mail.dkim_headers.truncate(MAX_SIGNATURES);
        if mail.dkim_headers.is_empty() {
            return Proof::None;
        }
        let Some(dns) = self.dns.get_or_init(|| MessageAuthenticator::new_system_conf().ok()) else { return Proof::Unknown };
        let rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner).get(domain).is_some_and(|until| Instant::now() < *until);
        if rests {
            return Proof::Unknown;
        }
        let checking = dns.verify_dkim(Parameters::new(&mail).with_txt_cache(&self.keys));
        let found = tokio::time::timeout(PATIENCE, checking).await.unwrap_or_default();
        let passed =
            found.iter().filter(|output| *output.result() == DkimResult::Pass).find_map(|output| output.signature().filter(|s| counts(s, domain)));
        if let Some(signature) = passed {
            return covered(&mail, std::iter::once(signature));
        }
        if found.is_empty() || found.iter().any(|output| matches!(output.result(), DkimResult::TempError(_))) {
            let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
            rests.retain(|_, until| Instant::now() < *until);
            rests.insert(domain.to_owned(), Instant::now() + REST);
            return Proof::Unknown;
        }
        Proof::None
    }

    /// Knows a key without asking DNS.
    #[cfg(any(test, feature = "testing"))]
    pub fn learn(&self, name: &str, record: &str) {
        use mail_auth::common::parse::TxtRecordParser;
        use mail_auth::common::verify::DomainKey;
        if let Ok(key) = DomainKey::parse(record.as_bytes()) {
            self.keys.insert(format!("{name}.").into(), Txt::DomainKey(Arc::new(key)), Instant::now() + Duration::from_secs(3600));
        }
    }
}

/// Keys that DNS gave, for as long as it said.
#[derive(Default)]
struct Keys(Mutex<HashMap<Box<str>, (Txt, Instant)>>);

impl ResolverCache<Box<str>, Txt> for Keys {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(name).filter(|(_, until)| Instant::now() < *until).map(|(key, _)| key.clone())
    }

    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name).map(|(key, _)| key)
    }

    fn insert(&self, name: Box<str>, key: Txt, until: Instant) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.insert(name, (key, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::OutboundMessage;
    use domain::time::Moment;

    /// Keys made for these tests, of 2048 bits and of Ed25519.
    const RSA: &[u8] = include_bytes!("../../tests/keys/rsa.pem");
    const ED25519: &[u8] = include_bytes!("../../tests/keys/ed25519.pem");

    const PROVEN: Proof = Proof::Proven { subject: true, thread: true };

    fn from(address: &str) -> MailAddress {
        MailAddress { name: String::new(), address: address.to_owned() }
    }

    fn signed(key: &[u8]) -> (Signer, Vec<u8>) {
        let sender = crate::mail::Mailbox { name: "SERA".into(), address: "support@sera.example".into() };
        let letter = OutboundMessage {
            message_id: "a@sera.example".into(),
            from_name: "Sanne via SERA".into(),
            to: "m@x.example".into(),
            reply_to: "support+1.2.3@sera.example".into(),
            subject: "Één vraag".into(),
            text: "Dag\r\n.\r\n\r\n".into(),
            html: "<p>Dag</p>".into(),
            list: "Ticket 1 <1.sera.example>".into(),
            sender,
            ..OutboundMessage::default()
        };
        let signer = Signer::new("balie", key).unwrap();
        let raw = signer.signed("sera.example", letter.seal(Moment(1_795_000_000_000)).unwrap().raw).unwrap();
        (signer, raw)
    }

    async fn proof(signer: &Signer, raw: &[u8], address: &str) -> Proof {
        let checker = Checker::default();
        let (name, record) = signer.record("sera.example");
        checker.learn(&name, &record);
        checker.check(raw, &from(address)).await
    }

    #[tokio::test]
    async fn what_we_sign_proves_who_sent_it_and_nothing_else() {
        for key in [RSA, ED25519] {
            let (signer, raw) = signed(key);
            assert!(raw.starts_with(b"DKIM-Signature: "), "{}", String::from_utf8_lossy(&raw));
            assert_eq!(proof(&signer, &raw, "Support@Sera.example").await, PROVEN);
            assert_eq!(proof(&signer, &raw, "m@x.example").await, Proof::None, "it is of another domain");
            let text = String::from_utf8(raw).unwrap();
            for altered in [
                text.replace("<p>Dag", "<p>Da"),
                text.replace("Sanne via", "Daan via"),
                text.replace("support+1.2.3", "thief+1.2.3"),
                text.replace("From: ", "From: thief@z.example\r\nFrom: "),
                text.replacen("\r\nDate: ", "\r\nSubject: Iets anders\r\nDate: ", 1),
                text.replace("d=sera.example", "d=example"),
            ] {
                assert_ne!(altered, text);
                assert_eq!(proof(&signer, altered.as_bytes(), "support@sera.example").await, Proof::None, "{altered}");
            }
        }
    }

    #[tokio::test]
    async fn a_part_of_a_mail_that_is_signed_proves_nothing() {
        let key = RsaKey::<Sha256>::from_key_der(PrivateKeyDer::from_pem_slice(RSA).unwrap()).unwrap();
        let raw = b"From: support@sera.example\r\nSubject: x\r\n\r\nDag\r\n".to_vec();
        let sign = |headers: &[&str], part: bool| {
            let signer = DkimSigner::from_key(Shared(Arc::new(Key::Rsa(RsaKey::from_key_der(PrivateKeyDer::from_pem_slice(RSA).unwrap()).unwrap()))));
            let signer = signer.domain("sera.example").selector("balie").headers(headers.iter().copied()).body_length(part);
            [signer.sign(&raw).unwrap().to_header().into_bytes(), raw.clone()].concat()
        };
        let signer = Signer { selector: "balie".into(), key: Shared(Arc::new(Key::Rsa(key))) };
        assert_eq!(proof(&signer, &sign(&["From", "Subject"], false), "support@sera.example").await, PROVEN);
        // What others' mail servers do not sign can be added without breaking the signature, and proves nothing then.
        let replayed = |headers: &[&str], added: &str| [added.as_bytes(), sign(headers, false).as_slice()].concat();
        for added in ["In-Reply-To: <ours@sera.example>\r\n", "References: <ours@sera.example>\r\n"] {
            let added = replayed(&["From", "Subject"], added);
            assert_eq!(proof(&signer, &added, "support@sera.example").await, Proof::Proven { subject: true, thread: false });
        }
        for added in ["Subject: Re: [#1042] x\r\n", "Content-Type: multipart/mixed; boundary=xyz\r\n", "Content-Transfer-Encoding: base64\r\n"] {
            assert_eq!(proof(&signer, &replayed(&["From", "Subject"], added), "support@sera.example").await, Proof::None, "{added}");
        }
        assert_eq!(proof(&signer, &sign(&["From"], false), "support@sera.example").await, Proof::Proven { subject: false, thread: true });
        assert_eq!(proof(&signer, &sign(&["Subject"], false), "support@sera.example").await, Proof::None, "the sender is not signed");
        let longer = [sign(&["From"], true), b"Betaal nu!\r\n".to_vec()].concat();
        assert_eq!(proof(&signer, &longer, "support@sera.example").await, Proof::None, "what follows is not signed");
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert!(
            Signer::new("balie", b"").is_err() && Signer::new("a b", RSA).is_err() && Signer::new("balie", b"-----BEGIN PRIVATE KEY-----").is_err()
        );
        let (name, text) = Signer::new("balie", RSA).unwrap().record("sera.example");
        assert!(name == "balie._domainkey.sera.example" && text.starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkq"), "{name} {text}");
    }
}
