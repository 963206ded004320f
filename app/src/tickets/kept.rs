//! Where drafts are kept in the browser: one for each tab and form, in parts: its fields, its files, its people in CC.
//!
//! Invariant: a tab writes its own draft and no other. One of a tab that is gone is offered, and stays until it is taken over, thrown away, accepted or too old.

use crate::ui::{self, icon};
use crate::{Reader, attachments, i18n as w};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, Element, HtmlDocument, HtmlFormElement, MessageEvent};

/// Where the forms that were sent last are remembered, with what proves that they were accepted.
const SENT: &str = "balie-sent";
/// As many of those, at most.
const MOST_SENT: usize = 10;
/// Where a tab keeps which one it is.
const TAB: &str = "balie-tab";
/// Where tabs say which drafts are open in them.
const CHANNEL: &str = "balie-drafts";
const WHO: &str = "who";
/// How long other tabs have to say so.
const ANSWER: Duration = Duration::from_millis(200);
/// The parts of a draft beside its fields.
const PARTS: [&str; 2] = ["-files", "-cc"];
/// Drafts that are offered at once, the newest first.
const OFFERED: usize = 3;
/// A draft that nobody went on with is kept this long, in milliseconds: 60 days.
const OLD: f64 = 60.0 * 86_400_000.0;

/// The fields of a draft, and when they were kept, in milliseconds of this browser's clock.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Fields {
    at: f64,
    pub(super) fields: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn now(fields: Vec<(String, String)>) -> Self {
        Self { at: js_sys::Date::now(), fields }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        // Before there was one for each tab, there were the fields alone.
        let before = |text| serde_json::from_str(text).ok().map(|fields| Self { at: 0.0, fields });
        serde_json::from_str(text).ok().or_else(|| before(text))
    }

    /// What it is about, in a few words.
    fn about(&self) -> String {
        let field = |name: &str| self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim());
        let text = ["subject", "text", "description"].iter().find_map(|name| field(name).filter(|text| !text.is_empty())).unwrap_or_default();
        let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() > 60 { words.chars().take(59).chain(['…']).collect() } else { words }
    }
}

/// The name of this tab's draft of a form.
pub(crate) fn key(name: &str) -> String {
    let storage = window().session_storage().ok().flatten();
    let Some(storage) = storage else { return name.to_owned() };
    let tab = storage.get_item(TAB).ok().flatten().unwrap_or_else(|| {
        let new = format!("{:x}{:x}", js_sys::Date::now() as u64, (js_sys::Math::random() * 4e9) as u64);
        let _ = storage.set_item(TAB, &new);
        new
    });
    format!("{name}.{tab}")
}

/// Forgets the drafts of forms that were accepted. A cookie of the server's says which one was last; only that proves it, and it is still there
/// where the page one landed on was left before it woke. Whoever reads a draft calls this first.
pub(crate) fn accept() {
    let cookies = document().dyn_into::<HtmlDocument>().ok().and_then(|d| d.cookie().ok()).unwrap_or_default();
    let is_accepted = |submission: &str| !submission.is_empty() && cookies.split("; ").any(|pair| pair.strip_prefix("accepted=") == Some(submission));
    let (accepted, others): (Vec<_>, Vec<_>) = sent().into_iter().partition(|(_, submission)| is_accepted(submission));
    if !accepted.is_empty() {
        accepted.iter().for_each(|(key, _)| forget(key));
        remember(&others);
    }
}

fn sent() -> Vec<(String, String)> {
    ui::stored(SENT).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn remember(sent: &[(String, String)]) {
    ui::store(SENT, &if sent.is_empty() { String::new() } else { serde_json::to_string(sent).unwrap_or_default() });
}

/// Remembers that a form is being sent, with its draft and its submission.
pub(super) fn send(key: String, submission: String) {
    let mut all = sent();
    all.retain(|(other, _)| *other != key);
    all.push((key, submission));
    remember(&all[all.len().saturating_sub(MOST_SENT)..]);
}

fn forget(key: &str) {
    ui::store(key, "");
    PARTS.iter().for_each(|part| ui::store(&format!("{key}{part}"), ""));
}

fn take_over(from: &str, to: &str) {
    for part in ["", PARTS[0], PARTS[1]] {
        if let Some(text) = ui::stored(&format!("{from}{part}")) {
            ui::store(&format!("{to}{part}"), &text);
        }
    }
}

/// The drafts of a form that other tabs left, the newest first; those that are too old are forgotten.
fn others(name: &str, own: &str) -> Vec<(String, Fields)> {
    let Ok(Some(storage)) = window().local_storage() else { return vec![] };
    let mut keys = BTreeSet::new();
    for at in 0..storage.length().unwrap_or(0) {
        let Ok(Some(full)) = storage.key(at) else { continue };
        let key = PARTS.iter().find_map(|part| full.strip_suffix(part)).unwrap_or(&full);
        if key != own && (key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))) {
            keys.insert(key.to_owned());
        }
    }
    let mut found: Vec<_> = keys.into_iter().map(|key| (ui::stored(&key).and_then(|text| Fields::read(&text)).unwrap_or_default(), key)).collect();
    let now = js_sys::Date::now();
    found.retain(|(fields, key)| {
        let is_old = fields.at > 0.0 && now - fields.at > OLD;
        if is_old {
            forget(key);
        }
        !is_old
    });
    found.sort_by(|a, b| b.0.at.total_cmp(&a.0.at));
    found.into_iter().map(|(fields, key)| (key, fields)).collect()
}

