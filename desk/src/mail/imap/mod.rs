//! Mailboxes that are read over IMAP: what arrives is taken in within moments, and a mailbox that cannot be read is told to admins.
//!
//! Invariants: a mail counts as read once it is kept, so a connection that breaks loses none; the same bytes are taken in once, whatever number the server gives them.

mod ask;
mod inbox;

use super::receive::{self, Source, department_by_name, receive};
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Error, Result, notifications};
use ask::{Talk, log_in, soon};
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{QuotaResourceName, UnsolicitedResponse};
use domain::Refusal;
use domain::mail::MailReason;
use domain::time::{Moment, Span};
use inbox::Afterwards;
pub use inbox::Inbox;
use jiff::Timestamp;
use std::convert::Infallible;
use std::time::{Duration, Instant};
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
/// Longer than any answer, wait or nap of a reader takes.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// Of a mail that is too large this much is kept at most, which is more than its head.
const HEAD: usize = 256 << 10;
/// A mailbox that could not be read for this long is told to admins by mail.
const TOLERATED: Span = Span::minutes(10);
/// From this share of its room on, in percent, a mailbox is nearly full.
const NEARLY_FULL: u64 = 90;
/// How a fault of a mailbox begins that is read all the same.
const IS_READ: &str = "it is read, and ";
/// How far back one looks when the server has numbered a mailbox anew: nothing older than the last reading can be new.
const OVERLAP: Span = Span::days(2);

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

impl Trouble {
    fn in_words(self) -> String {
        match self {
            Trouble::Mailbox(reason) => reason,
            Trouble::Desk(error) => format!("its mail cannot be kept: {error}"),
        }
    }
}

impl Inbox {
    /// Whether it can be opened, and what is taken in can go where it should; for `balie check`.
    pub async fn check(&self) -> Result<(), String> {
        let opened = async {
            let mut session = log_in(self, 0).await?;
            if let Afterwards::Move(folder) = &self.afterwards {
                soon(session.examine(folder)).await?;
            }
            soon(session.examine(&self.folder)).await?;
            soon(session.logout()).await
        };
        opened.await.map_err(|trouble: Trouble| trouble.in_words())
    }
}

/// What reads the mailboxes of the settings, each by itself.
pub fn workers(desk: &Desk) -> Vec<Worker> {
    let inboxes = desk.mail().settings.inboxes.iter().cloned().map(std::sync::Arc::new);
    let worker = |(n, inbox): (usize, std::sync::Arc<Inbox>)| {
        Worker::endless(&format!("mailbox_{n}"), Some(LIMIT), move |desk: Desk| {
            let inbox = inbox.clone();
            async move {
                follow(&desk, &inbox).await;
                Ok(Rest::Usual)
            }
        })
    };
    (1..).zip(inboxes).map(worker).collect()
}

async fn follow(desk: &Desk, inbox: &Inbox) {
    let mut wait = WAITS[0];
    loop {
        let began = Instant::now();
        let reason = read(desk, inbox).await;
        if began.elapsed() > WAITS[1] {
            // It went well for long: a server that was started anew is there again soon.
            wait = WAITS[0];
        }
        tracing::warn!(mailbox = inbox.name(), reason, "a mailbox cannot be read; trying again in {} s", wait.as_secs());
        if let Err(error) = failed(desk, inbox, &reason).await {
            tracing::warn!(%error, "that a mailbox cannot be read could not be written down");
        }
        // The mailbox fails, and that is told where it is shown; its reader lives.
        workers::well();
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAITS[1]);
    }
}

/// Writes down what is wrong with a mailbox, and tells admins where it has been so for long.
pub async fn failed(desk: &Desk, inbox: &Inbox, reason: &str) -> Result<()> {
    let (now, name) = (desk.now(), inbox.name());
    desk.mail().set_failing(&name, true);
    let change = desk.store().begin().await?;
    store::mail::set_failure(&change, &name, Some((reason, IS_READ)), now).await?;
    change.commit().await?;
    if store::mail::is_untold(desk.store(), &name, now - TOLERATED).await? && notifications::tell_admins(desk, &name, reason).await? {
        let change = desk.store().begin().await?;
        store::mail::set_told(&change, &name, now).await?;
        change.commit().await?;
    }
    Ok(())
}

