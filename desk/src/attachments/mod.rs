//! Uploads and downloads: a file is on disk, whole and checked, before anyone is told that it is.
//!
//! Invariants: memory does not grow with the file; the name on disk is the id alone; an image that is shown was decoded and encoded anew.

mod decoding;
mod files;
mod pictures;
mod shrinking;

pub use files::Files;
use pictures::picture;
pub use pictures::{Picture, Shown, preview};

use crate::accounts::Session;
use crate::permits::Permit;
use crate::{Desk, Result};
use domain::attachments::{Attachment, FileName, Kind, MAX_FILES};
use domain::time::Span;
use domain::{AttachmentId, Fault, Field, PersonId, Refusal};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use tokio::io::AsyncReadExt;

/// Bytes gathered before they are written.
const CHUNK: usize = 256 << 10;
/// Bytes written before the disk is waited for, so that a large file does not fill memory with unwritten pages.
const SYNC_EVERY: u64 = 32 << 20;
/// Bytes that are looked at to tell what a file is.
const HEAD: usize = 8_192;
/// A file that no message names is kept this long.
const LOOSE: Span = Span::days(7);
/// Most of them that one person can have: ten full forms.
const MAX_LOOSE: u32 = 10 * MAX_FILES as u32;

/// A file to be sent.
#[derive(Debug)]
pub struct Download {
    /// What it is.
    pub attachment: Attachment,
    /// Its bytes, as many as its size says.
    pub file: tokio::fs::File,
    /// Its media type.
    pub media_type: &'static str,
}

/// A file that is coming in. Dropped before [`Upload::finish`], nothing of it is kept.
#[derive(Debug)]
pub struct Upload {
    desk: Desk,
    id: AttachmentId,
    name: FileName,
    kind: Kind,
    part: Part,
    gathered: Vec<u8>,
    size: u64,
    since_sync: u64,
    owner: PersonId,
    _permit: Permit<PersonId>,
}