/// Throws a draft away, with the files that were uploaded for it. Left where they are, those are swept away by themselves.
async fn throw_away(key: &str) {
    let files: Vec<attachments::Kept> =
        ui::stored(&format!("{key}{}", PARTS[0])).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    forget(key);
    for file in files {
        let _ = attachments::api::discard_upload(file.id).await;
    }
}

/// Shows the page anew, as it is without what was typed.
fn show_anew() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    let _ = location.replace(&path);
}

/// A button that throws away this tab's draft of a form, after asking.
pub(super) fn throw_away_button(name: String) -> impl IntoView {
    let l = Reader::current().language;
    let discard = move |event: web_sys::MouseEvent| {
        if !window().confirm_with_message(w::draft_throw_away_sure(l)).unwrap_or(false) {
            return;
        }
        let key = key(&name);
        let button = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(form) = button.and_then(|button| button.closest("form").ok()?).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            // A browser fills in again what stood in a page that it loads again.
            form.reset();
        }
        leptos::task::spawn_local(async move {
            throw_away(&key).await;
            show_anew();
        });
    };
    view! { <button type="button" class="button" data-kind="quiet" data-size="small" on:click=discard>{w::draft_throw_away(l)}</button> }
}

/// Offers the drafts of a form that were left in tabs that are gone, as long as nothing is in this one.
#[island]
pub fn KeptDrafts(name: String) -> impl IntoView {
    let l = Reader::current().language;
    let offered = RwSignal::new(Vec::<(String, Fields)>::new());
    let root = NodeRef::<leptos::html::Div>::new();
    let form = name.clone();
    Effect::new(move |_| {
        let Some(root) = root.get() else { return };
        accept();
        if let Ok(Some(form)) = root.closest("form") {
            ui::listen(&form, "input", move |_: web_sys::Event| offered.set(vec![]));
        }
        look(&form, offered);
    });
    let go_on = {
        let name = name.clone();
        move |from: &str| {
            take_over(from, &key(&name));
            forget(from);
            show_anew();
        }
    };
    let throw = move |from: String| {
        offered.update(|drafts| drafts.retain(|(key, _)| *key != from));
        leptos::task::spawn_local(async move { throw_away(&from).await });
    };
    view! {
        <div class="kept-drafts" node_ref=root role="status" hidden=move || offered.with(Vec::is_empty)>
            <For each=move || offered.get() key=|(key, _)| key.clone() let:draft>{
                let (key, fields) = draft;
                let (from, gone, go_on) = (key.clone(), key, go_on.clone());
                let about = fields.about();
                view! {
                    <div class="banner">{icon("file-text")}
                        <p class="text">{if about.is_empty() { w::draft_left_untitled(l).to_owned() } else { w::draft_left(l, about) }}</p>
                        <div class="actions">
                            <button type="button" class="button" data-size="small" on:click=move |_| go_on(&from)>{w::draft_go_on(l)}</button>
                            <button type="button" class="button" data-kind="quiet" data-size="small" on:click=move |_| throw(gone.clone())>{w::draft_throw_away(l)}</button>
                        </div>
                    </div>
                }
            }</For>
        </div>
    }
}

/// Asks the other tabs which drafts are open in them, answers them, and offers the rest. A tab that was doubled has the number of the other: it takes one of its own, and its draft along.
fn look(name: &str, offered: RwSignal<Vec<(String, Fields)>>) {
    let open = Rc::new(RefCell::new(BTreeSet::new()));
    let asks = Rc::new(Cell::new(true));
    if let Ok(channel) = BroadcastChannel::new(CHANNEL) {
        let (open, asks, form, answers) = (open.clone(), asks.clone(), name.to_owned(), channel.clone());
        ui::listen(&channel, "message", move |event: MessageEvent| {
            let Some(said) = event.data().as_string() else { return };
            if said == WHO {
                let _ = answers.post_message(&key(&form).into());
            } else if asks.get() {
                let own = key(&form);
                if said == own {
                    if let Ok(Some(storage)) = window().session_storage() {
                        let _ = storage.remove_item(TAB);
                    }
                    take_over(&own, &key(&form));
                }
                open.borrow_mut().insert(said);
            }
        });
        let _ = channel.post_message(&WHO.into());
    }
    let name = name.to_owned();
    set_timeout(
        move || {
            asks.set(false);
            let own = key(&name);
            let is_empty = std::iter::once("").chain(PARTS).all(|part| ui::stored(&format!("{own}{part}")).is_none());
            if is_empty {
                let open = open.borrow();
                offered.set(others(&name, &own).into_iter().filter(|(key, _)| !open.contains(key)).take(OFFERED).collect());
            }
        },
        ANSWER,
    );
}
