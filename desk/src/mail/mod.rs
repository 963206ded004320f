//! E-mail: what goes out and what comes in.
//!
//! Invariants: a mail that came in is on disk before it is read; what goes out carries one Message-ID however often it is tried; only this module names lettre, async-imap and mail-auth.

mod body;
mod compose;
mod connection;
mod dkim;
pub mod imap;
pub mod ingest;
mod outbox;
mod placing;
mod quarantine;
mod receive;
mod remarks;
pub mod reply_address;
mod returned;
mod sender_auth;
mod smtp;
mod taken;
mod transport;

pub use compose::{Cause, OutboundMessage, Part};
pub use dkim::Signer;
pub use outbox::{once, worker};
pub use quarantine::{Standing, queues, reread, set_sender, source, standing, try_template};
pub(crate) use receive::sweep_unknown;
pub use receive::{Source, receive, take_in, too_large};
pub use store::mail::Incoming;
pub use transport::{Failure, Sent, Transport};

use crate::{Desk, Result, accounts};
use domain::time::Moment;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, OnceCell};

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Mailbox {
    pub name: String,
    pub address: String,
}

impl Mailbox {
    /// Reads `Name <address>` or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let read: lettre::message::Mailbox = text.trim().parse().ok()?;
        Some(Self { name: read.name.unwrap_or_default(), address: read.email.to_string() })
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { f.write_str(&self.address) } else { write!(f, "{} <{}>", self.name, self.address) }
    }
}

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who mails are from; replies come to this address with a token in it.
    pub sender: Mailbox,
    /// The address people use for Balie, without a slash at its end.
    pub base_url: String,
    /// Files of a message up to this many bytes together go along; larger ones are links.
    pub attach_bytes: u64,
    /// Largest mail that is taken in, in mebibytes.
    pub max_mebibytes: u32,
    /// The name under which the mail server in front writes `Authentication-Results`; where it says nothing, the signatures of mails are checked.
    pub relay: Option<String>,
    /// The mailboxes that are read.
    pub inboxes: Vec<imap::Inbox>,
    /// What signs the mails that go out.
    pub signer: Option<Signer>,
}

impl Default for Settings {
    fn default() -> Self {
        let sender = Mailbox { name: "Balie".to_owned(), address: "support@localhost".to_owned() };
        let base_url = "http://127.0.0.1:3000".to_owned();
        Self { sender, base_url, attach_bytes: 0, max_mebibytes: 50, relay: None, inboxes: vec![], signer: None }
    }
}

/// The mail of a desk.
#[derive(Debug)]
pub struct Mail {
    /// How it is sent.
    pub settings: Settings,
    transport: Transport,
    secret: OnceCell<String>,
    checker: dkim::Checker,
    /// Mailboxes with a fault, as this node sees them.
    failing: Mutex<BTreeSet<String>>,
    /// Rung when something may be due.
    pub(crate) wake: Notify,
    /// Rung when a mail came in.
    pub(crate) arrived: Notify,
}

impl Mail {
    /// Mail that is sent in this way.
    pub fn new(settings: Settings, transport: Transport) -> Arc<Self> {
        let (secret, checker) = (OnceCell::new(), dkim::Checker::default());
        Arc::new(Self { settings, transport, secret, checker, failing: Mutex::default(), wake: Notify::new(), arrived: Notify::new() })
    }

    /// Whether a mailbox has a fault: admins see it on every page.
    pub fn is_failing(&self) -> bool {
        !self.failing.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn set_failing(&self, mailbox: &str, fails: bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if fails {
            failing.insert(mailbox.to_owned());
        } else {
            failing.remove(mailbox);
        }
    }

    /// Where it goes.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Signs a mail, where there is a key, and hands it over.
    pub async fn send(&self, letter: OutboundMessage, now: Moment) -> std::result::Result<(), Failure> {
        let mut mail = letter.seal(now).map_err(Failure::Never)?;
        if let Some(signer) = &self.settings.signer {
            let domain = mail.from.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
            mail.raw = signer.signed(&domain, mail.raw).map_err(Failure::Never)?;
        }
        self.transport.hand_over(mail).await
    }

    /// Knows the key of a domain without asking DNS.
    #[cfg(any(test, feature = "testing"))]
    pub fn learn_key(&self, name: &str, record: &str) {
        self.checker.learn(name, record);
    }

    /// A Message-ID that no other mail has, without angle brackets.
    pub fn message_id(&self) -> Result<String> {
        Ok(format!("{}@{}", &accounts::random_hex()?[..32], self.settings.sender.domain()))
    }
}

/// Whether a secret that was given is the one expected, in a time that does not tell how much of it is.
pub fn is_same_secret(given: &str, expected: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(expected)
}

/// The secret that tokens in addresses and links are signed with; every node has the same.
pub async fn secret(desk: &Desk) -> Result<&str> {
    let mail = desk.mail();
    let secret = mail.secret.get_or_try_init(async || {
        let fresh = accounts::random_hex()?;
        Ok::<_, crate::Error>(store::mail::secret(desk.store(), "mail", &fresh).await?)
    });
    Ok(secret.await?)
}

/// The domains that mails come from.
pub async fn domains(desk: &Desk) -> Result<Vec<String>> {
    let mut domains: Vec<String> =
        own_addresses(desk).await?.iter().filter_map(|address| address.rsplit_once('@')).map(|(_, domain)| domain.to_owned()).collect();
    domains.sort_unstable();
    domains.dedup();
    Ok(domains)
}

/// The addresses that are the desk's own: that of the settings and those of departments, in lower case.
pub(crate) async fn own_addresses(desk: &Desk) -> Result<Vec<String>> {
    let departments = store::departments::senders(desk.store()).await?;
    let named = departments.iter().filter_map(|(_, sender)| Mailbox::parse(sender)).map(|mailbox| mailbox.address);
    Ok(named.chain([desk.mail().settings.sender.address.clone()]).map(|address| address.to_lowercase()).collect())
}
