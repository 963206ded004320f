//! Organisations and departments as staff look after them.

use super::people::may_open;
use super::registration;
use super::session::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Error, Result};
use domain::accounts::{self, Organisation};
use domain::audit::Deed;
use domain::fold::key;
use domain::hours::Changed;
use domain::permissions::Action;
use domain::{DepartmentId, Fault, Field, FieldFault, Named, OrganisationId, PersonId, Refusal, typed};
use store::departments::Department;
use store::hours::Retarget;

/// Organisations of one page.
pub const PAGE: u64 = 100;
/// Most domains of an organisation.
const MAX_DOMAINS: usize = 50;
/// Longest notes, in characters.
const MAX_NOTES: usize = 20_000;

/// What an organisation is to be.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OrganisationChange {
    pub name: String,
    /// With blanks, commas or line ends between.
    pub domains: String,
    pub sign_up: bool,
    pub shared: bool,
    pub notes: String,
}

/// Organisations by name with the number of their people; `after` is the name after which to go on.
pub async fn organisations(desk: &Desk, _by: &Agent, typed: &str, after: &str) -> Result<Vec<(Named<OrganisationId>, i64)>> {
    Ok(store::organisations::page(desk.store(), typed, after, PAGE).await?)
}

/// The names that can be chosen from while one types.
pub async fn organisation_names(desk: &Desk, _by: &Agent) -> Result<Vec<String>> {
    Ok(store::organisations::names(desk.store(), 500).await?)
}

/// An organisation.
pub async fn organisation(desk: &Desk, _by: &Agent, id: OrganisationId) -> Result<Organisation> {
    Ok(store::organisations::find(desk.store(), id).await?.ok_or(Refusal::NotFound)?)
}

/// What is to be changed of an organisation; what is `None` stays as it is when it is changed.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OrganisationEdit {
    pub name: Option<String>,
    pub domains: Option<String>,
    pub sign_up: Option<bool>,
    pub shared: Option<bool>,
    pub notes: Option<String>,
}

impl From<&OrganisationChange> for OrganisationEdit {
    fn from(all: &OrganisationChange) -> Self {
        let OrganisationChange { name, domains, sign_up, shared, notes } = all.clone();
        Self { name: Some(name), domains: Some(domains), sign_up: Some(sign_up), shared: Some(shared), notes: Some(notes) }
    }
}

/// Adds an organisation, or changes the one with this id. Refuses what is wrong at its field.
pub async fn save_organisation(desk: &Desk, by: &Agent, id: Option<OrganisationId>, edit: impl Into<OrganisationEdit>) -> Result<OrganisationId> {
    by.session().require(Action::ManagePeople)?;
    let mut change = desk.store().begin().await?;
    let before = match id {
        Some(id) if store::organisations::lock(&change, id).await? => store::organisations::find(&change, id).await?,
        Some(_) => return Err(Refusal::NotFound.into()),
        None => None,
    };
    let (edit, was) = (edit.into(), before.as_ref());
    let new = OrganisationChange {
        name: edit.name.or_else(|| was.map(|was| was.named.name.clone())).unwrap_or_default(),
        domains: edit.domains.or_else(|| was.map(|was| was.domains.join(" "))).unwrap_or_default(),
        sign_up: edit.sign_up.or_else(|| was.map(|was| was.sign_up)).unwrap_or_default(),
        shared: edit.shared.or_else(|| was.map(|was| was.shared)).unwrap_or_default(),
        notes: edit.notes.or_else(|| was.map(|was| was.notes.clone())).unwrap_or_default(),
    };
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let name = registration::name(&new.name).map_err(|fault| wrong(Field::Name, fault)).unwrap_or_default();
    let mut domains = vec![];
    for typed in new.domains.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|typed| !typed.is_empty()) {
        match accounts::domain(typed) {
            Some(domain) if !domains.contains(&domain) => domains.push(domain),
            Some(_) => {}
            None => wrong(Field::Domains, Fault::NotADomain),
        }
    }
    if domains.len() > MAX_DOMAINS {
        wrong(Field::Domains, Fault::TooMany(MAX_DOMAINS as u32));
    }
    let notes = typed::text(&new.notes);
    if notes.chars().count() > MAX_NOTES {
        wrong(Field::Notes, Fault::TooLong(MAX_NOTES as u32));
    }
    if store::organisations::by_name(&change, &name).await?.is_some_and(|other| Some(other) != id) {
        wrong(Field::Name, Fault::Taken);
    }
    if !faults.is_empty() {
        faults.dedup();
        return Err(Refusal::Fields(faults).into());
    }
    let taken = |field| {
        move |error| match error {
            store::Error::Taken => Error::from(Refusal::field(field, Fault::Taken)),
            other => other.into(),
        }
    };
    let (id, is_new) = match id {
        Some(id) => (id, false),
        None => (store::organisations::add(&change, &name, &[], desk.now()).await.map_err(taken(Field::Name))?, true),
    };
    domains.sort_unstable();
    let after = Organisation { named: Named::new(id, name), domains, sign_up: new.sign_up, shared: new.shared, notes };
    if before.as_ref() == Some(&after) {
        return Ok(id);
    }
    if after.shared && before.as_ref().is_none_or(|before| !before.shared) {
        may_open(&change, by, id).await?;
    }
    store::organisations::save(&change, &after).await.map_err(taken(Field::Domains))?;
    if before.as_ref().is_some_and(|before| before.shared != after.shared) {
        for person in store::organisations::key_users(&change, id).await? {
            store::sessions::renew(&mut change, Some(person)).await?;
        }
    }
    let (was, is) = (before.as_ref().map(described).unwrap_or_default(), described(&after));
    let deed = if is_new { Deed::OrganisationAdded } else { Deed::OrganisationChanged };
    audit::note(&change, by.session(), Done::new(deed, &after.named.name, None).changed(&was, &is), desk.now()).await?;
    change.commit().await?;
    Ok(id)
}

