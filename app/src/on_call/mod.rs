//! Who is on call: the rota of a department, swaps, absences, and the alarm on a ticket.

pub mod api;
mod page;
mod switch;
mod take;

pub use page::OnCallPage;
pub use take::TakePage;
