//! The audit log: what was done to accounts, rights and settings.

use super::api;
use super::parts::{notices, tabs, text_field};
use crate::ui::{self, Place, desk_frame, escaped, icon, problem_page};
use crate::{Reader, Returned, when, words as w};
use domain::Field;
use domain::accounts::Language;
use domain::audit::{Deed, Entry};
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
    let field = |name: &'static str, label: &'static str, kind: &'static str, value: &str| {
        view! { <div class="field"><label for=name>{label}</label><input class="input" id=name name=name type=kind value=value.to_owned() autocomplete="off"/></div> }
    };
    let inner = view! {
        <main id="inhoud" class="people-page audit">
            <header class="head"><h1>{w::audit_log(l)}</h1><span class="push"></span><a class="button" href=format!("/audit/export?{query}") download="audit.csv">{icon("download")}{w::export(l)}</a></header>
            {tabs("/audit", reader)}
            {notices(&["keep_audit"], &[Field::Setting], kept, l)}
            <form method="get" action="/audit" class="narrow">
                <div class="field"><label for="deed">{w::audit_deed(l)}</label><select class="select input" id="deed" name="deed"><option value="">{w::everything(l)}</option>
                    {Deed::ALL.iter().map(|deed| view! { <option value=deed.word() selected=deed.word() == asked.deed>{deed_word(*deed, l)}</option> }).collect_view()}</select></div>
                {field("who", w::audit_who(l), "email", &asked.who)}{field("since", w::audit_since(l), "date", &asked.since)}{field("until", w::audit_until(l), "date", &asked.until)}
                <button class="button">{w::show(l)}</button>
            </form>
            {none.then(|| view! { <div class="empty">{icon("history")}<p>{w::audit_none(l)}</p></div> })}
            {(!none).then(|| view! { <div class="table-wrap panel" tabindex="0" role="region" aria-label=w::audit_log(l)><table class="table">
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
    let change = match (entry.before.is_empty(), entry.after.is_empty()) {
        (true, true) => String::new(),
        (true, false) => entry.after,
        (false, true) => format!("{} →", entry.before),
        (false, false) => format!("{} → {}", entry.before, entry.after),
    };
    view! { <tr><td>{when::at_time(entry.at, reader)}</td><td>{by}</td><td>{deed_word(entry.deed, l)}</td><td>{entry.about}</td><td class="grow">{change}</td><td class="muted">{entry.address}</td></tr> }
}

/// The words for a deed.
pub fn deed_word(deed: Deed, l: Language) -> &'static str {
    match deed {
        Deed::LoggedIn => w::deed_logged_in(l),
        Deed::LogInFailed => w::deed_log_in_failed(l),
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
