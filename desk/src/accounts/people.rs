//! People as staff look after them: who there is, what they are, and two that are one. Staff look after customers; only admins after staff, addresses and rights.

use super::registration::{self, INVITED, pass, send_invitation};
use super::session::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Error, Result, tickets};
use domain::accounts::{EmailAddress, Person, Role, Scope};
use domain::audit::Deed;
use domain::permissions::Action;
use domain::{DepartmentId, Fault, Field, FieldFault, Named, OrganisationId, PersonId, Refusal};
use store::Change;
use store::accounts::{Account, NewPerson};
use store::one_time_tokens::{Kind, OneTimeToken};
pub use store::people::{Filter, Listed};
use store::sessions::Open;

/// People of one page.
pub const PAGE: u64 = 100;

/// A person, as staff look after them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Card {
    pub person: Person,
    pub disabled: bool,
    pub joined: bool,
    /// Whether they were made anonymous.
    pub erased: bool,
    pub departments: Vec<Named<DepartmentId>>,
    /// Tickets they opened.
    pub opened: i64,
    /// Whether there is a second step.
    pub has_factor: bool,
    /// Their sessions, for admins.
    pub sessions: Vec<Open>,
}

/// What a person is to be.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct PersonChange {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// The name of their organisation.
    pub organisation: String,
    pub key_user: bool,
    pub departments: Vec<DepartmentId>,
}

/// What is to be changed of a person; what is `None` stays as it is when it is changed.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct PersonEdit {
    pub name: Option<String>,
    pub email: Option<String>,
    pub role: Option<Role>,
    pub organisation: Option<String>,
    pub key_user: Option<bool>,
    pub departments: Option<Vec<DepartmentId>>,
    pub disabled: Option<bool>,
}

impl From<&PersonChange> for PersonEdit {
    fn from(all: &PersonChange) -> Self {
        let PersonChange { name, email, role, organisation, key_user, departments } = all.clone();
        Self {
            name: Some(name),
            email: Some(email),
            role: Some(role),
            organisation: Some(organisation),
            key_user: Some(key_user),
            departments: Some(departments),
            disabled: None,
        }
    }
}

/// People by name, a page at a time.
pub async fn people(desk: &Desk, _by: &Agent, filter: &Filter) -> Result<Vec<Listed>> {
    Ok(store::people::page(desk.store(), filter, PAGE).await?)
}

/// A person; who was merged into another is that one.
pub async fn card(desk: &Desk, by: &Agent, id: PersonId) -> Result<Card> {
    let account = store::accounts::by_id(desk.store(), id).await?.ok_or(Refusal::NotFound)?;
    let id = account.person.id;
    let sessions = if by.session().require(Action::ManageStaff).is_ok() { store::sessions::of(desk.store(), id, desk.now()).await? } else { vec![] };
    Ok(Card {
        disabled: account.disabled,
        joined: store::people::has_joined(desk.store(), id).await?,
        erased: account.erased,
        departments: store::people::departments_of(desk.store(), id).await?,
        opened: store::people::opened(desk.store(), id).await?,
        has_factor: store::mfa::of(desk.store(), id).await?.any(),
        sessions,
        person: account.person,
    })
}

/// Invites a person: an account without a password, and a link to choose one. Staff invite customers, admins everyone. Refuses what is wrong at its field;
/// where the mail could not be sent, the person is there and can be invited again.
pub async fn invite(desk: &Desk, by: &Agent, new: &PersonChange) -> Result<(PersonId, bool)> {
    if new.role.is_staff() {
        by.session().require(Action::ManageStaff)?;
    }
    let now = desk.now();
    let change = desk.store().begin().await?;
    let checked = check(&change, new, "").await?;
    let person = NewPerson {
        name: checked.name,
        email: checked.email,
        role: new.role,
        organisation: checked.organisation.as_ref().map(|organisation| organisation.id),
        key_user: checked.key_user,
        password_hash: None,
        time_zone: crate::zones::UNKNOWN.to_owned(),
    };
    if let Some(organisation) = person.organisation.filter(|_| person.key_user) {
        may_open(&change, by, organisation).await?;
    }
    let id = store::accounts::add_person(&change, &person, now).await.map_err(taken)?;
    if new.role.is_staff() {
        store::people::set_departments(&change, id, &new.departments).await?;
    }
    let email = person.email.as_str();
    let secret =
        pass(desk, &change, OneTimeToken { kind: Kind::Invitation, person: Some(id), email: email.to_owned(), data: String::new() }, INVITED).await?;
    audit::note(&change, by.session(), Done::new(Deed::PersonInvited, email, Some(id)).changed("", new.role.word()), now).await?;
    change.commit().await?;
    let is_sent = send_invitation(desk, by, &Named::new(id, person.name), email, &secret).await?;
    Ok((id, is_sent))
}

