//! What is said of a mail where its own words do not say it: that it is a picture, is encrypted, or answers an invitation.
//!
//! Invariant: a remark is added to what somebody wrote, and replaces nothing.

use domain::accounts::Language;
use letters::{Answer, Letter, Sealed};

/// What stands for the words of a mail without any.
pub(super) fn without_words(letter: &Letter, pictured: bool, l: Language) -> &'static str {
    match () {
        () if pictured || letter.begins_with_picture => words::mail_picture_alone(l),
        () if letter.sealed.iter().any(|sealed| matches!(sealed, Sealed::Smime | Sealed::Pgp)) => words::mail_encrypted(l),
        () => words::mail_no_text(l),
    }
}

/// What somebody answers to an invitation, where the mail does.
pub(super) fn answer(letter: &Letter, l: Language) -> Option<String> {
    let (summary, answer) = letter.sealed.iter().find_map(|sealed| match sealed {
        Sealed::Calendar { summary, answer, .. } => Some((summary, (*answer)?)),
        _ => None,
    })?;
    let subject = if summary.is_empty() { letter.topic() } else { summary };
    Some(match answer {
        Answer::Accepted => words::mail_answer_accepted(l, subject),
        Answer::Declined => words::mail_answer_declined(l, subject),
        Answer::Tentative => words::mail_answer_tentative(l, subject),
        Answer::Delegated => words::mail_answer_delegated(l, subject),
        Answer::Counter => words::mail_answer_counter(l, subject),
    })
}
