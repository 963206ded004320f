//! What people write around what they say: how they close a mail, and that there is more below.
//!
//! Invariant: words are matched as words, and a closing closes only where nothing follows it but a name.

/// Closings that are nothing else.
const CLOSINGS: [&str; 64] = [
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "met hartelijke groet",
    "met hartelijke groeten",
    "hartelijke groet",
    "hartelijke groeten",
    "vriendelijke groet",
    "vriendelijke groeten",
    "hoogachtend",
    "mvg",
    "m.v.g",
    "groet",
    "groeten",
    "groetjes",
    "gr",
    "alvast bedankt",
    "bij voorbaat dank",
    "mit freundlichen grüßen",
    "mit freundlichen grüssen",
    "mit freundlichem gruß",
    "mit freundlichem gruss",
    "freundliche grüße",
    "freundliche grüsse",
    "viele grüße",
    "viele grüsse",
    "beste grüße",
    "beste grüsse",
    "liebe grüße",
    "liebe grüsse",
    "herzliche grüße",
    "schöne grüße",
    "mfg",
    "vg",
    "lg",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "salutations",
    "meilleures salutations",
    "sincères salutations",
    "with kind regards",
    "kind regards",
    "best regards",
    "warm regards",
    "regards",
    "best wishes",
    "many thanks in advance",
    "sincerely",
    "sincerely yours",
    "yours",
    "yours sincerely",
    "yours faithfully",
    "saludos",
    "saludos cordiales",
    "un saludo",
    "cordiali saluti",
    "distinti saluti",
    "pozdrawiam",
    "z poważaniem",
    "atenciosamente",
    "med vänlig hälsning",
    "med vänliga hälsningar",
    "med venlig hilsen",
    "med vennlig hilsen",
];

/// Words that close a mail, and that are an answer by themselves as well: they close where a comma and a name follow.
const THANKS: [&str; 14] = [
    "bedankt",
    "dank",
    "dank je",
    "dank u",
    "thanks",
    "many thanks",
    "thank you",
    "cheers",
    "best",
    "danke",
    "vielen dank",
    "merci",
    "gracias",
    "grazie",
];

/// Words within a name that begin with a small letter.
const PARTICLES: &str = "|van|de|den|der|het|'t|ten|ter|te|in|op|von|vom|zu|zum|zur|le|la|les|du|des|di|da|del|della|y|e|el|al|bin|af|av|";

/// Whether these lines, which are all that is said, say nothing: no more than a closing and who signs.
pub(crate) fn only_close(lines: &[&str]) -> bool {
    match lines {
        [] => true,
        [only] => only.ends_with(',') || closes(only, &CLOSINGS),
        [first, name] if first.ends_with(',') && closes(first, &THANKS) => is_name(name),
        [first, signs @ ..] => closes(first, &CLOSINGS) && signs.iter().all(|line| line.chars().count() <= 100 && !line.ends_with('?')),
    }
}

/// Whether this line closes a mail: such words, and at most a name after them.
fn closes(line: &str, words: &[&str]) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    lower.len() <= 120
        && words.iter().filter_map(|words| lower.strip_prefix(words)).any(|rest| {
            // The name is looked at as it was written: by how much of the line is left.
            let name: String = line.chars().skip(lower.chars().count() - rest.chars().count()).collect();
            !rest.starts_with(char::is_alphanumeric) && is_name(name.trim_matches([' ', ',', '.', '!', '-', '–', '\u{a0}']))
        })
}

/// Whether it can be a name, or is nothing.
fn is_name(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.by_ref().take(5).all(|word| {
        let initial = word.chars().count() <= 2;
        let capital =
            word.starts_with(char::is_uppercase) && !word.contains(|c: char| c.is_ascii_digit() || matches!(c, '?' | '!' | ':' | ',' | ';'));
        capital && (initial || !word.ends_with('.')) || PARTICLES.contains(&format!("|{}|", word.to_lowercase()))
    }) && words.next().is_none()
}

const BELOW: [&str; 40] = [
    "hieronder",
    "hier onder",
    "zie onder",
    "in rood",
    "in het rood",
    "in blauw",
    "in het blauw",
    "in groen",
    "in het groen",
    "tussen de regels",
    "tussen de tekst",
    "tussendoor",
    "in de mail hier",
    "below",
    "inline",
    "in-line",
    "in red",
    "in blue",
    "in green",
    "between the lines",
    "my answers",
    "my comments",
    "see answers",
    "interspersed",
    "siehe unten",
    "s. u.",
    "weiter unten",
    "in rot",
    "in blau",
    "im text",
    "unterhalb",
    "ci-dessous",
    "plus bas",
    "en rouge",
    "en bleu",
    "dans le texte",
    "más abajo",
    "en rojo",
    "di seguito",
    "in rosso",
];

/// Words that go on with an ending.
const BELOW_BEGINS: [&str; 4] = ["onderstaand", "untenstehend", "unten stehend", "poniżej"];

/// Whether the person says that more of theirs stands between or below the history.
pub(crate) fn points_below(line: &str) -> bool {
    let lower = line.to_lowercase();
    let begins = |at: usize| !lower[..at].ends_with(char::is_alphanumeric);
    let stands = |(at, words): (usize, &str)| begins(at) && !lower[at + words.len()..].starts_with(char::is_alphanumeric);
    BELOW.iter().any(|words| lower.match_indices(words).any(stands))
        || BELOW_BEGINS.iter().any(|words| lower.match_indices(words).any(|(at, _)| begins(at)))
}