/// Invites a person again who never came in: a new link, and the old one is worth nothing.
pub async fn invite_again(desk: &Desk, by: &Agent, id: PersonId) -> Result<()> {
    let change = desk.store().begin().await?;
    let account = managed(&change, by, id).await?;
    if account.disabled || store::people::has_joined(&change, id).await? {
        return Err(Refusal::NotAllowed.into());
    }
    let email = account.person.email.as_str();
    let secret =
        pass(desk, &change, OneTimeToken { kind: Kind::Invitation, person: Some(id), email: email.to_owned(), data: String::new() }, INVITED).await?;
    audit::note(&change, by.session(), Done::new(Deed::PersonInvited, email, Some(id)), desk.now()).await?;
    change.commit().await?;
    let is_sent = send_invitation(desk, by, &Named::new(id, account.person.name.clone()), email, &secret).await?;
    if is_sent { Ok(()) } else { Err(Refusal::field(Field::Email, Fault::Unsent).into()) }
}

/// What was typed, checked.
struct Checked {
    name: String,
    email: EmailAddress,
    organisation: Option<Named<OrganisationId>>,
    key_user: bool,
}

/// What is typed of someone who has this address already, or of someone new.
async fn check(change: &Change, typed: &PersonChange, has: &str) -> Result<Checked> {
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let name = registration::name(&typed.name).map_err(|fault| wrong(Field::Name, fault));
    let email = EmailAddress::parse(&typed.email).ok_or(()).map_err(|()| wrong(Field::Email, Fault::NotAnAddress));
    if let Ok(email) = &email
        && email.as_str() != has
        && store::accounts::by_email(change, email).await?.is_some()
    {
        wrong(Field::Email, Fault::Taken);
    }
    let wanted = typed.organisation.trim();
    let organisation = match wanted {
        _ if typed.role.is_staff() => None,
        "" => {
            wrong(Field::Organisation, Fault::Missing);
            None
        }
        name => {
            let known = store::organisations::named(change, name).await?;
            if known.is_none() {
                wrong(Field::Organisation, Fault::Unknown);
            }
            known
        }
    };
    let key_user = typed.key_user && !typed.role.is_staff();
    match (name, email) {
        (Ok(name), Ok(email)) if faults.is_empty() => Ok(Checked { name, email, organisation, key_user }),
        _ => Err(Refusal::Fields(faults).into()),
    }
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Taken => Refusal::field(Field::Email, Fault::Taken).into(),
        other => other.into(),
    }
}

/// Refuses to let someone read all tickets of an organisation by who may not read all of them themselves: they would read them through an account that they made.
pub(super) async fn may_open(change: &Change, by: &Agent, organisation: OrganisationId) -> Result<()> {
    let Scope::Desk { hidden } = by.session().scope() else { return Ok(()) };
    let is_hidden = !hidden.is_empty() && store::tickets::has_in(change, organisation, &hidden).await?;
    if is_hidden { Err(Refusal::NotAllowed.into()) } else { Ok(()) }
}

/// Someone whom this member of staff looks after, kept for this change.
async fn managed(change: &Change, by: &Agent, id: PersonId) -> Result<Account> {
    let account = store::people::locked(change, id).await?.ok_or(Refusal::NotFound)?;
    if account.person.role.is_staff() {
        by.session().require(Action::ManageStaff)?;
    }
    // Who was made anonymous stays that.
    if account.erased {
        return Err(Refusal::NotAllowed.into());
    }
    Ok(account)
}

