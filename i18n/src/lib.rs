//! Every sentence a person can see, on a screen or in a mail: a function for each, so that one that is missing does not compile.

use domain::accounts::Language;
use domain::events::{Event, Happening};
use domain::hours::{Goal, Holiday};
use domain::mail::MailReason;
use domain::on_call::Step;
use domain::tickets::{Status, Urgency};

pub mod when;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A number with the reader's thousands mark.
pub fn number(n: i64, l: Language) -> String {
    let (digits, mark) = (n.unsigned_abs().to_string(), if l == Language::Nl { '.' } else { ',' });
    let mut out = if n < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// The word for an urgency.
pub fn urgency_word(urgency: Urgency, l: Language) -> &'static str {
    match urgency {
        Urgency::Low => urgency_low(l),
        Urgency::Medium => urgency_medium(l),
        Urgency::High => urgency_high(l),
        Urgency::Question => urgency_question(l),
    }
}

/// The word for a status.
pub fn status_word(status: Status, l: Language) -> &'static str {
    match status {
        Status::New => status_new(l),
        Status::Open => status_open(l),
        Status::Waiting => status_waiting(l),
        Status::Resolved => status_resolved(l),
        Status::Closed => status_closed(l),
    }
}

/// The name of a holiday.
pub fn holiday_word(holiday: Holiday, l: Language) -> &'static str {
    match holiday {
        Holiday::NewYear => holiday_new_year(l),
        Holiday::GoodFriday => holiday_good_friday(l),
        Holiday::Easter => holiday_easter(l),
        Holiday::EasterMonday => holiday_easter_monday(l),
        Holiday::KingsDay => holiday_kings_day(l),
        Holiday::LiberationDay => holiday_liberation_day(l),
        Holiday::Ascension => holiday_ascension(l),
        Holiday::Whitsun => holiday_whitsun(l),
        Holiday::WhitMonday => holiday_whit_monday(l),
        Holiday::Christmas => holiday_christmas(l),
        Holiday::BoxingDay => holiday_boxing_day(l),
    }
}

/// Why a mail was set aside, or is no message.
pub fn mail_reason(reason: &MailReason, l: Language) -> String {
    match reason {
        MailReason::NoSender => mail_reason_no_sender(l).to_owned(),
        MailReason::OwnAddress => mail_reason_own_address(l).to_owned(),
        MailReason::OwnMail => mail_reason_own_mail(l).to_owned(),
        MailReason::StaffUnproven { name } => mail_reason_staff_unproven(l, name),
        MailReason::StaffUnasked { name } => mail_reason_staff_unasked(l, name),
        MailReason::NoAccount => mail_reason_no_account(l).to_owned(),
        MailReason::AccountDisabled => mail_reason_account_disabled(l).to_owned(),
        MailReason::OtherReplyAddress => mail_reason_other_reply_address(l).to_owned(),
        MailReason::SenderFlood { most } => mail_reason_sender_flood(l, most),
        MailReason::TicketFlood { most } => mail_reason_ticket_flood(l, most),
        MailReason::NewcomerFlood { most } => mail_reason_newcomer_flood(l, most),
        MailReason::NotAnAddress => mail_reason_not_an_address(l).to_owned(),
        MailReason::NoOrganisation => mail_reason_no_organisation(l).to_owned(),
        MailReason::NothingForwarded => mail_reason_nothing_forwarded(l).to_owned(),
        MailReason::ForwardedStranger { address } => mail_reason_forwarded_stranger(l, address),
        MailReason::Refused { what } => mail_reason_refused(l, what),
        MailReason::Broken { error } => mail_reason_broken(l, error),
        MailReason::TooLarge { most, mailbox, number } => mail_reason_too_large(l, mailbox, most, number),
        MailReason::Automatic { said } => mail_reason_automatic(l, said),
        MailReason::Absence { said } => mail_reason_absence(l, said),
        MailReason::Doubtful { said } => mail_reason_doubtful(l, said),
        MailReason::Bounced { said } => mail_reason_bounced(l, said),
        MailReason::Late => mail_reason_late(l).to_owned(),
        MailReason::UnknownBounce { said } => mail_reason_unknown_bounce(l, said),
        MailReason::Copy => mail_reason_copy(l).to_owned(),
        MailReason::Other { text } => text.clone(),
    }
}

/// What is due, within a sentence.
pub fn goal_word(goal: Goal, l: Language) -> &'static str {
    match goal {
        Goal::FirstReply => goal_first_reply(l),
        Goal::NextReply => goal_next_reply(l),
        Goal::Solution => goal_solution(l),
    }
}

/// What is due, as a heading.
pub fn goal_title(goal: Goal, l: Language) -> &'static str {
    match goal {
        Goal::FirstReply => goal_title_first_reply(l),
        Goal::NextReply => goal_title_next_reply(l),
        Goal::Solution => goal_title_solution(l),
    }
}

