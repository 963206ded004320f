//! What a screen gets when a request was not met, and the sentence for it.

use crate::i18n as w;
use crate::ui::NotFoundStatus;
use domain::accounts::Language;
use domain::{Fault, Field, FieldFault, Refusal};
use leptos::prelude::use_context;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why a request was not met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Problem {
    /// It cannot be, and the person can do something about it.
    Refused(Refusal),
    /// Something broke; the reference finds it in the log.
    Unexpected {
        /// What to quote.
        reference: String,
    },
    /// Nothing can be saved at the moment; reading still works.
    ReadOnly {
        /// What to quote.
        reference: String,
    },
    /// The server did not answer.
    Unreachable,
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let problem = match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Problem::Unreachable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Problem::Refused(Refusal::Fields(vec![]))
            }
            _ => Problem::Unexpected { reference: String::new() },
        };
        use_context::<NotFoundStatus>().iter().for_each(|status| (status.0)(&problem));
        problem
    }
}

impl Problem {
    /// The sentence at a field, where that is where it went wrong.
    pub fn at(&self, field: Field, l: Language) -> Option<String> {
        match self {
            Problem::Refused(refusal) => refusal.at(field).map(|fault| sentence(field, fault, l)),
            _ => None,
        }
    }

    /// The fields that need correcting.
    pub fn fields(&self) -> Vec<Field> {
        match self {
            Problem::Refused(Refusal::Fields(faults)) => {
                let mut fields: Vec<Field> = faults.iter().map(|f| f.field).collect();
                fields.dedup();
                fields
            }
            _ => vec![],
        }
    }

    /// A sentence for each of these.
    pub fn sentences(faults: &[FieldFault], l: Language) -> Vec<String> {
        faults.iter().map(|fault| sentence(fault.field, &fault.fault, l)).collect()
    }

    /// The sentence for the screen as a whole.
    pub fn sentence(&self, l: Language) -> String {
        match self {
            Problem::Refused(Refusal::Fields(faults)) => match faults.first() {
                Some(first) => sentence(first.field, &first.fault, l),
                None => w::problem_fields(l).to_owned(),
            },
            Problem::Refused(Refusal::NotFound) => w::problem_not_found(l).to_owned(),
            Problem::Refused(Refusal::NotAllowed) => w::problem_not_allowed(l).to_owned(),
            Problem::Refused(Refusal::SignedOut) => w::problem_signed_out(l).to_owned(),
            Problem::Refused(Refusal::WrongCredentials) => w::problem_credentials(l).to_owned(),
            Problem::Refused(Refusal::Throttled(seconds)) if *seconds < 90 => w::problem_throttled_seconds(l, (*seconds).into()),
            Problem::Refused(Refusal::Throttled(seconds)) => w::problem_throttled_minutes(l, seconds.div_ceil(60).into()),
            Problem::Refused(Refusal::Outdated(_)) => w::problem_outdated(l).to_owned(),
            Problem::Unexpected { reference } => w::problem_unexpected(l, reference),
            Problem::ReadOnly { reference } => w::problem_read_only(l, reference),
            Problem::Unreachable => w::problem_unreachable(l).to_owned(),
        }
    }
}

