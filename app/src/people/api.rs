//! What the screens about people ask of the server.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use crate::accounts::api::OpenSession;
use domain::accounts::{Organisation, Person, Role};
use domain::audit::Entry;
use domain::{DepartmentId, FieldFault, Named, OrganisationId, PersonId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Listed {
    pub person: Person,
    pub disabled: bool,
    /// Whether they ever came in: they have a password, a passkey or are known to a provider.
    pub joined: bool,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct People {
    pub people: Vec<Listed>,
    /// The organisation that narrows them.
    pub organisation: Option<Named<OrganisationId>>,
    /// Whether there are more.
    pub is_full: bool,
}

/// A person, as staff look after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Card {
    pub person: Person,
    pub disabled: bool,
    pub joined: bool,
    /// Whether they were made anonymous.
    pub erased: bool,
    pub departments: Vec<DepartmentId>,
    pub opened: i64,
    /// Whether there is a second step.
    pub has_factor: bool,
    pub sessions: Vec<OpenSession>,
}

/// What can be chosen from when a person is added or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Choices {
    pub organisations: Vec<String>,
    pub departments: Vec<Named<DepartmentId>>,
    /// The roles that who asks may give.
    pub roles: Vec<Role>,
}

/// A department with its staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DepartmentRow {
    pub named: Named<DepartmentId>,
    pub closed: bool,
    pub screenshot: bool,
    pub members: Vec<Named<PersonId>>,
}

/// People by name; what is empty does not narrow. `after` is the name and id after which to go on.
#[server(endpoint = "people_page")]
pub async fn people_page(
    #[server(default)] typed: String,
    #[server(default)] role: String,
    #[server(default)] organisation: String,
    #[server(default)] after: String,
) -> Result<People, Problem> {
    use crate::backend;
    use desk::accounts::{self, Filter, PEOPLE_PAGE};
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeePeople)?;
    let read = async {
        let organisation: Option<OrganisationId> = organisation.parse().ok();
        let after = after.rsplit_once(' ').and_then(|(name, id)| Some((name.to_owned(), id.parse().ok()?)));
        let filter = Filter { typed, email: None, role: Role::from_word(&role), organisation, after };
        let people = accounts::people(&desk, &me, &filter).await?;
        let organisation = match organisation {
            Some(id) => Some(accounts::organisation(&desk, &me, id).await?.named),
            None => None,
        };
        let is_full = people.len() as u64 == PEOPLE_PAGE;
        let people = people.into_iter().map(|l| Listed { person: l.person, disabled: l.disabled, joined: l.joined }).collect();
        Ok(People { people, organisation, is_full })
    };
    read.await.map_err(backend::report)
}

/// A person.
#[server(endpoint = "person_card")]
pub async fn person_card(id: String) -> Result<Card, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeePeople)?;
    let id = backend::id(&id)?;
    let card = desk::accounts::card(&desk, &me, id).await.map_err(backend::report)?;
    Ok(Card {
        person: card.person,
        disabled: card.disabled,
        joined: card.joined,
        erased: card.erased,
        departments: card.departments.into_iter().map(|d| d.id).collect(),
        opened: card.opened,
        has_factor: card.has_factor,
        sessions: card.sessions.into_iter().map(|open| backend::open_session(open, None)).collect(),
    })
}

/// What can be chosen from when a person is added or changed.
#[server(endpoint = "person_choices")]
pub async fn person_choices() -> Result<Choices, Problem> {
    use crate::backend;
    use domain::permissions::{Action, may};
    let (desk, me) = backend::agent(Action::SeePeople)?;
    let read = async {
        let organisations = desk::accounts::organisation_names(&desk, &me).await?;
        let departments = desk::accounts::departments(&desk).await?.into_iter().map(|d| d.named).collect();
        let gives = may(Some(me.session().role()), Action::ManageStaff);
        Ok(Choices { organisations, departments, roles: Role::ALL.into_iter().filter(|role| gives || !role.is_staff()).collect() })
    };
    read.await.map_err(backend::report)
}

/// Invites a person where `id` is empty; else changes the one it names.
#[server(endpoint = "save_person")]
pub async fn save_person(
    #[server(default)] id: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] role: String,
    #[server(default)] organisation: String,
    #[server(default)] key_user: String,
    #[server(default)] departments: Vec<String>,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::accounts::PersonChange;
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal};
    let (desk, me) = backend::agent(Action::ManagePeople)?;
    let unknown = |field| backend::report(Refusal::field(field, Fault::Unknown).into());
    let role = Role::from_word(&role).ok_or_else(|| unknown(Field::Role))?;
    let departments = departments.iter().map(|id| id.parse()).collect::<Result<Vec<DepartmentId>, _>>().map_err(|_| unknown(Field::Department))?;
    let change = PersonChange { name, email, role, organisation, key_user: !key_user.is_empty(), departments };
    if id.is_empty() {
        let (id, is_sent) = desk::accounts::invite(&desk, &me, &change).await.map_err(backend::report)?;
        backend::go(&format!("/people/{id}?kept={}", if is_sent { "invited" } else { "unsent" }));
    } else {
        let id = backend::id(&id)?;
        desk::accounts::change_person(&desk, &me, id, &change).await.map_err(backend::report)?;
        backend::go(&format!("/people/{id}?kept=1"));
    }
    Ok(())
}

