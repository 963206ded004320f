//! What is said of a mail where its own words do not say it: that it is a picture, is encrypted, or answers an invitation.
//!
//! Invariant: a remark is added to what somebody wrote, and replaces nothing.

use domain::accounts::Language;
use mime::{Answer, InboundMessage, Sealed};

/// What stands for the words of a mail without any.
pub(super) fn without_words(letter: &InboundMessage, pictured: bool, l: Language) -> &'static str {
    match () {
        () if pictured || letter.begins_with_picture => i18n::mail_picture_alone(l),
        () if letter.sealed.iter().any(|sealed| matches!(sealed, Sealed::Smime | Sealed::Pgp)) => i18n::mail_encrypted(l),
        () => i18n::mail_no_text(l),
    }
}

/// What somebody answers to an invitation, where the mail does.
pub(super) fn answer(letter: &InboundMessage, l: Language) -> Option<String> {
    let (summary, answer) = letter.sealed.iter().find_map(|sealed| match sealed {
        Sealed::Calendar { summary, answer, .. } => Some((summary, (*answer)?)),
        _ => None,
    })?;
    let subject = if summary.is_empty() { letter.topic() } else { summary };
    Some(match answer {
        Answer::Accepted => i18n::mail_answer_accepted(l, subject),
        Answer::Declined => i18n::mail_answer_declined(l, subject),
        Answer::Tentative => i18n::mail_answer_tentative(l, subject),
        Answer::Delegated => i18n::mail_answer_delegated(l, subject),
        Answer::Counter => i18n::mail_answer_counter(l, subject),
    })
}
