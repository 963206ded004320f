//! Which tab has the stream where the browser has no Web Locks, as over plain HTTP: the tabs settle it among themselves.
//!
//! Invariants: a tab asks before it takes the stream; of two that took it at once, the one with the smaller number keeps it. Answers come at once also from a tab in the background,
//! whose timers are slow.

use crate::ui;
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use web_sys::{BroadcastChannel, Event, MessageEvent};

/// How long a tab waits for an answer before it takes the stream, in milliseconds; and up to how much longer, so that not all do at once.
const WAIT: (f64, f64) = (250.0, 250.0);

const ASKED: &str = "who";
const LEFT: &str = "left";

/// A tab's part in it.
pub(super) struct Vote {
    number: f64,
    channel: BroadcastChannel,
    leads: Cell<bool>,
    /// Whether another tab said that it has the stream, since this one asked.
    is_answered: Cell<bool>,
    change: Box<dyn Fn(bool)>,
}

impl Vote {
    /// Joins the tabs that share a name; `change` is called with whether this one has the stream, whenever that changes. `None` where tabs cannot reach each other.
    pub(super) fn join(name: &str, change: impl Fn(bool) + 'static) -> Option<Rc<Self>> {
        let channel = BroadcastChannel::new(&format!("{name}-vote")).ok()?;
        let this = Rc::new(Self {
            number: js_sys::Math::random(),
            channel: channel.clone(),
            leads: Cell::new(false),
            is_answered: Cell::new(false),
            change: Box::new(change),
        });
        let me = this.clone();
        ui::listen(&channel, "message", move |event: MessageEvent| me.hear(&event.data().as_string().unwrap_or_default()));
        let me = this.clone();
        ui::listen(&window(), "pagehide", move |_: Event| {
            if me.leads.get() {
                me.set(false);
                me.say(LEFT);
            }
        });
        let me = this.clone();
        // A page that comes back from where it was kept has no stream.
        ui::listen(&window(), "pageshow", move |_: Event| me.ask());
        this.ask();
        Some(this)
    }

    /// Asks who has the stream, and takes it where nobody answers.
    pub(super) fn ask(self: &Rc<Self>) {
        if self.leads.get() {
            return;
        }
        self.is_answered.set(false);
        self.say(ASKED);
        let me = self.clone();
        let wait = WAIT.0 + WAIT.1 * js_sys::Math::random();
        set_timeout(
            move || {
                if !me.is_answered.get() && !me.leads.get() {
                    me.set(true);
                    me.say(&me.number.to_string());
                }
            },
            Duration::from_millis(wait as u64),
        );
    }

    fn hear(self: &Rc<Self>, said: &str) {
        match (said, said.parse::<f64>()) {
            (LEFT, _) => self.ask(),
            (ASKED, _) if self.leads.get() => self.say(&self.number.to_string()),
            (_, Ok(other)) if self.leads.get() && other < self.number => self.set(false),
            (_, Ok(_)) if self.leads.get() => self.say(&self.number.to_string()),
            (_, Ok(_)) => self.is_answered.set(true),
            _ => {}
        }
    }

    fn set(&self, leads: bool) {
        self.leads.set(leads);
        (self.change)(leads);
    }

    fn say(&self, what: &str) {
        // A channel that is closed belongs to a page that is gone.
        let _ = self.channel.post_message(&what.into());
    }
}
