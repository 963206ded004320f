//! Events of the log that this version cannot read: of a kind that it does not know, or damaged.
//!
//! Invariant: one event that cannot be read holds up no reader; it is passed over, counted and told once.

use domain::EventNo;
use domain::events::Happening;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Numbers that are remembered at most.
const MOST: usize = 10_000;

/// The events that were passed over since the program started.
#[derive(Debug, Default)]
pub struct PassedOver(Mutex<BTreeSet<i64>>);

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

impl PassedOver {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The number of the last one.
    pub fn last(&self) -> Option<EventNo> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().copied().map(EventNo)
    }

    /// What an event says; nothing where that cannot be read, which is written into the log of the program the first time.
    pub(crate) fn read(&self, n: i64, text: &str) -> Option<Happening> {
        let read = happening(text);
        if read.is_none() {
            self.add(n, text);
        }
        read
    }

    fn add(&self, n: i64, text: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = known.len() < MOST && known.insert(n);
        drop(known);
        if is_new {
            // Its kind alone: the rest names people.
            let kind = serde_json::from_str::<Kind>(text).map_or_else(|_| "unreadable".to_owned(), |known| known.kind.chars().take(40).collect());
            tracing::error!(event = n, kind, "an event of the log cannot be read; it is passed over");
        }
    }
}

/// What a text of the log says.
pub(crate) fn happening(text: &str) -> Option<Happening> {
    serde_json::from_str(text).ok()
}
