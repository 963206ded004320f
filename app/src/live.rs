//! The live stream in the browser: one for all tabs, and no gap in any of them.
//!
//! Invariants: the tab that holds the lock, or that the tabs settled on where there are no locks, has the stream and passes every message on; each tab has its own place in the log, asks for what it missed when it joins,
//! and ignores what it has. A stream that is alive but deaf is noticed by the silence of its heartbeat; reconnecting backs off with jitter, for ever.

mod vote;

use crate::{Reader, ui};
use domain::EventNo;
use domain::events::Message;
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use vote::Vote;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, EventSource, MessageEvent};

/// Silence after which the stream counts as deaf: the server gives a sign of life every 15 seconds.
const DEAF_MILLISECONDS: f64 = 40_000.0;
/// The first and the longest wait before trying again.
const BACKOFF: (f64, f64) = (500.0, 30_000.0);

/// What a listener hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Something happened.
    Message(Box<Message>),
    /// The connection is there, or is lost.
    Connected(bool),
}

type Listener = Rc<dyn Fn(&Heard)>;

struct Follower {
    cursor: Cell<EventNo>,
    heard_at: Cell<f64>,
    /// `None` until it is known.
    connected: Cell<Option<bool>>,
    tries: Cell<u32>,
    /// Whether this tab is the one that has the stream.
    leads: Cell<bool>,
    vote: RefCell<Option<Rc<Vote>>>,
    source: RefCell<Option<EventSource>>,
    channel: Option<BroadcastChannel>,
    /// What other tabs pass on while this one asks for what it missed before; `None` where it does not ask.
    held: RefCell<Option<Vec<String>>>,
    listeners: RefCell<Vec<Listener>>,
}

thread_local! {
    static FOLLOWER: RefCell<Option<Rc<Follower>>> = const { RefCell::new(None) };
}

/// Listens to what happens after an event, as long as the page is open. Call it in an effect.
pub fn follow(after: EventNo, listener: impl Fn(&Heard) + 'static) {
    let follower = FOLLOWER.with_borrow_mut(|follower| follower.get_or_insert_with(|| Follower::start(after)).clone());
    follower.listeners.borrow_mut().push(Rc::new(listener));
}

impl Follower {
    fn start(after: EventNo) -> Rc<Self> {
        let name = format!("balie-live-{}", Reader::current().visitor.map(|v| v.id.0).unwrap_or_default());
        let this = Rc::new(Self {
            cursor: Cell::new(after),
            heard_at: Cell::new(js_sys::Date::now()),
            connected: Cell::new(None),
            tries: Cell::new(0),
            leads: Cell::new(false),
            vote: RefCell::default(),
            source: RefCell::default(),
            channel: BroadcastChannel::new(&name).ok(),
            held: RefCell::default(),
            listeners: RefCell::default(),
        });
        if let Some(channel) = &this.channel {
            let me = this.clone();
            ui::listen(channel, "message", move |event: MessageEvent| match event.data().as_string().as_deref() {
                Some("lost") => me.say_connected(false),
                Some(text) => match me.held.borrow_mut().as_mut() {
                    Some(held) => held.push(text.to_owned()),
                    None => me.receive(text),
                },
                None => {}
            });
        }
        let me = this.clone();
        ui::listen(&document(), "visibilitychange", move |_: web_sys::Event| {
            if !document().hidden() {
                me.catch_up();
            }
        });
        let me = this.clone();
        ui::listen(&window(), "pageshow", move |_: web_sys::Event| me.catch_up());
        let me = this.clone();
        ui::every(5_000, move || me.watch());
        this.catch_up();
        this.take_lead(&name);
        this
    }

    /// Waits until no other tab has the stream, then opens it.
    fn take_lead(self: &Rc<Self>, name: &str) {
        let locks = js_sys::Reflect::get(&window().navigator(), &"locks".into()).ok().filter(JsValue::is_object);
        let request = locks.as_ref().and_then(|locks| js_sys::Reflect::get(locks, &"request".into()).ok()?.dyn_into::<js_sys::Function>().ok());
        let (Some(locks), Some(request)) = (locks, request) else {
            let me = self.clone();
            let vote = Vote::join(name, move |leads| me.lead(leads));
            if vote.is_none() {
                self.lead(true);
            }
            self.vote.replace(vote);
            return;
        };
        let me = self.clone();
        let granted = Closure::<dyn FnMut() -> js_sys::Promise>::new(move || {
            me.lead(true);
            // Held until the tab is closed.
            js_sys::Promise::new(&mut |_, _| {})
        });
        if request.call2(&locks, &name.into(), granted.as_ref().unchecked_ref()).is_err() {
            self.lead(true);
        }
        granted.forget();
    }