/// Changes a person. Another role, organisation or address ends their sessions, so that nothing goes on with old rights. Refuses what is wrong at its field, what only admins may do, and to leave no admin.
pub async fn change_person(desk: &Desk, by: &Agent, id: PersonId, edit: impl Into<PersonEdit>) -> Result<()> {
    let (edit, now) = (edit.into(), desk.now());
    let mut change = desk.store().begin().await?;
    let account = managed(&change, by, id).await?;
    let before = &account.person;
    let departments = store::people::departments_of(&change, id).await?;
    let new = PersonChange {
        name: edit.name.unwrap_or_else(|| before.name.clone()),
        email: edit.email.unwrap_or_else(|| before.email.clone()),
        role: edit.role.unwrap_or(before.role),
        organisation: edit.organisation.unwrap_or_else(|| before.organisation.as_ref().map_or(String::new(), |o| o.name.clone())),
        key_user: edit.key_user.unwrap_or(before.key_user),
        departments: edit.departments.unwrap_or_else(|| departments.iter().map(|d| d.id).collect()),
    };
    let checked = check(&change, &new, &before.email).await?;
    let note = async |change: &Change, deed, was: &str, is: &str| {
        audit::note(change, by.session(), Done::new(deed, &before.email, Some(id)).changed(was, is), now).await
    };
    let is_moved = before.email != checked.email.as_str();
    if is_moved || new.role != before.role {
        by.session().require(Action::ManageStaff)?;
    }
    if before.name != checked.name {
        store::people::set_name(&change, id, &checked.name).await?;
        note(&change, Deed::PersonChanged, &before.name, &checked.name).await?;
    }
    if is_moved {
        store::people::set_email(&change, id, &checked.email).await.map_err(taken)?;
        store::one_time_tokens::revoke(&change, id).await?;
        note(&change, Deed::AddressChanged, &before.email, checked.email.as_str()).await?;
    }
    let name_of = |organisation: &'_ Option<Named<OrganisationId>>| organisation.as_ref().map(|o| o.name.clone());
    let was = place(before.role, name_of(&before.organisation).as_deref(), before.key_user);
    let is = place(new.role, name_of(&checked.organisation).as_deref(), checked.key_user);
    let is_placed = was != is;
    if is_placed {
        if let Some(organisation) = checked.organisation.as_ref().filter(|_| checked.key_user) {
            may_open(&change, by, organisation.id).await?;
        }
        store::people::set_place(&change, id, new.role, checked.organisation.as_ref().map(|o| o.id), checked.key_user).await?;
        note(&change, if new.role == before.role { Deed::PersonChanged } else { Deed::RoleChanged }, &was, &is).await?;
        if before.role == Role::Admin && store::accounts::admins(&change).await? == 0 {
            return Err(Refusal::field(Field::Role, Fault::LastAdmin).into());
        }
    }
    let wanted: &[DepartmentId] = if new.role.is_staff() { &new.departments } else { &[] };
    let mut had: Vec<DepartmentId> = departments.iter().map(|d| d.id).collect();
    let mut has = wanted.to_vec();
    had.sort_unstable();
    has.sort_unstable();
    has.dedup();
    if had != has {
        by.session().require(Action::ManageStaff)?;
        store::people::set_departments(&change, id, &has).await?;
        let names = store::departments::all(&change).await?;
        let named =
            |ids: &[DepartmentId]| names.iter().filter(|d| ids.contains(&d.named.id)).map(|d| d.named.name.as_str()).collect::<Vec<_>>().join(", ");
        note(&change, Deed::DepartmentsChanged, &named(&had), &named(&has)).await?;
    }
    if new.role != before.role {
        store::tokens::remove_all(&change, id).await?;
    }
    if is_moved || is_placed {
        store::sessions::end_all(&mut change, id, None).await?;
    } else if had != has {
        store::sessions::renew(&mut change, Some(id)).await?;
    }
    if let Some(disabled) = edit.disabled {
        disable(desk, by, &mut change, &account, disabled).await?;
    }
    if let Some(organisation) = before.organisation.as_ref().filter(|o| checked.organisation.as_ref().map(|is| is.id) != Some(o.id)) {
        tickets::leave_colleagues(desk, &change, Some(by.session().person().id), &[(id, organisation.id)]).await?;
    }
    Ok(change.commit().await?)
}

/// What someone is and where they belong, as the audit log says it.
pub(super) fn place(role: Role, organisation: Option<&str>, key_user: bool) -> String {
    format!("{}{} {}", role.word(), if key_user { ", key user" } else { "" }, organisation.unwrap_or_default()).trim().to_owned()
}

