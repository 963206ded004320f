//! Nothing on a page moves between a press and its release: a button that moved away in between is never clicked.
//!
//! Invariant: whatever comes, goes or changes its size by something other than the press itself (leaving a field, the stream, a timer, an answer of the server)
//! goes through [`at_rest`] or waits for [`rest`].

use super::{find, listen};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, Element, Event, KeyboardEvent, MouseEvent, PointerEvent};

/// After a finger was lifted the browser still sends `mousedown`, `mouseup` and `click`; where it sends none, it was no tap.
const TAP: Duration = Duration::from_millis(400);
/// What a key presses when it is released.
const PRESSED_BY_SPACE: &str = "button, summary, input[type=checkbox], input[type=radio]";

/// What is heard of the pointer and the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Pressed,
    /// Released, and the click comes at once.
    Released,
    /// A finger was lifted: the click may follow later.
    Lifted,
    /// What was pressed is being dragged; pointer events end here.
    Dragged,
    /// The browser took the pointer over, to scroll or to drag.
    Taken,
}

/// Whether something is pressed.
#[derive(Debug, Default)]
struct Press {
    is_down: bool,
    is_dragged: bool,
    /// Counts what was heard, so that a later sign overtakes an end that was due.
    turn: u32,
}

impl Press {
    /// Hears a sign; says after how long the press is over, where this sign ends it.
    fn hear(&mut self, sign: Sign) -> Option<Duration> {
        match sign {
            Sign::Pressed | Sign::Dragged => {
                self.is_down = true;
                self.is_dragged = sign == Sign::Dragged;
                self.turn += 1;
                None
            }
            // A drag takes the pointer: the press goes on until the drop.
            Sign::Taken if self.is_dragged => None,
            _ if !self.is_down => None,
            Sign::Released | Sign::Lifted | Sign::Taken => {
                self.turn += 1;
                Some(if sign == Sign::Lifted { TAP } else { Duration::ZERO })
            }
        }
    }

    /// The time after a sign is over; says whether the press is too.
    fn end(&mut self, turn: u32) -> bool {
        let is_over = self.is_down && self.turn == turn;
        if is_over {
            (self.is_down, self.is_dragged) = (false, false);
        }
        is_over
    }
}

type Waiting = Vec<Box<dyn FnOnce()>>;

thread_local! {
    static PRESS: RefCell<Press> = RefCell::default();
    static WAITING: RefCell<Waiting> = RefCell::default();
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something now, or in its turn once what is pressed has been released. Call it in effects and event handlers.
pub fn at_rest(run: impl FnOnce() + 'static) {
    watch_presses();
    if PRESS.with_borrow(|press| press.is_down) {
        WAITING.with_borrow_mut(|waiting| waiting.push(Box::new(run)));
    } else {
        run();
    }
}

/// Waits until nothing is pressed.
pub async fn rest() {
    let rested = js_sys::Promise::new(&mut |resolve, _| {
        at_rest(move || {
            let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
        });
    });
    let _ = JsFuture::from(rested).await;
}

/// Begins to listen to presses, once for each page.
pub fn watch_presses() {
    if IS_WATCHED.replace(true) {
        return;
    }
    // The page may wake in the middle of a press.
    if find::<Element>("button:active, a:active, label:active, summary:active").is_some() {
        hear(Sign::Pressed);
    }
    let page = document();
    for name in ["pointerdown", "mousedown"] {
        listen(&page, name, |event: MouseEvent| {
            // The choices of a select open by the press itself, and its release is heard by nobody.
            let opens = target(&event).is_some_and(|element| element.matches("select, option").unwrap_or(false));
            if event.button() == 0 && !opens {
                hear(Sign::Pressed);
            }
        });
    }
    listen(&page, "pointerup", |event: PointerEvent| hear(if event.pointer_type() == "touch" { Sign::Lifted } else { Sign::Released }));
    listen(&page, "pointercancel", |_: Event| hear(Sign::Taken));
    listen(&page, "dragstart", |_: DragEvent| hear(Sign::Dragged));
    for name in ["mouseup", "click", "drop", "dragend", "contextmenu"] {
        listen(&page, name, |event: Event| {
            // A click that a script made ends no press.
            if event.is_trusted() {
                hear(Sign::Released);
            }
        });
    }
    listen(&page, "keydown", |event: KeyboardEvent| {
        if event.key() == " " && target(&event).is_some_and(|element| element.matches(PRESSED_BY_SPACE).unwrap_or(false)) {
            hear(Sign::Pressed);
        }
    });
    listen(&page, "keyup", |_: Event| hear(Sign::Released));
    // Released where this page does not hear it: over another window, or in a menu of the browser.
    listen(&window(), "blur", |_: Event| hear(Sign::Released));
    listen(&page, "mouseover", |event: MouseEvent| {
        if event.buttons() == 0 {
            hear(Sign::Released);
        }
    });
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn hear(sign: Sign) {
    let ends = PRESS.with_borrow_mut(|press| press.hear(sign).map(|after| (after, press.turn)));
    if let Some((after, turn)) = ends {
        // In a task of its own: the click belongs to the press.
        set_timeout(move || end(turn), after);
    }
}

fn end(turn: u32) {
    if PRESS.with_borrow_mut(|press| press.end(turn)) {
        WAITING.take().into_iter().for_each(|run| run());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Sign::*;

    /// Whether something is pressed after these signs, and all the time that they ask for.
    fn after(signs: &[Sign]) -> bool {
        let mut press = Press::default();
        let due: Vec<u32> = signs.iter().filter_map(|sign| press.hear(*sign).map(|_| press.turn)).collect();
        due.into_iter().for_each(|turn| {
            press.end(turn);
        });
        press.is_down
    }

    #[test]
    fn a_press_ends_by_its_release_and_by_nothing_before_it() {
        for (signs, is_down) in [
            (&[][..], false),
            (&[Pressed], true),
            // A mouse: pointerdown, mousedown, pointerup, mouseup, click.
            (&[Pressed, Pressed, Released, Released, Released], false),
            // A finger: pointerdown, pointerup, and then mousedown, mouseup, click.
            (&[Pressed, Lifted], false),
            (&[Pressed, Lifted, Pressed], true),
            (&[Pressed, Lifted, Pressed, Released, Released], false),
            // A finger that scrolls.
            (&[Pressed, Taken], false),
            // A card that is dragged, and dropped.
            (&[Pressed, Pressed, Dragged, Taken], true),
            (&[Pressed, Taken, Dragged], true),
            (&[Pressed, Pressed, Dragged, Taken, Released], false),
            // The second press of a double click comes before the first has settled.
            (&[Pressed, Released, Pressed], true),
            (&[Released, Lifted, Taken], false),
        ] {
            assert_eq!(after(signs), is_down, "{signs:?}");
        }
    }

    #[test]
    fn only_a_finger_is_waited_for() {
        let ends = |sign| {
            let mut press = Press { is_down: true, ..Press::default() };
            press.hear(sign)
        };
        assert_eq!((ends(Released), ends(Lifted), ends(Taken), ends(Dragged)), (Some(Duration::ZERO), Some(TAP), Some(Duration::ZERO), None));
        assert_eq!(Press::default().hear(Released), None);
    }
}