/// The file on disk while it grows; removed when it is dropped.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: Option<File>,
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.file.take());
        // Gone already when it was moved to its place.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Upload {
    /// Begins an upload; refuses a name of a kind that is not accepted, a size that is too large, and one more than its owner may have, before anything is sent.
    ///
    /// Waits while its owner has as many uploads under way as one person may.
    pub async fn begin(desk: &Desk, by: &Session, name: &str, announced: Option<u64>) -> Result<Self> {
        let name = FileName::clean(name);
        let kind = Kind::of(&name).map_err(|fault| Refusal::field(Field::Attachments, fault))?;
        if announced.is_some_and(|size| size > max_bytes(desk)) {
            return Err(too_large(desk).into());
        }
        let owner = by.person().id;
        let permit = desk.files().uploads.take(Some(owner)).await;
        // Before it is written and decoded; counted once more in the change that keeps it.
        if store::attachments::loose_since(desk.store(), owner, desk.now() - LOOSE).await? >= i64::from(MAX_LOOSE) {
            return Err(too_many().into());
        }
        if !desk.files().has_room(announced.unwrap_or_else(|| max_bytes(desk)))? {
            tracing::error!("the disk is full: uploads are refused until there is room");
            return Err(Refusal::field(Field::Attachments, Fault::DiskFull).into());
        }
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let id = AttachmentId::parse(&crate::accounts::hex(&bytes)).ok_or_else(|| io::Error::other("an id of 32 digits"))?;
        let path = desk.files().folder.join("incoming").join(id.as_str());
        let file = File::create_new(&path)?;
        let part = Part { path, file: Some(file) };
        Ok(Self { desk: desk.clone(), id, name, kind, part, gathered: Vec::with_capacity(CHUNK), size: 0, since_sync: 0, owner, _permit: permit })
    }

    /// Adds bytes; refuses at the first one too many.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > max_bytes(&self.desk) {
            return Err(too_large(&self.desk).into());
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let Some(mut file) = self.part.file.take() else { return Err(io::Error::other("the upload is over").into()) };
        let mut gathered = std::mem::take(&mut self.gathered);
        self.since_sync += gathered.len() as u64;
        let sync = self.since_sync >= SYNC_EVERY;
        if sync {
            self.since_sync = 0;
        }
        let written = tokio::task::spawn_blocking(move || -> io::Result<(File, Vec<u8>)> {
            file.write_all(&gathered)?;
            if sync {
                file.sync_data()?;
            }
            gathered.clear();
            Ok((file, gathered))
        });
        let (file, gathered) = written.await.map_err(io::Error::other)??;
        self.part.file = Some(file);
        self.gathered = gathered;
        Ok(())
    }

    /// Checks the content, moves the file to its place and keeps it for its owner until a message names it.
    pub async fn finish(mut self) -> Result<Attachment> {
        if self.size == 0 {
            return Err(Refusal::field(Field::Attachments, Fault::EmptyFile).into());
        }
        self.flush().await?;
        let Some(file) = self.part.file.take() else { return Err(io::Error::other("the upload is over").into()) };
        let (from, to, kind) = (self.part.path.clone(), self.desk.files().path(&self.id), self.kind);
        let agrees = tokio::task::spawn_blocking(move || -> io::Result<bool> {
            file.sync_all()?;
            let mut head = Vec::with_capacity(HEAD);
            File::open(&from)?.take(HEAD as u64).read_to_end(&mut head)?;
            let found = infer::get(&head).map(|t| t.mime_type());
            if !kind.agrees(found, &head) {
                return Ok(false);
            }
            let folder = to.parent().ok_or_else(|| io::Error::other("a file has a folder"))?;
            let is_new = !folder.exists();
            std::fs::create_dir_all(folder)?;
            std::fs::rename(&from, &to)?;
            // The name is only as durable as the folder that holds it, and so is the folder's.
            File::open(folder)?.sync_all()?;
            if let Some(parent) = folder.parent().filter(|_| is_new) {
                File::open(parent)?.sync_all()?;
            }
            Ok(true)
        });
        if !agrees.await.map_err(io::Error::other)?? {
            return Err(Refusal::field(Field::Attachments, Fault::WrongContent).into());
        }
        let kept = self.keep().await;
        if kept.is_err() {
            self.desk.files().remove(&self.id);
        }
        kept
    }

    async fn keep(&self) -> Result<Attachment> {
        let image = matches!(self.kind, Kind::Image(_)) && self.is_shown().await?;
        let attachment = Attachment { id: self.id.clone(), name: self.name.clone(), size: self.size as i64, image };
        keep(&self.desk, &attachment, self.owner).await?;
        Ok(attachment)
    }

    /// Whether an image has a preview. One that is damaged, or too large to be decoded, is kept without.
    async fn is_shown(&self) -> Result<bool> {
        match picture(&self.desk, self.owner, &self.id, Picture::Thumb).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::info!(id = %self.id, %error, "an image is kept without a preview");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn keep(desk: &Desk, attachment: &Attachment, owner: PersonId) -> Result<()> {
    let change = desk.store().begin().await?;
    store::attachments::add(&change, attachment, owner, desk.now()).await?;
    // Counted with it, so that many at once are no way round.
    if store::attachments::count_loose(&change, owner, desk.now() - LOOSE).await? > i64::from(MAX_LOOSE) {
        return Err(too_many().into());
    }
    Ok(change.commit().await?)
}

fn max_bytes(desk: &Desk) -> u64 {
    u64::from(desk.files().max_mebibytes()) << 20
}

fn too_many() -> Refusal {
    Refusal::field(Field::Attachments, Fault::TooMany(MAX_LOOSE))
}

fn too_large(desk: &Desk) -> Refusal {
    Refusal::field(Field::Attachments, Fault::TooLarge(desk.files().max_mebibytes()))
}

/// A file for someone who may have it. Refuses one that is no longer whole on disk.
pub async fn download(desk: &Desk, by: &Session, id: &AttachmentId) -> Result<Download> {
    let attachment = store::attachments::find(desk.store(), &by.scope(), by.person().id, id).await?.ok_or(Refusal::NotFound)?;
    let media_type = Kind::of(&attachment.name).map_or("application/octet-stream", Kind::media_type);
    let file = whole(desk, &attachment, Field::Attachments).await?;
    Ok(Download { file, attachment, media_type })
}

/// A small file of a message, for a mail to someone who may read that message, or of a form that reads it. Refuses one that is no longer whole on disk, at this field.
pub(crate) async fn read(desk: &Desk, attachment: &Attachment, field: Field) -> Result<(Vec<u8>, &'static str)> {
    let media_type = Kind::of(&attachment.name).map_or("application/octet-stream", Kind::media_type);
    let mut bytes = vec![];
    whole(desk, attachment, field).await?.read_to_end(&mut bytes).await?;
    Ok((bytes, media_type))
}

/// Opens a file that is as long as it was when it was kept.
async fn whole(desk: &Desk, attachment: &Attachment, field: Field) -> Result<tokio::fs::File> {
    let found = match tokio::fs::File::open(desk.files().path(&attachment.id)).await {
        Ok(file) => Some((file.metadata().await?.len(), file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    match found {
        Some((length, file)) if i64::try_from(length) == Ok(attachment.size) => Ok(file),
        found => {
            let length = found.map(|(length, _)| length);
            tracing::error!(id = %attachment.id, size = attachment.size, length, "a file is missing on disk, or not whole: restore it from a backup");
            Err(Refusal::field(field, Fault::Gone).into())
        }
    }
}

/// Removes an uploaded file that is on no message yet; refuses where it is not one's own.
pub async fn remove(desk: &Desk, by: &Session, id: &AttachmentId) -> Result<()> {
    let change = desk.store().begin().await?;
    if !store::attachments::remove(&change, by.person().id, id).await? {
        return Err(Refusal::NotFound.into());
    }
    change.commit().await?;
    desk.files().remove(id);
    Ok(())
}

/// One's own uploaded files that are on no message yet, of these.
pub async fn loose(desk: &Desk, by: &Session, ids: &[String]) -> Result<Vec<Attachment>> {
    let ids: Vec<AttachmentId> = ids.iter().filter_map(|id| AttachmentId::parse(id)).collect();
    Ok(store::attachments::loose(desk.store(), by.person().id, &ids).await?)
}

/// Removes files of one of the 256 folders that no row knows, as a crash between the two leaves them; gives how many. For the job that does so.
pub(crate) async fn sweep_unknown(desk: &Desk, folder: u8) -> Result<usize> {
    let files = desk.0.files.clone();
    let settled = tokio::task::spawn_blocking(move || files.settled_in(folder)).await.map_err(io::Error::other)??;
    let mut removed = 0;
    for ids in settled.chunks(500) {
        let known = store::attachments::known(desk.store(), ids).await?;
        for id in ids.iter().filter(|id| !known.contains(id)) {
            desk.files().remove(id);
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes files that no message named in time; gives how many. For the job that does so.
pub(crate) async fn sweep(desk: &Desk) -> Result<usize> {
    let forgotten = store::attachments::forgotten(desk.store(), desk.now() - LOOSE, 500).await?;
    for id in &forgotten {
        let change = desk.store().begin().await?;
        if store::attachments::sweep(&change, id).await? {
            change.commit().await?;
            desk.files().remove(id);
        }
    }
    Ok(forgotten.len())
}
