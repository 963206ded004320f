//! Texts cut up into words: for the index and for what is looked for in it, by one rule and on both databases.
//!
//! Invariant: a word has nothing in it but letters and digits, so that nothing that is typed is syntax of a search engine.

use domain::fold::folded;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Most words of a query that are looked for.
const MAX_WORDS: usize = 12;
/// Longest number with signs in it that is also found without them, in bytes.
const MAX_JOINED: usize = 40;
/// From as many digits on, a number without a letter is found without its signs: shorter ones are dates, times and versions.
const MANY_DIGITS: usize = 8;
/// A word whose beginning is looked for has as many letters at least.
const MIN_BEGINNING: usize = 3;

/// What stands between blanks: a word, or several with signs between, as in an address, a file name or a contract number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    parts: Vec<String>,
    /// A number as it is where its signs are left out: `w004122` of `W-00412/2`.
    joined: Option<String>,
}

impl Term {
    fn of(parts: Vec<String>) -> Self {
        let joined = Some(parts.concat()).filter(|joined| {
            let digits = joined.bytes().filter(u8::is_ascii_digit).count();
            let is_number = digits > 0 && (digits < joined.len() || digits >= MANY_DIGITS);
            parts.len() > 1 && is_number && joined.len() <= MAX_JOINED && joined.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        Self { parts, joined }
    }

    /// The last of its words.
    pub(super) fn last(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The condition that it stands in a text; where it `begins` something, its last word may be the beginning of one. `word` writes a word, and whether it is a beginning.
    fn condition(&self, begins: bool, word: impl Fn(&str, bool) -> String, [and, or]: [&str; 2]) -> String {
        let last = self.parts.len().saturating_sub(1);
        let one = |text: &str, begins: bool| word(text, begins && text.chars().count() >= MIN_BEGINNING);
        let all: Vec<String> = self.parts.iter().enumerate().map(|(at, part)| one(part, begins && at == last)).collect();
        let all = all.join(and);
        match &self.joined {
            Some(joined) => format!("(({all}){or}{})", one(joined, begins)),
            None => format!("({all})"),
        }
    }
}

/// The terms of a text, one after the other.
fn terms(text: &str) -> Vec<Term> {
    let folded = folded(text);
    let is_word = |c: char| match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric(),
        _ => matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number),
    };
    let joins = |c: char| matches!(c, '-' | '/' | '.' | '_');
    let chunks = folded.split(move |c| !is_word(c) && !joins(c));
    let parts = chunks.map(|chunk| chunk.split(joins).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>());
    parts.filter(|parts| !parts.is_empty()).map(Term::of).collect()
}

/// A text as the index has it: words with blanks between.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for term in terms(text) {
        for word in term.parts.iter().chain(&term.joined) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

/// What a person typed, as terms; no more words than are looked for.
pub(crate) fn words(typed: &str) -> Vec<Term> {
    let mut left = MAX_WORDS;
    let mut wanted = vec![];
    for mut term in terms(typed) {
        if term.parts.len() > left {
            term = Term { parts: term.parts.into_iter().take(left).collect(), joined: None };
        }
        left -= term.parts.len();
        if !term.parts.is_empty() {
            wanted.push(term);
        }
    }
    wanted
}

/// All terms as one condition; of the last one the last word may be the beginning of one, unless it is to be `whole`.
fn all(terms: &[Term], whole: bool, word: impl Fn(&str, bool) -> String, signs: [&str; 2]) -> Option<String> {
    let last = terms.len().checked_sub(1)?;
    let all: Vec<String> = terms.iter().enumerate().map(|(at, term)| term.condition(at == last && !whole, &word, signs)).collect();
    Some(all.join(signs[0]))
}

/// The condition in the language of FTS5.
pub(super) fn match_of(terms: &[Term], whole: bool) -> Option<String> {
    all(terms, whole, |word, begins| format!("\"{word}\"{}", if begins { "*" } else { "" }), [" AND ", " OR "])
}

/// The condition in the language of PostgreSQL's `to_tsquery`.
pub(crate) fn tsquery(terms: &[Term]) -> Option<String> {
    all(terms, false, |word, begins| format!("{word}{}", if begins { ":*" } else { "" }), [" & ", " | "])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_up_the_same_way_wherever_it_comes_from() {
        for (text, words) in [
            ("W-00412/2 in Export.csv, versie 8.2.1", "w 00412 2 w004122 in export csv versie 8 2 1"),
            ("Coöperatie Özgür & café", "cooperatie ozgur cafe"),
            ("cafe\u{301} STRAẞE Łódź Søren", "cafe strasse lodz soren"),
            ("हिन aⒶb", "हन aab"),
            ("j.jansen@dewaal-bouw.example", "j jansen dewaal bouw example"),
            ("Factuur_2024-0815.PDF", "factuur 2024 0815 pdf factuur20240815pdf"),
            ("op 24-12 om 8.30", "op 24 12 om 8 30"),
            ("2024-00123, KX-4711.", "2024 00123 202400123 kx 4711 kx4711"),
            ("-- ./_ --", ""),
        ] {
            assert_eq!(plain(text), words, "{text}");
        }
    }

    #[test]
    fn nothing_that_is_typed_is_syntax() {
        for typed in
            ["\" OR 1 --", "a* NEAR(b)", "{x} : y", "^", "-", "''", "a\"b", "NOT", "AND", "subject:x", "\u{0}x", "a&b|c!d:*", "(((", "a-1|b\\"]
        {
            for term in words(typed) {
                assert!(term.parts.iter().chain(&term.joined).all(|w| !w.is_empty() && w.chars().all(char::is_alphanumeric)), "{typed}");
            }
        }
        assert_eq!((words("  "), match_of(&words("-"), false), tsquery(&words("\""))), (vec![], None, None));
    }

    #[test]
    fn the_last_word_may_be_a_beginning_and_a_number_is_found_with_and_without_its_signs() {
        let typed = words("termijn KX-4711");
        assert_eq!(match_of(&typed, false).unwrap(), r#"("termijn") AND (("kx" AND "4711"*) OR "kx4711"*)"#);
        assert_eq!(match_of(&typed, true).unwrap(), r#"("termijn") AND (("kx" AND "4711") OR "kx4711")"#);
        assert_eq!(tsquery(&typed).unwrap(), "(termijn) & ((kx & 4711:*) | kx4711:*)");
        assert_eq!(tsquery(&words("jan@x.nl")).unwrap(), "(jan) & (x & nl)");
    }

    #[test]
    fn no_more_words_are_looked_for_than_a_query_bears() {
        let typed = words(&"a-1.b-2 ".repeat(50));
        assert_eq!(typed.iter().map(|term| term.parts.len()).sum::<usize>(), MAX_WORDS);
        let typed = words(&["x"; 50].join("."));
        assert_eq!((typed.len(), typed[0].parts.len(), &typed[0].joined), (1, MAX_WORDS, &None));
    }
}
