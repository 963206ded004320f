//! Importing people and organisations from a file: every row is looked at before anything is done, and then everything is done at once, or nothing.

mod table;

pub use domain::import::Column;
pub use table::{Heading, MOST_ROWS, Outcome, Row};

use self::table::{Read, rows_of, text_of, words_in};
use super::people::{may_open, place};
use super::session::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Error, Result, tickets};
use domain::accounts::{self, Role};
use domain::audit::Deed;
use domain::fold::key;
use domain::permissions::Action;
use domain::time::Moment;
use domain::{AttachmentId, Fault, Field, FieldFault, OrganisationId, Refusal};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use store::Change;
use store::organisations::Names;
use store::people::{Imported, Known};

/// Largest file, in bytes: a hundred thousand rows with room to spare.
const MOST_BYTES: i64 = 32 << 20;
/// Rows that a preview shows of each sort.
const SHOWN: usize = 100;
/// Rows that are looked up, and written, at once.
const AT_ONCE: usize = 500;

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Preview {
    /// What each column is read as.
    pub headings: Vec<Heading>,
    /// Whether columns lack without which nothing can be read.
    pub lacks_columns: bool,
    pub rows: usize,
    pub add: usize,
    pub change: usize,
    pub same: usize,
    pub wrong: usize,
    /// Organisations that are not there yet.
    pub organisations: usize,
    /// The first rows that can be imported, and the first of those that are wrong.
    pub shown: Vec<Row>,
    pub faulty: Vec<Row>,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Progress {
    pub file: String,
    pub done: usize,
    pub all: usize,
    /// Whether it is over, and what was wrong where it failed.
    pub over: Option<Result<(), String>>,
}

/// The import that runs on this node, or ran last.
#[derive(Debug, Default)]
pub struct Imports(Mutex<Option<Progress>>);

impl Imports {
    fn set(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    fn get(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins, unless one runs.
    fn begin(&self, file: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = known.as_ref().is_none_or(|progress| progress.over.is_some());
        if is_free {
            *known = Some(Progress { file: file.to_owned(), done: 0, all: 0, over: None });
        }
        is_free
    }

    fn advance(&self, done: usize) {
        if let Some(progress) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            progress.done = done;
        }
    }
}

/// An import that began: however it ends, also where whoever waited for it is gone or it breaks, it is over for the next one.
struct Running {
    desk: Desk,
    file: String,
}

impl Running {
    fn end(&self, all: usize, over: Result<(), String>) {
        self.desk.imports().set(Progress { file: self.file.clone(), done: all, all, over: Some(over) });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.desk.imports().get().is_some_and(|progress| progress.over.is_none()) {
            self.end(0, Err("it was broken off".to_owned()));
        }
    }
}

/// A file, looked at against what is there.
struct Looked {
    headings: Vec<Heading>,
    lacks_columns: bool,
    rows: Vec<Row>,
    /// The names of organisations that are not there yet.
    new: Vec<String>,
}

async fn look(desk: &Desk, by: &Agent, file: &str, chosen: &[Option<Column>]) -> Result<Looked> {
    by.session().require(Action::ImportPeople)?;
    let wrong = |fault| Error::from(Refusal::field(Field::File, fault));
    let found = crate::attachments::loose(desk, by.session(), &[file.to_owned()]).await?;
    let attachment = found.first().ok_or_else(|| wrong(Fault::Unknown))?;
    if attachment.size > MOST_BYTES {
        return Err(wrong(Fault::TooLarge((MOST_BYTES >> 20) as u32)));
    }
    let (bytes, _) = crate::attachments::read(desk, attachment, Field::File).await?;
    // A hundred thousand rows are read beside, not between, the requests of others.
    let chosen = chosen.to_vec();
    let read = tokio::task::spawn_blocking(move || rows_of(&text_of(&bytes)?, &chosen)).await.map_err(std::io::Error::other)?;
    let Read { headings, rows } = read.map_err(wrong)?;
    let Some(mut rows) = rows else { return Ok(Looked { headings, lacks_columns: true, rows: vec![], new: vec![] }) };
    let organisations = store::organisations::all(desk.store()).await?;
    name_as_known(&mut rows, &organisations);
    let mut known = HashMap::new();
    let emails: Vec<String> = rows.iter().filter(|row| !row.email.is_empty() && row.outcome != Outcome::Wrong).map(|row| row.email.clone()).collect();
    for some in emails.chunks(AT_ONCE) {
        known.extend(store::people::known(desk.store(), some).await?.into_iter().map(|one| (one.email.clone(), one)));
    }
    let domains: HashMap<String, String> = store::organisations::domains(desk.store()).await?.into_iter().collect();
    let compared = tokio::task::spawn_blocking(move || compare(rows, &known, &organisations, &domains)).await;
    let (rows, new) = compared.map_err(std::io::Error::other)?;
    Ok(Looked { headings, lacks_columns: false, rows, new })
}

/// Gives organisations the name by which they are known, or in the first row that has them: one is one, whatever its capitals and accents.
fn name_as_known(rows: &mut [Row], organisations: &Names) {
    let mut first = HashMap::new();
    for row in rows {
        row.organisation = match organisations.get(&row.organisation) {
            Some(known) => known.name.clone(),
            None => first.entry(key(&row.organisation)).or_insert_with(|| row.organisation.clone()).clone(),
        };
    }
}

/// Says of each row what it would do, given what is there; gives the names of new organisations besides.
fn compare(mut rows: Vec<Row>, known: &HashMap<String, Known>, organisations: &Names, domains: &HashMap<String, String>) -> (Vec<Row>, Vec<String>) {
    let (mut new, mut claimed) = (HashSet::new(), HashMap::new());
    for row in &mut rows {
        if row.outcome == Outcome::Wrong {
            continue;
        }
        for domain in words_in(&row.domains).filter_map(accounts::domain) {
            // Of another organisation, here or in a row before.
            let owner = domains.get(&domain).cloned().or_else(|| claimed.get(&domain).cloned());
            if owner.is_some_and(|owner| owner != row.organisation) {
                row.faults.push(FieldFault { field: Field::Domains, fault: Fault::Taken });
            }
            claimed.entry(domain).or_insert_with(|| row.organisation.clone());
        }
        let is_new = organisations.get(&row.organisation).is_none();
        let of_email = known.get(&row.email);
        if of_email.is_some_and(|known| !is_changeable(known)) {
            row.faults.push(FieldFault { field: Field::Email, fault: Fault::Taken });
        }
        let adds_domain = words_in(&row.domains).filter_map(accounts::domain).any(|domain| !domains.contains_key(&domain));
        row.outcome = match of_email {
            _ if !row.faults.is_empty() => Outcome::Wrong,
            None if !row.email.is_empty() => Outcome::Add,
            None if is_new => Outcome::Add,
            Some(known) if known.name != row.name || is_placed(known, row) => Outcome::Change,
            _ if adds_domain => Outcome::Change,
            _ => Outcome::Same,
        };
        if row.outcome != Outcome::Wrong && is_new {
            new.insert(row.organisation.clone());
        }
        row.is_new_organisation = is_new && row.outcome != Outcome::Wrong;
        if let (Outcome::Change, Some(known)) = (row.outcome, of_email) {
            let organisation = known.organisation.clone().unwrap_or_default();
            row.was_key_user = known.key_user && row.key_user == Some(false);
            row.was = (Some(known.name.clone()).filter(|name| *name != row.name), Some(organisation).filter(|name| *name != row.organisation));
        }
    }
    (rows, new.into_iter().collect())
}

/// Whether an import may change someone: customers who can be found.
fn is_changeable(known: &Known) -> bool {
    !known.role.is_staff() && !known.is_gone
}

/// Whether a row puts someone elsewhere, or gives or takes the rights of a key user.
fn is_placed(known: &Known, row: &Row) -> bool {
    known.organisation.as_deref() != Some(row.organisation.as_str()) || row.key_user.is_some_and(|is| is != known.key_user)
}

/// What an import of this file would do; nothing is done. The file is one that who asks uploaded; its columns are read as `chosen`, one for each, or else as their headings say.
/// Refuses what cannot be read as a table.
pub async fn preview_import(desk: &Desk, by: &Agent, file: &str, chosen: &[Option<Column>]) -> Result<Preview> {
    let looked = look(desk, by, file, chosen).await?;
    let count = |outcome| looked.rows.iter().filter(|row| row.outcome == outcome).count();
    let faulty = looked.rows.iter().filter(|row| row.outcome == Outcome::Wrong).take(SHOWN).cloned().collect();
    Ok(Preview {
        lacks_columns: looked.lacks_columns,
        rows: looked.rows.len(),
        add: count(Outcome::Add),
        change: count(Outcome::Change),
        same: count(Outcome::Same),
        wrong: count(Outcome::Wrong),
        organisations: looked.new.len(),
        shown: looked.rows.iter().filter(|row| row.outcome != Outcome::Wrong).take(SHOWN).cloned().collect(),
        faulty,
        headings: looked.headings,
    })
}

/// Begins an import, which goes on by itself; columns as in [`preview_import`]. Refuses a file with a wrong row, so that nothing is half done, and a second one while one runs.
pub async fn begin_import(desk: &Desk, by: &Agent, file: &str, chosen: &[Option<Column>]) -> Result<()> {
    by.session().require(Action::ImportPeople)?;
    if !desk.imports().begin(file) {
        return Err(Refusal::Throttled(10).into());
    }
    let running = Running { desk: desk.clone(), file: file.to_owned() };
    let looked = match look(desk, by, file, chosen).await {
        Ok(looked) if looked.lacks_columns => Err(Refusal::field(Field::File, Fault::NoColumns).into()),
        Ok(looked) if looked.rows.iter().any(|row| row.outcome == Outcome::Wrong) => Err(Refusal::field(Field::File, Fault::WrongRows).into()),
        other => other,
    };
    let looked = looked.inspect_err(|error| running.end(0, Err(error.to_string())))?;
    let all = looked.rows.len();
    desk.imports().set(Progress { file: file.to_owned(), done: 0, all, over: None });
    let (desk, by) = (desk.clone(), by.clone());
    tokio::spawn(async move {
        let done = import(&desk, &by, &looked).await;
        if let Err(error) = &done {
            tracing::error!(%error, "people could not be imported; nothing was changed");
        } else if let Some(id) = AttachmentId::parse(&running.file)
            && let Err(error) = crate::attachments::remove(&desk, by.session(), &id).await
        {
            tracing::warn!(%error, "the file of an import could not be removed");
        }
        running.end(all, done.map_err(|error| error.to_string()));
    });
    Ok(())
}

/// How far the import of a file is on this node; `None` where it is not known here.
pub fn import_progress(desk: &Desk, _by: &Agent, file: &str) -> Option<Progress> {
    desk.imports().get().filter(|progress| progress.file == file)
}

async fn import(desk: &Desk, by: &Agent, looked: &Looked) -> Result<()> {
    let now = desk.now();
    let mut change = desk.store().begin().await?;
    let changed: Vec<&str> = looked.rows.iter().filter(|row| row.outcome == Outcome::Change).map(|row| row.email.as_str()).collect();
    store::people::lock_known(&change, &changed).await?;
    for some in looked.new.chunks(AT_ONCE) {
        store::organisations::add_many(&change, some, now).await?;
        for name in some {
            audit::note(&change, by.session(), Done::new(Deed::OrganisationAdded, name, None).changed("", name), now).await?;
        }
    }
    let ids = store::organisations::all(&change).await?;
    let id_of = |name: &str| ids.get(name).map(|named| named.id).ok_or(Error::from(store::Error::Unreadable("organisation")));
    for row in &looked.rows {
        for domain in words_in(&row.domains).filter_map(accounts::domain) {
            if store::organisations::add_domain(&change, id_of(&row.organisation)?, &domain).await? {
                audit::note(&change, by.session(), Done::new(Deed::OrganisationChanged, &row.organisation, None).changed("", &domain), now).await?;
            }
        }
    }
    let people: Vec<&Row> = looked.rows.iter().filter(|row| !row.email.is_empty()).collect();
    let added: Vec<Imported> = people
        .iter()
        .filter(|row| row.outcome == Outcome::Add)
        .map(|row| {
            Ok(Imported {
                name: row.name.clone(),
                email: row.email.clone(),
                organisation: id_of(&row.organisation)?,
                key_user: row.key_user.unwrap_or_default(),
            })
        })
        .collect::<Result<_>>()?;
    let mut done = looked.rows.len() - people.len();
    for some in added.chunks(AT_ONCE) {
        store::people::add_many(&change, some, crate::zones::UNKNOWN, now).await?;
        let emails: Vec<String> = some.iter().map(|one| one.email.clone()).collect();
        for one in store::people::known(&change, &emails).await? {
            let placed = place(Role::Customer, one.organisation.as_deref(), one.key_user);
            audit::note(&change, by.session(), Done::new(Deed::PersonAdded, &one.email, Some(one.id)).changed("", &placed), now).await?;
        }
        done += some.len();
        desk.imports().advance(done);
    }
    let changes: Vec<&&Row> = people.iter().filter(|row| row.outcome == Outcome::Change).collect();
    let (mut left, mut opened) = (vec![], BTreeSet::new());
    for some in changes.chunks(AT_ONCE) {
        // As they are now: since the file was looked at, others may have changed them.
        let emails: Vec<String> = some.iter().map(|row| row.email.clone()).collect();
        let known: HashMap<String, Known> = store::people::known(&change, &emails).await?.into_iter().map(|one| (one.email.clone(), one)).collect();
        for row in some {
            let known = known.get(&row.email).filter(|known| is_changeable(known));
            let known = known.ok_or_else(|| Refusal::field(Field::File, Fault::WrongRows))?;
            if row.key_user.unwrap_or(known.key_user) && is_placed(known, row) {
                opened.insert(row.organisation.as_str());
            }
            if let Some(organisation) = known.organisation.as_ref().filter(|name| **name != row.organisation) {
                left.push((known.id, id_of(organisation)?));
            }
            change_row(&mut change, by, known, row, id_of(&row.organisation)?, now).await?;
        }
        done += some.len();
        desk.imports().advance(done);
    }
    opened.extend(people.iter().filter(|row| row.outcome == Outcome::Add && row.key_user == Some(true)).map(|row| row.organisation.as_str()));
    for organisation in opened {
        may_open(&change, by, id_of(organisation)?).await?;
    }
    let changed = changes.len();
    let after = format!("{} new, {changed} changed, {} organisations", added.len(), looked.new.len());
    audit::note(&change, by.session(), Done::new(Deed::PeopleImported, "", None).changed("", &after), now).await?;
    tickets::leave_colleagues(desk, &change, Some(by.session().person().id), &left).await?;
    Ok(change.commit().await?)
}

/// Does what a row says of someone who is there, and writes it down.
async fn change_row(change: &mut Change, by: &Agent, known: &Known, row: &Row, organisation: OrganisationId, now: Moment) -> Result<()> {
    let key_user = row.key_user.unwrap_or(known.key_user);
    let note = async |change: &Change, was: &str, is: &str| {
        audit::note(change, by.session(), Done::new(Deed::PersonChanged, &known.email, Some(known.id)).changed(was, is), now).await
    };
    if known.name != row.name {
        store::people::set_name(change, known.id, &row.name).await?;
        note(change, &known.name, &row.name).await?;
    }
    if is_placed(known, row) {
        store::people::set_place(change, known.id, Role::Customer, Some(organisation), key_user).await?;
        let was = place(Role::Customer, known.organisation.as_deref(), known.key_user);
        note(change, &was, &place(Role::Customer, Some(&row.organisation), key_user)).await?;
        store::sessions::end_all(change, known.id, None).await?;
    }
    Ok(())
}
