//! People, organisations, and what a person may see.
//!
//! Invariant: an e-mail address is one account whatever its case, and a [`Scope`] is the only way to say whose tickets are meant.

use crate::{DepartmentId, Named, OrganisationId, PersonId};
use serde::{Deserialize, Serialize};

/// What kind of account a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Opens tickets, for a customer organisation.
    Customer,
    /// Works tickets, in departments.
    Agent,
    /// An agent who also manages articles, views and macros of their departments.
    Lead,
    /// An agent who also manages people, departments and settings.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Customer, Role::Agent, Role::Lead, Role::Admin];

    /// Whether this role stands behind the counter.
    pub fn is_staff(self) -> bool {
        !matches!(self, Role::Customer)
    }

    /// The word in the database, in URLs and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Agent => "agent",
            Role::Lead => "lead",
            Role::Admin => "admin",
        }
    }

    /// Reads [`Role::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }
}

/// Which tickets, with everything that hangs on them, a person may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// A customer: the tickets they opened and those they are in CC of.
    Own(PersonId),
    /// A key user whose organisation lets them read all of its tickets, besides their own.
    Organisation(PersonId, OrganisationId),
    /// Staff: every ticket but those of closed departments they are not in, which are listed here.
    Desk {
        /// Departments this person may not see.
        hidden: Vec<DepartmentId>,
    },
}

impl Scope {
    /// Every ticket: what the desk itself does, in nobody's name.
    pub const fn system() -> Self {
        Self::Desk { hidden: vec![] }
    }

    /// Whether a ticket with this department, organisation, requester and CC is in scope.
    pub fn sees(&self, department: DepartmentId, organisation: Option<OrganisationId>, requester: PersonId, cc: &[PersonId]) -> bool {
        match self {
            Scope::Own(person) => requester == *person || cc.contains(person),
            Scope::Organisation(person, own) => requester == *person || cc.contains(person) || organisation == Some(*own),
            Scope::Desk { hidden } => !hidden.contains(&department),
        }
    }

    /// Whether tickets of this department are in scope for what they are, whoever's they are.
    pub fn opens(&self, department: DepartmentId) -> bool {
        matches!(self, Scope::Desk { hidden } if !hidden.contains(&department))
    }

    /// Whether notes, tags and other words among staff are in scope.
    pub fn is_staff(&self) -> bool {
        matches!(self, Scope::Desk { .. })
    }
}

/// A language that every screen has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Dutch, the default.
    #[default]
    Nl,
    /// English.
    En,
}

