//! What becomes of each ticket.

use super::random::Random;
use super::{CONVERSATION, Plan};
use domain::tickets::Status;
use domain::time::{Moment, Span};

/// Running and settled tickets of the known customer.
const RUNNING: usize = 50;
const SETTLED: u64 = 30;

/// What becomes of one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) status: Status,
    pub(super) messages: u32,
    /// Whether it is the known customer's.
    pub(super) known: bool,
}

/// What becomes of every ticket: the last ones are on the board.
pub(super) struct Fates {
    closed: u64,
    board: Vec<Fate>,
}

impl Fates {
    pub(super) fn of(plan: &Plan, random: &mut Random) -> Self {
        let mut board: Vec<Fate> = [Status::New, Status::Open, Status::Waiting, Status::Resolved]
            .into_iter()
            .zip(plan.board)
            .flat_map(|(status, n)| (0..n).map(move |_| Fate { status, messages: 3, known: false }))
            .collect();
        for at in (1..board.len()).rev() {
            board.swap(at, random.below(at as u64 + 1) as usize);
        }
        board.truncate(usize::try_from(plan.tickets).unwrap_or(usize::MAX));
        board.iter_mut().filter(|f| !f.status.is_settled()).take(RUNNING).for_each(|f| f.known = true);
        if let Some(fate) = board.iter_mut().find(|f| f.known && f.status == Status::Open) {
            fate.messages = CONVERSATION;
        }
        Self { closed: plan.tickets - board.len() as u64, board }
    }

    pub(super) fn of_ticket(&self, index: u64) -> Fate {
        let every = (self.closed / SETTLED).max(1);
        match index.checked_sub(self.closed) {
            Some(at) => self.board[at as usize],
            None => Fate { status: Status::Closed, messages: 3, known: index.is_multiple_of(every) && index / every < SETTLED },
        }
    }

    /// The closed ones over two years until a fortnight ago, the others in the last fortnight.
    pub(super) fn opened_at(&self, plan: &Plan, index: u64, random: &mut Random) -> Moment {
        let (begin, length, at, of) = match index.checked_sub(self.closed) {
            Some(at) => (Span::days(14), Span::days(14).0 - Span::hours(3).0, at, self.board.len() as u64),
            None => (Span::days(730), Span::days(716).0 - Span::days(3).0, index, self.closed),
        };
        let step = length / of.max(1) as i64;
        plan.now - begin + Span(step * at as i64 + random.below(step.unsigned_abs().max(1)) as i64)
    }
}
