//! Status, urgency and side: each a word in URLs and forms, and a number in the database.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum $name { $(#[serde(rename = $word)] $variant),* }

        impl $name {
            /// Each of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in URLs, forms and `data-` attributes.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// The number in the database: its place in [`Self::ALL`].
            pub fn code(self) -> i16 {
                self as i16
            }

            /// Reads [`Self::code`].
            pub fn from_code(code: i16) -> Option<Self> {
                usize::try_from(code).ok().and_then(|at| Self::ALL.get(at)).copied()
            }
        }
    };
}

words! {
    /// Where a ticket stands.
    Status { New = "new", Open = "open", Waiting = "waiting", Resolved = "resolved", Closed = "closed" }
}
words! {
    /// How much a disturbance hurts; ordered, the most urgent last.
    Urgency { Question = "question", Low = "low", Medium = "medium", High = "high" }
}
words! {
    /// Which side of the counter someone stands on.
    Side { Customer = "customer", Agent = "agent" }
}

impl Status {
    /// Whether nothing more is expected to happen.
    pub fn is_settled(self) -> bool {
        matches!(self, Status::Resolved | Status::Closed)
    }

    /// Whether it is our turn: the clock runs.
    pub fn runs(self) -> bool {
        matches!(self, Status::New | Status::Open)
    }
}

impl Urgency {
    /// The order in which the form offers them.
    pub const FORM: [Urgency; 4] = [Urgency::Low, Urgency::Medium, Urgency::High, Urgency::Question];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_come_back() {
        for s in Status::ALL {
            assert_eq!(Status::from_code(s.code()), Some(*s));
            assert_eq!(Status::from_word(s.word()), Some(*s));
        }
        assert!(Urgency::High > Urgency::Medium && Urgency::Low > Urgency::Question);
    }
}