fn described(o: &Organisation) -> String {
    let mark = |yes: bool, what: &'static str| if yes { what } else { "" };
    [o.named.name.as_str(), &o.domains.join(" "), mark(o.sign_up, "sign-up"), mark(o.shared, "shared"), mark(!o.notes.is_empty(), "notes")]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Makes two organisations one: `keep` has the people, tickets and domains of both.
pub async fn merge_organisations(desk: &Desk, by: &Agent, keep: OrganisationId, other: &str) -> Result<()> {
    by.session().require(Action::Merge)?;
    let kept = organisation(desk, by, keep).await?;
    let unknown = || Refusal::field(Field::Organisation, Fault::Unknown);
    let gone = store::organisations::named(desk.store(), other).await?.filter(|gone| gone.id != keep).ok_or_else(unknown)?;
    let (gone, its_name) = (gone.id, gone.name);
    let mut change = desk.store().begin().await?;
    store::people::lock_of(&change, &[keep, gone]).await?;
    // Key users of either read the tickets of both.
    if kept.shared {
        may_open(&change, by, keep).await?;
        may_open(&change, by, gone).await?;
    }
    // Its tickets get the targets of the other.
    let retarget = Retarget {
        at: desk.now(),
        by: Some(by.session().person().id),
        what: Changed::Organisations,
        urgency: None,
        department: None,
        organisation: Some(keep),
    };
    store::hours::retarget(&change, &retarget).await?;
    if !store::organisations::lock(&change, keep).await? || !store::organisations::lock(&change, gone).await? {
        return Err(Refusal::NotFound.into());
    }
    store::organisations::merge(&change, keep, gone).await?;
    for person in store::organisations::key_users(&change, keep).await? {
        store::sessions::renew(&mut change, Some(person)).await?;
    }
    let done = Done::new(Deed::OrganisationsMerged, &kept.named.name, None).changed(&its_name, &kept.named.name);
    audit::note(&change, by.session(), done, desk.now()).await?;
    Ok(change.commit().await?)
}

/// The organisation with this name, whatever its capitals and accents, for staff.
pub async fn organisation_by_name(desk: &Desk, _by: &Agent, name: &str) -> Result<Option<OrganisationId>> {
    Ok(store::organisations::by_name(desk.store(), name).await?)
}

/// The departments with their staff.
pub async fn departments_with_members(desk: &Desk, _by: &Agent) -> Result<Vec<(Department, Vec<Named<PersonId>>)>> {
    let members = store::departments::members(desk.store()).await?;
    let of = |id: DepartmentId| members.iter().filter(|(department, _)| *department == id).map(|(_, person)| person.clone()).collect();
    Ok(store::departments::all(desk.store()).await?.into_iter().map(|department| (department.clone(), of(department.named.id))).collect())
}

/// Adds a department, or changes the one with this id: what it is called, whether it is closed to others, whether a ticket for it needs a screenshot.
pub async fn save_department(desk: &Desk, by: &Agent, id: Option<DepartmentId>, name: &str, closed: bool, screenshot: bool) -> Result<()> {
    by.session().require(Action::ManageDepartments)?;
    let name = registration::name(name).map_err(|fault| Refusal::field(Field::Name, fault))?;
    let mut change = desk.store().begin().await?;
    let all = store::departments::all(&change).await?;
    if all.iter().any(|other| Some(other.named.id) != id && key(&other.named.name) == key(&name)) {
        return Err(Refusal::field(Field::Name, Fault::Taken).into());
    }
    let taken = |error| match error {
        store::Error::Taken => Error::from(Refusal::field(Field::Name, Fault::Taken)),
        other => other.into(),
    };
    let described = |name: &str, closed: bool, screenshot: bool| {
        format!("{name}{}{}", if closed { " · closed" } else { "" }, if screenshot { " · screenshot" } else { "" })
    };
    let is = described(&name, closed, screenshot);
    let was = match id {
        Some(id) => {
            let before = all.iter().find(|d| d.named.id == id).ok_or(Refusal::NotFound)?;
            let after = Department { named: Named::new(id, name.clone()), closed, screenshot };
            store::departments::save(&change, &after).await.map_err(taken)?;
            if before.closed != closed {
                store::sessions::renew(&mut change, None).await?;
            }
            described(&before.named.name, before.closed, before.screenshot)
        }
        None => {
            store::departments::add(&change, &name, closed, screenshot, all.len() as i32).await.map_err(taken)?;
            store::hours::reread(&change).await?;
            String::new()
        }
    };
    if was != is {
        audit::note(&change, by.session(), Done::new(Deed::DepartmentChanged, &name, None).changed(&was, &is), desk.now()).await?;
    }
    Ok(change.commit().await?)
}