fn sentence(field: Field, fault: &Fault, l: Language) -> String {
    match (field, fault) {
        (Field::Until, Fault::TooMany(most)) => w::fault_days_at_once(l, most),
        (Field::Browser, Fault::Unsent) => w::fault_push(l).to_owned(),
        (Field::Browser, _) => w::fault_browser(l).to_owned(),
        (Field::File, Fault::Missing) => w::fault_file_empty(l).to_owned(),
        (Field::File, Fault::Unknown) => w::fault_attachment_gone(l).to_owned(),
        (Field::File, Fault::WrongContent) => w::fault_no_table(l).to_owned(),
        (Field::File, Fault::TooMany(most)) => w::fault_rows(l, most),
        (Field::Urgency, Fault::Missing | Fault::Unknown) => w::fault_urgency(l).to_owned(),
        (Field::Department, Fault::Missing | Fault::Unknown) => w::fault_department(l).to_owned(),
        (Field::Subject, Fault::Missing) => w::fault_subject(l).to_owned(),
        (Field::Description, Fault::Missing) => w::fault_description(l).to_owned(),
        (Field::Message, Fault::Missing) => w::fault_message(l).to_owned(),
        (Field::TimeZone, Fault::Unknown) => w::fault_time_zone(l).to_owned(),
        (Field::Hook, Fault::NotALink) => w::fault_hook(l).to_owned(),
        (Field::Members, Fault::Unknown) => w::fault_members(l).to_owned(),
        (Field::Wait, Fault::NotANumber) => w::fault_wait(l).to_owned(),
        (Field::Reason, Fault::Missing) => w::fault_reason(l).to_owned(),
        (Field::Stopped, Fault::Missing) => w::fault_stopped(l).to_owned(),
        (Field::People, Fault::Missing) => w::fault_people(l).to_owned(),
        (Field::Cc, Fault::Unknown) => w::fault_cc(l).to_owned(),
        (Field::Attachments, Fault::Unknown) => w::fault_attachment_gone(l).to_owned(),
        (Field::Selection, Fault::Missing) => w::fault_selection(l).to_owned(),
        (Field::Name, Fault::Missing) => w::fault_name(l).to_owned(),
        (Field::Organisation, Fault::Missing) => w::fault_organisation_missing(l).to_owned(),
        (Field::Organisation, Fault::Unknown) => w::fault_organisation(l).to_owned(),
        (Field::Domains, Fault::Taken) => w::fault_domain_taken(l).to_owned(),
        (Field::Name, Fault::Taken) => w::fault_name_taken(l).to_owned(),
        (Field::Email, Fault::Taken) => w::fault_email_taken(l).to_owned(),
        (Field::Email, Fault::Unknown) => w::fault_no_account(l).to_owned(),
        (_, Fault::NotOpen) => w::fault_not_open(l).to_owned(),
        (_, Fault::TooLongAgo) => w::fault_log_in_again(l).to_owned(),
        (_, Fault::WrongPassword) => w::fault_wrong_password(l).to_owned(),
        (_, Fault::LastAdmin) => w::fault_last_admin(l).to_owned(),
        (_, Fault::Twice) => w::fault_twice(l).to_owned(),
        (_, Fault::Formula) => w::fault_formula(l).to_owned(),
        (_, Fault::NoColumns) => w::fault_columns(l).to_owned(),
        (_, Fault::WrongRows) => w::fault_wrong_rows(l).to_owned(),
        (Field::Passkey, Fault::WrongCode) => w::fault_passkey(l).to_owned(),
        (_, Fault::WrongCode) => w::fault_code(l).to_owned(),
        (_, Fault::OwnFirst) => w::fault_own_first(l).to_owned(),
        (Field::Scopes, Fault::Missing) => w::fault_scopes(l).to_owned(),
        (Field::Days, Fault::NotADay) => w::fault_token_days(l).to_owned(),
        (Field::Kept(_), Fault::NotADay) => w::fault_kept_days(l).to_owned(),
        (_, Fault::OtherAddress) => w::fault_other_address(l).to_owned(),
        (_, Fault::NotADay) => w::fault_days(l).to_owned(),
        (_, Fault::NotADomain) => w::fault_domain(l).to_owned(),
        (_, Fault::Missing) => w::fault_missing(l).to_owned(),
        (_, Fault::TooLong(most)) => w::fault_too_long(l, (*most).into()),
        (_, Fault::TooShort(least)) => w::fault_too_short(l, (*least).into()),
        (_, Fault::TooMany(most)) => w::fault_too_many(l, most),
        (_, Fault::Unknown) => w::fault_unknown(l).to_owned(),
        (_, Fault::NotALink) => w::fault_link(l).to_owned(),
        (_, Fault::Internal) => w::fault_internal(l).to_owned(),
        (_, Fault::NoScreenshot) => w::fault_no_screenshot(l).to_owned(),
        (_, Fault::ScreenshotRequired) => w::fault_screenshot_required(l).to_owned(),
        (_, Fault::EmptyFile) => w::fault_empty_file(l).to_owned(),
        (_, Fault::TooLarge(mebibytes)) => w::fault_too_large(l, mebibytes),
        (_, Fault::ForbiddenKind) => w::fault_kind(l).to_owned(),
        (_, Fault::WrongContent) => w::fault_content(l).to_owned(),
        (_, Fault::Interrupted) => w::fault_interrupted(l).to_owned(),
        (_, Fault::DiskFull) => w::fault_disk_full(l).to_owned(),
        (_, Fault::Gone) => w::fault_file_gone(l).to_owned(),
        (_, Fault::Unsent) => w::fault_unsent(l).to_owned(),
        (_, Fault::EndsBefore) => w::fault_ends_before(l).to_owned(),
        (_, Fault::NotAnAddress) => w::fault_address(l).to_owned(),
        (_, Fault::Taken) => w::fault_taken(l).to_owned(),
        (_, Fault::NotYesOrNo) => w::fault_yes_no(l).to_owned(),
        (Field::File, Fault::Past) => w::fault_no_days(l).to_owned(),
        (_, Fault::Past) => w::fault_past(l).to_owned(),
        (Field::Handover, Fault::NotATime) => w::fault_handover(l).to_owned(),
        (_, Fault::NotATime) => w::fault_time(l).to_owned(),
        (_, Fault::EmptyInterval) => w::fault_interval_empty(l).to_owned(),
        (_, Fault::CrossesMidnight) => w::fault_midnight(l).to_owned(),
        (_, Fault::Overlaps) => w::fault_overlap(l).to_owned(),
        (_, Fault::NeverOpen) => w::fault_never_open(l).to_owned(),
        (_, Fault::NotADate) => w::fault_date(l).to_owned(),
        (_, Fault::NotATerm) => w::fault_term(l).to_owned(),
        (_, Fault::NotACalendar) => w::fault_calendar(l).to_owned(),
        (_, Fault::RepeatsOtherwise) => w::fault_repeats(l).to_owned(),
        (_, Fault::NotANumber) => w::fault_number(l).to_owned(),
    }
}
