//! Everything about a person as a file: JSON and the files themselves, in a zip that is written piece by piece, so that memory does not grow with it.

use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Error, Result};
use domain::accounts::Scope;
use domain::audit::Deed;
use domain::permissions::Action;
use domain::time::Moment;
use domain::{PersonId, Refusal, TicketId};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::privacy;
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An export is kept this long, on the node that made it.
pub const KEPT: Duration = Duration::from_secs(86_400);
/// Entries of the audit log of one page of it.
const ENTRIES: u64 = 1_000;

/// An export that began: however it ends, also where whoever asked for it is gone or it breaks, it does not stand in the way of the next one.
struct Running {
    desk: Desk,
    id: PersonId,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.desk.exports().with(|all| {
            if all.get(&self.id).is_some_and(|progress| progress.over.is_none()) {
                all.remove(&self.id);
            }
        });
    }
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Progress {
    /// Tickets written, and tickets to be written.
    pub done: usize,
    pub all: usize,
    /// `None` while it runs; why it failed, in words for the log.
    pub over: Option<Result<Made, String>>,
}

/// An export that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Made {
    pub at: Moment,
    pub bytes: u64,
    path: PathBuf,
}

/// The exports of this node, by person.
#[derive(Debug, Default)]
pub struct Exports(Mutex<HashMap<PersonId, Progress>>);

impl Exports {
    fn with<T>(&self, what: impl FnOnce(&mut HashMap<PersonId, Progress>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What goes into the zip.
enum Piece {
    Json(String, Value),
    File(String, PathBuf),
}

/// Begins to gather everything about a person, in the background; one that runs goes on. That it was done is in the audit log. For admins.
pub async fn begin_export(desk: &Desk, by: &Agent, id: PersonId) -> Result<()> {
    by.session().require(Action::ManagePrivacy)?;
    let account = store::accounts::by_id(desk.store(), id).await?.filter(|account| !account.erased).ok_or(Refusal::NotFound)?;
    let id = account.person.id;
    let is_running = desk.exports().with(|all| {
        let runs = all.get(&id).is_some_and(|progress| progress.over.is_none());
        if !runs {
            all.insert(id, Progress { done: 0, all: 0, over: None });
        }
        runs
    });
    if is_running {
        return Ok(());
    }
    let running = Running { desk: desk.clone(), id };
    let change = desk.store().begin().await?;
    audit::note(&change, by.session(), Done::new(Deed::PersonExported, &account.person.email, Some(id)), desk.now()).await?;
    change.commit().await?;
    let desk = desk.clone();
    tokio::spawn(async move {
        let _running = running;
        let made = make(&desk, id).await;
        if let Err(error) = &made {
            tracing::error!(%error, "what is known of a person could not be exported");
        }
        let path = made.as_ref().ok().map(|made| made.path.clone());
        let is_wanted = desk.exports().with(|all| match all.get_mut(&id) {
            Some(progress) => {
                progress.over = Some(made.map_err(|error| error.to_string()));
                true
            }
            None => false,
        });
        // They were erased meanwhile.
        if let Some(path) = path.filter(|_| !is_wanted) {
            let _ = tokio::fs::remove_file(path).await;
        }
    });
    Ok(())
}

/// How far the export of a person is on this node; `None` where there is none, or they were erased, perhaps by another node. For admins.
pub async fn export_progress(desk: &Desk, by: &Agent, id: PersonId) -> Result<Option<Progress>> {
    by.session().require(Action::ManagePrivacy)?;
    if store::accounts::by_id(desk.store(), id).await?.is_none_or(|account| account.erased) {
        forget(desk, id).await;
        return Ok(None);
    }
    Ok(desk.exports().with(|all| all.get(&id).cloned()))
}

/// The file of an export that is done. For admins.
pub async fn export_file(desk: &Desk, by: &Agent, id: PersonId) -> Result<(tokio::fs::File, u64)> {
    let made = export_progress(desk, by, id).await?.and_then(|progress| progress.over?.ok()).ok_or(Refusal::NotFound)?;
    match tokio::fs::File::open(&made.path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Refusal::NotFound.into()),
        opened => Ok((opened?, made.bytes)),
    }
}

/// Removes what was exported of someone.
pub(super) async fn forget(desk: &Desk, id: PersonId) {
    if let Some(Ok(made)) = desk.exports().with(|all| all.remove(&id)).and_then(|progress| progress.over) {
        let _ = tokio::fs::remove_file(&made.path).await;
    }
}

/// Removes exports whose time is over, also those of a node that ended.
pub async fn sweep_exports(desk: &Desk) -> Result<()> {
    let folder = desk.files().exports();
    let removed = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.metadata()?.modified()?.elapsed().unwrap_or_default() > KEPT {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    });
    removed.await.map_err(io::Error::other)??;
    let before = desk.now() - domain::time::Span(KEPT.as_millis() as i64);
    desk.exports().with(|all| all.retain(|_, progress| !matches!(&progress.over, Some(Ok(made)) if made.at < before)));
    Ok(())
}

async fn make(desk: &Desk, id: PersonId) -> Result<Made> {
    let folder = desk.files().exports();
    let path = folder.join(format!("{id}-{}.zip", &crate::accounts::random_hex()?[..32]));
    let (send, pieces) = mpsc::channel(4);
    let to = path.clone();
    let writer = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        let written = write(&to, pieces);
        if written.is_err() {
            let _ = std::fs::remove_file(&to);
        }
        written
    });
    let gathered = gather(desk, id, &send).await;
    // Without it the writer knows that what came was not all of it.
    if gathered.is_ok() {
        let _ = send.send(None).await;
    }
    drop(send);
    let written = writer.await.map_err(io::Error::other)?;
    gathered?;
    Ok(Made { at: desk.now(), bytes: written?, path })
}

