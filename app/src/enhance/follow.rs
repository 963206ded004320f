//! Following the log: what happened to what the page shows makes its live parts be fetched again.

use super::forms::{LEAVES, is_leaving};
use super::parts::{is_skipped, swap};
use crate::live::{self, Heard, Unfetched};
use crate::{Reader, ui};
use domain::events::Message;
use domain::time::Span;
use domain::{EventNo, TicketId};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement};

/// Changes that come together are fetched together.
const GATHER: Duration = Duration::from_millis(60);

/// When a page that could not be fetched is asked for again.
const AGAIN: Duration = Duration::from_secs(4);
/// How often it looks whether an office has opened or closed, or a day has ended, in milliseconds.
const LOOK: i32 = 15_000;

/// `data-follow` on the page's main part says what it shows: a ticket's number, or `any`.
pub(super) fn follow() {
    let Some(main) = ui::find::<HtmlElement>("[data-follow]") else { return };
    let ticket: Option<TicketId> = main.get_attribute("data-follow").and_then(|t| t.parse().ok());
    let after = main.get_attribute("data-after").and_then(|n| n.parse().ok()).unwrap_or(EventNo(0));
    let waiting = Rc::new(Cell::new(false));
    live::follow(after, move |heard| {
        let concerns = match heard {
            Heard::Message(message) => match &**message {
                Message::Happened { event, .. } => ticket.is_none_or(|t| t == event.ticket),
                Message::Gone { ticket: gone, .. } => ticket.is_none_or(|t| t == *gone),
                Message::Reset { .. } => true,
                Message::Beat { .. } | Message::Ended => false,
            },
            Heard::Connected(connected) => {
                let connected = *connected;
                ui::at_rest(move || {
                    ui::each("[data-lost]", |banner| {
                        let _ = banner.toggle_attribute_with_force("hidden", connected);
                    });
                });
                false
            }
        };
        if concerns && !waiting.replace(true) {
            let waiting = waiting.clone();
            set_timeout(
                move || {
                    waiting.set(false);
                    spawn_local(refresh());
                },
                GATHER,
            );
        }
    });
}

/// While a page waits for work to be done, its live parts are fetched every second.
pub(super) fn look_again() {
    let busy = Rc::new(Cell::new(false));
    ui::every(1_000, move || {
        if ui::find::<Element>("[data-again]").is_some() && !busy.replace(true) {
            let busy = busy.clone();
            spawn_local(async move {
                refresh().await;
                busy.set(false);
            });
        }
    });
}

/// An office opens and closes, and a day ends, without anything having happened: what is said of today is fetched again.
pub(super) fn look_at_the_clock() {
    let opened = js_sys::Date::now();
    let told = move || {
        let reader = Reader::current();
        let now = reader.now + Span((js_sys::Date::now() - opened) as i64);
        let own = reader.offices.own.iter().map(|(_, office)| office.is_open(now));
        (reader.zone.civil(now).days, own.chain([reader.offices.usual.is_open(now)]).collect::<Vec<_>>())
    };
    let last = RefCell::new(told());
    ui::every(LOOK, move || {
        let now = told();
        if last.replace(now.clone()) != now && ui::find::<Element>("[data-live]").is_some() {
            spawn_local(refresh());
        }
    });
}

/// A part that was left as it was, because the person worked in it, is fetched again once they leave it.
pub(super) fn take_over_skipped() {
    ui::listen(&document(), "focusout", |_: web_sys::Event| {
        if is_skipped() {
            set_timeout(|| spawn_local(refresh()), GATHER);
        }
    });
}

async fn refresh() {
    let Ok(address) = window().location().href() else { return };
    match live::fetch_text(&address).await {
        Ok(html) => {
            ui::rest().await;
            swap(&html, None);
        }
        // A form that was just sent leads elsewhere: what it did may be why this is gone.
        Err(Unfetched::Status(401 | 403 | 404)) if is_leaving() => set_timeout(|| spawn_local(refresh()), LEAVES),
        // Gone from sight, or logged out: the page itself says so.
        Err(Unfetched::Status(401 | 403 | 404)) => window().location().reload().unwrap_or(()),
        Err(_) => set_timeout(|| spawn_local(refresh()), AGAIN),
    }
}
