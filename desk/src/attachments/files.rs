//! The folder with the bytes of uploads, previews, mails and exports, and how many of them are worked on at once.
//!
//! Invariant: no upload takes the room on the disk that the database needs.

use super::Picture;
use crate::permits::Permits;
use domain::{AttachmentId, PersonId};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Uploads at once: in all, and of one person, whose further ones wait. A browser sends six at once over HTTP/1.1.
const UPLOADS: (usize, usize) = (256, 8);
/// Bytes of the disk that no upload takes: the database may be on it too, and must be able to write.
const RESERVE: u64 = 512 << 20;

/// The folder the files are in.
#[derive(Debug)]
pub struct Files {
    pub(super) folder: PathBuf,
    max_mebibytes: u32,
    /// One image is decoded at a time; each person's wait in a queue of their own.
    pub(super) decoding: Permits<PersonId>,
    pub(super) uploads: Permits<PersonId>,
}

impl Files {
    /// Opens the folder, and makes it where it is not there.
    pub fn open(folder: &Path, max_mebibytes: u32) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("incoming"))?;
        Ok(Self { folder: folder.to_owned(), max_mebibytes, decoding: Permits::new(1, 1), uploads: Permits::new(UPLOADS.0, UPLOADS.1) })
    }

    /// Largest file, in mebibytes.
    pub fn max_mebibytes(&self) -> u32 {
        self.max_mebibytes
    }

    /// Writes a file and removes it, for who wants to know whether that can be done.
    pub fn try_writing(&self) -> io::Result<()> {
        let path = self.folder.join("incoming").join("check");
        File::create(&path)?.sync_all()?;
        match std::fs::remove_file(path) {
            // Another node tries at the same moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Whether a file of so many bytes leaves [`RESERVE`] on the disk.
    pub(super) fn has_room(&self, bytes: u64) -> io::Result<bool> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        Ok(leaves_reserve(disk.f_bavail.saturating_mul(disk.f_frsize), bytes))
    }

    /// The files of one of the 256 folders that are older than a day.
    pub(super) fn settled_in(&self, folder: u8) -> io::Result<Vec<AttachmentId>> {
        let entries = match std::fs::read_dir(self.folder.join(format!("{folder:02x}"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            entries => entries?,
        };
        let mut found = vec![];
        for entry in entries {
            let entry = entry?;
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            found.extend(entry.file_name().to_str().and_then(AttachmentId::parse).filter(|_| age.as_secs() > 86_400));
        }
        Ok(found)
    }

    /// Removes what an interrupted upload left more than a day ago; gives how many.
    pub fn sweep_incoming(&self) -> io::Result<usize> {
        let mut removed = 0;
        for entry in std::fs::read_dir(self.folder.join("incoming"))? {
            let entry = entry?;
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if age.as_secs() > 86_400 {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    pub(crate) fn path(&self, id: &AttachmentId) -> PathBuf {
        // 256 folders: one with a million files is slow to list and to back up.
        self.folder.join(&id.as_str()[..2]).join(id.as_str())
    }

    /// The folder of what is known of people, made ready to be taken along.
    pub(crate) fn exports(&self) -> PathBuf {
        self.folder.join("exports")
    }

    /// Where the bytes of a mail are.
    pub(crate) fn mail_path(&self, name: &str) -> PathBuf {
        self.folder.join("mail").join(&name[..name.len().min(2)]).join(name).with_extension("eml")
    }

    pub(super) fn picture_path(&self, id: &AttachmentId, picture: Picture) -> PathBuf {
        self.path(id).with_extension(match picture {
            Picture::Thumb => "thumb",
            Picture::View => "view",
        })
    }

    pub(crate) fn remove(&self, id: &AttachmentId) {
        for path in [self.path(id), self.picture_path(id, Picture::Thumb), self.picture_path(id, Picture::View)] {
            if let Err(error) = std::fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, "a file could not be removed");
            }
        }
    }
}

fn leaves_reserve(free: u64, bytes: u64) -> bool {
    free.checked_sub(RESERVE).is_some_and(|free| free >= bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_upload_takes_what_the_database_needs() {
        assert!(leaves_reserve(RESERVE + 10, 10));
        assert!(!leaves_reserve(RESERVE + 9, 10));
        assert!(!leaves_reserve(RESERVE - 1, 0));
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), 5).unwrap();
        assert!(files.has_room(0).unwrap());
        assert!(!files.has_room(u64::MAX).unwrap());
    }
}
