//! Who may do what: one table, asked everywhere.
//!
//! *Which* tickets is a matter of [`crate::accounts::Scope`]; *what* may be done at all is this table, and nothing else decides it.

use crate::accounts::Role;

/// Something that can be asked of Balie from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Action {
    LogIn,
    LogOut,
    SetPreferences,
    SeePortal,
    OpenTicket,
    SuggestCc,
    ReadTicket,
    Reply,
    SettleOwnTicket,
    LeaveCc,
    ChangeCc,
    Upload,
    Download,
    Preview,
    FollowEvents,
    SeeBoard,
    SeeList,
    WriteNote,
    ChangeTicket,
    StopMail,
    Watch,
    AdministerMail,
}

/// The roles of one row.
type Row = (Action, bool, &'static [Role]);

const EVERYONE: &[Role] = &Role::ALL;
const CUSTOMERS: &[Role] = &[Role::Customer];
const STAFF: &[Role] = &[Role::Agent, Role::Admin];
const ADMINS: &[Role] = &[Role::Admin];

/// Each action, whether it may be done without an account, and the roles that may do it.
pub const TABLE: &[Row] = &[
    (Action::LogIn, true, EVERYONE),
    (Action::LogOut, true, EVERYONE),
    (Action::SetPreferences, true, EVERYONE),
    (Action::StopMail, true, EVERYONE),
    (Action::SeePortal, false, CUSTOMERS),
    (Action::OpenTicket, false, CUSTOMERS),
    (Action::SuggestCc, false, EVERYONE),
    (Action::ReadTicket, false, EVERYONE),
    (Action::Reply, false, EVERYONE),
    (Action::SettleOwnTicket, false, CUSTOMERS),
    (Action::LeaveCc, false, CUSTOMERS),
    (Action::ChangeCc, false, EVERYONE),
    (Action::Upload, false, EVERYONE),
    (Action::Download, false, EVERYONE),
    (Action::Preview, false, EVERYONE),
    (Action::FollowEvents, false, EVERYONE),
    (Action::SeeBoard, false, STAFF),
    (Action::SeeList, false, STAFF),
    (Action::WriteNote, false, STAFF),
    (Action::ChangeTicket, false, STAFF),
    (Action::Watch, false, STAFF),
    (Action::AdministerMail, false, ADMINS),
];

/// Whether someone with this role, or without an account, may do this at all. What is not in the table may nobody.
pub fn may(role: Option<Role>, action: Action) -> bool {
    TABLE.iter().find(|row| row.0 == action).is_some_and(|(_, anyone, roles)| match role {
        None => *anyone,
        Some(role) => roles.contains(&role),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_stands_in_the_table_twice() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(TABLE[at + 1..].iter().all(|other| other.0 != row.0), "{:?}", row.0);
        }
    }

    #[test]
    fn a_customer_may_nothing_that_is_for_staff() {
        for action in [Action::SeeBoard, Action::SeeList, Action::WriteNote, Action::ChangeTicket, Action::Watch] {
            assert!(!may(Some(Role::Customer), action));
            assert!(!may(None, action));
            assert!(may(Some(Role::Agent), action) && may(Some(Role::Admin), action));
        }
    }

    #[test]
    fn only_an_admin_sees_mail_that_is_nobodys() {
        assert!(may(Some(Role::Admin), Action::AdministerMail));
        assert!(!may(Some(Role::Agent), Action::AdministerMail) && !may(Some(Role::Customer), Action::AdministerMail));
    }

    #[test]
    fn without_an_account_one_may_only_log_in_choose_a_language_and_stop_mails() {
        let open: Vec<_> = TABLE.iter().filter(|row| row.1).map(|row| row.0).collect();
        assert_eq!(open, [Action::LogIn, Action::LogOut, Action::SetPreferences, Action::StopMail]);
    }
}
