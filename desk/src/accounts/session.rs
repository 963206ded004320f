//! Who someone is once they have logged in: only a log-in makes one, and only one makes a use case possible.

use crate::audit::Origin;
use domain::accounts::{Language, Person, Role, Scope, Theme};
use domain::notifications::Paces;
use domain::permissions::{Action, may};
use domain::{DepartmentId, Named, OrganisationId, PersonId, Refusal};
use sha2::{Digest, Sha256};
use store::accounts::Account;

/// The secret a browser holds; shown once, when logging in.
pub struct Token(pub(super) String);

impl Token {
    /// The text of the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Someone who has logged in.
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) id: String,
    pub(super) account: Account,
    pub(super) hidden: Vec<DepartmentId>,
    pub(super) origin: Origin,
}

/// A member of staff who has logged in.
#[derive(Debug, Clone)]
pub struct Agent(Session);

/// A customer who has logged in.
#[derive(Debug, Clone)]
pub struct Customer(Session, Named<OrganisationId>);

impl Session {
    /// Who it is.
    pub fn person(&self) -> &Person {
        &self.account.person
    }

    /// Who it is, by id and name.
    pub fn named(&self) -> Named<PersonId> {
        Named::new(self.account.person.id, self.account.person.name.clone())
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.account.person.role
    }

    /// Their language, where they chose one.
    pub fn language(&self) -> Option<Language> {
        self.account.language
    }

    /// Their theme.
    pub fn theme(&self) -> Theme {
        self.account.theme
    }

    /// How they want to be told by mail.
    pub fn paces(&self) -> Paces {
        self.account.paces
    }

    /// The name of their time zone.
    pub fn time_zone(&self) -> &str {
        crate::zones::known(&self.account.time_zone)
    }

    /// The hash that names the session; not the secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The same session, asked from here.
    pub fn asked_from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Where it is asked from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whose tickets they may see.
    pub fn scope(&self) -> Scope {
        match &self.account.person.organisation {
            _ if self.role().is_staff() => Scope::Desk { hidden: self.hidden.clone() },
            Some(organisation) if self.account.reads_all => Scope::Organisation(self.person().id, organisation.id),
            _ => Scope::Own(self.person().id),
        }
    }

    /// Whose tickets they may write on: a key user who reads along does not.
    pub fn writing_scope(&self) -> Scope {
        if self.role().is_staff() { self.scope() } else { Scope::Own(self.person().id) }
    }

    /// Refuses what the table of permissions does not allow.
    pub fn require(&self, action: Action) -> Result<(), Refusal> {
        if may(Some(self.role()), action) { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// The same person as staff.
    pub fn agent(&self) -> Result<Agent, Refusal> {
        if self.role().is_staff() { Ok(Agent(self.clone())) } else { Err(Refusal::NotAllowed) }
    }

    /// The same person as a customer of an organisation.
    pub fn customer(&self) -> Result<Customer, Refusal> {
        match (&self.account.person.organisation, self.role()) {
            (Some(organisation), Role::Customer) => Ok(Customer(self.clone(), organisation.clone())),
            _ => Err(Refusal::NotAllowed),
        }
    }
}

impl Session {
    /// Someone who wrote a mail: what it may do in their name was decided by who says so.
    pub(crate) fn of_mail(account: Account, hidden: Vec<DepartmentId>) -> Self {
        Self { id: String::new(), account, hidden, origin: Origin::default() }
    }

    /// Someone of the demo data, which is written before anyone can log in.
    pub(crate) fn of_demo(account: Account) -> Self {
        Self { id: String::new(), account, hidden: vec![], origin: Origin::default() }
    }
}

impl Agent {
    /// The session.
    pub fn session(&self) -> &Session {
        &self.0
    }
}

impl Customer {
    /// The session.
    pub fn session(&self) -> &Session {
        &self.0
    }

    /// Their company.
    pub fn organisation(&self) -> &Named<OrganisationId> {
        &self.1
    }
}

/// The name of a session in the database: the SHA-256 of its token.
pub(super) fn session_id(token: &str) -> String {
    super::hex(&Sha256::digest(token))
}
