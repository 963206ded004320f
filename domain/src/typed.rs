//! What people type and paste, without what nobody sees in it.
//!
//! Invariant: what comes out holds no control character but the ends of lines, and tabs within a text.

/// A text of several lines: one kind of line end, nothing around it.
pub fn text(typed: &str) -> String {
    let typed = typed.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = typed.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    kept.trim().to_owned()
}

/// A line: words with single blanks between, and nothing that hides or turns what is around it.
pub fn line(typed: &str) -> String {
    let seen: String = typed.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control() && !is_unseen(*c)).collect();
    seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Characters without a width of their own that hide a word or change its direction (Unicode Bidirectional Algorithm, explicit formatting; zero-width space, word joiner, byte order mark).
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_not_kept() {
        assert_eq!(text(" a\u{0}b\r\nc\rd\te\u{a0} "), "ab\nc\nd\te");
        assert_eq!(text("\u{0}\u{3000}\n"), "");
        assert_eq!(line(" a\u{0} \u{202e}b\n\tc\u{200b} "), "a b c");
        assert_eq!(line("👩\u{200d}🔧"), "👩\u{200d}🔧");
    }
}
