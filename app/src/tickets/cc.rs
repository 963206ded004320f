//! The CC picker: colleagues by name or address, key users first, as chips.

use super::api::colleagues as colleagues_like;
use super::kept::{accept, key};
use crate::ui::{self, avatar, icon};
use crate::{Reader, i18n as w};
use domain::PersonId;
use domain::accounts::Person;
use domain::tickets::Side;
use leptos::prelude::*;
use std::time::Duration;
use web_sys::KeyboardEvent;

/// As many colleagues as the page brings at most.
const MANY: usize = 50;
/// Typing has paused after this long.
const PAUSE: Duration = Duration::from_millis(150);

fn add(people: RwSignal<Vec<Person>>, more: Vec<Person>) {
    people.update(|people| {
        let new: Vec<Person> = more.into_iter().filter(|p| people.iter().all(|other| other.id != p.id)).collect();
        people.extend(new);
    });
}

/// Whether this is their whole name or address.
fn is_named(person: &Person, typed: &str) -> bool {
    person.name.to_lowercase() == typed.to_lowercase() || person.email.eq_ignore_ascii_case(typed)
}

/// Picks people from `colleagues`. What is typed and nobody yet goes along with the form, which comes back with it and its fault: a name would be left out without a word. `draft` is the name under which the choice is kept in this browser.
#[island]
pub fn CcPicker(colleagues: Vec<Person>, chosen: Vec<PersonId>, begun: String, fault: Option<String>, draft: String) -> impl IntoView {
    let l = Reader::current().language;
    let is_all = colleagues.len() < MANY;
    let people = RwSignal::new(colleagues);
    let picked = RwSignal::new(Vec::<PersonId>::new());
    let (typed, set_typed) = signal(begun);
    let (told, set_told) = signal(fault);
    let (open, set_open) = signal(false);
    let (active, set_active) = signal(0_usize);
    // What the server was asked for last, of what was typed.
    let (sought, set_sought) = signal(String::new());
    Effect::new(move |_| {
        accept();
        let kept: Vec<Person> = ui::stored(&format!("{}-cc", key(&draft))).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let ids = kept.iter().map(|p| p.id).collect();
        add(people, kept);
        picked.set(if chosen.is_empty() { ids } else { chosen.clone() });
        let draft = draft.clone();
        Effect::new(move |_| {
            let picked = picked.get();
            let kept = people.with_untracked(|people| people.iter().filter(|p| picked.contains(&p.id)).cloned().collect::<Vec<_>>());
            ui::store(
                &format!("{}-cc", key(&draft)),
                &if kept.is_empty() { String::new() } else { serde_json::to_string(&kept).unwrap_or_default() },
            );
        });
    });
    // In a large organisation the page brings only the first: the others are asked for as one types.
    Effect::new(move |_| {
        let wanted = typed.get().trim().to_owned();
        if is_all || wanted.is_empty() {
            return;
        }
        set_timeout(
            move || {
                if typed.with_untracked(|typed| typed.trim() == wanted) {
                    leptos::task::spawn_local(async move {
                        if let Ok(found) = colleagues_like(wanted.clone()).await {
                            ui::at_rest(move || {
                                add(people, found);
                                set_sought.set(wanted);
                            });
                        }
                    });
                }
            },
            PAUSE,
        );
    });
    let offered = Memo::new(move |_| {
        let (typed, picked) = (typed.with(|typed| ui::folded(typed.trim())), picked.get());
        let fits = |p: &&Person| !picked.contains(&p.id) && (ui::folded(&p.name).contains(&typed) || p.email.contains(&typed));
        let begins = |p: &Person| ui::folded(&p.name).split_whitespace().any(|part| part.starts_with(&typed)) || p.email.starts_with(&typed);
        people.with(|people| {
            let mut found: Vec<&Person> = people.iter().filter(fits).collect();
            found.sort_by_key(|p| !begins(p));
            found.into_iter().take(8).cloned().collect::<Vec<Person>>()
        })
    });
    let pick = move |id: PersonId| {
        picked.update(|picked| picked.push(id));
        set_typed.set(String::new());
        set_told.set(None);
        set_active.set(0);
        set_open.set(false);
    };
    let fault = move || {
        let wanted = typed.with(|typed| typed.trim().to_owned());
        // Who is picked already is not offered again, and several may stand there: the server reads whole names and addresses.
        let is_picked = || picked.with(|picked| people.with(|people| people.iter().any(|p| picked.contains(&p.id) && is_named(p, &wanted))));
        let is_sought = is_all || sought.with(|sought| *sought == wanted);
        let is_unknown = !wanted.is_empty() && is_sought && offered.with(Vec::is_empty) && !wanted.contains([',', ';']) && !is_picked();
        if is_unknown { Some(w::cc_unknown(l).to_owned()) } else { told.get() }
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" => {
            event.prevent_default();
            set_open.set(true);
            set_active.update(|at| *at = (*at + 1).min(offered.get_untracked().len().saturating_sub(1)));
        }
        "ArrowUp" => {
            event.prevent_default();
            set_active.update(|at| *at = at.saturating_sub(1));
        }
        "Enter" => {
            event.prevent_default();
            if let Some(person) = offered.get_untracked().get(active.get_untracked()).filter(|_| open.get_untracked()) {
                pick(person.id);
            }
        }
        "Escape" => set_open.set(false),
        "Backspace" if typed.get_untracked().is_empty() => picked.update(|picked| {
            picked.pop();
        }),
        _ => {}
    };
    let person = move |id: PersonId| people.with_untracked(|people| people.iter().find(|p| p.id == id).cloned());
    view! {
        <div class="cc-picker">
            <div class="input combobox">
                <For each=move || picked.get() key=|id| id.0 let:id>
                    {person(id).map(|p| view! {
                        <span class="chip">{avatar(p.id, &p.name, Side::Customer, "small")}{p.name.clone()}" "{p.key_user.then(|| view! { <span class="role">{w::key_user(l)}</span> })}
                            <input type="hidden" name="cc[]" value=p.id.to_string()/>
                            <button type="button" aria-label=w::remove_person(l, &p.name) on:click=move |_| { picked.update(|picked| picked.retain(|other| *other != id)); ui::focus("#cc"); }>{icon("x")}</button>
                        </span>
                    })}
                </For>
                <input id="cc" name="cc_typed" role="combobox" autocomplete="off" aria-autocomplete="list" aria-controls="cc-list" aria-describedby="cc-hint cc-fault" aria-invalid=move || fault().is_some().then_some("true") placeholder=w::name_or_address(l)
                    aria-expanded=move || (open.get() && !offered.get().is_empty()).to_string()
                    aria-activedescendant=move || open.get().then(|| format!("cc-{}", active.get()))
                    value=typed.get_untracked() prop:value=typed
                    on:input:target=move |event| { set_typed.set(event.target().value()); set_told.set(None); set_open.set(true); set_active.set(0); }
                    on:focus=move |_| set_open.set(true)
                    on:blur=move |_| set_open.set(false)
                    on:keydown=keys/>
            </div>
            {move || fault().map(|sentence| view! { <p class="error" id="cc-fault" role="alert">{icon("circle-alert")}<span>{sentence}</span></p> })}
            <div id="cc-list" class="listbox" role="listbox" aria-label=w::colleagues(l) hidden=move || !open.get() || offered.get().is_empty()>
                {move || offered.get().into_iter().enumerate().map(|(at, p)| view! {
                    <div role="option" id=format!("cc-{at}") aria-selected=move || (active.get() == at).to_string()
                        on:mousedown=move |event| { event.prevent_default(); pick(p.id); }>
                        {avatar(p.id, &p.name, Side::Customer, "small")}<span>{p.name.clone()}</span>
                        {p.key_user.then(|| view! { <span class="tag">{w::key_user(l)}</span> })}
                        <span class="faint">{p.email.clone()}</span>
                    </div>
                }).collect_view()}
            </div>
        </div>
    }
}

/// The same without JavaScript.
pub fn plain_cc(colleagues: &[Person], chosen: &[PersonId]) -> impl IntoView + use<> {
    let l = Reader::current().language;
    let rows: Vec<_> = colleagues.iter().map(|p| (p.id, p.name.clone(), p.key_user, chosen.contains(&p.id))).collect();
    view! {
        <noscript>
            <div class="cc-plain">
                {rows.into_iter().map(|(id, name, key_user, checked)| view! {
                    <label class="check"><input type="checkbox" name="cc[]" value=id.to_string() checked=checked/><span>{name}{key_user.then(|| format!(" ({})", w::key_user(l)))}</span></label>
                }).collect_view()}
            </div>
        </noscript>
    }
}
