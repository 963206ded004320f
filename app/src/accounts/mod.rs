//! Coming in, and one's own account.

pub mod api;
mod device;
mod entry;
mod factor;
mod log_in;
mod own;
mod passkey;
mod tokens;
pub(crate) mod zone;

pub use device::device;
pub use entry::{AddressPage, ForgotPage, JoinPage, SignUpPage};
pub use factor::FactorPage;
pub use log_in::LogInPage;
pub use own::AccountPage;
