//! The clock of the browser: told to the server by a cookie, and offered where it is not that of the account.

use crate::ui::icon;
use crate::{Reader, i18n as w};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// The cookie with the name of the browser's time zone.
pub const ZONE: &str = "zone";

/// Tells the server which time zone the browser is in; in the browser.
pub(crate) fn tell() {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new()).resolved_options();
    let zone = js_sys::Reflect::get(&options, &JsValue::from_str("timeZone")).ok().and_then(|zone| zone.as_string());
    let (Some(zone), Ok(page)) = (zone, document().dyn_into::<web_sys::HtmlDocument>()) else { return };
    let told = format!("{ZONE}={zone}");
    if !page.cookie().is_ok_and(|all| all.split("; ").any(|cookie| cookie == told)) {
        page.set_cookie(&format!("{told}; Path=/; SameSite=Lax; Max-Age=31536000")).unwrap_or(());
    }
}

/// Offers the clock of this device where it is not that of the account.
pub(crate) fn offer(reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    reader.other_clock.clone().map(|(here, there)| {
        let (place_here, place_there) = (w::when::place(&here), w::when::place(&there));
        view! {
            <aside class="banner other-clock" aria-label=w::time_zone(l)>{icon("clock")}<div class="text">
                <p>{w::time_zone_offer(l, &place_here, &place_there)}</p>
                <form method="post" action="/api/set_zone" class="row"><input type="hidden" name="zone" value=here/>
                    <button class="button" data-size="small">{w::time_zone_use(l, &place_here)}</button>
                    <button class="button" data-size="small" data-kind="quiet" name="keep" value="1">{w::time_zone_keep(l, &place_there)}</button></form>
            </div></aside>
        }
    })
}
