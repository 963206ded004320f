//! Mailboxes that are read over IMAP: what arrives is taken in within moments, and a mailbox that cannot be read is told to admins.
//!
//! Invariants: a mail counts as read once it is kept, so a connection that breaks loses none; the same bytes are taken in once, whatever number the server gives them.

use super::receive::{self, Source, department_by_name, receive};
use super::wire::{Place, Tls, Wire};
use crate::{Desk, Error, Result, notifications};
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{Fetch, QuotaResourceName, UnsolicitedResponse};
use async_imap::{Client, Session};
use domain::time::{Moment, Span};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::mail::Cursor;

/// How long the server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// And for a whole mail.
const LONG_PATIENCE: Duration = Duration::from_secs(300);
/// How long one listens before asking anew: many firewalls forget a connection that was silent for five minutes (RFC 2177 asks for less than 29).
const LISTEN: Duration = Duration::from_secs(4 * 60);
/// How often a server is asked that does not tell by itself.
const ASK: Duration = Duration::from_secs(20);
/// The first wait after a failure; each further one is twice as long, up to the last.
const WAITS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(300)];
/// A mailbox that failed and is then read for this long is well again.
const STEADY: Duration = Duration::from_secs(10);
/// A mailbox that could not be read for this long is told to admins by mail.
const TOLERATED: Span = Span::minutes(10);
/// From this share of its room on, in percent, a mailbox is nearly full.
const NEARLY_FULL: u64 = 90;
/// How far back one looks when the server has numbered a mailbox anew: nothing older than the last reading can be new.
const OVERLAP: Span = Span::days(2);

/// What becomes of a mail in its mailbox once it was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Afterwards {
    /// It stays, as it is.
    Keep,
    /// It goes.
    Delete,
    /// It goes to another folder.
    Move(String),
}

/// A mailbox that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    place: Place,
    folder: String,
    /// The name of the department that its tickets go to.
    department: String,
    /// The organisation of people whom its mails make known.
    strangers: Option<String>,
    afterwards: Afterwards,
    /// Whether what was there before it was first read is taken in too.
    from_start: bool,
}

/// Why reading ended.
#[derive(Debug)]
enum Trouble {
    /// The mailbox cannot be read; in words for admins.
    Mailbox(String),
    /// We cannot keep what is in it.
    Desk(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Desk(error)
    }
}

impl From<async_imap::error::Error> for Trouble {
    fn from(error: async_imap::error::Error) -> Self {
        Trouble::Mailbox(error.to_string().chars().take(300).collect())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Trouble::Mailbox(error.to_string())
    }
}

impl Inbox {
    /// Reads `imaps://user:password@host/folder?department=name&strangers=organisation&afterwards=keep&begin=now`; with `imap://` the connection is encrypted after a word in the clear.
    pub fn parse(url: &str) -> Result<Self, String> {
        let mut place = Place::parse(url, "imap", [143, 143, 993], &["department", "strangers", "afterwards", "begin"])?;
        if place.tls == Tls::Offered {
            place.tls = Tls::Required;
        }
        if place.user.as_ref().is_none_or(|(_, password)| password.is_empty()) {
            return Err("name a user and a password".to_owned());
        }
        let afterwards = match place.setting("afterwards").unwrap_or("keep") {
            "keep" => Afterwards::Keep,
            "delete" => Afterwards::Delete,
            other => match other.strip_prefix("move:") {
                Some(folder) if !folder.is_empty() => Afterwards::Move(folder.to_owned()),
                _ => return Err("afterwards: choose keep, delete or move:folder".to_owned()),
            },
        };
        let from_start = match place.setting("begin").unwrap_or("now") {
            "now" => false,
            "all" => true,
            _ => return Err("begin: choose now or all".to_owned()),
        };
        let folder = if place.path.is_empty() { "INBOX".to_owned() } else { place.path.clone() };
        let setting = |name| place.setting(name).map(str::to_owned).filter(|value| !value.is_empty());
        let (department, strangers) = (setting("department").unwrap_or_default(), setting("strangers"));
        Ok(Self { folder, department, strangers, afterwards, from_start, place })
    }

    /// What admins call it, and what its place is remembered by: `user@host/folder`; of a user that is an address, all of it.
    pub fn name(&self) -> String {
        let user = self.place.user.as_ref().map_or("", |(user, _)| user);
        match user.contains('@') {
            true => format!("{user}/{} ({})", self.folder, self.place.host),
            false => format!("{user}@{}/{}", self.place.host, self.folder),
        }
    }

