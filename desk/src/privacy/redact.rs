//! Taking a person out of texts.
//!
//! Whole names of several words and addresses go wherever they stand. A single name goes only from tickets the person is on, where it is written as a name is, and not where someone else there is called that too.

use domain::PersonId;
use domain::events::Happening;
use regex::{Captures, Regex};

/// Words of names that are no names by themselves.
const PARTICLES: [&str; 14] = ["Van", "Von", "Der", "Den", "Het", "The", "Und", "Del", "Des", "Les", "Los", "Ter", "Ten", "Ibn"];
/// Shortest part of a name that is taken for one, in characters; a first name may be shorter.
const PART: usize = 3;

/// Takes one person out of texts.
#[derive(Debug)]
pub(super) struct Redactor {
    id: PersonId,
    name: String,
    address: String,
    wholes: Option<Regex>,
    addresses: Option<Regex>,
    parts: Vec<String>,
}

/// The same for one ticket, where single names of the person go too.
#[derive(Debug)]
pub(super) struct OnTicket<'r> {
    redactor: &'r Redactor,
    parts: Option<Regex>,
}

/// A word as it may stand in text and in HTML.
fn word(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        match c {
            '\'' | '’' => out.push_str("(?:'|’|&#39;|&#x27;|&apos;)"),
            '&' => out.push_str("(?:&|&amp;)"),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out
}

fn spaced(words: &[&str]) -> String {
    words.iter().map(|w| word(w)).collect::<Vec<_>>().join(r"(?:\s|&nbsp;)+")
}

fn any(patterns: Vec<String>, flags: &str) -> Option<Regex> {
    if patterns.is_empty() {
        return None;
    }
    Regex::new(&format!(r"{flags}\b{{start-half}}(?:{})\b{{end-half}}", patterns.join("|"))).ok()
}

impl Redactor {
    pub fn new(id: PersonId, name: String, address: String, names: &[String], emails: &[String]) -> Self {
        let (mut wholes, mut parts) = (vec![], Vec::<String>::new());
        for name in names {
            let words: Vec<&str> = name.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [only] => {
                    let mut capital = only.chars();
                    let capital: String = capital.next().into_iter().flat_map(char::to_uppercase).chain(capital).collect();
                    parts.extend([(*only).to_owned(), capital]);
                }
                [first, rest @ ..] => {
                    wholes.push(spaced(&words));
                    // As a list of people has it: the surname first.
                    wholes.push(format!(r"{},\s*{}", spaced(rest), word(first)));
                    let is_name = |w: &&str| w.starts_with(char::is_uppercase) && !PARTICLES.contains(w);
                    parts.extend(Some(*first).filter(|w| is_name(w) && w.chars().count() > 1).map(str::to_owned));
                    parts.extend(rest.iter().filter(|w| is_name(w) && w.chars().count() >= PART).map(|w| (*w).to_owned()));
                }
            }
        }
        parts.sort_unstable();
        parts.dedup();
        // The longest first: one name may begin with another.
        wholes.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        let emails = emails.iter().filter(|email| email.contains('@')).map(|email| regex::escape(email).replace('@', "(?:@|%40|&#64;)")).collect();
        Self { id, name, address, wholes: any(wholes, "(?i)"), addresses: any(emails, "(?i)"), parts }
    }

    /// Whom it takes out.
    pub fn person(&self) -> PersonId {
        self.id
    }

    /// What has to be looked for where the person is not on a ticket: whole names and addresses.
    pub fn needles(names: &[String], emails: &[String]) -> Vec<String> {
        names.iter().filter(|name| name.split_whitespace().count() > 1).chain(emails).cloned().collect()
    }

    /// The same for a ticket; `others` are the names of everyone else on it, and whoever is not on it has no `parts` there.
    pub fn on_ticket(&self, is_on_it: bool, others: &[String]) -> OnTicket<'_> {
        let is_shared = |part: &str| others.iter().any(|other| other.split_whitespace().any(|w| w.eq_ignore_ascii_case(part)));
        let parts = self.parts.iter().filter(|part| is_on_it && !is_shared(part)).map(|part| word(part)).collect();
        OnTicket { redactor: self, parts: any(parts, "") }
    }

    /// The text without the person; `None` where they are not in it.
    pub fn text(&self, text: &str) -> Option<String> {
        let without = self.addresses.as_ref().and_then(|addresses| replace_addresses(addresses, text, &self.address));
        let wholes = self.wholes.as_ref().and_then(|wholes| replace(wholes, without.as_deref().unwrap_or(text), &self.name));
        wholes.or(without)
    }
}

fn replace(pattern: &Regex, text: &str, with: &str) -> Option<String> {
    match pattern.replace_all(text, regex::NoExpand(with)) {
        std::borrow::Cow::Owned(changed) => Some(changed),
        std::borrow::Cow::Borrowed(_) => None,
    }
}

/// An address is only that where it does not go on: `jan@x.nl` is not in `piet.jan@x.nl`, nor in `jan@x.nl.example`.
fn replace_addresses(pattern: &Regex, text: &str, with: &str) -> Option<String> {
    let goes_on = |c: char| c.is_alphanumeric() || "_+-".contains(c);
    let is_whole = |from: usize, to: usize| {
        let before = text[..from].chars().next_back();
        let mut after = text[to..].chars();
        let (next, then) = (after.next(), after.next());
        let begins = before.is_none_or(|c| !goes_on(c) && c != '.');
        begins && next.is_none_or(|c| !goes_on(c) && (c != '.' || then.is_none_or(|then| !then.is_alphanumeric())))
    };
    let mut changed = false;
    let replaced = pattern.replace_all(text, |found: &Captures<'_>| {
        let whole = found.get_match();
        if is_whole(whole.start(), whole.end()) {
            changed = true;
            with.to_owned()
        } else {
            whole.as_str().to_owned()
        }
    });
    let replaced = replaced.into_owned();
    changed.then_some(replaced)
}

