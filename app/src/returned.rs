//! A form that came back: what was typed, and what was wrong with it. The page that has the form shows both.

use crate::Problem;
use leptos::prelude::*;
use std::sync::Arc;

/// A form that came back.
#[derive(Debug, Clone, Default)]
pub struct Returned {
    /// The server function it was for, as in its URL.
    pub action: String,
    /// What was typed, in order.
    pub fields: Vec<(String, String)>,
    /// The page that has the form.
    pub page: String,
    /// What was wrong; nothing where the form only waits to be sent again.
    pub problem: Option<Problem>,
}

impl Returned {
    /// What came back for one form; an empty one where nothing did.
    pub fn of(action: &str) -> Arc<Self> {
        use_context::<Arc<Self>>().filter(|r| r.action == action).unwrap_or_default()
    }

    /// What came back, for whichever form.
    pub fn any() -> Option<Arc<Self>> {
        use_context::<Arc<Self>>()
    }

    /// What was typed in a field.
    pub fn value(&self, name: &str) -> String {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
    }

    /// Everything that was chosen in a field with several values.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(n, _)| n == name || n.strip_suffix("[]") == Some(name)).map(|(_, v)| v.clone()).collect()
    }
}
