//! The lines by which mail programs say who wrote what follows: "On … Jan wrote:", per language.
//!
//! Invariant: an announcement takes at most four short lines, so that looking for one costs no more than a mail's length.

/// Lines longer than this are no announcement.
const SHORT: usize = 400;

pub(crate) const VERBS: [&str; 25] = [
    "wrote",
    "writes",
    "schreef",
    "schreef het volgende",
    "geschreven",
    "heeft geschreven",
    "schrieb",
    "schrieb folgendes",
    "hat geschrieben",
    "geschrieben",
    "a écrit",
    "a ecrit",
    "escribió",
    "escribio",
    "ha scritto",
    "scrisse",
    "napisał",
    "napisała",
    "napisał(a)",
    "escreveu",
    "skrev",
    "написал",
    "написал(а)",
    "пишет",
    "написала",
];

const STARTS: [&str; 25] = [
    "on ",
    "op ",
    "am ",
    "den ",
    "le ",
    "el ",
    "il ",
    "il giorno ",
    "w dniu ",
    "dnia ",
    "em ",
    "a ",
    "på ",
    "in a message dated ",
    "in een bericht van ",
    "in een bericht met de datum ",
    "in einer email vom ",
    "dans un e-mail daté du ",
    "in data ",
    "no dia ",
    "dne ",
    "vom ",
    "at ",
    "il dì ",
    "fra ",
];

const QUOTING: [&str; 8] = ["quoting ", "citeren ", "citeer ", "zitat von ", "zitiere ", "citando ", "selon ", "en réponse à "];

/// Words for a person that stand where a name would, by the language of the verb.
const PERSONS: [(&[&str], &str); 6] = [
    (&["schreef", "geschreven"], "|ik|wij|we|u|jij|je|hij|zij|ze|jullie|iemand|men|"),
    (&["schrieb", "geschrieben"], "|ich|wir|sie|du|er|ihr|man|"),
    (&["wrote", "writes"], "|i|you|we|he|she|they|it|"),
    (&["scritto", "scrisse"], "|io|tu|lui|lei|"),
    (&["crit"], "|je|j'ai|nous|vous|il|ils|elle|elles|on|tu|"),
    (&[""], "|yo|usted|io|lui|lei|ja|"),
];

/// What people and programs write to whom they answer; it announces a quote only where one follows.
const YOU_WROTE: [&str; 24] = [
    "you wrote",
    "you write",
    "u schreef",
    "je schreef",
    "jij schreef",
    "jullie schreven",
    "schreef u",
    "schreef je",
    "schreef jij",
    "schreven jullie",
    "u schreef het volgende",
    "sie schrieben",
    "schrieben sie",
    "du schriebst",
    "schriebst du",
    "ihr schriebt",
    "vous avez écrit",
    "vous avez ecrit",
    "vous écriviez",
    "tu as écrit",
    "usted escribió",
    "escribió usted",
    "has escrito",
    "hai scritto",
];

/// How certainly an attribution ("On … Jan wrote:") was a program's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attribution {
    /// The lines it takes.
    pub lines: usize,
    /// Whether it stands by itself: it names an address, or a full date and time.
    pub certain: bool,
}

/// The attribution that begins with the first of these lines, which may be wrapped over four.
pub(crate) fn attribution<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<Attribution> {
    let (mut joined, mut written) = (String::new(), String::new());
    let mut own_start = false;
    for at in 0..4 {
        // Marks of bold type and of emphasis are none of the words.
        let line = lines.next()?.trim().trim_matches(['*', '_']).trim();
        if line.is_empty() || line.len() > SHORT || line.starts_with('>') && at == 0 {
            return None;
        }
        let lower = line.to_lowercase();
        let starts = STARTS.iter().any(|start| lower.strip_prefix(start).is_some_and(|rest| rest.bytes().take(60).any(|b| b.is_ascii_digit())));
        if at == 0 {
            own_start = starts;
            let dated = lower.bytes().next().is_some_and(|b| b.is_ascii_digit()) || time(&lower);
            let quoting = QUOTING.iter().any(|word| lower.starts_with(word));
            let said = lower.trim_end_matches([':', '：', ' ', '\u{a0}']);
            if said.len() < lower.len() && YOU_WROTE.contains(&said) {
                return Some(Attribution { lines: 1, certain: false });
            }
            if !(own_start || dated || quoting || lower.contains('@') || lower.starts_with("in ")) {
                return None;
            }
        } else if starts && (own_start || lower.contains("20")) && verb(&joined).is_none() {
            // The announcement begins here; what is above is prose.
            return None;
        }
        if at > 0 {
            joined.push(' ');
            written.push(' ');
        }
        joined.push_str(&lower);
        written.push_str(line);
        if line.ends_with([':', '：'])
            && let Some(certain) = announces(joined.trim_end_matches([':', '：', ' ', '\u{a0}']), &written, own_start)
        {
            return Some(Attribution { lines: at + 1, certain });
        }
        if joined.len() > SHORT {
            return None;
        }
    }
    None
}

