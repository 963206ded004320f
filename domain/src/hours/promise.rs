//! What a customer is told about a ticket before and after they hand it in: whether it is handled now, and until when they hear.

use super::Office;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// What happens to a ticket next, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Whether such tickets are handled outside office hours too.
    pub around_the_clock: bool,
    /// How the office of its department stands.
    pub office: Office,
    /// Until when there is a reply, where one was promised.
    pub reply_by: Option<Moment>,
}

impl Promise {
    /// Whether it waits for the office to open.
    pub fn waits(&self) -> bool {
        !self.around_the_clock && !matches!(self.office, Office::Open(_))
    }

    /// When it is taken up, where it waits and that is known.
    pub fn taken_up_at(&self) -> Option<Moment> {
        match self.office {
            Office::Closed { until, .. } if self.waits() => Some(until),
            _ => None,
        }
    }
}