impl OnTicket<'_> {
    /// The text without the person; `None` where they are not in it.
    pub fn text(&self, text: &str) -> Option<String> {
        let without = self.redactor.text(text);
        let parts = self.parts.as_ref().and_then(|parts| replace(parts, without.as_deref().unwrap_or(text), &self.redactor.name));
        parts.or(without)
    }

    /// What happened, without the person; `None` where they are not in it.
    pub fn happening(&self, what: &Happening) -> Option<Happening> {
        let mut changed = what.clone();
        let (id, name) = (self.redactor.id, &self.redactor.name);
        let text = |text: &mut String| {
            if let Some(without) = self.text(text) {
                *text = without;
            }
        };
        match &mut changed {
            Happening::Opened { subject, .. } => text(subject),
            Happening::Replied { excerpt, .. } | Happening::Noted { excerpt, .. } => text(excerpt),
            Happening::Assigned { from, to } => {
                from.iter_mut().chain(to).filter(|person| person.id == id).for_each(|person| person.name.clone_from(name));
            }
            Happening::CcAdded { person } | Happening::CcRemoved { person } => {
                if person.id == id {
                    person.name.clone_from(name);
                } else {
                    text(&mut person.name);
                }
            }
            Happening::UrgencyChanged { reason, .. } => reason.iter_mut().for_each(text),
            Happening::StatusChanged { .. } | Happening::DepartmentChanged { .. } => {}
            Happening::TargetNear { .. } | Happening::TargetMissed { .. } | Happening::Acknowledged => {}
            Happening::Alarmed { to, .. } => to.iter_mut().filter(|person| person.id == id).for_each(|person| person.name.clone_from(name)),
            Happening::Tagged { .. } | Happening::Untagged { .. } | Happening::Continued { .. } => {}
        }
        (changed != *what).then_some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let names = ["Marieke van Loon".to_owned(), "Marieke D'Hondt".to_owned()];
        let emails = ["m.vanloon@x.nl".to_owned(), "loon@x.nl".to_owned()];
        Redactor::new(PersonId(7), "Anoniem 7".to_owned(), "anoniem-7@y.invalid".to_owned(), &names, &emails)
    }

    #[test]
    fn whole_names_and_addresses_go_wherever_they_stand() {
        let redactor = redactor();
        for (text, without) in [
            ("Van: Marieke van Loon <M.VanLoon@x.nl>", "Van: Anoniem 7 <anoniem-7@y.invalid>"),
            ("marieke\n  VAN loon", "Anoniem 7"),
            ("van Loon, Marieke; Bos, Jan", "Anoniem 7; Bos, Jan"),
            ("Marieke&nbsp;D&#39;Hondt", "Anoniem 7"),
            ("<a href=\"mailto:m.vanloon%40x.nl\">m.vanloon@x.nl</a>", "<a href=\"mailto:anoniem-7@y.invalid\">anoniem-7@y.invalid</a>"),
            ("m.vanloon@x.nl, m.vanloon@x.nl.", "anoniem-7@y.invalid, anoniem-7@y.invalid."),
        ] {
            assert_eq!(redactor.text(text).as_deref(), Some(without), "{text}");
        }
        for other in ["piet.loon@x.nl", "loon@x.nl.example", "loon@x.nlx", "xloon@x.nl", "Marieke van Loonen", "Marieke", "Loon", ""] {
            assert_eq!(redactor.text(other), None, "{other}");
        }
    }

    #[test]
    fn single_names_go_from_their_tickets_unless_another_there_has_them() {
        let redactor = redactor();
        let alone = redactor.on_ticket(true, &["Jan Bos".to_owned()]);
        assert_eq!(alone.text("Beste Marieke, groet Jan").as_deref(), Some("Beste Anoniem 7, groet Jan"));
        assert_eq!(alone.text("mevrouw Van Loon, het loont").as_deref(), Some("mevrouw Van Anoniem 7, het loont"));
        assert_eq!(alone.text("het loon is op"), None, "not written as a name");
        assert_eq!(redactor.on_ticket(true, &["Marieke Smit".to_owned()]).text("Beste Marieke"), None);
        assert_eq!(redactor.on_ticket(false, &[]).text("Beste Marieke"), None);
    }

    #[test]
    fn a_name_of_one_word_goes_only_from_their_tickets() {
        let redactor = Redactor::new(PersonId(7), "Anoniem 7".to_owned(), "a@y.invalid".to_owned(), &["cher".to_owned()], &[]);
        assert_eq!(redactor.text("cher"), None);
        assert_eq!(redactor.on_ticket(true, &[]).text("Cher en cher, niet kacher").as_deref(), Some("Anoniem 7 en Anoniem 7, niet kacher"));
        assert_eq!(Redactor::new(PersonId(7), String::new(), String::new(), &[], &[]).text("x"), None);
    }

    #[test]
    fn what_happened_names_them_no_more() {
        let redactor = redactor();
        let on = redactor.on_ticket(true, &[]);
        let added = |id, name: &str| Happening::CcAdded { person: domain::Named::new(PersonId(id), name.to_owned()) };
        assert_eq!(on.happening(&added(7, "Hoe zij vroeger heette")), Some(added(7, "Anoniem 7")));
        assert_eq!(on.happening(&added(8, "Jan Bos")), None);
    }
}
