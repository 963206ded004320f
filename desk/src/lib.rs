//! The use cases of the desk: one async function each.
//!
//! Invariants: no use case sends a mail or pushes to a board; each saves a change together with what happened, and readers of the log do the rest.
//! Nothing is done in anyone's name but that of a [`accounts::Session`], which only a log-in can make.

pub mod accounts;
pub mod attachments;
pub mod audit;
mod backpressure;
pub mod board;
mod clock;
pub mod demo;
mod error;
pub mod hours;
mod http;
pub mod jobs;
pub mod live;
pub mod mail;
mod network;
pub mod notifications;
pub mod on_call;
pub mod permits;
pub mod privacy;
pub mod ready;
pub mod reports;
mod spreadsheet;
pub mod text;
pub mod tickets;
pub mod workers;
pub mod zones;

pub use clock::Clock;
pub use error::{Error, Result};
pub use http::Internal;
pub use network::Network;
pub use store::{ChangeNotifier, Error as StoreError, Store};

use domain::time::Moment;
use std::sync::Arc;

/// The desk: what every use case works with. Cloning it counts one reference: every request does so many times.
#[derive(Debug, Clone)]
pub struct Desk(Arc<Parts>);

/// What a desk has; [`Desk`] gives each.
#[derive(Debug, Clone)]
struct Parts {
    store: Store,
    files: Arc<attachments::Files>,
    clock: Clock,
    passwords: Arc<accounts::Passwords>,
    tail: Arc<live::EventBuffer>,
    jobs: Arc<jobs::Progress>,
    imports: Arc<accounts::Imports>,
    provider: Option<Arc<accounts::Provider>>,
    exports: Arc<privacy::Exports>,
    erasing: Arc<tokio::sync::Mutex<()>>,
    books: Arc<hours::Shelf>,
    looked: Arc<ready::Looked>,
    mail: Arc<mail::Mail>,
    http: http::Http,
    workers: Arc<workers::Workers>,
}

impl Desk {
    /// Opens the desk on a database and a folder for files; its mails stay in memory.
    pub fn open(store: Store, files: attachments::Files, clock: Clock) -> Self {
        let mail = mail::Mail::new(mail::Settings::default(), mail::Transport::memory());
        Self(Arc::new(Parts {
            store,
            files: Arc::new(files),
            clock,
            passwords: Arc::default(),
            tail: Arc::default(),
            jobs: Arc::default(),
            imports: Arc::default(),
            provider: None,
            exports: Arc::default(),
            erasing: Arc::default(),
            books: Arc::default(),
            looked: Arc::default(),
            mail,
            http: http::Http::default(),
            workers: Arc::default(),
        }))
    }

    /// The same desk with other parts.
    fn with(self, change: impl FnOnce(&mut Parts)) -> Self {
        let mut parts = Arc::unwrap_or_clone(self.0);
        change(&mut parts);
        Self(Arc::new(parts))
    }

    /// The same desk with mail that is sent.
    pub fn with_mail(self, mail: Arc<mail::Mail>) -> Self {
        self.with(|parts| parts.mail = mail)
    }

    /// The same desk, which reaches this of the network it stands in, for pagers, push services and the provider; nothing else of it.
    pub fn with_internal_hosts(self, hosts: Vec<Internal>) -> Self {
        self.with(|parts| parts.http = http::Http::new(hosts))
    }

    /// The same desk with a provider at which people log in, which may stand in one's own network: the operator named it.
    pub fn with_provider(self, provider: accounts::Provider) -> Self {
        self.with(|parts| {
            parts.http = parts.http.with(provider.host());
            parts.provider = Some(Arc::new(provider.over(parts.http.clone())));
        })
    }

    /// What asks other servers.
    pub(crate) fn http(&self) -> &http::Http {
        &self.0.http
    }

    /// The provider at which people log in, where there is one.
    pub fn provider(&self) -> Option<&accounts::Provider> {
        self.0.provider.as_deref()
    }

    /// The same desk at another time, for demo data and tests.
    pub fn at(&self, now: Moment) -> Self {
        self.clone().with(|parts| parts.clock = Clock::fixed(now))
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.0.clock.now()
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The files.
    pub fn files(&self) -> &attachments::Files {
        &self.0.files
    }

    /// The end of the log that every stream reads.
    pub fn tail(&self) -> &live::EventBuffer {
        &self.0.tail
    }

    /// Its mail.
    pub fn mail(&self) -> &mail::Mail {
        &self.0.mail
    }

    /// The import that runs.
    pub(crate) fn imports(&self) -> &accounts::Imports {
        &self.0.imports
    }

    /// The exports of this node.
    pub(crate) fn exports(&self) -> &privacy::Exports {
        &self.0.exports
    }

    /// Held by whoever takes people out of texts.
    pub(crate) fn erasing(&self) -> &tokio::sync::Mutex<()> {
        &self.0.erasing
    }

    /// Holds up erasures until it is dropped, as a crash does.
    #[cfg(feature = "testing")]
    pub async fn hold_erasures(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.erasing.lock().await
    }

    pub(crate) fn books(&self) -> &hours::Shelf {
        &self.0.books
    }

    /// What it does besides answering.
    pub fn workers(&self) -> &workers::Workers {
        &self.0.workers
    }

    /// What the jobs have done.
    pub fn jobs(&self) -> &jobs::Progress {
        &self.0.jobs
    }
}
