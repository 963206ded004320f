//! Whether the file of a SQLite database is whole, looked at before SQLite opens it.
//!
//! SQLite takes an empty file for a new database, writes over pages that are missing, and forgets every commit behind the first damaged one of its log. None of that is asked for by
//! who starts a server, so it is said instead. Nothing here writes. The formats are those of <https://www.sqlite.org/fileformat.html> (1.3 and 4.1).

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of the database's head, of the log's head, and of the head of a frame in the log.
const HEAD: usize = 100;
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
/// How often a log is read that another process begins anew meanwhile.
const TRIES: usize = 5;

/// Looks at the database at a path; gives a sentence that says what is damaged, and what can be done.
pub(crate) fn look(path: &Path) -> Result<(), String> {
    let broken = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    let there = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        opened => Some(opened.map_err(broken)?),
    };
    let in_log = committed(&log, path)?;
    match there {
        // A folder is told by who opens it.
        Some(file) if !file.metadata().map_err(broken)?.is_file() => Ok(()),
        Some(file) => database(path, file, &in_log),
        None if in_log.is_empty() => Ok(()),
        None => Err(format!("{} is missing, and its log {} is there: put both back", path.display(), log.display())),
    }
}

/// The path that a URL names; `None` for a database in memory.
pub(crate) fn path(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty() && !path.starts_with(":memory:")).then(|| Path::new(path))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn database(path: &Path, mut file: File, in_log: &HashSet<u32>) -> Result<(), String> {
    let broken = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let name = path.display();
    let size = file.metadata().map_err(broken)?.len();
    if size == 0 {
        return Err(format!("{name} is empty: put the backup in its place, or remove it to begin with a new database"));
    }
    let mut head = [0; HEAD];
    if size < HEAD as u64 {
        return Err(format!("{name} has been cut off after {size} bytes: put the backup in its place"));
    }
    file.read_exact(&mut head).map_err(broken)?;
    if !head.starts_with(b"SQLite format 3\0") {
        return Err(format!("{name} is no SQLite database: its first bytes are others. Put the backup in its place"));
    }
    let page = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        size => size,
    };
    // Where the two differ, something that does not keep the number of pages has written.
    let pages = if number(&head, 24) == number(&head, 92) { number(&head, 28) } else { 0 };
    if page < 512 {
        return Err(format!("{name} is damaged: its head names pages of {page} bytes. Put the backup in its place"));
    }
    let whole = u32::try_from(size / page).unwrap_or(u32::MAX);
    // What a copy from the log into the database did not get to is still in the log.
    let missing = (whole.saturating_add(1)..=pages).filter(|page| !in_log.contains(page)).count();
    if missing > 0 {
        return Err(format!("{name} has been cut off: {missing} of its {pages} pages are missing. Put the backup in its place"));
    }
    Ok(())
}

/// The pages that are committed in a log, or what is damaged in it.
fn committed(log: &Path, of: &Path) -> Result<HashSet<u32>, String> {
    let broken = |error: io::Error| format!("{} cannot be read: {error}", log.display());
    let mut file = match File::open(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
        opened => opened.map_err(broken)?,
    };
    let mut seen = Ok(HashSet::new());
    for _ in 0..TRIES {
        let before = head(&mut file).map_err(broken)?;
        seen = read(&mut file, before.as_ref()).map_err(broken)?;
        // Begun anew by a process that has the database open: what was read belongs to two logs.
        if seen.is_ok() || head(&mut file).map_err(broken)? == before {
            break;
        }
    }
    seen.map_err(|what| {
        format!(
            "{} is damaged: {what}, so that changes which were confirmed would be forgotten. Put the backup in place, or go on without them by: sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'",
            log.display(),
            of.display()
        )
    })
}

fn head(file: &mut File) -> io::Result<Option<[u8; LOG_HEAD]>> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = [0; LOG_HEAD];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(Some(head)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The checksum of SQLite's log, as it goes on over more bytes; `big` says in which order a number's bytes are.
fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    let read = |four: &[u8]| four.try_into().map_or(0, |four| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) });
    for eight in bytes.chunks_exact(8) {
        a = a.wrapping_add(read(&eight[..4])).wrapping_add(b);
        b = b.wrapping_add(read(&eight[4..])).wrapping_add(a);
    }
    (a, b)
}