    /// Opens the stream in this tab, or leaves it to another.
    fn lead(self: &Rc<Self>, leads: bool) {
        self.leads.set(leads);
        match self.source.take() {
            Some(source) if !leads => source.close(),
            Some(source) => {
                self.source.replace(Some(source));
            }
            None if leads => self.open(),
            None => {}
        }
    }

    fn open(self: &Rc<Self>) {
        if !self.leads.get() || self.source.borrow().is_some() {
            return;
        }
        let Ok(source) = EventSource::new(&format!("/live?after={}", self.cursor.get())) else { return };
        let me = self.clone();
        ui::listen(&source, "message", move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                me.tries.set(0);
                if let Some(channel) = &me.channel {
                    let _ = channel.post_message(&text.as_str().into());
                }
                me.receive(&text);
            }
        });
        let me = self.clone();
        ui::listen(&source, "error", move |_: web_sys::Event| me.lost());
        self.source.replace(Some(source));
    }

    fn lost(self: &Rc<Self>) {
        let Some(source) = self.source.take() else { return };
        source.close();
        self.say_connected(false);
        if let Some(channel) = &self.channel {
            let _ = channel.post_message(&"lost".into());
        }
        let tries = self.tries.get();
        self.tries.set(tries + 1);
        // A stream that is refused says no status: asking for what was missed does.
        self.catch_up();
        let me = self.clone();
        set_timeout(move || me.open(), pause(tries));
    }

    /// Notices a stream that is alive but deaf, and a leader that sleeps.
    fn watch(self: &Rc<Self>) {
        if js_sys::Date::now() - self.heard_at.get() > DEAF_MILLISECONDS {
            self.heard_at.set(js_sys::Date::now());
            if self.source.borrow().is_some() {
                self.lost();
            } else {
                self.catch_up();
                if let Some(vote) = &*self.vote.borrow() {
                    vote.ask();
                }
            }
        }
    }

    /// Asks for what came since, until there is an answer. What is passed on meanwhile waits: taken at once, it would hide that something before it is missing.
    fn catch_up(self: &Rc<Self>) {
        if self.held.borrow().is_some() {
            return;
        }
        self.held.replace(Some(vec![]));
        self.ask(0);
    }

    fn ask(self: &Rc<Self>, tries: u32) {
        let me = self.clone();
        spawn_local(async move {
            match fetch_text(&format!("/live/since?after={}", me.cursor.get())).await {
                Ok(text) => {
                    text.lines().for_each(|line| me.receive(line));
                    let held = me.held.take().unwrap_or_default();
                    held.iter().for_each(|text| me.receive(text));
                }
                // The session is over, and nobody told this tab.
                Err(Unfetched::Status(401 | 403)) => ui::at_rest(reload),
                Err(_) => set_timeout(move || me.ask(tries + 1), pause(tries)),
            }
        });
    }

    fn receive(&self, text: &str) {
        let Ok(message) = serde_json::from_str::<Message>(text) else { return };
        self.heard_at.set(js_sys::Date::now());
        self.say_connected(true);
        let is_new = message.position().is_none_or(|n| n > self.cursor.get());
        if let Some(n) = message.position().filter(|_| is_new) {
            self.cursor.set(n);
        }
        if message == Message::Ended {
            // The session is over: the page says so, and log-in leads back here.
            ui::at_rest(reload);
            return;
        }
        if is_new || matches!(message, Message::Reset { .. }) {
            self.tell(&Heard::Message(Box::new(message)));
        }
    }

    fn say_connected(&self, connected: bool) {
        if self.connected.replace(Some(connected)) != Some(connected) {
            self.tell(&Heard::Connected(connected));
        }
    }

    fn tell(&self, heard: &Heard) {
        let listeners = self.listeners.borrow().clone();
        listeners.iter().for_each(|listener| listener(heard));
    }
}

fn reload() {
    let _ = window().location().reload();
}

/// How long to wait before the next try: longer each time, and never the same for everyone.
fn pause(tries: u32) -> Duration {
    let wait = (BACKOFF.0 * f64::from(1_u32 << tries.min(10))).min(BACKOFF.1) * (0.5 + js_sys::Math::random() / 2.0);
    Duration::from_millis(wait as u64)
}

/// Why there is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfetched {
    /// The network, or the server, was not there.
    Unreachable,
    /// The server refused, with this status.
    Status(u16),
}

/// The text at an address of our own.
pub async fn fetch_text(url: &str) -> Result<String, Unfetched> {
    let response = JsFuture::from(window().fetch_with_str(url)).await.ok().and_then(|r| r.dyn_into::<web_sys::Response>().ok());
    let response = response.ok_or(Unfetched::Unreachable)?;
    if !response.ok() {
        return Err(Unfetched::Status(response.status()));
    }
    let text = response.text().map_err(|_| Unfetched::Unreachable)?;
    JsFuture::from(text).await.ok().and_then(|text| text.as_string()).ok_or(Unfetched::Unreachable)
}