    /// Whether it can be opened; for `balie check`.
    pub async fn check(&self) -> Result<(), String> {
        let opened = async {
            let mut session = self.log_in().await?;
            soon(session.examine(&self.folder)).await?;
            soon(session.logout()).await
        };
        opened.await.map_err(|trouble: Trouble| trouble.in_words())
    }

    async fn log_in(&self) -> Result<Session<Wire>, Trouble> {
        let broken = |error: std::io::Error| Trouble::Mailbox(format!("{}:{}: {error}", self.place.host, self.place.port));
        let mut client = Client::new(self.place.connect().await.map_err(broken)?);
        greeted(client.read_response()).await.map_err(broken)?;
        if self.place.tls == Tls::Required {
            soon(client.run_command_and_check_ok("STARTTLS", None)).await?;
            client = Client::new(self.place.encrypt(client.into_inner()).await.map_err(broken)?);
        }
        let (user, password) = self.place.user.as_ref().map_or(("", ""), |(user, password)| (user, password));
        let entering = tokio::time::timeout(PATIENCE, client.login(user, password)).await;
        entering.map_err(|_| Trouble::Mailbox(SILENT.to_owned()))?.map_err(|(error, _)| error.into())
    }
}

impl Trouble {
    fn in_words(self) -> String {
        match self {
            Trouble::Mailbox(reason) => reason,
            Trouble::Desk(error) => format!("its mail cannot be kept: {error}"),
        }
    }
}

const SILENT: &str = "the mail server does not answer";

async fn greeted<T>(answer: impl Future<Output = std::io::Result<Option<T>>>) -> std::io::Result<()> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(Some(_))) => Ok(()),
        Ok(Ok(None)) => Err(std::io::ErrorKind::UnexpectedEof.into()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
    }
}

async fn within<T>(patience: Duration, answer: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Trouble> {
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Trouble::Mailbox(SILENT.to_owned())),
    }
}

