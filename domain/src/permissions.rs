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
    ReadMail,
    AdministerMail,
    ComeIn,
    OwnAccount,
    OwnTokens,
    SeePeople,
    ManagePeople,
    ManageStaff,
    ImportPeople,
    Merge,
    ManageDepartments,
    ManageHours,
    ReadReports,
    SeeRotas,
    ManageRotas,
    ReadFeed,
    CompareAgents,
    ReadAudit,
    ManageSettings,
    ManagePrivacy,
}

impl Action {
    /// What it is, for the table people read.
    pub fn meaning(self) -> &'static str {
        match self {
            Action::LogIn => "log in",
            Action::LogOut => "log out",
            Action::SetPreferences => "choose a language and a theme",
            Action::ComeIn => "use a link that was mailed, sign up, ask for another password",
            Action::StopMail => "stop mails by the link in them",
            Action::OwnAccount => "see and change one's own account, end one's own sessions",
            Action::OwnTokens => "make API tokens of one's own, and use the API with them",
            Action::SeePortal => "see the portal's home page",
            Action::OpenTicket => "open a ticket",
            Action::SuggestCc => "be offered people for CC",
            Action::ReadTicket => "read a ticket in scope",
            Action::Reply => "reply",
            Action::SettleOwnTicket => "say that one's own ticket is solved",
            Action::LeaveCc => "leave CC",
            Action::ChangeCc => "change CC",
            Action::Upload => "upload files",
            Action::Download => "open files of tickets in scope",
            Action::Preview => "preview a text",
            Action::FollowEvents => "follow what happens to tickets in scope",
            Action::SeeBoard => "see the board",
            Action::SeeList => "see the list",
            Action::WriteNote => "write notes",
            Action::ChangeTicket => "change a ticket",
            Action::Watch => "watch a ticket",
            Action::ReadMail => "open mails of tickets in scope as they came",
            Action::SeePeople => "see people and organisations",
            Action::ManagePeople => "invite, change and disable customers; add and change organisations",
            Action::ManageStaff => "the same for staff; change addresses; give roles and departments",
            Action::ImportPeople => "import people and organisations",
            Action::Merge => "merge two people or two organisations",
            Action::ManageDepartments => "add departments, change and close them",
            Action::ManageHours => "choose office hours and targets",
            Action::ReadReports => "read reports",
            Action::SeeRotas => "see who is on call, stand in, say when one is away",
            Action::ManageRotas => "choose who is on call, and the pager of a department",
            Action::ReadFeed => "read the calendar of an agent by its secret link",
            Action::CompareAgents => "read reports of single agents",
            Action::AdministerMail => "look after mail: what was set aside, mailboxes, words, senders",
            Action::ReadAudit => "read and export the audit log",
            Action::ManageSettings => "change settings",
            Action::ManagePrivacy => "export and erase people, say how long tickets are kept",
        }
    }
}

/// The roles of one row.
type Row = (Action, bool, &'static [Role]);

const EVERYONE: &[Role] = &Role::ALL;
const CUSTOMERS: &[Role] = &[Role::Customer];
const STAFF: &[Role] = &[Role::Agent, Role::Lead, Role::Admin];
const LEADS: &[Role] = &[Role::Lead, Role::Admin];
const ADMINS: &[Role] = &[Role::Admin];

/// Each action, whether it may be done without an account, and the roles that may do it.
pub const TABLE: &[Row] = &[
    (Action::LogIn, true, EVERYONE),
    (Action::LogOut, true, EVERYONE),
    (Action::SetPreferences, true, EVERYONE),
    (Action::StopMail, true, EVERYONE),
    (Action::ComeIn, true, EVERYONE),
    (Action::OwnAccount, false, EVERYONE),
    (Action::OwnTokens, false, STAFF),
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
    (Action::ReadMail, false, STAFF),
    (Action::SeePeople, false, STAFF),
    (Action::ManagePeople, false, STAFF),
    (Action::ManageStaff, false, ADMINS),
    (Action::ImportPeople, false, ADMINS),
    (Action::Merge, false, ADMINS),
    (Action::ManageDepartments, false, ADMINS),
    (Action::ManageHours, false, ADMINS),
    (Action::ReadReports, false, STAFF),
    (Action::SeeRotas, false, STAFF),
    (Action::ManageRotas, false, LEADS),
    (Action::ReadFeed, true, EVERYONE),
    (Action::CompareAgents, false, LEADS),
    (Action::AdministerMail, false, ADMINS),
    (Action::ReadAudit, false, ADMINS),
    (Action::ManageSettings, false, ADMINS),
    (Action::ManagePrivacy, false, ADMINS),
];

/// Whether someone with this role, or without an account, may do this at all. What is not in the table may nobody.
pub fn may(role: Option<Role>, action: Action) -> bool {
    TABLE.iter().find(|row| row.0 == action).is_some_and(|(_, anyone, roles)| match role {
        None => *anyone,
        Some(role) => roles.contains(&role),
    })
}

/// The table as the page of Markdown that people read.
pub fn page() -> String {
    let mut page = String::from(PREFACE);
    for (action, anyone, roles) in TABLE {
        let mark = |yes: bool| if yes { "yes" } else { "" };
        let of = |role: Role| mark(roles.contains(&role));
        // A key user is a customer who is the contact of their organisation: the same actions, perhaps a wider scope.
        let cells = [mark(*anyone), of(Role::Customer), of(Role::Customer), of(Role::Agent), of(Role::Lead), of(Role::Admin)];
        page.push_str(&format!("| {} | {} |\n", action.meaning(), cells.join(" | ")));
    }
    page.push_str(SCOPES);
    page
}

const PREFACE: &str = "# Who may do what

This page is made from the table in `domain/src/permissions.rs`, which is what the program asks; a test fails where the two differ.

| action | without an account | customer | key user | agent | lead | admin |
|---|---|---|---|---|---|---|
";

const SCOPES: &str = "
## Which tickets

The table says what may be done at all; the scope says to which tickets, with their messages, files and events.

| who | reads | writes on |
|---|---|---|
| customer | tickets they opened, and those they are in CC of | the same |
| key user | the same; where their organisation shares its tickets, all of its tickets | tickets they opened, and those they are in CC of |
| agent, lead, admin | every ticket but those of closed departments they are not in | the same |

A ticket out of scope answers like one that does not exist. Staff of a closed department are its members; an admin who is not a member does not see its tickets, but may make themselves one, which the audit log tells.

An account that is disabled can do nothing; its sessions and streams end at once. The last admin who can log in cannot be disabled, nor lose the role.
";

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
            assert!([Role::Agent, Role::Lead, Role::Admin].iter().all(|role| may(Some(*role), action)));
        }
    }

    #[test]
    fn only_an_admin_sees_mail_that_is_nobodys() {
        assert!(may(Some(Role::Admin), Action::AdministerMail));
        assert!(!may(Some(Role::Agent), Action::AdministerMail) && !may(Some(Role::Customer), Action::AdministerMail));
    }

    #[test]
    fn without_an_account_one_may_only_come_in_choose_a_language_stop_mails_and_read_by_a_secret_link() {
        let open: Vec<_> = TABLE.iter().filter(|row| row.1).map(|row| row.0).collect();
        assert_eq!(open, [Action::LogIn, Action::LogOut, Action::SetPreferences, Action::StopMail, Action::ComeIn, Action::ReadFeed]);
    }

    #[test]
    fn the_page_people_read_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
        if std::env::var_os("BALIE_WRITE_PAGES").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page(), "BALIE_WRITE_PAGES=1 cargo test -p domain writes it");
    }
}
