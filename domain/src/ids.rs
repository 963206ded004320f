//! Numbers with a type: a ticket's number can never be taken for a person's.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().trim_start_matches('#').parse().map($name)
            }
        }
    )*};
}

ids! {
    /// The number of a ticket, which people quote as `#1042`.
    TicketId,
    /// A person with an account: customer, agent or admin.
    PersonId,
    /// A customer's company.
    OrganisationId,
    /// A part of the company a ticket is for.
    DepartmentId,
    /// One reply, note or description.
    MessageId,
    /// A mail to one person.
    DeliveryId,
    /// A mail that came in.
    IncomingId,
    /// The position of an event in the log: 1, 2, 3, without gaps, in order of commit.
    EventNo,
}

/// A file's id: 128 random bits in hexadecimal, so that it cannot be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttachmentId(String);

impl AttachmentId {
    /// Takes 32 lower-case hexadecimal digits; anything else is no id.
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        right.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id with the name that was on the screen at the time, so that history reads the same years later.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Named<Id> {
    /// Which one.
    pub id: Id,
    /// Its name.
    pub name: String,
}

impl<Id> Named<Id> {
    /// Joins an id and a name.
    pub fn new(id: Id, name: impl Into<String>) -> Self {
        Self { id, name: name.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attachment_id_is_32_hexadecimal_digits_and_nothing_else() {
        assert!(AttachmentId::parse("0123456789abcdef0123456789abcdef").is_some());
        for wrong in
            ["", "../../etc/passwd", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0"]
        {
            assert!(AttachmentId::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_ticket_number_may_be_typed_with_its_hash() {
        assert_eq!("#1042".parse(), Ok(TicketId(1042)));
        assert!("#10x".parse::<TicketId>().is_err());
    }
}
