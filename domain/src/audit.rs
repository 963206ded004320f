//! What was done to accounts, rights and settings, and what is written down of it.
//!
//! Invariant: an entry is only ever added; nothing in the application changes or removes one before its time is over.

use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// Something that is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Deed {
    LoggedIn,
    LogInFailed,
    SecondStepFailed,
    LoggedOut,
    SessionEnded,
    PersonInvited,
    PersonAdded,
    PersonJoined,
    PersonChanged,
    RoleChanged,
    DepartmentsChanged,
    PersonDisabled,
    PersonEnabled,
    PeopleMerged,
    PeopleImported,
    PasswordChanged,
    PasswordResetAsked,
    AddressChanged,
    OrganisationAdded,
    OrganisationChanged,
    OrganisationsMerged,
    DepartmentChanged,
    HoursChanged,
    TargetsChanged,
    RotaChanged,
    SettingChanged,
    AuditExported,
    ReportExported,
    FactorAdded,
    FactorRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    TokenMade,
    TokenRevoked,
    PersonExported,
    PersonErased,
    TicketsRemoved,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Deed; 37] = [
        Deed::LoggedIn,
        Deed::LogInFailed,
        Deed::SecondStepFailed,
        Deed::LoggedOut,
        Deed::SessionEnded,
        Deed::PersonInvited,
        Deed::PersonAdded,
        Deed::PersonJoined,
        Deed::PersonChanged,
        Deed::RoleChanged,
        Deed::DepartmentsChanged,
        Deed::PersonDisabled,
        Deed::PersonEnabled,
        Deed::PeopleMerged,
        Deed::PeopleImported,
        Deed::PasswordChanged,
        Deed::PasswordResetAsked,
        Deed::AddressChanged,
        Deed::OrganisationAdded,
        Deed::OrganisationChanged,
        Deed::OrganisationsMerged,
        Deed::DepartmentChanged,
        Deed::HoursChanged,
        Deed::TargetsChanged,
        Deed::RotaChanged,
        Deed::SettingChanged,
        Deed::AuditExported,
        Deed::ReportExported,
        Deed::FactorAdded,
        Deed::FactorRemoved,
        Deed::RecoveryCodesMade,
        Deed::RecoveryCodeUsed,
        Deed::TokenMade,
        Deed::TokenRevoked,
        Deed::PersonExported,
        Deed::PersonErased,
        Deed::TicketsRemoved,
    ];

    /// The word in the database and in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Deed::LoggedIn => "logged_in",
            Deed::LogInFailed => "log_in_failed",
            Deed::SecondStepFailed => "second_step_failed",
            Deed::LoggedOut => "logged_out",
            Deed::SessionEnded => "session_ended",
            Deed::PersonInvited => "person_invited",
            Deed::PersonAdded => "person_added",
            Deed::PersonJoined => "person_joined",
            Deed::PersonChanged => "person_changed",
            Deed::RoleChanged => "role_changed",
            Deed::DepartmentsChanged => "departments_changed",
            Deed::PersonDisabled => "person_disabled",
            Deed::PersonEnabled => "person_enabled",
            Deed::PeopleMerged => "people_merged",
            Deed::PeopleImported => "people_imported",
            Deed::PasswordChanged => "password_changed",
            Deed::PasswordResetAsked => "password_reset_asked",
            Deed::AddressChanged => "address_changed",
            Deed::OrganisationAdded => "organisation_added",
            Deed::OrganisationChanged => "organisation_changed",
            Deed::OrganisationsMerged => "organisations_merged",
            Deed::DepartmentChanged => "department_changed",
            Deed::HoursChanged => "hours_changed",
            Deed::TargetsChanged => "targets_changed",
            Deed::RotaChanged => "rota_changed",
            Deed::SettingChanged => "setting_changed",
            Deed::AuditExported => "audit_exported",
            Deed::ReportExported => "report_exported",
            Deed::FactorAdded => "factor_added",
            Deed::FactorRemoved => "factor_removed",
            Deed::RecoveryCodesMade => "recovery_codes_made",
            Deed::RecoveryCodeUsed => "recovery_code_used",
            Deed::TokenMade => "token_made",
            Deed::TokenRevoked => "token_revoked",
            Deed::PersonExported => "person_exported",
            Deed::PersonErased => "person_erased",
            Deed::TicketsRemoved => "tickets_removed",
        }
    }

    /// Reads [`Deed::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.word() == word)
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Entry {
    pub id: i64,
    pub at: Moment,
    /// Who did it, as they were called then; empty where nobody had logged in.
    pub by: String,
    pub deed: Deed,
    /// Whom or what it was about, as it was called then.
    pub about: String,
    /// The network address it came from; empty on the command line.
    pub address: String,
    pub before: String,
    pub after: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_was_written() {
        assert!(Deed::ALL.iter().all(|deed| Deed::from_word(deed.word()) == Some(*deed)));
    }
}