/// Does something to a person: `what` is `invite`, `disable`, `enable`, `reset-factors` or `end-sessions`.
#[server(endpoint = "person_do")]
pub async fn person_do(id: String, what: String) -> Result<(), Problem> {
    use crate::backend;
    use desk::accounts;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePeople)?;
    let id: PersonId = backend::id(&id)?;
    let done = match what.as_str() {
        "invite" => accounts::invite_again(&desk, &me, id).await,
        "disable" => accounts::set_disabled(&desk, &me, id, true).await,
        "enable" => accounts::set_disabled(&desk, &me, id, false).await,
        "reset-factors" => accounts::reset_factors(&desk, &me, id).await,
        "end-sessions" => accounts::end_sessions(&desk, &me, id).await,
        _ => Err(Refusal::NotFound.into()),
    };
    done.map_err(backend::report)?;
    backend::go(&format!("/people/{id}?kept={}", if what == "invite" { "invited" } else { "1" }));
    Ok(())
}

/// Makes two customers one: the one with this id has the tickets of both.
#[server(endpoint = "merge_people")]
pub async fn merge_people(id: String, #[server(default)] other: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::Merge)?;
    let id: PersonId = backend::id(&id)?;
    desk::accounts::merge_people(&desk, &me, id, &other).await.map_err(backend::report)?;
    backend::go(&format!("/people/{id}?kept=1"));
    Ok(())
}

/// Organisations by name with the number of their people; `after` is the name after which to go on.
#[server(endpoint = "organisations_page")]
pub async fn organisations_page(
    #[server(default)] typed: String,
    #[server(default)] after: String,
) -> Result<Vec<(Named<OrganisationId>, i64)>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeePeople)?;
    desk::accounts::organisations(&desk, &me, &typed, &after).await.map_err(backend::report)
}

/// An organisation with its first people.
#[server(endpoint = "organisation_card")]
pub async fn organisation_card(id: String) -> Result<(Organisation, Vec<Listed>), Problem> {
    use crate::backend;
    use desk::accounts::{self, Filter};
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeePeople)?;
    let id: OrganisationId = backend::id(&id)?;
    let read = async {
        let organisation = accounts::organisation(&desk, &me, id).await?;
        let people = accounts::people(&desk, &me, &Filter { organisation: Some(id), ..Filter::default() }).await?;
        Ok((organisation, people.into_iter().map(|l| Listed { person: l.person, disabled: l.disabled, joined: l.joined }).collect()))
    };
    read.await.map_err(backend::report)
}

/// Adds an organisation where `id` is empty; else changes the one it names.
#[server(endpoint = "save_organisation")]
pub async fn save_organisation(
    #[server(default)] id: String,
    #[server(default)] name: String,
    #[server(default)] domains: String,
    #[server(default)] sign_up: String,
    #[server(default)] shared: String,
    #[server(default)] notes: String,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::accounts::OrganisationChange;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManagePeople)?;
    let id = if id.is_empty() { None } else { Some(backend::id(&id)?) };
    let change = OrganisationChange { name, domains, sign_up: !sign_up.is_empty(), shared: !shared.is_empty(), notes };
    let id = desk::accounts::save_organisation(&desk, &me, id, &change).await.map_err(backend::report)?;
    backend::go(&format!("/organisations/{id}?kept=1"));
    Ok(())
}

/// Makes two organisations one: the one with this id has the people, tickets and domains of both.
#[server(endpoint = "merge_organisations")]
pub async fn merge_organisations(id: String, #[server(default)] other: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::Merge)?;
    let id: OrganisationId = backend::id(&id)?;
    desk::accounts::merge_organisations(&desk, &me, id, &other).await.map_err(backend::report)?;
    backend::go(&format!("/organisations/{id}?kept=1"));
    Ok(())
}

/// The departments with their staff.
#[server(endpoint = "departments_page")]
pub async fn departments_page() -> Result<Vec<DepartmentRow>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageDepartments)?;
    let found = desk::accounts::departments_with_members(&desk, &me).await.map_err(backend::report)?;
    Ok(found.into_iter().map(|(d, members)| DepartmentRow { named: d.named, closed: d.closed, screenshot: d.screenshot, members }).collect())
}

/// Adds a department where `id` is empty; else changes the one it names.
#[server(endpoint = "save_department")]
pub async fn save_department(
    #[server(default)] id: String,
    #[server(default)] name: String,
    #[server(default)] closed: String,
    #[server(default)] screenshot: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageDepartments)?;
    let id = if id.is_empty() { None } else { Some(backend::id(&id)?) };
    desk::accounts::save_department(&desk, &me, id, &name, !closed.is_empty(), !screenshot.is_empty()).await.map_err(backend::report)?;
    backend::go("/departments?kept=1");
    Ok(())
}

