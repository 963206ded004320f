//! Letters that people take for one another: capitals and small letters, with marks and without, in one code point or in several.
//!
//! Invariant: names are compared, ordered and searched by what is made here, on both databases alike; it is never shown.

use crate::typed;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in small letters without marks: `Åsa Müßig` is `asa mussig`. Everything that is no letter stays, but for typographic apostrophes and dashes, which are as on a keyboard.
pub fn folded(text: &str) -> String {
    letters(text.nfkd().filter(|c| !is_combining_mark(*c)))
}

/// The same of a text whose marks were taken off elsewhere (NFKD without combining marks), as a browser does by itself: the tables of that are too large to be sent to it.
pub fn letters(bare: impl IntoIterator<Item = char>) -> String {
    let mut out = String::new();
    for c in bare.into_iter().flat_map(char::to_lowercase) {
        match plain_letters(c) {
            Some(plain) => out.push_str(plain),
            None => out.push(c),
        }
    }
    out
}

/// By what a name is compared, ordered and looked up: folded, with single blanks between its words.
pub fn key(name: &str) -> String {
    typed::line(&folded(name))
}

/// A text whose letters are composed with their marks as far as there are such letters (NFC): what a Mac writes in two code points is what others write in one.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Small letters that have no decomposition in Unicode, in the letters they are written with where there are only those of ASCII (CLDR, Latin-ASCII).
fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        // What `to_lowercase` leaves of a dotted capital I, and of nothing else that was decomposed.
        '\u{307}' => "",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' | 'ɖ' | 'ɗ' | 'ƌ' => "d",
        'þ' => "th",
        'ł' | 'ƚ' | 'ɫ' => "l",
        'ı' | 'ɨ' | 'ɩ' => "i",
        'ħ' => "h",
        'ŧ' | 'ƫ' | 'ƭ' | 'ʈ' => "t",
        'ŋ' | 'ɲ' | 'ƞ' => "n",
        'ĸ' => "q",
        'ə' | 'ǝ' | 'ɛ' | 'ɇ' => "e",
        'ƀ' | 'ɓ' | 'ƃ' => "b",
        'ƈ' | 'ȼ' => "c",
        'ƒ' => "f",
        'ɠ' | 'ǥ' => "g",
        'ɉ' => "j",
        'ƙ' => "k",
        'ƥ' => "p",
        'ɍ' => "r",
        'ʋ' => "v",
        'ƴ' | 'ɏ' => "y",
        'ƶ' | 'ȥ' => "z",
        'ⱥ' => "a",
        // A sigma at the end of a word.
        'ς' => "σ",
        '‘' | '’' | '‛' | 'ʼ' | '`' => "'",
        '“' | '”' | '„' | '‟' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_people_take_for_one_another_are_one() {
        for (text, is) in [
            ("Özgür ÇELİK", "ozgur celik"),
            ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
            ("Søren Łukasz Đorđe Æblegård Œuvre", "soren lukasz dorde aeblegard oeuvre"),
            ("Işık", "isik"),
            ("Þór Guðmundsson", "thor gudmundsson"),
            ("Ħal Għaxaq, Ŧ, Ŋ, ə", "hal ghaxaq, t, n, e"),
            ("ﬁnanciën ĲSSEL ijssel", "financien ijssel ijssel"),
            ("cafe\u{301} café", "cafe cafe"),
            ("Ｂａｌｉｅ №5 ½", "balie no5 1⁄2"),
            ("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ"),
            ("Ёлка Йод", "елка иод"),
            ("De Boer’s — ‘t Hof", "de boer's - 't hof"),
            ("C++ & C#", "c++ & c#"),
            ("Tiếng Việt", "tieng viet"),
            ("", ""),
        ] {
            assert_eq!(folded(text), is, "{text}");
        }
    }

    #[test]
    fn what_is_folded_is_folded_once_and_a_browser_that_takes_the_marks_off_gets_the_same() {
        for c in (0..0x2_0000).filter_map(char::from_u32) {
            let text = c.to_string();
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{c:?}");
            let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
            assert_eq!(letters(bare.chars()), once, "{c:?}");
        }
    }

    #[test]
    fn a_key_has_single_blanks_and_a_name_one_form() {
        assert_eq!(key("  Café\u{a0} de  LA  Gare "), "cafe de la gare");
        assert_eq!(composed("Cafe\u{301}"), "Café");
        assert_eq!(key("Cafe\u{301}"), key("CAFÉ"));
        assert_ne!(key("C++"), key("C#"));
    }
}
