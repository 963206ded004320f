//! Who is on call: the rota of a department, swaps, absences, and the alarm on a ticket.

pub mod api;
#[cfg(feature = "ssr")]
mod page;
mod switch;
mod take;

#[cfg(feature = "ssr")]
pub use page::OnCallPage;
pub use take::TakePage;