impl Language {
    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Nl => "nl",
            Language::En => "en",
        }
    }

    /// Reads a tag such as `en` or `en-GB`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
            "nl" => Some(Language::Nl),
            "en" => Some(Language::En),
            _ => None,
        }
    }

    /// The reader's first language that Balie speaks, from an `Accept-Language` header; Dutch where there is none.
    pub fn from_header(header: &str) -> Self {
        let mut wanted: Vec<(f32, usize, Language)> = header
            .split(',')
            .enumerate()
            .filter_map(|(at, part)| {
                let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
                let language = Self::from_tag(tag)?;
                let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
                (weight > 0.0).then_some((weight, at, language))
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        wanted.first().map(|w| w.2).unwrap_or_default()
    }
}

/// Light, dark, or as the system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The word in the database and in `data-theme`.
    pub fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Reads [`Theme::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Theme::System, Theme::Light, Theme::Dark].into_iter().find(|t| t.word() == word)
    }
}

/// A person as others see them: never more than a name, an address and where they belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// A customer's company.
    pub organisation: Option<Named<OrganisationId>>,
    /// Whether they are a contact of their organisation.
    pub key_user: bool,
}

/// A customer's company, with what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Organisation {
    pub named: Named<OrganisationId>,
    /// The domains of its addresses, in lower case.
    pub domains: Vec<String>,
    /// Whether who has an address of its domains comes in alone.
    pub sign_up: bool,
    /// Whether its key users read all of its tickets.
    pub shared: bool,
    /// For staff.
    pub notes: String,
}

/// An e-mail address as an account has it: trimmed and in lower case, with one `@`, in ASCII: letters that look like others would make two accounts of what people take for one. An international domain is written as its `xn--` form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Longest address there can be (RFC 5321, 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Takes what a person typed; `None` where it cannot be an address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let (local, host) = text.rsplit_once('@')?;
        let wrong = text.len() > Self::MAX
            || local.is_empty()
            || local.len() > 64
            || local.contains('@')
            || text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'))
            // Nobody has an account at a bare network address, and few servers deliver there.
            || host.starts_with('[')
            || host.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-'))
            || !host.contains('.');
        (!wrong).then_some(Self(text))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A domain as an organisation has it: trimmed, in lower case, without an `@`; `None` where it cannot be one.
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@');
    EmailAddress::parse(&format!("x@{text}")).map(|address| address.domain().to_owned())
}

/// The one or two letters in an avatar.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first = words.first().and_then(|w| w.chars().next());
    let last = if words.len() > 1 { words.last().and_then(|w| w.chars().next()) } else { None };
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_account_whatever_its_case() {
        assert_eq!(EmailAddress::parse(" M.vanLoon@DeWaalBouw.example "), EmailAddress::parse("m.vanloon@dewaalbouw.example"));
        for wrong in [
            "",
            "@",
            "a@",
            "@b.nl",
            "a@b",
            "a b@c.nl",
            "a@b..nl",
            "a@-b.nl",
            "a@[127.0.0.1]",
            "a@b.nl\nBcc: x@y.nl",
            "a@b@c.nl",
            "<a@b.nl>",
            "pаul@b.nl",
            "paul@b\u{212a}.nl",
            "ü@b.nl",
            "a@bücher.nl",
        ] {
            assert!(EmailAddress::parse(wrong).is_none(), "{wrong}");
        }
        for unusual in ["a+b@c.nl", "o'neill@c.nl", "a.b-c_d@x.y.z.example", "!#$%&'*/=?^`{|}~@c.nl", "a@xn--bcher-kva.nl"] {
            assert_eq!(EmailAddress::parse(unusual).unwrap().as_str(), unusual);
        }
    }

    #[test]
    fn the_browser_says_which_language() {
        for (header, language) in [
            ("", Language::Nl),
            ("en", Language::En),
            ("fr,en;q=0.3,nl;q=0.8", Language::Nl),
            ("en-GB,nl;q=0.9", Language::En),
            ("nl;q=0, en;q=0.1", Language::En),
            ("en; q=0.3, nl; q=0.9", Language::Nl),
            (";;;,q", Language::Nl),
        ] {
            assert_eq!(Language::from_header(header), language, "{header}");
        }
    }

    #[test]
    fn initials_are_the_first_and_the_last_word() {
        for (name, letters) in [("Marieke van Loon", "ML"), ("Yasmin El Amrani", "YA"), ("Cher", "C"), ("", ""), ("øyvind ßen", "ØSS")] {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn a_customer_sees_only_what_they_opened_or_are_in_cc_of() {
        let (mine, other) = (PersonId(1), PersonId(2));
        let (scope, its) = (Scope::Own(mine), Some(OrganisationId(1)));
        assert!(scope.sees(DepartmentId(1), its, mine, &[]));
        assert!(scope.sees(DepartmentId(1), its, other, &[mine]));
        assert!(!scope.sees(DepartmentId(1), its, other, &[PersonId(3)]));
        let scope = Scope::Organisation(mine, OrganisationId(1));
        assert!(scope.sees(DepartmentId(1), its, other, &[]) && scope.sees(DepartmentId(1), Some(OrganisationId(2)), mine, &[]));
        assert!(!scope.sees(DepartmentId(1), Some(OrganisationId(2)), other, &[]) && !scope.sees(DepartmentId(1), None, other, &[]));
    }

    #[test]
    fn staff_do_not_see_closed_departments_they_are_not_in() {
        let scope = Scope::Desk { hidden: vec![DepartmentId(4)] };
        assert!(scope.sees(DepartmentId(1), None, PersonId(1), &[]));
        assert!(!scope.sees(DepartmentId(4), None, PersonId(1), &[]));
    }
}