async fn soon<T>(answer: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Trouble> {
    within(PATIENCE, answer).await
}

/// Begins to read every mailbox of the settings, each in a task of its own that ends only with the program.
pub fn run(desk: &Desk) {
    for inbox in desk.mail().settings.inboxes.clone() {
        let desk = desk.clone();
        tokio::spawn(async move { follow(&desk, &inbox).await });
    }
}

async fn follow(desk: &Desk, inbox: &Inbox) {
    let mut wait = WAITS[0];
    let mut fails = false;
    loop {
        let began = std::time::Instant::now();
        let reason = {
            let reading = read(desk, inbox);
            tokio::pin!(reading);
            let at_first = tokio::time::timeout(if fails { STEADY } else { Duration::MAX }, &mut reading).await;
            match at_first {
                Ok(reason) => reason,
                Err(_) => {
                    fails = false;
                    desk.mail().failing.fetch_sub(1, Ordering::Relaxed);
                    reading.await
                }
            }
        };
        if !std::mem::replace(&mut fails, true) {
            desk.mail().failing.fetch_add(1, Ordering::Relaxed);
        }
        if began.elapsed() > WAITS[1] {
            // It went well for long: a server that was started anew is there again soon.
            wait = WAITS[0];
        }
        tracing::warn!(mailbox = inbox.name(), reason, "a mailbox cannot be read; trying again in {} s", wait.as_secs());
        if let Err(error) = failed(desk, inbox, &reason).await {
            tracing::warn!(%error, "that a mailbox cannot be read could not be written down");
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAITS[1]);
    }
}

/// Writes down that a mailbox cannot be read, and tells admins where it has been so for long.
pub async fn failed(desk: &Desk, inbox: &Inbox, reason: &str) -> Result<()> {
    let (now, change) = (desk.now(), desk.store().begin().await?);
    store::mail::set_failure(&change, &inbox.name(), Some(reason), now).await?;
    let untold = store::mail::take_untold(&change, &inbox.name(), now - TOLERATED, now).await?;
    change.commit().await?;
    match untold {
        Some(reason) => notifications::tell_admins(desk, &inbox.name(), &reason).await,
        None => Ok(()),
    }
}

/// Reads a mailbox until the connection ends; gives why it did.
pub async fn read(desk: &Desk, inbox: &Inbox) -> String {
    match read_on(desk, inbox).await {
        Err(trouble) => trouble.in_words(),
        Ok(never) => match never {},
    }
}

async fn read_on(desk: &Desk, inbox: &Inbox) -> Result<Infallible, Trouble> {
    let mut session = inbox.log_in().await?;
    let mailbox = match inbox.afterwards {
        Afterwards::Keep => soon(session.examine(&inbox.folder)).await?,
        Afterwards::Delete | Afterwards::Move(_) => soon(session.select(&inbox.folder)).await?,
    };
    let abilities = soon(session.capabilities()).await?;
    let (tells, has_quota) = (abilities.has_str("IDLE"), abilities.has_str("QUOTA"));
    let validity = i64::from(mailbox.uid_validity.unwrap_or(0));
    let known = store::mail::mailbox(desk.store(), &inbox.name()).await.map_err(Error::from)?;
    let mut new: Vec<u32> = vec![];
    let mut cursor = match known {
        Some(cursor) if cursor.uid_validity == validity => cursor,
        Some(cursor) => {
            new = since(&mut session, cursor.read_at - OVERLAP).await?;
            Cursor { uid_validity: validity, uid: 0, read_at: cursor.read_at }
        }
        None => {
            let last = match mailbox.uid_next {
                _ if inbox.from_start => 0,
                Some(next) => i64::from(next) - 1,
                None => soon(session.uid_search("ALL")).await?.into_iter().max().map_or(0, i64::from),
            };
            Cursor { uid_validity: validity, uid: last, read_at: desk.now() }
        }
    };
    if cursor.uid == 0 && !new.is_empty() {
        take(desk, inbox, &mut session, &mut cursor, std::mem::take(&mut new)).await?;
    }
    // What the server says of its own accord, whatever it was asked.
    let unasked = session.unsolicited_responses.clone();
    loop {
        while unasked.try_recv().is_ok() {}
        // A range always has its last mail, even where that is older: `n:*` is `*:n`.
        let found = soon(session.uid_search(format!("UID {}:*", cursor.uid + 1))).await?;
        new.extend(found.into_iter().filter(|uid| i64::from(*uid) > cursor.uid));
        take(desk, inbox, &mut session, &mut cursor, std::mem::take(&mut new)).await?;
        cursor.read_at = desk.now();
        remember(desk, inbox, &cursor).await?;
        let fullness = if has_quota { fullness(&mut session, &inbox.folder).await? } else { None };
        match fullness.filter(|percent| *percent >= NEARLY_FULL) {
            Some(percent) => failed(desk, inbox, &format!("it is read, and {percent} % full: when it is full, mail to it is refused")).await?,
            None => recovered(desk, inbox).await?,
        }
        if !tells {
            tokio::time::sleep(ASK).await;
            soon(session.noop()).await?;
            continue;
        }
        let mut idle = session.idle();
        soon(idle.init()).await?;
        // What it said before it listened is not said again.
        let is_news = |said: UnsolicitedResponse| matches!(said, UnsolicitedResponse::Exists(_));
        let mut lost = false;
        if !std::iter::from_fn(|| unasked.try_recv().ok()).any(is_news) {
            let (listening, _stop) = idle.wait_with_timeout(LISTEN);
            lost = listening.await? == IdleResponse::ManualInterrupt;
        }
        session = soon(idle.done()).await?;
        if lost {
            return Err(Trouble::Mailbox("the connection was lost".to_owned()));
        }
    }
}

async fn recovered(desk: &Desk, inbox: &Inbox) -> Result<(), Error> {
    let change = desk.store().begin().await?;
    store::mail::set_failure(&change, &inbox.name(), None, desk.now()).await?;
    Ok(change.commit().await?)
}

async fn remember(desk: &Desk, inbox: &Inbox, cursor: &Cursor) -> Result<(), Error> {
    let change = desk.store().begin().await?;
    store::mail::set_mailbox(&change, &inbox.name(), cursor).await?;
    Ok(change.commit().await?)
}

/// The mails that arrived since a day.
async fn since(session: &mut Session<Wire>, moment: Moment) -> Result<Vec<u32>, Trouble> {
    let day = Timestamp::from_millisecond(moment.0.max(0)).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%d-%b-%Y").to_string();
    Ok(soon(session.uid_search(format!("SINCE {day}"))).await?.into_iter().collect())
}

/// Takes mails in, oldest first; each counts as read once it is kept.
async fn take(desk: &Desk, inbox: &Inbox, session: &mut Session<Wire>, cursor: &mut Cursor, mut uids: Vec<u32>) -> Result<(), Trouble> {
    uids.sort_unstable();
    uids.dedup();
    let department = match department_by_name(desk, &inbox.department).await {
        Err(Error::Refused(_)) => return Err(Trouble::Mailbox(format!("there is no department {}", inbox.department))),
        found => found?,
    };
    let name = inbox.name();
    let source = Source { name: &name, key: None, department, strangers: inbox.strangers.as_deref() };
    let most = desk.mail().settings.max_mebibytes << 20;
    for uid in uids {
        let size = one(session, uid, "(UID RFC822.SIZE)", PATIENCE).await?.and_then(|fetch| fetch.size);
        if size.is_some_and(|size| size > most) {
            let head = one(session, uid, "(UID BODY.PEEK[HEADER])", PATIENCE).await?;
            let head = head.as_ref().and_then(|fetch| fetch.header()).unwrap_or_default().to_vec();
            let reason = format!("it is larger than {} MiB; it is still in {name}, as number {uid}", desk.mail().settings.max_mebibytes);
            receive::refuse(desk, &source, head, &reason).await?;
        } else {
            let mail = one(session, uid, "(UID BODY.PEEK[])", LONG_PATIENCE).await?;
            // A mail that someone else deleted in the meantime has no body.
            let raw = mail.as_ref().and_then(|fetch| fetch.body()).unwrap_or_default().to_vec();
            drop(mail);
            if !raw.is_empty() {
                receive(desk, &source, raw).await?;
            }
            clear(inbox, session, uid).await?;
        }
        cursor.uid = cursor.uid.max(i64::from(uid));
        remember(desk, inbox, cursor).await?;
    }
    Ok(())
}

async fn one(session: &mut Session<Wire>, uid: u32, what: &str, patience: Duration) -> Result<Option<Fetch>, Trouble> {
    let fetching = async {
        let found: Vec<Fetch> = session.uid_fetch(uid.to_string(), what).await?.try_collect().await?;
        Ok(found.into_iter().find(|fetch| fetch.uid == Some(uid)))
    };
    within(patience, fetching).await
}

/// Does with a mail that was taken in what the settings say.
async fn clear(inbox: &Inbox, session: &mut Session<Wire>, uid: u32) -> Result<(), Trouble> {
    let uid = uid.to_string();
    match &inbox.afterwards {
        Afterwards::Keep => Ok(()),
        Afterwards::Move(folder) => soon(session.uid_mv(&uid, folder)).await,
        Afterwards::Delete => {
            let deleting = async {
                session.uid_store(&uid, "+FLAGS.SILENT (\\Deleted)").await?.try_collect::<Vec<_>>().await?;
                session.uid_expunge(&uid).await?.try_collect::<Vec<_>>().await
            };
            soon(deleting).await?;
            Ok(())
        }
    }
}

/// How full a mailbox is, in percent; `None` where it has no limit.
async fn fullness(session: &mut Session<Wire>, folder: &str) -> Result<Option<u64>, Trouble> {
    let (_, quotas) = match soon(session.get_quota_root(folder)).await {
        Ok(found) => found,
        // Some servers say that they know quotas, and refuse to tell.
        Err(_) => return Ok(None),
    };
    let resources = quotas.iter().flat_map(|quota| &quota.resources);
    let limited = resources.filter(|r| matches!(r.name, QuotaResourceName::Storage | QuotaResourceName::Message) && r.limit > 0);
    Ok(limited.map(|r| r.usage.saturating_mul(100) / r.limit).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_mailbox_and_what_becomes_of_its_mails() {
        let inbox = Inbox::parse("imaps://support%40sera.example:geheim@mail.example?department=Diamant&afterwards=move:Gelezen&begin=all").unwrap();
        assert_eq!(
            (inbox.name().as_str(), inbox.department.as_str(), inbox.from_start),
            ("support@sera.example/INBOX (mail.example)", "Diamant", true)
        );
        assert_eq!((inbox.afterwards, inbox.place.tls, inbox.strangers), (Afterwards::Move("Gelezen".into()), Tls::Whole, None));
        let plain = Inbox::parse("imap://a:b@mail.example/Archive/2026").unwrap();
        assert_eq!((plain.place.tls, plain.place.port, plain.folder.as_str()), (Tls::Required, 143, "Archive/2026"));
    }

    #[test]
    fn a_wrong_url_is_told() {
        for wrong in [
            "",
            "imaps://mail.example",
            "smtp://a:b@mail.example",
            "imaps://a:b@x?afterwards=move:",
            "imaps://a:b@x?begin=later",
            "imaps://a:b@x?x=1",
        ] {
            assert!(Inbox::parse(wrong).is_err(), "{wrong}");
        }
    }
}