/// Writes the zip until the end is told; an error where it never is.
fn write(path: &PathBuf, mut pieces: mpsc::Receiver<Option<Piece>>) -> io::Result<u64> {
    let mut zip = ZipWriter::new(BufWriter::new(File::create_new(path)?));
    loop {
        match pieces.blocking_recv() {
            None => return Err(io::Error::other("the export was interrupted")),
            Some(None) => break,
            Some(Some(Piece::Json(name, value))) => {
                zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))?;
                serde_json::to_writer_pretty(&mut zip, &value)?;
            }
            Some(Some(Piece::File(name, from))) => {
                let mut from = match File::open(from) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    opened => opened?,
                };
                let is_large = from.metadata()?.len() > u64::from(u32::MAX);
                zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(is_large))?;
                io::copy(&mut from, &mut zip)?;
            }
        }
    }
    let file = zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

async fn gather(desk: &Desk, id: PersonId, send: &mpsc::Sender<Option<Piece>>) -> Result<()> {
    let put = async |piece: Piece| send.send(Some(piece)).await.map_err(|_| Error::from(io::Error::other("the export could not be written")));
    let (store, now) = (desk.store(), desk.now());
    let account = store::accounts::by_id(store, id).await?.ok_or(Refusal::NotFound)?;
    let when = crate::zones::written;
    let factors = store::mfa::of(store, id).await?;
    let tokens = store::tokens::of(store, id).await?;
    let (names, emails) = privacy::former(store, id).await?;
    let on_call: Vec<Value> = store::on_call::rotas(store)
        .await?
        .into_iter()
        .flat_map(|of| {
            let department = of.department;
            let swaps = of.rota.swaps.into_iter().filter(move |swap| swap.person == Some(id)).map(move |swap| (department, "stands in", swap.from, swap.until));
            swaps.chain(of.rota.away.into_iter().filter(move |away| away.person == id).map(move |away| (department, "away", away.from, away.until)))
        })
        .map(|(department, what, from, until)| json!({ "department": department, "what": what, "from": domain::time::write_date(from), "until": domain::time::write_date(until - 1) }))
        .collect();
    let person = json!({
        "person": account.person,
        "earlier_names": names,
        "earlier_addresses": &emails,
        "language": account.language,
        "theme": account.theme,
        "time_zone": account.time_zone,
        "notifications": account.paces,
        "disabled": account.disabled,
        "has_password": account.password_hash.is_some(),
        "departments": store::people::departments_of(store, id).await?,
        "app_for_codes": factors.totp,
        "passkeys": store::mfa::passkeys_of(store, id).await?.into_iter().map(|key| json!({ "name": key.name, "created": when(key.created_at), "used": key.used_at.map(when) })).collect::<Vec<_>>(),
        "known_at_providers": store::mfa::issuers_of(store, id).await?,
        "api_tokens": tokens.into_iter().map(|token| json!({ "name": token.name, "scopes": token.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(), "created": when(token.created_at), "expires": when(token.expires_at), "used": token.used_at.map(when), "used_from": token.used_from })).collect::<Vec<_>>(),
        "days_on_call": on_call,
        "told_browsers": store::push_subscriptions::of(store, id, now).await?.into_iter().map(|browser| browser.endpoint).collect::<Vec<_>>(),
        "has_calendar_link": store::on_call::has_feed(store, id).await?,
        "sessions": store::sessions::of(store, id, now).await?.into_iter().map(|open| json!({ "device": open.device, "address": open.address, "begun": when(open.created_at), "seen": when(open.seen_at) })).collect::<Vec<_>>(),
    });
    put(Piece::Json("person.json".to_owned(), person)).await?;
    put(Piece::Json("audit.json".to_owned(), audited(desk, id).await?)).await?;
    let tickets = privacy::tickets_of(store, id).await?;
    for (done, ticket) in tickets.iter().enumerate() {
        desk.exports().with(|all| {
            if let Some(progress) = all.get_mut(&id) {
                (progress.done, progress.all) = (done, tickets.len());
            }
        });
        for piece in pieces_of(desk, *ticket).await? {
            put(piece).await?;
        }
    }
    // Mails of theirs that are on no ticket, from every address they had.
    let addresses = [emails.as_slice(), &[account.person.email]].concat();
    for (mail, file, sender, subject) in privacy::mails_of(store, &addresses, &[]).await? {
        put(Piece::Json(format!("mails/{mail}.json"), json!({ "sender": sender, "subject": subject }))).await?;
        if !file.is_empty() {
            put(Piece::File(format!("mails/{mail}.eml"), desk.files().mail_path(&file))).await?;
        }
    }
    Ok(())
}

