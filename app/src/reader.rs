//! Who reads the page: their language, theme, time zone and now. The server knows it from the request, an island from the page.

use domain::PersonId;
use domain::accounts::{Language, Role, Theme};
use domain::hours::{Office, Offices};
use domain::time::{Moment, Zone};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Reader {
    pub language: Language,
    pub theme: Theme,
    pub zone: Zone,
    /// The place whose clock that is, where an office goes by another: times that are promised say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// The name of the browser's time zone and that of the account, where their clocks differ and the person has not said that it stays so.
    #[serde(skip)]
    pub other_clock: Option<(String, String)>,
    /// When the page was made.
    pub now: Moment,
    /// The person, where one has logged in.
    pub visitor: Option<Visitor>,
    /// When the departments are open, for staff.
    #[serde(default, skip_serializing_if = "Offices::is_empty")]
    pub offices: Offices,
    /// How they stand together now, for staff.
    #[serde(skip)]
    pub office: Option<Office>,
    /// The name of the provider at which one can log in, for who has not.
    pub provider: Option<String>,
}

/// The person who has logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Visitor {
    pub id: PersonId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Whether they have to look after a mailbox that cannot be read, or after a server that does not do all its work.
    pub is_needed: bool,
}

impl Reader {
    /// The reader of this page.
    pub fn current() -> Self {
        use_context::<Self>().unwrap_or_else(|| {
            let told = document().document_element().and_then(|root| root.get_attribute("data-reader"));
            told.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
        })
    }

    /// Lets the page know other opening times than it was made with; in the browser.
    pub fn learn(offices: &Offices) {
        let reader = Self { offices: offices.clone(), ..Self::current() };
        if let (Some(root), Ok(told)) = (document().document_element(), serde_json::to_string(&reader)) {
            root.set_attribute("data-reader", &told).unwrap_or(());
        }
    }

    /// Which room of the house: the portal is roomier than the desk.
    pub fn room(&self) -> &'static str {
        if self.is_staff() { "desk" } else { "portal" }
    }

    /// Whether the reader stands behind the counter.
    pub fn is_staff(&self) -> bool {
        self.visitor.as_ref().is_some_and(|v| v.role.is_staff())
    }

    /// Whether the reader looks after the installation.
    pub fn is_admin(&self) -> bool {
        self.visitor.as_ref().is_some_and(|v| v.role == Role::Admin)
    }
}
