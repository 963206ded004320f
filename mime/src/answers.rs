//! Whether an answer to an invitation is nothing more than that.
//!
//! Invariant: a line that a person may have written with it makes it their mail.

use crate::{MailAddress, Sealed, bodies};

/// Lines in which words of one's own are looked for: more is no answer of a calendar.
const LOOKED_AT: usize = 60;

/// Whether the mail is the answer of a calendar, and no person wrote anything with it.
pub(crate) fn is_answer_alone(sealed: &[Sealed], from: Option<&MailAddress>, text: Option<&str>, html: Option<&str>) -> bool {
    let Some(summary) = sealed.iter().find_map(|sealed| match sealed {
        Sealed::Calendar { summary, answer: Some(_), .. } => Some(summary.to_lowercase()),
        _ => None,
    }) else {
        return false;
    };
    let of_html = text.is_none_or(|text| text.trim().is_empty()).then(|| html.map(bodies::plain_of)).flatten();
    let text = of_html.as_deref().or(text).unwrap_or_default();
    let names: Vec<String> = from.iter().flat_map(|from| [from.name.to_lowercase(), from.address.to_lowercase()]).chain([summary]).collect();
    let lines: Vec<String> = text.lines().map(|line| line.trim().to_lowercase()).filter(|line| !line.is_empty()).take(LOOKED_AT + 1).collect();
    lines.len() <= LOOKED_AT && lines.iter().all(|line| is_made(line, &names))
}

/// Whether a calendar writes such a line: it names who answers or what about, when and where, or divides.
fn is_made(line: &str, names: &[String]) -> bool {
    let named = names.iter().any(|name| !name.is_empty() && line.contains(name.as_str()));
    let labelled =
        ["wanneer:", "waar:", "when:", "where:", "wann:", "wo:", "quand", "où", "who:", "wie:", "wer:"].iter().any(|label| line.starts_with(label));
    named || labelled || !line.contains(char::is_alphanumeric)
}
