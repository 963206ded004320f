//! The page of reports.

use super::api::{self, Report};
use super::plots::{backlog, bars, flow};
use super::tables::{heat, of_bars, of_groups, share, took};
use crate::i18n::when::month;
use crate::ui::{self, Place, desk_frame, icon, problem_page, urgency};
use crate::{Problem, Reader, i18n as w};
use domain::accounts::Language;
use domain::reports::Figures;
use domain::tickets::Urgency;
use domain::time::{Span, date, write_date};
use domain::{Fault, Field, Refusal};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_location;

/// Periods that are one click away, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];

/// Reports, for staff.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/reports"/> }.into_any();
    }
    ui::set_title(w::nav_reports(reader.language));
    let query = use_location().search.get_untracked();
    Suspend::new(async move {
        match api::report_page(query).await {
            Ok(report) => desk_frame(Place::Reports, &reader, page(report, &reader)).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn day(n: i64, l: Language) -> String {
    let (year, m, day) = date(n);
    format!("{day} {} {year}", month(m, l))
}

fn page(report: Report, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let drawn = bars(&report.days);
    let (first, last) = (day(report.first, l), day(report.end - 1, l));
    let busiest = drawn.iter().max_by_key(|bar| bar.opened).map_or(String::new(), |bar| bar.name(l));
    let flow_label = w::report_flow_label(l, &first, &last, report.all.opened, report.all.solved, busiest);
    let backlog_label = w::report_backlog_label(l, &first, &last, report.open);
    let asked = report.query.clone();
    let csv = move |table: &'static str| view! { <a class="button" data-kind="quiet" data-size="small" href=format!("/reports/export?{asked}&table={table}") download="">{icon("download")}"CSV"</a> };
    let building = report.building.map(|percent| {
        view! { <div class="banner" role="status" data-again="">{icon("loader-circle")}<div class="text"><p>{w::report_building(l, percent)}</p></div></div> }
    });
    let shares: Vec<_> = Urgency::ALL
        .iter()
        .map(|of| {
            let figures = report.urgencies.iter().find(|group| group.key == *of).map(|group| group.figures).unwrap_or_default();
            view! { <tr><th scope="row">{urgency(*of, l)}</th><td>{share(figures.first_reply_share, l)}</td><td>{share(figures.solution_share, l)}</td></tr> }
        })
        .collect();
    let by_urgency: Vec<(String, Figures)> = report.urgencies.iter().map(|group| (w::urgency_word(group.key, l).to_owned(), group.figures)).collect();
    let nobody = |rows: Vec<(String, Figures)>| {
        rows.into_iter().map(move |(name, f)| (if name.is_empty() { w::report_no_organisation(l).to_owned() } else { name }, f)).collect()
    };
    let groups = [
        (w::urgency(l), "urgencies", Some(by_urgency)),
        (w::department(l), "departments", Some(report.by_department.clone())),
        (w::organisation(l), "organisations", Some(nobody(report.by_organisation.clone()))),
        (w::report_agents(l), "agents", report.by_agent.clone()),
    ];
    let groups: Vec<_> = groups
        .into_iter()
        .filter_map(|(name, word, rows)| Some((name, word, rows?)))
        .map(|(name, word, rows)| {
            view! {
                <section class="panel chart" aria-labelledby=format!("by-{word}")><header><h2 id=format!("by-{word}")>{w::report_by(l, name.to_lowercase())}</h2>{csv(word)}</header>
                    {if rows.is_empty() { view! { <p class="hint">{w::report_empty(l)}</p> }.into_any() } else { of_groups(name, rows, l).into_any() }}</section>
            }
        })
        .collect();
    view! {
        <main id="inhoud" class="report">
            {form(&report, reader)}
            <div data-live="report" class="report-body">
            {building}
            {figures(&report, l)}
            <section class="panel chart" aria-labelledby="h-flow"><header><h2 id="h-flow">{w::report_flow(l)}</h2><span class="key"><i class="k-in"></i>{w::report_in(l)}</span><span class="key"><i class="k-out"></i>{w::report_out(l)}</span>{csv("days")}</header>
                <div class="scroll" tabindex="0" role="group" aria-label=w::report_flow(l)>{flow(&drawn, flow_label, l)}</div>{of_bars(&drawn, l)}</section>
            <section class="panel chart" aria-labelledby="h-backlog"><header><h2 id="h-backlog">{w::report_backlog(l)}</h2></header>
                <div class="scroll" tabindex="0" role="group" aria-label=w::report_backlog(l)>{backlog(&drawn, report.today, backlog_label, l)}</div></section>
            <div class="two">
                <section class="panel chart" aria-labelledby="h-heat"><header><h2 id="h-heat">{w::report_heat(l)}</h2><span class="key wide-only">{w::report_less(l)}" "<i data-l="1"></i><i data-l="2"></i><i data-l="3"></i><i data-l="4"></i>" "{w::report_more(l)}</span>{csv("hours")}</header>{heat(&report.heat, l)}</section>
                <section class="panel chart" aria-labelledby="h-share"><header><h2 id="h-share">{w::report_in_time(l)}</h2></header>
                    <table class="share"><thead><tr><td></td><th scope="col">{w::report_first_reply(l)}</th><th scope="col">{w::report_solution(l)}</th></tr></thead><tbody>{shares}</tbody></table></section>
            </div>
            {groups}
            <p class="hint">{w::report_hint(l)}</p>
            </div>
        </main>
    }
}

/// Which days and which tickets: a form that works without a script.
fn form(report: &Report, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let days = report.end - report.first;
    let fault = || Problem::Refused(Refusal::field(Field::Organisation, Fault::Unknown)).at(Field::Organisation, l);
    let unknown = report.is_unknown.then(fault).flatten();
    let is_until_today = report.end == report.today + 1;
    let periods = PERIODS.map(|n| {
        let chosen = (is_until_today && days == n).then_some("true");
        view! { <a class="button" data-size="small" href=format!("/reports?days={n}") aria-current=chosen>{w::report_days(l, n)}</a> }
    });
    let departments: Vec<_> = report
        .departments
        .iter()
        .map(|d| view! { <option value=d.id.to_string() selected=report.department == Some(d.id)>{d.name.clone()}</option> })
        .collect();
    let urgencies: Vec<_> = Urgency::ALL
        .iter()
        .map(|of| view! { <option value=of.word() selected=report.urgency == Some(*of)>{w::urgency_word(*of, l)}</option> })
        .collect();
    view! {
        <header class="report-head"><h1>{w::nav_reports(l)}</h1><nav class="choose" aria-label=w::report_period(l)>{periods}</nav></header>
        <form class="report-form" method="get" action="/reports">
            <label>{w::report_from(l)}<input class="input" data-size="small" type="date" name="from" value=write_date(report.first)/></label>
            <label>{w::report_until(l)}<input class="input" data-size="small" type="date" name="until" value=write_date(report.end - 1)/></label>
            <label>{w::department(l)}<select class="input select" data-size="small" name="department"><option value="">{w::report_all(l)}</option>{departments}</select></label>
            <label>{w::urgency(l)}<select class="input select" data-size="small" name="urgency"><option value="">{w::report_all(l)}</option>{urgencies}</select></label>
            <label>{w::organisation(l)}<input class="input" data-size="small" name="organisation" value=report.organisation.clone() placeholder=w::report_all(l) aria-invalid=unknown.is_some().then_some("true") autofocus=unknown.is_some() aria-describedby=unknown.is_some().then_some("organisation-fault")/></label>
            <button class="button" data-size="small">{w::report_show(l)}</button>
            {unknown.map(|sentence| view! { <p class="error" id="organisation-fault" role="alert">{icon("circle-alert")}<span>{sentence}</span></p> })}
        </form>
    }
}

/// The figures at the top, each with what it was before.
fn figures(report: &Report, l: Language) -> impl IntoView + use<> {
    let (now, before, days) = (&report.all, &report.before, report.end - report.first);
    let days = w::report_before_days(l, days);
    let count = |is: u32, was: u32| match i64::from(is) - i64::from(was) {
        0 => w::report_same(l, &days),
        more @ 1.. => w::report_more_than(l, more, &days),
        less => w::report_less_than(l, -less, &days),
    };
    let was = |span: Option<Span>| if span.is_some() { w::report_was(l, took(span, l)) } else { w::report_was_none(l).to_owned() };
    view! {
        <dl class="figures">
            <div><dt>{w::report_came_in(l)}</dt><dd><data value=now.opened.to_string()>{now.opened}</data><span>{count(now.opened, before.opened)}</span></dd></div>
            <div><dt>{w::report_out(l)}</dt><dd><data value=now.solved.to_string()>{now.solved}</data><span>{count(now.solved, before.solved)}</span></dd></div>
            <div><dt>{w::report_first_reply_median(l)}</dt><dd><data>{took(now.first_reply.median, l)}</data><span>{was(before.first_reply.median)}</span></dd></div>
            <div><dt>{w::report_solution_median(l)}</dt><dd><data>{took(now.solution.median, l)}</data><span>{was(before.solution.median)}</span></dd></div>
            <div><dt>{w::report_late(l)}</dt><dd><data class:bad={report.late > 0} value=report.late.to_string()>{report.late}</data><span>{w::report_of_open(l, report.open)}</span></dd></div>
        </dl>
    }
}
