//! Where `now` comes from.

use domain::time::{Moment, Span};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock: the machine's, or one that stands still until it is moved.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// One that stands still.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a moment.
    pub fn fixed(at: Moment) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    /// What it says.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))),
            Clock::Fixed(at) => Moment(at.load(Ordering::Relaxed)),
        }
    }

    /// Moves a clock that stands still; the machine's is left alone.
    pub fn advance(&self, by: Span) {
        if let Clock::Fixed(at) = self {
            at.fetch_add(by.0, Ordering::Relaxed);
        }
    }
}
