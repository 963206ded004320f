//! Coming in, and one's own account.

pub mod api;
mod device;
mod entry;
mod log_in;
mod own;

pub use device::device;
pub use entry::{AddressPage, ForgotPage, JoinPage, SignUpPage};
pub use log_in::LogInPage;
pub use own::AccountPage;