/// What was written down of a person: what they did, and what was done to their account.
async fn audited(desk: &Desk, id: PersonId) -> Result<Value> {
    let mut filter = store::audit::Filter { person: Some(id), ..Default::default() };
    let mut entries = vec![];
    loop {
        let page = store::audit::read(desk.store(), &filter, ENTRIES).await?;
        filter.before = page.last().map(|last| last.id);
        let is_last = (page.len() as u64) < ENTRIES;
        entries.extend(page.into_iter().map(|entry| {
            json!({ "when": crate::zones::written(entry.at), "who": entry.by, "what": entry.deed.word(), "about": entry.about, "before": entry.before, "after": entry.after, "address": entry.address })
        }));
        if is_last {
            return Ok(entries.into());
        }
    }
}

/// A ticket with everything that was said on it, and its files.
async fn pieces_of(desk: &Desk, id: TicketId) -> Result<Vec<Piece>> {
    let (store, everything) = (desk.store(), Scope::system());
    // It may have been removed a moment ago.
    let Some((ticket, _)) = store::tickets::find(store, &everything, id).await? else { return Ok(vec![]) };
    let conversation = store::conversation::read(store, &everything, id).await?;
    let (mut pieces, mut messages) = (vec![], vec![]);
    for (message, files) in conversation.messages {
        let text = store::conversation::message(store, id, Some(message.id)).await?.map(|words| words.text);
        let mut names = vec![];
        for file in files {
            let name = format!("tickets/{id}/{}-{}", &file.id.as_str()[..8], file.name.as_str());
            names.push(name.clone());
            pieces.push(Piece::File(name, desk.files().path(&file.id)));
        }
        messages.push(json!({ "who": message.author, "when": crate::zones::written(message.created_at), "note": message.note, "text": text, "head": message.mail.map(|mail| mail.head), "files": names }));
    }
    for (mail, file, ..) in privacy::mails_of_ticket(store, id).await? {
        if !file.is_empty() {
            pieces.push(Piece::File(format!("tickets/{id}/mail-{mail}.eml"), desk.files().mail_path(&file)));
        }
    }
    let about = json!({
        "number": id, "subject": ticket.subject, "link": ticket.link, "status": ticket.status.word(), "urgency": ticket.urgency.word(), "department": ticket.department, "organisation": ticket.organisation,
        "requester": ticket.requester, "assignee": ticket.assignee, "cc": ticket.cc, "tags": ticket.tags, "opened": crate::zones::written(ticket.opened_at), "changed": crate::zones::written(ticket.updated_at),
        "messages": messages, "history": conversation.history,
    });
    pieces.insert(0, Piece::Json(format!("tickets/{id}.json"), about));
    Ok(pieces)
}