/// A page of the audit log with for how many days it is kept.
#[server(endpoint = "audit_page")]
pub async fn audit_page(query: String) -> Result<(Vec<Entry>, i64), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ReadAudit)?;
    let read = async {
        let filter = desk::audit::filter(&desk, &query).await?;
        Ok((desk::audit::entries(&desk, &me, &filter).await?, desk::audit::kept_days(&desk).await?))
    };
    read.await.map_err(backend::report)
}

/// Keeps the audit log for so many days from now on.
#[server(endpoint = "keep_audit")]
pub async fn keep_audit(#[server(default)] days: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageSettings)?;
    desk::audit::keep_for(&desk, &me, &days).await.map_err(backend::report)?;
    backend::go("/audit?kept=1");
    Ok(())
}

/// What a row of an import would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Outcome {
    Add,
    Change,
    Same,
    Wrong,
}

/// A row of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ImportRow {
    pub line: u64,
    pub name: String,
    pub email: String,
    pub organisation: String,
    pub key_user: bool,
    pub domains: String,
    pub outcome: Outcome,
    pub is_new_organisation: bool,
    /// The name and the organisation that are there now, where the row changes them.
    pub was: (Option<String>, Option<String>),
    /// Whether the row takes the rights of a key user away.
    pub was_key_user: bool,
    pub faults: Vec<FieldFault>,
}

/// A column of the file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ImportColumn {
    pub heading: String,
    /// What stands in it.
    pub example: String,
    /// The word of what it is read as; empty where it is not read.
    pub read_as: String,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ImportPreview {
    pub columns: Vec<ImportColumn>,
    /// Whether columns lack without which nothing can be read.
    pub lacks_columns: bool,
    pub rows: usize,
    pub add: usize,
    pub change: usize,
    pub same: usize,
    pub wrong: usize,
    pub organisations: usize,
    pub shown: Vec<ImportRow>,
    pub faulty: Vec<ImportRow>,
}

/// How far an import is; `over` says that it is, and what was wrong where it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Importing {
    pub done: usize,
    pub all: usize,
    pub over: Option<Option<String>>,
}

/// What the page of an import shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ImportStage {
    /// No file yet.
    Nothing,
    Preview(Box<ImportPreview>),
    Running(Importing),
}

/// What there is to show of the import of a file that was uploaded. `columns` are the words of what its columns are read as, one for each, where that was chosen.
#[server(endpoint = "import_facts")]
pub async fn import_facts(#[server(default)] file: String, #[server(default)] columns: Vec<String>) -> Result<ImportStage, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ImportPeople)?;
    if file.is_empty() {
        return Ok(ImportStage::Nothing);
    }
    if let Some(progress) = desk::accounts::import_progress(&desk, &me, &file) {
        return Ok(ImportStage::Running(Importing { done: progress.done, all: progress.all, over: progress.over.map(Result::err) }));
    }
    let preview = desk::accounts::preview_import(&desk, &me, &file, &backend::import_columns(&columns)).await.map_err(backend::report)?;
    Ok(ImportStage::Preview(Box::new(backend::import_preview(preview))))
}

/// Keeps a file to be looked at; nothing is imported yet.
#[server(endpoint = "upload_import")]
pub async fn upload_import(#[server(default)] attachments: Vec<String>) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    use domain::{AttachmentId, Fault, Field, Refusal};
    let (_, _) = backend::agent(Action::ImportPeople)?;
    let file: Option<AttachmentId> = attachments.first().and_then(|id| AttachmentId::parse(id));
    let file = file.ok_or_else(|| backend::report(Refusal::field(Field::File, Fault::Missing).into()))?;
    backend::go(&format!("/people/import?file={file}"));
    Ok(())
}

/// Begins to import a file that was looked at, with its columns read as they were then.
#[server(endpoint = "begin_import")]
pub async fn begin_import(#[server(default)] file: String, #[server(default)] columns: Vec<String>) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ImportPeople)?;
    desk::accounts::begin_import(&desk, &me, &file, &backend::import_columns(&columns)).await.map_err(backend::report)?;
    backend::go(&format!("/people/import?file={file}"));
    Ok(())
}

/// The roles that need a second step of logging in.
#[server(endpoint = "security_page")]
pub async fn security_page() -> Result<Vec<Role>, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, _) = backend::agent(Action::ManageSettings)?;
    desk::accounts::required(&desk).await.map_err(backend::report)
}

/// Requires a second step of these roles and no others.
#[server(endpoint = "require_step")]
pub async fn require_step(#[server(default)] roles: Vec<String>) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageSettings)?;
    let roles: Vec<Role> = roles.iter().filter_map(|role| Role::from_word(role)).collect();
    desk::accounts::require(&desk, &me, &roles).await.map_err(backend::report)?;
    backend::go("/security?kept=1");
    Ok(())
}