async fn recovered(desk: &Desk, inbox: &Inbox) -> Result<()> {
    desk.mail().set_failing(&inbox.name(), false);
    let change = desk.store().begin().await?;
    store::mail::set_failure(&change, &inbox.name(), None, desk.now()).await?;
    Ok(change.commit().await?)
}

async fn remember(desk: &Desk, inbox: &Inbox, cursor: &Cursor) -> Result<()> {
    let change = desk.store().begin().await?;
    store::mail::set_mailbox(&change, &inbox.name(), cursor).await?;
    Ok(change.commit().await?)
}

/// Reads a mailbox until the connection ends; gives why it did.
pub async fn read(desk: &Desk, inbox: &Inbox) -> String {
    match read_on(desk, inbox).await {
        Err(trouble) => trouble.in_words(),
        Ok(never) => match never {},
    }
}

async fn read_on(desk: &Desk, inbox: &Inbox) -> Result<Infallible, Trouble> {
    let mut session = log_in(inbox, desk.mail().settings.max_mebibytes).await?;
    let mailbox = match inbox.afterwards {
        Afterwards::Keep => soon(session.examine(&inbox.folder)).await?,
        Afterwards::Delete | Afterwards::Move(_) => soon(session.select(&inbox.folder)).await?,
    };
    let abilities = soon(session.capabilities()).await?;
    let (tells, has_quota) = (abilities.has_str("IDLE"), abilities.has_str("QUOTA"));
    // What the server says of its own accord where the library asks it.
    let unasked = session.unsolicited_responses.clone();
    let is_news = |said: UnsolicitedResponse| matches!(said, UnsolicitedResponse::Exists(_));
    let mut talk = Talk { session, news: false };

    let validity = i64::from(mailbox.uid_validity.unwrap_or(0));
    let last = match mailbox.uid_next {
        Some(next) => i64::from(next) - 1,
        None => talk.search("ALL").await?.into_iter().max().map_or(0, i64::from),
    };
    let known = store::mail::mailbox(desk.store(), &inbox.name()).await.map_err(Error::from)?;
    let mut cursor = match known {
        Some(cursor) if cursor.uid_validity == validity => cursor,
        Some(cursor) => {
            // Numbered anew: what is older than the last reading is not new, whatever its number.
            let recent = talk.search(&format!("SINCE {}", day(cursor.read_at - OVERLAP))).await?;
            let mut anew = Cursor { uid_validity: validity, uid: 0, read_at: cursor.read_at };
            take(desk, inbox, &mut talk, &mut anew, recent.into_iter().filter(|uid| i64::from(*uid) <= last).collect()).await?;
            Cursor { uid: last, ..anew }
        }
        None => Cursor { uid_validity: validity, uid: if inbox.from_start { 0 } else { last }, read_at: desk.now() },
    };
    loop {
        workers::well();
        talk.news = false;
        while unasked.try_recv().is_ok() {}
        // A range always has its last mail, even where that is older: `n:*` is `*:n`.
        let found = talk.search(&format!("UID {}:*", cursor.uid + 1)).await?;
        let new = found.into_iter().filter(|uid| i64::from(*uid) > cursor.uid).collect();
        let stays = take(desk, inbox, &mut talk, &mut cursor, new).await?;
        cursor.read_at = desk.now();
        remember(desk, inbox, &cursor).await?;
        let fullness = if has_quota { fullness(&mut talk, &inbox.folder).await? } else { None };
        let fault = stays.or(fullness
            .filter(|percent| *percent >= NEARLY_FULL)
            .map(|percent| format!("{percent} % full: when it is full, mail to it is refused")));
        match fault {
            Some(fault) => failed(desk, inbox, &format!("{IS_READ}{fault}")).await?,
            None => recovered(desk, inbox).await?,
        }
        if !tells {
            tokio::time::sleep(ASK).await;
            talk.ask("NOOP", PATIENCE, |_| {}).await?;
            continue;
        }
        let mut idle = talk.session.idle();
        soon(idle.init()).await?;
        // What it said before it listened is not said again.
        let mut lost = false;
        if !talk.news && !std::iter::from_fn(|| unasked.try_recv().ok()).any(is_news) {
            let (listening, _stop) = idle.wait_with_timeout(LISTEN);
            lost = listening.await? == IdleResponse::ManualInterrupt;
        }
        talk = Talk { session: soon(idle.done()).await?, news: false };
        if lost {
            return Err(Trouble::Mailbox("the connection was lost".to_owned()));
        }
    }
}

