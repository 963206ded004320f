//! Whether a node does its work: its workers, and how far behind the readers of the log are.

use super::{Report, State};
use crate::{Desk, Result};
use domain::EventNo;
use domain::time::Span;
use store::events::Standing;

/// A reader is too far behind when the oldest event that it has not read happened this long ago. What people wait for comes first; what can wait lets others go first while much happens.
const BOUNDS: [(&str, Span); 4] =
    [("live", Span::seconds(30)), ("on_call", Span::minutes(2)), ("notifications", Span::minutes(10)), ("reports", Span::minutes(10))];

/// How a node does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Health {
    pub workers: Vec<Report>,
    /// Readers of the log, with how long ago the oldest event happened that each has not read.
    pub readers: Vec<(Standing, Span)>,
    /// Events of the log that could not be read, and were passed over.
    pub passed_over: usize,
}

impl Health {
    /// What makes the node unfit, one sentence each; none where it is fit.
    pub fn faults(&self) -> Vec<String> {
        let late = |(reader, age): &(Standing, Span)| {
            let bound = BOUNDS.iter().find(|(name, _)| *name == reader.name).map(|(_, bound)| *bound)?;
            let (name, behind, seconds) = (&reader.name, reader.behind, age.0 / 1_000);
            (*age > bound).then(|| format!("reader {name}: {behind} events behind, the oldest of {seconds} s ago, where {} are allowed", bound.0 / 1_000))
        };
        self.workers.iter().filter_map(Report::fault).chain(self.readers.iter().filter_map(late)).collect()
    }
}

/// How this node does. Fails where the database does.
pub async fn health(desk: &Desk) -> Result<Health> {
    let (now, live) = (desk.now(), desk.tail().position());
    let standing = store::events::readers(desk.store(), live).await?;
    // The tail begins at the end of the log, and reports by counting what is there: until then neither is behind.
    let begun = standing.into_iter().filter(|reader| reader.n > EventNo(0) || !["live", "reports"].contains(&reader.name.as_str()));
    let readers = begun.map(|reader| {
        let age = reader.oldest.map_or(Span(0), |at| Span((now - at).0.max(0)));
        (reader, age)
    });
    Ok(Health { workers: desk.workers().report(), readers: readers.collect(), passed_over: desk.store().passed_over().count() })
}

/// Whether an admin should look after this node: a worker does not work, or the log has what cannot be read.
pub fn is_ailing(desk: &Desk) -> bool {
    desk.store().passed_over().count() > 0 || desk.workers().report().iter().any(|worker| worker.state != State::Well)
}
