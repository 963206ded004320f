//! The audit log: what was done to accounts, rights and settings.

use super::api;
use super::parts::{notices, tabs, text_field};
use crate::i18n::when::weekday;
use crate::ui::{self, Place, desk_frame, escaped, icon, problem_page};
use crate::{Problem, Reader, Returned, i18n as w, when};
use domain::accounts::{EmailAddress, Language};
use domain::audit::{Deed, Entry};
use domain::hours::Holiday;
use domain::time::parse_date;
use domain::{Fault, Field, FieldFault, Refusal, typed};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Entries of one page.
const PAGE: usize = 100;

/// The audit log, for admins.
#[component]
pub fn AuditPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/audit"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let asked = |name: &str| query.get(name).unwrap_or_default();
    let filter = Asked { deed: asked("deed"), who: asked("who"), since: asked("since"), until: asked("until") };
    let kept = query.get("kept").map(|_| w::kept(reader.language));
    let text = query.to_query_string();
    ui::set_title(w::audit_log(reader.language));
    Suspend::new(async move {
        match api::audit_page(text).await {
            Ok((entries, days)) => page(entries, days, &filter, kept, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// What narrows the log, as it was typed.
struct Asked {
    deed: String,
    who: String,
    since: String,
    until: String,
}

impl Asked {
    /// What no entry can be.
    fn wrong(&self) -> Option<Problem> {
        let is_missing = |text: &str| text.trim().is_empty();
        let mut faults = vec![];
        if !is_missing(&self.who) && EmailAddress::parse(&self.who).is_none() {
            faults.push(FieldFault { field: Field::Email, fault: Fault::NotAnAddress });
        }
        let since = if is_missing(&self.since) { &self.until } else { &self.since };
        if let (false, Err(Refusal::Fields(more))) = (is_missing(since), typed::days(since, &self.until, i64::MAX)) {
            faults.extend(more);
        }
        (!faults.is_empty()).then_some(Problem::Refused(Refusal::Fields(faults)))
    }

    fn query(&self) -> String {
        let pairs = [("deed", &self.deed), ("who", &self.who), ("since", &self.since), ("until", &self.until)];
        let pairs: Vec<String> =
            pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        pairs.join("&")
    }
}

fn page(entries: Vec<Entry>, days: i64, asked: &Asked, kept: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let (query, none) = (asked.query(), entries.is_empty());
    let more = entries.last().filter(|_| entries.len() == PAGE).map(|last| format!("/audit?{query}&before={}", last.id));
    let returned = Returned::of("keep_audit");
    let days = if returned.problem.is_some() { returned.value("days") } else { days.to_string() };
    let wrong = asked.wrong();
    let field = |id, label, kind, field, value: &str| {
        ui::optional(ui::Input { id, name: id, label, kind, autocomplete: "off", field }, value.to_owned(), None, wrong.as_ref(), l)
    };
    let inner = view! {
        <main id="inhoud" class="people-page audit">
            <header class="head"><h1>{w::audit_log(l)}</h1><span class="push"></span><a class="button" href=format!("/audit/export?{query}") download="audit.csv">{icon("download")}{w::export(l)}</a></header>
            {tabs("/audit", reader)}
            {notices(&["keep_audit"], &[Field::Setting], kept, l)}
            <form method="get" action="/audit" class="narrow">
                <div class="field"><label for="deed">{w::audit_deed(l)}</label><select class="select input" id="deed" name="deed"><option value="">{w::everything(l)}</option>
                    {Deed::ALL.iter().map(|deed| view! { <option value=deed.word() selected=deed.word() == asked.deed>{deed_word(*deed, l)}</option> }).collect_view()}</select></div>
                {field("who", w::audit_who(l), "email", Field::Email, &asked.who)}{field("since", w::audit_since(l), "date", Field::Date, &asked.since)}{field("until", w::audit_until(l), "date", Field::Until, &asked.until)}
                <button class="button">{w::show(l)}</button>
            </form>
            {none.then(|| view! { <div class="empty">{icon("history")}<p>{w::audit_none(l)}</p></div> })}
            {(!none).then(|| view! { <div class="table-wrap panel" tabindex="0" role="group" aria-label=w::audit_log(l)><table class="table">
                <thead><tr><th>{w::audit_when(l)}</th><th>{w::audit_by(l)}</th><th>{w::audit_deed(l)}</th><th>{w::audit_about(l)}</th><th class="grow">{w::audit_change(l)}</th><th>{w::audit_address(l)}</th></tr></thead>
                <tbody>{entries.into_iter().map(|entry| row(entry, reader)).collect_view()}</tbody></table></div> })}
            {more.map(|href| view! { <nav class="pager" aria-label=w::pages(l)><a class="button" href=href rel="next">{w::older(l)}{icon("chevron-right")}</a></nav> })}
            <section class="panel settings" aria-labelledby="h-keep"><h2 id="h-keep">{w::audit_keep(l)}</h2>
                <form method="post" action="/api/keep_audit" class="form">{text_field("days", w::audit_days(l), "number", days, Field::Setting, returned.problem.as_ref(), l)}<button class="button">{w::keep(l)}</button></form></section>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

fn row(entry: Entry, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let by = match (entry.by.is_empty(), entry.address.is_empty()) {
        (true, true) => w::audit_command(l).to_owned(),
        (true, false) => w::audit_nobody(l).to_owned(),
        (false, _) => entry.by,
    };
    let lines = changes(&entry.before, &entry.after, l);
    let label = |word: &'static str, is_empty: bool| (!is_empty).then_some(word);
    let (changed, from) = (label(w::audit_change(l), lines.is_empty()), label(w::audit_address(l), entry.address.is_empty()));
    let cell = |word: &'static str, value: String| {
        let told = label(word, value.is_empty());
        view! { <td data-label=told>{value}</td> }
    };
    view! { <tr><td>{when::at_time(entry.at, reader)}</td>{cell(w::audit_by(l), by)}{cell(w::audit_deed(l), deed_word(entry.deed, l).to_owned())}{cell(w::audit_about(l), entry.about)}
    <td class="grow" data-label=changed>{lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}</td><td class="muted" data-label=from>{entry.address}</td></tr> }
}

/// What an entry changed: `before → after`, on a line for each part of something that has several.
fn changes(before: &str, after: &str, l: Language) -> Vec<String> {
    let parts = |text: &str| -> Vec<(String, String)> {
        let is_many = text.lines().all(|line| line.split_once(": ").is_some_and(|(part, _)| part_word(part, l).is_some()));
        match is_many {
            true => {
                text.lines().filter_map(|line| line.split_once(": ")).map(|(part, value)| (part.to_owned(), value_word(part, value, l))).collect()
            }
            false => vec![(String::new(), text.to_owned())],
        }
    };
    let (was, is) = (parts(before), parts(after));
    let mut names: Vec<&String> = was.iter().chain(&is).map(|(part, _)| part).collect();
    names.sort_by_key(|part| was.iter().chain(&is).position(|(other, _)| other == *part));
    names.dedup();
    let of = |parts: &[(String, String)], name: &String| {
        parts.iter().filter(|(part, _)| part == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("; ")
    };
    names
        .into_iter()
        .map(|name| {
            let change = match (of(&was, name), of(&is, name)) {
                (was, is) if was.is_empty() => is,
                (was, is) => format!("{was} → {is}"),
            };
            part_word(name, l).map_or(change.clone(), |part| format!("{part}: {change}"))
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// The word for a part of the hours of a department, or of a rota.
fn part_word(part: &str, l: Language) -> Option<String> {
    let word = match part {
        "zone" => w::time_zone(l),
        "holidays" => w::hours_holidays(l),
        "members" => w::on_call_members(l),
        "turn" => w::on_call_turn(l),
        "handover" => w::on_call_handover(l),
        "since" => w::on_call_since(l),
        "wait" => w::on_call_wait(l),
        "hook" => w::on_call_hook(l),
        "swap" => w::on_call_swaps(l),
        "away" => w::on_call_away(l),
        _ => {
            return part
                .strip_prefix("weekday ")
                .and_then(|n| n.parse().ok())
                .map(|n| weekday(n, l).to_owned())
                .or_else(|| parse_date(part).map(|_| part.to_owned()));
        }
    };
    Some(word.to_owned())
}

fn value_word(part: &str, value: &str, l: Language) -> String {
    match (part, value.split_once(' ')) {
        ("holidays", _) => {
            value.split(", ").map(|word| Holiday::from_word(word).map_or(word, |holiday| w::holiday_word(holiday, l))).collect::<Vec<_>>().join(", ")
        }
        ("turn", Some((_, begins))) => w::on_call_weekly(l, weekday(begins.parse().unwrap_or(0), l)),
        ("turn", None) => w::on_call_daily(l).to_owned(),
        _ if value == "-" => w::hours_closed(l).to_owned(),
        (_, Some(("-", name))) => format!("{} ({name})", w::hours_closed(l)),
        _ => value.to_owned(),
    }
}

/// The words for a deed.
pub fn deed_word(deed: Deed, l: Language) -> &'static str {
    match deed {
        Deed::LoggedIn => w::deed_logged_in(l),
        Deed::LogInFailed => w::deed_log_in_failed(l),
        Deed::SecondStepFailed => w::deed_second_step_failed(l),
        Deed::LoggedOut => w::deed_logged_out(l),
        Deed::SessionEnded => w::deed_session_ended(l),
        Deed::PersonInvited => w::deed_person_invited(l),
        Deed::PersonAdded => w::deed_person_added(l),
        Deed::PersonJoined => w::deed_person_joined(l),
        Deed::PersonChanged => w::deed_person_changed(l),
        Deed::RoleChanged => w::deed_role_changed(l),
        Deed::DepartmentsChanged => w::deed_departments_changed(l),
        Deed::PersonDisabled => w::deed_person_disabled(l),
        Deed::PersonEnabled => w::deed_person_enabled(l),
        Deed::PeopleMerged => w::deed_people_merged(l),
        Deed::PeopleImported => w::deed_people_imported(l),
        Deed::PasswordChanged => w::deed_password_changed(l),
        Deed::PasswordResetAsked => w::deed_password_reset_asked(l),
        Deed::AddressChanged => w::deed_address_changed(l),
        Deed::OrganisationAdded => w::deed_organisation_added(l),
        Deed::OrganisationChanged => w::deed_organisation_changed(l),
        Deed::OrganisationsMerged => w::deed_organisations_merged(l),
        Deed::DepartmentChanged => w::deed_department_changed(l),
        Deed::HoursChanged => w::deed_hours_changed(l),
        Deed::TargetsChanged => w::deed_targets_changed(l),
        Deed::RotaChanged => w::deed_rota_changed(l),
        Deed::SettingChanged => w::deed_setting_changed(l),
        Deed::AuditExported => w::deed_audit_exported(l),
        Deed::ReportExported => w::deed_report_exported(l),
        Deed::FactorAdded => w::deed_factor_added(l),
        Deed::FactorRemoved => w::deed_factor_removed(l),
        Deed::RecoveryCodesMade => w::deed_recovery_codes_made(l),
        Deed::RecoveryCodeUsed => w::deed_recovery_code_used(l),
        Deed::TokenMade => w::deed_token_made(l),
        Deed::TokenRevoked => w::deed_token_revoked(l),
        Deed::PersonExported => w::deed_person_exported(l),
        Deed::PersonErased => w::deed_person_erased(l),
        Deed::TicketsRemoved => w::deed_tickets_removed(l),
    }
}