/// Disables an account and ends its sessions and links, or enables it again. Refuses to leave no admin.
pub async fn set_disabled(desk: &Desk, by: &Agent, id: PersonId, disabled: bool) -> Result<()> {
    let mut change = desk.store().begin().await?;
    let account = managed(&change, by, id).await?;
    disable(desk, by, &mut change, &account, disabled).await?;
    Ok(change.commit().await?)
}

async fn disable(desk: &Desk, by: &Agent, change: &mut Change, account: &Account, disabled: bool) -> Result<()> {
    if account.disabled == disabled {
        return Ok(());
    }
    let (person, id) = (&account.person, account.person.id);
    store::accounts::set_disabled(change, id, disabled.then(|| desk.now())).await?;
    if disabled {
        if person.role == Role::Admin && store::accounts::admins(change).await? == 0 {
            return Err(Refusal::field(Field::Role, Fault::LastAdmin).into());
        }
        store::sessions::end_all(change, id, None).await?;
        store::one_time_tokens::revoke(change, id).await?;
        store::tokens::remove_all(change, id).await?;
    }
    let deed = if disabled { Deed::PersonDisabled } else { Deed::PersonEnabled };
    audit::note(change, by.session(), Done::new(deed, &person.email, Some(id)), desk.now()).await
}

/// Ends every session of a person.
pub async fn end_sessions(desk: &Desk, by: &Agent, id: PersonId) -> Result<()> {
    by.session().require(Action::ManageStaff)?;
    let mut change = desk.store().begin().await?;
    let person = managed(&change, by, id).await?.person;
    store::sessions::end_all(&mut change, id, None).await?;
    audit::note(&change, by.session(), Done::new(Deed::SessionEnded, &person.email, Some(id)), desk.now()).await?;
    Ok(change.commit().await?)
}

/// Makes two customers one: `keep` has the tickets of both, and mails from the address of the other are theirs too; nothing the other logged in with is worth anything any more.
/// Refuses staff, and a person with themselves.
pub async fn merge_people(desk: &Desk, by: &Agent, keep: PersonId, other: &str) -> Result<()> {
    by.session().require(Action::Merge)?;
    let unknown = || Refusal::field(Field::Email, Fault::Unknown);
    let email = EmailAddress::parse(other).ok_or_else(|| Refusal::field(Field::Email, Fault::NotAnAddress))?;
    let gone = store::accounts::by_email(desk.store(), &email).await?.ok_or_else(unknown)?.person.id;
    let mut change = desk.store().begin().await?;
    // In one order, or two who merge to and fro would wait for each other.
    for id in [keep.min(gone), keep.max(gone)] {
        store::people::locked(&change, id).await?;
    }
    let keep = store::people::locked(&change, keep).await?.ok_or(Refusal::NotFound)?;
    let gone = store::people::locked(&change, gone).await?.ok_or_else(unknown)?;
    if keep.erased || gone.erased || keep.person.id == gone.person.id || keep.person.role.is_staff() || gone.person.role.is_staff() {
        return Err(unknown().into());
    }
    store::people::merge(&change, &keep, gone.person.id, desk.now()).await?;
    store::sessions::end_all(&mut change, gone.person.id, None).await?;
    store::mfa::remove_all(&change, gone.person.id).await?;
    store::mfa::forget_identities(&change, gone.person.id).await?;
    store::one_time_tokens::revoke(&change, gone.person.id).await?;
    store::sessions::renew(&mut change, Some(keep.person.id)).await?;
    // Tickets on every open board have another requester.
    store::sessions::renew(&mut change, None).await?;
    let done = Done::new(Deed::PeopleMerged, &keep.person.email, Some(keep.person.id)).changed(&gone.person.email, &keep.person.email);
    audit::note(&change, by.session(), done, desk.now()).await?;
    // They are one person now, of one organisation.
    if let Some(organisation) = gone.person.organisation.as_ref().filter(|o| keep.person.organisation.as_ref().map(|kept| kept.id) != Some(o.id)) {
        tickets::leave_colleagues(desk, &change, Some(by.session().person().id), &[(keep.person.id, organisation.id)]).await?;
    }
    Ok(change.commit().await?)
}
