//! API tokens: what a program may do in someone's name.
//!
//! Invariant: a token never allows more than the role of its owner does at that moment; a scope only narrows it.

use crate::permissions::Action;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum TokenScope {
    PeopleRead,
    PeopleWrite,
    OrganisationsRead,
    OrganisationsWrite,
}

impl TokenScope {
    /// Every scope, in the order they are offered in.
    pub const ALL: [TokenScope; 4] = [TokenScope::PeopleRead, TokenScope::PeopleWrite, TokenScope::OrganisationsRead, TokenScope::OrganisationsWrite];

    /// The word in the database, in forms and in the description of the API.
    pub fn word(self) -> &'static str {
        match self {
            TokenScope::PeopleRead => "people:read",
            TokenScope::PeopleWrite => "people:write",
            TokenScope::OrganisationsRead => "organisations:read",
            TokenScope::OrganisationsWrite => "organisations:write",
        }
    }

    /// Reads [`TokenScope::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// What the owner's role has to allow.
    pub fn action(self) -> Action {
        match self {
            TokenScope::PeopleRead | TokenScope::OrganisationsRead => Action::SeePeople,
            TokenScope::PeopleWrite | TokenScope::OrganisationsWrite => Action::ManagePeople,
        }
    }
}

/// A token as its owner sees it: never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ApiToken {
    pub id: i64,
    pub name: String,
    pub scopes: Vec<TokenScope>,
    pub created_at: Moment,
    pub expires_at: Moment,
    /// When it was used last, to within a minute.
    pub used_at: Option<Moment>,
    /// The network address it was used from last.
    pub used_from: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_was_written() {
        assert!(TokenScope::ALL.iter().all(|scope| TokenScope::from_word(scope.word()) == Some(*scope)));
    }
}