/// Reads the frames behind a head; says where confirmed ones stand behind a damaged one.
fn read(file: &mut File, head: Option<&[u8; LOG_HEAD]>) -> io::Result<Result<HashSet<u32>, &'static str>> {
    let Some(head) = head else { return Ok(Ok(HashSet::new())) };
    let has_frames = file.metadata()?.len() > LOG_HEAD as u64;
    let (magic, page) = (number(head, 0), number(head, 8) as usize);
    let big = magic & 1 == 1;
    let mut sum = checksum((0, 0), &head[..24], big);
    if magic & !1 != 0x377f_0682 || !(512..=65_536).contains(&page) || sum != (number(head, 24), number(head, 28)) {
        return Ok(if has_frames { Err("its head cannot be read") } else { Ok(HashSet::new()) });
    }
    let mut frames = BufReader::with_capacity(1 << 20, file);
    let mut frame = vec![0; FRAME_HEAD + page];
    let (mut pages, mut open, mut is_whole, mut commit_after) = (HashSet::new(), vec![], true, false);
    loop {
        match frames.read_exact(&mut frame) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Ok(pages)),
            Err(error) => return Err(error),
        }
        let (is_ours, is_commit) = (frame[8..16] == head[16..24], number(&frame, 4) > 0);
        sum = checksum(checksum(sum, &frame[..8], big), &frame[FRAME_HEAD..], big);
        is_whole &= is_ours && sum == (number(&frame, 16), number(&frame, 20));
        if is_whole {
            open.push(number(&frame, 0));
            if is_commit {
                pages.extend(open.drain(..));
            }
        } else if is_ours {
            // The last commit may have been torn by a power cut before it was confirmed. One that others stand behind was confirmed.
            if commit_after {
                return Ok(Err("a part in its middle cannot be read, and there are commits behind it"));
            }
            commit_after = is_commit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;
    use tempfile::TempDir;

    /// A database with a table and commits that are still in its log, as a crash leaves it.
    async fn crashed() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = crate::Store::connect(&format!("sqlite:{}", path.display()), 1).await.unwrap();
        store.migrate().await.unwrap();
        for name in ["een", "twee", "drie"] {
            let change = store.begin().await.unwrap();
            crate::departments::add(&change, name, false, false, 0).await.unwrap();
            change.commit().await.unwrap();
        }
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join("a.db");
        for end in ["", "-wal"] {
            std::fs::copy(format!("{}{end}", path.display()), format!("{}{end}", to.display())).unwrap();
        }
        assert!(std::fs::metadata(format!("{}-wal", to.display())).unwrap().len() > 10_000);
        store.close().await;
        (copy, to)
    }

    fn log(path: &Path) -> PathBuf {
        PathBuf::from(format!("{}-wal", path.display()))
    }

    #[tokio::test]
    async fn what_a_crash_leaves_is_whole() {
        let (_folder, path) = crashed().await;
        look(&path).unwrap();
        // A torn tail is no damage: nobody was told that it is saved.
        let size = std::fs::metadata(log(&path)).unwrap().len();
        File::options().write(true).open(log(&path)).unwrap().set_len(size - 100).unwrap();
        look(&path).unwrap();
        let store = crate::Store::connect(&format!("sqlite:{}", path.display()), 1).await.unwrap();
        store.close().await;
        look(&path).unwrap();
        look(&path.with_file_name("new.db")).unwrap();
    }

    #[tokio::test]
    async fn a_log_that_is_damaged_before_its_last_commit_is_told() {
        let (_folder, path) = crashed().await;
        let file = File::options().write(true).open(log(&path)).unwrap();
        let whole = std::fs::read(log(&path)).unwrap();
        for (at, what) in
            [(0, "its head"), (20, "its head"), (32 + 8, "in its middle"), (32 + 24 + 77, "in its middle"), (whole.len() as u64 / 2, "in its middle")]
        {
            file.write_all_at(&[whole[at as usize] ^ 0x55], at).unwrap();
            let told = look(&path).unwrap_err();
            assert!(told.contains(what) && told.contains("wal_checkpoint"), "{at}: {told}");
            file.write_all_at(&whole[at as usize..=at as usize], at).unwrap();
        }
        look(&path).unwrap();
        assert_eq!(std::fs::read(log(&path)).unwrap(), whole);
    }

    #[tokio::test]
    async fn a_database_that_is_cut_off_emptied_or_gone_is_told() {
        let (_folder, path) = crashed().await;
        let store = crate::Store::connect(&format!("sqlite:{}", path.display()), 1).await.unwrap();
        store.close().await;
        let whole = std::fs::read(&path).unwrap();
        for (bytes, what) in [
            (0, "is empty"),
            (50, "cut off after 50 bytes"),
            (4_096, "pages are missing"),
            (whole.len() - 4_096, "1 of its"),
            (whole.len() - 1, "1 of its"),
        ] {
            std::fs::write(&path, &whole[..bytes]).unwrap();
            let told = look(&path).unwrap_err();
            assert!(told.contains(what), "{bytes}: {told}");
            assert!(crate::Store::connect(&format!("sqlite:{}", path.display()), 1).await.is_err(), "{bytes}");
            assert_eq!(std::fs::read(&path).unwrap(), whole[..bytes], "nothing is written over");
        }
        std::fs::write(&path, [b"x".repeat(100), whole.clone()].concat()).unwrap();
        assert!(look(&path).unwrap_err().contains("no SQLite database"));
        let (_other, crashed) = crashed().await;
        std::fs::remove_file(&crashed).unwrap();
        assert!(look(&crashed).unwrap_err().contains("is missing"));
    }

    #[test]
    fn a_url_names_a_path_or_none() {
        for (url, named) in [
            ("sqlite:data/balie.db", Some("data/balie.db")),
            ("sqlite:///srv/b.db?mode=rwc", Some("/srv/b.db")),
            ("sqlite::memory:", None),
            ("sqlite:", None),
        ] {
            assert_eq!(path(url), named.map(Path::new), "{url}");
        }
    }
}
