//! What makes a page of plain HTML live: parts that are fetched again when something happened, and small forms that post without leaving the page.
//!
//! The page marks its parts with `data-live="name"`; the same page, fetched again, has them too, made by the same code. So there is one rendering, on the server.

mod faults;
mod follow;
mod forms;
mod keys;
mod parts;
mod place;
mod table;

use crate::ui;
use leptos::prelude::*;

/// Wakes the parts of the page.
#[island]
pub fn Enhance() -> impl IntoView {
    Effect::new(move |_| {
        ui::watch_presses();
        follow::follow();
        follow::look_again();
        follow::look_at_the_clock();
        follow::take_over_skipped();
        forms::came_back();
        forms::quiet_forms();
        forms::leave();
        keys::shortcuts();
        keys::close_what_opened();
        faults::take_to_fault();
        faults::lead_to_fields();
        faults::mended();
        forms::forget_on_log_out();
        table::tick_all();
    });
}
