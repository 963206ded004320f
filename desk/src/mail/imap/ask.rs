//! Questions to a mailbox server, and its answers: a server that says no has not said that there is nothing.

use super::super::connection::{Connection, Tls};
use super::inbox::Inbox;
use super::{LONG_PATIENCE, PATIENCE, Trouble};
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, Status};
use async_imap::{Client, Session};
use std::time::Duration;

/// Most bytes of one answer besides a mail: the numbers of a million mails.
const LONGEST_ANSWER: u64 = 8 << 20;
const SILENT: &str = "the mail server does not answer";

/// A conversation with a mailbox server.
pub(super) struct Talk {
    pub session: Session<Connection>,
    /// Whether it said, whatever it was asked, that a mail arrived.
    pub news: bool,
}

/// Greets, goes over to TLS where that is wanted, and logs in; mails are of `mebibytes` at most.
pub(super) async fn log_in(inbox: &Inbox, mebibytes: u32) -> Result<Session<Connection>, Trouble> {
    let place = &inbox.place;
    let broken = |error: std::io::Error| Trouble::Mailbox(format!("{}:{}: {error}", place.host, place.port));
    let mut client = Client::new(place.connect((u64::from(mebibytes) << 20) + LONGEST_ANSWER).await.map_err(broken)?);
    match tokio::time::timeout(PATIENCE, client.read_response()).await {
        Ok(Ok(Some(_))) => {}
        Ok(Ok(None)) => return Err(broken(std::io::ErrorKind::UnexpectedEof.into())),
        Ok(Err(error)) => return Err(broken(error)),
        Err(_) => return Err(broken(std::io::ErrorKind::TimedOut.into())),
    }
    if place.tls == Tls::Required {
        soon(client.run_command_and_check_ok("STARTTLS", None)).await?;
        client = Client::new(place.encrypt(client.into_inner()).await.map_err(broken)?);
    }
    let (user, password) = place.user.as_ref().map_or(("", ""), |(user, password)| (user, password));
    let entering = tokio::time::timeout(PATIENCE, client.login(user, password)).await;
    entering.map_err(|_| Trouble::Mailbox(SILENT.to_owned()))?.map_err(|(error, _)| error.into())
}

pub(super) async fn within<T>(patience: Duration, answer: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Trouble> {
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Trouble::Mailbox(SILENT.to_owned())),
    }
}

pub(super) async fn soon<T>(answer: impl Future<Output = async_imap::error::Result<T>>) -> Result<T, Trouble> {
    within(PATIENCE, answer).await
}

impl Talk {
    /// Asks, and gives each part of the answer to `each`; an error where the last word is not OK.
    pub async fn ask(&mut self, question: &str, patience: Duration, mut each: impl FnMut(&Response<'_>)) -> Result<(), Trouble> {
        use async_imap::error::Error;
        let (session, news) = (&mut self.session, &mut self.news);
        let answering = async {
            let id = session.run_command(question).await?;
            loop {
                let Some(answer) = session.read_response().await? else { return Err(Error::ConnectionLost) };
                match answer.parsed() {
                    Response::Done { tag, status: Status::Ok, .. } if *tag == id => return Ok(()),
                    Response::Done { tag, outcome, .. } if *tag == id => {
                        let verb = question.split(' ').take(2).collect::<Vec<_>>().join(" ");
                        return Err(Error::No(format!("{verb}: {outcome:?}")));
                    }
                    Response::Data { status: Status::Bye, .. } => return Err(Error::ConnectionLost),
                    Response::MailboxData(MailboxDatum::Exists(_)) => *news = true,
                    other => each(other),
                }
            }
        };
        within(patience, answering).await
    }

    /// The numbers of the mails that are so.
    pub async fn search(&mut self, what: &str) -> Result<Vec<u32>, Trouble> {
        let mut found = vec![];
        let search = |answer: &Response<'_>| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = answer {
                found.extend_from_slice(uids);
            }
        };
        self.ask(&format!("UID SEARCH {what}"), PATIENCE, search).await?;
        Ok(found)
    }

    /// The size of a mail; `None` where there is none of this number any more.
    pub async fn size(&mut self, uid: u32) -> Result<Option<u32>, Trouble> {
        let mut size = None;
        let fetch = |answer: &Response<'_>| {
            if let Some(parts) = of(answer, uid) {
                size = parts.iter().find_map(|part| if let AttributeValue::Rfc822Size(size) = part { Some(*size) } else { None }).or(size);
            }
        };
        self.ask(&format!("UID FETCH {uid} (UID RFC822.SIZE)"), PATIENCE, fetch).await?;
        Ok(size)
    }

    /// A mail; `None` where there is none of this number any more.
    pub async fn mail(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Trouble> {
        self.section(uid, "BODY.PEEK[]", LONG_PATIENCE).await
    }

    /// The beginning of a mail's head; `None` where there is none of this number any more.
    pub async fn head(&mut self, uid: u32, most: usize) -> Result<Option<Vec<u8>>, Trouble> {
        self.section(uid, &format!("BODY.PEEK[HEADER]<0.{most}>"), PATIENCE).await
    }

    async fn section(&mut self, uid: u32, section: &str, patience: Duration) -> Result<Option<Vec<u8>>, Trouble> {
        let mut bytes = None;
        let fetch = |answer: &Response<'_>| {
            for part in of(answer, uid).unwrap_or_default() {
                if let AttributeValue::BodySection { data, .. } = part {
                    bytes = Some(data.as_deref().unwrap_or_default().to_vec());
                }
            }
        };
        self.ask(&format!("UID FETCH {uid} (UID {section})"), patience, fetch).await?;
        Ok(bytes)
    }
}

/// What an answer says of a mail.
fn of<'a>(answer: &'a Response<'_>, uid: u32) -> Option<&'a [AttributeValue<'a>]> {
    match answer {
        Response::Fetch(_, parts) if parts.iter().any(|part| matches!(part, AttributeValue::Uid(known) if *known == uid)) => Some(parts),
        _ => None,
    }
}
