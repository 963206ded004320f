//! Buttons, marks and frames without a business rule in them.

mod browser;
mod fields;
mod frames;
mod marks;
mod press;

pub use browser::*;
pub use fields::*;
pub use frames::*;
pub use i18n::number;
pub use marks::*;
pub use press::{at_rest, rest, watch_presses};