/// A day as IMAP writes it.
fn day(moment: Moment) -> String {
    Timestamp::from_millisecond(moment.0.max(0)).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%d-%b-%Y").to_string()
}

/// Takes mails in, oldest first; each counts as read once it is kept. Gives why what was taken in could not go where it should.
async fn take(desk: &Desk, inbox: &Inbox, talk: &mut Talk, cursor: &mut Cursor, mut uids: Vec<u32>) -> Result<Option<String>, Trouble> {
    uids.sort_unstable();
    uids.dedup();
    let department = match department_by_name(desk, &inbox.department).await {
        Err(Error::Refused(_)) => return Err(Trouble::Mailbox(format!("there is no department {}", inbox.department))),
        found => found?,
    };
    let name = inbox.name();
    let source = Source { name: &name, key: None, department, strangers: inbox.strangers.as_deref() };
    let mut stays = None;
    for uid in uids {
        workers::well();
        let kept = keep(desk, &source, talk, uid).await?;
        cursor.uid = cursor.uid.max(i64::from(uid));
        remember(desk, inbox, cursor).await?;
        if kept && let Err(trouble) = clear(inbox, talk, uid).await {
            stays = Some(format!("what was taken in stays in it: {}", trouble.in_words()));
        }
    }
    Ok(stays)
}

/// Keeps a mail; says whether it has it whole.
async fn keep(desk: &Desk, source: &Source<'_>, talk: &mut Talk, uid: u32) -> Result<bool, Trouble> {
    let most = desk.mail().settings.max_mebibytes;
    let reason = || MailReason::TooLarge { most, mailbox: source.name.to_owned(), number: uid };
    // One that someone else deleted in the meantime has no size.
    let Some(size) = talk.size(uid).await? else { return Ok(false) };
    if u64::from(size) > u64::from(most) << 20 {
        let head = talk.head(uid, HEAD).await?.unwrap_or_default();
        receive::refuse(desk, source, head, reason()).await?;
        return Ok(false);
    }
    let Some(raw) = talk.mail(uid).await?.filter(|raw| !raw.is_empty()) else {
        // It is there, and the server does not give it, as with one that is damaged: admins are told, and what can be had of it is kept.
        if size > 0 && talk.size(uid).await?.is_some() {
            let head = talk.head(uid, HEAD).await?.unwrap_or_default();
            tracing::error!(mailbox = source.name, uid, "the mail server does not give a mail");
            receive::refuse(desk, source, head, MailReason::Other { text: format!("{}: mail {uid} is not given by the server", source.name) })
                .await?;
        }
        return Ok(false);
    };
    let beginning = raw[..raw.len().min(HEAD)].to_vec();
    match receive(desk, source, raw).await {
        Ok(_) => Ok(true),
        // Some servers give a size that is not quite right.
        Err(Error::Refused(Refusal::Fields(_))) => {
            receive::refuse(desk, source, beginning, reason()).await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Does with a mail that was taken in what the settings say.
async fn clear(inbox: &Inbox, talk: &mut Talk, uid: u32) -> Result<(), Trouble> {
    match &inbox.afterwards {
        Afterwards::Keep => Ok(()),
        Afterwards::Move(folder) => soon(talk.session.uid_mv(uid.to_string(), folder)).await,
        Afterwards::Delete => {
            talk.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), PATIENCE, |_| {}).await?;
            talk.ask(&format!("UID EXPUNGE {uid}"), PATIENCE, |_| {}).await
        }
    }
}

/// How full a mailbox is, in percent; `None` where it has no limit.
async fn fullness(talk: &mut Talk, folder: &str) -> Result<Option<u64>, Trouble> {
    let (_, quotas) = match soon(talk.session.get_quota_root(folder)).await {
        Ok(found) => found,
        // Some servers say that they know quotas, and refuse to tell.
        Err(_) => return Ok(None),
    };
    let resources = quotas.iter().flat_map(|quota| &quota.resources);
    let limited = resources.filter(|r| matches!(r.name, QuotaResourceName::Storage | QuotaResourceName::Message) && r.limit > 0);
    Ok(limited.map(|r| r.usage.saturating_mul(100) / r.limit).max())
}
