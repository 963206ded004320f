//! Tickets: the portal's home, the form, and a ticket's page for customer and staff.

pub mod api;
mod cc;
mod composer;
mod conversation;
mod desk_ticket;
mod draft;
mod home;
pub(crate) mod kept;
mod new;
mod page;
mod portal_ticket;
mod promised;
mod proposed;

pub use home::HomePage;
pub use new::NewTicketPage;
pub use page::TicketPage;
