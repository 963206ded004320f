//! What people type and paste, without what nobody sees in it.
//!
//! Invariant: what comes out holds no control character but the ends of lines, and tabs within a text.

use crate::time::parse_date;
use crate::{Fault, Field, FieldFault, Refusal};
use std::ops::Range;

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

/// The name of someone or something: a line whose letters are composed, so that one name has one form wherever it was typed.
pub fn name(typed: &str) -> String {
    crate::fold::composed(&line(typed))
}

/// A path of our own, or the start where it is anything else: what is asked for as `next=` must not lead elsewhere. A browser takes a backslash for a slash, and leaves out tabs and line ends.
pub fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/') && !path.starts_with("//") && !path.chars().any(|c| c.is_control() || c == '\\');
    if is_own { path } else { "/" }
}

/// The days from one date up to and including another, or that one day where no other is typed; at most so many. Every fault is at its field.
pub fn days(from: &str, until: &str, most: i64) -> Result<Range<i64>, Refusal> {
    let mut faults = vec![];
    let first = parse_date(from);
    let last = if until.trim().is_empty() { first } else { parse_date(until) };
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    if first.is_none() {
        wrong(Field::Date, Fault::NotADate);
    }
    match (first, last) {
        (Some(first), Some(last)) if last < first => wrong(Field::Until, Fault::EndsBefore),
        (Some(first), Some(last)) if last - first >= most => wrong(Field::Until, Fault::TooMany(most as u32)),
        (Some(first), Some(last)) => return Ok(first..last + 1),
        (_, None) if !until.trim().is_empty() => wrong(Field::Until, Fault::NotADate),
        _ => {}
    }
    Err(Refusal::Fields(faults))
}

/// Characters without a width of their own that hide a word or change its direction (Unicode Bidirectional Algorithm, explicit formatting; zero-width space, word joiner, byte order mark).
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_or_wrong_at_their_field() {
        let of = |from: &str, until: &str| days(from, until, 62).map(|days| days.end - days.start);
        let wrong = |from: &str, until: &str| match of(from, until) {
            Err(Refusal::Fields(faults)) => faults.into_iter().map(|f| (f.field, f.fault)).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!((of("2026-12-24", " "), of("2026-12-24", "2027-01-03")), (Ok(1), Ok(11)));
        assert_eq!(of("2026-12-01", "2027-01-31"), Ok(62));
        assert_eq!(wrong("2026-12-01", "2027-02-01"), [(Field::Until, Fault::TooMany(62))]);
        assert_eq!(wrong("2026-12-24", "2026-12-23"), [(Field::Until, Fault::EndsBefore)]);
        assert_eq!(wrong("", ""), [(Field::Date, Fault::NotADate)]);
        assert_eq!(wrong("24-12", "2026-02-30"), [(Field::Date, Fault::NotADate), (Field::Until, Fault::NotADate)]);
    }

    #[test]
    fn what_nobody_sees_is_not_kept() {
        assert_eq!(text(" a\u{0}b\r\nc\rd\te\u{a0} "), "ab\nc\nd\te");
        assert_eq!(text("\u{0}\u{3000}\n"), "");
        assert_eq!(line(" a\u{0} \u{202e}b\n\tc\u{200b} "), "a b c");
        assert_eq!(line("👩\u{200d}🔧"), "👩\u{200d}🔧");
        assert_eq!(name(" Cafe\u{301}\u{200b}  Zuid"), "Café Zuid");
    }

    #[test]
    fn next_never_leads_elsewhere() {
        for (asked, path) in [
            ("/tickets/1", "/tickets/1"),
            ("https://x.example", "/"),
            ("//x.example", "/"),
            ("/\t/x.example", "/"),
            ("/\\x.example", "/"),
            ("javascript:1", "/"),
            ("", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(own_path(asked), path);
        }
    }
}
