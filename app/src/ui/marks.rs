//! Marks: icon, avatar, urgency, status, a fault at a field. Those that a page has hundreds of are finished HTML (`docs/decisions/0029-pages-written-in-one-go.md`).

use crate::{Problem, i18n as w};
use domain::accounts::{Language, initials};
use domain::tickets::{Side, Status, Urgency};
use domain::{Field, PersonId};
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use std::borrow::Cow;

const ICONS: &str = env!("BALIE_ICONS");

/// A text for between tags, and a value for between double quotes, of finished HTML.
pub fn text(text: &str) -> Cow<'_, str> {
    html_escape::encode_text(text)
}
/// See [`text`].
pub fn value(text: &str) -> Cow<'_, str> {
    html_escape::encode_double_quoted_attribute(text)
}

/// A drawing of the sprite; `attributes` and `name` are written as they are.
fn drawing(attributes: &'static str, name: &[&'static str]) -> String {
    [r#"<svg aria-hidden="true" "#, attributes, r#"><use href=""#, ICONS, "#", &name.concat(), r#""></use></svg>"#].concat()
}

/// An icon of the sprite as HTML; it says nothing to a screen reader.
pub fn icon_html(name: &'static str) -> String {
    drawing(r#"class="icon""#, &["i-", name])
}

/// An icon of the sprite; it says nothing to a screen reader.
pub fn icon(name: &'static str) -> InertElement {
    InertElement::new(icon_html(name))
}

/// The bell on the counter.
pub fn bell() -> InertElement {
    InertElement::new(drawing(r#"viewBox="0 0 24 24""#, &["bell"]))
}

/// A person's initials: round for who stands before the counter, square for who stands behind it.
pub fn avatar(id: PersonId, name: &str, side: Side, size: &'static str) -> InertElement {
    let who = if side == Side::Agent { r#" data-who="agent""# } else { "" };
    let (size, hue) = (if size.is_empty() { String::new() } else { format!(r#" data-size="{size}""#) }, id.0.rem_euclid(12));
    InertElement::new(format!(
        r#"<span class="avatar hue-{hue}"{who}{size} title="{}"><span aria-hidden="true">{}</span></span>"#,
        value(name),
        text(&initials(name))
    ))
}

/// The place of an avatar where there is nobody.
pub fn nobody(l: Language) -> InertElement {
    let word = w::nobody(l);
    InertElement::new(format!(
        r#"<span class="avatar" data-nobody="" data-size="small" title="{}"><span aria-hidden="true">–</span><span class="visually-hidden">{}</span></span>"#,
        value(word),
        text(word)
    ))
}

/// Stands where a page waits for work to be done, and makes it look again every second: with JavaScript its live parts, without it all of it.
/// It has to be in a part marked `data-live` that is still there, without it, once the work is done.
pub fn look_again() -> impl IntoView {
    view! { <span data-again="" hidden></span><noscript><meta http-equiv="refresh" content="1"/></noscript> }
}

/// Urgency as a shape with its word.
pub fn urgency(urgency: Urgency, l: Language) -> InertElement {
    let word = urgency.word();
    let shape = drawing(r#"viewBox="0 0 16 16""#, &["u-", word]);
    InertElement::new(format!(
        r#"<span class="urgency" data-urgency="{word}">{shape}<span class="word">{}</span></span>"#,
        text(w::urgency_word(urgency, l))
    ))
}

/// Status as a word with a shape.
pub fn status(status: Status, l: Language) -> InertElement {
    InertElement::new(format!(r#"<span class="badge" data-status="{}">{}</span>"#, status.word(), text(w::status_word(status, l))))
}

/// What an urgency means.
pub fn urgency_meaning(urgency: Urgency, l: Language) -> &'static str {
    match urgency {
        Urgency::Low => w::urgency_low_meaning(l),
        Urgency::Medium => w::urgency_medium_meaning(l),
        Urgency::High => w::urgency_high_meaning(l),
        Urgency::Question => w::urgency_question_meaning(l),
    }
}

/// The sentence at a field, under an id that the field names as its description. It has the focus where no field before it takes it.
pub fn fault(problem: Option<&Problem>, field: Field, id: &'static str, l: Language) -> impl IntoView + use<> {
    let sentence = problem.and_then(|p| p.at(field, l));
    sentence.map(|sentence| view! { <p class="error" id=(!id.is_empty()).then_some(id) tabindex="-1" autofocus>{icon("circle-alert")}<span>{sentence}</span></p> })
}

/// What was refused, above what it is about; it has the focus, so that it is in sight and read out.
pub fn refused(sentence: String) -> impl IntoView {
    view! { <div class="banner" data-kind="error" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<div class="text"><p>{sentence}</p></div></div> }
}

/// What was typed, for the inside of a `<textarea>`, which is not escaped by itself and loses a line end at its beginning.
pub fn as_typed(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// Bytes in the reader's notation: "412 kB", "8,1 MB".
pub fn bytes(size: i64, l: Language) -> String {
    let point = if l == Language::Nl { "," } else { "." };
    match size {
        ..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{} kB", (size + 500) / 1_000),
        _ => format!("{:.1} MB", size as f64 / 1_000_000.0).replace('.', point),
    }
}

/// A value in a query.
pub fn escaped(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_the_reader_writes_them() {
        assert_eq!(bytes(412_300, Language::Nl), "412 kB");
        assert_eq!(bytes(8_100_000, Language::Nl), "8,1 MB");
        assert_eq!(bytes(8_100_000, Language::En), "8.1 MB");
    }
}