/// Whether this is how a program announces what someone wrote, and whether it can be nothing else.
fn announces(text: &str, written: &str, own_start: bool) -> Option<bool> {
    let address = address(text);
    let time = time(text);
    let year = year(text);
    let certain = address || (year && time);
    if QUOTING.iter().any(|word| text.starts_with(word)) {
        return (address && text.len() < 160).then_some(true);
    }
    if own_start && YOU_WROTE.iter().any(|words| text.strip_suffix(words).is_some_and(|before| before.ends_with([' ', ',']))) {
        return Some(false);
    }
    let Some((begin, end)) = verb(text) else {
        // Without a verb: "2025-03-03 10:12 GMT+01:00 Jan <jan@x.nl>:".
        return (address && text.ends_with('>') && time && year).then_some(true);
    };
    let before = text[..begin].trim_end().rsplit([' ', ',']).next().unwrap_or_default();
    let after = text[end..].trim_start();
    let next = after.split([' ', ',', ':']).next().unwrap_or_default();
    if after.len() > 160 || is_person(before, &text[begin..end], written) || is_person(next, &text[begin..end], written) {
        return None;
    }
    let named = own_start && (certain || time || year || text.bytes().filter(|b| matches!(b, b'/' | b'.')).count() >= 2);
    let addressed = address && (after.is_empty() || time || year);
    let dated = text.bytes().next().is_some_and(|b| b.is_ascii_digit()) && time && year;
    (named || addressed || dated).then_some(certain)
}

/// Whether a word beside the verb stands for a person, and is not part of a name: "IT Servicedesk", "Ihr Support-Team".
fn is_person(word: &str, verb: &str, written: &str) -> bool {
    let Some((_, persons)) = PERSONS.iter().find(|(verbs, _)| verbs.iter().any(|known| verb.contains(known))) else { return false };
    if word.is_empty() || !persons.contains(&format!("|{word}|")) {
        return false;
    }
    let mut words = written.split([' ', ',', ':', '\u{a0}']).filter(|word| !word.is_empty()).skip_while(|found| found.to_lowercase() != word);
    let (found, next) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let in_capitals = found.chars().count() > 1 && found.chars().all(char::is_uppercase);
    let a_team_of_theirs = word == "ihr" && next.starts_with(char::is_uppercase) && next != "Folgendes";
    !in_capitals && !a_team_of_theirs
}

/// Where the last verb stands as a word by itself.
fn verb(text: &str) -> Option<(usize, usize)> {
    VERBS
        .iter()
        .filter_map(|verb| {
            let begin = text.rfind(verb)?;
            let end = begin + verb.len();
            let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            (free(text[..begin].chars().next_back()) && free(text[end..].chars().next())).then_some((begin, end))
        })
        .max_by_key(|(begin, end)| (*end, end - begin))
}

/// Whether an address stands in it.
fn address(text: &str) -> bool {
    text.split([' ', '<', '>', '(', ')', '"', '[', ']', ','])
        .any(|word| word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')))
}

/// Whether a time of the day stands in it.
pub(crate) fn time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|w| w[0].is_ascii_digit() && matches!(w[1], b':' | b'.' | b'h') && w[2].is_ascii_digit() && w[3].is_ascii_digit())
}

/// Whether a year stands in it, or a date of three numbers.
pub(crate) fn year(text: &str) -> bool {
    let full = text.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")));
    full || text.split([' ', ',']).any(|word| {
        ['/', '-', '.'].iter().any(|sign| {
            let mut parts = word.trim_end_matches('.').split(*sign);
            parts.by_ref().take(3).filter(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).count() == 3
        })
    })
}