/// What happened, as a sentence.
pub fn sentence(event: &Event, l: Language) -> String {
    let who = event.by.as_ref().map_or(balie(l), |by| by.name.as_str());
    match &event.what {
        Happening::Opened { .. } => did_open(l, who),
        Happening::Replied { excerpt, .. } => did_reply(l, who, excerpt),
        Happening::Noted { excerpt, .. } => did_note(l, who, excerpt),
        Happening::StatusChanged { from, to } => did_status(l, who, status_word(*from, l), status_word(*to, l)),
        Happening::Assigned { to: Some(to), .. } if event.by.as_ref().is_some_and(|by| by.id == to.id) => did_take(l, who),
        Happening::Assigned { to: Some(to), .. } => did_assign(l, who, &to.name),
        Happening::Assigned { to: None, .. } => did_unassign(l, who),
        Happening::UrgencyChanged { to, reason: None, .. } => did_urgency(l, who, urgency_word(*to, l)),
        Happening::UrgencyChanged { to, reason: Some(reason), .. } => did_urgency_because(l, who, urgency_word(*to, l), reason),
        Happening::DepartmentChanged { to, .. } => did_department(l, who, &to.name),
        Happening::CcAdded { person } => did_cc(l, who, &person.name),
        Happening::CcRemoved { person } if event.by.as_ref().is_some_and(|by| by.id == person.id) => did_leave(l, who),
        Happening::CcRemoved { person } => did_uncc(l, who, &person.name),
        Happening::Tagged { tag } => did_tag(l, who, tag),
        Happening::Untagged { tag } => did_untag(l, who, tag),
        Happening::Continued { .. } => did_continue(l, who),
        Happening::TargetNear { goal, .. } => did_near(l, goal_word(*goal, l)),
        Happening::TargetMissed { goal, .. } => did_missed(l, goal_word(*goal, l)),
        Happening::Alarmed { step, to } => {
            let names: Vec<&str> = to.iter().map(|person| person.name.as_str()).collect();
            match step {
                Step::OnCall => did_alarm(l, names.join(", ")),
                Step::Next => did_alarm_next(l, names.join(", ")),
                Step::All => did_alarm_all(l, names.join(", ")),
            }
        }
        Happening::Acknowledged => did_acknowledge(l, who),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    #[test]
    fn a_number_is_written_as_the_reader_writes_it() {
        assert_eq!(number(1_240_812, Language::Nl), "1.240.812");
        assert_eq!(
            (number(999, Language::En), number(1_000, Language::En), number(-100, Language::Nl)),
            ("999".into(), "1,000".into(), "-100".into())
        );
    }

    #[test]
    fn one_is_counted_as_one() {
        use Language::{En, Nl};
        for (count, nl, en) in
            [(0, "0 personen", "0 people"), (1, "1 persoon", "1 person"), (2, "2 personen", "2 people"), (1_200, "1.200 personen", "1,200 people")]
        {
            assert_eq!((people_count(Nl, count).as_str(), people_count(En, count).as_str()), (nl, en));
        }
        assert_eq!(import_running(Nl, 1, 0), "0 van 1 rij…");
        assert_eq!(report_before_days(En, 1), "the day before");
    }

    /// What stands behind a number in a sentence that does not count: it would be wrong for one.
    const PLURALS: [&str; 34] = [
        "dagen",
        "weken",
        "maanden",
        "minuten",
        "seconden",
        "keren",
        "mensen",
        "personen",
        "tickets",
        "rijen",
        "tekens",
        "herstelcodes",
        "bestanden",
        "bijlagen",
        "mails",
        "wachten",
        "medewerkers",
        "klanten",
        "days",
        "weeks",
        "months",
        "hours",
        "minutes",
        "seconds",
        "times",
        "people",
        "rows",
        "characters",
        "codes",
        "files",
        "attachments",
        "agents",
        "customers",
        "organisaties",
    ];

    #[test]
    fn a_sentence_with_a_number_before_a_plural_counts() {
        for (language, text) in [("nl", include_str!("../nl.json")), ("en", include_str!("../en.json"))] {
            let all: Map<String, Value> = serde_json::from_str(text).unwrap();
            assert!(all.values().filter(|sentence| sentence.is_object()).count() > 20, "the rule is tried on something");
            for (key, sentence) in &all {
                let Some(sentence) = sentence.as_str() else { continue };
                // The two words behind a placeholder: "{count} open tickets".
                // Someone is not counted, and a bound is never one.
                let counted = sentence.split('{').filter_map(|rest| rest.split_once("} ")).filter(|(name, _)| !["who", "most"].contains(name));
                let is_plural = counted
                    .map(|(_, rest)| rest)
                    .any(|rest| rest.split(' ').take(2).any(|word| PLURALS.contains(&word.trim_matches(|c: char| !c.is_alphabetic()))));
                assert!(!is_plural, "{language}.json: {key} says {sentence:?}: write it as {{ \"one\": …, \"other\": … }} with {{count}}");
            }
        }
    }
}
