//! Taking mail in: its bytes are on disk and its row is committed before anyone is told that we have it.
//!
//! Invariant: what is acknowledged is kept, and kept once, whatever becomes of reading it.

use crate::{Desk, Result, notifications};
use domain::accounts::EmailAddress;
use domain::mail::MailReason as Reason;
use domain::time::Span;
use domain::{DepartmentId, Fault, Field, IncomingId, Refusal};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use store::mail::{Finding, NewIncoming, State};

/// Mails of one sender in an hour of which each that is too large is answered.
const ANSWERS: i64 = 3;

/// Where a mail came from.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// What admins read: the name of a mailbox, `pipe`, `http`.
    pub name: &'a str,
    /// What the source calls this mail, so that it is taken once; `None`: its content says which it is.
    pub key: Option<String>,
    /// Where a new ticket goes.
    pub department: Option<DepartmentId>,
    /// The organisation of people whom its mails make known; `None`: mails of people without an account are set aside.
    pub strangers: Option<&'a str>,
}

/// Keeps a mail; `None` where it was kept before. Refuses one that is empty, or larger than is allowed.
pub async fn receive(desk: &Desk, source: &Source<'_>, raw: Vec<u8>) -> Result<Option<IncomingId>> {
    let most = desk.mail().settings.max_mebibytes;
    if raw.is_empty() {
        return Err(Refusal::field(Field::Message, Fault::Missing).into());
    }
    if raw.len() as u64 > u64::from(most) << 20 {
        return Err(Refusal::field(Field::Message, Fault::TooLarge(most)).into());
    }
    let id = row(desk, source, raw, None).await?;
    desk.mail().arrived.notify_one();
    Ok(id)
}

/// Writes the bytes of a mail and its row; one that an admin decides about at once, with what was found.
async fn row(desk: &Desk, source: &Source<'_>, raw: Vec<u8>, aside: Option<Finding>) -> Result<Option<IncomingId>> {
    let name = crate::accounts::hex(&Sha256::digest(&raw));
    let key = format!("{}:{}", source.name, source.key.as_ref().unwrap_or(&name));
    let (path, size) = (desk.files().mail_path(&name), raw.len() as i64);
    tokio::task::spawn_blocking(move || keep(path, &raw)).await.map_err(io::Error::other)??;
    let change = desk.store().begin().await?;
    let new = NewIncoming { source: source.name, key: &key, file: &name, size, department: source.department, strangers: source.strangers };
    let id = store::mail::add(&change, &new, desk.now()).await?;
    if let Some((id, found)) = id.zip(aside) {
        store::mail::settle(&change, id, State::SetAside, &found).await?;
    }
    change.commit().await?;
    Ok(id)
}

/// Keeps a mail that a mail server hands over: of the source `name`, for a department by its name; of senders whom nobody knows too, where `strangers` names their organisation.
/// Refuses an unknown department.
pub async fn take_in(desk: &Desk, name: &str, department: &str, strangers: Option<&str>, raw: Vec<u8>) -> Result<Option<IncomingId>> {
    let strangers = strangers.map(str::trim).filter(|name| !name.is_empty());
    receive(desk, &Source { name, key: None, department: department_by_name(desk, department).await?, strangers }, raw).await
}

/// A department by its name; `None` for an empty one. Refuses one that there is not.
pub(super) async fn department_by_name(desk: &Desk, name: &str) -> Result<Option<DepartmentId>> {
    if name.is_empty() {
        return Ok(None);
    }
    let found = store::departments::all(desk.store()).await?.into_iter().find(|d| d.named.name.eq_ignore_ascii_case(name));
    Ok(Some(found.ok_or_else(|| Refusal::field(Field::Department, Fault::Unknown))?.named.id))
}

/// Sets aside a mail of which only the head was taken, as it is too large, and tells a sender who has an account.
pub(super) async fn refuse(desk: &Desk, source: &Source<'_>, head: Vec<u8>, reason: Reason) -> Result<()> {
    let letter = mime::read(&head);
    let sender = letter.from.as_ref().map(|from| from.address.to_lowercase());
    let found = Finding { reason: Some(reason), sender: sender.clone(), subject: Some(letter.subject.clone()), ..Finding::default() };
    if row(desk, source, head, Some(found)).await?.is_none() {
        return Ok(());
    }
    // A machine is not answered, nor one of whom much comes: the address may be another's.
    if let Some(sender) = &sender
        && store::mail::came_from(desk.store(), sender, desk.now() - Span::hours(1)).await? > ANSWERS
    {
        return Ok(());
    }
    let Some(sender) = sender.and_then(|sender| EmailAddress::parse(&sender)).filter(|_| letter.automatic == mime::Automatic::No) else {
        return Ok(());
    };
    match store::accounts::by_email(desk.store(), &sender).await?.filter(|account| !account.disabled) {
        Some(account) => notifications::tell_too_large(desk, &account, &letter.subject).await.map(|_| ()),
        None => Ok(()),
    }
}

/// What the sender of a mail is told that is larger than is taken.
pub fn too_large(most: u32) -> String {
    format!("This mail is larger than {most} MiB and was not accepted. Please send large files with the form on our website, or a link to them.\n")
}

/// The bytes of a mail are its name, so that the same mail is one file.
fn keep(path: PathBuf, raw: &[u8]) -> io::Result<()> {
    if std::fs::metadata(&path).is_ok_and(|known| known.len() == raw.len() as u64) {
        // As young as its new row: what is old and has none is swept away.
        return File::options().append(true).open(&path)?.set_modified(std::time::SystemTime::now());
    }
    let folder = path.parent().ok_or_else(|| io::Error::other("a file has a folder"))?;
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder)?;
    // Two nodes may keep the same mail at once, and in containers their processes have one number.
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let half = path.with_extension(format!("half-{}", crate::accounts::hex(&random)));
    let mut file = File::create_new(&half)?;
    file.write_all(raw)?;
    file.sync_all()?;
    std::fs::rename(&half, &path)?;
    // The name is only as durable as the folder that holds it, and so is the folder's.
    File::open(folder)?.sync_all()?;
    match folder.parent().filter(|_| is_new) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// The bytes of a mail that was kept; refuses where they were removed, with a person who was in them or because their time was over.
pub(crate) async fn raw(desk: &Desk, file: &str) -> Result<Vec<u8>> {
    match tokio::fs::read(desk.files().mail_path(file)).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_empty() => Err(Refusal::NotFound.into()),
        read => Ok(read?),
    }
}

/// Removes mails of one of the 256 folders that no row has, as a crash leaves them when their time was over; gives how many. For the job that does so.
pub(crate) async fn sweep_unknown(desk: &Desk, folder: u8) -> Result<usize> {
    let files = desk.files().mail_path(&format!("{folder:02x}"));
    let settled = tokio::task::spawn_blocking(move || -> io::Result<Vec<String>> {
        let entries = match files.parent().map(std::fs::read_dir) {
            None => return Ok(vec![]),
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Some(entries) => entries?,
        };
        let mut found = vec![];
        for entry in entries {
            let entry = entry?;
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            found.extend(entry.file_name().to_str().and_then(|name| name.strip_suffix(".eml")).filter(|_| age.as_secs() > 86_400).map(str::to_owned));
        }
        Ok(found)
    });
    crate::privacy::remove_mails(desk, &settled.await.map_err(io::Error::other)??).await
}
